/*
 * conv_shell: a topology as a plain sh script, for FreeBSD (ifconfig, jail) or Linux (ip).
 */
#include <stdio.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

static const char *
single(struct conv *c, const char *s)
{
	struct conv_buf b;

	cb_init(&b, c);
	cb_put(&b, "'");
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			cb_put(&b, "'\\''");
		else
			cb_putn(&b, s, 1);
	}
	cb_put(&b, "'");
	return (cb_take(&b));
}

/* --- Linux ---------------------------------------------------------------------------------------------------------- */

static void
linux_port(struct conv_buf *b, const char *bridge, const char *ifname, const struct port *p, bool filter)
{
	cb_printf(b, "ip link set dev %s master %s\n", ifname, bridge);
	if (p->priv)
		cb_printf(b, "bridge link set dev %s isolated on\n", ifname);
	if (filter && (p->untagged != 0 || p->ntagged > 0))
		cb_printf(b, "bridge vlan del dev %s vid 1 || :\n", ifname);
	if (p->untagged != 0)
		cb_printf(b, "bridge vlan add dev %s vid %u pvid untagged\n", ifname, p->untagged);
	for (size_t i = 0; i < p->ntagged; i++)
		cb_printf(b, "bridge vlan add dev %s vid %u\n", ifname, p->tagged[i]);
}

static void
linux_bridge(struct conv_buf *b, const struct object *o)
{
	const struct bridge *br = &o->u.bridge;
	char text[PREFIX_TEXT_SIZE], mac[MAC_TEXT_SIZE];

	cb_printf(b, "ip link add name %s type bridge%s%s\n", o->name, br->stp ? " stp_state 1" : "", br->vlan_filter ? " vlan_filtering 1" : "");
	cb_printf(b, "ip link set dev %s mtu %u\n", o->name, br->mtu);
	if (!mac_is_zero(&br->mac))
		cb_printf(b, "ip link set dev %s address %s\n", o->name, mac_format(&br->mac, mac));
	for (size_t i = 0; i < br->addrs.n; i++)
		cb_printf(b, "ip address add %s dev %s%s\n", prefix_format(&br->addrs.v[i], text), o->name,
		    br->addrs.v[i].ip.family == 6 ? " nodad" : "");
	for (size_t i = 0; i < br->nmembers; i++) {
		linux_port(b, o->name, br->members[i].ifname, &br->members[i].port, br->vlan_filter);
		cb_printf(b, "ip link set dev %s up\n", br->members[i].ifname);
	}
	cb_printf(b, "ip link set dev %s up\n", o->name);
}

static const char *
linux_in(const char *jail, char buf[NAME_SIZE + 16])
{
	buf[0] = '\0';
	if (jail != NULL)
		snprintf(buf, NAME_SIZE + 16, "-n %s ", jail);
	return (buf);
}

static void
linux_epair(struct conv_buf *b, const struct topo *t, const struct object *o)
{
	const struct epair *e = &o->u.epair;
	char text[PREFIX_TEXT_SIZE], mac[2][MAC_TEXT_SIZE + 16] = { "", "" }, m[MAC_TEXT_SIZE], in[NAME_SIZE + 16];
	uint32_t mtu = epair_mtu(t, o);

	for (int s = END_A; s <= END_B; s++)
		if (!mac_is_zero(&e->end[s].mac))
			snprintf(mac[s], sizeof(mac[s]), " address %s", mac_format(&e->end[s].mac, m));
	cb_printf(b, "ip link add name %s%s mtu %u type veth peer name %s%s mtu %u\n", e->end[END_A].ifname, mac[END_A], mtu,
	    e->end[END_B].ifname, mac[END_B], mtu);
	for (int s = END_A; s <= END_B; s++) {
		const struct end *end = &e->end[s];

		if (end->jail != NULL)
			cb_printf(b, "ip link set dev %s netns %s\n", end->ifname, end->jail);
		linux_in(end->jail, in);
		for (size_t i = 0; i < end->addrs.n; i++)
			cb_printf(b, "ip %saddress add %s dev %s%s\n", in, prefix_format(&end->addrs.v[i], text), end->ifname,
			    end->addrs.v[i].ip.family == 6 ? " nodad" : "");
		if (end->bridge != NULL) {
			const struct object *br = topo_find(t, KIND_BRIDGE, end->bridge);

			linux_port(b, end->bridge, end->ifname, &end->port, br != NULL && br->u.bridge.vlan_filter);
		}
		if (end->up)
			cb_printf(b, "ip %slink set dev %s up\n", in, end->ifname);
	}
}

