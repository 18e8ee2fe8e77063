//! What a decided message makes of its thread, and the letters that follow.
//!
//! Pure: the same message, decision and thread give the same turn. The ledger is told of it together
//! with the decision.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::address::Address;
use crate::domain::decision::{Action, Decision, Owner};
use crate::domain::ids::TicketId;
use crate::domain::kind::Kind;
use crate::domain::letter::{Letter, Purpose};
use crate::domain::plan::Plan;
use crate::domain::reason::Reason;
use crate::domain::thread::{Key, Link, Part, Party, Standing, Thread, Turn, remember};
use crate::mail::origin::{self, InstanceKey};
use crate::mail::{Message, desk_number};
use crate::registry::product::Product;

use super::acknowledge;
use super::clock;
use super::letter::Draft;
use super::policy::Policy;

/// What a turn follows from.
#[derive(Debug, Clone, Copy)]
pub struct Turning<'a> {
    /// The message's ticket.
    pub id: TicketId,
    /// The message.
    pub message: &'a Message,
    /// What its writer wrote now.
    pub asked: &'a str,
    /// What was decided.
    pub decision: &'a Decision,
    /// The forward, if there is one.
    pub plan: Option<&'a Plan>,
    /// The thread whose mark it bears.
    pub found: Option<&'a Thread>,
    /// The mailbox's address.
    pub address: &'a Address,
    /// What the operator says.
    pub policy: &'a Policy,
    /// Makes our marks.
    pub key: &'a InstanceKey,
    /// Whether the mailbox acknowledges.
    pub acknowledges: bool,
    /// When it was read.
    pub at: Timestamp,
}

/// Takes in that `plan` goes to a desk; the answer is what the thread is found by from now on.
pub fn asked(thread: &mut Thread, plan: &Plan, policy: &Policy, at: Timestamp) -> Vec<Key> {
    let reference = thread.root.to_string().chars().take(8).collect::<String>();
    let keys = vec![Key::of_message(&plan.message_id), Key::of_case(&reference)];
    remember(&mut thread.desk_ids, &plan.message_id);
    thread.standing = Standing::Waiting;
    thread.contact = Some(plan.recipient.clone());
    // A desk that is asked twice has its time from the first.
    thread.waiting_since.get_or_insert(at);
    thread.asked_at.get_or_insert(at);
    thread.due = thread.due.or_else(|| clock::due(thread, policy));
    keys
}

/// A thread as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threaded {
    /// The thread.
    pub thread: Thread,
    /// Whether the message is one of its.
    pub joins: bool,
    /// What it can be found by from now on.
    pub keys: Vec<Key>,
    /// What happened in it; nothing where it begins.
    pub turn: Option<Turn>,
}

/// All that follows from one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turned {
    /// The threads it changes.
    pub threads: Vec<Threaded>,
    /// The letters to be sent once its ticket is settled.
    pub letters: Vec<Letter>,
}

