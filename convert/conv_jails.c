/*
 * conv_jails: the jails of the files and the interfaces they are given.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

static bool
jail_is_wanted(struct build *b, const struct conv_jail *j)
{
	if (!name_is_legal(j->name, NAME_SIZE - 1)) {
		conv_say(b->h->c, CONV_ERROR, &j->pos, "name",
		    "jail %s: a name begins with a letter and has letters, digits, _ and -; rename it or leave it as it is", j->name);
		return (false);
	}
	return (j->vnet || j->addrs.n > 0 || j->nvnet_ifs > 0);
}

static void
take_text(struct build *b, const struct conv_jail *j, struct object *o, const char **field, const char *text, size_t size, const char *what)
{
	if (strlen(text) >= size) {
		conv_say(b->h->c, CONV_WARNING, &j->pos, "limit", "jail %s: %s is left out: it has %zu bytes, the most is %zu", j->name, what,
		    strlen(text), size - 1);
		text = "";
	}
	if (object_str(o, field, text) == -1)
		b->h->c->nomem = true;
}

/* Somebody else's so far, whose manager would go on starting it. */
static bool
is_taken_from_manager(const struct build *b, const struct conv_jail *j)
{
	const struct topo *have = b->h->opts->have;
	const struct object *o = have == NULL ? NULL : topo_find(have, KIND_JAIL, j->name);

	return (b->h->opts->managed && !j->disabled && (o == NULL || o->u.jail.external));
}

struct object *
build_jail(struct build *b, struct conv_jail *j)
{
	struct object *o = topo_find(b->out, KIND_JAIL, j->name);
	struct jail *jail;

	if (o != NULL || (o = build_object(b, KIND_JAIL, j->name)) == NULL)
		return (o);
	jail = &o->u.jail;
	jail->external = !b->h->opts->managed;
	jail->manager_moves = jail->external && j->nvnet_ifs > 0;	/* its files say vnet.interface */
	jail->forwarding = j->forwarding;
	jail->running = !j->disabled;
	if (b->h->opts->managed) {
		take_text(b, j, o, &jail->exec_stop, j->stop, COMMAND_SIZE, "exec.stop");
		take_text(b, j, o, &jail->hostname, j->hostname, HOSTNAME_SIZE, "the hostname");
		take_text(b, j, o, &jail->path, strcmp(j->path, "/") != 0 ? j->path : "", PATH_SIZE, "the path");
	}
	if (j->nsysctls > 0 && object_pairs(o, &jail->sysctls, j->sysctls, j->nsysctls) == -1)
		b->h->c->nomem = true;
	if (b->h->opts->managed && j->nparams > 0 && object_pairs(o, &jail->params, j->params, j->nparams) == -1)
		b->h->c->nomem = true;
	for (size_t i = 0; i < j->nroutes; i++)
		build_route(b, o, &j->routes[i].dst, &j->routes[i].gateway);
	if (j->disabled)
		conv_say(b->h->c, CONV_NOTE, &j->pos, "disabled", "jail %s is switched off (.norun); its interface waits for it", j->name);
	if (is_taken_from_manager(b, j))
		conv_say(b->h->c, CONV_WARNING, &j->pos, "manager", "jail %s becomes jailnet's own: what starts it now must not do so any more"
		    " (an ezjail: its file becomes NAME.norun; jail.conf: left out of jail_list)", j->name);
	return (o);
}

static void
attach(struct build *b, struct conv_jail *j, const char *ifname)
{
	struct object *o;
	struct conv_inner *inner;

	if (!name_is_legal(ifname, IFNAME_SIZE - 1)) {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "name", "%s: %.40s cannot be the name of an interface here; left out", j->name,
		    ifname);
		return;
	}
	if ((o = topo_find(b->out, KIND_ATTACHMENT, ifname)) != NULL) {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "contradiction", "%s is in jail %s already; left out of %s", ifname,
		    o->u.attachment.jail, j->name);
		return;
	}
	if ((o = build_object(b, KIND_ATTACHMENT, ifname)) == NULL)
		return;
	if (object_str(o, &o->u.attachment.jail, j->name) == -1)
		b->h->c->nomem = true;
	inner = jail_inner(b->h, j, ifname);
	for (size_t i = 0; inner != NULL && i < inner->addrs.n; i++)
		build_address(b, o, &o->u.attachment.addrs, &inner->addrs.v[i].prefix, &inner->addrs.v[i].pos);
}

static void
give(struct build *b, struct conv_jail *j, const char *ifname)
{
	struct build_end *e = build_end(b, ifname);
	struct conv_inner *inner;
	struct end *end;
	unsigned unit;
	char side;

	if (e == NULL && build_epair_unit(ifname, &unit, &side) && side != '\0') {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "not-created",
		    "jail %s wants %s, which no line creates; taken as an epair whose other half is in no bridge", j->name, ifname);
		build_pair(b, unit, &j->vnet_pos);
		e = build_end(b, ifname);
	}
	if (e == NULL && strncmp(ifname, "ng", 2) == 0 && isdigit((unsigned char)ifname[2])) {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "jng", "%s is a netgraph interface; jailnet would make an epair instead", ifname);
		return;
	}
	if (e == NULL) {
		attach(b, j, ifname);
		return;
	}
	end = &e->o->u.epair.end[e->side];
	if (end->jail != NULL && strcmp(end->jail, j->name) != 0) {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "contradiction", "%s is given to jail %s already; left out of %s", ifname,
		    end->jail, j->name);
		return;
	}
	if (end->bridge != NULL) {
		conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "contradiction", "%s is a member of %s and given to jail %s; the jail wins",
		    ifname, end->bridge, j->name);
		end->bridge = NULL;
	}
	if (object_str(e->o, &end->jail, j->name) == -1)
		b->h->c->nomem = true;
	end->up = true;		/* the jail brings it up, whatever it is on the host */
	inner = jail_inner(b->h, j, ifname);
	for (size_t i = 0; inner != NULL && i < inner->addrs.n; i++)
		build_address(b, e->o, &end->addrs, &inner->addrs.v[i].prefix, &inner->addrs.v[i].pos);
	for (size_t i = 0; strcmp(ifname, j->vnet_ifs[0]) == 0 && i < j->addrs.n; i++)
		build_address(b, e->o, &end->addrs, &j->addrs.v[i].prefix, &j->addrs.v[i].pos);
}