static void
linux_jail(struct conv_buf *b, const struct object *o)
{
	const struct jail *j = &o->u.jail;

	if (j->external)	/* its own manager may have made it */
		cb_printf(b, "[ -e /run/netns/%s ] || ", o->name);
	cb_printf(b, "ip netns add %s\nip -n %s link set dev lo up\n", o->name, o->name);
	if (j->forwarding || !j->external)	/* said, because a new namespace takes it from a host that forwards */
		cb_printf(b, "ip netns exec %s sh -c 'echo %d >/proc/sys/net/ipv4/ip_forward; "
			     "[ ! -e /proc/sys/net/ipv6 ] || echo %d >/proc/sys/net/ipv6/conf/all/forwarding'\n",
		    o->name, j->forwarding, j->forwarding);
	for (size_t i = 0; i < j->sysctls.n; i++) {
		cb_printf(b, "ip netns exec %s sysctl -qw ", o->name);
		cb_put(b, single(b->c, conv_printf(b->c, "%s=%s", j->sysctls.v[i].key, j->sysctls.v[i].value)));
		cb_put(b, "\n");
	}
}

static void
linux_routes(struct conv_buf *b, const struct object *o)
{
	const struct jail *j = &o->u.jail;
	char dst[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];

	for (size_t i = 0; i < j->nroutes; i++)
		cb_printf(b, "ip -n %s %sroute add %s via %s\n", o->name, j->routes[i].dst.ip.family == 6 ? "-6 " : "",
		    prefix_is_default(&j->routes[i].dst) ? "default" : prefix_format(&j->routes[i].dst, dst),
		    ip_format(&j->routes[i].gateway, gw));
	if (!j->external && j->exec_start[0] != '\0') {
		cb_printf(b, "ip netns exec %s /bin/sh -c ", o->name);
		cb_put(b, single(b->c, j->exec_start));
		cb_put(b, "\n");
	}
}

static void
linux_attachment(struct conv_buf *b, const struct object *o)
{
	const struct attachment *a = &o->u.attachment;
	char text[PREFIX_TEXT_SIZE];

	cb_printf(b, "ip link set dev %s netns %s\n", o->name, a->jail);
	for (size_t i = 0; i < a->addrs.n; i++)
		cb_printf(b, "ip -n %s address add %s dev %s\n", a->jail, prefix_format(&a->addrs.v[i], text), o->name);
	cb_printf(b, "ip -n %s link set dev %s up\n", a->jail, o->name);
}

/* --- FreeBSD ---------------------------------------------------------------------------------------------------------- */

static void
fbsd_port(struct conv_buf *b, const char *bridge, const char *ifname, const struct port *p, bool stp)
{
	cb_printf(b, "ifconfig %s", bridge);
	conv_put_port(b, ifname, p, stp);
	cb_put(b, "\n");
}

static void
fbsd_addrs(struct conv_buf *b, const char *in, const char *ifname, const struct prefixes *a)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < a->n; i++)
		cb_printf(b, "ifconfig %s%s %s %s alias\n", in, ifname, a->v[i].ip.family == 4 ? "inet" : "inet6",
		    prefix_format(&a->v[i], text));
}

