//! `[[mailbox]]`.

use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::net::{self, Ports, ServerKeys};
use super::oauth2;
use super::source::quoted;
use super::table::{InFile, Read, Table};
use super::value::Text;
use crate::config::findings::{Finding, Severity};
use crate::config::login::{Login, Proof};
use crate::config::mailbox::{FirstRun, ImapConfig, MailboxConfig, Mode, Source};
use crate::domain::ids::{Folder, MailboxName};
use crate::domain::thread::Replies;

/// How many mailboxes one daemon watches.
const MAILBOXES_MAX: usize = 100;
const RECONCILE: Duration = Duration::from_mins(5);
const RECONCILE_BOUNDS: RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_hours(24);
const MAX_SIZE: u64 = 35 << 20;
const MAX_SIZE_BOUNDS: RangeInclusive<u64> = 64 << 10..=256 << 20;
/// The words for what is done with publishers' answers.
pub const REPLIES: [(&str, Replies); 2] = [("queue", Replies::Queue), ("relay", Replies::Relay)];
const PORTS: Ports = Ports {
    implicit: 993,
    starttls: 143,
    none: 143,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    name: Option<Text>,
    address: Option<Text>,
    kind: Option<Text>,
    host: Option<Text>,
    port: Option<Spanned<i64>>,
    tls: Option<Text>,
    ca_file: Option<Text>,
    user: Option<Text>,
    password_file: Option<Text>,
    password_credential: Option<Text>,
    oauth2_of: Option<Text>,
    path: Option<Text>,
    folder: Option<Text>,
    create_folders: Option<bool>,
    mode: Option<Text>,
    first_run: Option<Text>,
    reconcile: Option<Text>,
    max_size: Option<Text>,
    isv_replies: Option<Text>,
    acknowledge: Option<bool>,
}

#[derive(Debug, Clone, Copy)]
enum KindWord {
    Imap,
    Maildir,
}

/// A checked mailbox and where its parts stand.
#[derive(Debug)]
pub struct Placed {
    /// The mailbox.
    pub config: MailboxConfig,
    /// Its table.
    pub span: Range<usize>,
    name: Range<usize>,
}

/// Checks all mailboxes, alone and against each other.
pub fn mailboxes(
    root: &mut Table<'_>,
    base: &Path,
    state_dir: &Path,
    file: &mut InFile<'_>,
) -> Vec<Placed> {
    if !root.holds("mailbox") && !file.broken {
        let message = "there is no `[[mailbox]]`: nothing is watched";
        let finding = Finding::of_file(Severity::Warning, file.source.name.clone(), message);
        file.findings.push(finding);
    }
    let tables = root.tables("mailbox", file);
    if let Some(span) = tables
        .get(MAILBOXES_MAX)
        .and_then(|table| table.span.clone())
    {
        let message = format!(
            "there are {} mailboxes; at most {MAILBOXES_MAX} are watched",
            tables.len()
        );
        file.error(&span, "mailbox", message);
    }
    let mut taken: Vec<Placed> = Vec::new();
    for mut table in tables.into_iter().take(MAILBOXES_MAX) {
        let oauth2 = table.table("oauth2", file).read::<oauth2::Shape>(file);
        let read = table.read::<Shape>(file);
        let told = Told {
            read: &read,
            oauth2: &oauth2,
            base,
            state_dir,
            above: &taken,
        };
        let Some(mailbox) = mailbox(&told, file) else {
            continue;
        };
        if let Some(first) = taken.iter().find(|m| m.config.name == mailbox.config.name) {
            let message = format!(
                "two mailboxes are named {}",
                quoted(mailbox.config.name.as_str())
            );
            let source = file.source;
            file.error(&mailbox.name, "mailbox.name", message).also(
                "the first stands here",
                source,
                &first.name,
            );
        }
        if let Some(first) = taken
            .iter()
            .find(|m| is_same_queue(&m.config, &mailbox.config))
        {
            let message = "this folder is watched twice; each message would be worked on twice";
            let source = file.source;
            file.error(&mailbox.span, "mailbox", message).also(
                "the first stands here",
                source,
                &first.span,
            );
        }
        taken.push(mailbox);
    }
    taken
}

fn is_same_queue(a: &MailboxConfig, b: &MailboxConfig) -> bool {
    let same_account = match (&a.source, &b.source) {
        (Source::Imap(a), Source::Imap(b)) => {
            (&a.server.host, a.server.port, &a.login.user)
                == (&b.server.host, b.server.port, &b.login.user)
        }
        (Source::Maildir { path: a }, Source::Maildir { path: b }) => a == b,
        _ => false,
    };
    same_account && is_same_folder(&a.folder, &b.folder)
}

/// Whether both names mean one folder: `INBOX` has no case (RFC 9051 §5.1).
pub fn is_same_folder(a: &Folder, b: &Folder) -> bool {
    a == b
        || [a, b]
            .iter()
            .all(|f| f.as_str().eq_ignore_ascii_case("INBOX"))
}

/// One table with what is around it.
struct Told<'a> {
    read: &'a Read<Shape>,
    oauth2: &'a Read<oauth2::Shape>,
    base: &'a Path,
    state_dir: &'a Path,
    /// The mailboxes that stand above it.
    above: &'a [Placed],
}

