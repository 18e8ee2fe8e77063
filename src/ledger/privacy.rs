//! What is stored about an address, and taking it out again.
//!
//! Erased are sender, subject, decision and letters of tickets that have ended, the people of their
//! threads, and in the audit log what [`redact`] takes out of every line about them or that names the address. The tickets
//! stay, without a person: that something was done, when and with which rules, is kept. What is
//! not at its end is left alone: the work still needs it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::change::{Change, Pen};
use super::error::LedgerError;
use super::open::Ledger;
use super::people::{Event, EventFilter};
use super::row::{self, SELECT};
use super::threads;
use crate::audit::chain::{self, LINE_MAX, Link};
use crate::audit::mirror::FILE_NAME;
use crate::audit::redact;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening, RedactedLine};
use crate::domain::ids::TicketId;
use crate::domain::ticket::Ticket;

/// Lines redacted in one transaction: bounds the line that vouches for them.
const LINES_MAX: usize = 200;

/// Events read at once.
const PAGE: u32 = 500;

/// What is to be taken out in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Tickets that have ended.
    pub tickets: Vec<TicketId>,
    /// Whose letters are emptied.
    pub address: String,
    /// The new bodies of audit lines, by their number.
    pub bodies: Vec<(u64, String)>,
}

/// What came of erasing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Tickets that have no person any more.
    pub tickets: u64,
    /// Audit lines that were redacted.
    pub lines: u64,
    /// Tickets that are not at their end and were left alone.
    pub unfinished: u64,
}

impl Ledger {
    /// The tickets that `address` sent, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn tickets_from(&self, address: &str) -> Result<Vec<Ticket>, LedgerError> {
        let text = format!("{SELECT}WHERE lower(t.sender) = lower(?) ORDER BY t.number");
        let rows = sqlx::query(AssertSqlSafe(text))
            .bind(address)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.unreadable(&error))?;
        let tickets = rows.iter().map(row::ticket).collect::<Result<_, _>>();
        tickets.map_err(|error| self.unreadable(&error))
    }

    /// Purpose, stage and time of the letters to `address`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn letters_to(
        &self,
        address: &str,
    ) -> Result<Vec<(String, String, Timestamp)>, LedgerError> {
        let rows = sqlx::query(
            "SELECT purpose, stage, made_at FROM letter WHERE lower(recipient) = lower(?) \
             ORDER BY number",
        )
        .bind(address)
        .fetch_all(self.readers())
        .await;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok((
                row.try_get(0)?,
                row.try_get(1)?,
                row::time(row.try_get(2)?)?,
            ))
        };
        let letters = rows.and_then(|rows| rows.iter().map(read).collect());
        letters.map_err(|error| self.unreadable(&error))
    }

    /// The audit lines about these tickets or that name `address`, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn events_about(
        &self,
        address: &str,
        tickets: &[TicketId],
    ) -> Result<Vec<Event>, LedgerError> {
        let mut found = BTreeMap::new();
        for ticket in tickets {
            let filter = EventFilter {
                ticket: Some(*ticket),
                ..EventFilter::default()
            };
            self.gather(filter, &mut found).await?;
        }
        let seqs = sqlx::query("SELECT seq FROM event WHERE instr(lower(body), lower(?)) > 0")
            .bind(address)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.unreadable(&error))?;
        for row in &seqs {
            let seq: i64 = row.try_get(0).map_err(|error| self.unreadable(&error))?;
            let filter = EventFilter {
                from: Some(seq.cast_unsigned()),
                to: Some(seq.cast_unsigned()),
                ..EventFilter::default()
            };
            self.gather(filter, &mut found).await?;
        }
        Ok(found.into_values().collect())
    }

    async fn gather(
        &self,
        mut filter: EventFilter,
        found: &mut BTreeMap<u64, Event>,
    ) -> Result<(), LedgerError> {
        loop {
            let page = self.events(&filter, PAGE).await?;
            let full = page.len() == PAGE as usize;
            filter.from = page.last().map(|event| event.seq + 1);
            found.extend(page.into_iter().map(|event| (event.seq, event)));
            if !full {
                return Ok(());
            }
        }
    }

    /// Takes out what is stored about `address`, in `by`'s name, and brings the audit files in
    /// `dir` to the same state. Saying it again does no harm, and finishes what a crash broke off.
    ///
    /// # Errors
    /// When the ledger or a file cannot be read or written.
    pub async fn erase(&self, dir: &Path, address: &str, by: &str) -> Result<Erased, LedgerError> {
        let mut erased = Erased::default();
        let (mut ended, mut unfinished) = (Vec::new(), HashSet::new());
        for ticket in self.tickets_from(address).await? {
            if ticket.life.stage.is_end() {
                ended.push(ticket.id);
            } else {
                unfinished.insert(ticket.id);
            }
        }
        erased.unfinished = unfinished.len() as u64;
        let mut bodies = Vec::new();
        for event in self.events_about(address, &ended).await? {
            let about = event.entry()?.ticket;
            if about.is_some_and(|ticket| unfinished.contains(&ticket)) {
                continue;
            }
            let Some(link) = Link::read(&event.line) else {
                continue;
            };
            let redacted = redact::redacted(link.body, address);
            let redacted = redacted.map_err(|error| LedgerError::Damaged {
                path: self.path().to_owned(),
                what: format!("audit entry {} is no JSON: {error}", event.seq),
            })?;
            bodies.extend(redacted.map(|body| (event.seq, body)));
        }
        (erased.tickets, erased.lines) = (ended.len() as u64, bodies.len() as u64);
        let letters = self.letters_to(address).await?;
        let threads = self.threads_naming(address).await?;
        let mut first = !(ended.is_empty() && letters.is_empty() && threads.is_empty());
        while first || !bodies.is_empty() {
            let rest = bodies.split_off(bodies.len().min(LINES_MAX));
            let tickets = if first {
                std::mem::take(&mut ended)
            } else {
                Vec::new()
            };
            first = false;
            let redaction = Redaction {
                tickets,
                address: address.to_owned(),
                bodies: std::mem::replace(&mut bodies, rest),
            };
            self.redact(redaction, by).await?;
        }
        self.rewrite(dir).await?;
        Ok(erased)
    }

    async fn redact(&self, redaction: Redaction, by: &str) -> Result<(), LedgerError> {
        let voucher = |(seq, body): &(u64, String)| RedactedLine {
            seq: *seq,
            digest: redact::voucher(body),
        };
        let entry = Entry {
            at: Timestamp::now(),
            actor: Actor::Person(by.to_owned()),
            mailbox: None,
            ticket: None,
            happening: Happening::Redacted {
                lines: redaction.bodies.iter().map(voucher).collect(),
            },
        };
        let change = Change::Redact { redaction, entry };
        self.record(&Pen::Person, vec![change]).await.map(|_| ())
    }

    /// What redacted lines say now, as later lines vouch for them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn vouchers(&self) -> Result<HashMap<u64, Digest>, LedgerError> {
        let filter = EventFilter {
            kinds: vec!["redacted".to_owned()],
            ..EventFilter::default()
        };
        let mut found = BTreeMap::new();
        self.gather(filter, &mut found).await?;
        let mut vouchers = HashMap::new();
        for event in found.into_values() {
            if let Happening::Redacted { lines } = event.entry()?.happening {
                vouchers.extend(lines.into_iter().map(|line| (line.seq, line.digest)));
            }
        }
        Ok(vouchers)
    }

    /// Writes the audit file, and rotated copies of it that are plain text, anew with the redacted
    /// lines as the ledger has them. A daemon that runs notices, and adds what it wrote meanwhile.
    async fn rewrite(&self, dir: &Path) -> Result<(), LedgerError> {
        let mut lines = HashMap::new();
        for seq in self.vouchers().await?.into_keys() {
            let filter = EventFilter {
                from: Some(seq),
                to: Some(seq),
                ..EventFilter::default()
            };
            let found = self.events(&filter, 1).await?;
            lines.extend(found.into_iter().map(|event| (event.seq, event.line)));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let (dir, shown) = (dir.to_owned(), dir.join(FILE_NAME));
        let work = move || -> io::Result<()> {
            for path in audit_files(&dir)? {
                rewrite_file(&path, &lines)?;
            }
            crate::system::fs::sync_dir(&dir)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| LedgerError::io("rewrite", &shown, &error))
    }
}

