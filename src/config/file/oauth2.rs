//! `[mailbox.oauth2]` and `[delivery.oauth2]`: where access tokens come from.
//!
//! Four kinds, each with the endpoints and scopes its provider documents. Own endpoints may be
//! named, for national clouds and trials, but never one that is reached in clear text over a
//! network.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use serde::Deserialize;

use super::net;
use super::source::quoted;
use super::table::{InFile, Read};
use super::value::Text;
use crate::config::login::{AppProof, Endpoint, Grant, KeptIn, OAuth2, Proof};
use crate::config::secret::Secret;

/// The directory in the state directory that refresh tokens are kept in.
pub const KEPT: &str = "oauth2";
/// Microsoft's sign-in of the worldwide cloud.
const MICROSOFT: &str = "https://login.microsoftonline.com";
const MICROSOFT_APP_SCOPE: &str = "https://outlook.office365.com/.default";
const MICROSOFT_PERSON_SCOPE: &str = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access";
const GOOGLE_TOKEN: &str = "https://oauth2.googleapis.com/token";
const GOOGLE_SCOPE: &str = "https://mail.google.com/";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    kind: Option<Text>,
    tenant: Option<Text>,
    client_id: Option<Text>,
    secret_file: Option<Text>,
    secret_credential: Option<Text>,
    certificate_file: Option<Text>,
    key_file: Option<Text>,
    key_credential: Option<Text>,
    refresh_token_file: Option<Text>,
    refresh_token_credential: Option<Text>,
    account_file: Option<Text>,
    account_credential: Option<Text>,
    token_url: Option<Text>,
    device_url: Option<Text>,
    scope: Option<Text>,
    ca_file: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    MicrosoftApp,
    MicrosoftPerson,
    GooglePerson,
    GoogleServiceAccount,
}

const KINDS: [(&str, Kind); 4] = [
    ("microsoft-app", Kind::MicrosoftApp),
    ("microsoft-person", Kind::MicrosoftPerson),
    ("google-person", Kind::GooglePerson),
    ("google-service-account", Kind::GoogleServiceAccount),
];

/// What the tables around it say that matters here.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The configuration directory.
    pub base: &'a Path,
    /// `[state] dir`.
    pub state_dir: &'a Path,
    /// The mailbox it is for; `None` for the way out.
    pub mailbox: Option<&'a str>,
    /// The log-in name beside it, if there is one.
    pub user: Option<&'a str>,
}

/// Checks the table.
pub fn oauth2(read: &Read<Shape>, around: Around<'_>, file: &mut InFile<'_>) -> Option<OAuth2> {
    let why = "`microsoft-app`, `microsoft-person`, `google-person` or `google-service-account`";
    let word = read.need("kind", read.told.kind.as_ref(), why, file)?;
    let kind = file.word(&read.key("kind"), word, &KINDS)?;
    misplaced(read, kind, file);
    let told = &read.told;
    let client_id = if kind == Kind::GoogleServiceAccount {
        None
    } else {
        let why = "the id the provider gave the application";
        read.need("client-id", told.client_id.as_ref(), why, file)
            .and_then(|text| word_of(&read.key("client-id"), text, file))
    };
    let own = Own {
        token: endpoint(read, "token-url", told.token_url.as_ref(), file),
        device: endpoint(read, "device-url", told.device_url.as_ref(), file),
    };
    let (token, device) = endpoints(read, kind, own, file);
    let grant = grant(read, kind, client_id, device, around, file);
    let scope = match &told.scope {
        Some(text) => file.line(&read.key("scope"), text),
        None => (!read.is_flawed("scope")).then(|| {
            let usual = match kind {
                Kind::MicrosoftApp => MICROSOFT_APP_SCOPE,
                Kind::MicrosoftPerson => MICROSOFT_PERSON_SCOPE,
                Kind::GooglePerson | Kind::GoogleServiceAccount => GOOGLE_SCOPE,
            };
            usual.to_owned()
        }),
    };
    let ca_file = match &told.ca_file {
        Some(text) => file.path(&read.key("ca-file"), text, around.base).map(Some),
        None => Some(None),
    };
    Some(OAuth2 {
        token: token?,
        scope: scope?,
        grant: grant?,
        ca_file: ca_file?,
    })
}

