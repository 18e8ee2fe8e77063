//! Mail of all sorts, each with a number of its own and the place where it must end.

use std::fmt::Write as _;

/// Where a message must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Sent to the contact of this product, then filed under `Forwarded`.
    Sent(&'static str),
    /// Filed in this folder.
    Filed(&'static str),
}

/// One message.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its Message-ID, without brackets.
    pub id: String,
    /// Its bytes, lines ended by LF.
    pub bytes: Vec<u8>,
    /// Where it must end.
    pub end: End,
}

struct Sort {
    subject: &'static str,
    text: &'static str,
    head: &'static str,
    end: End,
}

const SORTS: &[Sort] = &[
    Sort {
        subject: "Lumen CRM kraschar",
        text: "Hej!\n\nLumen CRM kraschar varje gång vi öppnar ett kundkort, felkod 0x1F.\n",
        head: "",
        end: End::Sent("lumen-crm"),
    },
    Sort {
        subject: "error in Tidvakt",
        text: "Hello, Tidvakt shows an error message and crashes when we clock in.\n.\n..\n.x\n",
        head: "",
        end: End::Sent("tidvakt"),
    },
    Sort {
        subject: "Fjordarkiv fungerar inte",
        text: "Synkroniseringen i Fjordarkiv fungerar inte, vi får ett felmeddelande.\n",
        head: "",
        end: End::Sent("fjordarkiv"),
    },
    Sort {
        subject: "Fel antal på fakturan",
        text: "Hej, på faktura 20417 har ni debiterat 25 användare. Kan ni kreditera?\n",
        head: "",
        end: End::Filed("Billing"),
    },
    Sort {
        subject: "cancel",
        text: "Hello, we would like to cancel our subscription at the end of the year.\n",
        head: "",
        end: End::Filed("Subscription"),
    },
    Sort {
        subject: "Undelivered Mail Returned to Sender",
        text: "The mail system could not deliver your message.\n\n<a@kund.example>: unknown user\n",
        head: "Return-Path: <>\nAuto-Submitted: auto-replied\n",
        end: End::Filed("Bounces"),
    },
    Sort {
        subject: "Autosvar: semester",
        text: "Jag är ledig till måndag. Vid fel i Tidvakt, ring växeln.\n",
        head: "Auto-Submitted: auto-replied\n",
        end: End::Filed("Auto-replies"),
    },
    Sort {
        subject: "hej",
        text: "Tack för hjälpen i går!\n",
        head: "",
        end: End::Filed("Review"),
    },
];

/// `count` messages, the sorts taking turns; every seventh carries an attachment of `attached`
/// bytes, every third is in 8-bit Latin-1.
pub fn mail(count: usize, attached: usize) -> Vec<Sample> {
    (0..count).map(|n| sample(n, attached)).collect()
}

fn sample(n: usize, attached: usize) -> Sample {
    let sort = &SORTS[n % SORTS.len()];
    let id = format!("m{n:05}@kund.example");
    let from = if sort.head.contains("Return-Path: <>") {
        "Mail Delivery System <MAILER-DAEMON@kund.example>".to_owned()
    } else {
        format!("Kund {n} <kund{n}@kund.example>")
    };
    let latin = n.is_multiple_of(3);
    let charset = if latin { "iso-8859-1" } else { "utf-8" };
    let mut head = format!(
        "{}From: {from}\nTo: support@partner.example\nSubject: {} {n}\nMessage-ID: <{id}>\n\
         Date: Mon, 16 Nov 2026 08:12:31 +0100\nMIME-Version: 1.0\n",
        sort.head,
        encoded(sort.subject),
    );
    let text = encode(sort.text, latin);
    let kind =
        format!("Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n");
    let mut bytes;
    if n.is_multiple_of(7) && attached > 0 {
        head.push_str("Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n");
        let _ = writeln!(head, "{kind}");
        bytes = head.into_bytes();
        bytes.extend(text);
        bytes.extend(
            b"\n--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n",
        );
        let line = "QUJD".repeat(19) + "\n";
        bytes.extend(line.repeat(attached / line.len() + 1).as_bytes());
        bytes.extend(b"--b--\n");
    } else {
        let _ = writeln!(head, "{kind}");
        bytes = head.into_bytes();
        bytes.extend(text);
    }
    Sample {
        id,
        bytes,
        end: sort.end,
    }
}

fn encode(text: &str, latin: bool) -> Vec<u8> {
    if latin {
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect()
    } else {
        text.as_bytes().to_vec()
    }
}

fn encoded(subject: &str) -> String {
    if subject.is_ascii() {
        return subject.to_owned();
    }
    let mut out = String::from("=?utf-8?Q?");
    for byte in subject.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
    }
    out + "?="
}
