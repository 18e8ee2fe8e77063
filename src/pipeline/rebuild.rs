//! Tells a ledger that was lost, or comes from a backup, what the folders know: each message that
//! is filed becomes a ticket that has ended, so that its content is not sent again when it comes
//! back, and people find it.
//!
//! Folders are only read. What such a ticket was is decided anew by the rules of today; where it
//! lies tells what was done. Its identity is made of its content, so that doing this twice adds
//! nothing. What lies in the inbox is the daemon's: few messages are worked on as new, which sends
//! again what was in doubt, under the same Message-ID; for many a person is asked.

use std::collections::HashSet;

use jiff::Timestamp;

use super::archive::{Filed, Shelf};
use super::fault::Fault;
use super::read::summary;
use super::standing::Standing;
use crate::audit;
use crate::config::audit::PersonalPolicy;
use crate::config::mailbox::{FirstRun, MailboxConfig};
use crate::domain::decision::{Action, Decision};
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Entry, Happening, Proof};
use crate::domain::ids::Folder;
use crate::domain::life::{Event, Life, Next};
use crate::domain::locator::{Generation, Item, Locator};
use crate::domain::reason::Reason;
use crate::ledger::{Change, Ledger, LedgerError, MailboxPatch, NewTicket, Patch, Pen, Verdict};
use crate::mail::origin::{self, InstanceKey};
use crate::mailbox::ReadOnly;
use crate::oauth::Tokens;
use crate::triage::{Policy, decide};

/// What a rebuilding works with.
#[derive(Debug)]
pub struct Rebuild<'a> {
    /// The ledger as it is; none where only a look is taken and there is none.
    pub ledger: Option<&'a Ledger>,
    /// In whose name it is written; nothing is without one.
    pub pen: Option<Pen>,
    /// The mailbox.
    pub mailbox: &'a MailboxConfig,
    /// The rules of today.
    pub policy: &'a Policy,
    /// Makes identities and pseudonyms.
    pub key: &'a InstanceKey,
    /// What the audit log may say of people.
    pub personal: PersonalPolicy,
    /// For mailboxes that need them.
    pub tokens: &'a Tokens,
    /// Who asked for it.
    pub by: String,
}

/// What a folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Messages that lie there.
    pub messages: u64,
    /// Of these, those the ledger did not know.
    pub unknown: u64,
    /// Those that cannot be known again: too large to be fetched whole, or not to be read.
    pub left_out: u64,
}

/// What the inbox came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbox {
    /// Messages that lie there.
    pub messages: u64,
    /// Of these, those the ledger does not know.
    pub unknown: u64,
    /// Whether the daemon must not begin before a person says so.
    pub asks: bool,
}

