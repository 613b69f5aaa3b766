/*
 * fbsd_bridge: if_bridge(4) itself; its ports are in fbsd_port.c.
 *
 * STP is per member here.  A bridge that wants it for all its members is in the group FBSD_GROUP_STP, so that a member that
 * joins later gets it too and nothing has to be remembered.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_ng.h"

#define FBSD_GROUP_STP "jailnetstp"
#define GIFS_FIRST 64

int
fbsd_bridge_do(int s, const char *bridge, unsigned long cmd, void *arg, size_t size, bool set)
{
	struct ifdrv d;

	memset(&d, 0, sizeof(d));
	(void)str_copy(d.ifd_name, sizeof(d.ifd_name), bridge);
	d.ifd_cmd = cmd;
	d.ifd_len = size;
	d.ifd_data = arg;
	return (ioctl(s, set ? SIOCSDRVSPEC : SIOCGDRVSPEC, &d) == -1 ? errno : 0);
}

int
fbsd_bridge_ports(int s, const char *bridge, struct ifbreq **out, size_t *n)
{
	struct ifbifconf c;
	size_t room = GIFS_FIRST;
	int sys;

	*out = NULL;
	*n = 0;
	/* What does not fit is cut without a word: only a list with room left is whole. */
	for (;; room *= 2) {
		void *more = realloc(*out, room * sizeof(**out));

		if (more == NULL) {
			sys = ENOMEM;
			break;
		}
		*out = more;
		memset(&c, 0, sizeof(c));
		c.ifbic_len = (uint32_t)(room * sizeof(**out));
		c.ifbic_buf = more;
		sys = fbsd_bridge_do(s, bridge, BRDGGIFS, &c, sizeof(c), false);
		*n = c.ifbic_len / sizeof(**out);
		if (sys != 0 || *n < room)
			break;
	}
	if (sys != 0) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return (sys);
}

