//! All events of the ledger, one after the other, in bounded memory.

use jiff::Timestamp;

use super::failure::Failure;
use crate::ledger::{Event, EventFilter, Ledger};

/// Events read at once.
const PAGE: u32 = 1000;

/// Goes through all events from `since` on, a page at a time.
pub async fn each(
    ledger: &Ledger,
    since: Option<Timestamp>,
    mut look: impl FnMut(&Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut from = None;
    loop {
        let filter = EventFilter {
            since,
            from,
            ..EventFilter::default()
        };
        let page = ledger.events(&filter, PAGE).await?;
        for event in &page {
            look(event)?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => from = Some(last.seq + 1),
            _ => return Ok(()),
        }
    }
}
