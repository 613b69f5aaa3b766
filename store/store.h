/*
 * store: SQLite, nothing else.
 *
 * One writer connection, used by thread R only, which is also the only one that checkpoints; readers are one connection per
 * thread, query_only.  (Debian 12's SQLite has the WAL-reset bug: a checkpoint on one connection racing a commit on
 * another; https://sqlite.org/wal.html#walresetbug.)  Nobody else may open the file for writing.
 *
 * Writes happen between store_begin and store_commit.  The transaction has a sticky error: after the first failure every
 * store_* write is a no-op that returns -1, and store_commit rolls back and reports that first error.  Savepoints let
 * one request of a group fail alone.
 *
 * Callbacks of the list functions must not call the store; -1 from one ends the list and comes back with its err.
 *
 * Errors are ERR_STORE with the SQLite text in msg; a full disk has sys = ENOSPC.  The schema is store/migrate/NNNN.sql.
 */
#ifndef JN_STORE_H
#define JN_STORE_H

#include <stdint.h>

#include "core/audit.h"
#include "core/err.h"
#include "core/observed.h"
#include "core/plan.h"
#include "core/topo.h"

struct store;

enum store_mode { STORE_WRITER, STORE_READER };

/*
 * Opens (writer: creates, migrates, quick_check, keeps an 8 MiB ballast file against a full disk) DIR/jailnet.db.
 * A newer schema than ours: ERR_UNSUPPORTED (the program exits with 78).  store_close accepts NULL.
 */
int store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err);
void store_close(struct store *s);

int store_begin(struct store *s, struct err *err);	/* BEGIN IMMEDIATE (writer) or a read transaction (reader) */
/* Writer, between transactions: true (the default) = a commit is on the disk when it returns; false = it may be lost with the power, not with
 * the process: for rows that the next look at the kernel makes again. */
void store_durable(struct store *s, bool durable);
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s);
int store_savepoint(struct store *s, struct err *err);	/* one level */
/*
 * keep false: back to the savepoint; clears the sticky error unless the transaction itself is gone.  keep true with a sticky
 * error, or with a reference to an object that does not exist: the same, and -1 with that error.
 */
int store_release(struct store *s, bool keep, struct err *err);
/* After a full disk, now and then: drops the ballast and checkpoints, so that writes work again; once they do, puts the ballast
 * back when there is plenty of room. */
void store_relieve(struct store *s);

/* Writer, outside of a transaction: a consistent copy of everything as an open file without a name, which the caller closes. */
int store_backup(struct store *s, int *fd, struct err *err);

/* --- desired objects -------------------------------------------------------------------------------------- */

/* Everything: objects, found records, revision.  'out' is initialised here and owned by the caller. */
int store_topo(struct store *s, struct topo *out, struct err *err);
/* ERR_NOT_FOUND when there is none. */
int store_object(struct store *s, enum kind kind, const char *name, struct object **out, struct err *err);
/* In name order, names after 'after' ("" = from the start); each is given away to the callback, which must free it. */
int store_objects(struct store *s, enum kind kind, const char *after, size_t limit,
    int (*each)(void *arg, struct object *o, struct err *err), void *arg, struct err *err);
/* Inserts or replaces the whole object, its id, revision and times included. */
int store_object_put(struct store *s, const struct object *o, struct err *err);
/* With all that is inside it; already gone is success.  A reference left to it fails store_release(keep) and store_commit. */
int store_object_delete(struct store *s, enum kind kind, const char *name, struct err *err);

int store_found_put(struct store *s, const struct found *f, struct err *err);
int store_found_delete(struct store *s, const char *ifname, struct err *err);

/* Global revision: one integer per write transaction that changed the desired state; survives restarts. */
int store_revision(struct store *s, int64_t *out, struct err *err);
int store_revision_set(struct store *s, int64_t revision, struct err *err);

/* --- history ---------------------------------------------------------------------------------------------- */

/* One for each value the global revision had, while it is kept. */
struct revision_row {
	int64_t revision;
	int64_t at;		/* ms */
	char actor[64];
	char method[8], path[160];	/* of the request, "" = none */
	char op[ID_SIZE];	/* "" = none */
	char note[96];		/* "rollback to revision 12", "" = nothing to say */
	uint32_t created, updated, deleted;	/* objects */
};
int store_history_add(struct store *s, const struct revision_row *r, struct err *err);
int store_history_get(struct store *s, int64_t revision, struct revision_row *out, struct err *err);	/* ERR_NOT_FOUND */
/* Newest first, below 'before' (0 = from the newest). */
int store_history_list(struct store *s, int64_t before, size_t limit,
    int (*each)(void *arg, const struct revision_row *r, struct err *err), void *arg, struct err *err);
