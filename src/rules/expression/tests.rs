//! Expressions against the crate `regex`, which runs each on the whole of every folded text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use regex::{Regex, RegexBuilder};

use super::*;
use crate::domain::decision::Zone;
use crate::rules::Keyword;
use crate::rules::hits::{HITS_PER_TEXT_MAX, HitTable};
use crate::rules::needles::{Needle, Needles, NeedlesBuilder};
use crate::rules::zone::ZoneText;

const KEEP: FoldOptions = FoldOptions {
    strip_diacritics: false,
};

fn zone(text: &str) -> FoldedZone<'_> {
    let zone = Zone::Body;
    FoldedZone::new(ZoneText { zone, text }, KEEP)
}

/// The number of an expression among what is looked for.
fn added(builder: &mut NeedlesBuilder, source: &str) -> u32 {
    let keyword = Keyword::parse(&format!("/{source}/")).expect(source);
    match builder.add(&keyword, None).expect(source) {
        Needle::Regex(regex) => regex,
        Needle::Term(_) => panic!("{source} is no expression"),
    }
}

/// What a text of a scanned message holds of an expression, as rules ask for it.
fn found_in(
    needles: &Needles,
    scanned: &HitTable,
    regex: u32,
    text: u32,
    zone: &FoldedZone<'_>,
) -> Vec<(usize, usize)> {
    if !scanned.is_open(regex, text) {
        return Vec::new();
    }
    let hits = needles.regex_hits(regex, text, zone);
    hits.iter()
        .map(|hit| (hit.start as usize, hit.end as usize))
        .collect()
}

/// The same for one text and one expression.
fn found(source: &str, zone: &FoldedZone<'_>) -> Vec<(usize, usize)> {
    let mut builder = NeedlesBuilder::new(KEEP);
    let regex = added(&mut builder, source);
    let needles = builder.build().expect("an automaton");
    let zones = [zone.zone()].into_iter().collect();
    let scanned = needles.scan(std::slice::from_ref(zone), zones);
    found_in(&needles, &scanned, regex, 0, zone)
}

/// An expression of the crate `regex`.
fn plain(source: &str) -> Regex {
    let mut builder = RegexBuilder::new(source);
    builder.case_insensitive(true).build().expect(source)
}

/// What the crate `regex` finds.
fn wanted(regex: &Regex, zone: &FoldedZone<'_>) -> Vec<(usize, usize)> {
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

/// Every string in the TOML files of a directory of the shipped configuration.
fn strings(directory: &str) -> BTreeSet<String> {
    fn collect(value: toml::Value, found: &mut BTreeSet<String>) {
        match value {
            toml::Value::String(text) => _ = found.insert(text),
            toml::Value::Array(values) => values.into_iter().for_each(|v| collect(v, found)),
            toml::Value::Table(table) => table.into_iter().for_each(|(_, v)| collect(v, found)),
            _ => {}
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(directory);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(path).expect(directory) {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        collect(toml::Value::Table(text.parse().expect("TOML")), &mut found);
    }
    found
}

#[test]
fn the_shipped_expressions_find_the_same_in_the_shipped_cases() {
    let texts: Vec<String> = strings("cases").into_iter().collect();
    let texts: Vec<String> = texts.chunks(50).map(|chunk| chunk.join("\n")).collect();
    let zones: Vec<FoldedZone<'_>> = texts.iter().map(|text| zone(text)).collect();
    // All of them at once, as a set of rules has them.
    let mut builder = NeedlesBuilder::new(KEEP);
    let rules = strings("rules");
    let sources = rules.iter().filter_map(|text| expression_of(text));
    let expressions: Vec<(&str, u32)> = sources
        .map(|source| (source, added(&mut builder, source)))
        .collect();
    let needles = builder.build().expect("an automaton");
    let scanned = needles.scan(&zones, [Zone::Body].into_iter().collect());
    let mut hits = 0;
    for (source, regex) in expressions {
        let expression = Expression::parse(source, KEEP).expect(source);
        assert!(!expression.required().is_empty(), "{source}");
        assert_eq!(expression.fast().1, Reach::All, "{source}");
        let plain = plain(source);
        for (text, zone) in (0..).zip(&zones) {
            let found = found_in(&needles, &scanned, regex, text, zone);
            assert_eq!(found, wanted(&plain, zone), "{source}");
            hits += found.len();
        }
    }
    assert!(hits > 150, "{hits}");
}

fn expression_of(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
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
            let wanted = wanted(&plain(&source), &zone);
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
