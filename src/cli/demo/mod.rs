//! `triaged demo`: the whole job on a mailbox in a temporary folder, with no server.
//!
//! It is the daemon itself that runs, on the shipped rules and registry; only the mail is made up.

use std::io;
use std::path::Path;

use super::args::{DemoArgs, ExplainArgs};
use super::failure::Failure;
use super::print::say;
use super::print::{Paint, Style};
use super::{explain, run, tickets, wait};
use crate::config;
use crate::daemon::{self, log};
use crate::ledger::{Ledger, Mode, TicketFilter};
use crate::system::maildir;

/// Tickets shown; the sample has fewer.
const TICKETS_MAX: u32 = 100;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../config/", $name)))),*]
    };
}

/// The shipped rules and registry, and the schemas that editors check them by.
const SHIPPED: &[(&str, &str)] = shipped![
    "registry/customers.toml",
    "registry/products.toml",
    "rules/account-en.toml",
    "rules/account-sv.toml",
    "rules/billing-da.toml",
    "rules/billing-de.toml",
    "rules/billing-en.toml",
    "rules/billing-fi.toml",
    "rules/billing-no.toml",
    "rules/billing-sv.toml",
    "rules/commerce-en.toml",
    "rules/commerce-sv.toml",
    "rules/da.toml",
    "rules/de.toml",
    "rules/fi.toml",
    "rules/negation.toml",
    "rules/no.toml",
    "rules/priority-en.toml",
    "rules/priority-sv.toml",
    "rules/review-en.toml",
    "rules/review-sv.toml",
    "rules/subscription-da.toml",
    "rules/subscription-de.toml",
    "rules/subscription-en.toml",
    "rules/subscription-fi.toml",
    "rules/subscription-no.toml",
    "rules/subscription-sv.toml",
    "rules/technical-da.toml",
    "rules/technical-de.toml",
    "rules/technical-en.toml",
    "rules/technical-fi.toml",
    "rules/technical-no.toml",
    "rules/technical-sv.toml",
    "schema/registry.json",
    "schema/rules.json",
    "schema/triaged.json",
];

macro_rules! mail {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("mail/", $name, ".eml")))),*]
    };
}

/// The sample mailbox.
const MAIL: &[(&str, &str)] = mail![
    "01-technical-sv",
    "02-technical-en",
    "03-billing-sv",
    "04-subscription-en",
    "05-account-sv",
    "06-commerce-en",
    "07-technical-html",
    "08-review-no-product",
    "09-review-thanks",
    "10-bounce",
    "11-auto-reply",
    "12-newsletter",
    "13-notice",
    "14-billing-de",
];

/// The demo's own `triaged.toml`: a Maildir in, a Maildir out.
const MAIN: &str = include_str!("triaged.toml");

/// Runs the demo.
pub fn demo(args: &DemoArgs) -> Result<(), Failure> {
    log::start(false, "warn");
    let folder = tempfile::Builder::new().prefix("triaged-demo-").tempdir()?;
    let base = folder.path().to_owned();
    lay_out(&base)?;
    let paint = Paint::stdout();
    say!(
        "{}",
        paint.paint(
            Style::Strong,
            "1. a mailbox with messages in several languages"
        )
    );
    say!(
        "   {} messages in {}\n",
        MAIL.len(),
        base.join("mailbox").display()
    );

    say!("{}", paint.paint(Style::Strong, "2. triaged run --once"));
    let config_dir = base.join("config");
    let loaded = super::load(&config_dir)?;
    let end = run::runtime()?.block_on(daemon::run(loaded, true))?;
    run::told(&end)?;
    let waiting = count(&base.join("mailbox/new"))?;
    let sent = count(&base.join("outbox/new"))?;
    say!("   {waiting} messages left in the mailbox, {sent} forwards in the outbox\n");

    say!("{}", paint.paint(Style::Strong, "3. triaged tickets"));
    let state_dir = base.join("state");
    say!("{}\n", wait(all_tickets(&state_dir))?);

    say!(
        "{}",
        paint.paint(Style::Strong, "4. triaged explain 01-technical-sv.eml")
    );
    let sample = base.join("01-technical-sv.eml");
    std::fs::write(&sample, MAIL.first().map_or("", |(_, text)| text))?;
    explain::explain(
        &config_dir,
        &ExplainArgs {
            paths: vec![sample],
            what_if: false,
            json: false,
        },
    )?;

    say!("{}", paint.paint(Style::Strong, "5. triaged audit verify"));
    let checked = config::load(&config_dir).map_err(|_| Failure::failed("configuration"))?;
    let verify = super::args::AuditCommand::Verify { file: None };
    wait(super::audit::audit(&checked.state_dir, &verify))?;

    if args.keep {
        let kept = folder.keep();
        say!("\nkept in {}; look around with", kept.display());
        say!("  triaged --config {}/config tickets", kept.display());
    } else {
        say!("\n`triaged demo --keep` leaves the folder, to look around in it");
    }
    Ok(())
}

fn lay_out(base: &Path) -> io::Result<()> {
    for directory in ["config/rules", "config/registry", "config/schema", "state"] {
        std::fs::create_dir_all(base.join(directory))?;
    }
    std::fs::write(base.join("config/triaged.toml"), MAIN)?;
    for (name, text) in SHIPPED {
        std::fs::write(base.join("config").join(name), text)?;
    }
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(base.join("state"), private)?;
    let mailbox = base.join("mailbox");
    maildir::create(&mailbox, maildir::MODE_DEFAULT)?;
    for (_, text) in MAIL {
        maildir::deliver(&mailbox, text.as_bytes())?;
    }
    Ok(())
}

fn count(directory: &Path) -> io::Result<usize> {
    Ok(std::fs::read_dir(directory)?.count())
}

async fn all_tickets(state_dir: &Path) -> Result<String, Failure> {
    let ledger = Ledger::open(state_dir, Mode::Person).await?;
    let mut all = ledger
        .tickets(&TicketFilter::default(), TICKETS_MAX)
        .await?;
    all.reverse();
    Ok(tickets::as_table(&all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_carries_every_shipped_rule_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        for part in ["rules", "registry"] {
            for entry in std::fs::read_dir(root.join(part)).unwrap() {
                let name = format!("{part}/{}", entry.unwrap().file_name().to_string_lossy());
                assert!(
                    SHIPPED.iter().any(|(own, _)| *own == name),
                    "`{name}` is left out"
                );
            }
        }
    }

    #[test]
    fn the_demo_carries_every_schema_that_its_files_name() {
        let named = SHIPPED.iter().map(|(_, text)| (*text, "#:schema ../"));
        let mut named: Vec<(&str, &str)> =
            named.filter(|(text, _)| text.starts_with('#')).collect();
        named.push((MAIN, "#:schema "));
        for (text, prefix) in named {
            let line = text.lines().next().unwrap();
            let schema = line.strip_prefix(prefix).unwrap();
            assert!(SHIPPED.iter().any(|(own, _)| *own == schema), "`{schema}`");
        }
    }
}
