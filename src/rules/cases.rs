//! What rules mean, checked case by case from `cases.toml`, and what holds for any text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde::Deserialize;

use crate::domain::decision::{EVIDENCE_MAX, Priority, Score, Zone};
use crate::domain::language::Language;

use super::verdict::Lack;
use super::{
    Circumstances, FoldOptions, FoldedZone, Keyword, Lexicon, Negation, RuleDraft, RuleSet,
    Settings, Top, Verdict, When, ZoneText,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    settings: SettingsShape,
    rules: Vec<RuleShape>,
    #[serde(default)]
    negation: NegationShape,
    texts: BTreeMap<Zone, String>,
    scores: Option<Vec<String>>,
    hits: Option<Vec<String>>,
    top: Option<String>,
    nearly: Option<Vec<String>>,
    priority: Option<String>,
    /// What the message is written in.
    language: Option<Language>,
    /// The scores without any `stop` and any negation.
    heard: Option<Vec<String>>,
    /// "rule [what stood there] by what negates it".
    negated: Option<Vec<String>>,
    /// "rule: why it does not count".
    left_out: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct NegationShape {
    words: Vec<String>,
    window: Option<u16>,
    until: Vec<String>,
}

impl NegationShape {
    fn negation(&self) -> Negation {
        let words = self.words.iter();
        Negation {
            words: words
                .map(|text| Keyword::parse(text).expect(text))
                .collect(),
            window: self.window.unwrap_or(Negation::default().window),
            until: self.until.clone(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SettingsShape {
    strip: bool,
    margin: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleShape {
    id: String,
    category: Option<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    none: Vec<String>,
    #[serde(default)]
    zones: Vec<Zone>,
    weight: Option<f64>,
    cap: Option<f64>,
    near: Option<u16>,
    priority: Option<Priority>,
    #[serde(default)]
    order: i32,
    #[serde(default)]
    stop: bool,
    negatable: Option<bool>,
    stem: Option<Language>,
    /// A language it applies to.
    when: Option<Language>,
}

impl RuleShape {
    fn draft(&self) -> RuleDraft {
        let keywords = |texts: &[String]| {
            texts
                .iter()
                .map(|text| Keyword::parse(text).expect(text))
                .collect()
        };
        RuleDraft {
            weight: self.weight.unwrap_or(1.0),
            any: keywords(&self.any),
            all: keywords(&self.all),
            none: keywords(&self.none),
            stem: self.stem,
            zones: self.zones.clone(),
            priority: self.priority,
            near: self.near,
            cap: self.cap,
            order: self.order,
            stop: self.stop,
            negatable: self.negatable.unwrap_or(true),
            when: When {
                language: self.when.into_iter().collect(),
                ..When::default()
            },
            ..RuleDraft::new(&*self.id, self.category.as_deref().map(Into::into))
        }
    }
}

impl Case {
    fn set(&self) -> RuleSet {
        let settings = Settings {
            margin: self.settings.margin.unwrap_or(Settings::default().margin),
            fold: FoldOptions {
                strip_diacritics: self.settings.strip,
            },
            ..Settings::default()
        };
        let drafts = self.rules.iter().map(RuleShape::draft).collect();
        RuleSet::with_negation(drafts, &self.negation.negation(), settings).expect(&self.name)
    }

    fn zones(&self) -> Vec<ZoneText<'_>> {
        self.texts
            .iter()
            .map(|(&zone, text)| ZoneText { zone, text })
            .collect()
    }
}

fn spoken(scores: &[Score]) -> Vec<String> {
    let spoken = |score: &Score| format!("{} {}", score.category, score.points);
    scores.iter().map(spoken).collect()
}

fn spoken_scores(verdict: &Verdict) -> Vec<String> {
    spoken(&verdict.scores)
}

fn spoken_hits(verdict: &Verdict) -> Vec<String> {
    verdict
        .evidence
        .iter()
        .map(|e| format!("{} {} [{}] {}", e.rule, e.zone, e.text, e.weight))
        .collect()
}

fn spoken_top(verdict: &Verdict) -> String {
    match &verdict.top {
        Top::Clear { category, .. } => format!("clear {category}"),
        Top::TooWeak { category, .. } => format!("weak {category}"),
        Top::TooClose {
            category,
            runner_up,
            ..
        } => format!("close {category} {runner_up}"),
        Top::NoEvidence => "none".to_owned(),
    }
}

fn spoken_nearly(verdict: &Verdict) -> Vec<String> {
    verdict
        .near_misses
        .iter()
        .map(|miss| match &miss.lacked {
            Lack::Blocked { keyword, .. } => format!("{} blocked by {keyword}", miss.rule),
            Lack::Missing { keyword } => format!("{} missing {keyword}", miss.rule),
            Lack::NoneOfAny => format!("{} none of any", miss.rule),
            Lack::TooFar { words } => format!("{} too far for {words}", miss.rule),
        })
        .collect()
}

fn spoken_priority(verdict: &Verdict) -> String {
    let mut spoken = verdict.priority.to_string();
    for evidence in &verdict.priority_evidence {
        write!(spoken, " [{}]", evidence.text).expect("a string takes all");
    }
    spoken
}

/// What must hold of every verdict.
fn check_invariants(verdict: &Verdict, zones: &[ZoneText<'_>]) {
    for score in &verdict.scores {
        let sum: f64 = verdict
            .evidence
            .iter()
            .filter(|e| e.category == score.category)
            .map(|e| e.weight)
            .chain(
                verdict
                    .omitted
                    .iter()
                    .filter(|o| o.category == score.category)
                    .map(|o| o.points),
            )
            .sum();
        assert!((sum - score.points).abs() < 1e-6, "{sum} is not {score:?}");
    }
    assert!(verdict.evidence.len() <= EVIDENCE_MAX);
    for evidence in &verdict.evidence {
        let (start, end) = evidence.span;
        let stood = zones
            .iter()
            .any(|z| z.zone == evidence.zone && z.text.get(start..end) == Some(&evidence.text));
        assert!(stood || evidence.text.ends_with('…'), "{evidence:?}");
    }
    assert!((0.0..=1.0).contains(&verdict.confidence()));
}

#[test]
fn the_cases_hold() {
    let cases: Cases = toml::from_str(include_str!("cases.toml")).expect("cases in TOML");
    assert!(cases.case.len() > 40);
    for case in &cases.case {
        let zones = case.zones();
        let known = Circumstances {
            language: case.language,
            ..Circumstances::default()
        };
        let folded = FoldedZone::all(&zones, case.set().settings().fold);
        let verdict = case.set().classify_folded(&folded, &known);
        check_invariants(&verdict, &zones);
        let name = &case.name;
        if let Some(scores) = &case.scores {
            assert_eq!(&spoken_scores(&verdict), scores, "{name}");
        }
        if let Some(hits) = &case.hits {
            assert_eq!(&spoken_hits(&verdict), hits, "{name}");
        }
        if let Some(top) = &case.top {
            assert_eq!(&spoken_top(&verdict), top, "{name}");
        }
        if let Some(priority) = &case.priority {
            assert_eq!(&spoken_priority(&verdict), priority, "{name}");
        }
        if let Some(heard) = &case.heard {
            assert_eq!(&spoken(&verdict.heard), heard, "{name}");
        }
        if let Some(negated) = &case.negated {
            let told = verdict.negated.iter();
            let told: Vec<_> = told
                .map(|n| format!("{} [{}] by {}", n.rule, n.text, n.by))
                .collect();
            assert_eq!(&told, negated, "{name}");
        }
        if let Some(left_out) = &case.left_out {
            let told = verdict.unapplied.iter();
            let told: Vec<_> = told.map(|u| format!("{}: {}", u.rule, u.why)).collect();
            assert_eq!(&told, left_out, "{name}");
        }
        let nearly = case.nearly.clone().unwrap_or_default();
        assert!(
            case.nearly.is_none() || spoken_nearly(&verdict) == nearly,
            "{name}: {:?}",
            spoken_nearly(&verdict)
        );
    }
}

#[test]
fn evidence_is_bounded_and_still_adds_up() {
    let drafts = (0..100)
        .map(|n| {
            let mut draft = RuleDraft::new(&*format!("r{n}"), Some("c".into()));
            draft.weight = 1.0 + f64::from(n) / 100.0;
            draft.any = vec![Keyword::parse("kort").expect("a word")];
            draft
        })
        .collect();
    let set = RuleSet::compile(drafts, Settings::default()).expect("rules");
    let text = "kort ".repeat(100_000);
    let zones = [ZoneText {
        zone: Zone::Body,
        text: &text,
    }];
    let verdict = set.classify(&zones);
    check_invariants(&verdict, &zones);
    assert_eq!(verdict.evidence.len(), EVIDENCE_MAX);
    assert_eq!(verdict.evidence[0].rule.as_str(), "r99");
    assert_eq!(spoken_scores(&verdict), ["c 149.5"]);
    assert_eq!(verdict.fired.len(), 100);
}

#[test]
fn no_rules_say_nothing() {
    let zones = [ZoneText {
        zone: Zone::Body,
        text: "faktura",
    }];
    let set = RuleSet::compile(Vec::new(), Settings::default()).expect("no rules");
    let verdict = set.classify(&zones);
    assert_eq!(verdict.top, Top::NoEvidence);
    assert_eq!(verdict.priority, Priority::Normal);
    let lexicon = Lexicon::compile(Vec::new(), FoldOptions::default()).expect("no names");
    assert_eq!(lexicon.find(&zones), []);
}

#[test]
fn the_first_the_second_and_the_strongest_of_some_are_told() {
    let draft = |id: &str, category: &str, weight: f64| RuleDraft {
        weight,
        any: vec![Keyword::parse("kort").expect("a word")],
        ..RuleDraft::new(id, Some(category.into()))
    };
    let drafts = vec![
        draft("a", "c", 4.0),
        draft("b", "d", 1.0),
        draft("e", "f", -1.0),
    ];
    let set = RuleSet::compile(drafts, Settings::default()).expect("rules");
    let verdict = set.classify(&[ZoneText {
        zone: Zone::Body,
        text: "kort",
    }]);
    assert_eq!(verdict.runner_up(), Some(&"d".into()));
    assert!((verdict.confidence() - 0.75).abs() < 1e-9);
    assert!((verdict.points(&"f".into()) + 1.0).abs() < 1e-9);
    let strongest = verdict.strongest(|category| category.as_str() != "c");
    assert_eq!(strongest.map(|score| score.category.as_str()), Some("d"));
}

fn sample_drafts() -> Vec<RuleDraft> {
    let mut drafts = Vec::new();
    for (n, words) in [
        &["a", "ab*", "*ba", "*å*"][..],
        &["a b", "ss", "/a+b/"],
        &["å", "ö a", "*b*"],
        &["b", "i", "fi"],
    ]
    .iter()
    .enumerate()
    {
        let category = if n % 2 == 0 { "c" } else { "d" };
        let mut draft = RuleDraft::new(&*format!("r{n}"), Some(category.into()));
        draft.any = words
            .iter()
            .map(|word| Keyword::parse(word).expect(word))
            .collect();
        if n == 2 {
            draft.all = vec![Keyword::parse("a*").expect("a prefix")];
            draft.near = Some(3);
        }
        if n == 3 {
            draft.none = vec![Keyword::parse("å").expect("a word")];
        }
        drafts.push(draft);
    }
    drafts
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_follows_from_rules_and_texts_alone(
        subject in "[abÅåöß \u{ad}\u{30a}.]{0,30}",
        body in "[abÅåößﬁ \n\u{ad}\u{30a}\u{200b}.]{0,60}",
    ) {
        let zones = [
            ZoneText { zone: Zone::Subject, text: &subject },
            ZoneText { zone: Zone::Body, text: &body },
        ];
        let mut drafts = sample_drafts();
        let set = RuleSet::compile(drafts.clone(), Settings::default()).expect("rules");
        drafts.reverse();
        let turned = RuleSet::compile(drafts, Settings::default()).expect("rules");
        let verdict = set.classify(&zones);
        check_invariants(&verdict, &zones);
        prop_assert_eq!(&verdict, &turned.classify(&zones));
        let stripped = FoldedZone::all(&zones, FoldOptions { strip_diacritics: true });
        prop_assert_eq!(&verdict, &set.classify_folded(&stripped, &Circumstances::default()));
    }
}
