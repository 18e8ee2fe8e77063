//! `triaged init`: a few answers become a configuration directory that can be run.
//!
//! The files are the shipped ones with the answers put in, so every key stands there with its
//! comment. Nothing that is there is overwritten; `triaged.toml` is written last, so that an
//! interrupted `init` can be said again. What an answer may be is the business of [`read`],
//! how a key gets its value that of [`keys`].

mod answers;
mod files;
mod keys;
mod main_file;
mod preset;
mod read;
mod registry_file;
mod terminal;

use std::path::Path;

use jiff::Timestamp;

use self::answers::Answers;
use self::files::Written;
pub use self::preset::Preset;
use super::args::InitArgs;
use super::failure::{Failure, FailureKind};
use super::print::{Paint, Style, counted, say};
use super::{SYSTEM_CONFIG, check, shipped, test};
use crate::config;
use crate::config::findings::{self, Severity};

/// The directories that are copied as they are.
const COPIED: [&str; 3] = ["cases", "rules", "schema"];

/// Asks, writes, checks, and says what to do next.
pub fn init(said: Option<&Path>, args: &InitArgs) -> Result<(), Failure> {
    let directory = said.unwrap_or(Path::new(SYSTEM_CONFIG));
    let main = directory.join(shipped::MAIN);
    // Before anything is asked: answers that come to nothing are a nuisance.
    if main.try_exists()? {
        let message = format!("`{}` is there already; nothing was written", main.display());
        return Err(Failure::failed(message).hint(
            "edit it and run `triaged check`, or name another directory with `--config DIR`",
        ));
    }
    let answers = answers::gather(args)?;
    let main_text = main_file::text(&answers)?;
    let registry = registry_file::text(&answers.products)?;
    let written = write(directory, &answers, &main_text, &registry).map_err(|error| {
        Failure::failed(format!(
            "cannot write below `{}`: {error}",
            directory.display()
        ))
        .hint("say `sudo triaged init`, or name a directory of yours with `--config DIR`")
    })?;
    tell(directory, &written);
    checked(directory)?;
    next(directory, &answers, &written);
    Ok(())
}

fn write(
    directory: &Path,
    answers: &Answers,
    main: &str,
    registry: &str,
) -> std::io::Result<Written> {
    let mut written = Written::below(directory)?;
    for part in COPIED {
        for (path, text) in shipped::directory(part) {
            written.file(path, text)?;
        }
    }
    written.file(shipped::PRODUCTS, registry)?;
    for secret in &answers.secrets {
        written.secret(secret)?;
    }
    written.file(shipped::MAIN, main)?;
    Ok(written)
}

fn tell(directory: &Path, written: &Written) {
    let files = counted(written.new, "file", "files");
    say!("wrote {files} below {}", directory.display());
    if written.same > 0 {
        let were = counted(written.same, "file was", "files were");
        say!("{were} there already, as shipped");
    }
    for path in &written.kept {
        say!("kept {}: it is there already and differs", path.display());
    }
}

/// Checks what was written. Of the notes, which the shipped rules have many of, only the number is
/// told: nobody who begins can do something about them.
fn checked(directory: &Path) -> Result<(), Failure> {
    let mut examined = config::examine(directory, Timestamp::now());
    let all = examined.findings.len();
    examined.findings.retain(|f| f.severity != Severity::Note);
    let notes = all - examined.findings.len();
    let paint = Paint::stdout();
    if !examined.findings.is_empty() {
        say!("{}", findings::render(&examined.findings, paint.colours()));
    }
    let Some(config) = examined.config.as_ref().filter(|_| !examined.is_refused()) else {
        let refused = Failure::shown(FailureKind::Config);
        return Err(refused.hint("mend what is named above, then run `triaged check`"));
    };
    say!("{}", check::summary(directory, config, paint));
    let noted = counted(notes, "note", "notes");
    say!(
        "    {}; {noted}, which `triaged check` shows",
        test::counts(&examined.report)
    );
    Ok(())
}

/// The commands that come next.
fn next(directory: &Path, answers: &Answers, written: &Written) {
    let paint = Paint::stdout();
    say!("\n{}", paint.paint(Style::Strong, "next:"));
    let system = directory == Path::new(SYSTEM_CONFIG);
    let program = match (system, written.is_owned_by_daemon) {
        (true, true) => format!("sudo -u {} triaged", files::USER),
        (true, false) => "triaged".to_owned(),
        (false, _) => format!("triaged --config {}", directory.display()),
    };
    let mut steps = Vec::new();
    for path in &written.empty {
        let file = path.display();
        steps.push((format!("editor {file}"), "put the secret there, one line"));
    }
    if answers.products.is_empty() {
        let file = directory.join(shipped::PRODUCTS);
        let why =
            "put the products there that you sell, and their contacts into `[delivery.allow]`";
        steps.push((format!("editor {}", file.display()), why));
    }
    let doctor = "try every server, log-in and folder; nothing is sent";
    steps.push((format!("{program} doctor"), doctor));
    let look = "see where each message that lies there would go; nothing is changed";
    steps.push((format!("{program} run --dry-run"), look));
    if system && written.is_owned_by_daemon {
        let start = "sudo systemctl enable --now triaged".to_owned();
        steps.push((start, "start it, now and at every boot"));
    } else {
        steps.push((format!("{program} run"), "start it"));
    }
    for (command, why) in steps {
        say!("  {command}\n      {why}");
    }
    if answers.observe {
        say!(
            "\nit observes: tickets are decided and recorded, and nothing is forwarded or moved \
             until\n{} says `mode = \"live\"` and the daemon is restarted",
            directory.join(shipped::MAIN).display()
        );
    }
    if let Some(path) = answers.maildir() {
        say!(
            "\nthe service may write nowhere but in its own directories. For this Maildir, say\n\
             `systemctl edit triaged` and write there:\n  [Service]\n  PrivateUsers=no\n  \
             ReadWritePaths={}",
            path.display()
        );
    }
}
