/*
 * api_write: the write half of api_begin: headers, query and body become a struct write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"

#define WAIT_DEFAULT_S 10
#define WAIT_MAX_S 300
#define CONFIRM_MAX_S 86400

void
write_free(struct write *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->nobjects; i++)
		object_free(w->objects[i]);
	free(w->objects);
	free(w->patch);
	free(w->import);
	free(w->document);
	free(w->plan_steps);
	if (w->account != NULL)
		explicit_bzero(w->account->secret, sizeof(w->account->secret));
	free(w->account);
	free(w);
}

/* --- headers ----------------------------------------------------------------------------------------------- */

/* False: res has the answer.  Only our own strong form can match, so anything else has failed already. */
static bool
take_if_match(const struct api_req *req, struct write *w, struct api_res *res)
{
	const char *s = req->if_match;
	char digits[24];
	uint64_t v;
	size_t len;

	w->if_match = -1;
	if (s == NULL)
		return (true);
	if (strcmp(s, "*") == 0) {
		w->if_match_any = true;
		return (true);
	}
	if (strchr(s, ',') != NULL) {
		api_answer_bad(res, 400, req->request_id, "If-Match wants one ETag or *");
		return (false);
	}
	len = strlen(s);
	if (len < 4 || len - 3 >= sizeof(digits) || strncmp(s, "\"r", 2) != 0 || s[len - 1] != '"')
		goto fail;
	memcpy(digits, s + 2, len - 3);
	digits[len - 3] = '\0';
	if (str_u64(digits, 0, INT64_MAX, &v) == -1)
		goto fail;
	w->if_match = (int64_t)v;
	return (true);
fail:
	api_answer_bad(res, 412, req->request_id, "If-Match is no ETag of this server (such as \"r12\")");
	return (false);
}

/* RFC 7240; what is not understood is ignored, as it says. */
static void
take_prefer(const char *prefer, struct write *w)
{
	const char *s = prefer;
	uint64_t v;
	char word[40];
	size_t len;

	w->wait_s = WAIT_DEFAULT_S;
	while (s != NULL && *s != '\0') {
		s += strspn(s, " \t,");
		len = strcspn(s, " \t,;");
		if (len > 0 && len < sizeof(word)) {
			memcpy(word, s, len);
			word[len] = '\0';
			if (strcasecmp(word, "respond-async") == 0)
				w->async = true;
			else if (strncasecmp(word, "wait=", 5) == 0 && str_u64(word + 5, 0, WAIT_MAX_S, &v) == 0)
				w->wait_s = (int)v;
		}
		s += strcspn(s, ",");
	}
}

static bool
take_key(const char *s, char out[IDEM_KEY_SIZE])
{
	size_t len = strlen(s), i;

	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		s++;
		len -= 2;
	}
	for (i = 0; i < len && i < IDEM_KEY_SIZE - 1; i++) {
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"')
			return (false);
		out[i] = s[i];
	}
	out[i] = '\0';
	return (i > 0 && i == len);
}

static bool
take_headers(const struct api_req *req, struct write *w, struct api_res *res)
{
	const char *type = w->verb == WRITE_METRICS ? "text/plain" : w->verb == WRITE_BACKUP ? "application/vnd.sqlite3" : "application/json";

	if (!api_accepts(req->accept, type)) {
		api_answer_bad(res, 406, req->request_id, "the answer is only available as %s", type);
		return (false);
	}
	if (api_verb_asks(w->verb))
		return (true);	/* RFC 9110: nothing to compare with */
	if (!take_if_match(req, w, res))
		return (false);
	if (req->if_none_match != NULL) {
		if (strcmp(req->if_none_match, "*") != 0) {
			api_answer_bad(res, 400, req->request_id, "If-None-Match wants * here: create only");
			return (false);
		}
		w->create_only = true;
	}
	take_prefer(req->prefer, w);
	if (req->idempotency_key != NULL && !take_key(req->idempotency_key, w->key)) {
		api_answer_bad(res, 400, req->request_id, "Idempotency-Key wants 1 to %d printable characters, in double quotes or without", IDEM_KEY_SIZE - 1);
		return (false);
	}
	return (true);
}

static bool
take_only(const struct api_req *req, const struct api_params *p, struct write *w, struct api_res *res)
{
	const struct {
		const char *key;
		char *out;
	} keys[] = { { "jail", w->only.jail }, { "bridge", w->only.bridge }, { "epair", w->only.epair } };
	const char *value;

	for (size_t i = 0; i < NELEMS(keys); i++) {
		value = api_query(p, keys[i].key);
		if (value == NULL)
			continue;
		if (str_copy(keys[i].out, NAME_SIZE, value) == -1 || !name_is_legal(value, NAME_SIZE - 1)) {
			api_answer_bad(res, 400, req->request_id, "%s wants a name", keys[i].key);
			return (false);
		}
	}
	return (api_query_page(p, req, &w->only.from, res));
}

