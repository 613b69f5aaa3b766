/*
 * cli_call: requests as the subcommands make them: JSON in and out, problems printed, operations waited for.
 *
 * All return an exit code; on anything but CLI_OK the reason is on stderr already and *out is NULL.
 */
#ifndef JN_CLI_CALL_H
#define JN_CLI_CALL_H

#include <jansson.h>

#include "cli/cli.h"

#define CALL_PATH_SIZE 768

/* Percent-encodes name between the two fixed parts; -1 with err when it does not fit. */
int call_path(char *path, size_t size, const char *before, const char *name, const char *after, struct err *err);

/* GET; *out is the caller's. */
int call_get(const struct cli *c, const char *path, json_t **out);
/* GET of a list, all pages in one {"items": [...], "next": null, ...}. */
int call_list(const struct cli *c, const char *path, json_t **out);
/*
 * Any method.  body NULL = none.  wait: asks for an answer within a second, and when the daemon only accepted,
 * follows the operation with a line of progress until it ends; *out is then the operation.
 */
int call_send(const struct cli *c, const char *method, const char *path, const char *body, size_t size, bool wait,
    json_t **out);
/* The same with an If-Match header. */
int call_send_if(const struct cli *c, const char *if_match, const char *method, const char *path, const char *body, size_t size,
    bool wait, json_t **out);
/* Prints a problem document (or, failing that, the status) and returns CLI_REFUSED. */
int call_problem(long status, const char *body, size_t size);

#endif
