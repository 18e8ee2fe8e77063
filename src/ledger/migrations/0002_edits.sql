-- What was done to the rules, and where a shadow would have gone elsewhere: rare among the events,
-- and asked for by `status`. The conditions stand word for word in ledger/edits.rs.
CREATE INDEX event_edit ON event (seq) WHERE kind IN ('started', 'reloaded', 'reload-refused');
CREATE INDEX event_shadow ON event (seq) WHERE kind = 'shadow-differed';
