//! `config/schema/*.json`, which editors complete and check by, held against the reader itself.
//!
//! The reader is asked as an operator would ask it: each table gets a key it cannot know, each
//! word and number one that is not allowed, and what it says is compared with the schema. Nothing
//! is written down twice here, so that a new key, word or bound on either side fails.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::findings::Finding;
use super::shipped::root;
use super::{load, load_cases};

/// Nothing is called so, and nothing is like it.
const STRANGE: &str = "zzzz-qqqq";

/// The schemas, and the file of the base configuration that each is about.
const SCHEMAS: [(&str, &str); 5] = [
    ("triaged", "triaged.toml"),
    ("rules", "rules/rules.toml"),
    ("registry", "registry/products.toml"),
    ("cases", "cases/cases.toml"),
    ("templates", "templates/sv.toml"),
];

/// What makes a table whole enough that each of its keys is looked at.
const AROUND: [(&str, &str); 11] = [
    (
        "mailbox",
        "name = \"x\"\naddress = \"x@partner.example\"\nkind = \"imap\"\nhost = \"h.example\"\nuser = \"u\"\npassword-file = \"/p\"",
    ),
    (
        "delivery",
        "transport = \"smtp\"\nhost = \"h.example\"\nuser = \"u\"\npassword-file = \"/p\"",
    ),
    ("rule", "id = \"x\"\ncategory = \"billing\"\nany = [\"x\"]"),
    (
        "product",
        "id = \"x\"\nname = \"Xyz\"\npublisher = \"Xyz AB\"",
    ),
    (
        "product.contacts.technical",
        "address = \"help@lumen.example\"",
    ),
    (
        "product.contacts.customer-support",
        "address = \"care@lumen.example\"",
    ),
    ("product.contacts.csp", "address = \"csp@lumen.example\""),
    ("customer", "id = \"x\"\nname = \"Xyz\""),
    ("case", "name = \"x\"\nexpect = \"review\""),
    (
        "alarm",
        "to = [\"operations@other.example\"]\nhost = \"h.example\"",
    ),
    // The least that `forward-threshold` may be.
    ("decision", "threshold = 0.001"),
];

