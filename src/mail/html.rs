//! Text out of HTML, as a reader of the page would see it.
//!
//! Charge: one linear pass that keeps blocks as lines, quotes as `> ` lines, rows of a table as
//! lines of words, and leaves out scripts, styles and what is hidden from the reader's eye. Leaves
//! character sets to `charset`, quotes and signatures to the cutter of new text. Invariants: time
//! grows with the input alone, memory with [`DEPTH_MAX`] and the limit given; no recursion.

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::style::Style;

/// Elements open at once that are kept in mind; deeper ones are read as if they were flat.
pub const DEPTH_MAX: usize = 256;

/// Open elements looked through for the one an end tag closes.
const REACH_MAX: usize = 32;

/// Most `>` put before a quoted line.
const QUOTE_MAX: usize = 8;

/// Reads `html` as text of at most `limit` bytes; the second value tells whether it was cut.
pub(super) fn to_text(html: &str, limit: usize) -> (String, bool) {
    let mut page = Page::new(html.len().min(limit));
    page.limit = limit;
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            page.take(&event);
            None
        },
    );
    emitter.naively_switch_states(true);
    // The emitter gives no tokens: the first call runs to the end.
    let nothing = Tokenizer::new_with_emitter(html, emitter).next();
    debug_assert!(nothing.is_none());
    page.finish()
}

/// What an element does to the text around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Words flow on.
    Inline,
    /// Starts and ends a line.
    Block,
    /// A block with an empty line around it.
    Paragraph,
    /// A block whose lines are quoted.
    Quote,
    /// A block with a dash before it.
    Item,
    /// Parts words, no more.
    Cell,
    /// A block whose line ends are the writer's.
    Verbatim,
    /// Its content is never shown.
    Never,
    /// Ends a line; has no content.
    Break,
    /// A line across the page; has no content.
    Rule,
    /// Has no content and shows nothing.
    Void,
}

fn role(name: &[u8]) -> Role {
    match name {
        b"br" => Role::Break,
        b"hr" => Role::Rule,
        b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"ul" | b"ol" | b"dl" => {
            Role::Paragraph
        }
        b"div" | b"tr" | b"table" | b"tbody" | b"thead" | b"tfoot" | b"section" | b"article"
        | b"header" | b"footer" | b"main" | b"nav" | b"aside" | b"address" | b"center"
        | b"form" | b"fieldset" | b"figure" | b"figcaption" | b"dt" | b"dd" | b"caption"
        | b"body" | b"html" | b"details" | b"summary" | b"legend" => Role::Block,
        b"blockquote" => Role::Quote,
        b"li" => Role::Item,
        b"td" | b"th" => Role::Cell,
        b"pre" | b"plaintext" | b"listing" | b"xmp" => Role::Verbatim,
        b"style" | b"script" | b"head" | b"title" | b"template" | b"object" | b"svg" | b"math"
        | b"iframe" | b"noembed" | b"noframes" | b"select" | b"textarea" | b"audio" | b"video" => {
            Role::Never
        }
        b"img" | b"input" | b"meta" | b"link" | b"wbr" | b"col" | b"area" | b"base" | b"embed"
        | b"source" | b"track" | b"param" => Role::Void,
        _ => Role::Inline,
    }
}

/// Enough of a name to know it again: two elements that agree in it are closed alike.
fn key(name: &[u8]) -> u64 {
    name.iter()
        .take(8)
        .fold(name.len() as u64, |key, byte| key << 7 ^ u64::from(*byte))
}

struct Open {
    key: u64,
    role: Role,
    /// Not shown, whatever lies inside.
    hidden: bool,
    /// Letters without size; an element inside may give them one.
    tiny: bool,
}

/// An element whose start tag is being read.
struct Starting {
    key: u64,
    role: Role,
    hidden: bool,
    tiny: Option<bool>,
    attribute: Attribute,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Style,
    Other,
}

struct Page {
    out: String,
    limit: usize,
    cut: bool,
    open: Vec<Open>,
    starting: Option<Starting>,
    quotes: usize,
    verbatim: usize,
    /// Line ends owed before the next word.
    lines: usize,
    /// A space owed before the next word.
    space: bool,
    /// A dash owed before the next word.
    dash: bool,
}

