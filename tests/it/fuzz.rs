//! Mutation loops over everything that reads bytes from outside, each with seeds of its own: the
//! cases of the other areas and a few made for it. They know nothing of coverage, as cargo-fuzz
//! does, which wants a nightly compiler; what they find is found by many small changes to input
//! that is nearly right.
//!
//! A second for each target in CI; `TRIAGED_FUZZ=600 cargo test --test it fuzz::` gives each ten
//! minutes. What fails is written to the folder of temporary files, and its path is told.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use triaged::audit::verify::Verifier;
use triaged::config;
use triaged::domain::digest::Digest;
use triaged::domain::ids::{MailboxName, TicketId};
use triaged::domain::plan::Enclosure;
use triaged::mail::origin::InstanceKey;
use triaged::mail::{Message, compose};
use triaged::triage::plan::{Incoming, plan};
use triaged::triage::{Policy, decide};

use crate::hostile::{input, reader};
use crate::job::world::World;

/// Longest time that one input may take, in an unoptimised build on a busy machine.
const INPUT_MAX: Duration = Duration::from_secs(20);

/// Largest input, in bytes.
const SIZE_MAX: usize = 64 << 10;

/// How long each target runs.
fn time() -> Duration {
    let told = std::env::var("TRIAGED_FUZZ").ok();
    Duration::from_secs(told.and_then(|text| text.parse().ok()).unwrap_or(1))
}

/// Chance that can be told again: xorshift64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (most.max(1) as u64)).unwrap_or(0)
    }
}

/// Pieces that readers stumble over.
const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\x1b[",
    b"=?utf-8?Q?",
    b"?=",
    b"=\r\n",
    b"--b\r\n",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b"@",
    b";",
    b":",
    b"\r\n.\r\n",
    b"\xff",
    b"\xe2\x80\xae",
    b"{9999}\r\n",
    b"[[",
    b"'''",
];

/// A seed with a few changes.
fn changed(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(64)).min(bytes.len());
        match chance.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = PIECES[chance.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            4 => {
                let part = bytes[at..end].repeat(1 + chance.below(40));
                bytes.splice(at..at, part);
            }
            5 => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len());
                let part = other[from..(from + chance.below(400)).min(other.len())].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(chance.below(256)).unwrap_or(0);
                }
            }
        }
        bytes.truncate(SIZE_MAX);
    }
    bytes
}

/// Feeds a target until its time is over.
fn feed(name: &str, seeds: &[Vec<u8>], target: impl Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let seed = u64::from(std::process::id()) << 16 | 0x5eed;
    let mut chance = Chance(seed);
    let begun = Instant::now();
    let mut count = 0_u64;
    while count == 0 || begun.elapsed() < time() {
        // Every seed as it is, then changed.
        let input = match seeds.get(usize::try_from(count).unwrap_or(usize::MAX)) {
            Some(seed) => seed.clone(),
            None => changed(seeds, &mut chance),
        };
        let one = Instant::now();
        let end = catch_unwind(AssertUnwindSafe(|| target(&input)));
        if end.is_err() || one.elapsed() > INPUT_MAX {
            let path = std::env::temp_dir().join(format!("triaged-{name}-{}", Digest::of(&input)));
            fs::write(&path, &input).unwrap();
            panic!(
                "{name}: input {count} of seed {seed} fails: {}",
                path.display()
            );
        }
        count += 1;
    }
    eprintln!("{name}: {count} inputs");
}

fn files(directory: &str, ending: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut paths: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn messages() -> Vec<Vec<u8>> {
    let mut seeds = files("tests/cases/mail", ".eml");
    seeds.extend(files("src/cli/demo/mail", ".eml"));
    let hostile = input::cases();
    seeds.extend(
        hostile
            .iter()
            .map(input::Case::bytes)
            .filter(|b| b.len() < SIZE_MAX),
    );
    seeds
}

fn world() -> World {
    World::new(
        "kind = \"maildir\"\npath = \"../m\"",
        "transport = \"maildir\"\npath = \"../out\"",
    )
}

fn steers(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

/// Read, decided and, whatever was decided, composed; what goes out is read by another reader.
fn whole_way(bytes: &[u8], policy: &Policy, key: &InstanceKey) {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    assert!(!steers(&message.subject) && !message.subject.contains('\n'));
    let reading = decide(&message, policy, Some(key));
    let address = "support@partner.example".parse().unwrap();
    let mailbox = MailboxName::from("support");
    let incoming = Incoming {
        id: TicketId::new([5; 16]),
        original: bytes,
        digest: Digest::of(bytes),
        mailbox: &mailbox,
        address: &address,
        at: jiff::Timestamp::UNIX_EPOCH,
        thread: None,
        incident: None,
    };
    let made = plan(
        &message,
        &reading.text,
        &reading.decision,
        policy,
        key,
        &incoming,
    );
    if let Some(plan) = made {
        for enclosure in [Enclosure::Rfc822, Enclosure::Eml] {
            let mail = compose::render(&plan, bytes, enclosure).bytes;
            reader::check(&mail, &[plan.recipient.as_str()]).unwrap();
        }
    }
    let again = decide(&message, policy, Some(key));
    assert_eq!(
        reading.decision, again.decision,
        "it decides otherwise the second time"
    );
}

#[test]
fn messages_on_their_whole_way() {
    let world = world();
    let config = config::load(&world.path("config")).unwrap();
    let key = InstanceKey::new([3; 32]);
    feed("messages", &messages(), |bytes| {
        whole_way(bytes, &config.policy, &key);
    });
}

#[test]
fn heads_alone() {
    feed("heads", &messages(), |bytes| {
        let _refused = Message::from_head(bytes);
    });
}

#[test]
fn configurations() {
    let world = world();
    let main = world.path("config/triaged.toml");
    let rules = world.path("config/rules");
    let seeds = [
        files("config/rules", ".toml"),
        vec![fs::read(&main).unwrap()],
    ]
    .concat();
    for entry in fs::read_dir(&rules).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    feed("configurations", &seeds, |bytes| {
        // It may be refused, with a finding that can be shown.
        fs::write(rules.join("x.toml"), bytes).unwrap();
        if let Err(findings) = config::load(&world.path("config")) {
            assert!(!findings.is_empty());
            assert!(!steers(&config::findings::render(&findings, false)));
        }
    });
}

#[test]
fn addresses() {
    let seeds = [
        "a@example.com",
        "\"a b\"@example.com",
        "a+b@xn--4ca.example",
        "å@ö.example",
        "a@[127.0.0.1]",
    ];
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|text| text.as_bytes().to_vec()).collect();
    feed("addresses", &seeds, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(address) = text.parse::<triaged::domain::address::Address>() {
            let shown = address.as_str();
            assert!(
                !shown
                    .chars()
                    .any(|c| c.is_control() || c == ' ' && !shown.starts_with('"'))
            );
            assert!(!shown.contains(['\r', '\n', '\0']));
            let again: triaged::domain::address::Address = shown.parse().unwrap();
            assert_eq!(address, again);
        }
    });
}

#[test]
fn audit_files() {
    let line = b"{\"seq\":1,\"at\":\"2026-11-16T07:12:31Z\",\"actor\":\"triaged\",\"event\":\"stopped\",\"prev\":\"00\",\"hash\":\"00\"}\n";
    let seeds = vec![line.to_vec(), line.repeat(3), b"{\"seq\":".to_vec()];
    feed("audit", &seeds, |bytes| {
        let mut verifier = Verifier::new(Vec::new());
        verifier.read(bytes).unwrap();
        let report = verifier.finish(None);
        assert!(bytes.is_empty() || report.lines > 0);
    });
}
