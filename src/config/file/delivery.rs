//! `[delivery]` and `[delivery.allow]`.

use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::mailbox;
use super::net::{self, Ports, ServerKeys};
use super::oauth2;
use super::source::quoted;
use super::table::{InFile, Read, Table};
use super::value::Text;
use crate::config::delivery::{AllowList, DeliveryConfig, SmtpConfig, Transport};
use crate::config::login::Login;

const EXPIRE: Duration = Duration::from_hours(48);
const EXPIRE_BOUNDS: RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(30 * 24);
const CONNECTIONS: usize = 4;
const CONNECTIONS_BOUNDS: RangeInclusive<i64> = 1..=64;
const PER_DAY_BOUNDS: RangeInclusive<i64> = 1..=1_000_000;
const PER_DAY: u32 = 2000;
const PER_MINUTE_BOUNDS: RangeInclusive<i64> = 1..=100_000;
const PORTS: Ports = Ports {
    implicit: 465,
    starttls: 587,
    none: 25,
};
/// Where forwards are laid when no category forwards and no way out is configured.
const OUTBOX: &str = "outbox";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    transport: Option<Text>,
    host: Option<Text>,
    port: Option<Spanned<i64>>,
    tls: Option<Text>,
    ca_file: Option<Text>,
    user: Option<Text>,
    password_file: Option<Text>,
    password_credential: Option<Text>,
    oauth2_of: Option<Text>,
    connections: Option<Spanned<i64>>,
    hello: Option<Text>,
    path: Option<Text>,
    program: Option<Text>,
    per_minute: Option<Spanned<i64>>,
    per_day: Option<Spanned<i64>>,
    expire: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AllowShape {
    addresses: Option<Vec<Text>>,
    domains: Option<Vec<Text>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Smtp,
    Maildir,
    Sendmail,
}

const WAYS: [(&str, Way); 3] = [
    ("smtp", Way::Smtp),
    ("maildir", Way::Maildir),
    ("sendmail", Way::Sendmail),
];

/// What the other tables say that matters here.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The configuration directory.
    pub base: &'a Path,
    /// `[state] dir`.
    pub state_dir: &'a Path,
    /// The name said in EHLO unless one is configured.
    pub hello: &'a str,
    /// The mailboxes, whose log-in may be the same.
    pub mailboxes: &'a [mailbox::Placed],
    /// The action of the first category that forwards.
    pub forward: Option<&'a Range<usize>>,
}

/// Checked delivery and where its allow-list stands.
#[derive(Debug)]
pub struct Placed {
    /// How forwards leave.
    pub config: DeliveryConfig,
    /// The table of the allow-list.
    pub allow: Option<Range<usize>>,
    /// Whether there is a `[delivery]` at all.
    pub told: bool,
}

/// Checks `[delivery]`.
pub fn delivery(mut table: Table<'_>, around: Around<'_>, file: &mut InFile<'_>) -> Option<Placed> {
    let allow = table.table("allow", file).read::<AllowShape>(file);
    let oauth2 = table.table("oauth2", file).read::<oauth2::Shape>(file);
    let read = table.read::<Shape>(file);
    let allow_list = allow_list(&allow, file);
    let per_minute = match &read.told.per_minute {
        Some(number) => file
            .number("delivery.per-minute", number, &PER_MINUTE_BOUNDS)
            .map(Some),
        None => Some(None),
    };
    let per_day = match &read.told.per_day {
        Some(number) => file.number("delivery.per-day", number, &PER_DAY_BOUNDS),
        None => Some(PER_DAY),
    };
    let expire = match &read.told.expire {
        Some(text) => file.duration("delivery.expire", text, &EXPIRE_BOUNDS),
        None => Some(EXPIRE),
    };
    let told = read.span.is_some() || allow.span.is_some();
    let transport = if told {
        transport(&read, &oauth2, around, file)
    } else {
        if let (Some(span), false) = (around.forward, file.broken) {
            let message = "a category is forwarded, but there is no `[delivery]`";
            file.error(span, "delivery", message).help(
                "write a table `[delivery]` with `transport = \"smtp\"`, `\"maildir\"` or `\"sendmail\"`",
            );
        }
        Some(Transport::Maildir {
            path: around.state_dir.join(OUTBOX),
        })
    };
    Some(Placed {
        config: DeliveryConfig {
            transport: transport?,
            allow: allow_list,
            per_minute: per_minute?,
            per_day: per_day?,
            expire: expire?,
        },
        allow: allow.span,
        told,
    })
}

fn allow_list(read: &Read<AllowShape>, file: &mut InFile<'_>) -> AllowList {
    let texts = read.told.addresses.iter().flatten();
    AllowList {
        addresses: texts
            .filter_map(|text| file.address("delivery.allow.addresses", text))
            .collect(),
        domains: file.domains("delivery.allow.domains", read.told.domains.as_ref()),
    }
}