/* What the jail sets itself and the topology cannot say: the command stays. */
static void
keep_command(struct build *b, struct conv_jail *j, const struct conv_inner *inner, const char *why)
{
	if (inner->command == NULL) {
		conv_say(b->h->c, CONV_WARNING, &inner->pos, "inside", "%s: the jail's rc.conf sets %s of %s, %s", j->name,
		    inner->has_mac ? "the address" : "the MTU", inner->ifname, why);
		return;
	}
	conv_say(b->h->c, CONV_WARNING, &inner->pos, "inside", "%s: not all of \"%.120s\" can be carried over, %s; it stays a command of the jail",
	    j->name, inner->command, why);
	if (strstr(j->start, inner->command) == NULL)
		j->start = j->start[0] == '\0' ? inner->command : conv_printf(b->h->c, "%s && %s", inner->command, j->start);
}

/* Address and MTU that are set inside. */
static void
carry(struct build *b, struct conv_jail *j, const char *ifname)
{
	struct build_end *e = build_end(b, ifname);
	const struct conv_inner *inner = jail_inner(b->h, j, ifname);
	const struct object *bridge;
	struct end *end;

	if (inner == NULL || (!inner->has_mac && inner->mtu == 0))
		return;
	if (e == NULL) {
		keep_command(b, j, inner, "it is no epair");
		return;
	}
	end = &e->o->u.epair.end[e->side];
	if (inner->has_mac) {
		end->mac = inner->mac;
		end->mac_pinned = true;
		e->pos = inner->pos;
	}
	if (inner->mtu == 0)
		return;
	bridge = e->o->u.epair.end[!e->side].bridge == NULL ? NULL : topo_find(b->out, KIND_BRIDGE, e->o->u.epair.end[!e->side].bridge);
	if (bridge == NULL)
		e->o->u.epair.mtu = inner->mtu;
	else if (bridge->u.bridge.mtu != inner->mtu)
		keep_command(b, j, inner, "the bridge has another MTU");
}

/* Devfs rulesets that come with the system, none of which shows bpf to a jail. */
static bool
is_stock_ruleset(const char *s)
{
	return (s[0] == '\0' || strncmp(s, "devfsrules_", 11) == 0 || (s[0] >= '1' && s[0] <= '5' && s[1] == '\0'));
}

static void
say_dhcp(struct build *b, const struct conv_jail *j)
{
	if (is_stock_ruleset(j->ruleset))
		conv_say(b->h->c, CONV_WARNING, &j->dhcp_pos, "dhcp-bpf",
		    "%s asks for its address (DHCP): dhclient needs bpf, which the devfs ruleset of the jail (%s) hides; make one that unhides it",
		    j->name, j->ruleset[0] != '\0' ? j->ruleset : "4 or 5");
	else
		conv_say(b->h->c, CONV_NOTE, &j->dhcp_pos, "dhcp-bpf", "%s asks for its address (DHCP): its devfs ruleset %.40s must show it bpf",
		    j->name, j->ruleset);
}

void
build_jails(struct build *b)
{
	for (size_t i = 0; i < b->h->njails && !b->failed; i++) {
		struct conv_jail *j = &b->h->jails[i];
		struct object *o;

		if (!jail_is_wanted(b, j)) {
			if (name_is_legal(j->name, NAME_SIZE - 1) && (j->path[0] != '\0' || j->hostname[0] != '\0'))
				conv_say(b->h->c, CONV_NOTE, &j->pos, "no-network", "jail %s has no network of its own; left as it is", j->name);
			continue;
		}
		if ((o = build_jail(b, j)) == NULL)
			return;
		if (!j->vnet && j->nvnet_ifs > 0)
			conv_say(b->h->c, CONV_WARNING, &j->vnet_pos, "contradiction",
			    "jail %s is given an interface but has no network of its own (vnet); taken as a VNET jail", j->name);
		if (o->u.jail.manager_moves && j->waits.src != NULL)
			conv_say(b->h->c, CONV_WARNING, &j->waits, "contradiction",
			    "%s: \"jailnet up -i\" waits here for what vnet.interface moves in later, and the start fails; leave out one of the two",
			    j->name);
		if (j->dhcp)
			say_dhcp(b, j);
		for (size_t k = 0; k < j->nvnet_ifs; k++) {
			give(b, j, j->vnet_ifs[k]);
			carry(b, j, j->vnet_ifs[k]);
		}
		if (b->h->opts->managed)
			take_text(b, j, o, &o->u.jail.exec_start, j->start, COMMAND_SIZE, "exec.start");
	}
}
