-- When a credential was last good for something, to the minute; 0 = never.
ALTER TABLE token ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 7;
