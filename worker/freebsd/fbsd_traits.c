/*
 * fbsd_traits: what root of a jail can change of an interface of the host, and what a move between networks loses: read while it is on the
 * host, and given back there.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <netinet6/in6_var.h>
#include <netinet6/nd6.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

#ifndef IFF_PALLMULTI
#define IFF_PALLMULTI 0		/* 14.0 has none */
#endif
/* Those that ifconfig(8) can set, but "up". */
#define FLAGS_MASK (IFF_DEBUG | IFF_NOARP | IFF_LINK0 | IFF_LINK1 | IFF_LINK2 | IFF_PPROMISC | IFF_PALLMULTI | IFF_MONITOR | IFF_STATICARP | \
    IFF_STICKYARP)
/* Those that cannot be switched, or are not the card's: netmap(4) ends with who uses it. */
#define CAPS_LEFT (IFCAP_CANTCHANGE | IFCAP_NETMAP | IFCAP_LINKSTATE | IFCAP_HWSTATS | IFCAP_NETCONS | IFCAP_JUMBO_MTU | IFCAP_VLAN_MTU)

static int
caps(int s, const char *ifname, unsigned long request, struct ifreq *ifr)
{
	(void)str_copy(ifr->ifr_name, sizeof(ifr->ifr_name), ifname);
	return (ioctl(s, request, ifr) == -1 ? errno : 0);
}

static int
nd6(int s6, const char *ifname, unsigned long request, struct in6_ndireq *r)
{
	(void)str_copy(r->ifname, sizeof(r->ifname), ifname);
	return (ioctl(s6, request, r) == -1 ? errno : 0);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct ifg_req *)a)->ifgrq_group, ((const struct ifg_req *)b)->ifgrq_group));
}

/* The kernel's own, and ours. */
static bool
is_special(const char *group)
{
	return (group[0] == '\0' || str_equal(group, "all") || str_equal(group, FBSD_GROUP));
}

static size_t
groups_of(int s, const char *ifname, struct ifg_req v[FBSD_GROUPS_MAX])
{
	size_t n = 0;

	fbsd_if_groups(s, ifname, v);
	for (size_t i = 0; i < FBSD_GROUPS_MAX; i++)
		if (!is_special(v[i].ifgrq_group))
			v[n++] = v[i];
	qsort(v, n, sizeof(*v), by_name);
	return (n);
}

/* More than fit are not known: what cannot be written down whole is not given back. */
static bool
read_groups(int s, const char *ifname, char out[TRAIT_GROUPS_SIZE])
{
	struct ifg_req v[FBSD_GROUPS_MAX];
	size_t n = groups_of(s, ifname, v), len = 0;

	for (size_t i = 0; i < n; i++) {
		if (len + strlen(v[i].ifgrq_group) + 2 > TRAIT_GROUPS_SIZE)
			return (false);
		if (len > 0)
			out[len++] = ' ';
		(void)str_copy(out + len, TRAIT_GROUPS_SIZE - len, v[i].ifgrq_group);
		len += strlen(v[i].ifgrq_group);
	}
	return (true);
}

void
fbsd_traits_read(const struct fbsd_in *in, const char *ifname, int flags, struct traits *out)
{
	struct ifreq ifr = { .ifr_name = "" };
	struct in6_ndireq nd = { .ifname = "" };

	*out = (struct traits){ .fields = TRAIT_FLAGS, .flags = (uint32_t)(flags & FLAGS_MASK) };
	if (caps(in->s, ifname, SIOCGIFCAP, &ifr) == 0) {
		out->caps = (uint32_t)ifr.ifr_curcap & ~(uint32_t)CAPS_LEFT;
		out->fields |= TRAIT_CAPS;
	}
	if (in->s6 != -1 && nd6(in->s6, ifname, SIOCGIFINFO_IN6, &nd) == 0) {
		out->nd6 = nd.ndi.flags;
		out->fields |= TRAIT_ND6;
	}
	if (read_groups(in->s, ifname, out->groups))
		out->fields |= TRAIT_GROUPS;
	else
		out->groups[0] = '\0';
}

