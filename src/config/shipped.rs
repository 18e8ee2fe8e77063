//! The configuration that is shipped: it is sound, documents every key, tells its defaults truly,
//! and its rules follow the rulings on hard cases.

use std::path::{Path, PathBuf};

use super::file::table::keys_of;
use super::file::{
    alarm, contacts, customers, decision, delivery, mailbox, negation, operation, products,
    routing, rules, when,
};
use super::findings::render;
use super::{Config, load};
use crate::domain::decision::{Priority, Zone};
use crate::rules::{Top, ZoneText};

/// Where the project lies.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn shipped() -> Config {
    load(&root().join("config")).unwrap_or_else(|found| panic!("{}", render(&found, false)))
}

#[test]
fn the_shipped_configuration_has_no_findings() {
    let config = shipped();
    assert!(
        config.warnings.is_empty(),
        "{}",
        render(&config.warnings, false)
    );
    assert!(config.policy.registry.products().len() >= 3);
    let forwarded = config
        .policy
        .registry
        .products()
        .iter()
        .filter_map(|p| p.contacts.technical.as_ref());
    for contact in forwarded {
        assert!(
            config.delivery.allow.allows(&contact.address),
            "{}",
            contact.address
        );
    }
}

/// Whether `text` has `key` under a header `[table]` or `[[table]]`, commented out or not.
fn documents(text: &str, table: &str, key: &str) -> bool {
    let mut inside = false;
    text.lines().any(|line| {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_start_matches('[');
            let end = header.find(']').unwrap_or(header.len());
            inside = &header[..end] == table
                || table
                    .strip_suffix(".NAME")
                    .is_some_and(|parent| header[..end].starts_with(&format!("{parent}.")));
        }
        inside
            && line
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
    })
}

#[test]
fn every_key_is_documented_in_the_shipped_files() {
    let read = |name: &str| std::fs::read_to_string(root().join("config").join(name)).expect(name);
    let main = read("triaged.toml");
    let products = read("registry/products.toml");
    let customers = read("registry/customers.toml");
    let rules = read("rules/technical-en.toml");
    for (text, table, keys) in [
        (&main, "partner", keys_of::<operation::PartnerShape>()),
        (&main, "state", keys_of::<operation::StateShape>()),
        (&main, "limits", keys_of::<operation::LimitsShape>()),
        (&main, "alarm", keys_of::<alarm::AlarmShape>()),
        (&main, "audit", keys_of::<operation::AuditShape>()),
        (&main, "edits", keys_of::<operation::EditsShape>()),
        (&main, "registry", keys_of::<operation::RegistryShape>()),
        (&main, "mailbox", keys_of::<mailbox::Shape>()),
        (
            &main,
            "categories.NAME",
            keys_of::<routing::CategoryShape>(),
        ),
        (&main, "kinds", keys_of::<routing::KindsShape>()),
        (&main, "delivery", keys_of::<delivery::Shape>()),
        (&main, "delivery.allow", keys_of::<delivery::AllowShape>()),
        (&main, "decision", keys_of::<decision::Shape>()),
        (&main, "decision.zones", keys_of::<decision::ZonesShape>()),
        (&products, "product", keys_of::<products::ProductShape>()),
        (
            &products,
            "product.contacts.technical",
            keys_of::<contacts::ContactShape>(),
        ),
        (
            &customers,
            "customer",
            keys_of::<customers::CustomerShape>(),
        ),
        (
            &customers,
            "customer.categories.NAME",
            keys_of::<routing::OwnShape>(),
        ),
        (&rules, "rule", keys_of::<rules::Shape>()),
        (&rules, "negation", keys_of::<negation::Shape>()),
        (&rules, "rule.when", keys_of::<when::WhenShape>()),
    ] {
        assert!(!keys.is_empty(), "{table} has no keys");
        for key in keys {
            assert!(
                documents(text, table, key),
                "`{key}` of `[{table}]` is not documented"
            );
        }
    }
}

#[test]
fn defaults_are_what_the_shipped_comments_say() {
    // A line `#key = value` states a default: with all of them taken in, nothing may change.
    let directory = tempfile::tempdir().expect("a directory");
    let from = root().join("config");
    lay_out_shipped(&from, directory.path());
    let path = directory.path().join("triaged.toml");
    let text = std::fs::read_to_string(&path).expect("the file");
    let told: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(told, text, "no default is marked");
    std::fs::write(&path, told).expect("written");
    let explicit = load(directory.path()).unwrap_or_else(|f| panic!("{}", render(&f, false)));
    let plain = shipped();
    assert_eq!(explicit.state_dir, plain.state_dir);
    assert_eq!(explicit.mailboxes, plain.mailboxes);
    assert_eq!(explicit.policy.routing, plain.policy.routing);
    assert_eq!(explicit.delivery, plain.delivery);
    assert_eq!(explicit.limits, plain.limits);
    assert_eq!(explicit.audit, plain.audit);
    assert_eq!(explicit.alarm, plain.alarm);
    assert_eq!(
        explicit.policy.rules.settings(),
        plain.policy.rules.settings()
    );
}

/// Copies the shipped configuration.
pub fn lay_out_shipped(from: &Path, into: &Path) {
    for part in ["", "rules", "registry"] {
        std::fs::create_dir_all(into.join(part)).expect("a directory");
        for entry in std::fs::read_dir(from.join(part)).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.file_name().expect("a name");
                std::fs::copy(&path, into.join(part).join(name)).expect("a copy");
            }
        }
    }
}

#[test]
fn what_editors_write_is_taken_and_moves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    lay_out_shipped(&root().join("config"), directory.path());
    let path = directory.path().join("triaged.toml");
    let text = std::fs::read_to_string(&path).expect("the file");
    let dos = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
    std::fs::write(&path, &dos).expect("written");
    let config = load(directory.path()).unwrap_or_else(|f| panic!("{}", render(&f, false)));
    assert_eq!(config.policy.routing, shipped().policy.routing);
    assert_ne!(config.digest, shipped().digest);
    std::fs::write(&path, format!("{dos}\r\nåäö = 1\r\n")).expect("written");
    let found = load(directory.path()).expect_err("a fault");
    let line = text.lines().count() + 2;
    assert_eq!(
        found.first().and_then(|f| f.place).map(|p| p.line),
        Some(line),
        "{found:?}"
    );
}

/// What the shipped rules make of a new text: a category, or `review` when unsure.
fn ruled(config: &Config, subject: &str, body: &str) -> (String, Priority) {
    let zones = [(Zone::Subject, subject), (Zone::Body, body)];
    let verdict = config
        .policy
        .rules
        .classify(&zones.map(|(zone, text)| ZoneText { zone, text }));
    let category = match verdict.top {
        Top::Clear { category, .. } => category.to_string(),
        _ => "review".to_owned(),
    };
    (category, verdict.priority)
}

/// `tests/cases/rulings.txt`: `category priority | subject | new text`, one case a line.
#[test]
fn the_shipped_rules_follow_the_rulings() {
    let config = shipped();
    let cases = std::fs::read_to_string(root().join("tests/cases/rulings.txt")).expect("the cases");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for line in cases
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let mut part = || parts.next().expect("three parts");
        let (expected, subject, body) = (part(), part(), part());
        let (category, priority) = ruled(&config, subject, body);
        let told = format!("{category} {priority}");
        if told != expected {
            wrong.push(format!("{told}, not {line}"));
        }
        checked += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {checked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checked >= 40, "{checked} cases");
}
