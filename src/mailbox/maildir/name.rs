//! File names of messages: `base:2,flags`, and what may pass for one.

use crate::domain::locator::Item;

/// How many other names a message may get in a folder where its own is taken.
pub const ALTERNATIVES_MAX: u32 = 8;

/// A message's file name in its two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a> {
    /// What identifies the message.
    pub base: &'a str,
    /// What stands behind the colon, `2,` and flags as a rule; absent in `new/`.
    pub info: Option<&'a str>,
}

impl<'a> FileName<'a> {
    /// Splits `name`; `None` when it cannot be a message's name that is kept in the ledger and
    /// found again: hidden, only digits (it would read back as a UID), with control characters.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (base, info) = match name.split_once(':') {
            Some((base, info)) => (base, Some(info)),
            None => (name, None),
        };
        (is_base(base) && !name.contains(char::is_control)).then_some(Self { base, info })
    }

    /// Whether somebody marked it as trash: Maildir's word for `\Deleted`.
    pub fn is_trashed(&self) -> bool {
        let flags = self.info.and_then(|info| info.strip_prefix("2,"));
        flags.is_some_and(|flags| flags.contains('T'))
    }
}

fn is_base(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && !text.contains(['/', ':', '\0'])
        && matches!(Item::read(text), Item::Base(_))
}

/// The base name that `item` stands for, if it is one that may become part of a path.
pub fn base_of(item: &Item) -> Option<&str> {
    match item {
        Item::Base(base) if is_base(base) => Some(base),
        Item::Base(_) | Item::Uid(_) => None,
    }
}

/// The `n`th other name for `base`: `~n` before the first comma, because what follows is the mail
/// server's (`,S=` and the size).
pub fn alternative(base: &str, n: u32) -> String {
    let cut = base.find(',').unwrap_or(base.len());
    let (unique, parameters) = base.split_at(cut);
    format!("{unique}~{n}{parameters}")
}

/// The base name that `base` is an alternative of, if it has that form.
pub fn original(base: &str) -> Option<String> {
    let cut = base.find(',').unwrap_or(base.len());
    let (unique, parameters) = base.split_at(cut);
    let (unique, n) = unique.rsplit_once('~')?;
    let n: u32 = n.parse().ok()?;
    (1..=ALTERNATIVES_MAX)
        .contains(&n)
        .then(|| format!("{unique}{parameters}"))
}

/// What base names are ordered by: the delivery's time in seconds, then the name. Names that do
/// not begin with a time come last.
pub fn order(base: &str) -> (u64, &str) {
    let end = base
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(base.len());
    (base[..end].parse().unwrap_or(u64::MAX), base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_and_what_is_no_message_is_refused() {
        for (name, expected) in [
            ("1.a.b", Some(("1.a.b", None, false))),
            ("1.a.b:2,", Some(("1.a.b", Some("2,"), false))),
            ("1.a.b:2,ST", Some(("1.a.b", Some("2,ST"), true))),
            ("1.a.b,S=9:2,S", Some(("1.a.b,S=9", Some("2,S"), false))),
            ("1.a.b:1,T", Some(("1.a.b", Some("1,T"), false))),
            ("T", Some(("T", None, false))),
            ("", None),
            (":2,S", None),
            (".hidden", None),
            ("123", None),
            ("123:2,S", None),
            ("99999999999", Some(("99999999999", None, false))),
            ("1.a\nb", None),
        ] {
            let parsed = FileName::parse(name).map(|n| (n.base, n.info, n.is_trashed()));
            assert_eq!(parsed, expected, "{name:?}");
        }
    }

    #[test]
    fn only_plain_names_become_part_of_a_path() {
        for item in ["../../etc/passwd", "..", "a/b", "", "1.a:2,S", "17"] {
            assert_eq!(base_of(&Item::read(item)), None, "{item}");
        }
        assert_eq!(base_of(&Item::read("1.a.b")), Some("1.a.b"));
    }

    #[test]
    fn an_alternative_leads_back_to_its_original() {
        for base in ["1.a.b", "1.a.b,S=12,W=14", "1.a~b", "1.a~3,S=1"] {
            for n in 1..=ALTERNATIVES_MAX {
                let other = alternative(base, n);
                assert_eq!(original(&other).as_deref(), Some(base), "{other}");
            }
        }
        for base in ["1.a.b", "1.a~", "1.a~x", "1.a~0", "1.a~9", "1.a,S=1~1"] {
            assert_eq!(original(base), None, "{base}");
        }
    }

    #[test]
    fn the_oldest_comes_first_whatever_its_digits() {
        let mut names = ["x.y", "1700000000.b", "999.a", "1700000000.a"];
        names.sort_by(|a, b| order(a).cmp(&order(b)));
        assert_eq!(names, ["999.a", "1700000000.a", "1700000000.b", "x.y"]);
    }
}
