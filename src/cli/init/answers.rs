//! The answers `init` needs: from flags, from a person at a terminal, or from what is usual.

use std::io::IsTerminal as _;
use std::path::Path;

use secrecy::SecretString;

use super::preset::Preset;
use super::{read, terminal};
use crate::cli::args::InitArgs;
use crate::cli::failure::Failure;
use crate::domain::address::Address;

/// The name of this host: a server here needs neither TLS nor, to send, a log-in.
pub const THIS_HOST: &str = "localhost";

/// Where the password of the mailbox is put, below the configuration directory.
const MAILBOX_PASSWORD: &str = "secrets/mailbox.password";
/// Where the secret of an application is put.
const APP_SECRET: &str = "secrets/app.secret";
/// Where that of the way out is put, when it is another.
const DELIVERY_PASSWORD: &str = "secrets/delivery.password";

/// Most products that are asked for.
const PRODUCTS_MAX: usize = 50;

/// All that is put into the files.
#[derive(Debug)]
pub struct Answers {
    /// Where the mailbox is.
    pub preset: Preset,
    /// Who sells.
    pub partner: String,
    /// Where customers write to.
    pub address: Address,
    /// Where the mail is.
    pub mailbox: Mailbox,
    /// The server that takes forwards.
    pub smtp_host: String,
    /// The log-in there, if one is made.
    pub smtp_log_in: Option<LogIn>,
    /// What is sold.
    pub products: Vec<Product>,
    /// Whether to begin with observing.
    pub observe: bool,
    /// Another state directory than the usual one.
    pub state_dir: Option<String>,
    /// The files of secrets that are made.
    pub secrets: Vec<NewSecret>,
}

impl Answers {
    /// The Maildir, if the mail is in one.
    pub fn maildir(&self) -> Option<&Path> {
        match &self.mailbox {
            Mailbox::Maildir { path } => Some(Path::new(path)),
            Mailbox::Imap { .. } => None,
        }
    }
}

/// Where the mail is.
#[derive(Debug)]
pub enum Mailbox {
    /// On a server.
    Imap {
        /// Its name.
        host: String,
        /// The account.
        log_in: LogIn,
    },
    /// In a directory.
    Maildir {
        /// Which one.
        path: String,
    },
}

/// A name and what proves it.
#[derive(Debug)]
pub struct LogIn {
    /// The name.
    pub user: String,
    /// What proves it.
    pub proof: Proof,
}

/// What proves a name. Files are named below the configuration directory.
#[derive(Debug)]
pub enum Proof {
    /// A password.
    Password {
        /// Its file.
        file: String,
    },
    /// An application with rights of its own, at Microsoft.
    MicrosoftApp {
        /// The directory (tenant): its id or domain.
        tenant: String,
        /// The application's (client) id.
        client: String,
        /// The file of its secret.
        secret_file: String,
    },
    /// That of the mailbox, where it is no password.
    OfMailbox,
}

/// A product and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// As customers know it.
    pub name: String,
    /// The ISV.
    pub publisher: String,
    /// The technical contact.
    pub contact: Address,
}

impl Product {
    /// The short name that log and command line use: lower-case letters, digits and `-`.
    pub fn id(&self) -> String {
        let lower = self.name.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// A secret's file to be made.
#[derive(Debug)]
pub struct NewSecret {
    /// Its path below the configuration directory.
    pub name: String,
    /// What is put in; nothing when it is still to be filled.
    pub text: Option<SecretString>,
}

/// One question.
struct Question<'q> {
    /// The flag that answers it.
    flag: &'static str,
    /// What the flag said.
    said: Option<&'q str>,
    /// What a person is asked.
    text: &'static str,
    /// What is likely; taken without asking only when it is `certain`.
    likely: Option<String>,
    certain: bool,
}

/// Gathers the answers.
pub fn gather(args: &InitArgs) -> Result<Answers, Failure> {
    let terminal = !args.yes && std::io::stdin().is_terminal();
    let mut asking = Asking {
        terminal,
        missing: Vec::new(),
    };
    let answers = asking.all(args)?;
    match answers {
        Some(answers) if asking.missing.is_empty() => Ok(answers),
        _ => {
            let flags = asking.missing.join(", ");
            let message = format!("without a terminal to ask at, {flags} must be given");
            Err(Failure::usage(message).hint("`triaged init --help` explains them"))
        }
    }
}

struct Asking {
    terminal: bool,
    missing: Vec<String>,
}

impl Asking {
    /// All answers; `None` when one is missing.
    fn all(&mut self, args: &InitArgs) -> Result<Option<Answers>, Failure> {
        let preset = self.preset(args.preset)?;
        let partner = self.one(
            &Question {
                flag: "--partner NAME",
                said: args.partner.as_deref(),
                text: "Your company, as customers and publishers know it",
                likely: None,
                certain: false,
            },
            read::line,
        )?;
        let address = self.one(
            &Question {
                flag: "--address ADDRESS",
                said: args.address.as_deref(),
                text: "The address customers write to",
                likely: None,
                certain: false,
            },
            read::address,
        )?;
        let mut secrets = Vec::new();
        let mailbox = match preset {
            Some(Preset::Maildir) => self.maildir(args)?,
            Some(preset) => self.imap(preset, args, address.as_ref(), &mut secrets)?,
            None => None,
        };
        let (smtp_host, smtp_log_in) = self.delivery(
            preset,
            args,
            address.as_ref(),
            mailbox.as_ref(),
            &mut secrets,
        )?;
        let products = self.products(&args.product)?;
        let observe = self.observe(args.observe)?;
        let state_dir = args.state_dir.as_deref().map(read::absolute).transpose()?;
        let (Some(preset), Some(partner), Some(address), Some(mailbox), Some(smtp_host)) =
            (preset, partner, address, mailbox, smtp_host)
        else {
            return Ok(None);
        };
        Ok(Some(Answers {
            preset,
            partner,
            address,
            mailbox,
            smtp_host,
            smtp_log_in,
            products,
            observe,
            state_dir,
            secrets,
        }))
    }

