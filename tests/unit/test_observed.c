/*
 * test_observed: marks, search in sorted tables, merging a partial look.
 */
#include "core/observed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cmd.h"
#include "core/str.h"

static void
link_put(struct observed *o, const char *jail, const char *ifname, uint32_t mtu)
{
	struct obs_link *l = observed_link_add(o);

	strcpy(l->jail, jail);
	strcpy(l->ifname, ifname);
	l->mtu = mtu;
}

static void
addr_put(struct observed *o, const char *jail, const char *ifname, uint8_t last)
{
	struct obs_addr *a = observed_addr_add(o);

	strcpy(a->jail, jail);
	strcpy(a->ifname, ifname);
	a->prefix = (struct prefix){ { 4, { 192, 0, 2, last } }, 24 };
}

static void
jail_put(struct observed *o, const char *name)
{
	struct obs_sysctl *s = observed_sysctl_add(o);
	struct obs_route *r = observed_route_add(o);

	strcpy(observed_jail_add(o)->name, name);
	strcpy(s->jail, name);
	strcpy(s->key, "net.x");
	strcpy(r->jail, name);
	r->gateway = (struct ip){ 4, { 192, 0, 2, 254 } };
}

/* Rows in no order: the host with re0 and lan0, jails db and web with one interface each. */
static void
sample(struct observed *o)
{
	observed_init(o);
	jail_put(o, "web");
	link_put(o, "web", "e1b", 1);
	link_put(o, "", "re0", 2);
	link_put(o, "db", "e0b", 3);
	link_put(o, "", "lan0", 4);
	addr_put(o, "web", "e1b", 11);
	addr_put(o, "", "re0", 2);
	addr_put(o, "", "re0", 1);
	addr_put(o, "", "lan0", 3);
	addr_put(o, "db", "e0b", 10);
	jail_put(o, "db");
	observed_sort(o);
}

static void
test_mark(void **state)
{
	static const char *const good[] = { "jailnet:epair/web0:a", "jailnet:epair/web0:b", "jailnet:bridge/lan0",
		"jailnet:jail/a123456789012345678901234567890123456789012345678901234567890ab", "jailnet:attachment/re0" };
	static const char *const foreign[] = { "", "jail", "jailnets", "jailnet /", "Jailnet:", "jailnet:x", "jailnet:vlan/x",
		"jailnet:epair/web0", "jailnet:epair/web0:c", "jailnet:epair/web0:ab", "jailnet:epair/:a", "jailnet:bridge/",
		"jailnet:bridge/lan0:a", "jailnet:bridge/lan0 ", "jailnet:bridg/lan0", "jailnet:bridge/abcdefghijklmnop",
		"jailnet:/x", "uplink", "jailnet: see the wiki",

			"jailnet:jail/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	char text[MARK_TEXT_SIZE];
	struct mark m;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(good); i++) {
		mark_parse(good[i], &m);
		assert_true(m.ours && m.has_object);
		mark_format(&m, text);
		assert_string_equal(text, good[i]);
	}
	mark_parse(good[1], &m);
	assert_int_equal(m.kind, KIND_EPAIR);
	assert_int_equal(m.side, END_B);
	assert_string_equal(m.name, "web0");
	for (i = 0; i < NELEMS(foreign); i++) {
		mark_parse(foreign[i], &m);
		if (m.ours || m.has_object || m.name[0] != '\0')
			fail_msg("took %s", foreign[i]);
	}
	mark_format(&m, text);
	assert_string_equal(text, "");
	mark_parse("jailnet", &m);
	assert_true(m.ours && !m.has_object);
	mark_format(&m, text);
	mark_parse(text, &m);
	assert_true(m.ours && !m.has_object);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(link_type_name(LINK_OTHER), "other");
	assert_string_equal(link_type_name(LINK_EPAIR), "epair");
	assert_string_equal(link_type_name(LINK_LOOPBACK), "loopback");
	assert_string_equal(jail_phase_name(JAIL_PARTIAL), "partial");
	assert_string_equal(jail_phase_name(JAIL_IS_DYING), "dying");
}

static void
test_search(void **state)
{
	char longname[100];
	struct observed o;
	size_t n;

	(void)state;
	sample(&o);
	assert_string_equal(observed_jail(&o, "web")->name, "web");
	assert_null(observed_jail(&o, "we"));
	assert_int_equal(observed_link(&o, "", "lan0")->mtu, 4);
	assert_int_equal(observed_link(&o, "db", "e0b")->mtu, 3);
	assert_null(observed_link(&o, "", "e0b"));
	assert_int_equal(observed_addrs(&o, "", "re0", &n)->prefix.ip.b[3], 1);
	assert_int_equal(n, 2);
	assert_null(observed_addrs(&o, "", "re1", &n));
	assert_int_equal(n, 0);
	assert_int_equal(observed_routes(&o, "db", &n)->gateway.b[3], 254);
	assert_int_equal(n, 1);
	assert_null(observed_routes(&o, "", &n));
	assert_non_null(observed_sysctl(&o, "web", "net.x"));
	assert_null(observed_sysctl(&o, "web", "net.y"));
	memset(longname, 'x', sizeof(longname));
	longname[99] = '\0';
	assert_null(observed_jail(&o, longname));
	assert_null(observed_link(&o, longname, "x"));
	assert_null(observed_addrs(&o, "", longname, &n));
	observed_fini(&o);
	assert_null(observed_jail(&o, "web"));
	assert_null(observed_addrs(&o, "", "re0", &n));
	observed_fini(&o);
}

