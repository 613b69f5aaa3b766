/* start, stop, restart: POST /v1/jails/NAME/VERB. */
#include <stdio.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"

int
cli_jail(struct cli *c, int argc, char **argv)
{
	char path[CALL_PATH_SIZE], verb[16];
	json_t *answer = NULL;
	struct err err;
	int rv;

	if (argc != 2)
		return (cli_usage(argv[0]));
	(void)snprintf(verb, sizeof(verb), "/%s", argv[0]);
	if (call_path(path, sizeof(path), "/v1/jails/", argv[1], verb, &err) == -1)
		return (cli_fail(&err));
	rv = call_send(c, "POST", path, NULL, 0, true, &answer);
	/* After a wait the answer is the operation: what people want to see is the jail. */
	if (rv == CLI_OK && json_object_get(answer, "status") == NULL) {
		json_decref(answer);
		answer = NULL;
		if (call_path(path, sizeof(path), "/v1/jails/", argv[1], "", &err) == 0)
			rv = call_get(c, path, &answer);
	}
	if (rv == CLI_OK && c->json) {
		json_print(answer);
	} else if (rv == CLI_OK) {
		text_print(stdout, json_text(answer, "name"), false);
		fputs(": ", stdout);
		text_print(stdout, json_text(answer, "status/state"), false);
		putchar('\n');
	}
	json_decref(answer);
	return (rv);
}
