//! TCP connections that answer quickly and notice a dead peer.
//!
//! Every socket gets `TCP_NODELAY`, because mail protocols are short questions and answers, and
//! keepalive with `TCP_USER_TIMEOUT`, because a daemon that waits for mail may read nothing for
//! minutes. TLS is [`super::tls`]'s; which host and port is the configuration's.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Silence after which the kernel asks whether the peer is still there.
pub const KEEPALIVE_AFTER: Duration = Duration::from_mins(2);
/// Pause between such questions.
pub const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);
/// Unanswered questions after which the connection is dead: 120 s + 4 × 30 s is under 5 min.
pub const KEEPALIVE_TRIES: u32 = 4;
/// Time after which bytes that nobody acknowledged mean a dead connection.
pub const UNACKNOWLEDGED_MAX: Duration = Duration::from_mins(4);

/// Connects to `host:port` within `deadline`, name look-up included. The addresses of a name are
/// tried in turn, each with its share of the time that is left.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when the time is over, [`io::ErrorKind::NotFound`] when the name
/// has no address, otherwise what the last address answered.
pub async fn connect(host: &str, port: u16, deadline: Duration) -> io::Result<TcpStream> {
    let end = Instant::now() + deadline;
    let addresses: Vec<SocketAddr> = timeout_at(end, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| timed_out("looking up the name"))??
        .collect();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (tried, address) in (0_u32..).zip(&addresses) {
        let left = u32::try_from(addresses.len()).unwrap_or(u32::MAX) - tried;
        let share = end.saturating_duration_since(Instant::now()) / left.max(1);
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                tune(&stream)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failure = error,
            Err(_) => failure = timed_out("connecting"),
        }
    }
    Err(failure)
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TRIES);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))
}

fn timed_out(doing: &str) -> io::Error {
    let text = format!("{doing} took too long");
    io::Error::new(io::ErrorKind::TimedOut, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_has_no_delay_and_asks_after_a_silent_peer() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = connect("localhost", port, Duration::from_secs(5))
            .await
            .unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED_MAX));
    }

    #[tokio::test]
    async fn a_closed_port_is_an_error_at_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = connect("127.0.0.1", port, Duration::from_secs(5))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
