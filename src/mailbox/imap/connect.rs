//! From a host name to a connection that may carry a password: TCP, TLS, greeting.
//!
//! STARTTLS is required or not used at all. What a server said before TLS is forgotten, and a
//! connection into which anything could have been injected is dropped (RFC 3501 §6.2.1).

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::config::net::{Server, Tls};
use crate::mailbox::exchange::Trouble;
use crate::system::{net, tls};

use super::line::{Code, Line, Said};
use super::reply::clean;
use super::stream::Stream;
use super::talk::Talk;

/// Time for the name look-up and the TCP connection.
const CONNECT_TIME: Duration = Duration::from_secs(30);
/// Time for the TLS handshake.
const TLS_TIME: Duration = Duration::from_secs(30);
/// Time for the greeting, and for each answer before log-in.
pub(super) const GREETING_TIME: Duration = Duration::from_mins(1);

/// Connects to `server` and gives the conversation with the capabilities before log-in.
pub(super) async fn connect(server: &Server) -> Result<(Talk, Vec<String>), Trouble> {
    let unreachable = |why: String| Trouble::Unreachable {
        server: format!("{}:{}", server.host, server.port),
        why,
    };
    let ca_file = server.ca_file.clone();
    let config = match server.tls {
        Tls::None => None,
        Tls::Implicit | Tls::Starttls => {
            // Reading the system's authorities takes some milliseconds of file work.
            let made = tokio::task::spawn_blocking(move || tls::client_config(ca_file.as_deref()));
            let made = made.await.map_err(|e| unreachable(e.to_string()))?;
            Some(made.map_err(|e| unreachable(e.to_string()))?)
        }
    };
    let secure = async |stream: TcpStream| {
        let Some(config) = config.clone() else {
            return Ok(Stream::Plain(stream));
        };
        let stream = tls::handshake(config, &server.host, stream, TLS_TIME).await;
        stream.map(|s| Stream::Tls(Box::new(s))).map_err(|e| {
            let broken = e.kind() == io::ErrorKind::UnexpectedEof;
            let hint = if broken {
                " (does this port speak TLS?)"
            } else {
                ""
            };
            unreachable(format!("TLS: {e}{hint}"))
        })
    };
    let stream = net::connect(&server.host, server.port, CONNECT_TIME)
        .await
        .map_err(|e| unreachable(e.to_string()))?;
    let mut talk = match server.tls {
        Tls::None | Tls::Implicit => Talk::new(secure(stream).await?),
        Tls::Starttls => {
            let mut clear = Talk::new(Stream::Plain(stream));
            greeting(&mut clear).await?;
            starttls(&mut clear).await?;
            let Stream::Plain(stream) = clear.into_stream()? else {
                return Err(Trouble::Lost("STARTTLS inside TLS".into()));
            };
            let mut talk = Talk::new(secure(stream).await?);
            let capabilities = ask_capabilities(&mut talk).await?;
            return Ok((talk, capabilities));
        }
    };
    let capabilities = match greeting(&mut talk).await? {
        Some(capabilities) => capabilities,
        None => ask_capabilities(&mut talk).await?,
    };
    Ok((talk, capabilities))
}

/// Reads the greeting; it may carry the capabilities.
async fn greeting(talk: &mut Talk) -> Result<Option<Vec<String>>, Trouble> {
    let why = match talk.hear(Instant::now() + GREETING_TIME).await? {
        Said::Line(Line::Ok { code, .. }) => {
            return Ok(match code {
                Code::Capability(found) => Some(found),
                _ => None,
            });
        }
        Said::Line(Line::Preauth) => {
            "the server says it has logged us in already (PREAUTH); \
             then nobody can tell whose mailbox this is or who is in the connection"
        }
        _ => "the server's greeting is none of IMAP",
    };
    Err(Trouble::Lost(why.into()))
}

async fn starttls(talk: &mut Talk) -> Result<(), Trouble> {
    let reply = talk.ask("STARTTLS", GREETING_TIME, |_| {}).await?;
    reply.patience()?;
    if reply.ok() {
        return Ok(());
    }
    Err(Trouble::Unsafe(format!(
        "the server refuses STARTTLS, and without TLS no password is sent: {}",
        reply.text()
    )))
}

/// Asks for the capabilities.
pub(super) async fn ask_capabilities(talk: &mut Talk) -> Result<Vec<String>, Trouble> {
    let mut capabilities = Vec::new();
    let keep = |line| {
        if let Line::Capability(found) = line {
            capabilities = found;
        }
    };
    talk.ask("CAPABILITY", GREETING_TIME, keep)
        .await?
        .demand("CAPABILITY")?;
    if capabilities.is_empty() {
        let shown = clean("the server named no capabilities of IMAP4rev1");
        return Err(Trouble::Lost(shown));
    }
    Ok(capabilities)
}
