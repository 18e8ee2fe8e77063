//! The rounds: threads whose clock has run down are reminded, handed to the next desk, or given
//! back.
//!
//! What is done is recorded in one commit with the letters that do it, so that a crash does it once.
//! A message that has to be found first is looked for before anything is recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::fault::Fault;
use super::original;
use super::session::Session;
use crate::config::mailbox::Mode;
use crate::domain::decision::{Action, Decision};
use crate::domain::digest::Digest;
use crate::domain::ids::{CategoryId, Folder, TicketId};
use crate::domain::letter::{Letter, Purpose};
use crate::domain::life::Stage;
use crate::domain::thread::{Key, Return, Standing, Thread, Turn, remember};
use crate::domain::ticket::Ticket;
use crate::ledger::Change;
use crate::mailbox::exchange::Trouble;
use crate::registry::contact::Contact;
use crate::triage::clock::{self, Tick};
use crate::triage::leaving;
use crate::triage::letter::Draft;
use crate::triage::turn::Threaded;

/// Threads looked at in one commit.
const PAGE: u32 = 50;

/// Most threads looked at in one round; the rest is left for the next.
const ROUND_MAX: u32 = 20;

/// Messages of one thread that go to another desk or back, at most.
const MESSAGES_MAX: u32 = 20;

/// How long a thread waits that could not be seen to.
const LATER: Duration = Duration::from_mins(15);

/// A thread as it is from now on, and what follows.
struct Now {
    thread: Thread,
    turn: Option<Turn>,
    keys: Vec<Key>,
    letters: Vec<Letter>,
    refiled: Option<(Folder, Vec<TicketId>)>,
}

/// What became of a thread that was looked at.
enum Seen {
    /// It is as it is from now on.
    Now(Box<Now>),
    /// Its message cannot be reached at the moment.
    Later,
}

