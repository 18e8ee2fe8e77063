//! What is attached: names, types and sizes, never content and never a path.

use super::encoded;
use super::structure::{Part, Tree};

/// Most attachments listed.
pub const ATTACHMENTS_MAX: usize = 200;

/// Longest name kept, in characters.
const NAME_MAX: usize = 200;

/// One attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As the writer named it, without any directory; empty when it has no name. Not to be used
    /// as a file name.
    pub name: String,
    /// `application/pdf`, in lower case, as the writer says.
    pub media: String,
    /// Decoded size in bytes, to within a few bytes.
    pub size: usize,
}

/// Lists what hangs on the message itself, not on messages enclosed in it.
pub(super) fn list(tree: &Tree<'_>) -> Vec<Attachment> {
    let mut found = Vec::new();
    let mut next = vec![0];
    while let Some(at) = next.pop()
        && found.len() < ATTACHMENTS_MAX
    {
        let Some(part) = tree.parts.get(at) else {
            continue;
        };
        if part.media.is_message() || (part.children.is_empty() && !is_body(part)) {
            found.push(Attachment {
                name: name(part),
                media: part.media.name.clone(),
                size: part.encoding.decoded_len(part.body),
            });
        } else {
            next.extend(part.children.iter().rev());
        }
    }
    found
}

/// Whether a leaf is there to be read rather than to be saved.
pub(super) fn is_body(part: &Part<'_>) -> bool {
    let media = &part.media;
    let readable = is_text(&media.name) || media.is_multipart();
    readable && !media.attached && media.file.is_none()
}

/// The types of text that can be read as they are.
pub(super) fn is_text(media: &str) -> bool {
    matches!(
        media,
        "text/plain" | "text/html" | "text/enriched" | "text/richtext" | "text/markdown"
    )
}

fn name(part: &Part<'_>) -> String {
    let written = match &part.media.file {
        Some(file) => file.clone(),
        None => part
            .block
            .first("Content-Description")
            .map(encoded::text)
            .unwrap_or_default(),
    };
    let written = encoded::one_line(&encoded::words(written.as_bytes()));
    let base = written.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars()
        .filter(|c| !crate::domain::outcome::is_bidi(*c))
        .take(NAME_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_paths() {
        for (file, wanted) in [
            ("\"../../etc/passwd\"", "passwd"),
            ("\"C:\\\\Temp\\\\a.txt\"", "a.txt"),
            ("\"=?utf-8?q?l=C3=B6n.pdf?=\"", "lön.pdf"),
            ("\"a\u{202e}fdp.exe\"", "afdp.exe"),
            ("\"a\u{1b}[2J.pdf\"", "a[2J.pdf"),
        ] {
            let raw = format!(
                "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename={file}\n\nx"
            );
            let found = list(&Tree::read(raw.as_bytes()));
            assert_eq!(found[0].name, wanted, "{file}");
        }
    }
}
