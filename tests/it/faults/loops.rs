//! Machines that answer machines: what comes back to us, a circle of real servers, and the caps
//! that end what nothing else has noticed.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use triaged::system::maildir;

use super::bench::{
    LONGEST, WayOut, at_stage, edit, judged, left_in, limits, on_maildir, over_smtp, run, run_once,
    start, text, tickets, until,
};
use crate::hostile::reader;
use crate::job::sample::{self, End, Sample};
use crate::job::world::{World, messages_in};
use crate::support::pki::Authority;
use crate::support::postfix::Postfix;

/// How long nothing may move before a circle counts as silent; far longer than a round takes.
const SILENCE: Duration = Duration::from_secs(3);

fn technical(count: usize) -> Vec<Sample> {
    let mut mail = sample::mail(count * 4, 0);
    mail.retain(|sample| matches!(sample.end, End::Sent(_)));
    mail.truncate(count);
    mail
}

/// A mail that no header tells to be a machine's.
fn unmarked(n: usize, subject: &str, about: &str) -> Vec<u8> {
    format!(
        "From: Desk <desk@helpdesk.example>\nTo: support@partner.example\nSubject: {subject}\n\
         Message-ID: <{n}@helpdesk.example>\nDate: Mon, 16 Nov 2026 08:12:31 +0100\n\n{about}\n"
    )
    .into_bytes()
}

#[test]
fn what_comes_back_to_us_is_silent() {
    let mail = technical(1);
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), ""));
    run_once(&world);
    let forward = reader::from_wire(&way_out.record().stored[0]).unwrap();
    let inbox = world.path("mailbox");
    // As it is; without the mark, under our Message-ID; and an answer that names it.
    let id = way_out.forwards()[0].id.clone();
    let kept = |mail: &[u8], name: &str| -> Vec<u8> {
        let lines = mail.split_inclusive(|byte| *byte == b'\n');
        lines
            .filter(|line| !line.starts_with(name.as_bytes()))
            .flatten()
            .copied()
            .collect()
    };
    let bare = ["X-Triaged", "Auto-Submitted", "X-Auto", "From"]
        .iter()
        .fold(forward.clone(), |mail, name| kept(&mail, name));
    let about = "Lumen CRM kraschar, felkod 0x1F.";
    let answer = String::from_utf8(unmarked(1, "Re: Lumen CRM", about)).unwrap();
    let answer = answer.replace("Date:", &format!("References: <{id}>\nDate:"));
    for mail in [forward, bare, answer.into_bytes()] {
        maildir::deliver(&inbox, &mail).unwrap();
    }
    run_once(&world);
    assert_eq!(way_out.record().stored.len(), 1, "it was sent again");
    assert_eq!(messages_in(&inbox.join(".Own mail")).len(), 2);
    assert_eq!(messages_in(&inbox.join(".Replies")).len(), 1);
}

#[test]
fn a_circle_of_machines_that_show_no_mark_ends_in_silence() {
    // What a helpdesk answers to each forward: the same matter under new numbers; then ever new
    // subjects, which only the cap on the sender ends.
    for (caps, subject, sent) in [
        ("", "[#{n}] Lumen CRM kraschar ({n})", 4),
        ("sender-per-day = 5", "Lumen CRM {w} kraschar", 5),
    ] {
        let way_out = WayOut::start(vec![]);
        let world = on_maildir(&[], "", &over_smtp(way_out.port(), ""));
        limits(&world, caps);
        for round in 0..7_u8 {
            let word = char::from(b'a' + round).to_string().repeat(3);
            let n = usize::from(round);
            let subject = subject.replace("{n}", &n.to_string()).replace("{w}", &word);
            let about = format!("Lumen CRM kraschar, felkod 0x1F, {word}.");
            let mail = unmarked(n, &subject, &about);
            maildir::deliver(&world.path("mailbox"), &mail).unwrap();
            run_once(&world);
        }
        assert_eq!(way_out.forwards().len(), sent, "{caps}");
        let looped = messages_in(&world.path("mailbox/.Loops")).len();
        assert_eq!(looped, 7 - sent, "{caps}");
        // Somebody else is still heard.
        let other = String::from_utf8(unmarked(99, "Lumen CRM kraschar", "Felkod 0x1F.")).unwrap();
        let other = other.replace("desk@helpdesk", "kim@kund");
        maildir::deliver(&world.path("mailbox"), other.as_bytes()).unwrap();
        run_once(&world);
        assert_eq!(way_out.forwards().len(), sent + 1, "{caps}");
        let status = world.run(&["status"]);
        let said = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(!status.status.success(), "{said}");
        assert!(said.contains("go in a circle"), "{said}");
        assert_eq!(world.events().get("looped"), Some(&looped));
        world.ok(&["audit", "verify"]);
    }
}

