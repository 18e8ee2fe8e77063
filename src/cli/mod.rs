//! Layer 7: the commands, a file each. They print and set the exit code; everything they show
//! comes from the same functions the daemon uses.

mod alarms;
pub mod args;
mod audit;
mod auth;
mod check;
mod demo;
mod diff;
mod doctor;
mod events;
mod explain;
mod failure;
mod generate;
mod incidents;
mod init;
mod person;
pub mod print;
mod privacy;
mod progress;
mod read_apart;
mod recorded;
mod recover;
mod registry;
mod reload;
mod replay;
mod request;
mod rules_now;
mod run;
mod shifts;
mod shipped;
mod sources;
mod state;
mod stats;
mod status;
mod suggest;
mod test;
mod tickets;
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command};
use self::failure::{Failure, FailureKind};
use self::person::Wish;
use self::print::{Paint, Style};
use crate::config::edits::AtStart;
use crate::config::findings::{self, Finding};
use crate::config::{self, Config, Outline};
use crate::daemon::examination;

/// Where the configuration lies when nobody says and the working directory has none.
const SYSTEM_CONFIG: &str = "/etc/triaged";

/// The command line, from arguments to exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no faults; a closed output is nobody's.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // The panic itself has been told on standard error; the exit code tells a supervisor.
    let end = catch_unwind(AssertUnwindSafe(|| dispatch(cli))).unwrap_or_else(|_| {
        let internal = Failure::shown(FailureKind::Internal);
        Err(internal.hint("this is a fault of triaged itself: please report the lines above"))
    });
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            show(&failure);
            ExitCode::from(failure.kind.code())
        }
    }
}

fn show(failure: &Failure) {
    let paint = Paint::stderr();
    if !failure.message.is_empty() {
        eprintln!(
            "{} {}",
            paint.paint(Style::Bad, "error:"),
            print::lines(&failure.message)
        );
    }
    if let Some(hint) = &failure.hint {
        eprintln!(
            "{} {}",
            paint.paint(Style::Strong, "hint:"),
            print::lines(hint)
        );
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    // Fails only when a provider was installed before: then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = config_directory(cli.config.as_deref());
    match cli.command {
        Command::Demo(args) => demo::demo(&args),
        Command::Generate(args) => generate::generate(&args.share),
        Command::Init(args) => init::init(cli.config.as_deref(), &args),
        Command::Check(args) => check::check(&directory, &args),
        Command::Test(args) => test::test(&directory, &args),
        Command::Diff(args) => diff::diff(cli.config.as_deref(), &args),
        Command::Replay(args) => replay::replay(&load(&directory)?, &args),
        Command::Suggest(args) => suggest::suggest(&directory, &args),
        Command::Explain(args) => wait(explain::explain(&directory, &args)),
        Command::Run(args) if args.dry_run => run::run(load(&directory)?, &args),
        Command::Run(args) => run::run(start(&directory)?, &args),
        Command::Tickets(args) => {
            let outline = outline(&directory)?;
            wait(tickets::list(&outline.state_dir, &args))
        }
        Command::Ticket(args) if args.sheet => {
            wait(tickets::sheet(&load(&directory)?, &args.ticket))
        }
        Command::Ticket(args) => {
            let outline = outline(&directory)?;
            wait(tickets::show(&outline.state_dir, &args))
        }
        Command::Hold(args) => wait(person::wish(&outline(&directory)?, Wish::Hold, &args)),
        Command::Release(args) => wait(person::wish(&outline(&directory)?, Wish::Release, &args)),
        Command::Incidents(args) => wait(incidents::incidents(&outline(&directory)?, &args)),
        Command::Close(args) => wait(waiting::close(&outline(&directory)?, &args)),
        Command::Retry(args) => wait(person::wish(&outline(&directory)?, Wish::Retry, &args)),
        Command::Reroute(args) => wait(person::reroute(&load(&directory)?, &args)),
        Command::Mailbox(command) => wait(status::mailbox(&outline(&directory)?, &command)),
        Command::Privacy(command) => wait(privacy::privacy(&outline(&directory)?, &command)),
        Command::Auth(command) => wait(auth::auth(&outline(&directory)?, &command)),
        Command::Registry(command) => registry::registry(&directory, &command),
        Command::Audit(command) => wait(audit::audit(&outline(&directory)?.state_dir, &command)),
        Command::Doctor(args) => wait(doctor::doctor(&load(&directory)?, &args)),
        Command::Recover(args) => wait(recover::recover(&load(&directory)?, &args)),
        Command::ReadApart(args) => read_apart::read_apart(&load(&directory)?, &args),
        Command::Status(args) => wait(status::status(&outline(&directory)?, &args)),
        Command::Reload => wait(reload::reload(&directory)),
    }
}

/// The configuration directory: as said, else beside us, else the system's.
fn config_directory(said: Option<&Path>) -> PathBuf {
    match said {
        Some(directory) => directory.to_owned(),
        None if Path::new("config/triaged.toml").is_file() => PathBuf::from("config"),
        None => PathBuf::from(SYSTEM_CONFIG),
    }
}

/// The configuration a daemon starts with: examined, or where `edits.at-start` says so the last
/// good one.
fn start(directory: &Path) -> Result<Config, Failure> {
    let examining = examination::examine(directory.to_path_buf());
    let examined = wait(async {
        let examined = examining.await;
        examined.map_err(|error| Failure::failed(format!("cannot examine the rules: {error}")))
    })?;
    let refusal = examined.refusal();
    if let (Some(config), None) = (examined.config, &refusal) {
        return Ok(config);
    }
    show_findings(&examined.findings);
    let refused = Failure::shown(FailureKind::Config);
    let told = config::outline(directory).ok();
    let Some(outline) = told.filter(|outline| outline.edits.at_start == AtStart::LastGood) else {
        return Err(refused);
    };
    match config::load_last_good(directory, &outline.state_dir) {
        Ok(mut config) => {
            config.stands_in = refusal.or_else(|| Some("it cannot be read".to_owned()));
            Ok(config)
        }
        Err(faults) => {
            show_findings(&faults);
            Err(refused)
        }
    }
}

/// Loads the configuration, or shows everything that is wrong with it.
fn load(directory: &Path) -> Result<Config, Failure> {
    config::load(directory).map_err(|faults| {
        show_findings(&faults);
        Failure::shown(FailureKind::Config)
    })
}

fn show_findings(found: &[Finding]) {
    eprintln!("{}", findings::render(found, Paint::stderr().colours()));
}

/// Reads `triaged.toml` alone: faults in rules must not keep anybody from looking at tickets.
fn outline(directory: &Path) -> Result<Outline, Failure> {
    config::outline(directory).map_err(|faults| {
        show_findings(&faults);
        Failure::shown(FailureKind::Config)
    })
}

/// Runs one short piece of asynchronous work on this thread.
fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?
        .block_on(work)
}
