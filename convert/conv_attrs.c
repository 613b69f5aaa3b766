/* conv_attrs: see conv_attrs.h; the rules are those of libexec/rc/rc.d/jail. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/conv_attrs.h"
#include "core/str.h"

static const struct attr attrs[] = {
	{ "ip", A_IP, false, false, NULL },
	{ "ip_multi", A_IP_MULTI, true, false, NULL },
	{ "interface", A_INTERFACE, false, false, NULL },	/* def_interface() looks for the one of all jails */
	{ "rootdir", A_ROOTDIR, false, false, NULL },
	{ "hostname", A_HOSTNAME, false, false, NULL },
	{ "vnet_enable", A_VNET_ENABLE, false, false, NULL },
	{ "vnet_interface", A_VNET_IF, false, true, NULL },
	{ "vnet_interfaces", A_VNET_IF, false, false, NULL },
	{ "exec_prestart", A_HOOK, true, true, NULL },
	{ "exec_poststart", A_LATE_HOOK, true, true, NULL },
	{ "exec_prestop", A_STOP_HOOK, true, true, NULL },
	{ "exec_poststop", A_STOP_HOOK, true, true, NULL },
	{ "exec_start", A_START, false, false, NULL },
	{ "exec_stop", A_STOP, false, false, NULL },
	{ "exec", A_COMMAND, false, false, NULL },
	{ "exec_afterstart", A_COMMAND, true, false, NULL },
	{ "fib", A_FIB, false, true, NULL },
	{ "parameters", A_PARAMETERS, false, true, NULL },
	{ "conf", A_CONF, false, false, NULL },
	{ "devfs_ruleset", A_RULESET, false, true, "devfs_ruleset" },
	{ "consolelog", A_WORD, false, true, "exec.consolelog" },
	{ "fstab", A_WORD, false, true, "mount.fstab" },
	{ "devfs_enable", A_WORD_YES, false, true, "mount.devfs" },
	{ "fdescfs_enable", A_WORD_YES, false, true, "mount.fdescfs" },
	{ "procfs_enable", A_WORD_YES, false, true, "mount.procfs" },
	{ "mount_enable", A_WORD_YES, false, true, "allow.mount" },
	{ "set_hostname_allow", A_WORD_BOOL, false, true, "allow.set_hostname" },
	{ "sysvipc_allow", A_WORD_BOOL, false, true, "allow.sysvipc" },
	{ "socket_unixiproute_only", A_RAW, false, true, "allow.raw_sockets" },
	{ "enforce_statfs", A_WORD, false, true, "enforce_statfs" },
	{ "osreldate", A_WORD, false, true, "osreldate" },
	{ "osrelease", A_WORD, false, true, "osrelease" },
	{ "flags", A_WORD, false, true, "flags" },
	{ "zfs_dataset", A_WORD, false, false, "zfs.dataset" },
	{ "zfs_datasets", A_WORD, false, false, "zfs.dataset" },	/* ezjail's own, as are the next ones */
	{ "cpuset", A_WORD, false, false, "cpuset" },
	{ "image", A_WORD, false, false, "image" },
	{ "imagetype", A_NOTHING, false, false, NULL },
	{ "attachparams", A_NOTHING, false, false, NULL },
	{ "attachblocking", A_NOTHING, false, false, NULL },
	{ "forceblocking", A_NOTHING, false, false, NULL },
	{ "retention_policy", A_NOTHING, false, false, NULL },
};

const struct attr *
attr_of(const char *rest, size_t *name_len)
{
	size_t len = strlen(rest), digits = len, best = 0;
	const struct attr *found = NULL;

	while (digits > 0 && isdigit((unsigned char)rest[digits - 1]))
		digits--;
	for (size_t i = 0; i < NELEMS(attrs); i++) {
		size_t end = attrs[i].numbered ? digits : len, n = strlen(attrs[i].suffix);

		if (n > best && end > n + 1 && rest[end - n - 1] == '_' && memcmp(rest + end - n, attrs[i].suffix, n) == 0) {
			best = n;
			*name_len = end - n - 1;
			found = &attrs[i];
		}
	}
	return (found);
}

static void
word(struct conv_host *h, struct conv_jail *j, struct conv_var *v, const char *key, const char *value)
{
	bool shared = strncmp(v->name, "jail_", 5) == 0 && (strncmp(v->name + 5, j->key, strlen(j->key)) != 0 || v->name[5 + strlen(j->key)] != '_');

	conv_jail_param(h, j, &(struct conv_param){ key, value, v->pos, shared, &v->said });
}

/* "allow.raw_sockets=1 allow.sysvipc; children.max=5": lines of jail.conf. */
static void
parameters(struct conv_host *h, struct conv_jail *j, struct conv_var *v)
{
	const char **w;
	size_t n = conv_words(h->c, v->value, &w);

	for (size_t i = 0; i < n; i++) {
		char *key = conv_dup(h->c, w[i]), *eq = strchr(key, '=');
		size_t len = strlen(key);

		if (len > 0 && key[len - 1] == ';')
			key[len - 1] = '\0';
		if (eq != NULL)
			*eq = '\0';
		if (h->c->nomem || *key == '\0')
			continue;
		v->said = false;	/* each word of it */
		word(h, j, v, conv_param_key(h->c, key, eq != NULL), eq != NULL ? eq + 1 : conv_param_is_no(key) ? "0" : "1");
	}
}

static void
vnet_if(struct conv_host *h, struct conv_jail *j, const struct conv_var *v)
{
	j->nvnet_ifs = conv_words(h->c, v->value, &j->vnet_ifs);
	j->vnet_pos = v->pos;
	if (strstr(v->name, "_vnet_interfaces") != NULL)
		conv_say(h->c, CONV_WARNING, &v->pos, "vnet-interfaces",
		    "%s: rc.d/jail reads ..._vnet_interface; this line had no effect and is taken as if it had", v->name);
}

