//! Questions to a person at a terminal.

use std::io::{self, BufRead, Write};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use secrecy::SecretString;

use crate::cli::failure::Failure;

/// How often a question is put before it is given up.
const TRIES_MAX: usize = 5;

/// Most bytes of an answer.
const ANSWER_MAX: u64 = 4096;

/// Puts `question` until `read` understands the answer; an empty one is `suggestion`.
pub fn ask<T>(
    question: &str,
    suggestion: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    for _ in 0..TRIES_MAX {
        let answer = line(question, suggestion)?;
        let told = match (answer.is_empty(), suggestion) {
            (true, Some(suggestion)) => suggestion,
            _ => &answer,
        };
        match read(told) {
            Ok(value) => return Ok(value),
            Err(why) => println!("  {why}"),
        }
    }
    Err(Failure::failed(
        "nothing was written: no answer was understood",
    ))
}

fn line(question: &str, suggestion: Option<&str>) -> Result<String, Failure> {
    match suggestion {
        Some(told) if !told.is_empty() => print!("{question} [{told}]: "),
        _ => print!("{question}: "),
    }
    io::stdout().flush()?;
    let mut answer = String::new();
    let read = io::Read::take(io::stdin().lock(), ANSWER_MAX).read_line(&mut answer)?;
    if read == 0 {
        println!();
        return Err(Failure::failed("nothing was written: the answers ended"));
    }
    Ok(answer.trim().to_owned())
}

/// Asks for a password, which is not shown; `None` when the person leaves it out.
pub fn password(question: &str) -> Result<Option<SecretString>, Failure> {
    // Before the question is put, so that nothing of a quick answer is shown.
    let unseen = Unseen::begin()?;
    print!("{question} (not shown; empty: later): ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::Read::take(io::stdin().lock(), ANSWER_MAX).read_line(&mut answer)?;
    drop(unseen);
    println!();
    let told = answer.trim_end_matches(['\r', '\n']);
    Ok((!told.is_empty()).then(|| SecretString::from(told)))
}

/// While it lives, the terminal does not show what is typed.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that has gone needs nothing shown.
        let _gone = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
