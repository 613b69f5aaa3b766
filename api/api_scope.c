/*
 * api_scope: who may use which route.  The role is the route's own (api_route.c); a token can have less than its role: scopes
 * (by the noun of the path) and a label selector (only objects, and only those that match).
 */
#include <stdio.h>
#include <string.h>

#include "api/api_int.h"
#include "core/selector.h"
#include "core/str.h"

/* Bit 2n = read, bit 2n+1 = write of noun n. */
static const char *const nouns[] = { "jails", "net", "topology", "state", "tokens", "audit", "metrics", "server" };

enum { NOUN_JAILS, NOUN_NET, NOUN_TOPOLOGY, NOUN_STATE, NOUN_TOKENS, NOUN_AUDIT, NOUN_METRICS, NOUN_SERVER, NOUN_NONE };

/* By the first part of the path; the first that fits. */
static const struct {
	const char *path;
	int noun;
} paths[] = {
	{ "/v1/jails", NOUN_JAILS },
	{ "/v1/bridges", NOUN_NET },
	{ "/v1/epairs", NOUN_NET },
	{ "/v1/vlans", NOUN_NET },
	{ "/v1/vxlans", NOUN_NET },
	{ "/v1/interfaces", NOUN_NET },
	{ "/v1/macs", NOUN_NET },
	{ "/v1/drift", NOUN_NET },
	{ "/v1/counters", NOUN_METRICS },
	{ "/v1/topology", NOUN_TOPOLOGY },
	{ "/v1/plans", NOUN_TOPOLOGY },
	{ "/v1/revisions", NOUN_TOPOLOGY },
	{ "/v1/import", NOUN_TOPOLOGY },
	{ "/v1/export", NOUN_TOPOLOGY },
	{ "/v1/operations", NOUN_STATE },
	{ "/v1/changes", NOUN_STATE },
	{ "/v1/events", NOUN_STATE },
	{ "/v1/changes", NOUN_STATE },
	{ "/v1/tokens", NOUN_TOKENS },
	{ "/v1/audit", NOUN_AUDIT },
	{ "/metrics", NOUN_METRICS },
	/* whoever is known may ask who he is, and leave */
	{ "/v1/whoami", NOUN_NONE },
	{ "/v1/session", NOUN_NONE },
	{ "/v1/", NOUN_SERVER },
	{ "/v1", NOUN_NONE },
};

static const char *const role_words[] = { "none", "viewer", "operator", "admin" };

enum role
api_role(const char *word)
{
	for (size_t i = ROLE_VIEWER; i < NELEMS(role_words); i++) {
		if (strcmp(role_words[i], word) == 0)
			return ((enum role)i);
	}
	return (ROLE_NONE);
}

const char *
api_role_word(enum role role)
{
	return (role_words[role]);
}

/* --- scopes -------------------------------------------------------------------------------------------------- */

static uint32_t
scope_bits(const char *word, size_t len)
{
	for (size_t i = 0; i < NELEMS(nouns); i++) {
		size_t n = strlen(nouns[i]);

		if (len > n + 1 && memcmp(word, nouns[i], n) == 0 && word[n] == ':') {
			if (len == n + 5 && memcmp(word + n + 1, "read", 4) == 0)
				return (1u << (2 * i));
			if (len == n + 6 && memcmp(word + n + 1, "write", 5) == 0)
				return (3u << (2 * i));
		}
	}
	return (0);
}

int
api_scopes(const char *words, uint32_t *out, struct err *err)
{
	uint32_t bits = 0, one;
	size_t len;

	for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
		len = strcspn(words, " ");
		one = scope_bits(words, len);
		if (one == 0)
			return (
			    err_set(err, ERR_INVALID, "\"%.*s\" is not a scope such as jails:read or net:write", len > 60 ? 60 : (int)len, words));
		bits |= one;
		words += len;
	}
	*out = bits;
	return (0);
}

void
api_scopes_text(uint32_t scopes, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < NELEMS(nouns); i++) {
		uint32_t bits = scopes >> (2 * i) & 3u;

		if (bits != 0 && str_format(buf + len, size - len, "%s%s:%s", len > 0 ? " " : "", nouns[i], bits == 1 ? "read" : "write") == 0)
			len += strlen(buf + len);
	}
}

static int
noun_of(const struct api_route *r)
{
	for (size_t i = 0; i < NELEMS(paths); i++) {
		size_t n = strlen(paths[i].path);

		if (strncmp(r->path, paths[i].path, n) == 0 && (r->path[n] == '/' || r->path[n] == '\0' || paths[i].path[n - 1] == '/'))
			return (paths[i].noun);
	}
	return (NOUN_NONE);
}

/* --- the decision -------------------------------------------------------------------------------------------- */

/* What a token with a selector can reach: objects that carry labels, and nothing that tells of the others. */
static bool
is_for_selectors(const struct api_route *r)
{
	int noun = noun_of(r);

	if (noun == NOUN_NONE || strcmp(r->path, "/v1/operations/{id}") == 0)
		return (true);
	return (strncmp(r->path, "/v1/jails", 9) == 0 || strncmp(r->path, "/v1/bridges", 11) == 0 || strncmp(r->path, "/v1/epairs", 10) == 0);
}

bool
api_may(const struct api_req *req, const struct api_route *r, struct api_res *res)
{
	const struct principal *who = req->who;
	bool writes = r->is_write && strcmp(r->method, "GET") != 0;
	uint32_t bit;
	int noun;

	if (r->role == ROLE_NONE)
		return (true);
	if (req->role == ROLE_NONE) {
		api_answer_bad(res, 401, req->request_id, "this needs a token");
		return (false);
	}
	if (req->role < r->role) {
		api_answer_bad(res, 403, req->request_id, "%s is %s, and this needs %s", req->actor, role_words[req->role], role_words[r->role]);
		return (false);
	}
	if (who == NULL)
		return (true);
	noun = noun_of(r);
	bit = noun == NOUN_NONE ? 0 : 1u << (2 * noun + writes);
	if (who->scopes != 0 && bit != 0 && (who->scopes & bit) == 0) {
		api_answer_bad(res, 403, req->request_id, "%s has no scope %s:%s", req->actor, nouns[noun], writes ? "write" : "read");
		return (false);
	}
	if (who->selector[0] != '\0' && !is_for_selectors(r)) {
		api_answer_bad(res, 403, req->request_id, "%s is limited to objects labelled %s", req->actor, who->selector);
		return (false);
	}
	return (true);
}

bool
api_visible(const struct api_req *req, const struct pairs *labels)
{
	return (req->who == NULL || selector_match(req->who->selector, labels));
}
