-- Who may what: what a credential may do, browser sessions, and codes that are exchanged for one.

ALTER TABLE token ADD COLUMN is_certificate INTEGER NOT NULL DEFAULT 0 CHECK (is_certificate IN (0, 1));
ALTER TABLE token ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN cidrs TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN selector TEXT NOT NULL DEFAULT '';

CREATE TABLE session (
	sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
	id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 31),
	is_code INTEGER NOT NULL CHECK (is_code IN (0, 1)),
	token TEXT REFERENCES token (id) ON DELETE CASCADE,
	actor TEXT NOT NULL,
	role TEXT NOT NULL,
	scopes TEXT NOT NULL,
	cidrs TEXT NOT NULL,
	selector TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_token ON session (token);

PRAGMA user_version = 2;
