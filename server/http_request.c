/* http_request: the life of a request, from its line to its last byte.  See http_int.h */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "server/http_int.h"
#include "server/http_www.h"
#include "server/ident.h"

#define BODIES_MAX (8 * (API_TOPOLOGY_MAX + (size_t)1))	/* of all connections together */

void *
http_request_new(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct request *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (NULL);
	r->l = cls;
	r->conn = conn;
	r->line = uri;
	r->target = strdup(uri == NULL ? "" : uri);
	if (r->target == NULL) {
		free(r);
		return (NULL);
	}
	return (r);
}

static void
body_drop(struct request *r)
{
	r->l->bodies -= r->room;
	free(r->body);
	r->body = NULL;
	r->size = r->room = 0;
}

void
http_request_done(void *cls, struct MHD_Connection *conn, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct request *r = *con_cls;

	(void)cls;
	(void)conn;
	(void)why;
	if (r == NULL)
		return;
	*con_cls = NULL;
	if (r->c != NULL)
		http_conn_state(r->l, r->c, CONN_RECEIVING);
	ticket_free(r->ticket);
	body_drop(r);
	free(r->target);
	free(r);
}

static const char *
header(const struct request *r, const char *name)
{
	return (MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name));
}

static void
refuse(struct request *r, int status, const char *code, const char *detail)
{
	r->refuse = status;
	r->refuse_code = code;
	r->refuse_detail = detail;
}

/* The client's request id when it is harmless, else a new one. */
static void
request_identify(struct request *r)
{
	const char *given = header(r, "X-Request-Id");
	size_t len = given == NULL ? 0 : strlen(given);

	if (len > 0 && len < sizeof(r->id) &&
	    strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len)
		memcpy(r->id, given, len + 1);
	else
		snprintf(r->id, sizeof(r->id), "rq-%012llx-%llx", (unsigned long long)(r->l->request_prefix & 0xffffffffffffULL),
		    (unsigned long long)++r->l->request_count);
}

/* The headers are there.  A refusal of a request with a body is sent at once (MHD then closes); without a body it waits for the last call, so that
 * the connection lives on. */
static enum MHD_Result
request_start(struct request *r, const char *method, const char *version)
{
	uint64_t length = 0;
	bool has_body = false;
	int status;

	r->started = true;
	r->started_us = metric_now_us();
	if ((r->c = http_conn_of(r->conn)) == NULL)
		return (MHD_NO);	/* out of memory */
	request_identify(r);
	snprintf(r->method, sizeof(r->method), "%.7s", method);
	if (r->line == NULL || version != r->line + strlen(r->target) + 1)
		refuse(r, 400, "syntax", "the request line holds a NUL");
	if (r->refuse != 0 || !http_check(r, method, &has_body, &length))
		has_body = true;	/* whatever follows is not to be read as the next request */
	else if (strlen(r->target) > TARGET_MAX)
		refuse(r, 414, "too_large", "the request target is longer than 4096 bytes");
	else if (http_conn_admit(r) && http_authenticate(r, method) && http_principal_admit(r) &&
	    (status = api_precheck(method, r->target, header(r, "Content-Type"), length, has_body, r->who.role, &r->max)) != 0)
		refuse(r, status, NULL, status == 401 ? "a token or the UNIX socket is needed" : status == 403 ? "this needs a higher role" : NULL);
	else if (length > 0 && length < r->max)
		r->max = (size_t)length;
	return (r->refuse != 0 && has_body ? http_refuse(r) : MHD_YES);
}

/* Room for so many more bytes and a NUL, twice as much as is there; less than was announced is never needed.  False: memory is out. */
static bool
body_grow(struct request *r, size_t more)
{
	size_t room = (r->size + more + 1) * 2;
	char *grown;

	if (room > r->max + 1)
		room = r->max + 1;
	if (r->l->bodies - r->room + room > BODIES_MAX) {
		refuse(r, 503, "busy", "too many large requests at once");
		r->retry_after = 1;
		return (true);
	}
	grown = realloc(r->body, room);
	if (grown == NULL)
		return (false);
	r->body = grown;
	r->l->bodies += room - r->room;
	r->room = room;
	return (true);
}

