/* cli_call: see cli_call.h. */
#include "cli/cli_call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli_http.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define POLL_MS 100
#define PROGRESS_AFTER_S 1.0

static void
call_problem_json(const json_t *problem, long status)
{
	const json_t *errors = json_object_get(problem, "errors");
	const char *detail = json_text(problem, "detail"), *kernel = json_text(problem, "kernel_message");
	const char *title = json_text(problem, "title"), *pointer;
	json_t *item;
	size_t i;

	cli_warn("%s%s%s (%s%s%ld)", title[0] != '\0' ? title : "refused", detail[0] != '\0' ? ": " : "", detail,
	    json_text(problem, "code"), json_text(problem, "code")[0] != '\0' ? ", HTTP " : "HTTP ", status);
	json_array_foreach(errors, i, item) {
		pointer = json_text(item, "pointer");
		fputs("  ", stderr);
		text_print(stderr, pointer[0] != '\0' ? pointer : "/", false);
		fputs(": ", stderr);
		text_print(stderr, json_text(item, "detail"), false);
		fputc('\n', stderr);
	}
	if (kernel[0] != '\0' && strstr(detail, kernel) == NULL) {
		fputs("  kernel: ", stderr);
		text_print(stderr, kernel, false);
		fputc('\n', stderr);
	}
}

int
call_problem(long status, const char *body, size_t size)
{
	json_t *problem = json_loadb(body, size, 0, NULL);

	if (json_is_object(problem))
		call_problem_json(problem, status);
	else
		cli_warn("the answer was HTTP %ld", status);
	json_decref(problem);
	return (CLI_REFUSED);
}

int
call_path(char *path, size_t size, const char *before, const char *name, const char *after, struct err *err)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char encoded[3 * 128 + 1], *p = encoded;
	const char *s;

	/* "." and ".." would be taken for path steps; no object is called so. */
	if (name[0] == '\0' || str_equal(name, ".") || str_equal(name, ".."))
		return (err_set(err, ERR_INVALID, "'%s' is not a name", name));
	for (s = name; *s != '\0'; s++) {
		if ((size_t)(p - encoded) > sizeof(encoded) - 4)
			return (err_set(err, ERR_INVALID, "the name is too long"));
		if (strchr(plain, *s) != NULL)
			*p++ = *s;
		else
			p += snprintf(p, sizeof("%NN"), "%%%02X", (unsigned char)*s);
	}
	*p = '\0';
	if (str_format(path, size, "%s%s%s", before, encoded, after) == -1)
		return (err_set(err, ERR_INVALID, "the name is too long"));
	return (0);
}

/* One request whose 2xx answer is JSON (or empty: *out is then null). */
static int
call_once(const struct cli *c, const struct http_request *r, struct http_answer *a, json_t **out)
{
	json_error_t where = { .line = 0 };
	struct err err;

	*out = NULL;
	if (http_call(c, r, a, &err) == -1)
		return (cli_fail(&err));
	if (a->status < 200 || a->status >= 300)
		return (call_problem(a->status, a->body, a->size));
	*out = a->size == 0 ? json_null() : json_loadb(a->body, a->size, JSON_DECODE_ANY, &where);
	if (*out != NULL)
		return (CLI_OK);
	cli_warn("the answer to %s %s is not JSON (line %d: %s)", r->method, r->path, where.line, where.text);
	return (CLI_NO);
}

int
call_get(const struct cli *c, const char *path, json_t **out)
{
	struct http_request r = { .method = "GET", .path = path };
	struct http_answer a = { 0 };
	int rv = call_once(c, &r, &a, out);

	http_answer_fini(&a);
	return (rv);
}

