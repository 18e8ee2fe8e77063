//! Reading: parses and decides the messages of one batch.
//!
//! Pure but for the stream it reads from. A message that bears a mark of a thread waits until that
//! was looked up, for all of a batch at once. The bytes of what is only filed are dropped as soon as
//! they were read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::apart::{self, Apart, Survival};
use crate::config::mailbox::MailboxConfig;
use crate::domain::decision::{Action, Decision};
use crate::domain::digest::Digest;
use crate::domain::event::{Happening, Way};
use crate::domain::ids::{CategoryId, TicketId};
use crate::domain::incident::{Course, Incident};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::plan::Plan;
use crate::domain::reason::Reason;
use crate::domain::thread::{Mark, Part, Thread};
use crate::domain::ticket::{Summary, Ticket};
use crate::mail::Message;
use crate::mail::newtext;
use crate::mail::origin::{self, InstanceKey};
use crate::mailbox::exchange::{Content, Fetched, Trouble};
use crate::triage::decide::asked;
use crate::triage::incident;
use crate::triage::plan::{Incoming, plan};
use crate::triage::thread::{Marks, Past};
use crate::triage::turn::{Turned, Turning};
use crate::triage::{Policy, decide_in};

/// Largest message read in place, in bytes: some milliseconds at worst.
const IN_PLACE_MAX: usize = 256 << 10;

/// What reading needs to know.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Rules, registry and routing of the moment.
    pub policy: Arc<Policy>,
    /// Makes and recognises our marks.
    pub key: Arc<InstanceKey>,
    /// The mailbox.
    pub config: Arc<MailboxConfig>,
    /// The incidents that go on, as far as the messages read so far tell.
    pub incidents: Arc<Mutex<Vec<Incident>>>,
    /// In which span the items hold.
    pub generation: Generation,
}

/// What came of reading one message.
#[derive(Debug)]
pub struct Read {
    /// Which message.
    pub item: Item,
    /// What came of it.
    pub end: ReadEnd,
}

/// How reading ended.
#[derive(Debug)]
pub enum ReadEnd {
    /// It was decided.
    Decided(Box<Decided>),
    /// It cannot be parsed.
    Unreadable {
        /// Why.
        why: String,
    },
    /// It is not there any more.
    Gone,
    /// The server gave something else.
    Unusable {
        /// What.
        what: String,
    },
}

/// A decided message.
#[derive(Debug)]
pub struct Decided {
    /// Digest of the whole message; `None` when only its head was fetched.
    pub digest: Option<Digest>,
    /// For people.
    pub summary: Summary,
    /// When our own server took it, if it says so.
    pub came: Option<Timestamp>,
    /// What was decided.
    pub decision: Decision,
    /// What is sent, and the original, when it is to be sent.
    pub forward: Option<(Plan, Bytes)>,
    /// What becomes of its thread, and the letters that follow.
    pub turned: Turned,
    /// What a notice makes of an incident.
    pub incident: Option<(Incident, Course)>,
    /// What the audit log says of a shadow that would have sent it elsewhere.
    pub shadow: Option<Happening>,
}

/// A message that may belong to a thread.
#[derive(Debug)]
pub struct Unthreaded {
    /// Which message.
    pub item: Item,
    message: Box<Message>,
    bytes: Option<Bytes>,
    /// What it bears.
    pub marks: Marks,
}

/// A message that was parsed.
enum Parsed {
    /// Nothing has to be looked up.
    End(ReadEnd),
    /// It bears something to be looked up.
    Bears(Box<Message>, Option<Bytes>, Marks),
}

impl Reader {
    /// The identity of the ticket for `item`.
    pub fn ticket(&self, item: &Item) -> TicketId {
        let locator = Locator {
            generation: self.generation,
            item: item.clone(),
        };
        origin::ticket_id(&self.key, &self.config.name, &locator)
    }

