/*
 * cli: what the parts of the command "jailnet" share: options, exit codes, the subcommands.
 *
 * The command is a client of the HTTP API and nothing else: it never touches the kernel or the store, except that
 * "exec" enters the jail itself.  One thread; memory that runs out ends the program (cli_xmalloc).
 */
#ifndef JN_CLI_H
#define JN_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Documented in docs/man/jailnet.8; never renumbered. */
enum cli_exit {
	CLI_OK,
	CLI_NO,			/* a negative result, or trouble on this side */
	CLI_USAGE,
	CLI_UNREACHABLE,
	CLI_DIFFERENT,		/* plan: changes, drift: differences */
	CLI_PARTIAL,		/* probe: some answers missing */
	CLI_REFUSED,		/* the API said no; the problem is on stderr */
	CLI_UNFINISHED		/* timeout, or accepted and still going on */
};

struct cli {
	const char *socket_path;
	const char *url;	/* NULL = UNIX socket */
	const char *token_file;	/* NULL = none */
	const char *token;	/* NULL = none, or take it from token_file */
	const char *ca_file;	/* NULL = the system's */
	const char *cert_file, *key_file;	/* of ours, NULL = none */
	bool json;
	uint32_t timeout_s;	/* for one operation, from request to finished */
};

/* The subcommands: argv[0] is the command's own name; they return an exit code. */
int cli_apply(struct cli *c, int argc, char **argv);
int cli_up(struct cli *c, int argc, char **argv);		/* up, down */
int cli_jib(struct cli *c, int argc, char **argv);	/* when called by that name */
int cli_import(struct cli *c, int argc, char **argv);
int cli_export(struct cli *c, int argc, char **argv);
int cli_plan(struct cli *c, int argc, char **argv);
int cli_show(struct cli *c, int argc, char **argv);
int cli_jail(struct cli *c, int argc, char **argv);	/* start, stop, restart */
int cli_probe(struct cli *c, int argc, char **argv);
int cli_exec(struct cli *c, int argc, char **argv);
int cli_events(struct cli *c, int argc, char **argv);
int cli_drift(struct cli *c, int argc, char **argv);
int cli_graph(struct cli *c, int argc, char **argv);
int cli_token(struct cli *c, int argc, char **argv);
int cli_sign_in(struct cli *c, int argc, char **argv);
int cli_backup(struct cli *c, int argc, char **argv);
int cli_restore(struct cli *c, int argc, char **argv);
int cli_support(struct cli *c, int argc, char **argv);
int cli_audit(struct cli *c, int argc, char **argv);
int cli_history(struct cli *c, int argc, char **argv);
int cli_diff(struct cli *c, int argc, char **argv);
int cli_rollback(struct cli *c, int argc, char **argv);
int cli_confirm(struct cli *c, int argc, char **argv);

/* Prints the usage line of the command named on stderr and returns CLI_USAGE. */
int cli_usage(const char *command);
/* "jailnet: text" on stderr with control characters escaped. */
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The err's message by cli_warn, and the exit code that goes with its code. */
int cli_fail(const struct err *err);

/* Never NULL: out of memory ends the program with CLI_NO. */
void *cli_xmalloc(size_t size);
void *cli_xrealloc(void *p, size_t size);
char *cli_xstrdup(const char *s);

#endif
