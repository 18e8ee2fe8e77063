//! Log-in by a key instead of a secret: a certificate's at Microsoft, a service account's at Google.
//! What is signed is verified by `openssl`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use triaged::config::login::{AppProof, Grant, OAuth2};
use triaged::config::secret::Secret;
use triaged::oauth::{TokenError, Tokens};

use super::mailbox::oauth2;
use crate::support::sign_in::SignIn;

fn openssl(directory: &Path, arguments: &str) -> Vec<u8> {
    let output = Command::new("openssl")
        .current_dir(directory)
        .args(arguments.split_whitespace())
        .output()
        .expect("openssl is needed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
    output.stdout
}

/// An RSA key and its certificate, `app.key` and `app.pem`.
fn certificate(directory: &Path) {
    let line =
        "req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=app -keyout app.key -out app.pem";
    openssl(directory, line);
}

async fn ask(config: OAuth2) -> Result<(), TokenError> {
    let account = Tokens::default().of(&Arc::new(config));
    account.token().await.map(|_| ())
}

/// The header and claims of an assertion whose signature holds.
fn verified(directory: &Path, assertion: &str, options: &str) -> (Value, Value) {
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    fs::write(directory.join("signed"), signed).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    fs::write(directory.join("signature"), signature).unwrap();
    let public = openssl(directory, "x509 -in app.pem -noout -pubkey");
    fs::write(directory.join("public.pem"), public).unwrap();
    let verify = format!("dgst -sha256 -verify public.pem {options} -signature signature signed");
    openssl(directory, &verify);
    let (header, claims) = signed.split_once('.').unwrap();
    let part = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    (part(header), part(claims))
}

#[tokio::test]
async fn an_application_proves_itself_by_its_certificate() {
    let sign_in = SignIn::start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    certificate(here);
    let key = fs::read_to_string(here.join("app.key")).unwrap();
    let config = OAuth2 {
        grant: Grant::MicrosoftApp {
            client_id: "app-1".into(),
            proof: AppProof::Certificate {
                certificate: here.join("app.pem"),
                key: Secret::File(sign_in.secret_file("key", &key)),
            },
        },
        ..oauth2(&sign_in)
    };
    ask(config).await.unwrap();
    let form = sign_in.asked("/token").remove(0).form;
    assert_eq!(form["grant_type"], "client_credentials");
    assert!(!form.contains_key("client_secret"));
    assert_eq!(
        form["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    let (header, claims) = verified(here, &form["client_assertion"], options);
    let der = openssl(here, "x509 -in app.pem -outform DER");
    let thumbprint = triaged::domain::digest::Digest::of(&der);
    let thumbprint = URL_SAFE_NO_PAD.encode(thumbprint.bytes());
    assert_eq!(
        header,
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
    );
    assert_eq!(claims["aud"], sign_in.url("/token"));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("app-1"), &json!("app-1"))
    );
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 600);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn a_service_account_acts_for_the_mailbox() {
    let sign_in = SignIn::start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    certificate(here);
    let account = json!({
        "type": "service_account",
        "client_email": "triaged@project.example",
        "private_key_id": "key-1",
        "private_key": fs::read_to_string(here.join("app.key")).unwrap(),
    });
    let key = Secret::File(sign_in.secret_file("account.json", &account.to_string()));
    let config = OAuth2 {
        scope: "https://mail.google.com/".into(),
        grant: Grant::GoogleServiceAccount {
            key,
            subject: "support@partner.example".into(),
        },
        ..oauth2(&sign_in)
    };
    ask(config.clone()).await.unwrap();
    let form = sign_in.asked("/token").remove(0).form;
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let (header, claims) = verified(here, &form["assertion"], "");
    assert_eq!(
        header,
        json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
    );
    for (claim, value) in [
        ("iss", "triaged@project.example"),
        ("sub", "support@partner.example"),
        ("scope", "https://mail.google.com/"),
        ("aud", &sign_in.url("/token")),
    ] {
        assert_eq!(claims[claim], value);
    }

    let refused = r#"{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method."}"#;
    sign_in.answer("/token", 401, refused);
    let error = ask(config).await.unwrap_err().to_string();
    assert!(error.contains("domain-wide delegation"), "{error}");
}

#[tokio::test]
async fn a_key_that_cannot_sign_is_named_and_not_shown() {
    let sign_in = SignIn::start();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    certificate(here);
    openssl(here, "ecparam -name prime256v1 -genkey -noout -out ec.key");
    openssl(
        here,
        "pkcs8 -topk8 -in app.key -passout pass:x -out locked.key",
    );
    for (key, words) in [
        ("ec.key", "no RSA key"),
        ("locked.key", "without a passphrase"),
        ("app.pem", "no PEM of a private key"),
    ] {
        let text = fs::read_to_string(here.join(key)).unwrap();
        let config = OAuth2 {
            grant: Grant::MicrosoftApp {
                client_id: "app-1".into(),
                proof: AppProof::Certificate {
                    certificate: here.join("app.pem"),
                    key: Secret::File(sign_in.secret_file(key, &text)),
                },
            },
            ..oauth2(&sign_in)
        };
        let error = ask(config).await.unwrap_err().to_string();
        assert!(error.contains(words), "{key}: {error}");
        assert!(!error.contains("MII"), "{error}");
    }
    assert!(sign_in.asked("/token").is_empty());
}

#[tokio::test]
async fn a_person_s_refresh_token_is_used_until_the_provider_gives_another() {
    let sign_in = SignIn::start();
    sign_in.rotate();
    let directory = tempfile::tempdir().unwrap();
    let seed = sign_in.secret_file("refresh", "from-the-operator");
    let config = OAuth2 {
        grant: Grant::GooglePerson {
            client_id: "client-1".into(),
            client_secret: Secret::File(sign_in.secret_file("client", "client-secret")),
            refresh_token: Secret::File(seed),
            kept: triaged::config::login::KeptIn {
                path: directory.path().join("kept/mailbox-support.json"),
                whose: "support".into(),
            },
        },
        ..oauth2(&sign_in)
    };
    ask(config.clone()).await.unwrap();
    ask(config.clone()).await.unwrap();
    // The operator's word counts again once it is another.
    sign_in.secret_file("refresh", "from-the-operator-anew");
    ask(config).await.unwrap();
    let used: Vec<String> = sign_in
        .asked("/token")
        .iter()
        .map(|asked| asked.form["refresh_token"].clone())
        .collect();
    assert_eq!(
        used,
        ["from-the-operator", "refresh-1", "from-the-operator-anew"]
    );
}
