/*
 * test_model: every field of every kind survives object_copy and is seen by object_equal.
 */
#include "core/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

static const struct prefix addr4 = { { 4, { 192, 0, 2, 1 } }, 24 };
static const struct prefix addr6 = { { 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }, 64 };

/* Any object of the kind with all fields set, and nothing at its default. */
static struct object *
full(enum kind kind)
{
	static const uint16_t tags[] = { 30, 10, 20 };
	const struct prefix addrs[] = { addr6, addr4 };
	const struct pair pairs[] = { { "z", "26" }, { "a", "1" } };
	const struct member members[] = { { "re1", { 0 } },
		{ "re0", { .priv = true, .stp = true, .edge = true, .untagged = 5, .ntagged = 3, .tagged = tags } } };
	const struct route routes[] = { { { { 6, { 0 } }, 0 }, { 6, { 1 } } }, { { { 4, { 0 } }, 0 }, { 4, { 1 } } } };
	struct object *o = object_new(kind, "web0");
	struct end *e;
	int side, rc = 0;

	assert_non_null(o);
	rc |= object_str(o, &o->description, "text");
	rc |= object_pairs(o, &o->labels, pairs, 2);
	switch (kind) {
	case KIND_BRIDGE:
		o->u.bridge.mac = (struct mac){ { 2, 1 } };
		o->u.bridge.mac_pinned = true;
		rc |= object_prefixes(o, &o->u.bridge.addrs, addrs, 2);
		rc |= object_members(o, members, 2);
		break;
	case KIND_EPAIR:
		for (side = END_A; side <= END_B; side++) {
			e = &o->u.epair.end[side];
			e->mac = (struct mac){ { 2, 2 } };
			e->mac_pinned = true;
			rc |= object_str(o, &e->bridge, "lan0") | object_str(o, &e->jail, "web");
			rc |= object_prefixes(o, &e->addrs, addrs, 2);
			rc |= object_tagged(o, &e->port, tags, 3);
		}
		rc |= epair_default_ifnames(o);
		break;
	case KIND_JAIL:
		rc |= object_str(o, &o->u.jail.path, "/j") | object_str(o, &o->u.jail.hostname, "web");
		rc |= object_str(o, &o->u.jail.exec_start, "up") | object_str(o, &o->u.jail.exec_stop, "down");
		rc |= object_routes(o, routes, 2);
		rc |= object_pairs(o, &o->u.jail.sysctls, pairs, 2) | object_pairs(o, &o->u.jail.params, pairs, 2);
		break;
	case KIND_ATTACHMENT:
		rc |= object_str(o, &o->u.attachment.jail, "web");
		rc |= object_prefixes(o, &o->u.attachment.addrs, addrs, 2);
		break;
	}
	assert_int_equal(rc, 0);
	return (o);
}

/* Each flips one field of 'o'; a new field needs a line here. */
#define FLIP(name, statement)			\
	static void				\
	flip_##name(struct object *o)		\
	{					\
		statement;			\
	}
