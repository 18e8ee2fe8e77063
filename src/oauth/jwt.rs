//! Signed assertions (RFC 7515, RFC 7519, RFC 7523): how an application proves who it is by a key
//! instead of a secret, and how a service account asks to act for a mailbox.
//!
//! Only RSA keys, because neither provider takes others. An assertion is used once, at once.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::TokenError;
use crate::domain::digest::Digest;

/// How long an assertion holds: long enough for a slow network and a clock that is a bit off.
const LIFE_S: i64 = 600;
/// How far in the past it begins to hold, for a clock that is ahead.
const BEFORE_S: i64 = 60;

/// How an assertion is signed.
#[derive(Clone, Copy)]
enum Algorithm {
    /// RSASSA-PSS with SHA-256, as Microsoft asks for.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, the only one Google takes.
    Rs256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Ps256 => &RSA_PSS_SHA256,
            Self::Rs256 => &RSA_PKCS1_SHA256,
        }
    }
}

/// The assertion of an application that registered a certificate.
pub(super) fn of_certificate(
    client_id: &str,
    audience: &str,
    certificate: &Path,
    key: &SecretString,
) -> Result<SecretString, TokenError> {
    let wrong = |why: String| {
        TokenError::Secret(format!(
            "certificate file `{}`: {why}",
            certificate.display()
        ))
    };
    let found = CertificateDer::from_pem_file(certificate).map_err(|e| wrong(e.to_string()))?;
    let thumbprint = URL_SAFE_NO_PAD.encode(Digest::of(&found).bytes());
    let mut id = [0_u8; 16];
    getrandom::fill(&mut id).map_err(|e| TokenError::Secret(format!("no random bytes: {e}")))?;
    let now = Timestamp::now().as_second();
    let claims = json!({
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": data_encoding::HEXLOWER.encode(&id),
        "iat": now,
        "nbf": now - BEFORE_S,
        "exp": now + LIFE_S,
    });
    let header = json!({ "x5t#S256": thumbprint });
    sign(Algorithm::Ps256, header, &claims, key)
}

/// The JSON file of a service account's key, as far as it is needed.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: SecretString,
    private_key_id: String,
}

/// The assertion of a Google service account that acts for `subject`.
pub(super) fn of_service_account(
    file: &SecretString,
    subject: &str,
    scope: &str,
    audience: &str,
) -> Result<SecretString, TokenError> {
    // serde's words could repeat the key.
    let account: ServiceAccount = serde_json::from_str(file.expose_secret()).map_err(|_| {
        let why = "the account's key is not the JSON file that Google gives for a service account";
        TokenError::Secret(why.into())
    })?;
    let now = Timestamp::now().as_second();
    let claims = json!({
        "aud": audience,
        "iss": account.client_email,
        "sub": subject,
        "scope": scope,
        "iat": now - BEFORE_S,
        "exp": now + LIFE_S,
    });
    let header = json!({ "kid": account.private_key_id });
    sign(Algorithm::Rs256, header, &claims, &account.private_key)
}

fn sign(
    algorithm: Algorithm,
    mut header: Value,
    claims: &Value,
    key: &SecretString,
) -> Result<SecretString, TokenError> {
    header["alg"] = algorithm.name().into();
    header["typ"] = "JWT".into();
    let key = rsa_key(key).map_err(|why| TokenError::Secret(format!("the key {why}")))?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        algorithm.encoding(),
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| TokenError::Secret("the key cannot sign".into()))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

fn rsa_key(pem: &SecretString) -> Result<RsaKeyPair, String> {
    let text = pem.expose_secret();
    if text.contains("ENCRYPTED") {
        return Err("is encrypted: write it without a passphrase (`openssl pkey`)".into());
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| "is no PEM of a private key".to_owned())?;
    let key = match &der {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("is no RSA key".into()),
    };
    key.map_err(|e| format!("cannot be used, it must be RSA of 2048 bits or more: {e}"))
}
