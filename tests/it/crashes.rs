//! The life of a ticket with the world around it: a server that moves or does not and says `OK`
//! or nothing, a destination that takes or does not, a parser that brings the program down, and a
//! crash at every boundary between a commit and its effect. Searched exhaustively.
//!
//! The invariants are held against three mutants as well, each with one of the mistakes that lose,
//! double or loop mail. Each must be caught, or the search would prove nothing.

use std::collections::HashSet;

use jiff::Timestamp;
use triaged::domain::life::{Effect, Event, Life, Next, Stage, resume, step};
use triaged::domain::outcome::Outcome;

const TRIES_MAX: u32 = 3;
/// Attempts and crashes in parsing are cut here, so that the search ends.
const CUT: u32 = 6;

/// How the program behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// As it is.
    Real,
    /// It files a ticket before its forward was accepted.
    MovesBeforeDelivered,
    /// It takes a tagged `OK` for a move, without a COPYUID or a look.
    BelievesOk,
    /// It counts a try once the parsing is over.
    CountsAfterParsing,
}

/// What is on the disk, on the servers and in the program's hands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the world"
)]
struct World {
    /// The row of the ledger; `None` before the message was found.
    row: Option<String>,
    in_source: bool,
    in_folder: bool,
    accepted: bool,
    /// Times the parser brought the program down.
    broken: u32,
    /// Whether its parser does so each time.
    poison: bool,
    /// The effect in the program's hands; `None` while it is down.
    hands: Option<Effect>,
}

#[derive(Debug, Clone)]
struct State {
    life: Option<Life>,
    world: World,
}

impl State {
    fn start(poison: bool) -> Self {
        Self {
            life: None,
            world: World {
                row: None,
                in_source: true,
                in_folder: false,
                accepted: false,
                broken: 0,
                poison,
                hands: None,
            },
        }
    }

    /// The row as it is written, and the effect that it asks for.
    fn written(&self, life: Life, effect: Effect) -> Self {
        let mut to = self.clone();
        to.world.row = Some(format!("{life:?}"));
        to.world.hands = Some(effect);
        to.life = Some(life);
        to
    }

    fn stepped(&self, event: &Event) -> Option<Self> {
        let (life, effect) = step(self.life.as_ref()?, event).ok()?;
        Some(self.written(life, effect))
    }

    fn with(&self, change: impl FnOnce(&mut World)) -> Self {
        let mut to = self.clone();
        change(&mut to.world);
        to
    }

    fn crashed(&self) -> Self {
        self.with(|world| world.hands = None)
    }
}

/// Everything that can happen next.
fn successors(state: &State, program: Program) -> Vec<State> {
    let mut next = Vec::new();
    let Some(hands) = state.world.hands else {
        // A start: what the ledger says, or the message as it is found.
        match &state.life {
            None => {
                let mut life = Life::new();
                if program == Program::CountsAfterParsing {
                    life.tries = 0;
                }
                next.push(state.written(life, Effect::Read));
            }
            Some(life) if life.stage == Stage::Seen => {
                let tried = state.stepped(&Event::Try {
                    tries_max: TRIES_MAX,
                });
                next.extend(tried.map(|mut to| {
                    if program == Program::CountsAfterParsing
                        && let Some(life) = to.life.as_mut().filter(|l| l.stage == Stage::Seen)
                    {
                        life.tries -= 1;
                        to.world.row = Some(format!("{life:?}"));
                    }
                    to
                }));
            }
            Some(life) if life.stage == Stage::Sending => {
                next.extend(state.stepped(&Event::Interrupted));
            }
            Some(life) => next.push(state.with(|world| world.hands = Some(resume(life)))),
        }
        return next;
    };
    // It may go down at any moment.
    next.push(state.crashed());
    match hands {
        Effect::Read if state.world.poison => {
            if state.world.broken < CUT {
                next.push(state.crashed().with(|world| world.broken += 1));
            }
        }
        Effect::Read => {
            next.extend(state.stepped(&Event::Decide(Next::Send)));
            next.extend(state.stepped(&Event::Decide(Next::File)));
            next.extend(state.stepped(&Event::Observe(Next::Send)));
        }
        Effect::Observe => next.extend(state.stepped(&Event::Reconsider)),
        Effect::Queue => {
            if program == Program::MovesBeforeDelivered {
                next.push(state.with(|world| {
                    world.hands = Some(Effect::Move);
                }));
            }
            if state.life.as_ref().is_some_and(|life| life.attempts < CUT) {
                next.extend(state.stepped(&Event::Begin));
            }
        }
        Effect::Transmit => {
            let later = Some(Timestamp::UNIX_EPOCH);
            // Taken, and the answer read, or lost with the connection or with us.
            let taken = state.with(|world| world.accepted = true);
            let reply = String::new;
            for (from, outcome) in [
                (&taken, Outcome::Delivered { reply: reply() }),
                (&taken, Outcome::Uncertain { reply: reply() }),
                (state, Outcome::Uncertain { reply: reply() }),
            ] {
                let retry = later.filter(|_| !matches!(outcome, Outcome::Delivered { .. }));
                next.extend(from.stepped(&Event::End { outcome, retry }));
            }
            next.push(taken.crashed());
        }
        Effect::Wait => next.extend(state.stepped(&Event::Retry)),
        Effect::Move => moves(state, program, &mut next),
        Effect::AskPerson | Effect::Nothing => {}
    }
    next
}

