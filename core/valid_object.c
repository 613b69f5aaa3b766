/*
 * valid_object: one object by itself.
 *
 * Each check appends what is wrong and goes on, so that a user sees all mistakes of a document at once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/valid_int.h"

#define MTU_IPV6_MIN 1280 /* RFC 8200 section 5 */
#define VLAN_MAX 4094

int
valid_bad(const struct look *l, enum err_code code, const char *msg, const char *fmt, ...)
{
	char pointer[160] = "";
	size_t n = (size_t)snprintf(pointer, sizeof(pointer), "/%s/%s", kind_plural(l->o->kind), l->o->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pointer + n, sizeof(pointer) - n, fmt, ap);
	va_end(ap);
	return (errs_add(l->errs, code, pointer, "%s", msg));
}

static bool
is_loopback_name(const char *s)
{
	return (strcmp(s, "lo") == 0 || strcmp(s, "lo0") == 0);
}

/* Also says which name would fit when one is only too long. */
static void
look_name(const struct look *l, const char *name, size_t max, const char *below)
{
	char msg[256];

	if (name_is_legal(name, max))
		return;
	if (name_is_legal(name, NAME_SIZE - 1))
		snprintf(msg, sizeof(msg), "at most %zu characters, longest that fits: '%.*s'", max, (int)max, name);
	else
		snprintf(msg, sizeof(msg),
		    "a name starts with a letter, then letters, digits, '_' and '-', at most %zu", max);
	valid_bad(l, ERR_INVALID, msg, "%s", below);
}

static void
look_foreign_name(const struct look *l, const char *name, const char *below)
{
	if (!ifname_is_legal(name))
		valid_bad(l, ERR_INVALID,
		    "an interface name has 1 to 15 letters, digits, '_', '.', ':', '@' and '-', the first a letter, digit or '_'", "%s", below);
	else if (is_loopback_name(name))
		valid_bad(l, ERR_INVALID, "the loopback interface stays where it is", "%s", below);
}

static void
look_mtu(const struct look *l, uint32_t mtu, bool has_ipv6)
{
	char msg[128];

	if (mtu < MTU_MIN || mtu > MTU_MAX) {
		snprintf(msg, sizeof(msg), "an MTU is a number from %d to %d", MTU_MIN, MTU_MAX);
		valid_bad(l, ERR_INVALID, msg, "/mtu");
	} else if (has_ipv6 && mtu < MTU_IPV6_MIN)
		valid_bad(l, ERR_INVALID, "IPv6 needs an MTU of at least 1280", "/mtu");
}

static void
look_mac(const struct look *l, const struct mac *m, bool pinned, const char *below)
{
	if (pinned && !mac_is_usable(m))
		valid_bad(l, ERR_INVALID,
		    "an interface needs a unicast MAC that is not all zero: the first byte is even", "%s/mac", below);
}

static bool
has_family(const struct prefixes *p, uint8_t family)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].ip.family == family)
			return (true);
	return (false);
}

bool
valid_is_alnum(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

bool
valid_is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (ip->family == 4 ? ip->b[0] == 127 : memcmp(ip->b, one, sizeof(one)) == 0);
}

/* All host bits one. */
static bool
is_broadcast(const struct prefix *p)
{
	for (int bit = p->len; bit < 32; bit++)
		if (!(p->ip.b[bit / 8] & (0x80u >> (bit % 8))))
			return (false);
	return (true);
}

/* NULL = may stand on an interface. */
static const char *
address_fault(const struct prefix *p)
{
	struct prefix net = prefix_network(p);

	if (p->len == 0)
		return ("an address needs the prefix length of its network, 192.0.2.10/24; 0 would cover everything");
	if (ip_is_unspecified(&p->ip))
		return ("the unspecified address cannot stand on an interface");
	if (ip_is_multicast(&p->ip))
		return ("a multicast address cannot stand on an interface");
	if (valid_is_loopback(&p->ip))
		return ("loopback addresses stay on the loopback interface");
	if (ip_is_link_local(&p->ip) && p->ip.family == 6)
		return ("the kernel makes link-local addresses itself");
	if (p->ip.family == 4 && p->len < 31 && ip_cmp(&p->ip, &net.ip) == 0)
		return ("this is the address of the network itself; use one of its hosts");
	if (p->ip.family == 4 && p->len < 31 && is_broadcast(p))
		return ("this is the broadcast address of the network; use one of its hosts");
	return (NULL);
}

