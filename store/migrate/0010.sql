-- Who moves the interfaces into an external jail, and sees to what is set in it.
ALTER TABLE jail ADD COLUMN moves TEXT NOT NULL DEFAULT 'jailnet' CHECK (moves IN ('jailnet', 'manager'));

PRAGMA user_version = 10;
