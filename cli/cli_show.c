/* show: objects as tables, one object as a list of its fields. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define COLUMNS_MAX 10

struct column {
	const char *title;
	const char *path;				/* of the value in the item, or: */
	void (*render)(const json_t *item, struct text *out);
};

struct show_kind {
	const char *plural, *singular;
	const char *key;				/* what NAME is */
	bool has_item;					/* GET /v1/PLURAL/NAME exists */
	struct column columns[COLUMNS_MAX];
};

static void
keys_join(struct text *out, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		text_join(out, ", ", key);
	}
}

static void
render_members(const json_t *item, struct text *out)
{
	keys_join(out, json_object_get(item, "members"));
}

/* "epair1a in bridge0", "epair1b in jail web 192.0.2.10/24" */
static void
render_end(const json_t *item, const char *end, struct text *out)
{
	char path[48];
	const json_t *addresses;
	struct text list;

	(void)str_format(path, sizeof(path), "allocated/%s/ifname", end);
	text_add(out, json_text(item, path));
	(void)str_format(path, sizeof(path), "%s/bridge", end);
	if (json_text(item, path)[0] != '\0') {
		text_add(out, " in ");
		text_add(out, json_text(item, path));
	}
	(void)str_format(path, sizeof(path), "%s/jail", end);
	if (json_text(item, path)[0] != '\0') {
		text_add(out, " in jail ");
		text_add(out, json_text(item, path));
	}
	(void)str_format(path, sizeof(path), "%s/addresses", end);
	addresses = json_at(item, path);
	if (json_array_size(addresses) == 0)
		return;
	text_init(&list);
	text_json(&list, addresses);
	text_add(out, " ");
	text_add(out, list.s);
	text_fini(&list);
}

static void
render_a(const json_t *item, struct text *out)
{
	render_end(item, "a", out);
}

static void
render_b(const json_t *item, struct text *out)
{
	render_end(item, "b", out);
}

static void
render_steps(const json_t *item, struct text *out)
{
	text_json(out, json_at(item, "steps/done"));
	text_add(out, "/");
	text_json(out, json_at(item, "steps/total"));
}

static const struct show_kind kinds[] = {
	{ "bridges", "bridge", "name", true, {
	    { "BRIDGE", "name", NULL }, { "STATE", "status/state", NULL }, { "MTU", "mtu", NULL },
	    { "MAC", "allocated/mac", NULL }, { "ADDRESSES", "addresses", NULL }, { "MEMBERS", NULL, render_members },
	    { "REASON", "status/reason", NULL } } },
	{ "jails", "jail", "name", true, {
	    { "JAIL", "name", NULL }, { "STATE", "status/state", NULL }, { "MANAGER", "manager", NULL },
	    { "RUNNING", "running", NULL }, { "FORWARDING", "forwarding", NULL }, { "HOSTNAME", "hostname", NULL },
	    { "ROUTES", "routes", NULL }, { "REASON", "status/reason", NULL } } },
	{ "epairs", "epair", "name", true, {
	    { "EPAIR", "name", NULL }, { "STATE", "status/state", NULL }, { "MTU", "allocated/mtu", NULL },
	    { "A", NULL, render_a }, { "B", NULL, render_b }, { "REASON", "status/reason", NULL } } },
	{ "interfaces", "interface", "name", false, {
	    { "INTERFACE", "name", NULL }, { "TYPE", "type", NULL }, { "JAIL", "jail", NULL }, { "UP", "up", NULL },
	    { "RUNNING", "running", NULL }, { "MTU", "mtu", NULL }, { "MAC", "mac", NULL }, { "BRIDGE", "bridge", NULL },
	    { "ADDRESSES", "addresses", NULL } } },
	{ "macs", "mac", "address", false, {
	    { "MAC", "address", NULL }, { "OWNER", "owner", NULL }, { "END", "end", NULL }, { "STATE", "state", NULL },
	    { "SOURCE", "source", NULL } } },
	{ "operations", "operation", "id", true, {
	    { "OPERATION", "id", NULL }, { "STATE", "state", NULL }, { "REQUEST", "method", NULL },
	    { "PATH", "path", NULL }, { "ACTOR", "actor", NULL }, { "STEPS", NULL, render_steps },
	    { "CREATED", "created_at", NULL }, { "ERROR", "error/detail", NULL } } },
};

static const struct show_kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < NELEMS(kinds); i++)
		if (str_equal(name, kinds[i].plural) || str_equal(name, kinds[i].singular))
			return (&kinds[i]);
	return (NULL);
}

static size_t
column_count(const struct show_kind *k)
{
	size_t n = 0;

	while (n < COLUMNS_MAX && k->columns[n].title != NULL)
		n++;
	return (n);
}

static void
add_row(struct table *t, const struct show_kind *k, const json_t *item)
{
	struct text text[COLUMNS_MAX];
	const char *cells[COLUMNS_MAX];
	size_t i;

	for (i = 0; i < t->columns; i++) {
		text_init(&text[i]);
		if (k->columns[i].render != NULL)
			k->columns[i].render(item, &text[i]);
		else
			text_json(&text[i], json_at(item, k->columns[i].path));
		cells[i] = text[i].s;
	}
	table_add(t, cells);
	for (i = 0; i < t->columns; i++)
		text_fini(&text[i]);
}

