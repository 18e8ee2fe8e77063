//! Where a mailbox may be: what is known of each place before anybody is asked.

use clap::ValueEnum;

/// A kind of mail server, as `init --preset` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Microsoft 365, by an application that is registered in Entra
    Microsoft365,
    /// Gmail or Google Workspace, with an app password
    Gmail,
    /// A server of your own or a provider's: Dovecot, Cyrus, Courier and others
    Imap,
    /// A Maildir on this host, beside Postfix or Dovecot
    Maildir,
}

/// The servers of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Servers {
    /// Its IMAP server; TLS from the first byte.
    pub imap: &'static str,
    /// Its SMTP server.
    pub smtp: &'static str,
}

impl Preset {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Microsoft365, Self::Gmail, Self::Imap, Self::Maildir];

    /// As a person reads it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Microsoft365 => "Microsoft 365 (with an application registered in Entra)",
            Self::Gmail => "Gmail or Google Workspace (with an app password)",
            Self::Imap => "another IMAP server: Dovecot, Cyrus, a provider",
            Self::Maildir => "a Maildir on this host",
        }
    }

    /// The servers, where the provider has but one of each.
    pub const fn servers(self) -> Option<Servers> {
        match self {
            Self::Microsoft365 => Some(Servers {
                imap: "outlook.office365.com",
                smtp: "smtp.office365.com",
            }),
            Self::Gmail => Some(Servers {
                imap: "imap.gmail.com",
                smtp: "smtp.gmail.com",
            }),
            Self::Imap | Self::Maildir => None,
        }
    }
}
