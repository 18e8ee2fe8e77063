//! Dialogues with a scripted server, one case a file under `tests/cases/imap`.
//!
//! A case is a list of steps: `> request`, then what is said on the wire (see [`crate::imap::peer`]),
//! then `= …` lines that say what the request must have given. `@ open CAPABILITIES` stands for
//! the usual opening, in `opening.inc`, with these capabilities after log-in. Lines that begin
//! with `#` say what the case is about.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use triaged::config::net::{Server, Tls};
use triaged::domain::digest::Digest;
use triaged::domain::ids::Folder;
use triaged::domain::locator::{Generation, Item};
use triaged::mailbox::exchange::{
    Content, Entry, Found, Hint, Mark, Move, MoveEnd, Sought, Trouble,
};
use triaged::mailbox::imap::ImapMailbox;
use triaged::oauth::Tokens;

use crate::imap::account::account;
use crate::imap::peer::Peer;

/// Longest wait for a request's answer after the script is done.
const ANSWER_TIME: Duration = Duration::from_secs(10);

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/imap")
}

/// One request, the script that answers it, and what it must give.
#[derive(Debug, Default)]
struct Step {
    request: String,
    script: Vec<String>,
    given: Vec<String>,
}

/// The steps of a case.
fn steps(text: &str) -> Vec<Step> {
    let opening = fs::read_to_string(cases().join("opening.inc")).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("@ open ") {
            Some(offers) => lines.extend(
                opening
                    .replace("$OFFERS", offers)
                    .lines()
                    .map(str::to_owned),
            ),
            None => lines.push(line.to_owned()),
        }
    }
    for line in lines {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(request) = line.strip_prefix("> ") {
            steps.push(Step {
                request: request.to_owned(),
                ..Step::default()
            });
            continue;
        }
        let step = steps.last_mut().expect("a case begins with a request");
        match line.strip_prefix("= ") {
            Some(given) => step.given.push(given.to_owned()),
            None => step.script.push(line),
        }
    }
    steps
}

/// A client that opens mailboxes on the peer.
struct Client {
    port: u16,
    secret: tempfile::NamedTempFile,
    mailbox: Option<ImapMailbox>,
}

