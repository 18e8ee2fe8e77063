//! A scripted SMTP server on loopback, for what real ones will not do on request.
//!
//! Without rules it behaves well. A rule says what to do instead when a step comes up, every time
//! or the n-th time. It keeps each message's bytes as they stood on the wire, the final dot
//! included, and a list of the steps it saw.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the peer does instead of behaving well.
#[derive(Debug, Clone, Deserialize)]
pub struct Rule {
    /// `GREETING`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `BODY` (the first line of
    /// a message), `DOT` (its end), `QUIT`.
    pub step: String,
    /// Which time the step comes up, counted from 1 over all connections; every time if absent.
    pub nth: Option<usize>,
    /// What to do.
    #[serde(flatten)]
    pub act: Act,
}

/// One act.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Answers with this line.
    Reply(String),
    /// Answers with exactly these bytes.
    Raw(String),
    /// Answers with this line, then closes.
    ReplyAndClose(String),
    /// Closes without a word. A message that has ended is not kept.
    Close(Always),
    /// Keeps the message, then closes without a word.
    StoreAndClose(Always),
    /// Never answers; waits until the client goes.
    Stall(Always),
    /// Says nothing now, and answers together with the next step that is answered.
    Hold(String),
    /// Answers well, but byte by byte with so many milliseconds between.
    Drip(u64),
    /// Answers well after so many milliseconds.
    Late(u64),
    /// So many continuation lines that never come to an end.
    Flood(usize),
    /// One line of so many bytes without an end.
    LongLine(usize),
}

/// The word `true`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "bool")]
pub struct Always;

impl TryFrom<bool> for Always {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value.then_some(Self).ok_or("only `true` makes sense here")
    }
}

/// How a peer is set up.
#[derive(Default, Clone)]
pub struct Plan {
    /// EHLO keywords.
    pub offers: Vec<String>,
    /// The rules; the first that fits a step is taken.
    pub rules: Vec<Rule>,
    /// TLS after STARTTLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte.
    pub implicit: bool,
}

impl Record {
    /// How often `step` came up.
    pub fn times(&self, step: &str) -> usize {
        self.steps.iter().filter(|seen| *seen == step).count()
    }
}

/// What a peer saw.
#[derive(Debug, Default, Clone)]
pub struct Record {
    /// Connections made.
    pub connections: usize,
    /// The steps in the order they came up, on whatever connection.
    pub steps: Vec<String>,
    /// The command lines.
    pub lines: Vec<String>,
    /// The messages it took responsibility for, as they stood on the wire with their final dot.
    pub stored: Vec<Vec<u8>>,
    /// Bytes of messages that did not end.
    pub partial: Vec<Vec<u8>>,
}

