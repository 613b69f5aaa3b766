/*
 * graph: a picture of the topology.  dot and mermaid are the daemon's; text is drawn here, for terminals:
 *
 *	bridge0  192.0.2.2/24
 *	|-- re0
 *	`-- epair1a -- epair1b  guest1  192.0.2.11/24
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_call.h"
#include "cli/cli_http.h"
#include "cli/cli_table.h"
#include "core/str.h"

/* Lines under one bridge, kept until the last one is known: it gets the corner. */
struct branch {
	char *pending;
};

static void
branch_flush(struct branch *b, bool last)
{
	if (b->pending == NULL)
		return;
	fputs(last ? "`-- " : "|-- ", stdout);
	text_print(stdout, b->pending, false);
	putchar('\n');
	free(b->pending);
	b->pending = NULL;
}

static void
branch_add(struct branch *b, const struct text *line)
{
	branch_flush(b, false);
	b->pending = cli_xstrdup(line->s);
}

static void
add_addresses(struct text *line, const json_t *holder)
{
	const json_t *list = json_object_get(holder, "addresses");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		text_add(line, i == 0 ? "  " : " ");
		text_add(line, json_string_value(item) != NULL ? json_string_value(item) : "");
	}
}

static void
add_ifname(struct text *line, const char *epair, const json_t *end, const char *side)
{
	if (json_text(end, "ifname")[0] != '\0') {
		text_add(line, json_text(end, "ifname"));
		return;
	}
	text_add(line, epair);
	text_add(line, side);
}

/* Where an end is: " [bridge0]", "  guest1 (router)" or "  host". */
static void
add_place(struct text *line, const json_t *topology, const json_t *end)
{
	const char *jail = json_text(end, "jail"), *bridge = json_text(end, "bridge");
	const json_t *o = json_object_get(json_object_get(topology, "jails"), jail);

	text_add(line, "  ");
	text_add(line, jail[0] != '\0' ? jail : bridge[0] != '\0' ? bridge : "host");
	if (json_is_true(json_object_get(o, "forwarding")))
		text_add(line, " (router)");
	if (json_is_false(json_object_get(o, "running")))
		text_add(line, " (stopped)");
	add_addresses(line, end);
}

/* The epairs with one end in the bridge (NULL: in none at all). */
static void
draw_epairs(struct branch *b, const json_t *topology, const char *bridge)
{
	static const char *const side[] = { "a", "b" };
	const json_t *epairs = json_object_get(topology, "epairs"), *end[2];
	const char *name;
	struct text line;
	json_t *epair;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)epairs, name, epair) {
		for (i = 0; i < 2; i++) {
			end[0] = json_object_get(epair, side[i]);
			end[1] = json_object_get(epair, side[1 - i]);
			if (bridge != NULL ? !str_equal(json_text(end[0], "bridge"), bridge) :
			    i == 1 || json_text(end[0], "bridge")[0] != '\0' || json_text(end[1], "bridge")[0] != '\0')
				continue;
			text_init(&line);
			add_ifname(&line, name, end[0], side[i]);
			if (bridge == NULL)
				add_place(&line, topology, end[0]);
			text_add(&line, " -- ");
			add_ifname(&line, name, end[1], side[1 - i]);
			add_place(&line, topology, end[1]);
			branch_add(b, &line);
			text_fini(&line);
		}
	}
}

static void
draw_bridge(const json_t *topology, const char *name, const json_t *bridge)
{
	const json_t *members = json_object_get(bridge, "members");
	struct branch b = { NULL };
	const char *ifname;
	struct text line;
	json_t *member;

	text_init(&line);
	text_add(&line, name);
	add_addresses(&line, bridge);
	text_print(stdout, line.s, false);
	putchar('\n');
	text_fini(&line);
	json_object_foreach((json_t *)(uintptr_t)members, ifname, member) {
		text_init(&line);
		text_add(&line, ifname);
		text_add(&line, "  (uplink)");
		branch_add(&b, &line);
		text_fini(&line);
	}
	draw_epairs(&b, topology, name);
	branch_flush(&b, true);
}

/* Jails no epair and no attachment leads to would otherwise be left out of the picture. */
static bool
jail_is_drawn(const json_t *topology, const char *jail)
{
	const char *name;
	json_t *o;

	json_object_foreach(json_object_get(topology, "epairs"), name, o) {
		if (str_equal(json_text(o, "a/jail"), jail) || str_equal(json_text(o, "b/jail"), jail))
			return (true);
	}
	json_object_foreach(json_object_get(topology, "attachments"), name, o) {
		if (str_equal(json_text(o, "jail"), jail))
			return (true);
	}
	return (false);
}

static void
draw_rest(const json_t *topology)
{
	struct branch b = { NULL };
	const char *name;
	struct text line;
	json_t *o;

	draw_epairs(&b, topology, NULL);
	json_object_foreach(json_object_get(topology, "attachments"), name, o) {
		text_init(&line);
		text_add(&line, name);
		add_place(&line, topology, o);
		branch_add(&b, &line);
		text_fini(&line);
	}
	json_object_foreach(json_object_get(topology, "jails"), name, o) {
		if (jail_is_drawn(topology, name))
			continue;
		text_init(&line);
		text_add(&line, name);
		text_add(&line, "  (not connected)");
		branch_add(&b, &line);
		text_fini(&line);
	}
	if (b.pending != NULL)
		branch_flush(&b, true);
}

static int
graph_text(const struct cli *c)
{
	json_t *topology = NULL, *bridge;
	const char *name;
	int rv = call_get(c, "/v1/topology", &topology);

	if (rv != CLI_OK)
		return (rv);
	json_object_foreach(json_object_get(topology, "bridges"), name, bridge) {
		draw_bridge(topology, name, bridge);
	}
	draw_rest(topology);
	json_decref(topology);
	return (CLI_OK);
}

static int
graph_remote(const struct cli *c, const char *path, const char *accept)
{
	struct http_request r = { .method = "GET", .path = path, .accept = accept };
	struct http_answer a;
	struct err err;
	int rv = CLI_OK;

	if (http_call(c, &r, &a, &err) == -1)
		return (cli_fail(&err));
	if (a.status == 200)
		text_print(stdout, a.body, true);
	else
		rv = call_problem(a.status, a.body, a.size);
	http_answer_fini(&a);
	return (rv);
}

static const struct {
	const char *name, *path, *accept;	/* path NULL: drawn here */
} formats[] = {
	{ "text", NULL, NULL },
	{ "dot", "/v1/topology?format=dot", "text/vnd.graphviz, application/problem+json" },
	{ "mermaid", "/v1/topology?format=mermaid", "text/plain, application/problem+json" },
};

int
cli_graph(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "format", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 } };
	const char *format = "text";
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
		if (opt != 'f')
			return (cli_usage(argv[0]));
		format = optarg;
	}
	if (optind != argc)
		return (cli_usage(argv[0]));
	for (i = 0; i < NELEMS(formats); i++) {
		if (!str_equal(formats[i].name, format))
			continue;
		return (formats[i].path == NULL ? graph_text(c) : graph_remote(c, formats[i].path, formats[i].accept));
	}
	cli_warn("%s is not a format; there are text, dot and mermaid", format);
	return (CLI_USAGE);
}
