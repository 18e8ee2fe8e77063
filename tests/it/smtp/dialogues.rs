//! Every file under `cases/smtp/*.toml` is one dialogue: what the server does, what is sent, and
//! what must come of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Deserialize;
use triaged::config::delivery::SmtpConfig;
use triaged::config::login::{Login, Proof};
use triaged::config::net::{Server, Tls};
use triaged::config::secret::Secret;
use triaged::delivery::smtp::{Patience, SmtpLane};
use triaged::domain::outcome::Outcome;
use triaged::mail::rendered::Rendered;
use triaged::oauth::Tokens;

use super::{address, message};
use crate::support::pki::Authority;
use crate::support::smtp_peer::{Peer, Plan, Rule};

const PASSWORD: &str = "correct horse battery";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    /// Why the case is there.
    about: String,
    #[serde(default)]
    offers: Vec<String>,
    #[serde(default)]
    on: Vec<Rule>,
    #[serde(default)]
    tls: Protection,
    #[serde(default)]
    certificate: Certificate,
    /// Whether the client has a name and password.
    #[serde(default)]
    login: bool,
    /// Milliseconds, by the name of the bound.
    #[serde(default)]
    patience: BTreeMap<String, u64>,
    send: Vec<Send>,
    after: After,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Protection {
    #[default]
    None,
    Implicit,
    Starttls,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum Certificate {
    #[default]
    Good,
    Expired,
    OtherName,
    UnknownAuthority,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    #[serde(default)]
    lines: Vec<String>,
    /// Bytes of a body of lines without dots.
    #[serde(default)]
    size: usize,
    /// What the gate answers.
    gate: Option<bool>,
    /// The outcome, and its cause.
    expect: String,
    /// What its words contain.
    words: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    connections: usize,
    /// Messages the server took responsibility for.
    stored: usize,
    /// The steps seen, QUIT left out.
    steps: Option<String>,
}

fn patience(shortened: &BTreeMap<String, u64>) -> Patience {
    let long = Duration::from_secs(20);
    let mut patience = Patience {
        connect: long,
        login: long,
        envelope: long,
        data: long,
        gate: long,
        block: long,
        body: long,
        end: long,
        ..Patience::DEFAULT
    };
    for (name, millis) in shortened {
        let bound = match name.as_str() {
            "login" => &mut patience.login,
            "envelope" => &mut patience.envelope,
            "data" => &mut patience.data,
            "block" => &mut patience.block,
            "body" => &mut patience.body,
            "end" => &mut patience.end,
            "courtesy" => &mut patience.courtesy,
            "idle" => &mut patience.idle,
            "age" => &mut patience.age,
            _ => panic!("no bound is called `{name}`"),
        };
        *bound = Duration::from_millis(*millis);
    }
    patience
}

/// What a server reads from the wire: lines until a lone dot, one leading dot dropped from each.
fn unstuffed(wire: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    let mut lines = wire.split_inclusive(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        assert!(
            line.ends_with(b"\r\n"),
            "a line ended by LF alone on the wire"
        );
        if line == b".\r\n" {
            assert!(lines.peek().is_none(), "bytes behind the final dot");
            return message;
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    panic!("no final dot");
}

fn rendered(send: &Send, number: usize) -> Rendered {
    let filler = "x".repeat(70);
    let count = send.size / 72;
    let lines: Vec<&str> = send.lines.iter().map(String::as_str).collect();
    let lines = [lines, vec![filler.as_str(); count]].concat();
    message(&format!("message {number}"), &lines)
}

fn spoken(outcome: &Outcome) -> (String, &str) {
    match outcome {
        Outcome::Delivered { reply } => ("delivered".into(), reply),
        Outcome::Deferred { cause, reply } => (format!("deferred {cause}"), reply),
        Outcome::Refused { cause, reply } => (format!("refused {cause}"), reply),
        Outcome::Uncertain { reply } => ("uncertain".into(), reply),
    }
}

async fn check(path: &Path, authority: &Authority) {
    let text = std::fs::read_to_string(path).expect("a readable case");
    let case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let at = format!("{} ({})", path.display(), case.about);

    let tls = match case.tls {
        Protection::None => Tls::None,
        Protection::Implicit => Tls::Implicit,
        Protection::Starttls => Tls::Starttls,
    };
    let shown = || match case.certificate {
        Certificate::Good => authority.certify("IP:127.0.0.1", 30).server(),
        Certificate::Expired => authority.certify("IP:127.0.0.1", -1).server(),
        Certificate::OtherName => authority.certify("DNS:other.example", 30).server(),
        Certificate::UnknownAuthority => Authority::new().certify("IP:127.0.0.1", 30).server(),
    };
    let peer = Peer::start(Plan {
        offers: case.offers,
        rules: case.on,
        tls: (tls != Tls::None).then(shown),
        implicit: tls == Tls::Implicit,
    })
    .await;

    let mut secret = tempfile::NamedTempFile::new().expect("a file");
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(secret.path(), owner_only).expect("a mode");
    writeln!(secret, "{PASSWORD}").expect("a written file");
    let config = SmtpConfig {
        server: Server {
            host: peer.address.ip().to_string(),
            port: peer.address.port(),
            tls,
            ca_file: Some(authority.file()),
        },
        login: case.login.then(|| Login {
            user: "support".to_owned(),
            proof: Proof::Password(Secret::File(secret.path().to_owned())),
        }),
        connections: 1,
        hello: "client.partner.example".into(),
    };
    let mut lane = SmtpLane::with_patience(config, &Tokens::default(), patience(&case.patience));

    let from = address("help@partner.example");
    let to = address("support@publisher.example");
    let messages: Vec<_> = (1..).zip(&case.send).map(|(n, s)| rendered(s, n)).collect();
    for (number, (send, message)) in (1..).zip(case.send.iter().zip(&messages)) {
        let asked = AtomicBool::new(false);
        let gate = async {
            let last = peer.record().steps.pop();
            assert_eq!(
                last.as_deref(),
                Some("DATA"),
                "{at}: asked at the wrong time"
            );
            asked.store(true, Ordering::Relaxed);
            send.gate.unwrap_or(true)
        };
        let outcome = lane.send(Some(&from), &to, message, gate).await;
        let (got, words) = spoken(&outcome);
        assert_eq!(got, send.expect, "{at}: message {number}: {words}");
        if let Some(wanted) = &send.words {
            assert!(words.contains(wanted), "{at}: message {number}: {words}");
        }
        assert!(!words.contains(PASSWORD), "{at}: the password was told");
        assert!(
            got != "delivered" || asked.into_inner(),
            "{at}: the gate was passed by"
        );
    }

    let record = peer.record();
    assert_eq!(
        record.connections, case.after.connections,
        "{at}: connections"
    );
    assert_eq!(
        record.stored.len(),
        case.after.stored,
        "{at}: messages stored"
    );
    for wire in &record.stored {
        let bytes = unstuffed(wire);
        assert!(
            messages.iter().any(|m| m.bytes == bytes),
            "{at}: other bytes arrived"
        );
    }
    if let Some(wanted) = &case.after.steps {
        let steps: Vec<_> = record.steps.iter().map(String::as_str).collect();
        let seen: Vec<_> = steps.into_iter().filter(|step| *step != "QUIT").collect();
        assert_eq!(seen.join(" "), *wanted, "{at}: steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialogue_ends_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/smtp");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 30, "cases are missing");
    let authority = Arc::new(Authority::new());
    let mut running = tokio::task::JoinSet::new();
    for path in paths {
        let authority = Arc::clone(&authority);
        running.spawn(async move { check(&path, &authority).await });
    }
    // All of them are seen to their end, so that one fault does not hide the others.
    let mut failed = 0;
    while let Some(ended) = running.join_next().await {
        failed += usize::from(ended.is_err());
    }
    assert_eq!(failed, 0, "dialogues that ended otherwise");
}
