//! Verification: reads lines one after the other and names every place where the chain is broken.
//!
//! A line whose content does not give its hash is sound when a later line vouches for what it says
//! now ([`super::redact`]).
//!
//! Memory grows with the redacted lines only. What it cannot see: a log that was rewritten as a whole
//! together with the ledger it is compared with; against that, keep heads elsewhere.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead};

use super::chain::{Head, LINE_MAX, Link};
use super::redact;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Happening};

/// Most redacted lines that are compared with what is vouched for; more are taken for changed.
const CHANGED_MAX: usize = 1 << 20;

/// What the line of a redaction has in it.
const REDACTED: &str = "\"event\":\"redacted\"";

/// Most findings kept; more are only counted.
pub const FINDINGS_MAX: usize = 50;

/// One place where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which line of the file, from 1; 0 when it is about the end.
    pub line: u64,
    /// The sequence number concerned, as far as it can be told.
    pub seq: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has not the form of an audit line.
    NoLine,
    /// Its content does not give its hash.
    Edited,
    /// Lines are missing before it.
    Removed {
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// It stands behind a line with the same or a higher number.
    Reordered {
        /// The number of the line before.
        after: u64,
    },
    /// It names another line before it than the one that stands there: one of the two was replaced.
    Unlinked,
    /// The last line has no line end: a write was cut off.
    Torn,
    /// The log ends before the head it is compared with.
    Truncated {
        /// The number of the head.
        head: u64,
    },
    /// The log goes on behind the head it is compared with.
    Beyond {
        /// The number of the head.
        head: u64,
    },
    /// The line at the head's number is another than the head's.
    Foreign,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = self.seq;
        match &self.fault {
            Fault::NoLine => write!(f, "after entry {seq}: a line that is no audit line"),
            Fault::Edited => write!(f, "entry {seq}: its content was changed"),
            Fault::Removed { first, last } if first == last => {
                write!(f, "entry {first} is missing")
            }
            Fault::Removed { first, last } => write!(f, "entries {first} to {last} are missing"),
            Fault::Reordered { after } => write!(f, "entry {seq} stands behind entry {after}"),
            Fault::Unlinked => write!(f, "entry {seq} does not continue the entry before it"),
            Fault::Torn => write!(f, "after entry {seq}: the last line is cut off"),
            Fault::Truncated { head } => {
                write!(f, "ends at entry {seq}, the ledger at entry {head}")
            }
            Fault::Beyond { head } => {
                write!(f, "ends at entry {seq}, the ledger already at entry {head}")
            }
            Fault::Foreign => write!(f, "entry {seq} is not the one in the ledger"),
        }?;
        if self.line > 0 {
            write!(f, " (line {})", self.line)?;
        }
        Ok(())
    }
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// The first line's number; 0 when there is none. Above 1, the earlier ones were rotated away.
    pub first: u64,
    /// Where the log ends.
    pub head: Head,
    /// What is wrong, in the order of the lines.
    pub findings: Vec<Finding>,
    /// How many more were found than are kept.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Takes lines in their order and remembers what is wrong with them.
#[derive(Debug)]
pub struct Verifier {
    report: Report,
    anchors: Vec<Head>,
    started: bool,
    vouchers: HashMap<u64, Digest>,
    changed: Vec<Changed>,
}

/// A line whose content does not give its hash.
#[derive(Debug)]
struct Changed {
    line: u64,
    seq: u64,
    body: Digest,
}

impl Verifier {
    /// Begins; `anchors` are heads known from elsewhere (the ledger, a mailed line), whose lines
    /// must be the same ones.
    pub fn new(anchors: Vec<Head>) -> Self {
        Self {
            report: Report {
                lines: 0,
                first: 0,
                head: Head::GENESIS,
                findings: Vec::new(),
                more: 0,
            },
            anchors,
            started: false,
            vouchers: HashMap::new(),
            changed: Vec::new(),
        }
    }

    /// The same, with what redacted lines say now as the ledger has it: the line that vouches may
    /// not have come to a file yet.
    #[must_use]
    pub fn vouched(mut self, vouchers: HashMap<u64, Digest>) -> Self {
        self.vouchers = vouchers;
        self
    }

    fn find(&mut self, seq: u64, fault: Fault) {
        self.find_at(self.report.lines, seq, fault);
    }

    fn find_at(&mut self, line: u64, seq: u64, fault: Fault) {
        if self.report.findings.len() >= FINDINGS_MAX {
            self.report.more += 1;
            return;
        }
        self.report.findings.push(Finding { line, seq, fault });
    }

