//! `triaged read-apart`: the other end of [`crate::pipeline::apart`], and no command for people.
//!
//! Reads one message as the daemon does. It may die of it: that is what it is for.

use std::io::Read as _;
use std::sync::Arc;

use super::args::ReadApartArgs;
use super::failure::Failure;
use crate::config::Config;
use crate::daemon;
use crate::domain::locator::Generation;
use crate::mail::origin::InstanceKey;
use crate::pipeline::apart::Part;
use crate::pipeline::read::Reader;

/// Stack of the thread that reads, in bytes: half of what the daemon's threads have, so that a
/// message that fits here fits there.
const STACK: usize = 1 << 20;

/// Reads the message on standard input.
pub fn read_apart(config: &Config, args: &ReadApartArgs) -> Result<(), Failure> {
    let mut mailboxes = config.mailboxes.iter();
    let mailbox = mailboxes.find(|mailbox| mailbox.name.as_str() == args.mailbox);
    let mailbox = mailbox.ok_or_else(|| Failure::usage("no such mailbox"))?;
    let key = daemon::existing_key(config).unwrap_or_else(|| InstanceKey::new([0; 32]));
    let reader = Reader {
        policy: Arc::clone(&config.policy),
        key: Arc::new(key),
        config: Arc::new(mailbox.clone()),
        incidents: Arc::default(),
        generation: Generation(0),
    };
    let most = mailbox.max_size.saturating_add(1);
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    let part = if args.head { Part::Head } else { Part::Whole };
    let reading = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || reader.survive(bytes.into(), part))?;
    reading
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(())
}
