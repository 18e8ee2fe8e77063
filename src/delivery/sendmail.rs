//! Forwards given to a local `sendmail` program: the interface Postfix, Exim, `OpenSMTPD`, msmtp
//! and others share.
//!
//! No shell takes part: the addresses are arguments of their own, behind `-f` and `--`, in a
//! cleared environment. The message goes to standard input with LF line ends, as the interface
//! wants it; `-i` keeps a line with a lone dot from ending it. What the program's end says is
//! classed by the exit codes of `sysexits.h`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome, spoken};
use crate::mail::rendered::Rendered;

/// What the program finds its own helpers by.
const SAFE_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Bytes of its words on standard error that are kept; more is read and dropped.
const WORDS_MAX: usize = 4 << 10;

/// Bytes of the message turned to LF line ends and written at once.
const PIECE: usize = 64 << 10;

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Patience {
    /// Until the program has read the whole message.
    read: Duration,
    /// Until it ends, once it has the message. A program that speaks SMTP itself waits for its
    /// relay meanwhile; cutting that short makes duplicates.
    end: Duration,
    /// For what needs no thought: dying when killed, the last words on standard error.
    courtesy: Duration,
}

impl Patience {
    const DEFAULT: Self = Self {
        read: Duration::from_mins(5),
        end: Duration::from_mins(10),
        courtesy: Duration::from_secs(1),
    };
}

/// Runs the program once for each forward.
#[derive(Debug)]
pub struct SendmailLane {
    program: PathBuf,
    patience: Patience,
}

/// How far the program came with the message.
enum Course {
    /// It ended; whether it had been given the whole message.
    Ended { status: ExitStatus, fed: bool },
    /// It did not take the message in time.
    Stuck,
    /// It had the message and did not end in time, or its end could not be read.
    Unknown(String),
}

impl SendmailLane {
    /// A lane through `program`, an absolute path. Nothing is run yet.
    pub const fn new(program: PathBuf) -> Self {
        let patience = Patience::DEFAULT;
        Self { program, patience }
    }

    /// Gives `message` to the program, with the envelope sender `from` (none: the null sender) and
    /// one recipient.
    ///
    /// A call that is dropped kills the program.
    pub async fn send(
        &mut self,
        from: Option<&Address>,
        recipient: &Address,
        message: &Rendered,
    ) -> Outcome {
        if is_command(recipient) {
            return Outcome::Refused {
                cause: Cause::Recipient,
                reply: format!("`{recipient}` reads like a command, a file or an option"),
            };
        }
        let mut child = match self.start(from, recipient) {
            Ok(child) => child,
            Err(error) => {
                let program = self.program.display();
                return deferred(&format!("cannot run `{program}`: {error}"));
            }
        };
        let mut words = Vec::new();
        let course = {
            let stderr = child.stderr.take();
            let work = attend(&mut child, &message.bytes, self.patience);
            let listening = listen(stderr, &mut words);
            tokio::pin!(work, listening);
            let (course, listened) = tokio::select! {
                course = &mut work => (course, false),
                () = &mut listening => (work.await, true),
            };
            if !listened {
                // A grandchild may hold standard error open for as long as it likes.
                timeout(self.patience.courtesy, listening).await.ok();
            }
            course
        };
        let words = String::from_utf8_lossy(&words);
        judge(&course, &self.program, words.trim())
    }