/* What is too much is eaten, and refused at the end. */
static enum MHD_Result
request_body(struct request *r, const char *data, size_t *size)
{
	if (r->size + *size > r->max)
		r->too_large = true;
	if (!r->too_large && r->refuse == 0 && r->size + *size + 1 > r->room && !body_grow(r, *size))
		return (MHD_NO);
	if (r->too_large || r->refuse != 0)
		body_drop(r);
	else {
		memcpy(r->body + r->size, data, *size);
		r->size += *size;
		r->body[r->size] = '\0';
	}
	*size = 0;
	return (MHD_YES);
}

/* --- writes ---------------------------------------------------------------------------------------------------- */

/* In R's thread. */
static void
write_done(struct ticket *t)
{
	struct request *r = t->arg;

	atomic_fetch_sub(&r->l->writing, 1);
	MHD_resume_connection(r->conn);
}

/* What the client asked for: the same key for something else is a mistake. */
static void
fingerprint(const struct request *r, uint8_t out[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 32);
	crypto_generichash_update(&state, (const unsigned char *)r->method, strlen(r->method) + 1);
	crypto_generichash_update(&state, (const unsigned char *)r->target, strlen(r->target) + 1);
	if (r->size > 0)
		crypto_generichash_update(&state, (const unsigned char *)r->body, r->size);
	crypto_generichash_final(&state, out, 32);
}

static void
request_push(struct request *r)
{
	struct err err;

	/* suspend first: R may answer before push returns */
	atomic_fetch_add(&r->l->writing, 1);
	MHD_suspend_connection(r->conn);
	if (ticket_queue_push(r->l->conf->queue, r->ticket, &err) == -1) {
		r->unheard = true;
		r->ticket->out.kind = OUT_FAILED;
		errs_add_err(&r->ticket->out.errs, &err);
		write_done(r->ticket);
	}
}

static enum MHD_Result
request_write(struct request *r, struct write *w)
{
	if (w->verb == WRITE_SIGN_IN && !r->l->local && (r->retry_after = peer_waits(r->c->peer, ident_mono_ms())) > 0) {
		write_free(w);
		metric_auth_failed(r->l->conf->metrics, AUTH_MADE_TO_WAIT);
		refuse(r, 429, "too_many", "too many wrong credentials from this address");
		return (http_refuse(r));
	}
	if (w->key[0] != '\0')
		fingerprint(r, w->fingerprint);
	r->ticket = ticket_new(w);
	if (r->ticket == NULL) {
		write_free(w);
		return (MHD_NO);
	}
	r->ticket->done = write_done;
	r->ticket->arg = r;
	request_push(r);
	return (MHD_YES);
}

static enum MHD_Result
request_finish(struct request *r)
{
	enum MHD_Result rc;
	struct api_res res;

	api_res_init(&res);
	/* the first half of an import of the host's own files: now it can be worked out */
	if (r->ticket->out.kind == OUT_FILES) {
		if (api_import_files(&r->l->api, r->ticket->write, &r->ticket->out.files, &res)) {
			ticket_reset(r->ticket);
			request_push(r);
			api_res_fini(&res);
			return (MHD_YES);
		}
	} else
		api_finish(&r->l->api, r->ticket->write, &r->ticket->out, &res);
	if (r->ticket->write->verb == WRITE_SIGN_IN && res.status == 401) {
		metric_auth_failed(r->l->conf->metrics, AUTH_BAD_SIGN_IN);
		if (!r->l->local)
			peer_failed(r->c->peer, ident_mono_ms());
	}
	rc = http_reply(r, &res);
	api_res_fini(&res);
	return (rc);
}

/* --- reads ----------------------------------------------------------------------------------------------------- */

static bool
accepts_json(const struct request *r)
{
	const char *accept = header(r, "Accept");

	return (accept == NULL || strcmp(accept, "*/*") == 0 || strcmp(accept, "application/json") == 0);
}

