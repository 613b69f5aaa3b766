/* http_reply: an api_res becomes an HTTP answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/http_int.h"
#include "server/ident.h"

/* A header that cannot be added (out of memory) must not go missing silently. */
static bool
add(struct MHD_Response *resp, const char *name, const char *value)
{
	return (value == NULL || value[0] == '\0' || MHD_add_response_header(resp, name, value) == MHD_YES);
}

bool
http_headers(struct MHD_Response *resp, const struct request *r, const char *content_type, const char *etag, const char *link)
{
	return (add(resp, "Content-Type", content_type) && add(resp, "ETag", etag) && add(resp, "Link", link) && add(resp, "X-Request-Id", r->id) &&
	    add(resp, "Cache-Control", "no-store") && add(resp, "X-Content-Type-Options", "nosniff") &&
	    add(resp, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") && add(resp, "Referrer-Policy", "no-referrer") &&
	    add(resp, "Cross-Origin-Opener-Policy", "same-origin") && add(resp, "Cross-Origin-Resource-Policy", "same-origin"));
}

static enum MHD_Result
queue(struct request *r, int status, struct MHD_Response *resp, bool complete)
{
	enum MHD_Result rc = MHD_NO;

	metric_request(r->l->conf->metrics, r->route, status, metric_now_us() - r->started_us);
	if (r->c != NULL)
		http_conn_state(r->l, r->c, CONN_SENDING);
	if (complete && (!r->close || add(resp, "Connection", "close")))
		rc = MHD_queue_response(r->conn, (unsigned)status, resp);
	MHD_destroy_response(resp);
	return (rc);
}

enum MHD_Result
http_reply_cached(struct request *r, struct cache_body *body)
{
	struct MHD_Response *resp;

	r->route = body->route;
	resp = MHD_create_response_from_buffer_with_free_callback_cls(body->size, body->text, cache_body_unref, body);
	if (resp == NULL) {
		cache_body_unref(body);
		return (MHD_NO);
	}
	return (queue(r, body->status, resp, http_headers(resp, r, body->content_type, body->etag, body->link)));
}

/* What a body may be, of those that are refused for what they are. */
static bool
add_accepted(struct MHD_Response *resp, const struct request *r, int status)
{
	bool patch = strcmp(r->method, "PATCH") == 0, post = strcmp(r->method, "POST") == 0;

	if (status != 415 || (!patch && !post))
		return (true);
	return (patch ? add(resp, "Accept-Patch", "application/merge-patch+json, application/json") : add(resp, "Accept-Post", "application/json"));
}

/* libmicrohttpd closes the file with the answer. */
static struct MHD_Response *
file_response(struct api_res *res)
{
	struct MHD_Response *resp;
	struct stat st;

	if (fstat(res->fd, &st) == -1)
		return (NULL);
	resp = MHD_create_response_from_fd64((uint64_t)st.st_size, res->fd);
	res->has_file = resp == NULL;
	return (resp);
}

/* Reads that fail are nobody's business, unless the right was missing, or somebody guesses (429) or has pointed a name at us (421). */
static bool
is_told(const struct request *r, int status)
{
	bool reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0 || strcmp(r->method, "OPTIONS") == 0;

	return (status >= 400 && (!reads || status == 401 || status == 403 || status == 421 || status == 429));
}

/* What R refuses it tells itself. */
static bool
is_of_r(const struct request *r)
{
	return (r->ticket != NULL && !r->unheard && r->ticket->out.kind != OUT_FILES);
}

/* What is refused here never gets to R; it is told, without waiting. */
static void
audit(struct request *r, const struct api_res *res)
{
	struct audit_row row = { .at = ident_now_ms(), .result = "refused", .status = res->status };

	if (is_of_r(r) || !is_told(r, res->status))
		return;
	snprintf(row.actor, sizeof(row.actor), "%s", r->who.actor);
	snprintf(row.peer, sizeof(row.peer), "%s", r->c != NULL ? r->c->address : "");
	snprintf(row.request_id, sizeof(row.request_id), "%s", r->id);
	snprintf(row.method, sizeof(row.method), "%s", r->method);
	snprintf(row.path, sizeof(row.path), "%.*s", (int)strcspn(r->target, "?"), r->target);
	snprintf(row.detail, sizeof(row.detail), "%s", res->detail);
	ticket_queue_note(r->l->conf->queue, &row);
}

/* Damage that a read has met concerns R, too. */
static void
tell_damage(struct http_listener *l)
{
	if (!store_met_damage(l->reader))
		return;
	atomic_store(&l->conf->health->store_suspect, true);
	ticket_queue_wake(l->conf->queue);
}

enum MHD_Result
http_reply(struct request *r, struct api_res *res)
{
	struct MHD_Response *resp;
	char retry[16] = "", cookie[SECRET_SIZE + 128] = "";
	bool ok;

	if (res->route != NULL)
		r->route = res->route;
	audit(r, res);
	if (res->status == 500)
		tell_damage(r->l);
	if (res->has_file)
		resp = file_response(res);
	else
		resp = MHD_create_response_from_buffer(res->body_size, res->body,
		    res->body == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	if (resp == NULL)
		return (MHD_NO);
	res->body = NULL;
	if (res->retry_after > 0)
		snprintf(retry, sizeof(retry), "%d", res->retry_after);
	if (res->has_cookie)
		snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", r->l->cookie_name, res->cookie,
		    res->cookie_age, r->l->tls ? "; Secure" : "");
	ok = http_headers(resp, r, res->content_type, res->etag, res->link) && add(resp, "Location", res->location) &&
	     add(resp, "Allow", res->allow) && add_accepted(resp, r, res->status) && add(resp, "Preference-Applied", res->preference_applied) &&
	     add(resp, "Retry-After", retry) && add(resp, "Idempotency-Replayed", res->replayed ? "true" : NULL) && add(resp, "Set-Cookie", cookie) &&
	     add(resp, "WWW-Authenticate", res->status == 401 ? "Bearer" : NULL);
	return (queue(r, res->status, resp, ok));
}

enum MHD_Result
http_refuse(struct request *r)
{
	enum MHD_Result rc;
	struct api_res res;

	api_res_init(&res);
	api_problem(&res, r->refuse, r->refuse_code, r->refuse_detail, r->id);
	if (r->retry_after > 0)
		res.retry_after = r->retry_after;
	rc = http_reply(r, &res);
	api_res_fini(&res);
	return (rc);
}