/// Takes `redaction` out of the tables. Only tickets that have ended are touched, whatever the
/// caller believed.
pub(super) async fn apply(
    conn: &mut SqliteConnection,
    redaction: &Redaction,
) -> Result<(), sqlx::Error> {
    for ticket in &redaction.tickets {
        for text in [
            "DELETE FROM decision WHERE ticket = \
             (SELECT number FROM ticket WHERE id = ? AND ended = 1)",
            "UPDATE ticket SET sender = '', subject = '' WHERE id = ? AND ended = 1",
            "UPDATE letter SET hold = NULL, body = NULL WHERE ended = 1 AND ticket = \
             (SELECT number FROM ticket WHERE id = ? AND ended = 1)",
        ] {
            let query = sqlx::query(text).bind(ticket.bits().to_vec());
            query.execute(&mut *conn).await?;
        }
    }
    sqlx::query(
        "UPDATE letter SET recipient = ?, domain = '', hold = NULL, body = NULL \
         WHERE lower(recipient) = lower(?) AND ended = 1",
    )
    .bind(redact::NOBODY)
    .bind(redaction.address.as_str())
    .execute(&mut *conn)
    .await?;
    threads::forget(conn, redaction).await?;
    for (seq, body) in &redaction.bodies {
        sqlx::query("UPDATE event SET body = ? WHERE seq = ?")
            .bind(body.as_str())
            .bind(seq.cast_signed())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// The audit file and its rotated copies; those that were compressed are left alone.
fn audit_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let packed = [".gz", ".xz", ".zst", ".bz2"]
            .iter()
            .any(|end| name.ends_with(end));
        if name.starts_with(FILE_NAME) && !packed && entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Replaces the lines of these numbers, where they are of the same chain.
fn rewrite_file(path: &Path, lines: &HashMap<u64, String>) -> io::Result<()> {
    let mut input = BufReader::new(File::open(path)?);
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut output = tempfile::Builder::new()
        .prefix(".audit-")
        .tempfile_in(directory)?;
    let mut changed = false;
    {
        let mut out = BufWriter::new(output.as_file_mut());
        let mut line = Vec::new();
        loop {
            line.clear();
            let bound = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
            if io::Read::take(&mut input, bound).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let text = std::str::from_utf8(&line).ok().map(str::trim_end);
            let link = text.and_then(Link::read);
            let new = link.and_then(|link| {
                let text = lines.get(&link.seq)?;
                let now = Link::read(text)?;
                (now.hash == link.hash && now.body != link.body)
                    .then(|| chain::line(link.seq, now.body, &link.prev, &link.hash))
            });
            match new {
                Some(new) => {
                    changed = true;
                    writeln!(out, "{new}")?;
                }
                None => out.write_all(&line)?,
            }
        }
        out.flush()?;
    }
    if changed {
        let file = output.as_file();
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        let was = fs::metadata(path)?;
        std::os::unix::fs::fchown(file, Some(was.uid()), Some(was.gid()))?;
        file.sync_all()?;
        output.persist(path).map_err(|error| error.error)?;
    }
    Ok(())
}
