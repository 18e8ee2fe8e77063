//! The keys of `triaged.toml` as they are written, to tell which an edit changed that the running
//! daemon cannot take.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Keys that count with the next message, and what begins with them and a dot. All others are read
/// at a start.
const LIVE: [&str; 8] = [
    "partner",
    "categories",
    "kinds",
    "decision",
    "delivery.allow",
    "registry",
    "edits.shadow",
    "log.level",
];

/// The keys with their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(BTreeMap<String, Value>);

impl Settings {
    /// Those of a file; none of one that cannot be read.
    pub(super) fn of(text: &str) -> Self {
        let mut keys = BTreeMap::new();
        if let Ok(table) = text.parse::<Table>() {
            flatten("", &Value::Table(table), &mut keys);
        }
        Self(keys)
    }

    /// The keys whose values differ in `now` and that only a new start takes.
    pub fn only_at_a_start(&self, now: &Self) -> Vec<String> {
        let all = self.0.keys().chain(now.0.keys());
        let mut changed: Vec<String> = all
            .filter(|key| self.0.get(*key) != now.0.get(*key) && !is_live(key))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

fn is_live(key: &str) -> bool {
    LIVE.iter().any(|live| {
        key.strip_prefix(live)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn flatten(name: &str, value: &Value, keys: &mut BTreeMap<String, Value>) {
    let below = |key: &str| {
        if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}.{key}")
        }
    };
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                flatten(&below(key), value, keys);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            for (n, item) in list.iter().enumerate() {
                // A mailbox is known by its name, wherever it stands.
                let told = item.get("name").and_then(Value::as_str);
                let key = told.map_or_else(|| n.to_string(), str::to_owned);
                flatten(&below(&key), item, keys);
            }
        }
        other => {
            keys.insert(name.to_owned(), other.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_a_start_is_named() {
        let old = Settings::of(
            "[partner]\nname = \"A\"\n[limits]\nbatch = 10\n[delivery]\nhost = \"a\"\n\
             [delivery.allow]\ndomains = [\"a\"]\n[[mailbox]]\nname = \"support\"\nfolder = \"X\"\n",
        );
        let new = Settings::of(
            "[partner]\nname = \"B\"\n[delivery]\nhost = \"b\"\n[delivery.allow]\n\
             domains = [\"b\"]\n[[mailbox]]\nname = \"other\"\n[[mailbox]]\nname = \"support\"\n\
             folder = \"Y\"\n",
        );
        assert_eq!(
            old.only_at_a_start(&new),
            [
                "delivery.host",
                "limits.batch",
                "mailbox.other.name",
                "mailbox.support.folder"
            ]
        );
        assert!(old.only_at_a_start(&old).is_empty());
    }
}
