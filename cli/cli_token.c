/* token, sign-in: who may use the API over TCP. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/str.h"

#define DEFAULT_URL "http://127.0.0.1:8653"
#define DAYS_MAX 3650
#define DAY_S 86400

static const struct option create_options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "role", required_argument, NULL, 'r' },
	{ "scope", required_argument, NULL, 's' },
	{ "cidr", required_argument, NULL, 'i' },
	{ "selector", required_argument, NULL, 'l' },
	{ "certificate", required_argument, NULL, 'f' },
	{ "expires", required_argument, NULL, 'e' },
	{ NULL, 0, NULL, 0 }
};

static bool
take_option(json_t *body, int opt, const char *value)
{
	uint64_t days = 0;

	switch (opt) {
	case 'n':
		return (json_object_set_new(body, "name", json_string(value)) == 0);
	case 'r':
		return (json_object_set_new(body, "role", json_string(value)) == 0);
	case 's':
		return (json_array_append_new(json_object_get(body, "scopes"), json_string(value)) == 0);
	case 'i':
		return (json_array_append_new(json_object_get(body, "cidrs"), json_string(value)) == 0);
	case 'l':
		return (json_object_set_new(body, "selector", json_string(value)) == 0);
	case 'f':
		return (json_object_set_new(body, "certificate_sha256", json_string(value)) == 0);
	case 'e':
		if (!str_equal(value, "never") && str_u64(value, 1, DAYS_MAX, &days) == -1) {
			cli_warn("--expires takes 1 to %d days, or never", DAYS_MAX);
			return (false);
		}
		return (json_object_set_new(body, "expires_in_seconds", json_integer((json_int_t)days * DAY_S)) == 0);
	}
	return (false);
}

static int
send_json(struct cli *c, const char *method, const char *path, const json_t *body, json_t **out)
{
	char *text = json_dumps(body, JSON_COMPACT);
	int rv;

	if (text == NULL) {
		cli_warn("the request cannot be written as JSON");
		return (CLI_USAGE);
	}
	rv = call_send(c, method, path, text, strlen(text), false, out);
	free(text);
	return (rv);
}

static int
token_create(struct cli *c, int argc, char **argv)
{
	json_t *body = json_pack("{s:[], s:[]}", "scopes", "cidrs"), *answer = NULL;
	int opt, rv = CLI_USAGE;

	while ((opt = getopt_long(argc, argv, "", create_options, NULL)) != -1) {
		if (!take_option(body, opt, optarg))
			goto out;
	}
	if (optind != argc || json_object_get(body, "name") == NULL || json_object_get(body, "role") == NULL) {
		fputs("usage: jailnet token create --name NAME --role viewer|operator|admin [--scope SCOPE]... [--cidr PREFIX]...\n"
		      "       [--selector LABELS] [--expires DAYS|never] [--certificate SHA256]\n", stderr);
		goto out;
	}
	rv = send_json(c, "POST", "/v1/tokens", body, &answer);
	if (rv != CLI_OK)
		goto out;
	if (c->json)
		json_print(answer);
	else {
		/* alone on standard output, so that it can go into a file */
		text_print(stdout, json_text(answer, json_object_get(answer, "token") != NULL ? "token" : "id"), false);
		putchar('\n');
		if (json_object_get(answer, "token") != NULL)
			cli_warn("%s; it is not shown again", json_text(answer, "id"));
	}
out:
	json_decref(body);
	json_decref(answer);
	return (rv);
}

static int
token_list(struct cli *c, int argc, char **argv)
{
	static const char *const titles[] = { "ID", "KIND", "NAME", "ROLE", "SCOPES", "FROM", "SELECTOR", "EXPIRES", "USED" };
	json_t *list = NULL, *item;
	struct text scopes, cidrs;
	struct table t;
	size_t i;
	int rv;

	(void)argv;
	if (argc != 1)
		return (cli_usage("token"));
	rv = call_list(c, "/v1/tokens", &list);
	if (rv != CLI_OK)
		return (rv);
	if (c->json) {
		json_print(list);
		json_decref(list);
		return (CLI_OK);
	}
	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(json_object_get(list, "items"), i, item) {
		text_init(&scopes);
		text_init(&cidrs);
		text_json(&scopes, json_object_get(item, "scopes"));
		text_json(&cidrs, json_object_get(item, "cidrs"));
		table_add(&t, (const char *const[]){ json_text(item, "id"), json_text(item, "kind"), json_text(item, "name"), json_text(item, "role"),
		    scopes.s, cidrs.s, json_text(item, "selector"), json_text(item, "expires_at"), json_text(item, "last_used_at") });
		text_fini(&scopes);
		text_fini(&cidrs);
	}
	table_print(&t, stdout);
	table_fini(&t);
	json_decref(list);
	return (CLI_OK);
}

static int
token_delete(struct cli *c, int argc, char **argv)
{
	char path[CALL_PATH_SIZE];
	json_t *answer = NULL;
	struct err err;
	int rv;

	if (argc != 2)
		return (cli_usage("token"));
	if (call_path(path, sizeof(path), "/v1/tokens/", argv[1], "", &err) == -1)
		return (cli_fail(&err));
	rv = call_send(c, "DELETE", path, NULL, 0, false, &answer);
	json_decref(answer);
	return (rv);
}

int
cli_token(struct cli *c, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *c, int argc, char **argv);
	} subs[] = { { "create", token_create }, { "list", token_list }, { "delete", token_delete } };

	for (size_t i = 0; argc > 1 && i < NELEMS(subs); i++) {
		if (str_equal(subs[i].name, argv[1]))
			return (subs[i].run(c, argc - 1, argv + 1));
	}
	return (cli_usage(argv[0]));
}

int
cli_sign_in(struct cli *c, int argc, char **argv)
{
	static const struct option longs[] = { { "role", required_argument, NULL, 'r' }, { NULL, 0, NULL, 0 } };
	json_t *body = json_object(), *answer = NULL;
	const char *url = c->url != NULL ? c->url : DEFAULT_URL;
	size_t len;
	int opt, rv = CLI_USAGE;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt != 'r' || json_object_set_new(body, "role", json_string(optarg)) == -1)
			goto usage;
	}
	if (argc - optind > 1)
		goto usage;
	if (argc - optind == 1)
		url = argv[optind];
	rv = send_json(c, "POST", "/v1/session/code", body, &answer);
	if (rv != CLI_OK)
		goto out;
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	if (c->json)
		json_print(answer);
	else {
		printf("%.*s", (int)len, url);
		text_print(stdout, json_text(answer, "path"), false);
		putchar('\n');
	}
out:
	json_decref(body);
	json_decref(answer);
	return (rv);
usage:
	json_decref(body);
	return (cli_usage(argv[0]));
}