static void
look_addresses(const struct look *l, const struct prefixes *p, const char *below)
{
	char msg[96];

	if (p->n > LIMIT_ADDRESSES) {
		snprintf(msg, sizeof(msg), "at most %d addresses", LIMIT_ADDRESSES);
		valid_bad(l, ERR_LIMIT, msg, "%s/addresses", below);
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		const char *fault = address_fault(&p->v[i]);

		for (size_t k = 0; k < i && fault == NULL; k++)
			if (ip_cmp(&p->v[k].ip, &p->v[i].ip) == 0)
				fault = "the same address stands here twice";
		if (fault != NULL)
			valid_bad(l, ERR_INVALID, fault, "%s/addresses/%zu", below, i);
	}
}

static void
look_vlans(const struct look *l, const struct port *p, const char *below)
{
	if (p->untagged == 0 && p->ntagged == 0)
		return;
	if (!(l->features & FEATURE_VLAN_FILTER))
		valid_bad(l, ERR_UNSUPPORTED, "this platform cannot filter VLANs in a bridge", "%s/%s", below,
		    p->untagged != 0 ? "untagged" : "tagged");
	if (p->untagged > VLAN_MAX)
		valid_bad(l, ERR_INVALID, "a VLAN id is a number from 1 to 4094", "%s/untagged", below);
	if (p->ntagged > LIMIT_TAGGED) {
		valid_bad(l, ERR_LIMIT, "at most 128 tagged VLANs on a port", "%s/tagged", below);
		return;
	}
	for (size_t i = 0; i < p->ntagged; i++) {
		if (p->tagged[i] < 1 || p->tagged[i] > VLAN_MAX)
			valid_bad(l, ERR_INVALID, "a VLAN id is a number from 1 to 4094", "%s/tagged/%zu", below, i);
		else if (i > 0 && p->tagged[i] == p->tagged[i - 1])
			valid_bad(l, ERR_INVALID, "the same VLAN id stands here twice", "%s/tagged/%zu", below, i);
		else if (p->tagged[i] == p->untagged)
			valid_bad(
			    l, ERR_INVALID, "a VLAN is either tagged or untagged on a port", "%s/tagged/%zu", below, i);
	}
}

#define NETGRAPH_MTU_MAX 9018u /* of ng_eiface(4) */

/* What only if_bridge(4) has. */
static void
look_netgraph(const struct look *l)
{
	const struct bridge *b = &l->o->u.bridge;
	char key[2 * NAME_SIZE];

	if (b->mtu > NETGRAPH_MTU_MAX)
		valid_bad(l, ERR_INVALID, "the MTU of a netgraph bridge is at most 9018", "/mtu");
	if (b->stp)
		valid_bad(l, ERR_INVALID, "a netgraph bridge has no spanning tree; use \"if_bridge\"", "/stp");
	if (b->vlan_filter)
		valid_bad(l, ERR_INVALID, "a netgraph bridge cannot filter VLANs; use \"if_bridge\"", "/vlan_filter");
	for (size_t i = 0; i < b->nmembers; i++)
		if (!port_is_plain(&b->members[i].port))
			valid_bad(l, ERR_INVALID, "the ports of a netgraph bridge have no private, stp, edge or VLANs; use \"if_bridge\"",
			    "/members/%s", str_pointer(b->members[i].ifname, key, sizeof(key)));
}

static void
look_bridge(const struct look *l)
{
	const struct bridge *b = &l->o->u.bridge;
	char below[64], key[2 * NAME_SIZE];

	look_mtu(l, b->mtu, has_family(&b->addrs, 6));
	look_mac(l, &b->mac, b->mac_pinned, "");
	look_addresses(l, &b->addrs, "");
	if (b->vlan_filter && !(l->features & FEATURE_VLAN_FILTER))
		valid_bad(l, ERR_UNSUPPORTED, "this platform cannot filter VLANs in a bridge", "/vlan_filter");
	if (b->backend == BACKEND_NETGRAPH && !(l->features & FEATURE_NETGRAPH))
		valid_bad(l, ERR_UNSUPPORTED, "this platform has no netgraph; use \"if_bridge\"", "/backend");
	if (b->nmembers > LIMIT_MEMBERS) {
		valid_bad(
		    l, ERR_LIMIT, "at most 64 foreign members; epair ends name their bridge themselves", "/members");
		return;
	}
	for (size_t i = 0; i < b->nmembers; i++) {
		const struct port *p = &b->members[i].port;

		snprintf(below, sizeof(below), "/members/%s", str_pointer(b->members[i].ifname, key, sizeof(key)));
		look_foreign_name(l, b->members[i].ifname, below);
		look_vlans(l, p, below);
		if ((p->untagged != 0 || p->ntagged != 0) && !b->vlan_filter)
			valid_bad(
			    l, ERR_INVALID, "VLANs on a port need \"vlan_filter\": true on the bridge", "%s", below);
	}
	if (b->backend == BACKEND_NETGRAPH)
		look_netgraph(l);
}

