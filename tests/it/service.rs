//! What a service manager is told, by a socket of its kind (`sd_notify(3)`): begin, reload, signs of
//! life, end. And that the unit file is one that systemd takes, with little to attack.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::job::world::World;

const PATIENCE: Duration = Duration::from_mins(1);

struct Manager {
    socket: UnixDatagram,
    child: Child,
}

impl Manager {
    /// The next word for which `wanted` holds; what stands between is passed over.
    fn hears(&self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut words = [0; 4096];
        while Instant::now() < until {
            if let Ok(length) = self.socket.recv(&mut words) {
                let said = String::from_utf8_lossy(&words[..length]).into_owned();
                if said.lines().any(|line| line == wanted) {
                    return said;
                }
            }
        }
        panic!("`{wanted}` was not said within {PATIENCE:?}");
    }

    fn signals(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

#[test]
fn the_service_manager_hears_of_begin_reload_life_and_end() {
    let world = World::new(
        "kind = \"maildir\"\npath = \"../mailbox\"\n",
        "transport = \"maildir\"\npath = \"../outbox\"\n",
    );
    world.make_maildir("mailbox");
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let child = world
        .command(&["run"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .env_remove("WATCHDOG_PID")
        .spawn()
        .unwrap();
    let mut manager = Manager { socket, child };
    let ready = manager.hears("READY=1");
    assert!(ready.contains("STATUS=at work"), "{ready}");
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    manager.signals(Signal::HUP);
    let reloading = manager.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.hears("READY=1");
    manager.signals(Signal::TERM);
    manager.hears("STOPPING=1");
    assert!(manager.child.wait().unwrap().success());
}

#[test]
fn the_unit_file_is_sound_and_exposes_little() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/systemd/triaged.service");
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        // A system without systemd has no use for the file either.
        eprintln!("left out: systemd-analyze is not installed");
        return;
    };
    assert!(version.status.success());
    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=11"])
        .arg(&unit)
        .output()
        .unwrap();
    assert!(
        judged.status.success(),
        "{}",
        String::from_utf8_lossy(&judged.stdout)
    );
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    // Only the program is missing: the package puts it there.
    let other: Vec<_> = said
        .lines()
        .filter(|line| line.contains("triaged.service"))
        .filter(|line| !line.contains("/usr/bin/triaged is not executable"))
        .collect();
    assert!(other.is_empty(), "{other:?}");
}
