/*
 * events: what happened, page by page, or as it happens (server-sent events, taken up again after
 * a broken connection).
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli_call.h"
#include "cli/cli_http.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 5000

/* One line an event: it must read well while it grows, so no table. */
static void
print_event(const struct cli *c, const json_t *e)
{
	if (c->json) {
		json_dumpf(e, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		return;
	}
	printf("%-6" JSON_INTEGER_FORMAT " ", json_integer_value(json_object_get(e, "seq")));
	text_print(stdout, json_text(e, "at"), false);
	putchar(' ');
	text_print(stdout, json_text(e, "type"), false);
	fputs("  ", stdout);
	text_print(stdout, json_text(e, "text"), false);
	if (json_text(e, "actor")[0] != '\0') {
		fputs("  (", stdout);
		text_print(stdout, json_text(e, "actor"), false);
		putchar(')');
	}
	putchar('\n');
}

static int
list_events(const struct cli *c, uint64_t since)
{
	char path[CALL_PATH_SIZE];
	json_t *page = NULL, *item, *items;
	bool more;
	size_t i;
	int rv;

	do {
		(void)str_format(path, sizeof(path), "/v1/events?since=%" PRIu64, since);
		rv = call_get(c, path, &page);
		if (rv != CLI_OK)
			return (rv);
		items = json_object_get(page, "items");
		json_array_foreach(items, i, item) {
			print_event(c, item);
			since = (uint64_t)json_integer_value(json_object_get(item, "seq"));
		}
		more = json_array_size(items) > 0 && json_is_string(json_object_get(page, "next"));
		json_decref(page);
		page = NULL;
	} while (more);
	return (CLI_OK);
}

/* --- server-sent events (WHATWG HTML 9.2): lines "field: value", an empty line ends an event ------------------ */

struct stream {
	const struct cli *c;
	struct text line, data;
	char id[24];		/* of the event being read */
	char last_id[24];	/* of the last whole one, "" = none */
	bool connected;		/* bytes came on this connection */
	bool after_cr;
};

static void
stream_event(struct stream *s)
{
	json_t *e = s->data.len > 0 ? json_loads(s->data.s, 0, NULL) : NULL;

	if (json_is_object(e)) {
		print_event(s->c, e);
		fflush(stdout);
	}
	json_decref(e);
	/* Only now: an event cut off in the middle must come again. */
	if (s->id[0] != '\0')
		(void)str_copy(s->last_id, sizeof(s->last_id), s->id);
	s->data.len = 0;
	s->data.s[0] = '\0';
}

static void
stream_line(struct stream *s)
{
	char *colon = strchr(s->line.s, ':'), *value = colon;

	if (s->line.len == 0) {
		stream_event(s);
		return;
	}
	if (colon == NULL || colon == s->line.s)
		return;
	*colon = '\0';
	value += value[1] == ' ' ? 2 : 1;
	if (str_equal(s->line.s, "data"))
		text_join(&s->data, "\n", value);
	else if (str_equal(s->line.s, "id") && value[strspn(value, "0123456789")] == '\0')
		(void)str_copy(s->id, sizeof(s->id), value);
}

static bool
stream_on_data(void *arg, const char *data, size_t size)
{
	struct stream *s = arg;
	char one[2] = "";
	size_t i;

	s->connected = true;
	for (i = 0; i < size; i++) {
		if (data[i] == '\n' && s->after_cr) {
			s->after_cr = false;
			continue;
		}
		s->after_cr = data[i] == '\r';
		if (data[i] == '\n' || data[i] == '\r') {
			stream_line(s);
			s->line.len = 0;
			s->line.s[0] = '\0';
			continue;
		}
		one[0] = data[i];
		text_add(&s->line, one);
		if (s->line.len > LINE_MAX_BYTES || s->data.len > LINE_MAX_BYTES)
			return (false);
	}
	return (!ferror(stdout));
}

static void
stream_pause(int *ms)
{
	struct timespec ts = { .tv_sec = *ms / 1000, .tv_nsec = *ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
	*ms = *ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : *ms * 2;
}

static int
follow_events(const struct cli *c, const char *since)
{
	struct http_request r = { .method = "GET", .path = "/v1/events", .accept = "text/event-stream",
	    .on_data = stream_on_data };
	struct stream s = { .c = c };
	struct http_answer a = { 0 };
	int ms = RETRY_MIN_MS, rv = CLI_OK;
	bool ever = false, said = false;
	struct err err;

	text_init(&s.line);
	text_init(&s.data);
	if (since != NULL)
		(void)str_copy(s.last_id, sizeof(s.last_id), since);
	r.arg = &s;
	for (;;) {
		r.last_event_id = s.last_id[0] != '\0' ? s.last_id : NULL;
		s.connected = s.after_cr = false;
		s.line.len = s.data.len = 0;
		s.id[0] = s.data.s[0] = s.line.s[0] = '\0';
		if (http_call(c, &r, &a, &err) == -1 && !ever && !s.connected) {
			rv = cli_fail(&err);
			break;
		}
		if (a.body != NULL && (a.status < 200 || a.status >= 300) && a.status != 503) {
			rv = call_problem(a.status, a.body, a.size);
			break;
		}
		if (ferror(stdout)) {
			rv = CLI_NO;
			break;
		}
		http_answer_fini(&a);
		ever = true;
		if (s.connected) {
			ms = RETRY_MIN_MS;
			said = false;
		}
		if (!said)
			cli_warn("the stream of events ended; trying again");
		said = true;
		stream_pause(&ms);
	}
	http_answer_fini(&a);
	text_fini(&s.line);
	text_fini(&s.data);
	return (rv);
}

int
cli_events(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "since", required_argument, NULL, 's' }, { "follow", no_argument, NULL, 'f' }, { NULL, 0, NULL, 0 }
	};
	const char *since = NULL;
	bool follow = false;
	uint64_t seq = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (opt == 'f') {
			follow = true;
		} else if (opt == 's' && str_u64(optarg, 0, INT64_MAX, &seq) == 0) {
			since = optarg;
		} else {
			if (opt == 's')
				cli_warn("--since takes the number of an event");
			return (cli_usage(argv[0]));
		}
	}
	if (optind != argc)
		return (cli_usage(argv[0]));
	return (follow ? follow_events(c, since) : list_events(c, seq));
}
