//! What to do about what was found, in one sentence.

use crate::config::login::{Login, Proof};
use crate::config::net::Server;
use crate::mailbox::exchange::Trouble;

/// What to do when a server cannot be reached or trusted, by what is said of it.
pub(super) fn unreachable(why: &str) -> String {
    let why = why.to_ascii_lowercase();
    let rows = [
        (
            "refused",
            "nobody listens there: check `host`, `port` and `tls`",
        ),
        (
            "too long",
            "a firewall may be between: check `host` and `port`, and what leaves this host",
        ),
        (
            "timed out",
            "a firewall may be between: check `host` and `port`, and what leaves this host",
        ),
        (
            "expired",
            "the server's certificate has expired: whoever runs the server must renew it",
        ),
        (
            "not valid for name",
            "write `host` as the certificate names the server",
        ),
        (
            "notvalidforname",
            "write `host` as the certificate names the server",
        ),
        (
            "unknownissuer",
            "the certificate is of no authority this host trusts: name that authority's file in `ca-file`",
        ),
        ("ca file", "check `ca-file`"),
        ("starttls", "check `tls` and `port`"),
        ("speak tls", "check `tls` and `port`"),
    ];
    let found = rows.iter().find(|(sign, _)| why.contains(sign));
    found
        .map_or("check `host`, `port` and `tls`", |(_, remedy)| remedy)
        .to_owned()
}

/// What to do about a mailbox's trouble.
pub(super) fn mailbox(trouble: &Trouble, server: &Server, login: &Login) -> String {
    match trouble {
        Trouble::Unreachable { why, .. } => unreachable(why),
        Trouble::Denied { .. } => match &login.proof {
            Proof::Password(_) => refused_password(server),
            Proof::OAuth2(_) => "do what is said above; Exchange may take an hour to know it".into(),
        },
        Trouble::Secret(_) => "give the file to the user the daemon runs as, with mode 0600".into(),
        Trouble::MissingFolders(_) => {
            "make them in any mail client, or set `create-folders = true`".into()
        }
        Trouble::Throttled { .. } => "wait, and try again".into(),
        Trouble::NotConnected { .. } => {
            "grant `FullAccess` on the mailbox to who signs in, and check its licence and that IMAP \
             is enabled for it"
                .into()
        }
        Trouble::Unsafe(_) | Trouble::Lost(_) | Trouble::Expired { .. } | Trouble::Rebuilt { .. } => {
            "ask whoever runs the server".into()
        }
    }
}

/// What to do when a password is refused.
pub(super) fn refused_password(server: &Server) -> String {
    let microsoft = ["outlook.office365.com", "smtp.office365.com"];
    if microsoft.contains(&server.host.as_str()) {
        return "Microsoft 365 takes no passwords: log in by tokens, with a table `oauth2`".into();
    }
    if server.host.ends_with(".gmail.com") {
        return "Google takes app passwords only, or tokens with a table `oauth2`".into();
    }
    "check `user` and the password in its place".into()
}
