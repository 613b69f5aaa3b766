/*
 * command: runs exec.start or exec.stop of a jail to its end, for the drivers: how one gets into a jail, and how one waits for a
 * process for some time, is theirs.  A job: it waits.
 *
 * The command writes to a console log (it can do nothing else with it), never to a pipe: what it leaves running in the background keeps the file, and
 * nobody waits for that.
 */
#ifndef JN_COMMAND_H
#define JN_COMMAND_H

#include <sys/types.h>

#include "core/cmd.h"

#define COMMAND_LOG_MAX (1024 * 1024)
#define COMMAND_LOG_KEEP (64 * 1024)

struct command_how {
	const char *log_dir;	/* log_dir/JAIL.log is appended to */
	/* In the new process, whose standard descriptors are set: NULL, or what failed, with errno. */
	const char *(*enter)(void *arg);
	void *arg;
	/* Until the process ends (0) or timeout_s seconds are over (1; 0 = no limit); does not reap it. */
	int (*wait)(pid_t pid, uint32_t timeout_s, struct err *err);
};

/*
 * what: "exec.start" or "exec.stop".  No command: 0.  ERR_EXEC: it failed; ERR_TIMEOUT: it was killed; then out->text has
 * the end of what it wrote, as one line.
 */
/* Cuts what the logs have grown to, also those that something in the background goes on writing to: the last COMMAND_LOG_KEEP bytes stay. */
void command_trim_logs(const char *log_dir);

int command_run(const struct command_how *how, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err);

#endif
