//! The subject without what mailers put before it.
//!
//! Charge: an extension of the base subject of RFC 5256 §2.1 to the prefixes of the languages
//! customers write in, and to the tags gateways add. Leaves decoding to `encoded`.

/// Prefixes of answers, in lower case.
const REPLY: &[&str] = &[
    "re", "sv", "svar", "aw", "antw", "antwort", "vs", "vast", "ref", "rif", "res", "resp", "odp",
    "ynt", "atb", "回复", "答复", "回覆",
];

/// Prefixes of forwards, in lower case.
const FORWARD: &[&str] = &[
    "fw",
    "fwd",
    "vb",
    "vl",
    "wg",
    "vidarebefordrat",
    "videresendt",
    "vidaresendt",
    "tr",
    "rv",
    "enc",
    "i",
    "pd",
    "doorst",
    "转发",
    "轉寄",
];

/// Tags a gateway or mail client adds, in lower case, without their brackets.
const TAGS: &[&str] = &[
    "external",
    "ext",
    "extern",
    "externt",
    "external email",
    "external sender",
    "externt mail",
    "extern mail",
    "externt e-postmeddelande",
    "caution",
    "suspicious",
    "spam",
    "spam?",
    "possible spam",
    "***spam***",
    "secure",
    "utanför organisationen",
    "ulkoinen",
    "ekstern",
    "eksternt",
    "fwd",
    "fw",
];

/// Most prefixes taken off, so that a subject made of nothing else costs little.
const PREFIXES_MAX: usize = 32;

/// What stood before the subject proper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base<'a> {
    /// The subject proper.
    pub text: &'a str,
    /// Whether a reply prefix stood before it.
    pub is_reply: bool,
    /// Whether a forward prefix stood before it.
    pub is_forward: bool,
}

/// Takes reply and forward prefixes and gateway tags off the subject.
pub fn base(subject: &str) -> Base<'_> {
    let mut base = Base {
        text: subject.trim(),
        is_reply: false,
        is_forward: false,
    };
    for _ in 0..PREFIXES_MAX {
        let Some((rest, sort)) = strip(base.text) else {
            break;
        };
        base.text = rest.trim_start();
        match sort {
            Prefix::Reply => base.is_reply = true,
            Prefix::Forward => base.is_forward = true,
            Prefix::Tag => {}
        }
    }
    base
}

enum Prefix {
    Reply,
    Forward,
    Tag,
}

fn strip(text: &str) -> Option<(&str, Prefix)> {
    if let Some(inner) = text.strip_prefix('[')
        && let Some((tag, rest)) = inner.split_once(']')
        && TAGS.contains(&tag.trim().to_lowercase().as_str())
    {
        return Some((rest.trim_start_matches(':'), Prefix::Tag));
    }
    for tag in [
        "*EXTERNAL*",
        "***SPAM***",
        "EXTERNAL:",
        "**EXTERNAL**",
        "EXT:",
    ] {
        if let Some(head) = text.get(..tag.len())
            && head.eq_ignore_ascii_case(tag)
        {
            return Some((text.get(tag.len()..)?, Prefix::Tag));
        }
    }
    // `Re`, `RE[2]`, `Re(3)`, `Re^2`, `Re 2`, then a colon, ordinary or full-width.
    let (head, rest) = text.split_once([':', '：'])?;
    if head.len() > 32 {
        return None;
    }
    let word = head.trim_end_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^' | ' ' | '*')
    });
    let word = word.to_lowercase();
    // One letter is a prefix only where it cannot be an initial: `I: ` of Italian mailers.
    if word == "i" && head != "I" {
        return None;
    }
    if REPLY.contains(&word.as_str()) {
        Some((rest, Prefix::Reply))
    } else if FORWARD.contains(&word.as_str()) {
        Some((rest, Prefix::Forward))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_tags_go_and_everything_else_stays() {
        for (subject, text, is_reply, is_forward) in [
            ("Faktura 12", "Faktura 12", false, false),
            ("Re: Faktura", "Faktura", true, false),
            ("SV: Sv: VB: Faktura", "Faktura", true, true),
            ("RE[2]: Re(3): Re^4: x", "x", true, false),
            ("AW: WG: Rechnung", "Rechnung", true, true),
            ("VS: VL: Lasku", "Lasku", true, true),
            ("Fwd: [EXTERNAL] Re: x", "x", true, true),
            ("[External Email]: x", "x", false, false),
            ("*EXTERNAL* x", "x", false, false),
            ("[Acme] x", "[Acme] x", false, false),
            ("Reset: x", "Reset: x", false, false),
            ("Problem: re: x", "Problem: re: x", false, false),
            ("Re:", "", true, false),
            ("回复：请求", "请求", true, false),
            ("", "", false, false),
            ("[", "[", false, false),
            ("Å: x", "Å: x", false, false),
        ] {
            assert_eq!(
                base(subject),
                Base {
                    text,
                    is_reply,
                    is_forward
                },
                "{subject:?}"
            );
        }
    }

    #[test]
    fn a_subject_of_prefixes_alone_is_bounded() {
        let subject = "Re: ".repeat(10_000);
        assert!(base(&subject).text.len() > 30_000);
    }
}