#[test]
fn a_sender_in_one_batch_is_counted_as_over_many() {
    let way_out = WayOut::start(vec![]);
    let world = on_maildir(&[], "", &over_smtp(way_out.port(), ""));
    limits(&world, "sender-per-day = 3\nmatter-per-day = 2");
    // Old mail that is taken over in one go does not count.
    for n in 0..12 {
        let about = format!("Lumen CRM kraschar, felkod 0x{n}.");
        let mut mail = unmarked(n, "Lumen CRM kraschar", &about);
        if n < 6 {
            let hop = "Received: from a.example by b.example; Mon, 16 Nov 2020 08:12:31 +0100\n";
            mail = [hop.as_bytes(), &mail].concat();
        }
        maildir::deliver(&world.path("mailbox"), &mail).unwrap();
    }
    run_once(&world);
    assert_eq!(way_out.forwards().len(), 6 + 2);
    assert_eq!(messages_in(&world.path("mailbox/.Loops")).len(), 4);
}

#[test]
fn the_cap_on_all_stops_sending_and_not_intake() {
    let mail = sample::mail(24, 0);
    let sent = mail
        .iter()
        .filter(|s| matches!(s.end, End::Sent(_)))
        .count();
    let way_out = WayOut::start(vec![]);
    let delivery = over_smtp(way_out.port(), "per-day = 4\nconnections = 1\n");
    let world = on_maildir(&mail, "", &delivery);
    // A restart forgets nothing.
    for _ in 0..2 {
        let ended = run(&world, &["run", "--once"]);
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains("per-day"), "{}", ended.said);
        assert_eq!(way_out.forwards().len(), 4);
        assert_eq!(
            left_in(&world.path("mailbox")),
            sent - 4,
            "the rest is filed"
        );
        assert_eq!(at_stage(&world, "decided").len(), sent - 4);
    }
    let status = world.run(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("sending pauses until"), "{said}");
    assert_eq!(world.events().get("capped"), Some(&2));
    edit(&world, "per-day = 4", "per-day = 100");
    run_once(&world);
    assert_eq!(judged(&world.path("mailbox"), &mail, &way_out), 0);
    world.ok(&["audit", "verify"]);
}

/// Hands a mail to a server, as another mail system does.
fn hand_over(port: u16, from: &str, to: &str, mail: &str) {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let mut say = |words: &str| {
        stream.write_all(words.as_bytes()).unwrap();
        let mut line = String::new();
        while line.as_bytes().get(3) != Some(&b' ') {
            line.clear();
            answers.read_line(&mut line).unwrap();
        }
        assert!(line.starts_with(['2', '3']), "{words:?}: {line}");
    };
    say("");
    say("EHLO machine.example\r\n");
    say(&format!("MAIL FROM:<{from}>\r\n"));
    say(&format!("RCPT TO:<{to}>\r\n"));
    say("DATA\r\n");
    say(&(mail.replace('\n', "\r\n") + "\r\n.\r\n"));
    say("QUIT\r\n");
}

