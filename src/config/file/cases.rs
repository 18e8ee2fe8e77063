//! `cases/*.toml`: messages with what must become of them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::routing::OWNERS;
use super::rules::PRIORITIES;
use super::source::quoted;
use super::table::{InFile, Read, Table, did_you_mean, nearest};
use super::value::Text;
use crate::domain::decision::Owner;
use crate::domain::ids::{CategoryId, ProductId, RuleId};
use crate::domain::kind::Kind;
use crate::domain::language::Language;
use crate::rules::Origin;
use crate::rules::lint::Lint;
use crate::system::fs;
use crate::triage::Policy;
use crate::triage::case::{Body, Case, Expected, Letter, Outcome, Written};

/// Most cases of one file.
const CASES_MAX: usize = 20_000;
/// Largest message a case may lie in, in bytes.
const MAIL_MAX: u64 = 8 << 20;
/// Longest name of a case, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Who writes where a case does not say.
const SOMEONE: &str = "Kim Lindqvist <kim.lindqvist@kund.example>";
/// Whom it is written to where neither the case nor the configuration says.
const SUPPORT: &str = "support@partner.example";

/// What stands above the cases of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeadShape {
    language: Option<Text>,
    sample: Option<Spanned<bool>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CaseShape {
    name: Option<Text>,
    from: Option<Text>,
    to: Option<Text>,
    subject: Option<Text>,
    body: Option<Text>,
    html: Option<Text>,
    headers: Option<BTreeMap<String, Text>>,
    file: Option<Text>,
    expect: Option<Text>,
    also: Option<Vec<Text>>,
    product: Option<Text>,
    owner: Option<Text>,
    priority: Option<Text>,
    fires: Option<Vec<Text>>,
    silent: Option<Vec<Text>>,
    language: Option<Text>,
    known: Option<Spanned<bool>>,
}

/// Reads the cases of one file. `directory` is where it lies: message files are named from there.
pub fn cases(
    mut root: Table<'_>,
    directory: &Path,
    policy: &Policy,
    file: &mut InFile<'_>,
) -> Vec<Case> {
    let tables = root.tables("case", file);
    let head = root.read::<HeadShape>(file);
    if let Some(span) = tables.get(CASES_MAX).and_then(|table| table.span.clone()) {
        let message = format!(
            "there are {} cases; at most {CASES_MAX} are taken",
            tables.len()
        );
        file.error(&span, "case", message);
    }
    let around = Around {
        directory,
        policy,
        language: head
            .told
            .language
            .as_ref()
            .and_then(|l| written("language", l, file)),
        sample: head.told.sample.as_ref().is_some_and(|s| *s.get_ref()),
    };
    let mut unsold: BTreeMap<String, (Range<usize>, usize)> = BTreeMap::new();
    let mut cases = Vec::new();
    for table in tables.into_iter().take(CASES_MAX) {
        let read = table.read::<CaseShape>(file);
        let before = file.findings.len();
        let found = case(&read, &around, file);
        let product = read.told.product.as_ref();
        let strange = product.filter(|text| {
            let id = ProductId::new(text.get_ref().as_str());
            policy.registry.product(&id).is_none()
        });
        match strange {
            Some(text) if file.findings.len() == before => {
                let first = unsold.entry(text.get_ref().clone());
                first.or_insert_with(|| (text.span(), 0)).1 += 1;
            }
            _ => cases.extend(found),
        }
    }
    stale(&unsold, policy, file);
    cases
}

/// Tells once a product of the cases about what is not sold. They are left out, and are no fault:
/// the shipped cases are about products that are made up.
fn stale(unsold: &BTreeMap<String, (Range<usize>, usize)>, policy: &Policy, file: &mut InFile<'_>) {
    for (product, (span, count)) in unsold {
        let (cases, are) = if *count == 1 {
            ("this case is".to_owned(), "it is")
        } else {
            (format!("{count} cases are"), "they are")
        };
        let message = format!("{cases} about {}, which is no product", quoted(product));
        let products = policy.registry.products().iter();
        let help = nearest(product, products.map(|p| p.id.as_str())).map_or_else(
            || "take that out, or name a product of the registry".to_owned(),
            did_you_mean,
        );
        file.warning(span, "case.product", message)
            .lint(Lint::StaleCase)
            .note(format!("{are} not run"))
            .help(help);
    }
}

