/*
 * test_topo: sorted, found, replaced, taken; views leave their owner's objects alone.
 */
#include "core/topo.h"

#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
put(struct topo *t, enum kind kind, const char *name)
{
	assert_int_equal(topo_put(t, object_new(kind, name), NULL), 0);
}

static void
test_put_find_remove(void **state)
{
	struct topo t;
	struct object *o;

	(void)state;
	topo_init(&t);
	assert_null(topo_find(&t, KIND_JAIL, "web"));
	put(&t, KIND_JAIL, "web");
	put(&t, KIND_JAIL, "db");
	put(&t, KIND_JAIL, "mail");
	put(&t, KIND_BRIDGE, "db");
	assert_int_equal(t.n[KIND_JAIL], 3);
	assert_string_equal(t.v[KIND_JAIL][0]->name, "db");
	assert_string_equal(t.v[KIND_JAIL][1]->name, "mail");
	assert_string_equal(t.v[KIND_JAIL][2]->name, "web");
	assert_int_equal(topo_find(&t, KIND_BRIDGE, "db")->kind, KIND_BRIDGE);
	assert_null(topo_find(&t, KIND_BRIDGE, "web"));
	assert_null(topo_find(&t, KIND_JAIL, "a"));
	assert_null(topo_find(&t, KIND_JAIL, "n"));
	assert_null(topo_find(&t, KIND_JAIL, "zz"));

	o = object_new(KIND_JAIL, "mail");
	assert_int_equal(topo_put(&t, o, NULL), 0);
	assert_int_equal(topo_put(&t, o, NULL), 0);
	assert_int_equal(t.n[KIND_JAIL], 3);
	assert_ptr_equal(topo_find(&t, KIND_JAIL, "mail"), o);
	assert_true(topo_remove(&t, KIND_JAIL, "db"));
	assert_false(topo_remove(&t, KIND_JAIL, "db"));
	assert_ptr_equal(topo_take(&t, KIND_JAIL, "mail"), o);
	assert_null(topo_take(&t, KIND_JAIL, "mail"));
	object_free(o);
	assert_int_equal(t.n[KIND_JAIL], 1);
	topo_fini(&t);
	assert_int_equal(t.n[KIND_JAIL], 0);
}

static void
test_view(void **state)
{
	struct topo t, v;
	struct object *mine;
	struct found f = { .ifname = "re0" };

	(void)state;
	topo_init(&t);
	t.revision = 42;
	put(&t, KIND_JAIL, "db");
	put(&t, KIND_JAIL, "web");
	assert_int_equal(topo_found_put(&t, &f, NULL), 0);
	assert_int_equal(topo_view(&v, &t, NULL), 0);
	assert_int_equal(v.revision, 42);
	assert_true(v.borrowed);
	assert_ptr_equal(topo_find(&v, KIND_JAIL, "db"), topo_find(&t, KIND_JAIL, "db"));
	mine = object_new(KIND_JAIL, "db");
	assert_int_equal(topo_put(&v, mine, NULL), 0);
	assert_true(topo_remove(&v, KIND_JAIL, "web"));
	topo_found_remove(&v, "re0");
	assert_ptr_equal(topo_find(&v, KIND_JAIL, "db"), mine);
	/* The owner still has all of its own, alive. */
	assert_string_equal(topo_find(&t, KIND_JAIL, "db")->description, "");
	assert_string_equal(topo_find(&t, KIND_JAIL, "web")->name, "web");
	assert_non_null(topo_found(&t, "re0"));
	topo_fini(&v);
	assert_int_equal(topo_put(&t, mine, NULL), 0);
	topo_fini(&t);
}

static void
test_many(void **state)
{
	struct topo t;
	struct timespec a, b;
	char name[16];
	int i;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &a);
	topo_init(&t);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "e%05d", i);
		put(&t, KIND_EPAIR, name);
		snprintf(name, sizeof(name), "j%04d", i * 7919 % 10000 / 2);
		put(&t, KIND_JAIL, name);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_int_equal(t.n[KIND_EPAIR], 10000);
	assert_int_equal(t.n[KIND_JAIL], 5000);
	for (i = 1; i < 5000; i++)
		assert_true(strcmp(t.v[KIND_JAIL][i - 1]->name, t.v[KIND_JAIL][i]->name) < 0);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "e%05d", i);
		assert_string_equal(topo_find(&t, KIND_EPAIR, name)->name, name);
	}
	/* The whole program was seen to take 24 ms. */
	assert_true(b.tv_sec - a.tv_sec < 2);
	topo_fini(&t);
}

static void
test_found(void **state)
{
	struct topo t;
	struct found f = { .mtu = 1500, .up = true };
	int i;

	(void)state;
	topo_init(&t);
	for (i = 0; i < 100; i++) {
		snprintf(f.ifname, sizeof(f.ifname), "re%d", i * 37 % 100);
		assert_int_equal(topo_found_put(&t, &f, NULL), 0);
	}
	assert_int_equal(t.nfound, 100);
	for (i = 1; i < 100; i++)
		assert_true(strcmp(t.found[i - 1].ifname, t.found[i].ifname) < 0);
	strcpy(f.ifname, "re5");
	f.mtu = 9000;
	assert_int_equal(topo_found_put(&t, &f, NULL), 0);
	assert_int_equal(t.nfound, 100);
	assert_int_equal(topo_found(&t, "re5")->mtu, 9000);
	assert_int_equal(topo_found_put(&t, topo_found(&t, "re5"), NULL), 0);
	topo_found_remove(&t, "re5");
	topo_found_remove(&t, "re5");
	assert_null(topo_found(&t, "re5"));
	assert_int_equal(t.nfound, 99);
	assert_int_equal(topo_found(&t, "re6")->mtu, 1500);
	topo_fini(&t);
}

static void
test_epair_mtu_and_jail_wanted(void **state)
{
	struct object *o = object_new(KIND_EPAIR, "e0"), *j = object_new(KIND_JAIL, "web");
	struct epair *e = &o->u.epair;
	struct topo t;

	(void)state;
	topo_init(&t);
	put(&t, KIND_BRIDGE, "lan0");
	put(&t, KIND_BRIDGE, "lan1");
	topo_find(&t, KIND_BRIDGE, "lan0")->u.bridge.mtu = 9000;
	topo_find(&t, KIND_BRIDGE, "lan1")->u.bridge.mtu = 4000;
	assert_int_equal(epair_mtu(&t, o), MTU_DEFAULT);
	e->end[END_B].bridge = "lan1";
	assert_int_equal(epair_mtu(&t, o), 4000);
	e->end[END_A].bridge = "nobridge";
	assert_int_equal(epair_mtu(&t, o), 4000);
	e->end[END_A].bridge = "lan0";
	assert_int_equal(epair_mtu(&t, o), 9000);
	e->mtu = 1280;
	assert_int_equal(epair_mtu(&t, o), 1280);
	assert_true(jail_wanted(j));
	j->u.jail.running = false;
	assert_false(jail_wanted(j));
	j->u.jail.external = true;
	assert_true(jail_wanted(j));
	object_free(o);
	object_free(j);
	topo_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_find_remove),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_epair_mtu_and_jail_wanted),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
