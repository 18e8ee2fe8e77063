//! A mail server's stand-in for a message it could not read.
//!
//! Charge: know such a thing, so that it is never taken for what somebody wrote. Exchange gives
//! one for a message it cannot convert, Courier for one that went away while it was read; the
//! message itself is still, or was, in the mailbox. A writer who imitates one ends in the same
//! visible place. Leaves to the caller what is done with it.

/// Whether a message with this subject and text is a stand-in.
pub(super) fn is_stub(subject: &str, text: &str) -> bool {
    let subject = subject.to_lowercase();
    let exchange = (subject.starts_with("retrieval using the ")
        && subject.contains(" protocol failed for the following message"))
        || (text
            .trim_start()
            .starts_with("The server couldn't retrieve the following message")
            && text.contains("The message hasn't been deleted"));
    let courier = subject == "message unavailable"
        && text
            .trim()
            .starts_with("This message is no longer available on the server");
    exchange || courier
}

#[cfg(test)]
mod tests {
    use super::is_stub;

    #[test]
    fn stand_ins_are_known_and_questions_about_them_are_not() {
        for (subject, text, wanted) in [
            (
                "Retrieval using the IMAP4 protocol failed for the following message: 41",
                "",
                true,
            ),
            (
                "",
                "The server couldn't retrieve the following message:\n\nSubject: \"x\"\n\nThe message hasn't been deleted. You might",
                true,
            ),
            (
                "message unavailable",
                "This message is no longer available on the server.\n",
                true,
            ),
            ("Message unavailable in the app", "Hi, what is this?", false),
            (
                "IMAP",
                "Hi, we get 'Retrieval using the IMAP4 protocol failed'",
                false,
            ),
        ] {
            assert_eq!(is_stub(subject, text), wanted, "{subject} {text}");
        }
    }
}
