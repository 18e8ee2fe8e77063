//! A private Dovecot for one test: own configuration, folder, ports and certificate, one account.
//!
//! It ends with the value, by its process id. Log-in is `support` with the password [`PASSWORD`];
//! the mail lies in a Maildir that tests may write to directly, as a delivery agent would.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// The log-in name.
pub const USER: &str = "support";
/// The password.
pub const PASSWORD: &str = "Gr\u{e5} \"kanin\\7";
/// Longest wait for the server to come up.
const START_TIME: Duration = Duration::from_secs(30);

/// A running server.
pub struct Dovecot {
    child: Child,
    directory: tempfile::TempDir,
    /// Clear text and STARTTLS.
    pub imap: u16,
    /// Implicit TLS.
    pub imaps: u16,
    owner: (u32, u32),
    delivered: AtomicU32,
}

impl Dovecot {
    /// Starts a server with nothing but an empty INBOX.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts a server with `more` configuration behind the usual.
    pub fn start_with(more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        // Dovecot's processes run as another user and must get through.
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        certificates(root);
        let account = format!("{USER}:{{PLAIN}}{PASSWORD}\n");
        fs::write(root.join("passwd"), account).unwrap();
        let (name, uid, gid) = owner();
        for sub in ["run", "state", "home", "home/Maildir"] {
            fs::create_dir_all(root.join(sub)).unwrap();
        }
        for sub in ["home", "home/Maildir"] {
            chown(&root.join(sub), (uid, gid));
        }
        for sub in ["new", "cur", "tmp"] {
            let path = root.join("home/Maildir").join(sub);
            fs::create_dir(&path).unwrap();
            chown(&path, (uid, gid));
        }
        let hold: Vec<_> = (0..2)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let port = |i: usize| hold[i].local_addr().unwrap().port();
        let (imap, imaps) = (port(0), port(1));
        drop(hold);
        let conf = root.join("dovecot.conf");
        fs::write(&conf, configuration(root, &name, imap, imaps, more)).unwrap();
        let child = spawn(&conf);
        let mut server = Self {
            child,
            directory,
            imap,
            imaps,
            owner: (uid, gid),
            delivered: AtomicU32::new(0),
        };
        server.await_start();
        server
    }

    /// Ends the server and its clients' sessions, and starts it again as it was.
    pub fn restart(&mut self) {
        self.end();
        self.child = spawn(&self.directory.path().join("dovecot.conf"));
        self.await_start();
    }

    fn end(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            // Its master process ends the others.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }

    /// Waits for the log line that follows the opening of the ports, and keeps reading the log.
    fn await_start(&mut self) {
        let log = self.child.stderr.take().unwrap();
        let (up, wait) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                // The test's own output shows it when the test fails.
                eprintln!("{line}");
                if line.contains("starting up") {
                    let _ = up.send(());
                }
            }
        });
        assert!(
            wait.recv_timeout(START_TIME).is_ok(),
            "Dovecot did not start"
        );
    }

    /// The authority that signed the server's certificate, for `127.0.0.1` and `localhost`.
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// An authority that signed nothing here.
    pub fn other_ca_file(&self) -> PathBuf {
        self.directory.path().join("other-ca.pem")
    }

    /// A file with `password`, readable by its owner only.
    pub fn secret_file(&self, password: &str) -> PathBuf {
        let path = self
            .directory
            .path()
            .join(format!("secret-{}", password.len()));
        fs::write(&path, format!("{password}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The account's Maildir.
    pub fn maildir(&self) -> PathBuf {
        self.directory.path().join("home/Maildir")
    }

    /// Delivers a message (lines ending in LF) into the INBOX, as a delivery agent does.
    pub fn deliver(&self, message: &[u8]) {
        let count = self.delivered.fetch_add(1, Ordering::Relaxed);
        // Dovecot numbers what it finds in the order of these names.
        let name = format!("{}.M{count:06}.test", 1_700_000_000 + count);
        let (tmp, new) = (
            self.maildir().join("tmp").join(&name),
            self.maildir().join("new"),
        );
        fs::write(&tmp, message).unwrap();
        chown(&tmp, self.owner);
        fs::rename(&tmp, new.join(&name)).unwrap();
    }

    /// How many messages a folder holds (UTF-8, `/` between levels); 0 when there is none.
    pub fn count(&self, folder: &str) -> usize {
        let output = self.doveadm(&["mailbox", "status", "-u", USER, "messages", folder]);
        let (_, count) = output.rsplit_once("messages=").unwrap_or(("", "0"));
        count.trim().parse().unwrap()
    }

    /// Runs `doveadm` on this server and gives what it printed.
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = Command::new("doveadm")
            .arg("-c")
            .arg(self.directory.path().join("dovecot.conf"))
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gives commands in a session of its own, with the INBOX selected, and then hangs up:
    /// another client of the same account.
    pub fn as_another_client(&self, commands: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.imap)).unwrap();
        let mut script = format!("a LOGIN {USER} {{{}}}\r\n{PASSWORD}\r\n", PASSWORD.len());
        script.push_str("b SELECT INBOX\r\n");
        for command in commands {
            let _ = write!(script, "c {command}\r\n");
        }
        script.push_str("z LOGOUT\r\n");
        stream.write_all(script.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.contains("\r\nz OK"), "{said}");
        said
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(conf: &Path) -> Child {
    Command::new("dovecot")
        .arg("-F")
        .arg("-c")
        .arg(conf)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Dovecot is needed: apt-get install dovecot-imapd")
}

fn configuration(root: &Path, user: &str, imap: u16, imaps: u16, more: &str) -> String {
    let root = root.display();
    format!(
        r"
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = /dev/stderr
instance_name = test
default_internal_user = {user}
default_internal_group = {user}
default_login_user = {user}
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{root}/home/Maildir
mail_max_userip_connections = 50
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = {root}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={root}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{more}
"
    )
}

/// Who owns the mail: nobody may log in to a mailbox of root, so root takes `mail`.
fn owner() -> (String, u32, u32) {
    let uid = rustix::process::getuid();
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let wanted = |line: &&str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next(), fields.nth(1));
        if uid.is_root() {
            name == Some("mail")
        } else {
            id == Some(uid.as_raw().to_string().as_str())
        }
    };
    let line = passwd
        .lines()
        .find(wanted)
        .expect("an entry in /etc/passwd");
    let fields: Vec<&str> = line.split(':').collect();
    (
        fields[0].into(),
        fields[2].parse().unwrap(),
        fields[3].parse().unwrap(),
    )
}

fn chown(path: &Path, (uid, gid): (u32, u32)) {
    if rustix::process::getuid().is_root() {
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    }
}

/// An authority, a certificate it signed, and an authority that has nothing to do with it.
fn certificates(root: &Path) {
    let names = root.join("names.cnf");
    fs::write(&names, "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let run = |line: &str| {
        let output = Command::new("openssl")
            .current_dir(root)
            .args(line.split_whitespace())
            .output()
            .expect("openssl is needed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {line}: {said}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["ca", "other-ca"] {
        run(&format!(
            "req -x509 {key} -days 3 -subj /CN=test-{name} -keyout {name}.key -out {name}.pem"
        ));
    }
    run(&format!(
        "req -new {key} -subj /CN=localhost -keyout key.pem -out request.pem"
    ));
    run(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 \
         -extfile names.cnf -out cert.pem",
    );
}
