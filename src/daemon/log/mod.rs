//! The log: one line an event, for people, as JSON or as entries of the journal.
//!
//! Texts from outside are fields, so that the formatter escapes them. Libraries that could write
//! secrets or mail are kept quiet whatever `TRIAGED_LOG` says. What is said may change while the
//! daemon runs ([`set_level`]); in which form, only with a new start.

mod journal;
mod repeats;

use std::io::IsTerminal;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use self::journal::ToJournal;
use self::repeats::{Repeats, SPAN};
use crate::config::log::{Log, LogFormat, LogLevel};
use crate::system::journal::{self as system_journal, Journal};

/// The variable that sets the level whatever the configuration says, such as `debug` or
/// `triaged=debug`.
pub const VARIABLE: &str = "TRIAGED_LOG";

/// Targets that speak of wire bytes.
const QUIET: [&str; 5] = [
    "async_imap=off",
    "imap_proto=off",
    "lettre=off",
    "rustls=warn",
    "sqlx=warn",
];

/// How often it is told what came up again.
const TELL: Duration = Duration::from_mins(1);

/// The level of the moment.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// What was said lately.
static REPEATS: LazyLock<Repeats> = LazyLock::new(Repeats::default);

/// Starts logging; a second call does nothing.
pub fn start(log: Log) {
    let (filter, handle) = reload::Layer::new(filter(log.level));
    let lines = lines(log.format);
    // A test or a demo may have started it before.
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(&*REPEATS)
        .try_init();
    if started.is_ok() {
        // Nobody else sets it.
        let _ = FILTER.set(handle);
    }
}

/// Says more or less from now on, unless the variable has said how much.
pub fn set_level(level: LogLevel) {
    if std::env::var_os(VARIABLE).is_none()
        && let Some(handle) = FILTER.get()
        && let Err(error) = handle.reload(filter(level))
    {
        tracing::warn!(%error, "the level of the log stays as it is");
    }
}

/// Tells from time to time what came up again, until it is aborted.
pub async fn keep_telling() {
    loop {
        tokio::time::sleep(TELL).await;
        for again in REPEATS.over() {
            let minutes = SPAN.as_secs() / 60;
            tracing::warn!(
                what = again.words,
                "… {} times more in the last {minutes} minutes",
                again.times
            );
        }
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| level.as_str().to_owned());
    let mut filter = EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new(level.as_str()));
    for directive in QUIET.iter().filter_map(|text| text.parse().ok()) {
        filter = filter.add_directive(directive);
    }
    filter
}

/// What writes the lines.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'l> tracing_subscriber::registry::LookupSpan<'l>,
{
    let wanted = match format {
        LogFormat::Auto => system_journal::is_stderr(),
        LogFormat::Journald => true,
        LogFormat::Human | LogFormat::Json => false,
    };
    // Without a journal the lines must still go somewhere.
    if let Some(journal) = wanted.then(Journal::connect).and_then(Result::ok) {
        return Box::new(ToJournal(journal));
    }
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt::layer()
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    match format {
        LogFormat::Json => Box::new(lines.json()),
        _ => Box::new(lines),
    }
}
