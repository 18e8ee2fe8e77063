//! The whole job on real servers: Dovecot over TLS in, Postfix with STARTTLS out.

use super::sample::{self, Sample};
use super::world::{Forward, World, folders_of, judge, messages_in};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::pki::Authority;
use crate::support::postfix::Postfix;

/// Messages of one run; the figure the README quotes.
const MESSAGES: usize = 1000;

const PRODUCTS: [&str; 3] = ["lumen-crm", "fjordarkiv", "tidvakt"];

/// Dovecot, Postfix, and a configuration between them.
pub struct Servers {
    /// Where mail comes in.
    pub dovecot: Dovecot,
    postfix: Postfix,
    _authority: Authority,
    /// The configuration.
    pub world: World,
}

impl Servers {
    /// Both, with `mail` in the inbox.
    pub fn start(mail: &[Sample]) -> Self {
        let dovecot = Dovecot::start();
        let authority = Authority::new();
        let postfix = Postfix::start(&authority.certify("DNS:localhost", 30));
        let mailbox = format!(
            "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nca-file = \"{}\"\nuser = {USER:?}\n\
             password-file = \"{}\"\nfirst-run = \"all\"\n",
            dovecot.imaps,
            dovecot.ca_file().display(),
            dovecot.secret_file(PASSWORD).display(),
        );
        let delivery = format!(
            "transport = \"smtp\"\nhost = \"localhost\"\nport = {}\ntls = \"starttls\"\nca-file = \"{}\"\n",
            postfix.port,
            authority.file().display(),
        );
        for sample in mail {
            dovecot.deliver(&sample.bytes);
        }
        let world = World::new(&mailbox, &delivery);
        Self {
            dovecot,
            postfix,
            _authority: authority,
            world,
        }
    }

    /// The oracle; the answer is how many forwards came more than once.
    pub fn judged(&self, mail: &[Sample]) -> usize {
        let maildir = self.dovecot.maildir();
        let expected = |product| {
            mail.iter()
                .filter(|s| s.end == sample::End::Sent(product))
                .count()
        };
        let forwards: Vec<Forward> = PRODUCTS
            .into_iter()
            .flat_map(|product| {
                let mail = self.postfix.mail_in(product, expected(product));
                mail.into_iter()
                    .map(move |m| Forward::read(product, &m))
                    .collect::<Vec<_>>()
            })
            .collect();
        judge(
            mail,
            &folders_of(&maildir),
            messages_in(&maildir).len(),
            &forwards,
        )
    }
}

#[test]
fn a_thousand_messages_on_real_servers() {
    let mail = sample::mail(MESSAGES, 60_000);
    let servers = Servers::start(&mail);
    servers.world.ok(&["run", "--once"]);
    assert_eq!(servers.judged(&mail), 0, "a forward came twice");
    servers.world.ok(&["audit", "verify"]);
    let before = servers.world.events();
    servers.world.ok(&["run", "--once"]);
    let mut after = servers.world.events();
    for only in ["started", "stopped"] {
        *after.get_mut(only).unwrap() -= 1;
    }
    assert_eq!(before, after, "a second run found something to do");
}

#[test]
fn killed_ten_times_on_real_servers() {
    let mail = sample::mail(MESSAGES, 20_000);
    let servers = Servers::start(&mail);
    let killed = (1..=10)
        .filter(|n| servers.world.kill_after(12 + 3 * n))
        .count();
    assert!(killed >= 8, "only {killed} kills hit the program at work");
    servers.world.ok(&["run", "--once"]);
    let repeats = servers.judged(&mail);
    let uncertain = servers
        .world
        .events()
        .get("uncertain")
        .copied()
        .unwrap_or(0);
    eprintln!(
        "{MESSAGES} messages, {killed} kills: {repeats} repeats, {uncertain} uncertain attempts"
    );
    // Four connections, ten kills; each repeat is one of the attempts recorded as uncertain.
    assert!(
        repeats <= 40 && repeats <= uncertain,
        "{repeats} repeats, {uncertain} uncertain"
    );
    servers.world.ok(&["audit", "verify"]);
}