impl Rebuild<'_> {
    /// Makes known what lies in `folder`; nothing when there is no such folder.
    ///
    /// # Errors
    /// Those of the mailbox and the ledger.
    pub async fn folder(&self, folder: &Folder) -> Result<Option<Told>, Fault> {
        let Some(mut shelf) = Shelf::open(self.mailbox, self.tokens, folder).await? else {
            return Ok(None);
        };
        let mut told = Told::default();
        // What lies there twice is one content.
        let mut met = HashSet::new();
        while let Some(batch) = shelf.next().await? {
            let known = self.known(&batch).await?;
            let mut changes = Vec::new();
            for filed in batch {
                told.messages += 1;
                let Some(digest) = filed.digest else {
                    told.left_out += 1;
                    continue;
                };
                if !known.contains(&digest) && met.insert(digest) {
                    told.unknown += 1;
                    changes.extend(self.ticket(&filed, digest)?);
                }
            }
            self.record(changes).await?;
        }
        let unreadable = shelf.close().await.unreadable;
        told.messages += unreadable;
        told.left_out += unreadable;
        Ok(Some(told))
    }

    async fn known(&self, batch: &[Filed<'_>]) -> Result<HashSet<Digest>, LedgerError> {
        let digests: Vec<Digest> = batch.iter().filter_map(|filed| filed.digest).collect();
        let Some(ledger) = self.ledger else {
            return Ok(HashSet::new());
        };
        let known = ledger.by_digest(&self.mailbox.name, &digests).await?;
        Ok(known.into_iter().map(|earlier| earlier.digest).collect())
    }

    /// A ticket that was found, decided and filed.
    fn ticket(&self, filed: &Filed<'_>, digest: Digest) -> Result<[Change; 3], Fault> {
        let locator = Locator {
            generation: Generation(0),
            item: Item::Base(format!("content.{digest}").into()),
        };
        let now = Timestamp::now();
        let mut standing = Standing {
            id: origin::ticket_id(self.key, &self.mailbox.name, &locator),
            mailbox: self.mailbox.name.clone(),
            life: Life::new(),
            at: now,
            since: now,
        };
        let by = || Actor::Person(self.by.clone());
        let seen = Happening::Seen {
            locator: locator.clone(),
            size: filed.size,
        };
        let open = Change::Open {
            ticket: NewTicket {
                id: standing.id,
                mailbox: self.mailbox.name.clone(),
                locator,
                size: filed.size,
            },
            entry: Entry {
                at: now,
                ..standing.entry(by(), seen)
            },
        };
        let decision = self.decision(filed);
        let summary = summary(&filed.message);
        let pseudonym = self.key.derive("pseudonym");
        let personal = audit::personal(self.personal, &pseudonym, &summary);
        let decided = Happening::decided(&decision, Some(digest), personal, false);
        let patch = Patch {
            digest: Some(digest),
            folder: Some(filed.folder.clone()),
            decision: Some(decision),
            summary: Some(summary),
            ..Patch::default()
        };
        let (decide, _) = standing.step(&Event::Decide(Next::File), patch, by(), decided)?;
        let settled = Happening::Settled {
            folder: filed.folder.clone(),
            proof: Proof::Looked,
        };
        let (settle, _) = standing.step(&Event::Moved, Patch::default(), by(), settled)?;
        Ok([open, decide, settle])
    }

    /// What the rules of today say, but for what its folder tells better.
    fn decision(&self, filed: &Filed<'_>) -> Decision {
        let routing = &self.policy.routing;
        let mut decision = decide(&filed.message, self.policy, Some(self.key)).decision;
        let mut routes = routing.categories.iter();
        let route = routes.find(|(_, route)| route.folder == *filed.folder);
        decision.action = match route {
            Some((_, route)) => route.action,
            None if decision.action == Action::Forward => Action::Review,
            None => decision.action,
        };
        if let Some((category, route)) = route {
            decision.category = Some(category.clone());
            decision.owner = Some(route.owner);
        }
        decision.recipient = None;
        decision.folder = filed.folder.clone();
        decision.reason = Reason::Found;
        decision
    }

    /// Looks at the inbox, and leaves word for the daemon.
    ///
    /// # Errors
    /// Those of the mailbox and the ledger.
    pub async fn inbox(&self) -> Result<Inbox, Fault> {
        let inbox = ReadOnly::open(self.mailbox, self.tokens).await?;
        let listing = inbox.list().await?;
        inbox.close().await;
        let name = &self.mailbox.name;
        let items: Vec<Item> = listing.entries.iter().map(|e| e.item.clone()).collect();
        let known = match self.ledger {
            Some(ledger) => ledger.known(name, listing.generation, &items).await?.len(),
            None => 0,
        };
        let unknown = (items.len() - known.min(items.len())) as u64;
        let asks = unknown > FirstRun::ASK_ABOVE;
        let messages = items.len() as u64;
        if let (Some(ledger), Some(pen)) = (self.ledger, &self.pen) {
            let record = ledger.mailbox(name).await?;
            let new = record.is_none_or(|record| record.generation.is_none());
            let patch = MailboxPatch {
                // One that was rebuilt, too, is the daemon's to notice.
                generation: new.then_some(listing.generation),
                accepted: (new || asks).then_some(!asks),
                ..MailboxPatch::default()
            };
            let entry = Entry {
                at: Timestamp::now(),
                actor: Actor::Person(self.by.clone()),
                mailbox: Some(name.clone()),
                ticket: None,
                happening: Happening::MailboxOpened {
                    generation: listing.generation,
                    messages,
                },
            };
            let change = Change::Mailbox {
                name: name.clone(),
                patch,
                entry: Some(entry),
            };
            ledger.record(pen, vec![change]).await?;
        }
        Ok(Inbox {
            messages,
            unknown,
            asks,
        })
    }

    async fn record(&self, changes: Vec<Change>) -> Result<(), Fault> {
        let (Some(ledger), Some(pen), false) = (self.ledger, &self.pen, changes.is_empty()) else {
            return Ok(());
        };
        let verdicts = ledger.record(pen, changes).await?;
        match verdicts.iter().find(|verdict| **verdict == Verdict::Stale) {
            Some(_) => Err(Fault::Internal("the ledger changed meanwhile".to_owned())),
            None => Ok(()),
        }
    }
}
