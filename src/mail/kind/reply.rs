//! Automatic answers without a header that says so: absence, "we have received", challenges.
//!
//! Charge: weigh subject, text and envelope. A phrase in the subject counts at its start or in
//! brackets of its own; a person who writes about an automatic answer asks, complains or quotes it.

use super::look::{Look, Sender};
use super::marks;
use super::phrases::Sign;
use super::score::Score;

/// Points that make an automatic answer.
const THRESHOLD: i32 = 3;

/// Whether it is one, and by which words.
pub(super) fn told(look: &Look<'_>) -> Option<String> {
    absence(look)
        .or_else(|| received(look))
        .or_else(|| challenge(look))
}

/// Subjects that name an automatic answer and hardly anything else.
const STRONG: &[&str] = &[
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "automatically generated reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "auto: ",
    "auto responder",
    "autoresponder",
    "out of office",
    "out of the office",
    "out-of-office",
    "out of office autoreply",
    "vacation reply",
    "vacation notice",
    "vacation message",
    "away from my mail",
    "away from the office",
    "away from office",
    "i am out of the office",
    "on vacation",
    "autosvar",
    "auto-svar",
    "automatiskt svar",
    "automatsvar",
    "frånvaromeddelande",
    "frånvaroavisering",
    "frånvarohanterare",
    "frånvaroassistent",
    "inte på kontoret",
    "ej på kontoret",
    "ej på plats",
    "ute från kontoret",
    "automatisk svar",
    "automatisk svarmelding",
    "fraværsmelding",
    "fraværsassistent",
    "fraværsbesked",
    "ikke til stede",
    "ikke på kontoret",
    "ude af kontoret",
    "ute av kontoret",
    "automaattinen vastaus",
    "automaattivastaus",
    "poissaoloviesti",
    "poissaoloilmoitus",
    "poissa toimistosta",
    "en ole paikalla",
    "olen lomalla",
    "automatische antwort",
    "automatisch generierte antwort",
    "automatische rückantwort",
    "autoantwort",
    "abwesenheitsnotiz",
    "abwesenheitsnachricht",
    "abwesenheitsmeldung",
    "abwesenheitsassistent",
    "nicht im büro",
    "nicht im hause",
    "außer haus",
    "ausser haus",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "message d'absence",
    "hors du bureau",
    "je suis absent",
    "respuesta automática",
    "respuesta automatica",
    "autorespuesta",
    "auto respuesta",
    "contestación automática",
    "fuera de la oficina",
    "fuera de oficina",
    "risposta automatica",
    "fuori sede",
    "fuori ufficio",
    "notifica di assenza",
    "automatisch antwoord",
    "automatische reactie",
    "afwezigheidsbericht",
    "afwezigheidsassistent",
    "buiten kantoor",
    "resposta automática",
    "resposta automatica",
    "fora do escritório",
    "ausência temporária",
    "automatyczna odpowiedź",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    "poza biurem",
    "automatická odpověď",
    "automatická odpoveď",
    "mimo kancelář",
    "automatikus válasz",
    "házon kívül",
    "răspuns automat",
    "otomatik yanıt",
    "otomatik cevap",
    "автоматический ответ",
    "автоответ",
    "нет на рабочем месте",
    "автоматична відповідь",
    "αυτόματη απάντηση",
    "automaatvastus",
    "automātiskā atbilde",
    "automatinis atsakymas",
    "automatski odgovor",
    "samodejni odgovor",
    "sjálfvirkt svar",
    "tự động trả lời",
    "自動応答",
    "自動返信",
    "自动回复",
    "自動回覆",
    "自動回復",
    "자동 회신",
    "자동 응답",
    "رد تلقائي",
    "תשובה אוטומטית",
];

