//! The mail of the benchmark: the same bytes for the same number, on every machine.
//!
//! About 40 KB in the mean: a tenth carries an attachment of 20 KB to 1 MB, the others a few KB of
//! text, in Swedish and English and the usual encodings. 47 of 100 are about a fault in one of the
//! shipped products, the others about invoices or about nothing that rules can tell. Where each
//! belongs is written in its Message-ID, for [`bare`](super::bare), which reads nothing else.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Attachments: one message in so many.
const ATTACHED: u64 = 10;
/// Bytes of an attachment, least and most, before encoding.
const ATTACHMENT: (f64, f64) = (20_000.0, 1_000_000.0);
/// Of a hundred messages: technical, and billing.
const SHARES: (usize, usize) = (47, 38);
/// Characters of a base64 line.
const LINE: usize = 76;

/// Where a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the product's publisher, then to `Forwarded`.
    Technical,
    /// To `Billing`.
    Billing,
    /// To `Review`.
    Other,
}

impl Route {
    /// What stands for it in a Message-ID, and the folder it ends in.
    pub const ALL: [(Self, u8, &'static str); 3] = [
        (Self::Technical, b't', "Forwarded"),
        (Self::Billing, b'b', "Billing"),
        (Self::Other, b'o', "Review"),
    ];

    /// Of message `n`: evenly mixed, the same share in every stretch of a hundred.
    pub fn of(n: usize) -> Self {
        let place = n * 61 % 100;
        if place < SHARES.0 {
            Self::Technical
        } else if place < SHARES.0 + SHARES.1 {
            Self::Billing
        } else {
            Self::Other
        }
    }

    fn letter(self) -> char {
        let letter = Self::ALL.iter().find(|(route, ..)| *route == self);
        letter.map_or('o', |(_, letter, _)| char::from(*letter))
    }
}

const PRODUCTS: [&str; 3] = ["Lumen CRM", "Fjordarkiv", "Tidvakt"];

/// Subject and matter by language: `{p}` is the product, `{n}` a number.
const TECHNICAL: [&[(&str, &str)]; 2] = [
    &[
        (
            "{p} kraschar",
            "{p} kraschar varje gång vi öppnar ett kundkort, felkod {n}.",
        ),
        (
            "{p} fungerar inte",
            "Synkroniseringen i {p} fungerar inte, vi får ett felmeddelande.",
        ),
        (
            "Felkod {n}",
            "Vi får felkod {n} i {p} och programmet kraschar.",
        ),
    ],
    &[
        (
            "Error in {p}",
            "{p} shows an error message and crashes when we save a record.",
        ),
        (
            "{p} crashes",
            "{p} crashes with error code {n} as soon as we open it.",
        ),
        (
            "Sync fails",
            "The synchronisation in {p} fails with an error message every time.",
        ),
    ],
];

const BILLING: [&[(&str, &str)]; 2] = [
    &[
        (
            "Fel antal på fakturan",
            "På faktura {n} har ni debiterat 25 användare för mycket. Kan ni kreditera?",
        ),
        (
            "Faktura {n}",
            "Vi har betalat faktura {n} två gånger och vill ha en återbetalning.",
        ),
    ],
    &[
        (
            "Invoice {n}",
            "On invoice {n} we were charged for 25 seats too many, please send a credit note.",
        ),
        (
            "Refund",
            "We have paid invoice {n} twice and would like a refund.",
        ),
    ],
];

const OTHER: [&[(&str, &str)]; 2] = [
    &[
        ("Hej", "Tack för hjälpen i går!"),
        ("Samtal", "Kan någon ringa mig i eftermiddag?"),
    ],
    &[
        ("Hello", "Thank you for the quick help last week."),
        ("Call me", "Could somebody call me this afternoon?"),
    ],
];

/// Sentences that say nothing to the rules.
const FILL: [&[&str]; 2] = [
    &[
        "Vi är ett företag i Örebro med några tiotal anställda.",
        "Min kollega Åsa berättade om samma sak häromdagen.",
        "Det vore bra om någon hör av sig så snart det går.",
        "Säg gärna till om det är något mer ni behöver veta.",
        "Vi sitter på kontoret mellan nio och sexton.",
        "Ursäkta om detta hamnade hos fel avdelning.",
    ],
    &[
        "We are a company in Leeds with a few dozen people.",
        "My colleague Zoë told me about the same thing the other day.",
        "It would be kind if somebody came back to us soon.",
        "Please let me know if there is anything more to tell.",
        "We are in the office between nine and four.",
        "I am sorry if this reached the wrong department.",
    ],
];

const STYLE: &str = "body{font-family:Calibri,Arial,sans-serif;font-size:11pt;color:#1f1f1f}\n\
    p{margin:0 0 9pt 0}\n.sig{color:#6b6b6b;font-size:9pt;border-top:1px solid #ccc}\n\
    table{border-collapse:collapse;width:100%}\ntd{padding:4pt 6pt;vertical-align:top}\n";

/// A small generator of the same numbers every time (Steele and others' splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(n + 8);
        while bytes.len() < n {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(n);
        bytes
    }
}

