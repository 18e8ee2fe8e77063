//! What must be so for a rule to apply, beside the words it looks for.
//!
//! Charge: compare a rule's `when` with what is known of a message. What is not known fulfils no
//! condition: a rule for Swedish does not apply to a text whose language cannot be told. Nothing
//! here asks a clock; when a message came is one of its [`Circumstances`].

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::address::Address;
use crate::domain::ids::{ProductId, RuleId};
use crate::domain::language::Language;

use super::hours::Hours;

/// What is known of a message beside its texts. The default knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// The products it is about, as the registry tells; several when they cannot be told apart.
    pub products: &'a [ProductId],
    /// Who wrote it.
    pub customer: Option<&'a Address>,
    /// What it is written in.
    pub language: Option<Language>,
    /// What hangs on it: name and media type of each.
    pub attachments: &'a [(&'a str, &'a str)],
    /// When it came.
    pub received: Option<Timestamp>,
    /// Whether its subject was taken over from an earlier mail and may speak of its matter.
    pub subject_inherited: bool,
}

/// The conditions of a rule: each that is not empty must hold; it holds when one of its values
/// does.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    /// The message is about one of these products; when it names several, about none but these.
    pub product: Vec<ProductId>,
    /// The writer has one of these addresses, or one at these domains or below them.
    pub customer: Vec<Customer>,
    /// It is written in one of these.
    pub language: Vec<Language>,
    /// Something of one of these types hangs on it.
    pub attachment_type: Vec<AttachmentType>,
    /// It came within one of these hours.
    pub received: Vec<Hours>,
    /// Where the clock hangs that these hours mean.
    pub zone: TimeZone,
}

impl Default for When {
    fn default() -> Self {
        Self {
            product: Vec::new(),
            customer: Vec::new(),
            language: Vec::new(),
            attachment_type: Vec::new(),
            received: Vec::new(),
            zone: TimeZone::UTC,
        }
    }
}

/// A customer as a rule names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Customer {
    /// One person.
    Address(Address),
    /// Everybody at a domain or below it; in lower case.
    Domain(String),
}

impl Customer {
    fn is(&self, address: &Address) -> bool {
        match self {
            Self::Address(one) => one.same_user(address),
            Self::Domain(domain) => address.is_within(domain),
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Address(address) => address.as_str(),
            Self::Domain(domain) => domain,
        }
    }
}

/// A type of attachment: a media type, all of one kind (`image/*`), or how the name ends (`pdf`).
/// In lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentType(String);

impl AttachmentType {
    /// Takes `application/pdf`, `image/*`, `pdf` or `.pdf`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('.').to_ascii_lowercase();
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
        };
        let sound = match text.split_once('/') {
            Some((kind, "*")) => plain(kind),
            Some((kind, of)) => plain(kind) && plain(of),
            None => plain(&text),
        };
        sound.then_some(Self(text))
    }

    /// As it is written, without a leading dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is(&self, name: &str, media: &str) -> bool {
        match self.0.split_once('/') {
            Some((kind, "*")) => media.split('/').next() == Some(kind),
            Some(_) => media == self.0,
            None => {
                let end = name.rsplit_once('.').map_or("", |(_, end)| end);
                end.eq_ignore_ascii_case(&self.0)
            }
        }
    }
}

impl When {
    /// Which condition does not hold, if one does not: the first in the order above.
    pub fn unmet(&self, known: &Circumstances<'_>) -> Option<Unapplied> {
        let told = known.products;
        if !self.product.is_empty()
            && (told.is_empty() || !told.iter().all(|one| self.product.contains(one)))
        {
            return Some(Unapplied::Product {
                told: told.to_vec(),
            });
        }
        if !self.customer.is_empty() {
            let is = |who: &Address| self.customer.iter().any(|customer| customer.is(who));
            if !known.customer.is_some_and(is) {
                return Some(Unapplied::Customer {
                    told: known.customer.cloned(),
                });
            }
        }
        if !self.language.is_empty()
            && !known
                .language
                .is_some_and(|one| self.language.contains(&one))
        {
            return Some(Unapplied::Language {
                told: known.language,
            });
        }
        if !self.attachment_type.is_empty() {
            let of = |(name, media): &(&str, &str)| {
                self.attachment_type.iter().any(|kind| kind.is(name, media))
            };
            if !known.attachments.iter().any(of) {
                return Some(Unapplied::AttachmentType);
            }
        }
        if !self.received.is_empty() {
            let at = known.received.map(|at| at.to_zoned(self.zone.clone()));
            let within = at.as_ref().is_some_and(|at| {
                let minute = u16::from(at.hour().unsigned_abs()) * 60
                    + u16::from(at.minute().unsigned_abs());
                self.received
                    .iter()
                    .any(|hours| hours.hold(at.weekday(), minute))
            });
            if !within {
                return Some(Unapplied::Received {
                    told: at.map(|at| at.strftime("%a %H:%M").to_string().to_lowercase()),
                });
            }
        }
        None
    }
}

/// Why a rule whose words were found does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unapplied {
    /// Its `when.product` is another.
    Product {
        /// What the message is about; empty when that cannot be told.
        told: Vec<ProductId>,
    },
    /// Its `when.customer` is another.
    Customer {
        /// Who wrote.
        told: Option<Address>,
    },
    /// Its `when.language` is another.
    Language {
        /// What the message is written in.
        told: Option<Language>,
    },
    /// Nothing of its `when.attachment-type` is attached.
    AttachmentType,
    /// The message came outside its `when.received`.
    Received {
        /// Day and time on the rule's clock.
        told: Option<String>,
    },
    /// A rule with `stop` comes before it.
    Stopped {
        /// Which.
        by: RuleId,
    },
}