    /// Reads what is fetched until the stream ends: small messages in place, which takes less time
    /// than handing them over, large ones on a thread of their own.
    ///
    /// With `apart`, each message is read in a process of its own first, and here only if that one
    /// survives it. The answer holds what was decided, what waits for its thread to be looked up,
    /// and the trouble that ended the stream early.
    pub async fn read_all(
        &self,
        fetched: &mut mpsc::Receiver<Result<Fetched, Trouble>>,
        now: Timestamp,
        apart: Option<&Apart>,
    ) -> (Vec<Read>, Vec<Unthreaded>, Option<Trouble>) {
        let mut reads = Vec::new();
        let mut unthreaded = Vec::new();
        while let Some(next) = fetched.recv().await {
            let Fetched { item, content } = match next {
                Ok(fetched) => fetched,
                Err(trouble) => return (reads, unthreaded, Some(trouble)),
            };
            if let Some(why) = self.deadly(apart, &content).await {
                let end = ReadEnd::Unreadable { why };
                reads.push(Read { item, end });
                continue;
            }
            let parsed = match &content {
                Content::Whole(bytes) if bytes.len() > IN_PLACE_MAX => {
                    let (reader, of) = (self.clone(), item.clone());
                    let task = tokio::task::spawn_blocking(move || reader.read(&of, content, now));
                    task.await.unwrap_or_else(|error| {
                        Parsed::End(ReadEnd::Unreadable {
                            why: error.to_string(),
                        })
                    })
                }
                _ => self.read_guarded(&item, content, now),
            };
            match parsed {
                Parsed::End(end) => reads.push(Read { item, end }),
                Parsed::Bears(message, bytes, marks) => unthreaded.push(Unthreaded {
                    item,
                    message,
                    bytes,
                    marks,
                }),
            }
            // The lanes and the filer share this thread.
            tokio::task::yield_now().await;
        }
        (reads, unthreaded, None)
    }

    /// Decides a message whose thread was looked up; `found` is none when it has none after all.
    pub fn read_in(
        &self,
        unthreaded: Unthreaded,
        found: Option<(Thread, Mark)>,
        now: Timestamp,
    ) -> Read {
        let Unthreaded {
            item,
            message,
            bytes,
            ..
        } = unthreaded;
        let past = Past {
            thread: found,
            ..self.past()
        };
        let end = self.decide(&item, &message, bytes, &past, now);
        Read { item, end }
    }

    /// What is known beside any message.
    fn past(&self) -> Past {
        Past {
            thread: None,
            replies: self.config.isv_replies,
            incidents: self.incidents().clone(),
        }
    }

    /// The incidents that go on.
    pub fn incidents(&self) -> std::sync::MutexGuard<'_, Vec<Incident>> {
        // A list of values is whole whatever a panicking thread was doing with it.
        self.incidents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a notice makes of the incidents; later messages are decided by it.
    fn course(
        &self,
        item: &Item,
        message: &Message,
        decision: &Decision,
        now: Timestamp,
    ) -> Option<(Incident, Course)> {
        let mut open = self.incidents();
        let id = self.ticket(item);
        let (one, course) = incident::course(id, message, decision, &self.policy, &open, now)?;
        open.retain(|known| known.notice != one.notice);
        if one.is_open(now) {
            open.push(one.clone());
        }
        Some((one, course))
    }

    /// The plan of a ticket whose decision a person changed.
    pub fn plan_again(
        &self,
        ticket: &Ticket,
        (thread, incident): (Option<&Thread>, Option<&Incident>),
        original: &[u8],
        digest: Digest,
    ) -> Option<Plan> {
        let message = Message::parse(original).ok()?;
        let text = newtext::cut(&message.plain);
        let incoming = Incoming {
            id: ticket.id,
            original,
            digest,
            mailbox: &self.config.name,
            address: &self.config.address,
            at: Timestamp::now(),
            incident,
            thread,
        };
        let decision = ticket.decision.as_ref()?;
        plan(
            &message,
            &text,
            decision,
            &self.policy,
            &self.key,
            &incoming,
        )
    }

    /// Why a message must not be read here, if it must not.
    async fn deadly(&self, apart: Option<&Apart>, content: &Content) -> Option<String> {
        let (bytes, part) = match content {
            Content::Whole(bytes) => (bytes, apart::Part::Whole),
            Content::Head(bytes) => (bytes, apart::Part::Head),
            Content::Gone | Content::Unusable { .. } => return None,
        };
        match apart?.read(&self.config.name, bytes, part).await {
            Survival::Lived => None,
            Survival::Died { how } => Some(how),
            Survival::Untold { why } => {
                tracing::warn!(why, "a message cannot be read apart first: it is read here");
                None
            }
        }
    }

    /// Reads a message only to find out what it does to its reader.
    pub fn survive(&self, bytes: Bytes, part: apart::Part) {
        let content = match part {
            apart::Part::Whole => Content::Whole(bytes),
            apart::Part::Head => Content::Head(bytes),
        };
        let (item, now) = (Item::Uid(1), Timestamp::now());
        if let Parsed::Bears(message, bytes, _) = self.read(&item, content, now) {
            drop(self.decide(&item, &message, bytes, &self.past(), now));
        }
    }

    /// As [`Self::read`]; a panic is the message's end and not ours.
    fn read_guarded(&self, item: &Item, content: Content, now: Timestamp) -> Parsed {
        let read = AssertUnwindSafe(|| self.read(item, content, now));
        catch_unwind(read).unwrap_or_else(|_| {
            Parsed::End(ReadEnd::Unreadable {
                why: "reading it broke down".to_owned(),
            })
        })
    }