/// Message `n`, its lines ended by LF.
pub fn message(n: usize) -> Vec<u8> {
    let mut numbers = Numbers(n as u64);
    let attached = numbers.next().is_multiple_of(ATTACHED).then(|| {
        // Small ones are far more frequent than large ones.
        let (least, most) = ATTACHMENT;
        let at = f64::from(u32::try_from(numbers.below(1000)).unwrap_or(0)) / 1000.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between the two bounds"
        )]
        let size = (least * (most / least).powf(at)) as usize;
        size
    });
    write(n, Route::of(n), attached, &mut numbers)
}

/// A technical message with an attachment of `bytes`.
pub fn huge(n: usize, bytes: usize) -> Vec<u8> {
    write(n, Route::Technical, Some(bytes), &mut Numbers(n as u64))
}

/// A technical message without an attachment.
pub fn technical(n: usize) -> Vec<u8> {
    write(n, Route::Technical, None, &mut Numbers(n as u64))
}

fn write(n: usize, route: Route, attached: Option<usize>, numbers: &mut Numbers) -> Vec<u8> {
    let language = numbers.below(2);
    let product = numbers.pick(&PRODUCTS);
    let number = (20_000 + numbers.below(9_000)).to_string();
    let matters = match route {
        Route::Technical => TECHNICAL[language],
        Route::Billing => BILLING[language],
        Route::Other => OTHER[language],
    };
    let (subject, matter) = numbers.pick(matters);
    let filled = |text: &str| text.replace("{p}", product).replace("{n}", &number);
    let mut text = String::from(["Hej,\n\n", "Hello,\n\n"][language]);
    let before = numbers.below(3);
    for place in 0..before + 3 {
        let sentence = if place == before {
            filled(matter)
        } else {
            numbers.pick(FILL[language]).to_owned()
        };
        let _ = write!(text, "{sentence}\n\n");
    }
    text.push_str(
        [
            "Med vänlig hälsning\nAnna Åkesson\n",
            "Kind regards\nAnna Smith\n",
        ][language],
    );
    if numbers.below(4) == 0 {
        text.push_str(
            [
                "\nDen 2026-11-12 skrev support:\n",
                "\nOn 2026-11-12, support wrote:\n",
            ][language],
        );
        for _ in 0..3 + numbers.below(20) {
            let _ = write!(text, "> {}\n>\n", numbers.pick(FILL[language]));
        }
    }
    let mut head = format!(
        "Received: from mx.kund.example (mx.kund.example [192.0.2.25])\n\
         \tby mail.partner.example (Postfix) with ESMTPS id {n:08X}\n\
         \tfor <support@partner.example>; Mon, 16 Nov 2026 08:12:31 +0100\n\
         From: Anna Kund <kund{n}@kund.example>\nTo: support@partner.example\n\
         Subject: {}\nMessage-ID: <bench-{n:07}-{}@kund.example>\n\
         Date: Mon, 16 Nov 2026 08:12:31 +0100\nMIME-Version: 1.0\n",
        encoded_word(&filled(subject)),
        route.letter(),
    );
    let body = body(&text, numbers.below(8));
    let Some(size) = attached else {
        head.push_str(&body.head);
        return [head.as_bytes(), b"\n", &body.bytes].concat();
    };
    head.push_str("Content-Type: multipart/mixed; boundary=\"mixed\"\n\n--mixed\n");
    let mut message = head.into_bytes();
    message.extend(body.head.as_bytes());
    message.push(b'\n');
    message.extend(body.bytes);
    message.extend(
        b"\n--mixed\nContent-Type: application/pdf; name=\"bilaga.pdf\"\n\
          Content-Disposition: attachment; filename=\"bilaga.pdf\"\n\
          Content-Transfer-Encoding: base64\n\n",
    );
    message.extend(base64_lines(&numbers.bytes(size)));
    message.extend(b"--mixed--\n");
    message
}

