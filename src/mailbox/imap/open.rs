//! From a logged-in connection to a session that may move mail: capabilities, folder names,
//! folders there or made, source folder selected.

use std::time::Duration;

use crate::config::login::Proof;
use crate::config::mailbox::{ImapConfig, MailboxConfig};
use crate::domain::ids::Folder;
use crate::domain::locator::Generation;
use crate::mailbox::exchange::{Mark, Opened, Trouble};
use crate::oauth::Tokens;

use super::batch::{Batch, Step};
use super::bearer;
use super::connect::{ask_capabilities, connect};
use super::line::{Code, Line};
use super::login::login;
use super::names::{Names, quoted, read_namespace};
use super::reply::Reply;
use super::session::{Access, Filing, Session};
use super::talk::Talk;

/// Time without any answer after which a command counts as unanswered.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// Opens the mailbox; see [`super::ImapMailbox::open`].
pub(super) async fn open(
    config: &MailboxConfig,
    imap: &ImapConfig,
    tokens: &Tokens,
    folders: &[Folder],
    access: Access,
) -> Result<(Session, Opened), Trouble> {
    let (mut talk, before) = connect(&imap.server).await?;
    log_in(&mut talk, &before, imap, tokens).await?;
    // Some servers name MOVE only now.
    let capabilities = ask_capabilities(&mut talk).await?;
    let offers = |name: &str| capabilities.iter().any(|c| c == name);
    let filing = if offers("MOVE") {
        Filing::Move
    } else if offers("UIDPLUS") || access == Access::Read {
        Filing::Copy
    } else {
        return Err(Trouble::Unsafe(
            "the server offers neither MOVE nor UIDPLUS: a message cannot be filed without \
             risking other people's mail"
                .into(),
        ));
    };
    let names = names(&mut talk, offers("NAMESPACE")).await?;
    let mut filed = Vec::with_capacity(folders.len());
    for folder in folders {
        filed.push((folder.clone(), names.name(folder)?));
    }
    let marks = marks(&mut talk, &filed, config.create_folders).await?;
    let source = names.name(&config.folder)?;
    let chosen = match access {
        Access::File => select(&mut talk, &config.folder, &source).await?,
        Access::Read => examine(&mut talk, &config.folder, &source).await?,
    };
    talk.set_selected(Some(chosen.generation));
    talk.assume_news();
    let opened = Opened {
        generation: chosen.generation,
        messages: u64::from(talk.exists()),
        next: chosen.next,
        marks,
    };
    let session = Session {
        talk,
        folder: config.folder.clone(),
        source,
        generation: chosen.generation,
        filed,
        filing,
        idles: offers("IDLE"),
    };
    Ok((session, opened))
}

/// Logs in, as the account says.
pub(super) async fn log_in(
    talk: &mut Talk,
    before: &[String],
    imap: &ImapConfig,
    tokens: &Tokens,
) -> Result<(), Trouble> {
    let user = &imap.login.user;
    match &imap.login.proof {
        Proof::Password(place) => {
            let password = place.read().map_err(|e| Trouble::Secret(e.to_string()))?;
            login(talk, before, user, &password).await
        }
        Proof::OAuth2(config) => {
            let account = tokens.of(config);
            bearer::login(talk, before, &imap.server, user, &account).await
        }
    }
}

/// Finds prefix and separator: by NAMESPACE, else by an empty LIST (RFC 3501 §6.3.8).
pub(super) async fn names(talk: &mut Talk, namespace: bool) -> Result<Names, Trouble> {
    let mut names = Names {
        prefix: String::new(),
        separator: None,
    };
    let keep = |line| {
        if let Line::List { separator } = line {
            names.separator = separator;
        }
    };
    talk.ask("LIST \"\" \"\"", PATIENCE, keep)
        .await?
        .demand("LIST")?;
    if namespace {
        talk.take_strays();
        let reply = talk.ask("NAMESPACE", PATIENCE, |_| {}).await?;
        reply.patience()?;
        let strays = talk.take_strays();
        if let Some((prefix, separator)) = strays.iter().find_map(|l| read_namespace(l)) {
            names = Names { prefix, separator };
        }
    }
    Ok(names)
}

/// Where each folder stands, after missing ones were made or named.
async fn marks(
    talk: &mut Talk,
    filed: &[(Folder, String)],
    create: bool,
) -> Result<Vec<Mark>, Trouble> {
    let mut marks = status(talk, filed).await?;
    let missing: Vec<(Folder, String)> = filed
        .iter()
        .filter(|(folder, _)| !marks.iter().any(|m| m.folder == *folder))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(marks);
    }
    if !create {
        let missing = missing.into_iter().map(|(folder, _)| folder).collect();
        return Err(Trouble::MissingFolders(missing));
    }
    for (folder, name) in &missing {
        let name = quoted(name);
        let reply = talk
            .ask(&format!("CREATE {name}"), PATIENCE, |_| {})
            .await?;
        reply.patience()?;
        if !reply.ok() {
            let why = reply.text();
            return Err(Trouble::Unsafe(format!(
                "folder `{folder}` is missing and cannot be made: {why}"
            )));
        }
        // Only makes it visible in some clients: a refusal harms nothing.
        let reply = talk
            .ask(&format!("SUBSCRIBE {name}"), PATIENCE, |_| {})
            .await?;
        if !reply.ok() {
            tracing::debug!(folder = %folder, reply = %reply.text(), "not subscribed");
        }
        tracing::info!(folder = %folder, "folder made");
    }
    marks.extend(status(talk, &missing).await?);
    match missing
        .into_iter()
        .find(|(folder, _)| !marks.iter().any(|m| m.folder == *folder))
    {
        Some((folder, _)) => Err(Trouble::Unsafe(format!(
            "folder `{folder}` was made but the server does not show it"
        ))),
        None => Ok(marks),
    }
}

