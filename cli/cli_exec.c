/*
 * exec: runs a command inside a jail.  The daemon is only asked where its worker lives; entering needs root's
 * rights.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_call.h"
#include "cli/cli_enter.h"
#include "cli/cli_table.h"
#include "core/cmd.h"
#include "core/model.h"
#include "core/str.h"

/* As shells say it. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

int
cli_exec(struct cli *c, int argc, char **argv)
{
	struct cli_enter where = { 0 };
	char path[CALL_PATH_SIZE], root[PATH_SIZE];
	json_t *server = NULL, *jail = NULL;
	struct err err;
	int rv;

	if (argc < 4 || !str_equal(argv[2], "--"))
		return (cli_usage(argv[0]));
	if (c->url != NULL) {
		cli_warn("exec works on the daemon's own machine, through its socket");
		return (CLI_USAGE);
	}
	if (!name_is_legal(argv[1], NAME_SIZE - 1)) {
		cli_warn("%s is not the name of a jail", argv[1]);
		return (CLI_USAGE);
	}
	/*
	 * Asked for, so that a name that is no jail of ours is the daemon's refusal, not a foreign namespace
	 * entered.
	 */
	if (call_path(path, sizeof(path), "/v1/jails/", argv[1], "", &err) == -1)
		return (cli_fail(&err));
	rv = call_get(c, path, &jail);
	if (rv == CLI_OK)
		rv = call_get(c, "/v1", &server);
	if (rv == CLI_OK && str_copy(root, sizeof(root), json_text(jail, "path")) == -1)
		rv = CLI_NO;
	json_decref(jail);
	if (rv != CLI_OK)
		return (rv);
	where.jail = argv[1];
	where.path = root;
	where.sandbox = json_is_true(json_object_get(server, "sandbox"));
	where.worker = (pid_t)json_integer_value(json_object_get(server, "worker_pid"));
	json_decref(server);
	if (cli_enter(&where, &err) == -1)
		return (cli_fail(&err));
	execvp(argv[3], &argv[3]);
	rv = errno;
	cli_warn("%s: %s", argv[3], strerror(rv));
	return (rv == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}
