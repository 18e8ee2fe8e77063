//! Some rules of a compiled set, written out as drafts again: to try a small change of them on one
//! message without compiling everything.

use crate::domain::decision::Zone;
use crate::domain::ids::{ProductId, RuleId};

use super::keyword::Keyword;
use super::rule::{Rule, RuleDraft, Slot};
use super::ruleset::RuleSet;

impl RuleSet {
    /// The rules `wanted` as they could be written; on a message on which no other rule fires they
    /// say what the whole set says.
    pub fn excerpt(&self, wanted: impl Fn(&RuleId) -> bool) -> Vec<RuleDraft> {
        let rules = self.rules.iter().filter(|rule| wanted(&rule.id));
        let mut rules: Vec<&Rule> = rules.collect();
        rules.sort_by_key(|rule| rule.place);
        // Of equal `order` they keep the places in which they are written.
        rules.into_iter().map(|rule| self.draft(rule)).collect()
    }

    /// For each rule that looks at what people write: the words it speaks for something by,
    /// regular expressions left out, and the products it is held to.
    pub fn vocabulary(&self) -> impl Iterator<Item = (Vec<&str>, &[ProductId])> {
        let reads = |rule: &&Rule| rule.zones.holds(Zone::Body) || rule.zones.holds(Zone::Subject);
        self.rules.iter().filter(reads).map(|rule| {
            let slots = rule.any.iter().chain(&rule.all);
            let words = slots.map(|slot| &*slot.keyword);
            let words = words.filter(|word| !word.starts_with('/'));
            let plain = words.map(|word| word.trim_start_matches('~').trim_matches('*'));
            (plain.collect(), rule.when.product.as_slice())
        })
    }

    fn draft(&self, rule: &Rule) -> RuleDraft {
        let category = rule.category.and_then(|n| self.categories.get(n as usize));
        RuleDraft {
            weight: rule.weight,
            any: keywords(&rule.any),
            all: keywords(&rule.all),
            none: keywords(&rule.none),
            stem: rule.stem,
            zones: Zone::ALL
                .into_iter()
                .filter(|zone| rule.zones.holds(*zone))
                .collect(),
            priority: rule.priority,
            near: rule.near,
            cap: Some(rule.cap),
            negatable: rule.negatable,
            when: rule.when.clone(),
            stop: rule.stop,
            origin: rule.origin.clone(),
            ..RuleDraft::new(rule.id.clone(), category.cloned())
        }
    }
}

/// What parsed once parses again.
fn keywords(slots: &[Slot]) -> Vec<Keyword> {
    let parsed = slots.iter().map(|slot| Keyword::parse(&slot.keyword));
    parsed.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::Priority;
    use crate::domain::language::Language;
    use crate::rules::{Settings, When};

    #[test]
    fn rules_written_out_are_the_same_rules() {
        let words = |words: &[&str]| -> Vec<Keyword> {
            let parsed = words.iter().map(|word| Keyword::parse(word));
            parsed.collect::<Result<_, _>>().expect("keywords")
        };
        let whole = RuleDraft {
            weight: -2.5,
            any: words(&["faktura*", "/felkod \\d/", "~synkronisering", "konto"]),
            all: words(&["betala"]),
            none: words(&["licens"]),
            stem: Some(Language::Swedish),
            zones: vec![Zone::Quoted, Zone::Body],
            priority: Some(Priority::High),
            near: Some(7),
            cap: Some(3.0),
            negatable: false,
            when: When {
                language: vec![Language::Swedish],
                ..When::default()
            },
            order: -3,
            stop: true,
            ..RuleDraft::new("whole", Some("billing".into()))
        };
        let mut plain = RuleDraft::new("plain", Some("technical".into()));
        plain.any = words(&["krasch*"]);
        let compile = |rules| RuleSet::compile(rules, Settings::default()).expect("a set");
        let set = compile(vec![plain, whole]);
        assert_eq!(compile(set.excerpt(|_| true)).digest(), set.digest());
    }
}
