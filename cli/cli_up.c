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

enum look { LOOK_GOOD, LOOK_NOT_YET, LOOK_NEVER };

struct up {
	const struct cli *c;
	const char *jail;
	bool inside, down;
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

/* One GET; the daemon may not be there yet. */
static enum look
get(struct up *u, const char *path, json_t **out)
{
	struct http_request r = { .method = "GET", .path = path };
	struct http_answer a;
	struct err err;

	*out = NULL;
	u->rv = CLI_UNREACHABLE;
	if (http_call(u->c, &r, &a, &err) == -1) {
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

/* Is this epair's end in the jail, by what is wanted? */
static bool
is_of_jail(const struct up *u, const json_t *epair)
{
	return (str_equal(json_text(epair, "a/jail"), u->jail) || str_equal(json_text(epair, "b/jail"), u->jail));
}

static enum look
look_epairs(struct up *u, bool jail_is_up)
{
	json_t *list, *e;
	enum look rc = LOOK_GOOD;
	size_t i;

	if (call_list(u->c, "/v1/epairs", &list) != CLI_OK)
		return (LOOK_NOT_YET);
	json_array_foreach(json_object_get(list, "items"), i, e) {
		const char *state = json_text(e, "status/state");
		bool good = str_equal(state, "ready") || (!jail_is_up && !u->inside && str_equal(state, "waiting"));

		if (!is_of_jail(u, e) || good)
			continue;
		rc = LOOK_NOT_YET;
		snprintf(u->why, sizeof(u->why), "epair %s is %s: %s", json_text(e, "name"), state, json_text(e, "status/reason"));
	}
	json_decref(list);
	return (rc);
}

static enum look
look(struct up *u)
{
	char path[CALL_PATH_SIZE];
	json_t *jail = NULL;
	enum look rc;
	struct err err;
	bool is_up;

	if (call_path(path, sizeof(path), "/v1/jails/", u->jail, "", &err) == -1) {
		snprintf(u->why, sizeof(u->why), "%s", err.msg);
		u->rv = CLI_USAGE;
		return (LOOK_NEVER);
	}
	rc = get(u, path, &jail);
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
	} else
		rc = look_epairs(u, is_up);
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
	int64_t end;
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
	end = now_ms() + (int64_t)seconds * 1000;
	while ((rc = look(&u)) == LOOK_NOT_YET && now_ms() < end)
		nanosleep(&pause, NULL);
	if (rc == LOOK_GOOD)
		return (CLI_OK);
	if (rc == LOOK_NOT_YET)
		cli_warn("%s %s: not within %llu s: %s", argv[0], u.jail, (unsigned long long)seconds, u.why);
	else
		cli_warn("%s", u.why);
	return (u.rv);
}
