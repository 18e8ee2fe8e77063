-- Times are microseconds since 1970; what is absent is NULL.

CREATE TABLE mailbox (
    name       TEXT PRIMARY KEY,
    generation INTEGER,                      -- UIDVALIDITY when it was last opened
    baseline   TEXT,                         -- JSON: what is left alone since the first run
    accepted   INTEGER NOT NULL DEFAULT 0,   -- whether the first run may go on
    marks      TEXT,                         -- JSON: UIDVALIDITY and UIDNEXT of the folders
    holder     TEXT,                         -- the lease: who has it,
    epoch      INTEGER NOT NULL DEFAULT 0,   -- how often it changed hands,
    until      INTEGER                       -- and until when it holds
) WITHOUT ROWID;

-- The small and often rewritten part of a ticket. Rows are numbered in the order of their
-- coming, so that what is written together lies together, whatever the identifiers are.
CREATE TABLE ticket (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    mailbox    TEXT NOT NULL REFERENCES mailbox (name),
    generation INTEGER NOT NULL,
    item       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    digest     BLOB,
    stage      TEXT NOT NULL,
    next       TEXT,
    hold       TEXT,                         -- JSON: why it is held
    tries      INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    until      INTEGER,
    category   TEXT,
    product    TEXT,
    priority   TEXT,
    action     TEXT,
    folder     TEXT,
    recipient  TEXT,
    message_id TEXT,
    sender     TEXT NOT NULL DEFAULT '',
    subject    TEXT NOT NULL DEFAULT '',
    seen_at    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,             -- the lease under which it was last written
    ended      INTEGER NOT NULL DEFAULT 0    -- 1 when nothing is left to do
);
CREATE UNIQUE INDEX ticket_locator ON ticket (mailbox, generation, item);
CREATE INDEX ticket_unfinished ON ticket (mailbox, number) WHERE ended = 0;
CREATE INDEX ticket_due ON ticket (until) WHERE until IS NOT NULL;
CREATE INDEX ticket_digest ON ticket (digest) WHERE digest IS NOT NULL;

-- The large and seldom rewritten parts, apart from the row that every step rewrites.
CREATE TABLE decision (
    ticket INTEGER PRIMARY KEY REFERENCES ticket (number),
    body   TEXT NOT NULL                     -- JSON
);
CREATE TABLE plan (
    ticket INTEGER PRIMARY KEY REFERENCES ticket (number),
    body   TEXT NOT NULL                     -- JSON; gone once the ticket is at its end
);

-- How many tickets stand where, so that nobody ever has to count them.
CREATE TABLE tally (
    mailbox TEXT NOT NULL,
    stage   TEXT NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (mailbox, stage)
) WITHOUT ROWID;

-- The audit log. A line is made of seq, body, the hash before and its own: see audit/chain.rs.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    ticket  INTEGER REFERENCES ticket (number),
    mailbox TEXT,
    kind    TEXT NOT NULL,
    body    TEXT NOT NULL,
    hash    BLOB NOT NULL
);
CREATE INDEX event_ticket ON event (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX event_at ON event (at);

CREATE TABLE head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO head (one, seq, hash) VALUES (1, 0, zeroblob(32));
