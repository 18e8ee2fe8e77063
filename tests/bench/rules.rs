//! Cost of the rules: more keywords over the same text, more text over the same keywords, and the
//! whole decision with the shipped configuration, on common mail and on hostile mail.
//!
//! `cargo bench --bench rules` prints five tables, with `-- shipped` those about the shipped
//! configuration. A plain program: each figure is the least of several rounds, in microseconds per
//! message, folding included.

#![expect(clippy::expect_used, reason = "a program that measures may stop")]

#[path = "rules/ordinary.rs"]
mod ordinary;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use triaged::config::{Config, load};
use triaged::domain::decision::Zone;
use triaged::mail::Message;
use triaged::rules::lint::remarks;
use triaged::rules::{
    Circumstances, FoldedZone, Keyword, Negation, RuleDraft, RuleSet, Settings, ZoneText,
};
use triaged::triage::decide;

/// Rounds of which the fastest counts.
const ROUNDS: usize = 100;

/// Rounds over texts of growing size.
const ROUNDS_LONG: usize = 10;

/// Least time of one round: short, so that some round is not interrupted.
const ROUND: Duration = Duration::from_millis(2);

/// Keywords per rule.
const PER_RULE: usize = 10;

const STEMS: &str = "faktura konto licens lösen betal abonnemang portal använd kund order avtal \
    kredit moms period pris användar kort bank server nät system program fel drift support \
    ärende underlag rapport export import synk data fil bild sida länk knapp vy grupp roll rätt \
    invoice billing account licence password payment renewal upgrade order portal report sync \
    error outage server export import access user seat tenant domain quota token";

const ENDINGS: &str = "en et ar or nummer adress fel byte problem ändring tjänst s ing system";

const COMMON: &str = "och att det som en på är av för med till den har de inte om ett men var jag \
    från vi så kan när år under också efter eller nu sin där vid mot ska skulle kommer ut får \
    finns vara hade alla andra mycket här då the of and to in is you that it he for was on are \
    as with his they at be this have from or had by hot but some what there we can out other \
    were all your when up use how said an each she hej tack mvh hälsningar please regards ändå \
    måste göra något några själv första året håller behöver förra veckan möjligt";

/// A small generator of the same numbers every time (Knuth's 64-bit linear congruential one).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// `n` different keywords: words, every tenth a phrase, some prefixes and infixes.
fn keywords(n: usize) -> Vec<String> {
    let stems: Vec<&str> = STEMS.split_whitespace().collect();
    let endings: Vec<&str> = ENDINGS.split_whitespace().collect();
    let mut numbers = Numbers(1);
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::with_capacity(n);
    while found.len() < n {
        let (a, b) = (numbers.pick(&stems), numbers.pick(&stems));
        let end = numbers.pick(&endings);
        let word = match found.len() % 10 {
            0 => format!("{a} {b}{end}"),
            3 => format!("{a}{b}{end}*"),
            7 => format!("*{a}{b}{end}*"),
            _ if found.len() < 30 => format!("{a}{end}"),
            _ => format!("{a}{b}{end}"),
        };
        if seen.insert(word.clone()) {
            found.push(word);
        }
    }
    found
}

fn drafts(keywords: &[String]) -> Vec<RuleDraft> {
    let categories = [
        "technical",
        "billing",
        "subscription",
        "account",
        "commerce",
    ];
    keywords
        .chunks(PER_RULE)
        .enumerate()
        .map(|(n, chunk)| {
            let category = categories[n % categories.len()];
            let mut draft = RuleDraft::new(&*format!("rule-{n:05}"), Some(category.into()));
            draft.any = chunk
                .iter()
                .map(|text| Keyword::parse(text).expect("a keyword"))
                .collect();
            draft
        })
        .collect()
}

fn rules(keywords: &[String]) -> RuleSet {
    RuleSet::compile(drafts(keywords), Settings::default()).expect("rules")
}

/// A Swedish and English text of `bytes` bytes with one keyword of the first thirty in about
/// forty words, and one of all thirty thousand in about sixty.
fn text(bytes: usize, all: &[String]) -> String {
    let common: Vec<&str> = COMMON.split_whitespace().collect();
    let mut numbers = Numbers(2);
    let mut text = String::with_capacity(bytes + 80);
    let mut column = 0;
    while text.len() < bytes {
        let before = text.len();
        match numbers.below(240) {
            0..6 => text.push_str(all[numbers.below(30)].trim_matches('*')),
            6..10 => text.push_str(all[numbers.below(all.len())].trim_matches('*')),
            10..20 => {
                let word = numbers.pick(&common);
                text.extend(word.chars().take(1).flat_map(char::to_uppercase));
                text.extend(word.chars().skip(1));
            }
            20..30 => text.push_str("12,50 kr."),
            _ => text.push_str(numbers.pick(&common)),
        }
        column += text.len() - before + 1;
        text.push_str(if column > 72 { "\r\n" } else { " " });
        column %= 73;
    }
    text
}

