/*
 * api_account: tokens, certificates, sessions: /v1/tokens, /v1/session, /v1/whoami.  A secret is in exactly one answer: the one to the
 * request that made it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/selector.h"
#include "core/str.h"

#define TOKEN_DAYS 90
#define DAY_S 86400u
#define TOKEN_SECONDS_MAX (3650 * DAY_S)
#define CODE_SECONDS 600u
#define CODE_SECONDS_MAX 3600u
#define SESSION_SECONDS (12 * 3600)

/* --- what is asked -------------------------------------------------------------------------------------------- */

/* An array of strings as blank-separated words. */
static void
take_words(struct jd *d, const json_t *j, const char *key, char *out, size_t size, int (*check)(const char *word, struct err *err))
{
	const json_t *list = jd_array(d, j, key, 16);
	size_t len = 0, mark, inner;
	const char *word;
	struct err err;

	if (list == NULL)
		return;
	mark = jd_push(d, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		word = json_string_value(json_array_get(list, i));
		inner = jd_push_index(d, i);
		if (word == NULL)
			jd_wants(d, "a string", json_array_get(list, i));
		else if (strchr(word, ' ') != NULL || check(word, &err) == -1)
			jd_error(d, ERR_INVALID, "%s", strchr(word, ' ') != NULL ? "wants no blanks" : err.msg);
		else if (str_format(out + len, size - len, "%s%s", len > 0 ? " " : "", word) == -1)
			jd_error(d, ERR_LIMIT, "is too long together");
		else
			len += strlen(out + len);
		jd_pop(d, inner);
	}
	jd_pop(d, mark);
}

static int
check_scope(const char *word, struct err *err)
{
	uint32_t bits;

	if (*word == '\0')
		return (err_set(err, ERR_INVALID, "is empty"));
	return (api_scopes(word, &bits, err));
}

static int
check_cidr(const char *word, struct err *err)
{
	struct prefix p;

	return (prefix_parse(word, &p, err));
}

static void
take_role(struct jd *d, const json_t *j, enum role most, char *out, size_t size)
{
	static const char *const words[] = { "viewer", "operator", "admin" };
	unsigned i;

	if (!jd_word(d, j, "role", words, NELEMS(words), &i))
		return;
	if (api_role(words[i]) > most)
		jd_error_at(d, "role", ERR_DENIED, "is more than your own, %s", api_role_word(most));
	snprintf(out, size, "%s", words[i]);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return (p == NULL ? -1 : (int)(p - digits) % 16);
}

/* 64 hex digits, with or without colons, as openssl prints them. */
static bool
fingerprint_parse(const char *s, uint8_t out[32])
{
	for (size_t i = 0; i < 32; i++) {
		if (i > 0 && *s == ':')
			s++;
		if (hex_digit(s[0]) == -1 || hex_digit(s[1]) == -1)
			return (false);
		out[i] = (uint8_t)(hex_digit(s[0]) * 16 + hex_digit(s[1]));
		s += 2;
	}
	return (*s == '\0');
}

static bool
is_within(const char *word, const char *cidrs)
{
	char words[sizeof(((struct grant *)0)->cidrs)], *save = NULL;
	struct prefix one, net;

	if (prefix_parse(word, &one, NULL) == -1 || str_copy(words, sizeof(words), cidrs) == -1)
		return (false);
	for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (prefix_parse(w, &net, NULL) == 0 && net.len <= one.len && prefix_contains(&net, &one.ip))
			return (true);
	}
	return (false);
}

/* Nobody gives away more than he has: what is not said is as his own.  Who has a selector gets nowhere near (api_scope.c); the end is R's to keep. */
static void
check_grant(struct jd *d, const struct principal *who, struct grant *g)
{
	char words[sizeof(g->cidrs)], *save = NULL;
	uint32_t bits = 0;

	api_scopes(g->scopes, &bits, NULL);
	if (who->scopes != 0 && (bits == 0 || (bits & ~who->scopes) != 0))
		jd_error_at(d, "scopes", ERR_DENIED, "must be among your own");
	if (who->cidrs[0] == '\0')
		return;
	if (g->cidrs[0] == '\0')
		memcpy(g->cidrs, who->cidrs, sizeof(g->cidrs));
	memcpy(words, g->cidrs, sizeof(words));
	for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (!is_within(w, who->cidrs))
			jd_error_at(d, "cidrs", ERR_DENIED, "%s is not within your own, %s", w, who->cidrs);
	}
}

