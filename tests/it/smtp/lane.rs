//! What the files of dialogues cannot say: a call that is given up, a server that is not there.

use triaged::config::delivery::{AllowList, DeliveryConfig, SmtpConfig, Transport};
use triaged::config::net::{Server, Tls};
use triaged::delivery::smtp::SmtpLane;
use triaged::delivery::{Lane, lanes};
use triaged::domain::outcome::{Cause, Outcome};
use triaged::oauth::Tokens;

use super::{address, message};
use crate::support::smtp_peer::{Act, Always, Peer, Plan, Rule};

fn config(host: &str, port: u16) -> SmtpConfig {
    SmtpConfig {
        server: Server {
            host: host.into(),
            port,
            tls: Tls::None,
            ca_file: None,
        },
        login: None,
        connections: 3,
        hello: "client.partner.example".into(),
    }
}

fn rule(step: &str, nth: usize, act: Act) -> Rule {
    let step = step.into();
    let nth = Some(nth);
    Rule { step, nth, act }
}

#[tokio::test]
async fn a_call_given_up_leaves_no_half_used_connection() {
    for step in ["MAIL", "DATA", "DOT"] {
        let peer = Peer::start(Plan {
            offers: vec!["PIPELINING".into()],
            rules: vec![rule(step, 2, Act::Stall(Always))],
            ..Plan::default()
        })
        .await;
        let (from, to) = (
            address("help@partner.example"),
            address("a@publisher.example"),
        );
        let mut lane = SmtpLane::new(config("127.0.0.1", peer.address.port()), &Tokens::default());
        let (first, second) = (message("one", &[]), message("two", &[]));

        let outcome = lane.send(Some(&from), &to, &first, async { true }).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
        tokio::select! {
            outcome = lane.send(Some(&from), &to, &second, async { true }) => panic!("{outcome:?}"),
            () = peer.until(|record| record.times(step) == 2) => {}
        }
        let outcome = lane.send(Some(&from), &to, &second, async { true }).await;
        assert!(
            matches!(outcome, Outcome::Delivered { .. }),
            "{step}: {outcome:?}"
        );
        let record = peer.record();
        assert_eq!((record.connections, record.stored.len()), (2, 2), "{step}");
    }
}

#[tokio::test]
async fn a_closed_gate_lets_no_byte_through() {
    let peer = Peer::start(Plan::default()).await;
    let (from, to) = (
        address("help@partner.example"),
        address("a@publisher.example"),
    );
    let mut lane = SmtpLane::new(config("127.0.0.1", peer.address.port()), &Tokens::default());
    let outcome = lane
        .send(Some(&from), &to, &message("one", &[]), async { false })
        .await;
    assert!(matches!(outcome, Outcome::Deferred { .. }), "{outcome:?}");
    peer.until(|record| !record.partial.is_empty()).await;
    let record = peer.record();
    assert_eq!(
        (record.partial, record.stored),
        (vec![Vec::new()], Vec::new())
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_nobodys_fault() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for (host, words) in [
        ("127.0.0.1", "refused"),
        ("nowhere.invalid", "nowhere.invalid"),
    ] {
        let outcome = SmtpLane::new(config(host, port), &Tokens::default())
            .ready()
            .await;
        let Err(Outcome::Deferred { cause, reply }) = outcome else {
            panic!("{host}: {outcome:?}");
        };
        assert_eq!(cause, Cause::Server);
        assert!(reply.contains(words), "{reply}");
    }
}

#[tokio::test]
async fn getting_ready_says_what_the_server_takes_and_sends_nothing() {
    let peer = Peer::start(Plan {
        offers: vec!["8BITMIME".into(), "SIZE 5000".into()],
        ..Plan::default()
    })
    .await;
    let mut lane = SmtpLane::new(config("127.0.0.1", peer.address.port()), &Tokens::default());
    for _ in 0..3 {
        let able = lane.ready().await.expect("a server that is there");
        assert_eq!((able.eight_bit, able.size_max), (true, Some(5000)));
    }
    let record = peer.record();
    assert_eq!(
        (record.connections, record.steps.join(" ").as_str()),
        (1, "GREETING EHLO")
    );
}

#[tokio::test]
async fn a_message_out_of_form_is_not_sent() {
    let peer = Peer::start(Plan::default()).await;
    let mut lane = SmtpLane::new(config("127.0.0.1", peer.address.port()), &Tokens::default());
    let (from, to) = (
        address("help@partner.example"),
        address("a@publisher.example"),
    );
    for body in [
        "a\n.\r\nMAIL FROM:<x@attacker.example>",
        "a\r.\r",
        "no line end",
    ] {
        let mut message = message("smuggled", &[]);
        message.bytes.extend_from_slice(body.as_bytes());
        let outcome = lane.send(Some(&from), &to, &message, async { true }).await;
        let Outcome::Refused { cause, .. } = outcome else {
            panic!("{body:?}: {outcome:?}");
        };
        assert_eq!(cause, Cause::Message);
    }
    assert_eq!(peer.record().connections, 0);
}

fn delivery(transport: Transport) -> DeliveryConfig {
    DeliveryConfig {
        transport,
        allow: AllowList::default(),
        per_minute: None,
        per_day: 2000,
        expire: std::time::Duration::from_hours(1),
    }
}

#[tokio::test]
async fn every_way_out_asks_the_gate_once_and_obeys_it() {
    let peer = Peer::start(Plan::default()).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outbox = folder.path().join("outbox");
    // It keeps what it is given beside the name it is called by.
    let program = folder.path().join("sendmail");
    let fake = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cases/delivery/fake-sendmail"
    );
    std::os::unix::fs::symlink(fake, &program).expect("a link");
    let ways = [
        (Transport::Smtp(config("127.0.0.1", peer.address.port())), 3),
        (
            Transport::Maildir {
                path: outbox.clone(),
            },
            1,
        ),
        (Transport::Sendmail { program }, 1),
    ];
    let (from, to) = (
        address("help@partner.example"),
        address("a@publisher.example"),
    );
    for (transport, wanted) in ways {
        let config = delivery(transport);
        assert_eq!(lanes(&config), wanted, "{config:?}");
        let mut lane = Lane::new(&config, &Tokens::default());
        lane.ready().await.expect("a way that is there");
        for open in [false, true] {
            let mut asked = 0;
            let gate = async {
                asked += 1;
                open
            };
            let outcome = lane
                .send(Some(&from), &to, &message("one", &[]), gate)
                .await;
            assert_eq!(asked, 1, "{config:?}");
            let delivered = matches!(outcome, Outcome::Delivered { .. });
            assert_eq!(delivered, open, "{config:?}: {outcome:?}");
        }
        lane.close();
    }
    assert_eq!(peer.record().stored.len(), 1);
    assert_eq!(
        std::fs::read_dir(outbox.join("new"))
            .expect("a Maildir")
            .count(),
        1
    );
}
