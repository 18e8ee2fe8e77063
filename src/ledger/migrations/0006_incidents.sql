-- What publishers say is wrong with a product, by the ticket of the notice that opened it.
CREATE TABLE incident (
    number  INTEGER PRIMARY KEY,
    notice  BLOB NOT NULL UNIQUE,            -- the ticket's identity
    product TEXT NOT NULL,
    until   INTEGER NOT NULL,
    ended   INTEGER NOT NULL DEFAULT 0,      -- 1 when somebody said that it is over
    body    TEXT NOT NULL                    -- JSON
);
CREATE INDEX incident_open ON incident (until) WHERE ended = 0;