impl Client {
    fn new(port: u16) -> Self {
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "secret\n").unwrap();
        let mailbox = None;
        Self {
            port,
            secret,
            mailbox,
        }
    }

    /// Does a request and shows what it gave, a line for each part.
    async fn request(&mut self, request: &str) -> Vec<String> {
        let (verb, rest) = request.split_once(' ').unwrap_or((request, ""));
        if verb == "open" {
            return self.open(rest).await;
        }
        let mailbox = self.mailbox.clone().expect("an open mailbox");
        let words: Vec<&str> = rest.split_whitespace().collect();
        match verb {
            "list" => {
                let from = words.first().map(|w| w.parse().unwrap());
                shown(mailbox.list(from).await, |listing| {
                    let entries = listing.entries.iter();
                    let mut lines: Vec<_> =
                        entries.map(|e| format!("{} {}", e.item, e.size)).collect();
                    lines.push(format!("deleted {}", listing.deleted));
                    lines
                })
            }
            "fetch" => fetch(&mailbox, &words).await,
            "settle" => {
                let moves = pairs(&words).map(|(uid, folder)| Move {
                    item: uid,
                    folder: folder.as_str().into(),
                });
                shown(mailbox.settle(moves.collect()).await, |moved| {
                    let show = |m: &triaged::mailbox::exchange::Moved| match &m.end {
                        MoveEnd::Proved(proof) => format!("{} proved {proof:?}", m.item),
                        MoveEnd::Stayed { why } => format!("{} stayed: {why}", m.item),
                        MoveEnd::Unproved => format!("{} unproved", m.item),
                    };
                    moved.iter().map(show).collect()
                })
            }
            "find" => {
                let (item, content) = pairs(&words).next().unwrap();
                let content = content.replace("\\r\\n", "\r\n");
                let sought = Sought {
                    item,
                    size: content.len() as u64,
                    digest: Some(Digest::of(content.as_bytes())),
                };
                let mark = Mark {
                    folder: Folder::from("Queue"),
                    generation: Generation(5),
                    next: 40,
                };
                shown(mailbox.find(vec![sought], vec![mark]).await, |found| {
                    let show = |f: &Found| format!("{} in {} {} times", f.item, f.folder, f.copies);
                    found.iter().map(show).collect()
                })
            }
            "remove" => {
                let found = words.iter().map(|uid| Found {
                    item: Item::read(uid),
                    folder: Folder::from("Queue"),
                    copies: 1,
                });
                shown(mailbox.remove(found.collect()).await, |()| {
                    vec!["removed".into()]
                })
            }
            "hint" => {
                let at_most = Duration::from_millis(words[0].parse().unwrap());
                shown(mailbox.hint(at_most).await, |hint| {
                    vec![match hint {
                        Hint::Changed => "changed".into(),
                        Hint::Quiet => "quiet".into(),
                    }]
                })
            }
            "close" => {
                self.mailbox = None;
                mailbox.close().await;
                vec!["closed".into()]
            }
            other => panic!("`{other}` is no request"),
        }
    }

    async fn open(&mut self, settings: &str) -> Vec<String> {
        let server = Server {
            host: "127.0.0.1".into(),
            port: self.port,
            tls: if settings.contains("starttls") {
                Tls::Starttls
            } else {
                Tls::None
            },
            ca_file: None,
        };
        let mut config = account(server, "support", self.secret.path().to_owned());
        config.create_folders = !settings.contains("no-create");
        let folders = match settings.split_once("folders ") {
            Some((_, names)) => names.split(',').map(Folder::from).collect(),
            None => vec![Folder::from("Queue")],
        };
        match ImapMailbox::open(&config, &Tokens::default(), &folders).await {
            Err(trouble) => vec![named(&trouble)],
            Ok((mailbox, opened)) => {
                self.mailbox = Some(mailbox);
                let mut line = format!(
                    "{} messages, generation {}, next {}",
                    opened.messages, opened.generation, opened.next
                );
                for mark in opened.marks {
                    let _ = write!(line, "; {} {}/{}", mark.folder, mark.generation, mark.next);
                }
                vec![line]
            }
        }
    }
}

async fn fetch(mailbox: &ImapMailbox, words: &[&str]) -> Vec<String> {
    let max = words.iter().find_map(|w| w.strip_prefix("max="));
    let max = max.map_or(64 << 20, |m| m.parse().unwrap());
    let entries = words.iter().filter_map(|word| word.split_once(':'));
    let entries = entries.map(|(uid, size)| Entry {
        item: Item::read(uid),
        size: size.parse().unwrap(),
    });
    let mut fetched = mailbox.fetch(entries.collect(), max).await;
    let mut lines = Vec::new();
    while let Some(one) = fetched.recv().await {
        lines.push(match one {
            Err(trouble) => named(&trouble),
            Ok(one) => match one.content {
                Content::Whole(bytes) => format!("{} whole {bytes:?}", one.item),
                Content::Head(bytes) => format!("{} head {bytes:?}", one.item),
                Content::Gone => format!("{} gone", one.item),
                Content::Unusable { what } => format!("{} unusable: {what}", one.item),
            },
        });
    }
    lines
}

