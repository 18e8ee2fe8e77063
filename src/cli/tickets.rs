//! `triaged tickets` and `triaged ticket`: lists, and one ticket with all that happened to it.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::{TicketArgs, TicketsArgs};
use super::failure::Failure;
use super::print::{Paint, Style, one_line, rows, table};
use super::print::{json as json_text, say};
use super::request::request;
use super::state;
use super::waiting;
use crate::config::Config;
use crate::domain::decision::{Action, Decision};
use crate::domain::event::{Actor, Happening};
use crate::domain::ids::{CategoryId, Folder, MailboxName, ProductId};
use crate::domain::letter::{Posting, Purpose};
use crate::domain::life::Stage;
use crate::domain::reason::Reason;
use crate::domain::ticket::Ticket;
use crate::ledger::{EventFilter, StageName, TicketFilter};

/// Events shown of one ticket.
const EVENTS_MAX: u32 = 1000;

/// Lists tickets.
pub async fn list(dir: &Path, args: &TicketsArgs) -> Result<(), Failure> {
    let ledger = state::open(dir).await?;
    if args.waiting {
        return waiting::list(&ledger, args).await;
    }
    let stages = match &args.stage {
        Some(word) => vec![word.parse::<StageName>().map_err(|error| {
            let all: Vec<_> = StageName::ALL.iter().map(|s| s.as_str()).collect();
            Failure::usage(error).hint(format!("one of: {}", all.join(", ")))
        })?],
        None => Vec::new(),
    };
    let filter = TicketFilter {
        stages,
        category: args.category.as_deref().map(CategoryId::from),
        mailbox: args.mailbox.as_deref().map(MailboxName::from),
        product: args.product.as_deref().map(ProductId::from),
        since: None,
    };
    let tickets = ledger.tickets(&filter, args.limit).await?;
    if args.json {
        for ticket in &tickets {
            say!("{}", json_text(&as_json(ticket).to_string()));
        }
        return Ok(());
    }
    if tickets.is_empty() {
        say!("no tickets");
        return Ok(());
    }
    say!("{}", as_table(&tickets));
    Ok(())
}

/// The tickets as a table, in the order given.
pub fn as_table(tickets: &[Ticket]) -> String {
    let headings = [
        "ticket", "found", "stage", "category", "product", "to", "from", "subject",
    ];
    let mut table = table(&headings);
    for ticket in tickets {
        let decision = ticket.decision.as_ref();
        table.add_row([
            ticket.id.reference(),
            local(ticket.seen_at),
            ticket.life.stage.to_string(),
            decision.map_or_else(String::new, category),
            decision
                .and_then(|d| d.product.as_ref())
                .map_or_else(String::new, |hit| hit.product.to_string()),
            destination(ticket),
            one_line(&ticket.summary.from, 40),
            one_line(&ticket.summary.subject, 60),
        ]);
    }
    rows(&table)
}

fn category(decision: &Decision) -> String {
    match &decision.category {
        Some(category) => category.to_string(),
        None => decision.kind.to_string(),
    }
}

fn destination(ticket: &Ticket) -> String {
    if let Some(recipient) = ticket.decision.as_ref().and_then(|d| d.recipient.as_ref()) {
        return recipient.to_string();
    }
    ticket
        .folder
        .as_ref()
        .map_or_else(String::new, |folder| one_line(folder.as_str(), 40))
}

/// A moment in local time.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn as_json(ticket: &Ticket) -> serde_json::Value {
    let decision = ticket.decision.as_ref();
    json!({
        "ticket": ticket.id.reference(),
        "id": ticket.id,
        "mailbox": ticket.mailbox,
        "locator": ticket.locator.to_string(),
        "size": ticket.size,
        "digest": ticket.digest,
        "stage": ticket.life.stage.as_str(),
        "tries": ticket.life.tries,
        "attempts": ticket.life.attempts,
        "kind": decision.map(|d| d.kind),
        "category": decision.map(|d| &d.category),
        "product": decision.and_then(|d| d.product.as_ref()).map(|p| &p.product),
        "owner": decision.and_then(|d| d.owner),
        "priority": decision.map(|d| d.priority),
        "language": decision.map(|d| d.language),
        "action": decision.map(|d| d.action),
        "recipient": decision.and_then(|d| d.recipient.as_ref()),
        "folder": ticket.folder,
        "reason": decision.map(|d| d.reason.to_string()),
        "from": ticket.summary.from,
        "subject": ticket.summary.subject,
        "seen_at": ticket.seen_at,
        "changed_at": ticket.changed_at,
    })
}

