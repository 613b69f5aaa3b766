/*
 * conv: configurations of others become a topology, and a topology becomes configurations of others.
 *
 * ezjail files, rc.conf(5), jail.conf(5) and jib lines are read as data: nothing is executed, and what cannot be proved
 * by reading is a message with file, line and column, never a guess.  Pure: texts in, structs out; no I/O, no clock.
 *
 *	conv_init(&c);
 *	conv_import(&c, kind, files, nfiles, &opts, &topo, &err);	messages in c.msgs, new texts in c.texts
 *	conv_fini(&c);		strings of messages and texts live until here
 */
#ifndef JN_CONV_H
#define JN_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/jib.h"
#include "core/observed.h"
#include "core/topo.h"

#define CONV_FILE_MAX (8u * 1024 * 1024)	/* one file; a larger one is an error message and is not read */
#define CONV_MSGS_MAX 5000
#define CONV_FILES_MAX 20000

enum conv_kind { CONV_EZJAIL, CONV_RC_CONF, CONV_JAIL_CONF, CONV_JAIL_RC /* the rc.conf inside a jail */ };

struct conv_file {
	const char *path;
	const char *text;
	size_t size;
	const char *note;	/* NULL, or why it could not be read: becomes a warning */
};

/* WARNING: something changes its meaning or was not understood.  ERROR: a file, or a part of it, could not be used. */
enum conv_level { CONV_NOTE, CONV_WARNING, CONV_ERROR };
const char *conv_level_name(enum conv_level level);

struct conv_msg {
	enum conv_level level;
	const char *file;
	unsigned line, col;	/* from 1; 0 = the whole file */
	const char *code;	/* a short constant, "unproven", "loopback", ... : docs/converting-from-ezjail.md lists them */
	const char *text;
};

/* A text for the user to put in place: a file rewritten as a whole, or lines to add to one. */
struct conv_text {
	const char *path;
	bool is_addition;
	const char *text;
};

enum conv_mode { CONV_FLAT, CONV_ROUTED, CONV_BEHIND_ROUTER };	/* figures 1, 2 and 3 of the conversion article */
/* Who gives a converted jail its interface when it starts. */
enum conv_hooks {
	CONV_STATIC,	/* epairs made by rc.conf, vnet_interface="epair17b" */
	CONV_JIB,	/* jib addm / jib destroy in the jail's hooks */
	CONV_JAILNET	/* jailnet up / jailnet down */
};

struct conv_opts {
	enum conv_mode mode;
	enum conv_hooks hooks;
	bool managed;			/* jails become jailnet's own; else they stay with their manager ("external") */
	bool params;			/* the platform takes jail parameters */
	unsigned first_epair;
	const char *uplink;		/* for addresses that name no interface; NULL = none */
	const char *router;		/* behind_router: the jail that routes; made when no file knows it */
	const char *const *behind;	/* behind_router: jails behind it; routed: jails that the host routes, none named = all */
	size_t nbehind;
	const struct prefix *networks;	/* nets that the files do not tell of, for the length of addresses */
	size_t nnetworks;
	/* By family, IPv4 and IPv6: where these jails get new addresses; family 0 = they keep theirs. */
	struct prefix behind_network[2], routed_network[2];
	const struct conv_known {	/* the addresses that interfaces have now: they are kept, and jib derives from its parent's */
		const char *jail;	/* NULL or "" = on the host */
		const char *ifname;
		struct mac mac;
	} *known;
	size_t nknown;
	bool from_host;			/* the files are the usual ones of the host: no others can be added */
	const struct topo *have;	/* NULL, or what there is already: its names are not taken again, and a jail that has its
					 * epair keeps it */
};

struct conv {
	struct arena mem;
	struct conv_msg *msgs;
	size_t nmsgs, rmsgs, dropped;	/* dropped: messages beyond CONV_MSGS_MAX */
	struct conv_text *texts;
	size_t ntexts, rtexts;
	bool nomem;			/* sticky; conv_import ends with ERR_NOMEM */
};

void conv_init(struct conv *c);
void conv_fini(struct conv *c);

/* What a file with this path is; 'otherwise' when the path does not tell. */
enum conv_kind conv_kind_of(const char *path, enum conv_kind otherwise);

/*
 * Later files override earlier ones, as the system reads them.  'out' is initialised here, owned by the caller, and legal in
 * itself as far as the files are; valid_topo() has the last word.  -1 only when memory is out.
 */
int conv_import(struct conv *c, enum conv_kind kind, const struct conv_file *files, size_t nfiles, const struct conv_opts *opts,
    struct topo *out, struct err *err);

/* The topology as configuration that works without jailnet; texts and messages as above. */
enum conv_format { CONV_TO_RC_CONF, CONV_TO_JAIL_CONF, CONV_TO_EZJAIL, CONV_TO_SHELL_FREEBSD, CONV_TO_SHELL_LINUX };
int conv_export(struct conv *c, enum conv_format format, const struct topo *t, struct err *err);

#endif