int store_history_range(struct store *s, int64_t *first, int64_t *last, struct err *err);	/* 0, 0 when there is none */
/* The object as this revision left it, as text that the store does not read; NULL = deleted. */
int store_history_put(struct store *s, int64_t revision, enum kind kind, const char *name, const char *json, struct err *err);
/* Every object that existed at this revision, which must be kept; then: what this revision changed (json NULL = deleted). */
int store_history_at(struct store *s, int64_t revision,
    int (*each)(void *arg, enum kind kind, const char *name, const char *json, struct err *err), void *arg, struct err *err);
int store_history_changes(struct store *s, int64_t revision,
    int (*each)(void *arg, enum kind kind, const char *name, const char *json, struct err *err), void *arg, struct err *err);
/* Forgets revisions beyond the newest 'keep' and those made before 'before' (ms), a good many at a time; never the newest. */
int store_history_trim(struct store *s, size_t keep, int64_t before, struct err *err);

/* The one change that is rolled back at its deadline unless it is confirmed. */
struct confirm_row {
	int64_t revision;	/* 0 = none */
	int64_t base;		/* the revision to go back to */
	char op[ID_SIZE];
	char actor[64];
	int64_t created_at, deadline;	/* ms, wall clock */
};
int store_confirm(struct store *s, struct confirm_row *out, struct err *err);
int store_confirm_put(struct store *s, const struct confirm_row *c, struct err *err);
int store_confirm_clear(struct store *s, struct err *err);

/* --- plans ------------------------------------------------------------------------------------------------ */

#define PLANS_KEEP 100
struct plan_row {
	char id[ID_SIZE];	/* "pl_" + 26 */
	int64_t base;		/* the revision it was made for */
	char actor[64];
	char manager[64];	/* of the request, "" = none */
	int64_t created_at, expires_at;
	const char *steps;	/* JSON, as it was shown */
	const char *document;	/* JSON, as it was sent */
};
int store_plan_put(struct store *s, const struct plan_row *p, struct err *err);
/* The texts are borrowed while 'use' runs, which must not call the store.  ERR_NOT_FOUND, also when it has expired. */
int store_plan_use(struct store *s, const char *id, int64_t now, int (*use)(void *arg, const struct plan_row *p, struct err *err), void *arg,
    struct err *err);
int store_plan_delete(struct store *s, const char *id, struct err *err);	/* ERR_NOT_FOUND */
int store_plan_trim(struct store *s, int64_t now, struct err *err);	/* the expired, and so many that one more makes PLANS_KEEP */

/* --- audit trail ------------------------------------------------------------------------------------------ */

#define AUDIT_KEEP 200000
struct audit_filter {
	int64_t before;		/* seq, 0 = from the newest */
	const char *actor, *result;	/* NULL = any */
};
int store_audit_add(struct store *s, const struct audit_row *r, struct err *err);
/* The newest row; the one before the oldest that is kept.  Before the first row both are 0 and a hash of zeros. */
int store_audit_last(struct store *s, int64_t *seq, uint8_t hash[AUDIT_HASH_SIZE], struct err *err);
int store_audit_base(struct store *s, int64_t *seq, uint8_t hash[AUDIT_HASH_SIZE], struct err *err);
/* Newest first. */
int store_audits(struct store *s, const struct audit_filter *f, size_t limit,
    int (*each)(void *arg, const struct audit_row *r, struct err *err), void *arg, struct err *err);
int store_audit_trim(struct store *s, size_t keep, struct err *err);	/* once an eighth too many are there */

/* --- keys of requests that must not happen twice ------------------------------------------------------------- */

#define IDEM_KEY_SIZE 65
struct idem_row {
	char actor[64];
	char key[IDEM_KEY_SIZE];
	uint8_t fingerprint[32];	/* of method, target and body */
	char op[ID_SIZE];	/* "" = it changed nothing */
	int64_t revision;
	bool created;
	int64_t changed;
	int64_t at;		/* ms */
};
int store_idem_put(struct store *s, const struct idem_row *r, struct err *err);
int store_idem(struct store *s, const char *actor, const char *key, int64_t since, struct idem_row *out, struct err *err);	/* ERR_NOT_FOUND */
int store_idem_trim(struct store *s, int64_t before, struct err *err);

/* --- MAC registry ----------------------------------------------------------------------------------------- */

