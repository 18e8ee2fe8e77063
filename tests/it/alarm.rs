//! Mail to the operator: one when work stops, one when it goes on, and neither is a ticket when it
//! comes back.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use triaged::system::maildir;

use crate::job::sample;
use crate::job::world::{World, messages_in};
use crate::support::smtp_peer::{Act, Peer, Plan, Rule};

fn reply(step: &str, nth: Option<usize>, words: &str) -> Rule {
    Rule {
        step: step.to_owned(),
        nth,
        act: Act::Reply(words.to_owned()),
    }
}

/// The subject and text of a mail as it stood on the wire.
fn words(wire: &[u8]) -> String {
    let mail = mail_parser::MessageParser::new().parse(wire).unwrap();
    format!(
        "{}\n{}",
        mail.subject().unwrap(),
        mail.body_text(0).unwrap()
    )
}

#[tokio::test]
async fn the_operator_hears_that_work_stops_and_that_it_goes_on() {
    // It lets nobody send under the null sender at first, as some submission servers do.
    let operator = Peer::start(Plan {
        rules: vec![reply("MAIL", Some(1), "550 5.7.60 not as this sender")],
        ..Plan::default()
    })
    .await;
    let relay = Peer::start(Plan {
        rules: vec![reply("MAIL", None, "535 5.7.8 the password is wrong")],
        ..Plan::default()
    })
    .await;
    let server = |peer: &Peer| {
        let port = peer.address.port();
        format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n")
    };
    let world = World::new(
        "kind = \"maildir\"\npath = \"../mailbox\"\nfirst-run = \"all\"\n",
        &format!("transport = \"smtp\"\n{}", server(&relay)),
    );
    let main = world.path("config/triaged.toml");
    let text = fs::read_to_string(&main).unwrap();
    let alarm = format!(
        "\n[alarm]\nto = [\"operations@other.example\"]\nafter = \"1s\"\n{}",
        server(&operator)
    );
    fs::write(&main, text + &alarm).unwrap();

    fs::write(world.path("mailbox"), "in the way").unwrap();
    let mut daemon = world.start(&["run"]);
    let told = async |count: usize| {
        operator.until(|seen| seen.stored.len() >= count).await;
        let mail = operator.record().stored[count - 1].clone();
        (words(&mail), mail)
    };
    let (stopped, mail) = told(1).await;
    assert!(
        stopped.contains("mailbox `support` is not worked on"),
        "{stopped}"
    );
    assert!(stopped.contains("triaged doctor"), "{stopped}");

    fs::remove_file(world.path("mailbox")).unwrap();
    world.make_maildir("mailbox");
    let (over, _) = told(2).await;
    assert!(
        over.contains("mailbox `support` is worked on again"),
        "{over}"
    );

    // A password that is refused, and the first of these mails, come back.
    let technical = &sample::mail(1, 0)[0];
    let inbox = world.path("mailbox");
    maildir::deliver(&inbox, &technical.bytes).unwrap();
    let end = mail.len() - b".\r\n".len();
    maildir::deliver(&inbox, &mail[..end]).unwrap();
    let (refused, _) = told(3).await;
    assert!(refused.contains("sending pauses"), "{refused}");
    assert!(
        refused.contains("535 5.7.8 the password is wrong"),
        "{refused}"
    );

    let envelopes = operator.record().lines;
    let from: Vec<_> = envelopes
        .iter()
        .filter(|line| line.starts_with("MAIL FROM"))
        .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(
        from,
        [
            "FROM:<>",
            "FROM:<support@partner.example>",
            "FROM:<>",
            "FROM:<>"
        ]
    );
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert_eq!(messages_in(&world.path("mailbox/.Own mail")).len(), 1);
    assert!(world.path("state/alarms.json").is_file());
    assert_eq!(operator.record().stored.len(), 3);
}