/// Microseconds `work` takes on average, over one round.
fn micros(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut times = 0_u32;
    while start.elapsed() < ROUND {
        work();
        times += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}

fn body(text: &str) -> ZoneText<'_> {
    ZoneText {
        zone: Zone::Body,
        text,
    }
}

fn main() {
    // `cargo test --all-targets` starts it too, without this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    if !std::env::args().any(|argument| argument == "shipped") {
        made_up();
    }
    shipped();
}

/// Keywords that are made up, in growing numbers.
fn made_up() {
    let all = keywords(30_000);
    let mail = text(4_096, &all);
    let long = text(62_000, &all);
    println!(
        "| keywords | compile ms | automaton KiB | 4 KB µs | ratio | 62 KB µs | ratio | 4 KB folded before µs | hits |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let sets = [30, 300, 3_000, 30_000].map(|n| {
        let start = Instant::now();
        let set = rules(&all[..n]);
        (n, set, start.elapsed().as_secs_f64() * 1e3)
    });
    let folded = FoldedZone::all(&[body(&mail)], Settings::default().fold);
    // All sizes take turns, so that what else the machine does falls on each of them.
    let mut costs = [[f64::INFINITY; 3]; 4];
    for _ in 0..ROUNDS {
        for ((_, set, _), costs) in sets.iter().zip(&mut costs) {
            let round = [
                micros(|| drop(black_box(set.classify(black_box(&[body(&mail)]))))),
                micros(|| drop(black_box(set.classify(black_box(&[body(&long)]))))),
                micros(|| {
                    drop(black_box(set.classify_folded(
                        black_box(&folded),
                        &Circumstances::default(),
                    )));
                }),
            ];
            for (least, cost) in costs.iter_mut().zip(round) {
                *least = least.min(cost);
            }
        }
    }
    for ((n, set, compile), [short, long, matching]) in sets.iter().zip(costs) {
        println!(
            "| {n} | {compile:.1} | {} | {short:.1} | {:.2} | {long:.1} | {:.2} | {matching:.1} | {} |",
            set.automaton_bytes() / 1024,
            short / costs[0][0],
            long / costs[0][1],
            set.classify(&[body(&mail)]).fired.len(),
        );
    }

    growth(&all);
}

/// More text over the same keywords.
fn growth(all: &[String]) {
    let set = rules(&all[..3_000]);
    println!("\n| bytes of text | ms | ns per byte |");
    println!("|---|---|---|");
    for bytes in [4_000_u32, 40_000, 400_000, 4_000_000, 10_000_000] {
        let text = text(bytes as usize, all);
        let cost = (0..ROUNDS_LONG)
            .map(|_| micros(|| drop(black_box(set.classify(black_box(&[body(&text)]))))))
            .fold(f64::INFINITY, f64::min);
        println!(
            "| {bytes} | {:.3} | {:.2} |",
            cost / 1e3,
            cost * 1e3 / f64::from(bytes)
        );
    }

    println!("\n| keywords | lint ms | remarks |");
    println!("|---|---|---|");
    for n in [300, 3_000, 30_000] {
        let drafts = drafts(&all[..n]);
        let look = || remarks(&drafts, &Negation::default(), &Settings::default(), &[]);
        let cost = (0..ROUNDS_LONG)
            .map(|_| micros(|| drop(black_box(look()))))
            .fold(f64::INFINITY, f64::min);
        println!("| {n} | {:.1} | {} |", cost / 1e3, look().len());
    }
}

#[derive(Deserialize)]
struct CaseFile {
    case: Vec<Case>,
}

/// One of the shipped cases, as far as its words go.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    body: String,
}

/// The header fields a mail has on its way through two servers, but for what differs.
const HEADER: &str = "Received: from mail-a.kund.example (mail-a.kund.example [192.0.2.17])\r\n\
    \tby mx.partner.example (Postfix) with ESMTPS id 4XyZ1a2b3cz9\r\n\
    \t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\
    \tfor <support@partner.example>; Mon, 2 Mar 2026 09:00:02 +0100 (CET)\r\n\
    DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=kund.example; s=s1;\r\n\
    \th=from:to:subject:date:message-id:mime-version:content-type;\r\n\
    \tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
    \tb=Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5Zm9yIG1lYXN1cmluZyBvbmx5\r\n\
    From: Kim Lindqvist <kim.lindqvist@kund.example>\r\n\
    To: support@partner.example\r\nDate: Mon, 2 Mar 2026 09:00:00 +0100\r\n\
    Message-ID: <case@kund.example>\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";

