//! `triaged ticket ID --sheet`: what a request to Microsoft asks for, ready to be pasted into
//! Partner Center.
//!
//! It holds what ledger and registry know. The words of the mail itself are not in the ledger:
//! whoever pastes it copies them from the mail.

use std::fmt::Write as _;

use super::print::one_line;
use crate::config::Config;
use crate::domain::decision::{Evidence, Owner};
use crate::domain::ticket::Ticket;
use crate::registry::Registry;

/// Hits shown, at most.
const HITS_MAX: usize = 8;

/// The sheet; `None` for a ticket that is not decided yet.
pub fn request(ticket: &Ticket, config: &Config) -> Option<String> {
    let decision = ticket.decision.as_ref()?;
    let policy = &config.policy;
    let registry = &policy.registry;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let value = one_line(value, 200);
        if !value.is_empty() {
            // Writing to a string never fails.
            let _ = writeln!(out, "{name:<14} {value}");
        }
    };
    line("Our reference", &ticket.id.reference());
    line("Partner", &policy.partner);
    line("About", decision.category.as_ref()?.as_str());
    line("Priority", decision.priority.as_str());
    line(
        "Reported",
        &ticket.seen_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    );
    line("By", &ticket.summary.from);
    line("Subject", &ticket.summary.subject);
    let customer = decision.customer.as_ref();
    if let Some(customer) = customer.and_then(|id| registry.customers().get(id)) {
        line("Customer", &customer.name);
        line("Tenant", customer.tenant.as_deref().unwrap_or_default());
        line("Provider", customer.provider.as_deref().unwrap_or_default());
        line("Reseller", customer.reseller.as_deref().unwrap_or_default());
        for (id, product) in &customer.subscriptions {
            line(
                "Subscription",
                &format!("{id} ({})", name(registry, product)),
            );
        }
    }
    if let Some(product) = decision
        .product
        .as_ref()
        .and_then(|hit| registry.product(&hit.product))
    {
        line(
            "Product",
            &format!("{}, {}", product.name, product.publisher),
        );
        line("Offer", &product.offers.join(", "));
        line("Plan", &product.plans.join(", "));
        line("SKU", &product.skus.join(", "));
    }
    let speaks =
        |hit: &&Evidence| hit.weight > 0.0 && Some(&hit.category) == decision.category.as_ref();
    let mut hits: Vec<String> = Vec::new();
    for hit in decision.evidence.iter().filter(speaks) {
        let told = format!("`{}`", one_line(&hit.text, 60));
        if !hits.contains(&told) {
            hits.push(told);
        }
    }
    hits.truncate(HITS_MAX);
    line("It says", &hits.join(", "));
    if decision.owner != Some(Owner::Microsoft) {
        let owner = decision.owner.map_or("nobody", Owner::as_str);
        line(
            "Note",
            &format!("by contract this is for `{owner}`, not for Microsoft"),
        );
    }
    Some(out)
}

fn name(registry: &Registry, id: &crate::domain::ids::ProductId) -> String {
    registry
        .product(id)
        .map_or_else(|| id.to_string(), |product| product.name.clone())
}
