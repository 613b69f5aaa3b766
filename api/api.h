/*
 * api: REST without HTTP.  A request comes in as plain values, an answer goes out as plain values; jansson lives only
 * here (and in cli/).  Two threads use it, each with its own 'struct api':
 *
 *   H  api_begin(): routes, checks role, content type and body; answers every GET from the reader connection.  A
 *      write is decoded into a 'struct write' and handed to R.
 *   R  write_apply(): works the write into a view of the desired topology (pure).  R validates, stores, reconciles and
 *      fills a 'struct outcome'.
 *   H  api_finish(): turns write + outcome into the answer (reads the fresh object from the reader connection).
 */
#ifndef JN_API_H
#define JN_API_H

#include <stdatomic.h>

#include "api/api_metrics.h"
#include "core/counters.h"
#include "core/hostfile.h"
#include "core/plan.h"
#include "core/topo.h"
#include "store/store.h"

#define API_BODY_MAX (1024 * 1024)
#define API_CURSOR_SIZE 96	/* a jail, an interface in it, and what is between them */
#define API_TOPOLOGY_MAX (8 * 1024 * 1024)
#define API_DEPTH_MAX 32
#define API_VALUES_MAX 500000
#define API_SIGN_IN_MAX 4096	/* body of a request that needs no credential */
#define SECRET_SIZE 80		/* "jnd_" + 8 + "_" + 43 + NUL, with room */

/* What GET /v1, /livez and /readyz tell; written by R, read by H without a lock. */
struct api_health {
	_Atomic bool worker;		/* HELLO answered */
	_Atomic bool reconciled;	/* first full look done and the plan was empty or executed */
	_Atomic bool draining;
	_Atomic bool store_suspect;	/* H has met damage: R is to look */
	_Atomic bool store_ok;		/* false: disk full or damaged, reads only */
	_Atomic int64_t revision;	/* last committed */
	_Atomic int64_t applied_revision;
	_Atomic uint32_t features;	/* FEATURE_* from the worker */
	_Atomic int64_t generation;	/* +1 at each commit of any kind: rendered answers are cached under it */
};

struct api_info {		/* fixed after start */
	const char *version;	/* jailnet's */
	const char *platform;	/* "linux", "freebsd" */
	const char *http_library;	/* MHD_get_version() */
	/* for GET /v1/support; NULL = not known */
	const char *kernel, *policy;	/* uname; the policy of jailnetd.conf, a line for each key */
	const char *tls_library, *store_library, *hash_library;
	int worker_pid;
	bool sandbox;
};

/* Once in main, before any thread. */
void api_init(void);

struct api {
	struct store *reader;
	struct api_health *health;
	const struct api_info *info;
	struct api_metrics *metrics;	/* NULL = nobody counts */
};

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };
enum role api_role(const char *word);	/* ROLE_NONE when it is none */

/* Who asks; made by server/auth.c.  All zero = nobody. */
struct principal {
	enum role role;
	uint32_t scopes;	/* bits of api_scopes(), 0 = whatever the role may */
	char actor[64];		/* "uid:0", "token:tk_...", "" = nobody */
	char address[48];	/* of the peer, "" = UNIX socket */
	char token[ID_SIZE];	/* its token or certificate, "" = none */
	char cidrs[256], selector[256];
	int64_t expires_at;	/* ms, 0 = never */
	bool is_certificate;	/* by TLS */
	bool is_session;	/* by cookie */
	uint8_t hash[32];	/* of the token, certificate or cookie */
};

/* Text of scopes ("jails:read net:write") into bits; write includes read.  ERR_INVALID names the bad word. */
int api_scopes(const char *words, uint32_t *out, struct err *err);

struct api_req {
	const char *method;
	const char *target;	/* raw: path[?query], still percent-encoded */
	/* headers, NULL = absent */
	const char *content_type, *accept, *if_match, *if_none_match, *prefer, *last_event_id, *idempotency_key;
	const char *body;	/* NULL = none */
	size_t body_size;
	bool local;		/* UNIX socket */
	enum role role;
	const char *actor;	/* "uid:0", "token:tk_..." */
	const struct principal *who;	/* restrictions beyond the role; NULL = none */
	const char *request_id;
};