    fn preset(&mut self, said: Option<Preset>) -> Result<Option<Preset>, Failure> {
        if said.is_some() {
            return Ok(said);
        }
        if !self.terminal {
            self.missing.push("`--preset NAME`".to_owned());
            return Ok(None);
        }
        println!("Where is the mailbox?");
        for (number, preset) in Preset::ALL.iter().enumerate() {
            println!("  {}  {}", number + 1, preset.title());
        }
        let read = |told: &str| {
            let number: Option<usize> = told.parse().ok();
            let chosen = number.and_then(|n| Preset::ALL.get(n.checked_sub(1)?));
            chosen
                .copied()
                .ok_or_else(|| format!("a number from 1 to {}", Preset::ALL.len()))
        };
        terminal::ask("Number", None, read).map(Some)
    }

    fn observe(&self, said: bool) -> Result<bool, Failure> {
        if said || !self.terminal {
            return Ok(said);
        }
        let question = "Observe only at first: decide and record, send and move nothing? (yes, no)";
        terminal::ask(question, Some("yes"), |told| match told {
            "yes" | "y" => Ok(true),
            "no" | "n" => Ok(false),
            _ => Err("`yes` or `no`".to_owned()),
        })
    }

    fn maildir(&mut self, args: &InitArgs) -> Result<Option<Mailbox>, Failure> {
        let said = args.path.as_deref().map(read::absolute).transpose()?;
        let path = self.one(
            &Question {
                flag: "--path DIR",
                said: said.as_deref(),
                text: "The Maildir: the directory that holds `new` and `cur`",
                likely: None,
                certain: false,
            },
            read::path,
        )?;
        Ok(path.map(|path| Mailbox::Maildir { path }))
    }

    fn imap(
        &mut self,
        preset: Preset,
        args: &InitArgs,
        address: Option<&Address>,
        secrets: &mut Vec<NewSecret>,
    ) -> Result<Option<Mailbox>, Failure> {
        let known = preset.servers().map(|servers| servers.imap.to_owned());
        let host = self.one(
            &Question {
                flag: "--host NAME",
                said: args.host.as_deref(),
                text: "The IMAP server (`localhost` for this host)",
                certain: known.is_some(),
                likely: known.or_else(|| address.map(|a| format!("imap.{}", a.domain()))),
            },
            read::host,
        )?;
        let user = self.one(
            &Question {
                flag: "--user NAME",
                said: args.user.as_deref(),
                text: "The log-in name there",
                likely: address.map(ToString::to_string),
                certain: true,
            },
            read::line,
        )?;
        let proof = if preset == Preset::Microsoft365 {
            self.microsoft_app(args, address, secrets)?
        } else {
            secrets.push(self.secret(MAILBOX_PASSWORD, "Its password")?);
            let file = MAILBOX_PASSWORD.to_owned();
            Some(Proof::Password { file })
        };
        let (Some(host), Some(user), Some(proof)) = (host, user, proof) else {
            return Ok(None);
        };
        let log_in = LogIn { user, proof };
        Ok(Some(Mailbox::Imap { host, log_in }))
    }