static void
fbsd_bridge(struct conv_buf *b, const struct object *o)
{
	const struct bridge *br = &o->u.bridge;
	char mac[MAC_TEXT_SIZE];

	cb_printf(b, "n=$(ifconfig bridge create)\n[ \"$n\" = %s ] || ifconfig \"$n\" name %s >/dev/null\n", o->name, o->name);
	if (!mac_is_zero(&br->mac))
		cb_printf(b, "ifconfig %s ether %s\n", o->name, mac_format(&br->mac, mac));
	if (br->vlan_filter)
		cb_printf(b, "ifconfig %s vlanfilter\n", o->name);
	for (size_t i = 0; i < br->nmembers; i++) {
		fbsd_port(b, o->name, br->members[i].ifname, &br->members[i].port, br->stp);
		cb_printf(b, "ifconfig %s up\n", br->members[i].ifname);
	}
	/* after its members: the first of them sets the bridge's; the epairs come with the same */
	if (br->mtu != MTU_DEFAULT)
		cb_printf(b, "ifconfig %s mtu %u\n", o->name, br->mtu);
	fbsd_addrs(b, "", o->name, &br->addrs);
	cb_printf(b, "ifconfig %s up\n", o->name);
}

static void
fbsd_epair(struct conv_buf *b, const struct topo *t, const struct object *o)
{
	char mac[MAC_TEXT_SIZE], in[NAME_SIZE + 16];

	cb_put(b, "n=$(ifconfig epair create)\n");
	for (int s = END_A; s <= END_B; s++) {
		const struct end *e = &o->u.epair.end[s];
		const char *half = s == END_A ? "${n%a}a" : "${n%a}b";

		cb_printf(b, "[ \"%s\" = %s ] || ifconfig \"%s\" name %s >/dev/null\n", half, e->ifname, half, e->ifname);
		if (!mac_is_zero(&e->mac))
			cb_printf(b, "ifconfig %s ether %s\n", e->ifname, mac_format(&e->mac, mac));
		cb_printf(b, "ifconfig %s mtu %u\n", e->ifname, epair_mtu(t, o));
		if (e->bridge != NULL) {
			const struct object *br = topo_find(t, KIND_BRIDGE, e->bridge);

			fbsd_port(b, e->bridge, e->ifname, &e->port, br != NULL && br->u.bridge.stp);
		}
	}
	for (int s = END_A; s <= END_B; s++) {
		const struct end *e = &o->u.epair.end[s];

		in[0] = '\0';
		if (e->jail != NULL) {
			cb_printf(b, "ifconfig %s vnet %s\n", e->ifname, e->jail);
			snprintf(in, sizeof(in), "-j %s ", e->jail);
		}
		fbsd_addrs(b, in, e->ifname, &e->addrs);
		if (e->up)
			cb_printf(b, "ifconfig %s%s up\n", in, e->ifname);
	}
}

static void
fbsd_jail(struct conv_buf *b, const struct object *o)
{
	const struct jail *j = &o->u.jail;

	if (j->external)
		cb_printf(b, "# jail %s is made by its own manager, before this script\n", o->name);
	else {
		cb_printf(b, "jail -c vnet persist name=%s path=", o->name);
		cb_put(b, single(b->c, j->path[0] != '\0' ? j->path : "/"));
		if (j->hostname[0] != '\0')
			cb_printf(b, " host.hostname=%s", j->hostname);
		for (size_t i = 0; i < j->params.n; i++) {
			cb_put(b, " ");
			cb_put(b, single(b->c, conv_printf(b->c, "%s=%s", j->params.v[i].key, j->params.v[i].value)));
		}
		cb_put(b, "\n");
	}
	cb_printf(b, "ifconfig -j %s lo0 inet 127.0.0.1/8 up\n", o->name);
	if (j->forwarding)
		cb_printf(b, "sysctl -j %s net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1\n", o->name);
	for (size_t i = 0; i < j->sysctls.n; i++) {
		cb_printf(b, "sysctl -j %s ", o->name);
		cb_put(b, single(b->c, conv_printf(b->c, "%s=%s", j->sysctls.v[i].key, j->sysctls.v[i].value)));
		cb_put(b, "\n");
	}
}