    fn start(&self, from: Option<&Address>, recipient: &Address) -> io::Result<Child> {
        Command::new(&self.program)
            .args(["-i", "-f", from.map_or("<>", Address::as_str)])
            .args(["--", recipient.as_str()])
            .env_clear()
            .env("PATH", SAFE_PATH)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Whether some mail system takes the address for something else than a mailbox.
fn is_command(recipient: &Address) -> bool {
    recipient.as_str().starts_with(['|', '/', '-'])
}

/// Sees the program through to its end, or kills it.
async fn attend(child: &mut Child, bytes: &[u8], patience: Patience) -> Course {
    let course = run(child, bytes, patience).await;
    if !matches!(course, Course::Ended { .. }) {
        timeout(patience.courtesy, child.kill()).await.ok();
    }
    course
}

async fn run(child: &mut Child, bytes: &[u8], patience: Patience) -> Course {
    let Some(stdin) = child.stdin.take() else {
        return Course::Stuck;
    };
    // A program that ends early closes its input; its end then says more than the write does.
    let fed = match timeout(patience.read, feed(stdin, bytes)).await {
        Ok(fed) => fed.is_ok(),
        Err(_) => return Course::Stuck,
    };
    match timeout(patience.end, child.wait()).await {
        Ok(Ok(status)) => Course::Ended { status, fed },
        Ok(Err(error)) => Course::Unknown(error.to_string()),
        Err(_) => Course::Unknown(format!("no end within {} s", patience.end.as_secs())),
    }
}

/// Writes the message with LF line ends, and closes the input.
async fn feed(mut stdin: ChildStdin, bytes: &[u8]) -> io::Result<()> {
    let mut piece = Vec::with_capacity(PIECE.min(bytes.len()));
    for chunk in bytes.chunks(PIECE) {
        piece.clear();
        // A rendered message holds no CR but before LF.
        piece.extend(chunk.iter().copied().filter(|&byte| byte != b'\r'));
        stdin.write_all(&piece).await?;
    }
    stdin.shutdown().await
}

async fn listen(stderr: Option<impl AsyncRead + Unpin>, words: &mut Vec<u8>) {
    let Some(mut stderr) = stderr else { return };
    let mut buffer = [0; 1 << 10];
    // Ends with the program, or by the caller's patience.
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let room = WORDS_MAX.saturating_sub(words.len());
        words.extend(buffer.iter().take(read.min(room)));
    }
}

fn judge(course: &Course, program: &Path, words: &str) -> Outcome {
    let name = program.file_name().unwrap_or(program.as_os_str());
    let name = name.to_string_lossy();
    let say = |what: &str| {
        if words.is_empty() {
            spoken(&format!("{name}: {what}"))
        } else {
            spoken(&format!("{name}: {what}: {words}"))
        }
    };
    let (status, fed) = match course {
        Course::Ended { status, fed } => (status, *fed),
        Course::Stuck => return deferred(&say("it did not read the message")),
        Course::Unknown(why) => return Outcome::Uncertain { reply: say(why) },
    };
    match status.code() {
        Some(0) if fed => Outcome::Delivered {
            reply: say("accepted"),
        },
        Some(0) => Outcome::Uncertain {
            reply: say("it ended well without reading the whole message"),
        },
        Some(code) => exit(code, say(&format!("exit code {code}{}", meaning(code)))),
        // Killed by a signal.
        None if fed => Outcome::Uncertain {
            reply: say(&status.to_string()),
        },
        None => deferred(&say(&status.to_string())),
    }
}

/// Classes an exit code other than 0. All of them say that nothing was accepted.
fn exit(code: i32, reply: String) -> Outcome {
    let refused = |cause, reply| Outcome::Refused { cause, reply };
    match code {
        65 => refused(Cause::Message, reply),
        67 | 68 => refused(Cause::Recipient, reply),
        // No permission: this user may not send, or not with this sender. No ticket is to blame.
        77 => Outcome::Deferred {
            cause: Cause::Identity,
            reply,
        },
        // The mail system's own state: usage and configuration faults (64, 78) are an operator's
        // to mend, 69 to 76 pass; a code we do not know is no reason to give up a forward.
        _ => deferred(&reply),
    }
}

/// What `sysexits.h` calls it.
const fn meaning(code: i32) -> &'static str {
    match code {
        64 => " (usage)",
        65 => " (message refused)",
        66 => " (no input)",
        67 => " (no such user)",
        68 => " (no such host)",
        69 => " (unavailable)",
        70 => " (internal error)",
        71 => " (system error)",
        72 => " (system file missing)",
        73 => " (cannot create)",
        74 => " (input or output error)",
        75 => " (try again)",
        76 => " (protocol error)",
        77 => " (not permitted)",
        78 => " (configuration error)",
        _ => "",
    }
}

