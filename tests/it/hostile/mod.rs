//! Hostile input: mail made to crash, exhaust, deceive or use the program. Every row of the list
//! has cases here, tests elsewhere, or a reason why it does not apply.
//!
//! The cases run twice: one by one, with a bound on the time and an eye on every text that people
//! read; and all at once through the real program and a mailbox, with a bound on its memory.

pub mod input;
pub mod reader;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::time::Duration;

use triaged::config;
use triaged::domain::decision::Action;
use triaged::domain::digest::Digest;
use triaged::domain::ids::{MailboxName, TicketId};
use triaged::domain::plan::Enclosure;
use triaged::mail::message::Unparsable;
use triaged::mail::origin::InstanceKey;
use triaged::mail::{Message, compose};
use triaged::system::maildir;
use triaged::triage::decide;
use triaged::triage::decide::asked;
use triaged::triage::plan::{Incoming, plan};

use crate::faults::bench::{
    CONTACTS, WayOut, left_in, limits, on_maildir, over_smtp, start, text, tickets,
};
use crate::job::sample;
use crate::job::world::{World, folders_of};
use input::Case;

/// Rows of the list of hostile inputs.
const ROWS: u32 = 64;

/// Longest time on the processor that reading, deciding and composing one message may take, in
/// an unoptimised build.
const TIME_MAX: Duration = Duration::from_secs(8);

/// Most text that may be read of one message, in bytes: its own and what it encloses.
const TEXT_MAX: usize = 512 << 10;

/// Most memory that the program may ever have had resident while it worked all of it off. The
/// budget for messages is 16 MiB by default, and the largest message has it to itself.
const RESIDENT_MAX_KIB: u64 = 192 << 10;

