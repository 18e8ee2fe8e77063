//! The Debian package, built from the one description in `Cargo.toml` as `cargo deb` reads it:
//! what is in it, and how it behaves from installation to purge in a Debian tree.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::{Table, Value};

const BINARY: &str = "target/release/triaged";
const GENERATED: &str = "target/share";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> Table {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

/// A file of the package.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asset {
    source: String,
    to: String,
    mode: u32,
}

fn metadata<'m>(manifest: &'m Table, name: &str) -> &'m Value {
    &manifest["package"]["metadata"][name]
}

fn assets(manifest: &Table) -> Vec<Asset> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = metadata(manifest, "deb")["assets"].as_array().unwrap();
    told.iter()
        .map(|asset| Asset {
            source: text(&asset[0]),
            to: text(&asset[1]),
            mode: u32::from_str_radix(&text(&asset[2]), 8).unwrap(),
        })
        .collect()
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

fn copy(from: &Path, to: &Path, mode: u32) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).unwrap();
}

/// The files that a source means: itself, or with a `*` in its name those that fit.
fn sources(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().unwrap().to_str().unwrap();
    let Some((start, end)) = name.split_once('*') else {
        return vec![pattern.to_owned()];
    };
    let entries = fs::read_dir(pattern.parent().unwrap()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(start) && name.ends_with(end)
    };
    paths.filter(fits).collect()
}

/// The package's files below `tree`; `work` holds the program without debug information and what
/// it generates.
fn stage(tree: &Path, work: &Path, manifest: &Table) {
    for asset in assets(manifest) {
        let source = match asset.source.strip_prefix(GENERATED) {
            Some(rest) => work.join(format!("share{rest}")),
            None if asset.source == BINARY => work.join("triaged"),
            None => root().join(&asset.source),
        };
        let found = sources(&source);
        assert!(!found.is_empty(), "nothing is `{}`", asset.source);
        for from in found {
            let mut to = tree.join(&asset.to);
            if asset.to.ends_with('/') {
                to.push(from.file_name().unwrap());
            }
            copy(&from, &to, asset.mode);
        }
    }
}

/// Adds what `cargo deb` makes of the rest of the table, and builds the package.
fn build(tree: &Path, manifest: &Table, version: &str) -> PathBuf {
    let deb = metadata(manifest, "deb");
    let package = &manifest["package"];
    let control = tree.join("DEBIAN");
    fs::create_dir_all(&control).unwrap();
    let scripts = root().join(deb["maintainer-scripts"].as_str().unwrap());
    for entry in fs::read_dir(scripts).unwrap() {
        let path = entry.unwrap().path();
        copy(&path, &control.join(path.file_name().unwrap()), 0o755);
    }
    let mut conffiles: Vec<String> = Vec::new();
    let mut directories = vec![tree.join("etc")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let inside = path.strip_prefix(tree).unwrap();
                conffiles.push(format!("/{}\n", inside.display()));
            }
        }
    }
    conffiles.sort();
    fs::write(control.join("conffiles"), conffiles.concat()).unwrap();
    let architecture = run(Command::new("dpkg").arg("--print-architecture")).stdout;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let description = text(&deb["extended-description"])
        .trim()
        .replace('\n', "\n ");
    let fields = format!(
        "Package: {}\nVersion: {version}\nSection: {}\nPriority: {}\nArchitecture: {}\n\
         Maintainer: {}\nDepends: {}\nDescription: {}\n {description}\n",
        text(&package["name"]),
        text(&deb["section"]),
        text(&deb["priority"]),
        String::from_utf8(architecture).unwrap().trim(),
        text(&deb["maintainer"]),
        text(&deb["depends"]).replace("$auto", "libc6"),
        text(&package["description"]),
    );
    fs::write(control.join("control"), fields).unwrap();
    let made = tree.with_extension("deb");
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Znone", "--build"])
        .args([tree, &made]));
    made
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// The package of what was built for the tests, in `work`, or why it cannot be made here.
pub fn made(work: &Path) -> Result<PathBuf, String> {
    let manifest = prepared(work)?;
    let tree = work.join("triaged.tree");
    stage(&tree, work, &manifest);
    Ok(build(&tree, &manifest, "1.0"))
}