/// A machine that answers every mail of a Maildir.
struct Machine {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Machine {
    /// `answer` makes the mails that follow from one: sender, recipient, text.
    fn start(
        maildir: PathBuf,
        port: u16,
        answer: impl Fn(usize, &str) -> Vec<(String, String, String)> + Send + 'static,
    ) -> Self {
        let (stop, answered) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (ended, count) = (Arc::clone(&stop), Arc::clone(&answered));
        let thread = std::thread::spawn(move || {
            let mut known: HashSet<PathBuf> = HashSet::new();
            while !ended.load(Ordering::Relaxed) {
                let files = fs::read_dir(maildir.join("new")).into_iter().flatten();
                for path in files.map(|entry| entry.unwrap().path()) {
                    let Ok(mail) = fs::read(&path) else { continue };
                    if known.insert(path) {
                        let mail = String::from_utf8_lossy(&mail).into_owned();
                        for (from, to, text) in answer(known.len(), &mail) {
                            hand_over(port, &from, &to, &text);
                        }
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self {
            stop,
            answered,
            thread: Some(thread),
        }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "a machine broke down"
        );
    }
}

fn field(mail: &str, name: &str) -> String {
    let mut lines = mail.lines().take_while(|line| !line.is_empty());
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_default().trim().to_owned()
}

/// An instance whose mailbox is a Maildir of `postfix`, and which sends by it.
fn instance(postfix: &Postfix, authority: &Authority, folder: &str, address: &str) -> World {
    let delivery = format!(
        "transport = \"smtp\"\nhost = \"localhost\"\nport = {}\ntls = \"starttls\"\nca-file = \"{}\"\n",
        postfix.port,
        authority.file().display()
    );
    let path = postfix.maildir(folder);
    let mailbox = format!("kind = \"maildir\"\npath = {path:?}\nfirst-run = \"all\"\n");
    let world = World::new(&mailbox, &delivery);
    edit(&world, "support@partner.example", address);
    let (_, domain) = address.split_once('@').unwrap();
    edit(&world, "partner.example\"]", &format!("{domain}\"]"));
    world
}

/// Everything that lies anywhere in a Maildir tree.
fn files_below(path: &Path) -> usize {
    let entries = fs::read_dir(path).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[test]
fn two_instances_a_vacation_and_a_helpdesk_on_real_servers_fall_silent() {
    let authority = Authority::new();
    let postfix = Postfix::start(&authority.certify("DNS:localhost", 30));
    // A sends what is about Lumen CRM to B, and B sends it to A.
    let (ours, theirs) = ("support@publisher.example", "support@lumen-crm.example");
    let (a, b) = ("box", "lumen-crm");
    for folder in [a, b, "tidvakt", "fjordarkiv"] {
        postfix.make_maildir(folder);
    }
    let one = instance(&postfix, &authority, a, ours);
    let two = instance(&postfix, &authority, b, theirs);
    let products = two.path("config/registry/products.toml");
    let registry = fs::read_to_string(&products).unwrap().replace(theirs, ours);
    fs::write(products, registry).unwrap();
    edit(&two, &format!("[\"{theirs}\""), &format!("[\"{ours}\""));

    let port = postfix.port;
    let vacation = Machine::start(postfix.maildir("tidvakt"), port, |n, mail| {
        let to = field(mail, "Reply-To");
        let text = format!(
            "From: helpdesk@tidvakt.example\nTo: {to}\nSubject: Autosvar: {}\n\
             Auto-Submitted: auto-replied\nMessage-ID: <v{n}@tidvakt.example>\n\n\
             Jag har semester. Vid fel i Tidvakt: felkod 0x1F.\n",
            field(mail, "Subject")
        );
        vec![(String::new(), to, text)]
    });
    // It answers the case, and opens one of its own without any mark, as if a person wrote.
    let desk = Machine::start(postfix.maildir("fjordarkiv"), port, move |n, mail| {
        let (to, id) = (field(mail, "Reply-To"), field(mail, "Message-ID"));
        let from = "noreply@desk.example".to_owned();
        let own = format!(
            "From: {from}\nTo: {ours}\nSubject: [#47{n}] Fjordarkiv fungerar inte\n\
             Message-ID: <d{n}@desk.example>\n\nSynkroniseringen i Fjordarkiv fungerar inte, vi \
             får ett felmeddelande. Ärende {n}.\n"
        );
        let answer = format!(
            "From: {from}\nTo: {to}\nSubject: Re: {}\nIn-Reply-To: {id}\n\
             Message-ID: <a{n}@desk.example>\n\nVi ser ett fel i Fjordarkiv, felkod 0x1F.\n",
            field(mail, "Subject")
        );
        vec![(from.clone(), ours.to_owned(), own), (from, to, answer)]
    });

    let (first, second) = (start(&one, &["run"]), start(&two, &["run"]));
    let begun = technical(3);
    for (n, sample) in begun.iter().enumerate() {
        let mail = String::from_utf8_lossy(&sample.bytes).into_owned();
        hand_over(port, &format!("kund{n}@kund.example"), ours, &mail);
    }
    let place = postfix.maildir("");
    let (mut seen, mut since) = (0, Instant::now());
    until("everything falls silent", || {
        let now = files_below(&place) + vacation.answered() + desk.answered();
        if now != seen || left_in(&place.join(a)) + left_in(&place.join(b)) > 0 {
            (seen, since) = (now, Instant::now());
        }
        desk.answered() > 0 && since.elapsed() > SILENCE
    });
    for daemon in [first, second] {
        daemon.terminate();
        let ended = daemon.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
    let sent = |world: &World| world.events().get("delivered").copied().unwrap_or(0);
    // The three, and what the desk opened until the cap on one matter.
    assert_eq!((sent(&one), sent(&two)), (3 + 4, 0));
    assert_eq!(vacation.answered(), 1);
    assert_eq!(desk.answered(), 1 + 4);
    let in_folder = |folder: &str| messages_in(&place.join(a).join(format!(".{folder}"))).len();
    assert_eq!(in_folder("Loops"), 1);
    assert_eq!(in_folder("Replies"), 5, "each answer is in its case");
    assert_eq!(in_folder("Auto-replies"), 1);
    let kinds: HashSet<String> = tickets(&two).iter().map(|t| text(t, "kind")).collect();
    assert!(!kinds.contains("ticket"), "{kinds:?}");
    for world in [&one, &two] {
        world.ok(&["audit", "verify"]);
    }
}