    /// Notes a line that was changed, or what a line vouches for.
    fn weigh(&mut self, link: &Link<'_>, text: &str) {
        if !link.holds() {
            if self.changed.len() >= CHANGED_MAX {
                self.find(link.seq, Fault::Edited);
                return;
            }
            self.changed.push(Changed {
                line: self.report.lines,
                seq: link.seq,
                body: redact::voucher(link.body),
            });
        } else if link.body.contains(REDACTED)
            && let Ok(entry) = serde_json::from_str::<Entry>(text)
            && let Happening::Redacted { lines } = entry.happening
        {
            let vouched = lines.into_iter().map(|line| (line.seq, line.digest));
            self.vouchers.extend(vouched);
        }
    }

    /// Takes the next line, without its line end.
    pub fn line(&mut self, bytes: &[u8]) {
        self.report.lines += 1;
        let last = self.report.head;
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let Some(link) = Link::read(text) else {
            self.find(last.seq, Fault::NoLine);
            return;
        };
        let gap = self.started && link.seq > last.seq + 1;
        // The ledger has the hash before only in the row before; when that row is gone the line
        // has zeros, and what is wrong is the gap.
        let blind = gap && link.prev == Head::GENESIS.hash;
        if !blind {
            self.weigh(&link, text);
        }
        if self.started && link.seq <= last.seq {
            self.find(link.seq, Fault::Reordered { after: last.seq });
            // The chain goes on where it was: what follows is compared with the highest line.
            return;
        }
        if !self.started {
            self.report.first = link.seq;
        }
        if gap {
            let (first, last) = (last.seq + 1, link.seq - 1);
            self.find(link.seq, Fault::Removed { first, last });
        } else if (self.started || link.seq == 1) && link.prev != last.hash {
            self.find(link.seq, Fault::Unlinked);
        }
        let is_foreign = |anchor: &Head| anchor.seq == link.seq && anchor.hash != link.hash;
        if self.anchors.iter().any(is_foreign) {
            self.find(link.seq, Fault::Foreign);
        }
        self.started = true;
        self.report.head = link.head();
    }

