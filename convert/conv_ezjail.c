/*
 * conv_ezjail: jail_NAME_* variables, of ezjail's files and of rc.conf, as rc.d/jail reads them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_attrs.h"
#include "core/str.h"

/* --- jails --------------------------------------------------------------------------------------------------- */

struct conv_jail *
host_jail_find(struct conv_host *h, const char *name)
{
	/* From the end: files come jail by jail. */
	for (size_t i = h->njails; i-- > 0;)
		if (strcmp(h->jails[i].name, name) == 0)
			return (&h->jails[i]);
	return (NULL);
}

void
host_jail_reset(struct conv_host *h, struct conv_jail *j, enum conv_origin origin, const struct conv_pos *pos)
{
	size_t n = 0;

	/* What its hooks made goes, too. */
	for (size_t i = 0; i < h->njibs; i++)
		if (h->jibs[i].jail != j->name)
			h->jibs[n++] = h->jibs[i];
	h->njibs = n;
	*j = (struct conv_jail){ .name = j->name, .key = j->name, .origin = origin, .pos = *pos, .path = "", .hostname = "", .start = "",
		.stop = "", .ruleset = "" };
}

struct conv_jail *
host_jail(struct conv_host *h, const char *name, enum conv_origin origin, const struct conv_pos *pos)
{
	struct conv_jail *j;

	if (!conv_room(h->c, &h->jails, h->njails, &h->rjails, sizeof(*h->jails)))
		return (NULL);
	j = &h->jails[h->njails];
	j->name = conv_dup(h->c, name);
	if (h->c->nomem)
		return (NULL);
	h->njails++;
	host_jail_reset(h, j, origin, pos);
	return (j);
}

struct conv_inner *
jail_inner(struct conv_host *h, struct conv_jail *j, const char *ifname)
{
	for (size_t i = 0; i < j->ninner; i++)
		if (strcmp(j->inner[i].ifname, ifname) == 0 || strcmp(j->inner[i].name, ifname) == 0)
			return (&j->inner[i]);
	if (strlen(ifname) >= IFNAME_SIZE || !conv_room(h->c, &j->inner, j->ninner, &j->rinner, sizeof(*j->inner)))
		return (NULL);
	j->inner[j->ninner] = (struct conv_inner){ .ifname = "" };
	str_copy(j->inner[j->ninner].ifname, IFNAME_SIZE, ifname);
	str_copy(j->inner[j->ninner].name, IFNAME_SIZE, ifname);
	return (&j->inner[j->ninner++]);
}

void
conv_jail_dhcp(struct conv_jail *j, const struct conv_pos *pos)
{
	if (!j->dhcp)
		j->dhcp_pos = *pos;
	j->dhcp = true;
}

void
conv_inner_name(struct conv_host *h, struct conv_jail *j, struct conv_inner *inner, const char *name, const struct conv_pos *pos)
{
	str_copy(inner->name, sizeof(inner->name), name);
	conv_say(h->c, CONV_WARNING, pos, "inside-name",
	    "%s: %s is called %s inside; jailnet knows it as %s there, too: leave the renaming out, and name %s in the jail's own files", j->name,
	    inner->ifname, name, inner->ifname, inner->ifname);
}

void
conv_jail_addrs(struct conv_host *h, struct conv_jail *j, const char *list, const char *def_if, const struct conv_pos *pos, bool literal)
{
	const char *start = list;

	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		char *item = conv_dupn(h->c, list, len), *bar, *end;
		struct conv_addr addr = { .pos = *pos };
		const char *text;

		addr.pos.col += literal ? (unsigned)(list - start + strspn(list, " \t")) : 0;
		list += len + (list[len] == ',' ? 1 : 0);
		item += strspn(item, " \t");
		for (end = item + strlen(item); end > item && strchr(" \t", end[-1]) != NULL; end--)
			;
		*end = '\0';
		if (*item == '\0')
			continue;
		bar = strrchr(item, '|');
		if (bar != NULL)
			*bar = '\0';
		text = bar == NULL ? item : bar + 1;
		if (str_copy(addr.ifname, sizeof(addr.ifname), bar == NULL ? def_if : item) == -1)
			conv_say(h->c, CONV_WARNING, &addr.pos, "name-too-long", "%s: no interface is called %.80s", j->name, item);
		else if (*text == '\0')
			conv_say(h->c, CONV_WARNING, &addr.pos, "no-address",
			    "%s: an entry for %s names no address; without one the jail would have to ask for it (DHCP)", j->name, item);
		else if (conv_addr_parse(text, &addr))
			conv_addr_add(h->c, &j->addrs, &addr);
		else
			conv_say(h->c, CONV_WARNING, &addr.pos, "syntax", "%s: %.80s is no address", j->name, text);
	}
}

/* --- variables ------------------------------------------------------------------------------------------------ */

/* jail_list names jails as they are; variables have '_' for '.' and '-'. */
static const char *
listed_name(struct conv_host *h, const char *key, const char *list)
{
	const char **w;
	size_t n = conv_words(h->c, list, &w);
	char text[256];

	for (size_t i = 0; i < n; i++) {
		if (str_copy(text, sizeof(text), w[i]) == -1)
			continue;
		for (char *p = text; *p != '\0'; p++)
			if (!isalnum((unsigned char)*p))
				*p = '_';
		if (strcmp(text, key) == 0)
			return (w[i]);
	}
	return (key);
}