static bool
is_ascii(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return (*s == '\0');
}

static bool
take_query(const struct api_req *req, const struct api_params *p, struct write *w, struct api_res *res)
{
	const char *dry = api_query(p, "dry_run"), *manager = api_query(p, "manager"), *confirm = api_query(p, "confirm_timeout");
	const char *at = api_query(p, "if_revision");
	uint64_t v;

	if (dry != NULL && strcmp(dry, "plan") == 0)
		w->dry_run = DRY_PLAN;
	else if (dry != NULL && strcmp(dry, "validate") == 0)
		w->dry_run = DRY_VALIDATE;
	else if (dry != NULL) {
		api_answer_bad(res, 400, req->request_id, "dry_run wants validate or plan");
		return (false);
	}
	if (w->verb == WRITE_COUNTERS)
		return (take_only(req, p, w, res));
	if (manager != NULL && (*manager == '\0' || !is_ascii(manager) || str_copy(w->manager, sizeof(w->manager), manager) == -1)) {
		api_answer_bad(res, 400, req->request_id, "manager wants 1 to 63 ASCII characters");
		return (false);
	}
	if (confirm != NULL && str_u64(confirm, 1, CONFIRM_MAX_S, &v) == -1) {
		api_answer_bad(res, 400, req->request_id, "confirm_timeout wants 1 to %d seconds", CONFIRM_MAX_S);
		return (false);
	}
	if (confirm != NULL)
		w->confirm_s = (int)v;
	if (at != NULL && str_u64(at, 0, API_NUMBER_MAX, &v) == -1) {
		api_answer_bad(res, 400, req->request_id, "if_revision wants the number of a revision");
		return (false);
	}
	w->has_if_revision = at != NULL;
	w->if_revision = at != NULL ? (int64_t)v : 0;
	return (true);
}

/* --- body -------------------------------------------------------------------------------------------------- */

static bool
check_body(const struct api_req *req, const struct api_route *r, struct api_res *res)
{
	bool is_patch = r->verb == WRITE_PATCH;
	size_t max = r->verb == WRITE_TOPOLOGY || r->verb == WRITE_PLAN || r->verb == WRITE_IMPORT ? API_TOPOLOGY_MAX : API_BODY_MAX;

	if (!api_verb_has_body(r->verb)) {
		if (req->body_size == 0 || (req->body_size == 2 && memcmp(req->body, "{}", 2) == 0))
			return (true);
		api_answer_bad(res, 400, req->request_id, "this request takes no body");
	} else if (req->body_size == 0)
		api_answer_bad(res, 400, req->request_id, "a JSON body is wanted");
	else if (req->body_size > max)
		api_answer_bad(res, 413, req->request_id, "the body has more than %zu bytes", max);
	else if (req->content_type == NULL ? !req->local : !api_content_ok(req->content_type, is_patch)) {
		api_answer_bad(res, 415, req->request_id, "the body wants Content-Type: application/json in UTF-8");
		if (is_patch)
			snprintf(res->accept_patch, sizeof(res->accept_patch), "application/merge-patch+json");
	} else
		return (true);
	return (false);
}

static int
add_object(struct write *w, enum kind kind, const char *name, bool is_path, const json_t *j, struct jd *d)
{
	struct object *o = codec_decode(kind, name, is_path, j, d);

	if (o == NULL)
		return (-1);
	/* Without its name (there was an error) pointers into the topology would lead nowhere. */
	if (!is_path && strcmp(o->name, name) != 0)
		object_free(o);
	else
		w->objects[w->nobjects++] = o;
	return (0);
}

static size_t
topology_count(const json_t *j)
{
	size_t n = 0;
	int kind;

	for (kind = 0; kind < KIND_COUNT; kind++)
		n += json_object_size(json_object_get(j, kind_plural((enum kind)kind)));
	return (n);
}

