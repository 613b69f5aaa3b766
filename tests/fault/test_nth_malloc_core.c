/*
 * test_nth_malloc_core: the same for what is between requests and the kernel: views, checks, plans, observations and their frames, and for the
 * readers and writers of other formats.
 */
#include "tests/unit/plan_rig.h"

#include "convert/conv.h"
#include "core/hostfile.h"
#include "core/takeover.h"
#include "core/valid.h"
#include "core/wire.h"
#include "tests/fault/nth_malloc.h"

static struct err err;

/* What came of it is whole, or it is said that memory is out. */
static bool
worked(int rc)
{
	nth_off();
	if (rc == -1)
		assert_int_equal(err.code, ERR_NOMEM);
	return (rc == 0);
}

/* --- desired state and plan ----------------------------------------------------------------------------------- */

static size_t nsteps, nobserved;

static void
world(void)
{
	char name[16], jail_name[32], addresses[64];
	struct object *o;

	bridge("lan0", "10.0.0.1/24 fd00::1/64");
	for (int i = 0; i < 12; i++) {
		snprintf(jail_name, sizeof(jail_name), "jail:j%d", i);
		o = jail(strchr(jail_name, ':') + 1);
		route(o, "default", "10.0.0.1");
		snprintf(name, sizeof(name), "e%d", i);
		snprintf(addresses, sizeof(addresses), "10.0.0.%d/24 fd00::%d/64", i + 2, i + 2);
		epair(name, "bridge:lan0", "", jail_name, addresses);
	}
}

static int
setup_world(void **state)
{
	if (setup(state) == -1)
		return (-1);
	world();
	look();
	build();
	nsteps = plan.n;
	return (0);
}

static void
plan_one(const void *arg)
{
	struct plan p;
	(void)arg;

	plan_init(&p);
	if (worked(plan_build(&want, &have, &opts, &p, &err)))
		assert_int_equal(p.n, nsteps);
	plan_fini(&p);
}

static void
test_plans(void **state)
{
	(void)state;
	assert_true(nsteps > 20);
	nth_every(plan_one, NULL, 1);
	/* half built */
	for (size_t i = 0; i < plan.n / 2; i++) {
		struct reply reply = { .sent = 0 };

		assert_int_equal(driver->exec(f, &plan.v[i].cmd, &reply, NULL), 0);
	}
	look();
	build();
	nsteps = plan.n;
	assert_true(nsteps > 0);
	nth_every(plan_one, NULL, 1);
}

static void
view_one(const void *arg)
{
	struct topo t;
	int rc;
	(void)arg;

	rc = topo_view(&t, &want, &err);
	if (worked(rc))
		assert_int_equal(t.n[KIND_JAIL], want.n[KIND_JAIL]);
	if (rc == 0)
		topo_fini(&t);
}

static void
valid_one(const void *arg)
{
	struct errs errs = { .n = 0 };
	(void)arg;

	valid_topo(&want, &errs);
	nth_off();
	if (errs.n > 0)
		assert_int_equal(errs.v[0].code, ERR_NOMEM);
}

static void
test_topologies(void **state)
{
	struct errs errs = { .n = 0 };
	(void)state;

	valid_topo(&want, &errs);
	assert_int_equal(errs.n, 0);
	nth_every(view_one, NULL, 1);
	nth_every(valid_one, NULL, 1);
}

/* --- observations --------------------------------------------------------------------------------------------- */

static struct frame *frames;
static size_t nframes;

static int
keep(void *arg, const struct frame *frame, struct err *e)
{
	(void)arg;
	(void)e;
	frames = realloc(frames, (nframes + 1) * sizeof(*frames));
	assert_non_null(frames);
	frames[nframes++] = *frame;
	return (0);
}

static void
read_one(const void *arg)
{
	struct observed o, all;
	struct cmd_observe scope = { .scope = OBSERVE_ALL };
	int rc = 0;
	(void)arg;

	observed_init(&o);
	observed_init(&all);
	for (size_t i = 0; i < nframes && rc == 0; i++)
		rc = wire_get_observed(&frames[i], &o, &err);
	if (rc == 0)
		rc = observed_merge(&all, &o, &scope, &err);
	if (worked(rc))
		assert_int_equal(all.nlinks, nobserved);
	observed_fini(&o);
	observed_fini(&all);
}

static void
test_observations(void **state)
{
	(void)state;
	settle();
	nobserved = have.nlinks;
	assert_true(nobserved > 20);
	nframes = 0;
	assert_int_equal(wire_put_observed(&have, 1, keep, NULL, &err), 0);
	nth_every(read_one, NULL, 3);
	free(frames);
	frames = NULL;
}

/* --- other formats -------------------------------------------------------------------------------------------- */