struct key {
	const char *name;
	size_t len;
	struct conv_var *var;
	const struct attr *attr;
	size_t order;
};

static int
key_cmp(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int d = memcmp(x->name, y->name, n);

	if (d == 0 && x->len != y->len)
		d = x->len < y->len ? -1 : 1;
	return (d != 0 ? d : x->order < y->order ? -1 : x->order > y->order);
}

static const char *
def_interface(struct conv_host *h, const struct conv_vars *vars, const struct key *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].attr->is == A_INTERFACE && k[i].var->proven && k[i].var->value[0] != '\0')
			return (k[i].var->value);
	if (conv_value(vars, "jail_interface")[0] != '\0')
		return (conv_value(vars, "jail_interface"));
	return (h->opts->uplink != NULL ? h->opts->uplink : "");
}

static bool
is_norun(const char *path)
{
	size_t len = strlen(path);

	return (len > 6 && strcmp(path + len - 6, ".norun") == 0);
}

static void
override_addrs(struct conv_jail *j, const struct key *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].attr->is == A_IP && k[i].var->proven) {
			j->addrs.n = 0;
			j->vnet = false;
		}
}

static void
one_jail(struct conv_host *h, const struct conv_vars *vars, const struct conv_src *ezjail, const struct key *k, size_t n)
{
	enum conv_origin origin = ezjail != NULL ? FROM_EZJAIL : FROM_RC;
	struct conv_pos pos = k[0].var->pos;
	char *key = conv_dupn(h->c, k[0].name, k[0].len);
	struct conv_jail *j;
	const char *name, *def_if = def_interface(h, vars, k, n);
	bool fresh = true;

	for (size_t i = 0; i < n; i++)
		if (k[i].order < k[0].order)
			pos = k[i].var->pos;
	name = listed_name(h, key, conv_value(&h->rc, "jail_list"));
	if ((j = host_jail_find(h, name)) != NULL) {
		conv_say(h->c, CONV_WARNING, &pos, "duplicate", "jail %s stands in %s:%u already; what comes later overrides it", name,
		    j->pos.src->path, j->pos.line);
		fresh = ezjail != NULL;
		if (fresh)
			host_jail_reset(h, j, origin, &pos);
		else	/* rc.d/jail sees both: each variable of rc.conf overrides that of ezjail */
			override_addrs(j, k, n);
	} else if ((j = host_jail(h, name, origin, &pos)) == NULL)
		return;
	j->key = key;
	if (ezjail != NULL)
		j->disabled = is_norun(ezjail->path);
	for (size_t i = 0; i < n && !h->c->nomem; i++)
		if (k[i].var->proven)
			attr_apply(h, j, k[i].attr, k[i].var, def_if);
	if (fresh)
		attr_defaults(h, j, vars, def_if);
	attr_commands(h, j, vars, fresh);
	if (!j->vnet && j->addrs.n == 0 && j->nvnet_ifs == 0 && conv_var(vars, conv_printf(h->c, "jail_%s_ip", key)) == NULL &&
	    j->path[0] == '\0')
		conv_say(h->c, CONV_NOTE, &pos, "incomplete", "jail %s: neither addresses nor a root are known here", name);
	if (j->vnet && j->no_vnet.src != NULL)
		conv_say(h->c, CONV_WARNING, &j->no_vnet, "contradiction",
		    "jail %s: without addresses rc.d/jail makes it a VNET jail, whatever vnet_enable says; taken as one", name);
	if (j->vnet && j->addrs.n > 0)
		conv_say(h->c, CONV_WARNING, &pos, "contradiction",
		    "jail %s: vnet and addresses of the host exclude each other; taken as a VNET jail, the addresses go into it", name);
}

void
conv_rc_jails(struct conv_host *h, const struct conv_vars *vars, const struct conv_src *ezjail)
{
	struct key *keys = conv_alloc(h->c, (vars->n + 1) * sizeof(*keys));
	size_t n = 0, from, to;

	if (keys == NULL)
		return;
	for (size_t i = 0; i < vars->n; i++) {
		struct conv_var *v = &vars->v[i];
		struct key *k = &keys[n];

		if (strncmp(v->name, "jail_", 5) != 0)
			continue;
		if ((k->attr = attr_of(v->name + 5, &k->len)) == NULL) {
			if (ezjail != NULL)
				conv_say(h->c, CONV_NOTE, &v->pos, "ignored", "%s is not known: neither rc.d/jail nor ezjail reads it", v->name);
			continue;
		}
		k->name = v->name + 5;
		k->var = v;
		k->order = i;
		n++;
	}
	qsort(keys, n, sizeof(*keys), key_cmp);
	for (from = 0; from < n && !h->c->nomem; from = to) {
		for (to = from + 1; to < n && keys[to].len == keys[from].len && memcmp(keys[to].name, keys[from].name, keys[from].len) == 0;
		    to++)
			;
		/* "jail_exec_start" and the like are defaults for all, not a jail named "exec". */
		if (keys[from].len == 4 && memcmp(keys[from].name, "exec", 4) == 0)
			continue;
		one_jail(h, vars, ezjail, keys + from, to - from);
	}
	if (ezjail != NULL && n == 0 && ezjail->ok) {
		struct conv_pos top = { ezjail, 1, 1 };

		conv_say(h->c, CONV_WARNING, &top, "no-jail", "no jail_NAME_... is set in this file");
	}
}