    /// The thread of a ticket that was decided when nothing was kept of threads: before there were
    /// any, or while its mailbox was only observed.
    pub fn turned_again(
        &self,
        ticket: &Ticket,
        plan: &Plan,
        original: &[u8],
        now: Timestamp,
    ) -> Option<Turned> {
        let message = Message::parse(original).ok()?;
        let text = newtext::cut(&message.plain);
        let turning = Turning {
            id: ticket.id,
            message: &message,
            asked: asked(&text),
            decision: ticket.decision.as_ref()?,
            plan: Some(plan),
            found: None,
            incident: None,
            address: &self.config.address,
            policy: &self.policy,
            key: &self.key,
            acknowledges: false,
            at: now,
        };
        Some(turning.turned())
    }

    fn read(&self, item: &Item, content: Content, now: Timestamp) -> Parsed {
        let (message, bytes) = match content {
            Content::Whole(bytes) => (Message::parse(&bytes), Some(bytes)),
            Content::Head(bytes) => (Message::from_head(&bytes), None),
            Content::Gone => return Parsed::End(ReadEnd::Gone),
            Content::Unusable { what } => return Parsed::End(ReadEnd::Unusable { what }),
        };
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                return Parsed::End(ReadEnd::Unreadable {
                    why: error.to_string(),
                });
            }
        };
        let marks = Marks::of(&message, &self.policy, Some(&self.key));
        if marks.is_empty() {
            return Parsed::End(self.decide(item, &message, bytes, &self.past(), now));
        }
        Parsed::Bears(Box::new(message), bytes, marks)
    }

    fn decide(
        &self,
        item: &Item,
        message: &Message,
        bytes: Option<Bytes>,
        past: &Past,
        now: Timestamp,
    ) -> ReadEnd {
        let reading = decide_in(message, &self.policy, Some(&self.key), past);
        let found = past.thread.as_ref().map(|(thread, _)| thread);
        let mut decision = reading.decision;
        let shadow = reading.shadow.and_then(|shadow| {
            let (live, other) = (Way::of(&decision), Way::of(&shadow));
            (live != other).then_some(Happening::ShadowDiffered {
                live,
                shadow: other,
                shadow_digest: shadow.rules_digest,
            })
        });
        let digest = bytes.as_ref().map(|b| Digest::of(b));
        let summary = summary(message);
        let about = decision.incident;
        let about = past.incidents.iter().find(|one| Some(one.notice) == about);
        let forward = match (decision.action, digest, bytes) {
            (Action::Forward, Some(digest), Some(bytes)) => {
                let incoming = Incoming {
                    id: self.ticket(item),
                    original: &bytes,
                    digest,
                    mailbox: &self.config.name,
                    address: &self.config.address,
                    at: now,
                    incident: about,
                    thread: found.filter(|_| follows(&decision)),
                };
                plan(
                    message,
                    &reading.text,
                    &decision,
                    &self.policy,
                    &self.key,
                    &incoming,
                )
                .map(|plan| (plan, bytes))
            }
            _ => None,
        };
        if decision.action == Action::Forward && forward.is_none() {
            // It must not lie among the forwarded as if it had been sent.
            let what = "no forward can be made of it".to_owned();
            let routing = &self.policy.routing;
            let review = routing.categories.get(&CategoryId::review());
            let folder = review.map_or_else(|| routing.quarantine.clone(), |r| r.folder.clone());
            decision = decision.for_review(Reason::Unreadable { what }, folder);
        }
        let turned = Turning {
            id: self.ticket(item),
            message,
            asked: asked(&reading.text),
            decision: &decision,
            plan: forward.as_ref().map(|(plan, _)| plan),
            found,
            incident: about,
            address: &self.config.address,
            policy: &self.policy,
            key: &self.key,
            acknowledges: self.config.acknowledge,
            at: now,
        }
        .turned();
        let incident = self.course(item, message, &decision, now);
        ReadEnd::Decided(Box::new(Decided {
            digest,
            summary,
            came: message.received.filter(|_| message.headers.has("Received")),
            decision,
            forward,
            turned,
            incident,
            shadow,
        }))
    }
}

/// Whether a message goes where its thread went.
fn follows(decision: &Decision) -> bool {
    let link = decision.link.as_ref();
    link.is_some_and(|link| link.part == Part::Follows)
}

/// Longest subject kept for people, in characters.
const SUBJECT_CHARS: usize = 200;

/// What people recognise a message by.
pub fn summary(message: &Message) -> Summary {
    let from = message
        .from
        .first()
        .map_or_else(String::new, |author| match &author.address {
            Some(address) => address.to_string(),
            None => author.text.chars().take(SUBJECT_CHARS).collect(),
        });
    Summary {
        from,
        subject: message.subject.chars().take(SUBJECT_CHARS).collect(),
    }
}
