/*
 * store_int: what the store_*.c files share.  Private to store/ and its tests.
 *
 * Every statement is in the table of store_sql.c and is prepared once per connection, when it is first needed.  It is
 * used through a store_q: open, parameters in order, then run (a write) or row until it says 0 (a read).  Binding and
 * column errors stick in the store_q, so only run, row and check need a test.
 */
#ifndef JN_STORE_INT_H
#define JN_STORE_INT_H

#include <sqlite3.h>

#include "store/store.h"

enum store_sql {
	SQL_BEGIN_WRITE, SQL_BEGIN_READ, SQL_COMMIT, SQL_ROLLBACK, SQL_SAVEPOINT, SQL_RELEASE, SQL_ROLLBACK_TO,
	SQL_REVISION, SQL_REVISION_SET,
	SQL_BRIDGE, SQL_BRIDGE_LABEL, SQL_BRIDGE_ADDR, SQL_BRIDGE_MEMBER, SQL_BRIDGE_MEMBER_VLAN,
	SQL_BRIDGE_HAS, SQL_BRIDGE_PUT, SQL_BRIDGE_DELETE,
	SQL_BRIDGE_LABEL_PUT, SQL_BRIDGE_ADDR_PUT, SQL_BRIDGE_MEMBER_PUT, SQL_BRIDGE_MEMBER_VLAN_PUT,
	SQL_BRIDGE_LABEL_CLEAR, SQL_BRIDGE_ADDR_CLEAR, SQL_BRIDGE_MEMBER_CLEAR,
	SQL_EPAIR, SQL_EPAIR_LABEL, SQL_EPAIR_END, SQL_EPAIR_END_ADDR, SQL_EPAIR_END_VLAN,
	SQL_EPAIR_HAS, SQL_EPAIR_PUT, SQL_EPAIR_DELETE,
	SQL_EPAIR_LABEL_PUT, SQL_EPAIR_END_PUT, SQL_EPAIR_END_ADDR_PUT, SQL_EPAIR_END_VLAN_PUT,
	SQL_EPAIR_LABEL_CLEAR, SQL_EPAIR_END_CLEAR,
	SQL_JAIL, SQL_JAIL_LABEL, SQL_JAIL_ROUTE, SQL_JAIL_SYSCTL, SQL_JAIL_PARAM,
	SQL_JAIL_HAS, SQL_JAIL_PUT, SQL_JAIL_DELETE,
	SQL_JAIL_LABEL_PUT, SQL_JAIL_ROUTE_PUT, SQL_JAIL_SYSCTL_PUT, SQL_JAIL_PARAM_PUT,
	SQL_JAIL_LABEL_CLEAR, SQL_JAIL_ROUTE_CLEAR, SQL_JAIL_SYSCTL_CLEAR, SQL_JAIL_PARAM_CLEAR,
	SQL_ATTACHMENT, SQL_ATTACHMENT_LABEL, SQL_ATTACHMENT_ADDR,
	SQL_ATTACHMENT_HAS, SQL_ATTACHMENT_PUT, SQL_ATTACHMENT_DELETE,
	SQL_ATTACHMENT_LABEL_PUT, SQL_ATTACHMENT_ADDR_PUT,
	SQL_ATTACHMENT_LABEL_CLEAR, SQL_ATTACHMENT_ADDR_CLEAR,
	SQL_FOUND, SQL_FOUND_ADDR, SQL_FOUND_PUT, SQL_FOUND_ADDR_PUT, SQL_FOUND_DELETE, SQL_FOUND_ADDR_CLEAR,
	SQL_MAC, SQL_MAC_OF, SQL_MAC_ALL, SQL_MAC_SET, SQL_MAC_ADD, SQL_MAC_LIVE, SQL_MAC_RETIRE,
	SQL_OP, SQL_OP_ALL, SQL_OP_PUT, SQL_OP_STATES, SQL_OP_TRIM,
	SQL_EVENT_ADD, SQL_EVENT_ALL, SQL_EVENT_NEWEST, SQL_EVENT_RANGE, SQL_EVENT_TRIM,
	SQL_STATUS, SQL_STATUS_ALL, SQL_STATUS_SET, SQL_STATUS_ADD, SQL_STATUS_DELETE,
	SQL_DRIFT_ALL, SQL_DRIFT_CLEAR, SQL_DRIFT_ADD,
	SQL_IFACE_ALL, SQL_IFACE_CLEAR, SQL_IFACE_ADD,
	SQL_HISTORY_ADD, SQL_HISTORY_GET, SQL_HISTORY_LIST, SQL_HISTORY_RANGE, SQL_HISTORY_PUT, SQL_HISTORY_AT, SQL_HISTORY_CHANGES,
	SQL_HISTORY_OLDEST, SQL_HISTORY_TRIM, SQL_HISTORY_TRIM_OLD, SQL_HISTORY_TRIM_GONE,
	SQL_CONFIRM, SQL_CONFIRM_PUT, SQL_CONFIRM_CLEAR,
	SQL_AUDIT_ADD, SQL_AUDIT_LAST, SQL_AUDIT_BASE, SQL_AUDIT_ALL, SQL_AUDIT_TRIM_BASE, SQL_AUDIT_TRIM,
	SQL_IDEM, SQL_IDEM_PUT, SQL_IDEM_TRIM,
	SQL_PLAN, SQL_PLAN_PUT, SQL_PLAN_DELETE, SQL_PLAN_TRIM,
	SQL_TOKEN_ADD, SQL_TOKEN_FIND, SQL_TOKEN_COUNT, SQL_TOKEN, SQL_TOKEN_ALL, SQL_TOKEN_USED, SQL_TOKEN_DELETE, SQL_TOKEN_ADMINS,
	SQL_SESSION_ADD, SQL_SESSION_FIND, SQL_SESSION_DELETE, SQL_SESSION_TRIM, SQL_SESSION_KEEP,
	SQL_NONE
};
#define SQL_COUNT SQL_NONE
extern const char *const store_sql_text[SQL_COUNT];

