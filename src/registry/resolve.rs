//! Which product a message is about, told by names it holds and addresses it bears.

use crate::domain::address::Address;
use crate::domain::decision::{ProductHit, Zone};
use crate::domain::ids::ProductId;
use crate::rules::lexicon::{LexiconFault, LexiconHit};
use crate::rules::{FoldOptions, FoldedZone, Keyword, Lexicon, ZoneSet};

use super::endings::{is_with_ending, takes_endings};
use super::product::Product;

/// All products, ready to be recognised.
#[derive(Debug)]
pub struct Registry {
    products: Vec<Product>,
    lexicon: Lexicon,
    /// By the number that the lexicon gives for a hit.
    names: Vec<Name>,
    /// The zones in which names are looked for.
    looked_at: ZoneSet,
    publisher_domains: Vec<String>,
}

/// One name or alias as it is looked for.
#[derive(Debug)]
struct Name {
    /// Number of the product.
    product: usize,
    /// Set when it is looked for with an ending: the name without.
    without_ending: Option<String>,
}

/// What a message tells about its product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductTold {
    /// One product, and how it was told.
    One(ProductHit),
    /// Several on the same level of evidence, in the order of the registry.
    Several(Vec<ProductId>),
    /// No product.
    None,
}

/// How much a way of telling is worth; the strongest level that names any product decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// `support+product@…`: a form or page of the partner's own made it.
    Tag,
    /// What the writer says now.
    Written,
    /// What others said before, or stands under every mail of the writer.
    Surroundings,
    /// The name of an attachment.
    Attachment,
    /// The domain it comes from.
    SenderDomain,
}

impl Level {
    /// What a name in a zone is worth. Addresses are looked at as addresses; headers repeat what
    /// others hold.
    const fn of(zone: Zone) -> Option<Self> {
        match zone {
            Zone::Subject | Zone::Body => Some(Self::Written),
            Zone::Quoted | Zone::Signature => Some(Self::Surroundings),
            Zone::Attachment => Some(Self::Attachment),
            Zone::Sender | Zone::Recipient | Zone::Header => None,
        }
    }
}

/// One product found at one level.
#[derive(Debug)]
struct Sign {
    level: Level,
    /// Number of the product.
    product: usize,
    text: String,
    zone: Zone,
}