static void
take_topology(struct write *w, const json_t *j, struct jd *d)
{
	static const size_t limits[KIND_COUNT] = { LIMIT_BRIDGES, LIMIT_EPAIRS, LIMIT_JAILS, LIMIT_ATTACHMENTS };
	const char *known[KIND_COUNT + 1] = { NULL };
	const char *name;
	const json_t *map;
	json_t *value;
	size_t mark, inner;
	int kind;

	if (!jd_is_object(d, j))
		return;
	w->objects = calloc(topology_count(j) + 1, sizeof(*w->objects));
	if (w->objects == NULL) {
		jd_nomem(d);
		return;
	}
	for (kind = 0; kind < KIND_COUNT; kind++) {
		known[kind] = kind_plural((enum kind)kind);
		map = jd_object(d, j, known[kind], limits[kind]);
		if (map == NULL)
			continue;
		mark = jd_push(d, known[kind]);
		api_json_each(map, name, value) {
			if (d->errs->more > 0)
				break;	/* nobody is told more */
			inner = jd_push(d, name);
			add_object(w, (enum kind)kind, name, false, value, d);
			jd_pop(d, inner);
		}
		jd_pop(d, mark);
	}
	jd_known(d, j, known, NULL);
}

static void
take_probe(struct write *w, const json_t *j, struct jd *d)
{
	static const char *const known[] = { "to", "count", "interval_ms", "timeout_ms", NULL };
	struct cmd_probe *p = &w->probe;

	*p = (struct cmd_probe){ .count = 3, .interval_ms = 200, .timeout_ms = 1000 };
	memcpy(p->jail, w->name, sizeof(p->jail));
	if (!jd_is_object(d, j))
		return;
	jd_ip(d, j, "to", &p->to);
	if (json_object_get(j, "to") == NULL)
		jd_error_at(d, "to", ERR_INVALID, "is missing");
	jd_u32(d, j, "count", 1, PROBE_MAX, &p->count);
	jd_u32(d, j, "interval_ms", 1, 10000, &p->interval_ms);
	jd_u32(d, j, "timeout_ms", 1, 10000, &p->timeout_ms);
	jd_known(d, j, known, NULL);
}

/* The text is kept: it can only be merged against the object that R sees. */
static void
take_patch(struct write *w, const json_t *j, const struct api_req *req, struct jd *d)
{
	if (!jd_is_object(d, j))
		return;
	w->patch = malloc(req->body_size);
	if (w->patch == NULL) {
		jd_nomem(d);
		return;
	}
	memcpy(w->patch, req->body, req->body_size);
	w->patch_size = req->body_size;
}

static void
take_one(struct write *w, const json_t *j, struct jd *d)
{
	w->objects = calloc(1, sizeof(*w->objects));
	if (w->objects == NULL) {
		jd_nomem(d);
		return;
	}
	if (add_object(w, w->kind, w->verb == WRITE_CREATE ? NULL : w->name, true, j, d) == 0 &&
	    w->verb == WRITE_CREATE)
		memcpy(w->name, w->objects[0]->name, sizeof(w->name));
}

/* The objects of the revision to go back to. */
static void
take_rollback(struct api *a, struct write *w, const json_t *j, struct jd *d)
{
	static const char *const known[] = { "revision", NULL };
	const json_t *n;
	struct err err;
	int rc;

	if (!jd_is_object(d, j))
		return;
	n = json_object_get(j, "revision");
	jd_known(d, j, known, NULL);
	if (!json_is_integer(n) || json_integer_value(n) < 0) {
		jd_error_at(d, "revision", ERR_INVALID, "wants the number of a revision");
		return;
	}
	rc = store_begin(a->reader, &err);
	if (rc == 0) {
		rc = api_rollback_fill(w, a->reader, json_integer_value(n), &err);
		store_rollback(a->reader);
	}
	if (rc == -1)
		jd_error_at(d, "revision", err.code == ERR_NOT_FOUND ? ERR_REFERENCE : err.code, "%s", err.msg);
}

/* The text is kept: it is what will be applied. */
static void
take_plan(struct write *w, const json_t *j, const struct api_req *req, struct jd *d)
{
	take_topology(w, j, d);
	w->document = strndup(req->body, req->body_size);
	if (w->document == NULL)
		jd_nomem(d);
	w->verb = WRITE_TOPOLOGY;
	w->dry_run = DRY_PLAN;
}

/* The object a drift is about: "epair:web0". */
static bool
take_drift(struct write *w)
{
	const char *colon = strchr(w->name, ':');
	size_t len = colon != NULL ? (size_t)(colon - w->name) : 0;

	for (int kind = 0; len > 0 && kind < KIND_COUNT; kind++) {
		const char *word = kind_name((enum kind)kind);

		if (strlen(word) == len && strncmp(w->name, word, len) == 0) {
			w->kind = (enum kind)kind;
			memmove(w->name, colon + 1, strlen(colon + 1) + 1);
			return (true);
		}
	}
	return (false);
}

