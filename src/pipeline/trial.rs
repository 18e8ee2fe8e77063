//! A trial: decides every message of a mailbox and changes nothing, neither there nor in the
//! ledger.

use crate::config::mailbox::MailboxConfig;
use crate::domain::decision::Decision;
use crate::domain::ticket::Summary;
use crate::mail::Message;
use crate::mail::origin::InstanceKey;
use crate::mailbox::Mailbox;
use crate::mailbox::exchange::{Content, Trouble};
use crate::oauth::Tokens;
use crate::triage::{Policy, decide};

use super::read::summary;

/// Messages fetched together.
const BATCH: usize = 50;

/// Shows what would be decided about each message; the answer is how many there are.
///
/// Folders that are missing are not created, nor complained about.
pub async fn trial(
    config: &MailboxConfig,
    policy: &Policy,
    key: Option<&InstanceKey>,
    mut show: impl FnMut(&Summary, &Decision),
) -> Result<u64, Trouble> {
    let config = MailboxConfig {
        create_folders: false,
        ..config.clone()
    };
    let (mailbox, _) = Mailbox::open(&config, &Tokens::default(), &[]).await?;
    let listing = mailbox.list(None).await?;
    let mut count = 0;
    for batch in listing.entries.chunks(BATCH) {
        let mut fetched = mailbox.fetch(batch.to_vec(), config.max_size).await;
        while let Some(next) = fetched.recv().await {
            let message = match next?.content {
                Content::Whole(bytes) => Message::parse(&bytes),
                Content::Head(bytes) => Message::from_head(&bytes),
                Content::Gone | Content::Unusable { .. } => continue,
            };
            count += 1;
            if let Ok(message) = message {
                show(&summary(&message), &decide(&message, policy, key).decision);
            }
        }
    }
    mailbox.close().await;
    Ok(count)
}