/// What this thread has spent on a processor.
fn spent() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// Whether a text could steer what shows it.
fn steers(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn every_row_of_the_list_is_held_somewhere() {
    let mut held: BTreeSet<u32> = input::cases().iter().map(|case| case.row).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for row in input::elsewhere() {
        assert!(!row.what.is_empty(), "row {}", row.row);
        assert!(
            row.tests.is_empty() != row.not.is_empty(),
            "row {} has tests, or a reason why it has none",
            row.row
        );
        for test in &row.tests {
            let (file, name) = test.split_once(": ").expect("`file: name`");
            let path = root.join(file);
            let found = if path.is_dir() {
                path.join(name).exists()
            } else {
                let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
                text.contains(&format!("fn {name}("))
            };
            assert!(found, "row {}: `{name}` is not in {file}", row.row);
        }
        held.insert(row.row);
    }
    let missing: Vec<u32> = (1..=ROWS).filter(|row| !held.contains(row)).collect();
    assert!(missing.is_empty(), "nobody holds {missing:?}");
}

#[test]
fn each_message_is_read_in_bounded_time_and_steers_nothing() {
    let world = World::new(
        "kind = \"maildir\"\npath = \"../m\"",
        "transport = \"maildir\"\npath = \"../out\"",
    );
    let config = config::load(&world.path("config")).unwrap();
    let key = InstanceKey::new([3; 32]);
    let address = "support@partner.example".parse().unwrap();
    for case in input::cases() {
        let name = &case.name;
        let bytes = case.bytes();
        let begun = spent();
        let message = match Message::parse(&bytes) {
            Ok(message) => message,
            Err(error) => {
                assert!(
                    !matches!(error, Unparsable::Panicked { .. }),
                    "{name}: {error}"
                );
                assert_eq!(case.lands, "Quarantine", "{name}: {error}");
                continue;
            }
        };
        let reading = decide(&message, &config.policy, Some(&key));
        let digest = Digest::of(&bytes);
        let mailbox = MailboxName::from("support");
        let incoming = Incoming {
            id: TicketId::new([5; 16]),
            original: &bytes,
            digest,
            mailbox: &mailbox,
            address: &address,
            at: jiff::Timestamp::UNIX_EPOCH,
            incident: None,
            thread: None,
        };
        let made = plan(
            &message,
            &reading.text,
            &reading.decision,
            &config.policy,
            &key,
            &incoming,
        );
        if let Some(plan) = &made {
            for enclosure in [Enclosure::Rfc822, Enclosure::Eml] {
                let mail = compose::render(plan, &bytes, enclosure).bytes;
                let wrong = reader::check(&mail, &[plan.recipient.as_str()]);
                assert_eq!(wrong, Ok(()), "{name}");
            }
        }
        let took = spent().saturating_sub(begun);
        assert!(took < TIME_MAX, "{name}: {} took {took:?}", case.what);

        assert_eq!(
            made.is_some(),
            reading.decision.action == Action::Forward,
            "{name}"
        );
        assert!(
            message.plain.len() <= TEXT_MAX,
            "{name}: {}",
            message.plain.len()
        );
        let from = message.author().map_or("", |author| author.text.as_str());
        for shown in [&message.subject, from, &message.subject_base] {
            assert!(!steers(shown) && !shown.contains('\n'), "{name}: {shown:?}");
        }
        for attachment in &message.attachments {
            let file = &attachment.name;
            assert!(
                !steers(file) && !file.contains(['/', '\\', '\n']),
                "{name}: {file:?}"
            );
        }
        if let Some(lacks) = &case.text_lacks {
            assert!(!asked(&reading.text).contains(lacks.as_str()), "{name}");
        }
    }
}

/// Peak of resident memory, in KiB; 0 once the process is gone.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|value| value.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[test]
fn all_of_it_goes_through_the_program_to_where_it_must() {
    let way_out = WayOut::start(vec![]);
    let mail = sample::mail(8, 0);
    let world = on_maildir(&mail, "", &over_smtp(way_out.port(), ""));
    // All of it has one author.
    limits(&world, "sender-per-day = 10000\nmatter-per-day = 10000");
    let mut cases: HashMap<Digest, Case> = HashMap::new();
    for case in input::cases() {
        let bytes = case.bytes();
        maildir::deliver(&world.path("mailbox"), &bytes).unwrap();
        let digest = Digest::of(&bytes);
        assert!(cases.insert(digest, case).is_none(), "two cases are one");
    }
    let mut program = start(&world, &["run", "--once"]);
    let mut peak = 0;
    while !program.has_ended() {
        peak = peak.max(peak_of(program.id()));
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = program.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        !steers(&ended.said),
        "the log steers a terminal: {:?}",
        ended.said
    );
    assert!(!ended.said.contains("panic"), "{}", ended.said);
    assert!(peak < RESIDENT_MAX_KIB, "{peak} KiB were resident");

    assert_eq!(left_in(&world.path("mailbox")), 0, "the rest must flow");
    let mut sent: HashMap<Digest, usize> = HashMap::new();
    for wire in way_out.record().stored {
        let mail = reader::from_wire(&wire).unwrap();
        reader::check(&mail, &CONTACTS.map(|(address, _)| address)).unwrap();
    }
    for forward in way_out.forwards() {
        *sent.entry(Digest::of(&forward.original)).or_default() += 1;
    }
    let mut places: HashMap<Digest, Vec<String>> = HashMap::new();
    for (folder, messages) in folders_of(&world.path("mailbox")) {
        for message in messages {
            places
                .entry(Digest::of(&message))
                .or_default()
                .push(folder.clone());
        }
    }
    let told: HashMap<String, serde_json::Value> = tickets(&world)
        .into_iter()
        .map(|ticket| (text(&ticket, "digest"), ticket))
        .collect();
    let mut wrong = Vec::new();
    for (digest, case) in &cases {
        let name = &case.name;
        let place = places.get(digest).map(|p| p.join(", ")).unwrap_or_default();
        let times = sent.get(digest).copied().unwrap_or(0);
        let reason = told
            .get(&digest.to_string())
            .map(|ticket| text(ticket, "reason"))
            .unwrap_or_default();
        if place != case.lands || times != usize::from(case.lands == "Forwarded") {
            wrong.push(format!(
                "{name}: in `{place}`, sent {times} times: {reason}"
            ));
        }
        if let Some(part) = &case.reason
            && !reason.contains(part.as_str())
        {
            wrong.push(format!("{name}: the reason is `{reason}`"));
        }
        let Some(ticket) = told.get(&digest.to_string()) else {
            continue;
        };
        let (subject, from) = (text(ticket, "subject"), text(ticket, "from"));
        if case
            .subject
            .as_ref()
            .is_some_and(|wanted| *wanted != subject)
            || case.from.as_ref().is_some_and(|wanted| *wanted != from)
            || case
                .from_lacks
                .as_ref()
                .is_some_and(|part| from.contains(part.as_str()))
        {
            wrong.push(format!("{name}: `{subject}` from `{from}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.ok(&["audit", "verify"]);
}
