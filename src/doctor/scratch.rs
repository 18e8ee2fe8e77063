//! Tries an account out with a message of our own: does the server announce it, does it move, what
//! time does the server have. Two folders are made for that and removed again; one that was there
//! before stays.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{NEEDS_ABOVE, Sheet};
use crate::config::mailbox::MailboxConfig;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Content, Hint, Mark, Move, MoveEnd, Trouble};
use crate::mailbox::imap::ImapMailbox;
use crate::mailbox::imap::probe::Probe;
use crate::oauth::Tokens;

/// Where the message is put, and where it is moved to.
const FOLDERS: [&str; 2] = ["triaged-doctor", "triaged-doctor-moved"];
/// How long the server must be silent before the message is put there.
const QUIET: Duration = Duration::from_secs(1);
/// How often that is tried.
const QUIET_TRIES: u32 = 5;
/// How long the server may take to announce it.
const PUSH_TIME: Duration = Duration::from_secs(40);
/// Largest size of a message that is looked at.
const SIZE_MAX: u64 = 64 << 10;
/// How far the clocks may be apart.
const CLOCK_OFF: i64 = 120;

const NOT_MADE: &str = "give the log-in the right to make folders; the daemon itself needs it only \
                        with `create-folders = true`";

/// Tries the account out.
pub(super) async fn examine(
    config: &MailboxConfig,
    probe: &mut Probe,
    tokens: &Tokens,
    sheet: &mut Sheet<'_>,
) {
    let folders = FOLDERS.map(Folder::from);
    let mut made = Vec::new();
    let marks = match make(&folders, probe, &mut made).await {
        Ok(marks) => marks,
        Err(trouble) => {
            sheet.odd("idle", format!("not tried: {trouble}"), NOT_MADE);
            sheet.left_out(&["move", "clock"], NEEDS_ABOVE);
            clean(config, probe, &[], &made, "", sheet).await;
            return;
        }
    };
    let sign = sign();
    let message = message(config, &sign);
    let tried = try_out(config, &folders, probe, tokens, (&sign, &message), sheet).await;
    if let Err(trouble) = tried {
        sheet.failed("move", trouble.to_string(), "ask whoever runs the server");
    }
    let taken = clean(config, probe, &marks, &made, &sign, sheet).await;
    clock(taken, sheet);
}

/// What marks our message.
fn sign() -> String {
    let now = Timestamp::now();
    format!(
        "triaged-doctor-{}-{}",
        now.as_nanosecond(),
        std::process::id()
    )
}

fn message(config: &MailboxConfig, sign: &str) -> Vec<u8> {
    let address = &config.address;
    let date = jiff::fmt::rfc2822::to_string(&Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC));
    format!(
        "From: {address}\r\nTo: {address}\r\nSubject: {sign}\r\nMessage-ID: <{sign}@{}>\r\n\
         Date: {}\r\nAuto-Submitted: auto-generated\r\n\r\n`triaged doctor` put this here and \
         removes it again.\r\n",
        address.domain(),
        date.unwrap_or_default(),
    )
    .into_bytes()
}

/// Sees to it that the folders are there, and notes which were made.
async fn make(
    folders: &[Folder],
    probe: &mut Probe,
    made: &mut Vec<Folder>,
) -> Result<Vec<Mark>, Trouble> {
    let there = probe.there(folders).await?;
    for folder in folders {
        if !there.iter().any(|mark| mark.folder == *folder) {
            probe.make(folder).await?;
            made.push(folder.clone());
        }
    }
    probe.there(folders).await
}

