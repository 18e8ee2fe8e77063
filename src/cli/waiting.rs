//! Cases that wait for a publisher: `triaged tickets --waiting`, their part of `triaged status`, and
//! `triaged close`.

use jiff::Timestamp;
use serde_json::json;

use super::args::{PersonArgs, TicketsArgs};
use super::failure::Failure;
use super::print::{Paint, Style, json as json_text, one_line, rows, say, table};
use super::state;
use super::tickets::local;
use crate::config::Outline;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::thread::{Part, Standing, Thread, Turn};
use crate::ledger::{Change, Ledger, Pen};

/// Cases that are counted at most.
const COUNTED_MAX: u32 = 10_000;

/// How many cases wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// For a publisher's answer.
    pub all: usize,
    /// Whose publisher was reminded, or should have been.
    pub overdue: usize,
}

impl Waiting {
    /// Counts them.
    pub async fn of(ledger: &Ledger) -> Result<Self, Failure> {
        let threads = ledger.waiting(COUNTED_MAX).await?;
        let now = Timestamp::now();
        Ok(Self {
            all: threads.len(),
            overdue: threads.iter().filter(|t| is_overdue(t, now)).count(),
        })
    }

    /// Says it where there is something to say.
    pub fn say(self, paint: Paint) {
        let Self { all, overdue } = self;
        if all == 0 {
            return;
        }
        let text =
            format!("{all} wait for a publisher, {overdue} overdue: `triaged tickets --waiting`");
        let style = if overdue > 0 {
            Style::Warn
        } else {
            Style::Faint
        };
        say!("{}", paint.paint(style, &text));
    }
}

fn is_overdue(thread: &Thread, now: Timestamp) -> bool {
    thread.reminders > 0 || thread.due.is_some_and(|due| due <= now)
}

/// Lists them, longest first.
pub async fn list(ledger: &Ledger, args: &TicketsArgs) -> Result<(), Failure> {
    let threads = ledger.waiting(args.limit).await?;
    let now = Timestamp::now();
    if args.json {
        for thread in &threads {
            let line = json!({
                "ticket": thread.root.reference(),
                "product": thread.product,
                "desk": thread.contact,
                "number": thread.number,
                "waiting_since": thread.waiting_since,
                "reminders": thread.reminders,
                "due": thread.due,
                "overdue": is_overdue(thread, now),
                "subject": thread.subject,
            });
            say!("{}", json_text(&line.to_string()));
        }
        return Ok(());
    }
    if threads.is_empty() {
        say!("nobody is waited for");
        return Ok(());
    }
    let headings = [
        "ticket",
        "since",
        "desk",
        "its number",
        "reminded",
        "due",
        "subject",
    ];
    let mut table = table(&headings);
    for thread in &threads {
        let desk = thread.contact.as_ref();
        table.add_row([
            thread.root.reference(),
            thread.waiting_since.map_or_else(String::new, local),
            desk.map_or_else(String::new, |desk| one_line(desk.as_str(), 40)),
            one_line(thread.number.as_deref().unwrap_or_default(), 24),
            thread.reminders.to_string(),
            thread.due.map_or_else(String::new, local),
            one_line(&thread.subject, 60),
        ]);
    }
    say!("{}", rows(&table));
    Ok(())
}

/// Closes the case of each ticket named.
pub async fn close(config: &Outline, args: &PersonArgs) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    let by = state::person();
    for typed in &args.tickets {
        let ticket = state::ticket(&ledger, typed).await?;
        let link = ticket.decision.as_ref().and_then(|d| d.link.as_ref());
        let root = link
            .filter(|link| matches!(link.part, Part::Follows | Part::Answer | Part::Report))
            .map_or(ticket.id, |link| link.thread);
        let Some(mut thread) = ledger.thread(root).await? else {
            return Err(Failure::failed(format!(
                "{} is no case: nobody can answer in it",
                ticket.id.reference()
            )));
        };
        thread.standing = Standing::Closed;
        thread.waiting_since = None;
        thread.asked_at = None;
        thread.due = None;
        let entry = Entry {
            at: Timestamp::now(),
            actor: Actor::Person(by.clone()),
            mailbox: Some(ticket.mailbox.clone()),
            ticket: Some(root),
            happening: Happening::Thread { turn: Turn::Closed },
        };
        let change = Change::Thread {
            of: root,
            thread: Box::new(thread),
            joins: false,
            keys: Vec::new(),
            refiled: None,
            entry: Some(entry),
        };
        ledger.record(&Pen::Person, vec![change]).await?;
        say!("{} closed", root.reference());
    }
    Ok(())
}
