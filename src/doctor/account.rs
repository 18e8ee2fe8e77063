//! An IMAP account: reached, logged in to, its folders there, then tried out.

use jiff::SignedDuration;
use tokio::time::Instant;

use super::remedy;
use super::scratch;
use super::server;
use super::{NEEDS_ABOVE, Sheet};
use crate::config::login::Proof;
use crate::config::mailbox::{ImapConfig, MailboxConfig};
use crate::domain::ids::Folder;
use crate::mailbox::exchange::Trouble;
use crate::mailbox::imap::probe::Probe;
use crate::oauth::{TokenError, Tokens};

const AFTER_CONNECTION: [&str; 8] = [
    "tls",
    "token",
    "log-in",
    "abilities",
    "folders",
    "idle",
    "move",
    "clock",
];

/// The last of the steps, from the one called `name` on, as far as they concern this log-in.
fn from(name: &str, imap: &ImapConfig) -> Vec<&'static str> {
    let at = AFTER_CONNECTION.iter().position(|step| *step == name);
    let by_token = matches!(imap.login.proof, Proof::OAuth2(_));
    let steps = AFTER_CONNECTION.iter().skip(at.unwrap_or_default());
    steps
        .copied()
        .filter(|step| by_token || *step != "token")
        .collect()
}

/// Examines the account.
pub(super) async fn examine(
    config: &MailboxConfig,
    imap: &ImapConfig,
    folders: &[Folder],
    tokens: &Tokens,
    sheet: &mut Sheet<'_>,
) {
    let advice = |trouble: &Trouble| remedy::mailbox(trouble, &imap.server, &imap.login);
    if !server::reach(&imap.server, sheet).await {
        sheet.left_out(&from("tls", imap), NEEDS_ABOVE);
        return;
    }
    let mut probe = match Probe::connect(imap).await {
        Ok(probe) => probe,
        Err(trouble) => {
            sheet.failed("tls", trouble.to_string(), advice(&trouble));
            sheet.left_out(&from("token", imap), NEEDS_ABOVE);
            return;
        }
    };
    server::tls(&imap.server, probe.certificate().as_ref(), sheet);
    if !token(&imap.login.proof, tokens, sheet).await {
        sheet.left_out(&from("log-in", imap), NEEDS_ABOVE);
        return;
    }
    if let Err(trouble) = probe.log_in(tokens).await {
        sheet.failed("log-in", trouble.to_string(), advice(&trouble));
        sheet.left_out(&from("abilities", imap), NEEDS_ABOVE);
        return;
    }
    sheet.good("log-in", format!("as `{}`", imap.login.user));
    let files = abilities(&probe, sheet);
    let there = match self::folders(config, folders, &mut probe, sheet).await {
        Ok(there) => there,
        Err(trouble) => {
            sheet.failed("folders", trouble.to_string(), advice(&trouble));
            false
        }
    };
    if files && there {
        scratch::examine(config, &mut probe, tokens, sheet).await;
    } else {
        sheet.left_out(&from("idle", imap), NEEDS_ABOVE);
    }
    probe.close().await;
}

/// Asks for a token, where the log-in goes by one.
pub(super) async fn token(proof: &Proof, tokens: &Tokens, sheet: &mut Sheet<'_>) -> bool {
    let Proof::OAuth2(oauth2) = proof else {
        return true;
    };
    match tokens.of(oauth2).token().await {
        Ok(access) => {
            let left = access.until.saturating_duration_since(Instant::now());
            let minutes = SignedDuration::try_from(left).map_or(0, |left| left.as_mins());
            sheet.good("token", format!("given, for {minutes} minutes"));
            true
        }
        Err(error) => {
            let remedy = match &error {
                TokenError::Unreachable { why, .. } => remedy::unreachable(why),
                TokenError::SignIn { whose, .. } => format!("run `triaged auth login {whose}`"),
                TokenError::Refused { .. } | TokenError::Secret(_) => {
                    "do what is said above, in the provider's console".into()
                }
            };
            sheet.failed("token", error.to_string(), remedy);
            false
        }
    }
}

/// What the server can do; whether mail can be filed.
fn abilities(probe: &Probe, sheet: &mut Sheet<'_>) -> bool {
    if !probe.offers("MOVE") && !probe.offers("UIDPLUS") {
        let found = "neither MOVE nor UIDPLUS: a message cannot be filed safely";
        sheet.failed(
            "abilities",
            found,
            "use another server, or a Maildir beside it",
        );
        return false;
    }
    let known = ["MOVE", "UIDPLUS", "IDLE"];
    let named: Vec<_> = known
        .into_iter()
        .filter(|name| probe.offers(name))
        .collect();
    let found = named.join(", ");
    if probe.offers("IDLE") {
        sheet.good("abilities", found);
    } else {
        let remedy = "nothing to do: new mail is seen within half a minute";
        sheet.odd("abilities", format!("{found}; no IDLE"), remedy);
    }
    true
}

async fn folders(
    config: &MailboxConfig,
    folders: &[Folder],
    probe: &mut Probe,
    sheet: &mut Sheet<'_>,
) -> Result<bool, Trouble> {
    let messages = probe.open(&config.folder).await?;
    let marks = probe.there(folders).await?;
    let missing = folders
        .iter()
        .filter(|f| !marks.iter().any(|m| m.folder == **f));
    let missing: Vec<_> = missing.map(|folder| format!("`{folder}`")).collect();
    let source = format!(
        "`{}` can be written and holds {messages} messages",
        config.folder
    );
    if missing.is_empty() {
        sheet.good(
            "folders",
            format!("{source}; all others are there: {}", folders.len()),
        );
    } else if config.create_folders {
        let made = missing.len();
        sheet.good(
            "folders",
            format!("{source}; the first run makes others: {made}"),
        );
    } else {
        let found = format!("missing: {}", missing.join(", "));
        let remedy = "make them in any mail client, or set `create-folders = true`";
        sheet.failed("folders", found, remedy);
        return Ok(false);
    }
    Ok(true)
}