static enum MHD_Result
reply_and_keep(struct request *r, int64_t generation, struct api_res *res)
{
	struct cache_body *body;

	body = cache_body_new(res->body, res->body_size);
	res->body = NULL;
	if (body == NULL)
		return (MHD_NO);
	body->status = res->status;
	body->content_type = res->content_type;
	body->route = res->route;
	memcpy(body->etag, res->etag, sizeof(body->etag));
	memcpy(body->link, res->link, sizeof(body->link));
	cache_put(r->l->cache, generation, r->target, body);
	return (http_reply_cached(r, body));
}

/* There is nothing to tell yet.  True: *rc is the answer, or that there will be one later. */
static bool
request_waits(struct request *r, int wait_s, uint64_t mark, enum MHD_Result *rc)
{
	switch (http_wait(r, wait_s, mark)) {
	case HTTP_WAITS:
		*rc = MHD_YES;
		return (true);
	case HTTP_NO_ROOM:
		refuse(r, 503, "busy", "too many requests that wait");
		r->retry_after = 1;
		*rc = http_refuse(r);
		return (true);
	case HTTP_WAITED:
		break;
	}
	return (false);
}

static enum MHD_Result
request_answer(struct request *r, const char *method)
{
	uint64_t mark = http_wait_mark(r->l);
	bool plain_get = strcmp(method, "GET") == 0 && r->size == 0 && r->who.role >= ROLE_VIEWER && accepts_json(r) &&
	    header(r, "If-None-Match") == NULL && r->who.scopes == 0 && r->who.selector[0] == '\0';
	int64_t generation = atomic_load(&r->l->conf->health->generation), since = 0;
	struct api_req req = { .method = method, .target = r->target, .body = r->size > 0 ? r->body : NULL, .body_size = r->size,
		.local = r->l->local, .role = r->who.role, .actor = r->who.actor, .who = &r->who, .request_id = r->id };
	struct cache_body *kept;
	struct write *w = NULL;
	enum MHD_Result rc = MHD_NO;
	struct api_res res;

	if (plain_get && (kept = cache_get(r->l->cache, generation, r->target)) != NULL)
		return (http_reply_cached(r, kept));
	req.content_type = header(r, "Content-Type");
	req.accept = header(r, "Accept");
	req.if_match = header(r, "If-Match");
	req.if_none_match = header(r, "If-None-Match");
	req.prefer = header(r, "Prefer");
	req.idempotency_key = header(r, "Idempotency-Key");
	req.last_event_id = header(r, "Last-Event-ID");
	api_res_init(&res);
	switch (api_begin(&r->l->api, &req, &res, &w, &since)) {
	case API_ANSWER:
		/* who has waited is asked again, after the answer was read: it holds nothing that is newer than his right to it */
		if (r->wait_until != 0 && !http_authenticate_again(r)) {
			rc = http_refuse(r);
			break;
		}
		if (res.wait_s > 0 && request_waits(r, res.wait_s, mark, &rc))
			break;
		rc = plain_get && res.cacheable && res.status == 200 && res.body != NULL ? reply_and_keep(r, generation, &res) : http_reply(r, &res);
		break;
	case API_WRITE:
		rc = request_write(r, w);
		break;
	case API_STREAM:
		r->route = res.route;
		rc = http_stream(r, since);
		break;
	}
	api_res_fini(&res);
	return (rc);
}

enum MHD_Result
http_request_handle(void *cls, struct MHD_Connection *conn, const char *url, const char *method, const char *version, const char *data, size_t *size,
    void **con_cls)
{
	struct request *r = *con_cls;
	enum MHD_Result rc;

	(void)cls;
	(void)url;
	(void)version;
	if (r == NULL)
		return (MHD_NO);	/* out of memory */
	if (!r->started)
		return (request_start(r, method, version));
	if (*size > 0)
		return (request_body(r, data, size));
	if (r->ticket != NULL)
		return (request_finish(r));
	http_conn_state(r->l, r->c, CONN_WORKING);
	if (r->wait_until != 0)
		r->started_us = metric_now_us();	/* to wait is not to be slow */
	if (r->too_large)
		refuse(r, 413, "too_large", "the body is larger than GET /v1 says");
	if (r->refuse != 0)
		return (http_refuse(r));
	if ((strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) && http_www_reply(r->l->conf->www, conn, r->target, &rc))
		return (rc);
	return (request_answer(r, method));
}
