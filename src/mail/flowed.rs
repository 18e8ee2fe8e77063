//! `format=flowed` (RFC 3676): lines a mailer broke for transport are put together again.
//!
//! Charge: plain text in, plain text out, quote marks kept. Leaves quotes to the cutter of new
//! text. Linear in the input.

/// Undoes the soft line breaks of `text`, whose lines end in `\n`. With `del_sp` the space that
/// marks a soft break is not part of the text (RFC 3676 §4.1).
pub(super) fn unflow(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joined: Option<usize> = None;
    for line in text.split('\n') {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        // §4.4: one leading space is stuffing.
        let content = content.strip_prefix(' ').unwrap_or(content);
        if joined != Some(depth) {
            if !out.is_empty() || joined.is_some() {
                out.push('\n');
            }
            for _ in 0..depth {
                out.push('>');
            }
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        // §4.3: the signature mark is never flowed.
        let soft = content.ends_with(' ') && content != "-- ";
        if soft && del_sp {
            out.push_str(content.strip_suffix(' ').unwrap_or(content));
        } else {
            out.push_str(content);
        }
        joined = Some(if soft { depth } else { usize::MAX });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unflow;

    #[test]
    fn soft_breaks_go_and_hard_ones_stay() {
        for (text, del_sp, wanted) in [
            ("a \nb\nc", false, "a b\nc"),
            ("a \nb", true, "ab"),
            (">> a \n>> b\n> c", false, ">> a b\n> c"),
            ("> a \nb", false, "> a \nb"),
            ("a\n-- \nsig", false, "a\n-- \nsig"),
            (" >not a quote", false, ">not a quote"),
            ("\n\na", false, "\n\na"),
            ("", false, ""),
        ] {
            assert_eq!(unflow(text, del_sp), wanted, "{text:?}");
        }
    }
}
