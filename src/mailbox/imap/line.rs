//! What a server says, in our words: the only file that knows the parser's types.
//!
//! Every value here is owned, so that one response is in memory at a time. A message's bytes are
//! copied once, from the parser's buffer.

use std::ops::RangeInclusive;

use bytes::Bytes;
use imap_proto::rfc4315::UidSetMember;
use imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Outcome, Response, ResponseCode,
    SectionPath, Status, StatusAttribute,
};
use jiff::Timestamp;

use super::reply::{Reply, Verdict, clean};
use super::uids::Copyuid;

/// One response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An untagged response.
    Line(Line),
    /// The end of the command with this tag.
    Done { tag: String, reply: Reply },
    /// A continuation request (`+`).
    Continue,
}

/// An untagged response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A message's attributes.
    Fetch(Attributes),
    /// How many messages there are now.
    Exists(u32),
    /// A message is gone.
    Expunge,
    /// An answer to LIST.
    List { separator: Option<char> },
    /// An answer to STATUS.
    Status {
        name: String,
        generation: Option<u32>,
        next: Option<u32>,
    },
    /// Capabilities, in upper case.
    Capability(Vec<String>),
    /// OK with a response code.
    Ok { code: Code, words: String },
    /// NO or BAD that belongs to no command.
    Warning(String),
    /// The server ends the connection.
    Bye(String),
    /// The connection is logged in already.
    Preauth,
    /// Nothing of use.
    Other,
}

/// The attributes of a FETCH response (RFC 3501 §7.4.2) that we ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub uid: Option<u32>,
    pub size: Option<u64>,
    /// Whether it is marked `\Deleted`.
    pub deleted: bool,
    /// When the server took it (INTERNALDATE).
    pub taken: Option<Timestamp>,
    pub body: Option<Body>,
}

/// `BODY[…]` of a FETCH response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// Whether it is `BODY[HEADER]` rather than `BODY[]`.
    pub header: bool,
    /// Where a part begins, in bytes; 0 for the whole.
    pub offset: u64,
    /// The bytes; `None` for NIL.
    pub bytes: Option<Bytes>,
}

/// A response code (RFC 3501 §7.1) that matters to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    Alert,
    Capability(Vec<String>),
    Copyuid(Copyuid),
    ReadOnly,
    UidNext(u32),
    UidValidity(u32),
    UidNotSticky,
    /// None, or one that says nothing to us.
    Other,
}

impl Said {
    /// Takes over what the parser read.
    pub(super) fn read(response: &Response<'_>) -> Self {
        match response {
            Response::Continue(_) => Self::Continue,
            Response::Done {
                tag,
                status,
                outcome,
            } => {
                let (code, words) = read_outcome(outcome);
                let verdict = match status {
                    Status::Ok => Verdict::Ok,
                    Status::No => Verdict::No,
                    _ => Verdict::Bad,
                };
                Self::Done {
                    tag: tag.0.clone(),
                    reply: Reply {
                        verdict,
                        code,
                        words,
                    },
                }
            }
            other => Self::Line(Line::read(other)),
        }
    }
}

impl Line {
    fn read(response: &Response<'_>) -> Self {
        match response {
            Response::Fetch(_, attributes) => Self::Fetch(Attributes::read(attributes)),
            Response::Expunge(_) => Self::Expunge,
            Response::Capabilities(found) => Self::Capability(capabilities(found)),
            Response::MailboxData(MailboxDatum::Exists(count)) => Self::Exists(*count),
            Response::MailboxData(MailboxDatum::List(data)) => Self::List {
                separator: data.delimiter.as_ref().and_then(|d| d.chars().next()),
            },
            Response::MailboxData(MailboxDatum::Status { mailbox, status }) => {
                let number =
                    |pick: fn(&StatusAttribute) -> Option<u32>| status.iter().find_map(pick);
                Self::Status {
                    name: mailbox.to_string(),
                    generation: number(|s| match s {
                        StatusAttribute::UidValidity(n) => Some(*n),
                        _ => None,
                    }),
                    next: number(|s| match s {
                        StatusAttribute::UidNext(n) => Some(*n),
                        _ => None,
                    }),
                }
            }
            Response::Data { status, outcome } => {
                let (code, words) = read_outcome(outcome);
                match status {
                    Status::Ok => Self::Ok { code, words },
                    Status::No | Status::Bad => Self::Warning(words),
                    Status::Bye => Self::Bye(words),
                    Status::PreAuth => Self::Preauth,
                }
            }
            _ => Self::Other,
        }
    }
}

impl Attributes {
    fn read(values: &[AttributeValue<'_>]) -> Self {
        let mut read = Self::default();
        for value in values {
            match value {
                AttributeValue::Uid(uid) => read.uid = Some(*uid),
                AttributeValue::Rfc822Size(size) => read.size = Some(u64::from(*size)),
                AttributeValue::InternalDate(date) => {
                    // RFC 3501 §9, `date-time`; a day below 10 may have a blank before it.
                    let date = Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", date.trim());
                    read.taken = date.ok();
                }
                AttributeValue::Flags(flags) => {
                    read.deleted = flags.iter().any(|f| f.eq_ignore_ascii_case("\\Deleted"));
                }
                AttributeValue::BodySection {
                    section,
                    index,
                    data,
                } => {
                    let header = match section {
                        None => false,
                        Some(SectionPath::Full(MessageSection::Header)) => true,
                        Some(_) => continue,
                    };
                    read.body = Some(Body {
                        header,
                        offset: u64::from(index.unwrap_or(0)),
                        bytes: data.as_deref().map(Bytes::copy_from_slice),
                    });
                }
                _ => {}
            }
        }
        read
    }
}

fn read_outcome(outcome: &Outcome<'_>) -> (Code, String) {
    let mut shown = "";
    let code = match &outcome.code {
        Some(ResponseCode::Alert) => {
            shown = "[ALERT] ";
            Code::Alert
        }
        Some(ResponseCode::TryCreate) => {
            shown = "[TRYCREATE] ";
            Code::Other
        }
        Some(ResponseCode::Capabilities(found)) => Code::Capability(capabilities(found)),
        Some(ResponseCode::CopyUid(_, from, to)) => Code::Copyuid(Copyuid {
            from: from.iter().map(range).collect(),
            to: to.iter().map(range).collect(),
        }),
        Some(ResponseCode::ReadOnly) => Code::ReadOnly,
        Some(ResponseCode::UidNext(next)) => Code::UidNext(*next),
        Some(ResponseCode::UidValidity(value)) => Code::UidValidity(*value),
        Some(ResponseCode::UidNotSticky) => Code::UidNotSticky,
        _ => Code::Other,
    };
    let words = outcome.information.as_deref().unwrap_or_default();
    (code, clean(&format!("{shown}{words}")))
}

fn range(member: &UidSetMember) -> RangeInclusive<u32> {
    match member {
        UidSetMember::Uid(uid) => *uid..=*uid,
        UidSetMember::UidRange(range) => range.clone(),
    }
}

fn capabilities(found: &[Capability<'_>]) -> Vec<String> {
    let name = |capability: &Capability<'_>| match capability {
        Capability::Imap4rev1 => "IMAP4REV1".into(),
        Capability::Auth(way) => format!("AUTH={}", way.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    };
    found.iter().map(name).collect()
}