static void
take_token(const struct api_req *req, const json_t *j, struct jd *d, struct account *a)
{
	static const char *const known[] = { "name", "role", "scopes", "cidrs", "selector", "certificate_sha256", "expires_in_seconds", NULL };
	struct token_row *t = &a->token;
	uint32_t seconds = TOKEN_DAYS * DAY_S;
	const char *s = NULL;
	struct err err;

	if (!jd_is_object(d, j))
		return;
	if (!jd_str(d, j, "name", sizeof(t->name) - 1, &s) || *s == '\0' || s[strspn(s, " ")] == '\0')
		jd_error_at(d, "name", ERR_INVALID, "wants 1 to %zu bytes that say what it is for", sizeof(t->name) - 1);
	else
		snprintf(t->name, sizeof(t->name), "%s", s);
	take_role(d, j, req->role, t->grant.role, sizeof(t->grant.role));
	if (json_object_get(j, "role") == NULL)
		jd_error_at(d, "role", ERR_INVALID, "wants viewer, operator or admin");
	take_words(d, j, "scopes", t->grant.scopes, sizeof(t->grant.scopes), check_scope);
	take_words(d, j, "cidrs", t->grant.cidrs, sizeof(t->grant.cidrs), check_cidr);
	if (req->who != NULL)
		check_grant(d, req->who, &t->grant);
	if (jd_str(d, j, "selector", sizeof(t->grant.selector) - 1, &s)) {
		if (selector_check(s, &err) == -1)
			jd_error_at(d, "selector", ERR_INVALID, "%s", err.msg);
		else
			snprintf(t->grant.selector, sizeof(t->grant.selector), "%s", s);
	}
	if (jd_str(d, j, "certificate_sha256", 95, &s)) {
		t->is_certificate = true;
		if (!fingerprint_parse(s, t->sha256))
			jd_error_at(d, "certificate_sha256", ERR_INVALID, "wants the 64 hex digits of its SHA-256 fingerprint");
	}
	jd_u32(d, j, "expires_in_seconds", 0, TOKEN_SECONDS_MAX, &seconds);
	a->lifetime_ms = (int64_t)seconds * 1000;
	snprintf(t->created_by, sizeof(t->created_by), "%s", req->actor);
	jd_known(d, j, known, NULL);
}

static void
take_sign_in(const json_t *j, struct jd *d, struct account *a)
{
	static const char *const known[] = { "token", "code", NULL };
	const char *s = NULL;

	if (!jd_is_object(d, j))
		return;
	jd_known(d, j, known, NULL);
	if ((json_object_get(j, "token") != NULL) == (json_object_get(j, "code") != NULL))
		jd_error(d, ERR_INVALID, "wants either a token or a code");
	else if (jd_str(d, j, json_object_get(j, "token") != NULL ? "token" : "code", sizeof(a->secret) - 1, &s))
		snprintf(a->secret, sizeof(a->secret), "%s", s);
	a->lifetime_ms = SESSION_SECONDS * 1000LL;
}

/* A code stands for its maker, or for less. */
static void
take_code(const struct api_req *req, const json_t *j, struct jd *d, struct account *a)
{
	static const char *const known[] = { "role", "expires_in_seconds", NULL };
	struct grant *g = &a->session.grant;
	uint32_t seconds = CODE_SECONDS;

	if (j != NULL && !jd_is_object(d, j))
		return;
	snprintf(g->role, sizeof(g->role), "%s", api_role_word(req->role));
	if (j != NULL) {
		take_role(d, j, req->role, g->role, sizeof(g->role));
		jd_u32(d, j, "expires_in_seconds", 1, CODE_SECONDS_MAX, &seconds);
		jd_known(d, j, known, NULL);
	}
	a->lifetime_ms = (int64_t)seconds * 1000;
	a->session.is_code = true;
	snprintf(a->session.actor, sizeof(a->session.actor), "%s", req->actor);
	if (req->who == NULL)
		return;
	snprintf(g->selector, sizeof(g->selector), "%s", req->who->selector);
	snprintf(g->cidrs, sizeof(g->cidrs), "%s", req->who->cidrs);
	api_scopes_text(req->who->scopes, g->scopes, sizeof(g->scopes));
	g->expires_at = req->who->expires_at;
}

