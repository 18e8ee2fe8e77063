//! `triaged audit`: what was done, for the person who reviews it.

use std::io::Write as _;
use std::path::Path;

use super::args::{AuditCommand, AuditFilter};
use super::events::each;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, Style, rows as as_rows, table};
use super::print::{json as json_text, say};
use super::tickets::{local, said};
use super::{state, stats};
use crate::audit::verify::Report;
use crate::audit::{export as audit_export, mirror};
use crate::ledger::{EventFilter, Ledger};

/// Runs one of the subcommands.
pub async fn audit(state_dir: &Path, command: &AuditCommand) -> Result<(), Failure> {
    let ledger = state::open(state_dir).await?;
    match command {
        AuditCommand::List(filter) => list(&ledger, filter).await,
        AuditCommand::Show { seq } => show(&ledger, *seq).await,
        AuditCommand::Stats { json, since } => stats::stats(&ledger, *json, since.as_deref()).await,
        AuditCommand::Verify { file } => {
            let path = file
                .clone()
                .unwrap_or_else(|| state_dir.join(mirror::FILE_NAME));
            verify(&ledger, &path).await
        }
        AuditCommand::Export { csv } => export(&ledger, *csv).await,
    }
}

async fn list(ledger: &Ledger, args: &AuditFilter) -> Result<(), Failure> {
    let ticket = match &args.ticket {
        Some(typed) => Some(state::ticket(ledger, typed).await?.id),
        None => None,
    };
    let filter = EventFilter {
        ticket,
        kinds: args.event.iter().cloned().collect(),
        newest_first: true,
        ..EventFilter::default()
    };
    let mut events = ledger.events(&filter, args.limit).await?;
    events.reverse();
    if args.json {
        for event in &events {
            say!("{}", event.line);
        }
        return Ok(());
    }
    if events.is_empty() {
        say!("no events");
        return Ok(());
    }
    let mut rows = table(&["seq", "time", "ticket", "event", "what"]);
    for event in &events {
        let entry = event.entry()?;
        rows.add_row([
            event.seq.to_string(),
            local(entry.at),
            entry.ticket.map_or_else(String::new, |id| id.reference()),
            entry.happening.as_str().to_owned(),
            said(&entry.happening),
        ]);
    }
    say!("{}", as_rows(&rows));
    Ok(())
}

async fn show(ledger: &Ledger, seq: u64) -> Result<(), Failure> {
    let filter = EventFilter {
        from: Some(seq),
        to: Some(seq),
        ..EventFilter::default()
    };
    let events = ledger.events(&filter, 1).await?;
    let event = events
        .first()
        .ok_or_else(|| Failure::failed(format!("no event {seq} in this ledger")))?;
    let value: serde_json::Value =
        serde_json::from_str(&event.line).map_err(|error| Failure::failed(error.to_string()))?;
    say!("{}", json_text(&format!("{value:#}")));
    Ok(())
}

async fn verify(ledger: &Ledger, path: &Path) -> Result<(), Failure> {
    let verified = ledger.verify(Some(path), Vec::new()).await?;
    let paint = Paint::stdout();
    show_report("ledger", &verified.ledger, paint);
    if let Some(file) = &verified.file {
        show_report(&path.display().to_string(), file, paint);
    }
    if verified.waiting > 0 {
        say!(
            "{} events wait for the next start to be written to the file",
            verified.waiting
        );
    }
    if verified.is_sound() {
        Ok(())
    } else {
        Err(Failure::shown(FailureKind::Found))
    }
}

fn show_report(name: &str, report: &Report, paint: Paint) {
    for finding in &report.findings {
        say!("{}", paint.paint(Style::Bad, &format!("{name}: {finding}")));
    }
    if report.more > 0 {
        say!("{name}: {} more findings", report.more);
    }
    if report.is_sound() {
        let head = report.head.hash.to_string();
        let text = format!(
            "{name}: {} events, chain unbroken, head {}",
            report.lines,
            &head[..12]
        );
        say!("{}", paint.paint(Style::Good, &text));
    }
}

async fn export(ledger: &Ledger, csv: bool) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if csv {
        out.write_all(audit_export::csv_names().as_bytes())?;
    }
    each(ledger, None, |event| {
        if csv {
            let row = audit_export::csv_row(&event.line).map_err(Failure::failed)?;
            out.write_all(row.as_bytes())?;
        } else {
            writeln!(out, "{}", event.line)?;
        }
        Ok(())
    })
    .await?;
    out.flush()?;
    Ok(())
}
