-- IPv6 addresses of an object that another host has, too; separated by spaces.
ALTER TABLE status ADD COLUMN duplicates TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 12;