/// The server moves or does not; its answer comes or does not, with a proof or without.
fn moves(state: &State, program: Program, next: &mut Vec<State>) {
    let done = state.with(|world| {
        world.in_folder |= world.in_source;
        world.in_source = false;
    });
    // A COPYUID, or a look that found it in the folder.
    next.extend(done.stepped(&Event::Moved).or_else(|| {
        // The mutant files what the life does not allow it to.
        (program == Program::MovesBeforeDelivered).then(|| done.crashed())
    }));
    // The answer never came: it is done, and nothing is known of it.
    next.push(done.crashed());
    // `OK`, and nothing was moved.
    if program == Program::BelievesOk {
        next.extend(state.stepped(&Event::Moved));
    } else {
        next.push(state.clone());
    }
}

/// What must hold in every state.
fn fault(state: &State) -> Option<&'static str> {
    let world = &state.world;
    let life = state.life.as_ref();
    let decided_to_send = world.row.as_ref().is_some_and(|row| row.contains("Send"));
    let stage = life.map(|life| &life.stage);
    if !world.in_source && !world.in_folder {
        Some("it lies nowhere")
    } else if stage.is_some_and(Stage::is_end) && !world.in_folder {
        Some("its life is over and it does not lie in its folder")
    } else if !world.in_source && !world.accepted && (decided_to_send || is_sending(stage)) {
        Some("it left the source folder, and nobody has taken it")
    } else if world.broken > TRIES_MAX {
        Some("it brought the program down more often than it may be tried")
    } else {
        None
    }
}

const fn is_sending(stage: Option<&Stage>) -> bool {
    matches!(stage, Some(Stage::Sending | Stage::Deferred { .. }))
}

/// The first fault that any order of happenings leads to, and how many states there are.
fn search(program: Program) -> (Option<(&'static str, State)>, usize) {
    let mut seen = HashSet::new();
    let mut open = vec![State::start(false), State::start(true)];
    while let Some(state) = open.pop() {
        if !seen.insert(state.world.clone()) {
            continue;
        }
        if let Some(fault) = fault(&state) {
            return (Some((fault, state)), seen.len());
        }
        open.extend(successors(&state, program));
    }
    (None, seen.len())
}

#[test]
fn no_crash_at_any_boundary_loses_or_loops_a_message() {
    let (found, states) = search(Program::Real);
    assert!(found.is_none(), "{found:#?}");
    assert!(states > 60, "only {states} states were reached");
}

#[test]
fn each_mutant_is_caught() {
    for (program, wanted) in [
        (
            Program::MovesBeforeDelivered,
            "it left the source folder, and nobody has taken it",
        ),
        (
            Program::BelievesOk,
            "its life is over and it does not lie in its folder",
        ),
        (
            Program::CountsAfterParsing,
            "it brought the program down more often than it may be tried",
        ),
    ] {
        let (found, _) = search(program);
        let found = found.map(|(fault, _)| fault);
        assert_eq!(found, Some(wanted), "{program:?}");
    }
}
