/*
 * fbsd_filter: VLAN filtering of if_bridge(4), which came with 15.0: of a bridge and of its ports.  A kernel, or headers, without it: nothing
 * filters, and what asks for it gets EOPNOTSUPP.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"

#define VID_COUNT 4096
#define FILTER_OSRELDATE 1500068

#ifdef IFBRF_VLANFILTER
uint32_t
fbsd_bridge_features(struct fbsd *f)
{
	(void)f;
	/* asking the kernel itself would need a bridge */
	return (FEATURE_NETGRAPH | FEATURE_PORT_STP | (getosreldate() >= FILTER_OSRELDATE ? FEATURE_VLAN_FILTER : 0));
}

static int
get_flags(int s, const char *bridge, uint32_t *flags)
{
	struct ifbrparam p = { 0 };
	int sys = fbsd_bridge_do(s, bridge, BRDGGFLAGS, &p, sizeof(p), false);

	*flags = p.ifbrp_flags;
	return (sys);
}

bool
fbsd_bridge_filters(int s, const char *bridge)
{
	uint32_t flags;

	return (get_flags(s, bridge, &flags) == 0 && (flags & IFBRF_VLANFILTER) != 0);
}

/* All flags are written at once, so those that are not ours to change are read before. */
int
fbsd_bridge_filter(int s, const char *bridge, bool on)
{
	struct ifbrparam p = { 0 };
	uint32_t flags;
	int sys = get_flags(s, bridge, &flags);

	if (sys != 0)
		return (sys);
	p.ifbrp_flags = on ? flags | IFBRF_VLANFILTER : flags & ~IFBRF_VLANFILTER;
	return (fbsd_bridge_do(s, bridge, BRDGSFLAGS, &p, sizeof(p), true));
}

uint16_t
fbsd_port_pvid_of(const struct ifbreq *r)
{
	return (r->ifbr_pvid);
}

static int
set_pvid(int s, const char *bridge, const char *ifname, uint16_t pvid)
{
	struct ifbreq r;

	fbsd_port_request(&r, ifname);
	r.ifbr_pvid = pvid;
	return (fbsd_bridge_do(s, bridge, BRDGSIFPVID, &r, sizeof(r), true));
}

int
fbsd_port_pvid(int s, const char *bridge, const char *ifname, uint16_t pvid)
{
	struct ifbreq r;
	int sys = fbsd_port_get(s, bridge, ifname, &r);

	return (sys != 0 || r.ifbr_pvid == pvid ? sys : set_pvid(s, bridge, ifname, pvid));
}

static int
get_set(int s, const char *bridge, const char *ifname, struct ifbif_vlan_req *r)
{
	memset(r, 0, sizeof(*r));
	(void)str_copy(r->bv_ifname, sizeof(r->bv_ifname), ifname);
	return (fbsd_bridge_do(s, bridge, BRDGGIFVLANSET, r, sizeof(*r), false));
}

int
fbsd_port_tagged(int s, const char *bridge, const char *ifname, uint16_t *v, uint16_t *n)
{
	struct ifbif_vlan_req r;
	int sys = get_set(s, bridge, ifname, &r);

	*n = 0;
	for (unsigned vid = 1; sys == 0 && vid < VID_COUNT - 1 && *n < LIMIT_TAGGED; vid++)
		if (BRVLAN_TEST(&r.bv_set, vid))
			v[(*n)++] = (uint16_t)vid;
	return (sys);
}

/* First what is tagged, then what is untagged: never is more open than is asked for. */
int
fbsd_port_vlans(int s, const struct cmd_port *p, uint16_t pvid, bool *changed)
{
	struct ifbif_vlan_req have, want;
	int sys = get_set(s, p->bridge, p->ifname, &have);

	if (sys != 0)
		return (sys);
	memset(&want, 0, sizeof(want));
	(void)str_copy(want.bv_ifname, sizeof(want.bv_ifname), p->ifname);
	want.bv_op = BRDG_VLAN_OP_SET;
	for (size_t i = 0; i < p->ntagged; i++)
		if (p->tagged[i] > 0 && p->tagged[i] < VID_COUNT - 1)
			BRVLAN_SET(&want.bv_set, p->tagged[i]);
	if (memcmp(&want.bv_set, &have.bv_set, sizeof(want.bv_set)) != 0) {
		*changed = true;
		sys = fbsd_bridge_do(s, p->bridge, BRDGSIFVLANSET, &want, sizeof(want), true);
	}
	if (sys != 0 || pvid == p->untagged)
		return (sys);
	*changed = true;
	return (set_pvid(s, p->bridge, p->ifname, p->untagged));
}
#else
uint32_t
fbsd_bridge_features(struct fbsd *f)
{
	(void)f;
	return (FEATURE_NETGRAPH | FEATURE_PORT_STP);
}

bool
fbsd_bridge_filters(int s, const char *bridge)
{
	(void)s;
	(void)bridge;
	return (false);
}

int
fbsd_bridge_filter(int s, const char *bridge, bool on)
{
	(void)s;
	(void)bridge;
	return (on ? EOPNOTSUPP : 0);
}

uint16_t
fbsd_port_pvid_of(const struct ifbreq *r)
{
	(void)r;
	return (0);
}

int
fbsd_port_pvid(int s, const char *bridge, const char *ifname, uint16_t pvid)
{
	(void)s;
	(void)bridge;
	(void)ifname;
	return (pvid == 0 ? 0 : EOPNOTSUPP);
}

int
fbsd_port_tagged(int s, const char *bridge, const char *ifname, uint16_t *v, uint16_t *n)
{
	(void)s;
	(void)bridge;
	(void)ifname;
	(void)v;
	*n = 0;
	return (0);
}

int
fbsd_port_vlans(int s, const struct cmd_port *p, uint16_t pvid, bool *changed)
{
	(void)s;
	(void)p;
	(void)pvid;
	(void)changed;
	return (EOPNOTSUPP);
}
#endif
