/*
 * cli_apply: what commands that change the topology share.
 */
#ifndef JN_CLI_APPLY_H
#define JN_CLI_APPLY_H

#include <jansson.h>

#include "cli/cli.h"

/* The whole file ("-" = standard input), NUL-terminated; freed by the caller. */
int file_read(const char *path, char **out, size_t *size, struct err *err);
/* A plan's steps as a table on standard output. */
void plan_print(const json_t *plan);
/* base with the parameter for --confirm SECONDS (NULL = none); -1 = that is no number of seconds, and it has been said. */
int confirm_path(char *path, size_t size, const char *base, const char *seconds);
/* Says until when the change waits, when it does. */
void confirm_print(const json_t *done);

#endif
