//! One forward on its way through the queue and a lane, with all that is needed to send it, to
//! record what came of it and to hand its source copy to the filer.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::file::Filing;
use super::hand::{Hold, Share};
use super::standing::Standing;
use crate::domain::digest::Digest;
use crate::domain::ids::Folder;
use crate::domain::locator::{Generation, Item};
use crate::domain::plan::Plan;
use crate::ledger::Pen;

/// One forward to be sent.
#[derive(Debug)]
pub struct Job {
    /// Keeps the ticket in hand.
    pub hold: Hold,
    /// The memory its bytes take.
    pub share: Option<Share>,
    /// Where it stands.
    pub standing: Standing,
    /// Where its source copy lies.
    pub item: Item,
    /// In which span that place means this message.
    pub generation: Generation,
    /// Size of the source copy in bytes.
    pub size: u64,
    /// Digest of the source copy.
    pub digest: Digest,
    /// Where it is filed once it was sent.
    pub folder: Folder,
    /// What is sent.
    pub plan: Plan,
    /// The original.
    pub original: Bytes,
    /// In whose name it is recorded.
    pub pen: Arc<Pen>,
    /// Where it goes to be filed.
    pub done: mpsc::Sender<Filing>,
}
