//! Filing: moves settled messages out of the source folder, in batches, and records the proof.
//!
//! A ticket comes here only with [`Effect::Move`](crate::domain::life::Effect::Move). What a move
//! does not prove is looked for; what is nowhere was taken by somebody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::fault::Fault;
use super::hand::{Hands, Hold};
use super::meters::Until;
use super::standing::Standing;
use super::works::Works;
use crate::domain::digest::Digest;
use crate::domain::event::{Actor, Happening, Proof};
use crate::domain::ids::Folder;
use crate::domain::life::{Event, Next, Stage};
use crate::domain::locator::{Generation, Item};
use crate::domain::reason::Reason;
use crate::ledger::{Change, Patch, Pen, Verdict};
use crate::mailbox::Mailbox;
use crate::mailbox::exchange::{Found, Mark, Move, MoveEnd, Sought};

/// Most moves asked for at once.
const BATCH_MAX: usize = 1000;

/// Longest wait for more moves to come along while others are still being worked on.
const GATHER: Duration = Duration::from_millis(200);

/// One message to be filed.
#[derive(Debug)]
pub struct Filing {
    /// Keeps the ticket in hand.
    pub hold: Hold,
    /// Where it stands: decided to be filed, or delivered.
    pub standing: Standing,
    /// Where it lies.
    pub item: Item,
    /// In which span that place means this message.
    pub generation: Generation,
    /// Its size in bytes.
    pub size: u64,
    /// Digest of its bytes, when it was fetched whole.
    pub digest: Option<Digest>,
    /// Where to.
    pub folder: Folder,
    /// Why it goes to quarantine, if it does.
    pub quarantined: Option<Reason>,
}

/// Files what comes in, for one session of one mailbox.
#[derive(Debug)]
pub struct Filer<'a> {
    /// The shared parts.
    pub works: &'a Works,
    /// The open mailbox.
    pub mailbox: &'a Mailbox,
    /// Its generation in this session.
    pub generation: Generation,
    /// In whose name it is recorded.
    pub pen: &'a Pen,
    /// The tickets in hand.
    pub hands: &'a Arc<Hands>,
    /// Where each folder stood when nothing was in doubt.
    pub marks: &'a [Mark],
}

impl Filer<'_> {
    /// Files until the channel is closed or the mailbox is in trouble.
    pub async fn run(&self, filings: &mut mpsc::Receiver<Filing>) -> Result<(), Fault> {
        while let Some(first) = filings.recv().await {
            let mut batch = self.gather(first, filings).await;
            // What was on its way when the folder was rebuilt: its name means another message
            // now. The next look over the folder takes it up.
            batch.retain(|filing| filing.generation == self.generation);
            if !batch.is_empty() {
                self.file(batch).await?;
            }
        }
        Ok(())
    }

    /// Waits for others that are on their way: one big move costs the server far less than many.
    async fn gather(&self, first: Filing, filings: &mut mpsc::Receiver<Filing>) -> Vec<Filing> {
        let until = Instant::now() + GATHER;
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            if let Ok(filing) = filings.try_recv() {
                batch.push(filing);
            } else if self.hands.len() <= batch.len() {
                break;
            } else {
                let freed = self.hands.freed();
                tokio::select! {
                    filing = filings.recv() => match filing {
                        Some(filing) => batch.push(filing),
                        None => break,
                    },
                    () = freed => {}
                    () = tokio::time::sleep_until(until) => break,
                }
            }
        }
        batch
    }

    /// Files again what is still in the source folder after a session broke off. Where filing
    /// takes two steps the copy may be there already: then only the rest is done.
    pub async fn file_again(&self, mut batch: Vec<Filing>) -> Result<(), Fault> {
        if !self.mailbox.files_in_one_step() {
            let found = self.find(&batch).await?;
            let places = places(&found);
            self.mailbox.remove(found).await?;
            let mut changes = Vec::with_capacity(places.len());
            let mut rest = Vec::with_capacity(batch.len());
            for mut filing in batch {
                match places.get(&filing.item) {
                    Some((folder, _)) => changes.push(found_there(&mut filing, folder)?),
                    None => rest.push(filing),
                }
            }
            self.works.record(self.pen, changes).await?;
            batch = rest;
        }
        self.file(batch).await
    }

    async fn find(&self, filings: &[Filing]) -> Result<Vec<Found>, Fault> {
        let sought = filings
            .iter()
            .map(|f| Sought {
                item: f.item.clone(),
                size: f.size,
                digest: f.digest,
            })
            .collect();
        Ok(self.mailbox.find(sought, self.marks.to_vec()).await?)
    }

    async fn file(&self, batch: Vec<Filing>) -> Result<(), Fault> {
        let moves = batch
            .iter()
            .map(|f| Move {
                item: f.item.clone(),
                folder: f.folder.clone(),
            })
            .collect();
        let answers = self.mailbox.settle(moves).await?;
        let mut ends: HashMap<Item, MoveEnd> = answers
            .into_iter()
            .map(|moved| (moved.item, moved.end))
            .collect();
        let mut changes = Vec::with_capacity(batch.len());
        let mut holds = Vec::with_capacity(batch.len());
        let mut doubtful = Vec::new();
        for mut filing in batch {
            match ends.remove(&filing.item) {
                Some(MoveEnd::Proved(proof)) => {
                    changes.push(filed(&mut filing, proof)?);
                    holds.push((filing.hold, filing.standing.since));
                }
                Some(MoveEnd::Stayed { why }) => {
                    let ticket = filing.standing.id.reference();
                    let folder = filing.folder.as_str();
                    tracing::warn!(%ticket, folder, why, "stays in its folder for now");
                }
                Some(MoveEnd::Unproved) | None => doubtful.push(filing),
            }
        }
        let verdicts = self.works.record(self.pen, changes).await?;
        for ((hold, since), verdict) in holds.into_iter().zip(verdicts) {
            drop(hold);
            if verdict == Verdict::Written {
                self.works.meters.waited(Until::Settled, since);
            }
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        self.look(doubtful).await
    }

    /// Looks for messages that left the source folder without a proof of where they went.
    pub async fn look(&self, mut doubtful: Vec<Filing>) -> Result<(), Fault> {
        let places = places(&self.find(&doubtful).await?);
        let mut changes = Vec::with_capacity(doubtful.len());
        for filing in &mut doubtful {
            let change = match places.get(&filing.item) {
                Some((folder, copies)) => {
                    if *copies > 1 {
                        tracing::error!(
                            ticket = %filing.standing.id.reference(),
                            %folder,
                            copies,
                            "lies there more than once: another program moves mail in this mailbox"
                        );
                    }
                    found_there(filing, folder)?
                }
                None => gone(filing, None)?,
            };
            changes.push(change);
        }
        self.works.record(self.pen, changes).await?;
        Ok(())
    }
}

