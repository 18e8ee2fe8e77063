//! What lets us know our own mail and our own cases again: identifiers with a MAC in them.
//!
//! Everything here is a keyed function (HMAC-SHA256, RFC 2104) of values that survive the loss of
//! the ledger, so the same message gets the same ticket, the same Message-ID and the same reply
//! address again, and nobody without the key can make one that we would take for ours.
//!
//! Invariants: every use has its own purpose word and every field its length in front, so no two
//! uses and no two lists of fields ever share an input; comparison takes constant time; letter
//! case is left aside when reading, for mail systems change it.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _, digest::Key};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

use crate::domain::address::Address;
use crate::domain::digest::Digest;
use crate::domain::ids::{MailboxName, TicketId};
use crate::domain::letter::Purpose;
use crate::domain::locator::Locator;

/// Name of the header that marks what we sent; its value comes from [`origin_value`].
pub const ORIGIN_HEADER: &str = "X-Triaged-Origin";

/// Bytes of a MAC that are written out: 80 bits, 16 characters of base32.
const CHECK_LENGTH: usize = 10;
/// Characters of a written MAC.
const CHECK_CHARS: usize = 16;
/// Characters of a ticket's identifier that stand in its reference.
const REFERENCE_CHARS: usize = 8;
/// Longest local part that every mail system takes, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Things that look like a case token and are checked in one text, at most.
const TOKENS_TRIED_MAX: usize = 64;
/// What our Message-IDs begin with.
const ID_PREFIX: &str = "triaged.";
/// Where a Message-ID stands when our own domain cannot be written in ASCII (RFC 2606 §2).
const DOMAIN_OTHERWISE: &str = "triaged.invalid";

/// The secret of this installation. It is a credential and never in the ledger.
pub struct InstanceKey(SecretBox<[u8; 32]>);

impl InstanceKey {
    /// Takes the 32 secret bytes; they are wiped from memory when the key is dropped.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// A secret of its own for another purpose; it tells nothing about this one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac("derive", &[purpose.as_bytes()])
            .finalize()
            .into_bytes()
            .into()
    }

    /// The MAC, not yet finished, of a purpose and its fields.
    fn mac(&self, purpose: &str, fields: &[&[u8]]) -> Hmac<Sha256> {
        // RFC 2104 §2 fills a short key with zeros up to the block: done here, nothing can fail.
        let mut block = Key::<Hmac<Sha256>>::default();
        for (to, from) in block.iter_mut().zip(self.0.expose_secret()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new(&block);
        for field in [&[b"triaged v1", purpose.as_bytes()], fields].concat() {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        mac
    }

    /// The first 128 bits.
    fn bits(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 16] {
        let full: [u8; 32] = self.mac(purpose, fields).finalize().into_bytes().into();
        let mut bits = [0; 16];
        bits.copy_from_slice(&full[..16]);
        bits
    }

    /// The written check of some text.
    fn check(&self, purpose: &str, text: &str) -> String {
        let bits = self.bits(purpose, &[text.as_bytes()]);
        base32(&bits[..CHECK_LENGTH])
    }

    /// Whether `check`, in lower case, is the written check of `text`.
    fn holds(&self, purpose: &str, text: &str, check: &str) -> bool {
        check.len() == CHECK_CHARS
            && BASE32_NOPAD
                .decode(check.to_ascii_uppercase().as_bytes())
                .is_ok_and(|bytes| {
                    self.mac(purpose, &[text.as_bytes()])
                        .verify_truncated_left(&bytes)
                        .is_ok()
                })
    }
}

impl fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceKey(…)")
    }
}

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn is_base32(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}

/// The identity of the ticket first seen at this place.
pub fn ticket_id(key: &InstanceKey, mailbox: &MailboxName, locator: &Locator) -> TicketId {
    let generation = locator.generation.to_string();
    let item = locator.item.to_string();
    let fields = [mailbox.as_str(), &generation, &item].map(str::as_bytes);
    TicketId::new(key.bits("ticket", &fields))
}

/// The Message-ID of the forward of one content to one recipient, with its angle brackets.
///
/// The same arguments give the same identifier, whatever became of the ledger; `domain` is where
/// our own address lies.
pub fn message_id(
    key: &InstanceKey,
    mailbox: &MailboxName,
    digest: &Digest,
    recipient: &Address,
    domain: &str,
) -> String {
    let fields = [
        mailbox.as_str().as_bytes(),
        digest.bytes(),
        recipient.as_str().as_bytes(),
    ];
    written_id(key, &base32(&key.bits("fwd", &fields)), domain)
}

fn written_id(key: &InstanceKey, name: &str, domain: &str) -> String {
    let check = key.check("id", name);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let domain = match domain {
        "" => DOMAIN_OTHERWISE,
        some if some.bytes().all(plain) => some,
        _ => DOMAIN_OTHERWISE,
    };
    format!("<{ID_PREFIX}{name}.{check}@{domain}>")
}

