//! Taking personal data out of lines that are chained already.
//!
//! A redacted line keeps its number, its hash and the hash of the line before it: the chain goes on
//! as it did. What it says now no longer gives its hash; a later line of the same chain,
//! `redacted`, vouches for it with a digest of its body. A line that was changed without such a
//! voucher is found as ever ([`super::verify`]). Nothing of the old text is left: no salt, no
//! digest of a name that could be tried out.

use serde_json::{Map, Value};

use super::escape::canonical;
use crate::domain::digest::Digest;

/// What stands for an address that was taken out: a domain that never exists (RFC 2606 §2).
pub const NOBODY: &str = "erased@erased.invalid";

/// Members that hold words of the message, wherever they stand.
const WORDS: [&str; 2] = ["kind-reason", "text"];

/// What a line's body is vouched for by.
pub fn voucher(body: &str) -> Digest {
    Digest::of(body.as_bytes())
}

/// A body (see [`super::chain::body`]) without the sender, the subject and the words of the message,
/// and with every mention of `address` taken out. `None` when there is nothing to take out.
///
/// # Errors
/// When the body is no JSON, which none that this program wrote is.
pub fn redacted(body: &str, address: &str) -> Result<Option<String>, serde_json::Error> {
    let members = body.strip_prefix(',').unwrap_or(body);
    let mut whole: Map<String, Value> = serde_json::from_str(&format!("{{{members}}}"))?;
    let before = whole.clone();
    if let Some(personal) = whole.get_mut("personal") {
        *personal = Value::Object(Map::new());
    }
    if let Some(id) = whole
        .get_mut("link")
        .and_then(|link| link.pointer_mut("/mark/id"))
    {
        // The Message-ID of a mail may name its writer's machine.
        *id = Value::String(String::new());
    }
    for (name, value) in &mut whole {
        clean(name, value, address);
    }
    if whole == before {
        return Ok(None);
    }
    let mut text = canonical(&whole)?;
    text.pop();
    text.replace_range(..1, ",");
    Ok(Some(text))
}

fn clean(name: &str, value: &mut Value, address: &str) {
    match value {
        Value::String(text) if WORDS.contains(&name) => text.clear(),
        Value::String(text) => {
            if let Some(without) = without(text, address) {
                *text = without;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|v| clean(name, v, address)),
        Value::Object(members) => members.iter_mut().for_each(|(n, v)| clean(n, v, address)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `text` with [`NOBODY`] in place of `address`, in whatever case that is written.
fn without(text: &str, address: &str) -> Option<String> {
    // Only ASCII letters change their case here, so that both texts have the same places.
    let (lower, sought) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    if sought.is_empty() || !lower.contains(&sought) {
        return None;
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, found) in lower.match_indices(&sought) {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(NOBODY);
        from = at + found.len();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_and_their_words_are_taken_out_and_the_rest_stays() {
        let body = r#","at":"2026-03-02T09:15:00Z","event":"decided","evidence":[{"rule":"crash","text":"my crash"}],"folder":"Billing","kind-reason":"`Hej Anna` in the body","personal":{"from":"anna@bygg.example","subject":"Hej"},"reply":"no ANNA@Bygg.example here""#;
        let now = redacted(body, "anna@bygg.example").unwrap().unwrap();
        assert!(now.starts_with(','), "{now}");
        for gone in ["anna", "Anna", "ANNA", "Hej", "my crash"] {
            assert!(!now.contains(gone), "{gone}: {now}");
        }
        for kept in [
            "\"crash\"",
            "\"Billing\"",
            "2026-03-02",
            "no erased@erased.invalid here",
        ] {
            assert!(now.contains(kept), "{kept}: {now}");
        }
        assert_eq!(redacted(&now, "anna@bygg.example").unwrap(), None);
        assert_eq!(
            redacted(r#","event":"tried","tries":2"#, "a@b.example").unwrap(),
            None
        );
    }
}
