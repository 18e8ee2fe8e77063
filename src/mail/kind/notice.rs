//! A publisher's notice of health, outage or maintenance.
//!
//! Charge: tell it by sender and subject together. A person at the publisher who writes about an
//! incident writes to us, not to everybody: an answer, a forward or a person's mailer rules it out.

use super::look::{Look, Sender};
use super::marks;
use super::phrases::Sign;

/// Subject words that hardly anything but a notice carries.
const STRONG: &[&str] = &[
    "planned maintenance",
    "scheduled maintenance",
    "emergency maintenance",
    "maintenance window",
    "maintenance notice",
    "maintenance notification",
    "planned downtime",
    "scheduled downtime",
    "service window",
    "service disruption",
    "service interruption",
    "service degradation",
    "degraded performance",
    "service outage",
    "partial outage",
    "major outage",
    "system outage",
    "outage notification",
    "service health",
    "service status",
    "status update",
    "incident report",
    "incident update",
    "incident resolved",
    "post-incident",
    "post-mortem",
    "postmortem",
    "root cause analysis",
    "service notification",
    "system maintenance",
    "upcoming maintenance",
    "planned outage",
    "health advisory",
    "service advisory",
    "driftstörning",
    "driftstörningar",
    "driftinformation",
    "driftinfo",
    "driftmeddelande",
    "driftstatus",
    "driftavbrott",
    "driftstopp",
    "planerat underhåll",
    "planerat avbrott",
    "planerat driftstopp",
    "planerat servicefönster",
    "servicefönster",
    "underhållsfönster",
    "underhållsarbete",
    "planerade underhåll",
    "störningsinformation",
    "driftsforstyrrelse",
    "driftsforstyrrelser",
    "driftsmelding",
    "driftsmeddelelse",
    "driftsinformasjon",
    "driftsinformation",
    "driftsstatus",
    "driftsstans",
    "planlagt vedlikehold",
    "planlagt nedetid",
    "vedlikeholdsvindu",
    "servicevindu",
    "servicevindue",
    "planlagt vedligeholdelse",
    "planlagt vedligehold",
    "driftsstop",
    "huoltokatko",
    "huoltokatkos",
    "käyttökatko",
    "käyttökatkos",
    "palvelukatko",
    "häiriötiedote",
    "häiriöilmoitus",
    "huoltotiedote",
    "suunniteltu huolto",
    "huoltoikkuna",
    "häiriö palvelussa",
    "geplante wartung",
    "wartungsarbeiten",
    "wartungsfenster",
    "wartungsankündigung",
    "störungsmeldung",
    "betriebsstörung",
    "betriebsunterbrechung",
    "systemausfall",
    "dienstunterbrechung",
    "statusmeldung",
    "serviceunterbrechung",
];

/// Subject words that need a machine's sign beside them.
const WEAK: &[&str] = &[
    "maintenance",
    "incident",
    "outage",
    "downtime",
    "resolved",
    "investigating",
    "identified",
    "monitoring",
    "degraded",
    "disruption",
    "status",
    "scheduled",
    "completed",
    "in progress",
    "restored",
    "rca",
    "störning",
    "störningar",
    "avbrott",
    "underhåll",
    "åtgärdat",
    "åtgärdad",
    "löst",
    "incidenten",
    "nedetid",
    "vedlikehold",
    "forstyrrelse",
    "forstyrrelser",
    "løst",
    "utbedret",
    "nedbrud",
    "nedbrudd",
    "vedligeholdelse",
    "afhjulpet",
    "hændelse",
    "hendelse",
    "häiriö",
    "häiriöt",
    "huolto",
    "katko",
    "katkos",
    "korjattu",
    "ratkaistu",
    "wartung",
    "störung",
    "ausfall",
    "behoben",
    "vorfall",
    "service notice",
    "advisory",
    "unavailable",
    "availability",
];

/// The words that make it a notice.
pub(super) fn told(look: &Look<'_>, publishers: &[String]) -> Option<String> {
    let author = look.message.author()?;
    let publisher = publishers.iter().find(|domain| author.is_within(domain))?;
    let answers = look.base.is_reply
        || look.base.is_forward
        || !look.message.in_reply_to.is_empty()
        || !look.message.references.is_empty();
    if answers || look.persons_mailer() || look.heard.has(Sign::Request) {
        return None;
    }
    let holds = |words: &&&str| contains_words(&look.subject, words);
    if let Some(words) = STRONG.iter().find(holds) {
        return Some(format!("publisher `{publisher}` writes of `{words}`"));
    }
    let words = WEAK.iter().find(holds)?;
    let headers = &look.message.headers;
    let machine = matches!(look.sender, Sender::Status | Sender::NoReply)
        || marks::automatic(headers).is_some()
        || marks::bulk_precedence(headers).is_some()
        || headers.has("List-Unsubscribe")
        || headers.has("List-Id")
        || look.heard.has(Sign::DeclaredMessage)
        || look.heard.has(Sign::Unsubscribe)
        || look.null_path();
    machine.then(|| format!("publisher `{publisher}` writes of `{words}` by machine"))
}

/// Whether `words` stand in `text` as whole words.
fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text
            .get(at + words.len()..)
            .and_then(|tail| tail.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}
