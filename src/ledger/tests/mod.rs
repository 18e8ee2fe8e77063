//! Tests of the ledger as a whole, in temporary directories; this file has what they share.

mod audit;
mod letters;
mod opening;
mod reading;
mod trouble;
mod writing;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::domain::decision::{Action, Decision, Owner, Priority, ProductHit, Step, Zone};
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening, Personal, Proof};
use crate::domain::ids::{CategoryId, Folder, MailboxName, ProductId, TicketId};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::domain::life::{Event as LifeEvent, Life, Next, step};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::plan::Plan;
use crate::domain::reason::{HoldReason, Reason};
use crate::domain::ticket::{Summary, Ticket};

/// A ledger in a directory of its own, with the lease on `support`.
struct Place {
    dir: TempDir,
    ledger: Ledger,
    pen: Pen,
}

async fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), Mode::Daemon).await.unwrap();
    let pen = Pen::Lease(lease(&ledger, "one").await);
    Place { dir, ledger, pen }
}

async fn lease(ledger: &Ledger, holder: &str) -> Lease {
    let ttl = Duration::from_mins(1);
    ledger.lease(&support(), holder, ttl).await.unwrap()
}

fn support() -> MailboxName {
    MailboxName::from("support")
}

fn id(n: u32) -> TicketId {
    let digest = Digest::of(&n.to_be_bytes());
    TicketId::new(digest.bytes()[..16].try_into().unwrap())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + second).unwrap()
}

fn entry(n: u32, when: i64, happening: Happening) -> Entry {
    Entry {
        at: at(when),
        actor: Actor::Triaged,
        mailbox: Some(support()),
        ticket: Some(id(n)),
        happening,
    }
}

fn locator(n: u32) -> Locator {
    Locator {
        generation: Generation(7),
        item: Item::Uid(n),
    }
}

/// Ticket `n` was found at second `n`.
fn open(n: u32) -> Change {
    Change::Open {
        ticket: NewTicket {
            id: id(n),
            mailbox: support(),
            locator: locator(n),
            size: u64::from(n) * 10,
        },
        entry: entry(
            n,
            i64::from(n),
            Happening::Seen {
                locator: locator(n),
                size: u64::from(n) * 10,
            },
        ),
    }
}

/// The ticket as [`open`] left it.
fn fresh(n: u32) -> Ticket {
    Ticket {
        id: id(n),
        mailbox: support(),
        locator: locator(n),
        size: u64::from(n) * 10,
        digest: None,
        life: Life::new(),
        summary: Summary::default(),
        decision: None,
        plan: None,
        folder: None,
        seen_at: at(i64::from(n)),
        changed_at: at(i64::from(n)),
    }
}

/// What happens to `ticket` at second `when`; `ticket` becomes what must then be in the ledger.
fn happen(
    ticket: &mut Ticket,
    when: i64,
    event: &LifeEvent,
    patch: Patch,
    what: Happening,
) -> Change {
    let expected = StageKey::of(ticket);
    let (life, _) = step(&ticket.life, event).unwrap();
    ticket.life = life.clone();
    ticket.changed_at = at(when);
    let Patch {
        digest,
        decision,
        plan,
        folder,
        summary,
        locator,
    } = patch.clone();
    ticket.digest = digest.or(ticket.digest);
    if let Some(decision) = decision {
        ticket.folder = Some(decision.folder.clone());
        ticket.decision = Some(decision);
    }
    ticket.plan = plan.or(ticket.plan.take());
    if life.stage.is_end() {
        ticket.plan = None;
    }
    ticket.folder = folder.or(ticket.folder.take());
    ticket.summary = summary.unwrap_or_else(|| ticket.summary.clone());
    ticket.locator = locator.unwrap_or_else(|| ticket.locator.clone());
    let n = match ticket.locator.item {
        Item::Uid(n) => n,
        Item::Base(_) => 0,
    };
    Change::Step {
        ticket: ticket.id,
        expected,
        life,
        patch,
        entry: Entry {
            ticket: Some(ticket.id),
            ..entry(n, when, what)
        },
    }
}

fn tried(ticket: &mut Ticket, when: i64) -> Change {
    let event = LifeEvent::Try { tries_max: 3 };
    let tries = ticket.life.tries + 1;
    happen(
        ticket,
        when,
        &event,
        Patch::default(),
        Happening::Tried { tries },
    )
}

