-- Who did what, and who was refused what; hash is over the one before and this row (core/audit.h).
CREATE TABLE audit (
	seq INTEGER NOT NULL PRIMARY KEY,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	peer TEXT NOT NULL,
	request_id TEXT NOT NULL,
	method TEXT NOT NULL,
	path TEXT NOT NULL,
	result TEXT NOT NULL,
	status INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	op TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
-- The row before the oldest that is kept.
CREATE TABLE audit_base (
	one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_base (one, seq, hash) VALUES (1, 0, zeroblob(32));

PRAGMA user_version = 5;
