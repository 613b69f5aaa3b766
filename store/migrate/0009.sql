-- Where the interface of a drift is instead of its place; ifname '' = the drift is about something else.
ALTER TABLE drift ADD COLUMN ifname TEXT NOT NULL DEFAULT '';
ALTER TABLE drift ADD COLUMN jail TEXT NOT NULL DEFAULT '';
ALTER TABLE drift ADD COLUMN bridge TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 9;
