//! The tree of parts of a message (RFC 2045, RFC 2046), found in one pass over its bytes.
//!
//! Charge: where each part's header and body lie, what it says it is. Leaves decoding to
//! `transfer` and `charset`, reading to `readable`. Bodies are borrowed, never copied.
//! Invariants: every byte is looked at once, whatever boundaries are announced; at most
//! [`DEPTH_MAX`] levels and [`PARTS_MAX`] parts, no recursion; an end boundary that is missing or
//! never comes loses no text. (The tree of mail-parser is not used: it has no bound on depth, drops
//! nested messages recursively and searches the whole rest for each boundary that never comes.)

use memchr::memmem::Finder;

use super::encoded;
use super::headers::{Block, line_end};
use super::media::{BOUNDARY_MAX, Media};
use super::transfer::Encoding;

/// Levels of parts inside parts; what lies deeper stays one opaque part.
pub const DEPTH_MAX: usize = 32;

/// Most parts told apart.
pub const PARTS_MAX: usize = 500;

/// What stands before a boundary that is not at the very start.
const DASHES: &[u8] = b"\n--";

/// One part.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub media: Media,
    pub encoding: Encoding,
    /// The still encoded body; of a multipart, everything behind its header.
    pub body: &'a [u8],
    /// Indices of the parts right inside, in their order.
    pub children: Vec<usize>,
    /// The part's own header; for the whole of a message, that message's.
    pub block: Block<'a>,
    start: usize,
}

/// All parts; the first is the message itself.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub parts: Vec<Part<'a>>,
    /// Whether a bound kept something from being told apart.
    pub cut: bool,
}

/// A part whose end is not found yet.
struct Frame {
    part: usize,
    /// Of a multipart; an enclosed message ends where its surroundings do.
    boundary: Option<Vec<u8>>,
}

impl<'a> Tree<'a> {
    /// Finds the parts of a whole message.
    pub(super) fn read(raw: &'a [u8]) -> Self {
        let mut walk = Walk {
            raw,
            tree: Self {
                parts: Vec::new(),
                cut: false,
            },
            open: Vec::new(),
        };
        let dashes = Finder::new(DASHES);
        let mut at = walk.enter(0, "text/plain", None);
        while let Some(found) = walk.next_dashes(&dashes, at) {
            let end = line_end(raw, found);
            let line = raw.get(found..end).unwrap_or_default();
            at = match walk.boundary(line) {
                Some((frame, closing)) => walk.cross(frame, closing, found, end),
                None => end,
            };
        }
        walk.close(0, raw.len());
        walk.tree
    }

    /// The message itself.
    pub(super) fn root(&self) -> Option<&Part<'a>> {
        self.parts.first()
    }
}

struct Walk<'a> {
    raw: &'a [u8],
    tree: Tree<'a>,
    open: Vec<Frame>,
}