impl Page {
    fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity / 2),
            limit: usize::MAX,
            cut: false,
            open: Vec::new(),
            starting: None,
            quotes: 0,
            verbatim: 0,
            lines: 0,
            space: false,
            dash: false,
        }
    }

    fn take(&mut self, event: &CallbackEvent<'_>) {
        match *event {
            CallbackEvent::OpenStartTag { name } => {
                self.starting = Some(Starting {
                    key: key(name),
                    role: role(name),
                    hidden: false,
                    tiny: None,
                    attribute: Attribute::Other,
                });
            }
            CallbackEvent::AttributeName { name } => {
                if let Some(starting) = &mut self.starting {
                    starting.attribute = if name == b"style" {
                        Attribute::Style
                    } else {
                        Attribute::Other
                    };
                    starting.hidden |= name == b"hidden";
                }
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some(starting) = &mut self.starting
                    && starting.attribute == Attribute::Style
                {
                    let style = Style::read(value);
                    starting.hidden |= style.hidden;
                    starting.tiny = style.tiny.or(starting.tiny);
                }
            }
            CallbackEvent::CloseStartTag { .. } => {
                if let Some(starting) = self.starting.take() {
                    self.start(&starting);
                }
            }
            CallbackEvent::EndTag { name } => self.end(key(name), role(name)),
            CallbackEvent::String { value } => {
                if !self.unseen() {
                    self.words(value);
                }
            }
            CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn unseen(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.hidden || open.tiny)
    }

    fn start(&mut self, starting: &Starting) {
        self.imply_ends(starting);
        let (above_hidden, above_tiny) = self
            .open
            .last()
            .map_or((false, false), |open| (open.hidden, open.tiny));
        if !above_hidden {
            self.edge(starting.role);
            match starting.role {
                Role::Break => self.lines = self.lines.saturating_add(1).min(2),
                Role::Rule => self.rule(),
                Role::Item => self.dash = true,
                _ => {}
            }
        }
        if matches!(starting.role, Role::Break | Role::Rule | Role::Void) {
            return;
        }
        if self.open.len() == DEPTH_MAX {
            return;
        }
        match starting.role {
            Role::Quote => self.quotes += 1,
            Role::Verbatim => self.verbatim += 1,
            _ => {}
        }
        self.open.push(Open {
            key: starting.key,
            role: starting.role,
            hidden: above_hidden || starting.hidden || starting.role == Role::Never,
            tiny: starting.tiny.unwrap_or(above_tiny),
        });
    }

    /// End tags that HTML lets a writer leave out.
    fn imply_ends(&mut self, starting: &Starting) {
        let Some(top) = self.open.last() else {
            return;
        };
        let closes = match starting.role {
            Role::Cell => top.role == Role::Cell,
            Role::Item => top.role == Role::Item,
            Role::Paragraph | Role::Block | Role::Quote | Role::Verbatim | Role::Rule => {
                top.key == key(b"p")
            }
            _ => false,
        };
        // Nothing of a head is shown, but what follows a head nobody closed must be.
        let closes_head = top.key == key(b"head") && starting.key == key(b"body");
        if closes || closes_head {
            self.pop();
        }
    }

    fn end(&mut self, key: u64, role: Role) {
        if role == Role::Break {
            return;
        }
        let reach = self.open.len().saturating_sub(REACH_MAX);
        let found = self
            .open
            .iter()
            .skip(reach)
            .rposition(|open| open.key == key)
            .map(|at| at + reach);
        let Some(found) = found else {
            return;
        };
        // A cell's content never ends the table around it, nor a stray inline tag a block.
        if role == Role::Inline
            && self
                .open
                .iter()
                .skip(found)
                .any(|open| matches!(open.role, Role::Cell | Role::Quote))
        {
            return;
        }
        while self.open.len() > found {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        match open.role {
            Role::Quote => self.quotes = self.quotes.saturating_sub(1),
            Role::Verbatim => self.verbatim = self.verbatim.saturating_sub(1),
            _ => {}
        }
        if !open.hidden {
            self.edge(open.role);
        }
    }

    /// What the edge of an element owes to the words that follow.
    fn edge(&mut self, role: Role) {
        match role {
            Role::Block | Role::Item | Role::Verbatim => self.lines = self.lines.max(1),
            Role::Paragraph | Role::Quote => self.lines = self.lines.max(2),
            Role::Cell => self.space = true,
            Role::Inline | Role::Never | Role::Break | Role::Rule | Role::Void => {}
        }
    }

    fn rule(&mut self) {
        self.lines = self.lines.max(1);
        self.settle();
        self.put("________________________________");
        self.lines = 1;
    }

    fn words(&mut self, value: &[u8]) {
        let Ok(text) = std::str::from_utf8(value) else {
            return;
        };
        if self.verbatim > 0 {
            for (n, line) in text.split('\n').enumerate() {
                if n > 0 {
                    self.lines = self.lines.saturating_add(1).min(3);
                }
                let line = line.trim_end_matches('\r');
                if !line.is_empty() {
                    self.settle();
                    self.put(line);
                }
            }
            return;
        }
        let mut rest = text;
        loop {
            let start = rest.trim_start_matches(is_space);
            if start.len() < rest.len() {
                self.space = true;
            }
            if start.is_empty() {
                return;
            }
            let end = start.find(is_space).unwrap_or(start.len());
            let (word, tail) = start.split_at(end);
            self.settle();
            self.put(word);
            rest = tail;
        }
    }

    /// Pays the line ends, quote marks, dash or space owed before a word.
    fn settle(&mut self) {
        if self.out.is_empty() {
            self.lines = 0;
            self.mark_quote();
        } else if self.lines > 0 {
            for n in 0..self.lines {
                self.put("\n");
                if n + 1 < self.lines && self.quotes > 0 {
                    self.put(">");
                }
            }
            self.lines = 0;
            self.mark_quote();
        } else if self.space {
            self.put(" ");
        }
        self.space = false;
        if self.dash {
            self.put("- ");
            self.dash = false;
        }
    }

    fn mark_quote(&mut self) {
        for _ in 0..self.quotes.min(QUOTE_MAX) {
            self.put("> ");
        }
    }

    fn put(&mut self, text: &str) {
        if self.out.len() + text.len() > self.limit {
            self.cut = true;
        } else if !self.cut {
            self.out.push_str(text);
        }
    }

    fn finish(self) -> (String, bool) {
        (self.out, self.cut)
    }
}

/// White space that HTML collapses, and the no-break spaces mailers fill pages with.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\n' | '\t' | '\r' | '\u{c}' | '\u{a0}' | '\u{202f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        to_text(html, 1 << 20).0
    }

    #[test]
    fn a_page_reads_as_it_looks() {
        for (html, wanted) in [
            (
                "<p>Hej,</p><p>en&nbsp;rad<br>till</p>",
                "Hej,\n\nen rad\ntill",
            ),
            ("<div>a</div><div>b</div>", "a\nb"),
            ("<td>Namn</td><td>Anna</td>", "Namn Anna"),
            ("<table><tr><td>a<td>b<tr><td>c</table>d", "a b\nc\nd"),
            (
                "1 < 2 &amp; 3 &gt; 2 &aring;&#228;&#xf6;",
                "1 < 2 & 3 > 2 åäö",
            ),
            ("<ul><li>ett<li>två</ul>", "- ett\n- två"),
            ("a<b>b</b>c <i>d</i>", "abc d"),
            ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
            ("a<hr>b", "a\n________________________________\nb"),
            (
                "svar<blockquote>fråga<br>rad<blockquote>äldst</blockquote></blockquote>nytt",
                "svar\n>\n> fråga\n> rad\n>\n> > äldst\n\nnytt",
            ),
            ("<p>a<div>b</div>", "a\n\nb"),
            ("x<!-- <p>kommentar</p> -->y", "xy"),
            ("<br><br><br>a<br><br><br><br>b", "a\n\nb"),
            ("", ""),
        ] {
            assert_eq!(text(html), wanted, "{html}");
        }
    }

    #[test]
    fn what_the_reader_cannot_see_is_left_out() {
        for (html, wanted) in [
            ("<style>p{}</style><script>x</script><title>t</title>a", "a"),
            ("<head><title>t</title>stray</head><body>a</body>", "a"),
            ("<head><meta x><body>a", "a"),
            ("a<div style='DISPLAY : none'>b<p>c</p></div>d", "a\nd"),
            ("a<span hidden>b</span>c", "ac"),
            ("a<span style='font-size:0px'>b</span>c", "ac"),
            ("a<span style='font-size:0.9em'>b</span>c", "abc"),
            (
                "<td style='font-size:0'>x<div style='font-size:14px'>b</div></td>",
                "b",
            ),
            (
                "<div style='max-height:0;overflow:hidden'>förtext</div>a",
                "a",
            ),
            (
                "<div style='opacity:0'>x</div><div style='opacity:0.5'>a</div>",
                "a",
            ),
            ("<p style='display:none'>x<p>a", "a"),
            ("<div style='visibility:hidden'>x</div>a", "a"),
        ] {
            assert_eq!(text(html), wanted, "{html}");
        }
    }

    #[test]
    fn hostile_pages_take_a_linear_pass() {
        for html in [
            "<div>".repeat(200_000),
            "</div>".repeat(200_000),
            "<b><i>".repeat(100_000) + &"</b>".repeat(100_000),
            "<blockquote>x".repeat(50_000),
            "<div style='display:none".repeat(20_000),
            "&".repeat(500_000),
            "<".repeat(500_000),
        ] {
            let (text, _) = to_text(&html, 64 << 10);
            assert!(text.len() <= 64 << 10);
        }
    }

    #[test]
    fn the_limit_cuts() {
        let (text, cut) = to_text(&"word ".repeat(1000), 100);
        assert!(cut && text.len() <= 100);
    }
}