int
call_list(const struct cli *c, const char *path, json_t **out)
{
	char next_path[CALL_PATH_SIZE], cursor[CALL_PATH_SIZE];
	json_t *page = NULL;
	struct err err;
	int rv;

	rv = call_get(c, path, out);
	while (rv == CLI_OK && json_text(*out, "next")[0] != '\0') {
		(void)str_format(cursor, sizeof(cursor), "%s%ccursor=", path, strchr(path, '?') == NULL ? '?' : '&');
		if (call_path(next_path, sizeof(next_path), cursor, json_text(*out, "next"), "", &err) == -1) {
			rv = cli_fail(&err);
			break;
		}
		rv = call_get(c, next_path, &page);
		if (rv != CLI_OK)
			break;
		json_array_extend(json_object_get(*out, "items"), json_object_get(page, "items"));
		json_object_set_new(*out, "next", json_incref(json_object_get(page, "next")));
		json_decref(page);
	}
	if (rv != CLI_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return (rv);
}

/* --- operations ------------------------------------------------------------------------------------------- */

struct progress {
	double started, shown;
	bool line_open;
};

static double
call_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* A line that is rewritten on a terminal; elsewhere one line a second. */
static void
progress_show(struct progress *p, const json_t *op)
{
	json_int_t done = json_integer_value(json_at(op, "steps/done"));
	json_int_t total = json_integer_value(json_at(op, "steps/total"));
	double now = call_now();
	bool tty = isatty(STDERR_FILENO) == 1;

	if (now - p->started < PROGRESS_AFTER_S || (!tty && now - p->shown < 1.0))
		return;
	p->shown = now;
	fprintf(stderr, "%sjailnet: ", tty ? "\r" : "");
	text_print(stderr, json_text(op, "id"), false);
	fprintf(stderr, ": %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " steps, %.0f s%s", done, total,
	    now - p->started,
	    tty ? "\033[K" : "\n");
	p->line_open = tty;
	fflush(stderr);
}

static void
progress_end(struct progress *p)
{
	if (p->line_open)
		fputs("\r\033[K", stderr);
	p->line_open = false;
}

static int
call_operation_failed(const json_t *op)
{
	const json_t *problem = json_object_get(op, "error");

	if (json_is_object(problem))
		call_problem_json(problem, (long)json_integer_value(json_object_get(problem, "status")));
	else
		cli_warn("operation %s: %s", json_text(op, "id"), json_text(op, "state"));
	return (CLI_REFUSED);
}

static int
call_wait(const struct cli *c, const char *location, double started, json_t **out)
{
	struct progress p = { .started = started };
	struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	const char *state;
	int rv;

	for (;;) {
		rv = call_get(c, location, out);
		if (rv != CLI_OK)
			break;
		state = json_text(*out, "state");
		if (!str_equal(state, "running")) {
			progress_end(&p);
			if (str_equal(state, "succeeded"))
				return (CLI_OK);
			rv = call_operation_failed(*out);
			break;
		}
		progress_show(&p, *out);
		if (call_now() - started > (double)c->timeout_s) {
			progress_end(&p);
			cli_warn("accepted, but not finished after %u s: jailnet show operation %s", c->timeout_s,
			    json_text(*out, "id"));
			rv = CLI_UNFINISHED;
			break;
		}
		json_decref(*out);
		*out = NULL;
		nanosleep(&pause, NULL);
	}
	progress_end(&p);
	json_decref(*out);
	*out = NULL;
	return (rv);
}

int
call_send(const struct cli *c, const char *method, const char *path, const char *body, size_t size, bool wait,
    json_t **out)
{
	return (call_send_if(c, NULL, method, path, body, size, wait, out));
}

int
call_send_if(const struct cli *c, const char *if_match, const char *method, const char *path, const char *body, size_t size,
    bool wait, json_t **out)
{
	struct http_request r = { .method = method, .path = path, .body = body, .body_size = size, .if_match = if_match };
	struct http_answer a = { 0 };
	double started = call_now();
	int rv;

	r.prefer = wait ? "wait=1" : NULL;
	rv = call_once(c, &r, &a, out);
	if (rv == CLI_OK && wait && a.status == 202) {
		json_decref(*out);
		*out = NULL;
		if (a.location[0] == '/') {
			rv = call_wait(c, a.location, started, out);
		} else {
			cli_warn("accepted, but the answer does not say which operation");
			rv = CLI_UNFINISHED;
		}
	}
	http_answer_fini(&a);
	return (rv);
}
