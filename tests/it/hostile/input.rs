//! Hostile messages made from their descriptions, so that none of their megabytes lies in the
//! repository.
//!
//! A case is a table in `tests/cases/hostile/*.toml`: the row of the list of hostile inputs it
//! belongs to, the message in pieces, and where it must land. Fields that a case does not speak of
//! are put before the pieces; `without` leaves some of them out.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

/// One hostile message and what must become of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The row of the list, see `rows.toml`.
    pub row: u32,
    /// A name of its own.
    pub name: String,
    /// What is hostile about it.
    pub what: String,
    /// Usual header fields that it goes without.
    #[serde(default)]
    pub without: Vec<String>,
    /// Whether its lines end by CRLF; by LF otherwise.
    #[serde(default)]
    pub crlf: bool,
    pieces: Vec<Piece>,
    /// The folder it must lie in at the end; in `Forwarded` only if it was sent once.
    pub lands: String,
    /// A part of the reason that people read.
    pub reason: Option<String>,
    /// The whole subject that people read.
    pub subject: Option<String>,
    /// The author that people read.
    pub from: Option<String>,
    /// What the author must not be taken for.
    pub from_lacks: Option<String>,
    /// What the text that rules see must not hold.
    pub text_lacks: Option<String>,
}

/// Some bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Piece {
    /// These.
    Plain(String),
    /// Described.
    Made(Made),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    /// Text, in which `{n}` is the number of the repeat.
    #[serde(default)]
    text: String,
    /// Bytes that are no text.
    #[serde(default)]
    hex: String,
    /// How often.
    times: Option<usize>,
}

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// A row of the list that no case of these files is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Which row.
    pub row: u32,
    /// What is hostile.
    pub what: String,
    /// `file: test function` of the tests that hold it.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why it does not apply here.
    #[serde(default)]
    pub not: String,
}

#[derive(Deserialize)]
struct Rows {
    row: Vec<Elsewhere>,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/hostile")
}

/// Every case, by file and place.
pub fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name != "rows.toml"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let file: File =
                toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            file.case
        })
        .collect()
}

/// The rows that other tests hold, or that do not apply.
pub fn elsewhere() -> Vec<Elsewhere> {
    let text = fs::read_to_string(directory().join("rows.toml")).unwrap();
    toml::from_str::<Rows>(&text).unwrap().row
}

impl Case {
    /// The message.
    pub fn bytes(&self) -> Vec<u8> {
        let usual = [
            ("From", "Kund <kund@kund.example>".to_owned()),
            ("To", "support@partner.example".to_owned()),
            ("Subject", "Lumen CRM kraschar".to_owned()),
            ("Date", "Mon, 16 Nov 2026 08:12:31 +0100".to_owned()),
            ("Message-ID", format!("<{}@kund.example>", self.name)),
        ];
        let mut bytes = Vec::new();
        for (field, value) in usual {
            if !self.without.iter().any(|name| name == field) {
                bytes.extend(format!("{field}: {value}\n").bytes());
            }
        }
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => bytes.extend(text.bytes()),
                Piece::Made(made) => made.add(&mut bytes),
            }
        }
        if self.crlf {
            let lines = bytes.split(|byte| *byte == b'\n');
            bytes = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
        }
        bytes
    }
}

impl Made {
    fn add(&self, bytes: &mut Vec<u8>) {
        let raw = data_encoding::HEXLOWER
            .decode(self.hex.as_bytes())
            .expect("hexadecimal digits");
        for n in 0..self.times.unwrap_or(1) {
            if self.text.contains("{n}") {
                bytes.extend(self.text.replace("{n}", &n.to_string()).bytes());
            } else {
                bytes.extend(self.text.bytes());
            }
            bytes.extend(&raw);
        }
    }
}