/// Shows one ticket.
pub async fn show(dir: &Path, args: &TicketArgs) -> Result<(), Failure> {
    let ledger = state::open(dir).await?;
    let ticket = state::ticket(&ledger, &args.ticket).await?;
    let filter = EventFilter {
        ticket: Some(ticket.id),
        ..EventFilter::default()
    };
    let events = ledger.events(&filter, EVENTS_MAX).await?;
    if args.json {
        let mut whole = as_json(&ticket);
        let lines: Vec<serde_json::Value> = events
            .iter()
            .filter_map(|e| serde_json::from_str(&e.line).ok())
            .collect();
        if let Some(object) = whole.as_object_mut() {
            object.insert("decision".to_owned(), json!(ticket.decision));
            object.insert("events".to_owned(), json!(lines));
        }
        say!("{}", json_text(&whole.to_string()));
        return Ok(());
    }
    let paint = Paint::stdout();
    say!("{}", head(&ticket, paint).trim_end());
    say!("\n{}", paint.paint(Style::Strong, "what happened"));
    for event in &events {
        let entry = event.entry()?;
        let who = match &entry.actor {
            Actor::Triaged => String::new(),
            Actor::Person(name) => format!("  (by {})", one_line(name, 40)),
        };
        let what = said(&entry.happening);
        say!("  {}  {:>6}  {what}{who}", local(entry.at), event.seq);
    }
    Ok(())
}

/// Prints what a request to Microsoft about a ticket asks for.
pub async fn sheet(config: &Config, typed: &str) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    let ticket = state::ticket(&ledger, typed).await?;
    let sheet = request(&ticket, config).ok_or_else(|| {
        Failure::failed(format!(
            "{} is no ticket, or not decided yet",
            ticket.id.reference()
        ))
    })?;
    say!("{}", sheet.trim_end());
    Ok(())
}

fn head(ticket: &Ticket, paint: Paint) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let name = paint.paint(Style::Faint, &format!("{name:<10}"));
        // Writing to a string never fails.
        let _ = writeln!(out, "{name} {value}");
    };
    row(
        "ticket",
        &format!("{}  ({})", ticket.id.reference(), ticket.id),
    );
    row("from", &one_line(&ticket.summary.from, 100));
    row("subject", &one_line(&ticket.summary.subject, 200));
    row(
        "mailbox",
        &format!("{}, {} bytes", ticket.mailbox, ticket.size),
    );
    row("stage", &stage(&ticket.life.stage));
    if let Some(decision) = &ticket.decision {
        row(
            "kind",
            &format!(
                "{} ({})",
                decision.kind,
                one_line(&decision.kind_reason, 120)
            ),
        );
        if let Some(category) = &decision.category {
            row("category", category.as_str());
        }
        if let Some(hit) = &decision.product {
            let text = one_line(&hit.text, 60);
            let why = match decision.reason {
                Reason::Person { .. } if decision.action == Action::Forward => {
                    format!("`{text}` said so")
                }
                _ => format!("`{text}` in the {}", hit.zone),
            };
            row("product", &format!("{} ({why})", hit.product));
        }
        if let Some(owner) = decision.owner {
            row("owner", owner.as_str());
        }
        row("priority", decision.priority.as_str());
        if let Some(language) = decision.language {
            row("language", language.as_str());
        }
        row(
            "action",
            &format!(
                "{} → {}",
                decision.action,
                one_line(decision.destination(), 100)
            ),
        );
        if let Some(link) = &decision.link {
            row("thread", &one_line(&link.to_string(), 200));
        }
        row("because", &one_line(&decision.reason.to_string(), 200));
        for evidence in &decision.evidence {
            let text = one_line(&evidence.text, 60);
            let line = format!(
                "{:+.1} {}: `{text}` in the {} (rule `{}`)",
                evidence.weight, evidence.category, evidence.zone, evidence.rule
            );
            row("", &line);
        }
        row("rules", &decision.rules_digest.to_string()[..12]);
    }
    if let Some(folder) = &ticket.folder {
        row("folder", &one_line(folder.as_str(), 100));
    }
    out
}

fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Deferred { until } => format!("deferred until {}", local(*until)),
        Stage::Held { reason, .. } => format!("held: {}", one_line(&reason.to_string(), 200)),
        other => other.to_string(),
    }
}

