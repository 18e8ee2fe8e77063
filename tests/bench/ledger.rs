//! What the ledger costs: changes per second for several group sizes, bytes per ticket, and a pass
//! over the mailbox beside few and many settled tickets. Run by hand; it judges nothing.
//!
//! ```text
//! cargo bench --bench ledger                    10,000 and 100,000 settled tickets
//! cargo bench --bench ledger -- 1000000         10,000 and 1,000,000 (about 5 GB in $TMPDIR)
//! ```

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use triaged::domain::decision::{
    Action, Decision, Evidence, Owner, Priority, ProductHit, Score, Step, Zone,
};
use triaged::domain::digest::Digest;
use triaged::domain::event::{Actor, Entry, Happening, Personal, Proof};
use triaged::domain::ids::{CategoryId, Folder, MailboxName, ProductId, RuleId, TicketId};
use triaged::domain::kind::Kind;
use triaged::domain::language::Language;
use triaged::domain::life::{Event, Life, Next, step};
use triaged::domain::locator::{Generation, Item, Locator};
use triaged::domain::outcome::Outcome;
use triaged::domain::plan::Plan;
use triaged::domain::reason::Reason;
use triaged::domain::ticket::Summary;
use triaged::ledger::{Change, Ledger, Mode, NewTicket, Patch, Pen, StageKey};

/// Tickets per measured group size.
const TICKETS: u32 = 2_000;

/// Tickets of a pass: what one listing of a working mailbox shows.
const PASS: u32 = 200;

/// Steps of a forward's life, the finding included.
const LIFE: u32 = 5;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let many = std::env::args().find_map(|word| word.parse::<u32>().ok());
    groups().await?;
    growth(&[10_000, many.unwrap_or(100_000)]).await
}

async fn groups() -> Result<(), Failure> {
    println!(
        "{:>6} {:>8} {:>12} {:>14}",
        "group", "callers", "changes/s", "cpu us/change"
    );
    for (group, callers) in [
        (1, 1),
        (1, 64),
        (8, 1),
        (64, 1),
        (64, 4),
        (200, 1),
        (200, 4),
    ] {
        let dir = tempfile::tempdir()?;
        let (ledger, pen) = open(dir.path()).await?;
        let tickets = if group * callers == 1 {
            TICKETS / 10
        } else {
            TICKETS
        };
        let (clock, cpu) = (Instant::now(), cpu());
        live(&ledger, &pen, 0..tickets, group, callers).await?;
        let changes = f64::from(tickets * LIFE);
        println!(
            "{group:>6} {callers:>8} {:>12.0} {:>14.1}",
            changes / clock.elapsed().as_secs_f64(),
            (self::cpu() - cpu) * 1e6 / changes
        );
        ledger.close().await?;
    }
    Ok(())
}

async fn growth(sizes: &[u32]) -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let (ledger, pen) = open(dir.path()).await?;
    let mut settled = 0;
    for &size in sizes {
        let clock = Instant::now();
        live(&ledger, &pen, settled..size, 200, 4).await?;
        let seconds = clock.elapsed().as_secs_f64();
        println!(
            "\n{size} settled tickets ({:.0} changes/s on the way, resident {} MiB)",
            f64::from((size - settled) * LIFE) / seconds,
            resident()
        );
        settled = size + 10 * PASS;
        pass(&ledger, &pen, size).await?;
        let file = |name| fs::metadata(dir.path().join(name)).map_or(0, |m| m.len());
        println!(
            "  bytes per ticket: ledger {}, audit file {}; log {} KiB",
            file("ledger.sqlite") / u64::from(settled),
            file("audit.jsonl") / u64::from(settled),
            file("ledger.sqlite-wal") >> 10,
        );
    }
    ledger.close().await?;
    let clock = Instant::now();
    let (ledger, _) = open(dir.path()).await?;
    println!(
        "\nopening again: {:.0} ms",
        clock.elapsed().as_secs_f64() * 1e3
    );
    let clock = Instant::now();
    let file = dir.path().join("audit.jsonl");
    let verified = ledger.verify(Some(&file), Vec::new()).await?;
    println!(
        "audit verify of {} lines, ledger and file: {:.1} s, sound: {}, resident {} MiB",
        verified.ledger.lines,
        clock.elapsed().as_secs_f64(),
        verified.is_sound(),
        resident()
    );
    Ok(())
}

