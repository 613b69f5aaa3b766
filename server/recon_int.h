/*
 * recon_int: R's own state, shared by the recon_*.c files only.
 *
 *	recon.c		the loop, timers, messages from the worker
 *	recon_ask.c	questions: probe, backup, counters, files
 *	recon_txn.c	transactions and events
 *	recon_commit.c	tickets -> one transaction -> operations
 *	recon_account.c	tokens and sessions: no objects, no plan
 *	recon_change.c	rows of what changes: objects, addresses, history
 *	recon_mac.c	MAC addresses of what is being committed
 *	recon_cycle.c	observe, plan, execute, verify
 *	recon_found.c	foreign interfaces as they were found
 *	recon_check.c	what a ticket may make
 *	recon_scope.c	which objects a cycle looks at
 *	recon_op.c	operations: success, failure, 202
 *	recon_undo.c	what was refused goes back to what it was
 *	recon_progress.c	how many steps of an operation are done
 *	recon_status.c	status rows, interface rows
 *	recon_counters.c	GET /metrics and /v1/counters: asks the worker, at most once a second
 *	recon_files.c	imports of what the host has: asks the worker for its files
 *	recon_plan.c	dry runs, kept plans, repair and adoption of drift
 *	recon_audit.c	the audit trail
 *	recon_idem.c	requests that must not happen twice
 *	recon_history.c	revisions
 *	recon_confirm.c	changes that wait for their confirmation
 *	recon_drift.c	drift: found, repaired, cannot be repaired
 */
#ifndef JN_RECON_INT_H
#define JN_RECON_INT_H

#include "server/objmap.h"
#include "server/recon.h"
#include "server/remote.h"

#define SCOPE_MAX 64		/* more objects than this: look at everything */
#define ROUNDS_MAX 8		/* plan rounds before we say that it does not converge */
#define JOBS_MAX 32
#define FLIGHTS_MAX 32		/* commands sent ahead: the worker must never wait for our next wake-up */
#define LOOK_EVERY_MS 30000	/* catches what notifications miss */
#define LOOK_AFTER_CHANGE_MS 150
#define LOOK_SPACING_MS 1000
#define LOOK_SHARE 100		/* looks for what changed take one hundredth of the time, */
#define LOOK_PATIENCE_MS 3000	/* or more when that were longer than this, */
#define LOOK_SHARE_MIN 10	/* but never more than a tenth */
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
#define HEARTBEAT_MS 15000
#define CHECK_SPACING_MS 10000	/* looks for damage in the whole database */

/* An object as it was before an operation changed it; before NULL = it did not exist. */
struct undo {
	enum kind kind;
	char name[NAME_SIZE];
	struct object *before;
	bool deleted;		/* by the operation */
};

struct op {
	struct op *next;
	struct ticket *ticket;	/* NULL once answered */
	const struct api_route *route;	/* NULL = jailnet's own */
	int64_t began_us;	/* monotonic */
	struct op_row row;	/* id "" = nothing changed: the request only waits for a look */
	struct undo *undo;
	size_t nundo;
	struct objmap objects;	/* what it changed; no record */
	bool keep;		/* what cannot be made is tried again, never undone: it is the undo of something */
	bool everything;	/* a topology request: its cycle looks at all */
	bool looked;		/* such a cycle has ended: what follows are the jails whose commands took longer */
	bool in_cycle;
	bool undone;		/* row.err is set, and the undo is committed or could not be */
	bool ended;		/* row says how */
	int64_t deadline;	/* monotonic: when a waiting client gets its 202 */
};

/* An object that could not be made as wanted, outside of any operation: tried again with back-off. */
struct trouble {
	struct err err;
	uint32_t retries;
	int64_t next_at;	/* monotonic */
	int64_t since;		/* wall clock */
};

struct job {
	uint64_t seq;		/* 0 = free */
	struct step step;	/* JAIL_START, JAIL_STOP */
	struct ticket *probe;	/* or a probe */
};

enum phase { PHASE_IDLE, PHASE_HELLO, PHASE_OBSERVING, PHASE_EXECUTING };