/* Grows; holds any one type at a time. */
struct store_vec {
	void *v;
	size_t n, room;	/* room in bytes */
};

struct store {
	char dir[PATH_SIZE];
	enum store_mode mode;
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
	bool in_txn, in_savepoint;
	struct err sticky;	/* first failed write of the transaction, ERR_NONE = fine */
	struct err damage;	/* code set: the file is damaged or not to be written to, nothing is written any more */
	bool met_damage;	/* a page made no sense, or could not be read: see store_doubt */
	bool read_only;		/* the file system is */
	bool reading;		/* between store_read_begin and its end */
	bool broken;		/* an I/O error: the connection is opened anew before the next transaction, or question outside of one */
	bool relaxed;		/* store_durable(false) is in force */
	bool full;		/* a write met a full disk and nothing was committed since */
	unsigned fault_at, steps;
	struct store_vec items;	/* scratch of the loaders */
};

/* store_txn.c */
/* Step number n from now (1 = the next) fails with an I/O error, once; 0 = never.  For tests only. */
void store_fault_at(struct store *s, unsigned n);
/* sqlite3_step that counts for store_fault_at; SQLITE_ROW, SQLITE_DONE or an error. */
int store_step(struct store *s, sqlite3_stmt *st);
/* Prepares on first use; NULL and *rc on failure. */
sqlite3_stmt *store_stmt(struct store *s, enum store_sql id, int *rc);
/* Turns an SQLite result into an err.  Returns -1. */
int store_fail(struct store *s, int rc, struct err *err);
/* In a transaction?  Some errors end it behind our back; then a write must not go on without one. */
bool store_is_open(const struct store *s);
/* Makes *err the sticky error of the transaction, unless there is one.  Returns -1. */
int store_stick(struct store *s, struct err *err);
/* Several reads see one state of the database: begins one if there is none; *own says if read_end must end it. */
int store_heal(struct store *s, struct err *err);	/* a broken connection is opened anew; not inside a transaction */
bool store_is_idle(const struct store *s);
int store_read_begin(struct store *s, bool *own, struct err *err);
void store_read_end(struct store *s, bool own);

/* store_open.c */
#define STORE_APPLICATION_ID 1246643540	/* as in migrate/0001.sql */
int store_connect(struct store *s, struct err *err);
void store_disconnect(struct store *s);
/* It may be damaged: before its next transaction a writer looks at all of it. */
void store_doubt(struct store *s);
/* DIR/file; -1 when it would not fit. */
int store_path(const struct store *s, const char *file, char path[PATH_SIZE], struct err *err);

/* store_migrate.c: brings the schema to the last of the NULL-terminated list; step n leaves user_version n. */
int store_migrate(struct store *s, const char *const *migrations, struct err *err);
/* Readers: ERR_UNSUPPORTED when the schema is not exactly that of the list. */
int store_migrate_check(struct store *s, const char *const *migrations, struct err *err);
/* One statement that answers one integer or text. */
int store_ask_int(struct store *s, const char *sql, int64_t *out, struct err *err);
int store_ask_text(struct store *s, const char *sql, char *out, size_t size, struct err *err);
/* Runs text that answers nothing. */
int store_exec(struct store *s, const char *sql, struct err *err);

/* store_backup.c: a whole copy at path, 0600, synced; outside of a transaction. */
int store_copy(struct store *s, const char *path, struct err *err);

/* store_ballast.c: room kept back for the moment the disk is full. */
#define STORE_BALLAST_SIZE ((size_t)8 << 20)
/* Makes the file when it is missing and the disk has plenty left. */
void store_ballast_keep(struct store *s);
void store_ballast_drop(struct store *s);

