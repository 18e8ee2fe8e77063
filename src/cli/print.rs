//! How text reaches a person: colour on a terminal only, tables that fit the terminal and are one
//! line a row elsewhere, and nothing from a mail that could steer the terminal.

use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write as _};

use comfy_table::{ContentArrangement, Table, presets};

use crate::domain::outcome::is_bidi;

/// Narrowest terminal that a table is fitted to, in columns.
const WIDTH_MIN: u16 = 40;

/// Writes one line to standard output, formatted as `format!` does.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::print::line(format_args!($($text)*))
    };
}
pub(super) use say;

/// Writes one line to standard output.
///
/// A reader that wants no more (`| head`) ends the program in peace, as it does other tools.
pub fn line(text: fmt::Arguments<'_>) {
    let Err(error) = writeln!(std::io::stdout(), "{text}") else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    eprintln!("error: cannot write the output: {error}");
    std::process::exit(1);
}

/// A style, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading or a name.
    Strong,
    /// Beside the point.
    Faint,
    /// Good.
    Good,
    /// Worth a look.
    Warn,
    /// Bad.
    Bad,
    /// A hit in a text.
    Hit,
}

/// Whether and how to colour.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// Colour when standard output is a terminal and `NO_COLOR` is not set.
    pub fn stdout() -> Self {
        Self {
            colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// As [`Self::stdout`], for standard error.
    pub fn stderr() -> Self {
        Self {
            colour: std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// Whether it colours.
    pub const fn colours(self) -> bool {
        self.colour
    }

    /// `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match style {
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Good => "32",
            Style::Warn => "33",
            Style::Bad => "31",
            Style::Hit => "30;43",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A text from a mail or a server, fit for a terminal: control and direction characters are
/// written as escapes, line ends as spaces, and it is cut to `chars_max`.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == chars_max {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_bidi(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// As [`one_line`], line ends and tabs kept.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {}
            c if c.is_control() || is_bidi(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// A JSON text with what could steer a terminal written as `\u` escapes (RFC 8259 section 7). Such
/// characters stand in its strings only, so it stays the same JSON.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n') || is_bidi(c) {
            // All of them lie below U+10000.
            let _ = fmt::Write::write_fmt(&mut out, format_args!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A count with its noun: `1 rule`, `2 rules`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A table with these headings, as wide as the terminal. In a pipe or a file every row is one
/// line, so that `grep` finds it whole.
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(headings.iter().copied());
    match width() {
        Some(columns) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(columns),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// The table as text, without the blanks that fill its last column.
pub fn rows(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

fn width() -> Option<u16> {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| size.ws_col)
        .filter(|columns| *columns >= WIDTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}31m\nd";
        let shown = one_line(hostile, 80);
        assert!(
            !shown.chars().any(|c| c.is_control() || is_bidi(c)),
            "{shown:?}"
        );
        assert!(shown.contains("\\u{1b}") && shown.ends_with(" d"));
        assert!(lines(hostile).ends_with("\nd"));
        assert_eq!(one_line("abcdef", 3), "abc…");
        let text = serde_json::Value::from(hostile).to_string();
        let shown = json(&text);
        assert!(
            !shown.chars().any(|c| c.is_control() || is_bidi(c)),
            "{shown:?}"
        );
        let back: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(back, hostile, "another text than before");
    }
}
