/*
 * conv_hook: the commands a jail is started and stopped with: those on the host make interfaces and bridges, those inside give
 * addresses and routes.  What is understood becomes part of the topology; everything else stays a command, and is said.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/jib.h"
#include "core/str.h"

static void
take_jib(struct conv_host *h, struct conv_jail *j, const char **w, size_t n, const struct conv_pos *pos)
{
	const char *suffix = "bridge";
	size_t i = 2;
	struct conv_jib *jib;

	if (i + 1 < n && strcmp(w[i], "-b") == 0) {
		suffix = w[i + 1];
		i += 2;
	}
	if (i + 1 >= n || !jib_name_ok(w[i])) {
		conv_say(h->c, CONV_WARNING, pos, "jib", "%s: jib addm wants a name of letters, digits and _, and interfaces", j->name);
		return;
	}
	for (size_t k = i + 1; k < n; k++) {
		const char *parent = w[k] + (w[k][0] == '!' ? 1 : 0);

		if (!conv_room(h->c, &h->jibs, h->njibs, &h->rjibs, sizeof(*h->jibs)))
			return;
		jib = &h->jibs[h->njibs];
		*jib = (struct conv_jib){ .name = w[i], .jail = j->name, .suffix = suffix, .keep_mac = w[k][0] == '!', .index = (unsigned)(k - i - 1),
			.pos = *pos };
		if (str_copy(jib->parent, sizeof(jib->parent), parent) == -1 || strlen(parent) + strlen(suffix) >= IFNAME_SIZE ||
		    strlen(w[i]) + 4 >= IFNAME_SIZE)
			conv_say(h->c, CONV_ERROR, pos, "name-too-long",
			    "%s: jib would make names longer than 15 characters (e%ub_%.40s, %.40s%.20s)", j->name, jib->index, w[i],
			    parent, suffix);
		else
			h->njibs++;
	}
}

/* --- on the host ------------------------------------------------------------------------------------------------ */

static void
give_if(struct conv_host *h, struct conv_jail *j, const char *ifname, const struct conv_pos *pos)
{
	const char **v = conv_alloc(h->c, (j->nvnet_ifs + 1) * sizeof(*v));

	for (size_t i = 0; i < j->nvnet_ifs; i++)
		if (strcmp(j->vnet_ifs[i], ifname) == 0)
			return;
	if (v == NULL)
		return;
	if (j->nvnet_ifs > 0)
		memcpy(v, j->vnet_ifs, j->nvnet_ifs * sizeof(*v));
	else
		j->vnet_pos = *pos;
	v[j->nvnet_ifs++] = ifname;
	j->vnet_ifs = v;
}

/* "ifconfig bridge0 deletem epair5a" before the jail starts */
static bool
drop_member(struct conv_if *f, const char *ifname)
{
	for (size_t i = 0; i < f->nmembers; i++)
		if (strcmp(f->members[i].ifname, ifname) == 0) {
			f->members[i] = f->members[--f->nmembers];
			break;
		}
	return (true);
}

/* "ifconfig bridge create name lan": a new one, of this name. */
static bool
take_new(struct conv_host *h, const struct conv_cmd *c, const struct conv_pos *pos)
{
	struct conv_if *f;
	size_t at = 3;

	if (at < c->n && strcmp(c->w[at], "up") == 0)
		at++;
	if (strcmp(c->w[1], "bridge") != 0 || at + 2 > c->n || strcmp(c->w[at], "name") != 0 || (f = host_if(h, c->w[at + 1], true)) == NULL)
		return (false);
	f->cloned = f->is_bridge = true;
	if (f->pos.src == NULL)
		f->pos = *pos;
	return (at + 2 == c->n || (at + 3 == c->n && strcmp(c->w[at + 2], "up") == 0));
}

/* What the jail's stop undoes of its start. */
static bool
take_stop(const struct conv_cmd *c)
{
	static const char *const alone[] = { "destroy", "down", NULL }, *const with[] = { "deletem", "-vnet", NULL };

	for (size_t i = 0; alone[i] != NULL; i++)
		if (c->n == 3 && strcmp(c->w[2], alone[i]) == 0)
			return (true);
	for (size_t i = 0; with[i] != NULL; i++)
		if (c->n == 4 && strcmp(c->w[2], with[i]) == 0)
			return (true);
	return (false);
}

