//! A story told by mail: each chapter is a file of steps, and after every step it is looked where
//! each mail lies and what every party got.
//!
//! A text can name what went out before: `{1.id}`, `{1.reply-to}`, `{1.token}`, `{1.reference}` and `{1.subject}` are
//! of the first mail that left, whoever got it. A command can name `{incident}`, the newest that goes
//! on.

mod maildir;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use mail_parser::{MessageParser, MimeHeaders as _};
use serde::Deserialize;
use triaged::pipeline::crew::CrewEnd;
use triaged::system::clock::Clock;

use crate::job::world::{World, folders_of, messages_in};

/// A chapter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chapter {
    /// What it tells.
    pub title: String,
    /// Lines added to the mailbox.
    #[serde(default)]
    mailbox: String,
    /// Lines added to `[partner]`.
    #[serde(default)]
    partner: String,
    /// Lines added to products, by id.
    #[serde(default)]
    product: BTreeMap<String, String>,
    /// What happens.
    step: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Step {
    /// What it shows.
    shows: String,
    /// The mail that comes, header and text; it gets a Message-ID by the number of the step where
    /// it has none.
    #[serde(default)]
    mail: Option<String>,
    /// Arguments of the program, run in place of `run --once`.
    #[serde(default)]
    command: Option<Vec<String>>,
    /// How many hours the clocks of cases are ahead when it runs.
    #[serde(default)]
    hours: i64,
    /// Where the mail lies afterwards.
    #[serde(default)]
    folder: Option<String>,
    /// How many mails are left in the inbox.
    #[serde(default)]
    left: usize,
    /// Where mails of earlier steps lie now, by number of the step.
    #[serde(default)]
    moved: BTreeMap<String, String>,
    /// What went out, in any order; nothing else did.
    #[serde(default)]
    sent: Vec<Sent>,
    /// What `triaged ticket` says of the mail.
    #[serde(default)]
    ticket: Vec<String>,
    /// What the audit log says since the last step, in any order.
    #[serde(default)]
    audit: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sent {
    to: String,
    #[serde(default)]
    subject: Option<String>,
    /// What its header and text hold.
    #[serde(default)]
    holds: Vec<String>,
    /// What they do not.
    #[serde(default)]
    lacks: Vec<String>,
}

/// Where mail comes from and goes to.
pub trait Post {
    /// Puts a mail into the watched mailbox.
    fn deliver(&self, world: &World, mail: &[u8]);
    /// The Maildir that holds the mailbox.
    fn mailbox(&self, world: &World) -> std::path::PathBuf;
    /// Everything that went out so far, at least `wanted` mails.
    fn sent(&self, world: &World, wanted: usize) -> Vec<Vec<u8>>;
}

/// Every chapter.
pub fn chapters() -> Vec<(String, Chapter)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/story");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let chapter = toml::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            (path.file_stem().unwrap().to_string_lossy().into(), chapter)
        })
        .collect()
}

