//! `triaged doctor` on real servers and on broken ones: what it says, whole, and what it leaves
//! behind, which is nothing.
//!
//! What it says is kept in `tests/cases/doctor`; after a wanted change `TRANSCRIPTS=write` writes
//! the files anew.

use std::fs;
use std::path::Path;

use crate::faults::bench::{WayOut, edit, on_dovecot, over_smtp, reply, rule};
use crate::job::world::World;
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::pki::Authority;
use crate::support::postfix::Postfix;
use crate::support::sign_in::SignIn;

/// What `doctor` prints, with its exit code and without what differs from run to run.
fn told(world: &World) -> String {
    let output = world.run(&["doctor"]);
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let root = world.path("").display().to_string();
    let said = String::from_utf8(said)
        .unwrap()
        .replace(root.trim_end_matches('/'), "/world");
    let mut steady = String::new();
    for (expression, put) in [
        (r"port \d+", "port N"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:N"),
        (r"in \d+ ms", "in N ms"),
        (r"\d+ days", "N days"),
        (r"for \d+ minutes", "for N minutes"),
        (r"/tmp/\.tmp\w+", "/tmp/T"),
        (
            r"verification time \d+ \(UNIX\), but certificate is not valid after \d+ \(\d+ seconds ago\)",
            "(times)",
        ),
        (r"\(\d\.\d+ \+ \d\.\d+ \+ \d\.\d+ secs\)", "(times)"),
    ] {
        let from = if steady.is_empty() {
            said.clone()
        } else {
            steady.clone()
        };
        steady = regex::Regex::new(expression)
            .unwrap()
            .replace_all(&from, put)
            .into_owned();
    }
    format!("{steady}[exit {}]\n", output.status.code().unwrap())
}

fn check(name: &str, world: &World) {
    let told = told(world);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/doctor/{name}.txt"));
    if std::env::var("TRANSCRIPTS").is_ok_and(|value| value == "write") {
        fs::write(&path, &told).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(told, expected, "{name}");
}

#[test]
fn on_sound_servers_every_step_is_good_and_nothing_is_left_behind() {
    let server = Dovecot::start();
    server.deliver(b"Subject: here before\n\nx\n");
    let authority = Authority::new();
    let postfix = Postfix::start(&authority.certify("IP:127.0.0.1", 30));
    let delivery = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\nca-file = {:?}\n",
        postfix.port,
        authority.file(),
    );
    let world = on_dovecot(&server, "", &delivery);
    check("sound", &world);
    assert_eq!(server.count("INBOX"), 1);
    let folders = server.doveadm(&["mailbox", "list", "-u", USER]);
    assert_eq!(folders.trim(), "INBOX");
}

#[test]
fn a_scratch_folder_that_was_there_before_stays_with_what_is_in_it() {
    let server = Dovecot::start();
    server.as_another_client(&[
        "CREATE triaged-doctor",
        "APPEND triaged-doctor {15+}\r\nSubject: x\r\n\r\nx",
    ]);
    assert_eq!(server.count("triaged-doctor"), 1);
    let world = on_dovecot(
        &server,
        "",
        "transport = \"maildir\"\npath = \"../outbox\"\n",
    );
    world.ok(&["doctor"]);
    assert_eq!(server.count("triaged-doctor"), 1);
    let folders = server.doveadm(&["mailbox", "list", "-u", USER]);
    assert!(!folders.contains("moved"), "{folders}");
}

#[test]
fn each_failure_says_what_to_do() {
    let server = Dovecot::start_with("auth_failure_delay = 0\n");
    let way_out = WayOut::start(vec![]);
    let out = over_smtp(way_out.port(), "");

    let world = on_dovecot(&server, "", &out);
    let secret = server.secret_file(PASSWORD);
    fs::write(&secret, "wrong\n").unwrap();
    check("wrong-password", &world);
    fs::write(&secret, format!("{PASSWORD}\n")).unwrap();

    let world = on_dovecot(&server, "", &out);
    edit(&world, "create-folders = true", "create-folders = false");
    check("missing-folders", &world);

    let denied = "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
    let way_out = WayOut::start(vec![rule("MAIL", 0, reply(denied))]);
    let world = on_dovecot(&server, "", &over_smtp(way_out.port(), ""));
    check("refused-sender", &world);

    let world = on_dovecot(
        &server,
        "",
        "transport = \"sendmail\"\nprogram = \"/nowhere/sendmail\"\n",
    );
    fs::remove_dir(world.path("state")).unwrap();
    let ca_file = format!("ca-file = \"{}\"", server.ca_file().display());
    let other = format!("ca-file = \"{}\"", server.other_ca_file().display());
    edit(&world, &ca_file, &other);
    check("other-authority", &world);
}

#[test]
fn an_expired_certificate_is_told_as_such() {
    let authority = Authority::new();
    let expired = authority.certify("IP:127.0.0.1", -1);
    let readable = |path: &Path| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(path, mode).unwrap();
    };
    readable(&expired.certificate);
    let server = Dovecot::start_with(&format!(
        "ssl_cert = <{}\nssl_key = <{}\n",
        expired.certificate.display(),
        expired.key.display()
    ));
    let world = on_dovecot(
        &server,
        "",
        "transport = \"maildir\"\npath = \"../outbox\"\n",
    );
    let ca_file = format!("ca-file = \"{}\"", server.ca_file().display());
    edit(
        &world,
        &ca_file,
        &format!("ca-file = \"{}\"", authority.file().display()),
    );
    check("expired", &world);
}

#[test]
fn a_maildir_and_a_local_program_are_examined_too() {
    let world = World::new(
        "kind = \"maildir\"\npath = \"../mailbox\"\n",
        "transport = \"sendmail\"\nprogram = \"/bin/true\"\n",
    );
    check("no-maildir", &world);
    world.make_maildir("mailbox");
    world.ok(&["run", "--once"]);
    check("maildir", &world);
}

#[test]
fn tokens_are_examined_before_they_are_shown() {
    let sign_in = SignIn::start();
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    let mailbox = format!(
        "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nca-file = {:?}\nuser = {USER:?}\n\
         [mailbox.oauth2]\n{}",
        server.imaps,
        server.ca_file(),
        sign_in.app(),
    );
    let world = World::new(&mailbox, "transport = \"maildir\"\npath = \"../outbox\"\n");
    let refused = r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'app-1' was not found in the directory 'Partner AB'."}"#;
    sign_in.answer("/token", 400, refused);
    check("token-refused", &world);
    sign_in.open_only("somebody-else");
    check("mailbox-refused", &world);
    sign_in.open_only(USER);
    let output = world.run(&["doctor", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let steps: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for step in ["token", "log-in", "idle", "move", "clock"] {
        let found = steps
            .iter()
            .find(|s| s["step"] == step && s["part"] == "mailbox support");
        assert_eq!(found.unwrap()["verdict"], "good", "{text}");
    }
    assert!(
        !text.contains("access-") && !text.contains("geheimnis"),
        "{text}"
    );
}
