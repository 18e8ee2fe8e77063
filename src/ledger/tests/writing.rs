//! Changes, stale ones, known ones, fencing, groups.

use super::*;
use crate::domain::outcome::Outcome;

#[tokio::test]
async fn a_forward_lives_its_life_and_every_stage_reads_back() {
    let place = place().await;
    let mut ticket = fresh(1);
    assert_eq!(place.record(vec![open(1)]).await, [Verdict::Written]);
    let delivered = Outcome::Delivered {
        reply: "250 ok".to_owned(),
    };
    let deferred = Outcome::Uncertain {
        reply: "cut".to_owned(),
    };
    let steps: [fn(&mut Ticket) -> Change; 4] = [
        |t| tried(t, 10),
        |t| decided(t, 11, Next::Send),
        |t| held(t, 12),
        |t| {
            happen(
                t,
                13,
                &LifeEvent::Release,
                Patch::default(),
                Happening::Released,
            )
        },
    ];
    for change in steps {
        let change = change(&mut ticket);
        assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
        assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), ticket);
    }
    for (n, outcome) in [(20, deferred), (30, delivered)] {
        let change = begun(&mut ticket, n);
        assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
        assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), ticket);
        let event = LifeEvent::End {
            outcome,
            retry: Some(at(25)),
        };
        let what = Happening::Delivered {
            attempt: 1,
            reply: String::new(),
        };
        let change = happen(&mut ticket, n + 1, &event, Patch::default(), what);
        assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
        assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), ticket);
    }
    let change = moved(&mut ticket, 40);
    assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
    let end = place.ledger.ticket(id(1)).await.unwrap().unwrap();
    assert_eq!(end, ticket);
    assert_eq!(end.plan, None, "nothing is left to send");
    assert!(end.decision.is_some(), "but why it was sent is");
    place.assert_sound().await;
    let kinds: Vec<_> = (place
        .ledger
        .events(&EventFilter::default(), 100)
        .await
        .unwrap())
    .iter()
    .map(|event| event.entry().unwrap().happening.as_str())
    .collect();
    assert_eq!(
        kinds,
        [
            "seen",
            "tried",
            "decided",
            "held",
            "released",
            "sending",
            "delivered",
            "sending",
            "delivered",
            "settled"
        ]
    );
}

#[tokio::test]
async fn a_ticket_may_occur_many_times_in_one_call() {
    let place = place().await;
    let (mut one, mut two) = (fresh(1), fresh(2));
    let changes = vec![
        open(1),
        tried(&mut one, 10),
        open(2),
        decided(&mut one, 11, Next::File),
        tried(&mut two, 11),
        moved(&mut one, 12),
    ];
    assert_eq!(place.record(changes).await, [Verdict::Written; 6]);
    assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), one);
    assert_eq!(place.ledger.ticket(id(2)).await.unwrap().unwrap(), two);
    let events = place
        .ledger
        .events(&EventFilter::default(), 100)
        .await
        .unwrap();
    let order: Vec<_> = events
        .iter()
        .map(|event| event.entry().unwrap())
        .map(|entry| (entry.ticket.unwrap(), entry.happening.as_str()))
        .collect();
    assert_eq!(
        order,
        [
            (id(1), "seen"),
            (id(1), "tried"),
            (id(2), "seen"),
            (id(1), "decided"),
            (id(2), "tried"),
            (id(1), "settled"),
        ],
        "in the order of the call"
    );
    place.assert_sound().await;
}

