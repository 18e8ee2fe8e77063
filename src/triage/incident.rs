//! What a publisher's notice says of a product: that something is wrong, or that it is over.
//!
//! Pure. A notice speaks only for products of the domain it is from, and only where our own mail
//! server does not say that this is forged. A link is taken only when it leads to the publisher.

use jiff::{SignedDuration, Timestamp};

use super::policy::Policy;
use crate::domain::decision::{Decision, ProductHit};
use crate::domain::ids::{CategoryId, TicketId};
use crate::domain::incident::{Course, Ended, Incident};
use crate::domain::kind::Kind;
use crate::mail::Message;
use crate::mail::kind;
use crate::registry::ProductTold;
use crate::registry::product::Product;

/// Longest subject kept, in characters.
const SUBJECT_CHARS: usize = 200;

/// Longest link taken, in bytes.
const LINK_MAX: usize = 300;

/// The product that a notice speaks for: one of the publisher who sent it.
pub(super) fn product(message: &Message, policy: &Policy, told: ProductTold) -> Option<ProductHit> {
    let ProductTold::One(hit) = told else {
        return None;
    };
    let author = message.author()?.address.as_ref()?;
    let product = policy.registry.product(&hit.product)?;
    let own = |domain: &String| author.is_within(domain);
    product.sender_domains.iter().any(own).then_some(hit)
}

/// What a decided notice makes of the incidents that are `open`.
pub fn course(
    id: TicketId,
    message: &Message,
    decision: &Decision,
    policy: &Policy,
    open: &[Incident],
    now: Timestamp,
) -> Option<(Incident, Course)> {
    if decision.kind != Kind::Notice || policy.senders.is_forged(message) {
        return None;
    }
    let product = policy
        .registry
        .product(&decision.product.as_ref()?.product)?;
    let known = open.iter().find(|one| one.product == product.id);
    let lasts = SignedDuration::try_from(policy.incident_lasts).unwrap_or(SignedDuration::MAX);
    let until = now.checked_add(lasts).unwrap_or(Timestamp::MAX);
    let link = link(message.own_text(), product);
    match known {
        Some(known) if kind::is_all_clear(message) => Some((
            Incident {
                ended: Some(Ended::Resolved),
                ..known.clone()
            },
            Course::Resolved,
        )),
        Some(known) => Some((
            Incident {
                link: link.or_else(|| known.link.clone()),
                until: known.until.max(until),
                updates: known.updates.saturating_add(1),
                ..known.clone()
            },
            Course::Updated,
        )),
        None if kind::is_all_clear(message) => None,
        None => Some((
            Incident {
                notice: id,
                product: product.id.clone(),
                subject: message.subject.chars().take(SUBJECT_CHARS).collect(),
                link: link.or_else(|| product.support.status_page.clone()),
                opened_at: now,
                until,
                updates: 0,
                ended: None,
            },
            Course::Opened,
        )),
    }
}

/// The incident that a ticket may be about: of its product, where it is of a category that the
/// publisher answers, or came close to one.
pub(super) fn about<'a>(
    decision: &Decision,
    open: &'a [Incident],
    goes_out: impl Fn(&CategoryId) -> bool,
) -> Option<&'a Incident> {
    let product = &decision.product.as_ref()?.product;
    let mut near = decision.category.iter().chain(&decision.runner_up);
    if !near.any(goes_out) {
        return None;
    }
    open.iter().find(|one| one.product == *product)
}

/// The first link in `text` that leads to the product's publisher.
fn link(text: &str, product: &Product) -> Option<String> {
    let status = product.support.status_page.as_deref().and_then(host);
    let known = |host: &str| {
        let within = |domain: &str| {
            host == domain
                || host
                    .strip_suffix(domain)
                    .is_some_and(|head| head.ends_with('.'))
        };
        status == Some(host) || product.sender_domains.iter().any(|domain| within(domain))
    };
    text.match_indices("https://")
        .filter_map(|(at, _)| {
            let rest = text.get(at..)?;
            let end = rest.find(|c: char| !c.is_ascii_graphic() || "<>\"'`{}|\\^".contains(c));
            let link = rest.get(..end.unwrap_or(rest.len()))?;
            Some(link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']))
        })
        .find(|link| link.len() <= LINK_MAX && host(link).is_some_and(known))
        .map(ToOwned::to_owned)
}

/// The host of a link in lower case; `None` where it is hidden behind a user or a port.
fn host(link: &str) -> Option<&str> {
    let rest = link.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end)?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::contact::Contacts;
    use crate::registry::product::Support;

    #[test]
    fn only_links_to_the_publisher_are_taken() {
        let product = Product {
            id: "lumen".into(),
            name: "Lumen".to_owned(),
            aliases: Vec::new(),
            common_names: Vec::new(),
            publisher: "Lumen".to_owned(),
            offers: Vec::new(),
            plans: Vec::new(),
            skus: Vec::new(),
            contacts: Contacts::default(),
            isv_replies: None,
            expose_customer: true,
            support: Support {
                status_page: Some("https://lumen.status.example/".to_owned()),
                ..Support::default()
            },
            sender_domains: vec!["lumen.example".to_owned()],
        };
        for (text, taken) in [
            (
                "See https://status.lumen.example/i/7.",
                Some("https://status.lumen.example/i/7"),
            ),
            (
                "(https://lumen.status.example/i/7)",
                Some("https://lumen.status.example/i/7"),
            ),
            (
                "https://evil.example/ or <https://lumen.example/x?y=1>",
                Some("https://lumen.example/x?y=1"),
            ),
            ("https://lumen.example@evil.example/", None),
            ("https://lumen.example:8443/", None),
            ("https://lumen.example.evil.example/", None),
            ("https://evillumen.example/", None),
            ("http://lumen.example/", None),
            ("no link", None),
        ] {
            assert_eq!(link(text, &product).as_deref(), taken, "{text}");
        }
    }
}