static void
look_end(const struct look *l, enum end_side side)
{
	const struct end *e = &l->o->u.epair.end[side];
	const char *below = side == END_A ? "/a" : "/b";
	char at[16];

	snprintf(at, sizeof(at), "%s/ifname", below);
	if (e->ifname_given) {
		look_name(l, e->ifname, IFNAME_SIZE - 1, at);
		if (is_loopback_name(e->ifname))
			valid_bad(l, ERR_INVALID, "this name belongs to the loopback interface", "%s", at);
	}
	look_mac(l, &e->mac, e->mac_pinned, below);
	look_addresses(l, &e->addrs, below);
	if (e->bridge != NULL && e->jail != NULL)
		valid_bad(l, ERR_INVALID, "an end is in a bridge or in a jail, not in both", "%s/bridge", below);
	if (e->bridge != NULL && e->addrs.n > 0)
		valid_bad(l, ERR_INVALID, "a bridge member bears no addresses; put them on the bridge itself",
		    "%s/addresses", below);
	look_vlans(l, &e->port, below);
	if (e->bridge != NULL)
		return;
	if (e->port.priv)
		valid_bad(l, ERR_INVALID, "only an end in a bridge can be private", "%s/private", below);
	if (e->port.untagged != 0 || e->port.ntagged != 0)
		valid_bad(l, ERR_INVALID, "only an end in a bridge has VLANs", "%s/%s", below,
		    e->port.untagged != 0 ? "untagged" : "tagged");
}

static void
look_epair(const struct look *l)
{
	const struct epair *e = &l->o->u.epair;

	if (e->mtu != 0)
		look_mtu(l, e->mtu, has_family(&e->end[END_A].addrs, 6) || has_family(&e->end[END_B].addrs, 6));
	look_end(l, END_A);
	look_end(l, END_B);
	if (strcmp(e->end[END_A].ifname, e->end[END_B].ifname) == 0 && e->end[END_A].ifname[0] != '\0')
		valid_bad(l, ERR_INVALID, "both ends have the same name", "/b/ifname");
}

static bool
label_is_legal(const char *s)
{
	if (strlen(s) >= NAME_SIZE || !valid_is_alnum(s[0]))
		return (false);
	for (; *s != '\0'; s++)
		if (!valid_is_alnum(*s) && strchr("._/-", *s) == NULL)
			return (false);
	return (true);
}

static void
look_common(const struct look *l)
{
	const struct object *o = l->o;
	char key[2 * NAME_SIZE];

	if (strlen(o->description) >= TEXT_SIZE || !str_utf8(o->description, strlen(o->description)))
		valid_bad(l, ERR_INVALID, "a description is UTF-8 text of at most 1023 bytes", "/description");
	if (o->labels.n > LIMIT_PAIRS)
		valid_bad(l, ERR_LIMIT, "at most 64 labels", "/labels");
	for (size_t i = 0; i < o->labels.n && i < LIMIT_PAIRS; i++) {
		const struct pair *p = &o->labels.v[i];

		if (!label_is_legal(p->key))
			valid_bad(l, ERR_INVALID, "a label's key is letters, digits, '.', '_', '/' and '-', at most 63",
			    "/labels/%s", str_pointer(p->key, key, sizeof(key)));
		else if (strlen(p->value) >= TEXT_SIZE || !str_utf8(p->value, strlen(p->value)))
			valid_bad(l, ERR_INVALID, "a label's value is UTF-8 text of at most 1023 bytes", "/labels/%s",
			    str_pointer(p->key, key, sizeof(key)));
	}
}

void
valid_object(const struct object *o, uint32_t features, struct errs *errs)
{
	const struct look l = { .o = o, .features = features, .errs = errs };
	size_t max = kind_name_max(o->kind);

	if (o->kind == KIND_EPAIR && (!o->u.epair.end[END_A].ifname_given || !o->u.epair.end[END_B].ifname_given))
		max--; /* room for the 'a' or 'b' of the default name */
	if (o->kind == KIND_ATTACHMENT)
		look_foreign_name(&l, o->name, "");
	else
		look_name(&l, o->name, max, "");
	look_common(&l);
	switch (o->kind) {
	case KIND_BRIDGE:
		if (is_loopback_name(o->name))
			valid_bad(&l, ERR_INVALID, "this name belongs to the loopback interface", "%s", "");
		look_bridge(&l);
		break;
	case KIND_EPAIR:
		look_epair(&l);
		break;
	case KIND_JAIL:
		valid_jail(&l);
		break;
	case KIND_ATTACHMENT:
		look_addresses(&l, &o->u.attachment.addrs, "");
		break;
	}
}
