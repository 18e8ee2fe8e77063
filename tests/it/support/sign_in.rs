//! A scripted provider of access tokens on loopback: `/token`, `/devicecode`, and `/introspect` for
//! a Dovecot that asks whether a token holds.
//!
//! Without a script it gives tokens `access-1`, `access-2`, … that open one mailbox until they are
//! withdrawn. It keeps what it was asked.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::dovecot::USER;

/// A request to it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The form.
    pub form: HashMap<String, String>,
}

struct State {
    asked: Vec<Asked>,
    /// What is answered next, by path.
    script: VecDeque<(String, u16, String)>,
    /// Tokens given.
    given: u32,
    /// Tokens up to this number hold no more.
    withdrawn: u32,
    /// What is said of a token's life, in seconds.
    life: u64,
    /// Whether each answer brings another refresh token.
    rotates: bool,
    /// Whose mailbox the tokens open.
    opens: String,
}

/// A running provider.
pub struct SignIn {
    /// Where it listens.
    pub port: u16,
    state: Arc<Mutex<State>>,
    directory: tempfile::TempDir,
}

impl SignIn {
    /// Starts one whose tokens open the mailbox of [`USER`].
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            asked: Vec::new(),
            script: VecDeque::new(),
            given: 0,
            withdrawn: 0,
            life: 3600,
            rotates: false,
            opens: USER.to_owned(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        let directory = tempfile::tempdir().unwrap();
        // Dovecot reads it as another user.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            port,
            state,
            directory,
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// Answers the next request to `path` so.
    pub fn answer(&self, path: &str, status: u16, body: &str) {
        self.with(|s| s.script.push_back((path.into(), status, body.into())));
    }

    /// Withdraws all tokens given so far.
    pub fn withdraw(&self) {
        self.with(|s| s.withdrawn = s.given);
    }

    /// Says of further tokens that they hold for so long.
    pub fn set_life(&self, seconds: u64) {
        self.with(|s| s.life = seconds);
    }

    /// Gives another refresh token with each answer from now on.
    pub fn rotate(&self) {
        self.with(|s| s.rotates = true);
    }

    /// Whose mailbox the tokens open from now on.
    pub fn open_only(&self, user: &str) {
        self.with(|s| user.clone_into(&mut s.opens));
    }

    /// What it was asked at `path`.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.with(|s| s.asked.iter().filter(|a| a.path == path).cloned().collect())
    }

    /// The address of one of its endpoints.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A file that only its owner can read.
    pub fn secret_file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The lines of a Dovecot that takes its tokens by these mechanisms.
    pub fn dovecot(&self, mechanisms: &str) -> String {
        let path = self.directory.path().join("dovecot-oauth2.conf");
        let text = format!(
            "introspection_mode = post\nintrospection_url = {}\nusername_attribute = user\n\
             active_attribute = active\nactive_value = true\n",
            self.url("/introspect")
        );
        fs::write(&path, text).unwrap();
        format!(
            "auth_mechanisms = plain {mechanisms}\nauth_failure_delay = 0\npassdb {{\n  driver = oauth2\n  \
             mechanisms = {mechanisms}\n  args = {}\n}}\n",
            path.display()
        )
    }

    /// The keys of a table `oauth2` for an application that it knows.
    pub fn app(&self) -> String {
        format!(
            "kind = \"microsoft-app\"\nclient-id = \"app-1\"\nsecret-file = {:?}\ntoken-url = {:?}\n",
            self.secret_file("app-secret", "geheimnis"),
            self.url("/token"),
        )
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // Dovecot keeps its connection.
    while let Some((asked, token)) = request(&mut reader) {
        let (status, body) = {
            let mut state = shared.lock().unwrap();
            let answer = state.answer(&asked, &token);
            state.asked.push(asked);
            answer
        };
        let mut head = format!("HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n");
        let _ = write!(head, "Content-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request, and the token that is asked about.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(Asked, String)> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let path = first.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let token = form.get("token").cloned().unwrap_or_default();
    Some((Asked { path, form }, token))
}

impl State {
    fn answer(&mut self, asked: &Asked, token: &str) -> (u16, String) {
        if let Some(at) = self
            .script
            .iter()
            .position(|(path, ..)| *path == asked.path)
        {
            let (_, status, body) = self.script.remove(at).unwrap();
            return (status, body);
        }
        match asked.path.as_str() {
            "/token" => {
                self.given += 1;
                let (number, life) = (self.given, self.life);
                let refresh = if self.rotates {
                    format!(r#","refresh_token":"refresh-{number}""#)
                } else {
                    String::new()
                };
                let body = format!(
                    r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"access-{number}"{refresh}}}"#
                );
                (200, body)
            }
            "/introspect" => {
                let number = token.strip_prefix("access-").and_then(|n| n.parse().ok());
                let active = number.is_some_and(|n: u32| n > self.withdrawn && n <= self.given);
                let body = format!(r#"{{"active":{active},"user":"{}"}}"#, self.opens);
                (200, body)
            }
            _ => (404, "{}".to_owned()),
        }
    }
}

/// What a client says for `user` by XOAUTH2.
pub fn xoauth2(user: &str, token: &str) -> String {
    STANDARD.encode(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"))
}
