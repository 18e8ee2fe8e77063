//! One spelling for the same rules, so that equal rules have equal digests.
//!
//! Rules are written in order of their names: moving a rule to another file or place changes
//! nothing unless a rule has `stop`, changing any number or keyword does. Each text is preceded by its length, each number
//! is its IEEE 754 bits. The first line names the form; a change of meaning must change it.

use crate::domain::decision::{Priority, Zone};
use crate::domain::digest::Digest;
use crate::domain::ids::ProductId;
use crate::domain::language::Language;

use super::condition::{AttachmentType, Customer, When};
use super::keyword::Keyword;
use super::negation::Negation;
use super::rule::{List, RuleDraft};
use super::settings::Settings;

const FORM: &str = "triaged rules 2";

/// The digest of what decides: settings and rules, without notes and places.
pub(super) fn digest<'d>(
    settings: &Settings,
    negation: &Negation,
    sorted: impl Iterator<Item = (u32, &'d RuleDraft)> + Clone,
) -> Digest {
    let mut out = Canonical(Vec::with_capacity(4096));
    out.text(FORM);
    for number in [
        settings.threshold,
        settings.margin,
        settings.guard,
        settings.forward_threshold,
        settings.inherited_subject,
        settings.share,
        settings.cap,
    ] {
        out.number(number);
    }
    for zone in Zone::ALL {
        out.number(settings.zone_factors.of(zone));
    }
    out.count(usize::from(settings.fold.strip_diacritics));
    // Without words nothing is negated, and the rest decides nothing.
    let negates = !negation.words.is_empty();
    if negates {
        out.text("negation");
        out.texts(negation.words.iter().map(Keyword::as_str));
        out.texts(negation.until.iter().map(String::as_str));
        out.count(usize::from(negation.window));
    }
    let ordered = sorted.clone().any(|(_, rule)| rule.stop);
    let stems = sorted.clone().any(|(_, rule)| rule.stem.is_some());
    if stems {
        out.text("stems");
    }
    for (place, rule) in sorted {
        out.text(rule.id.as_str());
        out.option(rule.category.as_ref().map(AsRef::as_ref));
        out.number(rule.weight);
        for list in List::ALL {
            out.count(rule.list(list).len());
            for keyword in rule.list(list) {
                out.text(keyword.as_str());
            }
        }
        let zones = rule.effective_zones();
        out.count(zones.len());
        for zone in zones {
            out.text(zone.as_str());
        }
        out.option(rule.priority.map(Priority::as_str));
        out.count(rule.near.map_or(0, usize::from));
        out.number(rule.cap.unwrap_or(settings.cap));
        when(&mut out, &rule.when);
        if negates {
            out.count(usize::from(rule.negatable));
        }
        if stems {
            out.option(rule.stem.map(Language::as_str));
        }
        if ordered {
            out.count(usize::from(rule.stop));
            out.count(place as usize);
        }
    }
    Digest::of(&out.0)
}

fn when(out: &mut Canonical, when: &When) {
    out.texts(when.product.iter().map(ProductId::as_str));
    out.texts(when.customer.iter().map(Customer::as_str));
    out.texts(when.language.iter().map(|language| language.as_str()));
    out.texts(when.attachment_type.iter().map(AttachmentType::as_str));
    let hours: Vec<String> = when.received.iter().map(ToString::to_string).collect();
    if !hours.is_empty() {
        out.texts(hours.iter().map(String::as_str));
        out.text(when.zone.iana_name().unwrap_or_default());
    }
}

struct Canonical(Vec<u8>);

impl Canonical {
    fn count(&mut self, n: usize) {
        self.0.extend((n as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let texts: Vec<&str> = texts.collect();
        self.count(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    fn option(&mut self, text: Option<&str>) {
        self.count(usize::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn number(&mut self, number: f64) {
        // +0 and -0 are the same number.
        self.0.extend((number + 0.0).to_bits().to_le_bytes());
    }
}