struct seen_jail {
	uint64_t jid;	/* + 1; 0 = gone */
	int64_t at;	/* since when, monotonic */
};

struct recon {
	const struct recon_conf *conf;
	struct store *store;
	struct remote remote;
	struct topo want;
	struct observed have;
	struct observed part;	/* rows of the look in flight */
	struct op *ops;		/* oldest first */
	struct op *ended;	/* their rows are still to be stored */
	bool recovered;		/* what a killed server left running has got its end */
	bool unstored;		/* what the last cycle found could not be stored: the next says it again */
	struct objmap status;	/* record: uint64_t, a hash of the row last stored */
	struct objmap trouble;	/* record: struct trouble */
	struct job jobs[JOBS_MAX];
	uint64_t ifaces_hash;	/* of the interface rows last stored */
	int64_t audit_at, audit_head_at;	/* monotonic: notes are written, the newest hash is logged */
	struct confirm_row confirm;	/* revision 0 = nothing waits */
	int64_t confirm_at;	/* monotonic, its deadline; INT64_MAX = none */
	struct drift_row *drift;	/* what GET /v1/drift shows */
	size_t ndrift;
	size_t drift_told;	/* so many of them have their event */
	size_t drift_kept;	/* so many of them stay when the end of this cycle is committed */

	struct {		/* GET /metrics, /v1/counters */
		uint64_t seq;	/* COUNTERS in flight, 0 = none */
		struct ticket *waiting;
		struct observed rows;
		struct counters *last;
		int64_t last_at;	/* monotonic */
	} count;

	struct {		/* POST /v1/import/... of the host's own files */
		uint64_t seq;	/* FILES in flight for the first that waits, 0 = none */
		struct ticket *waiting;
		struct hostfiles got;
	} files;

	/* the cycle */
	int64_t cycle_us;	/* monotonic: when it began */
	enum phase phase;
	struct {		/* commands in flight, a ring; the worker answers in order */
		uint64_t seq;
		size_t at;	/* in looks or in plan.v */
	} flights[FLIGHTS_MAX];
	size_t flight_first, nflights;
	bool scope_all;
	struct objmap scope;
	struct cmd *looks;	/* OBSERVE, then SYSCTL_GET */
	size_t nlooks, rlooks;
	size_t look;		/* next to send */
	bool looked;		/* the OBSERVEs are done, the SYSCTL_GETs were added */
	bool seen;		/* the kernel was looked at: a start looks at all of it */
	struct plan plan;
	size_t step;		/* next to send */
	size_t rounds;
	bool doubted;		/* this cycle has looked again before it destroys half a pair */
	struct objmap failed;	/* in this cycle; record: struct err */
	size_t executed;	/* steps sent in this round */
	struct objmap external;	/* jails of other managers as last seen: what follows from their coming and going is no drift; struct seen_jail */
	struct objmap drifting;	/* objects repaired in this cycle that no request asked for; no record */

	/* the next cycle */
	bool dirty_all;
	struct objmap dirty;
	int64_t look_at;	/* monotonic; a full look is due */
	int64_t last_look;
	int64_t look_cost;	/* ms the last full look took */
	int64_t heartbeat_at;
	int64_t check_at;	/* monotonic: the database may be looked at again */
	int64_t progress_at;	/* monotonic: counts of steps are written; INT64_MAX = nothing new */
	bool halting;		/* recon_halt.c */
	bool halt_planned;	/* a plan of everything was made since */
	struct err gone;	/* code set: the worker or the store is lost */
	struct err damaged;	/* code set: the database is; what is wanted is unknown, so nothing is done, questions are answered */
};

/* recon_halt.c */
void halt_begin(struct recon *r);
void halt_refuse(struct recon *r, struct ticket *list);
bool halt_is_done(const struct recon *r);

/* recon_commit.c */
void recon_commit(struct recon *r, struct ticket *list);
void ticket_fail(struct recon *r, struct ticket *t, const struct err *err);

