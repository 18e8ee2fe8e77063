//! What one run needs: a server with mail in it, a sink, a configuration, and the program or the
//! bare client as a process whose time, CPU and memory are taken.
//!
//! TLS is off on every connection (allowed on loopback), for both alike: what is compared is the
//! work, and ciphers would only hide it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::dovecot::{Dovecot, PASSWORD, USER};
use super::folders::FOLDERS;
use super::mail::{self, Route};
use super::sink::{Got, Sink};
use super::{bare, role_command};

/// How often the memory of a process is looked at; its peak is kept by the kernel in between.
const LOOK: Duration = Duration::from_millis(2);
/// Length of one unit of CPU time in `/proc` (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Mail laid out once, and linked into a Maildir for each run.
pub struct Corpus {
    directory: tempfile::TempDir,
    names: Vec<String>,
    /// How many of it are technical.
    pub technical: usize,
    /// Bytes of all.
    pub bytes: u64,
}

impl Corpus {
    /// The first `count` messages.
    pub fn new(count: usize) -> Self {
        let mut corpus = Self {
            directory: tempfile::tempdir().unwrap(),
            names: Vec::new(),
            technical: 0,
            bytes: 0,
        };
        for n in 0..count {
            corpus.add(&mail::message(n), Route::of(n));
        }
        corpus
    }

    /// One more message.
    pub fn add(&mut self, message: &[u8], route: Route) {
        let name = file_name(self.names.len(), message);
        fs::write(self.directory.path().join(&name), message).unwrap();
        self.names.push(name);
        self.technical += usize::from(route == Route::Technical);
        self.bytes += message.len() as u64;
    }

    /// How many messages.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// A Maildir name with both sizes, as a delivery agent gives: the server need not count them.
fn file_name(n: usize, message: &[u8]) -> String {
    let size = message.len();
    let lines = memchr::memchr_iter(b'\n', message).count();
    format!(
        "{}.M{n:06}.bench,S={size},W={}",
        1_700_000_000 + n,
        size + lines
    )
}

/// A server, a sink and a configuration.
pub struct Scene {
    /// The sink.
    pub sink: Sink,
    server: Dovecot,
    directory: tempfile::TempDir,
    owner: (u32, u32),
    delivered: usize,
}

impl Scene {
    /// Everything new, `corpus` in the inbox. The folders are there and the inbox was opened once,
    /// so that neither contestant pays for the server's first look.
    pub fn new(corpus: Option<&Corpus>) -> Self {
        let server = Dovecot::start();
        let meta = fs::metadata(server.maildir()).unwrap();
        let owner = (meta.uid(), meta.gid());
        let mut delivered = 0;
        if let Some(corpus) = corpus {
            for name in &corpus.names {
                let to = server.maildir().join("new").join(name);
                fs::hard_link(corpus.directory.path().join(name), &to).unwrap();
                chown(&to, owner);
            }
            delivered = corpus.len();
        }
        // Making them is no part of any run.
        let creates = FOLDERS.map(|folder| format!("CREATE {folder:?}"));
        server.as_another_client(&creates.each_ref().map(String::as_str));
        let scene = Self {
            sink: Sink::start(),
            server,
            directory: tempfile::tempdir().unwrap(),
            owner,
            delivered,
        };
        let (imap, smtp) = (scene.imap(), scene.sink.port);
        scene.configure(imap, smtp);
        scene
    }

    /// The server's port.
    pub fn imap(&self) -> u16 {
        self.server.imap
    }

    /// Writes the configuration: what is shipped, with this mailbox and this way out.
    pub fn configure(&self, imap: u16, smtp: u16) {
        let here = self.directory.path();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        for part in ["rules", "registry"] {
            fs::create_dir_all(here.join("config").join(part)).unwrap();
            for entry in fs::read_dir(shipped.join(part)).unwrap() {
                let from = entry.unwrap().path();
                let to = here.join("config").join(part);
                fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
            }
        }
        let shipped = fs::read_to_string(shipped.join("triaged.toml")).unwrap();
        let at = |mark: &str| shipped.find(mark).unwrap();
        let middle = &shipped[at("[categories.technical]")..at("[delivery]")];
        let end = &shipped[at("[delivery.allow]")..];
        let secret = self.server.secret_file(PASSWORD);
        let text = format!(
            "[partner]\nname = \"Partner AB\"\ndomains = [\"partner.example\"]\n\n\
             [state]\ndir = \"../state\"\n\n[[mailbox]]\nname = \"support\"\n\
             address = \"support@partner.example\"\nkind = \"imap\"\nhost = \"127.0.0.1\"\n\
             port = {imap}\ntls = \"none\"\nuser = {USER:?}\npassword-file = \"{}\"\n\
             create-folders = true\nfirst-run = \"all\"\n\n{middle}\n[delivery]\n\
             transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\n\n{end}",
            secret.display()
        );
        fs::write(here.join("config/triaged.toml"), text).unwrap();
        let state = here.join("state");
        fs::create_dir_all(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    }

    /// The program, to be started.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = match std::env::var_os("TRIAGED_BENCH_PROGRAM") {
            Some(other) => Command::new(other),
            None => Command::new(env!("CARGO_BIN_EXE_triaged")),
        };
        command
            .arg("--config")
            .arg(self.directory.path().join("config"))
            .args(arguments)
            .env_remove("TRIAGED_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// `run --once`, measured.
    pub fn once(&self) -> Spent {
        let mut command = self.program(&["run", "--once"]);
        let log = self.directory.path().join("log");
        command.stderr(fs::File::create(&log).unwrap());
        measured(command, &log)
    }

    /// The bare client over `lanes` SMTP connections, measured.
    pub fn bare(&self, imap: u16, smtp: u16, lanes: u16) -> Spent {
        let arguments = [imap, smtp, lanes].map(|n| n.to_string());
        let mut command = role_command(bare::ROLE, &arguments);
        let log = self.directory.path().join("log");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap());
        measured(command, &log)
    }

