-- Mail beside the forward. The ticket's own row says nothing of it.
CREATE TABLE letter (
    number     INTEGER PRIMARY KEY,
    ticket     INTEGER NOT NULL REFERENCES ticket (number),
    mailbox    TEXT NOT NULL REFERENCES mailbox (name),
    purpose    TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    domain     TEXT NOT NULL,                -- the recipient's
    message_id TEXT NOT NULL UNIQUE,         -- the same letter is written once
    stage      TEXT NOT NULL,
    hold       TEXT,                         -- JSON: why it was given up
    attempts   INTEGER NOT NULL,
    until      INTEGER,
    body       TEXT,                         -- JSON; gone once it was sent
    made_at    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended      INTEGER NOT NULL DEFAULT 0    -- 1 when nothing is left to do
);
CREATE INDEX letter_unfinished ON letter (mailbox, number) WHERE ended = 0;
CREATE INDEX letter_ticket ON letter (ticket);
CREATE INDEX letter_made ON letter (purpose, made_at);
