//! `triaged.toml` of the answers.

use super::answers::{Answers, LogIn, Mailbox, Proof};
use super::keys::{Keys, list, quoted};
use super::preset::Preset;
use crate::cli::failure::Failure;
use crate::cli::shipped;

/// The shipped file with the answers in it.
pub fn text(answers: &Answers) -> Result<String, Failure> {
    let mut keys = Keys::of(shipped::text(shipped::MAIN));
    keys.set("partner", "name", &quoted(&answers.partner))?;
    keys.set("partner", "domains", &list([answers.address.domain()]))?;
    if let Some(directory) = &answers.state_dir {
        keys.set("state", "dir", &quoted(directory))?;
    }
    keys.set("mailbox", "address", &quoted(answers.address.as_str()))?;
    match &answers.mailbox {
        Mailbox::Imap { host, log_in } => {
            keys.set("mailbox", "host", &quoted(host))?;
            local(&mut keys, "mailbox", host)?;
            known(&mut keys, "mailbox", Some(log_in))?;
        }
        Mailbox::Maildir { path } => {
            keys.set("mailbox", "kind", "\"maildir\"")?;
            keys.unset("mailbox", "host")?;
            known(&mut keys, "mailbox", None)?;
            keys.insert("mailbox", "kind", "path", &quoted(path))?;
        }
    }
    keys.set("mailbox", "create-folders", "true")?;
    if answers.observe {
        keys.set("mailbox", "mode", "\"observe\"")?;
    }
    keys.set("delivery", "host", &quoted(&answers.smtp_host))?;
    local(&mut keys, "delivery", &answers.smtp_host)?;
    if answers.preset == Preset::Microsoft365 {
        // Exchange Online speaks STARTTLS only, and takes so many messages a minute.
        keys.set("delivery", "port", "587")?;
        keys.set("delivery", "tls", "\"starttls\"")?;
        keys.set("delivery", "per-minute", "30")?;
    }
    known(&mut keys, "delivery", answers.smtp_log_in.as_ref())?;
    if !answers.products.is_empty() {
        let own = answers
            .products
            .iter()
            .map(|product| product.contact.as_str());
        let made_up = keys.strings("delivery.allow", "addresses");
        let all = own.chain(made_up.iter().map(String::as_str));
        keys.set("delivery.allow", "addresses", &list(all))?;
    }
    Ok(keys.text())
}

/// A server on this host is spoken to in the clear: what is said leaves no wire.
fn local(keys: &mut Keys, table: &str, host: &str) -> Result<(), Failure> {
    if host == super::answers::THIS_HOST {
        keys.set(table, "tls", "\"none\"")?;
    }
    Ok(())
}

/// The name and the place of the password of a log-in, or neither.
fn known(keys: &mut Keys, table: &str, log_in: Option<&LogIn>) -> Result<(), Failure> {
    keys.unset(table, "password-credential")?;
    let Some(log_in) = log_in else {
        return keys.unset(table, "user");
    };
    keys.set(table, "user", &quoted(&log_in.user))?;
    match &log_in.proof {
        Proof::Password { file } => keys.set(table, "password-file", &quoted(file)),
        Proof::MicrosoftApp {
            tenant,
            client,
            secret_file,
        } => {
            let own = format!("{table}.oauth2");
            keys.open(&own)?;
            keys.set(&own, "kind", "\"microsoft-app\"")?;
            keys.set(&own, "tenant", &quoted(tenant))?;
            keys.set(&own, "client-id", &quoted(client))?;
            keys.set(&own, "secret-file", &quoted(secret_file))
        }
        Proof::OfMailbox => keys.set(table, "oauth2-of", "\"support\""),
    }
}
