//! Which product a message is about, and whose ticket it is: told by names it holds, ids, and the
//! addresses it bears.
//!
//! What is said now must agree: a tag, the case it answers, an id and the names in subject and new
//! text that point to different products make several, and a person decides. Where nothing is said
//! now, the strongest of what lies around decides: quoted text and signature, names of
//! attachments, the sender's domain, and last what the customer has. A common word alone tells
//! nothing; it does when anything else points to the same product.

use super::customer::{Customer, Customers};
use super::names::{Find, Names, What};
use super::product::Product;
use crate::domain::address::Address;
use crate::domain::decision::{ProductHit, Step, Zone};
use crate::domain::ids::{CustomerId, ProductId};
use crate::rules::lexicon::LexiconFault;
use crate::rules::{FoldOptions, FoldedZone, RuleSet};

/// All products and customers, ready to be recognised.
#[derive(Debug)]
pub struct Registry {
    products: Vec<Product>,
    customers: Customers,
    names: Names,
    publisher_domains: Vec<String>,
}

/// What is known of a message beside its texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clues<'a> {
    /// Our own addresses: only a tag on one of them counts.
    pub own: &'a [Address],
    /// Who wrote it.
    pub author: Option<&'a Address>,
    /// The product of the case that it answers, and how that case was told.
    pub thread: Option<(&'a ProductId, &'a str)>,
}

/// What a message tells about its product and its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The product.
    pub product: ProductTold,
    /// The customer, where one is known.
    pub customer: Option<CustomerId>,
}

/// What a message tells about its product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductTold {
    /// One product, and how it was told.
    One(ProductHit),
    /// Several, in the order of the registry.
    Several(Vec<ProductId>),
    /// None is named; the customer has these.
    Owned(CustomerId, Vec<ProductId>),
    /// All there is, is a common word.
    Common(ProductHit),
    /// No product.
    None,
}

/// One product pointed to.
#[derive(Debug)]
struct Sign {
    step: Step,
    /// Number of the product.
    product: usize,
    text: String,
    zone: Zone,
    /// It alone tells nothing.
    common: bool,
    /// Something else points to the same product.
    borne_out: bool,
    /// A common word in the registry's own capitals: enough to doubt another product.
    doubt: bool,
}

impl Registry {
    /// Compiles all that is looked for; each name is written like a rule's keyword. What `rules`
    /// use as a word needs more evidence than the word.
    pub fn new(
        products: Vec<Product>,
        customers: Vec<Customer>,
        rules: &RuleSet,
    ) -> Result<Self, Vec<LexiconFault>> {
        let options: FoldOptions = rules.settings().fold;
        let customers = Customers::new(customers);
        let names = Names::compile(&products, &customers, rules, options)?;
        let mut publisher_domains: Vec<String> = products
            .iter()
            .flat_map(|p| p.sender_domains.iter().cloned())
            .collect();
        publisher_domains.sort_unstable();
        publisher_domains.dedup();
        Ok(Self {
            products,
            customers,
            names,
            publisher_domains,
        })
    }

