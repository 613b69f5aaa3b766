/* history, diff, rollback, confirm: revisions of the topology and the way back. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_apply.h"
#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define SHOWN 20

static const char *
number(const json_t *item, const char *key, char buf[24])
{
	(void)str_format(buf, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, key)));
	return (buf);
}

static void
print_history(const json_t *items)
{
	static const char *const titles[] = { "REVISION", "AT", "BY", "NEW", "CHANGED", "GONE", "REQUEST", "NOTE" };
	char n[4][24], request[192];
	struct table t;
	json_t *item;
	size_t i;

	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(items, i, item) {
		(void)str_format(request, sizeof(request), "%s %s", json_text(item, "method"), json_text(item, "path"));
		table_add(&t, (const char *const[]){ number(item, "revision", n[0]), json_text(item, "at"), json_text(item, "actor"),
		    number(item, "created", n[1]), number(item, "updated", n[2]), number(item, "deleted", n[3]), request,
		    json_text(item, "note") });
	}
	table_print(&t, stdout);
	table_fini(&t);
}

int
cli_history(struct cli *c, int argc, char **argv)
{
	char path[CALL_PATH_SIZE];
	uint64_t count = SHOWN;
	json_t *list = NULL;
	int opt, rv;

	while ((opt = getopt(argc, argv, "n:")) != -1) {
		if (opt != 'n' || str_u64(optarg, 1, 10000, &count) == -1)
			return (cli_usage(argv[0]));
	}
	if (argc != optind)
		return (cli_usage(argv[0]));
	(void)str_format(path, sizeof(path), "/v1/revisions?limit=%llu", (unsigned long long)count);
	rv = call_get(c, path, &list);
	if (rv == CLI_OK && c->json)
		json_print(list);
	else if (rv == CLI_OK)
		print_history(json_object_get(list, "items"));
	json_decref(list);
	return (rv);
}

/* --- diff ------------------------------------------------------------------------------------------------------- */

static void
print_diff(const json_t *changes)
{
	static const char *const titles[] = { "DO", "OBJECT", "FIELD", "FROM", "TO" };
	char *from, *to;
	struct table t;
	json_t *item;
	size_t i;

	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(changes, i, item) {
		from = json_dumps(json_object_get(item, "from"), JSON_ENCODE_ANY | JSON_COMPACT);
		to = json_dumps(json_object_get(item, "to"), JSON_ENCODE_ANY | JSON_COMPACT);
		table_add(&t, (const char *const[]){ json_text(item, "op"), json_text(item, "object"), json_text(item, "path"),
		    from != NULL ? from : "", to != NULL ? to : "" });
		free(from);
		free(to);
	}
	table_print(&t, stdout);
	table_fini(&t);
	if (json_array_size(changes) == 0)
		puts("No difference.");
}

int
cli_diff(struct cli *c, int argc, char **argv)
{
	char path[CALL_PATH_SIZE];
	uint64_t from, to = 0;
	json_t *diff = NULL;
	size_t n = 0;
	int rv;

	if (argc < 2 || argc > 3 || str_u64(argv[1], 0, INT64_MAX, &from) == -1 ||
	    (argc == 3 && str_u64(argv[2], 0, INT64_MAX, &to) == -1))
		return (cli_usage(argv[0]));
	(void)str_format(path, sizeof(path), "/v1/revisions/diff?from=%s%s%s", argv[1], argc == 3 ? "&to=" : "", argc == 3 ? argv[2] : "");
	rv = call_get(c, path, &diff);
	if (rv == CLI_OK) {
		n = json_array_size(json_object_get(diff, "changes"));
		if (c->json)
			json_print(diff);
		else
			print_diff(json_object_get(diff, "changes"));
	}
	json_decref(diff);
	return (rv != CLI_OK ? rv : n == 0 ? CLI_OK : CLI_DIFFERENT);
}

/* --- rollback --------------------------------------------------------------------------------------------------- */

static int
rollback(const struct cli *c, const char *revision, const char *confirm, bool dry_run)
{
	char path[CALL_PATH_SIZE], body[64];
	json_t *done = NULL;
	size_t n;
	int rv;

	if (confirm_path(path, sizeof(path), "/v1/topology/rollback", confirm) == -1)
		return (CLI_USAGE);
	n = (size_t)snprintf(body, sizeof(body), "{\"revision\":%s}", revision);
	rv = call_send(c, "POST", dry_run ? "/v1/topology/rollback?dry_run=plan" : path, body, n, !dry_run, &done);
	if (rv == CLI_OK && c->json) {
		json_print(done);
	} else if (rv == CLI_OK && dry_run) {
		plan_print(done);
	} else if (rv == CLI_OK) {
		printf("Done. Revision %" JSON_INTEGER_FORMAT ".\n", json_integer_value(json_object_get(done, "revision")));
		confirm_print(done);
	}
	if (rv == CLI_OK && dry_run && json_array_size(json_object_get(done, "steps")) > 0)
		rv = CLI_DIFFERENT;
	json_decref(done);
	return (rv);
}

int
cli_rollback(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' }, { "confirm", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 } };
	const char *confirm = NULL;
	bool dry_run = false;
	uint64_t revision;
	int opt;

	while ((opt = getopt_long(argc, argv, "n", options, NULL)) != -1) {
		if (opt == 'n')
			dry_run = true;
		else if (opt == 'c')
			confirm = optarg;
		else
			return (cli_usage(argv[0]));
	}
	if (argc - optind != 1 || str_u64(argv[optind], 0, INT64_MAX, &revision) == -1)
		return (cli_usage(argv[0]));
	return (rollback(c, argv[optind], confirm, dry_run));
}

/* --- confirm ---------------------------------------------------------------------------------------------------- */

static int
show_pending(const struct cli *c)
{
	json_t *answer = NULL;
	const json_t *p;
	int rv;

	rv = call_get(c, "/v1/topology/confirm", &answer);
	p = json_object_get(answer, "pending");
	if (rv == CLI_OK && c->json)
		json_print(answer);
	else if (rv == CLI_OK && !json_is_object(p))
		puts("Nothing waits for a confirmation.");
	else if (rv == CLI_OK)
		printf("Revision %" JSON_INTEGER_FORMAT " is rolled back to revision %" JSON_INTEGER_FORMAT " at %s.\n",
		    json_integer_value(json_object_get(p, "revision")), json_integer_value(json_object_get(p, "base")),
		    json_text(p, "deadline"));
	json_decref(answer);
	return (rv);
}

int
cli_confirm(struct cli *c, int argc, char **argv)
{
	json_t *done = NULL;
	int rv;

	if (argc == 2 && str_equal(argv[1], "--show"))
		return (show_pending(c));
	if (argc != 1)
		return (cli_usage(argv[0]));
	rv = call_send(c, "POST", "/v1/topology/confirm", NULL, 0, false, &done);
	if (rv == CLI_OK && c->json)
		json_print(done);
	else if (rv == CLI_OK)
		printf("Revision %" JSON_INTEGER_FORMAT " stays.\n", json_integer_value(json_object_get(done, "revision")));
	json_decref(done);
	return (rv);
}
