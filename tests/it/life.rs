//! An exhaustive search over the life of a ticket: from every stage that can be reached, every
//! event, with a crash possible between any two steps. What `domain::life` promises in words
//! must hold in every state found.

use std::collections::HashSet;

use jiff::Timestamp;
use triaged::domain::life::{Effect, Event, Life, Next, Stage, resume, step};
use triaged::domain::outcome::{Cause, Outcome};
use triaged::domain::reason::HoldReason;

const TRIES_MAX: u32 = 3;
/// Attempts are cut here, so that the search ends; nothing depends on their number.
const ATTEMPTS_MAX: u32 = 4;

fn every_event() -> Vec<Event> {
    let later = Some(Timestamp::UNIX_EPOCH);
    let reply = String::new;
    let end = |outcome, retry| Event::End { outcome, retry };
    vec![
        Event::Try {
            tries_max: TRIES_MAX,
        },
        Event::Spare,
        Event::Decide(Next::Send),
        Event::Decide(Next::File),
        Event::Observe(Next::Send),
        Event::Observe(Next::File),
        Event::Reconsider,
        Event::Begin,
        end(Outcome::Delivered { reply: reply() }, None),
        end(
            Outcome::Deferred {
                cause: Cause::Server,
                reply: reply(),
            },
            later,
        ),
        end(
            Outcome::Deferred {
                cause: Cause::Server,
                reply: reply(),
            },
            None,
        ),
        end(
            Outcome::Refused {
                cause: Cause::Recipient,
                reply: reply(),
            },
            None,
        ),
        end(Outcome::Uncertain { reply: reply() }, later),
        end(Outcome::Uncertain { reply: reply() }, None),
        Event::PutBack,
        Event::Interrupted,
        Event::Moved,
        Event::Vanished,
        Event::Hold(HoldReason::Person { by: reply() }),
        Event::Release,
        Event::Retry,
        Event::Reroute(Next::Send),
        Event::Reroute(Next::File),
    ]
}

/// What the world looks like beside the ledger's row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    life: String,
    /// The daemon decided that this must be sent before it is filed.
    owes_send: bool,
    accepted: bool,
    in_source: bool,
}

#[derive(Debug, Clone)]
struct State {
    life: Life,
    world: World,
}

fn key(life: &Life) -> String {
    format!("{life:?}")
}

/// Every state that can be reached, and for each the effects asked for on the way into it.
fn explore() -> Vec<(State, Event, State, Effect)> {
    let first = Life::new();
    let start = State {
        world: World {
            life: key(&first),
            owes_send: false,
            accepted: false,
            in_source: true,
        },
        life: first,
    };
    let mut seen = HashSet::from([start.world.clone()]);
    let mut open = vec![start];
    let mut steps = Vec::new();
    while let Some(from) = open.pop() {
        for event in every_event() {
            let Ok((life, effect)) = step(&from.life, &event) else {
                continue;
            };
            if life.attempts > ATTEMPTS_MAX {
                continue;
            }
            let mut world = World {
                life: key(&life),
                ..from.world.clone()
            };
            match &event {
                Event::Decide(next) | Event::Observe(next) | Event::Reroute(next) => {
                    world.owes_send = *next == Next::Send;
                }
                // The server may have taken what it never acknowledged.
                Event::End {
                    outcome: Outcome::Delivered { .. },
                    ..
                } => world.accepted = true,
                // What was only observed is decided anew, and owes nothing until then.
                Event::Reconsider => world.owes_send = false,
                Event::Moved => world.in_source = false,
                Event::Vanished => world.in_source = false,
                _ => {}
            }
            let to = State { life, world };
            steps.push((from.clone(), event, to.clone(), effect));
            if seen.insert(to.world.clone()) {
                open.push(to);
            }
        }
    }
    steps
}