/// `UID word UID word …`
fn pairs<'a>(words: &'a [&'a str]) -> impl Iterator<Item = (Item, String)> + 'a {
    let pair = |pair: &[&str]| (Item::read(pair[0]), pair[1].to_owned());
    words.chunks_exact(2).map(pair)
}

fn shown<T>(result: Result<T, Trouble>, show: impl FnOnce(T) -> Vec<String>) -> Vec<String> {
    match result {
        Ok(value) => show(value),
        Err(trouble) => vec![named(&trouble)],
    }
}

/// A trouble by its variant and its text.
fn named(trouble: &Trouble) -> String {
    let debug = format!("{trouble:?}");
    let name = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap();
    format!("{name}: {trouble}")
}

/// Runs a case on a clock of its own; gives what each step gave.
fn run(steps: &[Step]) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut peer = Peer::new().await;
        let mut client = Client::new(peer.port());
        let mut given = Vec::new();
        for step in steps {
            let script: Vec<&str> = step.script.iter().map(String::as_str).collect();
            let asking = client.request(&step.request);
            tokio::pin!(asking);
            let mut early = None;
            let hangs = {
                let following = peer.follow(&script);
                tokio::pin!(following);
                loop {
                    tokio::select! {
                        hangs = &mut following => break hangs,
                        lines = &mut asking, if early.is_none() => early = Some(lines),
                    }
                }
            };
            given.push(match early {
                Some(lines) => lines,
                None if hangs => asking.await,
                None => tokio::time::timeout(ANSWER_TIME, asking)
                    .await
                    .unwrap_or_else(|_| panic!("`{}` gave no answer", step.request)),
            });
        }
        given
    })
}

#[test]
fn every_dialogue_ends_as_its_case_says() {
    let mut files: Vec<_> = fs::read_dir(cases())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let failed = files.iter().filter(|file| {
        let case = || {
            let steps = steps(&fs::read_to_string(file).unwrap());
            for (step, given) in steps.iter().zip(run(&steps)) {
                let request = &step.request;
                assert_eq!(given, step.given, "`{request}` in {}", file.display());
            }
        };
        // All of them are tried, and the message of each failure is shown.
        std::panic::catch_unwind(case).is_err()
    });
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}

/// What a server can do at any command instead of answering.
const FAULTS: [(&str, &[&str]); 5] = [
    ("NO", &["S: t NO [SERVERBUG] nope"]),
    ("BAD", &["S: t BAD what"]),
    ("end", &["close"]),
    ("half a line and end", &["S- * OK half a li", "close"]),
    ("BYE", &["S: * BYE shutting down", "close"]),
];

#[test]
fn no_fault_at_any_command_passes_for_success() {
    let usual = "@ open MOVE UIDPLUS IDLE\n\
        > list\nC: f UID FETCH 1:* (UID RFC822.SIZE FLAGS)\n\
        S: * 1 FETCH (UID 3 RFC822.SIZE 7 FLAGS ())\nS: f OK done\n\
        > fetch 3:7\nC: g UID FETCH 3 (UID BODY.PEEK[])\n\
        S: * 1 FETCH (UID 3 BODY[] {7}\nS: hello\nS: )\nS: g OK done\n\
        > settle 3 Queue\nC: h UID MOVE 3 \"Queue\"\n\
        S: * OK [COPYUID 5 3 40] moved\nS: * 1 EXPUNGE\nS: h OK done\n\
        > find 3 hello\nC: i EXAMINE \"Queue\"\n\
        S: * 1 EXISTS\nS: * OK [UIDVALIDITY 5] x\nS: i OK done\n\
        C: j UID FETCH 40:* (UID RFC822.SIZE FLAGS)\nS: j OK done\n\
        C: k SELECT \"INBOX\"\nS: * OK [UIDVALIDITY 7] x\nS: k OK done\n";
    let whole = steps(usual);
    for (at, step) in whole.iter().enumerate() {
        for (line, said) in step.script.iter().enumerate() {
            let Some(command) = said.strip_prefix("C: ") else {
                continue;
            };
            for (fault, script) in FAULTS {
                let mut broken = steps(usual);
                broken.truncate(at + 1);
                let last = broken.last_mut().unwrap();
                last.script.truncate(line);
                last.script.push(format!("C: t {}", &command[2..]));
                last.script.extend(script.iter().map(|s| (*s).to_owned()));
                // After a mere refusal the client may go on; the peer hangs up then.
                last.script.push("close".into());
                let given = run(&broken).pop().unwrap();
                let first = given.first().map_or("", String::as_str);
                let trouble = ["Lost: ", "Denied: ", "Unsafe: ", "MissingFolders: "];
                let fails = trouble.iter().any(|t| first.starts_with(t));
                assert!(fails, "{fault} to `{command}` gave {given:?}");
            }
        }
    }
}
