//! The little of HTTP/1.1 (RFC 9112) that is needed to ask: `GET` of a path, one answer, the end.
//!
//! Who asks is not known, so everything has a bound: requests at once, bytes of a request, time of
//! a whole exchange. A request must name this host as its `Host`: a page in somebody's browser that
//! had its own name point here (DNS rebinding) is refused.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Console;
use super::figures::CONTENT_TYPE;

/// Exchanges at once; others wait in the kernel's queue.
const EXCHANGES_MAX: usize = 8;

/// Bytes of a request.
const REQUEST_MAX: usize = 8 << 10;

/// Header fields of a request.
const FIELDS_MAX: usize = 64;

/// Longest time of an exchange.
const EXCHANGE_MAX: Duration = Duration::from_secs(2);

/// Pause after a connection could not be accepted: the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

const PLAIN: &str = "text/plain; charset=utf-8";

/// Where requests come in.
#[derive(Debug)]
pub(super) enum Door {
    /// From this host.
    Loopback(TcpListener),
    /// From whoever may reach the socket.
    Socket(UnixListener),
}

impl Door {
    async fn accept(&self) -> std::io::Result<Box<dyn Peer>> {
        Ok(match self {
            Self::Loopback(listener) => Box::new(listener.accept().await?.0),
            Self::Socket(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

trait Peer: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Peer for T {}

/// Answers until it is aborted.
pub(super) async fn serve(console: Arc<Console>, door: Door) {
    let places = Arc::new(Semaphore::new(EXCHANGES_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match door.accept().await {
            Ok(peer) => {
                let console = Arc::clone(&console);
                tokio::spawn(async move {
                    // Who hangs up or takes too long gets no answer.
                    let _ = timeout(EXCHANGE_MAX, exchange(&console, peer)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a question cannot be taken");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn exchange(console: &Console, mut peer: Box<dyn Peer>) -> std::io::Result<()> {
    let mut request = Vec::with_capacity(1 << 10);
    let asked = loop {
        match Asked::of(&request) {
            Ok(Some(asked)) => break Ok(asked),
            Err(refusal) => break Err(refusal),
            Ok(None) if request.len() >= REQUEST_MAX => break Err(Refusal::TooLarge),
            Ok(None) => {}
        }
        let room = REQUEST_MAX.saturating_sub(request.len()) as u64;
        if (&mut peer).take(room).read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let answer = match asked {
        Ok(Asked::Figures) => figures(console),
        Ok(Asked::Health) => health(console),
        Err(refusal) => refusal.answer(),
    };
    peer.write_all(&answer).await?;
    peer.shutdown().await
}

fn figures(console: &Console) -> Vec<u8> {
    match console.figures.text() {
        Ok(text) => answer("200 OK", CONTENT_TYPE, "", &text),
        Err(_) => answer("500 Internal Server Error", PLAIN, "", "no figures\n"),
    }
}

fn health(console: &Console) -> Vec<u8> {
    let ills = console.health.ills();
    if ills.is_empty() {
        return answer("200 OK", PLAIN, "", "all loops turn, the ledger writes\n");
    }
    let text = ills.join("\n") + "\n";
    answer("503 Service Unavailable", PLAIN, "", &text)
}

fn answer(status: &str, kind: &str, more: &str, text: &str) -> Vec<u8> {
    let length = text.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}"
    )
    .into_bytes()
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Figures,
    Health,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Malformed,
    TooLarge,
    NotGet,
    OtherHost,
    NotFound,
}

impl Refusal {
    fn answer(self) -> Vec<u8> {
        let (status, more, text) = match self {
            Self::Malformed => ("400 Bad Request", "", "this is no request\n"),
            Self::TooLarge => (
                "431 Request Header Fields Too Large",
                "",
                "the request is too large\n",
            ),
            Self::NotGet => (
                "405 Method Not Allowed",
                "Allow: GET\r\n",
                "only GET is answered\n",
            ),
            Self::OtherHost => (
                "421 Misdirected Request",
                "",
                "ask for localhost, 127.0.0.1 or [::1]\n",
            ),
            Self::NotFound => ("404 Not Found", "", "ask for /metrics or /healthz\n"),
        };
        answer(status, PLAIN, more, text)
    }
}

impl Asked {
    /// What the bytes so far ask for; nothing when they are not all there yet.
    fn of(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(bytes) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLarge),
            Err(_) => return Err(Refusal::Malformed),
        }
        let mut hosts = request
            .headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case("host"));
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.value,
            // RFC 9112 §3.2: none, or more than one.
            _ => return Err(Refusal::Malformed),
        };
        if !is_here(host) {
            return Err(Refusal::OtherHost);
        }
        if request.method != Some("GET") {
            return Err(Refusal::NotGet);
        }
        let target = request.path.unwrap_or_default();
        match target.split('?').next() {
            Some("/metrics") => Ok(Some(Self::Figures)),
            Some("/healthz") => Ok(Some(Self::Health)),
            _ => Err(Refusal::NotFound),
        }
    }
}

/// Whether a `Host` names this host, with any port.
fn is_here(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|here| name.eq_ignore_ascii_case(here))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Option<Asked>, Refusal> {
        Asked::of(text.as_bytes())
    }

    #[test]
    fn only_get_of_two_paths_from_this_host_is_answered() {
        let host = "Host: 127.0.0.1:9464\r\n\r\n";
        let get = |target: &str| asked(&format!("GET {target} HTTP/1.1\r\n{host}"));
        assert_eq!(get("/metrics"), Ok(Some(Asked::Figures)));
        assert_eq!(get("/metrics?name[]=x"), Ok(Some(Asked::Figures)));
        assert_eq!(get("/healthz"), Ok(Some(Asked::Health)));
        assert_eq!(get("/"), Err(Refusal::NotFound));
        assert_eq!(get("/metrics/../etc"), Err(Refusal::NotFound));
        for method in ["POST", "HEAD", "DELETE", "get"] {
            let text = format!("{method} /metrics HTTP/1.1\r\n{host}");
            assert_eq!(asked(&text), Err(Refusal::NotGet), "{method}");
        }
    }

    #[test]
    fn a_request_in_pieces_is_waited_for() {
        let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(asked(&whole[..end]), Ok(None), "{end}");
        }
        assert_eq!(asked(whole), Ok(Some(Asked::Health)));
    }

    #[test]
    fn other_hosts_and_what_is_no_request_are_refused() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:9464"] {
            assert!(is_here(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost:80x",
            "192.0.2.1",
            "::1",
        ] {
            assert!(!is_here(host.as_bytes()), "{host}");
        }
        let with = |fields: &str| asked(&format!("GET /metrics HTTP/1.1\r\n{fields}\r\n"));
        assert_eq!(with("Host: evil.example\r\n"), Err(Refusal::OtherHost));
        assert_eq!(with(""), Err(Refusal::Malformed));
        let twice = "Host: localhost\r\nHost: localhost\r\n";
        assert_eq!(with(twice), Err(Refusal::Malformed));
        assert_eq!(asked("\u{16}\u{3}\u{1} TLS"), Err(Refusal::Malformed));
        let many = "X: y\r\n".repeat(FIELDS_MAX + 1);
        assert_eq!(with(&many), Err(Refusal::TooLarge));
    }
}
