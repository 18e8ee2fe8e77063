//! `triaged suggest`: keywords that labelled mail speaks for, as a diff for a person to apply.
//!
//! Reads only. What is learnt and proved is `triage::suggest`'s; here mail is gathered and the
//! answer shown.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::args::SuggestArgs;
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint, counted, one_line, say};
use super::{load, replay, shifts, show_findings, test, wait};
use crate::config::suggested::{self, FILE};
use crate::config::{self, Config};
use crate::domain::ids::{CategoryId, Folder};
use crate::domain::language::Language;
use crate::mail::Message;
use crate::triage::case::{Case, Outcome};
use crate::triage::suggest::{self, Labelled, MESSAGES_MAX, Proof, Suggestion};

/// The word for the cases beside the rules.
const CASES: &str = "cases";

/// The word for the folders of the configured mailboxes.
const FOLDERS: &str = "folders";

/// Proposes keywords.
pub fn suggest(directory: &Path, args: &SuggestArgs) -> Result<(), Failure> {
    let config = load(directory)?;
    let wanted = categories(&config, args)?;
    let cases = config::load_cases(&config::case_files(directory)?, &config.policy);
    let cases = cases.map_err(|found| {
        show_findings(&found);
        Failure::shown(FailureKind::Config)
    })?;
    let mut pairs: Vec<(&Case, Message)> = Vec::with_capacity(cases.len());
    for case in &cases {
        pairs.push((case, test::message(case)?));
    }
    let mut mail = Labelled::default();
    let from = match args.from.to_str() {
        Some(CASES) => {
            from_cases(&pairs, &config, &mut mail);
            "cases".to_owned()
        }
        from => {
            let path = (from != Some(FOLDERS)).then_some(args.from.as_path());
            from_folders(&config, path, &mut mail)?;
            "messages that people filed".to_owned()
        }
    };
    if mail.left_out > 0 {
        eprintln!(
            "{} beyond the first {MESSAGES_MAX} were left out",
            mail.left_out
        );
    }
    let found = suggest::suggest(&mail, &config.policy, &wanted, usize::from(args.max));
    let proof = suggest::prove(found, &pairs, &config.policy).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| fault.kind.to_string()).collect();
        Failure::failed(format!(
            "with the keywords the rules fail: {}",
            faults.join("; ")
        ))
    })?;
    if args.json {
        as_json(&proof, &mail);
    } else {
        let source = format!("suggested from {} {from}", mail.len());
        as_text(&proof, &mail, directory, &config, &source);
    }
    Ok(())
}

/// The categories to find words for: the named ones, or all but `review`, which is what is left
/// when nothing else speaks.
fn categories(config: &Config, args: &SuggestArgs) -> Result<Vec<CategoryId>, Failure> {
    let known = &config.policy.routing.categories;
    for name in &args.category {
        if !known.contains_key(&CategoryId::new(name.as_str())) {
            let all: Vec<&str> = known.keys().map(CategoryId::as_str).collect();
            let message = format!("there is no category `{}`", one_line(name, 100));
            return Err(Failure::failed(message).hint(format!("it is one of: {}", all.join(", "))));
        }
    }
    let wanted = |id: &&CategoryId| {
        if args.category.is_empty() {
            !id.is_review()
        } else {
            args.category.iter().any(|name| name == id.as_str())
        }
    };
    Ok(known.keys().filter(wanted).cloned().collect())
}

/// Each case is its own writer: many share an invented sender.
fn from_cases(cases: &[(&Case, Message)], config: &Config, mail: &mut Labelled) {
    for (case, message) in cases {
        if let Some(Outcome::Category(category)) = &case.expected.outcome {
            let writer = format!("{}: {}", case.origin, case.name);
            mail.add(category, message, Some(&writer), &config.policy);
        }
    }
}

