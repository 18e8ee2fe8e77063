//! Mail in: log-in, shared mailboxes, refusals, and a log-in that ends in the middle of work.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use triaged::config::login::{AppProof, Endpoint, Grant, Login, OAuth2, Proof};
use triaged::config::mailbox::{MailboxConfig, Source};
use triaged::config::net::{Server, Tls};
use triaged::config::secret::Secret;
use triaged::mailbox::exchange::{Opened, Trouble};
use triaged::mailbox::imap::ImapMailbox;
use triaged::oauth::Tokens;

use crate::imap::account;
use crate::job::sample;
use crate::job::world::{World, folders_of, messages_in};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::sign_in::SignIn;

/// The account by tokens of an application.
pub fn oauth2(sign_in: &SignIn) -> OAuth2 {
    OAuth2 {
        token: Endpoint {
            tls: false,
            host: "127.0.0.1".into(),
            port: sign_in.port,
            path: "/token".into(),
        },
        scope: "mail/.default".into(),
        grant: Grant::MicrosoftApp {
            client_id: "app-1".into(),
            proof: AppProof::Secret(Secret::File(sign_in.secret_file("secret", "geheimnis"))),
        },
        ca_file: None,
    }
}

fn account(server: &Dovecot, sign_in: &SignIn, user: &str) -> MailboxConfig {
    let address = Server {
        host: "127.0.0.1".into(),
        port: server.imaps,
        tls: Tls::Implicit,
        ca_file: Some(server.ca_file()),
    };
    let mut config = account::account(address, user, server.secret_file(PASSWORD));
    if let Source::Imap(imap) = &mut config.source {
        imap.login = Login {
            user: user.into(),
            proof: Proof::OAuth2(Arc::new(oauth2(sign_in))),
        };
    }
    config
}

async fn open(config: &MailboxConfig, tokens: &Tokens) -> Result<Opened, Trouble> {
    let (mailbox, opened) = ImapMailbox::open(config, tokens, &[]).await?;
    mailbox.close().await;
    Ok(opened)
}

