//! How a token is shown to a mail server: OAUTHBEARER (RFC 7628) or XOAUTH2, which came before it
//! and is what Exchange Online speaks. The words are the same for IMAP and SMTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::config::login::Grant;
use crate::config::net::Server;

/// A mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 7628.
    OAuthBearer,
    /// Google's and Microsoft's own.
    XOAuth2,
}

impl Mechanism {
    /// The best of those the server names, asked by their names.
    pub fn offered(offers: impl Fn(&str) -> bool) -> Option<Self> {
        [Self::OAuthBearer, Self::XOAuth2]
            .into_iter()
            .find(|mechanism| offers(mechanism.name()))
    }

    /// Its name in SASL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// The client's only response, in base64. `user` has no control characters.
    pub fn response(self, user: &str, server: &Server, token: &SecretString) -> SecretString {
        let token = token.expose_secret();
        let text = match self {
            Self::OAuthBearer => {
                // RFC 5801 §4: these two separate the parts of the header.
                let user = user.replace('=', "=3D").replace(',', "=2C");
                let Server { host, port, .. } = server;
                format!(
                    "n,a={user},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {token}\u{1}\u{1}"
                )
            }
            Self::XOAuth2 => format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"),
        };
        STANDARD.encode(text).into()
    }

    /// What is said to a challenge. It tells why the token is refused; the refusal itself comes
    /// only after an answer.
    pub const fn to_challenge(self) -> &'static str {
        match self {
            // A lone control-A (RFC 7628 §3.2.3).
            Self::OAuthBearer => "AQ==",
            Self::XOAuth2 => "",
        }
    }
}

/// What most often is behind a refused log-in when the token itself was given, by protocol.
pub const fn why_refused(grant: &Grant, smtp: bool) -> &'static str {
    match (grant, smtp) {
        (Grant::MicrosoftApp { .. }, false) => {
            "a token was given, the mailbox is not: grant the application `IMAP.AccessAsApp`, \
             register it in Exchange (`New-ServicePrincipal`, with the object id of the enterprise \
             application) and give that `FullAccess` on the mailbox"
        }
        (Grant::MicrosoftApp { .. }, true) => {
            "a token was given, the mailbox is not: grant `SMTP.SendAsApp`, give the service \
             principal rights on the mailbox, enable SMTP AUTH for it"
        }
        (Grant::MicrosoftPerson { .. }, false) => {
            "a token was given, the mailbox is not: the person who signed in needs full access to \
             the mailbox `user`, and IMAP must be enabled for it"
        }
        (Grant::MicrosoftPerson { .. }, true) => {
            "a token was given, the mailbox is not: enable SMTP AUTH for the mailbox of who signed \
             in, and give them `Send as` on `user`"
        }
        (Grant::GooglePerson { .. } | Grant::GoogleServiceAccount { .. }, _) => {
            "a token was given, the mailbox is not: `user` must be who let the application in, or \
             one the service account may act for"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::net::Tls;

    #[test]
    fn the_responses_are_those_of_the_documents() {
        let server = Server {
            host: "server.example.com".into(),
            port: 143,
            tls: Tls::Starttls,
            ca_file: None,
        };
        let token = SecretString::from("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        // RFC 7628 §4.1.
        let response = Mechanism::OAuthBearer.response("user@example.com", &server, &token);
        assert_eq!(
            response.expose_secret(),
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI\
             HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
        );
        // The example in Google's and Microsoft's documents.
        let token = SecretString::from("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        let response = Mechanism::XOAuth2.response("someuser@example.com", &server, &token);
        assert_eq!(
            response.expose_secret(),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkS\
             FJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn a_name_cannot_add_a_part_of_its_own() {
        let server = Server {
            host: "h".into(),
            port: 1,
            tls: Tls::None,
            ca_file: None,
        };
        let token = SecretString::from("t");
        let response = Mechanism::OAuthBearer.response("a=b,c", &server, &token);
        let text = STANDARD.decode(response.expose_secret()).unwrap();
        assert!(text.starts_with(b"n,a=a=3Db=2Cc,\x01"), "{text:?}");
    }
}