/* Where a page of a list starts, and what the link to the next one is made of. */
struct page_from {
	size_t limit;
	char after[API_CURSOR_SIZE];	/* the key of the last row before it, "" = the beginning */
	uint32_t filter;	/* of the list and its filters: a cursor fits no other */
	char base[160];		/* the target without its cursor, "" = too long, or not to be repeated */
};

struct api_res {
	int status;
	char *body;		/* malloc'ed, NULL = empty; freed by api_res_fini */
	size_t body_size;
	const char *content_type;	/* static */
	char etag[40];		/* with quotes, "" = none */
	char location[192];
	char link[320];		/* RFC 8288, rel="next" */
	char allow[64];		/* 405, OPTIONS */
	char preference_applied[32];
	int retry_after;	/* seconds, 0 = none */
	const struct api_route *route;	/* NULL = none matched */
	bool has_cookie;	/* the session cookie is set, or with "" taken away */
	char cookie[SECRET_SIZE];
	int cookie_age;		/* seconds */
	bool replayed;		/* Idempotency-Replayed */
	bool has_file;		/* the body is this file; api_res_fini closes it */
	int fd;
	char detail[160];	/* of a problem, for the audit trail */
	int wait_s;		/* there is nothing to tell yet: the client would wait so many seconds for something */
	bool cacheable;		/* a GET whose text depends on target and generation only */
};
void api_res_init(struct api_res *r);
void api_res_fini(struct api_res *r);

/* --- routes ------------------------------------------------------------------------------------------------ */

enum write_verb {
	WRITE_CREATE,
	WRITE_PUT,
	WRITE_PATCH,
	WRITE_DELETE,
	WRITE_START,
	WRITE_STOP,
	WRITE_RESTART,
	WRITE_TOPOLOGY,
	WRITE_ATTACH,
	WRITE_DETACH,
	WRITE_PROBE,
	WRITE_TAKEOVER,	/* becomes a dry WRITE_TOPOLOGY in R, by what the kernel has */
	WRITE_IMPORT,	/* becomes a dry WRITE_TOPOLOGY before R sees it */
	/* not writes, but only R can ask the worker */
	WRITE_COUNTERS,
	WRITE_METRICS,
	WRITE_SUPPORT,
	WRITE_FILES,	/* an import of the host's own files: becomes a dry WRITE_TOPOLOGY when R has them */
	/* of a route only: it is decoded into WRITE_TOPOLOGY */
	WRITE_ROLLBACK,
	WRITE_PLAN,
	WRITE_PLAN_APPLY,
	WRITE_CONFIRM,
	WRITE_PLAN_DELETE,
	WRITE_DRIFT_REPAIR,
	WRITE_DRIFT_ADOPT,
	WRITE_BACKUP,
	/* below: struct account; no objects, no plan */
	WRITE_TOKEN_CREATE,
	WRITE_TOKEN_DELETE,
	WRITE_SIGN_IN,
	WRITE_SIGN_OUT,
	WRITE_SIGN_IN_CODE
};

/* One line per operation of openapi/openapi.yaml; tests/api proves that both name the same ones. */
struct api_params {
	char name[NAME_SIZE];		/* {name} or {id}, percent-decoded */
	struct {
		char key[32], value[512];	/* 127 characters of UTF-8 */
	} query[8];
	size_t nquery;
};
struct api_route {
	const char *method;
	const char *path;		/* template: "/v1/epairs/{name}" */
	const char *operation_id;
	enum role role;
	enum kind kind;			/* where it applies */
	bool is_write;
	enum write_verb verb;
	bool is_stream;			/* GET /v1/events: server/ streams it */
	const char *const *query;	/* names of the query parameters it knows, NULL-terminated; others are 400 */
	void (*read)(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
	    struct api_res *res);
};
extern const struct api_route api_routes[];
extern const size_t api_route_count;

/* --- writes ------------------------------------------------------------------------------------------------ */

