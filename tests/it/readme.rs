//! The README is held to what it says: its commands exist, its configuration loads, its example
//! decision is the one that is made, its links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::{CommandFactory, Parser};
use triaged::cli::args::Cli;
use triaged::config;
use triaged::config::findings::Severity;
use triaged::rules::lint::Lint;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(of) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if of == language {
                blocks.push(body.join("\n"));
            }
        }
    }
    assert!(!blocks.is_empty(), "no block of `{language}`");
    blocks
}

/// The commands typed in `console` blocks.
fn typed() -> Vec<String> {
    let commands: Vec<String> = blocks("console")
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect();
    commands
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triaged"));
    command.current_dir(root()).env_remove("TRIAGED_CONFIG");
    command.args(arguments).output().unwrap()
}

fn ok(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The first column of the table of commands.
fn table() -> Vec<String> {
    let rows: Vec<String> = readme()
        .lines()
        .filter(|line| line.starts_with("| `triaged"))
        .filter_map(|line| line.split('`').nth(1).map(str::to_owned))
        .collect();
    assert!(!rows.is_empty(), "no table of commands");
    rows
}

#[test]
fn every_command_it_shows_can_be_typed() {
    let from_table = table();
    let mut seen = 0;
    for command in typed().iter().chain(&from_table) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let arguments = match words.as_slice() {
            ["triaged", rest @ ..] => rest,
            ["cargo", "run", "--release", "--", rest @ ..] => rest,
            [path] if root().join(path).is_file() => continue,
            _ => panic!("`{command}` is neither ours nor a file"),
        };
        let line = std::iter::once("triaged").chain(arguments.iter().copied());
        if let Err(error) = Cli::try_parse_from(line) {
            panic!("`{command}`: {error}");
        }
        seen += 1;
    }
    assert!(seen > 10, "only {seen} commands");
}

#[test]
fn its_table_names_every_command_and_no_other() {
    let told: BTreeSet<String> = table()
        .iter()
        .map(|row| row.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    let help = Cli::command();
    let known: BTreeSet<String> = help
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    assert_eq!(told, known);
    let text = readme();
    for command in help.get_subcommands() {
        for inner in command.get_subcommands() {
            let name = inner.get_name();
            assert!(
                text.contains(&format!("{} {name}", command.get_name()))
                    || text.contains(&format!("`{name}`")),
                "`{} {name}` is not in the README",
                command.get_name()
            );
        }
    }
}

#[test]
fn its_configuration_loads() {
    let shipped = root().join("config");
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    for part in ["rules", "registry", "cases"] {
        fs::create_dir(here.join(part)).unwrap();
        for entry in fs::read_dir(shipped.join(part)).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, here.join(part).join(from.file_name().unwrap())).unwrap();
        }
    }
    let main = fs::read_to_string(shipped.join("triaged.toml")).unwrap();
    let mut rules = 0;
    for block in blocks("toml") {
        if block.contains("[[rule]]") || block.starts_with("[negation]") {
            rules += 1;
            fs::write(here.join(format!("rules/readme-{rules}.toml")), block).unwrap();
        } else {
            // What the README leaves as it is: the categories, the kinds, the thresholds.
            let kept = |from: &str, to: &str| {
                let (from, to) = (main.find(from).unwrap(), main.find(to).unwrap());
                main[from..to].to_owned()
            };
            let kept = kept("[categories.technical]", "[delivery]\n")
                + &kept("[decision]\n", "[limits]\n");
            let block = whole(&block);
            fs::write(here.join("triaged.toml"), format!("{block}\n\n{kept}")).unwrap();
            let found = config::load(here).map_or_else(|found| found, |config| config.warnings);
            assert!(
                found.is_empty(),
                "{}",
                config::findings::render(&found, false)
            );
        }
    }
    assert!(rules > 0, "no rule is shown");
    let mut examined = config::examine(here, jiff::Timestamp::now());
    examined.findings.retain(|f| f.severity != Severity::Note);
    let shown = config::findings::render(&examined.findings, false);
    assert!(examined.findings.is_empty(), "{shown}");
}