    fn microsoft_app(
        &mut self,
        args: &InitArgs,
        address: Option<&Address>,
        secrets: &mut Vec<NewSecret>,
    ) -> Result<Option<Proof>, Failure> {
        let tenant = self.one(
            &Question {
                flag: "--tenant NAME",
                said: args.tenant.as_deref(),
                text: "The directory (tenant) in Entra: its id, or a domain of it",
                likely: address.map(|address| address.domain().to_owned()),
                certain: true,
            },
            read::line,
        )?;
        let client = self.one(
            &Question {
                flag: "--client-id ID",
                said: args.client_id.as_deref(),
                text: "The application (client) id; the README says how one is registered",
                likely: None,
                certain: false,
            },
            read::line,
        )?;
        secrets.push(self.secret(APP_SECRET, "The value of its client secret")?);
        let (Some(tenant), Some(client)) = (tenant, client) else {
            return Ok(None);
        };
        Ok(Some(Proof::MicrosoftApp {
            tenant,
            client,
            secret_file: APP_SECRET.to_owned(),
        }))
    }

    /// The server that takes forwards, and the log-in there.
    fn delivery(
        &mut self,
        preset: Option<Preset>,
        args: &InitArgs,
        address: Option<&Address>,
        mailbox: Option<&Mailbox>,
        secrets: &mut Vec<NewSecret>,
    ) -> Result<(Option<String>, Option<LogIn>), Failure> {
        let known = preset.and_then(Preset::servers);
        let known = known.map(|servers| servers.smtp.to_owned());
        let here = match mailbox {
            Some(Mailbox::Maildir { .. }) => true,
            Some(Mailbox::Imap { host, .. }) => host == THIS_HOST,
            None => false,
        };
        let here_too = here.then(|| THIS_HOST.to_owned());
        let certain = known.is_some() || here;
        let host = self.one(
            &Question {
                flag: "--smtp-host NAME",
                said: args.smtp_host.as_deref(),
                text: "The server that takes your outgoing mail",
                likely: known
                    .or(here_too)
                    .or_else(|| address.map(|a| format!("smtp.{}", a.domain()))),
                certain,
            },
            read::host,
        )?;
        let same = match mailbox {
            Some(Mailbox::Imap { log_in, .. }) => Some(log_in.user.clone()),
            _ => None,
        };
        let is_here = host.as_deref() == Some(THIS_HOST);
        let likely = if is_here { None } else { same.clone() };
        let user = self.one(
            &Question {
                flag: "--smtp-user NAME",
                said: args.smtp_user.as_deref(),
                text: "The log-in name there (`-` for none)",
                likely: Some(likely.unwrap_or_else(|| "-".to_owned())),
                certain: true,
            },
            read::line,
        )?;
        let Some(user) = user.filter(|user| user != "-") else {
            return Ok((host, None));
        };
        let file = |name: &str| Proof::Password {
            file: name.to_owned(),
        };
        let proof = if preset == Some(Preset::Microsoft365) {
            Proof::OfMailbox
        } else if Some(&user) == same.as_ref() {
            file(MAILBOX_PASSWORD)
        } else {
            secrets.push(self.secret(DELIVERY_PASSWORD, "Its password")?);
            file(DELIVERY_PASSWORD)
        };
        Ok((host, Some(LogIn { user, proof })))
    }

    fn secret(&self, name: &str, question: &str) -> Result<NewSecret, Failure> {
        let asked = self.terminal.then(|| terminal::password(question));
        Ok(NewSecret {
            name: name.to_owned(),
            text: asked.transpose()?.flatten(),
        })
    }

    fn products(&self, said: &[String]) -> Result<Vec<Product>, Failure> {
        let mut products: Vec<Product> = Vec::new();
        for told in said {
            let product = read::product(told, &products).map_err(Failure::usage)?;
            products.push(product);
        }
        if !self.terminal || !said.is_empty() {
            return Ok(products);
        }
        println!(
            "The products you sell: name, publisher, and who answers technical questions, as in"
        );
        println!("  Nimbus Desk, Nimbus AB, support@nimbus-desk.example");
        while products.len() < PRODUCTS_MAX {
            let read = |told: &str| match told {
                "" => Ok(None),
                _ => read::product(told, &products).map(Some),
            };
            match terminal::ask("A product (empty: no more)", Some(""), read)? {
                Some(product) => products.push(product),
                None => break,
            }
        }
        Ok(products)
    }

    fn one<T>(
        &mut self,
        question: &Question<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Failure> {
        let flag = question.flag;
        let usage = |why: String| Failure::usage(format!("`{flag}`: {why}"));
        if let Some(said) = question.said {
            return read(said).map(Some).map_err(usage);
        }
        let likely = question.likely.as_deref();
        if self.terminal {
            return terminal::ask(question.text, likely, read).map(Some);
        }
        if let Some(likely) = likely.filter(|_| question.certain) {
            return read(likely).map(Some).map_err(usage);
        }
        self.missing.push(format!("`{flag}`"));
        Ok(None)
    }
}