/// Reads the folders that stand for one category each.
fn from_folders(config: &Config, path: Option<&Path>, mail: &mut Labelled) -> Result<(), Failure> {
    for mailbox in replay::mailboxes(config, path)? {
        let folders = replay::folders(config, &mailbox);
        let labelled = folders.into_iter();
        let labelled = labelled.filter_map(|folder| Some((label(config, &folder)?, folder)));
        for (category, folder) in labelled.collect::<Vec<_>>() {
            let walk = replay::walk(&mailbox, std::slice::from_ref(&folder), |_, filed| {
                mail.add(&category, &filed.message, None, &config.policy);
            });
            wait(walk)?;
        }
    }
    Ok(())
}

/// The one category that is filed into `folder`.
fn label(config: &Config, folder: &Folder) -> Option<CategoryId> {
    let categories = config.policy.routing.categories.iter();
    let mut here = categories.filter(|(_, route)| route.folder == *folder);
    let (category, _) = here.next()?;
    here.next().is_none().then(|| category.clone())
}

/// The diff, what is held back, and what the diff would change on the cases.
fn as_text(proof: &Proof, mail: &Labelled, directory: &Path, config: &Config, source: &str) {
    let learnt = counted(mail.len(), "labelled message", "labelled messages");
    if proof.kept.is_empty() {
        say!("{learnt}: no keyword to propose");
    } else {
        let rules = suggest::rules(&proof.kept, &config.policy);
        let texts = rules.iter().map(|rule| suggested::rule_text(rule, source));
        let texts: Vec<String> = texts.collect();
        say!("{}", diff(&texts.join("\n"), &directory.join(FILE)));
    }
    if !proof.withdrawn.is_empty() {
        let mut held = String::from("\nnot proposed, for a dangerous error on the cases:");
        for out in &proof.withdrawn {
            let Suggestion {
                keyword, category, ..
            } = &out.suggestion;
            let case = one_line(&out.case, 160);
            // Writing to a string cannot fail.
            let _ = write!(
                held,
                "\n  `{}` for {category}: {case}",
                one_line(keyword, 100)
            );
        }
        say!("{held}");
    }
    if !proof.kept.is_empty() {
        let (before, after) = (proof.right_before, proof.right_after);
        say!("\nlearnt from {learnt}; cases that come out right: {before} before, {after} with it");
        say!("{}", shifts::page(&proof.shifts, Paint::stdout()));
    }
}

/// These lines at the end of the file, as `patch -p0` takes it.
fn diff(text: &str, file: &Path) -> String {
    let old = std::fs::read_to_string(file).unwrap_or_default();
    let had = old.lines().count();
    // A blank line between what is there and what comes.
    let gap = if had > 0 { "+\n" } else { "" };
    let count = text.lines().count() + usize::from(had > 0);
    let before = if had > 0 { FILE } else { "/dev/null" };
    let mut out = format!(
        "--- {before}\n+++ {FILE}\n@@ -{had},0 +{},{count} @@\n{gap}",
        had + 1
    );
    for line in text.lines() {
        out.push('+');
        out.push_str(line);
        out.push('\n');
    }
    out.pop();
    out
}

fn as_json(proof: &Proof, mail: &Labelled) {
    let object = |word: &Suggestion, withdrawn: Option<&str>| {
        let object = json!({
            "category": word.category.as_str(),
            "language": word.language.map(Language::as_str),
            "keyword": word.keyword,
            "weight": word.weight,
            "of_category": word.counts.of_category,
            "messages": word.counts.messages,
            "senders": word.counts.senders,
            "withdrawn": withdrawn,
        });
        say!("{}", print::json(&object.to_string()));
    };
    for word in &proof.kept {
        object(word, None);
    }
    for out in &proof.withdrawn {
        object(&out.suggestion, Some(&out.case));
    }
    let mut last = shifts::summary(&proof.shifts);
    if let Some(summary) = last
        .get_mut("summary")
        .and_then(|value| value.as_object_mut())
    {
        summary.insert("labelled".to_owned(), mail.len().into());
        summary.insert("right_before".to_owned(), proof.right_before.into());
        summary.insert("right_after".to_owned(), proof.right_after.into());
    }
    say!("{last}");
}