static void
addresses(struct conv_host *h, struct conv_jail *j, const struct attr *a, const struct conv_var *v, const char *def_if)
{
	conv_jail_addrs(h, j, v->value, def_if, v->literal ? &v->at : &v->pos, v->literal);
	if (a->is == A_IP && v->value[0] == '\0')
		j->vnet = true;		/* rc.d/jail: without addresses it is a VNET jail */
}

void
attr_apply(struct conv_host *h, struct conv_jail *j, const struct attr *a, struct conv_var *v, const char *def_if)
{
	const char *value = v->value;

	switch (a->is) {
	case A_IP:
	case A_IP_MULTI:
		addresses(h, j, a, v, def_if);
		break;
	case A_ROOTDIR:
		j->path = value;
		break;
	case A_HOSTNAME:
		j->hostname = value;
		break;
	case A_VNET_ENABLE:
		if (conv_yes(value))
			j->vnet = true;
		else
			j->no_vnet = v->pos;
		break;
	case A_VNET_IF:
		vnet_if(h, j, v);
		break;
	case A_HOOK:
	case A_LATE_HOOK:
	case A_STOP_HOOK:
		conv_hook(h, j, value, &v->pos, a->is == A_HOOK ? HOOK_BEFORE : a->is == A_LATE_HOOK ? HOOK_AFTER : HOOK_STOP);
		break;
	case A_RULESET:
		j->ruleset = value;
		if (value[0] != '\0' && strcmp(value, "devfsrules_jail") != 0)	/* that one is what there is without it */
			word(h, j, v, a->word, value);
		break;
	case A_START:
		j->start = value;
		break;
	case A_STOP:
		j->stop = value;
		break;
	case A_FIB:
		if (value[0] != '\0' && strcmp(value, "0") != 0)
			conv_say(h->c, CONV_WARNING, &v->pos, "fib",
			    "%s: a VNET jail has a routing table of its own; fib %s is not needed any more", j->name, value);
		break;
	case A_PARAMETERS:
		parameters(h, j, v);
		break;
	case A_CONF:
		if (value[0] != '\0')
			conv_say(h->c, CONV_WARNING, &v->pos, "include",
			    "%s: %.200s is read in place of jail.conf where a root or a hostname is missing here; give it as a jail.conf", j->name,
			    value);
		break;
	case A_WORD:
		if (value[0] != '\0')
			word(h, j, v, a->word, value);
		break;
	case A_WORD_YES:
		if (conv_yes(value))
			word(h, j, v, a->word, "1");
		break;
	case A_WORD_BOOL:
		word(h, j, v, a->word, conv_yes(value) ? "1" : "0");
		break;
	case A_RAW:
		if (!conv_yes(value))
			j->raw = v->pos;
		word(h, j, v, a->word, conv_yes(value) ? "0" : "1");
		break;
	case A_INTERFACE:
	case A_COMMAND:
	case A_NOTHING:
		break;
	}
}

static struct conv_var *
set_var(const struct conv_vars *vars, const char *name)
{
	struct conv_var *v = conv_var(vars, name);

	return (v != NULL && v->value[0] != '\0' ? v : NULL);
}

/* The next one that the jail, or rc.conf for all, sets; numbers may start at 1 and end at the first gap. */
static struct conv_var *
numbered(struct conv_host *h, const struct conv_jail *j, const struct conv_vars *vars, const char *suffix, unsigned n, bool *own)
{
	struct conv_var *v = set_var(vars, conv_printf(h->c, "jail_%s_%s%u", j->key, suffix, n));

	*own = v != NULL;
	return (v != NULL ? v : set_var(&h->rc, conv_printf(h->c, "jail_%s%u", suffix, n)));
}

void
attr_defaults(struct conv_host *h, struct conv_jail *j, const struct conv_vars *vars, const char *def_if)
{
	for (size_t i = 0; i < NELEMS(attrs) && !h->c->nomem; i++) {
		const struct attr *a = &attrs[i];
		struct conv_var *v = NULL;
		bool own;

		if (!a->global)
			continue;
		for (unsigned n = 0; a->numbered && !h->c->nomem && ((v = numbered(h, j, vars, a->suffix, n, &own)) != NULL || n == 0); n++)
			if (v != NULL && !own && v->proven)
				attr_apply(h, j, a, v, def_if);
		if (!a->numbered && set_var(vars, conv_printf(h->c, "jail_%s_%s", j->key, a->suffix)) == NULL)
			v = set_var(&h->rc, conv_printf(h->c, "jail_%s", a->suffix));
		if (!a->numbered && v != NULL && v->proven)
			attr_apply(h, j, a, v, def_if);
	}
}

void
attr_commands(struct conv_host *h, struct conv_jail *j, const struct conv_vars *vars, bool fresh)
{
	const struct conv_var *exec = set_var(vars, conv_printf(h->c, "jail_%s_exec", j->key)), *v;
	bool own;

	if (exec != NULL && exec->proven) {
		j->start = exec->value;
		j->stop = "";
	} else if (j->start[0] == '\0' && j->path[0] != '\0' && j->hostname[0] != '\0') {
		j->start = "/bin/sh /etc/rc";
		j->stop = j->stop[0] == '\0' ? "/bin/sh /etc/rc.shutdown jail" : j->stop;
	}
	for (unsigned n = 0; fresh && !h->c->nomem && ((v = numbered(h, j, vars, "exec_afterstart", n, &own)) != NULL || n == 0); n++)
		if (v != NULL && v->proven)
			j->start = j->start[0] == '\0' ? v->value : conv_printf(h->c, "%s && %s", j->start, v->value);
}
