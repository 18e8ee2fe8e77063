//! A private Postfix: its own configuration, queue and log in a temporary folder, a free port of
//! loopback, STARTTLS with a given certificate, one mailbox. It needs root, as Postfix does.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::pki::Identity;

/// The address that gets mail into the folder `box`. The contacts of the shipped registry get it
/// into folders called like their products.
pub const MAILBOX: &str = "support@publisher.example";
/// Most bytes of a message, as announced by SIZE.
pub const SIZE_MAX: usize = 1_000_000;
/// How long mail may take from acceptance to the mailbox.
const DELIVERY_MAX: Duration = Duration::from_mins(1);
/// The user `nobody`, who owns the mailbox.
const NOBODY: u32 = 65_534;

/// A running Postfix; it is stopped and removed when dropped.
pub struct Postfix {
    directory: tempfile::TempDir,
    /// Where it listens.
    pub port: u16,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

impl Postfix {
    /// Starts one that shows `identity` under STARTTLS.
    pub fn start(identity: &Identity) -> Self {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let here = directory.path();
        let port = free_port();
        // Postfix drops its rights before it looks below.
        std::fs::set_permissions(here, Permissions::from_mode(0o755)).expect("a mode");
        for folder in ["etc", "queue", "mail"] {
            std::fs::create_dir(here.join(folder)).expect("a folder");
        }
        chown(here.join("mail"), Some(NOBODY), None).expect("root; Postfix cannot run without");
        let data = here.join("data");
        std::fs::create_dir(&data).expect("a folder");
        chown(&data, Some(user_id("postfix")), None).expect("a change of owner");
        std::fs::write(here.join("etc/main.cf"), main_cf(here, identity)).expect("a file");
        std::fs::write(here.join("etc/master.cf"), master_cf(port)).expect("a file");
        let postfix = Self { directory, port };
        postfix.control("start");
        postfix
    }

    fn control(&self, verb: &str) {
        let output = Command::new("postfix")
            .arg("-c")
            .arg(self.directory.path().join("etc"))
            .arg(verb)
            .output()
            .expect("the program `postfix`; install the package `postfix`");
        assert!(
            output.status.success(),
            "postfix {verb}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Where the mail of a folder lies; of all of them when it is empty.
    pub fn maildir(&self, folder: &str) -> PathBuf {
        self.directory.path().join("mail").join(folder)
    }

    /// Makes a folder before the first mail comes to it.
    pub fn make_maildir(&self, folder: &str) {
        let path = self.maildir(folder);
        for part in ["", "new", "cur", "tmp"] {
            let path = path.join(part);
            std::fs::create_dir(&path).expect("a folder");
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("a change of owner");
        }
    }

    /// The mail in the mailbox, once there are `count`; line ends as they are on disk.
    pub fn mail(&self, count: usize) -> Vec<Vec<u8>> {
        self.mail_in("box", count)
    }

    /// As [`Self::mail`], in another folder.
    pub fn mail_in(&self, folder: &str, count: usize) -> Vec<Vec<u8>> {
        let folder = self.directory.path().join("mail").join(folder).join("new");
        let end = Instant::now() + DELIVERY_MAX;
        loop {
            let files: Vec<PathBuf> = std::fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .map(|entry| entry.expect("an entry").path())
                .collect();
            if files.len() >= count {
                let read = |path| std::fs::read(path).expect("a readable mail");
                return files.into_iter().map(read).collect();
            }
            assert!(
                Instant::now() < end,
                "{} of {count} arrived\n{}",
                files.len(),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let stop = || self.control("stop");
        // A failed stop must not hide why the test failed.
        if std::thread::panicking() {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(stop));
        } else {
            stop();
        }
    }
}

fn user_id(name: &str) -> u32 {
    let output = Command::new("id")
        .args(["-u", name])
        .output()
        .expect("the program `id`");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("no user `{name}`"))
}

fn main_cf(here: &Path, identity: &Identity) -> String {
    format!(
        "compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {here}/log
maillog_file_prefixes = {here}
import_environment = MAIL_CONFIG
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
myhostname = mx.publisher.example
mynetworks =
mydestination =
local_recipient_maps =
local_header_rewrite_clients =
alias_maps =
alias_database =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
message_size_limit = {SIZE_MAX}
virtual_mailbox_domains = publisher.example lumen-crm.example fjordarkiv.example tidvakt.example
virtual_mailbox_base = {here}/mail
virtual_mailbox_maps = inline:{{ {MAILBOX}=box/, support@lumen-crm.example=lumen-crm/, \
    brukerstotte@fjordarkiv.example=fjordarkiv/, helpdesk@tidvakt.example=tidvakt/ }}
virtual_mailbox_limit = 0
recipient_delimiter = +
virtual_minimum_uid = 1
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
",
        here = here.display(),
        certificate = identity.certificate.display(),
        key = identity.key.display(),
    )
}

fn master_cf(port: u16) -> String {
    format!(
        "{port}  inet  n  -  n  -  -  smtpd
pickup   unix  n  -  n  60    1  pickup
cleanup  unix  n  -  n  -     0  cleanup
qmgr     unix  n  -  n  300   1  qmgr
tlsmgr   unix  -  -  n  1000? 1  tlsmgr
rewrite  unix  -  -  n  -     -  trivial-rewrite
bounce   unix  -  -  n  -     0  bounce
defer    unix  -  -  n  -     0  bounce
trace    unix  -  -  n  -     0  bounce
proxymap unix  -  -  n  -     -  proxymap
error    unix  -  -  n  -     -  error
retry    unix  -  -  n  -     -  error
virtual  unix  -  n  n  -     -  virtual
anvil    unix  -  -  n  -     1  anvil
postlog  unix-dgram n - n  -  1  postlogd
"
    )
}