static void
fbsd_routes(struct conv_buf *b, const struct object *o)
{
	const struct jail *j = &o->u.jail;
	char dst[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];

	for (size_t i = 0; i < j->nroutes; i++)
		cb_printf(b, "route -j %s %sadd %s %s\n", o->name, j->routes[i].dst.ip.family == 6 ? "-6 " : "",
		    prefix_is_default(&j->routes[i].dst) ? "default" : prefix_format(&j->routes[i].dst, dst),
		    ip_format(&j->routes[i].gateway, gw));
	if (!j->external && j->exec_start[0] != '\0') {
		cb_printf(b, "jexec -l %s /bin/sh -c ", o->name);
		cb_put(b, single(b->c, j->exec_start));
		cb_put(b, "\n");
	}
}

static void
fbsd_attachment(struct conv_buf *b, const struct object *o)
{
	const struct attachment *a = &o->u.attachment;
	char in[NAME_SIZE + 16];

	cb_printf(b, "ifconfig %s vnet %s\n", o->name, a->jail);
	snprintf(in, sizeof(in), "-j %s ", a->jail);
	fbsd_addrs(b, in, o->name, &a->addrs);
	cb_printf(b, "ifconfig %s%s up\n", in, o->name);
}

void
conv_shell(struct conv *c, enum conv_format format, const struct topo *t)
{
	bool linux_flavour = format == CONV_TO_SHELL_LINUX;
	struct conv_buf b;

	cb_init(&b, c);
	cb_put(&b, linux_flavour
		       ? "#!/bin/sh\n# The network of this host without jailnet, for Linux: iproute2, as root.\nset -eu\n"
		       : "#!/bin/sh\n# The network of this host without jailnet, for FreeBSD: as root.\nset -eu\nkldload -n if_bridge if_epair\n");
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		linux_flavour ? linux_bridge(&b, t->v[KIND_BRIDGE][i]) : fbsd_bridge(&b, t->v[KIND_BRIDGE][i]);
	for (size_t i = 0; i < t->n[KIND_JAIL]; i++)
		if (jail_wanted(t->v[KIND_JAIL][i]))
			linux_flavour ? linux_jail(&b, t->v[KIND_JAIL][i]) : fbsd_jail(&b, t->v[KIND_JAIL][i]);
	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct end *e = t->v[KIND_EPAIR][i]->u.epair.end;
		bool made = true;

		for (int s = END_A; s <= END_B; s++) {
			const struct object *j = e[s].jail == NULL ? NULL : topo_find(t, KIND_JAIL, e[s].jail);

			made = made && (j == NULL || jail_wanted(j));
		}
		if (made)
			linux_flavour ? linux_epair(&b, t, t->v[KIND_EPAIR][i]) : fbsd_epair(&b, t, t->v[KIND_EPAIR][i]);
		else
			cb_printf(&b, "# epair %s waits for a jail that is not to run\n", t->v[KIND_EPAIR][i]->name);
	}
	for (size_t i = 0; i < t->n[KIND_ATTACHMENT]; i++)
		linux_flavour ? linux_attachment(&b, t->v[KIND_ATTACHMENT][i]) : fbsd_attachment(&b, t->v[KIND_ATTACHMENT][i]);
	for (size_t i = 0; i < t->n[KIND_JAIL]; i++)
		if (jail_wanted(t->v[KIND_JAIL][i]))
			linux_flavour ? linux_routes(&b, t->v[KIND_JAIL][i]) : fbsd_routes(&b, t->v[KIND_JAIL][i]);
	conv_text_add(c, "jailnet-export.sh", false, cb_take(&b));
}
