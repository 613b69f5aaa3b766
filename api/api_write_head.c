/*
 * api_write_head: what the headers and the query of a write say: under which conditions, how long to wait, whether at all.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api_int.h"
#include "core/str.h"

#define WAIT_DEFAULT_S 10
#define WAIT_MAX_S 300
#define CONFIRM_MAX_S 86400

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
			else if (strncasecmp(word, "wait=", 5) == 0 && str_u64(word + 5, 0, WAIT_MAX_S, &v) == 0) {
				w->wait_s = (int)v;
				w->waits = true;
			}
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
		api_answer_bad(
		    res, 400, req->request_id, "Idempotency-Key wants 1 to %d printable characters, in double quotes or without", IDEM_KEY_SIZE - 1);
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

/* A whole topology that was read some time ago would undo what others did since; a dry run undoes nothing. */
static bool
needs_if_match(const struct write *w)
{
	return (w->verb == WRITE_TOPOLOGY && w->if_match == -1 && !w->if_match_any && !w->create_only && w->dry_run == DRY_NONE);
}

bool
api_write_head(const struct api_req *req, const struct api_params *p, struct write *w, struct api_res *res)
{
	if (!take_headers(req, w, res) || !take_query(req, p, w, res))
		return (false);
	if (!needs_if_match(w))
		return (true);
	api_answer_bad(res, 428, req->request_id, "If-Match is missing: the ETag of the topology this is made from, or * for whatever is there");
	return (false);
}