/// A part: its header fields and what follows them.
struct Part {
    head: String,
    bytes: Vec<u8>,
}

fn part(kind: &str, charset: &str, encoding: &str, text: &str) -> Part {
    let raw: Vec<u8> = match charset {
        "utf-8" => text.as_bytes().to_vec(),
        _ => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect(),
    };
    let bytes = match encoding {
        "base64" => base64_lines(&raw),
        "quoted-printable" => quoted_printable(&raw),
        _ => raw,
    };
    Part {
        head: format!(
            "Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
        ),
        bytes,
    }
}

fn body(text: &str, form: usize) -> Part {
    match form {
        0 => part("plain", "utf-8", "8bit", text),
        1 => part("plain", "iso-8859-1", "quoted-printable", text),
        2 => part("plain", "utf-8", "base64", text),
        3 => part("plain", "windows-1252", "8bit", text),
        4 => part("html", "utf-8", "base64", &html(text)),
        _ => {
            let encoding = ["quoted-printable", "base64", "8bit"][form % 3];
            let mut bytes = Vec::new();
            for one in [
                part("plain", "utf-8", encoding, text),
                part("html", "utf-8", encoding, &html(text)),
            ] {
                bytes.extend(b"--alt\n");
                bytes.extend(one.head.as_bytes());
                bytes.push(b'\n');
                bytes.extend(one.bytes);
                bytes.push(b'\n');
            }
            bytes.extend(b"--alt--\n");
            Part {
                head: "Content-Type: multipart/alternative; boundary=\"alt\"\n".into(),
                bytes,
            }
        }
    }
}

fn html(text: &str) -> String {
    let mut out = format!("<html><head><style>\n{}</style></head>\n<body>\n", {
        STYLE.repeat(4)
    });
    for paragraph in text.split("\n\n") {
        let paragraph = paragraph.replace('>', "&gt;").replace('\n', "<br>\n");
        let _ = writeln!(out, "<p class=\"MsoNormal\"><span>{paragraph}</span></p>");
    }
    out + "</body></html>\n"
}

fn base64_lines(raw: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(raw);
    let mut lines = Vec::with_capacity(text.len() + text.len() / LINE + 1);
    for line in text.as_bytes().chunks(LINE) {
        lines.extend(line);
        lines.push(b'\n');
    }
    lines
}

fn quoted_printable(raw: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for line in raw.split(|b| *b == b'\n') {
        let mut width = 0;
        for byte in line {
            if width > LINE - 4 {
                out.push_str("=\n");
                width = 0;
            }
            if matches!(byte, b' '..=b'~') && *byte != b'=' {
                out.push(char::from(*byte));
                width += 1;
            } else {
                let _ = write!(out, "={byte:02X}");
                width += 3;
            }
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn encoded_word(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        format!("=?utf-8?B?{}?=", STANDARD.encode(text))
    }
}
