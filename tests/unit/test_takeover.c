/*
 * test_takeover: what runs becomes wanted, and the plan for it is labels only; what cannot is told.
 */
#include "core/takeover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/plan.h"
#include "core/str.h"
#include "core/valid.h"

static struct observed have;
static struct topo want;
static struct takeover got;
static struct plan plan;
static struct err err;
static uint32_t features;

static struct obs_link *
add(const char *jail, const char *ifname, enum link_type type, const char *bridge)
{
	struct obs_link *l = observed_link_add(&have);

	assert_non_null(l);
	str_copy(l->jail, sizeof(l->jail), jail);
	str_copy(l->ifname, sizeof(l->ifname), ifname);
	str_copy(l->bridge, sizeof(l->bridge), bridge);
	l->type = type;
	l->ifindex = (uint32_t)have.nlinks + 10;
	l->mac = (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)have.nlinks } };
	l->mtu = 1500;
	l->up = l->adoptable = true;
	return (l);
}

/* Rows move when one is added: by name. */
static struct obs_link *
row(const char *ifname)
{
	for (size_t i = 0; i < have.nlinks; i++)
		if (strcmp(have.links[i].ifname, ifname) == 0)
			return (&have.links[i]);
	fail_msg("no %s", ifname);
	return (NULL);
}

static void
pair(const char *jail_a, const char *a, const char *bridge, const char *jail_b, const char *b)
{
	bool away = strcmp(jail_a, jail_b) != 0;
	uint32_t first = add(jail_a, a, LINK_EPAIR, bridge)->ifindex;
	struct obs_link *l = add(jail_b, b, LINK_EPAIR, "");

	l->peer = first;
	l[-1].peer = l->ifindex;
	l->peer_away = l[-1].peer_away = away;
}

static void
jail(const char *name, bool adoptable)
{
	struct obs_jail *j = observed_jail_add(&have);

	assert_non_null(j);
	str_copy(j->name, sizeof(j->name), name);
	j->adoptable = adoptable;
	j->phase = JAIL_CREATED;
}

static void
addr(const char *ifname, const char *prefix)
{
	struct obs_addr *a = observed_addr_add(&have);

	assert_non_null(a);
	str_copy(a->jail, sizeof(a->jail), row(ifname)->jail);
	str_copy(a->ifname, sizeof(a->ifname), ifname);
	assert_int_equal(prefix_parse(prefix, &a->prefix, &err), 0);
}

static int
setup(void **state)
{
	(void)state;
	observed_init(&have);
	topo_init(&want);
	want.borrowed = true;
	plan_init(&plan);
	features = 0;
	memset(&got, 0, sizeof(got));
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	takeover_fini(&got);
	topo_fini(&want);
	observed_fini(&have);
	plan_fini(&plan);
	return (0);
}

static void
build(void)
{
	observed_sort(&have);
	if (takeover_build(&want, &have, features, &got, &err) == -1)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < got.n; i++)
		assert_int_equal(topo_put(&want, got.v[i], &err), 0);
}

static bool
told(const char *code, const char *about)
{
	for (size_t i = 0; i < got.nnotes; i++)
		if (strcmp(got.notes[i].code, code) == 0 && strncmp(got.notes[i].text, about, strlen(about)) == 0)
			return (true);
	for (size_t i = 0; i < got.nnotes; i++)
		print_message("%s: %s\n", got.notes[i].code, got.notes[i].text);
	return (false);
}

/* The plan for what was built writes labels and makes jails of namespaces; when that is done it is empty. */
static void
labels_only(size_t steps)
{
	struct errs errs = { .n = 0 };
	char line[256];

	for (size_t i = 0; i < got.n; i++)
		valid_object(got.v[i], features, &errs);
	valid_topo(&want, &errs);
	if (errs.n > 0)
		fail_msg("%s: %s", errs.v[0].field, errs.v[0].msg);
	assert_int_equal(plan_build(&want, &have, NULL, &plan, &err), 0);
	for (size_t i = 0; i < plan.n; i++) {
		const struct cmd *c = &plan.v[i].cmd;

		if (c->op == CMD_JAIL_CREATE) {
			for (size_t k = 0; k < have.njails; k++)
				have.jails[k].ours = have.jails[k].ours || strcmp(have.jails[k].name, c->u.jail.name) == 0;
			continue;
		}
		if (c->op != CMD_IF_SET || c->u.ifset.fields != IFSET_MARK)
			fail_msg("%s", cmd_print(c, line, sizeof(line)));
		for (size_t k = 0; k < have.nlinks; k++)
			if (strcmp(have.links[k].ifname, c->u.ifset.ifname) == 0 && strcmp(have.links[k].jail, c->u.ifset.jail) == 0)
				have.links[k].mark = c->u.ifset.mark;
	}
	assert_int_equal(plan.n, steps);
	assert_int_equal(plan_build(&want, &have, NULL, &plan, &err), 0);
	if (plan.n > 0)
		fail_msg("%s", cmd_print(&plan.v[0].cmd, line, sizeof(line)));
}

static void
figure(void)
{
	jail("web", true);
	add("", "br0", LINK_BRIDGE, "");
	pair("", "v0", "br0", "web", "v1");
	pair("", "epair7a", "br0", "", "epair7b");
	add("", "re0", LINK_PHYSICAL, "br0");
	addr("br0", "192.0.2.1/24");
	addr("v1", "192.0.2.10/24");
	addr("v1", "2001:db8::10/64");
}