/// How a log-in is proved, as a mailbox and the way out both say it: by exactly one of a
/// password, a table of its own, and the name of a mailbox that says it. `Ok(None)` when nothing is
/// said, `Err` when it was said wrongly.
pub fn proof<T>(
    read: &Read<T>,
    password: Result<Option<Secret>, ()>,
    own: Option<Result<OAuth2, ()>>,
    of: Option<(&Text, Option<Proof>)>,
    user: Option<&str>,
    file: &mut InFile<'_>,
) -> Result<Option<Proof>, ()> {
    let mut told = Vec::new();
    if let Ok(Some(_)) | Err(()) = password {
        told.push("a password");
    }
    if own.is_some() {
        told.push("a table `oauth2`");
    }
    if of.is_some() {
        told.push("`oauth2-of`");
    }
    if let ([first, second, ..], Some(span)) = (told.as_slice(), &read.span) {
        let message = format!("both {first} and {second} are given");
        let span = of.map_or_else(|| span.clone(), |(text, _)| text.span());
        file.error(&span, &read.key("oauth2"), message)
            .help("keep one of them");
        return Err(());
    }
    if let Some(own) = own {
        return own.map(|own| Some(Proof::OAuth2(Arc::new(own))));
    }
    if let Some((text, found)) = of {
        if let Some(Proof::OAuth2(shared)) = found {
            let own = shared.as_ref().clone().acting_for(user.unwrap_or_default());
            return Ok(Some(Proof::OAuth2(Arc::new(own))));
        }
        let key = read.key("oauth2-of");
        let message = format!(
            "`{key}`: no mailbox above is named {} and has a table `oauth2`",
            quoted(text.get_ref())
        );
        file.error(&text.span(), &key, message)
            .help("the `name` of a mailbox with `[mailbox.oauth2]`");
        return Err(());
    }
    password.map(|place| place.map(Proof::Password))
}

/// The endpoints that were named, each `Err` when it was named wrongly.
struct Own {
    token: Result<Option<Endpoint>, ()>,
    device: Result<Option<Endpoint>, ()>,
}

fn endpoints(
    read: &Read<Shape>,
    kind: Kind,
    own: Own,
    file: &mut InFile<'_>,
) -> (Option<Endpoint>, Option<Endpoint>) {
    if matches!(kind, Kind::GooglePerson | Kind::GoogleServiceAccount) {
        let usual = || parse(GOOGLE_TOKEN).ok();
        return (own.token.map_or(None, |token| token.or_else(usual)), None);
    }
    let needs_tenant =
        own.token == Ok(None) || (kind == Kind::MicrosoftPerson && own.device == Ok(None));
    let mut tenant = None;
    if let Some(text) = &read.told.tenant {
        tenant = word_of(&read.key("tenant"), text, file);
    } else if needs_tenant && !read.is_flawed("tenant") {
        let why = "the directory (tenant) id, or a domain of it such as `partner.example`";
        read.missing("tenant", why, file);
    }
    let of_tenant = |path: &str| {
        let tenant = tenant.as_deref()?;
        parse(&format!("{MICROSOFT}/{tenant}/oauth2/v2.0/{path}")).ok()
    };
    let token = own
        .token
        .map_or(None, |own| own.or_else(|| of_tenant("token")));
    let device = own
        .device
        .map_or(None, |own| own.or_else(|| of_tenant("devicecode")));
    (token, device)
}