enum mac_state { MAC_ALLOCATED, MAC_PINNED, MAC_IMPORTED, MAC_RETIRED };
struct mac_row {
	struct mac mac;
	enum kind kind;		/* owner: KIND_BRIDGE or KIND_EPAIR */
	char name[NAME_SIZE];
	uint8_t side;		/* of an epair */
	enum mac_state state;
	char source[16];	/* "random", "user", "import" */
	int64_t created_at, retired_at;	/* ms; retired_at 0 = not retired */
};
/* By address, ERR_NOT_FOUND when free. */
int store_mac(struct store *s, const struct mac *mac, struct mac_row *out, struct err *err);
/* The living row of an owner end, else the one retired last: that is how a re-created object gets its own address back. */
int store_mac_of(struct store *s, enum kind kind, const char *name, uint8_t side, struct mac_row *out, struct err *err);
/* Insert or replace by address.  An address of another, not retired owner: ERR_CONFLICT. */
int store_mac_put(struct store *s, const struct mac_row *row, struct err *err);
/* All addresses of an owner go into quarantine, except those equal to keep[] (nkeep may be 0). */
int store_mac_retire(struct store *s, enum kind kind, const char *name, int64_t now, const struct mac *keep, size_t nkeep,
    struct err *err);
int store_macs(struct store *s, int (*each)(void *arg, const struct mac_row *row, struct err *err), void *arg, struct err *err);

/* --- operations ------------------------------------------------------------------------------------------- */

enum op_state { OP_RUNNING, OP_SUCCEEDED, OP_FAILED, OP_ROLLED_BACK };
#define OP_STATE_COUNT (OP_ROLLED_BACK + 1)
struct op_row {
	char id[ID_SIZE];	/* "op_" + 26 */
	enum op_state state;
	char method[8], path[160];	/* of the request */
	char actor[64];
	int64_t revision;	/* the one it made */
	int64_t created_at, finished_at;
	uint32_t steps_done, steps_total;
	struct err err;		/* when failed or rolled back */
};
int store_op_put(struct store *s, const struct op_row *op, struct err *err);	/* insert or replace by id */
int store_op_states(struct store *s, uint64_t out[OP_STATE_COUNT], struct err *err);	/* how many of each */
int store_op(struct store *s, const char *id, struct op_row *out, struct err *err);
/* Newest first. */
int store_ops(struct store *s, size_t limit, int (*each)(void *arg, const struct op_row *op, struct err *err), void *arg,
    struct err *err);

/* --- events ----------------------------------------------------------------------------------------------- */

struct event_row {
	int64_t seq;		/* given by the store, ascending without reuse */
	int64_t revision;
	int64_t at;		/* ms */
	char type[32];		/* "epair.created", "drift.repaired", "operation.failed" */
	char object[96];	/* "epair/web0", "" = none */
	char actor[64];
	char op[ID_SIZE];	/* "" = none */
	char text[320];		/* one sentence */
};
int store_event_add(struct store *s, const struct event_row *e, struct err *err);	/* seq is ignored */
int store_events(struct store *s, int64_t after, size_t limit, int (*each)(void *arg, const struct event_row *e, struct err *err),
    void *arg, struct err *err);
struct event_filter {
	int64_t after;		/* seq */
	int64_t before;		/* seq, 0 = to the newest */
	const char *object, *type, *actor;	/* NULL = any; of an object, and of its ends */
};
int store_events_find(struct store *s, const struct event_filter *f, bool newest_first, size_t limit,
    int (*each)(void *arg, const struct event_row *e, struct err *err), void *arg, struct err *err);
/* Lowest kept and highest used sequence; 0, 0 when there is none.  store_event_trim deletes old events beyond EVENTS_KEEP
 * and finished operations beyond OPERATIONS_KEEP. */
#define EVENTS_KEEP 100000
#define OPERATIONS_KEEP 10000
int store_event_range(struct store *s, int64_t *first, int64_t *last, struct err *err);
int store_event_trim(struct store *s, struct err *err);

/* --- what the reconcile loop saw --------------------------------------------------------------------------- */

/* state: "pending" "applying" "ready" "waiting" "failed" "stopped".  Absent = pending. */
struct status_row {
	enum kind kind;
	char name[NAME_SIZE];
	char state[12];
	int64_t since;		/* ms */
	struct err err;		/* why failed or waiting; code ERR_NONE = nothing to say */
	uint32_t dying;		/* of a jail: earlier ones of its name that the kernel has not let go of */
	char duplicates[256];	/* space-separated prefixes that another host has, too */
};
int store_status_put(struct store *s, const struct status_row *r, struct err *err);
int store_status_delete(struct store *s, enum kind kind, const char *name, struct err *err);
int store_status(struct store *s, enum kind kind, const char *name, struct status_row *out, struct err *err);	/* ERR_NOT_FOUND */
int store_statuses(struct store *s, enum kind kind, int (*each)(void *arg, const struct status_row *r, struct err *err), void *arg,
    struct err *err);

