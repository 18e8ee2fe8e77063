//! Lines, and the form in which they are compared with known phrases.

/// Bytes of a line that are looked at; what lies behind them is text whatever it says.
pub const LOOK_MAX: usize = 400;

/// Lines told apart. What lies behind them is taken as one last line, so that neither time nor
/// memory grows with a text no person wrote.
pub const LINES_MAX: usize = 20_000;

/// Where a line ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Written now.
    New,
    /// Quoted or forwarded.
    Quoted,
    /// Signature or disclaimer.
    Signature,
}

/// The lines of `text` without their ends, whichever of CRLF, LF or CR they have; at most
/// [`LINES_MAX`] and the rest.
pub fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while lines.len() < LINES_MAX {
        let Some(end) = rest.find(['\n', '\r']) else {
            break;
        };
        let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        lines.push(line);
        rest = tail
            .strip_prefix("\r\n")
            .or_else(|| tail.strip_prefix(['\n', '\r']))
            .unwrap_or(tail);
    }
    lines.push(rest);
    lines
}

/// White space, and what takes no room: joiners, soft hyphen, byte order mark.
fn is_space(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// The line without what cannot be seen at its ends; of a very long line its beginning.
pub fn trimmed(line: &str) -> &str {
    const BYTES_MAX: usize = 4096;
    let line = line
        .get(..line.floor_char_boundary(BYTES_MAX))
        .unwrap_or(line);
    line.trim_matches(is_space)
}

/// Whether nothing can be seen on the line.
pub fn is_blank(line: &str) -> bool {
    trimmed(line).is_empty()
}

/// The start of a line for comparing: lower case, single spaces, plain apostrophes, without the
/// marks of bold text; at most [`LOOK_MAX`] bytes of the line.
pub fn plain(line: &str) -> String {
    let line = trimmed(start(trimmed(line))).trim_matches('*');
    let mut out = String::with_capacity(line.len());
    let mut space = false;
    let (common, rest) = line.split_at_checked(common(line)).unwrap_or(("", line));
    out.push_str(common);
    out.make_ascii_lowercase();
    for c in rest.chars() {
        if is_space(c) {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        match c {
            '\u{2019}' | '\u{2018}' | '`' => out.push('\''),
            '\u{ff1a}' => out.push(':'),
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Bytes at the start of a line that [`plain`] leaves as they are but for their case: ASCII words
/// with single spaces between them, as most lines have to their end.
fn common(line: &str) -> usize {
    let mut end = 0;
    let mut spaced = true;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b' ' if !spaced => spaced = true,
            b'`' => break,
            b'!'..=b'~' => {
                spaced = false;
                end = at + 1;
            }
            _ => break,
        }
    }
    end
}

/// The first [`LOOK_MAX`] bytes of a line, cut between characters.
pub fn start(line: &str) -> &str {
    line.get(..line.floor_char_boundary(LOOK_MAX))
        .unwrap_or(line)
}

/// Whether the line is a rule drawn with one sign, such as `_____` or `- - - - -`.
pub fn is_divider(line: &str) -> bool {
    let line = trimmed(line);
    let Some(sign) = line.chars().next() else {
        return false;
    };
    let mut count = 0;
    line.len() <= LOOK_MAX
        && "_-=*~#—–─•·".contains(sign)
        && line.chars().all(|c| {
            count += usize::from(c == sign);
            c == sign || c == ' '
        })
        && count >= 5
}

/// The last line before `at` on which something can be seen, when it is near.
pub fn before<'a>(lines: &[&'a str], at: usize) -> Option<&'a str> {
    const NEAR: usize = 8;
    let head = lines.get(..at)?;
    head.iter().rev().take(NEAR).copied().find(|l| !is_blank(l))
}

/// The place of the first line from `at` on which something can be seen.
pub fn next(lines: &[&str], at: usize) -> Option<usize> {
    let tail = lines.get(at..)?;
    tail.iter().position(|line| !is_blank(line)).map(|n| at + n)
}
