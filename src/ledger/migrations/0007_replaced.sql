-- The few audit lines that tell whether a mailbox was opened since the ledger was replaced.
-- The condition stands word for word in ledger/work.rs.
CREATE INDEX event_replaced ON event (kind, mailbox, seq)
    WHERE kind IN ('repaired', 'mailbox-opened', 'mailbox-accepted');
