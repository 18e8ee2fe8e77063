//! The log: one line an event on standard error, for people or as JSON.
//!
//! Texts from outside are fields, so that the formatter escapes them. Libraries that could write
//! secrets or mail are kept quiet whatever `TRIAGED_LOG` says.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// The variable that sets the level, such as `debug` or `triaged=debug`.
pub const VARIABLE: &str = "TRIAGED_LOG";

/// Targets that speak of wire bytes.
const QUIET: [&str; 5] = [
    "async_imap=off",
    "imap_proto=off",
    "lettre=off",
    "rustls=warn",
    "sqlx=warn",
];

/// Starts logging; a second call does nothing.
pub fn start(json: bool, default_level: &str) {
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| default_level.to_owned());
    let mut filter = EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new(default_level));
    for directive in QUIET.iter().filter_map(|text| text.parse().ok()) {
        filter = filter.add_directive(directive);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    // A test or a demo may have started it before.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}
