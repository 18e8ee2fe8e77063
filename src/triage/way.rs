//! Where a ticket goes once its category is told: which owner, what is done, and what forbids it.
//!
//! Each step can only make the way more careful: nothing leaves unless every one of them says so.
//! What of the message leaves is [`super::leaving`]'s.

use super::circle;
use super::decide::Ticket;
use super::mixed;
use super::policy::Policy;
use super::routing::{Route, Routing};
use crate::domain::address::Address;
use crate::domain::decision::{Action, Evidence, Owner, ProductHit, Score};
use crate::domain::ids::{CategoryId, CustomerId, ProductId};
use crate::domain::reason::Reason;
use crate::registry::ProductTold;
use crate::registry::product::{Attachments, Product, Technical};
use crate::rules::{Circumstances, RuleSet, Verdict};

/// Where a ticket goes and why, before it is put into a decision.
pub(super) struct Way {
    pub action: Action,
    pub recipient: Option<Address>,
    pub reason: Reason,
}

/// A person decides.
pub(super) const fn review(reason: Reason) -> Way {
    Way {
        action: Action::Review,
        recipient: None,
        reason,
    }
}

/// Where categories go for one customer.
#[derive(Clone, Copy)]
pub(super) struct Routes<'a> {
    pub routing: &'a Routing,
    pub customer: Option<&'a CustomerId>,
}

impl<'a> Routes<'a> {
    /// A category without a route cannot come from a checked configuration; it is reviewed.
    pub fn of(self, category: &CategoryId) -> std::borrow::Cow<'a, Route> {
        let own = self.customer.and_then(|id| self.routing.customers.get(id));
        let own = own.and_then(|routes| routes.get(category));
        let routes = &self.routing.categories;
        match own
            .or_else(|| routes.get(category))
            .or_else(|| routes.get(CategoryId::REVIEW))
        {
            Some(route) => std::borrow::Cow::Borrowed(route),
            None => std::borrow::Cow::Owned(Route {
                owner: Owner::Partner,
                action: Action::Review,
                folder: self.routing.quarantine.clone(),
                first_line: self.routing.quarantine.clone(),
            }),
        }
    }

    /// Whether tickets of a category stay in the house.
    pub fn keeps(self, category: &CategoryId) -> bool {
        !self.routing.categories.contains_key(category) || !self.of(category).goes_out()
    }
}

/// What of a kept category forbids sending a ticket out: its points together, or a single hit,
/// whatever takes others back.
pub(super) fn leak(
    policy: &Policy,
    routes: Routes<'_>,
    strongest: Option<&Score>,
    evidence: &[Evidence],
) -> Option<Reason> {
    let guarded = |category: &CategoryId, points: f64| Reason::Guarded {
        category: category.clone(),
        points,
    };
    let guard = policy.rules.settings().guard;
    if let Some(against) = strongest.filter(|against| against.points >= guard) {
        return Some(guarded(&against.category, against.points));
    }
    let hit = evidence
        .iter()
        .find(|hit| routes.keeps(&hit.category) && hit.weight >= policy.hit_guard)?;
    Some(guarded(&hit.category, hit.weight))
}

