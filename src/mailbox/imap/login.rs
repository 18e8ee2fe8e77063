//! Log-in by name and password: AUTHENTICATE PLAIN (RFC 4616) where it is offered, else LOGIN.
//!
//! Any password is carried unharmed: in base64, quoted, or as a literal. It is read at the moment
//! of log-in and appears in no error and no log, not even when a server repeats it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::mailbox::exchange::Trouble;

use super::connect::GREETING_TIME;
use super::line::Said;
use super::names::quoted;
use super::reply::Reply;
use super::talk::Talk;

/// Logs in.
///
/// # Errors
/// [`Trouble::Denied`] for a refusal, [`Trouble::Unsafe`] when the server offers no log-in that
/// takes a password.
pub(super) async fn login(
    talk: &mut Talk,
    capabilities: &[String],
    user: &str,
    password: &SecretString,
) -> Result<(), Trouble> {
    let offers = |name: &str| capabilities.iter().any(|c| c == name);
    let secret = password.expose_secret();
    if secret.contains('\0') || user.contains('\0') {
        let why = "a log-in name or password with a NUL cannot be sent by IMAP";
        return Err(Trouble::Secret(why.into()));
    }
    let plain = STANDARD.encode(format!("\0{user}\0{secret}"));
    // What is sent piece by piece; before each but the first the server must say `+`.
    let pieces = if offers("AUTH=PLAIN") && offers("SASL-IR") {
        vec![format!("AUTHENTICATE PLAIN {plain}").into_bytes()]
    } else if offers("AUTH=PLAIN") {
        vec![b"AUTHENTICATE PLAIN".to_vec(), plain.clone().into_bytes()]
    } else if offers("LOGINDISABLED") {
        return Err(Trouble::Unsafe(
            "the server offers no log-in by password on this connection \
             (LOGINDISABLED); set `tls = \"implicit\"` or `\"starttls\"`"
                .into(),
        ));
    } else {
        login_pieces(user, secret)
    };
    // A challenge after the last piece is one we have no answer to: `*` cancels.
    let reply = send(talk, &pieces, "*").await?;
    if reply.ok() {
        return Ok(());
    }
    let reply = Reply {
        words: without(&reply.words, &[secret, &plain]),
        ..reply
    };
    reply.throttle()?;
    Err(Trouble::Denied {
        user: user.to_owned(),
        reply: reply.text(),
    })
}

/// `LOGIN user password`, split where a literal needs the server's leave (RFC 3501 §4.3).
fn login_pieces(user: &str, secret: &str) -> Vec<Vec<u8>> {
    let mut pieces = vec![b"LOGIN".to_vec()];
    for text in [user, secret] {
        let quotable = text.bytes().all(|b| matches!(b, b' '..=b'~'));
        let Some(last) = pieces.last_mut() else {
            continue;
        };
        last.push(b' ');
        if quotable {
            last.extend_from_slice(quoted(text).as_bytes());
        } else {
            last.extend_from_slice(format!("{{{}}}", text.len()).as_bytes());
            pieces.push(text.as_bytes().to_vec());
        }
    }
    pieces
}

/// Sends a log-in piece by piece; a challenge after the last is answered by `to_challenge`.
pub(super) async fn send(
    talk: &mut Talk,
    pieces: &[Vec<u8>],
    to_challenge: &str,
) -> Result<Reply, Trouble> {
    let mut pieces = pieces.iter();
    let first = pieces.next().map(Vec::as_slice).unwrap_or_default();
    // Every first piece is ASCII that was made here.
    let tag = talk.queue(&String::from_utf8_lossy(first));
    talk.flush().await?;
    let until = Instant::now() + GREETING_TIME;
    loop {
        match talk.hear(until).await? {
            Said::Done { tag: of, reply } if of == tag => return Ok(reply),
            Said::Continue => {
                talk.queue_bytes(pieces.next().map_or(to_challenge.as_bytes(), Vec::as_slice));
                talk.queue_bytes(b"\r\n");
                talk.flush().await?;
            }
            Said::Done { .. } | Said::Line(_) => {}
        }
    }
}

/// `words` with every occurrence of a secret taken out; nothing at all if one may be cut off.
pub(super) fn without(words: &str, secrets: &[&str]) -> String {
    let mut shown = words.to_owned();
    for secret in secrets.iter().filter(|s| !s.is_empty()) {
        shown = shown.replace(secret, "…");
        let head: String = secret.chars().take(4).collect();
        if secret.chars().count() > 4 && shown.contains(&head) {
            return "(its words repeat the password and are left out)".into();
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_password_is_carried_unharmed() {
        for (user, secret, pieces) in [
            ("a", "b", vec!["LOGIN \"a\" \"b\""]),
            ("a b", "q\"\\", vec!["LOGIN \"a b\" \"q\\\"\\\\\""]),
            ("a", "å", vec!["LOGIN \"a\" {2}", "å"]),
            ("å", "b", vec!["LOGIN {2}", "å \"b\""]),
            ("å", "x\r\ny", vec!["LOGIN {2}", "å {4}", "x\r\ny"]),
        ] {
            let made = login_pieces(user, secret);
            let made: Vec<_> = made.iter().map(|p| String::from_utf8_lossy(p)).collect();
            assert_eq!(made, pieces);
        }
    }

    #[test]
    fn a_server_that_repeats_the_password_is_not_quoted() {
        let secret = "korrekt häst batteri";
        let shown = without(&format!("unknown command {secret} here"), &[secret]);
        assert_eq!(shown, "unknown command … here");
        let shown = without("unknown: LOGIN a korrekt hä", &[secret]);
        assert!(!shown.contains("korr"), "{shown}");
        assert_eq!(
            without("Invalid credentials", &[secret]),
            "Invalid credentials"
        );
    }
}
