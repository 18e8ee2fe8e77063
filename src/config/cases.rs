//! Configuration that is wrong, and what is said about it.
//!
//! Each directory under `tests/cases/config` is a configuration directory with one thing (or
//! several) wrong with it, and `expected.txt`, the whole rendered text. Where a case leaves a
//! file out it stands on a sound base: the files of `tests/cases/config/base`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::findings::{FINDINGS_MAX, Severity, any_error, render};
use super::shipped::{lay_out_shipped, root};
use super::{examine, load};

/// The day on which all this is looked at.
const TODAY: &str = "2026-06-15T12:00:00Z";

/// Lays the base and the case over each other in a directory of their own.
fn lay_out(case: &Path, into: &Path) {
    let leave_out = std::fs::read_to_string(case.join("without.txt")).unwrap_or_default();
    let base = case.parent().expect("a parent").join("base");
    for from in [base.as_path(), case] {
        for part in ["", "rules", "registry", "cases"] {
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
    let examined = examine(directory.path(), TODAY.parse().expect("a moment"));
    let refused = examined.is_refused();
    let verdict = if refused { "refused" } else { "taken" };
    let findings = examined.findings;
    assert_eq!(any_error(&findings), refused, "{}", case.display());
    // What is only read, and not tried, has no other faults.
    assert_eq!(examined.config.is_none(), load(directory.path()).is_err());
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let text = format!(
        "{verdict}\n\n{}\n\n{}",
        lines.join("\n"),
        render(&findings, false)
    );
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

#[test]
fn what_is_no_plain_file_is_refused_and_never_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let secret = elsewhere.path().join("shadow");
    std::fs::write(
        &secret,
        "root:$6$notforyoureyes:1:0:::::\nnotforyoureyes = \"notforyoureyes\"\n",
    )
    .expect("a file");
    lay_out_shipped(&root().join("config"), directory.path());
    let rules = directory.path().join("rules");
    std::os::unix::fs::symlink(&secret, rules.join("a.toml")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", rules.join("b.toml")).expect("a link");
    std::fs::create_dir(rules.join("c.toml")).expect("a directory");
    std::fs::write(rules.join("d.toml"), vec![b'#'; (1 << 20) + 1]).expect("a file");
    std::fs::write(rules.join("e.toml"), b"a = \"\xFF\"").expect("a file");
    std::fs::write(rules.join("f.toml"), "a\n\0").expect("a file");
    let open = rules.join("g.toml");
    std::fs::write(&open, "").expect("a file");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    let found = load(directory.path()).expect_err("seven findings");
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
        "g.toml: error: everybody may write to it (mode 666)",
    ] {
        assert!(
            told.iter().any(|t| t.starts_with(expected)),
            "{expected}: {told:?}"
        );
    }
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

#[test]
fn findings_are_bounded_and_an_error_beyond_the_bound_still_refuses() {
    let directory = tempfile::tempdir().expect("a directory");
    lay_out(&root().join("tests/cases/config/base"), directory.path());
    let keys: Vec<String> = (0..FINDINGS_MAX * 2)
        .map(|n| format!("unknown-{n} = 1"))
        .collect();
    let text = keys.join("\n");
    std::fs::write(directory.path().join("rules/a.toml"), text).expect("a file");
    let found = load(directory.path()).expect_err("many findings");
    assert_eq!(found.len(), FINDINGS_MAX + 1);
    let last = found.last().expect("a last one");
    assert_eq!(last.message, format!("and {FINDINGS_MAX} more findings"));
    assert_eq!(last.severity, Severity::Error);
}
