//! Files messages, and believes only what is proved.
//!
//! A message counts as filed when a COPYUID names its UID. What no COPYUID names is looked for in
//! the source folder: if it is there it stayed, if not nobody here can say where it is. Without
//! MOVE a message is copied, and only when the copy is proved it is marked `\Deleted` and removed
//! by UID EXPUNGE; a plain EXPUNGE, which would remove what others marked, is never given.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::event::Proof;
use crate::domain::ids::Folder;
use crate::domain::locator::Item;
use crate::mailbox::exchange::{Move, MoveEnd, Moved, Trouble};

use super::batch::{Batch, Step};
use super::line::{Code, Line};
use super::names::quoted;
use super::open::PATIENCE;
use super::reply::Reply;
use super::session::{Filing, Session, uid_of};
use super::uids::{UIDS_MAX, UidSet, sets};

/// Time without any progress after which a move counts as unanswered. Long, because an answer
/// that is not waited for makes a move uncertain.
const MOVE_PATIENCE: Duration = Duration::from_mins(5);

/// Files `moves`; each of them is in the answer once.
pub(super) async fn settle(session: &mut Session, moves: &[Move]) -> Result<Vec<Moved>, Trouble> {
    let mut by_folder: BTreeMap<&Folder, Vec<u32>> = BTreeMap::new();
    for wish in moves {
        if let Some(uid) = uid_of(&wish.item) {
            by_folder.entry(&wish.folder).or_default().push(uid);
        }
    }
    let mut orders: Vec<(UidSet, String)> = Vec::new();
    for (folder, uids) in by_folder {
        let name = quoted(session.name(folder)?);
        let sets = sets(uids, UIDS_MAX).into_iter();
        orders.extend(sets.map(|set| (set, name.clone())));
    }
    let verb = match session.filing {
        Filing::Move => "MOVE",
        Filing::Copy => "COPY",
    };
    let mut outcome = Outcome::default();
    transfer(session, &orders, verb, &mut outcome).await?;
    let mut present = present(session, outcome.unproved(&orders)).await?;
    if outcome.proved.is_empty() {
        // Nothing was moved, so nothing is lost by stopping here.
        for reply in outcome.replies.values() {
            reply.patience()?;
        }
    }
    let spoiled = spoiled(orders, &outcome, &present);
    if !spoiled.is_empty() {
        transfer(session, &spoiled, verb, &mut outcome).await?;
        present = self::present(session, outcome.unproved(&spoiled))
            .await?
            .into_iter()
            .chain(present)
            .collect();
    }
    if session.filing == Filing::Copy {
        remove(session, outcome.proved.iter().copied().collect()).await?;
    }
    let end = |item: &Item| match uid_of(item) {
        Some(uid) if outcome.proved.contains(&uid) => MoveEnd::Proved(Proof::Copyuid),
        Some(uid) if present.contains(&uid) => MoveEnd::Stayed {
            why: outcome.why(uid),
        },
        _ => MoveEnd::Unproved,
    };
    let ended = moves.iter().map(|wish| Moved {
        item: wish.item.clone(),
        end: end(&wish.item),
    });
    Ok(ended.collect())
}

/// Removes from the source folder what was found, by a look, to lie in its folder already: the
/// end of a filing that was cut off between its steps. Only servers without MOVE need it.
///
/// # Errors
/// [`Trouble::Unsafe`] when the server does not remove them.
pub(super) async fn remove(session: &mut Session, uids: Vec<u32>) -> Result<(), Trouble> {
    if session.filing == Filing::Move || uids.is_empty() {
        return Ok(());
    }
    let sets = sets(uids, UIDS_MAX);
    let steps = [
        ("UID STORE", " +FLAGS.SILENT (\\Deleted)"),
        ("UID EXPUNGE", ""),
    ];
    for (verb, what) in steps {
        let commands = sets.iter().map(|set| format!("{verb} {}{what}", set.text));
        let mut batch = Batch::new(commands, MOVE_PATIENCE);
        let mut refusal: Option<Reply> = None;
        while let Some(step) = batch.next(&mut session.talk).await? {
            if let Step::Done { reply, .. } = step
                && !reply.ok()
            {
                refusal = Some(reply);
            }
        }
        if let Some(reply) = refusal {
            unmark(session, &sets).await?;
            reply.patience()?;
            let reply = reply.text();
            return Err(Trouble::Unsafe(format!(
                "the server refused {verb} after a copy was made, so nothing can be filed here \
                 without doubling it: {reply}"
            )));
        }
    }
    Ok(())
}

