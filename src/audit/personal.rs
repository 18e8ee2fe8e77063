//! What of a person's data reaches the audit log: the policy `audit.personal`.
//!
//! The filter is applied once, where the entry is made; nothing behind it sees more.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::audit::PersonalPolicy;
use crate::domain::event::Personal;
use crate::domain::ticket::Summary;

/// Bytes of the keyed hash that are kept: 80 bits, written as 16 characters of base32.
const PSEUDONYM_BYTES: usize = 10;

/// Sender and subject as `policy` lets them through.
///
/// The pseudonym is HMAC-SHA256 of the lower-case address under `key`, cut to 80 bits: the same
/// sender has the same pseudonym for as long as the key lives, and nobody without the key can
/// try out addresses.
pub fn personal(policy: PersonalPolicy, key: &[u8; 32], summary: &Summary) -> Personal {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match policy {
        PersonalPolicy::Plain => Personal {
            from: some(&summary.from),
            subject: some(&summary.subject),
        },
        PersonalPolicy::Pseudonym => Personal {
            from: some(&summary.from).map(|from| pseudonym(key, &from)),
            subject: None,
        },
        PersonalPolicy::Omit => Personal::default(),
    }
}

fn pseudonym(key: &[u8; 32], from: &str) -> String {
    // HMAC takes keys of every length (RFC 2104 §2).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(b"triaged audit sender\0");
    mac.update(from.to_lowercase().as_bytes());
    let tag = mac.finalize().into_bytes();
    let kept = tag.get(..PSEUDONYM_BYTES).unwrap_or_default();
    let text = data_encoding::BASE32_NOPAD.encode(kept);
    format!("p-{}", text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_lets_through_what_it_says_and_no_more() {
        let summary = Summary {
            from: "Anna@Customer.example".to_owned(),
            subject: "Faktura 12".to_owned(),
        };
        let lower = Summary {
            from: "anna@customer.example".to_owned(),
            ..summary.clone()
        };
        let plain = personal(PersonalPolicy::Plain, &[1; 32], &summary);
        assert_eq!(plain.from.as_deref(), Some("Anna@Customer.example"));
        assert_eq!(plain.subject.as_deref(), Some("Faktura 12"));

        let hidden = personal(PersonalPolicy::Pseudonym, &[1; 32], &summary);
        assert_eq!(hidden.subject, None);
        let name = hidden.from.clone().unwrap();
        assert!(name.starts_with("p-") && name.len() == 18 && !name.contains("anna"));
        assert_eq!(
            hidden,
            personal(PersonalPolicy::Pseudonym, &[1; 32], &lower)
        );
        assert_ne!(
            hidden,
            personal(PersonalPolicy::Pseudonym, &[2; 32], &summary)
        );

        let omitted = personal(PersonalPolicy::Omit, &[1; 32], &summary);
        assert_eq!(omitted, Personal::default());
        let nobody = Summary::default();
        assert_eq!(
            personal(PersonalPolicy::Pseudonym, &[1; 32], &nobody).from,
            None
        );
    }
}