/* "ifconfig epair5 create up", "ifconfig bridge0 addm epair5a", "ifconfig epair5a up descr jail:web" ... */
static bool
take_start(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c, const struct conv_pos *pos)
{
	char was[IFNAME_SIZE];
	struct conv_if *f;
	size_t at = 2;
	bool good;

	if (c->n < 3 || c->w[1][0] == '-' || strlen(c->w[1]) >= IFNAME_SIZE)
		return (false);
	if (strcmp(c->w[2], "destroy") == 0)
		return (c->n == 3);	/* of what an earlier run left */
	if (strcmp(c->w[2], "create") == 0 || strcmp(c->w[2], "plumb") == 0) {
		if (!isdigit((unsigned char)c->w[1][strlen(c->w[1]) - 1]))
			return (take_new(h, c, pos));
		conv_clone(h, c->w[1], pos);
		if (++at == c->n || (at + 1 == c->n && strcmp(c->w[at], "up") == 0))
			return (true);
	}
	if (strcmp(c->w[at], "vnet") == 0) {
		if (at + 2 != c->n || strcmp(c->w[at + 1], j->name) != 0)
			return (false);
		give_if(h, j, c->w[1], pos);
		return (true);
	}
	if ((f = host_if(h, c->w[1], true)) == NULL)
		return (false);
	if (f->pos.src == NULL)
		f->pos = *pos;
	if (strcmp(c->w[at], "deletem") == 0)
		return (at + 2 == c->n && drop_member(f, c->w[at + 1]));
	str_copy(was, sizeof(was), f->name);
	good = conv_ifconfig_words(h, f, c->w + at, c->n - at, pos);
	if (strcmp(was, f->name) != 0)
		host_renamed(h, f);
	return (good);
}

/* "jailnet up -i NAME" */
static bool
waits_inside(const struct conv_cmd *c)
{
	bool inside = false;

	for (size_t i = 2; i < c->n; i++)
		inside = inside || strcmp(c->w[i], "-i") == 0;
	return (inside && strcmp(c->w[1], "up") == 0);
}

static bool
take_command(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c, const struct conv_pos *pos, enum conv_when when)
{
	const char *prog = conv_program(c->w[0]);

	if (strcmp(prog, "jib") == 0) {
		if (c->n > 2 && strcmp(c->w[1], "addm") == 0)
			take_jib(h, j, c->w, c->n, pos);
	} else if (strcmp(prog, "jng") == 0) {
		if (c->n > 1 && strcmp(c->w[1], "bridge") == 0)
			conv_say(h->c, CONV_WARNING, pos, "jng",
			    "%s: jng builds a netgraph bridge; make the bridge by hand, with \"backend\": \"netgraph\"", j->name);
	} else if (strcmp(prog, "ifconfig") == 0)
		return (when == HOOK_STOP ? take_stop(c) : take_start(h, j, c, pos));
	else if (strcmp(prog, "jailnet") != 0)
		return (false);
	else if (when == HOOK_BEFORE && waits_inside(c))
		j->waits = *pos;
	return (true);
}

static bool
mentions_network(const char *command)
{
	return (command != NULL && (strstr(command, "ifconfig ") != NULL || strstr(command, "jib ") != NULL || strstr(command, "ngctl ") != NULL));
}

void
conv_hook(struct conv_host *h, struct conv_jail *j, const char *command, const struct conv_pos *pos, enum conv_when when)
{
	struct conv_cmd *v = NULL;
	size_t n = 0;
	bool good = conv_commands(h, command, &v, &n);

	for (size_t i = 0; i < n && (good || i == 0); i++)
		good = take_command(h, j, &v[i], pos, when) && good;
	if (!good && h->opts->managed)
		conv_say(h->c, CONV_WARNING, pos, "hook",
		    "%s: the hook \"%.120s\" is not run: jailnet runs no commands on the host; of it only what it knows of the network is taken",
		    j->name, command);
	else if (!good && mentions_network(command))
		conv_say(h->c, CONV_WARNING, pos, "hook", "%s: the hook \"%.120s\" changes the network beside jailnet", j->name, command);
}

/* --- inside the jail ---------------------------------------------------------------------------------------------- */

static bool
take_lo(const struct conv_if *f)
{
	for (size_t k = 0; k < f->addrs.n; k++)
		if (!conv_is_loopback(&f->addrs.v[k].prefix.ip))
			return (false);
	return (!f->has_mac && f->mtu == 0);
}