impl Session<'_> {
    /// Sees to every thread whose clock has run down.
    pub(super) async fn rounds(&mut self) -> Result<(), Fault> {
        if self.config.mode == Mode::Observe {
            return Ok(());
        }
        let now = self.works.clock.now();
        for _ in 0..ROUND_MAX {
            let ledger = &self.works.ledger;
            let due = ledger.threads_due(&self.config.name, now, PAGE).await?;
            if due.is_empty() || self.works.stop.is_cancelled() {
                break;
            }
            for thread in due {
                self.pulse.beat();
                self.see_to(thread, now).await?;
            }
        }
        let next = self.works.ledger.next_thread_due(&self.config.name).await?;
        if let Some(next) = next.map(|next| self.works.clock.system(next)) {
            self.due = Some(self.due.map_or(next, |due| due.min(next)));
        }
        Ok(())
    }

    async fn see_to(&self, thread: Thread, now: Timestamp) -> Result<(), Fault> {
        let later = now.checked_add(LATER).ok();
        let root = self.works.ledger.ticket(thread.root).await?;
        let tick = match root.as_ref().map(|root| &root.life.stage) {
            // Taken away before it was sent: nobody was asked.
            None | Some(Stage::Withdrawn | Stage::Quarantined) => Tick::Rest,
            Some(Stage::Settled) => {
                let sent = root.as_ref().map(|root| root.changed_at);
                clock::tick(&since_sent(&thread, sent), &self.reader.policy, now)
            }
            // Not sent yet: the desk's time has not begun.
            Some(_) => Tick::Wait(later.unwrap_or(now)),
        };
        let of = thread.root;
        let seen = match tick {
            Tick::Rest => Seen::quiet(thread, None),
            Tick::Wait(until) => Seen::quiet(thread, Some(until)),
            Tick::Remind(desk) => self.remind(thread, &desk, now),
            Tick::FailOver { to, why } => self.fail_over(thread, &to, why, now).await?,
            Tick::Return(why) => self.give_back(thread, why).await?,
        };
        let changes = match seen {
            Seen::Now(now) => {
                let threaded = Threaded {
                    thread: now.thread,
                    joins: false,
                    keys: now.keys,
                    turn: now.turn,
                };
                let mut change = self.threaded(of, threaded);
                if let Change::Thread { refiled, .. } = &mut change {
                    *refiled = now.refiled;
                }
                let mut changes = vec![change];
                changes.extend(now.letters.into_iter().map(|letter| self.letter(letter)));
                changes
            }
            Seen::Later => match self.works.ledger.thread(of).await? {
                Some(thread) => {
                    let thread = Box::new(Thread {
                        due: later,
                        ..thread
                    });
                    vec![Change::Thread {
                        of,
                        thread,
                        joins: false,
                        keys: Vec::new(),
                        refiled: None,
                        entry: None,
                    }]
                }
                None => Vec::new(),
            },
        };
        self.works.record(&self.pen, changes).await?;
        Ok(())
    }

    fn remind(&self, mut thread: Thread, desk: &Contact, now: Timestamp) -> Seen {
        let policy = &self.reader.policy;
        let product = thread.product.as_ref();
        let product = product.and_then(|id| policy.registry.product(id));
        let name = product.map_or("", |product| product.name.as_str());
        let reference = thread.root.reference();
        let number = thread.number.as_deref().unwrap_or_default();
        let subject = leaving::subject(&thread, product);
        let words = BTreeMap::from([
            ("reference", reference.clone()),
            ("partner", policy.partner.clone()),
            ("product", name.to_owned()),
            (
                "publisher",
                product.map_or_else(String::new, |product| product.publisher.clone()),
            ),
            ("subject", subject.clone()),
        ]);
        let text = policy
            .templates
            .of(desk.languages.first().copied())
            .reminder
            .fill(&words);
        let number = if number.is_empty() {
            String::new()
        } else {
            format!(" [#{number}]")
        };
        let asked = thread.asked_at.unwrap_or(now).as_second();
        let occasion = format!("{asked} {}", thread.reminders + 1);
        let draft = Draft {
            ticket: thread.root,
            case: thread.root,
            purpose: Purpose::Reminder,
            occasion: &occasion,
            recipient: desk.address.clone(),
            from: &self.config.address,
            from_name: &policy.partner,
            at: now,
            subject: format!("[{reference}]{number} {name}: {subject}"),
            text,
            references: thread.desk_ids.clone(),
        };
        let letter = draft.letter(&self.works.key);
        thread.reminders += 1;
        thread.asked_at = Some(now);
        remember(&mut thread.desk_ids, &letter.plan.message_id);
        thread.due = clock::due(&thread, policy);
        let keys = vec![Key::of_message(&letter.plan.message_id)];
        let turn = Turn::Reminded {
            desk: desk.address.clone(),
        };
        tracing::warn!(ticket = %reference, to = %desk.address, "the desk is silent: reminded");
        Seen::Now(Box::new(Now {
            keys,
            letters: vec![letter],
            ..Now::of(thread, Some(turn))
        }))
    }

    /// What was sent to the desk, the first message first.
    async fn asked_of_desk(&self, thread: &Thread) -> Result<Vec<Ticket>, Fault> {
        let ledger = &self.works.ledger;
        let mut all: Vec<Ticket> = ledger.ticket(thread.root).await?.into_iter().collect();
        all.extend(ledger.followers(thread.root, MESSAGES_MAX).await?);
        all.retain(|ticket| {
            let action = ticket.decision.as_ref().map(|decision| decision.action);
            action == Some(Action::Forward) && ticket.life.stage == Stage::Settled
        });
        Ok(all)
    }

    async fn fail_over(
        &self,
        mut thread: Thread,
        to: &Contact,
        why: Return,
        now: Timestamp,
    ) -> Result<Seen, Fault> {
        let tokens = &self.works.tokens;
        let (mut letters, mut keys) = (Vec::new(), Vec::new());
        for ticket in self.asked_of_desk(&thread).await? {
            let original = match original::original(self.config, tokens, &ticket).await {
                Ok(original) => original,
                Err(trouble) => return Ok(self.unreachable(&thread, &trouble)),
            };
            let Some(original) = original else {
                tracing::warn!(ticket = %ticket.id.reference(), "its message is not in its folder");
                continue;
            };
            let follows = (ticket.id != thread.root).then_some(&thread);
            let sent_to = Ticket {
                decision: ticket.decision.clone().map(|decision| Decision {
                    recipient: Some(to.address.clone()),
                    ..decision
                }),
                ..ticket.clone()
            };
            let digest = Digest::of(&original);
            let plan = self.reader.plan_again(&sent_to, follows, &original, digest);
            let Some(mut plan) = plan else { continue };
            // This desk knows none of the mails before.
            plan.references.clear();
            keys.push(Key::of_message(&plan.message_id));
            letters.push(Letter {
                ticket: ticket.id,
                purpose: Purpose::Failover,
                plan,
            });
        }
        if letters.is_empty() {
            return self.give_back(thread, why).await;
        }
        let from = thread.contact.replace(to.address.clone());
        thread.tried.extend(from.clone());
        thread.desk_ids.clear();
        for letter in &letters {
            remember(&mut thread.desk_ids, &letter.plan.message_id);
        }
        thread.number = None;
        thread.bounced = false;
        thread.reminders = 0;
        thread.asked_at = Some(now);
        thread.due = clock::due(&thread, &self.reader.policy);
        let turn = Turn::FailedOver {
            from,
            to: to.address.clone(),
            why,
        };
        tracing::warn!(ticket = %thread.root.reference(), to = %to.address, %why, "handed on");
        Ok(Seen::Now(Box::new(Now {
            keys,
            letters,
            ..Now::of(thread, Some(turn))
        })))
    }

    async fn give_back(&self, mut thread: Thread, why: Return) -> Result<Seen, Fault> {
        let policy = &self.reader.policy;
        let review = policy.routing.categories.get(CategoryId::REVIEW);
        let review = review.map_or_else(
            || policy.routing.quarantine.clone(),
            |route| route.folder.clone(),
        );
        let tokens = &self.works.tokens;
        let mut moved = Vec::new();
        for ticket in self.asked_of_desk(&thread).await? {
            match original::refile(self.config, tokens, &ticket, &review).await {
                Ok(true) => moved.push(ticket.id),
                Ok(false) => {}
                Err(trouble) => return Ok(self.unreachable(&thread, &trouble)),
            }
        }
        thread.standing = Standing::Returned;
        thread.waiting_since = None;
        thread.due = None;
        let folder = (!moved.is_empty()).then(|| review.clone());
        if folder.is_some() {
            thread.folder = review.clone();
        }
        tracing::error!(ticket = %thread.root.reference(), %why, "back in the queue: a person must act");
        let turn = Turn::Returned { why, folder };
        Ok(Seen::Now(Box::new(Now {
            refiled: Some((review, moved)),
            ..Now::of(thread, Some(turn))
        })))
    }

    fn unreachable(&self, thread: &Thread, trouble: &Trouble) -> Seen {
        tracing::warn!(
            mailbox = %self.config.name,
            ticket = %thread.root.reference(),
            error = %trouble,
            "its message cannot be looked for now"
        );
        Seen::Later
    }
}

/// `thread` with the desk's time counted from when the first message was `sent` and filed, where
/// that was later than it was read: it may have waited for the way out.
fn since_sent(thread: &Thread, sent: Option<Timestamp>) -> Thread {
    let first = thread.reminders == 0 && thread.tried.is_empty();
    let asked_at = thread.asked_at.map(|at| match sent {
        Some(sent) if first => at.max(sent),
        _ => at,
    });
    Thread {
        asked_at,
        ..thread.clone()
    }
}

impl Now {
    fn of(thread: Thread, turn: Option<Turn>) -> Self {
        Self {
            thread,
            turn,
            keys: Vec::new(),
            letters: Vec::new(),
            refiled: None,
        }
    }
}

impl Seen {
    fn quiet(thread: Thread, due: Option<Timestamp>) -> Self {
        let thread = Thread { due, ..thread };
        Self::Now(Box::new(Now::of(thread, None)))
    }
}