/// What the daemon asks and writes for [`PASS`] new messages, ten times.
async fn pass(ledger: &Ledger, pen: &Pen, from: u32) -> Result<(), Failure> {
    let mut times = [Duration::ZERO; 6];
    let before = cpu();
    for round in 0..10 {
        let range = from + round * PASS..from + (round + 1) * PASS;
        let items: Vec<_> = range.clone().map(Item::Uid).collect();
        let digests: Vec<_> = range
            .clone()
            .map(|n| Digest::of(&n.to_be_bytes()))
            .collect();
        let mut clock = Instant::now();
        let mut lap = |at: usize| {
            times[at] += clock.elapsed();
            clock = Instant::now();
        };
        ledger.known(&support(), Generation(1), &items).await?;
        lap(0);
        ledger.by_digest(&support(), &digests).await?;
        lap(1);
        ledger.unfinished(&support(), None, PASS).await?;
        lap(2);
        ledger.due(Timestamp::now(), PASS).await?;
        ledger.counts().await?;
        lap(3);
        ledger.changed().await?;
        lap(4);
        live(ledger, pen, range, 200, 1).await?;
        lap(5);
    }
    let names = [
        "known",
        "by-digest",
        "unfinished",
        "due+counts",
        "changed",
        "five steps",
    ];
    for (name, time) in names.iter().zip(times) {
        println!(
            "  {name:>10}: {:>8.2} ms a pass of {PASS}",
            time.as_secs_f64() * 100.0
        );
    }
    let cpu = (cpu() - before) * 1e6 / f64::from(10 * PASS);
    println!("  all of it: {cpu:.0} us of CPU a ticket");
    Ok(())
}