/// What the cases of one file have in common.
struct Around<'a> {
    directory: &'a Path,
    policy: &'a Policy,
    language: Option<Written>,
    sample: bool,
}

fn case(read: &Read<CaseShape>, around: &Around<'_>, file: &mut InFile<'_>) -> Option<Case> {
    let told = &read.told;
    let why = "a name by which you find it again";
    let name = read.need("name", told.name.as_ref(), why, file);
    let name = name.and_then(|name| title(name, file));
    let mail = mail(read, around, file);
    let expected = expected(read, around.policy, file)?;
    let language = match &told.language {
        Some(text) => written("case.language", text, file),
        None => around.language,
    };
    let span = read.span.clone()?;
    Some(Case {
        name: name?,
        origin: Origin {
            file: file.source.name.as_str().into(),
            line: u32::try_from(file.source.place(span.start).line).unwrap_or(u32::MAX),
        },
        language,
        mail: mail?,
        expected,
        known: told.known.as_ref().is_some_and(|known| *known.get_ref()),
        sample: around.sample,
    })
}

fn title(text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = file.line("case.name", text)?;
    if told.chars().count() > NAME_CHARS_MAX {
        let message = format!("`case.name` is longer than {NAME_CHARS_MAX} characters");
        file.error(&text.span(), "case.name", message);
        return None;
    }
    Some(told)
}

fn written(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<Written> {
    let mut words: Vec<(&str, Written)> = Vec::new();
    words.extend(Language::ALL.map(|language| (language.as_str(), Written::In(language))));
    words.push((Written::Unknown.as_str(), Written::Unknown));
    file.word(key, text, &words)
}

/// The message: a file's bytes, or a letter put together from the parts.
fn mail(read: &Read<CaseShape>, around: &Around<'_>, file: &mut InFile<'_>) -> Option<Vec<u8>> {
    let told = &read.told;
    if let Some(name) = &told.file {
        for (key, part) in [
            ("from", &told.from),
            ("to", &told.to),
            ("subject", &told.subject),
            ("body", &told.body),
            ("html", &told.html),
        ] {
            if let Some(part) = part {
                let key = read.key(key);
                let message = format!("`{key}` and `file` exclude each other");
                file.error(&part.span(), &key, message)
                    .help("the file is the whole message; leave this out");
            }
        }
        return message_file(name, around.directory, file);
    }
    let field = |key: &str, text: Option<&Text>, otherwise: &str, file: &mut InFile<'_>| {
        text.map_or_else(
            || Some(otherwise.to_owned()),
            |text| header(key, text, file),
        )
    };
    let support = around.policy.routing.own.first();
    let to = support.map_or(SUPPORT, |address| address.as_str());
    let from = field("case.from", told.from.as_ref(), SOMEONE, file);
    let to = field("case.to", told.to.as_ref(), to, file);
    let subject = field("case.subject", told.subject.as_ref(), "", file);
    let mut headers = Vec::new();
    for (name, value) in told.headers.iter().flatten() {
        let fit = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if !fit {
            let message = format!("{} is no name of a header field", quoted(name));
            file.error(&value.span(), "case.headers", message)
                .help("write it without the colon, such as `Auto-Submitted`");
        }
        headers.push((name.clone(), header("case.headers", value, file)?));
    }
    if let (Some(_), Some(html)) = (&told.body, &told.html) {
        let key = read.key("html");
        let message = format!("`{}` and `{key}` exclude each other", read.key("body"));
        file.error(&html.span(), &key, message)
            .help("a case has one form of text; a mail with both goes into a `file`");
    }
    let letter = Letter {
        from: &from?,
        to: &to?,
        subject: &subject?,
        headers: &headers,
        body: match (&told.html, &told.body) {
            (Some(html), _) => Body::Html(html.get_ref()),
            (None, Some(body)) => Body::Plain(body.get_ref()),
            (None, None) => Body::Plain(""),
        },
    };
    Some(letter.bytes())
}