#[tokio::test]
async fn what_is_stale_or_known_writes_nothing_and_takes_nothing_along() {
    let place = place().await;
    let mut ticket = fresh(1);
    place.record(vec![open(1)]).await;
    let first = tried(&mut ticket.clone(), 10);
    let right = tried(&mut ticket, 10);
    let before = place.ledger.head().await.unwrap().seq;
    let verdicts = place.record(vec![open(1), right, first, open(2)]).await;
    assert_eq!(
        verdicts,
        [
            Verdict::Known,
            Verdict::Written,
            Verdict::Stale,
            Verdict::Written
        ]
    );
    assert_eq!(place.ledger.head().await.unwrap().seq, before + 2);
    assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), ticket);
    assert_eq!(place.ledger.ticket(id(2)).await.unwrap().unwrap(), fresh(2));
    // The same place under another identity, and a ticket that is not there.
    let Change::Open { mut ticket, entry } = open(1) else {
        unreachable!()
    };
    ticket.id = id(99);
    let other = Change::Open { ticket, entry };
    let nobody = tried(&mut fresh(98), 11);
    assert_eq!(
        place.record(vec![other, nobody]).await,
        [Verdict::Known, Verdict::Stale]
    );
    place.assert_sound().await;
}

#[tokio::test]
async fn a_reroute_to_the_same_stage_is_noticed() {
    let place = place().await;
    let mut ticket = fresh(1);
    place
        .record(vec![
            open(1),
            tried(&mut ticket, 1),
            decided(&mut ticket, 2, Next::Send),
        ])
        .await;
    let daemon = begun(&mut ticket.clone(), 4);
    let what = Happening::Rerouted {
        recipient: None,
        folder: Folder::from("Other"),
    };
    let patch = Patch {
        folder: Some(Folder::from("Other")),
        ..Patch::default()
    };
    let person = happen(&mut ticket, 3, &LifeEvent::Reroute(Next::Send), patch, what);
    let written = place
        .ledger
        .record(&Pen::Person, vec![person])
        .await
        .unwrap();
    assert_eq!(written, [Verdict::Written]);
    assert_eq!(place.record(vec![daemon]).await, [Verdict::Stale]);
    let now = place.ledger.ticket(id(1)).await.unwrap().unwrap();
    assert_eq!(now, ticket);
    assert_eq!(now.folder, Some(Folder::from("Other")));
}

#[tokio::test]
async fn an_old_lease_is_fenced_and_a_foreign_one_is_stale() {
    let place = place().await;
    place.record(vec![open(1)]).await;
    let renewed = lease(&place.ledger, "one").await;
    let Pen::Lease(first) = &place.pen else {
        unreachable!()
    };
    assert_eq!(renewed.epoch, first.epoch, "renewing changes no epoch");
    let second = lease(&place.ledger, "two").await;
    assert_eq!(second.epoch, first.epoch + 1);
    let change = tried(&mut fresh(1), 10);
    let fenced = place.ledger.record(&place.pen, vec![change.clone()]).await;
    assert_eq!(
        fenced,
        Err(LedgerError::Fenced {
            mailbox: support(),
            ours: 1,
            now: 2
        })
    );
    let other = MailboxName::from("other");
    let foreign = place
        .ledger
        .lease(&other, "two", Duration::from_secs(9))
        .await
        .unwrap();
    let stale = place
        .ledger
        .record(&Pen::Lease(foreign), vec![change.clone(), open(5)])
        .await;
    assert_eq!(stale, Ok(vec![Verdict::Stale, Verdict::Stale]));
    let good = place.ledger.record(&Pen::Lease(second), vec![change]).await;
    assert_eq!(good, Ok(vec![Verdict::Written]));
    place.assert_sound().await;
}

