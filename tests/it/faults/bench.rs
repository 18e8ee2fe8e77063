//! What the tests of faults share: the program under a deadline, a scripted way out, a Maildir or
//! Dovecot as the mailbox.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;
use triaged::system::maildir;

use crate::job::sample::{End, Sample};
use crate::job::world::{Forward, World, folders_of, judge};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::smtp_peer::{Act, Peer, Plan, Record, Rule};

/// Longest time that anything in these tests may take.
pub const LONGEST: Duration = Duration::from_secs(40);

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote to standard error.
    pub said: String,
}

/// A scripted SMTP server.
pub struct WayOut {
    runtime: Runtime,
    peer: Peer,
}

impl WayOut {
    /// One that follows `rules` and offers AUTH.
    pub fn start(rules: Vec<Rule>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let plan = Plan {
            offers: vec!["AUTH PLAIN".to_owned(), "8BITMIME".to_owned()],
            rules,
            ..Plan::default()
        };
        let peer = runtime.block_on(Peer::start(plan));
        Self { runtime, peer }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.peer.address.port()
    }

    /// What it saw.
    pub fn record(&self) -> Record {
        self.peer.record()
    }

    /// Waits until what it saw is as `wanted` says.
    pub fn until(&self, wanted: impl Fn(&Record) -> bool) {
        let seen = self
            .runtime
            .block_on(async { tokio::time::timeout(LONGEST, self.peer.until(wanted)).await });
        assert!(seen.is_ok(), "the way out saw only {:?}", self.record());
    }

    /// The forwards it took, as they stood before dots were doubled; letters beside them, such as
    /// reminders, enclose nothing.
    pub fn forwards(&self) -> Vec<Forward> {
        let encloses = |wire: &&Vec<u8>| {
            let text = String::from_utf8_lossy(wire);
            text.contains("message/rfc822") || text.contains("application/octet-stream")
        };
        let record = self.record();
        let forwards = record.stored.iter().filter(encloses);
        forwards.map(|wire| forward(wire)).collect()
    }
}

/// A rule for the `nth` time that `step` comes up; 0 for every time.
pub fn rule(step: &str, nth: usize, act: Act) -> Rule {
    Rule {
        step: step.to_owned(),
        nth: (nth > 0).then_some(nth),
        act,
    }
}

/// An answer.
pub fn reply(text: &str) -> Act {
    Act::Reply(text.to_owned())
}

/// The contacts of the shipped products, each with its product.
pub const CONTACTS: [(&str, &str); 3] = [
    ("support@lumen-crm.example", "lumen-crm"),
    ("brukerstotte@fjordarkiv.example", "fjordarkiv"),
    ("helpdesk@tidvakt.example", "tidvakt"),
];

