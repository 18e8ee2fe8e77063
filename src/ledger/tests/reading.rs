//! What can be asked, and that no answer costs more because much is settled.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Row};

use super::*;
use crate::ledger::row::SELECT;
use crate::ledger::{incidents, letters, loops, open as opening, statement, threads, work};

/// Tickets 1..=9: 1 to 3 seen, 4 and 5 to be sent, 6 held, 7 deferred, 8 and 9 settled.
async fn filled() -> (Place, Vec<Ticket>) {
    let place = place().await;
    let mut tickets: Vec<_> = (1..=9).map(fresh).collect();
    let mut changes: Vec<_> = (1..=9).map(open).collect();
    for (n, ticket) in (1..).zip(&mut tickets) {
        let when = 100 + i64::from(n);
        match n {
            4 | 5 => changes.push(decided(ticket, when, Next::Send)),
            6 => changes.push(held(ticket, when)),
            7 => {
                changes.push(decided(ticket, when, Next::Send));
                changes.push(begun(ticket, when));
                let outcome = crate::domain::outcome::Outcome::Uncertain {
                    reply: String::new(),
                };
                let event = LifeEvent::End {
                    outcome,
                    retry: Some(at(500)),
                };
                let what = Happening::Uncertain {
                    attempt: 1,
                    reply: String::new(),
                    until: None,
                };
                changes.push(happen(ticket, when, &event, Patch::default(), what));
            }
            8 | 9 => {
                changes.push(decided(ticket, when, Next::File));
                changes.push(moved(ticket, when));
            }
            _ => {}
        }
    }
    let verdicts = place.record(changes).await;
    assert!(
        verdicts.iter().all(|v| *v == Verdict::Written),
        "{verdicts:?}"
    );
    (place, tickets)
}

fn numbers(tickets: &[Ticket]) -> Vec<u64> {
    tickets.iter().map(|ticket| ticket.size / 10).collect()
}

#[tokio::test]
async fn unfinished_tickets_come_in_pages_oldest_first() {
    let (place, all) = filled().await;
    let mut found = Vec::new();
    let mut after = None;
    for page in 0.. {
        let (tickets, next) = place.ledger.unfinished(&support(), after, 3).await.unwrap();
        assert!(page < 4 && tickets.len() <= 3);
        found.extend(tickets);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, all[..7]);
    let other = MailboxName::from("other");
    let none = place.ledger.unfinished(&other, None, 3).await.unwrap();
    assert_eq!(none, (Vec::new(), None));
}

#[tokio::test]
async fn items_digests_and_due_times_find_their_tickets() {
    let (place, all) = filled().await;
    let ledger = &place.ledger;
    let asked: Vec<_> = [2, 6, 8, 77].map(Item::Uid).to_vec();
    let known = ledger
        .known(&support(), Generation(7), &asked)
        .await
        .unwrap();
    assert_eq!(known.len(), 3);
    assert_eq!(known[&Item::Uid(2)], (id(2), StageName::Seen));
    assert_eq!(known[&Item::Uid(6)], (id(6), StageName::Held));
    assert_eq!(known[&Item::Uid(8)], (id(8), StageName::Settled));
    assert!(
        ledger
            .known(&support(), Generation(8), &asked)
            .await
            .unwrap()
            .is_empty()
    );
    let many: Vec<_> = (0..1200).map(Item::Uid).collect();
    assert_eq!(
        ledger
            .known(&support(), Generation(7), &many)
            .await
            .unwrap()
            .len(),
        9
    );
    let base = [Item::Base("1700.M1P2.host".into())];
    assert!(
        ledger
            .known(&support(), Generation(7), &base)
            .await
            .unwrap()
            .is_empty()
    );

    let digests: Vec<_> = all.iter().filter_map(|t| t.digest).collect();
    assert_eq!(digests.len(), 5);
    let earlier = ledger.by_digest(&support(), &digests).await.unwrap();
    let forwards: Vec<_> = earlier
        .iter()
        .filter(|e| e.is_forward())
        .map(|e| e.ticket)
        .collect();
    assert_eq!(earlier.len(), 5);
    assert_eq!(forwards, [id(4), id(5), id(7)]);
    let other = MailboxName::from("other");
    assert!(ledger.by_digest(&other, &digests).await.unwrap().is_empty());

    assert_eq!(ledger.next_due().await.unwrap(), Some(at(500)));
    assert!(ledger.due(at(499), 9).await.unwrap().is_empty());
    assert_eq!(ledger.due(at(500), 9).await.unwrap(), [all[6].clone()]);
}