fn grant(
    read: &Read<Shape>,
    kind: Kind,
    client_id: Option<String>,
    device: Option<Endpoint>,
    around: Around<'_>,
    file: &mut InFile<'_>,
) -> Option<Grant> {
    let told = &read.told;
    let base = around.base;
    let kept = kept(around);
    match kind {
        Kind::MicrosoftApp => {
            let proof = app_proof(read, base, file);
            Some(Grant::MicrosoftApp {
                client_id: client_id?,
                proof: proof?,
            })
        }
        Kind::MicrosoftPerson => Some(Grant::MicrosoftPerson {
            client_id: client_id?,
            device: device?,
            kept,
        }),
        Kind::GooglePerson => {
            let places = (told.secret_file.as_ref(), told.secret_credential.as_ref());
            let why = "or `secret-credential`: the place of the client secret";
            let secret = needed(
                read,
                ["secret-file", "secret-credential"],
                places,
                why,
                base,
                file,
            );
            let places = (
                told.refresh_token_file.as_ref(),
                told.refresh_token_credential.as_ref(),
            );
            let why = "or `refresh-token-credential`: the place of the refresh token";
            let keys = ["refresh-token-file", "refresh-token-credential"];
            let token = needed(read, keys, places, why, base, file);
            Some(Grant::GooglePerson {
                client_id: client_id?,
                client_secret: secret?,
                refresh_token: token?,
                kept,
            })
        }
        Kind::GoogleServiceAccount => {
            let places = (told.account_file.as_ref(), told.account_credential.as_ref());
            let why = "or `account-credential`: the place of the account's JSON key";
            let key = needed(
                read,
                ["account-file", "account-credential"],
                places,
                why,
                base,
                file,
            );
            Some(Grant::GoogleServiceAccount {
                key: key?,
                // When it is missing that is told where the log-in name is read.
                subject: around.user.unwrap_or_default().to_owned(),
            })
        }
    }
}

fn kept(around: Around<'_>) -> KeptIn {
    let (name, whose) = match around.mailbox {
        Some(mailbox) => (format!("mailbox-{mailbox}.json"), mailbox),
        None => ("delivery.json".to_owned(), "--delivery"),
    };
    KeptIn {
        path: around.state_dir.join(KEPT).join(name),
        whose: whose.to_owned(),
    }
}

fn app_proof(read: &Read<Shape>, base: &Path, file: &mut InFile<'_>) -> Option<AppProof> {
    let told = &read.told;
    let secret_keys = ["secret-file", "secret-credential"];
    let places = (told.secret_file.as_ref(), told.secret_credential.as_ref());
    let secret = net::place(read, secret_keys, places, base, file);
    let keys = ["key-file", "key-credential"];
    let places = (told.key_file.as_ref(), told.key_credential.as_ref());
    if let Some(certificate) = &told.certificate_file {
        if let Ok(Some(_)) = secret {
            let message = "both a secret and a certificate are given";
            let key = read.key("certificate-file");
            file.error(&certificate.span(), &key, message)
                .help("keep one of them; a certificate is the safer");
        }
        let certificate = file.path(&read.key("certificate-file"), certificate, base);
        let why = "or `key-credential`: the place of the certificate's key";
        let key = needed(read, keys, places, why, base, file);
        if secret != Ok(None) {
            return None;
        }
        return Some(AppProof::Certificate {
            certificate: certificate?,
            key: key?,
        });
    }
    for (key, text) in keys.iter().zip([places.0, places.1]) {
        read.misplaced(key, text, "certificate-file", file);
    }
    if secret == Ok(None) && !read.is_flawed("certificate-file") {
        let why = "or `secret-credential`, or `certificate-file` with `key-file`";
        read.missing("secret-file", why, file);
    }
    secret.ok().flatten().map(AppProof::Secret)
}

fn needed(
    read: &Read<Shape>,
    keys: [&str; 2],
    places: (Option<&Text>, Option<&Text>),
    why: &str,
    base: &Path,
    file: &mut InFile<'_>,
) -> Option<Secret> {
    let place = net::place(read, keys, places, base, file);
    if place == Ok(None) {
        read.missing(keys[0], why, file);
    }
    place.ok().flatten()
}

