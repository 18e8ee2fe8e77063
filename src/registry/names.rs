//! Everything of the registry that can stand in a text: names, ids, publishers, tenants.
//!
//! All are found in one pass. What a find is worth is [`super::resolve`]'s; here it is only told
//! apart what is what: a name with an ending is no longer name that begins like it, a slip in a
//! name is none where the text is a word of the rules, and a name that is such a word itself is
//! called common.

use std::collections::{HashMap, HashSet};

use super::customer::Customers;
use super::endings::{is_with_ending, takes_endings};
use super::product::Product;
use super::variants::variants;
use crate::domain::decision::Zone;
use crate::rules::lexicon::{LexiconFault, LexiconHit};
use crate::rules::typo::{TYPO_CHARS_MAX, TYPO_CHARS_MIN};
use crate::rules::{FoldOptions, FoldedZone, Keyword, Lexicon, RuleSet, ZoneSet, ZoneText};

/// Fewest characters of an id that cannot be taken for a word.
const ID_CHARS_MIN: usize = 6;
/// Words of a rule stand apart from each other by this; no name holds it.
const APART: &str = " | ";

/// All that is looked for, compiled.
#[derive(Debug)]
pub(super) struct Names {
    lexicon: Lexicon,
    /// By the number that the lexicon gives for a hit.
    sought: Vec<Sought>,
}

/// One thing looked for.
#[derive(Debug)]
struct Sought {
    what: What,
    form: Form,
    /// A word that is also said of other things.
    common: bool,
    /// As the registry has it.
    text: String,
}

/// What a text stands for; numbers are those of the registry's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A product's name or alias.
    Name(usize),
    /// A product's id on the marketplace, or that of a subscription for it.
    Id(usize),
    /// The publisher of a product.
    Publisher(usize),
    /// A customer's tenant or subscription.
    Customer(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it stands.
    Whole,
    /// With an ending.
    Ending,
    /// With a slip.
    Slip,
}

/// Something of the registry in a text.
#[derive(Debug, Clone)]
pub(super) struct Find {
    pub what: What,
    pub zone: Zone,
    pub text: String,
    /// It alone tells nothing.
    pub common: bool,
    /// Written with the registry's own capitals.
    pub exact: bool,
    /// It is one slip away from the registry's spelling.
    pub slip: bool,
}

