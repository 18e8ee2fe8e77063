//! `[limits]`: the named bounds an operator may turn.

/// Bounds on memory and on patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of message text held in memory at once, over all mailboxes.
    pub memory: u64,
    /// Messages fetched, decided and committed together.
    pub batch: usize,
    /// How often reading a message is tried before it is quarantined.
    pub tries: u32,
    /// How many old messages may be sent again after a folder was rebuilt before a person must
    /// say so.
    pub resync: u64,
    /// Most acknowledgements in a day.
    pub acknowledgements: usize,
    /// Most acknowledgements to one domain in a day.
    pub acknowledgements_per_domain: usize,
    /// How many forwards one sender can cause in a day.
    pub sender_per_day: usize,
    /// How many forwards one sender can cause in a day under one subject.
    pub matter_per_day: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 16 << 20,
            batch: 200,
            tries: 3,
            resync: 20,
            acknowledgements: 500,
            acknowledgements_per_domain: 20,
            sender_per_day: 30,
            matter_per_day: 4,
        }
    }
}
