//! Word lists: one phrase a line, folded; empty lines and lines that start with `#` are left out.

/// The phrases of a list.
pub(super) fn of(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines()
        .map(|line| line.trim_matches(['\r', '\t']))
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_and_empty_lines_are_left_out() {
        let words: Vec<_> = super::of("# list\n\nauto: \nb c\n").collect();
        assert_eq!(words, ["auto: ", "b c"]);
    }
}
