//! Verification of the audit log in the ledger and of its file, against each other.
//!
//! Reads page by page, so that a long log needs no more memory than a short one, and may run
//! beside the daemon. What the two cannot show together (both rewritten as a whole) only a head
//! kept elsewhere can.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::error::LedgerError;
use super::open::Ledger;
use super::people::EventFilter;
use crate::audit::chain::Head;
use crate::audit::verify::{Fault, Finding, Report, Verifier};
use crate::domain::digest::Digest;

/// Events read at once.
const PAGE: u32 = 1000;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The log in the ledger.
    pub ledger: Report,
    /// The file; `None` when none was named.
    pub file: Option<Report>,
    /// Entries that people made while no daemon ran and that the file gets at its next start.
    pub waiting: u64,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.ledger.is_sound() && self.file.as_ref().is_none_or(Report::is_sound)
    }
}

impl Ledger {
    /// Verifies the log in the ledger and, where one is named, in a file; `anchors` are heads kept
    /// elsewhere that must lie on the chain.
    ///
    /// # Errors
    /// When something cannot be read. What is wrong with the log is no error but a finding.
    pub async fn verify(
        &self,
        file: Option<&Path>,
        anchors: Vec<Head>,
    ) -> Result<Verified, LedgerError> {
        let head = self.head().await?;
        let mut verifier = Verifier::new(anchors.clone());
        self.feed(&mut verifier, 1, head.seq).await?;
        let ledger = verifier.finish(Some(head));
        let mut found = Verified {
            ledger,
            file: None,
            waiting: 0,
        };
        if let Some(path) = file {
            let mut known = anchors;
            known.push(head);
            let mut report = read(path, known, self.vouchers().await?).await?;
            found.waiting = self.compare(&mut report, head).await?;
            found.file = Some(report);
        }
        Ok(found)
    }

    async fn feed(&self, verifier: &mut Verifier, from: u64, to: u64) -> Result<(), LedgerError> {
        let mut next = from;
        while next <= to {
            let filter = EventFilter {
                from: Some(next),
                to: Some(to),
                ..EventFilter::default()
            };
            let events = self.events(&filter, PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            next = last.seq + 1;
            for event in &events {
                verifier.line(event.line.as_bytes());
            }
        }
        Ok(())
    }

    /// Compares where the file ends with the ledger, whose head was `head` before the file was
    /// read; tells how many entries are only late.
    async fn compare(&self, file: &mut Report, head: Head) -> Result<u64, LedgerError> {
        let end = file.head;
        let mut find = |fault| {
            file.findings.push(Finding {
                line: 0,
                seq: end.seq,
                fault,
            });
        };
        let is = self.head().await?;
        if end.seq > is.seq {
            find(Fault::Beyond { head: is.seq });
            return Ok(0);
        }
        if end.seq > 0 {
            let filter = EventFilter {
                from: Some(end.seq),
                to: Some(end.seq),
                ..EventFilter::default()
            };
            let same = self.events(&filter, 1).await?;
            let hash = format!("\"hash\":\"{}\"}}", end.hash);
            if end.seq != head.seq && !same.iter().any(|event| event.line.ends_with(&hash)) {
                find(Fault::Foreign);
            }
        }
        let mut waiting = 0;
        let mut next = end.seq + 1;
        while next <= head.seq {
            let filter = EventFilter {
                from: Some(next),
                to: Some(head.seq),
                ..EventFilter::default()
            };
            let events = self.events(&filter, PAGE).await?;
            let by_daemon = |line: &str| line.contains(",\"actor\":\"triaged\",");
            if events.is_empty() || events.iter().any(|event| by_daemon(&event.line)) {
                find(Fault::Truncated { head: head.seq });
                return Ok(0);
            }
            waiting += events.len() as u64;
            next = events.last().map_or(next, |event| event.seq) + 1;
        }
        Ok(waiting)
    }
}

async fn read(
    path: &Path,
    anchors: Vec<Head>,
    vouchers: HashMap<u64, Digest>,
) -> Result<Report, LedgerError> {
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut verifier = Verifier::new(anchors).vouched(vouchers);
        verifier.read(BufReader::with_capacity(64 << 10, File::open(owned)?))?;
        Ok(verifier.finish(None))
    });
    read.await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| LedgerError::io("read", path, &error))
}