    /// `run`, for as long as the value lives; the answer comes once the mailbox is open.
    pub fn daemon(&self) -> Daemon {
        let mut command = self.program(&["run"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        let (open, opened) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("opened") {
                    let _ = open.send(());
                } else if line.contains("ERROR") || line.contains("WARN") {
                    eprintln!("{line}");
                }
            }
        });
        let daemon = Daemon { child };
        let wait = opened.recv_timeout(Duration::from_secs(30));
        assert!(wait.is_ok(), "the daemon did not open the mailbox");
        daemon
    }

    /// Delivers one message, as a delivery agent does.
    pub fn deliver(&mut self, message: &[u8]) {
        let name = file_name(self.delivered, message);
        self.delivered += 1;
        let maildir = self.server.maildir();
        let temporary = maildir.join("tmp").join(&name);
        fs::write(&temporary, message).unwrap();
        chown(&temporary, self.owner);
        fs::rename(&temporary, maildir.join("new").join(&name)).unwrap();
    }

    /// How many messages lie in the inbox.
    pub fn left(&self) -> usize {
        let maildir = self.server.maildir();
        // In this order a message that the server takes over meanwhile is not overlooked.
        files(&maildir.join("new")) + files(&maildir.join("cur"))
    }

    /// What is wrong with the end of a run of `corpus`, if anything.
    pub fn verdict(&mut self, corpus: &Corpus) -> Result<(), String> {
        let left = self.left();
        let Got { all, distinct } = self.sink.got();
        let filed = |folder: &str| {
            let folder = self.server.maildir().join(format!(".{folder}"));
            files(&folder.join("new")) + files(&folder.join("cur"))
        };
        let places: Vec<_> = Route::ALL
            .iter()
            .map(|(route, _, folder)| (*route, filed(folder)))
            .collect();
        let wanted = |route| (0..corpus.len()).filter(|n| Route::of(*n) == route).count();
        let right = places.iter().all(|(route, count)| match route {
            Route::Technical => *count == corpus.technical,
            other => *count == wanted(*other),
        });
        if left == 0 && all == corpus.technical && distinct == all && right {
            return Ok(());
        }
        Err(format!(
            "{left} left, {all} forwards ({distinct} different) of {}, filed {places:?}",
            corpus.technical
        ))
    }
}

fn chown(path: &Path, (uid, gid): (u32, u32)) {
    if rustix::process::getuid().is_root() {
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    }
}

fn files(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

/// The program as a daemon; it is told to end by SIGTERM.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Its resident memory now and at its peak, in KiB, once it has not grown for a second.
    pub fn memory_at_rest(&self) -> (u64, u64) {
        let mut last = (self.memory("VmRSS"), Instant::now());
        while last.1.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(LOOK * 10);
            let now = self.memory("VmRSS");
            if now > last.0 {
                last = (now, Instant::now());
            }
        }
        (self.memory("VmRSS"), self.memory("VmHWM"))
    }

    fn memory(&self, field: &str) -> u64 {
        memory(self.child.id(), field).expect("the daemon runs")
    }

    /// CPU time so far, in milliseconds.
    pub fn cpu(&self) -> u128 {
        let stat = PathBuf::from(format!("/proc/{}/stat", self.child.id()));
        times(&stat, 11).as_millis()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time, in steps of 10 ms.
    pub cpu: Duration,
    /// Peak of resident memory, in KiB.
    pub peak: u64,
}

fn measured(mut command: Command, log: &Path) -> Spent {
    let own = Path::new("/proc/self/stat");
    // The times of ended children; nothing else ends meanwhile.
    let before = times(own, 13);
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let id = child.id();
    let watch = std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = memory(id, "VmHWM") {
            peak = now;
            std::thread::sleep(LOOK);
        }
        peak
    });
    let status = child.wait().unwrap();
    let wall = start.elapsed();
    let said = fs::read_to_string(log).unwrap_or_default();
    assert!(status.success(), "ended with {status}:\n{said}");
    Spent {
        wall,
        cpu: times(own, 13).saturating_sub(before),
        peak: watch.join().unwrap(),
    }
}

/// Two neighbouring times of a `/proc/PID/stat`, added; `at` counts from behind the name.
fn times(stat: &Path, at: usize) -> Duration {
    let stat = fs::read_to_string(stat).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: u32 = fields
        .split(' ')
        .skip(at)
        .take(2)
        .map(|field| field.parse::<u32>().unwrap())
        .sum();
    TICK * ticks
}

/// A line of `/proc/PID/status`, in KiB; `None` once the process has ended.
fn memory(id: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