/// Tells a chapter.
pub fn tell(name: &str, chapter: &Chapter, world: &World, post: &impl Post) {
    prepare(chapter, world);
    let mut known: Vec<Out> = Vec::new();
    let mut lines = 0;
    for (n, step) in chapter.step.iter().enumerate() {
        let shown = format!("{name} ({}), step {}: {}", chapter.title, n + 1, step.shows);
        let id = format!("step-{}@story.example", n + 1);
        if let Some(mail) = &step.mail {
            let mut mail = filled(mail.trim_start(), &known, &shown);
            let head = mail.split("\n\n").next().unwrap_or_default();
            if !head.to_lowercase().contains("message-id:") {
                mail = format!("Message-ID: <{id}>\n{mail}");
            }
            post.deliver(world, mail.as_bytes());
        }
        let arguments: Vec<String> = match &step.command {
            Some(words) => {
                let word = |word: &String| match word.as_str() {
                    "{incident}" => open_incident(world),
                    word => filled(word, &known, &shown),
                };
                words.iter().map(word).collect()
            }
            None => vec!["run".to_owned(), "--once".to_owned()],
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if step.hours == 0 {
            world.ok(&arguments);
        } else {
            run_ahead(world, step.hours);
        }
        known = went_out(world, post, known, step.sent.len(), &shown);
        judge_sent(&known, step, &shown);
        judge_places(world, post, step, &id, &shown);
        let audit = fs::read_to_string(world.path("state/audit.jsonl")).unwrap_or_default();
        let new: Vec<&str> = audit.lines().skip(lines).collect();
        lines = audit.lines().count();
        for wanted in &step.audit {
            assert!(
                new.iter().any(|line| line.contains(wanted.as_str())),
                "{shown}: the audit log does not say {wanted:?}:\n{}",
                new.join("\n")
            );
        }
        if !step.ticket.is_empty() {
            let said = said_of(world);
            for wanted in &step.ticket {
                let wanted = filled(wanted, &known, &shown);
                assert!(said.contains(&wanted), "{shown}: lacks {wanted:?}:\n{said}");
            }
        }
    }
    world.ok(&["audit", "verify"]);
}

/// Runs the daemon until nothing is left to do, by a clock that is so many hours ahead.
fn run_ahead(world: &World, hours: i64) {
    let config = triaged::config::load(&world.path("config")).unwrap();
    let clock = Clock::ahead(SignedDuration::from_hours(hours));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let end = runtime.block_on(triaged::daemon::run_by(config, true, clock));
    let end = end.unwrap();
    assert_eq!(end.failure, None);
    assert!(
        end.mailboxes.iter().all(|(_, end)| *end == CrewEnd::Done),
        "{end:?}"
    );
}

/// What `triaged ticket` says of the newest ticket.
fn said_of(world: &World) -> String {
    let newest = world.ok(&["tickets", "--limit", "1", "--json"]);
    let ticket: serde_json::Value = serde_json::from_str(newest.trim()).unwrap();
    world.ok(&["ticket", ticket["ticket"].as_str().unwrap()])
}

/// The newest incident that goes on, by the reference of its notice.
fn open_incident(world: &World) -> String {
    let open = world.ok(&["incidents", "--limit", "1", "--json"]);
    let incident: serde_json::Value = serde_json::from_str(open.trim()).unwrap();
    incident["incident"].as_str().unwrap().to_owned()
}

/// Languages of rules that the story needs; reading the others takes longer than telling it.
const LANGUAGES: [&str; 2] = ["sv.toml", "en.toml"];

fn prepare(chapter: &Chapter, world: &World) {
    for entry in fs::read_dir(world.path("config/rules")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        let language = name.rsplit('-').next().unwrap_or_default();
        // Lists that rules of several languages share stand in `whose-*`.
        let shared = name.starts_with("whose-");
        if name.contains('-') && language.len() == 7 && !LANGUAGES.contains(&language) && !shared {
            fs::remove_file(&path).unwrap();
        }
    }
    let file = world.path("config/triaged.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replacen(
            "name = \"support\"\n",
            &format!("name = \"support\"\n{}", chapter.mailbox),
            1,
        )
        .replacen("[partner]\n", &format!("[partner]\n{}", chapter.partner), 1);
    fs::write(&file, text).unwrap();
    let file = world.path("config/registry/products.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    for (id, lines) in &chapter.product {
        let own = format!("id = {id:?}\n");
        assert!(text.contains(&own), "no product {id}");
        text = text.replacen(&own, &format!("{own}{lines}"), 1);
    }
    fs::write(&file, text).unwrap();
}

/// A mail that went out.
#[derive(Debug, Clone)]
struct Out {
    id: String,
    to: String,
    reply_to: String,
    subject: String,
    /// Header and first text, decoded.
    text: String,
    raw: Vec<u8>,
    /// Whether it went out in this step.
    new: bool,
}

impl Out {
    fn read(raw: &[u8]) -> Self {
        let message = MessageParser::new().parse(raw).expect("a message");
        let address = |list: Option<&mail_parser::Address<'_>>| {
            let first = list.and_then(|list| list.first()?.address());
            first.unwrap_or_default().to_owned()
        };
        let head: Vec<&str> = std::str::from_utf8(raw)
            .unwrap_or_default()
            .lines()
            .take_while(|line| !line.is_empty())
            .collect();
        let enclosed: Vec<String> = message
            .attachments()
            .map(|part| {
                format!(
                    "{}\n{}",
                    part.attachment_name().unwrap_or_default(),
                    String::from_utf8_lossy(part.contents())
                )
            })
            .collect();
        let text = format!(
            "{}\n\n{}\n{}",
            head.join("\n"),
            message.body_text(0).unwrap_or_default(),
            enclosed.join("\n")
        );
        Self {
            id: message.message_id().unwrap_or_default().to_owned(),
            to: address(message.to()),
            reply_to: address(message.reply_to()),
            subject: message.subject().unwrap_or_default().to_owned(),
            text,
            new: true,
            raw: raw.to_vec(),
        }
    }

    fn reference(&self) -> String {
        let reference = self.token().split('-').next().unwrap_or_default();
        format!(
            "T-{}",
            reference
                .strip_prefix('t')
                .unwrap_or_default()
                .to_uppercase()
        )
    }

    fn token(&self) -> &str {
        let detail = self.reply_to.split_once('+').map_or("", |(_, tail)| tail);
        detail.split('@').next().unwrap_or_default()
    }
}