/* recon_ask.c: answers the questions, or has the worker do it; the rest of the list. */
struct ticket *questions_take(struct recon *r, struct ticket *list);

/* recon_txn.c: begin and commit with the health flags and generation kept true.  'durable' false: what can be computed again. */
int recon_begin(struct recon *r, bool durable, struct err *err);
int recon_end(struct recon *r, struct err *err);
void damage_look(struct recon *r);	/* a transaction failed: is the database damaged?  Then nothing is done any more */
void recon_event(struct recon *r, const char *type, const char *object, const char *actor, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void object_ref(enum kind kind, const char *name, char *buf, size_t size);	/* "epair/web0" */

/* recon_account.c: runs and answers the tickets of credentials; the rest of the list. */
struct ticket *account_commit(struct recon *r, struct ticket *list);
/* recon_history.c: inside a transaction, but for the last two.  o NULL = deleted. */
int history_object(struct recon *r, int64_t revision, enum kind kind, const char *name, const struct object *o, struct err *err);
void history_count(struct revision_row *counts, bool before, bool after);
int history_revision(struct recon *r, int64_t revision, const struct op_row *op, const char *note, struct revision_row *counts, struct err *err);
int history_baseline(struct recon *r, struct err *err);	/* at start: the present revision is in the history, too */
void history_trim(struct recon *r);

/* recon_confirm.c */
int confirm_load(struct recon *r, struct err *err);
void confirm_watch(struct recon *r);	/* r->confirm has changed */
void confirm_due(struct recon *r, int64_t now);	/* rolls back what was not confirmed in time */
/* -1 = no change is taken while *c waits. */
int confirm_refuses(const struct confirm_row *c, const struct write *w, struct errs *errs);
/* Inside a transaction; *c is what waits once it is committed. */
int confirm_store(struct recon *r, struct confirm_row *c, const struct write *w, const struct op_row *op, int64_t base, struct err *err);
int confirm_accept(struct recon *r, struct confirm_row *c, struct ticket *t, struct err *err);
void confirm_drop(struct recon *r, const struct op *op);

/* recon_audit.c: the first four inside a transaction */
void audit_committed(struct recon *r, const struct write *w, const char *op, int64_t revision, const char *detail);
void audit_changes(struct recon *r, const struct write *w, const struct changes *c, const char *op, int64_t revision);
void audit_nothing(struct recon *r, const struct write *w);	/* it was done, and no object changed */
void audit_undone(struct recon *r, const struct op_row *op, int64_t revision);
void audit_refused(struct recon *r, const struct ticket *t);
void audit_note(struct recon *r, const struct ticket *t, const char *result, int status, const char *detail);
void audit_look(struct recon *r, int64_t now);	/* woken: are there notes? */
void audit_due(struct recon *r, int64_t now);
void audit_flush(struct recon *r);	/* what waits is written now: the end */
void audit_hash(const uint8_t before[AUDIT_HASH_SIZE], struct audit_row *row);

/* recon_idem.c */
bool idem_answers(struct recon *r, struct ticket *t);	/* true: the key is known, and the ticket is answered */
int idem_store(struct recon *r, const struct ticket *t, const struct op_row *op, struct err *err);	/* inside the transaction of the effect */
void idem_trim(struct recon *r);

/* recon_plan.c */
/* What would be done for 'next' now.  Found records of what would be touched first go into it. */
int plan_dry(struct recon *r, struct topo *next, struct plan *out, struct err *err);
/* A kept plan is applied as it was shown or not at all: -1. */
int plan_is_as_shown(struct recon *r, const struct write *w, const struct topo *next, struct errs *errs);
/* repair, adopt: there must be a drift; what is adopted becomes a change. */
void drift_ticket(struct recon *r, const struct write *w, struct changes *c, struct topo *next, struct errs *errs);

/* recon_mac.c: gives every end and bridge of what changes its address and writes the registry; inside a transaction. */
int recon_macs(struct recon *r, const struct change_item *v, size_t n, int64_t now, struct err *err);

/* recon_change.c: ids, times, addresses; objects and history; inside a transaction. */
int changes_store(struct recon *r, struct change_item *v, size_t n, int64_t revision, struct revision_row *counts, struct err *err);

/* recon_cycle.c */
void cycle_start(struct recon *r);
void cycle_reply(struct recon *r, const struct remote_msg *m);
void cycle_continue(struct recon *r);	/* a job slot became free */

/* recon_found.c */
int found_keep(struct recon *r, struct err *err);	/* before a plan is made */

/* recon_check.c: what takes errs adds to it */
void check_valid(struct recon *r, const struct changes *c, const struct topo *next, enum write_verb verb, struct errs *errs);
bool changes_take_over(const struct recon *r, const struct changes *c);	/* does something foreign become ours by them? then nothing of it is undone */
bool check_selector(const struct write *w, const struct changes *c, const struct topo *next, struct errs *errs);
/* Objects of others do not exist for a principal with a selector: before anything else is asked of them, and in a dry run. */
bool check_mine(const struct write *w, const struct object *o);
bool check_there(const struct write *w, const struct topo *view, struct errs *errs);
void check_plan(const struct write *w, const struct topo *view, const struct topo *next, struct plan *plan);

/* recon_scope.c */
void scope_dirty(struct recon *r, const struct object *o);	/* marks the object and what stands or falls with it */
void scope_dirty_ref(struct recon *r, enum kind kind, const char *name);
int scope_looks(struct recon *r, struct err *err);	/* fills r->looks for r->scope */
int look_add(struct recon *r, const struct cmd *c, struct err *err);

/* recon_op.c */
struct op *op_of(struct recon *r, enum kind kind, const char *name);	/* the operation of this cycle that changed it, or NULL */
void op_step_failed(struct recon *r, const struct step *s, const struct err *err);
void op_cycle_done(struct recon *r);	/* the plan is empty: answer those that are through */
void op_deadlines(struct recon *r, int64_t now);
int64_t op_next_deadline(const struct recon *r);
void op_answer_all(struct recon *r, const struct err *err);	/* shutting down */
void op_free(struct op *op);

/* recon_undo.c */
void op_rollback_failed(struct recon *r);	/* each that was refused a part */

/* recon_progress.c */
void progress_planned(struct recon *r);	/* r->plan is new */
void progress_done(struct recon *r, const struct step *s);
void progress_due(struct recon *r, int64_t now);

/* recon_status.c */
void status_of(const struct recon *r, enum kind kind, const char *name, struct status_row *out);
void status_write(struct recon *r);	/* rows of this cycle's scope that changed; inside a transaction */
void status_forget(struct recon *r, enum kind kind, const char *name);
void status_unstored(struct recon *r);	/* the transaction failed: all of them are written again */
void ifaces_write(struct recon *r);

/* recon_counters.c */
void counters_ask(struct recon *r, struct ticket *t);
void counters_reply(struct recon *r, const struct reply *reply);
void counters_end(struct recon *r, const struct err *err);	/* answers who waits, frees */

/* recon_files.c */
void files_ask(struct recon *r, struct ticket *t);
void files_reply(struct recon *r, const struct reply *reply);
void files_end(struct recon *r, const struct err *err);	/* answers who waits, frees */

/* recon_drift.c */
void drift_found(struct recon *r);	/* the steps of the new plan that no request asked for: rows and events */
/* Which jails of other managers came or went; at each look. */
void drift_jails(struct recon *r);
void drift_settle(struct recon *r);	/* the cycle is over: repaired, or in trouble; inside a transaction */
void drift_settled(struct recon *r);	/* that one is committed */

/* recon.c */
void look_after(struct recon *r, int64_t ms);	/* a full look, but looks take at most their share of the time */
struct job *job_free(struct recon *r);
struct trouble *trouble_add(struct recon *r, enum kind kind, const char *name, const struct err *err);
int64_t trouble_next(const struct recon *r);	/* when the first object in trouble may be tried again; INT64_MAX: none is in trouble */
bool err_is_transient(const struct err *err);

#endif
