/*
 * test_counters: whose a counter is, and that no class counts a packet twice.
 */
#include "core/counters.h"

#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

struct rig {
	struct topo want;
	struct observed have, counted;
};

static struct obs_link *
link_put(struct rig *g, const char *jail, const char *ifname, enum link_type type, const char *mark, const char *bridge)
{
	struct obs_link *l = observed_link_add(&g->have);
	struct obs_counter *c = observed_counter_add(&g->counted);

	str_copy(l->jail, sizeof(l->jail), jail);
	str_copy(l->ifname, sizeof(l->ifname), ifname);
	str_copy(l->bridge, sizeof(l->bridge), bridge);
	l->type = type;
	mark_parse(mark, &l->mark);
	str_copy(c->jail, sizeof(c->jail), jail);
	str_copy(c->ifname, sizeof(c->ifname), ifname);
	c->v[RX_BYTES] = g->counted.ncounters;
	return (l);
}

static void
rig_init(struct rig *g)
{
	topo_init(&g->want);
	observed_init(&g->have);
	observed_init(&g->counted);
}

static void
rig_fini(struct rig *g)
{
	topo_fini(&g->want);
	observed_fini(&g->have);
	observed_fini(&g->counted);
}

static const struct counter_row *
row_of(const struct counters *c, const char *jail, const char *ifname)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_equal(c->v[i].jail, jail) && str_equal(c->v[i].ifname, ifname))
			return (&c->v[i]);
	return (NULL);
}

static void
test_classes(void **state)
{
	static const struct {
		const char *jail, *ifname, *bridge, *epair;
		enum counter_class class;
	} expected[] = {
		{ "", "lan0", "", "", CLASS_BRIDGE },
		{ "", "web0a", "lan0", "web0", CLASS_OTHER },
		{ "web", "web0b", "lan0", "web0", CLASS_NIC },
		{ "web", "x0a", "", "x0", CLASS_NIC },		/* jail to jail: both are a jail's */
		{ "db", "x0b", "", "x0", CLASS_NIC },
		{ "", "patch0a", "lan0", "patch0", CLASS_NIC },	/* no end in a jail: end a stands for it */
		{ "", "patch0b", "dmz0", "patch0", CLASS_OTHER },
		{ "", "re0", "lan0", "", CLASS_UPLINK },
		{ "", "re1", "", "", CLASS_OTHER },
		{ "", "re2", "theirs", "", CLASS_OTHER },
		{ "", "theirs", "", "", CLASS_OTHER },
		{ "web", "re3", "", "", CLASS_NIC },
	};
	struct counters *c;
	struct rig g;

	(void)state;
	rig_init(&g);
	link_put(&g, "", "lan0", LINK_BRIDGE, "jailnet:bridge/lan0", "");
	link_put(&g, "", "web0a", LINK_EPAIR, "jailnet:epair/web0:a", "lan0");
	link_put(&g, "web", "web0b", LINK_EPAIR, "jailnet:epair/web0:b", "");
	link_put(&g, "web", "x0a", LINK_EPAIR, "jailnet:epair/x0:a", "");
	link_put(&g, "db", "x0b", LINK_EPAIR, "jailnet:epair/x0:b", "");
	link_put(&g, "", "patch0a", LINK_EPAIR, "jailnet:epair/patch0:a", "lan0");
	link_put(&g, "", "patch0b", LINK_EPAIR, "jailnet:epair/patch0:b", "dmz0");
	link_put(&g, "", "re0", LINK_PHYSICAL, "", "lan0");
	link_put(&g, "", "re1", LINK_PHYSICAL, "", "");
	link_put(&g, "", "re2", LINK_PHYSICAL, "", "theirs");
	link_put(&g, "", "theirs", LINK_BRIDGE, "", "");
	link_put(&g, "web", "re3", LINK_PHYSICAL, "", "");
	observed_sort(&g.have);
	c = counters_new(&g.want, &g.have, &g.counted, 42);
	assert_non_null(c);
	assert_int_equal(c->n, NELEMS(expected));
	assert_int_equal(c->at, 42);
	for (size_t i = 0; i < NELEMS(expected); i++) {
		const struct counter_row *r = row_of(c, expected[i].jail, expected[i].ifname);

		assert_non_null(r);
		assert_int_equal(r->class, expected[i].class);
		assert_string_equal(r->bridge, expected[i].bridge);
		assert_string_equal(r->epair, expected[i].epair);
		assert_int_equal(r->v[RX_BYTES], i + 1);
	}
	assert_int_equal(row_of(c, "web", "web0b")->side, END_B);
	counters_unref(c);
	rig_fini(&g);
}

