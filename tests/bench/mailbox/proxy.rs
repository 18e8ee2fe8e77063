//! A relay that holds back every byte for a while, both ways: a network with a round-trip time.
//! It also tells when an IMAP server said that there is new mail, on the very connection that is
//! measured: another client hears of it up to some 100 ms sooner or later.
//!
//! A process of its own; it ends when its standard input is closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use memchr::memmem;

use super::sink::now;

/// What this process is called on the command line.
pub const ROLE: &str = "proxy-process";
/// Bytes read at once.
const READ: usize = 256 << 10;
/// Blocks under way in one direction of a connection.
const UNDER_WAY: usize = 1024;

/// What the server said to a client that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// There is new mail (`EXISTS`).
    News,
    /// The client may wait (`+`, the answer to IDLE).
    Idling,
}

/// A running relay.
pub struct Proxy {
    child: Child,
    input: Option<ChildStdin>,
    /// What the servers said, and when it arrived here.
    pub words: mpsc::Receiver<(Duration, Word)>,
    /// For each port it relays to, the one it listens on.
    pub ports: Vec<u16>,
}

impl Proxy {
    /// Relays to `ports` of 127.0.0.1, `one_way` later.
    pub fn start(one_way: Duration, ports: &[u16]) -> Self {
        let mut arguments = vec![one_way.as_micros().to_string()];
        arguments.extend(ports.iter().map(ToString::to_string));
        let (child, input, mut output): (_, _, BufReader<ChildStdout>) =
            super::role(ROLE, &arguments);
        let ports = ports
            .iter()
            .map(|_| {
                let mut line = String::new();
                output.read_line(&mut line).unwrap();
                line.trim().parse().unwrap()
            })
            .collect();
        let (send, words) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let (nanos, word) = line.split_once(' ').unwrap();
                let word = if word == "news" {
                    Word::News
                } else {
                    Word::Idling
                };
                let time = Duration::from_nanos(nanos.parse().unwrap());
                if send.send((time, word)).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input: Some(input),
            words,
            ports,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The process: microseconds one way, then ports.
pub fn run(arguments: &[String]) {
    let (one_way, ports) = arguments.split_first().unwrap();
    let one_way = Duration::from_micros(one_way.parse().unwrap());
    for port in ports {
        let to: u16 = port.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    // A connection takes a round trip to be made, too.
                    std::thread::sleep(one_way * 2);
                    if let Ok(far) = TcpStream::connect(("127.0.0.1", to)) {
                        relay(&near, &far, one_way, false);
                        relay(&far, &near, one_way, true);
                    }
                });
            }
        });
    }
    // Until the end of input.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn relay(from: &TcpStream, to: &TcpStream, one_way: Duration, server: bool) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let _ = to.set_nodelay(true);
    let (send, receive) = mpsc::sync_channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    std::thread::spawn(move || {
        let mut block = vec![0; READ];
        while let Ok(read) = from.read(&mut block) {
            if server {
                listen(&block[..read]);
            }
            let due = Instant::now() + one_way;
            if send.send((due, block[..read].to_vec())).is_err() || read == 0 {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        for (due, bytes) in receive {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if bytes.is_empty() || to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// Tells of a word of the server. What it says to one who waits is short and comes in one piece.
fn listen(said: &[u8]) {
    let nanos = now().as_nanos();
    if memmem::find(said, b" EXISTS\r\n").is_some() {
        println!("{nanos} news");
    }
    if said.starts_with(b"+ ") || memmem::find(said, b"\n+ ").is_some() {
        println!("{nanos} idling");
    }
}
