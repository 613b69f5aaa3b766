/*
 * jib: addm, show and destroy of FreeBSD's example script, with its names and addresses, as objects of the daemon: stored, checked,
 * and taken back when a part fails.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/jib.h"
#include "core/model.h"
#include "core/str.h"

#define PARENTS_MAX 16

struct made {
	char path[PARENTS_MAX * 2 + 1][CALL_PATH_SIZE];
	size_t n;
};

static int
usage(void)
{
	fputs("usage: jib addm [-b SUFFIX] NAME [!]iface0 [[!]iface1 ...]\n       jib show [NAME]\n       jib destroy NAME\n", stderr);
	return (1);
}

static int
send_body(const struct cli *c, const char *method, const char *path, json_t *body)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_t *out = NULL;
	int rv = call_send(c, method, path, text, text == NULL ? 0 : strlen(text), true, &out);

	free(text);
	json_decref(body);
	json_decref(out);
	return (rv);
}

/* What was made goes again, last first; what cannot go is said by the call. */
static void
take_back(const struct cli *c, const struct made *m)
{
	for (size_t i = m->n; i-- > 0;)
		send_body(c, "DELETE", m->path[i], NULL);
}

static const json_t *
item(const json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(list, "items"), i, v)
		if (str_equal(json_text(v, "name"), name))
			return (v);
	return (NULL);
}

static int
make(const struct cli *c, struct made *m, const char *kind, const char *name, json_t *body)
{
	struct err err;
	int rv;

	if (call_path(m->path[m->n], sizeof(m->path[0]), kind, name, "", &err) == -1) {
		json_decref(body);
		return (cli_fail(&err));
	}
	rv = send_body(c, "PUT", m->path[m->n], body);
	if (rv == CLI_OK)
		m->n++;
	return (rv);
}

static int
bridge_for(const struct cli *c, struct made *m, const char *bridge, const char *parent)
{
	json_t *list = NULL, *members;
	const json_t *there;
	char path[CALL_PATH_SIZE];
	struct err err;
	int rv = call_list(c, "/v1/bridges", &list);

	if (rv != CLI_OK)
		return (rv);
	there = item(list, bridge);
	if (there == NULL)
		rv = make(c, m, "/v1/bridges/", bridge, json_pack("{s:{s:{}}}", "members", parent));
	else if (json_object_get(json_object_get(there, "members"), parent) == NULL) {
		members = json_deep_copy(json_object_get(there, "members"));
		json_object_set_new(members, parent, json_object());
		rv = call_path(path, sizeof(path), "/v1/bridges/", bridge, "", &err) == -1 ? cli_fail(&err) :
		    send_body(c, "PATCH", path, json_pack("{s:O}", "members", members));
		json_decref(members);
	}
	json_decref(list);
	return (rv);
}

/* mac NULL = the daemon's choice. */
static json_t *
end_json(const char *ifname, const struct mac *mac, const char *key, const char *value)
{
	char text[MAC_TEXT_SIZE];
	json_t *j = json_pack("{s:s}", "ifname", ifname);

	if (mac != NULL)
		json_object_set_new(j, "mac", json_string(mac_format(mac, text)));
	if (value != NULL)
		json_object_set_new(j, key, json_string(value));
	return (j);
}

struct addm {
	const struct cli *c;
	const char *name, *suffix, *jail;
	const json_t *ifaces;
	struct made made;
};

static int
add_pair(struct addm *a, char **parents, int i)
{
	bool keep = parents[i][0] == '!', known;
	const char *parent = parents[i] + (keep ? 1 : 0), *text;
	char ea[IFNAME_SIZE], eb[IFNAME_SIZE], name[IFNAME_SIZE], bridge[IFNAME_SIZE];
	struct mac mac, ma, mb;
	unsigned counter = 0;
	int rv;

	if (str_format(ea, sizeof(ea), "e%da_%s", i, a->name) == -1 || str_format(eb, sizeof(eb), "e%db_%s", i, a->name) == -1 ||
	    str_format(name, sizeof(name), "e%d_%s", i, a->name) == -1 || str_format(bridge, sizeof(bridge), "%s%s", parent, a->suffix) == -1) {
		cli_warn("jib: e%da_%s or %s%s would be longer than the 15 characters of an interface name", i, a->name, parent, a->suffix);
		return (1);
	}
	text = json_text(item(a->ifaces, parent), "mac");
	known = !keep && mac_parse(text, &mac, NULL) == 0;
	for (int k = 0; k < i; k++)
		counter += str_equal(parents[k], parent) ? 1 : 0;
	if (known)
		jib_macs(&mac, a->name, counter, &ma, &mb);
	rv = bridge_for(a->c, &a->made, bridge, parent);
	if (rv == CLI_OK)
		rv = make(a->c, &a->made, "/v1/epairs/", name, json_pack("{s:o, s:o}", "a", end_json(ea, known ? &ma : NULL, "bridge", bridge),
		    "b", end_json(eb, known ? &mb : NULL, "jail", a->jail)));
	return (rv);
}

static bool
has_word(const json_t *list, const char *word)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (str_equal(json_string_value(v), word))
			return (true);
	return (false);
}

