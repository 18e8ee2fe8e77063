//! `triaged demo`: the whole job on a mailbox in a temporary folder, with no server.
//!
//! It is the daemon itself that runs, on the shipped rules and registry; only the mail is made up.

use std::io;
use std::path::Path;

use super::args::{DemoArgs, ExplainArgs};
use super::failure::Failure;
use super::print::say;
use super::print::{Paint, Style};
use super::{explain, run, shipped, tickets, wait};
use crate::config;
use crate::config::log::{Log, LogFormat, LogLevel};
use crate::daemon::{self, log};
use crate::ledger::{Ledger, Mode, TicketFilter};
use crate::system::maildir;

/// Tickets shown; the sample has fewer.
const TICKETS_MAX: u32 = 100;

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
    log::start(Log {
        level: LogLevel::Warn,
        format: LogFormat::Human,
    });
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
    let about = ExplainArgs {
        paths: vec![sample],
        what_if: false,
        json: false,
    };
    wait(explain::explain(&config_dir, &about))?;

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
    let config = base.join("config");
    shipped::lay_out(&config, &["registry", "rules", "schema"])?;
    std::fs::create_dir(base.join("state"))?;
    std::fs::write(config.join("triaged.toml"), MAIN)?;
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