/// Puts the message into the first folder and has it moved to the second, by a connection such as
/// the daemon's.
async fn try_out(
    config: &MailboxConfig,
    [from, to]: &[Folder; 2],
    probe: &mut Probe,
    tokens: &Tokens,
    (sign, message): (&str, &[u8]),
    sheet: &mut Sheet<'_>,
) -> Result<(), Trouble> {
    let scratch = MailboxConfig {
        folder: from.clone(),
        create_folders: false,
        ..config.clone()
    };
    let (mailbox, _) = ImapMailbox::open(&scratch, tokens, std::slice::from_ref(to)).await?;
    let before = mailbox.list(None).await?.entries;
    let idles = probe.offers("IDLE");
    let mut quiet = false;
    for _ in 0..QUIET_TRIES {
        // After a silent wait the server still idles: the next word of it is a push.
        quiet = mailbox.hint(QUIET).await? == Hint::Quiet;
        if quiet {
            break;
        }
        mailbox.list(None).await?;
    }
    probe.put(from, message).await?;
    let begun = Instant::now();
    let hint = if idles && quiet {
        mailbox.hint(PUSH_TIME).await?
    } else {
        Hint::Quiet
    };
    let ms = begun.elapsed().as_millis();
    let reconcile = "nothing to do: new mail is seen when the folder is listed, see `reconcile`";
    match hint {
        Hint::Changed => sheet.good("idle", format!("new mail is announced, in {ms} ms")),
        Hint::Quiet if idles => sheet.odd("idle", "the server announces no new mail", reconcile),
        Hint::Quiet => sheet.left_out(&["idle"], "the server has no IDLE"),
    }
    let mut entries = mailbox.list(None).await?.entries;
    entries.retain(|entry| !before.contains(entry));
    let mut own: Option<Item> = None;
    let mut fetched = mailbox.fetch(entries, SIZE_MAX).await;
    while let Some(one) = fetched.recv().await {
        let one = one?;
        if let Content::Whole(bytes) = one.content
            && bytes.windows(sign.len()).any(|w| w == sign.as_bytes())
        {
            own = Some(one.item);
        }
    }
    let Some(item) = own else {
        let found = format!("the message that was put into `{from}` is not there");
        sheet.failed("move", found, "ask whoever runs the server");
        return Ok(());
    };
    let wish = Move {
        item,
        folder: to.clone(),
    };
    let ended = mailbox.settle(vec![wish]).await?;
    match ended.first().map(|moved| &moved.end) {
        Some(MoveEnd::Proved(_)) => sheet.good("move", "a message moves, and the server proves it"),
        Some(MoveEnd::Stayed { why }) => {
            sheet.failed(
                "move",
                format!("the server refuses: {why}"),
                "ask whoever runs the server",
            );
        }
        Some(MoveEnd::Unproved) | None => {
            let remedy = "nothing to do: the daemon looks for each message it moved";
            sheet.odd(
                "move",
                "a message moves, but the server does not prove it",
                remedy,
            );
        }
    }
    mailbox.close().await;
    Ok(())
}

/// Removes our message and the folders that were made; the answer is when the server took it.
async fn clean(
    config: &MailboxConfig,
    probe: &mut Probe,
    marks: &[Mark],
    made: &[Folder],
    sign: &str,
    sheet: &mut Sheet<'_>,
) -> Option<Timestamp> {
    let mut taken = None;
    let mut left = Vec::new();
    for mark in marks {
        match probe.own(mark, sign).await {
            Ok(Some(own)) => {
                taken = own.taken;
                if let Err(trouble) = probe.remove(own).await {
                    left.push(format!("a message in `{}` ({trouble})", mark.folder));
                }
            }
            Ok(None) => {}
            Err(trouble) => left.push(format!(
                "perhaps a message in `{}` ({trouble})",
                mark.folder
            )),
        }
    }
    for folder in made {
        match probe.remove_folder(folder, &config.folder).await {
            Ok(true) => {}
            Ok(false) => left.push(format!("`{folder}`, which is not empty")),
            Err(trouble) => left.push(format!("`{folder}` ({trouble})")),
        }
    }
    if !left.is_empty() {
        let remedy = "remove it in any mail client";
        sheet.odd(
            "cleaning",
            format!("left behind: {}", left.join(", ")),
            remedy,
        );
    }
    taken
}

fn clock(taken: Option<Timestamp>, sheet: &mut Sheet<'_>) {
    let Some(taken) = taken else {
        sheet.left_out(&["clock"], "the server told no time");
        return;
    };
    let off = Timestamp::now().duration_since(taken).as_secs();
    if off.abs() > CLOCK_OFF {
        let found = format!("this host's is {off} s from the server's");
        let remedy = "set it, and keep it set (`timedatectl set-ntp true`): tokens depend on it";
        sheet.odd("clock", found, remedy);
    } else {
        sheet.good("clock", "as the server's, within two minutes");
    }
}
