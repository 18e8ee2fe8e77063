//! Message identifiers (RFC 5322 §3.6.4) out of `Message-ID`, `In-Reply-To` and `References`.
//!
//! Charge: ids without brackets, blanks or controls, whatever a mailer did to the field. Leaves to
//! others what an id means; it is never an identity of the message.

/// Longest id taken, in bytes; a longer one is no id.
pub const ID_MAX: usize = 250;

/// Most ids taken of one field: the first and the nearest ancestors.
pub const IDS_MAX: usize = 64;

/// Every id in the field's text, in its order. Between brackets white space is left out, as
/// some mailers fold there; without any bracket, each word with an `@` is one.
pub(super) fn read(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = if text.contains('<') {
        text.split('<')
            .skip(1)
            .filter_map(|tail| tail.split_once('>'))
            .filter_map(|(id, _)| clean(id))
            .collect()
    } else {
        text.split([' ', ','])
            .filter(|word| word.contains('@'))
            .filter_map(clean)
            .collect()
    };
    if ids.len() > IDS_MAX {
        ids.drain(1..=ids.len() - IDS_MAX);
    }
    ids
}

fn clean(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|c| !c.is_whitespace()).collect();
    let fits = !id.is_empty() && id.len() <= ID_MAX;
    (fits && id.chars().all(|c| c.is_ascii_graphic())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_out_clean() {
        for (text, ids) in [
            ("<a@b.example>", "a@b.example"),
            (" <a@b.example> <c@d.example>", "a@b.example c@d.example"),
            ("<a@b.example>,<c@d.example>", "a@b.example c@d.example"),
            ("<a@ b.example>", "a@b.example"),
            ("a@b.example", "a@b.example"),
            ("Your message of Monday", ""),
            ("\"Anna\" <a@b.example> of Monday", "a@b.example"),
            ("<>", ""),
            ("<no-at-sign>", "no-at-sign"),
            ("<å@b.example>", ""),
            ("<unclosed", ""),
        ] {
            assert_eq!(read(text).join(" "), ids, "{text:?}");
        }
        assert!(read(&format!("<{}>", "x".repeat(ID_MAX + 1))).is_empty());
    }

    #[test]
    fn a_long_chain_keeps_its_root_and_its_end() {
        let chain: Vec<_> = (0..500).map(|n| format!("<{n}@x.example>")).collect();
        let chain = chain.join(" ");
        let ids = read(&chain);
        assert_eq!(ids.len(), IDS_MAX);
        assert_eq!(
            (ids[0].as_str(), ids[1].as_str()),
            ("0@x.example", "437@x.example")
        );
    }
}