/// Subjects of absence that are also everyday words.
const WEAK: &[&str] = &[
    "frånvaro",
    "frånvarande",
    "semester",
    "på semester",
    "semesterstängt",
    "föräldraledig",
    "tjänstledig",
    "ledig",
    "fravær",
    "fraværende",
    "ferie",
    "på ferie",
    "permisjon",
    "barsel",
    "orlov",
    "poissaolo",
    "poissa",
    "lomalla",
    "loma",
    "vuosiloma",
    "abwesenheit",
    "abwesend",
    "urlaub",
    "im urlaub",
    "absence",
    "absent",
    "absente",
    "congés",
    "en congé",
    "ausencia",
    "ausente",
    "vacaciones",
    "assenza",
    "assente",
    "ferie",
    "afwezig",
    "afwezigheid",
    "niet aanwezig",
    "vakantie",
    "ausência",
    "férias",
    "nieobecność",
    "urlop",
    "dovolená",
    "nepřítomnost",
    "отпуск",
    "ooo",
    "away",
    "vacation",
    "on leave",
    "annual leave",
    "holiday",
    "on holiday",
    "not in the office",
    "away until",
    "back on",
    "no longer with",
    "left the company",
    "har slutat",
    "har sluttet",
    "不在",
    "休假",
];

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
    // What only supports must not make an answer alone.
    if score.is_empty() {
        return None;
    }
    support(look, &mut score);
    let answers = !look.message.in_reply_to.is_empty() || !look.message.references.is_empty();
    let telling = subject > 0 || away || heard.has(Sign::DeclaredReply);
    score.add(
        answers && !look.base.is_reply && telling,
        1,
        "answers without a reply prefix",
    );
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
                || words.ends_with(' ')
                || after.starts_with([':', '-', '(', '[', '/', '|', '!', '.', ',', '"', ';', '：']);
            if apart {
                better(whole, format!("subject begins with `{}`", words.trim()));
            } else if rest.starts_with(' ') {
                better(part, format!("subject begins with `{}`", words.trim()));
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
const RECEIVED: &[&str] = &[
    "thank you for your e-mail",
    "thank you for your email",
    "thank you for your message",
    "thank you for contacting",
    "thanks for contacting",
    "thank you for your inquiry",
    "thank you for your enquiry",
    "we have received your",
    "we've received your",
    "we received your",
    "your request has been received",
    "your ticket has been",
    "your case has been",
    "your message has been received",
    "request received",
    "ticket received",
    "ticket created",
    "case created",
    "case opened",
    "new ticket created",
    "support request received",
    "confirmation of receipt",
    "receipt confirmation",
    "acknowledgement",
    "acknowledgment",
    "ticket opened",
    "tack för ditt mejl",
    "tack för ditt mail",
    "tack för ditt meddelande",
    "tack för din förfrågan",
    "tack för att du kontaktar",
    "tack för att du kontaktade",
    "vi har tagit emot",
    "vi har mottagit",
    "ditt ärende har",
    "ärende mottaget",
    "ärende registrerat",
    "ärende skapat",
    "mottagningsbekräftelse",
    "bekräftelse på ditt ärende",
    "bekräftelse på mottag",
    "kvittens",
    "takk for din henvendelse",
    "vi har mottatt din",
    "henvendelse mottatt",
    "sak opprettet",
    "tak for din henvendelse",
    "vi har modtaget din",
    "sag oprettet",
    "kiitos yhteydenotosta",
    "kiitos viestistäsi",
    "viestisi on vastaanotettu",
    "yhteydenottosi on",
    "eingangsbestätigung",
    "empfangsbestätigung",
    "vielen dank für ihre",
    "ihre anfrage wurde",
    "ticket erstellt",
    "accusé de réception",
    "accuse de reception",
    "merci de votre",
    "merci pour votre",
    "acuse de recibo",
    "gracias por contactar",
    "conferma di ricezione",
    "ontvangstbevestiging",
    "confirmação de recebimento",
    "potwierdzenie otrzymania",
];

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
    support(look, &mut score);
    score.found(2, heard.named(Sign::DeclaredReply));
    if !heard.has(Sign::DeclaredReply) {
        score.found(1, heard.named(Sign::DeclaredMessage));
    }
    against(look, &mut score);
    score.reached(THRESHOLD)
}

/// A filter that asks the sender to prove being a person.
fn challenge(look: &Look<'_>) -> Option<String> {
    let heard = &look.heard;
    let ways = heard.count(Sign::Challenge);
    let (words, _) = heard.first(Sign::Challenge)?;
    let way_out = look.text.contains("http") || look.text.contains("reply to this");
    let about_mail = [
        "your message",
        "your email",
        "your e-mail",
        "your mail",
        "din e-post",
        "ditt meddelande",
        "ihre nachricht",
        "ihre e-mail",
    ]
    .iter()
    .any(|words| look.text.contains(words));
    let person = look.base.is_forward
        || look.persons_mailer()
        || heard.has(Sign::Fault)
        || look.discussion_list();
    (ways >= 3 && way_out && about_mail && !person)
        .then(|| format!("asks the sender for a proof: `{words}`, {ways} such phrases"))
}
