//! Against servers that others wrote: Postfix, and its `smtp-sink` with faults switched on.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use triaged::config::delivery::SmtpConfig;
use triaged::config::net::{Server, Tls};
use triaged::delivery::smtp::SmtpLane;
use triaged::domain::outcome::{Cause, Outcome};
use triaged::mail::rendered::Rendered;
use triaged::oauth::Tokens;

use super::{address, message};
use crate::support::pki::Authority;
use crate::support::postfix::{MAILBOX, Postfix, SIZE_MAX, free_port};

fn config(port: u16, tls: Tls, authority: Option<&Authority>) -> SmtpConfig {
    SmtpConfig {
        server: Server {
            host: "127.0.0.1".into(),
            port,
            tls,
            ca_file: authority.map(Authority::file),
        },
        login: None,
        connections: 1,
        hello: "client.partner.example".into(),
    }
}

/// Bodies that go wrong where dots, lengths or charsets are not taken seriously.
fn body(number: usize) -> Rendered {
    let long = "y".repeat(998);
    let dots: Vec<String> = (0..number).map(|n| ".".repeat(n % 5)).collect();
    let dots: Vec<&str> = dots.iter().map(String::as_str).collect();
    let lines: &[&str] = match number % 8 {
        0 => &["."],
        1 => &["..", "...", ".x", "x."],
        2 => &dots,
        3 => &[long.as_str(), ".", long.as_str()],
        4 => &["Räksmörgås", ".å", "\u{fe0f}"],
        5 => &["", "", ".", "", ""],
        6 => &["RCPT TO:<x@attacker.example>", ".", "QUIT"],
        _ => &[" \t", "From here", ">From there", "\u{8}"],
    };
    message(&format!("number {number:03}"), lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_gets_every_byte() {
    const COUNT: usize = 200;
    let authority = Authority::new();
    let postfix = Postfix::start(&authority.certify("IP:127.0.0.1", 30));
    let mut lane = SmtpLane::new(
        config(postfix.port, Tls::Starttls, Some(&authority)),
        &Tokens::default(),
    );
    let from = address("help@partner.example");

    let sent: Vec<Rendered> = (0..COUNT).map(body).collect();
    for message in &sent {
        let outcome = lane
            .send(Some(&from), &address(MAILBOX), message, async { true })
            .await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    let mut arrived: HashMap<String, Vec<u8>> = HashMap::new();
    for mail in postfix.mail(COUNT) {
        let text = String::from_utf8(mail).expect("only UTF-8 was sent");
        let start = text
            .find("From: help@partner.example\n")
            .expect("our first header");
        let number = text[start..].find("number ").expect("our subject") + start;
        let number = text[number..number + "number 000".len()].to_owned();
        let bytes = text[start..].replace('\n', "\r\n").into_bytes();
        assert!(arrived.insert(number, bytes).is_none(), "arrived twice");
    }
    for (n, message) in sent.iter().enumerate() {
        let number = format!("number {n:03}");
        assert_eq!(arrived.get(&number), Some(&message.bytes), "{number}");
    }

    for (to, message, wanted, cause) in [
        (
            "nobody@publisher.example",
            body(0),
            "refused",
            Cause::Recipient,
        ),
        (
            "support@elsewhere.example",
            body(0),
            "deferred",
            Cause::Identity,
        ),
        (
            MAILBOX,
            message("big", &["z".repeat(998).as_str(); SIZE_MAX / 1000 + 1]),
            "refused",
            Cause::Message,
        ),
    ] {
        let outcome = lane
            .send(Some(&from), &address(to), &message, async { true })
            .await;
        let got = match &outcome {
            Outcome::Refused { cause, .. } => ("refused", *cause),
            Outcome::Deferred { cause, .. } => ("deferred", *cause),
            _ => panic!("{to}: {outcome:?}"),
        };
        assert_eq!(got, (wanted, cause), "{to}: {outcome:?}");
    }
}

/// `smtp-sink`, stopped when dropped.
struct Sink(Child);

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Sink {
    async fn start(flags: &[&str]) -> (Self, u16) {
        let port = free_port();
        let child = Command::new("smtp-sink")
            .args(["-u", "nobody"])
            .args(flags)
            .args([&format!("127.0.0.1:{port}"), "100"])
            .stdin(Stdio::null())
            .spawn()
            .expect("the program `smtp-sink`; install the package `postfix`");
        let sink = Self(child);
        let end = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            assert!(Instant::now() < end, "smtp-sink does not listen");
            tokio::task::yield_now().await;
        }
        (sink, port)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smtp_sink_with_faults() {
    for (flags, wanted) in [
        (&[][..], "delivered"),
        (&["-p"], "delivered"), // no PIPELINING
        (&["-8"], "delivered"), // no 8BITMIME
        (&["-q", "."], "uncertain"),
        (&["-r", "."], "deferred server"),
        (&["-f", "."], "refused message"),
        (&["-r", "rcpt"], "deferred server"),
        (&["-f", "rcpt"], "deferred server"), // 500: the command is not known
        (&["-q", "rcpt"], "deferred server"),
        (&["-q", "mail"], "deferred server"),
        (&["-q", "data"], "deferred server"),
        (&["-Q", "data"], "deferred server"), // 421
        (&["-Q", "connect"], "deferred server"),
    ] {
        let (_sink, port) = Sink::start(flags).await;
        let mut lane = SmtpLane::new(config(port, Tls::None, None), &Tokens::default());
        let (from, to) = (address("help@partner.example"), address(MAILBOX));
        for _ in 0..2 {
            let outcome = lane
                .send(Some(&from), &to, &message("one", &["."]), async { true })
                .await;
            let got = match &outcome {
                Outcome::Delivered { .. } => "delivered".into(),
                Outcome::Deferred { cause, .. } => format!("deferred {cause}"),
                Outcome::Refused { cause, .. } => format!("refused {cause}"),
                Outcome::Uncertain { .. } => "uncertain".into(),
            };
            assert_eq!(got, wanted, "smtp-sink {flags:?}: {outcome:?}");
        }
    }
}