/// Where each message lies, and how many copies of it there are.
fn places(found: &[Found]) -> HashMap<Item, (Folder, u32)> {
    let mut places: HashMap<Item, (Folder, u32)> = HashMap::new();
    for one in found {
        let place = places
            .entry(one.item.clone())
            .or_insert((one.folder.clone(), 0));
        place.1 += one.copies;
    }
    places
}

/// Whether this stage is one in which the message may have been moved by us.
fn was_to_be_moved(stage: &Stage) -> bool {
    matches!(
        stage,
        Stage::Delivered
            | Stage::Decided {
                next: Next::File | Next::Quarantine
            }
    )
}

fn filed(filing: &mut Filing, proof: Proof) -> Result<Change, Fault> {
    let folder = filing.folder.clone();
    let happening = match (&filing.standing.life.stage, filing.quarantined.take()) {
        (
            Stage::Decided {
                next: Next::Quarantine,
            },
            reason,
        ) => Happening::Quarantined {
            folder,
            reason: reason.unwrap_or(Reason::Poison {
                tries: filing.standing.life.tries,
            }),
        },
        _ => Happening::Settled { folder, proof },
    };
    let (change, _) =
        filing
            .standing
            .step(&Event::Moved, Patch::default(), Actor::Triaged, happening)?;
    Ok(change)
}

/// It lies in one of our folders: by our own move, or because a person filed it.
fn found_there(filing: &mut Filing, folder: &Folder) -> Result<Change, Fault> {
    if was_to_be_moved(&filing.standing.life.stage) {
        filing.folder = folder.clone();
        return filed(filing, Proof::Looked);
    }
    gone(filing, Some(folder))
}

/// It is not in the source folder any more, and not by our doing; perhaps it was `found`.
fn gone(filing: &mut Filing, found: Option<&Folder>) -> Result<Change, Fault> {
    let happening = if filing.standing.life.stage == Stage::Delivered {
        Happening::Settled {
            folder: filing.folder.clone(),
            proof: Proof::ByOther,
        }
    } else {
        Happening::Withdrawn {
            sent_perhaps: filing.standing.life.attempts > 0,
            found: found.cloned(),
        }
    };
    let (change, _) = filing.standing.step(
        &Event::Vanished,
        Patch::default(),
        Actor::Triaged,
        happening,
    )?;
    Ok(change)
}
