-- Plans that were shown and may be applied exactly so; 'document' is the topology as it was sent.
CREATE TABLE plan (
	id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 31),
	base INTEGER NOT NULL,
	actor TEXT NOT NULL,
	manager TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	steps TEXT NOT NULL,
	document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
