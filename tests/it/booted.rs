//! The service under a real systemd that has booted: in a container over this machine's own root,
//! which is only read; what is written is gone afterwards.
//!
//! What must hold stands in `tests/cases/booted/inside.sh`, which runs inside. The relay is a peer
//! out here: the container shares the network, and may change nothing of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use data_encoding::BASE64;

use crate::support::smtp_peer::{Act, Peer, Plan, Rule};

/// Longest time for everything inside.
const PATIENCE: Duration = Duration::from_mins(2);

const PASSWORD: &str = "a password for the relay";

/// How long the relay thinks about the second forward, in milliseconds: meanwhile the service is
/// stopped.
const THINKS: u64 = 2500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A container over a view of this machine's root in which everything may be written.
pub struct Container {
    directory: tempfile::TempDir,
}

impl Container {
    /// Why there cannot be one, when there cannot.
    pub fn new() -> Result<Self, String> {
        let version = Command::new("systemd-nspawn").arg("--version").output();
        if version.is_err() {
            return Err("systemd-nspawn is not installed".to_owned());
        }
        Self::over_root().map_err(|why| format!("no overlay over the root: {why}"))
    }

    fn over_root() -> Result<Self, String> {
        let directory = tempfile::tempdir().unwrap();
        let overlay = Self { directory };
        let memory = overlay.path("memory");
        fs::create_dir(&memory).unwrap();
        fs::create_dir(overlay.root()).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=1g", "booted"], &memory)?;
        for part in ["upper", "work"] {
            fs::create_dir(memory.join(part)).unwrap();
        }
        let here = memory.display();
        let layers = format!("lowerdir=/,upperdir={here}/upper,workdir={here}/work");
        mount(&["-t", "overlay", "-o", &layers, "booted"], &overlay.root())?;
        Ok(overlay)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// Takes a directory of this machine's away from the container.
    pub fn remove(&self, path: &str) {
        let _absent = fs::remove_dir_all(self.root().join(path));
    }

    /// Writes a file of the container.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Copies a directory of ours into the container.
    fn copy(&self, from: &str, to: &str) {
        for entry in fs::read_dir(root().join(from)).unwrap() {
            let from = entry.unwrap().path();
            let name = from.file_name().unwrap().to_str().unwrap();
            self.write(&format!("{to}/{name}"), fs::read(&from).unwrap());
        }
    }

    /// Boots, does `steps`, and ends; the answer is what the steps say in `/booted/report`.
    pub fn run(&self, steps: &str, options: &[String], patience: Duration) -> String {
        self.write("booted/inside.sh", steps);
        let script = self.root().join("booted/inside.sh");
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        self.write("etc/systemd/system/selftest.service", SELFTEST);
        self.write("etc/systemd/system/test.target", TARGET);
        self.write("etc/fstab", "");
        // It would bring up network interfaces, which are this machine's.
        let online = self.root();
        let online = online.join("etc/systemd/system/network-online.target");
        let _absent = fs::remove_file(&online);
        std::os::unix::fs::symlink("/dev/null", online).unwrap();
        self.report(self.boot(options), patience)
    }

    fn boot(&self, options: &[String]) -> Child {
        let console = fs::File::create(self.path("console")).unwrap();
        // Several tests may have one at the same time.
        let name = self.directory.path().file_name().unwrap();
        let name = name.to_string_lossy().replace('.', "");
        Command::new("systemd-nspawn")
            .args(["--quiet", "--boot", "--register=no", "--keep-unit"])
            .arg(format!("--machine=triaged-{name}"))
            .arg("--directory")
            .arg(self.root())
            .args(options)
            .args([
                "--console=pipe",
                "--link-journal=no",
                "systemd.unit=test.target",
            ])
            .stdin(Stdio::null())
            .stdout(console.try_clone().unwrap())
            .stderr(console)
            .spawn()
            .unwrap()
    }

    /// The steps' words, once the container has ended.
    fn report(&self, mut container: Child, patience: Duration) -> String {
        let until = Instant::now() + patience;
        while container.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                let _ = container.kill();
                let _ = container.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        let report = read(self.root().join("booted/report"));
        if report.is_empty() {
            return format!("it did not boot:\n{}", read(self.path("console")));
        }
        report
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        for place in [self.root(), self.path("memory")] {
            let _ = Command::new("umount").arg("-l").arg(place).output();
        }
    }
}

fn mount(arguments: &[&str], on: &Path) -> Result<(), String> {
    let done = Command::new("mount").args(arguments).arg(on).output();
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What the container boots into: nothing of this machine but the test.
const TARGET: &str = "[Unit]\nDescription=the test\nDefaultDependencies=no\n\
                      Requires=sysinit.target dbus.socket selftest.service\nAfter=sysinit.target\n\
                      AllowIsolate=yes\n";

const SELFTEST: &str = "[Unit]\nDescription=the steps\nDefaultDependencies=no\n\
                        After=sysinit.target\n[Service]\nType=oneshot\n\
                        ExecStart=/booted/inside.sh\n\
                        ExecStopPost=/bin/systemctl --no-block poweroff\n";

/// What an operator would set, and what makes waiting short.
const DROP_IN: &str = "[Service]\nLoadCredential=smtp:/etc/triaged/secrets/smtp\n\
                       Environment=RUST_BACKTRACE=0\nRestartSec=100ms\nWatchdogSec=2s\n";

fn configuration(relay: u16) -> String {
    let demo = fs::read_to_string(root().join("src/cli/demo/triaged.toml")).unwrap();
    let categories = demo.find("[categories.technical]").unwrap();
    let delivery = demo.find("[delivery]").unwrap();
    let allow = demo.find("[delivery.allow]").unwrap();
    format!(
        "[partner]\nname = \"Partner AB\"\ndomains = [\"partner.example\"]\n\n\
         [[mailbox]]\nname = \"support\"\naddress = \"support@partner.example\"\n\
         kind = \"maildir\"\npath = \"/var/lib/triaged/mail\"\ncreate-folders = true\n\n\
         {}[delivery]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {relay}\ntls = \"none\"\n\
         user = \"support\"\npassword-credential = \"smtp\"\n\n{}\n\
         [metrics]\nlisten = \"/run/triaged/metrics.sock\"\n\n\
         [edits]\nwatch = false\n",
        &demo[categories..delivery],
        &demo[allow..],
    )
}

/// Lays everything the container needs into it.
fn furnish(overlay: &Container, relay: u16) {
    overlay.copy("config/rules", "etc/triaged/rules");
    overlay.copy("config/registry", "etc/triaged/registry");
    overlay.write("etc/triaged/triaged.toml", configuration(relay));
    overlay.copy("config/systemd", "booted");
    overlay.copy("tests/cases/booted", "booted");
    overlay.write("booted/password", PASSWORD);
    let unit = fs::read(root().join("config/systemd/triaged.service")).unwrap();
    overlay.write("etc/systemd/system/triaged.service", unit);
    overlay.write("etc/systemd/system/triaged.service.d/test.conf", DROP_IN);
    overlay.write("usr/bin/triaged", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_lives_under_a_real_systemd() {
    let container = match Container::new() {
        Ok(container) => container,
        Err(why) => {
            eprintln!("left out: {why}");
            return;
        }
    };
    let late = Rule {
        step: "DOT".to_owned(),
        nth: Some(2),
        act: Act::Late(THINKS),
    };
    let relay = Peer::start(Plan {
        offers: vec!["AUTH PLAIN".to_owned(), "8BITMIME".to_owned()],
        rules: vec![late],
        ..Plan::default()
    })
    .await;
    furnish(&container, relay.address.port());
    let steps = include_str!("../cases/booted/inside.sh");
    let bound = format!(
        "--bind-ro={}:/usr/bin/triaged",
        env!("CARGO_BIN_EXE_triaged")
    );
    let run = || container.run(steps, &[bound], PATIENCE);
    let report = tokio::task::block_in_place(run);
    assert!(report.contains("ALL HELD"), "{report}");
    let seen = relay.record();
    let plain = BASE64.encode(format!("\0support\0{PASSWORD}").as_bytes());
    assert!(
        seen.lines.contains(&format!("AUTH PLAIN {plain}")),
        "{:?}",
        seen.lines
    );
    assert_eq!(seen.stored.len(), 2, "{report}");
    eprintln!("{report}");
}
