/*
 * api_int: private to api/: what the handlers share.
 */
#ifndef JN_API_INT_H
#define JN_API_INT_H

#include <jansson.h>

#include "api/api.h"

#define API_LIMIT_DEFAULT 1000
#define API_LIMIT_MAX 10000
#define API_NUMBER_MAX ((1LL << 53) - 1)	/* what every JSON reader keeps exact */

/* --- answers: api_answer.c --------------------------------------------------------------------------------- */

/* Takes ownership of j; NULL = memory was out while it was built. */
void api_answer_json(struct api_res *res, int status, json_t *j, const struct api_req *req);
/* Takes ownership of text (malloc'ed). */
void api_answer_text(struct api_res *res, char *text, const char *content_type, const struct api_req *req);
void api_answer_err(struct api_res *res, const struct err *err, const char *request_id);
/* 400 or another status with the message of an api-level rule; printf-style. */
void api_answer_bad(struct api_res *res, int status, const char *request_id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void api_etag(struct api_res *res, int64_t revision);
/* May this type be sent to a client with this Accept header (NULL = any)? */
bool api_accepts(const char *accept, const char *type);
/* Does the header name this type itself, not by a wildcard? */
bool api_accept_names(const char *accept, const char *type);
/* {"items":items,"next":next,"revision":N} of list handlers; takes ownership of both. */
json_t *api_list(json_t *items, json_t *next, struct api *a);

/* --- problems: api_problem.c ------------------------------------------------------------------------------- */

const char *api_code_of_status(int status);
/* As the problem object; used in operations, too.  Pointers lose strip_prefix (may be NULL). */
json_t *api_problem_json(const struct errs *errs, const char *strip_prefix, const char *request_id, int *status);

/* --- requests: api_route.c, api_query.c -------------------------------------------------------------------- */

enum api_match {
	MATCH_OK, MATCH_NO_PATH, MATCH_NO_METHOD, MATCH_BAD, MATCH_LONG	/* a name longer than any can be */
};
/* Allow is filled for MATCH_NO_METHOD and for OPTIONS; HEAD finds GET. */
enum api_match api_match(const char *method, const char *path, size_t path_len, const struct api_route **route,
    struct api_params *params, char *allow, size_t allow_size);
/* Percent-decodes; refuses bad escapes, control characters, invalid UTF-8.  MATCH_OK, MATCH_BAD or MATCH_LONG. */
enum api_match api_decode(const char *s, size_t len, bool plus_is_space, char *out, size_t size);
/* Query of the target into params; false: res has the 400. */
bool api_query_parse(const char *query, const struct api_route *r, struct api_params *params, struct api_res *res,
    const char *request_id);
const char *api_query(const struct api_params *p, const char *key);	/* NULL = not given */
/* ?limit= ; false: res has the 400 */
bool api_query_limit(const struct api_params *p, const struct api_req *req, size_t *limit, struct api_res *res);
/* ?limit= and ?cursor=; false: res has the 400, or the 410 of a cursor of another list */
bool api_query_page(const struct api_params *p, const struct api_req *req, struct page_from *from, struct api_res *res);
/* "next" of a page that ends with this key; the Link header goes to res. */
json_t *api_next(const struct page_from *from, const char *last, struct api_res *res);
/* application/json in UTF-8, or for PATCH the merge-patch type. */
bool api_content_ok(const char *content_type, bool is_patch);
bool api_verb_has_body(enum write_verb verb);

/* --- pages: api_page.c --------------------------------------------------------------------------------------- */

/*
 * One page of a list, filled row by row.  A row has a key; rows come in the order of their keys (strcmp), so that a page starts in the
 * right place also when the row before it is gone.
 */
struct api_page {
	json_t *items;
	struct page_from from;
	bool newest_first;	/* the keys fall; set it after api_page_open */
	bool has_more;
	char last[API_CURSOR_SIZE];
};
/* ?limit= and ?cursor=; false: res has the answer, and there is nothing to end. */
bool api_page_open(struct api_page *page, const struct api_params *p, const struct api_req *req, struct api_res *res);
/* A cursor that is a number, 0 = none; false: res has the answer, and the page is ended. */
bool api_page_before(struct api_page *page, const struct api_req *req, struct api_res *res, int64_t *out);
/* Is this row one of the page?  Then its item is appended next, with api_page_add. */
bool api_page_wants(struct api_page *page, const char *key);
/* The same where the rows before the page were never read. */
bool api_page_room(struct api_page *page, const char *key);
/* Takes ownership of item; NULL = memory was out. */
int api_page_add(struct api_page *page, json_t *item, struct err *err);
/* The list object, NULL when memory is out; the page is ended. */
json_t *api_page_list(struct api_page *page, struct api *a, struct api_res *res);
/* The answer from rows that were read with rc; the page is ended. */
void api_page_answer(struct api_page *page, int rc, const struct err *err, struct api *a, const struct api_req *req, struct api_res *res);

/* --- which members an answer has: api_pick.c ------------------------------------------------------------------- */

struct api_pick {
	const char *fields;	/* NULL = all */
	bool spec;		/* only what a client may write */
};
/* False: res has the 400. */
bool api_pick_read(const struct api_params *p, const struct api_req *req, enum kind kind, struct api_pick *pick, struct api_res *res);
json_t *api_pick(json_t *item, const struct api_pick *pick);	/* item, made smaller; NULL stays NULL */
/* True: the client has what res->etag names, and res is 304. */
bool api_not_modified(const struct api_req *req, struct api_res *res);

/* --- history: api_history.c ---------------------------------------------------------------------------------- */

/* The topology as it was at a revision; out is initialised here, and empty on failure.  ERR_NOT_FOUND: not kept. */
int api_history_topo(struct store *s, int64_t revision, struct topo *out, struct err *err);
/* Makes the write one that goes back there. */
int api_rollback_fill(struct write *w, struct store *s, int64_t revision, struct err *err);
json_t *api_topology_json(const struct topo *t);

/* --- kept plans: api_plan.c ---------------------------------------------------------------------------------- */

json_t *api_plan_steps(const struct plan *p);
int api_plan_json(struct api *a, const char *id, json_t **out, struct err *err);
/* The write becomes that of the kept plan w->name; its document is still to be decoded. */
int api_plan_fill(struct api *a, struct write *w, struct err *err);

/* --- writes ------------------------------------------------------------------------------------------------ */

/* The write half of api_begin.  false: res is filled. */
bool api_write_new(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res, struct write **out);
/* Its headers and query; false: res is filled. */
bool api_write_head(const struct api_req *req, const struct api_params *p, struct write *w, struct api_res *res);
/* The same for credentials: api_account.c. */
bool api_account_new(const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res, struct write **out);
void api_account_finish(const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res);

/* --- rights: api_scope.c ------------------------------------------------------------------------------------- */

/* False: res has the 401 or 403. */
bool api_may(const struct api_req *req, const struct api_route *r, struct api_res *res);
/* Objects with these labels exist for this request. */
bool api_visible(const struct api_req *req, const struct pairs *labels);
/* As api_scopes() reads it; "" for 0. */
void api_scopes_text(uint32_t scopes, char *buf, size_t size);
const char *api_role_word(enum role role);

/* --- reads, named in the route table ------------------------------------------------------------------------ */

typedef void api_read_fn(struct api *a, const struct api_req *req, const struct api_route *r,
    const struct api_params *p, struct api_res *res);
api_read_fn api_root_get, api_server_get, api_livez_get, api_readyz_get, api_openapi_get, api_problem_get;
api_read_fn api_object_list, api_object_get, api_iface_list, api_mac_list, api_topology_get, api_op_list, api_op_get,
    api_event_page, api_change_list, api_drift_list, api_token_list, api_token_get, api_whoami_get;
api_read_fn api_export_get;
api_read_fn api_revision_list, api_revision_get, api_revision_diff, api_confirm_get, api_plan_get, api_audit_list;

/* --- import and export: api_import.c ----------------------------------------------------------------------- */

struct conv;
json_t *api_conv_json(const struct conv *c);	/* warnings and files */
/* The body kept in w->patch becomes a dry run of the whole topology; false: res has the answer. */
bool api_import_convert(struct api *a, const struct api_req *req, struct write *w, struct api_res *res);
/* A document that cannot be planned as it stands is an answer, too: what is wrong with it goes along. */
bool api_import_is_answer(const struct errs *errs);
void api_import_finish(const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res);
json_t *api_steps_json(const struct plan *p, int64_t revision);
json_t *api_topology_json(const struct topo *t);

/* The object as GET answers it, read in one transaction; what req may not see is not there. */
int api_object_json(struct api *a, const struct api_req *req, enum kind kind, const char *name, json_t **out, int64_t *revision, struct err *err);
const char *api_op_state_name(enum op_state state);
json_t *api_op_json(const struct op_row *op, const struct confirm_row *waits);
/* One operation, with what waits for its confirmation. */
int api_op_load(struct api *a, const char *id, json_t **out, struct err *err);

/* api_metrics.c, api_counters.c */
/* What GET /metrics says; c NULL = the worker has not answered.  malloc'ed, NULL = out of memory. */
char *api_metrics_text(struct api *a, const struct counters *c);
void api_support_answer(struct api *a, const struct counters *c, struct api_res *res, const struct api_req *req);
void api_metrics_answer(struct api *a, const struct counters *c, struct api_res *res, const struct api_req *req);
void api_counters_answer(struct api *a, const struct write *w, const struct counters *c, struct api_res *res, const struct api_req *req);

char *api_graph_dot(const struct topo *t);	/* malloc'ed; NULL = out of memory */
char *api_graph_mermaid(const struct topo *t);

extern const char api_openapi_json[];	/* build/api_openapi.c, made from openapi/openapi.yaml */

#endif