/// `text` with what earlier mails are named by.
fn filled(text: &str, known: &[Out], shown: &str) -> String {
    let mut text = text.to_owned();
    for (n, out) in known.iter().enumerate() {
        let n = n + 1;
        for (name, value) in [
            ("id", out.id.as_str()),
            ("reply-to", &out.reply_to),
            ("token", out.token()),
            ("reference", &out.reference()),
            ("subject", &out.subject),
        ] {
            text = text.replace(&format!("{{{n}.{name}}}"), value);
        }
    }
    for name in [".id}", ".reply-to}", ".token}", ".subject}"] {
        assert!(
            !text.contains(name),
            "{shown}: nothing is known of it yet: {text}"
        );
    }
    text
}

/// All that went out, what is new at the end.
fn went_out(
    world: &World,
    post: &impl Post,
    before: Vec<Out>,
    new: usize,
    shown: &str,
) -> Vec<Out> {
    let mut all: Vec<Out> = before
        .into_iter()
        .map(|out| Out { new: false, ..out })
        .collect();
    let mut counts: HashMap<Vec<u8>, usize> = HashMap::new();
    for out in &all {
        *counts.entry(out.raw.clone()).or_default() += 1;
    }
    for raw in post.sent(world, all.len() + new) {
        match counts.get_mut(&raw) {
            Some(count) if *count > 0 => *count -= 1,
            _ => all.push(Out::read(&raw)),
        }
    }
    assert!(
        counts.values().all(|left| *left == 0),
        "{shown}: a mail that went out is there no more"
    );
    all
}

fn judge_sent(known: &[Out], step: &Step, shown: &str) {
    let mut new: Vec<&Out> = known.iter().filter(|out| out.new).collect();
    for wanted in &step.sent {
        let fits = |out: &&Out| {
            let subject = wanted.subject.as_deref();
            out.to == filled(&wanted.to, known, shown)
                && subject.is_none_or(|s| out.subject.contains(&filled(s, known, shown)))
        };
        let Some(at) = new.iter().position(fits) else {
            let texts: Vec<&str> = new.iter().map(|out| out.text.as_str()).collect();
            panic!(
                "{shown}: nothing like {wanted:?} went out, but\n{}",
                texts.join("\n\n")
            );
        };
        let out = new.remove(at);
        for words in &wanted.holds {
            let words = filled(words, known, shown);
            assert!(
                out.text.contains(&words),
                "{shown}: {words:?} is not in\n{}",
                out.text
            );
        }
        for words in &wanted.lacks {
            let words = filled(words, known, shown);
            assert!(
                !out.text.contains(&words),
                "{shown}: {words:?} is in\n{}",
                out.text
            );
        }
    }
    let texts: Vec<&str> = new.iter().map(|out| out.text.as_str()).collect();
    assert!(
        new.is_empty(),
        "{shown}: these went out, too:\n{}",
        texts.join("\n\n")
    );
}

fn judge_places(world: &World, post: &impl Post, step: &Step, id: &str, shown: &str) {
    let mailbox = post.mailbox(world);
    assert_eq!(
        messages_in(&mailbox).len(),
        step.left,
        "{shown}: what is left in the inbox"
    );
    let mut places: HashMap<String, Vec<String>> = HashMap::new();
    for (folder, mails) in folders_of(&mailbox) {
        for mail in mails {
            let message = MessageParser::new().parse(&mail).expect("a message");
            let id = message.message_id().unwrap_or_default().to_owned();
            places.entry(id).or_default().push(folder.clone());
        }
    }
    let of = |id: &str| places.get(id).cloned().unwrap_or_default();
    if let Some(folder) = &step.folder {
        assert_eq!(of(id), std::slice::from_ref(folder), "{shown}");
    }
    for (number, folder) in &step.moved {
        let id = format!("step-{number}@story.example");
        assert_eq!(
            of(&id),
            std::slice::from_ref(folder),
            "{shown}: the mail of step {number}"
        );
    }
}
