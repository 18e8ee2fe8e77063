//! How the operator's folder names are called on this server.
//!
//! The operator writes UTF-8 with `/` between levels. A server has its own separator, may keep
//! everything below a prefix (RFC 2342), and wants modified UTF-7.

use crate::domain::ids::Folder;
use crate::mailbox::exchange::Trouble;

use crate::mailbox::utf7;

/// A server's way of naming folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// What personal folders other than INBOX begin with: `""` or `INBOX.`.
    pub prefix: String,
    /// What stands between levels; `None` where there are no levels.
    pub separator: Option<char>,
}

impl Names {
    /// The name of `folder`, not yet quoted.
    ///
    /// # Errors
    /// [`Trouble::Unsafe`] when this server cannot have a folder of that name.
    pub(super) fn name(&self, folder: &Folder) -> Result<String, Trouble> {
        let impossible = |why: String| Trouble::Unsafe(format!("folder `{folder}`: {why}"));
        let levels: Vec<&str> = folder.as_str().split('/').collect();
        if levels.len() > 1 && self.separator.is_none() {
            return Err(impossible("the server has no folders in folders".into()));
        }
        if let Some(separator) = self.separator.filter(|s| *s != '/')
            && folder.as_str().contains(separator)
        {
            let why = format!("`{separator}` separates levels on this server; rename it");
            return Err(impossible(why));
        }
        let inbox = levels
            .first()
            .is_some_and(|l| l.eq_ignore_ascii_case("INBOX"));
        let separator = self.separator.map(String::from).unwrap_or_default();
        let mut spelled: Vec<String> = levels.iter().map(|level| utf7::encode(level)).collect();
        if inbox {
            if let Some(first) = spelled.first_mut() {
                *first = "INBOX".into();
            }
            return Ok(spelled.join(&separator));
        }
        Ok(format!("{}{}", self.prefix, spelled.join(&separator)))
    }
}

/// The first personal namespace of a NAMESPACE response (RFC 2342 §5): prefix and separator.
pub(super) fn read_namespace(line: &str) -> Option<(String, Option<char>)> {
    let mut rest = line.strip_prefix("* ")?;
    let word = rest.get(.."NAMESPACE ".len())?;
    if !word.eq_ignore_ascii_case("NAMESPACE ") {
        return None;
    }
    rest = rest.get(word.len()..)?.strip_prefix("((")?;
    let (prefix, rest) = read_quoted(rest)?;
    let rest = rest.strip_prefix(' ')?;
    let separator = match read_quoted(rest) {
        Some((separator, _)) => separator.chars().next(),
        None => None,
    };
    Some((prefix, separator))
}

fn read_quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut read = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((read, inner.get(at + 1..)?)),
            '\\' => read.push(chars.next()?.1),
            _ => read.push(c),
        }
    }
    None
}

/// `text` as a quoted string; it must be printable ASCII.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_as_the_server_names_it() {
        for (prefix, separator, folder, name) in [
            (
                "",
                Some('/'),
                "Ärenden/Öppna",
                Some("&AMQ-renden/&ANY-ppna"),
            ),
            ("", Some('.'), "Queue/Billing", Some("Queue.Billing")),
            (
                "INBOX.",
                Some('.'),
                "Queue/Billing",
                Some("INBOX.Queue.Billing"),
            ),
            ("INBOX.", Some('.'), "INBOX", Some("INBOX")),
            ("INBOX.", Some('.'), "inbox/Queue", Some("INBOX.Queue")),
            ("", Some('/'), "v1.2", Some("v1.2")),
            ("", Some('.'), "v1.2", None),
            ("", None, "Queue", Some("Queue")),
            ("", None, "Queue/Billing", None),
        ] {
            let names = Names {
                prefix: prefix.into(),
                separator,
            };
            let made = names.name(&Folder::from(folder)).ok();
            assert_eq!(made.as_deref(), name, "{folder}");
        }
    }

    #[test]
    fn a_namespace_is_read() {
        for (line, read) in [
            ("* NAMESPACE ((\"\" \"/\")) NIL NIL", Some(("", Some('/')))),
            (
                "* namespace ((\"INBOX.\" \".\")) NIL ((\"\" \".\"))",
                Some(("INBOX.", Some('.'))),
            ),
            (
                "* NAMESPACE ((\"\" \"\\\\\")) NIL NIL",
                Some(("", Some('\\'))),
            ),
            ("* NAMESPACE ((\"\" NIL)) NIL NIL", Some(("", None))),
            ("* NAMESPACE NIL NIL NIL", None),
            ("* NAMESPACE ((\"", None),
            ("* XNAMESPACE", None),
        ] {
            let read = read.map(|(prefix, separator)| (prefix.to_owned(), separator));
            assert_eq!(read_namespace(line), read, "{line}");
        }
    }

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
