//! `triaged init`: every preset writes a configuration that the program takes as it is, nothing is
//! overwritten, and a person at a terminal is asked for what is not said.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use triaged::config::{self, Config};

const COMMON: [&str; 5] = [
    "--yes",
    "--partner",
    "Smörgås \"AB\"",
    "--address",
    "support@partner.example",
];

fn init(directory: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triaged"))
        .arg("--config")
        .arg(directory)
        .arg("init")
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn loaded(directory: &Path) -> Config {
    config::load(directory).unwrap_or_else(|f| panic!("{}", config::findings::render(&f, false)))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_preset_writes_what_can_be_run() {
    let presets: [(&str, &[&str], &[&str]); 5] = [
        (
            "microsoft365",
            &["--client-id", "11111111-2222-3333-4444-555555555555"],
            &["app.secret"],
        ),
        ("gmail", &[], &["mailbox.password"]),
        (
            "imap",
            &[
                "--host",
                "imap.partner.example",
                "--smtp-host",
                "smtp.partner.example",
            ],
            &["mailbox.password"],
        ),
        (
            "imap",
            &[
                "--host",
                "localhost",
                "--user",
                "support",
                "--smtp-user",
                "sender",
            ],
            &["mailbox.password", "delivery.password"],
        ),
        ("maildir", &["--path", "/var/mail/support"], &[]),
    ];
    for (preset, flags, secrets) in presets {
        let base = tempfile::tempdir().unwrap();
        let directory = base.path().join("config");
        let product = [
            "--product",
            "Nimbus Desk, Nimbus AB, help@nimbus-desk.example",
        ];
        let all = [&COMMON[..], &["--preset", preset], flags, &product].concat();
        let output = init(&directory, &all);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{preset}: {output:?}");
        assert!(
            said.contains("next:") && !said.contains("warning"),
            "{said}"
        );
        let config = loaded(&directory);
        assert!(config.warnings.is_empty(), "{preset}");
        assert_eq!(config.policy.partner, "Smörgås \"AB\"");
        assert!(config.policy.registry.products().len() > 1);
        for name in secrets {
            let path = directory.join(format!("secrets/{name}"));
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            assert!(said.contains(path.to_str().unwrap()), "{said}");
        }
        let there = fs::read_dir(directory.join("secrets")).map_or(0, Iterator::count);
        assert_eq!(there, secrets.len(), "{preset}");
        // Every line that is no value of a key is as shipped.
        let comments = |text: &str| -> Vec<String> {
            let prose = text.lines().filter(|line| line.starts_with("# "));
            let prose = prose.filter(|line| !line.starts_with("#     "));
            prose.map(str::to_owned).collect()
        };
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/triaged.toml");
        let written = fs::read_to_string(directory.join("triaged.toml")).unwrap();
        assert_eq!(
            comments(&written),
            comments(&fs::read_to_string(shipped).unwrap())
        );
    }
}

#[test]
fn nothing_is_overwritten_and_what_lacks_is_named_at_once() {
    let base = tempfile::tempdir().unwrap();
    let output = init(base.path(), &["--preset", "imap"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for flag in ["--partner", "--address", "--host", "--smtp-host"] {
        assert!(said.contains(flag), "{said}");
    }
    assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);

    // A file that a package or a person put there stays as it is.
    fs::create_dir(base.path().join("rules")).unwrap();
    let rules = base.path().join("rules/negation.toml");
    fs::write(&rules, "# ours\n").unwrap();
    let flags = [&COMMON[..], &["--preset", "gmail"]].concat();
    let output = init(base.path(), &flags);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(&format!("kept {}", rules.display())),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&rules).unwrap(), "# ours\n");

    let main = base.path().join("triaged.toml");
    let before = fs::read_to_string(&main).unwrap();
    let output = init(base.path(), &flags);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(fs::read_to_string(&main).unwrap(), before);
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    // What stands in a prompt, and what is typed at it; the second address is taken.
    let dialogue = [
        ("Number: ", "3"),
        ("publishers know it: ", "Partner AB"),
        ("customers write to: ", "nobody"),
        ("no `@` in it", "support@partner.example"),
        ("[imap.partner.example]: ", ""),
        ("[support@partner.example]: ", "support"),
        ("empty: later): ", "correct horse"),
        ("outgoing mail [smtp.partner.example]: ", "localhost"),
        ("for none) [-]: ", ""),
        (
            "no more): ",
            "Nimbus Desk, Nimbus AB, help@nimbus-desk.example",
        ),
        ("no more): ", ""),
        ("(yes, no) [yes]: ", "no"),
    ];
    let base = tempfile::tempdir().unwrap();
    let directory = base.path().join("config");
    let program = env!("CARGO_BIN_EXE_triaged");
    let command = format!("'{program}' --config '{}' init", directory.display());
    let typed = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = typed else {
        eprintln!("left out: `script` is not installed, which lends a terminal");
        return;
    };
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut seen, mut from) = (String::new(), 0);
    for (prompt, answer) in dialogue {
        while !seen[from..].contains(prompt) {
            let mut bytes = [0; 512];
            let read = screen.read(&mut bytes).unwrap();
            assert!(read > 0, "`{prompt}` was not asked:\n{seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        from += seen[from..].find(prompt).unwrap() + prompt.len();
        writeln!(keyboard, "{answer}").unwrap();
    }
    screen.read_to_string(&mut seen).unwrap();
    assert!(child.wait().unwrap().success(), "{seen}");
    assert!(!seen.contains("correct horse"), "{seen}");
    let config = loaded(&directory);
    assert_eq!(
        config.mailboxes[0].address.as_str(),
        "support@partner.example"
    );
    let secret = directory.join("secrets/mailbox.password");
    assert_eq!(fs::read_to_string(secret).unwrap(), "correct horse");
    assert!(
        config
            .policy
            .registry
            .products()
            .iter()
            .any(|p| p.name == "Nimbus Desk")
    );
}
