//! The forward that follows from a decision: recipient, marks and case sheet, ready to be
//! rendered with the original.

use jiff::Timestamp;

use crate::domain::address::Address;
use crate::domain::decision::Decision;
use crate::domain::digest::Digest;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::plan::Plan;
use crate::domain::thread::Thread;
use crate::mail::Message;
use crate::mail::compose;
use crate::mail::copy::{CopyOf, copy};
use crate::mail::newtext::Text;
use crate::mail::origin::{self, InstanceKey};
use crate::mail::sheet::{SheetFacts, sheet};

use super::leaving::leaving;
use super::policy::Policy;

/// What is known of a message beside what was read in it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its ticket.
    pub id: TicketId,
    /// Its bytes.
    pub original: &'a [u8],
    /// Digest of its bytes.
    pub digest: Digest,
    /// The mailbox it came to.
    pub mailbox: &'a MailboxName,
    /// The mailbox's address: the forward's `From`.
    pub address: &'a Address,
    /// When it was read.
    pub at: Timestamp,
    /// The thread it follows, if it follows one.
    pub thread: Option<&'a Thread>,
}

/// The plan of a forward; `None` for a decision that has no recipient.
pub fn plan(
    message: &Message,
    text: &Text,
    decision: &Decision,
    policy: &Policy,
    key: &InstanceKey,
    incoming: &Incoming<'_>,
) -> Option<Plan> {
    let recipient = decision.recipient.clone()?;
    let product = policy
        .registry
        .product(&decision.product.as_ref()?.product)?;
    // A follow-up is the publisher's case that it follows.
    let thread = incoming.thread;
    let case = thread.map_or(incoming.id, |thread| thread.root);
    let reply_to = origin::reply_to(key, case, incoming.address);
    let domain = incoming.address.domain();
    let message_id =
        origin::message_id(key, incoming.mailbox, &incoming.digest, &recipient, domain);
    let reference = case.reference();
    let author = message.from.first().filter(|_| product.expose_customer);
    let leaving = leaving(message, text, decision, policy, product)?;
    let name = author.map_or("", |_| leaving.name.as_str());
    let address = author.and_then(|author| author.address.as_ref());
    let address = address.map_or("", |address| address.as_str());
    let copy = leaving.copy.as_ref().map(|copied| {
        copy(&CopyOf {
            name,
            // A message must have a writer (RFC 5322 §3.6).
            address: if address.is_empty() {
                incoming.address.as_str()
            } else {
                address
            },
            received: incoming.at,
            subject: &leaving.subject,
            text: &copied.text,
        })
    });
    let sheet = sheet(&SheetFacts {
        reference: &reference,
        product: &product.name,
        customer_name: name,
        customer_address: address,
        partner: &policy.partner,
        priority: decision.priority,
        language: decision.language,
        received: incoming.at,
        subject: &leaving.subject,
        asked: &leaving.asked,
        evidence: &leaving.evidence,
        left_out: leaving.copy.as_ref().map(|copied| copied.left_out.as_str()),
        follows: thread.is_some(),
        enclosed_whole: product.expose_customer,
        token: &origin::case_token(key, case),
        reply_to: &reply_to,
    });
    let number = thread.and_then(|thread| thread.number.as_ref());
    let number = number.map_or_else(String::new, |number| format!(" [#{number}]"));
    Some(Plan {
        recipient,
        from: incoming.address.clone(),
        from_name: policy.partner.clone(),
        reply_to,
        origin: origin::origin_value(key, &message_id),
        message_id,
        date: incoming.at,
        subject: format!(
            "[{reference}]{number} {}: {}",
            product.name, leaving.subject
        ),
        sheet,
        references: thread.map_or_else(Vec::new, |thread| thread.desk_ids.clone()),
        headless: !product.expose_customer,
        enclosure: match &copy {
            Some(copy) => compose::enclosure(copy.as_bytes()),
            None => compose::enclosure(incoming.original),
        },
        copy,
    })
}
