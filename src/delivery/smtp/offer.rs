//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1), as far as it matters here.

use super::reply::Reply;

/// The service extensions that change what we say.
// Each is a yes or no of its own in the protocol.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// PIPELINING (RFC 2920): commands need not wait for each other's answers.
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// AUTH PLAIN (RFC 4616).
    pub auth_plain: bool,
    /// AUTH LOGIN, which no RFC describes.
    pub auth_login: bool,
    /// AUTH OAUTHBEARER (RFC 7628).
    pub auth_oauthbearer: bool,
    /// AUTH XOAUTH2, which Google and Microsoft describe.
    pub auth_xoauth2: bool,
    /// SIZE is offered (RFC 1870), so that the size may be announced.
    pub size: bool,
    /// Most bytes of a message; `None` when the server names no bound.
    pub size_max: Option<u64>,
}

impl Offer {
    /// Reads the answer. Its first line is the server's name; what is unknown is passed over.
    pub fn of(reply: &Reply) -> Self {
        let mut offer = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            // `AUTH=` is how servers of the last century wrote it.
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("STARTTLS") => offer.starttls = true,
                Some("PIPELINING") => offer.pipelining = true,
                Some("8BITMIME") => offer.eight_bit = true,
                Some("SMTPUTF8") => offer.utf8 = true,
                Some("SIZE") => {
                    offer.size = true;
                    // 0 says that there is no fixed bound (RFC 1870 §4).
                    offer.size_max = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                }
                Some("AUTH") => {
                    for mechanism in words {
                        offer.auth_plain |= mechanism == "PLAIN";
                        offer.auth_login |= mechanism == "LOGIN";
                        offer.auth_oauthbearer |= mechanism == "OAUTHBEARER";
                        offer.auth_xoauth2 |= mechanism == "XOAUTH2";
                    }
                }
                _ => {}
            }
        }
        offer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &[&str]) -> Offer {
        let lines = lines.iter().map(ToString::to_string).collect();
        Offer::of(&Reply { code: 250, lines })
    }

    #[test]
    fn keywords_are_read_in_any_case_and_form() {
        let full = offer(&[
            "mail.example.net",
            "pipelining",
            "SIZE 35882577",
            "8BITMIME",
            "SMTPUTF8",
            "STARTTLS",
            "AUTH=LOGIN",
            "AUTH PLAIN XOAUTH2",
            "X-UNHEARD-OF",
        ]);
        assert_eq!(
            full,
            Offer {
                starttls: true,
                pipelining: true,
                eight_bit: true,
                utf8: true,
                auth_plain: true,
                auth_login: true,
                auth_oauthbearer: false,
                auth_xoauth2: true,
                size: true,
                size_max: Some(35_882_577),
            }
        );
    }

    #[test]
    fn the_name_of_the_server_is_no_keyword_and_sizes_may_be_open() {
        assert_eq!(offer(&["STARTTLS"]), Offer::default());
        for line in [
            "SIZE",
            "SIZE 0",
            "SIZE many",
            "SIZE 99999999999999999999999",
        ] {
            let got = offer(&["mail.example.net", line]);
            assert!(got.size && got.size_max.is_none(), "{line}");
        }
    }
}
