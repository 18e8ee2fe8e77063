//! What whoever watches the daemon is told: figures that agree with the work, health that means
//! something, and neither for strangers. The shipped alarms and the dashboard ask for nothing that
//! is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use triaged::system::maildir;

use crate::job::sample;
use crate::job::world::World;

const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon that can be asked at a socket.
struct Watched {
    world: World,
    child: Child,
}

impl Watched {
    /// Starts it on a mailbox with the first messages of the samples.
    fn start(messages: usize) -> Self {
        let world = world(messages);
        listen(&world, &format!("{:?}", world.path("metrics.sock")));
        let child = world.start(&["run"]);
        Self { world, child }
    }

    /// The status and the text of an answer, once the daemon listens.
    fn ask(&self, path: &str) -> (u16, String) {
        let until = Instant::now() + PATIENCE;
        loop {
            match UnixStream::connect(self.world.path("metrics.sock")) {
                Ok(stream) => return get(stream, path),
                Err(error) if Instant::now() > until => panic!("nobody listens: {error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The figures once `wanted` holds of them.
    fn figures(&self, wanted: impl Fn(&Figures) -> bool) -> Figures {
        let until = Instant::now() + PATIENCE;
        loop {
            let (status, text) = self.ask("/metrics");
            assert_eq!(status, 200);
            let figures = Figures::read(&text);
            if wanted(&figures) {
                return figures;
            }
            assert!(Instant::now() < until, "{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It has ended by itself unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn world(messages: usize) -> World {
    let world = World::new(
        "kind = \"maildir\"\npath = \"../mailbox\"\nfirst-run = \"all\"\n",
        "transport = \"maildir\"\npath = \"../outbox\"\n",
    );
    world.make_maildir("mailbox");
    for sample in sample::mail(messages, 1000) {
        maildir::deliver(&world.path("mailbox"), &sample.bytes).unwrap();
    }
    world
}

fn listen(world: &World, listen: &str) {
    let path = world.path("config/triaged.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        path,
        format!("{text}\n[metrics]\nlisten = {listen}\n\n[edits]\nwatch = false\n"),
    )
    .unwrap();
}

fn get(stream: impl Read + Write, path: &str) -> (u16, String) {
    say(
        stream,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
}

fn say(mut stream: impl Read + Write, request: &str) -> (u16, String) {
    // Who is refused may be hung up on before all is said.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.unwrap_or(0), text.to_owned())
}

/// Samples of the text form, by name with labels as it stands there.
struct Figures(BTreeMap<String, f64>);

impl Figures {
    fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        });
        Self(samples.collect())
    }

    fn get(&self, name: &str) -> f64 {
        let value = self.0.get(name);
        *value.unwrap_or_else(|| panic!("no `{name}` in {:#?}", self.0.keys()))
    }

    fn event(&self, event: &str) -> f64 {
        self.get(&format!(
            "triaged_events_total{{mailbox=\"support\",event=\"{event}\"}}"
        ))
    }

    /// The sum over everything of this name.
    fn sum(&self, name: &str) -> f64 {
        let of = |full: &str| full.split('{').next() == Some(name);
        let samples = self.0.iter().filter(|(full, _)| of(full));
        samples.map(|(_, value)| value).sum()
    }

    fn names(&self) -> BTreeSet<&str> {
        let names = self.0.keys().filter_map(|full| full.split('{').next());
        names.collect()
    }
}

#[test]
fn figures_agree_with_the_work_and_a_refused_edit_shows_everywhere() {
    let watched = Watched::start(14);
    let done = watched.figures(|f| f.event("settled") >= 14.0);
    assert!(done.event("seen") >= 14.0);
    let decided = done.event("decided");
    assert!((done.sum("triaged_decisions_total") - decided).abs() < 0.5);
    for (until, event) in [
        ("decided", "decided"),
        ("delivered", "delivered"),
        ("settled", "settled"),
    ] {
        let waits = done.get(&format!("triaged_wait_seconds_count{{until=\"{until}\"}}"));
        assert!((waits - done.event(event)).abs() < 0.5, "{until}");
    }
    assert!(done.event("delivered") >= 3.0);
    assert!(done.sum("triaged_rule_hits_total") >= 7.0);
    assert!((done.sum("triaged_session_open") - 1.0).abs() < 0.5);
    assert!((done.get("triaged_edit_taken") - 1.0).abs() < 0.5);
    // The survey comes round and finds what was recorded.
    let surveyed = watched.figures(|f| {
        let settled = "triaged_tickets{mailbox=\"support\",stage=\"settled\"}";
        f.0.get(settled) == Some(&14.0)
    });
    assert!(surveyed.get("triaged_audit_head") >= 14.0 * 3.0);
    assert!((surveyed.get("triaged_well") - 1.0).abs() < 0.5);
    let (status, text) = watched.ask("/healthz");
    assert_eq!(status, 200, "{text}");

    let rules = watched.world.path("config/rules/mine.toml");
    fs::write(rules, "[[rule]]\nid = \"mine\"\ncategory = \"biling\"\n").unwrap();
    watched.signal(Signal::HUP);
    let refused = watched.figures(|f| f.get("triaged_edit_taken") < 0.5);
    let edits = refused.get("triaged_events_total{mailbox=\"\",event=\"reload-refused\"}");
    assert!((edits - 1.0).abs() < 0.5);
    let status = watched.world.run(&["status"]);
    let told = String::from_utf8(status.stdout).unwrap();
    assert!(told.contains("edit    refused"), "{told}");
    assert_eq!(watched.world.events()["reload-refused"], 1);

    let asked = [
        ("alarms", shipped("prometheus/alerts.yml")),
        ("dashboard", shipped("grafana/triaged.json")),
    ];
    for (what, text) in asked {
        for name in asked_for(&text) {
            assert!(
                refused.names().contains(name.as_str()),
                "the {what} ask for `{name}`, which is none of {:#?}",
                refused.names()
            );
        }
    }
    watched.signal(Signal::TERM);
}

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// The figures that a file of alarms or pages names.
fn asked_for(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\btriaged_[a-z_]+[a-z]\b").unwrap();
    let found: BTreeSet<String> = name
        .find_iter(text)
        .map(|found| found.as_str().to_owned())
        // Absent when nothing is unfinished.
        .filter(|name| name != "triaged_oldest_unfinished_timestamp_seconds")
        .collect();
    assert!(found.len() > 5, "{found:?}");
    found
}

#[test]
fn the_dashboard_is_json_and_the_alarms_are_taken_by_promtool() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&shipped("grafana/triaged.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
    let alarms = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prometheus/alerts.yml");
    let Ok(checked) = Command::new("promtool")
        .args(["check", "rules"])
        .arg(&alarms)
        .output()
    else {
        eprintln!("left out: promtool is not installed");
        return;
    };
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn strangers_and_the_slow_get_no_answer_and_keep_nobody_waiting() {
    let world = world(0);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    listen(&world, &format!("\"{address}\""));
    let child = world.start(&["run"]);
    let watched = Watched { world, child };
    let until = Instant::now() + PATIENCE;
    let connect = || loop {
        match std::net::TcpStream::connect(address) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(get(connect(), "/metrics").0, 200);
    let other = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(say(connect(), other).0, 421);
    let post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(say(connect(), post).0, 405);
    let endless = format!("GET /{} HTTP/1.1\r\n", "x".repeat(1 << 20));
    let (status, _) = say(connect(), &endless);
    // It may have hung up before the answer could be read.
    assert!([0, 431].contains(&status), "{status}");
    // As many as may ask at once say nothing; the next one is answered all the same.
    let silent: Vec<_> = (0..8).map(|_| connect()).collect();
    assert_eq!(get(connect(), "/metrics").0, 200);
    drop(silent);
    watched.signal(Signal::TERM);
}

#[test]
fn a_full_disk_is_no_health() {
    let place = Mount::small();
    let Some(place) = place else {
        eprintln!("left out: no small file system can be mounted here");
        return;
    };
    let world = world(0);
    let path = world.path("config/triaged.toml");
    let text = fs::read_to_string(&path).unwrap();
    let state = format!("dir = {:?}", place.path);
    fs::write(&path, text.replace("dir = \"../state\"", &state)).unwrap();
    listen(&world, &format!("{:?}", world.path("metrics.sock")));
    let child = world.start(&["run"]);
    let watched = Watched { world, child };
    let until = Instant::now() + PATIENCE;
    loop {
        let (status, text) = watched.ask("/healthz");
        assert_eq!(status, 503, "{text}");
        if text.contains("MiB are left where the ledger lies, 64 MiB must be") {
            break;
        }
        assert!(Instant::now() < until, "{text}");
    }
    watched.signal(Signal::TERM);
    drop(watched);
}

/// A file system of 32 MiB that is gone when this is.
struct Mount {
    path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Mount {
    fn small() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m,mode=0700", "small"])
            .arg(&path)
            .output();
        mounted
            .is_ok_and(|done| done.status.success())
            .then(|| Self {
                path,
                _directory: directory,
            })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}