static bool
takes_body(const struct api_req *req, const struct api_route *r, struct api_res *res)
{
	bool wanted = r->verb == WRITE_TOKEN_CREATE || r->verb == WRITE_SIGN_IN;

	if (req->body_size == 0) {
		if (wanted)
			api_answer_bad(res, 400, req->request_id, "a JSON body is wanted");
		return (!wanted);
	}
	if (req->content_type == NULL ? !req->local : !api_content_ok(req->content_type, false)) {
		api_answer_bad(res, 415, req->request_id, "the body wants Content-Type: application/json in UTF-8");
		return (false);
	}
	if (wanted || r->verb == WRITE_SIGN_IN_CODE)
		return (true);
	api_answer_bad(res, 400, req->request_id, "this request takes no body");
	return (false);
}

/* False: res has the answer. */
static bool
take_account(const struct api_req *req, const struct api_route *r, const struct api_params *p, struct account *a, struct api_res *res)
{
	struct errs errs = { .n = 0 };
	json_t *j = NULL;
	struct jd d;
	struct err err;

	if (!takes_body(req, r, res))
		return (false);
	if (req->body_size > 0 && api_json_parse(req->body, req->body_size, &j, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return (false);
	}
	jd_init(&d, &errs, "");
	switch (r->verb) {
	case WRITE_TOKEN_CREATE:
		take_token(req, j, &d, a);
		break;
	case WRITE_SIGN_IN:
		take_sign_in(j, &d, a);
		break;
	case WRITE_SIGN_IN_CODE:
		take_code(req, j, &d, a);
		break;
	default:
		if (str_copy(a->token.id, sizeof(a->token.id), p->name) == -1)
			errs_add(&errs, ERR_NOT_FOUND, "", "there is no such token");
	}
	json_decref(j);
	if (errs.n > 0)
		api_problem_errs(res, &errs, NULL, req->request_id);
	return (errs.n == 0);
}

bool
api_account_new(const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res, struct write **out)
{
	const struct principal *who = req->who;
	struct write *w;

	if ((r->verb == WRITE_SIGN_OUT || r->verb == WRITE_SIGN_IN_CODE) && (who != NULL && who->is_session) != (r->verb == WRITE_SIGN_OUT)) {
		api_answer_bad(res, 403, req->request_id, "%s", r->verb == WRITE_SIGN_OUT ? "there is no session to end" :
		    "a session cannot make another: use a token or the UNIX socket");
		return (false);
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL || (w->account = calloc(1, sizeof(*w->account))) == NULL) {
		free(w);
		api_problem(res, 503, "nomem", NULL, req->request_id);
		return (false);
	}
	w->route = r;
	w->verb = r->verb;
	w->if_match = -1;
	snprintf(w->actor, sizeof(w->actor), "%s", req->actor);
	snprintf(w->method, sizeof(w->method), "%s", req->method);
	snprintf(w->path, sizeof(w->path), "%.*s", (int)strcspn(req->target, "?"), req->target);
	snprintf(w->request_id, sizeof(w->request_id), "%s", req->request_id != NULL ? req->request_id : "");
	if (who != NULL) {
		snprintf(w->account->address, sizeof(w->account->address), "%s", who->address);
		memcpy(w->account->session.sha256, who->hash, sizeof(who->hash));
		memcpy(w->account->session.token, who->token, sizeof(who->token));
	}
	if (!take_account(req, r, p, w->account, res)) {
		write_free(w);
		return (false);
	}
	*out = w;
	return (true);
}

/* --- what is answered ------------------------------------------------------------------------------------------ */

static json_t *
words_json(const char *words)
{
	json_t *list = json_array();
	size_t len;

	for (; *words != '\0'; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		json_array_append_new(list, json_stringn(words, len));
	}
	return (list);
}

static json_t *
fingerprint_json(const struct token_row *t)
{
	char text[65];

	if (!t->is_certificate)
		return (json_null());
	for (size_t i = 0; i < sizeof(t->sha256); i++)
		snprintf(text + 2 * i, 3, "%02x", t->sha256[i]);
	return (json_string(text));
}

static json_t *
token_json(const struct token_row *t)
{
	const struct grant *g = &t->grant;

	return (json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "id", t->id, "kind",
	    t->is_certificate ? "certificate" : "token", "name", codec_text(t->name), "role", g->role, "scopes", words_json(g->scopes), "cidrs",
	    words_json(g->cidrs), "selector", codec_text_or_null(g->selector), "certificate_sha256", fingerprint_json(t), "created_by", t->created_by,
	    "created_at", codec_time_json(g->created_at), "expires_at", codec_time_json(g->expires_at), "last_used_at",
	    codec_time_json(t->last_used_at)));
}