impl Turning<'_> {
    /// What the message makes of its thread.
    pub fn turned(&self) -> Turned {
        let link = self.decision.link.as_ref();
        let mut turned = match (link, self.found) {
            (Some(link), Some(thread)) => self.in_thread(link, thread.clone()),
            _ => Turned::default(),
        };
        let begins = link.is_none_or(|link| matches!(link.part, Part::Afresh | Part::Apart));
        if begins && self.decision.kind == Kind::Ticket {
            let mut threaded = self.begun();
            if let Some(letter) = self.acknowledgement(&threaded.thread) {
                let reference = self.id.to_string().chars().take(8).collect::<String>();
                let id = &letter.plan.message_id;
                threaded.keys.push(Key::of_message(id));
                threaded.keys.push(Key::of_case(&reference));
                remember(&mut threaded.thread.customer_ids, id);
                turned.letters.push(letter);
            }
            turned.threads.push(threaded);
        }
        turned
    }

    fn in_thread(&self, link: &Link, thread: Thread) -> Turned {
        let by = self.id;
        let aside = |thread, turn| Turned {
            threads: vec![Threaded {
                thread,
                joins: false,
                keys: Vec::new(),
                turn: Some(turn),
            }],
            letters: Vec::new(),
        };
        match link.part {
            Part::Follows => self.followed(thread),
            Part::Answer => self.answered(thread),
            Part::Afresh => aside(thread, Turn::Branched { by }),
            Part::Apart => aside(thread, Turn::Knocked { by }),
            Part::Report => self.reported(thread, link),
        }
    }

    /// A thread of its own.
    fn begun(&self) -> Threaded {
        let decision = self.decision;
        let contact = self.plan.map(|plan| plan.recipient.clone());
        let mut thread = Thread {
            root: self.id,
            standing: Standing::Kept,
            subject: self.message.subject_base.chars().take(200).collect(),
            category: decision.category.clone(),
            product: decision.product.as_ref().map(|hit| hit.product.clone()),
            priority: decision.priority,
            language: decision.language,
            folder: decision.folder.clone(),
            contact,
            tried: Vec::new(),
            customer: self.customer(),
            participants: Vec::new(),
            customer_ids: Vec::new(),
            desk_ids: Vec::new(),
            number: None,
            waiting_since: None,
            asked_at: None,
            first_answer: None,
            reminders: 0,
            bounced: false,
            due: None,
            parted: matches!(decision.reason, Reason::Split { .. }),
        };
        let mut keys = Vec::new();
        self.hear(&mut thread, &mut keys);
        self.ask(&mut thread, &mut keys);
        Threaded {
            thread,
            joins: true,
            keys,
            turn: None,
        }
    }

    fn followed(&self, mut thread: Thread) -> Turned {
        let reopened = thread.standing == Standing::Closed;
        let mut keys = Vec::new();
        self.hear(&mut thread, &mut keys);
        thread.priority = thread.priority.max(self.decision.priority);
        if reopened {
            thread.standing = Standing::Kept;
        }
        self.ask(&mut thread, &mut keys);
        let by = self.id;
        Turned {
            threads: vec![Threaded {
                thread,
                joins: true,
                keys,
                turn: Some(Turn::Followed { by, reopened }),
            }],
            letters: Vec::new(),
        }
    }

    fn answered(&self, mut thread: Thread) -> Turned {
        let after_s = thread
            .waiting_since
            .filter(|_| thread.first_answer.is_none())
            .map(|since| {
                self.at
                    .duration_since(since)
                    .as_secs()
                    .max(0)
                    .unsigned_abs()
            });
        let mut keys = Vec::new();
        let number = self.learn_number(&mut thread, &mut keys);
        if let Some(id) = &self.message.message_id {
            keys.push(Key::of_message(id));
            remember(&mut thread.desk_ids, id);
        }
        thread.standing = Standing::Answered;
        thread.first_answer.get_or_insert(self.at);
        thread.waiting_since = None;
        thread.asked_at = None;
        thread.due = None;
        thread.reminders = 0;
        let relays = matches!(self.decision.reason, Reason::Answer { kept: None, .. });
        let letters: Vec<Letter> = relays
            .then(|| self.relay(&thread))
            .flatten()
            .into_iter()
            .collect();
        for letter in &letters {
            keys.push(Key::of_message(&letter.plan.message_id));
            remember(&mut thread.customer_ids, &letter.plan.message_id);
        }
        let by = self.id;
        Turned {
            threads: vec![Threaded {
                thread,
                joins: true,
                keys,
                turn: Some(Turn::Answered {
                    by,
                    after_s,
                    number,
                }),
            }],
            letters,
        }
    }

    /// A bounce of our mail to the desk, or the desk's automatic answer.
    fn reported(&self, mut thread: Thread, link: &Link) -> Turned {
        let mut keys = Vec::new();
        let by = self.id;
        let turn = match self.decision.kind {
            Kind::AutoReply if link.party == Party::Desk => self
                .learn_number(&mut thread, &mut keys)
                .map(|number| Turn::Numbered { by, number }),
            Kind::Bounce => self.bounced(&mut thread),
            _ => None,
        };
        Turned {
            threads: turn
                .map(|turn| Threaded {
                    thread,
                    joins: true,
                    keys,
                    turn: Some(turn),
                })
                .into_iter()
                .collect(),
            letters: Vec::new(),
        }
    }

    /// What came back of what we sent to the desk that has the thread.
    fn bounced(&self, thread: &mut Thread) -> Option<Turn> {
        let report = self.message.report.as_ref()?;
        let came_back = |ids: &[String]| {
            report.ids.iter().any(|id| {
                origin::is_our_message_id(self.key, id)
                    && ids.iter().any(|known| known.eq_ignore_ascii_case(id))
            })
        };
        let to_desk = came_back(&thread.desk_ids);
        let to_customer = came_back(&thread.customer_ids);
        let failed = report.failed.first().filter(|_| to_desk || to_customer)?;
        if to_desk && thread.standing == Standing::Waiting {
            thread.bounced = true;
            thread.due = Some(self.at);
        }
        Some(Turn::Bounced {
            by: self.id,
            address: failed.address.clone(),
            status: failed.status.clone(),
        })
    }

    /// Takes in who wrote, and by what the message is known.
    fn hear(&self, thread: &mut Thread, keys: &mut Vec<Key>) {
        let message = self.message;
        let people = message.from.iter().chain(&message.reply_to);
        for address in people
            .chain(&message.cc)
            .chain(&message.to)
            .filter_map(|author| author.address.as_ref())
        {
            if !self.is_ours(address) && !self.publishes(address) {
                thread.admit(address);
            }
        }
        // A publisher can be a customer, too: of the thread it begins.
        if let Some(customer) = &thread.customer.clone() {
            thread.admit(customer);
        }
        if let Some(id) = &message.message_id {
            keys.push(Key::of_message(id));
            remember(&mut thread.customer_ids, id);
        }
    }

    /// Takes in that the message goes to a desk.
    fn ask(&self, thread: &mut Thread, keys: &mut Vec<Key>) {
        if let Some(plan) = self
            .plan
            .filter(|_| self.decision.action == Action::Forward)
        {
            keys.extend(asked(thread, plan, self.policy, self.at));
        }
    }

    fn learn_number(&self, thread: &mut Thread, keys: &mut Vec<Key>) -> Option<String> {
        let author = self.message.author()?.address.as_ref()?;
        if thread.number.is_some() {
            return None;
        }
        let number = desk_number::told(&self.message.subject, &thread.subject)?;
        keys.push(Key::of_number(author.domain(), &number));
        thread.number = Some(number.clone());
        Some(number)
    }

    /// Whom answers are for: the author or, where a form writes in our name, who stands in
    /// `Reply-To`.
    fn customer(&self) -> Option<Address> {
        let message = self.message;
        if self.policy.senders.is_forged(message) {
            return None;
        }
        message
            .from
            .iter()
            .chain(&message.reply_to)
            .filter_map(|author| author.address.as_ref())
            .find(|address| !self.is_ours(address))
            .cloned()
    }

    fn is_ours(&self, address: &Address) -> bool {
        let routing = &self.policy.routing;
        routing.own.iter().any(|own| own.same_user(address))
    }

    fn publishes(&self, address: &Address) -> bool {
        let registry = &self.policy.registry;
        self.policy.allow.allows(address)
            || registry
                .publisher_domains()
                .iter()
                .any(|domain| address.is_within(domain))
    }

    /// What the letters of this thread say, but for their own parts.
    fn words(&self, thread: &Thread) -> BTreeMap<&'static str, String> {
        let policy = self.policy;
        let product = thread.product.as_ref();
        let product = product.and_then(|id| policy.registry.product(id));
        let of = |text: fn(&Product) -> &String| {
            product.map_or_else(String::new, |product| text(product).clone())
        };
        BTreeMap::from([
            ("reference", thread.root.reference()),
            ("partner", policy.partner.clone()),
            ("publisher", of(|product| &product.publisher)),
            ("product", of(|product| &product.name)),
        ])
    }

    /// Says to the customer who has it now; nothing the customer wrote stands in it.
    fn acknowledgement(&self, thread: &Thread) -> Option<Letter> {
        if !self.acknowledges {
            return None;
        }
        let policy = self.policy;
        let recipient = acknowledge::recipient(self.message, self.decision, policy).ok()?;
        let templates = policy.templates.of(thread.language);
        let mut words = self.words(thread);
        let next = match (self.decision.action, self.decision.owner) {
            (Action::Forward, _) => &templates.with_publisher,
            (_, Some(Owner::Microsoft)) => &templates.with_microsoft,
            _ => &templates.with_partner,
        };
        words.insert("next", next.fill(&words));
        let draft = Draft {
            ticket: self.id,
            case: self.id,
            purpose: Purpose::Acknowledgement,
            occasion: "1",
            recipient: recipient.clone(),
            from: self.address,
            from_name: &policy.partner,
            at: self.at,
            subject: templates.subject.fill(&words),
            text: templates.acknowledgement.fill(&words),
            references: self.message.message_id.iter().cloned().collect(),
        };
        Some(draft.letter(self.key))
    }

    /// The desk's answer as a letter to the customer.
    fn relay(&self, thread: &Thread) -> Option<Letter> {
        let recipient = thread.customer.clone()?;
        let policy = self.policy;
        let reference = thread.root.reference();
        let mut words = self.words(thread);
        words.insert("answer", self.asked.trim().to_owned());
        let text = policy.templates.of(thread.language).relay.fill(&words);
        let draft = Draft {
            ticket: self.id,
            case: thread.root,
            purpose: Purpose::Relay,
            occasion: "1",
            recipient,
            from: self.address,
            from_name: &policy.partner,
            at: self.at,
            subject: format!("Re: {} [{reference}]", thread.subject),
            text,
            references: thread.customer_ids.clone(),
        };
        Some(draft.letter(self.key))
    }
}