impl Ticket<'_> {
    /// To the publisher's desk, if nothing speaks against it.
    pub(super) fn forward(
        &self,
        policy: &Policy,
        rules: &RuleSet,
        verdict: &Verdict,
        category: &CategoryId,
        product: &ProductTold,
        routes: Routes<'_>,
    ) -> Way {
        let against = verdict.strongest(|category| routes.keeps(category));
        let against = against.filter(|against| against.points >= rules.settings().guard);
        if let Some(reason) = leak(policy, routes, against, &verdict.evidence) {
            return review(reason);
        }
        let (points, threshold) = (verdict.points(category), rules.settings().forward_threshold);
        if points < threshold {
            return review(Reason::TooWeak { points, threshold });
        }
        self.to_publisher(policy, product)
    }

    /// The technical paragraphs to the publisher, where a mail is held back for being about
    /// something else, too; with the category they are of.
    #[expect(clippy::too_many_arguments, reason = "all that was found out so far")]
    pub(super) fn split(
        &self,
        policy: &Policy,
        rules: &RuleSet,
        verdict: &Verdict,
        way: &Way,
        product: &ProductTold,
        routes: Routes<'_>,
        around: &Circumstances<'_>,
    ) -> Option<(CategoryId, Way)> {
        if !matches!(way.reason, Reason::Guarded { .. } | Reason::TooClose { .. }) {
            return None;
        }
        let outward = verdict.strongest(|category| !routes.keeps(category))?;
        let rest = verdict.strongest(|category| routes.keeps(category))?;
        if outward.points < rules.settings().forward_threshold || rest.points <= 0.0 {
            return None;
        }
        mixed::technical_part(self.asked, rules, around, |category| routes.keeps(category))?;
        let split = self.to_publisher(policy, product);
        let rest = rest.category.clone();
        (split.action == Action::Forward).then(|| {
            let reason = Reason::Split { rest };
            (outward.category.clone(), Way { reason, ..split })
        })
    }

    /// To the desk of the product's publisher, if there is one, and what would leave can be judged.
    fn to_publisher(&self, policy: &Policy, product: &ProductTold) -> Way {
        let hit = match told_surely(policy, product) {
            Ok(hit) => hit,
            Err(reason) => return review(reason),
        };
        let Some(known) = policy.registry.product(&hit.product) else {
            return review(Reason::NoProduct);
        };
        let desk = known.contacts.technical.as_ref();
        self.to_desk(policy, known, desk.map(|desk| desk.address.clone()))
    }

    /// To `desk`, one of the product's publisher, if nothing about product, desk or message forbids
    /// it.
    pub(super) fn to_desk(&self, policy: &Policy, known: &Product, desk: Option<Address>) -> Way {
        let product = known.id.clone();
        let support = &known.support;
        if support.technical == Technical::Keep {
            return Way {
                action: Action::Keep,
                recipient: None,
                reason: Reason::FirstLine { product },
            };
        }
        if let Some(language) = self.language
            && !support.languages.is_empty()
            && !support.languages.contains(&language)
        {
            return review(Reason::Foreign { product, language });
        }
        let attachments = self.message.attachments.len();
        if support.redact && support.attachments == Attachments::Send && attachments > 0 {
            return review(Reason::Unjudged {
                product,
                attachments,
            });
        }
        let Some(recipient) = desk else {
            return review(Reason::NoContact { product });
        };
        if !policy.allow.allows(&recipient) {
            return review(Reason::NotAllowed { recipient });
        }
        if let Some(sign) = circle::returns(self.message, &recipient) {
            return review(Reason::Loop { sign });
        }
        Way {
            action: Action::Forward,
            recipient: Some(recipient),
            reason: Reason::Forwarded,
        }
    }
}

/// The product, if it is one and told surely enough.
fn told_surely<'a>(policy: &Policy, product: &'a ProductTold) -> Result<&'a ProductHit, Reason> {
    let hit = match product {
        ProductTold::One(hit) => hit,
        ProductTold::Several(products) => {
            let products = first_four(products);
            return Err(Reason::SeveralProducts { products });
        }
        ProductTold::Owned(customer, products) => {
            return Err(Reason::SeveralOwned {
                customer: customer.clone(),
                products: first_four(products),
            });
        }
        ProductTold::Common(hit) => {
            return Err(Reason::CommonName {
                product: hit.product.clone(),
                text: hit.text.clone(),
            });
        }
        ProductTold::None => return Err(Reason::NoProduct),
    };
    let (confidence, threshold) = (hit.step.confidence(), policy.product_confidence);
    if confidence < threshold {
        return Err(Reason::UnsureProduct {
            product: hit.product.clone(),
            step: hit.step,
            confidence,
            threshold,
        });
    }
    Ok(hit)
}

fn first_four(products: &[ProductId]) -> Vec<ProductId> {
    products.iter().take(4).cloned().collect()
}