enum dry_run { DRY_NONE, DRY_VALIDATE, DRY_PLAN };

/* A write to credentials.  R makes the secrets; H shows them once. */
struct account {
	struct token_row token;		/* TOKEN_CREATE, TOKEN_DELETE (id) */
	struct session_row session;	/* SIGN_IN, SIGN_IN_CODE, SIGN_OUT (sha256); TOKEN_CREATE (token: what it is made with, "" = the socket) */
	int64_t lifetime_ms;		/* 0 = never ends */
	char secret[SECRET_SIZE];	/* in: what SIGN_IN was given; out: what was made */
	char address[48];		/* of the peer, for the CIDR limits of what signs in */
};
static inline bool
verb_is_account(enum write_verb v)
{
	return (v >= WRITE_TOKEN_CREATE && v <= WRITE_SIGN_IN_CODE);
}

struct write {
	const struct api_route *route;
	enum write_verb verb;
	enum kind kind;
	char name[NAME_SIZE];
	struct object **objects;	/* decoded; owned; CREATE/PUT/ATTACH one, TOPOLOGY all */
	size_t nobjects;
	char *patch;			/* PATCH: the JSON text, owned; merged in R against the current object */
	size_t patch_size;
	enum host_format format;	/* WRITE_FILES */
	char *import;			/* of an import: warnings, files, topology as JSON text, owned */
	bool create_only;		/* If-None-Match: * */
	bool if_match_any;		/* If-Match: * */
	int64_t if_match;		/* revision, -1 = no If-Match */
	char manager[64]; /* ?manager= : topology prunes only objects whose label "manager" has this value */
	enum dry_run dry_run;
	bool async;			/* Prefer: respond-async */
	int wait_s;			/* Prefer: wait=N, default 10 */
	bool waits;			/* it was asked for */
	struct cmd_probe probe;		/* WRITE_PROBE */
	struct {		/* WRITE_COUNTERS: "" = all */
		char jail[NAME_SIZE], bridge[NAME_SIZE], epair[NAME_SIZE];
		struct page_from from;
	} only;
	struct account *account;	/* verb_is_account */
	char selector[256];		/* the objects this principal may touch, "" = all */
	bool has_if_revision;		/* only at this revision of the whole, which a plan was made for */
	int64_t if_revision;
	int confirm_s;			/* rolled back after so long unless it is confirmed; 0 = stays */
	bool rollback;			/* back to an earlier revision: allowed while a change waits for its confirmation, which it ends */
	bool expired;			/* made by R at the deadline of a confirmation */
	char note[96];			/* for the history */
	char *document;			/* topology to keep as a plan, or of a kept plan; owned */
	char *plan_steps;		/* what is done must be exactly this; owned, NULL = anything */
	char key[IDEM_KEY_SIZE];	/* Idempotency-Key, "" = none */
	uint8_t fingerprint[32];	/* then: of method, target and body; made by server/ */
	char actor[64], peer[48];
	char method[8], path[160];
	char request_id[72];
};
void write_free(struct write *w);
/* True for the GETs that R answers: they change nothing. */
bool api_verb_asks(enum write_verb verb);
/* Back to what this revision was, as a topology request of jailnet's own; NULL = errs says why. */
struct write *api_rollback_write(struct store *s, int64_t revision, struct errs *errs);

/* One object that a write changes.  'before' NULL = created, 'after' NULL = deleted; the change owns 'after' until
 * it is taken. */
struct change_item {
	enum kind kind;
	char name[NAME_SIZE];
	const struct object *before;
	struct object *after;
};
struct changes {
	struct change_item *v;
	size_t n, room;
};
void changes_fini(struct changes *c);
/* Adds one, also to 'next'; takes ownership of after.  Nothing changed: nothing is added. */
int changes_put(struct changes *c, struct topo *next, const struct object *before, struct object *after, struct errs *errs);

/*
 * Pure.  Checks preconditions against 'want', builds the changed objects (ids, times and MACs of existing objects are
 * carried over; new ones have zero id and MAC), skips what does not change, and puts them into 'next' (a view of
 * 'want'). Errors go to errs with pointers into the topology document.  R runs valid_object() on the changed objects.
 */