fn schema(name: &str) -> Value {
    let path = root().join("config/schema").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// A table of a file: its name, how it is opened there, and what the schema says of it.
struct Described {
    file: &'static str,
    name: String,
    header: String,
    schema: Value,
}

impl Described {
    /// A file with this table, and in it `line` instead of what usually stands for its key.
    fn with(&self, line: &str) -> String {
        let key = line.split(" =").next().unwrap_or_default();
        let around = AROUND.iter().find(|(name, _)| *name == self.name);
        let kept: Vec<&str> = around
            .map_or("", |(_, lines)| lines)
            .lines()
            .filter(|other| other.split(" =").next() != Some(key))
            // The two exclude each other.
            .filter(|other| !(key == "password-credential" && other.starts_with("password-file")))
            .collect();
        format!("{}\n{}\n{line}\n", self.header, kept.join("\n"))
    }

    fn key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// What the reader says of this table with `line` in it.
    fn told(&self, line: &str) -> Vec<Finding> {
        told(self.file, &self.with(line))
    }

    fn leaves(&self) -> impl Iterator<Item = (&String, &Value)> {
        let properties = self.schema["properties"].as_object().expect("properties");
        properties
            .iter()
            .filter(|(_, leaf)| leaf["type"] != "object" && leaf["items"]["type"] != "object")
    }
}

/// Every table that the schemas describe.
fn tables() -> Vec<Described> {
    let mut found = Vec::new();
    for (name, file) in SCHEMAS {
        walk(
            file,
            String::new(),
            String::new(),
            &schema(name),
            &mut found,
        );
    }
    assert!(found.len() > 15, "{} tables", found.len());
    found
}

fn walk(
    file: &'static str,
    name: String,
    header: String,
    node: &Value,
    found: &mut Vec<Described>,
) {
    let Some(properties) = node["properties"].as_object() else {
        return;
    };
    assert_eq!(node["additionalProperties"], false, "{name}");
    for (key, inner) in properties {
        let below = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        if inner["items"]["type"] == "object" {
            let header = format!("[[{below}]]");
            walk(file, below, header, &inner["items"], found);
        } else if inner["additionalProperties"]["properties"].is_object() {
            let named = inner["properties"].as_object().into_iter().flatten();
            let named = named.map(|(key, table)| (key.as_str(), table));
            for (key, table) in named.chain([("probe", &inner["additionalProperties"])]) {
                let below = format!("{below}.{key}");
                let around = AROUND.iter().find(|(table, _)| *table == name);
                let above = around.filter(|_| header.starts_with("[["));
                let above =
                    above.map_or(String::new(), |(_, lines)| format!("{header}\n{lines}\n"));
                let header = format!("{above}[{below}]");
                walk(file, below, header, table, found);
            }
        } else if inner["type"] == "object" {
            let around = AROUND.iter().find(|(table, _)| *table == name);
            let around = around.map_or("", |(_, lines)| lines);
            let above = if around.is_empty() && !header.starts_with("[[") {
                ""
            } else {
                header.as_str()
            };
            let header = format!("{above}\n{around}\n[{below}]");
            walk(file, below, header, inner, found);
        }
    }
    found.push(Described {
        file,
        name,
        header,
        schema: node.clone(),
    });
}

/// What the reader says when `file` of a sound configuration reads `text`.
fn told(file: &str, text: &str) -> Vec<Finding> {
    let directory = tempfile::tempdir().expect("a directory");
    let base = root().join("tests/cases/config/base");
    for part in ["rules", "registry", "cases", "templates"] {
        std::fs::create_dir(directory.path().join(part)).expect("a directory");
    }
    for (_, name) in SCHEMAS {
        if let Ok(bytes) = std::fs::read(base.join(name)) {
            std::fs::write(directory.path().join(name), bytes).expect("a copy");
        }
    }
    let path = directory.path().join(file);
    std::fs::write(&path, text).expect("a file");
    match load(directory.path()) {
        Err(found) => found,
        Ok(config) => match load_cases(&[path], &config.policy) {
            Err(found) if file.starts_with("cases") => found,
            _ => config.warnings,
        },
    }
}

/// The words in backticks of a list such as "one of `a`, `b`".
fn listed(text: &str) -> BTreeSet<String> {
    assert!(!text.contains('…'), "the list is cut: {text}");
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn words(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().expect("a list").iter();
    list.map(|word| word.as_str().expect("a word").to_owned())
        .collect()
}

#[test]
fn every_table_has_the_keys_that_the_reader_takes_and_no_other() {
    for table in tables() {
        let line = format!("{STRANGE} = \"x\"");
        let found = if table.name.is_empty() {
            told(table.file, &line)
        } else {
            table.told(&line)
        };
        let strange = found.iter().find(|f| f.message.contains(STRANGE));
        let strange = strange.unwrap_or_else(|| panic!("{}: {found:#?}", table.name));
        let taken = listed(strange.help.as_deref().unwrap_or_default());
        let properties = table.schema["properties"].as_object().expect("properties");
        let described: BTreeSet<String> = properties.keys().cloned().collect();
        assert_eq!(
            taken, described,
            "`{}` of {}: left what the reader takes, right what the schema has",
            table.name, table.file
        );
    }
}

#[test]
fn every_word_is_one_that_the_reader_takes_and_no_other() {
    let mut seen = 0;
    for table in tables() {
        for (key, leaf) in table.leaves() {
            let (line, wanted) = match leaf["type"].as_str() {
                Some("string") => (format!("{key} = \"{STRANGE}\""), &leaf["enum"]),
                Some("array") => (format!("{key} = [\"{STRANGE}\"]"), &leaf["items"]["enum"]),
                _ => continue,
            };
            let own = table.key(key);
            let found = table.told(&line);
            let refused = found.iter().find(|f| {
                let help = f.help.as_deref().unwrap_or_default();
                f.key.as_deref() == Some(&own) && help.starts_with("one of ")
            });
            match refused {
                None => assert!(wanted.is_null(), "`{own}` takes any word: {found:#?}"),
                Some(finding) => {
                    let taken = listed(finding.help.as_deref().unwrap_or_default());
                    assert!(!wanted.is_null(), "`{own}` takes {taken:?} only");
                    assert_eq!(taken, words(wanted), "`{own}`");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 8, "{seen} closed sets of words");
}

#[test]
fn every_bound_is_the_reader_s() {
    let mut seen = 0;
    for table in tables() {
        for (key, leaf) in table.leaves() {
            let (Some(least), Some(most)) = (leaf["minimum"].as_f64(), leaf["maximum"].as_f64())
            else {
                let number = matches!(leaf["type"].as_str(), Some("number" | "integer"));
                assert!(!number, "`{}` has no bounds", table.key(key));
                continue;
            };
            let whole = leaf["type"] == "integer";
            for (value, fits) in [
                (least, true),
                (most, true),
                (least - 1.0, false),
                (most + 1.0, false),
            ] {
                let told = if whole {
                    format!("{value:.0}")
                } else {
                    format!("{value:?}")
                };
                let found = table.told(&format!("{key} = {told}"));
                let own = table.key(key);
                let faults: Vec<&Finding> = found
                    .iter()
                    .filter(|f| f.key.as_deref() == Some(&own))
                    .collect();
                assert_eq!(faults.is_empty(), fits, "`{own} = {told}`: {found:#?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} bounds");
}

#[test]
fn every_value_is_of_the_type_that_the_reader_takes() {
    for table in tables() {
        for (key, leaf) in table.leaves() {
            let (own_type, others): (&str, &[&str]) = match leaf["type"].as_str() {
                Some("boolean") => ("true", &["\"x\""]),
                Some("integer") => ("1", &["\"x\"", "0.5"]),
                Some("number") => ("0.5", &["\"x\""]),
                Some("string") => ("\"x\"", &["true"]),
                Some("array") => ("[\"x\"]", &["true", "[true]"]),
                other => panic!("`{}` is of type {other:?}", table.key(key)),
            };
            let own = table.key(key);
            let misfits = |value: &str| {
                let found = table.told(&format!("{key} = {value}"));
                let wrong = [
                    format!("`{own}` must be "),
                    format!("`{own}`: every entry must be "),
                ];
                let told_so = |f: &Finding| wrong.iter().any(|w| f.message.starts_with(w));
                found.iter().any(told_so)
            };
            assert!(!misfits(own_type), "`{own} = {own_type}` is refused");
            for other in others {
                assert!(misfits(other), "`{own} = {other}` is taken");
            }
        }
    }
}

/// The words that decide which other keys a table has, as lines, and the table without any.
fn choices(table: &Described) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut node = &table.schema;
    while node["if"].is_object() {
        for (key, told) in node["if"]["properties"].as_object().into_iter().flatten() {
            let word = told["const"].as_str().expect("a word");
            lines.push(format!("{key} = \"{word}\"\n"));
        }
        node = &node["else"];
    }
    lines
}

/// A line for every key of a table but the one in `choice`.
fn all_other_keys(table: &Described, choice: &str) -> String {
    let own = choice.split(" =").next().unwrap_or_default();
    let others = table.leaves().filter(|(key, _)| *key != own);
    let lines = others.map(|(key, leaf)| match leaf["type"].as_str() {
        Some("string") => format!("{key} = \"{}\"\n", leaf["enum"][0].as_str().unwrap_or("x")),
        Some("array") => format!("{key} = []\n"),
        Some("boolean") => format!("{key} = true\n"),
        _ => format!("{key} = {}\n", leaf["minimum"]),
    });
    lines.collect()
}

#[test]
fn keys_that_must_and_that_cannot_be_there_are_the_reader_s() {
    let mut seen = BTreeSet::new();
    for table in tables().iter().filter(|table| !table.name.is_empty()) {
        let validator = jsonschema::validator_for(&table.schema).expect("a schema");
        for choice in choices(table) {
            for lines in [
                choice.clone(),
                choice.clone() + &all_other_keys(table, &choice),
            ] {
                let text = format!("{}\n{lines}", table.header);
                let found = told(table.file, &text);
                let by_reader: BTreeSet<(&str, String)> = found
                    .iter()
                    .filter_map(|f| {
                        let key = f.key.as_deref()?.strip_prefix(&table.name)?;
                        let key = key.strip_prefix('.')?.to_owned();
                        let lacks = f.message.contains("lacks the key");
                        let belongs = f.message.contains("belongs to");
                        match (lacks, belongs) {
                            (true, _) => Some(("lacks", key)),
                            (_, true) => Some(("cannot have", key)),
                            _ => None,
                        }
                    })
                    .collect();
                let here: toml::Table = lines.parse().expect("TOML");
                let here = serde_json::to_value(here).expect("JSON");
                let by_schema: BTreeSet<(&str, String)> = validator
                    .iter_errors(&here)
                    .filter_map(|error| match error.kind() {
                        ValidationErrorKind::Required { property } => {
                            Some(("lacks", property.as_str()?.to_owned()))
                        }
                        ValidationErrorKind::FalseSchema => {
                            let key = error.instance_path().to_string();
                            Some(("cannot have", key.trim_matches('/').to_owned()))
                        }
                        _ => None,
                    })
                    .collect();
                assert_eq!(by_reader, by_schema, "left the reader:\n{text}");
                seen.extend(by_schema);
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn everything_is_explained() {
    fn explained(name: &str, node: &Value) {
        let text = node["description"].as_str().unwrap_or_default();
        assert!(text.ends_with('.'), "`{name}`: {text:?}");
        for (key, inner) in node["properties"].as_object().into_iter().flatten() {
            explained(&format!("{name}.{key}"), inner);
        }
        for inner in [&node["items"], &node["additionalProperties"]] {
            if inner["type"] == "object" {
                explained(name, inner);
            }
        }
    }
    for (name, _) in SCHEMAS {
        explained(name, &schema(name));
    }
}

#[test]
fn defaults_are_those_of_the_shipped_file() {
    // A line `#key = value` states a default; that it is the true one is tested with the file.
    let text = std::fs::read_to_string(root().join("config/triaged.toml")).expect("the file");
    let stated: String = text
        .lines()
        .filter_map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => Some(key),
            _ => line.starts_with('[').then_some(line),
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let stated: toml::Table = stated.parse().expect("TOML");
    let stated = serde_json::to_value(stated).expect("JSON");
    let mut seen = 0;
    for table in tables().iter().filter(|t| t.file == "triaged.toml") {
        let place = table.name.split('.').filter(|part| !part.is_empty());
        let place = place.fold(&stated, |at, key| match &at[key] {
            Value::Array(tables) => &tables[0],
            other => other,
        });
        for (key, leaf) in table.leaves() {
            if let (Some(told), Some(stated)) = (leaf.get("default"), place.get(key)) {
                assert_eq!(told, stated, "`{}`", table.key(key));
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen} defaults");
}

/// What is wrong with a file by the schema, or nothing.
fn invalid(name: &str, path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let told: toml::Table = text.parse().ok()?;
    let told = serde_json::to_value(told).expect("JSON");
    jsonschema::validator_for(&schema(name))
        .expect("a schema")
        .validate(&told)
        .err()
        .map(|error| format!("{}: {}: {error}", path.display(), error.instance_path()))
}

#[test]
fn the_shipped_files_are_valid_and_name_their_schema() {
    let config = root().join("config");
    let mut files = vec![("triaged", config.join("triaged.toml"))];
    for (name, part) in [
        ("rules", "rules"),
        ("registry", "registry"),
        ("cases", "cases"),
        ("templates", "templates"),
    ] {
        let paths = super::toml_files(&config.join(part)).expect("files");
        files.extend(paths.into_iter().map(|path| (name, path)));
    }
    assert!(files.len() > 20, "{} files", files.len());
    for (name, path) in files {
        assert_eq!(invalid(name, &path), None);
        let text = std::fs::read_to_string(&path).expect("a file");
        let named = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("#:schema "));
        let named = named.unwrap_or_else(|| panic!("{} names no schema", path.display()));
        let leads = path.parent().expect("a directory").join(named);
        let own = config.join("schema").join(format!("{name}.json"));
        assert_eq!(
            leads.canonicalize().expect("a schema"),
            own.canonicalize().expect("a schema"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn what_the_reader_refuses_for_its_form_is_invalid() {
    let cases = root().join("tests/cases/config");
    let first = |case: &str| {
        SCHEMAS
            .iter()
            .find_map(|(name, file)| invalid(name, &cases.join(case).join(file)))
    };
    assert_eq!(first("base"), None);
    for case in [
        "category-words",
        "durations-sizes-words",
        "keys-of-the-other-kind",
        "lint-allowed-wrongly",
        "lists-misused",
        "missing-keys",
        "review-missing",
        "rule-keys",
        "tables-of-another-form",
        "unknown-keys-all-at-once",
        "wrong-types-all-at-once",
    ] {
        assert!(first(case).is_some(), "{case} is valid by the schema");
    }
}
