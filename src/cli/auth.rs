//! `triaged auth login`: a person signs in once, so that the daemon can log in by access tokens.

use std::sync::Arc;

use super::args::AuthCommand;
use super::failure::Failure;
use super::print::{one_line, say};
use crate::config::Outline;
use crate::config::delivery::Transport;
use crate::config::login::{Login, OAuth2, Proof};
use crate::config::mailbox::Source;
use crate::oauth::{TokenError, device};

/// `triaged auth …`.
pub async fn auth(config: &Outline, command: &AuthCommand) -> Result<(), Failure> {
    let AuthCommand::Login { mailbox, delivery } = command;
    let whose = if *delivery { None } else { mailbox.as_deref() };
    let login = login(config, whose)?;
    let what = whose.map_or_else(
        || "the way out".to_owned(),
        |name| format!("mailbox `{}`", one_line(name, 60)),
    );
    let (user, oauth2) = by_tokens(login).ok_or_else(|| no_sign_in(&what))?;
    let sign_in = device::begin(&oauth2).await?;
    let sign_in = sign_in.ok_or_else(|| no_sign_in(&what))?;
    say!("Open  {}", sign_in.page);
    say!("Enter {}", sign_in.user_code);
    say!("and sign in as somebody who may use `{user}`. Waiting for that …");
    device::finish(&oauth2, sign_in).await?;
    say!("signed in: {what} logs in by tokens from now on; a daemon that runs takes them up");
    Ok(())
}

/// The log-in of a mailbox, or of the way out.
fn login<'c>(config: &'c Outline, mailbox: Option<&str>) -> Result<Option<&'c Login>, Failure> {
    let Some(name) = mailbox else {
        return Ok(match &config.delivery.transport {
            Transport::Smtp(smtp) => smtp.login.as_ref(),
            Transport::Maildir { .. } | Transport::Sendmail { .. } => None,
        });
    };
    let found = config.mailboxes.iter().find(|m| m.name.as_str() == name);
    let found = found.ok_or_else(|| {
        let names = config.mailboxes.iter().map(|m| format!("`{}`", m.name));
        let names: Vec<_> = names.collect();
        Failure::usage(format!("`{}` is no mailbox", one_line(name, 60)))
            .hint(format!("one of: {}", names.join(", ")))
    })?;
    Ok(match &found.source {
        Source::Imap(imap) => Some(&imap.login),
        Source::Maildir { .. } => None,
    })
}

fn by_tokens(login: Option<&Login>) -> Option<(&str, Arc<OAuth2>)> {
    let login = login?;
    match &login.proof {
        Proof::OAuth2(oauth2) => Some((&login.user, Arc::clone(oauth2))),
        Proof::Password(_) => None,
    }
}

fn no_sign_in(what: &str) -> Failure {
    Failure::usage(format!("{what} needs nobody to sign in"))
        .hint("only a table `oauth2` with `kind = \"microsoft-person\"` does")
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::failed(error)
    }
}