    /// Takes all lines of `input`.
    ///
    /// # Errors
    /// When reading fails; what was found until then is lost with the verifier.
    pub fn read(&mut self, mut input: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let bound = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
            let read = io::Read::take(&mut input, bound).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if line.pop_if(|last| *last == b'\n').is_some() {
                self.line(&line);
            } else if read < LINE_MAX {
                self.report.lines += 1;
                self.find(self.report.head.seq, Fault::Torn);
            } else {
                // Longer than any line of ours: it counts once, whatever its length.
                self.line(b"");
                input.skip_until(b'\n')?;
            }
        }
    }

    /// Ends, and compares the end with `head` where one is known.
    pub fn finish(mut self, head: Option<Head>) -> Report {
        for Changed { line, seq, body } in std::mem::take(&mut self.changed) {
            if self.vouchers.get(&seq) != Some(&body) {
                self.find_at(line, seq, Fault::Edited);
            }
        }
        self.report.findings.sort_by_key(|finding| finding.line);
        let end = self.report.head;
        self.report.lines = if let Some(head) = head {
            let lines = std::mem::take(&mut self.report.lines);
            if end.seq < head.seq {
                self.find(end.seq, Fault::Truncated { head: head.seq });
            } else if end.seq > head.seq {
                self.find(end.seq, Fault::Beyond { head: head.seq });
            } else if end.hash != head.hash {
                self.find(end.seq, Fault::Foreign);
            }
            lines
        } else {
            self.report.lines
        };
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain;
    use crate::audit::tests::lines;
    use crate::domain::event::{Actor, RedactedLine};

    fn report(lines: &[String], head: Option<Head>) -> Report {
        let mut text = lines.join("\n");
        text.extend((!lines.is_empty()).then_some('\n'));
        let mut verifier = Verifier::new(Vec::new());
        verifier.read(text.as_bytes()).unwrap();
        verifier.finish(head)
    }

    #[test]
    fn a_sound_log_is_sound() {
        let all = lines(9);
        let head = Link::read(&all[8]).unwrap().head();
        let whole = report(&all, Some(head));
        assert!(whole.is_sound(), "{:?}", whole.findings);
        assert_eq!((whole.lines, whole.first, whole.head), (9, 1, head));
        let rotated = report(&all[4..], Some(head));
        assert!(rotated.is_sound());
        assert_eq!(rotated.first, 5);
        assert!(report(&[], Some(Head::GENESIS)).is_sound());
    }

    type Tamper = fn(&mut Vec<String>);

    #[test]
    fn every_tampering_is_found_and_named() {
        let cases: [(&str, Tamper, &str); 10] = [
            (
                "a word changed",
                |l| l[3] = l[3].replace("seen", "tried"),
                "entry 4: its content was changed (line 4)",
            ),
            (
                "resealed after a change",
                |l| {
                    let link = Link::read(&l[3]).unwrap();
                    let body = link.body.replace("seen", "tried");
                    let head = Head {
                        seq: 3,
                        hash: link.prev,
                    }
                    .with(&body);
                    l[3] = chain::line(4, &body, &link.prev, &head.hash);
                },
                "entry 5 does not continue the entry before it (line 5)",
            ),
            (
                "one removed",
                |l| {
                    l.remove(3);
                },
                "entry 4 is missing (line 4)",
            ),
            (
                "three removed",
                |l| {
                    l.drain(3..6);
                },
                "entries 4 to 6 are missing (line 4)",
            ),
            (
                "two swapped",
                |l| l.swap(3, 4),
                "entry 4 is missing (line 4)\nentry 4 stands behind entry 5 (line 5)",
            ),
            (
                "one doubled",
                |l| {
                    let x = l[3].clone();
                    l.insert(4, x);
                },
                "entry 4 stands behind entry 4 (line 5)",
            ),
            (
                "the end cut off",
                |l| l.truncate(7),
                "ends at entry 7, the ledger at entry 9",
            ),
            (
                "all removed",
                Vec::clear,
                "ends at entry 0, the ledger at entry 9",
            ),
            (
                "a stranger's line",
                |l| l.insert(2, "hello".to_owned()),
                "after entry 2: a line that is no audit line (line 3)",
            ),
            (
                "a whole new chain",
                |l| {
                    let mut head = Head::GENESIS;
                    for line in l {
                        let body = Link::read(line).unwrap().body.replace("seen", "tried");
                        let next = head.with(&body);
                        *line = chain::line(next.seq, &body, &head.hash, &next.hash);
                        head = next;
                    }
                },
                "entry 9 is not the one in the ledger",
            ),
        ];
        let all = lines(9);
        let head = Link::read(&all[8]).unwrap().head();
        for (name, tamper, wanted) in cases {
            let mut bad = all.clone();
            tamper(&mut bad);
            let report = report(&bad, Some(head));
            let said: Vec<_> = report.findings.iter().map(Finding::to_string).collect();
            assert_eq!(said.join("\n"), wanted, "{name}");
        }
    }

    #[test]
    fn a_redacted_line_is_sound_only_as_it_is_vouched_for() {
        let mut all = lines(3);
        let link = Link::read(&all[1]).unwrap();
        let (prev, hash) = (link.prev, link.hash);
        let body = link.body.replace("support", "nobody");
        let voucher = Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: Actor::Person("olga".to_owned()),
            mailbox: None,
            ticket: None,
            happening: Happening::Redacted {
                lines: vec![RedactedLine {
                    seq: 2,
                    digest: redact::voucher(&body),
                }],
            },
        };
        let head = Link::read(&all[2]).unwrap().head();
        let vouching = chain::body(&voucher).unwrap();
        let end = head.with(&vouching);
        all[1] = chain::line(2, &body, &prev, &hash);
        assert!(!report(&all, Some(head)).is_sound());
        all.push(chain::line(4, &vouching, &head.hash, &end.hash));
        assert!(report(&all, Some(end)).is_sound());
        all[1] = chain::line(2, &body.replace("nobody", "anybody"), &prev, &hash);
        let found = report(&all, Some(end)).findings;
        assert_eq!((found.len(), &found[0].fault), (1, &Fault::Edited));
    }

    #[test]
    fn a_torn_or_endless_line_is_named() {
        let all = lines(2).join("\n");
        let mut verifier = Verifier::new(Vec::new());
        verifier.read(all.as_bytes()).unwrap();
        assert_eq!(verifier.finish(None).findings[0].fault, Fault::Torn);

        let endless = format!("{}\n", "x".repeat(3 * LINE_MAX));
        let mut verifier = Verifier::new(Vec::new());
        verifier.read(endless.as_bytes()).unwrap();
        let report = verifier.finish(None);
        assert_eq!((report.lines, report.findings.len()), (1, 1));
    }

    #[test]
    fn findings_have_a_bound() {
        let junk = vec!["x".to_owned(); FINDINGS_MAX + 7];
        let report = report(&junk, None);
        assert_eq!((report.findings.len(), report.more), (FINDINGS_MAX, 7));
    }
}