/// STATUS of every folder, in one go; a folder the server does not know is left out.
pub(super) async fn status(
    talk: &mut Talk,
    filed: &[(Folder, String)],
) -> Result<Vec<Mark>, Trouble> {
    let commands = filed
        .iter()
        .map(|(_, name)| format!("STATUS {} (UIDVALIDITY UIDNEXT)", quoted(name)));
    let mut batch = Batch::new(commands, PATIENCE);
    let mut found: Vec<Option<(u32, u32)>> = vec![None; filed.len()];
    let mut marks = Vec::new();
    while let Some(step) = batch.next(talk).await? {
        match step {
            Step::Line {
                line:
                    Line::Status {
                        name,
                        generation,
                        next,
                    },
                oldest,
            } => {
                let by_name = filed.iter().position(|(_, n)| same_name(n, &name));
                if let Some(place) = found.get_mut(by_name.unwrap_or(oldest)) {
                    // Without a UIDNEXT a look must read the whole folder.
                    *place = generation.map(|generation| (generation, next.unwrap_or(1)));
                }
            }
            Step::Line { .. } => {}
            Step::Done { index, reply } => {
                reply.patience()?;
                let (Some((folder, _)), Some(at)) = (filed.get(index), found.get(index)) else {
                    continue;
                };
                if let (true, Some((generation, next))) = (reply.ok(), at) {
                    marks.push(Mark {
                        folder: folder.clone(),
                        generation: Generation(*generation),
                        next: *next,
                    });
                }
            }
        }
    }
    Ok(marks)
}

fn same_name(ours: &str, theirs: &str) -> bool {
    ours == theirs || (ours.eq_ignore_ascii_case("INBOX") && theirs.eq_ignore_ascii_case("INBOX"))
}

/// A folder just selected.
pub(super) struct Chosen {
    pub generation: Generation,
    /// UIDNEXT; 0 when the server did not say.
    pub next: u32,
}

/// Selects the source folder for reading and moving.
pub(super) async fn select(
    talk: &mut Talk,
    folder: &Folder,
    name: &str,
) -> Result<Chosen, Trouble> {
    let (reply, chosen, sticky) = choose(talk, "SELECT", name).await?;
    reply.patience()?;
    if !reply.ok() {
        return Err(missing_or_lost(folder, &reply));
    }
    if reply.code == Code::ReadOnly {
        return Err(Trouble::Unsafe(format!(
            "the server opens `{folder}` for reading only: nothing could be filed"
        )));
    }
    match chosen {
        Some(chosen) if sticky => Ok(chosen),
        _ => Err(Trouble::Unsafe(format!(
            "the server gives the messages of `{folder}` no lasting UIDs"
        ))),
    }
}

/// Opens a folder for reading only (RFC 3501 §6.3.2): not even `\Recent` changes.
async fn examine(talk: &mut Talk, folder: &Folder, name: &str) -> Result<Chosen, Trouble> {
    let (reply, chosen, _) = choose(talk, "EXAMINE", name).await?;
    reply.patience()?;
    if !reply.ok() {
        return Err(missing_or_lost(folder, &reply));
    }
    chosen.ok_or_else(|| Trouble::Unsafe(format!("the server gives `{folder}` no UIDVALIDITY")))
}

fn missing_or_lost(folder: &Folder, reply: &Reply) -> Trouble {
    let words = reply.words.to_ascii_lowercase();
    let signs = ["[nonexistent]", "[trycreate]", "exist", "not found"];
    if signs.iter().any(|sign| words.contains(sign)) {
        return Trouble::MissingFolders(vec![folder.clone()]);
    }
    Trouble::Lost(format!(
        "the server refused to open `{folder}`: {}",
        reply.text()
    ))
}

/// SELECT or EXAMINE: the reply, UIDVALIDITY and UIDNEXT, and whether UIDs last.
pub(super) async fn choose(
    talk: &mut Talk,
    verb: &str,
    name: &str,
) -> Result<(Reply, Option<Chosen>, bool), Trouble> {
    talk.set_selected(None);
    let (mut generation, mut next, mut sticky) = (None, 0, true);
    let keep = |line| {
        if let Line::Ok { code, .. } = line {
            match code {
                Code::UidValidity(value) => generation = Some(Generation(value)),
                Code::UidNext(value) => next = value,
                Code::UidNotSticky => sticky = false,
                _ => {}
            }
        }
    };
    let reply = talk
        .ask(&format!("{verb} {}", quoted(name)), PATIENCE, keep)
        .await?;
    let chosen = generation.map(|generation| Chosen { generation, next });
    Ok((reply, chosen, sticky))
}