/// A value that stands in a header: it may be empty, but holds no line end.
fn header(key: &str, text: &Text, file: &mut InFile<'_>) -> Option<String> {
    let told = text.get_ref();
    if told.chars().any(char::is_control) {
        file.error(
            &text.span(),
            key,
            format!("`{key}` holds a control character"),
        );
        return None;
    }
    Some(told.clone())
}

fn message_file(name: &Text, directory: &Path, file: &mut InFile<'_>) -> Option<Vec<u8>> {
    let path = file.path("case.file", name, directory)?;
    let mut bytes = Vec::new();
    let read = fs::open_regular(&path)
        .and_then(|(open, _)| open.take(MAIL_MAX + 1).read_to_end(&mut bytes));
    let message = match read {
        Ok(_) if bytes.len() as u64 > MAIL_MAX => "it is larger than 8 MiB".to_owned(),
        Ok(_) => return Some(bytes),
        Err(error) => format!("it cannot be read: {error}"),
    };
    let message = format!("`case.file`: {}: {message}", quoted(name.get_ref()));
    file.error(&name.span(), "case.file", message)
        .help("a file with one message, named from the directory of this file");
    None
}

fn expected(read: &Read<CaseShape>, policy: &Policy, file: &mut InFile<'_>) -> Option<Expected> {
    let told = &read.told;
    let rule_lists = told.fires.is_some() || told.silent.is_some();
    if !rule_lists {
        let why = "a category, a kind such as `bounce`, or `none` where no rule may speak";
        read.need("expect", told.expect.as_ref(), why, file)?;
    }
    let wanted = match &told.expect {
        Some(text) => Some(outcome("case.expect", text, policy, file)?),
        None => None,
    };
    let also = told.also.iter().flatten();
    let also = also.filter_map(|text| outcome("case.also", text, policy, file));
    let also = also.collect();
    let rules: Vec<&str> = policy
        .rules
        .rules()
        .iter()
        .map(|r| r.id().as_str())
        .collect();
    let mut list = |key: &str, texts: Option<&Vec<Text>>| -> Vec<RuleId> {
        let texts = texts.into_iter().flatten();
        let known = texts.filter_map(|text| known(key, "rule", text, &rules, file));
        known.map(RuleId::new).collect()
    };
    let (fires, silent) = (
        list("case.fires", told.fires.as_ref()),
        list("case.silent", told.silent.as_ref()),
    );
    let owner: Option<Owner> = told
        .owner
        .as_ref()
        .and_then(|text| file.word("case.owner", text, &OWNERS));
    let priority = told.priority.as_ref();
    Some(Expected {
        outcome: wanted,
        also,
        product: told
            .product
            .as_ref()
            .map(|text| ProductId::new(text.get_ref().as_str())),
        owner,
        priority: priority.and_then(|text| file.word("case.priority", text, &PRIORITIES)),
        fires,
        silent,
    })
}

fn outcome(key: &str, text: &Text, policy: &Policy, file: &mut InFile<'_>) -> Option<Outcome> {
    const NONE: &str = "none";
    let categories = policy.routing.categories.keys().map(CategoryId::as_str);
    let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Ticket);
    let mut names: Vec<&str> = categories.collect();
    names.extend(kinds.clone().map(|kind| -> &str { kind.as_str() }));
    names.push(NONE);
    let name = known(key, "category or kind", text, &names, file)?;
    if name == NONE {
        return Some(Outcome::Nothing);
    }
    let kind = kinds.into_iter().find(|kind| kind.as_str() == name);
    Some(kind.map_or_else(|| Outcome::Category(CategoryId::new(name)), Outcome::Kind))
}

/// The text, when it is one of `names`.
fn known(
    key: &str,
    what: &str,
    text: &Text,
    names: &[&str],
    file: &mut InFile<'_>,
) -> Option<String> {
    let told = text.get_ref();
    if names.contains(&told.as_str()) {
        return Some(told.clone());
    }
    let message = format!("there is no {what} {}", quoted(told));
    let finding = file.error(&text.span(), key, message);
    if let Some(meant) = nearest(told, names.iter().copied()) {
        finding.help(did_you_mean(meant));
    }
    None
}
