//! Header fields: found in the raw bytes, kept in their order, looked up without case.
//!
//! Charge: cut a header block (RFC 5322 §2.2) into fields and keep a bounded, readable copy.
//! Leaves the meaning of any field to others. Invariants: at most [`FIELDS_MAX`] fields, at most
//! [`FIELD_MAX`] bytes read of each and [`HEAD_MAX`] of all, so that a hostile header costs little.

use super::encoded;

/// Most fields kept of one header.
pub const FIELDS_MAX: usize = 1000;

/// Bytes read of one field's value; the rest is left out.
pub const FIELD_MAX: usize = 32 << 10;

/// Bytes read of all values together; fields behind are left out.
pub const HEAD_MAX: usize = 512 << 10;

/// Longest field name taken, in bytes.
const NAME_MAX: usize = 128;

/// One field, readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// As it was written.
    pub name: String,
    /// Unfolded, decoded, one line, no control characters.
    pub value: String,
}

/// The fields of a message in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<Field>,
}

impl Headers {
    /// Reads the raw fields; the second value tells whether a bound cut something off.
    pub(super) fn read(raw: &[RawField<'_>]) -> (Self, bool) {
        let mut fields = Vec::with_capacity(raw.len().min(FIELDS_MAX));
        let (mut left, mut cut) = (HEAD_MAX, false);
        for field in raw {
            if fields.len() == FIELDS_MAX || left == 0 {
                cut = true;
                break;
            }
            let taken = field.value.len().min(FIELD_MAX).min(left);
            cut |= taken < field.value.len();
            left -= taken;
            fields.push(Field {
                name: field.name.to_owned(),
                value: encoded::text(field.value.get(..taken).unwrap_or_default()),
            });
        }
        (Self { fields }, cut)
    }

    /// Every value under `name`, topmost first.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    /// The topmost value under `name`.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    /// Whether any field is called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// All fields, topmost first.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }
}

/// One field as it stands in the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawField<'a> {
    pub name: &'a str,
    /// Behind the colon, still folded, with its last line end.
    pub value: &'a [u8],
}

/// Where a header block's fields lie and where its body starts.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub fields: Vec<RawField<'a>>,
    /// Offset of the body.
    pub body: usize,
    /// Whether fields were left out.
    pub cut: bool,
}

impl<'a> Block<'a> {
    /// The topmost field called `name`.
    pub(super) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Every field called `name`, topmost first.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// Reads the block that starts at `start`.
    ///
    /// A line that is no field ends the header, as if the empty line were missing before it;
    /// `lenient` skips such a line when a field follows, as the header of a whole message may
    /// open with a mailbox's `From ` line or be broken by a careless filter.
    pub(super) fn read(raw: &'a [u8], start: usize, lenient: bool) -> Self {
        let mut block = Self {
            fields: Vec::new(),
            body: start,
            cut: false,
        };
        let mut at = if lenient {
            first_field(raw, start)
        } else {
            start
        };
        while at < raw.len() {
            let end = line_end(raw, at);
            let line = raw.get(at..end).unwrap_or_default();
            if is_blank(line) {
                block.body = end;
                return block;
            }
            let Some(name) = field_name(raw, at) else {
                let stray = matches!(line.first(), Some(b' ' | b'\t'));
                if stray || (lenient && field_name(raw, end).is_some()) {
                    at = end;
                    continue;
                }
                block.body = at;
                return block;
            };
            let value = at + name.len() + colon_gap(raw, at + name.len());
            let stop = folded_end(raw, end);
            if block.fields.len() < FIELDS_MAX {
                block.fields.push(RawField {
                    name,
                    value: raw.get(value..stop).unwrap_or_default(),
                });
            } else {
                block.cut = true;
            }
            at = stop;
        }
        block.body = raw.len();
        block
    }
}

/// Where the line that starts at `at` ends, its line end included.
pub(super) fn line_end(raw: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', raw.get(at..).unwrap_or_default())
        .map_or(raw.len(), |found| at + found + 1)
}

/// Passes the empty lines a careless filter puts before a header.
fn first_field(raw: &[u8], start: usize) -> usize {
    let blank = raw
        .get(start..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    if field_name(raw, start + blank).is_some() {
        start + blank
    } else {
        start
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Where the field whose first line ends at `end` stops: lines that open with white space and
/// hold something more belong to it.
fn folded_end(raw: &[u8], mut end: usize) -> usize {
    while matches!(raw.get(end), Some(b' ' | b'\t')) {
        end = line_end(raw, end);
    }
    end
}

/// The name of the field at `at`: printable ASCII without colon, then a colon.
fn field_name(raw: &[u8], at: usize) -> Option<&str> {
    let head = raw.get(at..raw.len().min(at + NAME_MAX))?;
    let length = head
        .iter()
        .position(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'))?;
    let name = head.get(..length)?;
    // RFC 5322 §4.5: white space before the colon is obsolete and must still be read.
    let gap = head.get(length..)?;
    let colon = gap.iter().find(|byte| !matches!(byte, b' ' | b'\t'))?;
    if length == 0 || *colon != b':' || name.starts_with(b"--") {
        return None;
    }
    std::str::from_utf8(name).ok()
}

fn colon_gap(raw: &[u8], at: usize) -> usize {
    let tail = raw.get(at..).unwrap_or_default();
    tail.iter()
        .position(|byte| *byte == b':')
        .map_or(0, |found| found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[u8]) -> (Headers, usize) {
        let block = Block::read(raw, 0, true);
        (Headers::read(&block.fields).0, block.body)
    }

    #[test]
    fn fields_keep_their_order_and_lose_their_folds() {
        let (headers, body) = read(b"A: 1\r\nX-B : two\r\n\tmore\r\na:3\r\n\r\nbody");
        assert_eq!(headers.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(headers.first("x-b"), Some("two more"));
        assert_eq!(body, 31);
    }

    #[test]
    fn broken_headers_are_read_as_far_as_they_go() {
        for (raw, names, body) in [
            ("A: 1\n\nbody", "A", "body"),
            ("\r\n\nA: 1\n\nbody", "A", "body"),
            ("From x Mon\nA: 1\n\nbody", "A", "body"),
            ("A: 1\n nonsense line\nB: 2\n\nbody", "A B", "body"),
            ("A: 1\nno field\nB: 2\n\nbody", "A B", "body"),
            (
                "A: 1\nno field, so body\nbody",
                "A",
                "no field, so body\nbody",
            ),
            ("A: 1\nB: 2", "A B", ""),
            ("A: 1\n\n", "A", ""),
            ("A: 1\n--edge\n", "A", "--edge\n"),
        ] {
            let (headers, at) = read(raw.as_bytes());
            let found: Vec<_> = headers.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(
                (found.join(" ").as_str(), &raw[at..]),
                (names, body),
                "{raw:?}"
            );
        }
    }

    #[test]
    fn bounds_hold() {
        let many = b"A: b\n".repeat(FIELDS_MAX * 50);
        let block = Block::read(&many, 0, true);
        assert!(block.cut && block.fields.len() == FIELDS_MAX);
        let long = [b"A: ".as_slice(), &b"x".repeat(FIELD_MAX * 3)].concat();
        let (headers, cut) = Headers::read(&Block::read(&long, 0, true).fields);
        assert!(cut && headers.first("a").map(str::len) == Some(FIELD_MAX - 1));
    }
}