/// Puts the program, and what it generates, into `work`.
fn prepared(work: &Path) -> Result<Table, String> {
    for program in [
        "dpkg-deb",
        "unshare",
        "strip",
        "setpriv",
        "systemd-sysusers",
    ] {
        if !has(program) {
            return Err(format!("`{program}` is not installed"));
        }
    }
    if !rustix::process::geteuid().is_root() {
        return Err("only root can install into a tree".to_owned());
    }
    let program = env!("CARGO_BIN_EXE_triaged");
    run(Command::new("strip").args(["-o", work.join("triaged").to_str().unwrap(), program]));
    run(Command::new(program)
        .arg("generate")
        .arg(work.join("share")));
    Ok(manifest())
}

#[test]
fn it_lives_from_installation_to_purge() {
    let base = tempfile::tempdir().unwrap();
    let work = base.path();
    let manifest = match prepared(work) {
        Ok(manifest) => manifest,
        Err(why) => {
            eprintln!("left out: {why}");
            return;
        }
    };
    let [first, second] = ["1.0", "1.1"].map(|version| {
        let tree = work.join(format!("triaged-{version}.tree"));
        stage(&tree, work, &manifest);
        if version == "1.1" {
            for name in ["fi", "negation"] {
                let rules = tree.join(format!("etc/triaged/rules/{name}.toml"));
                let text = fs::read_to_string(&rules).unwrap();
                fs::write(rules, text + "# the second version\n").unwrap();
            }
        }
        build(&tree, &manifest, version)
    });
    let listed = run(Command::new("dpkg-deb").arg("--contents").arg(&first)).stdout;
    let listed = String::from_utf8(listed).unwrap();
    for wanted in [
        "./usr/share/man/man1/triaged.1",
        "./usr/share/man/man1/triaged-audit-list.1",
        "./usr/share/bash-completion/completions/triaged",
        "./usr/lib/systemd/system/triaged.service",
    ] {
        assert!(listed.contains(wanted), "`{wanted}` is not in\n{listed}");
    }
    let tree = work.join("tree");
    fs::create_dir(&tree).unwrap();
    let script = root().join("tests/cases/package/lifecycle.sh");
    let life = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh"])
        .args([&script, &first, &second, &tree])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&life.stdout).into_owned();
    if life.status.code() == Some(77) {
        eprintln!("left out: {}", said.lines().last().unwrap_or_default());
        return;
    }
    let faults = String::from_utf8_lossy(&life.stderr).into_owned();
    assert!(
        life.status.success() && said.ends_with("== done\n"),
        "{said}\n{faults}"
    );
    assert!(said.contains("Next: sudo triaged init"), "{said}");
    assert!(
        said.contains("files were there already, as shipped"),
        "{said}"
    );
}

#[test]
fn both_kinds_of_package_hold_the_same_files() {
    let manifest = manifest();
    let deb: BTreeSet<Asset> = assets(&manifest).into_iter().collect();
    let told = metadata(&manifest, "generate-rpm")["assets"]
        .as_array()
        .unwrap();
    let text = |asset: &Value, key: &str| asset[key].as_str().unwrap().to_owned();
    let rpm: BTreeSet<Asset> = told
        .iter()
        .map(|asset| {
            let to = text(asset, "dest");
            // As with conffiles, an edit is kept.
            let config = asset.get("config").and_then(Value::as_str);
            assert_eq!(
                config,
                to.starts_with("/etc/").then_some("noreplace"),
                "{asset:?}"
            );
            Asset {
                source: text(asset, "source"),
                // Where Debian's zsh looks for what packages bring.
                to: to[1..].replace("zsh/site-functions", "zsh/vendor-completions"),
                mode: u32::from_str_radix(&text(asset, "mode"), 8).unwrap(),
            }
        })
        .collect();
    assert_eq!(deb, rpm);
}

#[test]
fn pages_and_completions_name_every_command() {
    let base = tempfile::tempdir().unwrap();
    let share = base.path();
    run(Command::new(env!("CARGO_BIN_EXE_triaged"))
        .arg("generate")
        .arg(share));
    let completions = [
        "bash-completion/completions/triaged",
        "zsh/vendor-completions/_triaged",
        "fish/vendor_completions.d/triaged.fish",
    ];
    let completions = completions.map(|name| fs::read_to_string(share.join(name)).unwrap());
    let cli = <triaged::cli::args::Cli as clap::CommandFactory>::command();
    // What is hidden is no command for people.
    for command in cli.get_subcommands().filter(|one| !one.is_hide_set()) {
        let name = command.get_name();
        let page = share.join(format!("man/man1/triaged-{name}.1"));
        assert!(page.is_file(), "{}", page.display());
        for script in &completions {
            assert!(script.contains(name), "`{name}`");
        }
    }
}
