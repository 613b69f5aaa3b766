/* apply and plan: a topology document from a file or standard input to PUT /v1/topology. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_apply.h"
#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define FILE_MAX (64u * 1024 * 1024)
#define READ_CHUNK 65536
#define STEPS_SHOWN 200
#define CONFIRM_MAX_S 86400

static const char *confirm_s;	/* --confirm, NULL = none */

/* The whole file, NUL-terminated; freed by the caller. */
int
file_read(const char *path, char **out, size_t *size, struct err *err)
{
	bool is_stdin = str_equal(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), rv = -1;
	char *data = NULL;
	size_t len = 0;
	ssize_t n;

	if (fd == -1)
		return (err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno)));
	do {
		data = cli_xrealloc(data, len + READ_CHUNK + 1);
		n = read(fd, data + len, READ_CHUNK);
		if (n == -1 && errno != EINTR) {
			err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
			goto out;
		}
		len += n > 0 ? (size_t)n : 0;
		if (len > FILE_MAX) {
			err_set(err, ERR_INVALID, "%s: larger than %u MiB", path, FILE_MAX >> 20);
			goto out;
		}
	} while (n != 0);
	data[len] = '\0';
	*out = data;
	data = NULL;
	*size = len;
	rv = 0;
out:
	free(data);
	if (!is_stdin)
		close(fd);
	return (rv);
}

void
plan_print(const json_t *plan)
{
	static const char *const titles[] = { "DO", "OBJECT", "WHAT", "INTERRUPTS" };
	const json_t *steps = json_object_get(plan, "steps");
	struct table t;
	json_t *step;
	size_t i;

	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(steps, i, step) {
		if (i == STEPS_SHOWN)
			break;
		table_add(&t, (const char *const[]){ json_text(step, "op"), json_text(step, "object"),
		    json_text(step, "detail"), json_text(step, "interrupts") });
	}
	table_print(&t, stdout);
	table_fini(&t);
	if (json_array_size(steps) > STEPS_SHOWN)
		printf("... and %zu more (--json shows all)\n", json_array_size(steps) - STEPS_SHOWN);
}

static size_t
plan_size(const json_t *plan)
{
	return (json_array_size(json_object_get(plan, "steps")));
}

static int
plan_text(const struct cli *c, const char *body, size_t size, json_t **out)
{
	return (call_send(c, "PUT", "/v1/topology?dry_run=plan", body, size, false, out));
}

/* "--confirm 60" as the parameter of the request; -1 = not a number of seconds. */
int
confirm_path(char *path, size_t size, const char *base, const char *seconds)
{
	uint64_t n;

	if (seconds == NULL)
		return (str_copy(path, size, base));
	if (str_u64(seconds, 1, CONFIRM_MAX_S, &n) == -1) {
		cli_warn("--confirm takes 1 to %d seconds", CONFIRM_MAX_S);
		return (-1);
	}
	return (str_format(path, size, "%s?confirm_timeout=%s", base, seconds));
}

void
confirm_print(const json_t *done)
{
	const char *by = json_text(done, "confirm_by");

	if (by[0] != '\0')
		printf("It is rolled back at %s unless you say: jailnet confirm\n", by);
}

static int
show_plan(const struct cli *c, const char *body, size_t size)
{
	json_t *plan = NULL;
	size_t n;
	int rv = plan_text(c, body, size, &plan);

	if (rv != CLI_OK)
		return (rv);
	n = plan_size(plan);
	if (c->json)
		json_print(plan);
	else if (n == 0)
		puts("Nothing to do.");
	else
		plan_print(plan);
	if (!c->json && n > 0)
		printf("%zu step%s to do.\n", n, n == 1 ? "" : "s");
	json_decref(plan);
	return (n == 0 ? CLI_OK : CLI_DIFFERENT);
}

/* What was shown is what is done, or it is refused; without a plan (--json) whatever is there is replaced. */
static const char *
if_match(const json_t *plan, char *buf, size_t size)
{
	if (plan == NULL ||
	    str_format(buf, size, "\"r%" JSON_INTEGER_FORMAT "\"", json_integer_value(json_object_get(plan, "revision"))) == -1)
		return ("*");
	return (buf);
}

/*
 * The plan is asked for first, so that what was done can be shown; the document itself is refused there already
 * when it is wrong.
 */
static int
apply_text(const struct cli *c, const char *body, size_t size)
{
	json_t *plan = NULL, *done = NULL;
	char path[CALL_PATH_SIZE], etag[32];
	int rv = CLI_OK;

	if (confirm_path(path, sizeof(path), "/v1/topology", confirm_s) == -1)
		return (CLI_USAGE);

	if (!c->json)
		rv = plan_text(c, body, size, &plan);
	if (rv == CLI_OK)
		rv = call_send_if(c, if_match(plan, etag, sizeof(etag)), "PUT", path, body, size, true, &done);
	if (rv == CLI_OK && c->json) {
		json_print(done);
	} else if (rv == CLI_OK) {
		plan_print(plan);
		printf("%s Revision %" JSON_INTEGER_FORMAT ".\n", plan_size(plan) == 0 ? "Nothing to do." : "Done.",
		    json_integer_value(json_object_get(done, "revision")));
		confirm_print(done);
	}
	json_decref(plan);
	json_decref(done);
	return (rv);
}

static int
with_file(const struct cli *c, const char *path, int (*use)(const struct cli *c, const char *body, size_t size))
{
	char *body = NULL;
	size_t size = 0;
	struct err err;
	int rv;

	if (file_read(path, &body, &size, &err) == -1)
		return (cli_fail(&err));
	rv = use(c, body, size);
	free(body);
	return (rv);
}

int
cli_apply(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' }, { "confirm", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 } };
	bool dry_run = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "n", options, NULL)) != -1) {
		if (opt == 'n')
			dry_run = true;
		else if (opt == 'c')
			confirm_s = optarg;
		else
			return (cli_usage(argv[0]));
	}
	if (argc - optind != 1)
		return (cli_usage(argv[0]));
	return (with_file(c, argv[optind], dry_run ? show_plan : apply_text));
}

int
cli_plan(struct cli *c, int argc, char **argv)
{
	if (argc != 2)
		return (cli_usage(argv[0]));
	return (with_file(c, argv[1], show_plan));
}
