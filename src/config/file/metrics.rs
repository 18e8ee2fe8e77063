//! `[metrics]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::source::quoted;
use super::table::{InFile, Table};
use super::value::Text;
use crate::config::metrics::Listen;

/// Longest path of a Unix socket in bytes: `sun_path` (`unix(7)`) holds 108, one of them the end.
const SOCKET_BYTES_MAX: usize = 107;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MetricsShape {
    listen: Option<Text>,
}

/// Checks `[metrics]`; nothing when nobody is to ask.
pub fn metrics(table: Table<'_>, file: &mut InFile<'_>) -> Option<Listen> {
    let read = table.read::<MetricsShape>(file);
    listen(read.told.listen.as_ref()?, file)
}

fn listen(text: &Text, file: &mut InFile<'_>) -> Option<Listen> {
    let key = "metrics.listen";
    let told = file.line(key, text)?;
    let (why, help) = if told.starts_with('/') {
        if told.len() <= SOCKET_BYTES_MAX {
            return Some(Listen::Socket(PathBuf::from(told)));
        }
        (
            "is too long for a socket",
            format!("at most {SOCKET_BYTES_MAX} bytes"),
        )
    } else {
        match told.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => return Some(Listen::Loopback(address)),
            Ok(_) => (
                "can be reached from other hosts",
                "`127.0.0.1` or `[::1]`; put a web server with a log-in before it for others"
                    .to_owned(),
            ),
            Err(_) => (
                "is neither a loopback address with a port nor a path",
                "such as `127.0.0.1:9464` or `/run/triaged/metrics.sock`".to_owned(),
            ),
        }
    };
    let message = format!("`{key}`: {} {why}", quoted(&told));
    file.error(&text.span(), key, message).help(help);
    None
}
