//! Reading: parses and decides the messages of one batch.
//!
//! Pure but for the stream it reads from. The bytes of what is only filed are dropped as soon as
//! they were read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::apart::{Apart, Part, Survival};
use crate::config::mailbox::MailboxConfig;
use crate::domain::decision::{Action, Decision};
use crate::domain::digest::Digest;
use crate::domain::event::{Happening, Way};
use crate::domain::ids::TicketId;
use crate::domain::letter::Letter;
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::plan::Plan;
use crate::domain::ticket::{Summary, Ticket};
use crate::mail::Message;
use crate::mail::newtext;
use crate::mail::origin::{self, InstanceKey};
use crate::mailbox::exchange::{Content, Fetched, Trouble};
use crate::triage::plan::{Incoming, plan};
use crate::triage::{Policy, decide};

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
    /// What is written beside the forward, to be sent once the ticket is settled.
    pub letters: Vec<Letter>,
    /// What the audit log says of a shadow that would have sent it elsewhere.
    pub shadow: Option<Happening>,
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
    /// survives it. The answer holds what was read, and the trouble that ended the stream early.
    pub async fn read_all(
        &self,
        fetched: &mut mpsc::Receiver<Result<Fetched, Trouble>>,
        now: Timestamp,
        apart: Option<&Apart>,
    ) -> (Vec<Read>, Option<Trouble>) {
        let mut reads = Vec::new();
        while let Some(next) = fetched.recv().await {
            let Fetched { item, content } = match next {
                Ok(fetched) => fetched,
                Err(trouble) => return (reads, Some(trouble)),
            };
            if let Some(why) = self.deadly(apart, &content).await {
                let end = ReadEnd::Unreadable { why };
                reads.push(Read { item, end });
                continue;
            }
            let end = match &content {
                Content::Whole(bytes) if bytes.len() > IN_PLACE_MAX => {
                    let (reader, of) = (self.clone(), item.clone());
                    let task = tokio::task::spawn_blocking(move || reader.read(&of, content, now));
                    task.await.unwrap_or_else(|error| ReadEnd::Unreadable {
                        why: error.to_string(),
                    })
                }
                _ => self.read_guarded(&item, content, now),
            };
            reads.push(Read { item, end });
            // The lanes and the filer share this thread.
            tokio::task::yield_now().await;
        }
        (reads, None)
    }

    /// The plan of a ticket whose decision a person changed.
    pub fn plan_again(&self, ticket: &Ticket, original: &[u8], digest: Digest) -> Option<Plan> {
        let message = Message::parse(original).ok()?;
        let text = newtext::cut(&message.plain);
        let incoming = Incoming {
            id: ticket.id,
            original,
            digest,
            mailbox: &self.config.name,
            address: &self.config.address,
            at: Timestamp::now(),
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
            Content::Whole(bytes) => (bytes, Part::Whole),
            Content::Head(bytes) => (bytes, Part::Head),
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
    pub fn survive(&self, bytes: Bytes, part: Part) {
        let content = match part {
            Part::Whole => Content::Whole(bytes),
            Part::Head => Content::Head(bytes),
        };
        drop(self.read(&Item::Uid(1), content, Timestamp::now()));
    }

    /// As [`Self::read`]; a panic is the message's end and not ours.
    fn read_guarded(&self, item: &Item, content: Content, now: Timestamp) -> ReadEnd {
        let read = AssertUnwindSafe(|| self.read(item, content, now));
        catch_unwind(read).unwrap_or_else(|_| ReadEnd::Unreadable {
            why: "reading it broke down".to_owned(),
        })
    }

    fn read(&self, item: &Item, content: Content, now: Timestamp) -> ReadEnd {
        match content {
            Content::Whole(bytes) => match Message::parse(&bytes) {
                Ok(message) => self.decide(item, &message, Some(bytes), now),
                Err(error) => ReadEnd::Unreadable {
                    why: error.to_string(),
                },
            },
            Content::Head(bytes) => match Message::from_head(&bytes) {
                Ok(message) => self.decide(item, &message, None, now),
                Err(error) => ReadEnd::Unreadable {
                    why: error.to_string(),
                },
            },
            Content::Gone => ReadEnd::Gone,
            Content::Unusable { what } => ReadEnd::Unusable { what },
        }
    }

    fn decide(
        &self,
        item: &Item,
        message: &Message,
        bytes: Option<Bytes>,
        now: Timestamp,
    ) -> ReadEnd {
        let reading = decide(message, &self.policy, Some(&self.key));
        let decision = reading.decision;
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
        let forward = match (decision.action, digest, bytes) {
            (Action::Forward, Some(digest), Some(bytes)) => {
                let incoming = Incoming {
                    id: self.ticket(item),
                    original: &bytes,
                    digest,
                    mailbox: &self.config.name,
                    address: &self.config.address,
                    at: now,
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
        ReadEnd::Decided(Box::new(Decided {
            digest,
            summary,
            came: message.received.filter(|_| message.headers.has("Received")),
            decision,
            forward,
            letters: Vec::new(),
            shadow,
        }))
    }
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