static void
test_leaked_and_dying(void **state)
{
	struct obs_jail *j;
	struct counters *c;
	struct rig g;

	(void)state;
	rig_init(&g);
	assert_int_equal(topo_put(&g.want, object_new(KIND_EPAIR, "web0"), NULL), 0);
	assert_int_equal(topo_put(&g.want, object_new(KIND_JAIL, "web"), NULL), 0);
	assert_int_equal(topo_put(&g.want, object_new(KIND_JAIL, "ext"), NULL), 0);
	link_put(&g, "", "web0a", LINK_EPAIR, "jailnet:epair/web0:a", "");
	link_put(&g, "", "old0a", LINK_EPAIR, "jailnet:epair/old0:a", "");	/* leaked */
	link_put(&g, "", "veth7", LINK_EPAIR, "jailnet", "");			/* leaked: never labelled */
	link_put(&g, "", "re0", LINK_PHYSICAL, "", "");
	j = observed_jail_add(&g.have);
	str_copy(j->name, sizeof(j->name), "web");
	j->ours = true;		/* lives; two of its name are dying */
	j->phase = JAIL_STARTED;
	j->dying = 2;
	j = observed_jail_add(&g.have);
	str_copy(j->name, sizeof(j->name), "gone");	/* leaked */
	j->ours = true;
	j = observed_jail_add(&g.have);
	str_copy(j->name, sizeof(j->name), "going");	/* ended, and nobody wants it any more: that is no leak */
	j->ours = true;
	j->phase = JAIL_IS_DYING;
	j->dying = 1;
	j = observed_jail_add(&g.have);
	str_copy(j->name, sizeof(j->name), "ext");	/* somebody else's, but one we know */
	j->phase = JAIL_STARTED;
	j->dying = 1;
	j = observed_jail_add(&g.have);
	str_copy(j->name, sizeof(j->name), "theirs");
	j->phase = JAIL_IS_DYING;
	j->dying = 1;
	observed_sort(&g.have);
	c = counters_new(&g.want, &g.have, &g.counted, 0);
	assert_non_null(c);
	assert_int_equal(c->leaked, 3);
	assert_int_equal(c->dying, 4);
	counters_unref(c);
	rig_fini(&g);
}

static void
test_mac_conflicts(void **state)
{
	static const struct mac ours = { { 2, 0, 0, 0, 0, 7 } }, other = { { 2, 0, 0, 0, 0, 8 } };
	struct object *epair = object_new(KIND_EPAIR, "web0");
	struct counters *c;
	struct rig g;

	(void)state;
	rig_init(&g);
	epair->u.epair.end[END_B].mac = ours;
	assert_int_equal(topo_put(&g.want, epair, NULL), 0);
	link_put(&g, "web", "web0b", LINK_EPAIR, "jailnet:epair/web0:b", "")->mac = ours;
	link_put(&g, "", "re0", LINK_PHYSICAL, "", "")->mac = other;
	link_put(&g, "", "re1", LINK_PHYSICAL, "", "");			/* no address, as an end that has none yet */
	link_put(&g, "web", "web0b.5", LINK_VLAN, "", "")->mac = ours;	/* as it must be */
	link_put(&g, "", "tap0", LINK_OTHER, "", "")->mac = ours;
	observed_sort(&g.have);
	c = counters_new(&g.want, &g.have, &g.counted, 0);
	assert_non_null(c);
	assert_int_equal(c->mac_conflicts, 1);
	counters_unref(c);
	rig_fini(&g);
}

static void
test_what_appeared_after_the_last_look(void **state)
{
	struct counters *c;
	struct rig g;

	(void)state;
	rig_init(&g);
	link_put(&g, "web", "e0b", LINK_EPAIR, "jailnet:epair/e0:b", "");
	g.have.nlinks = 0;
	c = counters_new(&g.want, &g.have, &g.counted, 0);
	assert_non_null(c);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->v[0].class, CLASS_OTHER);
	counters_ref(c);
	counters_unref(c);
	counters_unref(c);
	counters_unref(NULL);
	rig_fini(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_leaked_and_dying),
		cmocka_unit_test(test_mac_conflicts),
		cmocka_unit_test(test_what_appeared_after_the_last_look),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