#[tokio::test]
async fn beside_a_daemon_nobody_takes_its_lease() {
    let place = place().await;
    let person = Ledger::open(place.dir.path(), Mode::Person).await.unwrap();
    let ttl = Duration::from_secs(9);
    let taken = person.lease(&support(), "two", ttl).await;
    assert!(matches!(taken, Err(LedgerError::Leased { holder, .. }) if holder == "one"));
    let renewed = place
        .ledger
        .lease(&support(), "one", Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(renewed.epoch, 1);
    let taken = person.lease(&support(), "two", ttl).await.unwrap();
    assert_eq!(taken.epoch, 2, "it was over");
}

#[tokio::test]
async fn calls_that_wait_together_are_written_together_and_answered_apart() {
    let place = place().await;
    let calls = (0..40_u32).map(|n| {
        let changes = (0..20).map(|m| open(n * 20 + m)).collect();
        place.ledger.record(&place.pen, changes)
    });
    for verdicts in futures_util::future::join_all(calls).await {
        assert_eq!(verdicts.unwrap(), [Verdict::Written; 20]);
    }
    let wrong = || {
        let Change::Open { mut ticket, entry } = open(9_999) else {
            unreachable!()
        };
        // No such mailbox: the database refuses it, and with it only its own call.
        ticket.mailbox = MailboxName::from("nowhere");
        Change::Open { ticket, entry }
    };
    let (good, bad, also) = tokio::join!(
        place.ledger.record(&place.pen, vec![open(5_000)]),
        place
            .ledger
            .record(&Pen::Person, vec![open(5_001), wrong()]),
        place.ledger.record(&place.pen, vec![open(5_002)]),
    );
    assert_eq!(
        (good, also),
        (Ok(vec![Verdict::Written]), Ok(vec![Verdict::Written]))
    );
    assert!(matches!(bad, Err(LedgerError::Refused { .. })), "{bad:?}");
    assert_eq!(place.ledger.ticket(id(5_001)).await.unwrap(), None);
    assert_eq!(place.ledger.head().await.unwrap().seq, 802);
    place.assert_sound().await;
}

#[tokio::test]
async fn a_mailbox_is_described_bit_by_bit() {
    let place = place().await;
    let mark = FolderMark {
        folder: Folder::from("Billing"),
        generation: Generation(3),
        next: 17,
    };
    let patches = [
        MailboxPatch {
            generation: Some(Generation(7)),
            ..MailboxPatch::default()
        },
        MailboxPatch {
            baseline: Some(Baseline::Below {
                generation: Generation(7),
                uid: 40,
            }),
            ..MailboxPatch::default()
        },
        MailboxPatch {
            accepted: Some(true),
            ..MailboxPatch::default()
        },
        MailboxPatch {
            marks: Some(vec![mark.clone()]),
            ..MailboxPatch::default()
        },
    ];
    for patch in patches {
        let entry = patch.accepted.map(|_| Entry {
            ticket: None,
            ..entry(0, 1, Happening::MailboxAccepted)
        });
        let change = Change::Mailbox {
            name: support(),
            patch,
            entry,
        };
        assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
    }
    let record = place.ledger.mailbox(&support()).await.unwrap().unwrap();
    assert_eq!(
        record,
        MailboxRecord {
            name: support(),
            generation: Some(Generation(7)),
            baseline: Some(Baseline::Below {
                generation: Generation(7),
                uid: 40
            }),
            accepted: true,
            marks: vec![mark],
            epoch: 1,
        }
    );
    assert_eq!(place.ledger.head().await.unwrap().seq, 1);
    let nowhere = MailboxName::from("nowhere");
    assert_eq!(place.ledger.mailbox(&nowhere).await.unwrap(), None);
    let change = Change::Mailbox {
        name: nowhere,
        patch: MailboxPatch::default(),
        entry: None,
    };
    let stale = place.ledger.record(&Pen::Person, vec![change]).await;
    assert_eq!(stale, Ok(vec![Verdict::Stale]));
}

#[tokio::test]
async fn a_ticket_moves_to_its_new_place_after_a_rebuild() {
    let place = place().await;
    let mut ticket = fresh(1);
    place.record(vec![open(1)]).await;
    let new = Locator {
        generation: Generation(8),
        item: Item::Uid(1),
    };
    let patch = Patch {
        locator: Some(new.clone()),
        ..Patch::default()
    };
    let event = LifeEvent::Try { tries_max: 3 };
    let change = happen(&mut ticket, 9, &event, patch, Happening::Tried { tries: 1 });
    assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
    assert_eq!(place.ledger.ticket(id(1)).await.unwrap().unwrap(), ticket);
    let known = place
        .ledger
        .known(&support(), Generation(8), &[Item::Uid(1)])
        .await
        .unwrap();
    assert_eq!(known.get(&Item::Uid(1)), Some(&(id(1), StageName::Seen)));
}
