/*
 * store_sql: the text of every statement.  Lists are read in key order, so that a parent table and its child tables can
 * be merged while all of them are read once.  Parameters are numbered in the order they are bound.
 */
#include "store/store_int.h"

/* name between two bounds: one name is lo = hi, names after x are lo = x "\001"; names are ASCII and below "\177". */
#define BETWEEN(column) " WHERE " column " >= ?1 AND " column " <= ?2 ORDER BY "
#define HEAD "name, id, revision, created_at, updated_at, description"
#define HEAD_SET "id = excluded.id, revision = excluded.revision, created_at = excluded.created_at, " \
	"updated_at = excluded.updated_at, description = excluded.description"
#define ERR_COLS "err_code, err_sys, err_field, err_msg"
#define MAC_COLS "address, kind, name, side, state, source, created_at, retired_at"
#define EVENT_FIND "SELECT seq, revision, at, type, object, actor, op, text FROM event WHERE seq > ?1 AND seq < ?2 AND" \
	" (?3 = '' OR object = ?3 OR substr(object, 1, length(?3) + 1) = ?3 || ':') AND (?4 = '' OR type = ?4) AND (?5 = '' OR actor = ?5)"
#define OP_COLS "id, state, method, path, actor, revision, created_at, finished_at, steps_done, steps_total, " ERR_COLS
#define REVISION_COLS "revision, at, actor, method, path, op, note, created, updated, deleted"
#define PLAN_COLS "id, base, actor, manager, created_at, expires_at, steps, document"
#define AUDIT_COLS "seq, at, actor, peer, request_id, method, path, result, status, revision, op, detail, hash"
#define PORT_COLS "private, stp, edge, untagged"

#define TOKEN_COLUMNS "id, name, is_certificate, sha256, created_by, role, scopes, cidrs, selector, created_at, expires_at, last_used_at"

