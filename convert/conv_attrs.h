/*
 * conv_attrs: what jail_NAME_ATTRIBUTE says of a jail: the table of all attributes that rc.d/jail and ezjail read.
 */
#ifndef JN_CONV_ATTRS_H
#define JN_CONV_ATTRS_H

#include "convert/conv_int.h"

enum attr_is {
	A_IP, A_IP_MULTI, A_INTERFACE, A_ROOTDIR, A_HOSTNAME, A_VNET_ENABLE, A_VNET_IF, A_HOOK, A_LATE_HOOK, A_STOP_HOOK, A_RULESET, A_START, A_STOP,
	A_COMMAND,	/* the others of attr_commands() */
	A_FIB, A_PARAMETERS, A_CONF,
	/* a word of jail(8): as it is; set to 1 when yes; 1 or 0 */
	A_WORD, A_WORD_YES, A_WORD_BOOL,
	A_RAW,		/* said the other way round, and only of a jail that is no VNET jail */
	A_NOTHING	/* of no account where the others are none, or for ezjail-admin only */
};
struct attr {
	const char *suffix;
	enum attr_is is;
	bool numbered, global;	/* global: jail_ATTRIBUTE speaks for the jails that do not say it */
	const char *word;
};

/* Longest attribute that ends "NAME_ATTRIBUTE", as names of jails have underscores, too.  NULL = none. */
const struct attr *attr_of(const char *rest, size_t *name_len);
void attr_apply(struct conv_host *h, struct conv_jail *j, const struct attr *a, struct conv_var *v, const char *def_if);
/* What rc.conf says for all jails; 'vars': the jail's own. */
void attr_defaults(struct conv_host *h, struct conv_jail *j, const struct conv_vars *vars, const char *def_if);
/* exec, exec_start, exec_stop and exec_afterstartN together. */
void attr_commands(struct conv_host *h, struct conv_jail *j, const struct conv_vars *vars, bool fresh);

#endif
