//! What the tests of the whole job share: a configuration, the program as a process, and the
//! oracle that looks at every message's place afterwards.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders};

use super::sample::{End, Sample};
use crate::support::folders::FOLDERS;

/// A configuration directory and a state directory.
pub struct World {
    directory: tempfile::TempDir,
}

impl World {
    /// The shipped rules and registry, with a `triaged.toml` that has this mailbox and delivery.
    pub fn new(mailbox: &str, delivery: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        for part in ["rules", "registry"] {
            fs::create_dir_all(here.join("config").join(part)).unwrap();
            for entry in fs::read_dir(shipped.join(part)).unwrap() {
                let from = entry.unwrap().path();
                let to = here
                    .join("config")
                    .join(part)
                    .join(from.file_name().unwrap());
                fs::copy(&from, to).unwrap();
            }
        }
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/triaged.toml");
        let demo = fs::read_to_string(demo).unwrap();
        // The demo's categories and kinds; its mailbox and its way out are replaced.
        let from = demo.find("[categories.technical]").unwrap();
        let to = demo.find("[delivery]").unwrap();
        let allow = &demo[demo.find("[delivery.allow]").unwrap()..];
        let text = format!(
            "[partner]\nname = \"Partner AB\"\ndomains = [\"partner.example\"]\n\n\
             [state]\ndir = \"../state\"\n\n[[mailbox]]\nname = \"support\"\n\
             address = \"support@partner.example\"\ncreate-folders = true\n{mailbox}\n\
             {}[delivery]\n{delivery}\n{allow}",
            &demo[from..to],
        );
        fs::write(here.join("config/triaged.toml"), text).unwrap();
        fs::create_dir(here.join("state")).unwrap();
        fs::set_permissions(here.join("state"), fs::Permissions::from_mode(0o700)).unwrap();
        Self { directory }
    }

    /// A path below the world's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triaged"));
        command
            .arg("--config")
            .arg(self.path("config"))
            .args(arguments)
            .env_remove("TRIAGED_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Makes an empty Maildir below the world's directory.
    pub fn make_maildir(&self, name: &str) {
        let mode = triaged::system::maildir::MODE_DEFAULT;
        triaged::system::maildir::create(&self.path(name), mode).unwrap();
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// As [`Self::run`]; fails the test unless it ends well. The answer is what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?} ended with {}:\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Starts `run --once` and kills it once the audit file tells of `lines` more deliveries,
    /// unless it ends before. The answer is whether it was killed in its work.
    pub fn kill_after(&self, deliveries: usize) -> bool {
        let before = self.deliveries();
        let mut child = self.start(&["run", "--once"]);
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.deliveries() >= before + deliveries {
                // An error means that it has ended by itself meanwhile.
                let _ = child.kill();
                child.wait().unwrap();
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many forwards the audit file tells of.
    fn deliveries(&self) -> usize {
        let text = fs::read_to_string(self.path("state/audit.jsonl")).unwrap_or_default();
        text.matches("\"event\":\"delivered\"").count()
    }

    /// Events of the audit log by kind.
    pub fn events(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for line in self.ok(&["audit", "export"]).lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            *counts
                .entry(event["event"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        counts
    }
}

/// A forward as its recipient got it.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Its own Message-ID.
    pub id: String,
    /// The product whose contact got it.
    pub to: &'static str,
    /// The original it encloses.
    pub original: Vec<u8>,
}

impl Forward {
    /// Reads one from the mail of `to`'s contact.
    pub fn read(to: &'static str, mail: &[u8]) -> Self {
        let message = MessageParser::new().parse(mail).expect("a message");
        let id = message.message_id().expect("a Message-ID").to_owned();
        assert_eq!(
            header(mail, "auto-submitted"),
            Some("auto-generated".to_owned())
        );
        let attached = message.attachments().next().expect("the original");
        let original = if attached.is_message() {
            // What stands between the part's own header and the boundary, byte for byte.
            let start = attached.raw_body_offset() as usize;
            let end = attached.raw_end_offset() as usize;
            mail[start..end].to_vec()
        } else {
            assert_eq!(
                attached.content_type().unwrap().subtype(),
                Some("octet-stream")
            );
            attached.contents().to_vec()
        };
        Self { id, to, original }
    }
}

fn header(mail: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(mail);
    text.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
}

/// The oracle: every message is in its place once and in no other, every technical one reached
/// the right contact and no other did, repeats are the same message, and the enclosed original
/// is what came in. The answer is how many forwards came more than once.
pub fn judge(
    mail: &[Sample],
    folders: &HashMap<String, Vec<Vec<u8>>>,
    left: usize,
    forwards: &[Forward],
) -> usize {
    assert_eq!(left, 0, "messages are left in the inbox");
    let mut places: HashMap<String, Vec<&str>> = HashMap::new();
    for (folder, messages) in folders {
        for message in messages {
            let id = header(message, "message-id").expect("a Message-ID");
            let id = id.trim_matches(['<', '>']).to_owned();
            places.entry(id).or_default().push(folder);
        }
    }
    let mut sent: HashMap<String, Vec<&Forward>> = HashMap::new();
    for forward in forwards {
        let id = header(&forward.original, "message-id").expect("the original's Message-ID");
        sent.entry(id.trim_matches(['<', '>']).to_owned())
            .or_default()
            .push(forward);
    }
    let mut repeats = 0;
    for sample in mail {
        let (folder, product) = match sample.end {
            End::Sent(product) => ("Forwarded", Some(product)),
            End::Filed(folder) => (folder, None),
        };
        assert_eq!(
            places.get(&sample.id).map(Vec::as_slice),
            Some(&[folder][..]),
            "{}",
            sample.id
        );
        let copies = sent.remove(&sample.id).unwrap_or_default();
        let Some(product) = product else {
            assert!(copies.is_empty(), "{} was sent out", sample.id);
            continue;
        };
        assert!(!copies.is_empty(), "{} was not sent", sample.id);
        for copy in &copies {
            assert_eq!(copy.to, product, "{} went to the wrong contact", sample.id);
            assert_eq!(
                copy.id, copies[0].id,
                "{}: a repeat has another Message-ID",
                sample.id
            );
            assert!(
                same_lines(&copy.original, &sample.bytes),
                "{} was altered",
                sample.id
            );
        }
        repeats += copies.len() - 1;
    }
    assert!(sent.is_empty(), "strangers were sent: {:?}", sent.keys());
    repeats
}

/// Equal but for the way lines end: an IMAP server turns a Maildir's LF into CRLF, and a Maildir
/// that receives turns it back.
fn same_lines(one: &[u8], other: &[u8]) -> bool {
    let plain =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| *b != b'\r').collect() };
    plain(one) == plain(other)
}

/// The messages in a Maildir directory's `new/` and `cur/`.
pub fn messages_in(maildir: &Path) -> Vec<Vec<u8>> {
    ["new", "cur"]
        .iter()
        .filter_map(|part| fs::read_dir(maildir.join(part)).ok())
        .flatten()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// The messages of each folder of a Maildir++ tree.
pub fn folders_of(maildir: &Path) -> HashMap<String, Vec<Vec<u8>>> {
    FOLDERS
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                messages_in(&maildir.join(format!(".{name}"))),
            )
        })
        .collect()
}