#[tokio::test]
async fn a_token_opens_the_mailbox_by_either_mechanism_and_is_asked_for_once() {
    for mechanisms in ["xoauth2", "xoauth2 oauthbearer"] {
        let sign_in = SignIn::start();
        let server = Dovecot::start_with(&sign_in.dovecot(mechanisms));
        server.deliver(b"Subject: one\n\none\n");
        let tokens = Tokens::default();
        let config = account(&server, &sign_in, USER);
        let (first, second) = tokio::join!(open(&config, &tokens), open(&config, &tokens));
        assert_eq!(first.unwrap().messages, 1);
        assert_eq!(second.unwrap().messages, 1);
        open(&config, &tokens).await.unwrap();
        let asked = sign_in.asked("/token");
        assert_eq!(asked.len(), 1, "{asked:?}");
        for (key, value) in [
            ("grant_type", "client_credentials"),
            ("client_id", "app-1"),
            ("client_secret", "geheimnis"),
            ("scope", "mail/.default"),
        ] {
            assert_eq!(asked[0].form[key], value);
        }
    }
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_replaced_once() {
    let sign_in = SignIn::start();
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    let tokens = Tokens::default();
    let config = account(&server, &sign_in, USER);
    open(&config, &tokens).await.unwrap();
    sign_in.withdraw();
    open(&config, &tokens).await.unwrap();
    assert_eq!(sign_in.asked("/token").len(), 2);
    // Another mailbox than the tokens open: asking for more of them would not help.
    sign_in.open_only("somebody-else");
    let trouble = open(&config, &tokens).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Denied { .. }), "{trouble}");
    let said = trouble.to_string();
    assert!(
        said.contains("a token was given, the mailbox is not"),
        "{said}"
    );
    assert!(said.contains("FullAccess"), "{said}");
    assert_eq!(sign_in.asked("/token").len(), 3);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let sign_in = SignIn::start();
    // Less is left than what a token is renewed at.
    sign_in.set_life(0);
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    let tokens = Tokens::default();
    let config = account(&server, &sign_in, USER);
    open(&config, &tokens).await.unwrap();
    open(&config, &tokens).await.unwrap();
    assert_eq!(sign_in.asked("/token").len(), 2);
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_in_plain_words() {
    let sign_in = SignIn::start();
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    let config = account(&server, &sign_in, USER);
    for (status, body, kind, words) in [
        (
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'app-1' was not found in the directory.\r\nTrace ID: 1"}"#,
            "Denied",
            "`client-id` is the application (client) id",
        ),
        (
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'app-1' are expired."}"#,
            "Denied",
            "the client secret has expired",
        ),
        (503, "busy", "Unreachable", "cannot answer now"),
        (200, "<html>", "Denied", "check `token-url`"),
    ] {
        sign_in.answer("/token", status, body);
        let trouble = open(&config, &Tokens::default()).await.unwrap_err();
        assert!(format!("{trouble:?}").starts_with(kind), "{trouble:?}");
        let said = trouble.to_string();
        assert!(said.contains(words), "{said}");
        assert!(
            !said.contains("geheimnis") && !said.contains("Trace"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_server_that_takes_no_tokens_is_named_before_any_is_asked_for() {
    let sign_in = SignIn::start();
    let server = Dovecot::start();
    let config = account(&server, &sign_in, USER);
    let trouble = open(&config, &Tokens::default()).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Unsafe(_)), "{trouble}");
    assert!(
        trouble.to_string().contains("takes no access tokens"),
        "{trouble}"
    );
    assert!(sign_in.asked("/token").is_empty());
}

/// Relays to a server of clear text; the n-th time that the client fetches messages it is told
/// instead that its token has expired.
fn relay(to: u16, nth: usize, sign_in: Arc<SignIn>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fetches = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (mut down_from, mut down_to) =
                (far.try_clone().unwrap(), near.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut down_from, &mut down_to);
                let _ = down_to.shutdown(Shutdown::Both);
            });
            let (fetches, sign_in) = (Arc::clone(&fetches), Arc::clone(&sign_in));
            std::thread::spawn(move || {
                let (mut near, mut far) = (near, far);
                let mut block = vec![0; 64 << 10];
                while let Ok(read @ 1..) = near.read(&mut block) {
                    let fetch = block[..read].windows(9).any(|w| w == b"BODY.PEEK");
                    if fetch && fetches.fetch_add(1, Ordering::Relaxed) + 1 == nth {
                        sign_in.withdraw();
                        let bye = b"* BYE Session invalidated - AccessTokenExpired\r\n";
                        let _ = near.write_all(bye);
                        break;
                    }
                    if far.write_all(&block[..read]).is_err() {
                        break;
                    }
                }
                let _ = near.shutdown(Shutdown::Both);
                let _ = far.shutdown(Shutdown::Both);
            });
        }
    });
    port
}

#[test]
fn a_token_that_expires_amid_work_costs_nothing_and_blames_no_message() {
    let mail = sample::mail(24, 0);
    let sign_in = Arc::new(SignIn::start());
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    for sample in &mail {
        server.deliver(&sample.bytes);
    }
    let port = relay(server.imap, 2, Arc::clone(&sign_in));
    let mailbox = format!(
        "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nuser = {USER:?}\n\
         first-run = \"all\"\n[mailbox.oauth2]\n{}",
        sign_in.app()
    );
    let world = World::new(&mailbox, "transport = \"maildir\"\npath = \"../outbox\"\n");
    world.make_maildir("outbox");
    let path = world.path("config/triaged.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // One try for each message, and one message a batch: none may be blamed.
    std::fs::write(path, format!("{text}\n[limits]\ntries = 1\nbatch = 1\n")).unwrap();
    world.ok(&["run", "--once"]);
    assert_eq!(messages_in(&server.maildir()).len(), 0);
    let filed = folders_of(&server.maildir());
    assert_eq!(filed.values().map(Vec::len).sum::<usize>(), mail.len());
    assert!(filed["Quarantine"].is_empty(), "a message was blamed");
    assert_eq!(sign_in.asked("/token").len(), 2);
    assert_eq!(world.events().get("quarantined"), None);
    no_secret_below(&world.path("state"));
}

/// No file below `directory` holds a token or secret of these tests.
fn no_secret_below(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_secret_below(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in ["access-", "geheimnis"] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "`{secret}` is in {}", path.display());
        }
    }
}