fn decision(action: Action) -> Decision {
    Decision {
        kind: Kind::Ticket,
        kind_reason: "a person wrote it".to_owned(),
        category: Some(CategoryId::from("technical")),
        language: Some(Language::Swedish),
        product: Some(ProductHit {
            product: ProductId::from("ledgerly"),
            text: "Ledgerly".to_owned(),
            zone: Zone::Body,
            step: Step::Name,
        }),
        customer: None,
        owner: Some(Owner::Isv),
        priority: Priority::High,
        action,
        recipient: (action == Action::Forward).then(|| "help@isv.example".parse().unwrap()),
        folder: Folder::from("Technical"),
        reason: Reason::Forwarded,
        link: None,
        confidence: 0.75,
        runner_up: None,
        scores: Vec::new(),
        evidence: Vec::new(),
        rules_digest: Digest::of(b"rules"),
    }
}

fn plan(n: u32) -> Plan {
    Plan {
        recipient: "help@isv.example".parse().unwrap(),
        from: "support@partner.example".parse().unwrap(),
        from_name: "Support".to_owned(),
        reply_to: "support@partner.example".parse().unwrap(),
        message_id: format!("<{n}@partner.example>"),
        date: at(0),
        subject: "Hjälp".to_owned(),
        sheet: "a\nb\n".to_owned(),
        origin: "x".to_owned(),
        references: Vec::new(),
        headless: false,
        copy: None,
        enclosure: None,
    }
}

fn decided(ticket: &mut Ticket, when: i64, next: Next) -> Change {
    let Item::Uid(n) = ticket.locator.item else {
        unreachable!()
    };
    let action = if next == Next::Send {
        Action::Forward
    } else {
        Action::Keep
    };
    let decision = decision(action);
    let digest = Digest::of(&n.to_le_bytes());
    let patch = Patch {
        digest: Some(digest),
        decision: Some(decision.clone()),
        plan: (next == Next::Send).then(|| plan(n)),
        folder: None,
        summary: Some(Summary {
            from: "anna@customer.example".to_owned(),
            subject: "Hjälp \u{202e}= x".to_owned(),
        }),
        locator: None,
    };
    let what = Happening::Decided {
        digest: Some(digest),
        personal: Personal::default(),
        kind: decision.kind,
        kind_reason: decision.kind_reason,
        category: decision.category,
        language: decision.language,
        product: decision.product,
        customer: decision.customer,
        owner: decision.owner,
        priority: decision.priority,
        action: decision.action,
        recipient: decision.recipient,
        folder: decision.folder,
        reason: decision.reason,
        link: None,
        runner_up: None,
        scores: Vec::new(),
        evidence: Vec::new(),
        rules_digest: decision.rules_digest,
        observed: false,
    };
    happen(ticket, when, &LifeEvent::Decide(next), patch, what)
}

fn begun(ticket: &mut Ticket, when: i64) -> Change {
    let what = Happening::Sending {
        attempt: ticket.life.attempts + 1,
        recipient: "help@isv.example".parse().unwrap(),
        message_id: "<1@partner.example>".to_owned(),
    };
    happen(ticket, when, &LifeEvent::Begin, Patch::default(), what)
}

fn moved(ticket: &mut Ticket, when: i64) -> Change {
    let what = Happening::Settled {
        folder: Folder::from("Technical"),
        proof: Proof::Copyuid,
    };
    happen(ticket, when, &LifeEvent::Moved, Patch::default(), what)
}

fn held(ticket: &mut Ticket, when: i64) -> Change {
    let reason = HoldReason::Person {
        by: "lena".to_owned(),
    };
    let what = Happening::Held {
        reason: reason.clone(),
    };
    let mut change = happen(
        ticket,
        when,
        &LifeEvent::Hold(reason),
        Patch::default(),
        what,
    );
    if let Change::Step { entry, .. } = &mut change {
        entry.actor = Actor::Person("lena".to_owned());
    }
    change
}

impl Place {
    async fn record(&self, changes: Vec<Change>) -> Vec<Verdict> {
        self.ledger.record(&self.pen, changes).await.unwrap()
    }

    fn audit_file(&self) -> std::path::PathBuf {
        self.dir.path().join("audit.jsonl")
    }

    async fn assert_sound(&self) {
        assert_sound(&self.ledger, self.dir.path()).await;
    }
}

/// Ledger and file verify, and the file has every line.
async fn assert_sound(ledger: &Ledger, dir: &Path) {
    let file = dir.join("audit.jsonl");
    let verified = ledger.verify(Some(&file), Vec::new()).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!(verified.waiting, 0);
    assert_eq!(verified.file.unwrap().head, ledger.head().await.unwrap());
}