#[tokio::test]
async fn people_find_tickets_by_what_they_know() {
    let (place, all) = filled().await;
    let ledger = &place.ledger;
    let prefix = TicketId::prefix(&id(3).reference()).unwrap();
    assert_eq!(
        ledger.by_prefix(&prefix, 2).await.unwrap(),
        [all[2].clone()]
    );
    assert_eq!(
        ledger.by_prefix(&id(3).to_string(), 2).await.unwrap().len(),
        1
    );
    assert!(ledger.by_prefix("zzzz", 2).await.unwrap().is_empty());
    let stages = |stages: &[StageName]| TicketFilter {
        stages: stages.to_vec(),
        ..TicketFilter::default()
    };
    let cases: [(&str, TicketFilter, &[u64]); 7] = [
        ("all", TicketFilter::default(), &[9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (
            "open",
            stages(&[StageName::Held, StageName::Deferred]),
            &[7, 6],
        ),
        (
            "both",
            stages(&[StageName::Held, StageName::Settled]),
            &[9, 8, 6],
        ),
        (
            "category",
            TicketFilter {
                category: Some("technical".into()),
                ..TicketFilter::default()
            },
            &[9, 8, 7, 5, 4],
        ),
        (
            "product",
            TicketFilter {
                product: Some("nothing".into()),
                ..TicketFilter::default()
            },
            &[],
        ),
        (
            "mailbox",
            TicketFilter {
                mailbox: Some("other".into()),
                ..TicketFilter::default()
            },
            &[],
        ),
        (
            "since",
            TicketFilter {
                since: Some(at(8)),
                ..TicketFilter::default()
            },
            &[9, 8],
        ),
    ];
    for (name, filter, wanted) in cases {
        let found = ledger.tickets(&filter, 100).await.unwrap();
        assert_eq!(numbers(&found), wanted, "{name}");
    }
    assert_eq!(
        numbers(&ledger.tickets(&TicketFilter::default(), 2).await.unwrap()),
        [9, 8]
    );
    let hostile = TicketFilter {
        category: Some("x' OR 1=1 --".into()),
        ..TicketFilter::default()
    };
    assert!(ledger.tickets(&hostile, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn counts_follow_every_change() {
    let (place, mut all) = filled().await;
    let counts = place.ledger.counts().await.unwrap();
    let wanted = [
        (StageName::Seen, 3),
        (StageName::Decided, 2),
        (StageName::Deferred, 1),
        (StageName::Held, 1),
        (StageName::Settled, 2),
    ];
    assert_eq!(counts.mailboxes[0].stages, wanted);
    assert_eq!(counts.mailboxes[0].oldest_unfinished, Some(at(1)));
    let change = held(&mut all[0], 200);
    let person = Ledger::open(place.dir.path(), Mode::Person).await.unwrap();
    person.record(&Pen::Person, vec![change]).await.unwrap();
    let counts = place.ledger.counts().await.unwrap();
    assert_eq!(counts.mailboxes[0].stages[0], (StageName::Seen, 2));
    assert_eq!(counts.mailboxes[0].stages[3], (StageName::Held, 2));
}

#[tokio::test]
async fn events_are_found_by_what_is_asked() {
    let (place, _) = filled().await;
    let all = place
        .ledger
        .events(&EventFilter::default(), 1000)
        .await
        .unwrap();
    let cases: [(&str, EventFilter, usize); 7] = [
        ("all", EventFilter::default(), all.len()),
        (
            "ticket",
            EventFilter {
                ticket: Some(id(7)),
                ..EventFilter::default()
            },
            4,
        ),
        (
            "kinds",
            EventFilter {
                kinds: vec!["held".into(), "settled".into()],
                ..EventFilter::default()
            },
            3,
        ),
        (
            "since",
            EventFilter {
                since: Some(at(108)),
                ..EventFilter::default()
            },
            4,
        ),
        (
            "range",
            EventFilter {
                from: Some(3),
                to: Some(5),
                ..EventFilter::default()
            },
            3,
        ),
        (
            "mailbox",
            EventFilter {
                mailbox: Some("other".into()),
                ..EventFilter::default()
            },
            0,
        ),
        (
            "stranger",
            EventFilter {
                ticket: Some(id(70)),
                ..EventFilter::default()
            },
            0,
        ),
    ];
    for (name, filter, wanted) in cases {
        let mut found = place.ledger.events(&filter, 1000).await.unwrap();
        assert_eq!(found.len(), wanted, "{name}");
        assert!(
            found.iter().all(|event| all.contains(event)),
            "{name}: whole lines"
        );
        let backward = EventFilter {
            newest_first: true,
            ..filter
        };
        found.reverse();
        assert_eq!(
            place.ledger.events(&backward, 1000).await.unwrap(),
            found,
            "{name}"
        );
    }
    assert_eq!(
        place
            .ledger
            .events(&EventFilter::default(), 2)
            .await
            .unwrap()
            .len(),
        2
    );
}

/// A query that visits every row would make each pass dearer with every settled ticket.
#[tokio::test]
async fn nothing_the_daemon_asks_reads_a_whole_table() {
    let place = place().await;
    let path = place.dir.path().join("ledger.sqlite");
    let mut conn = opening::connect(&path, true).await.unwrap();
    let mut texts: Vec<(&str, String)> = vec![
        ("unfinished", format!("{SELECT}{}", work::UNFINISHED)),
        ("due", format!("{SELECT}{}", work::DUE)),
        ("next due", work::NEXT_DUE.to_owned()),
        ("known", work::KNOWN.to_owned()),
        ("by digest", work::BY_DIGEST.to_owned()),
        ("replaced", work::REPLACED.to_owned()),
        ("opened", work::OPENED.to_owned()),
        ("forwards of", loops::FORWARDS_OF.to_owned()),
        ("begun", loops::BEGUN.to_owned()),
        ("letters", letters::UNFINISHED.to_owned()),
        ("letter due", letters::DUE.to_owned()),
        ("threads by key", threads::BY_KEY.to_owned()),
        ("threads due", threads::DUE.to_owned()),
        ("next thread due", threads::NEXT_DUE.to_owned()),
        ("waiting", threads::WAITING.to_owned()),
        ("open incidents", incidents::OPEN.to_owned()),
        ("ticket", format!("{SELECT}WHERE t.id = ?")),
        (
            "prefix",
            format!("{SELECT}WHERE t.id BETWEEN ? AND ? ORDER BY t.id LIMIT ?"),
        ),
        (
            "number",
            "SELECT number FROM ticket WHERE id = ?".to_owned(),
        ),
        (
            "oldest",
            "SELECT name, (SELECT seen_at FROM ticket WHERE mailbox = name AND ended = 0 \
             ORDER BY number LIMIT 1) FROM mailbox ORDER BY name"
                .to_owned(),
        ),
        (
            "gap",
            "SELECT seq, body, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?".to_owned(),
        ),
        (
            "last",
            "SELECT coalesce((SELECT max(seq) FROM event), 0)".to_owned(),
        ),
    ];
    let all = [
        ("open", &statement::OPEN),
        ("step", &statement::STEP),
        ("learn", &statement::LEARN),
        ("ended", &statement::ENDED),
        ("unplan", &statement::UNPLAN),
        ("decision", &statement::DECISION),
        ("plan", &statement::PLAN),
        ("event", &statement::EVENT),
    ];
    for (name, statement) in all {
        for rows in [1, 64] {
            let (AssertSqlSafe(text), _) = statement.pieces(&vec![0; rows]).next().unwrap();
            texts.push((name, Arc::as_ref(&text).to_owned()));
        }
    }
    let tables = [
        "t",
        "ticket",
        "e",
        "b",
        "event",
        "d",
        "decision",
        "p",
        "plan",
        "l",
        "letter",
        "h",
        "k",
        "thread",
        "thread_key",
        "incident",
    ];
    for (name, text) in texts {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        for row in sqlx::query(explain).fetch_all(&mut conn).await.unwrap() {
            let detail: String = row.get("detail");
            let mut words = detail.split(' ');
            let scans = words.next() == Some("SCAN");
            let table = words.next().unwrap_or_default();
            assert!(!(scans && tables.contains(&table)), "{name}: {detail}");
        }
    }
}
