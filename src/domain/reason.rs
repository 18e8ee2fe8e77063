//! Why an action was chosen or a ticket waits: a value, so that log, audit and `explain` agree.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::decision::Step;
use super::ids::{CategoryId, CustomerId, ProductId, TicketId};
use super::kind::Kind;
use super::language::Language;
use super::outcome::Cause;

/// Why a decision has the action it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Reason {
    /// Its category is forwarded, the product is known and its contact is allowed.
    Forwarded,
    /// Its category is one the partner answers.
    Kept,
    /// Its kind is never forwarded.
    NoTicket {
        /// Which kind.
        kind: Kind,
    },
    /// No rule fired.
    NoEvidence,
    /// The best category stays below the threshold.
    TooWeak {
        /// Its points.
        points: f64,
        /// What it needs.
        threshold: f64,
    },
    /// The two best categories stand too close.
    TooClose {
        /// By how much the first leads.
        lead: f64,
        /// What it needs.
        margin: f64,
        /// The second.
        runner_up: CategoryId,
    },
    /// Too much speaks for a category that must never leave the house.
    Guarded {
        /// The category that speaks against forwarding.
        category: CategoryId,
        /// Its points.
        points: f64,
    },
    /// To be forwarded, but no product can be told.
    NoProduct,
    /// To be forwarded, but more than one product is named.
    SeveralProducts {
        /// The products, at most four.
        products: Vec<ProductId>,
    },
    /// To be forwarded, but all that is known is which products the customer has.
    SeveralOwned {
        /// The customer.
        customer: CustomerId,
        /// What they have, at most four.
        products: Vec<ProductId>,
    },
    /// To be forwarded, but what may name the product is also a common word.
    CommonName {
        /// The product.
        product: ProductId,
        /// The word.
        text: String,
    },
    /// To be forwarded, but the product is not told surely enough.
    UnsureProduct {
        /// The product.
        product: ProductId,
        /// What told it.
        step: Step,
        /// How far that may be relied on.
        confidence: f64,
        /// What it needs.
        threshold: f64,
    },
    /// We give first-line support for the product.
    FirstLine {
        /// The product.
        product: ProductId,
    },
    /// To be forwarded, but the publisher answers in other languages.
    Foreign {
        /// The product.
        product: ProductId,
        /// What the ticket is written in.
        language: Language,
    },
    /// To be forwarded, but whether what hangs on it may leave cannot be judged.
    Unjudged {
        /// The product.
        product: ProductId,
        /// How many attachments there are.
        attachments: usize,
    },
    /// Only its technical paragraphs go out; the rest is for another category.
    Split {
        /// Which answers the rest.
        rest: CategoryId,
    },
    /// The product has no contact for this.
    NoContact {
        /// Which product.
        product: ProductId,
    },
    /// The contact is not on the allow-list.
    NotAllowed {
        /// The address.
        recipient: Address,
    },
    /// The same content was sent on before.
    CopyOf {
        /// The first ticket.
        ticket: TicketId,
    },
    /// It answers one of our own messages: it belongs to an open case.
    InCase {
        /// How that was told.
        token: String,
    },
    /// It goes where the thread it belongs to went.
    FollowUp {
        /// The thread's first ticket.
        ticket: TicketId,
    },
    /// It follows a thread of which only a part went out: whether the rest of it may cannot be told.
    FollowsPart {
        /// The thread's first ticket.
        ticket: TicketId,
    },
    /// It is the publisher's answer.
    Answer {
        /// The thread's first ticket.
        ticket: TicketId,
        /// Why it is kept for a person; `None` when it is relayed to the customer.
        kept: Option<String>,
    },
    /// The content cannot be read: encrypted, a server's placeholder, or cut at a limit.
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
    /// Above `max-size`: only its head was fetched.
    Oversize {
        /// Size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It goes in a circle.
    Loop {
        /// How that was told.
        sign: LoopSign,
    },
    /// Parsing it failed as often as is allowed.
    Poison {
        /// How often it was tried.
        tries: u32,
    },
    /// It lay in its folder when a lost ledger was rebuilt.
    Found,
    /// A person said so.
    Person {
        /// Who.
        by: String,
    },
}