/* A last column in which no row has anything to say (REASON, mostly) is left out. */
static bool
last_is_empty(const struct show_kind *k, const json_t *items)
{
	const struct column *last = &k->columns[column_count(k) - 1];
	const json_t *value;
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		value = last->path != NULL ? json_at(item, last->path) : item;
		if (value != NULL && !json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0))
			return (false);
	}
	return (true);
}

static void
print_items(const struct show_kind *k, const json_t *items)
{
	const char *titles[COLUMNS_MAX];
	size_t n = column_count(k), i;
	struct table t;
	json_t *item;

	if (last_is_empty(k, items))
		n--;
	for (i = 0; i < n; i++)
		titles[i] = k->columns[i].title;
	table_init(&t, titles, n);
	json_array_foreach(items, i, item) {
		add_row(&t, k, item);
	}
	table_print(&t, stdout);
	table_fini(&t);
	if (json_array_size(items) == 0)
		printf("No %s.\n", k->plural);
}

/* Every field on a line of its own: "a.bridge  bridge0". */
static void
add_fields(struct table *t, const char *prefix, const json_t *object)
{
	const char *key;
	char name[256];
	struct text text;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (str_format(name, sizeof(name), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key) == -1)
			continue;
		if (json_is_object(value) && json_object_size(value) > 0) {
			add_fields(t, name, value);
			continue;
		}
		text_init(&text);
		text_json(&text, value);
		table_add(t, (const char *const[]){ name, text.s });
		text_fini(&text);
	}
}

static void
print_fields(const json_t *object)
{
	static const char *const titles[] = { "FIELD", "VALUE" };
	struct table t;

	table_init(&t, titles, NELEMS(titles));
	add_fields(&t, "", object);
	table_print(&t, stdout);
	table_fini(&t);
}

static int
show_list(const struct cli *c, const struct show_kind *k)
{
	char path[CALL_PATH_SIZE];
	json_t *list = NULL;
	int rv;

	(void)str_format(path, sizeof(path), "/v1/%s", k->plural);
	rv = call_list(c, path, &list);
	if (rv != CLI_OK)
		return (rv);
	if (c->json)
		json_print(list);
	else
		print_items(k, json_object_get(list, "items"));
	json_decref(list);
	return (CLI_OK);
}

static const json_t *
find_item(const struct show_kind *k, const json_t *list, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(list, "items"), i, item) {
		if (str_equal(json_text(item, k->key), name))
			return (item);
	}
	return (NULL);
}

static int
show_item(const struct cli *c, const struct show_kind *k, const char *name)
{
	char path[CALL_PATH_SIZE], before[64];
	const json_t *item;
	json_t *answer = NULL;
	struct err err;
	int rv;

	(void)str_format(before, sizeof(before), "/v1/%s%s", k->plural, k->has_item ? "/" : "");
	if (call_path(path, sizeof(path), before, k->has_item ? name : "x", "", &err) == -1)
		return (cli_fail(&err));
	rv = k->has_item ? call_get(c, path, &answer) : call_list(c, before, &answer);
	if (rv != CLI_OK)
		return (rv);
	item = k->has_item ? answer : find_item(k, answer, name);
	if (item == NULL) {
		cli_warn("there is no %s %s", k->singular, name);
		rv = CLI_REFUSED;
	} else if (c->json) {
		json_print(item);
	} else {
		print_fields(item);
	}
	json_decref(answer);
	return (rv);
}

/* One document that is not a list; the topology is JSON for people too: it goes back with "apply". */
static int
show_document(const struct cli *c, const char *path, bool as_json)
{
	json_t *document = NULL;
	int rv = call_get(c, path, &document);

	if (rv != CLI_OK)
		return (rv);
	if (as_json)
		json_print(document);
	else
		print_fields(document);
	json_decref(document);
	return (CLI_OK);
}

static int
show_all(const struct cli *c)
{
	size_t i;
	int rv;

	if (c->json)
		return (show_document(c, "/v1/topology", true));
	for (i = 0; i < 3; i++) {
		if (i > 0)
			putchar('\n');
		rv = show_list(c, &kinds[i]);
		if (rv != CLI_OK)
			return (rv);
	}
	return (CLI_OK);
}

int
cli_show(struct cli *c, int argc, char **argv)
{
	const struct show_kind *k;

	if (argc > 3)
		return (cli_usage(argv[0]));
	if (argc == 1)
		return (show_all(c));
	if (argc == 2 && str_equal(argv[1], "topology"))
		return (show_document(c, "/v1/topology", true));
	if (argc == 2 && str_equal(argv[1], "daemon"))
		return (show_document(c, "/v1", c->json));
	k = find_kind(argv[1]);
	if (k == NULL) {
		cli_warn("%s is not a kind; there are jails epairs bridges interfaces macs operations topology daemon",
		    argv[1]);
		return (CLI_USAGE);
	}
	return (argc == 2 ? show_list(c, k) : show_item(c, k, argv[2]));
}
