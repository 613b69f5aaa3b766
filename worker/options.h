/*
 * options: command line and configuration file of jailnetd, in that order of strength.  Never changed after options_load.
 */
#ifndef JN_OPTIONS_H
#define JN_OPTIONS_H

#include <sys/types.h>

#include "core/log.h"
#include "core/model.h"
#include "worker/policy.h"

#define OPTIONS_LISTEN_MAX 8

/* What the file can say; docs/man/jailnetd.conf.5. */
struct options_conf {
	char state_dir[PATH_SIZE];
	char socket[PATH_SIZE];
	char socket_mode[8];
	char socket_group[64];
	char listen[256];
	char user[64];
	char admin_uids[256], operator_uids[256], viewer_uids[256];
	char hosts[256];
	char tls_listen[256];
	char tls_cert[PATH_SIZE], tls_key[PATH_SIZE];
	uint32_t connections, connections_per_address, request_timeout, rate_limit, rate_limit_loopback;
	char log_level[8];
	uint32_t revisions_keep, revisions_days;
	char www[PATH_SIZE];	/* "" = beside our own program */
	struct policy policy;
};

struct options {
	const char *conf_path;	/* NULL = the default one, if it is there */
	bool check_only, sandbox, foreground, verbose, help, version;
	char state_dir[PATH_SIZE];	/* "" in a sandbox without --state-dir: to be made */
	char socket[PATH_SIZE];		/* "" in a sandbox without --socket: STATE/api.sock */
	const char *listen_args[OPTIONS_LISTEN_MAX];
	size_t nlisten_args;
	char listen[256];	/* words; "none" was taken out */
	mode_t socket_mode;
	gid_t socket_group;	/* -1 = none */
	enum log_level log_level;
	struct options_conf conf;
	/* where things are on this system */
	const char *run_dir, *netns_dir, *log_dir;
};

/* Reads argv and the file; every value is checked.  ERR_SYNTAX = wrong usage. */
int options_load(struct options *o, int argc, char *const argv[], struct err *err);
extern const char options_usage[];

#endif