bool
fbsd_bridge_of(int s, const char *ifname, char bridge[IFNAME_SIZE])
{
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	bool found = false;

	if (fbsd_iflist_read(&l, 0) != 0)
		return (false);
	while (!found && fbsd_iflist_next(&l, &m)) {
		struct ifbreq *v = NULL;
		size_t n = 0;

		if (m.is_addr || m.type != IFT_BRIDGE || fbsd_bridge_ports(s, m.name, &v, &n) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			found = found || str_equal(v[i].ifbr_ifsname, ifname);
		free(v);
		memcpy(bridge, m.name, IFNAME_SIZE);
	}
	fbsd_iflist_fini(&l);
	return (found);
}

void
fbsd_bridge_groups(int s, const char *bridge, bool *ours, bool *stp)
{
	*ours = fbsd_if_in_groups(s, bridge, FBSD_GROUP, FBSD_GROUP_STP, stp);
}

bool
fbsd_bridge_stp(int s, const char *bridge)
{
	bool ours, stp;

	fbsd_bridge_groups(s, bridge, &ours, &stp);
	return (stp);
}

static int
unsupported(const struct fbsd *f, const struct cmd_bridge *b, struct err *err)
{
	if (b->vlan_filter && (f->features & FEATURE_VLAN_FILTER) == 0)
		return (err_set(err, ERR_UNSUPPORTED, "bridge %s: this kernel's bridges cannot filter VLANs; FreeBSD 15 can", b->name));
	if (b->backend == BACKEND_NETGRAPH && (b->stp || b->vlan_filter))
		return (err_set(err, ERR_UNSUPPORTED, "bridge %s: a netgraph bridge has no spanning tree and no VLANs", b->name));
	return (0);
}

/* Every member's STP flag follows the bridge's; a member that leaves the filter off drops its untagged VLAN, which would still tag. */
static int
walk_ports(int s, const struct cmd_bridge *b, bool stp, bool filter)
{
	struct ifbreq *v;
	size_t n;
	int sys = fbsd_bridge_ports(s, b->name, &v, &n);

	for (size_t i = 0; i < n && sys == 0; i++) {
		if (stp)
			sys = fbsd_port_flags(s, b->name, v[i].ifbr_ifsname, IFBIF_STP, b->stp ? IFBIF_STP : 0);
		if (sys == 0 && filter)
			sys = fbsd_port_pvid(s, b->name, v[i].ifbr_ifsname, 0);
	}
	free(v);
	return (sys);
}

struct differs {
	bool mac, mtu, stp, filter, mark, up;
};

int
fbsd_bridge_mark(int s, const char *ifname, const char *name)
{
	struct mark m = { .ours = true, .has_object = true, .kind = KIND_BRIDGE };
	int sys = fbsd_if_group(s, ifname);

	(void)str_copy(m.name, sizeof(m.name), name);
	return (sys != 0 ? sys : fbsd_if_mark(s, ifname, &m));
}

/* Filtering comes on before anything can join, so that no member ever has an open door. */
static int
apply(struct fbsd *f, const struct cmd_bridge *b, const struct differs *d)
{
	int sys = d->mark ? fbsd_bridge_mark(f->s, b->name, b->name) : 0;

	if (sys != 0)
		return (sys);
	if (d->filter && (sys = fbsd_bridge_filter(f->s, b->name, b->vlan_filter)) != 0)
		return (sys);
	if (d->mac && (sys = fbsd_if_mac(f->s, b->name, &b->mac)) != 0)
		return (sys);
	if (d->mtu && (sys = fbsd_if_mtu(f->s, b->name, b->mtu)) != 0)
		return (sys);
	if (d->stp && (sys = fbsd_if_set_group(f->s, b->name, FBSD_GROUP_STP, b->stp)) != 0)
		return (sys);
	if ((d->stp || (d->filter && !b->vlan_filter)) &&
	    (sys = walk_ports(f->s, b, d->stp, d->filter && !b->vlan_filter)) != 0)
		return (sys);
	return (d->up ? fbsd_if_up(f->s, b->name, true) : 0);
}

static int
change(struct fbsd *f, const struct cmd_bridge *b, const struct fbsd_link *have, struct reply *out, struct err *err)
{
	struct differs d = { .mac = !mac_equal(&have->o.mac, &b->mac), .mtu = have->o.mtu != b->mtu,
		.stp = fbsd_bridge_stp(f->s, b->name) != b->stp, .filter = fbsd_bridge_filters(f->s, b->name) != b->vlan_filter,
		.mark = !have->group || !have->o.mark.has_object };
	int sys;

	if (have->o.backend != b->backend)
		return (err_set(err, ERR_EXISTS, "bridge %s is there with the other backend (File exists)", b->name));
	sys = apply(f, b, &d);
	if (sys != 0)
		return (fbsd_num(err, sys, "changing bridge %s", b->name));
	out->result = d.mac || d.mtu || d.stp || d.filter || d.mark ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

/* An if_bridge, in our group, with its name. */
static int
clone(struct fbsd *f, const struct cmd_bridge *b, struct err *err)
{
	char made[IFNAME_SIZE];
	int sys;

	sys = fbsd_if_clone(f->s, "bridge", made);
	if (sys == EINVAL) {	/* no such cloner */
		if (fbsd_kld_load("if_bridge", err) == -1)
			return (-1);
		sys = fbsd_if_clone(f->s, "bridge", made);
	}
	if (sys != 0)
		return (fbsd_num(err, sys, "creating bridge %s", b->name));
	(void)fbsd_if_group(f->s, made);
	sys = fbsd_if_rename_to(f->s, made, b->name);
	if (sys != 0) {
		fbsd_num(err, sys, "creating bridge %s", b->name);
		(void)fbsd_if_destroy(f->s, made);
		return (-1);
	}
	return (0);
}

static int
make(struct fbsd *f, const struct cmd_bridge *b, struct err *err)
{
	struct differs d = { .mac = true, .mtu = b->mtu != MTU_DEFAULT, .stp = b->stp, .filter = b->vlan_filter, .mark = true, .up = true };
	bool netgraph = b->backend == BACKEND_NETGRAPH;
	int sys;

	if ((netgraph ? fbsd_ngbridge_make(f, b->name, err) : clone(f, b, err)) == -1)
		return (-1);
	sys = apply(f, b, &d);
	if (sys != 0) {
		fbsd_num(err, sys, "creating bridge %s", b->name);
		if (netgraph)
			(void)fbsd_ngbridge_destroy(b->name, NULL);
		else
			(void)fbsd_if_destroy(f->s, b->name);
		return (-1);
	}
	return (0);
}

/* A netgraph bridge is seen as one by its node only. */
static int
get(const struct fbsd_in *host, const char *name, struct fbsd_link *link)
{
	int sys = fbsd_link_get(host, name, link);

	if (sys == 0 && link->o.type != LINK_BRIDGE && link->o.mark.ours && fbsd_ngbridge_is(name)) {
		link->o.type = LINK_BRIDGE;
		link->o.backend = BACKEND_NETGRAPH;
	}
	return (sys);
}

int
fbsd_bridge_create(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_bridge *b = &c->u.bridge;
	struct fbsd_link link;
	struct fbsd_in host;

	if (unsupported(f, b, err) == -1)
		return (-1);
	fbsd_in_host(f, &host);
	if (get(&host, b->name, &link) == 0) {
		if (link.o.mark.ours && link.o.type == LINK_BRIDGE)
			return (change(f, b, &link, out, err));
		return (err_set(err, ERR_EXISTS, "creating bridge %s: an interface of that name, not made by jailnet for it, exists "
		    "(File exists)", b->name));
	}
	if (make(f, b, err) == -1)
		return (-1);
	out->result = REPLY_DONE;
	return (0);
}

int
fbsd_bridge_mine(struct fbsd *f, const char *name, bool foreign, struct fbsd_link *link, struct err *err)
{
	struct fbsd_in host;

	fbsd_in_host(f, &host);
	if (fbsd_link_mine(&host, name, foreign, link, err) == -1)
		return (-1);
	if (link->o.type != LINK_BRIDGE && (get(&host, name, link) != 0 || link->o.type != LINK_BRIDGE))
		return (err_set(err, ERR_CONFLICT, "%s is not a bridge", name));
	return (0);
}

int
fbsd_bridge_set(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct fbsd_link link;

	if (unsupported(f, &c->u.bridge, err) == -1 || fbsd_bridge_mine(f, c->u.bridge.name, false, &link, err) == -1)
		return (-1);
	return (change(f, &c->u.bridge, &link, out, err));
}

/* The interface of a netgraph bridge of ours whose node somebody shut down: no bridge any more, but in the way of a new one. */
static bool
is_half(struct fbsd *f, const char *name)
{
	struct fbsd_link link;
	struct fbsd_in host;

	fbsd_in_host(f, &host);
	return (get(&host, name, &link) == 0 && link.o.type != LINK_BRIDGE && link.o.mark.has_object && link.o.mark.kind == KIND_BRIDGE &&
	    fbsd_ng_there());
}

/* Members that are ours and had no ARP for its sake. */
static void
let_go(int s, const char *bridge)
{
	struct ifbreq *v;
	bool other;
	size_t n;

	if (fbsd_bridge_ports(s, bridge, &v, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (fbsd_if_in_groups(s, v[i].ifbr_ifsname, FBSD_GROUP, FBSD_GROUP, &other))
			(void)fbsd_if_arp(s, v[i].ifbr_ifsname, true);
	free(v);
}

int
fbsd_bridge_destroy(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const char *name = c->u.ref.name;
	struct fbsd_link link;
	int sys;

	if (fbsd_if_index(f->s, name) == 0) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	out->result = REPLY_DONE;
	if (is_half(f, name))
		return (fbsd_ngbridge_destroy(name, err));
	if (fbsd_bridge_mine(f, name, false, &link, err) == -1)
		return (-1);
	if (link.o.backend == BACKEND_NETGRAPH)
		return (fbsd_ngbridge_destroy(name, err));
	let_go(f->s, name);
	/* members leave by the explicit way: they get their offloads and promiscuity back */
	sys = fbsd_if_destroy(f->s, name);
	if (sys != 0 && sys != ENXIO)
		return (fbsd_num(err, sys, "destroying bridge %s", name));
	return (0);
}