/// A mail of about `bytes` bytes: the words of the cases from the `first` on, as many as fit.
fn mail(cases: &[Case], first: usize, bytes: usize) -> Vec<u8> {
    let subject = &cases[first].subject;
    let mut mail = format!("{HEADER}Subject: {subject}\r\n\r\n");
    for case in cases.iter().cycle().skip(first).take(cases.len()) {
        for line in case.body.lines() {
            mail.push_str(line);
            mail.push_str("\r\n");
        }
        if mail.len() >= bytes {
            break;
        }
    }
    mail.truncate(mail.floor_char_boundary(bytes));
    mail.into_bytes()
}

/// The whole decision (parse, text, product, rules) with the shipped configuration.
fn shipped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let start = Instant::now();
    let config = load(&root).expect("the shipped configuration");
    let loaded = start.elapsed().as_secs_f64() * 1e3;
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(root.join("cases")).expect("config/cases") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(path).expect("a readable file");
        let file: CaseFile = toml::from_str(&text).expect("cases");
        cases.extend(file.case);
    }
    println!("\nshipped configuration: read and compiled in {loaded:.1} ms");
    println!("\n| mail | bytes | mails | parse µs | whole decision µs | first round µs |");
    println!("|---|---|---|---|---|---|");
    let some = (0..cases.len()).step_by(5);
    let dense = |bytes| some.clone().map(|n| mail(&cases, n, bytes)).collect();
    let ordinary = |n: usize| ordinary::mail(n, &cases[n].subject, &cases[n].body, 4_000);
    let kinds: [(&str, usize, Vec<Vec<u8>>); 3] = [
        ("ordinary", 4_000, some.clone().map(ordinary).collect()),
        ("nothing but requests", 4_000, dense(4_000)),
        ("nothing but requests", 38_000, dense(38_000)),
    ];
    for (name, bytes, mails) in &kinds {
        let decided = |mail: &[u8]| {
            let message = Message::parse(mail).expect("a message");
            drop(black_box(decide(&message, &config.policy, None)));
        };
        let parsed = |mail: &[u8]| drop(black_box(Message::parse(black_box(mail))));
        let each = |total: f64| total / f64::from(u32::try_from(mails.len()).unwrap_or(u32::MAX));
        let start = Instant::now();
        for mail in mails {
            decided(mail);
        }
        let first = each(start.elapsed().as_secs_f64() * 1e6);
        // Of each mail by itself: what else the machine does does not fall on all rounds of it.
        let least = |work: &dyn Fn(&[u8])| {
            let of_mail = |mail: &Vec<u8>| {
                let round = |_| {
                    let start = Instant::now();
                    work(mail);
                    start.elapsed().as_secs_f64() * 1e6
                };
                (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
            };
            each(mails.iter().map(of_mail).sum())
        };
        println!(
            "| {name} | {bytes} | {} | {:.1} | {:.1} | {first:.1} |",
            mails.len(),
            least(&parsed),
            least(&decided),
        );
    }
    hostile(&config);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("\n{line}");
    }
}

/// Mail made to be expensive, at a quarter of its size and whole: the time must grow with it.
fn hostile(config: &Config) {
    const MIB: usize = 1024 * 1024;
    let header =
        "From: Kim Lindqvist <kim.lindqvist@kund.example>\r\nTo: support@partner.example\r\n";
    let html = |n: usize| {
        let cell = "<div><td>faktura &aring;&#229; <b>inte</b> <a href=x>l";
        let body = cell.repeat(n / cell.len());
        format!("{header}Content-Type: text/html; charset=utf-8\r\n\r\n{body}")
    };
    let fields = |n: usize| format!("{header}{}\r\nfaktura\r\n", "X-Faktura: inte\r\n".repeat(n));
    let line = |n: usize| format!("{header}\r\n{}", "får inte ".repeat(n / 10));
    let opened = |n: usize| {
        format!(
            "{header}\r\n{}",
            "kan inte a inte ej går det ".repeat(n / 27)
        )
    };
    println!("\n| hostile mail | bytes | ms | ns per byte |");
    println!("|---|---|---|---|");
    for (name, mails) in [
        (
            "HTML never closed, 10 MiB",
            [html(10 * MIB / 4), html(10 * MIB)],
        ),
        ("50,000 header fields", [fields(12_500), fields(50_000)]),
        ("one line, 64 MiB", [line(16 * MIB), line(64 * MIB)]),
        (
            "beginnings of expressions, 1 MiB",
            [opened(MIB / 4), opened(MIB)],
        ),
    ] {
        for mail in mails {
            let cost = (0..3)
                .map(|_| {
                    let start = Instant::now();
                    if let Ok(message) = Message::parse(black_box(mail.as_bytes())) {
                        drop(black_box(decide(&message, &config.policy, None)));
                    }
                    start.elapsed().as_secs_f64() * 1e3
                })
                .fold(f64::INFINITY, f64::min);
            let bytes = u32::try_from(mail.len()).unwrap_or(u32::MAX);
            println!(
                "| {name} | {bytes} | {cost:.1} | {:.1} |",
                cost * 1e6 / f64::from(bytes)
            );
        }
    }
}
