//! Expressions against the crate `regex`, which runs each on the whole of every folded text.

use proptest::prelude::*;
use regex::RegexBuilder;

use super::*;
use crate::domain::decision::Zone;
use crate::rules::Keyword;
use crate::rules::hits::HITS_PER_TEXT_MAX;
use crate::rules::needles::{Needle, NeedlesBuilder};
use crate::rules::zone::ZoneText;

const KEEP: FoldOptions = FoldOptions {
    strip_diacritics: false,
};

fn zone(text: &str) -> FoldedZone<'_> {
    let zone = Zone::Body;
    FoldedZone::new(ZoneText { zone, text }, KEEP)
}

/// What a message's text holds of an expression, as rules ask for it.
fn found(source: &str, zone: &FoldedZone<'_>) -> Vec<(usize, usize)> {
    let keyword = Keyword::parse(&format!("/{source}/")).expect(source);
    let mut builder = NeedlesBuilder::new(KEEP);
    let Needle::Regex(regex) = builder.add(&keyword, None).expect(source) else {
        panic!("{source} is no expression");
    };
    let needles = builder.build().expect("an automaton");
    if !needles
        .scan(
            std::slice::from_ref(zone),
            [zone.zone()].into_iter().collect(),
        )
        .is_open(regex, 0)
    {
        return Vec::new();
    }
    let hits = needles.regex_hits(regex, 0, zone);
    hits.iter()
        .map(|hit| (hit.start as usize, hit.end as usize))
        .collect()
}

/// What the crate `regex` finds.
fn wanted(source: &str, zone: &FoldedZone<'_>) -> Vec<(usize, usize)> {
    let mut builder = RegexBuilder::new(source);
    let regex = builder.case_insensitive(true).build().expect(source);
    regex
        .find_iter(zone.folded())
        .filter(|hit| !hit.is_empty())
        .take(usize::from(HITS_PER_TEXT_MAX))
        .map(|hit| (hit.start(), hit.end()))
        .collect()
}

#[test]
fn each_match_holds_one_of_the_required_texts() {
    for (source, texts) in [
        ("faktura", &["faktura"][..]),
        (r"\bfel(kod)?:? ?[0-9]", &["|fel"]),
        (r"\b(måste|ska|inte)\b", &["|inte|", "|måste|", "|ska|"]),
        (
            r"\b(funka|fungera)\w*( \w+){0,2} (inte|ej)\b",
            &["|fungera", "|funka"],
        ),
        (r"\bcharged?( \S+){0,3} vat\b", &["|charge"]),
        (r"x\w*( \w+)* konto(n|t)?", &[" konto"]),
        (r"(ab){2,} cd", &["ab cd"]),
        (r"\b0x[0-9a-f]{4,}", &["|0x"]),
        (r"[€£$] ?\d|\bkr\b", &["$", "|kr|", "£", "€"]),
        (r"\d{3,}", &[]),
        (r"a\w*", &[]),
        (r"faktura|\d+", &[]),
    ] {
        let expression = Expression::parse(source, KEEP).expect(source);
        let told: Vec<String> = expression
            .required()
            .iter()
            .map(|one| {
                let edge = |is: bool| if is { "|" } else { "" };
                format!(
                    "{}{}{}",
                    edge(one.starts_word),
                    one.text,
                    edge(one.ends_word)
                )
            })
            .collect();
        assert_eq!(told, texts, "{source}");
    }
}

#[test]
fn what_is_too_large_is_refused_and_what_fits_compiles() {
    for (source, fits) in [
        (r"(\w{1,100}){1,100}", false),
        (r"a{1000}{1000}{1000}", false),
        (r".{5000}x", false),
        (r"\w{4}( \w+){0,6} x", true),
        (r"x{4000}", true),
        (r"( \S+){0,20} [^a-z]{9} x", true),
    ] {
        match Expression::parse(source, KEEP) {
            Ok(expression) => {
                assert!(fits, "{source}");
                assert!(expression.plain().is_some(), "{source}");
                assert!(expression.fast().0.is_some(), "{source}");
            }
            Err(fault) => {
                assert!(!fits, "{source}: {fault}");
                assert!(matches!(fault, KeywordFault::RegexTooBig { .. }), "{fault}");
            }
        }
    }
}

const SHIPPED_RULES: &[&str] = &[
    include_str!("../../../config/rules/account-en.toml"),
    include_str!("../../../config/rules/account-sv.toml"),
    include_str!("../../../config/rules/billing-da.toml"),
    include_str!("../../../config/rules/billing-de.toml"),
    include_str!("../../../config/rules/billing-en.toml"),
    include_str!("../../../config/rules/billing-fi.toml"),
    include_str!("../../../config/rules/billing-no.toml"),
    include_str!("../../../config/rules/billing-sv.toml"),
    include_str!("../../../config/rules/commerce-en.toml"),
    include_str!("../../../config/rules/commerce-sv.toml"),
    include_str!("../../../config/rules/da.toml"),
    include_str!("../../../config/rules/de.toml"),
    include_str!("../../../config/rules/fi.toml"),
    include_str!("../../../config/rules/no.toml"),
    include_str!("../../../config/rules/priority-en.toml"),
    include_str!("../../../config/rules/priority-sv.toml"),
    include_str!("../../../config/rules/review-en.toml"),
    include_str!("../../../config/rules/review-sv.toml"),
    include_str!("../../../config/rules/subscription-da.toml"),
    include_str!("../../../config/rules/subscription-de.toml"),
    include_str!("../../../config/rules/subscription-en.toml"),
    include_str!("../../../config/rules/subscription-fi.toml"),
    include_str!("../../../config/rules/subscription-no.toml"),
    include_str!("../../../config/rules/subscription-sv.toml"),
    include_str!("../../../config/rules/technical-da.toml"),
    include_str!("../../../config/rules/technical-de.toml"),
    include_str!("../../../config/rules/technical-en.toml"),
    include_str!("../../../config/rules/technical-fi.toml"),
    include_str!("../../../config/rules/technical-no.toml"),
    include_str!("../../../config/rules/technical-sv.toml"),
];

