//! A relay between the program and a server that cuts a connection at a given byte, for what a
//! network does and no server does on request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the program.
    Out,
    /// From the server.
    In,
}

/// A running relay; its connections end with theirs.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    passed: Arc<[AtomicU64; 2]>,
}

impl Proxy {
    /// Relays to `server` of loopback. The first connection is cut, both ways, before the byte
    /// `at` goes `way`; the others are left alone.
    pub fn start(server: u16, way: Way, at: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let passed = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let counts = Arc::clone(&passed);
        let connections = AtomicUsize::new(0);
        // It waits for connections until the test process ends.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", server)))
                else {
                    return;
                };
                let first = connections.fetch_add(1, Ordering::Relaxed) == 0;
                for (n, own) in [Way::Out, Way::In].into_iter().enumerate() {
                    let (from, to) = match own {
                        Way::Out => (&client, &server),
                        Way::In => (&server, &client),
                    };
                    let ends = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let cut = (first && own == way).then_some(at);
                    let counts = Arc::clone(&counts);
                    std::thread::spawn(move || relay(ends, cut, &counts[n]));
                }
            }
        });
        Self { port, passed }
    }

    /// How many bytes went that way, over all connections.
    pub fn passed(&self, way: Way) -> u64 {
        self.passed[usize::from(way == Way::In)].load(Ordering::Relaxed)
    }
}

fn relay((mut from, mut to): (TcpStream, TcpStream), cut: Option<u64>, count: &AtomicU64) {
    let mut left = cut.unwrap_or(u64::MAX);
    let mut buffer = [0; 4096];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        let passing = usize::try_from(left).unwrap_or(usize::MAX).min(read);
        if to.write_all(&buffer[..passing]).is_err() {
            break;
        }
        count.fetch_add(passing as u64, Ordering::Relaxed);
        left -= passing as u64;
        if passing < read {
            break;
        }
    }
    // Whoever reads on either side sees the end.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