#[test]
fn the_source_copy_leaves_only_when_the_outcome_is_durable() {
    for (from, event, to, effect) in explore() {
        if effect == Effect::Move {
            assert!(
                !to.world.owes_send || to.world.accepted,
                "{event:?} on {:?} moves what was never accepted",
                from.life
            );
        }
        if event == Event::Moved {
            assert!(
                !from.world.owes_send || from.world.accepted,
                "{:?} takes a move although nothing was accepted",
                from.life
            );
        }
    }
}

#[test]
fn nothing_is_transmitted_without_a_stage_that_a_crash_leaves_behind() {
    let mut transmissions = 0;
    for (from, event, to, effect) in explore() {
        if effect == Effect::Transmit {
            transmissions += 1;
            assert_eq!(
                to.life.stage,
                Stage::Sending,
                "{event:?} on {:?}",
                from.life
            );
            assert_eq!(to.life.attempts, from.life.attempts + 1);
        }
    }
    assert!(transmissions > 0);
}

#[test]
fn a_ticket_that_was_accepted_is_never_sent_again_by_the_daemon_itself() {
    for (from, event, to, effect) in explore() {
        let by_person = matches!(event, Event::Release | Event::Retry | Event::Reroute(_));
        if from.world.accepted && from.life.stage == Stage::Delivered && !by_person {
            assert!(
                !matches!(effect, Effect::Queue | Effect::Transmit | Effect::Read),
                "{event:?} leads from {:?} to {:?}",
                from.life,
                to.life
            );
        }
    }
}

#[test]
fn what_is_observed_is_done_only_when_decided_anew_or_a_person_says_so() {
    let mut seen = 0;
    for (from, event, to, effect) in explore() {
        let by_person = matches!(event, Event::Release | Event::Retry | Event::Reroute(_));
        if matches!(from.life.stage, Stage::Observed { .. }) && !by_person {
            seen += 1;
            assert!(
                !matches!(effect, Effect::Queue | Effect::Transmit | Effect::Move),
                "{event:?} leads from {:?} to {:?}",
                from.life,
                to.life
            );
        }
    }
    assert!(seen > 0);
}

#[test]
fn ends_are_ends() {
    for (from, event, _, _) in explore() {
        assert!(
            !from.life.stage.is_end(),
            "{event:?} leaves {:?}",
            from.life
        );
    }
}

#[test]
fn what_waits_always_has_a_way_to_an_end() {
    let steps = explore();
    let mut ending: HashSet<String> = steps
        .iter()
        .filter(|(_, _, to, _)| to.life.stage.is_end())
        .map(|(_, _, to, _)| key(&to.life))
        .collect();
    loop {
        let before = ending.len();
        for (from, _, to, _) in &steps {
            if ending.contains(&key(&to.life)) {
                ending.insert(key(&from.life));
            }
        }
        if ending.len() == before {
            break;
        }
    }
    for (from, ..) in &steps {
        assert!(
            ending.contains(&key(&from.life)),
            "{:?} can never end",
            from.life
        );
    }
}

#[test]
fn a_crash_at_any_point_resumes_where_the_row_says() {
    for (from, event, to, effect) in explore() {
        // A crash after the step was written and before its effect was performed.
        let again = resume(&to.life);
        let expected = match effect {
            Effect::Transmit => Effect::Queue,
            other => other,
        };
        assert_eq!(
            again, expected,
            "{event:?} on {:?} gives {:?}",
            from.life, to.life
        );
    }
}

#[test]
fn a_poison_message_ends_in_quarantine_after_its_tries() {
    let mut life = Life::new();
    // The first is counted with the finding.
    for n in 2..=TRIES_MAX {
        let (next, effect) = step(
            &life,
            &Event::Try {
                tries_max: TRIES_MAX,
            },
        )
        .expect("a try");
        assert_eq!((next.tries, effect), (n, Effect::Read));
        life = next;
    }
    let (life, effect) = step(
        &life,
        &Event::Try {
            tries_max: TRIES_MAX,
        },
    )
    .expect("the verdict");
    assert_eq!(
        (life.stage, effect),
        (
            Stage::Decided {
                next: Next::Quarantine
            },
            Effect::Move
        )
    );
}