fn misplaced(read: &Read<Shape>, kind: Kind, file: &mut InFile<'_>) {
    use Kind::{GooglePerson, GoogleServiceAccount, MicrosoftApp, MicrosoftPerson};
    let told = &read.told;
    let any_app: &[Kind] = &[MicrosoftApp, MicrosoftPerson, GooglePerson];
    let rows: [(&str, &Option<Text>, &[Kind]); 14] = [
        ("tenant", &told.tenant, &[MicrosoftApp, MicrosoftPerson]),
        ("client-id", &told.client_id, any_app),
        (
            "secret-file",
            &told.secret_file,
            &[MicrosoftApp, GooglePerson],
        ),
        (
            "secret-credential",
            &told.secret_credential,
            &[MicrosoftApp, GooglePerson],
        ),
        ("certificate-file", &told.certificate_file, &[MicrosoftApp]),
        ("key-file", &told.key_file, &[MicrosoftApp]),
        ("key-credential", &told.key_credential, &[MicrosoftApp]),
        (
            "refresh-token-file",
            &told.refresh_token_file,
            &[GooglePerson],
        ),
        (
            "refresh-token-credential",
            &told.refresh_token_credential,
            &[GooglePerson],
        ),
        ("account-file", &told.account_file, &[GoogleServiceAccount]),
        (
            "account-credential",
            &told.account_credential,
            &[GoogleServiceAccount],
        ),
        ("device-url", &told.device_url, &[MicrosoftPerson]),
        (
            "token-url",
            &told.token_url,
            &[
                MicrosoftApp,
                MicrosoftPerson,
                GooglePerson,
                GoogleServiceAccount,
            ],
        ),
        (
            "scope",
            &told.scope,
            &[
                MicrosoftApp,
                MicrosoftPerson,
                GooglePerson,
                GoogleServiceAccount,
            ],
        ),
    ];
    for (key, text, kinds) in rows {
        if kinds.contains(&kind) {
            continue;
        }
        let owner = KINDS.iter().find(|(_, k)| kinds.contains(k));
        let owner = format!("kind = \"{}\"", owner.map_or("", |(word, _)| word));
        read.misplaced(key, text.as_ref(), &owner, file);
    }
}

/// A word that stands in an address: letters, digits, `-`, `_` and `.`.
fn word_of(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = text.get_ref();
    let fit = (1..=255).contains(&told.len())
        && told
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fit {
        return Some(told.clone());
    }
    let message = format!("`{key}` cannot be {}", quoted(told));
    file.error(&text.span(), key, message)
        .help("letters, digits, `-`, `_` and `.`, as the provider shows it");
    None
}

/// An endpoint, when one is named; `Err` when it cannot be one, which is reported.
fn endpoint(
    read: &Read<Shape>,
    key: &str,
    text: Option<&Text>,
    file: &mut InFile<'_>,
) -> Result<Option<Endpoint>, ()> {
    let Some(text) = text else {
        return if read.is_flawed(key) {
            Err(())
        } else {
            Ok(None)
        };
    };
    parse(text.get_ref()).map(Some).map_err(|why| {
        let key = read.key(key);
        let message = format!("`{key}`: {} {why}", quoted(text.get_ref()));
        file.error(&text.span(), &key, message)
            .help("an address such as `https://login.partner.example/token`");
    })
}

fn parse(text: &str) -> Result<Endpoint, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "is no address")?;
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("does not begin with `https://`"),
    };
    let host = uri.host().filter(|host| !host.is_empty());
    let host = host.ok_or("names no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("holds a log-in");
    }
    if !tls && !net::is_loopback(host) {
        return Err(
            "would send secrets in clear text; only `https://` is taken, except to this host",
        );
    }
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Endpoint {
        tls,
        host: host.to_lowercase(),
        port,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_or_of_this_host() {
        for text in [
            "https://login.microsoftonline.us/partner.example/oauth2/v2.0/token",
            "http://127.0.0.1:8080/token",
            "http://[::1]:8080/token?x=y",
            "https://login.partner.example:8443/",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in [
            "http://login.partner.example/token",
            "ftp://127.0.0.1/token",
            "https://me:you@login.partner.example/",
            "https:///token",
            "login.partner.example/token",
            "https://a b/",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_usual_endpoints_and_scopes_are_whole() {
        assert!(parse(GOOGLE_TOKEN).is_ok());
        assert!(parse(&format!("{MICROSOFT}/x/oauth2/v2.0/token")).is_ok());
    }
}