/// A running peer; it stops when dropped.
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    record: Arc<Mutex<Record>>,
    news: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Starts a peer on a free port of loopback.
    pub async fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let record = Arc::new(Mutex::new(Record::default()));
        let plan = Arc::new(plan);
        let news = Arc::new(Notify::new());
        let kept = Arc::clone(&record);
        let told = Arc::clone(&news);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                lock(&kept).connections += 1;
                let talk = serve(
                    Arc::clone(&plan),
                    Arc::clone(&kept),
                    Arc::clone(&told),
                    stream,
                );
                connections.spawn(async move {
                    // The client may go at any time.
                    let _ = talk.await;
                });
            }
        });
        Self {
            address,
            record,
            news,
            task,
        }
    }

    /// Waits until what it saw is as `wanted` says.
    pub async fn until(&self, wanted: impl Fn(&Record) -> bool) {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // Listens before it looks, so that nothing is missed between the two.
            news.as_mut().enable();
            if wanted(&self.record()) {
                return;
            }
            news.await;
        }
    }

    /// What it saw so far.
    pub fn record(&self) -> Record {
        lock(&self.record).clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(record: &Mutex<Record>) -> std::sync::MutexGuard<'_, Record> {
    record.lock().expect("no thread panicked with the record")
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

async fn serve(
    plan: Arc<Plan>,
    record: Arc<Mutex<Record>>,
    news: Arc<Notify>,
    stream: TcpStream,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut talk = Talk {
        plan: Arc::clone(&plan),
        record,
        news,
        held: Vec::new(),
        sender: false,
        recipients: 0,
    };
    match &plan.tls {
        Some(config) if plan.implicit => {
            let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
            talk.greet_and_serve(Box::new(stream)).await.map(|_| ())
        }
        Some(config) => {
            let Some(stream) = talk.greet_and_serve(stream).await? else {
                return Ok(());
            };
            let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
            talk.commands(BufReader::new(stream), false)
                .await
                .map(|_| ())
        }
        None => talk.greet_and_serve(stream).await.map(|_| ()),
    }
}

const STEPS: [&str; 7] = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"];
const NOBODY: &str = "554 5.5.1 no valid recipients";

fn after(reply: &str) -> Next {
    if reply.starts_with(['2', '3']) {
        Next::Go
    } else {
        Next::Refused
    }
}

/// Whether the talk goes on after a step.
enum Next {
    Go,
    Refused,
    End,
}

struct Talk {
    plan: Arc<Plan>,
    record: Arc<Mutex<Record>>,
    news: Arc<Notify>,
    held: Vec<u8>,
    /// Whether MAIL was granted.
    sender: bool,
    /// RCPT granted since.
    recipients: usize,
}

impl Talk {
    async fn greet_and_serve<S: Duplex>(&mut self, stream: S) -> io::Result<Option<S>> {
        let mut stream = BufReader::new(stream);
        match self
            .step(&mut stream, "GREETING", "220 mail.example.net ESMTP")
            .await?
        {
            Next::End => Ok(None),
            _ => self.commands(stream, true).await,
        }
    }

    /// Serves until the client goes; gives the stream back when TLS is to begin.
    async fn commands<S: Duplex>(
        &mut self,
        mut stream: BufReader<S>,
        clear: bool,
    ) -> io::Result<Option<S>> {
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            lock(&self.record).lines.push(line.clone());
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            let good = match verb.as_str() {
                "EHLO" => self.ehlo(clear),
                "STARTTLS" => "220 go ahead".into(),
                "AUTH" if line.eq_ignore_ascii_case("AUTH LOGIN") => "334 VXNlcm5hbWU6".into(),
                "AUTH" => "235 2.7.0 welcome".into(),
                "MAIL" => "250 2.1.0 ok".into(),
                "RCPT" if !self.sender => "503 5.5.1 need MAIL".into(),
                "RCPT" => "250 2.1.5 ok".into(),
                "DATA" if self.recipients == 0 => NOBODY.into(),
                "DATA" => "354 go ahead".into(),
                "QUIT" => "221 2.0.0 bye".into(),
                // The name and then the password of AUTH LOGIN.
                _ if line == "c3VwcG9ydA==" => "334 UGFzc3dvcmQ6".into(),
                _ if !line.contains(' ') => "235 2.7.0 welcome".into(),
                _ => "500 5.5.2 what?".into(),
            };
            let login = !verb.contains(' ') && !STEPS.contains(&verb.as_str());
            let step = if login { "AUTH" } else { &verb };
            if verb == "MAIL" {
                (self.sender, self.recipients) = (false, 0);
            }
            match self.step(&mut stream, step, &good).await? {
                Next::End => return Ok(None),
                Next::Refused => continue,
                Next::Go => {}
            }
            match verb.as_str() {
                "QUIT" => return Ok(None),
                "MAIL" => self.sender = true,
                "RCPT" => self.recipients += 1,
                "STARTTLS" => return Ok(Some(stream.into_inner())),
                "DATA" => {
                    if matches!(self.message(&mut stream).await?, Next::End) {
                        return Ok(None);
                    }
                }
                _ => {}
            }
        }
    }

    fn ehlo(&self, clear: bool) -> String {
        let mut lines = vec!["mail.example.net".to_owned()];
        let offers = self.plan.offers.iter();
        lines.extend(offers.filter(|o| clear || *o != "STARTTLS").cloned());
        let last = lines.len() - 1;
        let mark = |n| if n == last { ' ' } else { '-' };
        let written = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!("250{}{line}", mark(n)));
        written.collect::<Vec<_>>().join("\r\n")
    }

    /// Reads a message line by line until a lone dot.
    async fn message<S: Duplex>(&mut self, stream: &mut BufReader<S>) -> io::Result<Next> {
        let mut bytes = Vec::new();
        let mut begun = false;
        loop {
            let start = bytes.len();
            let read = stream.read_until(b'\n', &mut bytes).await;
            if !matches!(read, Ok(1..)) {
                lock(&self.record).partial.push(bytes);
                self.news.notify_waiters();
                return Ok(Next::End);
            }
            if bytes.get(start..) == Some(b".\r\n") {
                break;
            }
            if !begun {
                begun = true;
                if self.rule("BODY").is_some() {
                    lock(&self.record).partial.push(bytes);
                    if !matches!(self.step(stream, "BODY", "").await?, Next::End) {
                        drain(stream).await;
                    }
                    return Ok(Next::End);
                }
            }
        }
        if self.recipients == 0 {
            return self.step(stream, "DOT", NOBODY).await;
        }
        let kept = match self.rule("DOT") {
            Some(Act::Reply(text) | Act::ReplyAndClose(text) | Act::Raw(text)) => {
                text.starts_with("250")
            }
            Some(Act::Close(_) | Act::Stall(_) | Act::Flood(_) | Act::LongLine(_)) => false,
            _ => true,
        };
        if kept {
            lock(&self.record).stored.push(bytes);
        }
        self.step(stream, "DOT", "250 2.0.0 queued as 1").await
    }

    /// The rule for the step that comes up next.
    fn rule(&self, step: &str) -> Option<Act> {
        let time = 1 + lock(&self.record)
            .steps
            .iter()
            .filter(|s| *s == step)
            .count();
        let mut rules = self.plan.rules.iter();
        rules
            .find(|rule| rule.step == step && rule.nth.is_none_or(|nth| nth == time))
            .map(|rule| rule.act.clone())
    }

    async fn step<S: Duplex>(
        &mut self,
        stream: &mut BufReader<S>,
        step: &str,
        good: &str,
    ) -> io::Result<Next> {
        let act = self.rule(step);
        lock(&self.record).steps.push(step.to_owned());
        self.news.notify_waiters();
        let mut out = std::mem::take(&mut self.held);
        let next = match act {
            None => {
                out.extend(format!("{good}\r\n").bytes());
                after(good)
            }
            Some(Act::Reply(text)) => {
                out.extend(format!("{text}\r\n").bytes());
                after(&text)
            }
            Some(Act::Raw(text)) => {
                out.extend(text.bytes());
                Next::Go
            }
            Some(Act::ReplyAndClose(text)) => {
                out.extend(format!("{text}\r\n").bytes());
                Next::End
            }
            Some(Act::Close(_) | Act::StoreAndClose(_)) => Next::End,
            Some(Act::Stall(_)) => {
                drain(stream).await;
                Next::End
            }
            Some(Act::Hold(text)) => {
                out.extend(format!("{text}\r\n").bytes());
                self.held = out;
                return Ok(Next::Go);
            }
            Some(Act::Drip(pause)) => {
                for byte in format!("{good}\r\n").bytes() {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Next::Go
            }
            Some(Act::Late(pause)) => {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                out.extend(format!("{good}\r\n").bytes());
                Next::Go
            }
            Some(Act::Flood(lines)) => {
                out.extend("250-and more\r\n".repeat(lines).bytes());
                Next::Go
            }
            Some(Act::LongLine(bytes)) => {
                out.extend(format!("250 {}", "x".repeat(bytes)).bytes());
                Next::Go
            }
        };
        stream.write_all(&out).await?;
        stream.flush().await?;
        Ok(next)
    }
}

/// Reads until the client goes.
async fn drain<S: Duplex>(stream: &mut BufReader<S>) {
    let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
}
