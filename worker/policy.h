/*
 * policy: what root is willing to do for the server.  The server may be in an attacker's hand: everything it asks for is checked here
 * again, against values only and against the policy keys of a file that only root writes.  Pure: no I/O.
 *
 * What carries our mark in the kernel and what does not is the driver's to know; it asks policy_foreign_ok.
 */
#ifndef JN_POLICY_H
#define JN_POLICY_H

#include "core/cmd.h"

#define POLICY_WORDS 512

struct policy {
	char uplinks[POLICY_WORDS];	/* patterns of foreign interfaces that may be touched; "" = none */
	char adopt[POLICY_WORDS];	/* patterns of foreign bridges, epairs and namespaces that may become ours; "" = none */
	char jail_paths[POLICY_WORDS];	/* directories jails may be chrooted into or below; "" = none */
	char sysctls[POLICY_WORDS];	/* patterns of keys SYSCTL_SET may write inside jails */
	char host_sysctls[POLICY_WORDS];	/* the same on the host */
	char jail_params[POLICY_WORDS];	/* patterns of parameters jails may be given */
	bool allow_exec;		/* JAIL_START and JAIL_STOP may run a command */
	bool host_routes;		/* routes on the host itself */
	bool import_host;		/* FILES: the host's configuration may be read */
	char import_root[PATH_SIZE];	/* what stands before every path of it; "" = nothing */
	uint32_t max_jails, max_epairs, max_bridges;
};

/* How many of ours there are. */
struct policy_counts {
	uint32_t jails, epairs, bridges;
};

/* As lines of jailnetd.conf, for those who ask what root would do. */
#define POLICY_TEXT_SIZE (6 * POLICY_WORDS + PATH_SIZE + 512)
void policy_print(const struct policy *p, char buf[POLICY_TEXT_SIZE]);
/* All open: for a sandbox, where there is nothing to protect. */
void policy_open(struct policy *p);
/* -1 = refused: ERR_DENIED, or ERR_LIMIT when a count is reached. */
int policy_check(const struct policy *p, const struct policy_counts *have, const struct cmd *c, struct err *err);
/* For struct driver_conf; arg is the policy. */
bool policy_foreign_ok(void *arg, const char *ifname);
bool policy_adopt_ok(void *arg, const char *name);

#endif
