//! `triaged privacy`: what is stored about an address, shown as JSON, and taken out.
//!
//! The mail itself lies in the mailbox and is not touched: that is for your mail program.

use serde_json::json;

use super::args::PrivacyCommand;
use super::failure::Failure;
use super::print::{counted, json as json_text, one_line, say};
use super::state;
use crate::config::Outline;
use crate::domain::address::Address;
use crate::domain::ids::TicketId;
use crate::ledger::Ledger;

/// Runs one of the subcommands.
pub async fn privacy(config: &Outline, command: &PrivacyCommand) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    match command {
        PrivacyCommand::Export { address } => export(&ledger, &read(address)?).await,
        PrivacyCommand::Erase { address, yes } => {
            erase(config, &ledger, &read(address)?, *yes).await
        }
    }
}

fn read(typed: &str) -> Result<Address, Failure> {
    typed.trim().parse().map_err(Failure::usage)
}

async fn export(ledger: &Ledger, address: &Address) -> Result<(), Failure> {
    let sent = ledger.tickets_from(address.as_str()).await?;
    let ids: Vec<TicketId> = sent.iter().map(|ticket| ticket.id).collect();
    let tickets: Vec<_> = sent
        .iter()
        .map(|ticket| {
            json!({
                "ticket": ticket.id.reference(),
                "mailbox": ticket.mailbox,
                "stage": ticket.life.stage.as_str(),
                "found": ticket.seen_at,
                "from": ticket.summary.from,
                "subject": ticket.summary.subject,
                "folder": ticket.folder,
                "decision": ticket.decision,
            })
        })
        .collect();
    let letters = ledger.letters_to(address.as_str()).await?;
    let letters: Vec<_> = letters
        .iter()
        .map(|(purpose, stage, at)| json!({ "purpose": purpose, "stage": stage, "made": at }))
        .collect();
    let threads = ledger.threads_naming(address.as_str()).await?;
    let threads: Vec<_> = threads
        .iter()
        .map(|thread| {
            json!({
                "ticket": thread.root.reference(),
                "standing": thread.standing,
                "subject": thread.subject,
                "customer": thread.customer,
                "participants": thread.participants,
            })
        })
        .collect();
    let mut events = Vec::new();
    for event in ledger.events_about(address.as_str(), &ids).await? {
        let line: serde_json::Value = serde_json::from_str(&event.line).map_err(Failure::failed)?;
        events.push(line);
    }
    let whole = json!({
        "address": address.as_str(),
        "tickets": tickets,
        "letters": letters,
        "threads": threads,
        "audit": events,
    });
    say!("{}", json_text(&format!("{whole:#}")));
    Ok(())
}

async fn erase(
    config: &Outline,
    ledger: &Ledger,
    address: &Address,
    yes: bool,
) -> Result<(), Failure> {
    let shown = one_line(address.as_str(), 100);
    let sent = ledger.tickets_from(address.as_str()).await?;
    if !yes {
        let ids: Vec<TicketId> = sent.iter().map(|ticket| ticket.id).collect();
        let lines = ledger.events_about(address.as_str(), &ids).await?.len();
        say!(
            "{} from {shown}, {} about them or with the address; nothing was erased",
            counted(sent.len(), "ticket", "tickets"),
            counted(lines, "audit line", "audit lines"),
        );
        return Err(Failure::failed("erasing cannot be undone")
            .hint(format!("say `triaged privacy erase {shown} --yes`")));
    }
    let by = state::person();
    let erased = ledger
        .erase(&config.state_dir, address.as_str(), &by)
        .await?;
    // Carries the write-ahead log over, so that the old text is on no page of the file.
    ledger.close().await?;
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    say!(
        "erased: the person of {}, the personal part of {}; the mail itself lies where it lay",
        counted(count(erased.tickets), "ticket", "tickets"),
        counted(count(erased.lines), "audit line", "audit lines"),
    );
    if erased.unfinished > 0 {
        let left = counted(count(erased.unfinished), "ticket is", "tickets are");
        return Err(
            Failure::failed(format!("{left} not at the end and left alone"))
                .hint("`triaged tickets` shows them; say it again once they are settled"),
        );
    }
    Ok(())
}
