//! One configuration file as text: read within bounds, with places as people count them.
//!
//! Only regular files are opened, and of each at most [`BYTES_MAX`]. What looks like a secret is
//! blotted out in the text that findings show, and a file that a symbolic link leads to outside
//! of the configuration directory is never shown at all: a finding must not become a way to read
//! what the daemon may read and the operator may not.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Most bytes one file may have.
pub const BYTES_MAX: u64 = 1 << 20;

/// Bytes between two known numbers of characters.
const STRIDE: usize = 1024;

/// A file's text.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name as the operator knows it: relative to the configuration directory.
    pub name: String,
    /// The text: no byte order mark, every line ended by a single LF.
    pub text: String,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// How many characters begin before each [`STRIDE`] of bytes, so that a fault at the end of
    /// a very long line is placed as fast as any.
    characters: Vec<usize>,
    /// The same text, byte for byte as long, with secrets blotted out; empty when it must not be
    /// shown.
    pub shown: String,
}

/// A position as editors show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// Why a file could not become text.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not there.
    #[error("there is no such file")]
    Absent,
    /// Opening or reading failed.
    #[error("it cannot be read: {0}")]
    Io(std::io::Error),
    /// A directory, FIFO, device or socket.
    #[error("it is no regular file")]
    Irregular,
    /// Everybody on this host may change it.
    #[error("everybody may write to it (mode {mode:o})")]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
    /// Above [`BYTES_MAX`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Not UTF-8, as TOML must be.
    #[error("it is not UTF-8 (line {}, column {})", .0.line, .0.column)]
    NotUtf8(Place),
    /// A NUL, which no editor writes.
    #[error("it holds a NUL byte (line {}, column {})", .0.line, .0.column)]
    Nul(Place),
}

impl Source {
    /// Reads `path`, to be called `name` in findings. With `within`, text is only shown when the
    /// file truly lies below that directory. Also returns the bytes as they were.
    pub fn read(
        path: &Path,
        name: String,
        within: Option<&Path>,
    ) -> Result<(Self, Vec<u8>), Unreadable> {
        let bytes = read_bounded(path)?;
        let text = text_of(&bytes)?;
        let inside = within.is_none_or(|directory| {
            let real = (path.canonicalize(), directory.canonicalize());
            matches!(real, (Ok(file), Ok(directory)) if file.starts_with(&directory))
        });
        let shown = if inside { blot(&text) } else { String::new() };
        Ok((Self::new(name, text, shown), bytes))
    }

    /// A text that lies in no file of its own.
    pub fn of_text(name: String, text: String) -> Self {
        let shown = blot(&text);
        Self::new(name, text, shown)
    }

    fn new(name: String, text: String, shown: String) -> Self {
        Self {
            lines: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            characters: text
                .as_bytes()
                .chunks(STRIDE)
                .scan(0, |before, chunk| {
                    let here = *before;
                    *before += characters(chunk);
                    Some(here)
                })
                .collect(),
            name,
            text,
            shown,
        }
    }

    /// Where the byte `offset` stands.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|&start| start <= offset);
        let start = self
            .lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        Place {
            line,
            column: 1 + self.characters_before(offset) - self.characters_before(start),
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let stride = offset / STRIDE;
        let counted = self.characters.get(stride).copied();
        let rest = self.text.as_bytes().get(stride * STRIDE..offset);
        counted.map_or_else(
            // Only right at the end of a text that fills its last stride.
            || characters(self.text.as_bytes()),
            |counted| counted + rest.map_or(0, characters),
        )
    }

    /// The bytes of the lines on which `span` begins and ends, and the number of the first.
    pub fn lines_around(&self, span: &Range<usize>) -> (Range<usize>, usize) {
        let first = self.lines.partition_point(|&start| start <= span.start);
        let last = self.lines.partition_point(|&start| start <= span.end);
        let start = self
            .lines
            .get(first.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let end = self.lines.get(last).copied().unwrap_or(self.text.len());
        (start..end, first)
    }

    /// `span` moved to where characters begin and end, so that it can be shown.
    pub fn clamp(&self, span: &Range<usize>) -> Range<usize> {
        let floor = |offset: usize| {
            let mut offset = offset.min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }
}

fn place_in(text: &str, offset: usize) -> Place {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    Place {
        line: before.split(|&b| b == b'\n').count(),
        column: 1 + characters(&before[line_start..]),
    }
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| (b & 0xC0) != 0x80).count()
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Unreadable::Absent,
        _ => Unreadable::Io(error),
    };
    // Looked at before it is opened, so that a FIFO cannot make the daemon wait.
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        return Err(Unreadable::Irregular);
    }
    if meta.mode() & 0o002 != 0 {
        let mode = meta.mode() & 0o777;
        return Err(Unreadable::Writable { mode });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(io)?
        .take(BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    Ok(bytes)
}

fn text_of(bytes: &[u8]) -> Result<String, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Unreadable::NotUtf8(place_in(&before, before.len()))
    })?;
    if let Some(offset) = text.find('\0') {
        return Err(Unreadable::Nul(place_in(text, offset)));
    }
    // Lines and columns stay the same without the CR.
    Ok(text.replace("\r\n", "\n"))
}

