//! The way of somebody who has the package and the README: installed, configured, tried, started
//! under a real systemd, until a ticket from a real Dovecot (by access tokens) is with the publisher
//! behind a real Postfix.
//!
//! The steps stand in `tests/cases/newcomer/path.sh`, which runs inside the container; the servers
//! are out here.

use std::time::Duration;

use crate::booted::Container;
use crate::package;
use crate::support::dovecot::Dovecot;
use crate::support::pki::Authority;
use crate::support::postfix::{self, Postfix};
use crate::support::sign_in::SignIn;

/// Longest time for everything inside; far longer than it takes.
const PATIENCE: Duration = Duration::from_mins(4);

const TICKET: &str = "From: Tom Berg <tom@harbour.example>\nTo: support@partner.example\n\
                      Subject: Nimbus Desk crashes\nMessage-ID: <1@harbour.example>\n\
                      Date: Mon, 2 Mar 2026 09:15:00 +0100\n\nHello,\n\nNimbus Desk crashes with \
                      an error message whenever we open a ticket.\n\nTom\n";

#[test]
fn from_the_package_to_a_forwarded_ticket() {
    let work = tempfile::tempdir().unwrap();
    let container = match Container::new() {
        Ok(container) => container,
        Err(why) => {
            eprintln!("left out: {why}");
            return;
        }
    };
    let package = match package::made(work.path()) {
        Ok(package) => package,
        Err(why) => {
            eprintln!("left out: {why}");
            return;
        }
    };
    let sign_in = SignIn::start();
    let dovecot = Dovecot::start_with(&sign_in.dovecot("xoauth2 oauthbearer"));
    let authority = Authority::new();
    let relay = Postfix::start(&authority.certify("DNS:localhost", 30));
    dovecot.deliver(TICKET.as_bytes());

    container.remove("etc/triaged");
    container.write("booted/triaged.deb", std::fs::read(package).unwrap());
    let trusted = std::fs::read(authority.file()).unwrap();
    container.write("usr/local/share/ca-certificates/partner.crt", trusted);
    let servers = format!(
        "IMAP={} SMTP={} TOKENS={} PUBLISHER={}\n",
        dovecot.imap,
        relay.port,
        sign_in.url("/token"),
        postfix::MAILBOX,
    );
    container.write("booted/servers", servers);
    let steps = include_str!("../cases/newcomer/path.sh");
    let report = container.run(steps, &[], PATIENCE);
    assert!(report.contains("ALL HELD"), "{report}");
    eprintln!("{report}");

    let forwards = relay.mail(1);
    assert_eq!(forwards.len(), 1);
    let forward = String::from_utf8_lossy(&forwards[0]);
    assert!(
        forward.contains("Message-ID: <1@harbour.example>"),
        "{forward}"
    );
    assert_eq!(dovecot.count("INBOX"), 0);
    assert_eq!(dovecot.count("Forwarded"), 1);
}
