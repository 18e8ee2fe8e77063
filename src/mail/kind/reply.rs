//! Automatic answers without a header that says so: absence, "we have received", challenges.
//!
//! Charge: weigh subject, text and envelope. A phrase in the subject counts at its start or in
//! brackets of its own; a person who writes about an automatic answer asks, complains or quotes it.

use std::sync::LazyLock;

use super::look::Look;
use super::marks;
use super::phrases::Sign;
use super::score::Score;
use super::sender::Sender;
use super::words;

/// Points that make an automatic answer.
const THRESHOLD: i32 = 3;

/// Whether it is one, and by which words.
pub(super) fn told(look: &Look<'_>) -> Option<String> {
    absence(look)
        .or_else(|| received(look))
        .or_else(|| challenge(look))
}

/// Subjects that name an automatic answer and hardly anything else.
static STRONG: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-answer.txt")).collect());

/// Subjects of absence that are also everyday words.
static WEAK: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-absence.txt")).collect());

fn absence(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let mut score = Score::default();
    let subject = subject_points(look, &mut score);
    score.found(2, heard.named(Sign::Away));
    let away = heard.has(Sign::Away);
    score.add(
        away && heard.has(Sign::Redirect),
        1,
        "and names somebody else",
    );
    score.found(2, heard.named(Sign::DeclaredReply));
    if !heard.has(Sign::DeclaredReply) {
        score.found(1, heard.named(Sign::DeclaredMessage));
    }
    let declared = heard.has(Sign::DeclaredReply);
    if subject == 0 && !away && !declared {
        return None;
    }
    let mut machine = Score::default();
    support(look, &mut machine);
    let answers = !look.message.in_reply_to.is_empty() || !look.message.references.is_empty();
    machine.add(
        answers && !look.base.is_reply,
        1,
        "answers without a reply prefix",
    );
    // People tell each other in the same words that they will be away.
    if subject == 0 && !declared && machine.is_empty() {
        return None;
    }
    score.join(machine);
    against(look, &mut score);
    score.reached(THRESHOLD)
}

/// Signs of a machine that say nothing of what it answers.
fn support(look: &Look<'_>, score: &mut Score) {
    score.add(
        look.null_path(),
        2,
        "the envelope sender is empty or a mail system",
    );
    match look.sender {
        Sender::Responder => score.add(true, 2, format!("sender `{}`", look.sender_text)),
        Sender::NoReply | Sender::Daemon | Sender::System => {
            score.add(true, 1, format!("sender `{}`", look.sender_text));
        }
        Sender::Campaign | Sender::Status | Sender::Someone => {}
    }
    if !look.message.headers.has("List-Id")
        && let Some(bulk) = marks::bulk_precedence(&look.message.headers)
    {
        score.add(true, 1, bulk);
    }
}

/// Signs of a person who writes about automatic answers, or who happens to go away.
fn against(look: &Look<'_>, score: &mut Score) {
    let heard = &look.heard;
    score.add(look.base.is_forward, -3, "");
    score.add(look.persons_mailer(), -1, "");
    score.add(heard.has(Sign::Fault) || subject_complains(look), -3, "");
    score.add(heard.has(Sign::Request), -1, "");
    score.add(look.text.contains('?'), -1, "");
    score.add(look.discussion_list(), -2, "");
}

fn subject_complains(look: &Look<'_>) -> bool {
    // `Automatic reply: Login does not work` answers a message of that subject.
    let proper = match look.subject.split_once(':') {
        Some((head, _)) if STRONG.contains(&head.trim()) && look.heard.has(Sign::Away) => head,
        _ => &look.subject,
    };
    [
        "not work",
        "fungerar inte",
        "funkar inte",
        "virker ikke",
        "fungerer ikke",
        "ei toimi",
        "funktioniert nicht",
        "går inte",
        "how to",
        "how do",
        "hur ",
        "hvordan",
        "miten",
        "?",
    ]
    .iter()
    .any(|words| proper.contains(words))
}