struct drift_row {
	char object[96];
	char want[160];
	char have[160];
	char cause[160];
	int64_t since;
	struct step_place place;
};
/* Replaces the whole table. */
int store_drift_set(struct store *s, const struct drift_row *v, size_t n, struct err *err);
int store_drift(struct store *s, int (*each)(void *arg, const struct drift_row *r, struct err *err), void *arg, struct err *err);

/* Physical and foreign interfaces as last observed (those in our jails, too, when attached). */
struct iface_row {
	char ifname[IFNAME_SIZE];
	char jail[NAME_SIZE];
	enum link_type type;
	struct mac mac;
	uint32_t mtu;
	bool up, running;
	char bridge[IFNAME_SIZE];
	char member_of[IFNAME_SIZE];	/* our bridge that names it as a member, "" = none */
	char addrs[512];		/* space-separated prefixes */
};
int store_ifaces_set(struct store *s, const struct iface_row *v, size_t n, struct err *err);	/* replaces the table */
int store_ifaces(struct store *s, int (*each)(void *arg, const struct iface_row *r, struct err *err), void *arg, struct err *err);

/*
 * A writer whose database is damaged opens all the same, so that what can be read is answered: every store_begin() fails, nothing is
 * written, moved or deleted.  True and *why when it is so.
 */
bool store_is_damaged(const struct store *s, struct err *why);
/* It has met a page that makes no sense since it was last asked. */
bool store_met_damage(struct store *s);
/* The writer, between transactions: looks at all of it, as at start. */
int store_check(struct store *s, struct err *err);
const char *store_library(void);	/* the version of SQLite */
/* Bytes of the database and of its write-ahead log. */
int store_size(struct store *s, int64_t *db, int64_t *wal, struct err *err);

/* --- credentials -------------------------------------------------------------------------------------------- */

/* What a credential may do; "" = no restriction. */
struct grant {
	char role[16];		/* "viewer", "operator", "admin" */
	char scopes[256];	/* blank-separated */
	char cidrs[256];	/* blank-separated prefixes it may be used from */
	char selector[256];	/* core/selector.h */
	int64_t created_at, expires_at;	/* ms; expires_at 0 = never */
};

struct token_row {
	char id[ID_SIZE];	/* "tk_" + 26 */
	char name[64];
	bool is_certificate;	/* sha256 is a client certificate's fingerprint, not that of a token's text */
	uint8_t sha256[32];
	char created_by[64];
	struct grant grant;
	int64_t last_used_at;	/* ms, 0 = never; not written by store_token_add */
};
int store_token_add(struct store *s, const struct token_row *t, struct err *err);
/* ERR_NOT_FOUND; expired ones are found, too. */
int store_token_find(struct store *s, const uint8_t sha256[32], bool is_certificate, struct token_row *out, struct err *err);
int store_token(struct store *s, const char *id, struct token_row *out, struct err *err);	/* ERR_NOT_FOUND */
int store_tokens(struct store *s, int (*each)(void *arg, const struct token_row *t, struct err *err), void *arg, struct err *err);
/* It was good for something at 'at'; nothing happens when it is gone. */
int store_token_used(struct store *s, const char *id, int64_t at, struct err *err);
/* Its sessions go with it. */
int store_token_delete(struct store *s, const char *id, struct err *err);
int store_token_count(struct store *s, size_t *out, struct err *err);
/* How many besides 'id' are unrestricted admins and still good at 'now'. */
int store_token_admins(struct store *s, const char *id, int64_t now, size_t *out, struct err *err);

struct session_row {
	char id[ID_SIZE];	/* "se_" + 26 */
	bool is_code;		/* single use, to be exchanged for a session */
	uint8_t sha256[32];
	char token[ID_SIZE];	/* made with this one and gone with it; "" = made over the UNIX socket */
	char actor[64];
	struct grant grant;
};
int store_session_add(struct store *s, const struct session_row *r, struct err *err);
int store_session_find(struct store *s, const uint8_t sha256[32], struct session_row *out, struct err *err);	/* ERR_NOT_FOUND */
int store_session_delete(struct store *s, const uint8_t sha256[32], struct err *err);
int store_session_trim(struct store *s, int64_t now, struct err *err);	/* those that have expired */
/* Of this actor's sessions, or codes, only so many. */
int store_session_keep(struct store *s, const char *actor, bool is_code, int newest, struct err *err);

#endif
