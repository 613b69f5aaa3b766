/* fbsd_addr: addresses of interfaces. */
#include "worker/freebsd/fbsd_sys.h"

#include <netinet/in_var.h>
#include <netinet6/in6_var.h>
#include <netinet6/nd6.h>

#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"

struct attempt {
	const struct cmd_addr *c;
	bool changed;
};

/* The kernel takes an IPv4 address that is there already off first, with its routes, and puts it on again: so it is not told. */
static bool
have(unsigned index, const struct prefix *p)
{
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	bool found = false;

	if (fbsd_iflist_read(&l, index) != 0)
		return (false);
	while (!found && fbsd_iflist_next(&l, &m))
		found = m.is_addr && prefix_cmp(&m.prefix, p) == 0;
	fbsd_iflist_fini(&l);
	return (found);
}

static void
put_in(struct sockaddr_in *sin, const uint8_t b[4])
{
	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	memcpy(&sin->sin_addr, b, 4);
}

static void
put_in6(struct sockaddr_in6 *sin6, const uint8_t b[16])
{
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	memcpy(&sin6->sin6_addr, b, 16);
}

static void
mask_bytes(unsigned len, uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		b[i] = len >= 8 ? 0xff : (uint8_t)(0xff00 >> len);
		len = len >= 8 ? len - 8 : 0;
	}
}

static int
add4(int s, const struct cmd_addr *c)
{
	struct in_aliasreq r;
	uint8_t mask[4], bc[4];

	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifra_name, sizeof(r.ifra_name), c->ifname);
	put_in(&r.ifra_addr, c->prefix.ip.b);
	mask_bytes(c->prefix.len, mask, sizeof(mask));
	put_in(&r.ifra_mask, mask);
	/* /31 and /32 have no broadcast address */
	for (size_t i = 0; i < sizeof(bc); i++)
		bc[i] = c->prefix.len >= 31 ? c->prefix.ip.b[i] : (uint8_t)(c->prefix.ip.b[i] | ~mask[i]);
	put_in(&r.ifra_broadaddr, bc);
	return (ioctl(s, SIOCAIFADDR, &r) == -1 ? errno : 0);
}

/*
 * On what we made, uniqueness is checked before the kernel hears of an address, and packets shall flow at once; on a foreign interface there
 * are hosts we do not know, so there the kernel looks for duplicates itself.
 */
static void
no_dad(int s, const char *ifname)
{
	struct in6_ndireq nd;

	memset(&nd, 0, sizeof(nd));
	(void)str_copy(nd.ifname, sizeof(nd.ifname), ifname);
	if (ioctl(s, SIOCGIFINFO_IN6, &nd) == -1 || (nd.ndi.flags & ND6_IFF_NO_DAD) != 0)
		return;
	nd.ndi.flags |= ND6_IFF_NO_DAD;
	(void)ioctl(s, SIOCSIFINFO_FLAGS, &nd);
}

static int
add6(int s, const struct cmd_addr *c)
{
	struct in6_aliasreq r;
	uint8_t mask[16];

	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifra_name, sizeof(r.ifra_name), c->ifname);
	put_in6(&r.ifra_addr, c->prefix.ip.b);
	mask_bytes(c->prefix.len, mask, sizeof(mask));
	put_in6(&r.ifra_prefixmask, mask);
	/* a lifetime of 0 would be the end of it at the next tick */
	r.ifra_lifetime.ia6t_vltime = r.ifra_lifetime.ia6t_pltime = ND6_INFINITE_LIFETIME;
	return (ioctl(s, SIOCAIFADDR_IN6, &r) == -1 ? errno : 0);
}

static int
no_family(const struct prefix *p, struct err *err)
{
	return (err_set(err, ERR_UNSUPPORTED, "this kernel has no IPv%d", p->ip.family));
}

static int
add_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct attempt *a = arg;
	const struct cmd_addr *c = a->c;
	int s = c->prefix.ip.family == 4 ? in->s4 : in->s6, sys;
	char text[PREFIX_TEXT_SIZE];
	struct fbsd_link link;

	if (s == -1)
		return (no_family(&c->prefix, err));
	if (fbsd_link_mine(in, c->ifname, true, &link, err) == -1)
		return (-1);
	if (have(link.o.ifindex, &c->prefix))
		return (0);
	a->changed = true;
	if (c->prefix.ip.family == 6 && link.o.mark.ours)
		no_dad(s, c->ifname);
	if (c->prefix.ip.family == 4 && link.o.mark.ours && (sys = fbsd_if_arp(in->s, c->ifname, true)) != 0)
		return (fbsd_num(err, sys, "ARP of %s", c->ifname));
	sys = c->prefix.ip.family == 4 ? add4(s, c) : add6(s, c);
	if (sys != 0)
		return (fbsd_num(err, sys, "adding %s to %s", prefix_format(&c->prefix, text), c->ifname));
	/* an address brings the interface up, wanted or not; the planner says separately what shall be up */
	if (!link.o.up && (sys = fbsd_if_up(in->s, c->ifname, false)) != 0)
		return (fbsd_num(err, sys, "keeping %s down", c->ifname));
	return (0);
}

int
fbsd_addr_add(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct attempt a = { .c = &c->u.addr };

	if (fbsd_inside_name(f, c->u.addr.jail, add_inside, &a, sizeof(a), err) == -1)
		return (-1);
	out->result = a.changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

/* An address of another family or length would make the kernel remove the first one there is: ours are whole. */
static int
del4(int s, const struct cmd_addr *c)
{
	struct in_aliasreq r;

	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifra_name, sizeof(r.ifra_name), c->ifname);
	put_in(&r.ifra_addr, c->prefix.ip.b);
	return (ioctl(s, SIOCDIFADDR, &r) == -1 ? errno : 0);
}

static int
del6(int s, const struct cmd_addr *c)
{
	struct in6_ifreq r;

	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifr_name, sizeof(r.ifr_name), c->ifname);
	put_in6(&r.ifr_addr, c->prefix.ip.b);
	return (ioctl(s, SIOCDIFADDR_IN6, &r) == -1 ? errno : 0);
}

static int
del_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct attempt *a = arg;
	const struct cmd_addr *c = a->c;
	int s = c->prefix.ip.family == 4 ? in->s4 : in->s6, sys;
	char text[PREFIX_TEXT_SIZE];
	struct fbsd_link link;

	if (s == -1 || fbsd_if_index(in->s, c->ifname) == 0)
		return (0);
	if (fbsd_link_mine(in, c->ifname, true, &link, err) == -1)
		return (-1);
	if (!have(link.o.ifindex, &c->prefix))
		return (0);
	sys = c->prefix.ip.family == 4 ? del4(s, c) : del6(s, c);
	if (sys == EADDRNOTAVAIL)
		return (0);
	a->changed = true;
	return (sys == 0 ? 0 : fbsd_num(err, sys, "removing %s from %s", prefix_format(&c->prefix, text), c->ifname));
}

int
fbsd_addr_del(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct attempt a = { .c = &c->u.addr };
	struct err why = { 0 };

	out->result = REPLY_UNCHANGED;
	if (fbsd_inside_name(f, c->u.addr.jail, del_inside, &a, sizeof(a), &why) == -1) {
		if (why.code == ERR_NOT_FOUND)	/* no jail, no address */
			return (0);
		if (err != NULL)
			*err = why;
		return (-1);
	}
	if (a.changed)
		out->result = REPLY_DONE;
	return (0);
}