/* store_query.c */
struct store_q {
	struct store *s;
	sqlite3_stmt *st;
	int param, col;	/* next ones */
	int rc;		/* sticky, SQLITE_OK = fine */
	const char *bad;	/* a column that held what cannot be */
};

struct store_q store_q_open(struct store *s, enum store_sql id);
void store_q_close(struct store_q *q);
/* A write; sticky. */
int store_q_run(struct store_q *q, struct err *err);
/* 1 = a row, 0 = no more (closed), -1 = error (closed). */
int store_q_row(struct store_q *q, struct err *err);
/* After the columns of a row were taken: -1 when one of them was bad (closed then). */
int store_q_check(struct store_q *q, struct err *err);

/* Parameters are borrowed until run or close. */
void store_q_int(struct store_q *q, int64_t v);
void store_q_text(struct store_q *q, const char *v);	/* NULL is NULL */
void store_q_blob(struct store_q *q, const void *v, size_t len);
void store_q_mac(struct store_q *q, const struct mac *m);	/* zero is NULL */
void store_q_ip(struct store_q *q, const struct ip *ip);
void store_q_prefix(struct store_q *q, const struct prefix *p);	/* two parameters: ip, len */
void store_q_err(struct store_q *q, const struct err *e);	/* four: code, sys, field, msg */

/* Columns in order. */
int64_t store_q_get_int(struct store_q *q);
int64_t store_q_get_range(struct store_q *q, int64_t min, int64_t max);
bool store_q_get_bool(struct store_q *q);
const char *store_q_get_text(struct store_q *q);	/* NULL for NULL; borrowed until the next row */
void store_q_get_str(struct store_q *q, char *dst, size_t size);
#define STORE_GET_STR(q, field) store_q_get_str(q, field, sizeof(field))
void store_q_get_blob(struct store_q *q, void *dst, size_t len);	/* exactly len bytes */
void store_q_get_mac(struct store_q *q, struct mac *m);
void store_q_get_ip(struct store_q *q, struct ip *ip);
void store_q_get_prefix(struct store_q *q, struct prefix *p);
void store_q_get_err(struct store_q *q, struct err *e);
/* Which of words[n] it is. */
int store_q_get_word(struct store_q *q, const char *const *words, int n);

/* "bridge", "epair", "jail", "attachment" and "a", "b", indexed by the enums. */
extern const char *const store_kind_words[KIND_COUNT];
extern const char *const store_side_words[2];

/* store_child.c: the child tables of an object, one row per list item, all read with one statement each. */
struct store_child {
	struct store_q q;
	bool open, have;	/* a row is waiting */
};
struct store_loader;

/*
 * The next row that belongs to 'owner' (and to 'sub' of it, an epair side or member; NULL = any).
 * 1 = a row, its own columns come next; 0 = no more for this owner; -1 = error.  Owners must be asked for in order.
 */
int store_child_next(struct store_child *c, const char *owner, const char *sub, struct err *err);
int store_child_prefixes(struct store_loader *l, struct store_child *c, struct object *o, const char *sub,
    struct prefixes *out, struct err *err);
int store_child_pairs(struct store_loader *l, struct store_child *c, struct object *o, struct pairs *out,
    struct err *err);
int store_child_vlans(struct store_child *c, struct object *o, const char *sub, struct port *port, struct err *err);
/* Takes a text column into the object. */
int store_child_text(struct store_q *q, struct object *o, const char **field, struct err *err);

int store_child_put_prefixes(struct store *s, enum store_sql id, const char *owner, const char *sub,
    const struct prefixes *v, struct err *err);
int store_child_put_pairs(struct store *s, enum store_sql id, const char *owner, const struct pairs *v,
    struct err *err);
int store_child_put_vlans(struct store *s, enum store_sql id, const char *owner, const char *sub,
    const struct port *port, struct err *err);

int store_vec_add(struct store_vec *v, const void *item, size_t size, struct err *err);

/*
 * What store_topo.c must know of a kind.  The head statement's first columns, and PUT's first parameters, are what
 * all kinds share; the first child is the labels.
 */
#define STORE_CHILDREN 5
struct store_kind {
	enum store_sql head, has, put, delete;
	enum store_sql child[STORE_CHILDREN];	/* ends with SQL_NONE when there are fewer */
	enum store_sql clear[STORE_CHILDREN];	/* same */
	enum store_sql label_put;
	void (*bind)(struct store_q *q, const struct object *o);	/* the kind's own parameters of put */
	int (*put_children)(struct store *s, const struct object *o, struct err *err);
	int (*load)(struct store_loader *l, struct object *o, struct err *err);
};
struct store_loader {
	struct store *s;
	const struct store_kind *k;
	struct store_q head;
	struct store_child child[STORE_CHILDREN];
	struct store_vec *items;
};
/* store_found.c: all found records into the topology. */
int store_found_load(struct store *s, struct topo *into, struct err *err);

extern const struct store_kind store_bridge_kind, store_epair_kind, store_jail_kind, store_attachment_kind;

#endif