/* Where jails of other managers are known, the halves belong to the jail of this name, whose vnet.interface moves them in. */
static int
jail_for(struct addm *a)
{
	json_t *server = NULL, *jails = NULL;
	int rv = call_get(a->c, "/v1", &server);

	if (rv == CLI_OK && has_word(json_object_get(server, "features"), "external_jails") && name_is_legal(a->name, NAME_SIZE - 1)) {
		rv = call_list(a->c, "/v1/jails", &jails);
		if (rv == CLI_OK && item(jails, a->name) == NULL)
			rv = make(a->c, &a->made, "/v1/jails/", a->name,
			    json_pack("{s:s, s:s, s:{s:s}}", "manager", "external", "moves", "manager", "labels", "made_by", "jib"));
		if (rv == CLI_OK)
			a->jail = a->name;
	}
	json_decref(server);
	json_decref(jails);
	return (rv);
}

/* Nothing is begun for a parent that is not there: whose address would be made up then, and be another one the next time? */
static int
parents_are_there(const struct addm *a, char **parents, int n)
{
	for (int i = 0; i < n; i++) {
		const char *parent = parents[i] + (parents[i][0] == '!' ? 1 : 0);

		if (item(a->ifaces, parent) == NULL) {
			cli_warn("jib: interface %s does not exist", parent);
			return (CLI_REFUSED);
		}
	}
	return (CLI_OK);
}

static int
addm(const struct cli *c, int argc, char **argv)
{
	struct addm a = { .c = c, .suffix = "bridge" };
	json_t *ifaces = NULL, *epairs = NULL;
	char name[IFNAME_SIZE + 8];
	int opt, rv, n;

	while ((opt = getopt(argc, argv, "b:")) != -1) {
		if (opt != 'b' || optarg[0] == '\0')
			return (usage());
		a.suffix = optarg;
	}
	argc -= optind;
	argv += optind;
	if (argc < 2 || argc > PARENTS_MAX + 1 || !jib_name_ok(argv[0]))
		return (usage());
	a.name = argv[0];
	n = argc - 1;
	rv = call_list(c, "/v1/interfaces", &ifaces);
	if (rv == CLI_OK)
		rv = call_list(c, "/v1/epairs", &epairs);
	a.ifaces = ifaces;
	if (rv == CLI_OK)
		rv = parents_are_there(&a, argv + 1, n);
	if (rv == CLI_OK)
		rv = jail_for(&a);
	for (int i = 0; rv == CLI_OK && i < n; i++) {
		/* One that is there already is left as it is. */
		if (str_format(name, sizeof(name), "e%d_%s", i, a.name) == -1 || item(epairs, name) == NULL)
			rv = add_pair(&a, argv + 1, i);
	}
	if (rv != CLI_OK)
		take_back(c, &a.made);
	json_decref(ifaces);
	json_decref(epairs);
	return (rv == CLI_OK ? 0 : 1);
}

/* "e3a_web": the name after it; NULL = not one of jib's. */
static const char *
jib_of(const char *ifname)
{
	size_t n = strspn(ifname + (ifname[0] != '\0'), "0123456789") + 1;

	return (ifname[0] == 'e' && n > 1 && ifname[n] == 'a' && ifname[n + 1] == '_' ? ifname + n + 2 : NULL);
}

static int
show(const struct cli *c, const char *name)
{
	json_t *list = NULL, *seen = json_object(), *e;
	int rv = call_list(c, "/v1/epairs", &list);
	size_t i;

	json_array_foreach(json_object_get(list, "items"), i, e) {
		const char *of = jib_of(json_text(e, "a/ifname"));

		if (of == NULL || (name != NULL && !str_equal(of, name)))
			continue;
		if (name != NULL)
			puts(json_text(e, "a/ifname"));
		else if (json_object_get(seen, of) == NULL) {
			json_object_set_new(seen, of, json_true());
			puts(of);
		}
	}
	json_decref(list);
	json_decref(seen);
	return (rv == CLI_OK ? 0 : 1);
}

static int
destroy(const struct cli *c, const char *name)
{
	json_t *list = NULL, *jails = NULL, *e;
	char path[CALL_PATH_SIZE];
	const json_t *jail;
	struct err err;
	int rv, failed = 0;
	size_t i;

	if (!jib_name_ok(name))
		return (usage());
	rv = call_list(c, "/v1/epairs", &list);
	json_array_foreach(json_object_get(list, "items"), i, e) {
		const char *of = jib_of(json_text(e, "a/ifname"));

		if (of != NULL && str_equal(of, name) && call_path(path, sizeof(path), "/v1/epairs/", json_text(e, "name"), "", &err) == 0)
			failed |= send_body(c, "DELETE", path, NULL) != CLI_OK;
	}
	if (rv == CLI_OK && !failed && call_list(c, "/v1/jails", &jails) == CLI_OK && (jail = item(jails, name)) != NULL &&
	    str_equal(json_text(jail, "labels/made_by"), "jib") && call_path(path, sizeof(path), "/v1/jails/", name, "", &err) == 0)
		failed |= send_body(c, "DELETE", path, NULL) != CLI_OK;
	json_decref(list);
	json_decref(jails);
	return (rv == CLI_OK && !failed ? 0 : 1);
}

int
cli_jib(struct cli *c, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (str_equal(word, "addm"))
		return (addm(c, argc - 1, argv + 1));
	if (str_equal(word, "show") && argc <= 3)
		return (show(c, argc == 3 ? argv[2] : NULL));
	if (str_equal(word, "destroy") && argc == 3)
		return (destroy(c, argv[2]));
	return (usage());
}
