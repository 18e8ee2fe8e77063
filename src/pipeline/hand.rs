//! Which tickets are in hand at this moment, and how much memory their messages take.
//!
//! A ticket is in hand from the moment its work begins until it is settled, waits, or its work is
//! given up; the [`Hold`] it travels with says so and ends by being dropped. What is not in hand
//! is in the ledger, and only there: after any fault the ledger is asked anew.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::domain::ids::TicketId;

/// The unit in which memory is counted, in bytes.
const UNIT: u64 = 1024;

/// What can be in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InHand {
    /// A ticket.
    Ticket(TicketId),
    /// A letter, by its row in the ledger.
    Letter(i64),
}

impl From<TicketId> for InHand {
    fn from(id: TicketId) -> Self {
        Self::Ticket(id)
    }
}

/// The tickets and letters of one mailbox that are in hand.
#[derive(Debug, Default)]
pub struct Hands {
    ids: Mutex<HashSet<InHand>>,
    freed: Notify,
    let_go: AtomicU64,
}

/// One ticket or letter in hand; dropping it lets go.
#[derive(Debug)]
pub struct Hold {
    hands: Arc<Hands>,
    id: InHand,
}

impl Hands {
    /// Takes a ticket or letter in hand; `None` when it is already.
    pub fn take(self: &Arc<Self>, id: impl Into<InHand>) -> Option<Hold> {
        let id = id.into();
        let fresh = self.lock().insert(id);
        fresh.then(|| Hold {
            hands: Arc::clone(self),
            id,
        })
    }

    /// How many are in hand.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Whether this one is.
    pub fn has(&self, id: impl Into<InHand>) -> bool {
        self.lock().contains(&id.into())
    }

    /// How many were let go since the start.
    pub fn let_go(&self) -> u64 {
        self.let_go.load(Ordering::Relaxed)
    }

    /// Returns once at least one ticket was let go after this call began.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<InHand>> {
        // A set of identifiers is whole whatever a panicking thread was doing with it.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.hands.lock().remove(&self.id);
        self.hands.let_go.fetch_add(1, Ordering::Relaxed);
        self.hands.freed.notify_waiters();
    }
}

/// The memory that messages may take, over all mailboxes.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

/// A part of the budget; dropping it gives it back.
#[derive(Debug)]
pub struct Share(OwnedSemaphorePermit);

impl Budget {
    /// A budget of `bytes`, at least one unit of 1 KiB.
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX >> 4).max(1);
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// The largest batch that leaves room for another to be fetched meanwhile, in bytes.
    pub fn batch(&self) -> u64 {
        u64::from(self.all / 4).max(1) * UNIT
    }

    /// Waits for room for `bytes`. More than the whole budget is taken as the whole: a single
    /// huge message then has the memory to itself.
    pub async fn take(&self, bytes: u64) -> Option<Share> {
        Arc::clone(&self.units)
            .acquire_many_owned(self.units_of(bytes))
            .await
            .ok()
            .map(Share)
    }

    /// As [`Self::take`], without waiting.
    pub fn try_take(&self, bytes: u64) -> Option<Share> {
        Arc::clone(&self.units)
            .try_acquire_many_owned(self.units_of(bytes))
            .ok()
            .map(Share)
    }

    fn units_of(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .clamp(1, self.all)
    }
}

impl Share {
    /// Splits off what `bytes` need, at most what is there.
    pub fn split(&mut self, bytes: u64) -> Option<Self> {
        let units = usize::try_from(bytes.div_ceil(UNIT)).unwrap_or(usize::MAX);
        let units = units.min(self.0.num_permits());
        self.0.split(units).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_in_hand_once_and_is_let_go() {
        let hands = Arc::new(Hands::default());
        let id = TicketId::new([1; 16]);
        let hold = hands.take(id);
        assert!(hold.is_some() && hands.take(id).is_none());
        drop(hold);
        assert!(hands.is_empty() && hands.take(id).is_some());
    }

    #[test]
    fn shares_come_back_and_a_huge_message_takes_all() {
        let budget = Budget::new(64 * 1024);
        let mut all = budget.try_take(1 << 40).expect("the whole budget");
        assert!(budget.try_take(1).is_none());
        let part = all.split(10 * 1024);
        drop(all);
        assert!(budget.try_take(54 * 1024).is_some());
        assert!(budget.try_take(55 * 1024).is_none());
        drop(part);
        assert!(budget.try_take(64 * 1024).is_some());
    }
}
