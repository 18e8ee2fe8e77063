//! The command line as types: what clap parses; the doc comments are the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::init::Preset;

/// Watches a support mailbox, decides whose ticket each message is, forwards technical ones to
/// the publisher and files the rest.
#[derive(Debug, Parser)]
#[command(
    name = "triaged",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 ok · 1 failed · 2 usage · 3 something was found · \
                  70 internal error · 78 configuration"
)]
pub struct Cli {
    /// Directory of `triaged.toml`, `rules/` and `registry/` [default: ./config when it holds a
    /// `triaged.toml`, else /etc/triaged]
    #[arg(long, global = true, env = "TRIAGED_CONFIG", value_name = "DIR")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of a ticket's and an operator's day.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole job once on a sample mailbox in a temporary folder; no server needed
    Demo(DemoArgs),
    /// Write a configuration: asks a few questions, or takes the answers as flags
    Init(InitArgs),
    /// Watch the mailboxes: decide, forward, file
    Run(RunArgs),
    /// Check the configuration, the rules and the registry, run the cases; name every fault at once
    Check(CheckArgs),
    /// Run the cases beside the rules: what holds, what does not, which rules no case fires
    Test(TestArgs),
    /// Show which messages two sets of rules send to different places
    Diff(DiffArgs),
    /// Decide the archive anew: where each message lies against where it would go now
    Replay(ReplayArgs),
    /// Propose keywords from mail that people filed, as a diff of a rule file; changes nothing
    Suggest(SuggestArgs),
    /// Show why messages go where they go
    Explain(ExplainArgs),
    /// List tickets
    Tickets(TicketsArgs),
    /// Show one ticket and what happened to it
    Ticket(TicketArgs),
    /// Hold a ticket: nothing is done with it until it is released
    Hold(PersonArgs),
    /// Let a held ticket go on
    Release(PersonArgs),
    /// Try a waiting or held ticket again now
    Retry(PersonArgs),
    /// Close cases: a reply opens them again
    Close(PersonArgs),
    /// Give a ticket another destination
    Reroute(RerouteArgs),
    /// Show what publishers say is wrong with products, or end it
    Incidents(IncidentsArgs),
    /// Show mailboxes, or accept the first run of one
    #[command(subcommand)]
    Mailbox(MailboxCommand),
    /// Show products, contacts and customers, check them, or bring offers in
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Sign in, where a mailbox or the way out logs in by access tokens
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Show or erase what is stored about an address
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Read, count, verify or export the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Try everything the daemon will need, and say what to do about what fails; sends nothing
    Doctor(DoctorArgs),
    /// Say whether it is healthy, what waits and what is stuck
    Status(StatusArgs),
    /// Have the running daemon read rules, products and categories again, and say whether it took
    /// them; exit code 1 when the edit is refused
    Reload,
    /// Have a ledger that was lost or comes from a backup learn from the folders what was done;
    /// sends and moves nothing
    Recover(RecoverArgs),
    /// Write manual pages and completions for bash, zsh and fish, for a package or by hand
    Generate(GenerateArgs),
    /// Read a message from standard input as the daemon does, and say nothing; the daemon runs it
    #[command(hide = true)]
    ReadApart(ReadApartArgs),
}

/// Arguments of `recover`.
#[derive(Debug, Args)]
#[command(after_help = "Stop the daemon first. Example: triaged recover --dry-run")]
pub struct RecoverArgs {
    /// Say what the folders tell, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `read-apart`.
#[derive(Debug, Args)]
pub struct ReadApartArgs {
    /// The mailbox it came to
    pub mailbox: String,
    /// Only the header section is there
    #[arg(long)]
    pub head: bool,
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
#[command(after_help = "Example: sudo triaged generate /usr/local/share")]
pub struct GenerateArgs {
    /// The directory that holds `man/`, `bash-completion/` and so on; made if it is not there
    #[arg(value_name = "DIR")]
    pub share: PathBuf,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the folder and print its path, to look around in it
    #[arg(long)]
    pub keep: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: triaged init --yes --preset imap --partner 'Partner AB' \\\n           \
                        --address support@partner.example --host imap.partner.example \\\n           \
                        --smtp-host smtp.partner.example \\\n           \
                        --product 'Nimbus Desk, Nimbus AB, support@nimbus-desk.example'"
)]
pub struct InitArgs {
    /// Where the mailbox is
    #[arg(long, value_name = "NAME")]
    pub preset: Option<Preset>,
    /// Your company, as customers and publishers know it
    #[arg(long, value_name = "NAME")]
    pub partner: Option<String>,
    /// The address customers write to
    #[arg(long)]
    pub address: Option<String>,
    /// The IMAP server; `localhost` is spoken to without TLS
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// The log-in name there [default: the address]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Microsoft 365: the directory (tenant), by id or domain [default: the address's domain]
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Microsoft 365: the application (client) id
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The Maildir
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// The server that takes outgoing mail [default: `localhost` when the mailbox is there]
    #[arg(long, value_name = "NAME")]
    pub smtp_host: Option<String>,
    /// The log-in name there, `-` for none [default: that of the mailbox; none at `localhost`]
    #[arg(long, value_name = "NAME")]
    pub smtp_user: Option<String>,
    /// A product you sell, its publisher and technical contact; may be repeated
    #[arg(long, value_name = "NAME, PUBLISHER, ADDRESS")]
    pub product: Vec<String>,
    /// Begin by observing: decide and record, send and move nothing, until `mode` says otherwise
    #[arg(long)]
    pub observe: bool,
    /// Where ledger and audit log are kept [default: /var/lib/triaged]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Ask nothing: what is not said is as usual
    #[arg(long)]
    pub yes: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Work until nothing is left to do, then exit
    #[arg(long)]
    pub once: bool,
    /// Decide and print what would be done; move, send and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The form of the log [default: `format` under `[log]` in `triaged.toml`]
    #[arg(long, value_name = "FORMAT", value_parser = ["auto", "journald", "human", "json"])]
    pub log_format: Option<String>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Show each note, also where many are alike
    #[arg(long)]
    pub all: bool,
    /// Print one JSON object a finding, each note among them
    #[arg(long)]
    pub json: bool,
    /// Fail (exit code 3) when there is a finding of this name, or any with `all`; may be repeated
    #[arg(long, value_name = "NAME")]
    pub deny: Vec<String>,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "Example: triaged test --junit cases.xml\n         \
                        triaged test --config /etc/triaged.new ~/cases/reminders.toml")]
