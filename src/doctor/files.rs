//! A Maildir as a mailbox: there, readable, its folders writable.

use std::path::Path;

use super::Sheet;
use crate::config::mailbox::MailboxConfig;
use crate::domain::ids::Folder;
use crate::mailbox::exchange::Trouble;
use crate::mailbox::{Mailbox, ReadOnly};
use crate::oauth::Tokens;

/// Examines the Maildir. Nothing is made in it.
pub(super) async fn examine(
    config: &MailboxConfig,
    path: &Path,
    folders: &[Folder],
    tokens: &Tokens,
    sheet: &mut Sheet<'_>,
) {
    let shown = path.display();
    let listed = match ReadOnly::open(config, tokens).await {
        Ok(mailbox) => mailbox.list().await,
        Err(trouble) => Err(trouble),
    };
    match listed {
        Ok(listing) => {
            let count = listing.entries.len();
            sheet.good(
                "maildir",
                format!("`{shown}` can be read; messages: {count}"),
            );
        }
        Err(trouble) => {
            let remedy = "check `path`; the user the daemon runs as must be able to read it";
            sheet.failed("maildir", trouble.to_string(), remedy);
            sheet.left_out(&["folders"], super::NEEDS_ABOVE);
            return;
        }
    }
    let as_is = MailboxConfig {
        create_folders: false,
        ..config.clone()
    };
    match Mailbox::open(&as_is, tokens, folders).await {
        Ok(_) => sheet.good("folders", format!("all can be written: {}", folders.len())),
        Err(Trouble::MissingFolders(missing)) if config.create_folders => {
            let made = missing.len();
            sheet.good("folders", format!("the first run makes some: {made}"));
        }
        Err(trouble @ Trouble::MissingFolders(_)) => {
            let remedy = "make them in any mail client, or set `create-folders = true`";
            sheet.failed("folders", trouble.to_string(), remedy);
        }
        Err(trouble) => {
            let remedy = "the user the daemon runs as must be able to write them";
            sheet.failed("folders", trouble.to_string(), remedy);
        }
    }
}
