//! A relay that holds back every byte for a while, both ways: a network with a round-trip time.
//! A process of its own; it ends when its standard input is closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What this process is called on the command line.
pub const ROLE: &str = "proxy-process";
/// Bytes read at once.
const READ: usize = 256 << 10;
/// Blocks under way in one direction of a connection.
const UNDER_WAY: usize = 1024;

/// A running relay.
pub struct Proxy {
    child: Child,
    input: Option<ChildStdin>,
    _output: BufReader<ChildStdout>,
    /// For each port it relays to, the one it listens on.
    pub ports: Vec<u16>,
}

impl Proxy {
    /// Relays to `ports` of 127.0.0.1, `one_way` later.
    pub fn start(one_way: Duration, ports: &[u16]) -> Self {
        let mut arguments = vec![one_way.as_micros().to_string()];
        arguments.extend(ports.iter().map(ToString::to_string));
        let (child, input, mut output) = super::role(ROLE, &arguments);
        let ports = ports
            .iter()
            .map(|_| {
                let mut line = String::new();
                output.read_line(&mut line).unwrap();
                line.trim().parse().unwrap()
            })
            .collect();
        Self {
            child,
            input: Some(input),
            _output: output,
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
                        relay(&near, &far, one_way);
                        relay(&far, &near, one_way);
                    }
                });
            }
        });
    }
    // Until the end of input.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn relay(from: &TcpStream, to: &TcpStream, one_way: Duration) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let _ = to.set_nodelay(true);
    let (send, receive) = mpsc::sync_channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    std::thread::spawn(move || {
        let mut block = vec![0; READ];
        while let Ok(read) = from.read(&mut block) {
            let sent = send.send((Instant::now() + one_way, block[..read].to_vec()));
            if read == 0 || sent.is_err() {
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
