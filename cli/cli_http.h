/*
 * cli_http: one HTTP request to the daemon, over its UNIX socket or an http(s) URL with a bearer token.
 *
 * No redirects, no other protocols, answers of at most HTTP_BODY_MAX.  A token is sent over plain http to this
 * machine only.
 */
#ifndef JN_CLI_HTTP_H
#define JN_CLI_HTTP_H

#include "cli/cli.h"

#define HTTP_BODY_MAX (256u * 1024 * 1024)

struct http_request {
	const char *method;
	const char *path;		/* "/v1/jails?limit=10", already percent-encoded */
	const char *body;		/* NULL = none; sent as application/json */
	size_t body_size;
	const char *accept;		/* NULL = application/json */
	const char *prefer;		/* NULL = none */
	const char *if_match;		/* NULL = none */
	const char *last_event_id;	/* NULL = none */
	/*
	 * A stream: no time limit, and every piece of a 2xx answer goes here instead of into the body.  Returns false
	 * to end the stream.
	 */
	bool (*on_data)(void *arg, const char *data, size_t size);
	void *arg;
};

struct http_answer {
	long status;
	char *body;		/* NUL-terminated, never NULL after success */
	size_t size;
	char location[256];	/* "" = none */
};

/*
 * 0 = there is an answer, whatever its status; freed by http_answer_fini.
 * -1: ERR_INVALID (options or token file), ERR_TIMEOUT, or ERR_PROTO (cannot reach, or connection broken).
 */
int http_call(const struct cli *c, const struct http_request *r, struct http_answer *out, struct err *err);
void http_answer_fini(struct http_answer *a);

#endif
