//! This host: the state directory, room on its disk, the ledger, the audit chain, the secrets.

use std::path::Path;

use super::{NEEDS_ABOVE, Sheet};
use crate::config::Config;
use crate::config::delivery::Transport;
use crate::config::login::{AppProof, Grant, Login, Proof};
use crate::config::mailbox::Source;
use crate::config::secret::Secret;
use crate::ledger::{Ledger, LedgerError, Mode};

/// Below this the daemon may stop at any moment.
const ROOM_MIN: u64 = 64 << 20;
/// Below this somebody should make room.
const ROOM_FEW: u64 = 1 << 30;

/// Examines this host.
pub(super) async fn examine(config: &Config, sheet: &mut Sheet<'_>) {
    let usable = state_directory(&config.state_dir, sheet);
    if usable {
        ledger(&config.state_dir, sheet).await;
    } else {
        sheet.left_out(&["disk", "ledger", "audit"], NEEDS_ABOVE);
    }
    secrets(config, sheet);
}

fn state_directory(dir: &Path, sheet: &mut Sheet<'_>) -> bool {
    let shown = dir.display();
    // A file that is removed at once: what permission bits say is not all there is.
    if let Err(error) = tempfile::Builder::new().prefix(".new-").tempfile_in(dir) {
        let remedy = "make it, owned by the user the daemon runs as, with mode 0700; run this as \
                      that user too";
        sheet.failed(
            "state",
            format!("`{shown}` cannot be written: {}", error.kind()),
            remedy,
        );
        return false;
    }
    sheet.good("state", format!("`{shown}` can be written"));
    match rustix::fs::statvfs(dir) {
        Ok(disk) => {
            let room = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MiB are free", room >> 20);
            if room < ROOM_MIN {
                sheet.failed("disk", found, "make room: nothing is worked on without");
            } else if room < ROOM_FEW {
                sheet.odd("disk", found, "make room soon");
            } else {
                sheet.good("disk", "more than 1 GiB is free");
            }
        }
        Err(error) => sheet.odd(
            "disk",
            format!("it cannot be asked: {error}"),
            "look yourself",
        ),
    }
    true
}

async fn ledger(dir: &Path, sheet: &mut Sheet<'_>) {
    let ledger = match Ledger::open(dir, Mode::Person).await {
        Ok(ledger) => ledger,
        Err(LedgerError::Missing { .. }) => {
            sheet.good("ledger", "there is none yet: the first run makes it");
            sheet.left_out(&["audit"], "there is none yet");
            return;
        }
        Err(error) => {
            sheet.failed(
                "ledger",
                error.to_string(),
                "see above; a backup may be needed",
            );
            sheet.left_out(&["audit"], NEEDS_ABOVE);
            return;
        }
    };
    match ledger.counts().await {
        Ok(counts) => {
            let all = |(_, n): &(_, u64)| *n;
            let tickets: u64 = counts
                .mailboxes
                .iter()
                .flat_map(|m| m.stages.iter().map(all))
                .sum();
            sheet.good("ledger", format!("it can be read; tickets: {tickets}"));
        }
        Err(error) => sheet.failed("ledger", error.to_string(), "a backup may be needed"),
    }
    let remedy = "somebody changed the log: `triaged audit verify` tells where";
    match ledger
        .verify(Some(&dir.join("audit.jsonl")), Vec::new())
        .await
    {
        Ok(verified) if verified.is_sound() => {
            let events = verified.ledger.lines;
            sheet.good("audit", format!("{events} events, chain unbroken"));
        }
        Ok(_) => sheet.failed("audit", "the chain is broken", remedy),
        Err(error) => sheet.failed("audit", error.to_string(), remedy),
    }
}

/// Reads every secret the configuration names.
fn secrets(config: &Config, sheet: &mut Sheet<'_>) {
    let mailboxes = config.mailboxes.iter().filter_map(|m| match &m.source {
        Source::Imap(imap) => Some(&imap.login),
        Source::Maildir { .. } => None,
    });
    let way_out = match &config.delivery.transport {
        Transport::Smtp(smtp) => smtp.login.as_ref(),
        Transport::Maildir { .. } | Transport::Sendmail { .. } => None,
    };
    let mut read = 0_usize;
    let mut seen: Vec<&Secret> = Vec::new();
    for secret in mailboxes.chain(way_out).flat_map(places) {
        if seen.contains(&secret) {
            continue;
        }
        seen.push(secret);
        match secret.read() {
            Ok(_) => read += 1,
            Err(error) => {
                let remedy = match secret {
                    Secret::File(path) => owner_only(path),
                    Secret::Credential(_) => {
                        "only the service has it: run this as the service does, by `systemd-run \
                         -p LoadCredential=…`"
                            .to_owned()
                    }
                };
                sheet.failed("secrets", error.to_string(), remedy);
            }
        }
    }
    if read == seen.len() {
        sheet.good(
            "secrets",
            format!("all can be read, by their owner only: {read}"),
        );
    }
}

fn owner_only(path: &Path) -> String {
    let path = path.display();
    format!("`chown` it to the user the daemon runs as, and `chmod 0600 {path}`")
}

fn places(login: &Login) -> Vec<&Secret> {
    let oauth2 = match &login.proof {
        Proof::Password(secret) => return vec![secret],
        Proof::OAuth2(oauth2) => oauth2,
    };
    match &oauth2.grant {
        Grant::MicrosoftApp { proof, .. } => match proof {
            AppProof::Secret(secret) | AppProof::Certificate { key: secret, .. } => vec![secret],
        },
        Grant::MicrosoftPerson { .. } => Vec::new(),
        Grant::GooglePerson {
            client_secret,
            refresh_token,
            ..
        } => vec![client_secret, refresh_token],
        Grant::GoogleServiceAccount { key, .. } => vec![key],
    }
}
