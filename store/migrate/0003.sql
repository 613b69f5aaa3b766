-- History: what each revision made of which object, so that the topology of any kept revision can be read again.
CREATE TABLE revision (
	revision INTEGER NOT NULL PRIMARY KEY,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	method TEXT NOT NULL,
	path TEXT NOT NULL,
	op TEXT NOT NULL,
	note TEXT NOT NULL,
	created INTEGER NOT NULL CHECK (created >= 0),
	updated INTEGER NOT NULL CHECK (updated >= 0),
	deleted INTEGER NOT NULL CHECK (deleted >= 0)
) STRICT;
-- In the order of writing, so that a commit appends; json NULL = deleted.
CREATE TABLE history (
	revision INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'bridge' OR kind = 'epair' OR kind = 'jail' OR kind = 'attachment'),
	name TEXT NOT NULL,
	json TEXT,
	PRIMARY KEY (revision, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_object ON history (kind, name, revision);
-- A change that rolls itself back unless it is confirmed; at most one.
CREATE TABLE confirm (
	one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	revision INTEGER NOT NULL,
	base INTEGER NOT NULL CHECK (base < revision),
	op TEXT NOT NULL,
	actor TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	deadline INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 3;