static void
finish_token(const struct account *a, const struct api_req *req, struct api_res *res)
{
	json_t *j = token_json(&a->token);

	if (j != NULL && a->secret[0] != '\0')
		json_object_set_new(j, "token", json_string(a->secret));
	api_answer_json(res, 201, j, req);
	snprintf(res->location, sizeof(res->location), "/v1/tokens/%s", a->token.id);
}

static void
finish_session(const struct account *a, const struct api_req *req, struct api_res *res)
{
	const struct session_row *s = &a->session;

	api_answer_json(res, 201, json_pack("{s:s, s:s, s:s, s:o}", "id", s->id, "actor", s->actor, "role", s->grant.role, "expires_at",
	    codec_time_json(s->grant.expires_at)), req);
	res->has_cookie = true;
	snprintf(res->cookie, sizeof(res->cookie), "%s", a->secret);
	res->cookie_age = (int)((s->grant.expires_at - s->grant.created_at) / 1000);
}

/* The code travels behind '#': browsers keep that to themselves, so it is in no server's log. */
static void
finish_code(const struct account *a, const struct api_req *req, struct api_res *res)
{
	char path[SECRET_SIZE + 8];

	snprintf(path, sizeof(path), "/#code=%s", a->secret);
	api_answer_json(res, 201, json_pack("{s:s, s:s, s:s, s:o}", "code", a->secret, "path", path, "role", a->session.grant.role, "expires_at",
	    codec_time_json(a->session.grant.expires_at)), req);
}

void
api_account_finish(const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	if (o->kind == OUT_FAILED && api_refusal(w, &o->errs) == 401) {
		/* the same words whatever was wrong */
		api_problem(res, 401, NULL, "the token or code is not good, or not any more", w->request_id);
		return;
	}
	if (o->kind == OUT_FAILED) {
		api_problem_errs(res, &o->errs, NULL, w->request_id);
		return;
	}
	switch (w->verb) {
	case WRITE_TOKEN_CREATE:
		finish_token(w->account, req, res);
		return;
	case WRITE_SIGN_IN:
		finish_session(w->account, req, res);
		return;
	case WRITE_SIGN_IN_CODE:
		finish_code(w->account, req, res);
		return;
	case WRITE_SIGN_OUT:
		res->has_cookie = true;
		break;
	default:
		break;
	}
	res->status = 204;
}

/* --- reads; never cached: what they say depends on who asks ----------------------------------------------------- */

static int
add_token(void *arg, const struct token_row *t, struct err *err)
{
	struct api_page *page = arg;
	char key[API_CURSOR_SIZE];

	snprintf(key, sizeof(key), "%020lld\t%s", (long long)t->grant.created_at, t->id);
	return (api_page_wants(page, key) ? api_page_add(page, token_json(t), err) : 0);
}

void
api_token_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct api_page page;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&page, p, req, res))
		return;
	rc = store_tokens(a->reader, add_token, &page, &err);
	api_page_answer(&page, rc, &err, a, req, res);
}

void
api_token_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct token_row t;
	struct err err;
	(void)r;

	if (store_token(a->reader, p->name, &t, &err) == -1)
		api_answer_err(res, &err, req->request_id);
	else
		api_answer_json(res, 200, token_json(&t), req);
}

void
api_whoami_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	static const struct principal open = { .actor = "" };
	const struct principal *who = req->who != NULL ? req->who : &open;
	char scopes[256];
	(void)a;
	(void)r;
	(void)p;

	api_scopes_text(who->scopes, scopes, sizeof(scopes));
	api_answer_json(res, 200,
	    json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "actor", req->actor, "role", api_role_word(req->role), "via",
		who->is_session	      ? "session"
		: who->is_certificate ? "certificate"
		: req->local	      ? "socket"
				      : "token",
		"scopes", words_json(scopes), "selector", codec_text_or_null(who->selector), "expires_at", codec_time_json(who->expires_at)),
	    req);
}