/// What is worth a second try: some servers move nothing of a set of which one message is gone.
fn spoiled(
    orders: Vec<(UidSet, String)>,
    outcome: &Outcome,
    present: &BTreeSet<u32>,
) -> Vec<(UidSet, String)> {
    let mut again = Vec::new();
    for (set, name) in orders {
        let stayed = set.uids.iter().filter(|uid| present.contains(uid));
        let stayed: Vec<u32> = stayed.copied().collect();
        let gone = |uid: &u32| !present.contains(uid) && !outcome.proved.contains(uid);
        if !stayed.is_empty() && set.uids.iter().any(gone) {
            let sets = sets(stayed, UIDS_MAX).into_iter();
            again.extend(sets.map(|set| (set, name.clone())));
        }
    }
    again
}

/// Takes `\Deleted` back, so that nobody's EXPUNGE removes what we could not.
async fn unmark(session: &mut Session, sets: &[UidSet]) -> Result<(), Trouble> {
    let commands = sets
        .iter()
        .map(|set| format!("UID STORE {} -FLAGS.SILENT (\\Deleted)", set.text));
    let mut batch = Batch::new(commands, PATIENCE);
    while let Some(step) = batch.next(&mut session.talk).await? {
        if let Step::Done { reply, .. } = step
            && !reply.ok()
        {
            tracing::warn!(reply = %reply.text(), "messages stay marked \\Deleted in the source folder");
        }
    }
    Ok(())
}

/// What came of MOVE or COPY commands.
#[derive(Debug, Default)]
struct Outcome {
    /// UIDs that a COPYUID named.
    proved: BTreeSet<u32>,
    /// How the last command ended that held this UID.
    replies: HashMap<u32, Arc<Reply>>,
}

impl Outcome {
    fn unproved(&self, orders: &[(UidSet, String)]) -> Vec<u32> {
        let asked = orders.iter().flat_map(|(set, _)| &set.uids);
        let unproved = asked.filter(|uid| !self.proved.contains(uid));
        unproved.copied().collect()
    }

    fn why(&self, uid: u32) -> String {
        match self.replies.get(&uid) {
            Some(reply) if !reply.ok() => reply.text(),
            Some(reply) => format!("the server said {} but did not move it", reply.text()),
            None => "the server did not say why".into(),
        }
    }
}

async fn transfer(
    session: &mut Session,
    orders: &[(UidSet, String)],
    verb: &str,
    outcome: &mut Outcome,
) -> Result<(), Trouble> {
    let commands = orders
        .iter()
        .map(|(set, name)| format!("UID {verb} {} {name}", set.text));
    let mut batch = Batch::new(commands, MOVE_PATIENCE);
    while let Some(step) = batch.next(&mut session.talk).await? {
        match step {
            // Most servers say it untagged before the EXPUNGEs (RFC 6851 §4.3). Which command it
            // belongs to is told by its UIDs: Dovecot finishes pipelined commands together.
            Step::Line {
                line:
                    Line::Ok {
                        code: Code::Copyuid(code),
                        ..
                    },
                ..
            } => {
                batch.progress();
                for (set, _) in orders {
                    outcome.proved.extend(code.proves(&set.uids));
                }
            }
            Step::Line {
                line: Line::Expunge,
                ..
            } => batch.progress(),
            Step::Line { .. } => {}
            Step::Done { index, reply } => {
                let Some((set, _)) = orders.get(index) else {
                    continue;
                };
                // Gmail says it in the tagged reply.
                if let (true, Code::Copyuid(code)) = (reply.ok(), &reply.code) {
                    outcome.proved.extend(code.proves(&set.uids));
                }
                let reply = Arc::new(reply);
                let each = set.uids.iter().map(|uid| (*uid, reply.clone()));
                outcome.replies.extend(each);
            }
        }
    }
    Ok(())
}

/// Which of `uids` the source folder still shows.
async fn present(session: &mut Session, uids: Vec<u32>) -> Result<BTreeSet<u32>, Trouble> {
    let mut present = BTreeSet::new();
    let sets = sets(uids, UIDS_MAX);
    let commands = sets
        .iter()
        .map(|set| format!("UID FETCH {} (UID)", set.text));
    let mut batch = Batch::new(commands, PATIENCE);
    while let Some(step) = batch.next(&mut session.talk).await? {
        match step {
            Step::Line {
                line: Line::Fetch(found),
                ..
            } => present.extend(found.uid),
            Step::Line { .. } => {}
            Step::Done { reply, .. } => reply.demand("UID FETCH")?,
        }
    }
    Ok(present)
}
