//! Events as entries of the journal: the line people read, and each field to search by, such as
//! `journalctl TRIAGED_TICKET=T-4F7K25QM`.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::layer::Context;

use crate::system::journal::{Entry, Journal};

/// What our own fields begin with.
const OWN: &str = "TRIAGED_";

/// Writes to the journal.
#[derive(Debug)]
pub struct ToJournal(pub Journal);

impl<S: Subscriber> Layer<S> for ToJournal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = DefaultFields::new().format_fields(Writer::new(&mut line), event);
        let mut entry = Entry::default();
        entry.add("PRIORITY", priority(*event.metadata().level()));
        entry.add("SYSLOG_IDENTIFIER", "triaged");
        entry.add("MESSAGE", &line);
        event.record(&mut Fields(&mut entry));
        // Where the journal is gone there is nowhere to say so.
        let _ = self.0.write(&entry);
    }
}

/// The level as `syslog(3)` has it.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

struct Fields<'e>(&'e mut Entry);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // Part of the line.
        if field.name() != "message" {
            self.0.add(&format!("{OWN}{}", field.name()), value);
        }
    }
}
