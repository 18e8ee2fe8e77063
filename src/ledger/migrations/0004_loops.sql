-- Whom forwards are made for, so that a loop is noticed; and what was stopped as one: rare among
-- the events, and asked for by `status`. The conditions stand word for word in ledger/loops.rs.
CREATE INDEX ticket_forwards ON ticket (sender, seen_at) WHERE action = 'forward';
CREATE INDEX event_alarm ON event (seq) WHERE kind IN ('looped', 'capped');
