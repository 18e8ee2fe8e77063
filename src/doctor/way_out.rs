//! The way out: would a forward be taken? Nothing is sent.

use std::collections::BTreeSet;
use std::path::Path;

use rustix::fs::{Access, access};

use super::account::token;
use super::remedy;
use super::server;
use super::{NEEDS_ABOVE, Sheet};
use crate::config::Config;
use crate::config::delivery::{SmtpConfig, Transport};
use crate::config::login::Proof;
use crate::delivery::smtp::Probe;
use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome};
use crate::oauth::Tokens;

/// Examines the way out.
pub(super) async fn examine(config: &Config, tokens: &Tokens, sheet: &mut Sheet<'_>) {
    match &config.delivery.transport {
        Transport::Smtp(smtp) => by_smtp(config, smtp, tokens, sheet).await,
        Transport::Maildir { path } => {
            let remedy = "make it, and let the user the daemon runs as write there";
            writable(path, remedy, sheet);
        }
        Transport::Sendmail { program } => {
            let shown = program.display();
            match access(program, Access::EXEC_OK) {
                Ok(()) => sheet.good("program", format!("`{shown}` can be run")),
                Err(error) => {
                    let remedy = "check `program`, and install what brings it";
                    sheet.failed("program", format!("`{shown}`: {error}"), remedy);
                }
            }
        }
    }
}

fn writable(path: &Path, remedy: &str, sheet: &mut Sheet<'_>) {
    let shown = path.display();
    let looked = ["new", "tmp"].map(|part| path.join(part));
    let failed = looked.iter().find_map(|part| {
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        access(part, wanted).err().map(|error| (part, error))
    });
    match failed {
        // The first forward makes it.
        Some(_) if !path.exists() => {
            sheet.good("maildir", format!("`{shown}` is made when needed"));
        }
        Some((part, error)) => {
            sheet.failed("maildir", format!("`{}`: {error}", part.display()), remedy);
        }
        None => sheet.good("maildir", format!("`{shown}` can be written")),
    }
}

async fn by_smtp(config: &Config, smtp: &SmtpConfig, tokens: &Tokens, sheet: &mut Sheet<'_>) {
    let steps = ["tls", "size", "token", "log-in", "sender"];
    let by_token = matches!(
        smtp.login.as_ref().map(|l| &l.proof),
        Some(Proof::OAuth2(_))
    );
    let from = |name: &str| {
        let at = steps.iter().position(|step| *step == name);
        let steps = steps.into_iter().skip(at.unwrap_or_default());
        steps
            .filter(|step| by_token || *step != "token")
            .collect::<Vec<_>>()
    };
    if !server::reach(&smtp.server, sheet).await {
        sheet.left_out(&from("tls"), NEEDS_ABOVE);
        return;
    }
    let mut probe = match Probe::connect(smtp).await {
        Ok(probe) => probe,
        Err(outcome) => {
            let why = outcome.reply();
            sheet.failed("tls", why, remedy::unreachable(why));
            sheet.left_out(&from("size"), NEEDS_ABOVE);
            return;
        }
    };
    server::tls(&smtp.server, probe.certificate(), sheet);
    size(config, &probe, sheet);
    if let Some(login) = &smtp.login
        && !token(&login.proof, tokens, sheet).await
    {
        sheet.left_out(&from("log-in"), NEEDS_ABOVE);
        return;
    }
    if let Err(outcome) = probe.log_in(tokens).await {
        let remedy = if by_token {
            "do what is said above; Exchange may take an hour to know it".to_owned()
        } else {
            remedy::refused_password(&smtp.server)
        };
        sheet.failed("log-in", outcome.reply(), remedy);
        sheet.left_out(&from("sender"), NEEDS_ABOVE);
        return;
    }
    let found = smtp.login.as_ref().map_or_else(
        || "none is configured".to_owned(),
        |login| format!("as `{}`", login.user),
    );
    sheet.good("log-in", found);
    senders(config, &mut probe, sheet).await;
    probe.close();
}

/// Whether the largest message that is fetched would fit, enclosed in a forward.
fn size(config: &Config, probe: &Probe, sheet: &mut Sheet<'_>) {
    let Some(most) = probe.size_max() else {
        sheet.good("size", "the server names no bound");
        return;
    };
    // Encoded in base64, with line ends (RFC 2045 §6.8), a message grows by some 37 %.
    let largest = config
        .mailboxes
        .iter()
        .map(|m| m.max_size)
        .max()
        .unwrap_or(0);
    let needed = largest.saturating_mul(137) / 100;
    let found = format!("the server takes {}", in_words(most));
    if most < needed {
        let remedy = format!(
            "a forward of the largest mail may need {} and is then held for a person; lower \
             `max-size`, or have the server's bound raised",
            in_words(needed)
        );
        sheet.odd("size", found, remedy);
    } else {
        sheet.good("size", found);
    }
}

fn in_words(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        whole => format!("{whole} MiB"),
    }
}

async fn senders(config: &Config, probe: &mut Probe, sheet: &mut Sheet<'_>) {
    let allow = &config.delivery.allow;
    let postmaster = |domain: &String| format!("postmaster@{domain}").parse().ok();
    let recipient: Option<Address> = allow.addresses.first().cloned();
    let recipient = recipient.or_else(|| allow.domains.iter().find_map(postmaster));
    let Some(recipient) = recipient else {
        sheet.left_out(&["sender"], "nobody is on the allow-list");
        return;
    };
    let senders: BTreeSet<&Address> = config.mailboxes.iter().map(|m| &m.address).collect();
    for sender in senders {
        match probe.would_take(sender, &recipient).await {
            Ok(()) => {
                let found = format!("a forward from `{sender}` to `{recipient}` would be taken");
                sheet.good("sender", found);
            }
            Err(outcome) => {
                let remedy = refused(&outcome);
                let found = format!("from `{sender}` to `{recipient}`: {}", outcome.reply());
                sheet.failed("sender", found, remedy);
            }
        }
    }
}

fn refused(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Deferred {
            cause: Cause::Identity,
            ..
        } => {
            "let the log-in send as this address (Exchange: `Send as` on the mailbox), or log in as \
             it"
        }
        Outcome::Deferred {
            cause: Cause::Quota,
            ..
        } => "wait: the server's sending limit is reached; see `per-minute`",
        Outcome::Deferred { .. } => "wait, and try again",
        Outcome::Refused { .. } | Outcome::Uncertain { .. } | Outcome::Delivered { .. } => {
            "check the address in the registry, and that this server sends mail to other domains"
        }
    }
}
