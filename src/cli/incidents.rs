//! `triaged incidents`: what publishers say is wrong with a product, and closing it by hand.

use jiff::Timestamp;
use serde_json::json;

use super::args::{IncidentsArgs, IncidentsCommand};
use super::failure::Failure;
use super::print::{json as json_text, one_line, rows, say, table};
use super::state;
use super::tickets::local;
use crate::config::Outline;
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::incident::{Course, Ended};
use crate::ledger::{Change, Ledger, Pen};

/// Lists incidents, or closes some.
pub async fn incidents(config: &Outline, args: &IncidentsArgs) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    match &args.command {
        Some(IncidentsCommand::Close { incidents }) => close(&ledger, incidents).await,
        None => list(&ledger, args).await,
    }
}

async fn list(ledger: &Ledger, args: &IncidentsArgs) -> Result<(), Failure> {
    let now = Timestamp::now();
    let all = ledger
        .incidents((!args.all).then_some(now), args.limit)
        .await?;
    if args.json {
        for (incident, tickets) in &all {
            let line = json!({
                "incident": incident.notice.reference(),
                "product": incident.product,
                "standing": incident.standing(now),
                "opened": incident.opened_at,
                "until": incident.until,
                "updates": incident.updates,
                "tickets": tickets,
                "link": incident.link,
                "subject": incident.subject,
            });
            say!("{}", json_text(&line.to_string()));
        }
        return Ok(());
    }
    if all.is_empty() {
        let what = if args.all {
            "there was no incident"
        } else {
            "no incident is open"
        };
        say!("{what}");
        return Ok(());
    }
    let headings = [
        "incident", "product", "standing", "opened", "until", "notices", "tickets", "subject",
    ];
    let mut table = table(&headings);
    for (incident, tickets) in &all {
        table.add_row([
            incident.notice.reference(),
            one_line(incident.product.as_str(), 40),
            incident.standing(now).to_owned(),
            local(incident.opened_at),
            local(incident.until),
            (incident.updates + 1).to_string(),
            tickets.to_string(),
            one_line(&incident.subject, 60),
        ]);
    }
    say!("{}", rows(&table));
    Ok(())
}

async fn close(ledger: &Ledger, typed: &[String]) -> Result<(), Failure> {
    let by = state::person();
    for typed in typed {
        let ticket = state::ticket(ledger, typed).await?;
        let reference = ticket.id.reference();
        let found = ledger.incident(ticket.id).await?;
        let Some(mut incident) = found.filter(|one| one.is_open(Timestamp::now())) else {
            return Err(Failure::failed(format!(
                "{reference} has opened no incident that goes on"
            ))
            .hint("`triaged incidents` lists those that do"));
        };
        incident.ended = Some(Ended::Closed);
        let entry = Entry {
            at: Timestamp::now(),
            actor: Actor::Person(by.clone()),
            mailbox: Some(ticket.mailbox.clone()),
            ticket: Some(ticket.id),
            happening: Happening::Incident {
                incident: incident.notice,
                product: incident.product.clone(),
                course: Course::Closed,
            },
        };
        let change = Change::Incident {
            of: ticket.id,
            incident: Box::new(incident),
            entry,
        };
        ledger.record(&Pen::Person, vec![change]).await?;
        say!("{reference} closed");
    }
    Ok(())
}