/// The Message-ID of a letter about a ticket, with its angle brackets: one for each purpose,
/// recipient and `occasion`, such as the message it answers or the number of the reminder.
pub fn letter_id(
    key: &InstanceKey,
    ticket: TicketId,
    purpose: Purpose,
    occasion: &str,
    recipient: &Address,
    domain: &str,
) -> String {
    let fields = [
        ticket.bits().as_slice(),
        purpose.as_str().as_bytes(),
        occasion.as_bytes(),
        recipient.as_str().as_bytes(),
    ];
    written_id(key, &base32(&key.bits("letter", &fields)), domain)
}

/// The Message-ID of a mail to the operator, with its angle brackets: one for each recipient and
/// moment.
pub fn alarm_id(key: &InstanceKey, recipient: &Address, at: Timestamp, domain: &str) -> String {
    let moment = at.as_nanosecond().to_be_bytes();
    let fields = [recipient.as_str().as_bytes(), &moment];
    written_id(key, &base32(&key.bits("alarm", &fields)), domain)
}

/// Whether we made this Message-ID; its angle brackets may be absent.
pub fn is_our_message_id(key: &InstanceKey, id: &str) -> bool {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let Some((local, _)) = id.split_once('@') else {
        return false;
    };
    let local = local.to_ascii_lowercase();
    local
        .strip_prefix(ID_PREFIX)
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(name, check)| key.holds("id", name, check))
}

/// The value of [`ORIGIN_HEADER`] in the message with this Message-ID.
pub fn origin_value(key: &InstanceKey, message_id: &str) -> String {
    format!("v1 {}", key.check("origin", message_id.trim()))
}

/// Whether we set this [`ORIGIN_HEADER`] in the message with this Message-ID.
pub fn is_our_origin(key: &InstanceKey, value: &str, message_id: &str) -> bool {
    value
        .trim()
        .strip_prefix("v1 ")
        .is_some_and(|check| key.holds("origin", message_id.trim(), check.trim()))
}

/// What stands for a case in a reply address and in the case sheet, such as
/// `t4f7k25qm-abcdefghijklmnop`: the reference and a check.
pub fn case_token(key: &InstanceKey, id: TicketId) -> String {
    let reference: String = id.to_string().chars().take(REFERENCE_CHARS).collect();
    format!("t{reference}-{}", key.check("case", &reference))
}

/// Our `address` with the case in it, so that an answer finds its ticket even when every header
/// for threading was lost.
///
/// An address too long to take the token is given back as it is.
pub fn reply_to(key: &InstanceKey, id: TicketId, address: &Address) -> Address {
    address
        .with_detail(&case_token(key, id))
        .ok()
        .filter(|made| made.local().len() <= LOCAL_MAX)
        .unwrap_or_else(|| address.clone())
}

/// The case an address names: the first characters of the ticket's identifier, to be looked up.
/// `None` when it names none or somebody else made it.
pub fn case_of(key: &InstanceKey, address: &Address) -> Option<String> {
    read_token(key, address.detail()?)
}

/// The first case token in `text` that we made: again the first characters of the identifier.
///
/// Looks at no more than 64 things that have the form of one.
pub fn token_in_text(key: &InstanceKey, text: &str) -> Option<String> {
    text.match_indices('-')
        .filter_map(|(at, _)| token_around(text, at))
        .take(TOKENS_TRIED_MAX)
        .find_map(|token| read_token(key, token))
}

/// What has the form of a token around the hyphen at `at`, and ends where it does.
fn token_around(text: &str, at: usize) -> Option<&str> {
    let start = at.checked_sub(REFERENCE_CHARS + 1)?;
    let end = at.checked_add(CHECK_CHARS + 1)?;
    let token = text.get(start..end)?;
    let touches = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).and_then(|n| bytes.get(n));
    let formed = token.starts_with(['t', 'T']) && !touches(before) && !touches(bytes.get(end));
    formed.then_some(token)
}

