//! Who we are to a server, and how that is proved: by a password or by OAuth 2.0 (RFC 6749).
//!
//! An [`OAuth2`] says where tokens come from and by what right; [`crate::oauth`] gets them. Two
//! log-ins with equal values are one account and share its tokens.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::secret::Secret;

/// A log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The log-in name. By OAuth 2.0 the mailbox that is opened, which may be another than that of
    /// who signed in.
    pub user: String,
    /// How it is proved.
    pub proof: Proof,
}

/// How a log-in is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// By a password.
    Password(Secret),
    /// By an access token.
    OAuth2(Arc<OAuth2>),
}

/// Where access tokens come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuth2 {
    /// The token endpoint (RFC 6749 §3.2).
    pub token: Endpoint,
    /// What is asked for, words with spaces between.
    pub scope: String,
    /// By what right.
    pub grant: Grant,
    /// A PEM file of authorities trusted for the endpoints instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl OAuth2 {
    /// The same for a mailbox that logs in as `user`: a service account acts for one at a time.
    #[must_use]
    pub fn acting_for(mut self, user: &str) -> Self {
        if let Grant::GoogleServiceAccount { subject, .. } = &mut self.grant {
            user.clone_into(subject);
        }
        self
    }
}

/// By what right tokens are given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Microsoft: an application with rights of its own (client credentials, RFC 6749 §4.4).
    MicrosoftApp {
        /// The application's id.
        client_id: String,
        /// How it proves who it is.
        proof: AppProof,
    },
    /// Microsoft: a person who signed in once on another device (RFC 8628).
    MicrosoftPerson {
        /// The application's id.
        client_id: String,
        /// The device authorization endpoint.
        device: Endpoint,
        /// Where the refresh token is kept.
        kept: KeptIn,
    },
    /// Google: a person who let an installed application in once.
    GooglePerson {
        /// The application's id.
        client_id: String,
        /// Its secret, which Google does not treat as one.
        client_secret: Secret,
        /// The refresh token to begin with.
        refresh_token: Secret,
        /// Where the refresh token is kept should Google give another.
        kept: KeptIn,
    },
    /// Google: a service account that may act for the mailbox (RFC 7523).
    GoogleServiceAccount {
        /// The JSON file of its key.
        key: Secret,
        /// The mailbox it acts for.
        subject: String,
    },
}

/// Where a person's refresh token is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeptIn {
    /// The file.
    pub path: PathBuf,
    /// What `triaged auth login` calls it.
    pub whose: String,
}

/// How an application proves who it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AppProof {
    /// By a secret.
    Secret(Secret),
    /// By an assertion signed with the key of a certificate it registered (RFC 7523).
    Certificate {
        /// PEM file of the certificate.
        certificate: PathBuf,
        /// PEM of its key.
        key: Secret,
    },
}

/// An `https` address, or an `http` one of this host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// Name or address of the host, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query, with the slash it begins with.
    pub path: String,
}

impl Endpoint {
    /// What stands in the `Host` field (RFC 9110 §7.2).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}