/// Words in a key that tell that its value is a secret.
const SECRET_WORDS: [&str; 5] = ["password", "passwd", "passphrase", "secret", "token"];

/// Whether a key by its name holds a secret itself, rather than the place of one.
pub fn holds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('_', "-");
    let place = ["-file", "-credential", "-url"]
        .iter()
        .any(|end| key.ends_with(end));
    !place && SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Replaces the value behind every key that [`holds_secret`] by asterisks, by the look of the
/// lines alone: it must also work in a file that is no TOML.
fn blot(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut until: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let (open, secret) = match until {
            Some(close) => {
                let end = line.find(close).map_or(line.len(), |i| i + close.len());
                if end < line.len() || line.ends_with(close) {
                    until = None;
                }
                (0, end)
            }
            None => match secret_value(line) {
                Some(start) => {
                    let value = line[start..].trim_start();
                    until = [r#"""""#, "'''"]
                        .into_iter()
                        .find(|q| value.starts_with(q) && !value[q.len()..].contains(q));
                    (start, line.len())
                }
                None => (0, 0),
            },
        };
        shown.push_str(&line[..open]);
        for byte in line[open..secret].bytes() {
            shown.push(if byte == b'\n' { '\n' } else { '*' });
        }
        shown.push_str(&line[secret..]);
    }
    shown
}

/// Where the value of the first secret in a line begins, behind its `=`.
fn secret_value(line: &str) -> Option<usize> {
    line.match_indices('=').find_map(|(at, _)| {
        let key = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let start = key
            .rfind(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
            .map_or(0, |i| i + key[i..].chars().next().map_or(1, char::len_utf8));
        let rest = &line[at + 1..];
        (holds_secret(&key[start..]) && !rest.trim().is_empty()).then_some(at + 1)
    })
}

/// `text` in backticks, cut to 80 characters, with everything that could disturb a terminal or a
/// log line written as an escape.
pub fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let mut out = String::from("`");
    for c in text.chars().take(CHARS_MAX) {
        let disturbs = c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
        if disturbs {
            // Writing to a string cannot fail.
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push('…');
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a = 1\nå = \"ö\" x";
        let at = text.find(" x").map_or(0, |i| i + 1);
        assert_eq!(place_in(text, at), Place { line: 2, column: 9 });
        assert_eq!(place_in(text, 0), Place { line: 1, column: 1 });
        assert_eq!(place_in(text, 9999).line, 2);
        let long = "öa\n".repeat(3 * STRIDE / 4);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("long.toml");
        std::fs::write(&path, &long).expect("a file");
        let (source, _) = Source::read(&path, String::new(), None).expect("a source");
        for (offset, _) in long.char_indices().chain([(long.len(), ' ')]) {
            assert_eq!(source.place(offset), place_in(&long, offset), "{offset}");
        }
    }

    #[test]
    fn secrets_are_blotted_out_whatever_stands_around_them() {
        for (text, shown) in [
            ("password = \"x y\"\na = 1\n", "password =******\na = 1\n"),
            (
                "host = \"h\", \"passWord\" = 'x\n",
                "host = \"h\", \"passWord\" =***\n",
            ),
            ("api_token=å\n", "api_token=**\n"),
            (
                "password = '''\nab\ncd''' # e\nf = 1\n",
                "password =****\n**\n***** # e\nf = 1\n",
            ),
        ] {
            assert_eq!(blot(text), shown);
            assert_eq!(blot(text).len(), text.len());
        }
        for text in [
            "password-file = \"/x\"\n",
            "# password = \n",
            "any = [\"token\"]\n",
        ] {
            assert_eq!(blot(text), text);
        }
    }

    #[test]
    fn quoting_disarms_control_characters() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}å"), "`a\\u{1b}[31m\\u{202e}å`");
    }
}