fn quoted(products: &[ProductId]) -> String {
    let names: Vec<_> = products.iter().map(|p| format!("`{p}`")).collect();
    names.join(", ")
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forwarded => f.write_str("technical and the publisher is known"),
            Self::Kept => f.write_str("the partner answers this category"),
            Self::NoTicket { kind } => write!(f, "a message of kind `{kind}` is never forwarded"),
            Self::NoEvidence => f.write_str("no rule fired"),
            Self::TooWeak { points, threshold } => {
                write!(
                    f,
                    "the best category has {points:.1} points, it needs {threshold:.1}"
                )
            }
            Self::TooClose {
                lead,
                margin,
                runner_up,
            } => write!(
                f,
                "the best category leads `{runner_up}` by {lead:.1}, it needs {margin:.1}"
            ),
            Self::Guarded { category, points } => {
                write!(
                    f,
                    "{points:.1} points for `{category}` forbid sending it out"
                )
            }
            Self::NoProduct => f.write_str("no product can be told"),
            Self::SeveralProducts { products } => {
                write!(f, "several products are named: {}", quoted(products))
            }
            Self::SeveralOwned { customer, products } => {
                let names = quoted(products);
                write!(
                    f,
                    "no product is named, and customer `{customer}` has several: {names}"
                )
            }
            Self::CommonName { product, text } => write!(
                f,
                "`{text}` may be product `{product}`, or just the word; nothing else tells"
            ),
            Self::UnsureProduct {
                product,
                step,
                confidence,
                threshold,
            } => write!(
                f,
                "product `{product}` is told by {step} only: {confidence:.2} sure, it needs {threshold:.2}"
            ),
            Self::FirstLine { product } => {
                write!(f, "we give first-line support for product `{product}`")
            }
            Self::Foreign { product, language } => write!(
                f,
                "the publisher of product `{product}` does not answer in {}",
                language.name()
            ),
            Self::Unjudged {
                product,
                attachments,
            } => write!(
                f,
                "product `{product}` asks for numbers to be taken out, and what is attached \
                 ({attachments}) cannot be judged"
            ),
            Self::Split { rest } => write!(
                f,
                "its technical paragraphs alone; the rest is for `{rest}` and stays"
            ),
            Self::NoContact { product } => write!(f, "product `{product}` has no contact"),
            Self::NotAllowed { recipient } => {
                write!(f, "`{recipient}` is not on the allow-list")
            }
            Self::CopyOf { ticket } => {
                write!(f, "the same content came before as {}", ticket.reference())
            }
            Self::InCase { token } => write!(f, "it answers our own message ({token})"),
            Self::FollowUp { ticket } => write!(f, "it follows {}", ticket.reference()),
            Self::FollowsPart { ticket } => write!(
                f,
                "it follows {}, of which only a part went out",
                ticket.reference()
            ),
            Self::Answer { ticket, kept } => {
                write!(f, "the publisher answers in {}", ticket.reference())?;
                match kept {
                    Some(why) => write!(f, "; kept: {why}"),
                    None => f.write_str("; relayed to the customer"),
                }
            }
            Self::Unreadable { what } => write!(f, "it cannot be read: {what}"),
            Self::Oversize { size, limit } => {
                write!(f, "{size} bytes is above the limit of {limit}")
            }
            Self::Loop { sign } => write!(f, "it goes in a circle: {sign}"),
            Self::Poison { tries } => write!(f, "reading it failed {tries} times"),
            Self::Found => f.write_str("it lay there when the ledger was rebuilt"),
            Self::Person { by } => write!(f, "`{by}` decided"),
        }
    }
}

/// How it is told that a message goes in a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum LoopSign {
    /// It passed too many servers.
    Hops {
        /// `Received` fields.
        hops: usize,
    },
    /// It was delivered to us before.
    DeliveredTo {
        /// `Delivered-To` fields with one address of ours.
        times: usize,
    },
    /// It would be sent to whoever wrote it.
    Return,
    /// Too much was forwarded for one sender under one subject.
    Matter {
        /// Forwards in a day.
        forwards: usize,
    },
    /// Too much was forwarded for one sender.
    Sender {
        /// Forwards in a day.
        forwards: usize,
    },
}

impl fmt::Display for LoopSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hops { hops } => write!(f, "{hops} `Received` fields"),
            Self::DeliveredTo { times } => {
                write!(
                    f,
                    "{times} `Delivered-To` fields with the same address of ours"
                )
            }
            Self::Return => f.write_str("it would be sent to whoever wrote it"),
            Self::Matter { forwards } => write!(
                f,
                "{forwards} forwards in a day for this sender with this subject"
            ),
            Self::Sender { forwards } => {
                write!(f, "{forwards} forwards in a day for this sender")
            }
        }
    }
}

/// Why a ticket is held until a person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum HoldReason {
    /// The destination refused it for good.
    Refused {
        /// What the refusal says about.
        cause: Cause,
        /// The server's words.
        reply: String,
    },
    /// Deferred for longer than is allowed.
    Expired {
        /// The last server's words.
        reply: String,
    },
    /// The folder was rebuilt and too much would be sent again.
    Resync,
    /// It could not be fetched as it was listed, time after time.
    Unfetchable {
        /// What the server gave instead.
        what: String,
    },
    /// A person holds it.
    Person {
        /// Who.
        by: String,
    },
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { cause, reply } => write!(f, "refused ({cause}): {reply}"),
            Self::Expired { reply } => write!(f, "not accepted in time, last: {reply}"),
            Self::Resync => f.write_str("the folder was rebuilt; look before it is sent again"),
            Self::Unfetchable { what } => write!(f, "cannot be fetched: {what}"),
            Self::Person { by } => write!(f, "held by `{by}`"),
        }
    }
}
