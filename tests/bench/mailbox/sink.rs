//! The SMTP sink: takes every message, keeps nothing but what it counts. A process of its own, so
//! that its CPU is not counted as anybody's.
//!
//! It answers questions on its standard input, one line each, and ends when that is closed.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memchr::memmem;

/// What this process is called on the command line.
pub const ROLE: &str = "sink-process";
/// Longest wait for a message.
const WAIT: Duration = Duration::from_mins(1);
/// Bytes read at once.
const READ: usize = 256 << 10;

/// A running sink.
pub struct Sink {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

/// What it got.
#[derive(Debug, Clone, Copy)]
pub struct Got {
    /// Messages.
    pub all: usize,
    /// Different Message-IDs.
    pub distinct: usize,
}

impl Sink {
    /// Starts one.
    pub fn start() -> Self {
        let (child, questions, answers) = super::role(ROLE, &[]);
        let mut sink = Self {
            child,
            questions: Some(questions),
            answers,
            port: 0,
        };
        sink.port = sink.answer().parse().unwrap();
        sink
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn ask(&mut self, question: &str) -> String {
        let questions = self.questions.as_mut().unwrap();
        writeln!(questions, "{question}").unwrap();
        self.answer()
    }

    /// What it got so far.
    pub fn got(&mut self) -> Got {
        let answer = self.ask("count");
        let (all, distinct) = answer.split_once(' ').unwrap();
        Got {
            all: all.parse().unwrap(),
            distinct: distinct.parse().unwrap(),
        }
    }

    /// When it accepted its `n`-th message, counted from 1; waits for it a minute at most.
    pub fn accepted(&mut self, n: usize) -> Duration {
        let answer = self.ask(&format!("wait {n}"));
        let nanos = answer.parse().expect("the forward did not come");
        Duration::from_nanos(nanos)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Its end of input is its end.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Count {
    ids: HashSet<u64>,
    times: Vec<u64>,
}

/// The time of day; the same clock in every process here.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// The process.
pub fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let count = Arc::new((Mutex::new(Count::default()), Condvar::new()));
    let shared = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = shared.clone();
            std::thread::spawn(move || drop(serve(stream, &count)));
        }
    });
    for question in std::io::stdin().lines().map_while(Result::ok) {
        let held = count.0.lock().unwrap();
        match question.strip_prefix("wait ") {
            None => println!("{} {}", held.times.len(), held.ids.len()),
            Some(n) => {
                let n: usize = n.parse().unwrap();
                let (held, _) = count
                    .1
                    .wait_timeout_while(held, WAIT, |c| c.times.len() < n)
                    .unwrap();
                println!("{}", held.times.get(n - 1).copied().unwrap_or(0));
            }
        }
    }
}

fn serve(mut stream: TcpStream, count: &(Mutex<Count>, Condvar)) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.example ESMTP\r\n")?;
    let end = memmem::Finder::new(b"\r\n.\r\n");
    let mut block = vec![0; READ];
    let mut held: Vec<u8> = Vec::new();
    let mut replies: Vec<u8> = Vec::new();
    // Whether a message is being sent, and how much of it was looked through.
    let mut message: Option<usize> = None;
    loop {
        let mut start = 0;
        loop {
            let rest = &held[start..];
            if let Some(seen) = message {
                let Some(at) = end.find(&rest[seen..]).map(|at| at + seen) else {
                    message = Some(rest.len().saturating_sub(4));
                    break;
                };
                note(&rest[..at], count);
                replies.extend(b"250 2.0.0 taken\r\n");
                message = None;
                start += at + 5;
            } else {
                let Some(at) = memchr::memchr(b'\n', rest) else {
                    break;
                };
                let verb = rest[..at.min(4)].to_ascii_uppercase();
                match verb.as_slice() {
                    b"EHLO" => replies.extend(
                        b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n",
                    ),
                    b"DATA" => {
                        message = Some(0);
                        replies.extend(b"354 go on\r\n");
                    }
                    b"QUIT" => return stream.write_all(b"221 bye\r\n"),
                    _ => replies.extend(b"250 2.0.0 ok\r\n"),
                }
                start += at + 1;
            }
        }
        held.drain(..start);
        stream.write_all(&replies)?;
        replies.clear();
        let read = stream.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        held.extend_from_slice(&block[..read]);
    }
}

fn note(message: &[u8], count: &(Mutex<Count>, Condvar)) {
    let time = u64::try_from(now().as_nanos()).unwrap();
    let start = &message[..message.len().min(8 << 10)];
    let id = memmem::find(start, b"Message-ID:").map_or(&b""[..], |at| {
        let rest = &start[at..];
        &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
    });
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let mut held = count.0.lock().unwrap();
    held.ids.insert(hasher.finish());
    held.times.push(time);
    drop(held);
    count.1.notify_all();
}
