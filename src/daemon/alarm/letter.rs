//! The words of a mail to the operator: what is wrong, since when, and what to do first.
//!
//! Pure. What others said (a server, the kernel) stands in it as one line each, bounded.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::book::{Matter, Note, Telling};
use crate::domain::address::Address;
use crate::domain::plan::Plan;
use crate::mail::encode;
use crate::mail::origin::{self, InstanceKey};

/// Most characters of a cause that are shown.
const WHY_MAX: usize = 400;

/// From whom and where the mail comes.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Our own address: that of the first mailbox.
    pub from: Address,
    /// This host.
    pub host: String,
}

/// The mail about `telling` to one recipient, as it is written at `now`.
pub fn plan(
    telling: &Telling,
    recipient: &Address,
    sender: &Sender,
    key: &InstanceKey,
    now: Timestamp,
) -> Plan {
    let message_id = origin::alarm_id(key, recipient, now, sender.from.domain());
    Plan {
        recipient: recipient.clone(),
        from: sender.from.clone(),
        from_name: "triaged".to_owned(),
        reply_to: sender.from.clone(),
        origin: origin::origin_value(key, &message_id),
        message_id,
        date: now,
        subject: subject(telling, &sender.host),
        sheet: text(telling, sender),
        references: Vec::new(),
        copy: None,
        headless: false,
        enclosure: None,
    }
}

fn subject(telling: &Telling, host: &str) -> String {
    let wrong = telling.new.len() + telling.lasting.len();
    let first = telling.new.first().or(telling.lasting.first());
    let words = match (first, telling.over.first()) {
        (Some(note), _) if wrong == 1 => title(&note.matter),
        (Some(_), _) => format!("{wrong} things are wrong"),
        (None, Some(note)) if telling.over.len() == 1 => mended(&note.matter),
        (None, _) => format!("{} things are as they must be again", telling.over.len()),
    };
    format!("triaged on {host}: {words}")
}

fn text(telling: &Telling, sender: &Sender) -> String {
    let mut text = format!(
        "This is triaged on {}, which works for {}.\n",
        sender.host, sender.from
    );
    let wrong: Vec<&Note> = telling.new.iter().chain(&telling.lasting).collect();
    if !wrong.is_empty() {
        text.push_str("\nWrong:\n");
    }
    // Writing to a String cannot fail.
    for note in &wrong {
        let why = why(&note.why);
        let (title, since, advice) = (title(&note.matter), time(note.since), advice(&note.matter));
        let _ = write!(
            text,
            "- {title}, since {since}\n    {why}\n    What to do: {advice}\n"
        );
    }
    if !telling.over.is_empty() {
        text.push_str("\nNo longer wrong:\n");
    }
    for note in &telling.over {
        let (mended, since, seen) = (mended(&note.matter), time(note.since), time(note.seen));
        let _ = writeln!(text, "- {mended}; it was wrong from {since} to {seen}");
    }
    if !wrong.is_empty() {
        text.push_str(
            "\nMail that is not worked on stays in the inbox; what is decided and not sent is sent \
             later.\nNothing is lost. You hear of it again when it is over, and once in a while \
             until then.\n",
        );
    }
    text
}

fn title(matter: &Matter) -> String {
    match matter {
        Matter::Mailbox(name) => format!("mailbox `{name}` is not worked on"),
        Matter::WayOut => "sending pauses".to_owned(),
        Matter::Ledger => "the ledger cannot write".to_owned(),
        Matter::Room => "there is little room left on the disk".to_owned(),
        Matter::Loop(name) => format!("the loop of {name} hangs"),
        Matter::Ended => "a fault ended the daemon".to_owned(),
    }
}

fn mended(matter: &Matter) -> String {
    match matter {
        Matter::Mailbox(name) => format!("mailbox `{name}` is worked on again"),
        Matter::WayOut => "sending goes on".to_owned(),
        Matter::Ledger => "the ledger writes again".to_owned(),
        Matter::Room => "there is room on the disk again".to_owned(),
        Matter::Loop(name) => format!("the loop of {name} turns again"),
        Matter::Ended => "the daemon works again".to_owned(),
    }
}

const fn advice(matter: &Matter) -> &'static str {
    match matter {
        Matter::Mailbox(_) | Matter::WayOut => {
            "`triaged doctor` tries everything and says what is missing"
        }
        Matter::Ledger | Matter::Room => {
            "make room where the state directory lies, and look at the disk"
        }
        Matter::Loop(_) => "`systemctl restart triaged`, and report it",
        Matter::Ended => "`journalctl -u triaged` says more; systemd starts it anew, some times",
    }
}

/// A cause as one line.
fn why(text: &str) -> String {
    let line = encode::one_line(text);
    line.chars().take(WHY_MAX).collect()
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::alarm::Alarm;
    use crate::daemon::alarm::book::{Book, Urgency, Wrong};
    use std::time::Duration;

    #[test]
    fn a_mail_says_what_since_when_and_what_to_do() {
        let pace = Alarm {
            to: vec!["operations@partner.example".parse().unwrap()],
            after: Duration::from_mins(15),
            every: Duration::from_hours(24),
            server: None,
        };
        let mut book = Book::default();
        let wrong = [Wrong {
            matter: Matter::Mailbox("support".into()),
            why: "the log-in is refused:\r\n535 no".to_owned(),
            urgency: Urgency::Now,
        }];
        let now: Timestamp = "2026-03-02T09:15:00Z".parse().unwrap();
        let telling = book.look(&wrong, &pace, now).unwrap();
        book.told(&telling, now);
        let sender = Sender {
            from: "support@partner.example".parse().unwrap(),
            host: "mail1".to_owned(),
        };
        let key = InstanceKey::new([7; 32]);
        let plan_of = |telling: &Telling| plan(telling, &pace.to[0], &sender, &key, now);
        let mail = plan_of(&telling);
        insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.sheet), @r"
        triaged on mail1: mailbox `support` is not worked on

        This is triaged on mail1, which works for support@partner.example.

        Wrong:
        - mailbox `support` is not worked on, since 2026-03-02 09:15 UTC
            the log-in is refused: 535 no
            What to do: `triaged doctor` tries everything and says what is missing

        Mail that is not worked on stays in the inbox; what is decided and not sent is sent later.
        Nothing is lost. You hear of it again when it is over, and once in a while until then.
        ");
        assert!(origin::is_our_message_id(&key, &mail.message_id));
        assert!(origin::is_our_origin(&key, &mail.origin, &mail.message_id));
        let later: Timestamp = "2026-03-02T10:15:00Z".parse().unwrap();
        let over = plan_of(&book.look(&[], &pace, later).unwrap());
        insta::assert_snapshot!(format!("{}\n\n{}", over.subject, over.sheet), @r"
        triaged on mail1: mailbox `support` is worked on again

        This is triaged on mail1, which works for support@partner.example.

        No longer wrong:
        - mailbox `support` is worked on again; it was wrong from 2026-03-02 09:15 UTC to 2026-03-02 09:15 UTC
        ");
    }
}
