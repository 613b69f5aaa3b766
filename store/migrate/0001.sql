-- The first schema.  docs/state.md says what each table is for.  Names are BINARY-collated, so ORDER BY name is strcmp order.
-- A reference from one object to another is checked at COMMIT, because the objects of one request are written in any order.
-- Addresses are BLOBs of 4 or 16 bytes, MACs of 6; kinds, states and other enums are words, which survive a renumbering.
-- Three or more words are compared with OR: SQLite makes a temporary b-tree for IN (...) at each INSERT.
PRAGMA application_id = 1246643540;	-- "JNET"

CREATE TABLE state (
	one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;
INSERT INTO state (one, revision) VALUES (1, 0);

-- bridges
CREATE TABLE bridge (
	name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 15),
	id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 31),
	revision INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	description TEXT NOT NULL,
	mtu INTEGER NOT NULL CHECK (mtu BETWEEN 72 AND 65535),
	stp INTEGER NOT NULL CHECK (stp IN (0, 1)),
	vlan_filter INTEGER NOT NULL CHECK (vlan_filter IN (0, 1)),
	backend TEXT NOT NULL CHECK (backend IN ('if_bridge', 'netgraph')),
	mac BLOB CHECK (length(mac) = 6),
	mac_pinned INTEGER NOT NULL CHECK (mac_pinned IN (0, 1)),
	CHECK (mac_pinned = 0 OR mac IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE TABLE bridge_label (
	bridge TEXT NOT NULL REFERENCES bridge (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (bridge, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE bridge_addr (
	bridge TEXT NOT NULL REFERENCES bridge (name) ON DELETE CASCADE,
	pos INTEGER NOT NULL CHECK (pos >= 0),
	ip BLOB NOT NULL CHECK (length(ip) IN (4, 16)),
	len INTEGER NOT NULL CHECK (len BETWEEN 0 AND length(ip) * 8),
	PRIMARY KEY (bridge, pos)
) STRICT, WITHOUT ROWID;
CREATE TABLE bridge_member (
	bridge TEXT NOT NULL REFERENCES bridge (name) ON DELETE CASCADE,
	ifname TEXT NOT NULL CHECK (length(ifname) BETWEEN 1 AND 15),
	private INTEGER NOT NULL CHECK (private IN (0, 1)),
	stp INTEGER NOT NULL CHECK (stp IN (0, 1)),
	edge INTEGER NOT NULL CHECK (edge IN (0, 1)),
	untagged INTEGER NOT NULL CHECK (untagged BETWEEN 0 AND 4095),
	PRIMARY KEY (bridge, ifname)
) STRICT, WITHOUT ROWID;
CREATE TABLE bridge_member_vlan (
	bridge TEXT NOT NULL,
	ifname TEXT NOT NULL,
	vlan INTEGER NOT NULL CHECK (vlan BETWEEN 0 AND 4095),
	PRIMARY KEY (bridge, ifname, vlan),
	FOREIGN KEY (bridge, ifname) REFERENCES bridge_member (bridge, ifname) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- jails
CREATE TABLE jail (
	name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 63),
	id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 31),
	revision INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	description TEXT NOT NULL,
	manager TEXT NOT NULL CHECK (manager IN ('jailnet', 'external')),
	running INTEGER NOT NULL CHECK (running IN (0, 1)),
	forwarding INTEGER NOT NULL CHECK (forwarding IN (0, 1)),
	boot INTEGER NOT NULL CHECK (boot BETWEEN 0 AND 4294967295),
	path TEXT NOT NULL,
	hostname TEXT NOT NULL,
	exec_start TEXT NOT NULL,
	exec_stop TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE jail_label (
	jail TEXT NOT NULL REFERENCES jail (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (jail, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE jail_route (
	jail TEXT NOT NULL REFERENCES jail (name) ON DELETE CASCADE,
	pos INTEGER NOT NULL CHECK (pos >= 0),
	ip BLOB NOT NULL CHECK (length(ip) IN (4, 16)),
	len INTEGER NOT NULL CHECK (len BETWEEN 0 AND length(ip) * 8),
	gateway BLOB NOT NULL CHECK (length(gateway) IN (4, 16)),
	PRIMARY KEY (jail, pos)
) STRICT, WITHOUT ROWID;
CREATE TABLE jail_sysctl (
	jail TEXT NOT NULL REFERENCES jail (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (jail, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE jail_param (
	jail TEXT NOT NULL REFERENCES jail (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (jail, key)
) STRICT, WITHOUT ROWID;

-- epairs
CREATE TABLE epair (
	name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 15),
	id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 31),
	revision INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	description TEXT NOT NULL,
	mtu INTEGER NOT NULL CHECK (mtu = 0 OR mtu BETWEEN 72 AND 65535)
) STRICT, WITHOUT ROWID;
CREATE TABLE epair_label (
	epair TEXT NOT NULL REFERENCES epair (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (epair, key)
) STRICT, WITHOUT ROWID;
-- No UNIQUE on ifname and mac: one request may swap them between two epairs.  The mac table keeps addresses unique.
CREATE TABLE epair_end (
	epair TEXT NOT NULL REFERENCES epair (name) ON DELETE CASCADE,
	side TEXT NOT NULL CHECK (side IN ('a', 'b')),
	ifname TEXT NOT NULL CHECK (length(ifname) <= 15),
	ifname_given INTEGER NOT NULL CHECK (ifname_given IN (0, 1)),
	mac BLOB CHECK (length(mac) = 6),
	mac_pinned INTEGER NOT NULL CHECK (mac_pinned IN (0, 1)),
	bridge TEXT REFERENCES bridge (name) DEFERRABLE INITIALLY DEFERRED,
	jail TEXT REFERENCES jail (name) DEFERRABLE INITIALLY DEFERRED,
	up INTEGER NOT NULL CHECK (up IN (0, 1)),
	private INTEGER NOT NULL CHECK (private IN (0, 1)),
	stp INTEGER NOT NULL CHECK (stp IN (0, 1)),
	edge INTEGER NOT NULL CHECK (edge IN (0, 1)),
	untagged INTEGER NOT NULL CHECK (untagged BETWEEN 0 AND 4095),
	PRIMARY KEY (epair, side),
	CHECK (bridge IS NULL OR jail IS NULL),
	CHECK (mac_pinned = 0 OR mac IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX epair_end_bridge ON epair_end (bridge);
CREATE INDEX epair_end_jail ON epair_end (jail);
CREATE TABLE epair_end_addr (
	epair TEXT NOT NULL,
	side TEXT NOT NULL,
	pos INTEGER NOT NULL CHECK (pos >= 0),
	ip BLOB NOT NULL CHECK (length(ip) IN (4, 16)),
	len INTEGER NOT NULL CHECK (len BETWEEN 0 AND length(ip) * 8),
	PRIMARY KEY (epair, side, pos),
	FOREIGN KEY (epair, side) REFERENCES epair_end (epair, side) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE epair_end_vlan (
	epair TEXT NOT NULL,
	side TEXT NOT NULL,
	vlan INTEGER NOT NULL CHECK (vlan BETWEEN 0 AND 4095),
	PRIMARY KEY (epair, side, vlan),
	FOREIGN KEY (epair, side) REFERENCES epair_end (epair, side) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- foreign interfaces moved into jails
CREATE TABLE attachment (
	name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 15),
	id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 31),
	revision INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	description TEXT NOT NULL,
	jail TEXT NOT NULL REFERENCES jail (name) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_jail ON attachment (jail);
CREATE TABLE attachment_label (
	attachment TEXT NOT NULL REFERENCES attachment (name) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (attachment, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE attachment_addr (
	attachment TEXT NOT NULL REFERENCES attachment (name) ON DELETE CASCADE,
	pos INTEGER NOT NULL CHECK (pos >= 0),
	ip BLOB NOT NULL CHECK (length(ip) IN (4, 16)),
	len INTEGER NOT NULL CHECK (len BETWEEN 0 AND length(ip) * 8),
	PRIMARY KEY (attachment, pos)
) STRICT, WITHOUT ROWID;

-- foreign interfaces as they were before we touched them
CREATE TABLE found (
	ifname TEXT NOT NULL PRIMARY KEY CHECK (length(ifname) BETWEEN 1 AND 15),
	up INTEGER NOT NULL CHECK (up IN (0, 1)),
	mtu INTEGER NOT NULL,
	mac BLOB CHECK (length(mac) = 6),
	bridge TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE found_addr (
	ifname TEXT NOT NULL REFERENCES found (ifname) ON DELETE CASCADE,
	pos INTEGER NOT NULL CHECK (pos >= 0),
	ip BLOB NOT NULL CHECK (length(ip) IN (4, 16)),
	len INTEGER NOT NULL CHECK (len BETWEEN 0 AND length(ip) * 8),
	PRIMARY KEY (ifname, pos)
) STRICT, WITHOUT ROWID;

-- the MAC registry
CREATE TABLE mac (
	address BLOB NOT NULL PRIMARY KEY CHECK (length(address) = 6),
	kind TEXT NOT NULL CHECK (kind IN ('bridge', 'epair')),
	name TEXT NOT NULL,
	side TEXT NOT NULL CHECK (side = '' OR side = 'a' OR side = 'b'),
	state TEXT NOT NULL CHECK (state = 'allocated' OR state = 'pinned' OR state = 'imported' OR state = 'retired'),
	source TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	retired_at INTEGER NOT NULL,
	CHECK ((kind = 'epair') = (side <> '')),
	CHECK ((state = 'retired') = (retired_at <> 0))
) STRICT, WITHOUT ROWID;
CREATE INDEX mac_owner ON mac (kind, name, side);

-- what was done and what happened
CREATE TABLE operation (
	id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 31),
	state TEXT NOT NULL CHECK (state = 'running' OR state = 'succeeded' OR state = 'failed' OR state = 'rolled_back'),
	method TEXT NOT NULL,
	path TEXT NOT NULL,
	actor TEXT NOT NULL,
	revision INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL,
	steps_done INTEGER NOT NULL,
	steps_total INTEGER NOT NULL,
	err_code TEXT NOT NULL,
	err_sys INTEGER NOT NULL,
	err_field TEXT NOT NULL,
	err_msg TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_created ON operation (created_at, id);
CREATE TABLE event (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	revision INTEGER NOT NULL,
	at INTEGER NOT NULL,
	type TEXT NOT NULL,
	object TEXT NOT NULL,
	actor TEXT NOT NULL,
	op TEXT NOT NULL,
	text TEXT NOT NULL
) STRICT;

-- what the reconcile loop saw
CREATE TABLE status (
	kind TEXT NOT NULL CHECK (kind = 'bridge' OR kind = 'epair' OR kind = 'jail' OR kind = 'attachment'),
	name TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state = 'pending' OR state = 'applying' OR state = 'ready' OR state = 'waiting'
		OR state = 'failed' OR state = 'stopped'),
	since INTEGER NOT NULL,
	err_code TEXT NOT NULL,
	err_sys INTEGER NOT NULL,
	err_field TEXT NOT NULL,
	err_msg TEXT NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE drift (
	pos INTEGER NOT NULL PRIMARY KEY,
	object TEXT NOT NULL,
	want TEXT NOT NULL,
	have TEXT NOT NULL,
	cause TEXT NOT NULL,
	since INTEGER NOT NULL
) STRICT;
CREATE TABLE iface (
	jail TEXT NOT NULL,
	ifname TEXT NOT NULL CHECK (length(ifname) BETWEEN 1 AND 15),
	type TEXT NOT NULL,
	mac BLOB CHECK (length(mac) = 6),
	mtu INTEGER NOT NULL,
	up INTEGER NOT NULL CHECK (up IN (0, 1)),
	running INTEGER NOT NULL CHECK (running IN (0, 1)),
	bridge TEXT NOT NULL,
	member_of TEXT NOT NULL,
	addrs TEXT NOT NULL,
	PRIMARY KEY (jail, ifname)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
	id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 31),
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