fn mailbox(told: &Told<'_>, file: &mut InFile<'_>) -> Option<Placed> {
    let read = told.read;
    let name = read
        .need(
            "name",
            read.told.name.as_ref(),
            "a short name for log and command line, such as `support`",
            file,
        )
        .cloned();
    let name = name.and_then(|text| Some((file.name("mailbox.name", &text)?, text.span())));
    let address = read
        .need(
            "address",
            read.told.address.as_ref(),
            "the address customers write to",
            file,
        )
        .and_then(|text| file.address("mailbox.address", text));
    let source = source(told, name.as_ref().map(|(name, _)| name.as_str()), file);
    let folder = match &read.told.folder {
        Some(text) => file.folder("mailbox.folder", text),
        None => Some(Folder::from("INBOX")),
    };
    let mode = match &read.told.mode {
        Some(text) => {
            let words = [("live", Mode::Live), ("observe", Mode::Observe)];
            file.word("mailbox.mode", text, &words)
        }
        None => Some(Mode::Live),
    };
    let first_run = match &read.told.first_run {
        Some(text) => {
            let words = [
                ("all", FirstRun::All),
                ("new-only", FirstRun::NewOnly),
                ("ask", FirstRun::Ask),
            ];
            file.word("mailbox.first-run", text, &words)
        }
        None => Some(FirstRun::Ask),
    };
    let reconcile = match &read.told.reconcile {
        Some(text) => file.duration("mailbox.reconcile", text, &RECONCILE_BOUNDS),
        None => Some(RECONCILE),
    };
    let max_size = match &read.told.max_size {
        Some(text) => file.size("mailbox.max-size", text, &MAX_SIZE_BOUNDS),
        None => Some(MAX_SIZE),
    };
    let isv_replies = match &read.told.isv_replies {
        Some(text) => file.word("mailbox.isv-replies", text, &REPLIES),
        None => Some(Replies::default()),
    };
    let (name, name_span) = name?;
    Some(Placed {
        config: MailboxConfig {
            name: MailboxName::new(name),
            address: address?,
            source: source?,
            folder: folder?,
            create_folders: read.told.create_folders.unwrap_or(false),
            mode: mode?,
            first_run: first_run?,
            reconcile: reconcile?,
            max_size: max_size?,
            isv_replies: isv_replies?,
            acknowledge: read.told.acknowledge.unwrap_or(false),
        },
        span: read.span.clone()?,
        name: name_span,
    })
}

fn source(told: &Told<'_>, name: Option<&str>, file: &mut InFile<'_>) -> Option<Source> {
    let read = told.read;
    let why = "`kind = \"imap\"` for a server, `kind = \"maildir\"` for a directory on this host";
    let kind = read.need("kind", read.told.kind.as_ref(), why, file)?;
    let words = [("imap", KindWord::Imap), ("maildir", KindWord::Maildir)];
    match file.word("mailbox.kind", kind, &words)? {
        KindWord::Imap => {
            read.misplaced("path", read.told.path.as_ref(), "kind = \"maildir\"", file);
            imap(told, name, file).map(Source::Imap)
        }
        KindWord::Maildir => {
            let owner = "kind = \"imap\"";
            read.misplaced("port", read.told.port.as_ref(), owner, file);
            for (key, text) in [
                ("host", &read.told.host),
                ("tls", &read.told.tls),
                ("ca-file", &read.told.ca_file),
                ("user", &read.told.user),
                ("password-file", &read.told.password_file),
                ("password-credential", &read.told.password_credential),
                ("oauth2-of", &read.told.oauth2_of),
            ] {
                read.misplaced(key, text.as_ref(), owner, file);
            }
            told.oauth2.misplaced_table(owner, file);
            let why = "the directory that holds `new/` and `cur/`";
            let path = read.need("path", read.told.path.as_ref(), why, file)?;
            let path = file.path("mailbox.path", path, told.base)?;
            Some(Source::Maildir { path })
        }
    }
}

fn imap(told: &Told<'_>, name: Option<&str>, file: &mut InFile<'_>) -> Option<ImapConfig> {
    let Told { read, base, .. } = *told;
    let keys = ServerKeys {
        host: read.told.host.as_ref(),
        port: read.told.port.as_ref(),
        tls: read.told.tls.as_ref(),
        ca_file: read.told.ca_file.as_ref(),
    };
    let server = net::server(read, keys, PORTS, base, file);
    let user = read
        .need("user", read.told.user.as_ref(), "the log-in name", file)
        .and_then(|text| file.line("mailbox.user", text));
    let password = net::secret(
        read,
        read.told.password_file.as_ref(),
        read.told.password_credential.as_ref(),
        base,
        file,
    );
    let own = told.oauth2.span.is_some().then(|| {
        let around = oauth2::Around {
            base,
            state_dir: told.state_dir,
            mailbox: Some(name.unwrap_or_default()),
            user: user.as_deref(),
        };
        oauth2::oauth2(told.oauth2, around, file).ok_or(())
    });
    let of = read.told.oauth2_of.as_ref();
    let of = of.map(|text| (text, proof_of(text.get_ref(), told.above)));
    let proof = oauth2::proof(read, password, own, of, user.as_deref(), file);
    if proof == Ok(None) {
        let why = "or `password-credential`: the place of the password, never the password \
                   itself; or a table `[mailbox.oauth2]`";
        read.missing("password-file", why, file);
    }
    Some(ImapConfig {
        server: server?,
        login: Login {
            user: user?,
            proof: proof.ok().flatten()?,
        },
    })
}

/// How the mailbox called `name` proves its log-in.
pub fn proof_of(name: &str, mailboxes: &[Placed]) -> Option<Proof> {
    let found = mailboxes.iter().find(|m| m.config.name.as_str() == name)?;
    match &found.config.source {
        Source::Imap(imap) => Some(imap.login.proof.clone()),
        Source::Maildir { .. } => None,
    }
}
