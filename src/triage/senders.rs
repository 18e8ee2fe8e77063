//! Whether a sender is who it says: the word of our own mail server, and of nobody else.
//!
//! Only the topmost `Authentication-Results` counts, and only when our own server wrote it (RFC 8601
//! §5): whatever stands below may have come with the message.

use crate::domain::address::Address;
use crate::mail::Message;

/// The field.
const FIELD: &str = "Authentication-Results";

/// Most results read of one field.
const RESULTS_MAX: usize = 50;

/// The names under which our own servers write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders {
    /// `authserv-id`s, in lower case.
    pub authserv_ids: Vec<String>,
}

/// What our server says about one method.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said<'a> {
    method: &'a str,
    result: &'a str,
    /// `header.d` of DKIM, the domain of `smtp.mailfrom` of SPF.
    domain: Option<&'a str>,
}

impl Senders {
    /// Whether our server says that the author's domain disowns the message.
    pub fn is_forged(&self, message: &Message) -> bool {
        self.field(message).is_some_and(|field| {
            results(&field).any(|said| said.method == "dmarc" && said.result == "fail")
        })
    }

    /// Why our server is sure that the author's domain sent it; `None` where it is not, or was not
    /// asked.
    pub fn authenticated(&self, message: &Message) -> Option<String> {
        let [author] = message.from.as_slice() else {
            return None;
        };
        let author = author.address.as_ref()?;
        let field = self.field(message)?;
        if results(&field).any(|said| said.method == "dmarc" && said.result == "fail") {
            return None;
        }
        results(&field)
            .filter(|said| said.result == "pass")
            .find(|said| match said.method {
                "dmarc" => true,
                "dkim" | "spf" => said.domain.is_some_and(|domain| aligned(author, domain)),
                _ => false,
            })
            .map(|said| format!("{}=pass", said.method))
    }

    fn field(&self, message: &Message) -> Option<String> {
        let field = bare(message.headers.first(FIELD)?);
        let (id, rest) = field.split_once(';')?;
        // A version may follow the name.
        let id = id.split_whitespace().next()?.to_lowercase();
        self.authserv_ids.contains(&id).then(|| rest.to_owned())
    }
}

/// Whether `domain` speaks for the author: the same, or one that the author's lies in.
fn aligned(author: &Address, domain: &str) -> bool {
    let domain = domain.rsplit_once('@').map_or(domain, |(_, tail)| tail);
    domain.contains('.') && author.is_within(domain)
}

/// The field without comments and quoted strings, in which a sender's own words may stand.
fn bare(field: &str) -> String {
    let (mut out, mut depth, mut quoted) = (String::with_capacity(field.len()), 0_usize, false);
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                let _escaped = chars.next();
            }
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if quoted || depth > 0 => {}
            c => out.push(c),
        }
    }
    out
}

/// `method=result` with its properties, of a [`bare`] field.
fn results(field: &str) -> impl Iterator<Item = Said<'_>> {
    field.split(';').take(RESULTS_MAX).filter_map(|part| {
        let mut said = Said::default();
        for word in part.split_whitespace() {
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            let name = name.split_once('/').map_or(name, |(name, _)| name);
            if said.method.is_empty() {
                (said.method, said.result) = (name, value);
            } else if matches!(name, "header.d" | "smtp.mailfrom") && said.domain.is_none() {
                said.domain = Some(value);
            }
        }
        (!said.method.is_empty()).then_some(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders() -> Senders {
        Senders {
            authserv_ids: vec!["mx.partner.example".to_owned()],
        }
    }

    fn message(fields: &str) -> Message {
        let raw = format!("{fields}From: anna@customer.example\n\nx\n");
        Message::parse(raw.as_bytes()).unwrap()
    }

    #[test]
    fn only_the_topmost_word_of_our_own_server_counts() {
        for (fields, sure) in [
            (
                "Authentication-Results: mx.partner.example; dmarc=pass (p=none) header.from=customer.example\n",
                true,
            ),
            (
                "Authentication-Results: MX.partner.example 1;\n spf=fail smtp.mailfrom=x.example;\n dkim=pass header.d=customer.example\n",
                true,
            ),
            (
                "Authentication-Results: mx.partner.example; spf=pass smtp.mailfrom=a@customer.example\n",
                true,
            ),
            (
                "Authentication-Results: mx.partner.example; dkim=pass header.d=other.example\n",
                false,
            ),
            (
                "Authentication-Results: mx.partner.example; dkim=pass header.d=example\n",
                false,
            ),
            (
                "Authentication-Results: mx.partner.example; spf=none (dmarc=pass )\n",
                false,
            ),
            (
                "Authentication-Results: mx.partner.example; spf=pass smtp.mailfrom=\"x; dmarc=pass y\"@other.example\n",
                false,
            ),
            (
                "Authentication-Results: mx.partner.example; spf=fail (x (y\\) ; dmarc=pass) ; dmarc=pass)\n",
                false,
            ),
            ("Authentication-Results: other.example; dmarc=pass\n", false),
            (
                "Authentication-Results: other.example; dmarc=pass\nAuthentication-Results: mx.partner.example; dmarc=pass\n",
                false,
            ),
            (
                "Authentication-Results: mx.partner.example; dmarc=fail\nAuthentication-Results: mx.partner.example; dmarc=pass\n",
                false,
            ),
            ("Authentication-Results: mx.partner.example; none\n", false),
            ("", false),
        ] {
            assert_eq!(
                senders().authenticated(&message(fields)).is_some(),
                sure,
                "{fields}"
            );
        }
    }

    #[test]
    fn a_disowned_author_is_forged() {
        let failed = "Authentication-Results: mx.partner.example; dmarc=fail (p=reject)\n";
        assert!(senders().is_forged(&message(failed)));
        assert!(!Senders::default().is_forged(&message(failed)));
        assert!(!senders().is_forged(&message("")));
    }
}