fn forward(wire: &[u8]) -> Forward {
    let mut mail = Vec::with_capacity(wire.len());
    for line in wire.split_inclusive(|b| *b == b'\n') {
        if line != b".\r\n" {
            mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
    }
    let text = String::from_utf8_lossy(&mail);
    let is_to = |line: &str, address| line.starts_with("To:") && line.contains(address);
    let (_, product) = CONTACTS
        .iter()
        .find(|(address, _)| text.lines().any(|line| is_to(line, address)))
        .expect("a known recipient");
    Forward::read(product, &mail)
}

/// What stands under `[delivery]` for a way out at `port`, with `more` lines.
pub fn over_smtp(port: u16, more: &str) -> String {
    format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n{more}\n")
}

/// A port of loopback at which nobody listens.
pub fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A world whose mailbox is a Maildir that holds `mail`.
pub fn on_maildir(mail: &[Sample], mailbox: &str, delivery: &str) -> World {
    let head = "kind = \"maildir\"\npath = \"../mailbox\"\nfirst-run = \"all\"\n";
    let world = World::new(&format!("{head}{mailbox}\n"), delivery);
    let path = world.path("mailbox");
    maildir::create(&path, maildir::MODE_DEFAULT).unwrap();
    for sample in mail {
        maildir::deliver(&path, &sample.bytes).unwrap();
    }
    world
}

/// A world whose mailbox is an account of `dovecot`, with `more` lines.
pub fn on_dovecot(dovecot: &Dovecot, more: &str, delivery: &str) -> World {
    let mailbox = format!(
        "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nca-file = \"{}\"\nuser = \"{USER}\"\n\
         password-file = \"{}\"\n{more}\n",
        dovecot.imaps,
        dovecot.ca_file().display(),
        dovecot.secret_file(PASSWORD).display(),
    );
    World::new(&mailbox, delivery)
}

/// Replaces a part of the configuration.
pub fn edit(world: &World, from: &str, to: &str) {
    let path = world.path("config/triaged.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "`{from}` does not stand there");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Puts lines under `[limits]`.
pub fn limits(world: &World, lines: &str) {
    let path = world.path("config/triaged.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}\n[limits]\n{lines}\n")).unwrap();
}

/// Starts the program; what it says goes to a file of the world.
pub fn start(world: &World, arguments: &[&str]) -> Running {
    start_in(Command::new("env"), world, arguments)
}

/// As [`start`], by a command that becomes the program it is given.
pub fn start_in(mut command: Command, world: &World, arguments: &[&str]) -> Running {
    let said = world.path(&format!("said-{}", arguments.join("")));
    let child = command
        .arg(env!("CARGO_BIN_EXE_triaged"))
        .arg("--config")
        .arg(world.path("config"))
        .args(arguments)
        .env_remove("TRIAGED_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    Running { child, said }
}

/// Runs the program to its end.
pub fn run(world: &World, arguments: &[&str]) -> Ended {
    start(world, arguments).ended()
}

/// `run --once`, which must end well.
pub fn run_once(world: &World) {
    let ended = run(world, &["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

/// The program at work; it is killed when dropped.
pub struct Running {
    child: Child,
    said: PathBuf,
}

impl Running {
    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ended {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        Ended {
            code: status.and_then(|status| status.code()),
            said: self.said(),
        }
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a condition.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONGEST, "in vain: {what}");
        std::thread::sleep(LOOK);
    }
}

/// Every ticket, as `tickets --json` tells.
pub fn tickets(world: &World) -> Vec<Value> {
    let text = world.ok(&["tickets", "--json", "--limit", "1000"]);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How many tickets stand at each stage.
pub fn stages(world: &World) -> HashMap<String, usize> {
    let mut stages = HashMap::new();
    for ticket in tickets(world) {
        *stages.entry(text(&ticket, "stage")).or_default() += 1;
    }
    stages
}

/// The tickets at one stage.
pub fn at_stage(world: &World, stage: &str) -> Vec<Value> {
    let mut all = tickets(world);
    all.retain(|ticket| ticket["stage"] == stage);
    all
}

/// A field of a ticket.
pub fn text(ticket: &Value, field: &str) -> String {
    ticket[field].as_str().unwrap_or_default().to_owned()
}

/// Has a person say `wish` about every ticket at `stage`.
pub fn for_all_at(world: &World, stage: &str, wish: &str) {
    for ticket in at_stage(world, stage) {
        world.ok(&[wish, &text(&ticket, "id")]);
    }
}

/// How many messages lie in a Maildir directory that the program may be at work on.
pub fn left_in(maildir: &Path) -> usize {
    let parts = ["new", "cur"].iter().map(|part| maildir.join(part));
    parts.flat_map(|part| fs::read_dir(part).unwrap()).count()
}

/// The oracle on a Maildir tree; the answer is how many forwards came more than once.
pub fn judged(maildir: &Path, mail: &[Sample], way_out: &WayOut) -> usize {
    let (folders, left) = (folders_of(maildir), left_in(maildir));
    judge(mail, &folders, left, &way_out.forwards())
}

/// How many of `mail` must be sent.
pub fn technical(mail: &[Sample]) -> usize {
    let sent = |sample: &&Sample| matches!(sample.end, End::Sent(_));
    mail.iter().filter(sent).count()
}
