//! Configuration that is wrong, and what is said about it.
//!
//! Each directory under `tests/cases/config` is a configuration directory with one thing (or
//! several) wrong with it, and `expected.txt`, the whole rendered text. Where a case leaves a
//! file out it stands on a sound base: the files of `tests/cases/config/base`.

use std::path::{Path, PathBuf};

use super::file::table::keys_of;
use super::file::{decision, delivery, mailbox, operation, products, routing, rules};
use super::findings::{Severity, any_error, render};
use super::{Config, load};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Lays the base and the case over each other in a directory of their own.
fn lay_out(case: &Path, into: &Path) {
    let leave_out = std::fs::read_to_string(case.join("without.txt")).unwrap_or_default();
    let base = case.parent().expect("a parent").join("base");
    for from in [base.as_path(), case] {
        for part in ["", "rules", "registry"] {
            let Ok(entries) = std::fs::read_dir(from.join(part)) else {
                continue;
            };
            for entry in entries {
                let path = entry.expect("an entry").path();
                let name = path.strip_prefix(from).expect("below it").to_owned();
                let absent = leave_out.lines().any(|line| Path::new(line) == name);
                if path.extension().is_some_and(|end| end == "toml") && !absent {
                    std::fs::create_dir_all(into.join(part)).expect("a directory");
                    std::fs::write(into.join(name), std::fs::read(path).expect("a file"))
                        .expect("a copy");
                }
            }
        }
    }
}

/// Both forms of the text, without the name of the temporary directory.
fn told(case: &Path) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    lay_out(case, directory.path());
    let (verdict, findings) = match load(directory.path()) {
        Ok(config) => ("taken", config.warnings),
        Err(findings) => ("refused", findings),
    };
    assert_eq!(
        any_error(&findings),
        verdict == "refused",
        "{}",
        case.display()
    );
    let lines: String = findings.iter().map(|f| format!("{f}\n")).collect();
    let text = format!("{verdict}\n\n{lines}\n{}", render(&findings, false));
    text.replace(&format!("{}/", directory.path().display()), "")
}

/// Set `TRIAGED_BLESS` to write what is said instead of comparing it; then read the difference.
fn check(case: &Path) -> Option<String> {
    let path = case.join("expected.txt");
    let told = told(case);
    if std::env::var_os("TRIAGED_BLESS").is_some() {
        std::fs::write(&path, &told).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    (told != expected).then(|| format!("{}:\n{told}\n", case.display()))
}

#[test]
fn every_fault_is_told_as_expected() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(root().join("tests/cases/config"))
        .expect("cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() > 20, "{} cases", cases.len());
    let differing: Vec<String> = cases.iter().filter_map(|case| check(case)).collect();
    assert!(differing.is_empty(), "{}", differing.concat());
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
        .registry
        .products()
        .iter()
        .filter_map(|p| p.technical.as_ref());
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
    let rules = read("rules/technical-en.toml");
    for (text, table, keys) in [
        (&main, "partner", keys_of::<operation::PartnerShape>()),
        (&main, "state", keys_of::<operation::StateShape>()),
        (&main, "limits", keys_of::<operation::LimitsShape>()),
        (&main, "audit", keys_of::<operation::AuditShape>()),
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
            keys_of::<products::ContactShape>(),
        ),
        (&rules, "rule", keys_of::<rules::Shape>()),
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
    assert_eq!(explicit.routing, plain.routing);
    assert_eq!(explicit.delivery, plain.delivery);
    assert_eq!(explicit.limits, plain.limits);
    assert_eq!(explicit.audit, plain.audit);
    assert_eq!(explicit.rules.settings(), plain.rules.settings());
}

fn lay_out_shipped(from: &Path, into: &Path) {
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
fn what_is_no_plain_file_is_refused_and_never_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let secret = elsewhere.path().join("shadow");
    std::fs::write(&secret, "root:$6$notforyoureyes:1:0:::::\n").expect("a file");
    lay_out_shipped(&root().join("config"), directory.path());
    let rules = directory.path().join("rules");
    std::os::unix::fs::symlink(&secret, rules.join("a.toml")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", rules.join("b.toml")).expect("a link");
    std::fs::create_dir(rules.join("c.toml")).expect("a directory");
    std::fs::write(rules.join("d.toml"), vec![b'#'; (1 << 20) + 1]).expect("a file");
    std::fs::write(rules.join("e.toml"), b"a = \"\xFF\"").expect("a file");
    std::fs::write(rules.join("f.toml"), "a\n\0").expect("a file");
    let found = load(directory.path()).expect_err("six findings");
    let text = render(&found, false);
    assert!(!text.contains("notforyoureyes"), "{text}");
    let told: Vec<String> = found
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(|f| f.to_string().replace(&format!("{}/", rules.display()), ""))
        .collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    for expected in [
        "a.toml:1:",
        "b.toml: error: it is no regular file",
        "c.toml: error: it is no regular file",
        "d.toml: error: it is larger than 1 MiB",
        "e.toml: error: it is not UTF-8 (line 1, column 6)",
        "f.toml: error: it holds a NUL byte (line 2, column 1)",
    ] {
        assert!(
            told.iter().any(|t| t.starts_with(expected)),
            "{expected}: {told:?}"
        );
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

#[test]
fn a_missing_directory_is_told() {
    let found = load(Path::new("/nonexistent/triaged")).expect_err("a fault");
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "/nonexistent/triaged: error: there is no such directory; name the directory that holds `triaged.toml` with `--config`"
        ]
    );
}
