-- Requests that must not happen twice: the key the client gave, what it asked, and what became of it.
CREATE TABLE idempotency (
	actor TEXT NOT NULL,
	key TEXT NOT NULL,
	fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
	op TEXT NOT NULL,
	revision INTEGER NOT NULL,
	created INTEGER NOT NULL CHECK (created IN (0, 1)),
	changed INTEGER NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

PRAGMA user_version = 6;
