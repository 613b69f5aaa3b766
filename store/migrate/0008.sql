-- Of a jail: earlier ones of its name that the kernel has not let go of.
ALTER TABLE status ADD COLUMN dying INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 8;
