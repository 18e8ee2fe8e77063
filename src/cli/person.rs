//! `triaged hold`, `release`, `retry` and `reroute`: what a person wants done with a ticket.
//!
//! A person writes the same steps the daemon writes, in the ledger; a daemon that runs notices
//! within a second or two, one that does not finds them at its next start.

use jiff::Timestamp;

use super::args::{PersonArgs, RerouteArgs};
use super::failure::Failure;
use super::print::one_line;
use super::print::say;
use super::state;
use crate::config::{Config, Outline};
use crate::domain::decision::{Action, Decision, ProductHit, Step, Zone};
use crate::domain::event::{Actor, Entry, Happening};
use crate::domain::ids::{Folder, ProductId};
use crate::domain::kind::Kind;
use crate::domain::life::{Event, Next, step};
use crate::domain::reason::{HoldReason, Reason};
use crate::domain::ticket::Ticket;
use crate::ledger::{Change, Ledger, Patch, Pen, StageKey, Verdict};
use crate::pipeline::crew::folders;

/// What a person can want of a ticket as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Leave it alone.
    Hold,
    /// Go on with it.
    Release,
    /// Try again now.
    Retry,
}

/// Does the same with each ticket named.
pub async fn wish(config: &Outline, wish: Wish, args: &PersonArgs) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    let by = state::person();
    for typed in &args.tickets {
        let ticket = state::ticket(&ledger, typed).await?;
        let (event, happening, done) = match wish {
            Wish::Hold => {
                let reason = HoldReason::Person { by: by.clone() };
                (
                    Event::Hold(reason.clone()),
                    Happening::Held { reason },
                    "held",
                )
            }
            Wish::Release => (Event::Release, Happening::Released, "released"),
            Wish::Retry => (Event::Retry, Happening::Retried, "will be tried again"),
        };
        write(&ledger, &ticket, &event, Patch::default(), happening, &by).await?;
        say!("{} {done}", ticket.id.reference());
    }
    Ok(())
}

/// Gives a ticket another destination.
pub async fn reroute(config: &Config, args: &RerouteArgs) -> Result<(), Failure> {
    let ledger = state::open(&config.state_dir).await?;
    let by = state::person();
    let ticket = state::ticket(&ledger, &args.ticket).await?;
    let mut decision = ticket.decision.clone().ok_or_else(|| {
        Failure::failed(format!("{} is not decided yet", ticket.id.reference()))
            .hint("wait until it is, or hold it")
    })?;
    decision.reason = Reason::Person { by: by.clone() };
    let (next, told) = if let Some(folder) = &args.folder {
        let folder = known_folder(config, folder)?;
        decision.action = Action::Keep;
        decision.recipient = None;
        decision.folder = folder.clone();
        (Next::File, format!("folder `{folder}`"))
    } else {
        let id = ProductId::from(args.product.as_deref().unwrap_or_default());
        let address = contact(config, &id)?;
        if decision.kind != Kind::Ticket {
            return Err(Failure::failed(format!(
                "{} is of kind `{}`, which is never forwarded",
                ticket.id.reference(),
                decision.kind
            ))
            .hint("file it with `--folder`, or forward it by hand from your mail program"));
        }
        decision.action = Action::Forward;
        decision.recipient = Some(address.clone());
        decision.folder = forwarded_folder(config, &decision);
        decision.product = Some(ProductHit {
            product: id,
            text: by.clone(),
            zone: Zone::Header,
            step: Step::Person,
        });
        (Next::Send, format!("`{address}`"))
    };
    let happening = Happening::Rerouted {
        recipient: decision.recipient.clone(),
        folder: decision.folder.clone(),
    };
    let patch = Patch {
        folder: Some(decision.folder.clone()),
        decision: Some(decision),
        ..Patch::default()
    };
    write(
        &ledger,
        &ticket,
        &Event::Reroute(next),
        patch,
        happening,
        &by,
    )
    .await?;
    say!("{} goes to {told}", ticket.id.reference());
    Ok(())
}

fn known_folder(config: &Config, typed: &str) -> Result<Folder, Failure> {
    let all = folders(&config.policy.routing);
    all.iter()
        .find(|folder| folder.as_str() == typed)
        .cloned()
        .ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|folder| format!("`{folder}`")).collect();
            Failure::usage(format!(
                "`{}` is no folder of this configuration",
                one_line(typed, 60)
            ))
            .hint(format!("one of: {}", names.join(", ")))
        })
}

fn contact(config: &Config, id: &ProductId) -> Result<crate::domain::address::Address, Failure> {
    let product = config.policy.registry.product(id).ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is no product of the registry",
            one_line(id.as_str(), 60)
        ))
    })?;
    let contact = product
        .contacts
        .technical
        .as_ref()
        .ok_or_else(|| Failure::failed(format!("product `{id}` has no technical contact")))?;
    if !config.policy.allow.allows(&contact.address) {
        return Err(Failure::failed(format!(
            "`{}` is not on the allow-list",
            contact.address
        )));
    }
    Ok(contact.address.clone())
}

/// Where a forward is filed: as its own category says, if that is one that is forwarded, else as
/// the first that is.
fn forwarded_folder(config: &Config, decision: &Decision) -> Folder {
    let routes = &config.policy.routing.categories;
    let own = decision.category.as_ref().and_then(|own| routes.get(own));
    own.into_iter()
        .chain(routes.values())
        .find(|route| route.action == Action::Forward)
        .map_or_else(|| decision.folder.clone(), |route| route.folder.clone())
}

async fn write(
    ledger: &Ledger,
    ticket: &Ticket,
    event: &Event,
    patch: Patch,
    happening: Happening,
    by: &str,
) -> Result<(), Failure> {
    let (life, _) = step(&ticket.life, event).map_err(|error| {
        Failure::failed(format!("{}: {error}", ticket.id.reference())).hint(format!(
            "`triaged ticket {}` shows where it stands",
            ticket.id.reference()
        ))
    })?;
    let entry = Entry {
        at: Timestamp::now(),
        actor: Actor::Person(by.to_owned()),
        mailbox: Some(ticket.mailbox.clone()),
        ticket: Some(ticket.id),
        happening,
    };
    let expected = StageKey::of(ticket);
    let change = Change::Step {
        ticket: ticket.id,
        expected,
        life,
        patch,
        entry,
    };
    match ledger.record(&Pen::Person, vec![change]).await?.as_slice() {
        [Verdict::Written] => Ok(()),
        _ => Err(
            Failure::failed(format!("{} changed meanwhile", ticket.id.reference()))
                .hint("look at it again, then repeat"),
        ),
    }
}