fn transport(
    read: &Read<Shape>,
    oauth2: &Read<oauth2::Shape>,
    around: Around<'_>,
    file: &mut InFile<'_>,
) -> Option<Transport> {
    let why = "`smtp` for a server, `maildir` for a directory, `sendmail` for a local program";
    let word = read.need("transport", read.told.transport.as_ref(), why, file)?;
    let way = file.word("delivery.transport", word, &WAYS)?;
    misplaced(read, way, file);
    if way != Way::Smtp {
        oauth2.misplaced_table("transport = \"smtp\"", file);
    }
    match way {
        Way::Smtp => smtp(read, oauth2, around, file).map(Transport::Smtp),
        Way::Maildir => {
            let why = "the directory that holds `new/`";
            let path = read.need("path", read.told.path.as_ref(), why, file)?;
            let path = file.path("delivery.path", path, around.base)?;
            Some(Transport::Maildir { path })
        }
        Way::Sendmail => {
            let why = "the absolute path of the program, such as `/usr/sbin/sendmail`";
            let text = read.need("program", read.told.program.as_ref(), why, file)?;
            let told = Path::new(text.get_ref());
            if !told.is_absolute() {
                let message = format!(
                    "`delivery.program`: {} is no absolute path",
                    quoted(text.get_ref())
                );
                file.error(&text.span(), "delivery.program", message)
                    .help("it is run without a shell and without a search path: write `/usr/sbin/sendmail`");
                return None;
            }
            let program = file.path("delivery.program", text, around.base)?;
            Some(Transport::Sendmail { program })
        }
    }
}

fn misplaced(read: &Read<Shape>, way: Way, file: &mut InFile<'_>) {
    if way != Way::Smtp {
        let owner = "transport = \"smtp\"";
        for (key, text) in [
            ("host", &read.told.host),
            ("tls", &read.told.tls),
            ("ca-file", &read.told.ca_file),
            ("user", &read.told.user),
            ("password-file", &read.told.password_file),
            ("password-credential", &read.told.password_credential),
            ("oauth2-of", &read.told.oauth2_of),
            ("hello", &read.told.hello),
        ] {
            read.misplaced(key, text.as_ref(), owner, file);
        }
        read.misplaced("port", read.told.port.as_ref(), owner, file);
        read.misplaced("connections", read.told.connections.as_ref(), owner, file);
    }
    if way != Way::Maildir {
        read.misplaced(
            "path",
            read.told.path.as_ref(),
            "transport = \"maildir\"",
            file,
        );
    }
    if way != Way::Sendmail {
        read.misplaced(
            "program",
            read.told.program.as_ref(),
            "transport = \"sendmail\"",
            file,
        );
    }
}

fn smtp(
    read: &Read<Shape>,
    oauth2: &Read<oauth2::Shape>,
    around: Around<'_>,
    file: &mut InFile<'_>,
) -> Option<SmtpConfig> {
    let keys = ServerKeys {
        host: read.told.host.as_ref(),
        port: read.told.port.as_ref(),
        tls: read.told.tls.as_ref(),
        ca_file: read.told.ca_file.as_ref(),
    };
    let server = net::server(read, keys, PORTS, around.base, file);
    let secret = net::secret(
        read,
        read.told.password_file.as_ref(),
        read.told.password_credential.as_ref(),
        around.base,
        file,
    );
    let user = match &read.told.user {
        Some(text) => file.line("delivery.user", text).map(Some),
        None => (!read.is_flawed("user")).then_some(None),
    };
    let own = oauth2.span.is_some().then(|| {
        let around = oauth2::Around {
            base: around.base,
            state_dir: around.state_dir,
            mailbox: None,
            user: user.as_ref().and_then(Option::as_deref),
        };
        oauth2::oauth2(oauth2, around, file).ok_or(())
    });
    let of = read.told.oauth2_of.as_ref();
    let of = of.map(|text| (text, mailbox::proof_of(text.get_ref(), around.mailboxes)));
    let name = user.as_ref().and_then(Option::as_deref);
    let proof = oauth2::proof(read, secret, own, of, name, file);
    let login = match (user, proof) {
        (Some(Some(user)), Ok(Some(proof))) => Some(Some(Login { user, proof })),
        (Some(None), Ok(None)) => Some(None),
        (Some(Some(_)), Ok(None)) => {
            let why =
                "or `password-credential`; a relay that needs no log-in needs no `user` either";
            read.missing("password-file", why, file);
            None
        }
        (Some(None), Ok(Some(_))) => {
            read.missing(
                "user",
                "the log-in name that goes with the password or token",
                file,
            );
            None
        }
        (None, _) | (_, Err(())) => None,
    };
    let connections = match &read.told.connections {
        Some(number) => file.number("delivery.connections", number, &CONNECTIONS_BOUNDS),
        None => Some(CONNECTIONS),
    };
    let hello = match &read.told.hello {
        Some(text) => file.domain("delivery.hello", text),
        None => Some(around.hello.to_owned()),
    };
    Some(SmtpConfig {
        server: server?,
        login: login?,
        connections: connections?,
        hello: hello?,
    })
}