impl Walk<'_> {
    /// The next line, from the start of a line on, that begins as a boundary does; `None` as well
    /// when no boundary is awaited.
    fn next_dashes(&self, dashes: &Finder<'_>, at: usize) -> Option<usize> {
        if self.open.iter().all(|frame| frame.boundary.is_none()) {
            return None;
        }
        let rest = self.raw.get(at..)?;
        if rest.starts_with(b"--") {
            return Some(at);
        }
        dashes.find(rest).map(|found| at + found + 1)
    }

    /// Takes in the part whose header starts at `at`, with the messages right inside it;
    /// returns where the search for boundaries goes on.
    fn enter(&mut self, mut at: usize, mut default: &str, mut parent: Option<usize>) -> usize {
        loop {
            let part = self.tree.parts.len();
            let whole = self
                .open
                .last()
                .is_none_or(|frame| frame.boundary.is_none());
            let block = Block::read(self.raw, at, whole);
            let body = block.body;
            let media = Media::read(&block, default);
            let encoding = block
                .first("Content-Transfer-Encoding")
                .map_or(Encoding::Identity, |value| {
                    Encoding::read(&encoded::text(value))
                });
            self.tree.cut |= block.cut;
            let boundary = if media.is_multipart() {
                media.boundary.clone().or_else(|| self.guess_boundary(body))
            } else {
                None
            };
            let encloses = media.is_message() && encoding == Encoding::Identity;
            if let Some(above) = parent
                && let Some(above) = self.tree.parts.get_mut(above)
            {
                above.children.push(part);
            }
            self.tree.parts.push(Part {
                media,
                encoding,
                body: &[],
                children: Vec::new(),
                block,
                start: body,
            });
            let room = self.open.len() < DEPTH_MAX && self.tree.parts.len() < PARTS_MAX;
            if (encloses || boundary.is_some()) && !room {
                self.tree.cut = true;
            }
            let opens = room && (encloses || boundary.is_some());
            self.open.push(Frame {
                part,
                boundary: if opens { boundary } else { None },
            });
            if !(opens && encloses) {
                return body;
            }
            (at, default, parent) = (body, "text/plain", Some(part));
        }
    }

    /// A multipart whose boundary is not told: its first line that looks like one, when it comes
    /// before any other text.
    fn guess_boundary(&self, body: usize) -> Option<Vec<u8>> {
        let head = self.raw.get(body..self.raw.len().min(body + 1024))?;
        let line = head
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .find(|line| !line.is_empty())?;
        let boundary = line.strip_prefix(b"--")?;
        (!boundary.is_empty() && boundary.len() <= BOUNDARY_MAX).then(|| boundary.to_vec())
    }

    /// The open multipart whose boundary the line is, innermost first, and whether it closes it.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?;
        let mut found = None;
        for (n, frame) in self.open.iter().enumerate().rev() {
            let Some(boundary) = &frame.boundary else {
                continue;
            };
            match line
                .strip_prefix(boundary.as_slice())
                .map(<[u8]>::trim_ascii)
            {
                Some(b"") => return Some((n, false)),
                Some(b"--") => return Some((n, true)),
                // Something hangs behind it; taken only if no boundary fits better.
                Some(rest) if found.is_none() && rest.starts_with(b"--") => found = Some((n, true)),
                _ => {}
            }
        }
        found
    }

    /// Passes a boundary line that lies at `at..end`.
    fn cross(&mut self, frame: usize, closing: bool, at: usize, end: usize) -> usize {
        self.close(frame + 1, self.before(at));
        let Some(part) = self.open.get(frame).map(|frame| frame.part) else {
            return end;
        };
        if closing {
            self.close(frame, end);
            return end;
        }
        if self.tree.parts.len() >= PARTS_MAX {
            self.tree.cut = true;
            return end;
        }
        let default = match self.tree.parts.get(part) {
            Some(part) if part.media.name == "multipart/digest" => "message/rfc822",
            _ => "text/plain",
        };
        self.enter(end, default, Some(part))
    }

    /// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
    fn before(&self, at: usize) -> usize {
        let head = self.raw.get(..at).unwrap_or_default();
        let head = head.strip_suffix(b"\n").unwrap_or(head);
        head.strip_suffix(b"\r").unwrap_or(head).len()
    }

    /// Ends every open part from `depth` on.
    fn close(&mut self, depth: usize, end: usize) {
        while self.open.len() > depth {
            let Some(frame) = self.open.pop() else {
                return;
            };
            if let Some(part) = self.tree.parts.get_mut(frame.part) {
                part.body = self
                    .raw
                    .get(part.start..end.max(part.start))
                    .unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// The tree as `type(children)` with the bodies of leaves.
    fn shape(raw: &str) -> String {
        fn show(tree: &Tree<'_>, at: usize, out: &mut String) {
            let part = &tree.parts[at];
            out.push_str(part.media.name.split('/').next_back().unwrap_or_default());
            if part.children.is_empty() {
                let body = String::from_utf8_lossy(part.body);
                let _ = write!(out, "={body:?}");
                return;
            }
            out.push('(');
            for (n, child) in part.children.iter().enumerate() {
                if n > 0 {
                    out.push(' ');
                }
                show(tree, *child, out);
            }
            out.push(')');
        }
        let tree = Tree::read(raw.as_bytes());
        let mut out = String::new();
        show(&tree, 0, &mut out);
        out
    }

    #[test]
    fn parts_are_found_in_good_and_in_broken_mail() {
        let mixed = "Content-Type: multipart/mixed; boundary=\"b 1\"\n\n";
        for (body, wanted) in [
            (
                "pre\n--b 1\n\none\n--b 1\nContent-Type: text/html\n\ntwo\n--b 1--\npost",
                "mixed(plain=\"one\" html=\"two\")",
            ),
            (
                "--b 1\r\n\r\none\r\n\r\n--b 1--\r\n",
                "mixed(plain=\"one\\r\\n\")",
            ),
            (
                "--b 1\n\none\n--b 1\n\ntwo",
                "mixed(plain=\"one\" plain=\"two\")",
            ),
            ("--b 1 \t\n\none\n--b 1-- \n", "mixed(plain=\"one\")"),
            (
                "--b 1\none without empty line\n--b 1--",
                "mixed(plain=\"one without empty line\")",
            ),
            ("--b 10\n\nnot ours\n", "mixed=\"--b 10\\n\\nnot ours\\n\""),
            ("no boundary at all", "mixed=\"no boundary at all\""),
            (
                "--b 1\nContent-Type: multipart/alternative; boundary=in\n\n--in\n\na\n--in\n\nb\n--b 1\n\nc\n--b 1--",
                "mixed(alternative(plain=\"a\" plain=\"b\") plain=\"c\")",
            ),
            (
                "--b 1\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n--b 1\n\nlast\n--b 1--",
                "mixed(rfc822(plain=\"inner\") plain=\"last\")",
            ),
            (
                "--b 1\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=b2\n\n--b2\n\ni\n--b2--\n\n--b 1--",
                "mixed(rfc822(mixed(plain=\"i\")))",
            ),
            (
                "--b 1\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: x\n\ni\n--d--\n--b 1--",
                "mixed(digest(rfc822(plain=\"i\")))",
            ),
        ] {
            assert_eq!(shape(&format!("{mixed}{body}")), wanted, "{body:?}");
        }
        assert_eq!(
            shape("Content-Type: multipart/mixed\n\n--guess\n\na\n--guess--"),
            "mixed(plain=\"a\")"
        );
        assert_eq!(shape("Content-Type: nonsense\n\na"), "octet-stream=\"a\"");
        assert_eq!(shape("Subject: x\n\na"), "plain=\"a\"");
    }

    #[test]
    fn hostile_structures_are_bounded() {
        let nested = "Content-Type: message/rfc822\n\n".repeat(100_000);
        let never = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".to_owned()
            + &"Content-Type: multipart/mixed; boundary=never\n\n--x\n".repeat(50_000);
        let mut deep = String::new();
        for n in 0..5_000 {
            let _ = write!(
                deep,
                "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"
            );
        }
        let wide =
            "Content-Type: multipart/mixed; boundary=x\n\n".to_owned() + &"--x\n\n".repeat(500_000);
        for raw in [nested, never, deep, wide] {
            let tree = Tree::read(raw.as_bytes());
            assert!(tree.cut && tree.parts.len() <= PARTS_MAX);
        }
    }
}
