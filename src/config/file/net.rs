//! Servers and log-ins, as `[[mailbox]]` and `[delivery]` both have them.

use std::net::IpAddr;
use std::path::Path;

use toml::Spanned;

use super::source::quoted;
use super::table::{InFile, Read};
use super::value::Text;
use crate::config::net::{Server, Tls};
use crate::config::secret::Secret;

const TLS_WORDS: [(&str, Tls); 3] = [
    ("implicit", Tls::Implicit),
    ("starttls", Tls::Starttls),
    ("none", Tls::None),
];

/// The usual ports of a protocol.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// With TLS from the first byte.
    pub implicit: u16,
    /// With STARTTLS.
    pub starttls: u16,
    /// Without TLS.
    pub none: u16,
}

/// The keys that tell a server, as read.
#[derive(Debug, Clone, Copy)]
pub struct ServerKeys<'v> {
    pub host: Option<&'v Text>,
    pub port: Option<&'v Spanned<i64>>,
    pub tls: Option<&'v Text>,
    pub ca_file: Option<&'v Text>,
}

/// Checks a server.
pub fn server<T>(
    read: &Read<T>,
    keys: ServerKeys<'_>,
    ports: Ports,
    base: &Path,
    file: &mut InFile<'_>,
) -> Option<Server> {
    let host = read
        .need(
            "host",
            keys.host,
            "the name of the server, such as `mail.partner.example`",
            file,
        )
        .and_then(|text| host(&read.key("host"), text, file));
    let tls = match keys.tls {
        Some(text) => file.word(&read.key("tls"), text, &TLS_WORDS),
        None => (!read.is_flawed("tls")).then_some(Tls::Implicit),
    };
    let port = match keys.port {
        Some(number) => file.number(&read.key("port"), number, &(1..=65535)),
        None => (!read.is_flawed("port")).then_some(match tls {
            Some(Tls::Starttls) => ports.starttls,
            Some(Tls::None) => ports.none,
            _ => ports.implicit,
        }),
    };
    let ca_file = match keys.ca_file {
        Some(text) => file.path(&read.key("ca-file"), text, base).map(Some),
        None => Some(None),
    };
    if let (Some(host), Some(Tls::None), Some(text)) = (&host, tls, keys.tls)
        && !is_loopback(host)
    {
        let message = format!(
            "`tls = \"none\"` would send mail and password in clear text to {}",
            quoted(host)
        );
        file.error(&text.span(), &read.key("tls"), message).help(
            "use `implicit` or `starttls`; `none` is for `localhost`, `127.0.0.1` and `::1` only"
                .to_owned(),
        );
        return None;
    }
    Some(Server {
        host: host?,
        port: port?,
        tls: tls?,
        ca_file: ca_file?,
    })
}

fn host(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = text.get_ref();
    let is_name = !told.is_empty()
        && told.len() <= 253
        && told.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    if is_name || told.parse::<IpAddr>().is_ok() {
        return Some(told.to_lowercase());
    }
    let help = if told.contains("://") || told.contains('/') {
        "the name alone, without `imaps://` or a path"
    } else if told.contains(':') {
        "the name alone; the port has its own key, `port`"
    } else {
        "a name such as `mail.partner.example`, or an IP address"
    };
    let message = format!("`{key}`: {} is no host", quoted(told));
    file.error(&text.span(), key, message).help(help.to_owned());
    None
}

/// Whether `host` is this one.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Where a password is, when one is told. `Err` when it was told wrongly; that is reported.
pub fn secret<T>(
    read: &Read<T>,
    path: Option<&Text>,
    credential: Option<&Text>,
    base: &Path,
    file: &mut InFile<'_>,
) -> Result<Option<Secret>, ()> {
    let keys = ["password-file", "password-credential"];
    place(read, keys, (path, credential), base, file)
}

/// Where a secret is, when one is told, by the keys for its file and its credential. `Err` when it
/// was told wrongly; that is reported.
pub fn place<T>(
    read: &Read<T>,
    keys: [&str; 2],
    (path, credential): (Option<&Text>, Option<&Text>),
    base: &Path,
    file: &mut InFile<'_>,
) -> Result<Option<Secret>, ()> {
    let [file_key, credential_key] = keys;
    if keys.iter().any(|key| read.is_flawed(key)) {
        return Err(());
    }
    match (path, credential) {
        (Some(path), Some(credential)) => {
            let message = format!("both `{file_key}` and `{credential_key}` are given");
            let help = format!("keep one of them; the other stands on line {}", {
                file.source.place(path.span().start).line
            });
            file.error(&credential.span(), &read.key(credential_key), message)
                .help(help);
            Err(())
        }
        (Some(path), None) => {
            let path = file.path(&read.key(file_key), path, base).ok_or(())?;
            Ok(Some(Secret::File(path)))
        }
        (None, Some(name)) => {
            let key = read.key(credential_key);
            let told = name.get_ref();
            // systemd.exec(5): a credential's name is a file name.
            let fit = (1..=255).contains(&told.len())
                && !matches!(told.as_str(), "." | "..")
                && told
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if fit {
                return Ok(Some(Secret::Credential(told.clone())));
            }
            let message = format!("`{key}`: {} is no name of a credential", quoted(told));
            file.error(&name.span(), &key, message)
                .help("letters, digits, `-`, `_` and `.`, as in `LoadCredential=NAME:/path`");
            Err(())
        }
        (None, None) => Ok(None),
    }
}
