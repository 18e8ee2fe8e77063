//! A person signs in by `triaged auth login`, and what comes of it: a refresh token on the disk,
//! replaced before what came with the new one is used.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::job::world::World;
use crate::support::dovecot::{Dovecot, USER};
use crate::support::sign_in::SignIn;

const CODE: &str = r#"{"device_code":"device-1","user_code":"ABCD-EFGH","verification_uri":"https://login.example/device","expires_in":900,"interval":1}"#;
const PENDING: &str =
    r#"{"error":"authorization_pending","error_description":"AADSTS70016: pending"}"#;

fn world(server: &Dovecot, sign_in: &SignIn) -> World {
    let mailbox = format!(
        "kind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nca-file = {:?}\nuser = {USER:?}\n\
         first-run = \"all\"\n[mailbox.oauth2]\nkind = \"microsoft-person\"\nclient-id = \"app-1\"\n\
         token-url = {:?}\ndevice-url = {:?}\n",
        server.imaps,
        server.ca_file(),
        sign_in.url("/token"),
        sign_in.url("/devicecode"),
    );
    let world = World::new(&mailbox, "transport = \"maildir\"\npath = \"../outbox\"\n");
    world.make_maildir("outbox");
    world
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

fn kept(world: &World) -> String {
    let path = world.path("state/oauth2/mailbox-support.json");
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = fs::read_to_string(path).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_signs_in_once_and_rotated_tokens_are_kept() {
    let sign_in = SignIn::start();
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    server.deliver(b"From: a@example.net\nSubject: invoice\n\nThe invoice is wrong.\n");
    let world = world(&server, &sign_in);

    let before = world.run(&["run", "--once"]);
    assert_eq!(before.status.code(), Some(1));
    let told = said(&before);
    assert!(told.contains("run `triaged auth login support`"), "{told}");

    sign_in.rotate();
    sign_in.answer("/devicecode", 200, CODE);
    sign_in.answer("/token", 400, PENDING);
    let signed = world.run(&["auth", "login", "support"]);
    let told = said(&signed);
    assert!(signed.status.success(), "{told}");
    for wanted in [
        "https://login.example/device",
        "ABCD-EFGH",
        USER,
        "signed in",
    ] {
        assert!(told.contains(wanted), "{told}");
    }
    assert!(
        !told.contains("refresh-") && !told.contains("access-"),
        "{told}"
    );
    let asked = &sign_in.asked("/devicecode")[0].form;
    assert!(
        asked["scope"].contains("IMAP.AccessAsUser.All"),
        "{asked:?}"
    );
    assert!(asked["scope"].contains("offline_access"), "{asked:?}");
    assert_eq!(kept(&world), "refresh-1");

    world.ok(&["run", "--once"]);
    assert_eq!(server.count("INBOX"), 0);
    assert_eq!(
        sign_in.asked("/token").last().unwrap().form["refresh_token"],
        "refresh-1"
    );
    assert_eq!(kept(&world), "refresh-2");
    world.ok(&["run", "--once"]);
    assert_eq!(
        sign_in.asked("/token").last().unwrap().form["refresh_token"],
        "refresh-2"
    );

    // Not used for three months, or the password was changed.
    let over = r#"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity."}"#;
    sign_in.answer("/token", 400, over);
    let after = world.run(&["run", "--once"]);
    assert_eq!(after.status.code(), Some(1));
    let told = said(&after);
    assert!(told.contains("AADSTS700082"), "{told}");
    assert!(told.contains("run `triaged auth login support`"), "{told}");
}

#[test]
fn a_rotated_token_that_cannot_be_kept_is_not_used() {
    let sign_in = SignIn::start();
    let server = Dovecot::start_with(&sign_in.dovecot("xoauth2"));
    let world = world(&server, &sign_in);
    sign_in.rotate();
    sign_in.answer("/devicecode", 200, CODE);
    // A directory in the way of the file.
    fs::create_dir_all(world.path("state/oauth2/mailbox-support.json/x")).unwrap();
    let signed = world.run(&["auth", "login", "support"]);
    let told = said(&signed);
    assert_eq!(signed.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot be kept"), "{told}");
    assert!(!told.contains("signed in:"), "{told}");
    assert!(sign_in.asked("/introspect").is_empty());
}

#[test]
fn a_sign_in_that_comes_to_nothing_says_why() {
    let sign_in = SignIn::start();
    let server = Dovecot::start();
    let world = world(&server, &sign_in);
    for (body, words) in [
        (r#"{"error":"authorization_declined"}"#, "declined"),
        (r#"{"error":"expired_token"}"#, "the code has expired"),
        (
            r#"{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain client_assertion or client_secret"}"#,
            "Allow public client flows",
        ),
        (
            r#"{"error":"invalid_grant","error_description":"AADSTS50126: Error validating credentials"}"#,
            "name or password were wrong",
        ),
    ] {
        sign_in.answer("/devicecode", 200, CODE);
        sign_in.answer("/token", 400, body);
        let signed = world.run(&["auth", "login", "support"]);
        let told = said(&signed);
        assert_eq!(signed.status.code(), Some(1), "{told}");
        assert!(told.contains(words), "{told}");
    }
    let refused =
        r#"{"error":"invalid_request","error_description":"AADSTS90002: Tenant 'x' not found."}"#;
    sign_in.answer("/devicecode", 400, refused);
    let told = said(&world.run(&["auth", "login", "support"]));
    assert!(told.contains("no such tenant"), "{told}");
    let none = world.run(&["auth", "login", "--delivery"]);
    assert_eq!(none.status.code(), Some(2));
}