int write_apply(const struct write *w, const struct topo *want, struct topo *next, struct changes *out, struct errs *errs);

enum outcome_kind {
	OUT_FAILED,
	OUT_DONE,
	OUT_ACCEPTED,
	OUT_VALID /* dry_run=validate */,
	OUT_PLAN,
	OUT_REPLAY /* of an earlier request with the same key */,
	OUT_PROBE,
	OUT_COUNTERS,
	OUT_FILES
};
struct outcome {
	enum outcome_kind kind;
	struct errs errs;	/* OUT_FAILED */
	int64_t revision;
	bool created;		/* 201 rather than 200 */
	bool has_file;		/* WRITE_BACKUP: owned by the ticket */
	int fd;
	char plan_id[ID_SIZE];	/* OUT_PLAN: it is kept */
	int64_t confirm_by;	/* ms, 0 = it stays anyway */
	size_t changed;		/* objects created, changed or deleted */
	char op[ID_SIZE];	/* "" = nothing had to change */
	struct plan plan;	/* OUT_PLAN: owned */
	struct reply probe;	/* OUT_PROBE */
	struct counters *counters;	/* OUT_COUNTERS: a reference */
	struct hostfiles files;	/* OUT_FILES: owned by the ticket */
};

/* --- the two calls of H ------------------------------------------------------------------------------------ */

enum api_next { API_ANSWER, API_WRITE, API_STREAM };

/* API_ANSWER: res is filled.  API_WRITE: *w is filled (owned by the caller).  API_STREAM: the SSE stream of events,
 * starting after *since (a sequence). */
enum api_next api_begin(
    struct api *a, const struct api_req *req, struct api_res *res, struct write **w, int64_t *since);
/* R: a WRITE_TAKEOVER becomes a dry run of what is wanted and what runs besides. */
int api_import_running(struct write *w, const struct topo *want, const struct observed *have, uint32_t features, struct err *err);
/* After OUT_FILES, instead of api_finish: the write becomes a dry run of the whole topology, to be given to R again; false: res is filled. */
bool api_import_files(struct api *a, struct write *w, const struct hostfiles *files, struct api_res *res);
void api_finish(struct api *a, const struct write *w, const struct outcome *o, struct api_res *res);

/* What must be known before the body is read: 0 = go on, else an HTTP status for api_problem: 401, 403, 413 or 415.  (404 and 405
 * come from api_begin, which fills 'allow'.)  content_length UINT64_MAX = unknown.  max_body is set. */
int api_precheck(const char *method, const char *target, const char *content_type, uint64_t content_length,
    bool has_body, enum role role, size_t *max_body);

/* Fills res with problem+json.  code NULL: the usual one of the status; detail NULL: the words of the code. */
void api_problem(struct api_res *res, int status, const char *code, const char *detail, const char *request_id);
void api_problem_errs(struct api_res *res, const struct errs *errs, const char *strip_prefix, const char *request_id);
/* The same of a condition that did not hold; etag: what is there now, "" = nothing. */
void api_problem_stale(struct api_res *res, const struct errs *errs, const char *strip_prefix, const char *request_id, const char *etag);
int api_status_of(enum err_code code, int sys);
/* The status that R's refusal of this write is answered with; 0 = it is no refusal, or of a mere question. */
int api_refusal(const struct write *w, const struct errs *errs);

/* The steps in the words of a dry run, as JSON; malloc'ed, NULL = out of memory. */
char *api_plan_text(const struct plan *p);
/* The object as the history keeps it; malloc'ed, NULL = out of memory. */
char *api_object_text(const struct object *o);
/* "2026-10-12T08:00:00.000Z" */
#define TIME_SIZE 32
const char *api_time_text(int64_t ms, char buf[TIME_SIZE]);

/* One event as SSE text "id: ...\nevent: ...\ndata: {...}\n\n"; malloc'ed, NULL = out of memory. */
char *api_event_sse(const struct event_row *e);

#endif
