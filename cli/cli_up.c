/*
 * up and down: for the hooks of jail managers.  They wait, at most so long, until the interfaces of a jail are where its manager
 * needs them, also for a daemon that is not there yet.  Anything but 0 makes jail(8) stop.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli_call.h"
#include "cli/cli_http.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define WAIT_DEFAULT_S 30
#define WAIT_MAX_S 3600
#define LOOK_EVERY_MS 100
#define ANSWER_S 5 /* one that has not answered by then is asked again: its worker may have started another server */

enum look { LOOK_GOOD, LOOK_NOT_YET, LOOK_NEVER };

struct up {
	const struct cli *c;
	const char *jail;
	bool inside, down;
	int64_t end;		/* ms, as now_ms() */
	char why[400];
	int rv;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* What one request may take: the whole wait ends in time, also for a server that takes the connection and is silent. */
static uint32_t
patience_s(const struct up *u)
{
	int64_t left = (u->end - now_ms() + 999) / 1000;

	return (left < 1 ? 1 : left > ANSWER_S ? ANSWER_S : (uint32_t)left);
}

/* One GET; the daemon may not be there yet. */
static enum look
get(struct up *u, const char *path, json_t **out)
{
	struct http_request r = { .method = "GET", .path = path };
	struct cli c = *u->c;
	struct http_answer a;
	struct err err;

	*out = NULL;
	u->rv = CLI_UNREACHABLE;
	c.timeout_s = patience_s(u);
	if (http_call(&c, &r, &a, &err) == -1) {
		snprintf(u->why, sizeof(u->why), "%s", err.msg);
		return (err.code == ERR_INVALID ? LOOK_NEVER : LOOK_NOT_YET);
	}
	if (a.status == 200)
		*out = json_loadb(a.body, a.size, 0, NULL);
	if (*out == NULL) {
		if (a.status == 404)
			snprintf(u->why, sizeof(u->why), "there is no jail %s", u->jail);
		else
			snprintf(u->why, sizeof(u->why), "the daemon answers %ld", a.status);
		u->rv = CLI_REFUSED;
	}
	http_answer_fini(&a);
	return (*out != NULL ? LOOK_GOOD : a.status >= 500 ? LOOK_NOT_YET : LOOK_NEVER);
}

/* Is this epair or attachment as it must be now? */
static enum look
look_object(struct up *u, const json_t *o, bool jail_is_up)
{
	const char *state = json_text(o, "status/state");

	if (str_equal(state, "ready") || (!jail_is_up && !u->inside && str_equal(state, "waiting")))
		return (LOOK_GOOD);
	u->rv = CLI_UNFINISHED;
	snprintf(u->why, sizeof(u->why), "%s %s is %s: %s", json_text(o, "kind"), json_text(o, "name"), state,
	    json_text(o, "status/reason"));
	return (LOOK_NOT_YET);
}

static enum look
look_path(struct up *u, const char *before, const char *name, const char *after, json_t **out)
{
	char path[CALL_PATH_SIZE];
	struct err err;

	*out = NULL;
	if (call_path(path, sizeof(path), before, name, after, &err) == 0)
		return (get(u, path, out));
	snprintf(u->why, sizeof(u->why), "%s", err.msg);
	u->rv = CLI_USAGE;
	return (LOOK_NEVER);
}

static enum look
look_epairs(struct up *u, bool jail_is_up)
{
	char before[CALL_PATH_SIZE];
	json_t *page = NULL, *next = NULL, *o;
	enum look rc;
	size_t i;

	rc = look_path(u, "/v1/epairs?jail=", u->jail, "", &page);
	/* the jail's name is legal: the daemon knows it */
	(void)str_format(before, sizeof(before), "/v1/epairs?jail=%s&cursor=", u->jail);
	while (rc == LOOK_GOOD) {
		json_array_foreach(json_object_get(page, "items"), i, o)
			if (rc == LOOK_GOOD)
				rc = look_object(u, o, jail_is_up);
		if (rc != LOOK_GOOD || json_text(page, "next")[0] == '\0')
			break;
		rc = look_path(u, before, json_text(page, "next"), "", &next);
		json_decref(page);
		page = next;
	}
	json_decref(page);
	return (rc);
}

/* There is no list of them: the topology says which there are. */
static enum look
look_attachments(struct up *u, bool jail_is_up)
{
	json_t *topology = NULL, *a, *o = NULL;
	enum look rc = get(u, "/v1/topology", &topology);
	const char *name;

	json_object_foreach(json_object_get(topology, "attachments"), name, a) {
		if (rc != LOOK_GOOD || !str_equal(json_text(a, "jail"), u->jail))
			continue;
		if ((rc = look_path(u, "/v1/interfaces/", name, "/jail", &o)) == LOOK_GOOD)
			rc = look_object(u, o, jail_is_up);
		json_decref(o);
	}
	json_decref(topology);
	return (rc);
}

static enum look
look(struct up *u)
{
	json_t *jail = NULL;
	enum look rc;
	bool is_up;

	rc = look_path(u, "/v1/jails/", u->jail, "", &jail);
	if (rc != LOOK_GOOD)
		return (rc);
	u->rv = CLI_UNFINISHED;
	is_up = str_equal(json_text(jail, "status/state"), "ready");
	if (!str_equal(json_text(jail, "manager"), "external")) {
		snprintf(u->why, sizeof(u->why), "jail %s is jailnet's own: start and stop do it", u->jail);
		u->rv = CLI_NO;
		rc = LOOK_NEVER;
	} else if (u->inside && !is_up) {
		snprintf(u->why, sizeof(u->why), "jail %s is not up", u->jail);
		rc = LOOK_NOT_YET;
	} else if (u->down && is_up) {
		snprintf(u->why, sizeof(u->why), "jail %s is still there", u->jail);
		rc = LOOK_NOT_YET;
	} else if ((rc = look_epairs(u, is_up)) == LOOK_GOOD)
		rc = look_attachments(u, is_up);
	json_decref(jail);
	return (rc);
}

int
cli_up(struct cli *c, int argc, char **argv)
{
	struct up u = { .c = c, .down = str_equal(argv[0], "down") };
	struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
	uint64_t seconds = WAIT_DEFAULT_S;
	enum look rc;
	int opt;

	while ((opt = getopt(argc, argv, "it:")) != -1) {
		if (opt == 'i' && !u.down)
			u.inside = true;
		else if (opt != 't' || str_u64(optarg, 0, WAIT_MAX_S, &seconds) == -1)
			return (cli_usage(argv[0]));
	}
	if (argc - optind != 1)
		return (cli_usage(argv[0]));
	u.jail = argv[optind];
	u.end = now_ms() + (int64_t)seconds * 1000;
	while ((rc = look(&u)) == LOOK_NOT_YET && now_ms() < u.end)
		nanosleep(&pause, NULL);
	if (rc == LOOK_GOOD)
		return (CLI_OK);
	if (rc == LOOK_NOT_YET)
		cli_warn("%s %s: not within %llu s: %s", argv[0], u.jail, (unsigned long long)seconds, u.why);
	else
		cli_warn("%s", u.why);
	return (u.rv);
}
