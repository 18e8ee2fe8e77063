//! The chain: how an entry becomes a line that holds on to the line before it.
//!
//! ```text
//! {"seq":7,"at":"2026-03-02T09:15:00.25Z","actor":"triaged", … ,"prev":"<64>","hash":"<64>"}
//!  └──────────────────────── these bytes are hashed ─────────────────────┘
//! ```
//! `hash` is the SHA-256, in lower-case hexadecimal, of the line up to, but without, its last
//! member `,"hash":"…"}`; `prev` is the `hash` of the line before, 64 zeros in line 1. Anybody can
//! check line 7 with a shell:
//! ```text
//! sed -n 7p audit.jsonl | sed 's/,"hash":"[0-9a-f]*"}$//' | tr -d '\n' | sha256sum
//! ```
//! Pure: what is written where is the business of ledger and mirror. The chain shows that lines
//! were changed, left out or put elsewhere; against somebody who rewrites all of it, file and
//! ledger, only a head kept elsewhere helps.

use sha2::{Digest as _, Sha256};

use super::escape::canonical;
use crate::domain::digest::Digest;
use crate::domain::event::Entry;

/// Longest line that is read back, in bytes; what [`body`] writes is well below.
pub const LINE_MAX: usize = 256 << 10;

const SEQ: &str = "{\"seq\":";
const PREV: &str = ",\"prev\":\"";
const HASH: &str = "\",\"hash\":\"";
const END: &str = "\"}";
const HEX: usize = 64;
const TAIL: usize = PREV.len() + HEX + HASH.len() + HEX + END.len();

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last line's number; 0 when there is none.
    pub seq: u64,
    /// Its hash; zeros when there is none.
    pub hash: Digest,
}

impl Head {
    /// The head of a chain without lines.
    pub const GENESIS: Self = Self {
        seq: 0,
        hash: Digest::new([0; 32]),
    };

    /// The head once a line with this body is added.
    #[must_use]
    pub fn with(&self, body: &str) -> Self {
        let seq = self.seq + 1;
        Self {
            seq,
            hash: seal(seq, body, &self.hash),
        }
    }
}

/// The members of an entry as they stand in its line between `seq` and `prev`, with the comma in
/// front of them: all of a line that does not depend on its place.
///
/// # Errors
/// When the entry cannot be written as JSON, which none of the closed set does.
pub fn body(entry: &Entry) -> Result<String, serde_json::Error> {
    let mut text = canonical(entry)?;
    text.pop();
    text.replace_range(..1, ",");
    Ok(text)
}

fn seal(seq: u64, body: &str, prev: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update(SEQ);
    hash.update(seq.to_string());
    hash.update(body);
    hash.update(PREV);
    hash.update(data_encoding::HEXLOWER.encode(prev.bytes()));
    hash.update("\"");
    Digest::new(hash.finalize().into())
}

/// The line with number `seq`, without a line end.
pub fn line(seq: u64, body: &str, prev: &Digest, hash: &Digest) -> String {
    let mut out = String::with_capacity(SEQ.len() + 20 + body.len() + TAIL);
    out.push_str(SEQ);
    out.push_str(&seq.to_string());
    out.push_str(body);
    out.push_str(PREV);
    data_encoding::HEXLOWER.encode_append(prev.bytes(), &mut out);
    out.push_str(HASH);
    data_encoding::HEXLOWER.encode_append(hash.bytes(), &mut out);
    out.push_str(END);
    out
}

/// A line taken apart, nothing checked but its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its number.
    pub seq: u64,
    /// What stands between `seq` and `prev`.
    pub body: &'a str,
    /// The hash of the line before it.
    pub prev: Digest,
    /// Its own hash.
    pub hash: Digest,
}

impl<'a> Link<'a> {
    /// Takes a line apart; `None` when it has not the form that [`line()`] gives.
    pub fn read(line: &'a str) -> Option<Self> {
        let rest = line.strip_prefix(SEQ)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let seq = rest.get(..digits)?;
        if seq.starts_with('0') {
            return None;
        }
        let rest = rest.get(digits..)?;
        let cut = rest.len().checked_sub(TAIL)?;
        let (body, tail) = (rest.get(..cut)?, rest.get(cut..)?);
        let tail = tail.strip_prefix(PREV)?;
        let prev = tail.get(..HEX)?;
        let tail = tail.get(HEX..)?.strip_prefix(HASH)?;
        let hash = tail.get(..HEX)?;
        (tail.get(HEX..)? == END).then_some(())?;
        Some(Self {
            seq: seq.parse().ok()?,
            body,
            prev: prev.parse().ok()?,
            hash: hash.parse().ok()?,
        })
    }

    /// Whether the line's own bytes give its hash.
    pub fn holds(&self) -> bool {
        seal(self.seq, self.body, &self.prev) == self.hash
    }

    /// The head of a chain that ends here.
    pub const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::audit::tests::{entry, lines};

    #[test]
    fn a_line_reads_back_and_holds() {
        let made = lines(3);
        let mut head = Head::GENESIS;
        for text in &made {
            let link = Link::read(text).unwrap();
            assert!(link.holds());
            assert_eq!(link.prev, head.hash);
            head = head.with(link.body);
            assert_eq!(head, link.head());
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(json["seq"], link.seq);
            assert_eq!(
                serde_json::from_str::<Entry>(text).unwrap(),
                entry(link.seq)
            );
        }
    }

    #[test]
    fn the_form_is_strict() {
        let good = lines(1).remove(0);
        for bad in [
            String::new(),
            "{}".to_owned(),
            good.replace("\"seq\":1", "\"seq\":01"),
            good.replace("\"seq\":1", "\"seq\":"),
            good.replace("{\"seq\"", "{ \"seq\""),
            good.replace("\"prev\"", "\"Prev\""),
            format!("{good} "),
            good[..good.len() - 3].to_owned(),
            good.replace("\"prev\":\"0", "\"prev\":\"å"),
        ] {
            assert_eq!(Link::read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_shell_can_check_a_line() {
        let line = lines(2).remove(1);
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg(r#"sed 's/,"hash":"[0-9a-f]*"}$//' | tr -d '\n' | sha256sum"#)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(
            &mut shell.stdin.take().unwrap(),
            format!("{line}\n").as_bytes(),
        )
        .unwrap();
        let out = shell.wait_with_output().unwrap().stdout;
        let hash = Link::read(&line).unwrap().hash.to_string();
        assert_eq!(
            String::from_utf8(out).unwrap().split(' ').next(),
            Some(hash.as_str())
        );
    }
}
