//! A server that follows a script, for what no real one does on demand.
//!
//! A script is lines: `C: …` a line the client must send, `S: …` a line that is sent, `S- …` the
//! same without its line end, `close` hangs up, `hang` says nothing any more and lets the clock
//! of the test run ahead. A client's tag is one lower-case letter in the script, bound by the
//! `C:` line and put back in `S:` lines. `S:` lines that follow each other are one write.

use std::collections::HashMap;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait for the client's next line.
const LINE_TIME: Duration = Duration::from_secs(10);

/// The server's side of one connection.
pub struct Peer {
    listener: TcpListener,
    stream: Option<BufReader<TcpStream>>,
    tags: HashMap<char, String>,
}

impl Peer {
    /// Listens on a free port of loopback.
    pub async fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            stream: None,
            tags: HashMap::new(),
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Follows a script; the first line of the first accepts the connection. Gives whether the
    /// client must now wait for ever.
    pub async fn follow(&mut self, script: &[&str]) -> bool {
        let mut unsent = Vec::new();
        for line in script {
            if let Some(text) = line.strip_prefix("S: ") {
                unsent.extend_from_slice(self.with_tag(text).as_bytes());
                unsent.extend_from_slice(b"\r\n");
            } else if let Some(text) = line.strip_prefix("S- ") {
                unsent.extend_from_slice(self.with_tag(text).as_bytes());
            } else if let Some(text) = line.strip_prefix("C: ") {
                self.send(&mut unsent).await;
                self.expect(text).await;
            } else if *line == "close" {
                self.send(&mut unsent).await;
                self.stream = None;
            } else if *line == "hang" {
                self.send(&mut unsent).await;
                tokio::time::pause();
                return true;
            } else {
                panic!("`{line}` is no line of a script");
            }
        }
        self.send(&mut unsent).await;
        false
    }

    async fn stream(&mut self) -> &mut BufReader<TcpStream> {
        if self.stream.is_none() {
            let (stream, _) = self.listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            self.stream = Some(BufReader::new(stream));
        }
        self.stream.as_mut().unwrap()
    }

    async fn send(&mut self, unsent: &mut Vec<u8>) {
        if !unsent.is_empty() {
            // A client that hung up already is judged by its own answer.
            let _ = self.stream().await.write_all(unsent).await;
            unsent.clear();
        }
    }

    async fn expect(&mut self, wanted: &str) {
        let mut line = String::new();
        let reading = self.stream().await.read_line(&mut line);
        match timeout(LINE_TIME, reading).await {
            Ok(Ok(_)) => {}
            other => panic!("waiting for `{wanted}`: {other:?}"),
        }
        let line = line.trim_end_matches(['\r', '\n']);
        let mut chars = wanted.chars();
        let (label, space) = (chars.next().unwrap(), chars.next());
        if label.is_ascii_lowercase() && space == Some(' ') {
            let (tag, said) = line.split_once(' ').unwrap_or(("", line));
            assert_eq!(said, chars.as_str(), "the client said");
            self.tags.insert(label, tag.to_owned());
        } else {
            assert_eq!(line, wanted, "the client said");
        }
    }

    fn with_tag(&self, text: &str) -> String {
        let mut chars = text.chars();
        match (chars.next().and_then(|l| self.tags.get(&l)), chars.next()) {
            (Some(tag), Some(' ')) => format!("{tag} {}", chars.as_str()),
            _ => text.to_owned(),
        }
    }
}
