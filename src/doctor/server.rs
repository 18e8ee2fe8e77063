//! What every server must pass before it is spoken to: its name, a connection, its certificate.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout};

use super::Sheet;
use super::remedy::unreachable;
use crate::config::net::{Server, Tls};
use crate::system::{certificate, net};

/// Time for the name look-up, and for the connection.
const TIME: Duration = Duration::from_secs(20);
/// A certificate that ends sooner is worth a word.
const CERTIFICATE_LEFT: Duration = Duration::from_hours(14 * 24);
/// Addresses shown.
const SHOWN: usize = 3;

/// Looks the name up and connects; `false` when that does not work.
pub(super) async fn reach(server: &Server, sheet: &mut Sheet<'_>) -> bool {
    let (host, port) = (server.host.as_str(), server.port);
    let looked = timeout(TIME, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = match looked {
        Ok(Ok(found)) => found.map(|address| address.ip().to_string()).collect(),
        Ok(Err(error)) => {
            let remedy = "check `host`, and the name servers in `/etc/resolv.conf`";
            sheet.failed("name", format!("`{host}`: {error}"), remedy);
            return false;
        }
        Err(_) => {
            let remedy = "the name servers in `/etc/resolv.conf` do not answer";
            sheet.failed("name", format!("`{host}` is not found in time"), remedy);
            return false;
        }
    };
    let more = addresses.len().saturating_sub(SHOWN);
    let mut shown = addresses
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        shown = format!("{shown} and {more} more");
    }
    sheet.good("name", format!("`{host}` is {shown}"));
    let begun = Instant::now();
    match net::connect(host, port, TIME).await {
        Ok(_) => {
            let ms = begun.elapsed().as_millis();
            sheet.good("connection", format!("port {port} answers, in {ms} ms"));
            true
        }
        Err(error) => {
            let why = error.to_string();
            let remedy = unreachable(&why);
            sheet.failed("connection", format!("port {port}: {why}"), remedy);
            false
        }
    }
}

/// Tells of the certificate of a connection that stands.
pub(super) fn tls(server: &Server, shown: Option<&CertificateDer<'_>>, sheet: &mut Sheet<'_>) {
    if server.tls == Tls::None {
        sheet.good("tls", "none, on this host");
        return;
    }
    let end = shown.and_then(|der| certificate::end(der));
    let Some(end) = end else {
        sheet.good("tls", "the certificate is trusted");
        return;
    };
    let left = end.duration_since(Timestamp::now());
    let days = left.as_hours() / 24;
    let found = format!("the certificate is trusted, and holds for {days} days");
    if left.unsigned_abs() < CERTIFICATE_LEFT {
        let remedy = "whoever runs the server must renew it soon";
        sheet.odd("tls", found, remedy);
    } else {
        sheet.good("tls", found);
    }
}