const SHIPPED_CASES: &[&str] = &[
    include_str!("../../../config/cases/sv.toml"),
    include_str!("../../../config/cases/en.toml"),
    include_str!("../../../config/cases/da.toml"),
    include_str!("../../../config/cases/da-fresh-1.toml"),
    include_str!("../../../config/cases/de.toml"),
    include_str!("../../../config/cases/de-fresh-1.toml"),
    include_str!("../../../config/cases/en-fresh-1.toml"),
    include_str!("../../../config/cases/fi.toml"),
    include_str!("../../../config/cases/fi-fresh-1.toml"),
    include_str!("../../../config/cases/no.toml"),
    include_str!("../../../config/cases/no-fresh-1.toml"),
    include_str!("../../../config/cases/sv-fresh-1.toml"),
    include_str!("../../../config/cases/mixed.toml"),
];

/// Every string in some TOML files.
fn strings(files: &[&str]) -> Vec<String> {
    fn collect(value: toml::Value, found: &mut Vec<String>) {
        match value {
            toml::Value::String(text) => found.push(text),
            toml::Value::Array(values) => values.into_iter().for_each(|v| collect(v, found)),
            toml::Value::Table(table) => table.into_iter().for_each(|(_, v)| collect(v, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for file in files {
        collect(toml::Value::Table(file.parse().expect("TOML")), &mut found);
    }
    found
}

#[test]
fn the_shipped_expressions_find_the_same_in_the_shipped_cases() {
    let texts: Vec<String> = strings(SHIPPED_CASES);
    let texts: Vec<String> = texts.chunks(50).map(|chunk| chunk.join("\n")).collect();
    let zones: Vec<FoldedZone<'_>> = texts.iter().map(|text| zone(text)).collect();
    let mut hits = 0;
    for text in strings(SHIPPED_RULES) {
        let source = text
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'));
        let Some(source) = source else { continue };
        let expression = Expression::parse(source, KEEP).expect(source);
        assert!(!expression.required().is_empty(), "{source}");
        assert_eq!(expression.fast().1, Reach::All, "{source}");
        for zone in &zones {
            let found = found(source, zone);
            assert_eq!(found, wanted(source, zone), "{source}");
            hits += found.len();
        }
    }
    assert!(hits > 150, "{hits}");
}

/// Small expressions of every form there is.
fn sources() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "å",
        "ö",
        "ł",
        "ß",
        "K",
        "1",
        " ",
        ".",
        r"\b",
        r"\B",
        r"\w",
        r"\W",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        "[a-cö]",
        "[^aö]",
        "[0-9a-zåäöæø]",
        "[а-я]",
        "[^ł]",
        r"\pL",
        r"\p{Greek}",
        "^",
        "$",
        r"(?-u:\b)",
        r"(?-u:\w)",
        "€",
        "-",
        r"\b{start}",
        r"\b{end-half}",
        "(?-i:A)",
        "漢",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("({})", parts.join("|"))),
            1 => (inner, prop::sample::select(vec!["?", "*", "+", "{2}", "{1,3}", "{2,}", "*?", "??"]))
                .prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

fn texts() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        'a', 'A', 'b', 'B', 'c', 'k', 'y', 'Y', 'Z', '1', ' ', ' ', '.', '-', '_', '\n', 'å', 'Å',
        'ä', 'ö', 'ø', 'ł', 'Ł', 'ß', '\u{212a}', 'я', 'Я', 'σ', 'ς', '漢', '٣', '௰', '²', '€',
        '“', '\u{308}', '\u{ad}', '\u{64b}', '😀',
    ]);
    prop::collection::vec(odd, 0..40).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_found_but_what_the_plain_expression_finds(source in sources(), text in texts()) {
        if let Ok(expression) = Expression::parse(&source, KEEP) {
            let zone = zone(&text);
            let wanted = wanted(&source, &zone);
            prop_assert_eq!(expression.find(&zone, usize::from(HITS_PER_TEXT_MAX)), wanted.clone());
            prop_assert_eq!(found(&source, &zone), wanted);
        }
    }

    #[test]
    fn a_folded_text_holds_only_what_stays(text in any::<String>(), odd in texts()) {
        for text in [text, odd] {
            for c in zone(&text).folded().chars() {
                prop_assert!(spelling::stays(c, KEEP), "{c:?}");
            }
        }
    }
}
