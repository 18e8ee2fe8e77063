//! `triaged generate`: manual pages and shell completions, made of the command line itself, so
//! that neither can say something else than it does.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::failure::Failure;
use super::print::say;

const NAME: &str = "triaged";

/// The shells, where each looks for completions below `share`, and under which name.
const SHELLS: [(Shell, &str, &str); 3] = [
    (Shell::Bash, "bash-completion/completions", NAME),
    (Shell::Zsh, "zsh/vendor-completions", "_triaged"),
    (Shell::Fish, "fish/vendor_completions.d", "triaged.fish"),
];

/// Writes all of them below `share`.
pub fn generate(share: &Path) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::failed(format!("cannot write below `{}`: {error}", share.display()))
    };
    let pages = share.join("man/man1");
    fs::create_dir_all(&pages).map_err(fail)?;
    clap_mangen::generate_to(Cli::command(), &pages).map_err(fail)?;
    for (shell, place, name) in SHELLS {
        let place = share.join(place);
        fs::create_dir_all(&place).map_err(fail)?;
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
        fs::write(place.join(name), script).map_err(fail)?;
    }
    say!("manual pages and completions are below {}", share.display());
    Ok(())
}
