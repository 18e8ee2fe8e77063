//! Stems in six languages, checked as a table, and that no word is passed over too soon.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::domain::decision::Zone;
use crate::rules::{Keyword, RuleDraft, RuleSet, Settings, ZoneText};

const LANGUAGES: [Language; 6] = Language::ALL;

/// What a rule with one stemmed keyword finds in a text.
fn found(language: Language, keyword: &str, text: &str, strip: bool) -> Vec<String> {
    let mut rule = RuleDraft::new("r", Some("c".into()));
    rule.stem = Some(language);
    rule.any = vec![Keyword::parse(keyword).expect(keyword)];
    let mut settings = Settings::default();
    settings.fold.strip_diacritics = strip;
    let set = RuleSet::compile(vec![rule], settings).expect("a set");
    let zones = [ZoneText {
        zone: Zone::Body,
        text,
    }];
    let verdict = set.classify(&zones);
    verdict.evidence.into_iter().map(|e| e.text).collect()
}

#[test]
fn a_word_stands_for_its_other_forms() {
    use Language::{Danish, English, Finnish, German, Norwegian, Swedish};
    for (language, keyword, forms, others) in [
        (
            Swedish,
            "faktura",
            "faktura fakturor fakturorna FAKTURORNA",
            // What Snowball takes for other words.
            "fakturan fakturera e_faktura",
        ),
        (
            Swedish,
            "användare",
            "användaren användarna Anva\u{308}ndarna",
            "använt anvandarna",
        ),
        (
            Swedish,
            "återbetalning",
            "återbetalningen återbetalningar",
            "betalning aterbetalningen",
        ),
        // Words of other meaning that are one to it.
        (Swedish, "order", "order ordern ord", "ordning"),
        (Norwegian, "passord", "passordet passordene", "pass"),
        (Norwegian, "abonnement", "abonnementet", "abonnent"),
        (Danish, "regning", "regningen regninger", "regn"),
        (Danish, "faktura", "fakturaen fakturaerne", "faktor"),
        (
            Finnish,
            "lasku",
            "laskun laskua laskut laskussa",
            "laskutus",
        ),
        (Finnish, "tilaus", "tilaus", "tilan"),
        (Finnish, "tilaukset", "tilauksen tilaukset", "tilata"),
        (
            German,
            "Rechnung",
            "Rechnungen RECHNUNG",
            "Berechnung rechnet",
        ),
        (
            German,
            "Kündigung",
            "Kündigungen Kuendigung Kundigung",
            "kündbar",
        ),
        (
            English,
            "invoice",
            "invoices invoicing invoiced invoice",
            "involve",
        ),
        (English, "renewal", "renew renewals renewing", "new"),
        // Of what a stem has too few letters nothing else is made.
        (English, "it", "IT", "its"),
        (English, "c++", "c++", "cs c"),
        (English, "365", "365", "36"),
    ] {
        for form in forms.split(' ') {
            let text = format!("x, {form}.");
            assert_eq!(found(language, keyword, &text, false), [form], "{keyword}");
        }
        for other in others.split(' ') {
            let text = format!("x, {other}.");
            let none: [&str; 0] = [];
            assert_eq!(found(language, keyword, &text, false), none, "{keyword}");
        }
    }
}

/// How many forms of common words are found, in percent, by stems and by `word*`.
#[test]
fn the_readme_tells_how_many_forms_are_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).expect(file);
    // By language: all forms, those found by stems, those found by `word*`.
    let mut counts: BTreeMap<Language, [usize; 3]> = BTreeMap::new();
    let cases = read("tests/cases/stems.txt");
    let told = |line: &&str| !line.is_empty() && !line.starts_with('#');
    for line in cases.lines().filter(told) {
        let mut parts = line.split('|').map(str::trim);
        let mut part = || parts.next().expect(line);
        let (code, keyword, forms) = (part(), part(), part());
        let language = LANGUAGES.into_iter().find(|one| one.as_str() == code);
        let [all, stems, stars] = counts.entry(language.expect(code)).or_default();
        let finds =
            |keyword: &str, form| !found(language.expect(code), keyword, form, false).is_empty();
        for form in forms.split(' ') {
            *all += 1;
            *stems += usize::from(finds(keyword, form));
            *stars += usize::from(finds(&format!("{keyword}*"), form));
        }
    }
    assert_eq!(counts.len(), LANGUAGES.len());
    let readme = read("README.md");
    for (language, [all, stems, stars]) in counts {
        let percent = |some: usize| (some * 100 + all / 2) / all;
        let row = format!(
            "| {} | {} | {} |",
            language.name(),
            percent(stems),
            percent(stars)
        );
        assert!(readme.contains(&row), "{row}");
    }
}

#[test]
fn a_phrase_is_stemmed_word_by_word() {
    for (keyword, text, wanted) in [
        ("renew the license", "renewing the\n licenses", true),
        ("renew the license", "renewing licenses", false),
        ("renew the license", "renewing, the licenses", false),
        ("log-in failure", "Log-in failures", true),
        ("log-in failure", "log in failures", false),
        ("its invoice", "its invoices", true),
    ] {
        let hits = found(Language::English, keyword, text, false);
        let whole: &[&str] = if wanted { &[text] } else { &[] };
        assert_eq!(hits, whole, "{keyword}: {text}");
    }
}

#[test]
fn diacritics_are_stripped_from_stems_where_they_are_from_texts() {
    for (language, keyword, form) in [
        (Language::Swedish, "användare", "anvandarna"),
        (Language::Swedish, "användare", "Anva\u{308}ndarna"),
        (Language::Swedish, "värdelös", "värdelöst"),
        (Language::Swedish, "värdelös", "vardelos"),
        (Language::Finnish, "yhteyden", "yhteydessä"),
        (Language::German, "Übertragung", "Uebertragungen"),
        (Language::Danish, "værdiløs", "vaerdilos"),
    ] {
        assert_eq!(found(language, keyword, form, true), [form], "{keyword}");
    }
}

#[test]
fn a_stem_too_short_is_refused() {
    let keyword = Keyword::parse("its").expect("a keyword");
    let mut rule = RuleDraft::new("r", Some("c".into()));
    rule.stem = Some(Language::English);
    rule.none = vec![keyword.clone()];
    rule.any = vec![Keyword::parse("invoice").expect("a keyword")];
    let faults = RuleSet::compile(vec![rule], Settings::default()).expect_err("too short");
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            ":0: rule `r`: `none` keyword 1: its stem in English is `it`, too short to tell words \
             apart (3 letters are needed); write it in a rule without `stem`"
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_word_is_passed_over_by_how_it_begins(word in "[abdeuyinsqtöäüåøæ]{1,9}", language in prop::sample::select(&LANGUAGES[..]), strip: bool) {
        let options = FoldOptions { strip_diacritics: strip };
        let text = folded_keyword(&word, options);
        let stem = folded(stem(language, &word), options);
        let word = opening(&text);
        prop_assert!(word.is_none_or(|word| word.may_turn() || opening(&stem) == Some(word)), "{text} {stem}");
    }

    #[test]
    fn what_is_written_is_found(word in "[a-zåäöøæü]{3,10}( [a-zåäö]{1,6}){0,2}", language in prop::sample::select(&LANGUAGES[..]), strip: bool) {
        prop_assume!(Stemmed::of(&word, language, FoldOptions { strip_diacritics: strip }).is_ok());
        prop_assert_eq!(found(language, &word, &word, strip), [word.as_str()]);
    }
}
