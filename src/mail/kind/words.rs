//! Word lists: one phrase a line, folded; empty lines and lines that start with `#` are left out.

/// The phrases of a list.
pub(super) fn of(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_and_empty_lines_are_left_out() {
        let words: Vec<_> = super::of("# list\n\nauto:\nb c\n").collect();
        assert_eq!(words, ["auto:", "b c"]);
    }

    #[test]
    fn every_list_is_folded_and_names_nothing_twice() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mail/kind/words");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let list = std::fs::read_to_string(&path).unwrap().leak();
            let mut words: Vec<_> = super::of(list).collect();
            let fields = path
                .file_name()
                .is_some_and(|name| name == "fields-campaign.txt");
            for phrase in words.iter().filter(|_| !fields) {
                assert_eq!(
                    &super::super::look::fold(phrase),
                    phrase,
                    "{}",
                    path.display()
                );
            }
            assert!(!words.is_empty(), "{}", path.display());
            words.sort_unstable();
            let twice: Vec<_> = words.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert_eq!(twice, Vec::<&[&str]>::new(), "{}", path.display());
        }
    }
}