    /// All products, in the order of the files.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// The product with this identity.
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| &product.id == id)
    }

    /// All customers.
    pub const fn customers(&self) -> &Customers {
        &self.customers
    }

    /// The names of a product that alone do not tell it.
    pub fn common_names(&self, id: &ProductId) -> Vec<&str> {
        let number = self.products.iter().position(|product| &product.id == id);
        let names = number.map(|number| self.names.common(number));
        names.into_iter().flatten().collect()
    }

    /// The domains publishers write from, sorted, each once.
    pub fn publisher_domains(&self) -> &[String] {
        &self.publisher_domains
    }

    /// Which product and which customer the message is about.
    pub fn resolve(&self, zones: &[FoldedZone<'_>], clues: Clues<'_>) -> Told {
        let finds = self.names.find(zones);
        let customer = self.customer(&finds, clues.author);
        let mut signs: Vec<Sign> = finds.iter().filter_map(sign).collect();
        for zone in zones {
            match zone.zone() {
                Zone::Recipient => signs.extend(self.tagged(zone, clues.own)),
                Zone::Sender => signs.extend(self.sent_from(zone)),
                _ => {}
            }
        }
        signs.extend(self.thread(clues));
        let owned = customer.map(|customer| self.owned(customer));
        let owned = owned.unwrap_or_default();
        let publishers: Vec<usize> = finds
            .iter()
            .filter_map(|find| match find.what {
                What::Publisher(product) => Some(product),
                _ => None,
            })
            .collect();
        Told {
            product: self.product_told(signs, &owned, &publishers, customer),
            customer: customer.map(|customer| customer.id.clone()),
        }
    }

    fn product_told(
        &self,
        mut signs: Vec<Sign>,
        owned: &[usize],
        publishers: &[usize],
        customer: Option<&Customer>,
    ) -> ProductTold {
        let told: Vec<usize> = plain(&signs).map(|sign| sign.product).collect();
        for sign in signs.iter_mut().filter(|sign| sign.common) {
            let product = &sign.product;
            sign.borne_out =
                told.contains(product) || owned.contains(product) || publishers.contains(product);
        }
        let strongest = plain(&signs).map(|sign| sign.step).min();
        let ownership = match owned {
            [_] if strongest.is_none() => customer.and_then(|customer| {
                let product = *owned.first()?;
                let text = customer.id.to_string();
                Some(Sign::of(Step::Ownership, product, text, Zone::Sender))
            }),
            _ => None,
        };
        signs.extend(ownership);
        let Some(strongest) = plain(&signs).map(|sign| sign.step).min() else {
            return self.untold(&signs, owned, customer);
        };
        let counts = |step: Step| step == strongest || (is_said(step) && is_said(strongest));
        let mut named: Vec<usize> = signs
            .iter()
            .filter(|sign| {
                if sign.tells() {
                    counts(sign.step)
                } else {
                    sign.doubt
                }
            })
            .map(|sign| sign.product)
            .collect();
        named.sort_unstable();
        named.dedup();
        let id = |index: usize| self.products.get(index).map(|product| product.id.clone());
        match named.as_slice() {
            [only] => {
                let strongest = plain(&signs).filter(|sign| sign.step == strongest);
                let sign = strongest.min_by_key(|sign| sign.common);
                let told = sign.and_then(|sign| Some(sign.hit(id(*only)?)));
                told.map_or(ProductTold::None, ProductTold::One)
            }
            several => ProductTold::Several(several.iter().filter_map(|n| id(*n)).collect()),
        }
    }

    /// Where nothing tells a product: what comes nearest.
    fn untold(&self, signs: &[Sign], owned: &[usize], customer: Option<&Customer>) -> ProductTold {
        let id = |index: usize| self.products.get(index).map(|product| product.id.clone());
        if let (Some(customer), [_, _, ..]) = (customer, owned) {
            let products = owned.iter().filter_map(|n| id(*n)).collect();
            return ProductTold::Owned(customer.id.clone(), products);
        }
        let word = signs.iter().min_by_key(|sign| sign.step);
        let hit = word.and_then(|sign| Some(sign.hit(id(sign.product)?)));
        hit.map_or(ProductTold::None, ProductTold::Common)
    }

    /// Whose ticket it is: by the writer's address, else by a tenant or subscription in the text.
    /// Two who are named are none.
    fn customer(&self, finds: &[Find], author: Option<&Address>) -> Option<&Customer> {
        if let Some(customer) = author.and_then(|author| self.customers.of(author)) {
            return Some(customer);
        }
        let mut named: Vec<usize> = finds
            .iter()
            .filter_map(|find| match find.what {
                What::Customer(number) => Some(number),
                _ => None,
            })
            .collect();
        named.sort_unstable();
        named.dedup();
        match named.as_slice() {
            [only] => self.customers.all().get(*only),
            _ => None,
        }
    }

    /// What a customer has, as numbers of products.
    fn owned(&self, customer: &Customer) -> Vec<usize> {
        let owned = customer.owned();
        let numbers = self.products.iter().enumerate();
        let has = numbers.filter(|(_, product)| owned.contains(&&product.id));
        has.map(|(number, _)| number).collect()
    }

    fn thread(&self, clues: Clues<'_>) -> Option<Sign> {
        let (id, case) = clues.thread?;
        let product = self.products.iter().position(|product| &product.id == id)?;
        Some(Sign::of(
            Step::Thread,
            product,
            case.to_owned(),
            Zone::Header,
        ))
    }

    fn tagged(&self, zone: &FoldedZone<'_>, own: &[Address]) -> Vec<Sign> {
        let to_us = addresses(zone.original()).filter(|to| own.iter().any(|own| own.same_user(to)));
        to_us
            .filter_map(|to| {
                let detail = to.detail()?.to_ascii_lowercase();
                let product = self.products.iter().position(|p| p.id.as_str() == detail)?;
                let text = to.to_string();
                Some(Sign::of(Step::Tag, product, text, Zone::Recipient))
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
                    let text = from.domain().to_owned();
                    signs.push(Sign::of(Step::SenderDomain, product, text, Zone::Sender));
                }
            }
        }
        signs
    }
}

impl Sign {
    const fn of(step: Step, product: usize, text: String, zone: Zone) -> Self {
        Self {
            step,
            product,
            text,
            zone,
            common: false,
            borne_out: false,
            doubt: false,
        }
    }

    /// Whether it tells the product by itself, or is borne out by something else.
    const fn tells(&self) -> bool {
        !self.common || self.borne_out
    }

    fn hit(&self, product: ProductId) -> ProductHit {
        ProductHit {
            product,
            text: self.text.clone(),
            zone: self.zone,
            step: self.step,
        }
    }
}

/// What a find points to, and how strongly.
fn sign(find: &Find) -> Option<Sign> {
    let (product, is_id) = match find.what {
        What::Name(product) => (product, false),
        What::Id(product) => (product, true),
        What::Publisher(_) | What::Customer(_) => return None,
    };
    let step = match find.zone {
        Zone::Subject | Zone::Body if is_id => Step::Reference,
        Zone::Subject | Zone::Body if find.slip => Step::NearName,
        Zone::Subject | Zone::Body => Step::Name,
        Zone::Quoted | Zone::Signature => Step::Surroundings,
        Zone::Attachment => Step::Attachment,
        // Addresses are looked at as addresses; headers repeat what others hold.
        Zone::Sender | Zone::Recipient | Zone::Header => return None,
    };
    Some(Sign {
        common: find.common,
        doubt: find.common && find.exact && is_said(step),
        ..Sign::of(step, product, find.text.clone(), find.zone)
    })
}

/// Those that tell a product.
fn plain(signs: &[Sign]) -> impl Iterator<Item = &Sign> {
    signs.iter().filter(|sign| sign.tells())
}

/// Whether it is said now, and not only lies around.
const fn is_said(step: Step) -> bool {
    matches!(
        step,
        Step::Tag | Step::Thread | Step::Reference | Step::Name | Step::NearName | Step::Person
    )
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
