/*
 * http_int: shared by http.c (listeners, requests), http_check.c (what MHD lets through and we do not), http_reply.c (answers) and
 * http_stream.c (event streams).
 */
#ifndef JN_HTTP_INT_H
#define JN_HTTP_INT_H

#include <microhttpd.h>

#include "server/cache.h"
#include "server/http.h"

#define REQUEST_ID_SIZE 65
#define TARGET_MAX 4096

struct stream;

struct http_listener {
	const struct http_conf *conf;
	bool local;
	struct MHD_Daemon *mhd;
	struct store *reader;
	struct api api;
	struct cache *cache;
	pthread_mutex_t lock;	/* streams, stopping */
	struct stream *streams;
	bool stopping;
	_Atomic int writing;	/* suspended writes */
	uint64_t request_prefix, request_count;
	/* the bearer token that was good last, for one generation: clients repeat themselves */
	char token[TOKEN_SIZE + 8];
	struct principal token_who;
	int64_t token_generation;
};

/* One request, from its request line to its last byte. */
struct request {
	struct http_listener *l;
	struct MHD_Connection *conn;
	char *target;		/* raw */
	bool started;		/* the headers have been seen */
	int64_t started_us;
	const struct api_route *route;	/* NULL = none matched (yet) */
	struct principal who;
	char id[REQUEST_ID_SIZE];
	char *body;
	size_t size, room, max;
	bool too_large;
	int refuse;		/* HTTP status to answer once the body is through, 0 = none */
	const char *refuse_code, *refuse_detail;
	struct ticket *ticket;	/* a write under way or done */
};

/* http_check.c: looks at the headers; false = r->refuse is set. */
bool http_check(struct request *r, const char *method, bool *has_body, uint64_t *length);

/* http_reply.c */
enum MHD_Result http_reply(struct request *r, struct api_res *res);	/* takes res's body */
enum MHD_Result http_reply_cached(struct request *r, struct cache_body *body);	/* takes the reference */
enum MHD_Result http_refuse(struct request *r);

/* http_stream.c */
enum MHD_Result http_stream(struct request *r, int64_t since);

#endif
