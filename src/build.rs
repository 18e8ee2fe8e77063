//! The build script: carries the shipped configuration in the program, so that `demo` and `init`
//! need no file beside it. Which files there are is read from `config/`, and written down nowhere
//! else. What becomes of them is the business of `cli/shipped.rs`.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What is carried of `config/`.
const PARTS: [&str; 5] = ["triaged.toml", "cases", "registry", "rules", "schema"];

fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).ok_or_else(|| io::Error::other(format!("no `{name}`")));
    let config = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("config");
    let mut list = String::from("&[\n");
    for part in PARTS {
        // A directory is watched whole: a file that comes or goes is noticed.
        println!("cargo::rerun-if-changed=config/{part}");
        for path in files(&config.join(part))? {
            let below = path.strip_prefix(&config).map_err(io::Error::other)?;
            let _ = writeln!(
                list,
                "({:?}, include_str!({:?})),",
                text(below)?,
                text(&path)?
            );
        }
    }
    list.push_str("]\n");
    println!("cargo::rerun-if-changed=src/build.rs");
    fs::write(Path::new(&variable("OUT_DIR")?).join("shipped.rs"), list)
}

/// The file, or the files of the directory, in the order of their names.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        // Editors leave `.#x.toml` and `x.toml~` behind.
        if path.is_file() && !name.starts_with(b".") && !name.ends_with(b"~") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn text(path: &Path) -> io::Result<&str> {
    let odd = || io::Error::new(ErrorKind::InvalidFilename, path.display().to_string());
    path.to_str().ok_or_else(odd)
}