/// Points of the subject, added to `score` and given back.
fn subject_points(look: &Look<'_>, score: &mut Score) -> i32 {
    let subject = look.subject.as_str();
    let mut best = (0, String::new());
    let mut better = |points, sign: String| {
        if points > best.0 {
            best = (points, sign);
        }
    };
    // `[Automatiskt svar] offert`, `Re: offert (Automatic response)`
    for (open, close) in [('[', ']'), ('(', ')')] {
        let opening = subject
            .strip_prefix(open)
            .and_then(|tail| tail.split_once(close));
        let ending = subject
            .strip_suffix(close)
            .and_then(|head| head.rsplit_once(open));
        for inner in [opening.map(|(tag, _)| tag), ending.map(|(_, tag)| tag)]
            .into_iter()
            .flatten()
        {
            if STRONG.contains(&inner.trim()) {
                better(3, format!("subject says `{}`", inner.trim()));
            }
        }
    }
    // `[ticket 12] Autosvar: offert`
    let proper = match subject
        .strip_prefix('[')
        .and_then(|tail| tail.split_once(']'))
    {
        Some((_, rest)) if !rest.trim().is_empty() => rest.trim_start_matches([' ', ':', '-']),
        _ => subject,
    };
    for (words, whole, part) in STRONG
        .iter()
        .map(|words| (words, 3, 2))
        .chain(WEAK.iter().map(|words| (words, 1, 0)))
    {
        if let Some(rest) = proper.strip_prefix(words) {
            let after = rest.trim_start();
            let apart = rest.is_empty()
                || words.ends_with(':')
                || after.starts_with([':', '-', '(', '[', '/', '|', '!', '.', ',', '"', ';', '：']);
            if apart {
                better(whole, format!("subject begins with `{words}`"));
            } else if rest.starts_with(' ') {
                better(part, format!("subject begins with `{words}`"));
            }
        }
    }
    if best.0 == 0
        && [
            "is out of the office",
            "är inte på kontoret",
            "is on vacation",
            "ist nicht im büro",
        ]
        .iter()
        .any(|words| subject.contains(words))
    {
        best = (1, "subject says that somebody is away".to_owned());
    }
    score.add(best.0 > 0, best.0, best.1);
    best.0
}

/// Subjects of confirmations, whole or before a colon or number.
static RECEIVED: LazyLock<Vec<&str>> =
    LazyLock::new(|| words::of(include_str!("words/subject-received.txt")).collect());

/// "We have received your message": known by subject or text together with a sign of a machine,
/// since people say so as well.
fn received(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let proper = look
        .subject
        .trim_start_matches(['[', '('])
        .split_once(']')
        .map_or(look.subject.as_str(), |(tag, rest)| {
            let tag = tag.trim_start_matches(['[', '(']);
            if RECEIVED.contains(&tag) {
                tag
            } else {
                rest.trim()
            }
        });
    let in_subject = RECEIVED.iter().find(|words| proper.starts_with(*words));
    let mut score = Score::default();
    if let Some(words) = in_subject {
        score.add(
            !look.base.is_reply,
            1,
            format!("subject begins with `{words}`"),
        );
    }
    score.found(1, heard.named(Sign::Received));
    let mut machine = Score::default();
    support(look, &mut machine);
    machine.found(2, heard.named(Sign::DeclaredReply));
    if !heard.has(Sign::DeclaredReply) {
        machine.found(1, heard.named(Sign::DeclaredMessage));
    }
    if score.is_empty() || machine.is_empty() {
        return None;
    }
    score.add(
        heard.count(Sign::Received) > 1,
        1,
        "says so in several ways",
    );
    score.join(machine);
    against(look, &mut score);
    score.reached(THRESHOLD)
}

/// A filter that asks the sender to prove being a person.
fn challenge(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let (words, _) = heard.first(Sign::Proof)?;
    let ways = heard.count(Sign::Proof) + heard.count(Sign::Challenge);
    let way_out = look.text.contains("http") || look.text.contains("reply to this");
    let about_mail = heard.has(Sign::ToSender);
    let person = look.base.is_forward
        || look.persons_mailer()
        || heard.has(Sign::Fault)
        || look.discussion_list();
    (ways >= 3 && way_out && about_mail && !person)
        .then(|| format!("asks the sender for a proof: `{words}`, {ways} such phrases"))
}