impl Registry {
    /// Compiles the names and aliases of `products`; each is written like a rule's keyword.
    /// `options` should be those of the rule set, so that a message is folded once.
    pub fn new(products: Vec<Product>, options: FoldOptions) -> Result<Self, Vec<LexiconFault>> {
        let mut names = Vec::new();
        let mut keywords = Vec::new();
        let mut faults = Vec::new();
        let mut look_for = |text: &str, name: Name| match Keyword::parse(text) {
            Ok(keyword) => {
                keywords.push((names.len(), keyword));
                names.push(name);
            }
            Err(fault) => faults.push(LexiconFault::Name {
                entry: names.len(),
                fault,
            }),
        };
        for (product, known) in products.iter().enumerate() {
            for name in std::iter::once(&known.name).chain(&known.aliases) {
                let without_ending = None;
                look_for(
                    name,
                    Name {
                        product,
                        without_ending,
                    },
                );
                if takes_endings(name) {
                    let without_ending = Some(name.clone());
                    look_for(
                        &format!("{name}*"),
                        Name {
                            product,
                            without_ending,
                        },
                    );
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let lexicon = Lexicon::compile(keywords, options)?;
        let mut publisher_domains: Vec<String> = products
            .iter()
            .flat_map(|p| p.sender_domains.iter().cloned())
            .collect();
        publisher_domains.sort_unstable();
        publisher_domains.dedup();
        Ok(Self {
            products,
            lexicon,
            names,
            looked_at: Zone::ALL
                .into_iter()
                .filter(|zone| Level::of(*zone).is_some())
                .collect(),
            publisher_domains,
        })
    }

    /// All products, in the order of the file.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// The product with this identity.
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| &product.id == id)
    }

    /// The domains publishers write from, sorted, each once.
    pub fn publisher_domains(&self) -> &[String] {
        &self.publisher_domains
    }

    /// Which product the message is about. `own` are our own addresses: only a tag on one of
    /// them counts.
    ///
    /// The strongest level of evidence that names any product decides: a tag on our own
    /// address, then subject and new text, then quoted text and signature, then names of
    /// attachments, then the sender's domain. Two products on that level are several, whatever
    /// weaker levels say.
    pub fn resolve(&self, zones: &[FoldedZone<'_>], own: &[Address]) -> ProductTold {
        let mut signs = self.named(zones);
        for zone in zones {
            match zone.zone() {
                Zone::Recipient => signs.extend(self.tagged(zone, own)),
                Zone::Sender => signs.extend(self.sent_from(zone)),
                _ => {}
            }
        }
        let Some(level) = signs.iter().map(|sign| sign.level).min() else {
            return ProductTold::None;
        };
        signs.retain(|sign| sign.level == level);
        let mut told: Vec<usize> = signs.iter().map(|sign| sign.product).collect();
        told.sort_unstable();
        told.dedup();
        let id = |&index: &usize| self.products.get(index).map(|p| p.id.clone());
        match told.as_slice() {
            [index] => signs.into_iter().next().zip(id(index)).map_or(
                ProductTold::None,
                |(sign, product)| {
                    ProductTold::One(ProductHit {
                        product,
                        text: sign.text,
                        zone: sign.zone,
                    })
                },
            ),
            several => ProductTold::Several(several.iter().filter_map(id).collect()),
        }
    }

    fn named(&self, zones: &[FoldedZone<'_>]) -> Vec<Sign> {
        let hits = self.lexicon.find_folded(zones, self.looked_at);
        // What is a name as it stands is no other name with an ending.
        let whole: Vec<_> = hits
            .iter()
            .filter(|hit| self.is_whole(hit))
            .map(|hit| (hit.zone, hit.span))
            .collect();
        let named = hits.into_iter().filter_map(|hit| {
            let name = self.names.get(hit.index)?;
            if let Some(without) = &name.without_ending {
                let taken = whole.contains(&(hit.zone, hit.span));
                if taken || !is_with_ending(without, &hit.text) {
                    return None;
                }
            }
            let level = Level::of(hit.zone)?;
            Some(Sign {
                level,
                product: name.product,
                text: hit.text,
                zone: hit.zone,
            })
        });
        named.collect()
    }

    fn is_whole(&self, hit: &LexiconHit) -> bool {
        let name = self.names.get(hit.index);
        name.is_some_and(|name| name.without_ending.is_none())
    }

    fn tagged(&self, zone: &FoldedZone<'_>, own: &[Address]) -> Vec<Sign> {
        let to_us = addresses(zone.original()).filter(|to| own.iter().any(|own| own.same_user(to)));
        to_us
            .filter_map(|to| {
                let detail = to.detail()?.to_ascii_lowercase();
                let product = self.products.iter().position(|p| p.id.as_str() == detail)?;
                Some(Sign {
                    level: Level::Tag,
                    product,
                    text: to.to_string(),
                    zone: Zone::Recipient,
                })
            })
            .collect()
    }

    fn sent_from(&self, zone: &FoldedZone<'_>) -> Vec<Sign> {
        let mut signs = Vec::new();
        for from in addresses(zone.original()) {
            for (product, known) in self.products.iter().enumerate() {
                if known
                    .sender_domains
                    .iter()
                    .any(|domain| from.is_within(domain))
                {
                    signs.push(Sign {
                        level: Level::SenderDomain,
                        product,
                        text: from.domain().to_owned(),
                        zone: Zone::Sender,
                    });
                }
            }
        }
        signs
    }
}

/// The addresses in a text of names and addresses, at most [`ADDRESSES_MAX`].
fn addresses(text: &str) -> impl Iterator<Item = Address> {
    let apart = |c: char| c.is_whitespace() || ",;<>()\"".contains(c);
    text.split(apart)
        .filter(|word| word.contains('@'))
        .filter_map(|word| word.parse().ok())
        .take(ADDRESSES_MAX)
}

/// Addresses of one message that are looked at.
const ADDRESSES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ZoneText;

    fn product(id: &str, name: &str, aliases: &[&str], domain: &str) -> Product {
        Product {
            id: id.into(),
            name: name.to_owned(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            publisher: "A publisher".to_owned(),
            contacts: super::super::contact::Contacts::default(),
            sender_domains: vec![domain.to_owned()],
        }
    }

    /// What is told: `product by text in zone`, `a, b` for several, `-` for none.
    fn check(zones: &[(Zone, &str)], expected: &str) {
        let products = vec![
            product(
                "lumen",
                "Lumen CRM",
                &["Lumen", "LumenCRM"],
                "lumen.example",
            ),
            product("lumen-pay", "Lumen Pay", &[], "lumen.example"),
            product("fjord", "Fjord Archive", &["fjordarkiv*"], "fjord.example"),
        ];
        let registry = Registry::new(products, FoldOptions::default()).expect("a registry");
        let own = ["support@partner.example".parse().expect("an address")];
        let texts: Vec<_> = zones
            .iter()
            .map(|&(zone, text)| ZoneText { zone, text })
            .collect();
        let zones = FoldedZone::all(&texts, FoldOptions::default());
        let told = match registry.resolve(&zones, &own) {
            ProductTold::One(hit) => format!("{} by {} in {}", hit.product, hit.text, hit.zone),
            ProductTold::Several(ids) => ids
                .iter()
                .map(ProductId::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            ProductTold::None => "-".to_owned(),
        };
        assert_eq!(told, expected, "{texts:?}");
    }

    #[test]
    fn the_strongest_level_decides_and_a_tie_is_several() {
        use Zone::{Attachment, Body, Header, Quoted, Recipient, Sender, Signature, Subject};
        check(&[(Body, "Hej, inget särskilt")], "-");
        check(
            &[(Body, "lumen crm startar inte")],
            "lumen by lumen crm in body",
        );
        check(
            &[(Body, "Lumen Pay kraschar")],
            "lumen-pay by Lumen Pay in body",
        );
        check(&[(Body, "illumination, Lumenated")], "-");
        check(&[(Body, "Lumens server")], "lumen by Lumens in body");
        check(
            &[(Body, "Lumen Payssa ei toimi")],
            "lumen-pay by Lumen Payssa in body",
        );
        check(
            &[(Subject, "Fjordarkivet"), (Body, "LumenCRM")],
            "lumen, fjord",
        );
        check(
            &[
                (Body, "Lumen"),
                (Quoted, "Fjord Archive"),
                (Signature, "Lumen Pay"),
            ],
            "lumen by Lumen in body",
        );
        check(
            &[(Quoted, "Fjord Archive"), (Signature, "Lumen Pay")],
            "lumen-pay, fjord",
        );
        check(
            &[(Attachment, "fjordarkiv.png"), (Sender, "a@lumen.example")],
            "fjord by fjordarkiv in attachment",
        );
        check(
            &[(Sender, "Alert <a@status.fjord.example>")],
            "fjord by status.fjord.example in sender",
        );
        check(&[(Sender, "a@lumen.example")], "lumen, lumen-pay");
        check(&[(Header, "X-Product: Lumen")], "-");
        check(
            &[
                (Recipient, "Support <Support+Fjord@partner.example>"),
                (Body, "Lumen"),
            ],
            "fjord by Support+Fjord@partner.example in recipient",
        );
        check(
            &[(
                Recipient,
                "someone+fjord@else.example, support@partner.example",
            )],
            "-",
        );
    }
}