/// One happening in a sentence.
pub fn said(happening: &Happening) -> String {
    let sentence = match happening {
        Happening::Started { version, .. } => format!("started, version {version}"),
        Happening::Reloaded { rules_digest, .. } => {
            format!("rules {} are in force", &rules_digest.to_string()[..12])
        }
        Happening::ReloadRefused {
            in_force, reason, ..
        } => format!(
            "edit refused, rules {} stay in force: {reason}",
            &in_force.to_string()[..12]
        ),
        Happening::ShadowDiffered { live, shadow, .. } => format!(
            "the shadow would {} → {}, not {} → {}",
            shadow.action, shadow.to, live.action, live.to
        ),
        Happening::Looped { sign } => format!("not sent, it goes in a circle: {sign}"),
        Happening::Capped { limit, until } => format!(
            "sending pauses until {}: {limit} mails were begun in a day",
            local(*until)
        ),
        Happening::Stopped => "stopped".to_owned(),
        Happening::MailboxOpened { messages, .. } => format!("opened with {messages} messages"),
        Happening::MailboxAccepted => "first run accepted".to_owned(),
        Happening::Seen { size, .. } => format!("found, {size} bytes; reading begins"),
        Happening::PutBack { .. } => {
            "not sent: the way out closed, the attempt does not count".to_owned()
        }
        Happening::Tried { tries } => format!("reading begins, try {tries}"),
        Happening::Spared { .. } => {
            "not read: the server failed, the try does not count".to_owned()
        }
        Happening::Decided {
            action,
            category,
            kind,
            folder,
            recipient,
            reason,
            observed,
            ..
        } => {
            let what = category.as_ref().map_or(kind.as_str(), CategoryId::as_str);
            let to = recipient
                .as_ref()
                .map_or(folder.as_str(), |address| address.as_str());
            let would = if *observed { "would " } else { "" };
            format!("decided: {what}, {would}{action} → {to}: {reason}")
        }
        Happening::Sending {
            attempt, recipient, ..
        } => {
            format!("sending to {recipient}, attempt {attempt}")
        }
        Happening::Delivered { reply, .. } => format!("accepted: {reply}"),
        Happening::Deferred {
            cause,
            reply,
            until,
            ..
        } => {
            format!("deferred ({cause}) until {}: {reply}", local(*until))
        }
        Happening::Uncertain { attempt, reply, .. } => {
            format!("attempt {attempt} may have been accepted: {reply}")
        }
        Happening::Held { reason } => format!("held: {reason}"),
        Happening::Released => "released".to_owned(),
        Happening::Retried => "to be tried again now".to_owned(),
        Happening::Rerouted { recipient, folder } => match recipient {
            Some(recipient) => format!("rerouted to {recipient}"),
            None => format!("rerouted to folder {folder}"),
        },
        Happening::Settled { folder, .. } => format!("filed in {folder}"),
        Happening::Quarantined { folder, reason } => format!("quarantined in {folder}: {reason}"),
        Happening::Reconsidered => "observed no more: decided anew".to_owned(),
        Happening::Withdrawn {
            sent_perhaps,
            found,
        } => taken(*sent_perhaps, found.as_ref()),
        Happening::Letter {
            purpose,
            to,
            posting,
            ..
        } => posted(*purpose, to.as_deref(), posting),
        Happening::Thread { turn } => turn.to_string(),
        Happening::Redacted { lines } => {
            format!("personal data taken out of {} lines", lines.len())
        }
        Happening::Repaired { what } => format!("audit file mended: {what}"),
    };
    one_line(&sentence, 240)
}

/// What somebody did with a ticket's message, in a sentence.
fn taken(sent_perhaps: bool, found: Option<&Folder>) -> String {
    let sent = if sent_perhaps {
        "; an attempt to send it had begun"
    } else {
        ""
    };
    match found {
        Some(folder) => format!("filed in {folder} by somebody{sent}"),
        None => format!("taken away by somebody{sent}"),
    }
}

/// What happened to a letter in a sentence.
fn posted(purpose: Purpose, to: Option<&str>, posting: &Posting) -> String {
    let to = to.unwrap_or("the customer");
    let what = match posting {
        Posting::Written => return format!("{purpose} to {to} is to be sent"),
        Posting::Sending { attempt } => format!("being sent, attempt {attempt}"),
        Posting::PutBack { .. } => "not sent: the way out closed".to_owned(),
        Posting::Delivered { reply, .. } => format!("accepted: {reply}"),
        Posting::Deferred {
            cause,
            reply,
            until,
            ..
        } => format!("deferred ({cause}) until {}: {reply}", local(*until)),
        Posting::Uncertain { attempt, reply, .. } => {
            format!("attempt {attempt} may have been accepted: {reply}")
        }
        Posting::Failed { reason } => format!("given up: {reason}"),
        Posting::Dropped => "not sent: the ticket was taken away".to_owned(),
    };
    format!("{purpose} to {to}: {what}")
}
