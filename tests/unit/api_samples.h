/*
 * api_samples: an API over a real store in a scratch directory, without HTTP and without R.
 */
#ifndef JN_API_SAMPLES_H
#define JN_API_SAMPLES_H

#include <jansson.h>

#include "api/api.h"
#include "tests/unit/store_samples.h"

struct rig {
	char dir[64];
	struct store *writer, *reader;
	struct api_health health;
	struct api_info info;
	struct api api;
	struct api_req req;	/* of the next request: a test may set headers; cleared after it */
	struct api_res res;
	int64_t since;
};

static struct rig rig;

static UNUSED void
rig_reset_request(void)
{
	rig.req = (struct api_req){ .method = "GET",
		.target = "/",
		.content_type = "application/json",
		.local = true,
		.role = ROLE_ADMIN,
		.actor = "uid:0",
		.request_id = "r1" };
}

static UNUSED int
rig_setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	scratch_new(rig.dir);
	OK(store_open(rig.dir, STORE_WRITER, &rig.writer, E));
	OK(store_open(rig.dir, STORE_READER, &rig.reader, E));
	rig.info =
	    (struct api_info){ .version = "1.0.0", .platform = "linux", .http_library = "0.9.75", .worker_pid = 7 };
	rig.api = (struct api){ .reader = rig.reader, .health = &rig.health, .info = &rig.info };
	atomic_store(&rig.health.store_ok, true);
	rig_reset_request();
	return (0);
}

static UNUSED int
rig_teardown(void **state)
{
	(void)state;
	api_res_fini(&rig.res);
	store_close(rig.reader);
	store_close(rig.writer);
	scratch_free(rig.dir);
	return (0);
}

/* Stores and frees it. */
static UNUSED void
rig_put(struct object *o)
{
	OK(store_begin(rig.writer, E));
	OK(store_object_put(rig.writer, o, E));
	OK(store_commit(rig.writer, E));
	object_free(o);
}

/* One request; the answer is in rig.res.  body NULL = none.  *w NULL unless API_WRITE. */
static UNUSED enum api_next
rig_begin(const char *method, const char *target, const char *body, struct write **w)
{
	enum api_next next;

	*w = NULL;
	api_res_fini(&rig.res);
	api_res_init(&rig.res);
	rig.req.method = method;
	rig.req.target = target;
	rig.req.body = body;
	rig.req.body_size = body != NULL ? strlen(body) : 0;
	if (strcmp(method, "PUT") == 0 && strncmp(target, "/v1/topology", 12) == 0 && rig.req.if_match == NULL)
		rig.req.if_match = "*";
	next = api_begin(&rig.api, &rig.req, &rig.res, w, &rig.since);
	rig_reset_request();
	return (next);
}

/* A request that must be answered at once, with this status. */
static UNUSED void
rig_expect(const char *method, const char *target, const char *body, int status)
{
	struct write *w;

	if (rig_begin(method, target, body, &w) != API_ANSWER)
		fail_msg("%s %s was not answered at once", method, target);
	if (rig.res.status != status)
		fail_msg("%s %s: %d, not %d: %s", method, target, rig.res.status, status,
		    rig.res.body != NULL ? rig.res.body : "");
}

static UNUSED struct write *
rig_write(const char *method, const char *target, const char *body)
{
	struct write *w;

	if (rig_begin(method, target, body, &w) != API_WRITE)
		fail_msg("%s %s: %d: %s", method, target, rig.res.status, rig.res.body != NULL ? rig.res.body : "");
	return (w);
}

static UNUSED void
rig_has(const char *text)
{
	if (rig.res.body == NULL || strstr(rig.res.body, text) == NULL)
		fail_msg("no %s in %s", text, rig.res.body != NULL ? rig.res.body : "an empty body");
}

#endif