static bool
take_kept_plan(struct api *a, const struct api_req *req, struct write *w, struct errs *errs, struct api_res *res)
{
	json_t *j = NULL;
	struct err err;
	struct jd d;

	if (api_plan_fill(a, w, &err) == -1 || api_json_parse(w->document, strlen(w->document), &j, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return (false);
	}
	jd_init(&d, errs, "");
	take_topology(w, j, &d);
	w->verb = WRITE_TOPOLOGY;
	json_decref(j);
	return (true);
}

static void
take_body(struct api *a, struct write *w, const json_t *j, const struct api_req *req, struct errs *errs)
{
	struct jd d;

	jd_init(&d, errs, "");
	if (w->verb == WRITE_TOPOLOGY)
		take_topology(w, j, &d);
	else if (w->verb == WRITE_PROBE)
		take_probe(w, j, &d);
	else if (w->verb == WRITE_ROLLBACK)
		take_rollback(a, w, j, &d);
	else if (w->verb == WRITE_PLAN)
		take_plan(w, j, req, &d);
	else if (w->verb == WRITE_PATCH || w->verb == WRITE_IMPORT)
		take_patch(w, j, req, &d);
	else
		take_one(w, j, &d);
}

/* Who asks for what; NULL = out of memory. */
static struct write *
write_of(const struct api_req *req, const struct api_route *r, const struct api_params *p)
{
	struct write *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (NULL);
	w->route = r;
	w->verb = r->verb;
	w->kind = r->kind;
	memcpy(w->name, p->name, sizeof(w->name));
	snprintf(w->actor, sizeof(w->actor), "%s", req->actor);
	snprintf(w->method, sizeof(w->method), "%s", req->method);
	snprintf(w->path, sizeof(w->path), "%.*s", (int)strcspn(req->target, "?"), req->target);
	snprintf(w->request_id, sizeof(w->request_id), "%s", req->request_id != NULL ? req->request_id : "");
	snprintf(w->selector, sizeof(w->selector), "%s", req->who != NULL ? req->who->selector : "");
	return (w);
}

/* A whole topology that was read some time ago would undo what others did since; a dry run undoes nothing. */
static bool
needs_if_match(const struct write *w)
{
	return (w->verb == WRITE_TOPOLOGY && w->if_match == -1 && !w->if_match_any && !w->create_only && w->dry_run == DRY_NONE);
}

/* What is to be written: from the body, a kept plan or the path.  False: res has the answer; errs are not answered yet. */
static bool
take_content(struct api *a, const struct api_req *req, struct write *w, struct errs *errs, struct api_res *res)
{
	json_t *j = NULL;
	struct err err;

	if (api_verb_has_body(w->verb)) {
		if (api_json_parse(req->body, req->body_size, &j, &err) == -1) {
			api_answer_err(res, &err, req->request_id);
			return (false);
		}
		take_body(a, w, j, req, errs);
		json_decref(j);
	}
	if (w->verb == WRITE_PLAN_APPLY)
		return (take_kept_plan(a, req, w, errs, res));
	if ((w->verb == WRITE_DRIFT_REPAIR || w->verb == WRITE_DRIFT_ADOPT) && !take_drift(w)) {
		api_answer_bad(res, 404, req->request_id, "there is no drift %s", w->name);
		return (false);
	}
	return (true);
}

bool
api_write_new(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res, struct write **out)
{
	struct errs errs = { .n = 0 };
	struct write *w;

	if (r->verb == WRITE_TAKEOVER && req->who != NULL && req->who->selector[0] != '\0') {
		api_answer_bad(res, 403, req->request_id, "an import concerns the whole topology; you may see a part of it");
		return (false);
	}
	if (!check_body(req, r, res))
		return (false);
	w = write_of(req, r, p);
	if (w == NULL) {
		api_problem(res, 503, "nomem", NULL, req->request_id);
		return (false);
	}
	if (!take_headers(req, w, res) || !take_query(req, p, w, res))
		goto fail;
	if (needs_if_match(w)) {
		api_answer_bad(res, 428, req->request_id, "If-Match is missing: the ETag of the topology this is made from, or * for whatever is there");
		goto fail;
	}
	if (!take_content(a, req, w, &errs, res))
		goto fail;
	if (errs.n > 0) {
		for (size_t i = 0; i < w->nobjects; i++)
			codec_check_rest(w->objects[i], w->verb != WRITE_TOPOLOGY, &errs);
		api_problem_errs(res, &errs, NULL, req->request_id);
		goto fail;
	}
	*out = w;
	return (true);
fail:
	write_free(w);
	return (false);
}
