//! What is asked of a token endpoint, by grant (RFC 6749 §4.4, §6; RFC 7523 §2).

use form_urlencoded::Serializer;
use secrecy::{ExposeSecret, SecretString};

use super::error::TokenError;
use super::jwt;
use crate::config::login::{AppProof, Grant, OAuth2};
use crate::config::secret::Secret;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 7523 §2.1.
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The request for a new access token; `refresh` is there where the grant goes by one.
pub(super) fn form(config: &OAuth2, refresh: Option<&SecretString>) -> Result<String, TokenError> {
    let mut form = Serializer::new(String::new());
    match &config.grant {
        Grant::MicrosoftApp { client_id, proof } => {
            form.append_pair("grant_type", "client_credentials");
            form.append_pair("client_id", client_id);
            form.append_pair("scope", &config.scope);
            match proof {
                AppProof::Secret(secret) => {
                    form.append_pair("client_secret", read(secret)?.expose_secret());
                }
                AppProof::Certificate { certificate, key } => {
                    let audience = config.token.to_string();
                    let assertion =
                        jwt::of_certificate(client_id, &audience, certificate, &read(key)?)?;
                    form.append_pair("client_assertion_type", ASSERTION_TYPE);
                    form.append_pair("client_assertion", assertion.expose_secret());
                }
            }
        }
        Grant::MicrosoftPerson { client_id, .. } => {
            form.append_pair("client_id", client_id);
            form.append_pair("scope", &config.scope);
            refreshing(&mut form, refresh);
        }
        Grant::GooglePerson {
            client_id,
            client_secret,
            ..
        } => {
            form.append_pair("client_id", client_id);
            form.append_pair("client_secret", read(client_secret)?.expose_secret());
            refreshing(&mut form, refresh);
        }
        Grant::GoogleServiceAccount { key, subject } => {
            let audience = config.token.to_string();
            let assertion =
                jwt::of_service_account(&read(key)?, subject, &config.scope, &audience)?;
            form.append_pair("grant_type", JWT_GRANT);
            form.append_pair("assertion", assertion.expose_secret());
        }
    }
    Ok(form.finish())
}

fn refreshing(form: &mut Serializer<'_, String>, refresh: Option<&SecretString>) {
    form.append_pair("grant_type", "refresh_token");
    if let Some(token) = refresh {
        form.append_pair("refresh_token", token.expose_secret());
    }
}

/// Reads a secret. It is a few bytes of a local file, looked at before it is opened.
pub(super) fn read(secret: &Secret) -> Result<SecretString, TokenError> {
    secret.read().map_err(|e| TokenError::Secret(e.to_string()))
}
