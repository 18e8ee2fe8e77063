-- A ticket and all that is answered and asked again about it, by the first ticket. Of the others each
-- names it.
ALTER TABLE ticket ADD COLUMN thread INTEGER REFERENCES ticket (number);
CREATE INDEX ticket_thread ON ticket (thread) WHERE thread IS NOT NULL;

CREATE TABLE thread (
    ticket        INTEGER PRIMARY KEY REFERENCES ticket (number),
    mailbox       TEXT NOT NULL REFERENCES mailbox (name),
    standing      TEXT NOT NULL,
    waiting_since INTEGER,                   -- for a publisher's answer
    due           INTEGER,                   -- when its clock must be looked at
    body          TEXT NOT NULL              -- JSON
);
CREATE INDEX thread_due ON thread (mailbox, due) WHERE due IS NOT NULL;
CREATE INDEX thread_waiting ON thread (waiting_since) WHERE waiting_since IS NOT NULL;

-- Hashes of Message-IDs, case references and the publishers' numbers.
CREATE TABLE thread_key (
    key    BLOB PRIMARY KEY,
    ticket INTEGER NOT NULL REFERENCES ticket (number)
) WITHOUT ROWID;
CREATE INDEX thread_key_ticket ON thread_key (ticket);
