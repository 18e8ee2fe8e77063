//! The place a session is at: a directory with a small configuration, a mailbox and an outbox, and
//! the few things a session does to them besides running the program.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use triaged::domain::ids::MailboxName;
use triaged::domain::locator::{Generation, Item, Locator};
use triaged::mail::Message;
use triaged::mail::origin::{InstanceKey, ticket_id};
use triaged::system::maildir;

/// The second at which mail that lies there from the beginning was delivered: long ago.
const LONG_AGO: u64 = 1_600_000_000;

/// The second of mail that comes after everything a session does.
const LATER: u64 = 4_000_000_000;

/// A desk.
pub struct Desk {
    directory: tempfile::TempDir,
    /// Everything below the directory when the session said `remember`.
    remembered: BTreeMap<PathBuf, Vec<u8>>,
}

impl Desk {
    /// The directory of the cases.
    pub fn cases() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/cli")
    }

    /// The directory of the messages that sessions deliver.
    pub fn mail() -> PathBuf {
        Self::cases().join("mail")
    }

    /// A desk with the cases' configuration and an empty mailbox.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        copy(&Self::cases().join("config"), &here.join("config"));
        fs::create_dir(here.join("state")).unwrap();
        fs::set_permissions(here.join("state"), fs::Permissions::from_mode(0o700)).unwrap();
        maildir::create(&here.join("mailbox"), maildir::MODE_DEFAULT).unwrap();
        Self {
            directory,
            remembered: BTreeMap::new(),
        }
    }

    /// The desk's directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The program at the desk, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triaged"));
        command
            .args(arguments)
            .current_dir(self.path())
            // What differs from machine to machine.
            .env_remove("SUDO_USER")
            .env_remove("TRIAGED_CONFIG")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env("USER", "olga")
            .env("TZ", "UTC")
            .env("TRIAGED_LOG", "off")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program at the desk.
    pub fn triaged(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program with a standard output that nobody reads.
    pub fn with_closed_output(&self, arguments: &[&str]) -> Output {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = self
            .command(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        child.unwrap().wait_with_output().unwrap()
    }

    /// Does what a session asks for that is not the program; the answer is what it prints.
    pub fn act(&mut self, verb: &str, rest: &str) -> String {
        match verb {
            "mail" => rest
                .split_whitespace()
                .for_each(|name| self.deliver(name, LONG_AGO)),
            "mail-later" => rest
                .split_whitespace()
                .for_each(|name| self.deliver(name, LATER)),
            "labelled" => self.labelled(),
            "fill" => self.fill(rest.parse().unwrap()),
            "file" => self.file(rest),
            "mentions" => return self.mentions(rest),
            "break-outbox" => fs::write(self.path().join("outbox"), "in the way").unwrap(),
            "mend-outbox" => fs::remove_file(self.path().join("outbox")).unwrap(),
            "lose-ledger" => {
                for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
                    let _absent = fs::remove_file(self.path().join("state").join(name));
                }
            }
            "replace" => self.replace(rest),
            "add" => {
                let (file, text) = rest.split_once(": ").unwrap();
                fs::write(self.path().join(file), text.replace("\\n", "\n") + "\n").unwrap();
            }
            "cases" => copy(
                &Self::cases().join("cases"),
                &self.path().join("config/cases"),
            ),
            "copy" => {
                let (from, to) = rest.split_once(' ').unwrap();
                copy(&self.path().join(from), &self.path().join(to));
            }
            "show" => return fs::read_to_string(self.path().join(rest)).unwrap(),
            "places" => return self.places(),
            "outbox" => return self.outbox(),
            "sent" => return self.sent(),
            "remember" => self.remembered = everything_below(self.path()),
            "unchanged" => return self.changes(),
            _ => panic!("`{verb}` is nothing a session can do"),
        }
        String::new()
    }

    fn deliver(&self, name: &str, second: u64) {
        let number = name.split('-').next().unwrap();
        let base = format!("{second}.M{number}.desk");
        let from = Self::mail().join(format!("{name}.eml"));
        let being_written = self.path().join("mailbox/tmp").join(&base);
        fs::copy(from, &being_written).unwrap();
        // As every deliverer does: what lies in `new` is whole.
        fs::rename(being_written, self.path().join("mailbox/new").join(base)).unwrap();
    }

    /// `NUMBER FOLDER`: a person moves a message out of the inbox.
    fn file(&self, rest: &str) {
        let (number, folder) = rest.split_once(' ').unwrap();
        let mailbox = self.path().join("mailbox");
        let name = format!("{LONG_AGO}.M{number}.desk");
        let to = mailbox.join(format!(".{folder}/cur/{name}:2,S"));
        fs::rename(mailbox.join("new").join(name), to).unwrap();
    }

    /// The files of the state directory that hold a text anywhere.
    fn mentions(&self, text: &str) -> String {
        let all = everything_below(&self.path().join("state"));
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        let named = all.iter().filter(|(_, bytes)| holds(bytes));
        named.fold(String::new(), |told, (path, _)| {
            told + &path.display().to_string() + "\n"
        })
    }

    /// Files the labelled mail where people would have, and lays its cases beside the rules.
    fn labelled(&self) {
        let labelled = Self::cases().join("labelled");
        for folder in ["Billing", "Forwarded", "Review"] {
            let filed = self.path().join("mailbox").join(format!(".{folder}"));
            maildir::create(&filed, maildir::MODE_DEFAULT).unwrap();
            for entry in fs::read_dir(labelled.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let number = path.file_stem().unwrap().to_str().unwrap();
                let base = format!("{LONG_AGO}.M{number}.desk");
                fs::copy(&path, filed.join("new").join(base)).unwrap();
            }
        }
        let cases = self.path().join("config/cases");
        fs::create_dir_all(&cases).unwrap();
        fs::copy(labelled.join("cases.toml"), cases.join("labelled.toml")).unwrap();
    }

    /// Delivers so many invoices.
    fn fill(&self, count: u64) {
        for n in 1..=count {
            let text = format!(
                "From: karin.ek@el.example\nTo: support@partner.example\nSubject: Invoice {n}\n\
                 Message-ID: <fill.{n}@el.example>\n\nPlease send the invoice again.\n"
            );
            let base = format!("{}.M1{n}.desk", LONG_AGO + n);
            fs::write(self.path().join("mailbox/new").join(base), text).unwrap();
        }
    }

    /// The names of two messages whose tickets begin alike, and the beginning; the desk gets the
    /// instance key that makes it so.
    pub fn two_alike(&self) -> (String, [String; 2]) {
        let path = self.path().join("state/instance.key");
        fs::write(&path, "0".repeat(64)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let key = InstanceKey::new([0; 32]);
        let mut seen: HashMap<String, String> = HashMap::new();
        // Among a few thousand of a million beginnings two are alike.
        for n in 0.. {
            let name = format!("{LONG_AGO}.M{n}.desk");
            let locator = Locator {
                generation: Generation(0),
                item: Item::Base(name.as_str().into()),
            };
            let id = ticket_id(&key, &MailboxName::from("support"), &locator).to_string();
            let start = id[..4].to_owned();
            if let Some(other) = seen.insert(start.clone(), name.clone()) {
                return (start, [other, name]);
            }
        }
        unreachable!("numbers do not end")
    }

    /// Puts an invoice into the mailbox under this name.
    pub fn place(&self, name: &str) {
        let from = Self::mail().join("02-invoice.eml");
        fs::copy(from, self.path().join("mailbox/new").join(name)).unwrap();
    }

    /// `FILE: OLD => NEW`, each once.
    fn replace(&self, rest: &str) {
        let (file, change) = rest.split_once(": ").unwrap();
        let (old, new) = change.split_once(" => ").unwrap();
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {file}");
        fs::write(path, text.replace(old, &new.replace("\\n", "\n"))).unwrap();
    }

    /// Where the messages lie: a line a folder, with their names.
    fn places(&self) -> String {
        let mailbox = self.path().join("mailbox");
        let mut places = BTreeMap::from([("inbox".to_owned(), names_in(&mailbox))]);
        for entry in fs::read_dir(&mailbox).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if let Some(folder) = name.strip_prefix('.') {
                places.insert(folder.to_owned(), names_in(&mailbox.join(&name)));
            }
        }
        let lines = places
            .iter()
            .filter(|(name, lie)| !lie.is_empty() || *name == "inbox");
        lines
            .map(|(name, lie)| match lie.len() {
                0 => format!("{name}: empty\n"),
                1..=6 => format!("{name}: {}\n", lie.join(" ")),
                many => format!("{name}: {many} messages\n"),
            })
            .collect()
    }

    /// Recipient and subject of each forward.
    fn outbox(&self) -> String {
        let mut lines: Vec<String> = messages(&self.path().join("outbox"))
            .into_values()
            .map(|bytes| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let field = |name: &str| {
                    let line = text.lines().find(|line| line.starts_with(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                format!("{}, {}\n", field("To:"), field("Subject:"))
            })
            .collect();
        lines.sort();
        lines.concat()
    }

    /// What the forwards say, as it is read; without lines that differ from run to run.
    fn sent(&self) -> String {
        let mut out = String::new();
        for bytes in messages(&self.path().join("outbox")).into_values() {
            let message = Message::parse(&bytes).unwrap();
            let moving = ["@partner.example", "T-", "  Received  ", "Sent: "];
            let marked = |line: &&str| moving.iter().any(|mark| line.contains(mark));
            for line in message.plain.lines().filter(|line| !marked(line)) {
                let _ = writeln!(out, "{line}");
            }
            let _ = writeln!(out, "({} attached)", message.attachments.len());
        }
        out
    }

    /// What is not as it was at `remember`.
    fn changes(&self) -> String {
        let now = everything_below(self.path());
        let paths: std::collections::BTreeSet<_> =
            now.keys().chain(self.remembered.keys()).collect();
        let mut changes = String::new();
        for path in paths {
            if now.get(path) != self.remembered.get(path) {
                let _ = writeln!(changes, "changed: {}", path.display());
            }
        }
        changes
    }

    /// The references of the tickets, by the number of their message.
    pub fn references(&self) -> HashMap<String, (String, String)> {
        let output = self.triaged(&["tickets", "--json", "--limit", "1000"]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .filter_map(|line| {
                let ticket: serde_json::Value = serde_json::from_str(line).ok()?;
                let place = ticket["locator"].as_str()?.to_owned();
                let number = place.split(".M").nth(1)?.split('.').next()?.to_owned();
                let text = |key: &str| ticket[key].as_str().map(str::to_owned);
                Some((number, (text("ticket")?, text("id")?)))
            })
            .collect()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

/// The messages of a Maildir by file name.
fn messages(maildir: &Path) -> BTreeMap<String, Vec<u8>> {
    let parts = ["new", "cur"].map(|part| maildir.join(part));
    let entries = parts.iter().filter_map(|part| fs::read_dir(part).ok());
    entries
        .flatten()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The numbers of a Maildir's messages.
fn names_in(maildir: &Path) -> Vec<String> {
    let mut numbers: Vec<String> = messages(maildir)
        .into_keys()
        .filter_map(|name| Some(name.split(".M").nth(1)?.split('.').next()?.to_owned()))
        .collect();
    numbers.sort();
    numbers
}

fn everything_below(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.insert(path.clone(), Vec::new());
            found.extend(everything_below(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}