impl fmt::Display for Unapplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told =
            |f: &mut fmt::Formatter<'_>, key: &str, told: Option<&dyn fmt::Display>| match told {
                Some(told) => write!(f, "`when.{key}` is another than `{told}`"),
                None => write!(f, "`when.{key}` cannot be told"),
            };
        match self {
            Self::Product { told: several } => {
                let names: Vec<&str> = several.iter().map(ProductId::as_str).collect();
                let names = names.join("`, `");
                told(f, "product", (!several.is_empty()).then_some(&names))
            }
            Self::Customer { told: who } => told(
                f,
                "customer",
                who.as_ref().map(|who| who as &dyn fmt::Display),
            ),
            Self::Language { told: language } => told(
                f,
                "language",
                language.as_ref().map(|one| one as &dyn fmt::Display),
            ),
            Self::AttachmentType => f.write_str("nothing of `when.attachment-type` is attached"),
            Self::Received { told: Some(at) } => {
                write!(f, "`when.received` does not hold {at}")
            }
            Self::Received { told: None } => told(f, "received", None),
            Self::Stopped { by } => write!(f, "rule `{by}` stops before it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when() -> When {
        When {
            zone: TimeZone::get("Europe/Stockholm").expect("a time zone"),
            ..When::default()
        }
    }

    fn unmet(when: &When, known: &Circumstances<'_>) -> String {
        when.unmet(known)
            .map_or_else(|| "holds".to_owned(), |why| why.to_string())
    }

    #[test]
    fn what_is_unknown_fulfils_nothing() {
        let nothing = Circumstances::default();
        assert_eq!(unmet(&when(), &nothing), "holds");
        let all = [
            (
                When {
                    product: vec!["a".into()],
                    ..when()
                },
                "`when.product` cannot be told",
            ),
            (
                When {
                    customer: vec![Customer::Domain("x.example".into())],
                    ..when()
                },
                "`when.customer` cannot be told",
            ),
            (
                When {
                    language: vec![Language::Swedish],
                    ..when()
                },
                "`when.language` cannot be told",
            ),
            (
                When {
                    attachment_type: AttachmentType::parse("pdf").into_iter().collect(),
                    ..when()
                },
                "nothing of `when.attachment-type` is attached",
            ),
            (
                When {
                    received: vec!["mon-sun".parse().expect("hours")],
                    ..when()
                },
                "`when.received` cannot be told",
            ),
        ];
        for (when, told) in all {
            assert_eq!(unmet(&when, &nothing), told);
        }
    }

    #[test]
    fn each_condition_holds_when_one_of_its_values_does() {
        let products = ["tidvakt".into()];
        let both = ["tidvakt".into(), "lumen".into()];
        let customer: Address = "Anna+x@sales.kund.example".parse().expect("an address");
        let known = Circumstances {
            products: &products,
            customer: Some(&customer),
            language: Some(Language::Norwegian),
            attachments: &[
                ("bild.PNG", "image/png"),
                ("Avtal.pdf", "application/octet-stream"),
            ],
            ..Circumstances::default()
        };
        let product = |names: &[&str]| When {
            product: names.iter().map(|&name| name.into()).collect(),
            ..when()
        };
        assert_eq!(unmet(&product(&["lumen", "tidvakt"]), &known), "holds");
        let several = Circumstances {
            products: &both,
            ..known
        };
        assert_eq!(unmet(&product(&["lumen", "tidvakt"]), &several), "holds");
        assert_eq!(
            unmet(&product(&["tidvakt"]), &several),
            "`when.product` is another than `tidvakt`, `lumen`"
        );
        for (text, holds) in [
            ("kund.example", true),
            ("sales.kund.example", true),
            ("nd.example", false),
            ("anna@sales.kund.example", true),
            ("bo@sales.kund.example", false),
        ] {
            let one = text
                .parse()
                .map_or_else(|_| Customer::Domain(text.into()), Customer::Address);
            let when = When {
                customer: vec![one],
                ..when()
            };
            assert_eq!(when.unmet(&known).is_none(), holds, "{text}");
        }
        for (text, holds) in [
            ("pdf", true),
            (".pdf", true),
            ("image/*", true),
            ("image/jpeg", false),
            ("application/pdf", false),
            ("df", false),
        ] {
            let kind = AttachmentType::parse(text).expect(text);
            let when = When {
                attachment_type: vec![kind],
                ..when()
            };
            assert_eq!(when.unmet(&known).is_none(), holds, "{text}");
        }
        for text in ["", ".", "a b", "image/", "/pdf", "a/b/c", "*", "å"] {
            assert_eq!(AttachmentType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hours_are_those_on_the_wall_in_summer_and_winter() {
        let office = When {
            received: vec!["mon-fri 08:00-17:00".parse().expect("hours")],
            ..when()
        };
        for (at, told) in [
            // Stockholm is an hour ahead of UTC in winter and two in summer.
            ("2026-01-12T07:00:00Z", "holds"),
            (
                "2026-01-12T06:59:00Z",
                "`when.received` does not hold mon 07:59",
            ),
            ("2026-07-13T06:00:00Z", "holds"),
            (
                "2026-07-13T15:00:00Z",
                "`when.received` does not hold mon 17:00",
            ),
            // The night without two o'clock, and the one with two of them.
            (
                "2026-03-29T01:00:00Z",
                "`when.received` does not hold sun 03:00",
            ),
            (
                "2026-10-25T00:30:00Z",
                "`when.received` does not hold sun 02:30",
            ),
            (
                "2026-10-25T01:30:00Z",
                "`when.received` does not hold sun 02:30",
            ),
        ] {
            let known = Circumstances {
                received: Some(at.parse().expect(at)),
                ..Circumstances::default()
            };
            assert_eq!(unmet(&office, &known), told, "{at}");
        }
    }
}