static const struct source {
	enum conv_kind kind;
	const char *path, *text;
} sources[] = {
	{ CONV_EZJAIL, "/usr/local/etc/ezjail/web",
	    "export jail_web_hostname=\"web\"\nexport jail_web_ip=\"re0|192.0.2.5,re0|2001:db8::11,lo0|127.0.1.5\"\n"
	    "export jail_web_rootdir=\"/jails/web\"\nexport jail_web_exec_start=\"/bin/sh /etc/rc\"\n" },
	{ CONV_JAIL_CONF, "/etc/jail.conf",
	    "path = \"/jails/$name\";\n* { mount.devfs; }\nweb {\n\tvnet;\n\tvnet.interface = \"e0b_web\";\n"
	    "\texec.prestart += \"jib addm web re0\";\n\texec.start = \"/bin/sh /etc/rc\";\n\texec.poststop += \"jib destroy web\";\n}\n"
	    "old { ip4.addr = \"re0|192.0.2.7/24\"; host.hostname = \"${name}.example.org\"; }\n" },
	{ CONV_RC_CONF, "/etc/rc.conf",
	    "cloned_interfaces=\"bridge0 epair0\"\nifconfig_re0=\"inet 192.0.2.1/24\"\nifconfig_re0_ipv6=\"inet6 2001:db8::1/64\"\n"
	    "ifconfig_bridge0=\"addm re0 addm epair0a up\"\nifconfig_epair0a_name=\"web0a\"\ndefaultrouter=\"192.0.2.254\"\nvlans_re0=\"7\"\n"
	    "jail_enable=\"YES\"\njail_list=\"web\"\njailnet_note_0=\"bridge/bridge0 description=x%20y label.a=b label.c=d\"\n" },
};

static struct {
	size_t objects, texts, msgs;
} golden;

static void
import_one(const void *arg)
{
	const struct source *s = arg;
	const struct conv_file file = { s->path, s->text, strlen(s->text), NULL };
	const struct conv_opts o = { .mode = CONV_FLAT, .hooks = CONV_STATIC };
	struct topo t;
	struct conv c;
	size_t n = 0;

	conv_init(&c);
	if (worked(conv_import(&c, s->kind, &file, 1, &o, &t, &err))) {
		for (int k = 0; k < KIND_COUNT; k++)
			n += t.n[k];
		if (golden.objects == 0) {
			golden.objects = n;
			golden.texts = c.ntexts;
			golden.msgs = c.nmsgs;
		}
		assert_int_equal(n, golden.objects);
		assert_int_equal(c.ntexts, golden.texts);
		assert_int_equal(c.nmsgs, golden.msgs);
	}
	topo_fini(&t);
	conv_fini(&c);
}

static void
test_imports(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(sources); i++) {
		golden.objects = 0;
		import_one(&sources[i]);
		assert_true(golden.objects > 0);
		nth_every(import_one, &sources[i], 3);
	}
}

static void
export_one(const void *arg)
{
	const enum conv_format *format = arg;
	struct conv c;
	size_t size = 0;

	conv_init(&c);
	if (worked(conv_export(&c, *format, &want, &err))) {
		for (size_t i = 0; i < c.ntexts; i++)
			size += strlen(c.texts[i].text);
		if (golden.texts == 0)
			golden.texts = size;
		assert_int_equal(size, golden.texts);
	}
	conv_fini(&c);
}

static void
test_exports(void **state)
{
	static const enum conv_format formats[] = { CONV_TO_RC_CONF, CONV_TO_JAIL_CONF, CONV_TO_EZJAIL, CONV_TO_SHELL_FREEBSD, CONV_TO_SHELL_LINUX };
	(void)state;

	for (size_t i = 0; i < NELEMS(formats); i++) {
		golden.texts = 0;
		export_one(&formats[i]);
		assert_true(golden.texts > 0);
		nth_every(export_one, &formats[i], 1);
	}
}

static struct observed running;

static struct obs_link *
runs(const char *ifname, enum link_type type, const char *bridge, uint32_t peer)
{
	struct obs_link *l = observed_link_add(&running);

	assert_non_null(l);
	str_copy(l->ifname, sizeof(l->ifname), ifname);
	str_copy(l->bridge, sizeof(l->bridge), bridge);
	l->type = type;
	l->ifindex = (uint32_t)running.nlinks;
	l->peer = peer;
	l->mac = (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)running.nlinks } };
	l->mtu = 1500;
	l->up = l->adoptable = true;
	return (l);
}

static void
take_over(const void *arg)
{
	const struct topo none = { .n = { 0 } };
	struct takeover t;

	(void)arg;
	if (worked(takeover_build(&none, &running, 0, &t, &err))) {
		assert_int_equal(t.n, 3);
		assert_int_equal(t.nnotes, 2);
	}
	takeover_fini(&t);
}

static void
test_takeover(void **state)
{
	(void)state;
	observed_init(&running);
	runs("br0", LINK_BRIDGE, "", 0);
	runs("v0", LINK_EPAIR, "br0", 3);
	runs("v1", LINK_EPAIR, "", 2);
	runs("re0", LINK_PHYSICAL, "br0", 0);
	str_copy(observed_jail_add(&running)->name, NAME_SIZE, "web");
	running.jails[0].adoptable = true;
	observed_sort(&running);
	take_over(NULL);
	nth_every(take_over, NULL, 8);
	observed_fini(&running);
}

static void
receive(const void *arg)
{
	static struct hostfile_part p = { .path = "/etc/rc.conf", .size = 1000 };
	struct hostfiles files = { .n = 0 };
	int rc = 0;

	(void)arg;
	for (int i = 0; i < 40 && rc == 0; i++) {
		p.path[5] = (char)('a' + i / 2);
		rc = hostfiles_add(&files, &p, &err);
	}
	if (worked(rc))
		assert_true(files.n == 20 && files.bytes == 40000);
	hostfiles_fini(&files);
}

static void
test_files_of_the_host(void **state)
{
	(void)state;
	nth_every(receive, NULL, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plans, setup_world, teardown),
		cmocka_unit_test_setup_teardown(test_topologies, setup_world, teardown),
		cmocka_unit_test_setup_teardown(test_observations, setup_world, teardown),
		cmocka_unit_test(test_imports),
		cmocka_unit_test_setup_teardown(test_exports, setup_world, teardown),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_files_of_the_host),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