/// A block that leaves out what the first one says gets it from there.
fn whole(block: &str) -> String {
    let first = &blocks("toml")[0];
    let part = |from: &str, to: &str| {
        let (_, after) = first.split_once(from).unwrap();
        format!("{from}{}", after.split(to).next().unwrap())
    };
    let mut whole = block.to_owned();
    if !block.contains("[partner]") {
        whole.insert_str(0, &part("[partner]", "[[mailbox]]"));
    }
    if !block.contains("[[mailbox]]") {
        whole.push_str("\n\n");
        whole.push_str(&part("[[mailbox]]", "[delivery]"));
    }
    if !block.contains("[delivery]") {
        whole.push_str("\n\n");
        whole.push_str(&part("[delivery]\n", "[delivery.allow]"));
    }
    if !block.contains("[delivery.allow]") {
        whole.push_str("\n\n");
        whole.push_str(&part("[delivery.allow]", "\n["));
    }
    whole
}

#[test]
fn its_table_names_every_finding_and_no_other() {
    let told: Vec<String> = readme()
        .lines()
        .skip_while(|line| !line.starts_with("| finding"))
        .skip(2)
        .map_while(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
        .collect();
    let mut known: Vec<String> = Lint::ALL.iter().map(ToString::to_string).collect();
    let mut sorted = told.clone();
    known.sort();
    sorted.sort();
    assert_eq!(sorted, known);
}

#[test]
fn its_example_is_what_explain_says() {
    let text = readme();
    let (_, after) = text.split_once("$ triaged explain src/").unwrap();
    let (path, shown) = after.split_once('\n').unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let printed = ok(&["explain", &format!("src/{path}")]);
    // The rules are edited often: points and hits may move, the outcome may not.
    let names = [
        "from", "subject", "kind", "category", "product", "owner", "priority", "action", "because",
    ];
    for name in names {
        let line = |text: &str| {
            let found = text
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            found.map(str::to_owned)
        };
        assert!(line(shown).is_some(), "`{name}` is not shown");
        assert_eq!(line(shown), line(&printed));
    }
}

/// What the sessions of the command line print, as a reader sees it.
fn sessions() -> Vec<String> {
    let entries = fs::read_dir(root().join("tests/cases/cli/sessions")).unwrap();
    let dedented = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let line = |line: &str| match line.strip_prefix("  ") {
            Some(".") => "\n".to_owned(),
            Some(rest) => format!("{rest}\n"),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    };
    entries.map(|e| dedented(e.unwrap().path())).collect()
}

#[test]
fn its_transcripts_are_what_sessions_print() {
    let sessions = sessions();
    let mut seen = 0;
    for block in blocks("console") {
        // Those of the shipped rules, and of commands without output, are held to elsewhere.
        let shown =
            block.lines().count() > 1 && !block.lines().skip(1).any(|l| l.starts_with("$ "));
        if !shown || block.contains(" explain src/") {
            continue;
        }
        // A line `…` stands for what is left out.
        let pieces: Vec<&str> = block.split("\n…\n").collect();
        let in_order = |session: &String| {
            let mut rest = session.as_str();
            pieces.iter().all(|piece| match rest.split_once(piece) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
        };
        assert!(sessions.iter().any(in_order), "no session prints\n{block}");
        seen += 1;
    }
    assert!(seen > 0, "no transcript");
}

#[test]
fn its_harmless_commands_run() {
    ok(&["check"]);
    let shown = ok(&["demo"]);
    assert!(shown.contains("0 messages left in the mailbox"), "{shown}");
    assert!(shown.contains("forward → "), "{shown}");
    assert!(shown.contains("chain unbroken"), "{shown}");
}

#[test]
fn its_links_and_paths_lead_somewhere() {
    let text = readme();
    let mut seen = 0;
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let paths = text.split('`').skip(1).step_by(2).filter(|word| {
        ["src/", "tests/", "config/"]
            .iter()
            .any(|top| word.starts_with(top))
            && !word.contains(' ')
    });
    for path in links
        .chain(paths)
        .filter(|path| !path.starts_with("https://"))
    {
        assert!(
            Path::new(&root()).join(path).exists(),
            "`{path}` is not there"
        );
        seen += 1;
    }
    assert!(seen > 5, "only {seen} paths");
}

#[test]
fn continuous_integration_runs_its_test_command() {
    use std::os::unix::fs::PermissionsExt;
    assert!(typed().contains(&"tests/run".to_owned()));
    for script in [".ci/run", "tests/run"] {
        let mode = fs::metadata(root().join(script))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "`{script}` is not executable");
    }
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(
        ci.lines().any(|line| line.ends_with("/tests/run\"")),
        "{ci}"
    );
}
