//! Mail out: AUTH XOAUTH2 and OAUTHBEARER, a token that is refused, and one that ends while the
//! connection is kept.

use std::sync::Arc;

use triaged::config::delivery::SmtpConfig;
use triaged::config::login::{Login, Proof};
use triaged::config::net::{Server, Tls};
use triaged::delivery::smtp::SmtpLane;
use triaged::domain::address::Address;
use triaged::domain::outcome::{Cause, Outcome};
use triaged::mail::rendered::Rendered;
use triaged::oauth::Tokens;

use super::mailbox::oauth2;
use crate::support::sign_in::{SignIn, xoauth2};
use crate::support::smtp_peer::{Act, Peer, Plan, Rule};

fn config(peer: &Peer, sign_in: &SignIn) -> SmtpConfig {
    SmtpConfig {
        server: Server {
            host: "127.0.0.1".into(),
            port: peer.address.port(),
            tls: Tls::None,
            ca_file: None,
        },
        login: Some(Login {
            user: "support@partner.example".into(),
            proof: Proof::OAuth2(Arc::new(oauth2(sign_in))),
        }),
        connections: 1,
        hello: "client.partner.example".into(),
    }
}

async fn peer(offer: &str, rules: Vec<Rule>) -> Peer {
    Peer::start(Plan {
        offers: vec![offer.to_owned()],
        rules,
        ..Plan::default()
    })
    .await
}

fn at_auth(nth: usize, line: &str) -> Rule {
    Rule {
        step: "AUTH".into(),
        nth: Some(nth),
        act: Act::Reply(line.into()),
    }
}

async fn send(lane: &mut SmtpLane) -> Outcome {
    let message = Rendered {
        bytes: b"Subject: x\r\n\r\nx\r\n".to_vec(),
        eight_bit: false,
    };
    let from: Address = "support@partner.example".parse().unwrap();
    let to = "help@publisher.example".parse().unwrap();
    lane.send(Some(&from), &to, &message, async { true }).await
}

/// The challenge in which a server says that a token does not hold: `{"status":"401"}`.
const CHALLENGE: &str = "334 eyJzdGF0dXMiOiI0MDEifQ==";

#[tokio::test]
async fn a_token_is_shown_by_what_the_server_offers() {
    for (offer, wanted) in [
        (
            "AUTH LOGIN XOAUTH2",
            format!(
                "AUTH XOAUTH2 {}",
                xoauth2("support@partner.example", "access-1")
            ),
        ),
        ("AUTH XOAUTH2 OAUTHBEARER", "AUTH OAUTHBEARER ".to_owned()),
    ] {
        let (sign_in, peer) = (SignIn::start(), peer(offer, vec![]).await);
        let mut lane = SmtpLane::new(config(&peer, &sign_in), &Tokens::default());
        let outcome = send(&mut lane).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
        let lines = peer.record().lines;
        assert!(lines.iter().any(|l| l.starts_with(&wanted)), "{lines:?}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_any_more_is_replaced_on_the_same_connection() {
    let sign_in = SignIn::start();
    let refused = "535 5.7.3 Authentication unsuccessful";
    let rules = vec![at_auth(2, CHALLENGE), at_auth(3, refused)];
    let peer = peer("AUTH XOAUTH2", rules).await;
    let tokens = Tokens::default();
    let first = send(&mut SmtpLane::new(config(&peer, &sign_in), &tokens)).await;
    assert!(matches!(first, Outcome::Delivered { .. }), "{first:?}");
    let second = send(&mut SmtpLane::new(config(&peer, &sign_in), &tokens)).await;
    assert!(matches!(second, Outcome::Delivered { .. }), "{second:?}");
    assert_eq!(sign_in.asked("/token").len(), 2);
    let record = peer.record();
    assert_eq!(record.connections, 2);
    assert_eq!(record.times("AUTH"), 4);
    // What answers the challenge is an empty line.
    assert!(
        record.lines.iter().any(String::is_empty),
        "{:?}",
        record.lines
    );
}

#[tokio::test]
async fn a_refused_log_in_pauses_all_sending_and_says_what_to_do() {
    let sign_in = SignIn::start();
    let refused = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled";
    let peer = peer("AUTH XOAUTH2", vec![at_auth(1, refused)]).await;
    let mut lane = SmtpLane::new(config(&peer, &sign_in), &Tokens::default());
    let outcome = send(&mut lane).await;
    let Outcome::Deferred { cause, reply } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(cause, Cause::Identity);
    assert!(reply.contains("enable SMTP AUTH"), "{reply}");
    assert_eq!(
        sign_in.asked("/token").len(),
        1,
        "a fresh one is refused too"
    );

    sign_in.answer(
        "/token",
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"}"#,
    );
    let outcome = send(&mut SmtpLane::new(
        config(&peer, &sign_in),
        &Tokens::default(),
    ))
    .await;
    let Outcome::Deferred { cause, reply } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(cause, Cause::Identity);
    assert!(reply.contains("the client secret is wrong"), "{reply}");
}

#[tokio::test]
async fn a_connection_is_not_used_beyond_its_token() {
    let sign_in = SignIn::start();
    sign_in.set_life(0);
    let peer = peer("AUTH XOAUTH2", vec![]).await;
    let mut lane = SmtpLane::new(config(&peer, &sign_in), &Tokens::default());
    for _ in 0..2 {
        let outcome = send(&mut lane).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    assert_eq!(peer.record().connections, 2);
    assert_eq!(sign_in.asked("/token").len(), 2);
}