impl Names {
    pub fn compile(
        products: &[Product],
        customers: &Customers,
        rules: &RuleSet,
        options: FoldOptions,
    ) -> Result<Self, Vec<LexiconFault>> {
        let mut sought = Vec::new();
        for (number, product) in products.iter().enumerate() {
            name_forms(number, product, &explicit(products), &mut sought);
            let publisher = What::Publisher(number);
            sought.push(whole(publisher, &product.publisher, false));
        }
        ids(products, customers, &mut sought);
        let mut faults = Vec::new();
        let mut keywords = Vec::new();
        for (number, one) in sought.iter().enumerate() {
            let text = match one.form {
                Form::Whole => one.text.clone(),
                Form::Ending => format!("{}*", one.text),
                Form::Slip => format!("~{}", one.text),
            };
            match Keyword::parse(&text) {
                Ok(keyword) => keywords.push((number, keyword)),
                // Only what the operator wrote as a name is theirs to mend.
                Err(fault) if one.form == Form::Whole && matches!(one.what, What::Name(_)) => {
                    faults.push(LexiconFault::Name {
                        entry: number,
                        fault,
                    });
                }
                Err(_) => {}
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let lexicon = Lexicon::compile(keywords, options)?;
        let mut names = Self { lexicon, sought };
        names.set_apart_from(rules, products, options);
        Ok(names)
    }

    /// Marks as common what the rules use as a word for something, and forgives no slip by which
    /// a word of theirs would become a name.
    fn set_apart_from(&mut self, rules: &RuleSet, products: &[Product], options: FoldOptions) {
        let mut common: HashSet<usize> = HashSet::new();
        for (words, held_to) in rules.vocabulary() {
            let text = words.join(APART);
            let zone = ZoneText {
                zone: Zone::Body,
                text: &text,
            };
            let hits = self
                .lexicon
                .find_folded(&[FoldedZone::new(zone, options)], looked_at());
            for hit in &hits {
                let Some(one) = self.sought.get(hit.index) else {
                    continue;
                };
                let (What::Name(product) | What::Id(product)) = one.what else {
                    continue;
                };
                let own = products.get(product);
                let is_own = own.is_some_and(|product| held_to.contains(&product.id));
                let means_it = one.form != Form::Ending || is_with_ending(&one.text, &hit.text);
                // `~name` finds the name itself, too: then the name is common, not the slip.
                let itself = one.form == Form::Slip && self.is_whole_at(&hits, hit);
                if !is_own && means_it && !itself {
                    common.insert(hit.index);
                }
            }
        }
        // The name with an ending is as common as the name.
        let plain: HashMap<String, usize> = self
            .sought
            .iter()
            .enumerate()
            .filter(|(_, one)| one.form == Form::Whole)
            .map(|(number, one)| (one.text.to_lowercase(), number))
            .collect();
        let all: Vec<bool> = self
            .sought
            .iter()
            .enumerate()
            .map(|(number, one)| {
                let base = plain.get(&one.text.to_lowercase());
                common.contains(&number) || base.is_some_and(|base| common.contains(base))
            })
            .collect();
        for (one, common) in self.sought.iter_mut().zip(all) {
            one.common |= common;
        }
    }

    /// Whether the text of `hit` is a name as it stands.
    fn is_whole_at(&self, hits: &[LexiconHit], hit: &LexiconHit) -> bool {
        hits.iter().any(|other| {
            let whole = self.sought.get(other.index);
            (other.zone, other.span) == (hit.zone, hit.span)
                && whole.is_some_and(|one| one.form == Form::Whole)
        })
    }

    /// What of the registry stands in a message, in order of its texts and places.
    pub fn find(&self, zones: &[FoldedZone<'_>]) -> Vec<Find> {
        let hits = self.lexicon.find_folded(zones, looked_at());
        // What is a name as it stands is no other name with an ending or a slip; what is a name
        // with an ending is none with a slip.
        let taken = |form: Form| -> Vec<(Zone, (usize, usize))> {
            let hits = hits.iter().filter(|hit| {
                let one = self.sought.get(hit.index);
                one.is_some_and(|one| {
                    one.form == form
                        && (form == Form::Whole || is_with_ending(&one.text, &hit.text))
                })
            });
            hits.map(|hit| (hit.zone, hit.span)).collect()
        };
        let (whole, ending) = (taken(Form::Whole), taken(Form::Ending));
        let finds = hits.iter().filter_map(|hit| {
            let one = self.sought.get(hit.index)?;
            let place = (hit.zone, hit.span);
            let stands = match one.form {
                Form::Whole => true,
                Form::Ending => ending.contains(&place) && !whole.contains(&place),
                Form::Slip => !one.common && !whole.contains(&place) && !ending.contains(&place),
            };
            stands.then(|| Find {
                what: one.what,
                zone: hit.zone,
                text: hit.text.clone(),
                common: one.common,
                exact: hit.text.starts_with(&one.text) && one.text.contains(char::is_uppercase),
                slip: one.form == Form::Slip,
            })
        });
        finds.collect()
    }

    /// The names of product `number` that alone do not tell it.
    pub fn common(&self, number: usize) -> impl Iterator<Item = &str> {
        let own = self.sought.iter().filter(move |one| {
            one.what == What::Name(number) && one.form == Form::Whole && one.common
        });
        own.map(|one| one.text.as_str())
    }
}

/// Where names are looked for. Addresses are looked at as addresses; headers repeat what others hold.
fn looked_at() -> ZoneSet {
    let zones = [
        Zone::Subject,
        Zone::Body,
        Zone::Quoted,
        Zone::Signature,
        Zone::Attachment,
    ];
    zones.into_iter().collect()
}

fn whole(what: What, text: &str, common: bool) -> Sought {
    Sought {
        what,
        form: Form::Whole,
        common,
        text: text.to_owned(),
    }
}

/// Every name that somebody wrote down, lower case.
fn explicit(products: &[Product]) -> HashSet<String> {
    let names = products.iter().flat_map(Product::names);
    names.map(str::to_lowercase).collect()
}

/// A product's names in all their forms.
fn name_forms(
    number: usize,
    product: &Product,
    explicit: &HashSet<String>,
    sought: &mut Vec<Sought>,
) {
    for name in product.names() {
        let same = |other: &String| other.to_lowercase() == name.to_lowercase();
        let common = product.common_names.iter().any(same);
        let others = variants(name).into_iter();
        // What is a name of its own is no variant of another.
        let others = others.filter(|other| !explicit.contains(&other.to_lowercase()));
        for text in std::iter::once(name.to_owned()).chain(others) {
            let form = |form| Sought {
                what: What::Name(number),
                form,
                common,
                text: text.clone(),
            };
            sought.push(form(Form::Whole));
            if takes_endings(&text) {
                sought.push(form(Form::Ending));
            }
            if !common && forgives_slips(&text) {
                sought.push(form(Form::Slip));
            }
        }
    }
}

/// A single word of letters, long enough that a slip does not make another word of it.
fn forgives_slips(name: &str) -> bool {
    (TYPO_CHARS_MIN..=TYPO_CHARS_MAX).contains(&name.chars().count())
        && name.chars().all(char::is_alphabetic)
}

/// The ids of products and customers. One that several products have tells none of them.
fn ids(products: &[Product], customers: &Customers, sought: &mut Vec<Sought>) {
    let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
    let mut texts: Vec<(usize, &str)> = Vec::new();
    for (number, product) in products.iter().enumerate() {
        texts.extend(product.ids().map(|id| (number, id)));
    }
    for (number, customer) in customers.all().iter().enumerate() {
        let own = customer.tenant.iter().chain(customer.subscriptions.keys());
        sought.extend(own.map(|id| whole(What::Customer(number), id, false)));
        for (id, product) in &customer.subscriptions {
            let product = products.iter().position(|one| one.id == *product);
            texts.extend(product.map(|product| (product, id.as_str())));
        }
    }
    for (number, id) in &texts {
        let owners = owners.entry(id.to_lowercase()).or_default();
        if !owners.contains(number) {
            owners.push(*number);
        }
    }
    for (number, id) in texts {
        let only = owners
            .get(&id.to_lowercase())
            .is_some_and(|all| all.len() == 1);
        if !only {
            continue;
        }
        // `standard` may be a plan; nobody means it by the word.
        sought.push(if is_unmistakable(id) {
            whole(What::Id(number), id, false)
        } else {
            whole(What::Name(number), id, true)
        });
    }
}

fn is_unmistakable(id: &str) -> bool {
    id.chars().count() >= ID_CHARS_MIN
        && id.contains(|c: char| c.is_ascii_digit() || "-_.:".contains(c))
}
