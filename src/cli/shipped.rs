//! The shipped configuration, carried in the program by the build script: what `demo` works with
//! and `init` begins from.

use std::io;
use std::path::Path;

/// Every file below `config/` that a configuration directory is made of, by its path there.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// The shipped `triaged.toml`: every key, explained.
pub const MAIN: &str = "triaged.toml";

/// The example of a registry.
pub const PRODUCTS: &str = "registry/products.toml";

/// The text of one file; empty when there is none of that name.
pub fn text(name: &str) -> &'static str {
    let found = FILES.iter().find(|(own, _)| *own == name);
    found.map_or("", |(_, text)| text)
}

/// The files of one of the directories `cases`, `registry`, `rules`, `schema`: path and text.
pub fn directory(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = move |path: &str| path.split_once('/').is_some_and(|(first, _)| first == name);
    FILES.iter().copied().filter(move |(path, _)| own(path))
}

/// Writes the files of these directories below `base`.
pub fn lay_out(base: &Path, directories: &[&str]) -> io::Result<()> {
    for name in directories {
        std::fs::create_dir_all(base.join(name))?;
        for (path, text) in directory(name) {
            std::fs::write(base.join(path), text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_carried_and_names_a_schema_that_is() {
        assert!(directory("rules").count() > 20 && directory("cases").count() > 20);
        for name in [MAIN, PRODUCTS] {
            assert!(!text(name).is_empty(), "`{name}`");
        }
        for (path, text) in FILES
            .iter()
            .filter(|(path, _)| !path.starts_with("schema/"))
        {
            let prefix = if path.contains('/') {
                "#:schema ../"
            } else {
                "#:schema "
            };
            let line = text.lines().next().unwrap_or_default();
            let schema = line.strip_prefix(prefix).unwrap_or(line);
            assert!(!super::text(schema).is_empty(), "{path}: `{line}`");
        }
    }
}
