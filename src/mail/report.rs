//! A delivery report (RFC 3464): which mail it tells of, and which addresses failed.
//!
//! Charge: the Message-ID of the mail that came back, out of what the report encloses, and the
//! failed recipients with their status. What a report means for a case is not known here.

use super::encoded;
use super::headers::Block;
use super::message_ids;
use super::structure::Tree;
use crate::domain::address::Address;

/// Most recipients read of one report.
const RECIPIENTS_MAX: usize = 50;

/// Most ids read of what a report encloses.
const IDS_MAX: usize = 8;

/// Bytes of a status part that are read.
const STATUS_MAX: usize = 64 << 10;

/// What a report tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Message-IDs of the enclosed mail, or of its header, without brackets.
    pub ids: Vec<String>,
    /// Recipients that the mail did not reach and will not.
    pub failed: Vec<Failed>,
}

/// One recipient that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// `Final-Recipient`, when it can be read.
    pub address: Option<Address>,
    /// `Status` (RFC 3463) such as `5.1.1`; empty when it is not told.
    pub status: String,
}

impl Report {
    /// What the parts of a message tell; `None` where nothing is reported.
    pub(super) fn read(tree: &Tree<'_>) -> Option<Self> {
        let mut report = Self::default();
        let mut found = false;
        for part in &tree.parts {
            match part.media.name.as_str() {
                "message/delivery-status" | "message/global-delivery-status" => {
                    found = true;
                    report.status(part.body.get(..STATUS_MAX).unwrap_or(part.body));
                }
                "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers" => {
                    report.id(&Block::read(part.body, 0, true));
                }
                name if name == "message/rfc822" || name == "message/global" => {
                    for child in &part.children {
                        if let Some(child) = tree.parts.get(*child) {
                            report.id(&child.block);
                        }
                    }
                }
                _ => {}
            }
        }
        found.then_some(report)
    }

    fn id(&mut self, block: &Block<'_>) {
        let Some(value) = block.first("Message-ID") else {
            return;
        };
        let ids = message_ids::read(&encoded::text(value));
        let room = IDS_MAX.saturating_sub(self.ids.len());
        self.ids.extend(ids.into_iter().take(room));
    }

    /// Reads the groups of fields of a status part (RFC 3464 §2.1): after the one about the
    /// message, one for each recipient.
    fn status(&mut self, body: &[u8]) {
        let mut at = 0;
        while at < body.len() && self.failed.len() < RECIPIENTS_MAX {
            let block = Block::read(body, at, false);
            let text = |name: &str| block.first(name).map(encoded::text);
            let action = text("Action").unwrap_or_default();
            let action = action.trim().to_ascii_lowercase();
            if action.starts_with("failed") {
                let recipient = text("Final-Recipient").or_else(|| text("Original-Recipient"));
                let address = recipient.as_deref().and_then(recipient_address);
                let status = text("Status").unwrap_or_default();
                let status = status.split_whitespace().next().unwrap_or_default();
                self.failed.push(Failed {
                    address,
                    status: status.chars().take(16).collect(),
                });
            }
            at = block.body.max(at + 1);
        }
    }
}

/// The address in `rfc822; a@b.example`.
fn recipient_address(value: &str) -> Option<Address> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    address.trim().trim_matches(['<', '>']).parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::mail::Message;

    fn report(status: &str, enclosed: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nContent-Type: multipart/report; \
             report-type=delivery-status; boundary=b\n\n--b\n\nIt did not arrive.\n\n--b\n\
             Content-Type: message/delivery-status\n\n{status}\n--b\n{enclosed}\n--b--\n"
        )
        .into_bytes()
    }

    const FAILED: &str = "Reporting-MTA: dns; mx.example\n\n\
        Final-Recipient: rfc822; help@isv.example\nAction: failed\nStatus: 5.1.1\n\n\
        Final-Recipient: rfc822; late@isv.example\nAction: delayed\nStatus: 4.4.1\n";

    #[test]
    fn a_report_names_the_mail_and_who_was_not_reached() {
        for enclosed in [
            "Content-Type: message/rfc822\n\nFrom: a@b.example\nMessage-ID: <m@x.example>\n\nx",
            "Content-Type: text/rfc822-headers\n\nFrom: a@b.example\nMessage-ID: <m@x.example>\n",
        ] {
            let message = Message::parse(&report(FAILED, enclosed)).unwrap();
            let report = message.report.unwrap();
            assert_eq!(report.ids, ["m@x.example"]);
            assert_eq!(report.failed.len(), 1);
            assert_eq!(report.failed[0].status, "5.1.1");
            let address = report.failed[0].address.as_ref().unwrap();
            assert_eq!(address.as_str(), "help@isv.example");
        }
    }

    #[test]
    fn what_reports_nothing_has_no_report() {
        let message = Message::parse(b"From: a@b.example\n\nFinal-Recipient: x\n").unwrap();
        assert_eq!(message.report, None);
    }
}