/// Lets the tickets live from their finding to their end, `group` changes a call.
async fn live(
    ledger: &Ledger,
    pen: &Pen,
    tickets: std::ops::Range<u32>,
    group: u32,
    callers: u32,
) -> Result<(), Failure> {
    let width = tickets.len().div_ceil(callers as usize).max(1);
    let all: Vec<u32> = tickets.collect();
    let mut running = tokio::task::JoinSet::new();
    for part in all.chunks(width) {
        let (ledger, pen, part) = (ledger.clone(), pen.clone(), part.to_vec());
        running.spawn(async move {
            for piece in part.chunks(group as usize) {
                let mut lives: Vec<_> = piece.iter().map(|n| (*n, Life::new(), now())).collect();
                let opened = piece
                    .iter()
                    .zip(&lives)
                    .map(|(n, l)| found(*n, l.2))
                    .collect();
                ledger.record(&pen, opened).await?;
                for stage in 1..LIFE {
                    let changes = lives.iter_mut().map(|life| advance(life, stage)).collect();
                    ledger.record(&pen, changes).await?;
                }
            }
            Ok::<_, triaged::ledger::LedgerError>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

async fn open(dir: &Path) -> Result<(Ledger, Pen), Failure> {
    let ledger = Ledger::open(dir, Mode::Daemon).await?;
    let lease = ledger
        .lease(&support(), "bench", Duration::from_hours(1))
        .await?;
    Ok((ledger, Pen::Lease(lease)))
}

fn support() -> MailboxName {
    MailboxName::from("support")
}

/// The clock as the ledger keeps it.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default()
}

fn id(n: u32) -> TicketId {
    let digest = Digest::of(&n.to_le_bytes());
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest.bytes()[..16]);
    TicketId::new(bits)
}

fn entry(n: u32, at: Timestamp, happening: Happening) -> Entry {
    Entry {
        at,
        actor: Actor::Triaged,
        mailbox: Some(support()),
        ticket: Some(id(n)),
        happening,
    }
}

fn found(n: u32, at: Timestamp) -> Change {
    let locator = Locator {
        generation: Generation(1),
        item: Item::Uid(n),
    };
    Change::Open {
        ticket: NewTicket {
            id: id(n),
            mailbox: support(),
            locator: locator.clone(),
            size: 38_000,
        },
        entry: entry(
            n,
            at,
            Happening::Seen {
                locator,
                size: 38_000,
            },
        ),
    }
}

fn advance((n, life, changed): &mut (u32, Life, Timestamp), stage: u32) -> Change {
    let n = *n;
    let expected = StageKey::new(life, *changed);
    let mut patch = Patch::default();
    let reply = "250 2.0.0 Ok: queued as 4F7K92QM".to_owned();
    let (event, what) = match stage {
        1 => {
            let (decision, digest) = (decision(), Digest::of(&n.to_be_bytes()));
            patch.digest = Some(digest);
            patch.summary = Some(Summary {
                from: "anna.lind@customer.example".to_owned(),
                subject: "Ledgerly kraschar när vi öppnar rapporten".to_owned(),
            });
            patch.plan = Some(plan(n));
            let what = decided(decision.clone(), digest);
            patch.decision = Some(decision);
            (Event::Decide(Next::Send), what)
        }
        2 => (
            Event::Begin,
            Happening::Sending {
                attempt: 1,
                recipient: address("help@isv.example"),
                message_id: format!("<{}@partner.example>", id(n)),
            },
        ),
        3 => (
            Event::End {
                outcome: Outcome::Delivered {
                    reply: reply.clone(),
                },
                retry: None,
            },
            Happening::Delivered { attempt: 1, reply },
        ),
        _ => (
            Event::Moved,
            Happening::Settled {
                folder: Folder::from("Technical"),
                proof: Proof::Copyuid,
            },
        ),
    };
    if let Ok((next, _)) = step(life, &event) {
        *life = next;
    }
    *changed = now();
    Change::Step {
        ticket: id(n),
        expected,
        life: life.clone(),
        patch,
        entry: entry(n, *changed, what),
    }
}

#[expect(clippy::unwrap_used, reason = "an address of this file")]
fn address(text: &str) -> triaged::domain::address::Address {
    text.parse().unwrap()
}

fn plan(n: u32) -> Plan {
    Plan {
        recipient: address("help@isv.example"),
        from: address("support@partner.example"),
        from_name: "Partner support".to_owned(),
        reply_to: address("support+case@partner.example"),
        message_id: format!("<{}@partner.example>", id(n)),
        date: now(),
        subject: "Ledgerly kraschar när vi öppnar rapporten".to_owned(),
        sheet: "Reference: T-4F7K92QM\nProduct: Ledgerly\nPriority: normal\n".repeat(8),
        origin: "v1; 4f7k92qm4f7k92qm4f7k92qm4f7k92qm".to_owned(),
        references: Vec::new(),
        headless: false,
        copy: None,
        enclosure: None,
    }
}

/// About 900 bytes of JSON.
fn decision() -> Decision {
    let technical = CategoryId::from("technical");
    let hit = |keyword: &str, at| Evidence {
        rule: RuleId::from("technical-fault-sv"),
        category: technical.clone(),
        zone: Zone::Body,
        keyword: keyword.to_owned(),
        text: keyword.to_owned(),
        span: (at, at + keyword.len()),
        weight: 2.5,
        typo: false,
    };
    Decision {
        kind: Kind::Ticket,
        kind_reason: "nothing says it is anything else".to_owned(),
        category: Some(technical.clone()),
        language: Some(Language::Swedish),
        product: Some(ProductHit {
            product: ProductId::from("ledgerly"),
            text: "Ledgerly".to_owned(),
            zone: Zone::Subject,
            step: Step::Name,
        }),
        customer: None,
        owner: Some(Owner::Isv),
        priority: Priority::Normal,
        action: Action::Forward,
        recipient: Some(address("help@isv.example")),
        folder: Folder::from("Technical"),
        reason: Reason::Forwarded,
        link: None,
        confidence: 0.75,
        runner_up: Some(CategoryId::from("billing")),
        scores: vec![Score {
            category: technical.clone(),
            points: 7.5,
        }],
        evidence: vec![
            hit("kraschar", 12),
            hit("felmeddelande", 90),
            hit("fungerar inte", 140),
        ],
        rules_digest: Digest::of(b"rules"),
    }
}

fn decided(d: Decision, digest: Digest) -> Happening {
    Happening::Decided {
        digest: Some(digest),
        personal: Personal {
            from: Some("anna.lind@customer.example".to_owned()),
            subject: Some("Ledgerly kraschar när vi öppnar rapporten".to_owned()),
        },
        kind: d.kind,
        kind_reason: d.kind_reason,
        link: None,
        category: d.category,
        language: d.language,
        product: d.product,
        customer: d.customer,
        owner: d.owner,
        priority: d.priority,
        action: d.action,
        recipient: d.recipient,
        folder: d.folder,
        reason: d.reason,
        runner_up: d.runner_up,
        scores: d.scores,
        evidence: d.evidence,
        rules_digest: d.rules_digest,
        observed: false,
    }
}

/// CPU time of this process in seconds, to 10 ms.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

/// Resident memory in MiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok())
        .map_or(0, |kib| kib >> 10)
}