static void
a_network_becomes_wanted_by_labels_alone(void **state)
{
	const struct object *o;

	(void)state;
	figure();
	build();
	assert_int_equal(got.n, 4);
	o = topo_find(&want, KIND_EPAIR, "v0");
	assert_non_null(o);
	assert_string_equal(o->u.epair.end[END_A].bridge, "br0");
	assert_string_equal(o->u.epair.end[END_B].jail, "web");
	assert_int_equal(o->u.epair.end[END_B].addrs.n, 2);
	assert_non_null(topo_find(&want, KIND_EPAIR, "epair7"));
	assert_true(told("member", "re0"));
	labels_only(6);
}

static void
again_there_is_nothing(void **state)
{
	struct takeover again;

	(void)state;
	figure();
	build();
	labels_only(6);
	assert_int_equal(takeover_build(&want, &have, features, &again, &err), 0);
	assert_int_equal(again.n, 0);
	takeover_fini(&again);
}

/* A bridge whose address nobody set has one of its ports'. */
static void
a_bridge_keeps_the_address_it_has_from_a_port(void **state)
{
	(void)state;
	figure();
	row("br0")->mac = row("v0")->mac;
	build();
	labels_only(6);
}

static void
half_of_it_done_it_goes_on(void **state)
{
	(void)state;
	figure();
	build();
	row("v0")->mark = (struct mark){ true, true, KIND_EPAIR, "v0", END_A };
	row("br0")->mark = (struct mark){ true, true, KIND_BRIDGE, "br0", 0 };
	labels_only(4);
}

/* Without policy nothing changes: what is wanted under a taken name is created, which the driver refuses. */
static void
nothing_is_taken_that_policy_does_not_name(void **state)
{
	(void)state;
	figure();
	build();
	for (size_t i = 0; i < have.nlinks; i++)
		have.links[i].adoptable = false;
	assert_int_equal(plan_build(&want, &have, NULL, &plan, &err), 0);
	assert_true(plan.n > 0);
	for (size_t i = 0; i < plan.n; i++)
		assert_true(plan.v[i].cmd.op != CMD_IF_SET || (plan.v[i].cmd.u.ifset.fields & IFSET_MARK) == 0);
	takeover_fini(&got);
	topo_fini(&want);
	topo_init(&want);
	want.borrowed = true;
	have.jails[0].adoptable = false;
	build();
	assert_int_equal(got.n, 0);
	assert_true(told("policy", "br0") && told("policy", "epair7a") && told("namespace", "namespace web"));
}

/* Same name, other address; same address, not the other half: somebody else's. */
static void
what_only_looks_alike_is_left_alone(void **state)
{
	(void)state;
	figure();
	build();
	row("br0")->mac.b[5] = 99;
	row("v1")->peer = 12345;
	assert_int_equal(plan_build(&want, &have, NULL, &plan, &err), 0);
	for (size_t i = 0; i < plan.n; i++)
		if (plan.v[i].cmd.op == CMD_IF_SET)
			assert_true(strncmp(plan.v[i].cmd.u.ifset.ifname, "epair7", 6) == 0);
}

static void
what_stays_foreign_is_told(void **state)
{
	(void)state;
	figure();
	add("", "br1", LINK_BRIDGE, "")->up = false;
	pair("", "p0", "br1", "", "p1");	/* goes with its bridge */
	pair("", "q0", "", "web", "v0");	/* the name is taken */
	add("", "lone0", LINK_EPAIR, "br0")->peer = 77;
	row("lone0")->peer_away = true;
	pair("", "m0", "", "", "m1");
	row("m1")->mtu = 1400;
	pair("", "ad0", "br0", "", "ad1");
	addr("ad0", "198.51.100.1/24");
	add("", "bad.name", LINK_BRIDGE, "");
	add("", "ng0", LINK_BRIDGE, "")->backend = BACKEND_NETGRAPH;
	add("web", "tun0", LINK_OTHER, "");
	build();
	assert_true(told("down", "br1") && told("master", "p0") && told("other-half", "lone0") && told("mtu", "m0") && told("addresses", "ad0"));
	assert_true(told("name", "bad.name") && told("inside", "tun0") && told("netgraph", "ng0"));
	assert_null(topo_find(&want, KIND_EPAIR, "p0"));
	assert_int_equal(topo_find(&want, KIND_BRIDGE, "br0")->u.bridge.nmembers, 3);	/* re0, lone0, ad0 */
	/* the second of that name */
	assert_true(told("name", "v0 in jail web"));
	assert_null(topo_find(&want, KIND_EPAIR, "q0"));
	labels_only(6);
}

static void
a_member_that_would_change_keeps_its_bridge_foreign(void **state)
{
	(void)state;
	figure();
	row("re0")->mtu = 9000;
	build();
	assert_true(told("port", "br0") && told("master", "v0") && told("master", "epair7a"));
	assert_int_equal(got.n, 1);	/* the jail */
}

static void
jails_of_other_managers_stay_theirs(void **state)
{
	(void)state;
	features = FEATURE_EXTERNAL_JAILS;
	figure();
	have.jails[0].adoptable = false;
	build();
	assert_true(topo_find(&want, KIND_JAIL, "web")->u.jail.external);
	labels_only(5);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_network_becomes_wanted_by_labels_alone), T(again_there_is_nothing), T(a_bridge_keeps_the_address_it_has_from_a_port),
		T(half_of_it_done_it_goes_on), T(nothing_is_taken_that_policy_does_not_name), T(what_only_looks_alike_is_left_alone),
		T(what_stays_foreign_is_told), T(a_member_that_would_change_keeps_its_bridge_foreign), T(jails_of_other_managers_stay_theirs),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
