/*
 * http_stream: GET /v1/events as server-sent events (WHATWG HTML 9.2).
 *
 * A stream is a reader of the event table that waits: its connection is suspended while there is nothing new, and R resumes it after each
 * commit.  "Nothing new" is decided under the lock that R's notify takes after the commit, so no wake-up is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http_int.h"
#include "server/ident.h"

#define STREAMS_MAX 64
#define STREAMS_PER_ADDRESS 16
#define EVENTS_AT_ONCE 64
#define HEARTBEAT_AFTER_MS 14000
#define BLOCK_SIZE 16384

struct stream {
	struct stream *next;
	struct http_listener *l;
	struct MHD_Connection *conn;
	struct conn *c;
	struct principal who;	/* a stream ends with the credential it was asked for with */
	int64_t after;
	int64_t wrote_at;	/* monotonic */
	bool suspended;
	char *text;		/* rendered, not yet sent */
	size_t size, pos, room;
};

static int
text_add(struct stream *s, const char *text)
{
	size_t len = strlen(text);
	char *grown;

	if (s->size + len > s->room) {
		grown = realloc(s->text, (s->size + len) * 2);
		if (grown == NULL)
			return (-1);
		s->text = grown;
		s->room = (s->size + len) * 2;
	}
	memcpy(s->text + s->size, text, len);
	s->size += len;
	return (0);
}

static int
add_event(void *arg, const struct event_row *e, struct err *err)
{
	struct stream *s = arg;
	char *text;
	int rc;

	text = api_event_sse(e);
	if (text == NULL)
		return (err_nomem(err));
	rc = text_add(s, text);
	free(text);
	if (rc == -1)
		return (err_nomem(err));
	s->after = e->seq;
	return (0);
}

/* A client that asks for events that are gone is told so, and goes on with what there is. */
static int
check_reset(struct stream *s, struct err *err)
{
	int64_t first, last;
	char text[96];

	if (store_event_range(s->l->reader, &first, &last, err) == -1)
		return (-1);
	if ((first <= 1 || s->after >= first - 1) && s->after <= last)
		return (0);
	s->after = s->after > last ? last : first - 1;
	snprintf(text, sizeof(text), "event: reset\ndata: {\"first\":%lld}\n\n", (long long)first);
	return (text_add(s, text));
}

/* More text, or none: 1 filled, 0 nothing new, -1 failed or not to be told any more.  Under the lock. */
static int
fill(struct stream *s)
{
	struct err err;

	s->size = s->pos = 0;
	if (check_reset(s, &err) == -1 || store_events(s->l->reader, s->after, EVENTS_AT_ONCE, add_event, s, &err) == -1)
		return (-1);
	if (s->size == 0 && ident_mono_ms() - s->wrote_at >= HEARTBEAT_AFTER_MS && text_add(s, ": still here\n\n") == -1)
		return (-1);
	/* asked after the events were read: what ended the credential may be one of them */
	if (s->size > 0 && (auth_again(s->l->reader, ident_now_ms(), &s->who, &err) == -1 || s->who.role == ROLE_NONE))
		return (-1);
	return (s->size > 0);
}

static ssize_t
read_block(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	ssize_t n = 0;
	int rc = 1;

	(void)pos;
	http_conn_state(s->l, s->c, CONN_STREAMING);
	pthread_mutex_lock(&s->l->lock);
	if (s->l->stopping)
		rc = -1;
	else if (s->pos == s->size && (rc = fill(s)) == 0) {
		s->suspended = true;
		MHD_suspend_connection(s->conn);
	}
	if (rc == -1)
		n = MHD_CONTENT_READER_END_OF_STREAM;
	else if (rc == 1) {
		n = (ssize_t)(s->size - s->pos < max ? s->size - s->pos : max);
		memcpy(buf, s->text + s->pos, (size_t)n);
		s->pos += (size_t)n;
		s->wrote_at = ident_mono_ms();
	}
	pthread_mutex_unlock(&s->l->lock);
	return (n);
}

static void
stream_free(void *cls)
{
	struct stream *s = cls, **link;

	pthread_mutex_lock(&s->l->lock);
	for (link = &s->l->streams; *link != NULL; link = &(*link)->next) {
		if (*link == s) {
			*link = s->next;
			break;
		}
	}
	pthread_mutex_unlock(&s->l->lock);
	atomic_fetch_sub(&s->l->conf->metrics->streams, 1);
	free(s->text);
	free(s);
}

void
http_notify(struct http_listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->notified++;
	for (struct stream *s = l->streams; s != NULL; s = s->next) {
		if (!s->suspended)
			continue;
		s->suspended = false;
		MHD_resume_connection(s->conn);
	}
	pthread_mutex_unlock(&l->lock);
	http_wait_wake(l, INT64_MAX);
}

static struct stream *
stream_new(struct request *r, int64_t since)
{
	struct stream *s;
	size_t n = 0, same = 0;

	for (s = r->l->streams; s != NULL; s = s->next) {
		n++;
		same += s->c->peer == r->c->peer;
	}
	if (n >= STREAMS_MAX || same >= STREAMS_PER_ADDRESS || (s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->l = r->l;
	s->conn = r->conn;
	s->c = r->c;
	s->who = r->who;
	s->after = since;
	s->wrote_at = ident_mono_ms();
	if (text_add(s, "retry: 3000\n\n") == -1) {
		free(s);
		return (NULL);
	}
	atomic_fetch_add(&s->l->conf->metrics->streams, 1);
	s->next = r->l->streams;
	r->l->streams = s;
	return (s);
}

enum MHD_Result
http_stream(struct request *r, int64_t since)
{
	struct MHD_Response *resp;
	enum MHD_Result rc = MHD_NO;
	struct stream *s;

	pthread_mutex_lock(&r->l->lock);
	s = stream_new(r, since);
	pthread_mutex_unlock(&r->l->lock);
	if (s == NULL) {
		r->refuse = 503;
		r->refuse_code = "busy";
		r->refuse_detail = "too many event streams";
		return (http_refuse(r));
	}
	http_conn_state(r->l, r->c, CONN_STREAMING);
	resp = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_block, s, stream_free);
	if (resp == NULL) {
		stream_free(s);
		return (MHD_NO);
	}
	MHD_set_connection_option(r->conn, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	if (http_headers(resp, r, "text/event-stream", NULL, NULL))
		rc = MHD_queue_response(r->conn, MHD_HTTP_OK, resp);
	metric_request(r->l->conf->metrics, r->route, MHD_HTTP_OK, -1);
	MHD_destroy_response(resp);
	return (rc);
}