static void
test_many(void **state)
{
	struct observed o;
	char name[16];
	int i;

	(void)state;
	observed_init(&o);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "e%d", i * 37 % 1000);
		link_put(&o, "web", name, (uint32_t)i);
	}
	assert_true(o.rlinks < 2048);
	observed_sort(&o);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "e%d", i * 37 % 1000);
		assert_int_equal(observed_link(&o, "web", name)->mtu, i);
	}
	observed_fini(&o);
}

static void
test_merge_all(void **state)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o, part;

	(void)state;
	sample(&o);
	observed_init(&part);
	link_put(&part, "", "re1", 9);
	link_put(&part, "", "re0", 8);
	assert_int_equal(observed_merge(&o, &part, &all, NULL), 0);
	assert_int_equal(o.njails + o.naddrs + o.nroutes + o.nsysctls, 0);
	assert_int_equal(o.nlinks, 2);
	assert_int_equal(observed_link(&o, "", "re0")->mtu, 8);
	assert_int_equal(part.nlinks, 2);
	observed_fini(&part);
	observed_fini(&o);
}

static void
test_merge_jail(void **state)
{
	struct cmd_observe web = { .scope = OBSERVE_JAIL, .name = "web" };
	struct observed o, part;
	size_t n;

	(void)state;
	sample(&o);
	observed_init(&part);
	strcpy(observed_jail_add(&part)->name, "web");
	part.jails[0].boot = 2;
	link_put(&part, "web", "e9b", 9);
	link_put(&part, "web", "e1b", 8);
	addr_put(&part, "web", "e9b", 99);
	link_put(&part, "db", "stray", 1);
	assert_int_equal(observed_merge(&o, &part, &web, NULL), 0);
	assert_int_equal(o.njails, 2);
	assert_int_equal(observed_jail(&o, "web")->boot, 2);
	assert_int_equal(o.nlinks, 5);
	assert_int_equal(observed_link(&o, "web", "e1b")->mtu, 8);
	assert_null(observed_link(&o, "db", "stray"));
	assert_null(observed_addrs(&o, "web", "e1b", &n));
	assert_non_null(observed_addrs(&o, "db", "e0b", &n));
	assert_null(observed_routes(&o, "web", &n));
	assert_null(observed_sysctl(&o, "web", "net.x"));
	assert_non_null(observed_sysctl(&o, "db", "net.x"));
	/* Gone altogether. */
	observed_fini(&part);
	assert_int_equal(observed_merge(&o, &part, &web, NULL), 0);
	assert_null(observed_jail(&o, "web"));
	assert_int_equal(o.nlinks, 3);
	observed_fini(&o);
}

static void
test_merge_link(void **state)
{
	struct cmd_observe re0 = { .scope = OBSERVE_LINK, .name = "re0" };
	struct observed o, part;
	size_t n;

	(void)state;
	sample(&o);
	link_put(&o, "web", "re0", 77);
	observed_sort(&o);
	observed_init(&part);
	link_put(&part, "", "re0", 9000);
	addr_put(&part, "", "re0", 7);
	assert_int_equal(observed_merge(&o, &part, &re0, NULL), 0);
	assert_int_equal(observed_link(&o, "", "re0")->mtu, 9000);
	assert_int_equal(observed_link(&o, "web", "re0")->mtu, 77);
	assert_int_equal(observed_addrs(&o, "", "re0", &n)->prefix.ip.b[3], 7);
	assert_int_equal(n, 1);
	assert_int_equal(o.njails, 2);
	assert_int_equal(o.nroutes, 2);
	observed_fini(&part);
	assert_int_equal(observed_merge(&o, &part, &re0, NULL), 0);
	assert_null(observed_link(&o, "", "re0"));
	assert_null(observed_addrs(&o, "", "re0", &n));
	assert_non_null(observed_link(&o, "", "lan0"));
	observed_fini(&o);
}

/* A few rows behind a sorted table are put in place, many are sorted anew: the same order either way. */
static void
test_sort_of_appended_rows(void **state)
{
	const size_t appended[] = { 1, 5, 32, 33, 200 };
	struct observed o;
	struct obs_jail *j;

	(void)state;
	srand(7);
	for (size_t k = 0; k < sizeof(appended) / sizeof(appended[0]); k++) {
		observed_init(&o);
		for (size_t i = 0; i < 300; i++)
			snprintf(observed_jail_add(&o)->name, NAME_SIZE, "m%05zu", i * 10);
		for (size_t i = 0; i < appended[k]; i++) {
			j = observed_jail_add(&o);
			snprintf(j->name, NAME_SIZE, "m%05d", rand() % 4000);
			j->boot = 1;
		}
		observed_sort(&o);
		assert_int_equal(o.njails, 300 + appended[k]);
		for (size_t i = 1; i < o.njails; i++)
			assert_true(strcmp(o.jails[i - 1].name, o.jails[i].name) <= 0);
		size_t boots = 0;
		for (size_t i = 0; i < o.njails; i++)
			boots += o.jails[i].boot;
		assert_int_equal(boots, appended[k]);
		observed_fini(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_sort_of_appended_rows),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_merge_all),
		cmocka_unit_test(test_merge_jail),
		cmocka_unit_test(test_merge_link),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