/* "ifconfig IF inet 192.0.2.5/24 up"; false: it stays a command of the jail. */
static bool
inside_ifconfig(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c, const char *command, const struct conv_pos *pos)
{
	struct conv_if f = { .mtu = 0 };
	struct conv_inner *inner;
	bool good;

	if (c->n < 3 || c->w[1][0] == '-' || str_copy(f.name, sizeof(f.name), c->w[1]) == -1 || strcmp(c->w[2], "create") == 0 ||
	    strcmp(c->w[2], "destroy") == 0)
		return (false);
	good = conv_ifconfig_words(h, &f, c->w + 2, c->n - 2, pos) && !f.is_bridge && !f.is_vlan && !f.dhcp && f.descr == NULL;
	if (strncmp(c->w[1], "lo", 2) == 0 && isdigit((unsigned char)c->w[1][2]))
		return (good && strcmp(c->w[1], "lo0") == 0 && take_lo(&f));
	if ((inner = jail_inner(h, j, c->w[1])) == NULL)
		return (false);
	for (size_t k = 0; k < f.addrs.n; k++)
		conv_addr_add(h->c, &inner->addrs, &f.addrs.v[k]);
	if (f.dhcp)
		conv_jail_dhcp(j, pos);
	if (f.has_mac || f.mtu != 0) {
		inner->has_mac = inner->has_mac || f.has_mac;
		inner->mac = f.has_mac ? f.mac : inner->mac;
		inner->mtu = f.mtu != 0 ? f.mtu : inner->mtu;
		inner->command = command;
		inner->pos = *pos;
	}
	if (strcmp(f.name, c->w[1]) == 0)
		return (good);
	conv_inner_name(h, j, inner, f.name, pos);
	return (false);
}

static bool
inside_sysctl(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c)
{
	char *key, *eq;

	if (c->n != 2 || strncmp(c->w[1], "net.", 4) != 0 || strchr(c->w[1], '=') == NULL)
		return (false);
	key = conv_dup(h->c, c->w[1]);
	if ((eq = strchr(key, '=')) == NULL)
		return (true);
	*eq = '\0';
	if (strcmp(key, "net.inet.ip.forwarding") == 0 || strcmp(key, "net.inet6.ip6.forwarding") == 0)
		j->forwarding = strcmp(eq + 1, "0") != 0;
	else if (conv_room(h->c, &j->sysctls, j->nsysctls, &j->rsysctls, sizeof(*j->sysctls)))
		j->sysctls[j->nsysctls++] = (struct pair){ key, eq + 1 };
	return (true);
}

/* "route -6 add default fe80::1" */
static bool
inside_route(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c)
{
	struct conv_route r = { .dst.len = 0 };
	struct conv_addr dst;
	size_t i = 1;

	while (i < c->n && (c->w[i][0] == '-' || strcmp(c->w[i], "add") == 0))
		i++;
	if (i + 1 >= c->n || ip_parse(c->w[i + 1], &r.gateway, NULL) == -1)
		return (false);
	if (strcmp(c->w[i], "default") == 0)
		r.dst.ip.family = r.gateway.family;
	else if (conv_addr_parse(c->w[i], &dst))
		r.dst = prefix_network(&dst.prefix);
	else
		return (false);
	if (conv_room(h->c, &j->routes, j->nroutes, &j->rroutes, sizeof(*j->routes)))
		j->routes[j->nroutes++] = r;
	return (true);
}

static bool
inside_command(struct conv_host *h, struct conv_jail *j, const struct conv_cmd *c, const char *command, const struct conv_pos *pos)
{
	const char *prog = conv_program(c->w[0]);

	if (strcmp(prog, "ifconfig") == 0)
		return (inside_ifconfig(h, j, c, command, pos));
	if (strcmp(prog, "sysctl") == 0)
		return (inside_sysctl(h, j, c));
	if (strcmp(prog, "route") == 0)
		return (inside_route(h, j, c));
	if (strcmp(prog, "dhclient") == 0)
		conv_jail_dhcp(j, pos);
	return (false);
}

bool
conv_inside(struct conv_host *h, struct conv_jail *j, const char *command, const struct conv_pos *pos)
{
	struct conv_cmd *v = NULL;
	size_t n = 0;
	bool good = conv_commands(h, command, &v, &n);

	for (size_t i = 0; i < n && (good || i == 0); i++)
		good = inside_command(h, j, &v[i], command, pos) && good;
	if (!good && mentions_network(command))
		conv_say(h->c, CONV_WARNING, pos, "inside",
		    "%s: not all of \"%.120s\" can be carried over; it stays a command of the jail", j->name, command);
	return (good);
}
