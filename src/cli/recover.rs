//! `triaged recover`: a ledger that was lost, damaged or brought back from a backup learns from the
//! folders what was done. Reads mailboxes only, and is run while the daemon is not.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::args::RecoverArgs;
use super::failure::Failure;
use super::print::{Paint, Style, counted, one_line, rows, say, table};
use super::{replay, state};
use crate::config::Config;
use crate::config::mailbox::Mode as MailboxMode;
use crate::daemon;
use crate::domain::ids::Folder;
use crate::ledger::{Ledger, LedgerError, Mode, Pen};
use crate::mail::origin::InstanceKey;
use crate::oauth::Tokens;
use crate::pipeline::fault::Fault;
use crate::pipeline::rebuild::{Inbox, Rebuild};

/// How long the mailboxes are this command's own; the daemon cannot start before it ends anyway.
const LEASE: Duration = Duration::from_mins(1);

/// Recovers what can be known.
pub async fn recover(config: &Config, args: &RecoverArgs) -> Result<(), Failure> {
    let ledger = if args.dry_run {
        look(config).await?
    } else {
        Some(open(config).await?)
    };
    let key = if let Some(key) = daemon::existing_key(config) {
        key
    } else {
        say!("there is no `instance.key`: what is sent again gets another Message-ID");
        if args.dry_run {
            // It makes nothing that is kept.
            InstanceKey::new([0; 32])
        } else {
            daemon::key(config).map_err(Failure::failed)?
        }
    };
    let tokens = Tokens::default();
    for mailbox in &config.mailboxes {
        let paint = Paint::stdout();
        say!(
            "{}",
            paint.paint(Style::Strong, &format!("mailbox {}", mailbox.name))
        );
        if mailbox.mode == MailboxMode::Observe {
            say!("it is only observed: nothing was ever done there");
            continue;
        }
        let pen = match ledger.as_ref().filter(|_| !args.dry_run) {
            Some(ledger) => {
                let lease = ledger.lease(&mailbox.name, "recover", LEASE).await?;
                Some(Pen::Lease(lease))
            }
            None => None,
        };
        let rebuild = Rebuild {
            ledger: ledger.as_ref(),
            pen,
            mailbox,
            policy: &config.policy,
            key: &key,
            personal: config.audit,
            tokens: &tokens,
            by: state::person(),
        };
        let routing = &config.policy.routing;
        let mut folders: BTreeSet<Folder> = replay::folders(config, mailbox).into_iter().collect();
        folders.extend([routing.loops.clone(), routing.quarantine.clone()]);
        folders.remove(&mailbox.folder);
        let mut grid = table(&["folder", "messages", "not in the ledger", "left out"]);
        for folder in &folders {
            let told = rebuild.folder(folder).await.map_err(failed)?;
            if let Some(told) = told.filter(|told| told.messages > 0) {
                grid.add_row([
                    one_line(folder.as_str(), 60),
                    told.messages.to_string(),
                    told.unknown.to_string(),
                    told.left_out.to_string(),
                ]);
            }
        }
        if grid.row_count() > 0 {
            say!("{}", rows(&grid));
        } else {
            say!("no message lies in its folders");
        }
        let inbox = rebuild.inbox().await.map_err(failed)?;
        say!("{}", inbox_line(&inbox, mailbox.name.as_str()));
    }
    if let Some(ledger) = ledger {
        ledger.close().await?;
    }
    if args.dry_run {
        say!("nothing was written; without `--dry-run` the ledger learns what it does not know");
    } else {
        say!("the ledger knows what is filed; start `triaged run`");
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(fault: Fault) -> Failure {
    Failure::failed(one_line(&fault.to_string(), 400))
}

fn inbox_line(inbox: &Inbox, mailbox: &str) -> String {
    let Inbox {
        messages,
        unknown,
        asks,
    } = inbox;
    let count = usize::try_from(*messages).unwrap_or(usize::MAX);
    let count = counted(count, "message", "messages");
    let what = if *asks {
        format!(
            "which of them were sent is not known; `triaged run` does nothing until \
             `triaged mailbox accept {mailbox}`"
        )
    } else if *unknown > 0 {
        "`triaged run` works on them; what may have been sent goes out again under its \
         old Message-ID"
            .to_owned()
    } else {
        "`triaged run` goes on with them".to_owned()
    };
    if *messages == 0 {
        return "inbox: empty".to_owned();
    }
    format!("inbox: {count}, {unknown} not in the ledger: {what}")
}

/// The ledger as it is, changed in nothing; `None` when there is none that can be used.
async fn look(config: &Config) -> Result<Option<Ledger>, Failure> {
    match Ledger::open(&config.state_dir, Mode::Person).await {
        Ok(ledger) => Ok(Some(ledger)),
        Err(error @ (LedgerError::Missing { .. } | LedgerError::Damaged { .. })) => {
            say!("{error}\na new ledger would be begun");
            Ok(None)
        }
        Err(error) => Err(refused(error)),
    }
}

/// The ledger to be written; one that is damaged is set aside, and a missing one begun.
async fn open(config: &Config) -> Result<Ledger, Failure> {
    match Ledger::open(&config.state_dir, Mode::Daemon).await {
        Ok(ledger) => Ok(ledger),
        Err(error @ LedgerError::Damaged { .. }) => {
            say!("{error}");
            for path in Ledger::set_aside(&config.state_dir, Timestamp::now())? {
                say!("set aside: {}", path.display());
            }
            let opened = Ledger::open(&config.state_dir, Mode::Daemon).await;
            opened.map_err(refused)
        }
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: LedgerError) -> Failure {
    let newer = matches!(error, LedgerError::Newer { .. });
    let failure = Failure::failed(error);
    if newer {
        return failure.hint(
            "if that version is not to be had any more, move the ledger files aside and run this \
             again",
        );
    }
    failure
}
