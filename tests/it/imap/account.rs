//! The mailbox configuration that tests open, over a connection of their choice.

use std::path::PathBuf;
use std::time::Duration;

use triaged::config::login::{Login, Proof};
use triaged::config::mailbox::{FirstRun, ImapConfig, MailboxConfig, Mode, Source};
use triaged::config::net::Server;
use triaged::config::secret::Secret;
use triaged::domain::ids::Folder;

/// Above every message in these tests.
pub const SIZE_MAX: u64 = 64 << 20;

/// A mailbox that watches INBOX and makes missing folders.
pub fn account(server: Server, user: &str, password: PathBuf) -> MailboxConfig {
    MailboxConfig {
        name: "support".into(),
        address: "support@example.com".parse().unwrap(),
        source: Source::Imap(ImapConfig {
            server,
            login: Login {
                user: user.into(),
                proof: Proof::Password(Secret::File(password)),
            },
        }),
        folder: Folder::from("INBOX"),
        create_folders: true,
        mode: Mode::Live,
        first_run: FirstRun::All,
        reconcile: Duration::from_mins(1),
        max_size: SIZE_MAX,
        isv_replies: triaged::domain::thread::Replies::Queue,
        acknowledge: false,
    }
}
