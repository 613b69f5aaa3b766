-- What else of a foreign interface is given back: struct traits of core/mark.h.
ALTER TABLE found ADD COLUMN trait_fields INTEGER NOT NULL DEFAULT 0;
ALTER TABLE found ADD COLUMN trait_flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE found ADD COLUMN trait_caps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE found ADD COLUMN trait_nd6 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE found ADD COLUMN trait_groups TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 11;
