//! One POST of a form to an endpoint, and its answer (RFC 9112): a connection of its own, every
//! step bounded, no redirect followed, nothing kept.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::error::TokenError;
use crate::config::login::{Endpoint, OAuth2};
use crate::system::{net, tls};

/// Time for the name look-up and the TCP connection.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// Time for the TLS handshake.
const TLS_TIME: Duration = Duration::from_secs(20);
/// Time for the request and its answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Most bytes of an answer. Tokens have some 2 to 4 KiB.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

/// Posts `form` to `endpoint`.
pub(super) async fn post(
    config: &OAuth2,
    endpoint: &Endpoint,
    form: String,
) -> Result<Answer, TokenError> {
    let host = &endpoint.host;
    let unreachable = |why: String| TokenError::Unreachable {
        endpoint: format!("{host}:{}", endpoint.port),
        why,
    };
    let stream = net::connect(host, endpoint.port, CONNECT_TIME)
        .await
        .map_err(|e| unreachable(e.to_string()))?;
    let exchange = async {
        if !endpoint.tls {
            if !stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) {
                return Err("clear text is only spoken over loopback".to_owned());
            }
            return ask(stream, endpoint, form).await;
        }
        let ca_file = config.ca_file.clone();
        // Reading the system's authorities takes some milliseconds of file work.
        let settings = tokio::task::spawn_blocking(move || tls::client_config(ca_file.as_deref()));
        let settings = settings.await.map_err(|e| e.to_string())?;
        let settings = settings.map_err(|e| e.to_string())?;
        let stream = tls::handshake(settings, host, stream, TLS_TIME).await;
        ask(stream.map_err(|e| format!("TLS: {e}"))?, endpoint, form).await
    };
    exchange.await.map_err(unreachable)
}

async fn ask<S>(stream: S, endpoint: &Endpoint, form: String) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::post(&endpoint.path)
        .header(header::HOST, endpoint.authority())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(form)))
        .map_err(|e| e.to_string())?;
    let asking = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It moves the bytes while the answer is waited for, and ends with it.
        let moving = async {
            let _ended = connection.await;
        };
        let reading = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await?;
            let body = body.to_bytes();
            Ok(Answer { status, body })
        };
        let mut moving = std::pin::pin!(moving);
        let mut reading = std::pin::pin!(reading);
        tokio::select! {
            answer = &mut reading => answer,
            () = &mut moving => reading.await,
        }
    };
    let answer: Result<Answer, Box<dyn std::error::Error + Send + Sync>> =
        timeout(ANSWER_TIME, asking)
            .await
            .map_err(|_| "the endpoint did not answer in time".to_owned())?;
    answer.map_err(|e| format!("the endpoint gave no answer of HTTP: {e}"))
}
