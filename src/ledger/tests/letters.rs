//! Letters: written once, given out when their ticket is at its end, and none of the ticket's
//! business.

use super::*;
use crate::domain::letter::{Letter, Posting, Purpose};
use crate::domain::life::Stage;
use crate::domain::outcome::{Cause, Outcome};

fn letter(n: u32, message_id: &str) -> Letter {
    Letter {
        ticket: id(n),
        purpose: Purpose::Notification,
        plan: Plan {
            message_id: message_id.to_owned(),
            ..plan(n)
        },
    }
}

fn posted(n: u32, when: i64, posting: Posting) -> Entry {
    let happening = Happening::Letter {
        purpose: Purpose::Notification,
        to: Some("help@isv.example".to_owned()),
        message_id: "<l@partner.example>".to_owned(),
        posting,
    };
    entry(n, when, happening)
}

fn written(n: u32, when: i64, message_id: &str) -> Change {
    Change::Letter {
        letter: letter(n, message_id),
        entry: posted(n, when, Posting::Written),
    }
}

fn stepped(outgoing: &mut Outgoing, when: i64, event: &LifeEvent, posting: Posting) -> Change {
    let expected = StageKey::new(&outgoing.life, outgoing.changed_at);
    outgoing.life = step(&outgoing.life, event).unwrap().0;
    outgoing.changed_at = at(when);
    Change::LetterStep {
        number: outgoing.number,
        expected,
        life: outgoing.life.clone(),
        letter: None,
        entry: posted(1, when, posting),
    }
}

impl Place {
    async fn letters(&self) -> Vec<Outgoing> {
        self.ledger.letters(&support(), None, 10).await.unwrap().0
    }
}

#[tokio::test]
async fn a_letter_is_written_once_and_waits_for_its_ticket() {
    let place = place().await;
    let mut ticket = fresh(1);
    let decide = decided(&mut ticket, 11, Next::File);
    let verdicts = place
        .record(vec![
            open(1),
            decide,
            written(1, 11, "<a@x>"),
            written(1, 11, "<a@x>"),
            written(2, 11, "<b@x>"),
        ])
        .await;
    let wanted = [
        Verdict::Written,
        Verdict::Written,
        Verdict::Written,
        Verdict::Known,
        Verdict::Known,
    ];
    assert_eq!(verdicts, wanted);
    assert!(
        place.letters().await.is_empty(),
        "its ticket is not settled"
    );
    assert_eq!(place.ledger.letter_due(&support()).await.unwrap(), None);

    let change = moved(&mut ticket, 12);
    place.record(vec![change]).await;
    let found = place.letters().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].letter, letter(1, "<a@x>"));
    assert_eq!(found[0].life, Outgoing::life());
    assert_eq!(found[0].ticket_stage, StageName::Settled);
    assert_eq!(
        place.ledger.letter_due(&support()).await.unwrap(),
        Some(at(11))
    );
    place.assert_sound().await;
}

#[tokio::test]
async fn a_letter_lives_its_own_life() {
    let place = place().await;
    let mut ticket = fresh(1);
    let decide = decided(&mut ticket, 11, Next::File);
    let moved = moved(&mut ticket, 12);
    place
        .record(vec![open(1), decide, written(1, 11, "<a@x>"), moved])
        .await;
    let before = place.ledger.ticket(id(1)).await.unwrap();
    let mut outgoing = place.letters().await.remove(0);
    let early = outgoing.clone();

    let begin = stepped(
        &mut outgoing,
        20,
        &LifeEvent::Begin,
        Posting::Sending { attempt: 1 },
    );
    assert_eq!(place.record(vec![begin]).await, [Verdict::Written]);
    assert_eq!(place.letters().await, [outgoing.clone()]);
    assert_eq!(place.ledger.letter_due(&support()).await.unwrap(), None);
    let mut late = early;
    let stale = stepped(
        &mut late,
        21,
        &LifeEvent::Begin,
        Posting::Sending { attempt: 1 },
    );
    assert_eq!(place.record(vec![stale]).await, [Verdict::Stale]);

    let end = LifeEvent::End {
        outcome: Outcome::Deferred {
            cause: Cause::Recipient,
            reply: "later".to_owned(),
        },
        retry: Some(at(90)),
    };
    let deferred = stepped(&mut outgoing, 22, &end, Posting::Dropped);
    assert_eq!(place.record(vec![deferred]).await, [Verdict::Written]);
    assert_eq!(place.letters().await, [outgoing.clone()]);
    assert_eq!(
        place.ledger.letter_due(&support()).await.unwrap(),
        Some(at(90))
    );

    let begin = stepped(
        &mut outgoing,
        90,
        &LifeEvent::Begin,
        Posting::Sending { attempt: 2 },
    );
    let end = LifeEvent::End {
        outcome: Outcome::Delivered {
            reply: "250 ok".to_owned(),
        },
        retry: None,
    };
    let delivered = stepped(&mut outgoing, 91, &end, Posting::Dropped);
    assert_eq!(outgoing.life.stage, Stage::Delivered);
    assert_eq!(
        place.record(vec![begin, delivered]).await,
        [Verdict::Written, Verdict::Written]
    );
    assert!(place.letters().await.is_empty());
    let again = place.record(vec![written(1, 95, "<a@x>")]).await;
    assert_eq!(again, [Verdict::Known], "it was written before");
    assert_eq!(place.ledger.ticket(id(1)).await.unwrap(), before);
    place.assert_sound().await;
}

#[tokio::test]
async fn a_letter_does_not_follow_from_a_step_that_was_not_taken() {
    let place = place().await;
    let mut ticket = fresh(1);
    place.record(vec![open(1)]).await;
    let late = decided(&mut ticket.clone(), 12, Next::File);
    let held = held(&mut ticket, 11);
    place.record(vec![held]).await;
    let verdicts = place.record(vec![late, written(1, 12, "<a@x>")]).await;
    assert_eq!(verdicts, [Verdict::Stale, Verdict::Stale]);
    assert_eq!(
        place.record(vec![written(1, 13, "<a@x>")]).await,
        [Verdict::Written]
    );
    place.assert_sound().await;
}