const char *const store_sql_text[SQL_COUNT] = {
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVEPOINT] = "SAVEPOINT request",
	[SQL_RELEASE] = "RELEASE request",
	[SQL_ROLLBACK_TO] = "ROLLBACK TO request",

	[SQL_REVISION] = "SELECT revision FROM state",
	[SQL_REVISION_SET] = "UPDATE state SET revision = ?1",

	[SQL_BRIDGE] = "SELECT " HEAD ", mtu, stp, vlan_filter, backend, mac, mac_pinned FROM bridge" BETWEEN("name") "name LIMIT ?3",
	[SQL_BRIDGE_LABEL] = "SELECT bridge, key, value FROM bridge_label" BETWEEN("bridge") "bridge, key",
	[SQL_BRIDGE_ADDR] = "SELECT bridge, ip, len FROM bridge_addr" BETWEEN("bridge") "bridge, pos",
	[SQL_BRIDGE_MEMBER] = "SELECT bridge, ifname, " PORT_COLS " FROM bridge_member" BETWEEN("bridge") "bridge,"
													  " ifname",
	[SQL_BRIDGE_MEMBER_VLAN] = "SELECT bridge, ifname, vlan FROM bridge_member_vlan" BETWEEN("bridge") "bridge,"
													   " ifname, vlan",
	[SQL_BRIDGE_HAS] = "SELECT 1 FROM bridge WHERE name = ?1",
	[SQL_BRIDGE_PUT] = "INSERT INTO bridge (" HEAD ", mtu, stp, vlan_filter, backend, mac, mac_pinned)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
			   " ON CONFLICT (name) DO UPDATE SET " HEAD_SET ", mtu = excluded.mtu, stp = excluded.stp,"
			   " vlan_filter = excluded.vlan_filter, backend = excluded.backend, mac = excluded.mac, mac_pinned ="
			   " excluded.mac_pinned",
	[SQL_BRIDGE_DELETE] = "DELETE FROM bridge WHERE name = ?1",
	[SQL_BRIDGE_LABEL_PUT] = "INSERT INTO bridge_label (bridge, key, value) VALUES (?1, ?2, ?3)",
	[SQL_BRIDGE_ADDR_PUT] = "INSERT INTO bridge_addr (bridge, pos, ip, len) VALUES (?1, ?2, ?3, ?4)",
	[SQL_BRIDGE_MEMBER_PUT] = "INSERT INTO bridge_member (bridge, ifname, " PORT_COLS ") VALUES (?1, ?2, ?3, ?4,"
				  " ?5, ?6)",
	[SQL_BRIDGE_MEMBER_VLAN_PUT] = "INSERT INTO bridge_member_vlan (bridge, ifname, vlan) VALUES (?1, ?2, ?3)",
	[SQL_BRIDGE_LABEL_CLEAR] = "DELETE FROM bridge_label WHERE bridge = ?1",
	[SQL_BRIDGE_ADDR_CLEAR] = "DELETE FROM bridge_addr WHERE bridge = ?1",
	[SQL_BRIDGE_MEMBER_CLEAR] = "DELETE FROM bridge_member WHERE bridge = ?1",

	[SQL_EPAIR] = "SELECT " HEAD ", mtu FROM epair" BETWEEN("name") "name LIMIT ?3",
	[SQL_EPAIR_LABEL] = "SELECT epair, key, value FROM epair_label" BETWEEN("epair") "epair, key",
	[SQL_EPAIR_END] = "SELECT epair, side, ifname, ifname_given, mac, mac_pinned, bridge, jail, up, " PORT_COLS
			  " FROM epair_end" BETWEEN("epair") "epair, side",
	[SQL_EPAIR_END_ADDR] = "SELECT epair, side, ip, len FROM epair_end_addr" BETWEEN("epair") "epair, side, pos",
	[SQL_EPAIR_END_VLAN] = "SELECT epair, side, vlan FROM epair_end_vlan" BETWEEN("epair") "epair, side, vlan",
	[SQL_EPAIR_HAS] = "SELECT 1 FROM epair WHERE name = ?1",
	[SQL_EPAIR_PUT] = "INSERT INTO epair (" HEAD ", mtu) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
			  " ON CONFLICT (name) DO UPDATE SET " HEAD_SET ", mtu = excluded.mtu",
	[SQL_EPAIR_DELETE] = "DELETE FROM epair WHERE name = ?1",
	[SQL_EPAIR_LABEL_PUT] = "INSERT INTO epair_label (epair, key, value) VALUES (?1, ?2, ?3)",
	[SQL_EPAIR_END_PUT] = "INSERT INTO epair_end (epair, side, ifname, ifname_given, mac, mac_pinned, bridge,"
			      " jail, up, " PORT_COLS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[SQL_EPAIR_END_ADDR_PUT] = "INSERT INTO epair_end_addr (epair, side, pos, ip, len) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_EPAIR_END_VLAN_PUT] = "INSERT INTO epair_end_vlan (epair, side, vlan) VALUES (?1, ?2, ?3)",
	[SQL_EPAIR_LABEL_CLEAR] = "DELETE FROM epair_label WHERE epair = ?1",
	[SQL_EPAIR_END_CLEAR] = "DELETE FROM epair_end WHERE epair = ?1",

	[SQL_JAIL] = "SELECT " HEAD ", manager, running, forwarding, boot, path, hostname, exec_start, exec_stop, moves FROM"
		     " jail" BETWEEN("name") "name LIMIT ?3",
	[SQL_JAIL_LABEL] = "SELECT jail, key, value FROM jail_label" BETWEEN("jail") "jail, key",
	[SQL_JAIL_ROUTE] = "SELECT jail, ip, len, gateway FROM jail_route" BETWEEN("jail") "jail, pos",
	[SQL_JAIL_SYSCTL] = "SELECT jail, key, value FROM jail_sysctl" BETWEEN("jail") "jail, key",
	[SQL_JAIL_PARAM] = "SELECT jail, key, value FROM jail_param" BETWEEN("jail") "jail, key",
	[SQL_JAIL_HAS] = "SELECT 1 FROM jail WHERE name = ?1",
	[SQL_JAIL_PUT] = "INSERT INTO jail (" HEAD ", manager, running, forwarding, boot, path, hostname, exec_start,"
			 " exec_stop, moves)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
			 " ON CONFLICT (name) DO UPDATE SET " HEAD_SET ", manager = excluded.manager, running = excluded.running,"
			 " forwarding = excluded.forwarding, boot = excluded.boot, path = excluded.path, hostname ="
			 " excluded.hostname,"
			 " exec_start = excluded.exec_start, exec_stop = excluded.exec_stop, moves = excluded.moves",
	[SQL_JAIL_DELETE] = "DELETE FROM jail WHERE name = ?1",
	[SQL_JAIL_LABEL_PUT] = "INSERT INTO jail_label (jail, key, value) VALUES (?1, ?2, ?3)",
	[SQL_JAIL_ROUTE_PUT] = "INSERT INTO jail_route (jail, pos, ip, len, gateway) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_JAIL_SYSCTL_PUT] = "INSERT INTO jail_sysctl (jail, key, value) VALUES (?1, ?2, ?3)",
	[SQL_JAIL_PARAM_PUT] = "INSERT INTO jail_param (jail, key, value) VALUES (?1, ?2, ?3)",
	[SQL_JAIL_LABEL_CLEAR] = "DELETE FROM jail_label WHERE jail = ?1",
	[SQL_JAIL_ROUTE_CLEAR] = "DELETE FROM jail_route WHERE jail = ?1",
	[SQL_JAIL_SYSCTL_CLEAR] = "DELETE FROM jail_sysctl WHERE jail = ?1",
	[SQL_JAIL_PARAM_CLEAR] = "DELETE FROM jail_param WHERE jail = ?1",

	[SQL_ATTACHMENT] = "SELECT " HEAD ", jail FROM attachment" BETWEEN("name") "name LIMIT ?3",
	[SQL_ATTACHMENT_LABEL] = "SELECT attachment, key, value FROM attachment_label" BETWEEN("attachment") "attachment, key",
	[SQL_ATTACHMENT_ADDR] = "SELECT attachment, ip, len FROM attachment_addr" BETWEEN("attachment") "attachment,"
													" pos",
	[SQL_ATTACHMENT_HAS] = "SELECT 1 FROM attachment WHERE name = ?1",
	[SQL_ATTACHMENT_PUT] = "INSERT INTO attachment (" HEAD ", jail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
			       " ON CONFLICT (name) DO UPDATE SET " HEAD_SET ", jail = excluded.jail",
	[SQL_ATTACHMENT_DELETE] = "DELETE FROM attachment WHERE name = ?1",
	[SQL_ATTACHMENT_LABEL_PUT] = "INSERT INTO attachment_label (attachment, key, value) VALUES (?1, ?2, ?3)",
	[SQL_ATTACHMENT_ADDR_PUT] = "INSERT INTO attachment_addr (attachment, pos, ip, len) VALUES (?1, ?2, ?3, ?4)",
	[SQL_ATTACHMENT_LABEL_CLEAR] = "DELETE FROM attachment_label WHERE attachment = ?1",
	[SQL_ATTACHMENT_ADDR_CLEAR] = "DELETE FROM attachment_addr WHERE attachment = ?1",

	[SQL_FOUND] = "SELECT ifname, up, mtu, mac, bridge, trait_fields, trait_flags, trait_caps, trait_nd6, trait_groups"
		      " FROM found ORDER BY ifname",
	[SQL_FOUND_ADDR] = "SELECT ifname, ip, len FROM found_addr ORDER BY ifname, pos",
	[SQL_FOUND_PUT] = "INSERT INTO found (ifname, up, mtu, mac, bridge, trait_fields, trait_flags, trait_caps, trait_nd6, trait_groups)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
			  " ON CONFLICT (ifname) DO UPDATE SET up = excluded.up, mtu = excluded.mtu, mac = excluded.mac, bridge ="
			  " excluded.bridge, trait_fields = excluded.trait_fields, trait_flags = excluded.trait_flags,"
			  " trait_caps = excluded.trait_caps, trait_nd6 = excluded.trait_nd6, trait_groups = excluded.trait_groups",
	[SQL_FOUND_ADDR_PUT] = "INSERT INTO found_addr (ifname, pos, ip, len) VALUES (?1, ?2, ?3, ?4)",
	[SQL_FOUND_DELETE] = "DELETE FROM found WHERE ifname = ?1",
	[SQL_FOUND_ADDR_CLEAR] = "DELETE FROM found_addr WHERE ifname = ?1",

	[SQL_MAC] = "SELECT " MAC_COLS " FROM mac WHERE address = ?1",
	[SQL_MAC_OF] = "SELECT " MAC_COLS " FROM mac WHERE kind = ?1 AND name = ?2 AND side = ?3"
		       " ORDER BY state = 'retired', retired_at DESC, created_at DESC, address LIMIT 1",
	[SQL_MAC_ALL] = "SELECT " MAC_COLS " FROM mac ORDER BY address",
	/* SET, and ADD when there was nothing to set.  Somebody else's living address is changed by neither. */
	[SQL_MAC_SET] = "UPDATE mac SET kind = ?2, name = ?3, side = ?4, state = ?5, source = ?6, created_at = ?7,"
			" retired_at = ?8"
			" WHERE address = ?1 AND (state = 'retired' OR (kind = ?2 AND name = ?3 AND side = ?4))",
	[SQL_MAC_ADD] = "INSERT INTO mac (" MAC_COLS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (address)"
			" DO NOTHING",
	[SQL_MAC_LIVE] = "SELECT address FROM mac WHERE kind = ?1 AND name = ?2 AND state <> 'retired'",
	[SQL_MAC_RETIRE] = "UPDATE mac SET state = 'retired', retired_at = ?2 WHERE address = ?1",

	[SQL_OP] = "SELECT " OP_COLS " FROM operation WHERE id = ?1",
	[SQL_OP_ALL] = "SELECT " OP_COLS " FROM operation ORDER BY created_at DESC, id DESC LIMIT ?1",
	[SQL_OP_PUT] = "INSERT INTO operation (" OP_COLS ")"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO UPDATE SET"
		       " state = excluded.state, method = excluded.method, path = excluded.path, actor = excluded.actor,"
		       " revision = excluded.revision, created_at = excluded.created_at, finished_at = excluded.finished_at,"
		       " steps_done = excluded.steps_done, steps_total = excluded.steps_total, err_code = excluded.err_code,"
		       " err_sys = excluded.err_sys, err_field = excluded.err_field, err_msg = excluded.err_msg",
	[SQL_OP_STATES] = "SELECT state, count(*) FROM operation GROUP BY state",
	[SQL_OP_TRIM] = "DELETE FROM operation WHERE state <> 'running' AND created_at <"
			" (SELECT created_at FROM operation ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?1)",

	[SQL_EVENT_ADD] = "INSERT INTO event (revision, at, type, object, actor, op, text) VALUES (?1, ?2, ?3, ?4, ?5,"
			  " ?6, ?7)",
	[SQL_EVENT_ALL] = EVENT_FIND " ORDER BY seq LIMIT ?6",
	[SQL_EVENT_NEWEST] = EVENT_FIND " ORDER BY seq DESC LIMIT ?6",
	[SQL_EVENT_RANGE] = "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)",
	[SQL_EVENT_TRIM] = "DELETE FROM event WHERE seq <= (SELECT max(seq) FROM event) - ?1",

	[SQL_STATUS] = "SELECT kind, name, state, since, " ERR_COLS ", dying, duplicates FROM status WHERE kind = ?1 AND name = ?2",
	[SQL_STATUS_ALL] = "SELECT kind, name, state, since, " ERR_COLS ", dying, duplicates FROM status WHERE kind = ?1 ORDER BY name",
	[SQL_STATUS_SET] = "UPDATE status SET state = ?3, since = ?4, err_code = ?5, err_sys = ?6, err_field = ?7,"
			   " err_msg = ?8, dying = ?9, duplicates = ?10"
			   " WHERE kind = ?1 AND name = ?2",
	[SQL_STATUS_ADD] = "INSERT INTO status (kind, name, state, since, " ERR_COLS ", dying, duplicates)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_STATUS_DELETE] = "DELETE FROM status WHERE kind = ?1 AND name = ?2",

	[SQL_DRIFT_ALL] = "SELECT object, want, have, cause, since, ifname, jail, bridge FROM drift ORDER BY object",
	[SQL_DRIFT_CLEAR] = "DELETE FROM drift",
	[SQL_DRIFT_ADD] =
	    "INSERT INTO drift (pos, object, want, have, cause, since, ifname, jail, bridge) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",

	[SQL_IFACE_ALL] = "SELECT ifname, jail, type, mac, mtu, up, running, bridge, member_of, addrs FROM iface ORDER"
			  " BY jail, ifname",
	[SQL_IFACE_CLEAR] = "DELETE FROM iface",
	[SQL_IFACE_ADD] = "INSERT OR REPLACE INTO iface (ifname, jail, type, mac, mtu, up, running, bridge, member_of,"
			  " addrs)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",

	[SQL_HISTORY_ADD] = "INSERT OR REPLACE INTO revision (" REVISION_COLS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_HISTORY_GET] = "SELECT " REVISION_COLS " FROM revision WHERE revision = ?1",
	[SQL_HISTORY_LIST] = "SELECT " REVISION_COLS " FROM revision WHERE revision < ?1 ORDER BY revision DESC LIMIT ?2",
	[SQL_HISTORY_RANGE] = "SELECT (SELECT min(revision) FROM revision), (SELECT max(revision) FROM revision)",
	[SQL_HISTORY_PUT] = "INSERT OR REPLACE INTO history (revision, kind, name, json) VALUES (?1, ?2, ?3, ?4)",
	[SQL_HISTORY_AT] = "SELECT h.kind, h.name, h.json FROM (SELECT kind, name, max(revision) AS revision FROM history"
			   " WHERE revision <= ?1 GROUP BY kind, name) AS n JOIN history AS h ON h.revision = n.revision AND h.kind ="
			   " n.kind AND h.name = n.name WHERE h.json IS NOT NULL",
	[SQL_HISTORY_CHANGES] = "SELECT kind, name, json FROM history WHERE revision = ?1 ORDER BY kind, name",
	/* The oldest to stay; none when less than an eighth too many are there: trimming looks at every object. */
	[SQL_HISTORY_OLDEST] = "SELECT max(coalesce((SELECT revision FROM revision ORDER BY revision DESC LIMIT 1 OFFSET ?1 - 1), 0),"
			       " coalesce((SELECT revision FROM revision WHERE at >= ?2 ORDER BY revision LIMIT 1), (SELECT max(revision) FROM"
			       " revision), 0)) AS oldest WHERE (SELECT count(*) FROM revision WHERE at < ?2) > ?1 / 8"
			       " OR (SELECT count(*) FROM revision) > ?1 + ?1 / 8",
	[SQL_HISTORY_TRIM] = "DELETE FROM revision WHERE revision < ?1",
	[SQL_HISTORY_TRIM_OLD] = "DELETE FROM history WHERE revision < ?1 AND EXISTS (SELECT 1 FROM history AS n WHERE n.kind ="
				 " history.kind AND n.name = history.name AND n.revision > history.revision AND n.revision <= ?1)",
	[SQL_HISTORY_TRIM_GONE] = "DELETE FROM history WHERE revision <= ?1 AND json IS NULL",
	[SQL_CONFIRM] = "SELECT revision, base, op, actor, created_at, deadline FROM confirm",
	[SQL_CONFIRM_PUT] = "INSERT OR REPLACE INTO confirm (one, revision, base, op, actor, created_at, deadline)"
			    " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_CONFIRM_CLEAR] = "DELETE FROM confirm",
	[SQL_AUDIT_ADD] = "INSERT INTO audit (" AUDIT_COLS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[SQL_AUDIT_LAST] = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
	[SQL_AUDIT_BASE] = "SELECT seq, hash FROM audit_base",
	[SQL_AUDIT_ALL] = "SELECT " AUDIT_COLS " FROM audit WHERE seq < ?1 AND (?2 = '' OR actor = ?2) AND (?3 = '' OR result = ?3)"
			  " ORDER BY seq DESC LIMIT ?4",
	/* Not at each row too many: an eighth at once. */
	[SQL_AUDIT_TRIM_BASE] = "UPDATE audit_base SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = (SELECT max(seq) FROM"
				" audit) - ?1) WHERE (SELECT max(seq) FROM audit) - seq > ?1 + ?1 / 8",
	[SQL_AUDIT_TRIM] = "DELETE FROM audit WHERE seq <= (SELECT seq FROM audit_base)",
	[SQL_IDEM] = "SELECT actor, key, fingerprint, op, revision, created, changed, at FROM idempotency WHERE actor = ?1 AND key = ?2"
		     " AND at > ?3",
	[SQL_IDEM_PUT] = "INSERT OR REPLACE INTO idempotency (actor, key, fingerprint, op, revision, created, changed, at)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_IDEM_TRIM] = "DELETE FROM idempotency WHERE at <= ?1",
	[SQL_PLAN] = "SELECT " PLAN_COLS " FROM plan WHERE id = ?1 AND expires_at > ?2",
	[SQL_PLAN_PUT] = "INSERT INTO plan (" PLAN_COLS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_PLAN_DELETE] = "DELETE FROM plan WHERE id = ?1 RETURNING id",
	[SQL_PLAN_TRIM] = "DELETE FROM plan WHERE expires_at <= ?1 OR id NOT IN (SELECT id FROM plan ORDER BY created_at DESC LIMIT ?2)",

	[SQL_TOKEN_ADD] = "INSERT INTO token (id, name, is_certificate, sha256, created_by, role, scopes, cidrs, selector, created_at, expires_at) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_TOKEN_FIND] = "SELECT " TOKEN_COLUMNS " FROM token WHERE sha256 = ?1 AND is_certificate = ?2",
	[SQL_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM token WHERE id = ?1",
	[SQL_TOKEN_ALL] = "SELECT " TOKEN_COLUMNS " FROM token ORDER BY created_at, id",
	[SQL_TOKEN_USED] = "UPDATE token SET last_used_at = max(last_used_at, ?2) WHERE id = ?1",
	[SQL_TOKEN_DELETE] = "DELETE FROM token WHERE id = ?1",
	[SQL_TOKEN_COUNT] = "SELECT count(*) FROM token",
	[SQL_TOKEN_ADMINS] = "SELECT count(*) FROM token WHERE id <> ?1 AND role = 'admin' AND scopes = '' AND cidrs = '' AND selector = '' "
			     "AND (expires_at = 0 OR expires_at > ?2)",
	[SQL_SESSION_ADD] = "INSERT INTO session (id, is_code, sha256, token, actor, role, scopes, cidrs, selector, created_at, expires_at) "
			    "VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_SESSION_FIND] = "SELECT id, is_code, sha256, ifnull(token, ''), actor, role, scopes, cidrs, selector, created_at, expires_at "
			     "FROM session WHERE sha256 = ?1",
	[SQL_SESSION_DELETE] = "DELETE FROM session WHERE sha256 = ?1",
	[SQL_SESSION_TRIM] = "DELETE FROM session WHERE expires_at <= ?1",
	[SQL_SESSION_KEEP] = "DELETE FROM session WHERE sha256 IN (SELECT sha256 FROM session WHERE actor = ?1 AND is_code = ?2 "
			     "ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3)",
};