#define FLIP_END(side, SIDE)									\
	FLIP(end_##side##_ifname, o->u.epair.end[SIDE].ifname[0] = 'X')				\
	FLIP(end_##side##_mac, o->u.epair.end[SIDE].mac.b[5] ^= 1)				\
	FLIP(end_##side##_pinned, o->u.epair.end[SIDE].mac_pinned = false)			\
	FLIP(end_##side##_bridge, object_str(o, &o->u.epair.end[SIDE].bridge, "lan1"))		\
	FLIP(end_##side##_no_bridge, o->u.epair.end[SIDE].bridge = NULL)			\
	FLIP(end_##side##_jail, object_str(o, &o->u.epair.end[SIDE].jail, "db"))		\
	FLIP(end_##side##_no_jail, o->u.epair.end[SIDE].jail = NULL)				\
	FLIP(end_##side##_addr, object_prefixes(o, &o->u.epair.end[SIDE].addrs, &addr4, 1))	\
	FLIP(end_##side##_up, o->u.epair.end[SIDE].up = false)					\
	FLIP_PORT(end_##side, o->u.epair.end[SIDE].port)
#define FLIP_PORT(name, p)							\
	FLIP(name##_priv, p.priv = !p.priv)					\
	FLIP(name##_stp, p.stp = !p.stp)					\
	FLIP(name##_edge, p.edge = !p.edge)					\
	FLIP(name##_untagged, p.untagged++)					\
	FLIP(name##_tag_value, object_tagged(o, &p, (uint16_t[]){ 10, 20, 31 }, 3)) \
	FLIP(name##_tag_count, p.ntagged--)

static void
replace_member(struct object *o, struct port port, const char *ifname)
{
	const struct member members[] = { { ifname, port }, o->u.bridge.members[1] };

	assert_int_equal(object_members(o, members, 2), 0);
}
#define FLIP_MEMBER(name, change)					\
	static void							\
	flip_member_##name(struct object *o)				\
	{								\
		struct port p = o->u.bridge.members[0].port;		\
									\
		change;							\
		replace_member(o, p, "re0");				\
	}

FLIP(name, o->name[0] = 'x')
FLIP(description, object_str(o, &o->description, "other"))
FLIP(label_value, object_pairs(o, &o->labels, (struct pair[]){ { "a", "1" }, { "z", "27" } }, 2))
FLIP(label_key, object_pairs(o, &o->labels, (struct pair[]){ { "a", "1" }, { "y", "26" } }, 2))
FLIP(label_count, o->labels.n--)
FLIP(bridge_mtu, o->u.bridge.mtu++)
FLIP(bridge_stp, o->u.bridge.stp = true)
FLIP(bridge_vlan_filter, o->u.bridge.vlan_filter = true)
FLIP(bridge_backend, o->u.bridge.backend = BACKEND_NETGRAPH)
FLIP(bridge_mac, o->u.bridge.mac.b[5] ^= 1)
FLIP(bridge_pinned, o->u.bridge.mac_pinned = false)
FLIP(bridge_addr_order, object_prefixes(o, &o->u.bridge.addrs, (struct prefix[]){ addr4, addr6 }, 2))
FLIP(bridge_addr_count, o->u.bridge.addrs.n--)
FLIP(bridge_nmembers, o->u.bridge.nmembers--)
FLIP(member_ifname, replace_member(o, o->u.bridge.members[0].port, "re00"))
FLIP_MEMBER(priv, p.priv = false)
FLIP_MEMBER(stp, p.stp = false)
FLIP_MEMBER(edge, p.edge = false)
FLIP_MEMBER(untagged, p.untagged = 6)
FLIP_MEMBER(ntagged, p.ntagged--)
FLIP(epair_mtu, o->u.epair.mtu = 9000)
FLIP_END(a, END_A)
FLIP_END(b, END_B)
FLIP(jail_external, o->u.jail.external = true)
FLIP(jail_moves, o->u.jail.manager_moves = true)
FLIP(jail_running, o->u.jail.running = false)
FLIP(jail_forwarding, o->u.jail.forwarding = true)
FLIP(jail_path, object_str(o, &o->u.jail.path, "/k"))
FLIP(jail_hostname, object_str(o, &o->u.jail.hostname, "db"))
FLIP(jail_route_gateway, object_routes(o, (struct route[]){ o->u.jail.routes[0],
    { o->u.jail.routes[1].dst, { 6, { 2 } } } }, 2))
FLIP(jail_route_len, object_routes(o, (struct route[]){ o->u.jail.routes[0], { addr6, { 6, { 1 } } } }, 2))
FLIP(jail_nroutes, o->u.jail.nroutes--)
FLIP(jail_sysctls, o->u.jail.sysctls.n--)
FLIP(jail_params, o->u.jail.params.n--)
FLIP(jail_exec_start, object_str(o, &o->u.jail.exec_start, ""))
FLIP(jail_exec_stop, object_str(o, &o->u.jail.exec_stop, ""))
FLIP(attachment_jail, object_str(o, &o->u.attachment.jail, "db"))
FLIP(attachment_addrs, o->u.attachment.addrs.n--)

#define ANY KIND_COUNT
#define L(kind, name) { kind, #name, flip_##name }
#define L_PORT(name)									\
	L(KIND_EPAIR, name##_priv), L(KIND_EPAIR, name##_stp), L(KIND_EPAIR, name##_edge),	\
	L(KIND_EPAIR, name##_untagged), L(KIND_EPAIR, name##_tag_value), L(KIND_EPAIR, name##_tag_count)
#define L_END(name)									\
	L(KIND_EPAIR, name##_ifname), L(KIND_EPAIR, name##_mac), L(KIND_EPAIR, name##_pinned),	\
	L(KIND_EPAIR, name##_bridge), L(KIND_EPAIR, name##_no_bridge), L(KIND_EPAIR, name##_jail), \
	L(KIND_EPAIR, name##_no_jail), L(KIND_EPAIR, name##_addr), L(KIND_EPAIR, name##_up), L_PORT(name)

static const struct {
	int kind;
	const char *name;
	void (*flip)(struct object *);
} flips[] = {
	L(ANY, name), L(ANY, description), L(ANY, label_value), L(ANY, label_key), L(ANY, label_count),
	L(KIND_BRIDGE, bridge_mtu), L(KIND_BRIDGE, bridge_stp), L(KIND_BRIDGE, bridge_vlan_filter),
	L(KIND_BRIDGE, bridge_backend), L(KIND_BRIDGE, bridge_mac), L(KIND_BRIDGE, bridge_pinned),
	L(KIND_BRIDGE, bridge_addr_order), L(KIND_BRIDGE, bridge_addr_count), L(KIND_BRIDGE, bridge_nmembers),
	L(KIND_BRIDGE, member_ifname), L(KIND_BRIDGE, member_priv), L(KIND_BRIDGE, member_stp), L(KIND_BRIDGE, member_edge),
	L(KIND_BRIDGE, member_untagged), L(KIND_BRIDGE, member_ntagged),
	L(KIND_EPAIR, epair_mtu), L_END(end_a), L_END(end_b),
	L(KIND_JAIL, jail_external), L(KIND_JAIL, jail_moves), L(KIND_JAIL, jail_running), L(KIND_JAIL, jail_forwarding), L(KIND_JAIL, jail_path),
	L(KIND_JAIL, jail_hostname), L(KIND_JAIL, jail_route_gateway), L(KIND_JAIL, jail_route_len),
	L(KIND_JAIL, jail_nroutes), L(KIND_JAIL, jail_sysctls), L(KIND_JAIL, jail_params), L(KIND_JAIL, jail_exec_start),
	L(KIND_JAIL, jail_exec_stop),
	L(KIND_ATTACHMENT, attachment_jail), L(KIND_ATTACHMENT, attachment_addrs),
};

static void
test_copy_and_every_field(void **state)
{
	struct object *o, *c, *again;
	size_t i;
	int kind;

	(void)state;
	for (i = 0; i < NELEMS(flips); i++)
		for (kind = 0; kind < KIND_COUNT; kind++) {
			if (flips[i].kind != ANY && flips[i].kind != kind)
				continue;
			o = full(kind);
			c = object_copy(o);
			assert_non_null(c);
			assert_true(object_equal(o, c));
			flips[i].flip(c);
			if (object_equal(o, c) || object_equal(c, o))
				fail_msg("%s of a %s is not compared", flips[i].name, kind_name(kind));
			/* The changed object is copied with its change; its source may go first. */
			again = object_copy(c);
			assert_true(object_equal(c, again));
			object_free(c);
			object_free(o);
			c = object_copy(again);
			assert_true(object_equal(c, again));
			object_free(c);
			object_free(again);
		}
}

static void
test_not_compared(void **state)
{
	struct object *o = full(KIND_BRIDGE), *c = object_copy(o), *j = full(KIND_JAIL), *k = object_copy(j);

	(void)state;
	o->u.bridge.mac_pinned = c->u.bridge.mac_pinned = false;
	c->u.bridge.mac.b[5] ^= 1;
	c->revision = c->created_at = c->updated_at = 7;
	strcpy(c->id, "br_1");
	assert_true(object_equal(o, c));
	k->u.jail.boot = 3;
	assert_true(object_equal(j, k));
	object_free(o);
	o = object_copy(c);
	assert_string_equal(o->id, "br_1");
	assert_int_equal(o->revision, 7);
	assert_int_equal(o->created_at, 7);
	assert_int_equal(o->updated_at, 7);
	assert_true(mac_equal(&o->u.bridge.mac, &c->u.bridge.mac));
	object_free(j);
	j = object_copy(k);
	assert_int_equal(j->u.jail.boot, 3);
	assert_false(object_equal(o, j));
	object_free(o);
	object_free(c);
	object_free(j);
	object_free(k);
}

static void
test_defaults(void **state)
{
	struct object *o, *c;
	int kind;

	(void)state;
	for (kind = 0; kind < KIND_COUNT; kind++) {
		o = object_new(kind, "x");
		assert_string_equal(o->name, "x");
		assert_int_equal(o->kind, kind);
		assert_string_equal(o->description, "");
		c = object_copy(o);
		assert_true(object_equal(o, c));
		object_free(c);
		object_free(o);
	}
	o = object_new(KIND_BRIDGE, "x");
	assert_int_equal(o->u.bridge.mtu, MTU_DEFAULT);
	object_free(o);
	o = object_new(KIND_EPAIR, "x");
	assert_true(o->u.epair.end[END_A].up && o->u.epair.end[END_B].up);
	assert_null(o->u.epair.end[END_A].bridge);
	object_free(o);
	o = object_new(KIND_JAIL, "x");
	assert_true(o->u.jail.running);
	assert_string_equal(o->u.jail.exec_stop, "");
	object_free(o);
	o = object_new(KIND_ATTACHMENT, "x");
	assert_string_equal(o->u.attachment.jail, "");
	object_free(o);
	object_free(NULL);
}

static void
test_lists_are_sorted_copies(void **state)
{
	struct object *b = full(KIND_BRIDGE), *j = full(KIND_JAIL), *e = full(KIND_EPAIR);
	const struct port *p = &b->u.bridge.members[0].port;
	char key[] = "key";
	uint16_t *many;

	(void)state;
	assert_string_equal(b->labels.v[0].key, "a");
	assert_string_equal(b->labels.v[1].value, "26");
	assert_string_equal(b->u.bridge.members[0].ifname, "re0");
	assert_int_equal(p->ntagged, 3);
	assert_true(p->tagged[0] == 10 && p->tagged[1] == 20 && p->tagged[2] == 30);
	assert_int_equal(prefix_cmp(&b->u.bridge.addrs.v[0], &addr6), 0);
	assert_int_equal(j->u.jail.routes[0].dst.ip.family, 4);
	assert_int_equal(object_pairs(j, &j->labels, &(struct pair){ key, "v" }, 1), 0);
	key[0] = 'X';
	assert_string_equal(j->labels.v[0].key, "key");
	assert_int_equal(object_pairs(j, &j->labels, NULL, 0), 0);
	assert_null(j->labels.v);
	/* A count that does not fit its field is still too many, not a few. */
	many = calloc(70000, sizeof(*many));
	assert_int_equal(object_tagged(e, &e->u.epair.end[0].port, many, 70000), 0);
	assert_int_equal(e->u.epair.end[0].port.ntagged, 65535);
	free(many);
	object_free(b);
	object_free(j);
	object_free(e);
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "0a", "_a", "-a", "a.b", "a b", "a/b", "a\xc3\xa9", "abcdefghijklmnop", "a\n" };
	struct object *o;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++)
		assert_false(name_is_legal(bad[i], 15));
	assert_true(name_is_legal("a", 15));
	assert_true(name_is_legal("Web_0-b", 15));
	assert_true(name_is_legal("abcdefghijklmno", 15));
	assert_int_equal(kind_name_max(KIND_BRIDGE), 15);
	assert_int_equal(kind_name_max(KIND_EPAIR), 15);
	assert_int_equal(kind_name_max(KIND_ATTACHMENT), 15);
	assert_int_equal(kind_name_max(KIND_JAIL), 63);
	assert_string_equal(kind_name(KIND_ATTACHMENT), "attachment");
	assert_string_equal(kind_plural(KIND_JAIL), "jails");

	o = object_new(KIND_EPAIR, "abcdefghijklmn");
	assert_int_equal(epair_default_ifnames(o), 0);
	assert_string_equal(o->u.epair.end[END_A].ifname, "abcdefghijklmna");
	assert_string_equal(o->u.epair.end[END_B].ifname, "abcdefghijklmnb");
	object_free(o);
	o = object_new(KIND_EPAIR, "abcdefghijklmno");
	assert_int_equal(epair_default_ifnames(o), -1);
	for (i = 0; i < 2; i++) {
		o->u.epair.end[i].ifname_given = true;
		snprintf(o->u.epair.end[i].ifname, IFNAME_SIZE, "x%zu", i);
	}
	assert_int_equal(epair_default_ifnames(o), 0);
	assert_string_equal(o->u.epair.end[END_B].ifname, "x1");
	object_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_and_every_field),
		cmocka_unit_test(test_not_compared),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_lists_are_sorted_copies),
		cmocka_unit_test(test_names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