pub struct TestArgs {
    /// Files of cases, or directories of them [default: `cases/*.toml` beside `rules/`]
    #[arg(value_name = "CASEFILE")]
    pub files: Vec<PathBuf>,
    /// Print one JSON object a case, and one with all figures
    #[arg(long)]
    pub json: bool,
    /// Also write XML in the form of `JUnit`, which CI systems read
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// List every rule that no case fires
    #[arg(long)]
    pub coverage: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples: triaged diff - /etc/triaged.new --on ~/Maildir\n          \
                        triaged diff /etc/triaged config --on folders"
)]
pub struct DiffArgs {
    /// Configuration directory with the rules as they were; `-` for the one in force
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// Configuration directory with the rules as they would be; `-` for the one in force
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// On which messages: a Maildir, a directory or file of messages, a file of cases, `cases` for
    /// those beside NEW, `folders` for the folders of its mailboxes, which are only read, or
    /// `ledger` for the tickets that the ledger knows, whose messages are looked for in those folders
    #[arg(long, value_name = "WHAT")]
    pub on: PathBuf,
    /// Print one JSON object a message that goes elsewhere, and one with all counts
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "Example: triaged replay --folder Billing --folder Subscription")]
pub struct ReplayArgs {
    /// A Maildir with the folders, instead of the configured mailboxes
    #[arg(value_name = "MAILDIR")]
    pub maildir: Option<PathBuf>,
    /// Only this folder; may be repeated [default: every folder that is filed into]
    #[arg(long)]
    pub folder: Vec<String>,
    /// Print one JSON object a message that would go elsewhere, and one with all counts
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `suggest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples: triaged suggest --category billing\n          \
                        triaged suggest --from ~/Maildir --max 5 > suggested.diff\n\n\
                        Apply it in the configuration directory: patch -p0 < suggested.diff"
)]
pub struct SuggestArgs {
    /// Labelled mail: a Maildir whose folders are those of the categories, `folders` for those of
    /// the configured mailboxes, which are only read, or `cases` for those beside the rules
    #[arg(long, value_name = "MAILDIR", default_value = "folders")]
    pub from: PathBuf,
    /// Only for this category; may be repeated [default: all but `review`]
    #[arg(long, value_name = "NAME")]
    pub category: Vec<String>,
    /// Most keywords a category
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max: u8,
    /// Print one JSON object a keyword, and one with all counts
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Message files, Maildirs, directories of messages, `-` for standard input, or references
    /// of tickets
    #[arg(required = true, value_name = "FILE|DIR|-|TICKET")]
    pub paths: Vec<PathBuf>,
    /// Of each of many messages too, tell which small edits would send it elsewhere
    #[arg(long)]
    pub what_if: bool,
    /// Print one JSON object a message
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tickets`.
#[derive(Debug, Args)]
pub struct TicketsArgs {
    /// Only this stage: seen, decided, sending, delivered, deferred, held, observed, settled,
    /// quarantined, withdrawn
    #[arg(long)]
    pub stage: Option<String>,
    /// Only this category
    #[arg(long)]
    pub category: Option<String>,
    /// Only this mailbox
    #[arg(long)]
    pub mailbox: Option<String>,
    /// Only this product
    #[arg(long)]
    pub product: Option<String>,
    /// Only cases that wait for a publisher's answer, longest first
    #[arg(long, conflicts_with_all = ["stage", "category", "mailbox", "product"])]
    pub waiting: bool,
    /// At most so many, newest first
    #[arg(long, short = 'n', default_value_t = 50)]
    pub limit: u32,
    /// Print one JSON object a ticket
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ticket`.
#[derive(Debug, Args)]
pub struct TicketArgs {
    /// Its reference, such as T-4F7K25QM, or the start of it
    pub ticket: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print what a request to Microsoft asks for, to be pasted into Partner Center
    #[arg(long, conflicts_with = "json")]
    pub sheet: bool,
}

/// Arguments of `hold`, `release` and `retry`.
#[derive(Debug, Args)]
pub struct PersonArgs {
    /// References, such as T-4F7K25QM, or the starts of them
    #[arg(required = true)]
    pub tickets: Vec<String>,
}

/// Arguments of `incidents`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct IncidentsArgs {
    /// Instead of the list
    #[command(subcommand)]
    pub command: Option<IncidentsCommand>,
    /// Those that are over, too
    #[arg(long)]
    pub all: bool,
    /// At most so many, newest first
    #[arg(long, short = 'n', default_value_t = 50)]
    pub limit: u32,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// What can be done with an incident.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// End incidents: later tickets are not linked to them
    Close {
        /// References of the notices that opened them, or the starts of them
        #[arg(required = true)]
        incidents: Vec<String>,
    },
}

/// Arguments of `reroute`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
pub struct RerouteArgs {
    /// Its reference, such as T-4F7K25QM, or the start of it
    pub ticket: String,
    /// File it in this folder
    #[arg(long, group = "to", value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Forward it to the contact of this product
    #[arg(long, group = "to", value_name = "PRODUCT")]
    pub product: Option<String>,
}

/// Subcommands of `registry`.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// List products and customers
    List {
        /// Print one JSON object a product or customer
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a product or customer
    Show {
        /// Its id
        id: String,
    },
    /// Say what is wrong with the registry, contacts that nobody has looked at for long included
    Check,
    /// Bring offers of a CSV file in: shows what would change; comments and order stay
    Import(RegistryImportArgs),
}

/// Arguments of `registry import`.
#[derive(Debug, Args)]
#[command(
    after_help = "The first line names the columns; letters and digits of a name count. Needed: \
                  Offer ID, Offer name, Publisher. Taken, too: Plan ID, SKU, Technical contact, \
                  Customer support, CSP contact, Documentation."
)]
pub struct RegistryImportArgs {
    /// A table of offers, as Partner Center exports it: commas, semicolons or tabs
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the files after showing what changes in them
    #[arg(long)]
    pub write: bool,
}

/// Subcommands of `mailbox`.
#[derive(Debug, Subcommand)]
pub enum MailboxCommand {
    /// Show each mailbox and what is known of it
    List {
        /// Print one JSON object a mailbox
        #[arg(long)]
        json: bool,
    },
    /// Let the first run of a mailbox that already holds mail go on
    Accept {
        /// The mailbox's name
        name: String,
        /// Leave what lies there now alone; work only on what comes later
        #[arg(long)]
        new_only: bool,
    },
}

/// Subcommands of `privacy`.
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Print all that is stored about an address as JSON
    Export {
        /// The address
        address: String,
    },
    /// Take out what is stored about an address; the audit log still verifies
    Erase {
        /// The address
        address: String,
        /// Do it; without this it is only counted
        #[arg(long)]
        yes: bool,
    },
}

/// Subcommands of `auth`.
#[derive(Debug, Subcommand)]
pub enum AuthCommand {
    /// Sign in once on any device; the daemon then renews its tokens itself
    Login {
        /// The mailbox's name
        #[arg(required_unless_present = "delivery")]
        mailbox: Option<String>,
        /// For the way out instead of a mailbox
        #[arg(long, conflicts_with = "mailbox")]
        delivery: bool,
    },
}

/// Subcommands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List events, newest last
    List(AuditFilter),
    /// Show one event whole
    Show {
        /// Its sequence number
        seq: u64,
    },
    /// Count what went where, by category, product and reason
    Stats {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Only from this day on (YYYY-MM-DD)
        #[arg(long)]
        since: Option<String>,
    },
    /// Check the chain of hashes in the ledger and in `audit.jsonl`
    Verify {
        /// A copy of `audit.jsonl` to check instead of the one in the state directory
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Write all events as JSON lines or CSV
    Export {
        /// CSV instead of JSON lines
        #[arg(long)]
        csv: bool,
    },
}

/// Which events `audit list` shows.
#[derive(Debug, Args)]
pub struct AuditFilter {
    /// Only this ticket
    #[arg(long)]
    pub ticket: Option<String>,
    /// Only this event: decided, sending, delivered, settled, …
    #[arg(long)]
    pub event: Option<String>,
    /// At most so many of the newest
    #[arg(long, short = 'n', default_value_t = 50)]
    pub limit: u32,
    /// Print one JSON object an event
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object a step
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