static int
set_flags(int s, const char *ifname, uint32_t want)
{
	struct ifreq ifr = { .ifr_name = "" };
	int flags;

	(void)str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), ifname);
	if (ioctl(s, SIOCGIFFLAGS, &ifr) == -1)
		return (errno);
	flags = (ifr.ifr_flags & 0xffff) | ifr.ifr_flagshigh << 16;
	flags = (flags & ~FLAGS_MASK) | (int)(want & FLAGS_MASK);
	ifr.ifr_flags = (short)(flags & 0xffff);
	ifr.ifr_flagshigh = (short)(flags >> 16);
	return (ioctl(s, SIOCSIFFLAGS, &ifr) == -1 ? errno : 0);
}

static int
set_caps(int s, const char *ifname, uint32_t want)
{
	struct ifreq ifr = { .ifr_name = "" };
	int sys = caps(s, ifname, SIOCGIFCAP, &ifr);

	if (sys != 0)
		return (sys);
	/* on reading, reqcap is what it can do at all */
	ifr.ifr_reqcap = (int)(((uint32_t)ifr.ifr_curcap & (uint32_t)CAPS_LEFT) | (want & (uint32_t)ifr.ifr_reqcap & ~(uint32_t)CAPS_LEFT));
	return (caps(s, ifname, SIOCSIFCAP, &ifr));
}

static int
set_nd6(int s6, const char *ifname, uint32_t want)
{
	struct in6_ndireq nd = { .ifname = "" };
	int sys = nd6(s6, ifname, SIOCGIFINFO_IN6, &nd);

	if (sys != 0)
		return (sys);
	nd.ndi.flags = want;
	return (nd6(s6, ifname, SIOCSIFINFO_FLAGS, &nd));
}

static bool
is_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)) != NULL; p += n)
		if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return (true);
	return (false);
}

static int
set_groups(int s, const char *ifname, const char *want)
{
	struct ifg_req v[FBSD_GROUPS_MAX];
	size_t n = groups_of(s, ifname, v);
	char text[TRAIT_GROUPS_SIZE], *save = NULL;
	int sys = 0;

	for (size_t i = 0; i < n && sys == 0; i++)
		if (!is_word(want, v[i].ifgrq_group))
			sys = fbsd_if_set_group(s, ifname, v[i].ifgrq_group, false);
	(void)str_copy(text, sizeof(text), want);
	for (char *w = strtok_r(text, " ", &save); w != NULL && sys == 0; w = strtok_r(NULL, " ", &save))
		if (!is_special(w))	/* a foreign one never gets our mark this way */
			sys = fbsd_if_set_group(s, ifname, w, true);
	return (sys);
}

static int
set(const struct fbsd_in *in, const char *ifname, const struct traits *want, uint32_t fields)
{
	int sys = 0;

	if (fields & TRAIT_FLAGS)
		sys = set_flags(in->s, ifname, want->flags);
	if (sys == 0 && (fields & TRAIT_CAPS))
		sys = set_caps(in->s, ifname, want->caps);
	if (sys == 0 && (fields & TRAIT_ND6))
		sys = in->s6 == -1 ? EAFNOSUPPORT : set_nd6(in->s6, ifname, want->nd6);
	if (sys == 0 && (fields & TRAIT_GROUPS))
		sys = set_groups(in->s, ifname, want->groups);
	return (sys);
}

/* What of it is not so; all when it cannot be seen. */
static uint32_t
missing(const struct fbsd_in *in, const char *ifname, const struct traits *want)
{
	struct fbsd_link link;
	struct traits now;

	if (fbsd_link_get(in, ifname, &link) != 0)
		return (want->fields);
	fbsd_traits_read(in, ifname, link.flags, &now);
	return (traits_differ(want, &now));
}

int
fbsd_traits_set(const struct fbsd_in *in, const char *ifname, const struct traits *want, bool *changed, struct err *err)
{
	uint32_t fields = missing(in, ifname, want);
	char text[TRAITS_TEXT_SIZE];
	int sys;

	if (fields == 0)
		return (0);
	*changed = true;
	sys = set(in, ifname, want, fields);
	if (sys != 0)
		return (fbsd_num(err, sys, "giving back to %s:%s", ifname, traits_format(want, fields, text)));
	/* a card may take only a part of it and say nothing */
	fields = missing(in, ifname, want);
	return (fields == 0 ? 0 : err_set(err, ERR_KERNEL, "%s does not take back:%s", ifname, traits_format(want, fields, text)));
}