/// The reference in a token, when its check holds.
fn read_token(key: &InstanceKey, token: &str) -> Option<String> {
    let token = token.to_ascii_lowercase();
    let (reference, check) = token.strip_prefix('t')?.split_once('-')?;
    let formed = reference.len() == REFERENCE_CHARS && is_base32(reference);
    (formed && key.holds("case", reference, check)).then(|| reference.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::locator::{Generation, Item};

    fn key() -> InstanceKey {
        InstanceKey::new([7; 32])
    }

    fn locator(generation: u32, item: &str) -> Locator {
        Locator {
            generation: Generation(generation),
            item: Item::read(item),
        }
    }

    fn id_of(mailbox: &str, content: &[u8], to: &Address) -> String {
        let digest = Digest::of(content);
        message_id(&key(), &mailbox.into(), &digest, to, "partner.example")
    }

    #[test]
    fn values_stay_the_same_over_versions() {
        // Repeats of a forward made by an older version must carry the same identifiers.
        let to = "desk@isv.example".parse().expect("an address");
        let id = id_of("support", b"x", &to);
        let ticket = ticket_id(&key(), &"support".into(), &locator(1, "42"));
        insta::assert_snapshot!(
            format!("{id}\n{ticket}\n{}\n{}", case_token(&key(), ticket), origin_value(&key(), &id)),
            @r"
        <triaged.mif357o3kzc33t6hobexuzwsmy.odpnsy33xaoxvkfm@partner.example>
        mdnnzm326fktcss2j5rome5xam
        tmdnnzm32-uqk5la7otvsp7yo3
        v1 pwgdhaw2i3wxqclk
        "
        );
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", key()), "InstanceKey(…)");
    }

    #[test]
    fn a_domain_that_is_not_ascii_stays_out() {
        let to = "desk@isv.example".parse().expect("an address");
        let digest = Digest::of(b"");
        for domain in ["åäö.example", "", "a b", "x>\r\nBcc: y"] {
            let id = message_id(&key(), &"m".into(), &digest, &to, domain);
            assert!(id.ends_with("@triaged.invalid>"), "{id}");
        }
    }

    #[test]
    fn an_address_without_room_stays_as_it_is() {
        let long: Address = format!("{}@partner.example", "a".repeat(60))
            .parse()
            .expect("an address");
        assert_eq!(reply_to(&key(), TicketId::new([1; 16]), &long), long);
    }

    #[test]
    fn a_token_is_found_in_a_quoted_answer_and_only_whole() {
        let token = case_token(&key(), TicketId::new([9; 16]));
        let text = format!("Yes.\n\n> Case T-BEEQSCIJ [{token}]\n> - one - two");
        let found = token_in_text(&key(), &text).unwrap_or_default();
        assert!(TicketId::new([9; 16]).to_string().starts_with(&found) && found.len() == 8);
        assert_eq!(token_in_text(&key(), &format!("x{token}")), None);
        assert_eq!(token_in_text(&key(), &format!("{token}a")), None);
        assert_eq!(token_in_text(&key(), &token[..25]), None);
    }

    proptest! {
        #[test]
        fn our_identifiers_are_known_again_and_changed_ones_are_not(
            mailbox in "[a-z]{1,8}",
            content: Vec<u8>,
            at in 0_usize..48,
            upper: bool,
        ) {
            let to = "desk@isv.example".parse().expect("an address");
            let id = id_of(&mailbox, &content, &to);
            let shown = if upper { id.to_ascii_uppercase() } else { id.clone() };
            prop_assert!(is_our_message_id(&key(), &shown));
            prop_assert!(!is_our_message_id(&InstanceKey::new([8; 32]), &id));
            let mut forged = id.clone().into_bytes();
            forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
            let forged = String::from_utf8(forged).expect("ASCII");
            prop_assert!(at == 0 || !is_our_message_id(&key(), &forged), "{forged}");
            let origin = origin_value(&key(), &id);
            prop_assert!(is_our_origin(&key(), &origin, &id));
            prop_assert!(!is_our_origin(&key(), &origin, "<other@isv.example>"));
            // A check made for one purpose is worth nothing for another.
            let check = &origin[3..];
            prop_assert!(!key().holds("id", &id, check) && !key().holds("case", &id, check));
        }

        #[test]
        fn a_case_is_read_back_from_its_address(bits: [u8; 16], other: [u8; 16], upper: bool) {
            let ours: Address = "support@partner.example".parse().expect("an address");
            let id = TicketId::new(bits);
            let made = reply_to(&key(), id, &ours);
            let seen: Address = if upper {
                made.as_str().to_uppercase().parse().expect("an address")
            } else {
                made.clone()
            };
            let reference = case_of(&key(), &seen).unwrap_or_default();
            prop_assert_eq!(TicketId::prefix(&id.reference()), Some(reference.clone()));
            let other = TicketId::new(other).to_string();
            if other[..8] != reference {
                let forged = made.as_str().replace(&reference, &other[..8]);
                let forged: Address = forged.parse().expect("an address");
                prop_assert_eq!(case_of(&key(), &forged), None);
            }
        }

        #[test]
        fn fields_never_run_into_each_other(a in "[a-z]{0,4}", b in "[a-z]{0,4}", n in 0_u32..20) {
            let joined = ticket_id(&key(), &format!("{a}{b}").as_str().into(), &locator(n, "1"));
            let apart = ticket_id(&key(), &a.as_str().into(), &locator(n, &format!("{b}1")));
            prop_assert!(b.is_empty() == (joined == apart));
        }

        #[test]
        fn strangers_text_never_stops_us(text: String) {
            let _ = is_our_message_id(&key(), &text);
            let _ = is_our_origin(&key(), &text, &text);
            prop_assert_eq!(token_in_text(&key(), &text), None);
        }
    }
}