fn deferred(reply: &str) -> Outcome {
    Outcome::Deferred {
        cause: Cause::Server,
        reply: spoken(reply),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// A program that does what its recipient's local part says, and keeps its input and
    /// arguments beside the name it is called by.
    const FAKE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cases/delivery/fake-sendmail"
    );

    fn lane() -> (TempDir, SendmailLane) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("sendmail");
        symlink(FAKE, &program).unwrap();
        (dir, SendmailLane::new(program))
    }

    fn message(bytes: usize) -> Rendered {
        let line = "a line of text, and no more\r\n.\r\n";
        let body = line.repeat(bytes.div_ceil(line.len()));
        Rendered {
            bytes: format!("Subject: x\r\n\r\n{body}").into_bytes(),
            eight_bit: false,
        }
    }

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    async fn send(lane: &mut SendmailLane, what: &str, message: &Rendered) -> Outcome {
        let recipient = address(&format!("{what}@isv.example"));
        let from = address("support@partner.example");
        lane.send(Some(&from), &recipient, message).await
    }

    /// The outcome's kind and cause, in one word each.
    fn class(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Delivered { .. } => "delivered".to_owned(),
            Outcome::Deferred { cause, .. } => format!("deferred {cause}"),
            Outcome::Refused { cause, .. } => format!("refused {cause}"),
            Outcome::Uncertain { .. } => "uncertain".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_program_gets_the_envelope_and_every_byte() {
        let (dir, mut lane) = lane();
        for size in [10, PIECE - 20, PIECE, 1 << 20] {
            let message = message(size);
            let outcome = send(&mut lane, "exit-0", &message).await;
            assert_eq!(class(&outcome), "delivered", "{outcome:?}");
            let text = String::from_utf8(message.bytes).unwrap();
            let read = fs::read_to_string(dir.path().join("stdin")).unwrap();
            assert!(read == text.replace("\r\n", "\n"), "{size}");
        }
        let arguments = fs::read_to_string(dir.path().join("arguments")).unwrap();
        let expected = "-i\n-f\nsupport@partner.example\n--\nexit-0@isv.example\n";
        assert_eq!(arguments, expected);
        let environment = fs::read_to_string(dir.path().join("environment")).unwrap();
        assert!(environment.contains(SAFE_PATH));
        assert!(!environment.contains("CARGO"), "{environment}");
    }

    #[tokio::test]
    async fn each_end_of_the_program_has_its_outcome() {
        let (_dir, mut lane) = lane();
        for (what, large, expected) in [
            ("exit-0", false, "delivered"),
            ("exit-64", false, "deferred server"),
            ("exit-65", false, "refused message"),
            ("exit-66", false, "deferred server"),
            ("exit-67", false, "refused recipient"),
            ("exit-68", false, "refused recipient"),
            ("exit-69", false, "deferred server"),
            ("exit-70", false, "deferred server"),
            ("exit-71", false, "deferred server"),
            ("exit-72", false, "deferred server"),
            ("exit-73", false, "deferred server"),
            ("exit-74", false, "deferred server"),
            ("exit-75", false, "deferred server"),
            ("exit-76", false, "deferred server"),
            ("exit-77", false, "deferred identity"),
            ("exit-78", false, "deferred server"),
            ("exit-1", false, "deferred server"),
            ("early-65", true, "refused message"),
            ("early-75", true, "deferred server"),
            ("early-0", true, "uncertain"),
            ("killed", false, "uncertain"),
            ("killed-early", true, "deferred server"),
            ("/etc/passwd", false, "refused recipient"),
            ("|sh", false, "refused recipient"),
            ("-t", false, "refused recipient"),
        ] {
            let message = message(if large { 1 << 20 } else { 100 });
            let outcome = send(&mut lane, what, &message).await;
            assert_eq!(class(&outcome), expected, "{what}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn its_words_are_kept_in_part_and_made_harmless() {
        let (_dir, mut lane) = lane();
        let outcome = send(&mut lane, "words-75", &message(100)).await;
        let Outcome::Deferred { reply, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert!(reply.starts_with("sendmail: exit code 75 (try again): no\\u{1b}"));
        assert!(reply.chars().count() <= crate::domain::outcome::REPLY_MAX + 1);
    }

    fn fifos(dir: &TempDir) -> PathBuf {
        use rustix::fs::{CWD, FileType, mknodat};
        for name in ["never", "alive"] {
            mknodat(CWD, dir.path().join(name), FileType::Fifo, 0o600.into(), 0).unwrap();
        }
        dir.path().join("alive")
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_given_up() {
        let (dir, mut lane) = lane();
        fifos(&dir);
        lane.patience.read = Duration::from_millis(50);
        lane.patience.end = Duration::from_millis(50);
        for (what, size, expected) in [
            ("hang-before", 1 << 20, "deferred server"),
            ("hang-after", 100, "uncertain"),
        ] {
            let outcome = send(&mut lane, what, &message(size)).await;
            assert_eq!(class(&outcome), expected, "{what}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_dropped_call_kills_the_program() {
        let (dir, mut lane) = lane();
        let alive = fifos(&dir);
        // Opening waits until the program is there.
        let opened = tokio::task::spawn_blocking(|| fs::File::create(alive).unwrap());
        let message = message(100);
        let mut pipe = tokio::select! {
            outcome = send(&mut lane, "hang-after", &message) => panic!("{outcome:?}"),
            pipe = opened => pipe.unwrap(),
        };
        // More than the pipe holds: writing waits until the program reads it, or is gone.
        let written = tokio::task::spawn_blocking(move || pipe.write_all(&vec![0; 1 << 20]));
        let error = written.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn a_grandchild_that_holds_standard_error_keeps_nobody_waiting() {
        let (dir, mut lane) = lane();
        lane.patience.courtesy = Duration::from_millis(100);
        let outcome = send(&mut lane, "daemon", &message(100)).await;
        assert_eq!(class(&outcome), "delivered", "{outcome:?}");
        // It waits for this file to be read.
        fs::read(dir.path().join("end")).unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_run_defers() {
        for program in ["/nonexistent/sendmail", "/etc/passwd"] {
            let mut lane = SendmailLane::new(PathBuf::from(program));
            let outcome = send(&mut lane, "exit-0", &message(100)).await;
            assert_eq!(class(&outcome), "deferred server", "{program}");
        }
    }
}
