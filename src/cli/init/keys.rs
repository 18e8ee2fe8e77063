//! Puts values into the shipped `triaged.toml` without touching its comments.
//!
//! The file states a key in one of three ways: in force (`key = …`), as its default (`#key = …`),
//! or as another choice (`#     key = …`). The first that is there takes the value.

use std::collections::BTreeMap;

use crate::cli::failure::{Failure, FailureKind};

/// What stands before another choice.
const CHOICE: &str = "#     ";

/// The text of a configuration file that gets values.
#[derive(Debug)]
pub struct Keys {
    lines: Vec<String>,
}

impl Keys {
    /// Begins with `text`.
    pub fn of(text: &str) -> Self {
        Self {
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    /// Gives `key` of the first table `table` a value, written as TOML.
    pub fn set(&mut self, table: &str, key: &str, value: &str) -> Result<(), Failure> {
        let forms = [key.to_owned(), format!("#{key}"), format!("{CHOICE}{key}")];
        let at = forms.iter().find_map(|form| self.find(table, form));
        let line = at.and_then(|at| self.lines.get_mut(at));
        *line.ok_or_else(|| lacking(table, key))? = format!("{key} = {value}");
        Ok(())
    }

    /// Gives `key` a value in a line of its own behind that of `before`, which is in force.
    pub fn insert(
        &mut self,
        table: &str,
        before: &str,
        key: &str,
        value: &str,
    ) -> Result<(), Failure> {
        let at = self
            .find(table, before)
            .ok_or_else(|| lacking(table, before))?;
        self.lines.insert(at + 1, format!("{key} = {value}"));
        Ok(())
    }

    /// Puts a table into force that is another choice.
    pub fn open(&mut self, table: &str) -> Result<(), Failure> {
        let header = format!("[{table}]");
        let choice = format!("{CHOICE}{header}");
        let mut lines = self.lines.iter_mut();
        let line = lines.find(|line| **line == choice);
        *line.ok_or_else(|| lacking(table, "header"))? = header;
        Ok(())
    }

    /// Makes what is in force another choice.
    pub fn unset(&mut self, table: &str, key: &str) -> Result<(), Failure> {
        let at = self.find(table, key);
        let line = at.and_then(|at| self.lines.get_mut(at));
        line.ok_or_else(|| lacking(table, key))?
            .insert_str(0, CHOICE);
        Ok(())
    }

    /// The strings that `key` has now, in one line; none when it is not in force.
    pub fn strings(&self, table: &str, key: &str) -> Vec<String> {
        let line = self.find(table, key).and_then(|at| self.lines.get(at));
        let read = line.and_then(|line| toml::from_str::<BTreeMap<String, Vec<String>>>(line).ok());
        read.and_then(|mut read| read.remove(key))
            .unwrap_or_default()
    }

    /// The whole text.
    pub fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// The line of the first table `table` that states a key in this form.
    fn find(&self, table: &str, form: &str) -> Option<usize> {
        let headers = [format!("[{table}]"), format!("[[{table}]]")];
        let is_header = |line: &String| headers.contains(line);
        let start = self.lines.iter().position(is_header)? + 1;
        let inside = self.lines.iter().enumerate().skip(start);
        let inside = inside.take_while(|(_, line)| !line.starts_with('['));
        let states = |line: &str| {
            let rest = line.strip_prefix(form);
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        inside
            .filter(|(_, line)| states(line))
            .map(|(at, _)| at)
            .next()
    }
}

/// A value as a TOML string. JSON strings are basic strings of TOML; control characters, which
/// the two treat unlike, are in no answer.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Values as a TOML array of strings.
pub fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(quoted).collect();
    format!("[{}]", quoted.join(", "))
}

fn lacking(table: &str, key: &str) -> Failure {
    let message = format!("the shipped triaged.toml has no `{key}` in `[{table}]`");
    Failure {
        kind: FailureKind::Internal,
        ..Failure::failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# about\n[a]\nx = 1\n#y = 2\n# or\n#     z = 3\n[[b]]\nx = 4\n\
        #     [b.c]\n#     k = 6\n";

    #[test]
    fn each_form_takes_a_value_and_comments_stay() {
        let mut keys = Keys::of(TEXT);
        for (table, key) in [("a", "x"), ("a", "y"), ("a", "z"), ("b", "x")] {
            keys.set(table, key, "\"v\"").unwrap();
        }
        keys.insert("b", "x", "w", "5").unwrap();
        keys.unset("a", "x").unwrap();
        keys.open("b.c").unwrap();
        keys.set("b.c", "k", "7").unwrap();
        let wanted = "# about\n[a]\n#     x = \"v\"\ny = \"v\"\n# or\nz = \"v\"\n[[b]]\n\
                      x = \"v\"\nw = 5\n[b.c]\nk = 7\n";
        assert_eq!(keys.text(), wanted);
        for (table, key) in [("b", "y"), ("c", "x"), ("a", "")] {
            assert!(keys.set(table, key, "1").is_err(), "{table}.{key}");
        }
    }

    #[test]
    fn what_is_quoted_reads_back() {
        let odd = "Smörgås \"AB\" \\ 'x' #";
        let text = format!("a = {}\nb = {}", quoted(odd), list(["x", odd]));
        let read: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(read["a"].as_str(), Some(odd));
        assert_eq!(read["b"][1].as_str(), Some(odd));
        let keys = Keys::of(&format!("[t]\n{text}"));
        assert_eq!(keys.strings("t", "b"), ["x", odd]);
        assert!(keys.strings("t", "c").is_empty());
    }
}
