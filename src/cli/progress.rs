//! A bar that shows how far a long piece of work is, on a terminal only.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// From this many messages on there is a bar.
const FROM: u64 = 200;

/// A bar for so many messages; hidden when they are few, or nobody looks.
pub fn bar(count: u64) -> ProgressBar {
    if count < FROM || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} messages, {eta} left");
    ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
