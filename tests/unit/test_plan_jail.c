/*
 * plan_jail: golden plans for what happens to jails: their starts and stops, commands that run, jails that die.
 */
#include <errno.h>

#include "tests/unit/plan_rig.h"

/* The command first, alone; when it has ended, interfaces come out before the jail goes. */
static void
test_stop(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "service start");
	text(o, &o->u.jail.exec_stop, "service stop");
	settle();
	o->u.jail.running = false;
	planned("JAIL_STOP web path=/ timeout=60 command=service stop\n");
	assert_true(plan.waiting);
	execute();
	planned("IF_MOVE if=web0b from=web to=-\n"
		"JAIL_DESTROY web\n");
	assert_int_equal(plan.v[0].kind, KIND_JAIL); /* the jail's end waits for it */
	execute();
	converged();
	assert_int_equal(have.njails, 0);
	assert_non_null(observed_link(&have, "", "web0b"));
	assert_false(observed_link(&have, "", "web0b")->up);
}

static void
test_stop_for_processes(void **state)
{
	(void)state;
	small();
	settle();
	assert_int_equal(fake_jail_processes(f, "web", 3), 0);
	topo_remove(&want, KIND_EPAIR, "web0");
	topo_remove(&want, KIND_JAIL, "web");
	planned("JAIL_STOP web path=/ timeout=60 command=-\n"); /* its epair waits, too */
	execute();
	planned("EPAIR_DESTROY jail=- if=web0a other=web0b@web\n"
		"JAIL_DESTROY web\n");
	execute();
	converged();
}

static void
test_restart(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "service start");
	settle();
	o->u.jail.boot++;
	planned("IF_MOVE if=web0b from=web to=-\n"
		"JAIL_DESTROY web\n"
		"JAIL_CREATE web path=/ hostname=- forwarding=0 boot=2\n"
		"IF_MOVE if=web0b from=- to=web\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_ADD jail=web if=web0b fd00::2/64\n"
		"IF_SET jail=web if=web0b up\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"JAIL_START web path=/ timeout=60 command=service start\n");
	execute();
	converged();
}

/* A running jail stays in its root; one whose exec.start is still to come is made anew in the one that is wanted. */
static void
test_root(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.path, "/old");
	text(o, &o->u.jail.exec_start, "service start");
	settle();
	text(o, &o->u.jail.path, "/new");
	planned("");
	text(o, &o->u.jail.exec_start, "");
	settle();
	o->u.jail.boot++;
	text(o, &o->u.jail.path, "/old");
	settle();
	text(o, &o->u.jail.path, "/new");
	planned("");
	text(o, &o->u.jail.exec_start, "service start");
	planned("IF_MOVE if=web0b from=web to=-\n"
		"JAIL_DESTROY web\n"
		"JAIL_CREATE web path=/new hostname=- forwarding=0 boot=2\n"
		"IF_MOVE if=web0b from=- to=web\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_ADD jail=web if=web0b fd00::2/64\n"
		"IF_SET jail=web if=web0b up\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"JAIL_START web path=/new timeout=60 command=service start\n");
	execute();
	converged();
	text(o, &o->u.jail.path, "");
	assert_int_equal(path_hash(""), path_hash("/"));
	assert_int_not_equal(path_hash(""), path_hash("/new"));
	planned("");
}

static void
test_busy(void **state)
{
	const char *busy[] = { "web" };
	struct object *o = small();

	(void)state;
	jail("db");
	settle();
	opts.busy = busy;
	opts.nbusy = 1;
	o->u.jail.running = false;
	o->u.jail.forwarding = true;
	topo_find(&want, KIND_JAIL, "db")->u.jail.forwarding = true;
	assert_int_equal(fake_addr(f, "web", "web0b", &(struct prefix){ { 4, { 10, 9, 9, 9 } }, 24 }, true), 0);
	assert_int_equal(fake_set_up(f, "", "web0a", false), 0);
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n"
		"IF_SET jail=- if=web0a up\n");
	assert_true(plan.waiting);
	topo_remove(&want, KIND_EPAIR, "web0");
	topo_remove(&want, KIND_JAIL, "web");
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n");
	assert_true(plan.waiting);
	/* an epair whose jail is busy is not made either */
	jail("web");
	epair("new0", "bridge:lan0", "", "jail:web", "");
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n");
}

/* Another epair wants the name that an interface keeps until the job in its jail has ended. */
static void
test_busy_keeps_names(void **state)
{
	const char *busy[] = { "web" };
	struct object *o;

	(void)state;
	small();
	settle();
	topo_remove(&want, KIND_EPAIR, "web0");
	o = epair("db0", "bridge:lan0", "", "", "");
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, "web0a");
	opts.busy = busy;
	opts.nbusy = 1;
	topo_find(&want, KIND_JAIL, "web")->u.jail.nroutes = 0;
	planned("");
	assert_true(plan.waiting);
	opts.nbusy = 0;
	settle();
}

static bool
only_epairs(void *arg, enum kind kind, const char *name)
{
	(void)arg;
	(void)name;
	return (kind == KIND_EPAIR);
}

/* A jail that is not to be touched now keeps what is inside, though it shall stop. */
static void
test_jail_out_of_scope(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	o->u.jail.running = false;
	opts.in_scope = only_epairs;
	planned("");
	o->u.jail.running = true;
	o->u.jail.boot++;
	planned("");
	o->u.jail.running = false;
	opts.in_scope = NULL;
	settle();
	o->u.jail.running = true;
	opts.in_scope = only_epairs;
	planned(""); /* absent: its end goes on waiting on the host */
}

static void
test_dying_and_partial(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	/* what is left of an old one is in nobody's way */
	have.jails[0].phase = JAIL_IS_DYING;
	o->u.jail.forwarding = true;
	build();
	assert_int_equal(count_of(CMD_JAIL_CREATE), 1);
	assert_int_equal(count_of(CMD_JAIL_STOP) + count_of(CMD_JAIL_DESTROY), 0);
	assert_false(plan.waiting);
	o->u.jail.running = false;
	build();
	assert_int_equal(count_of(CMD_JAIL_CREATE) + count_of(CMD_JAIL_STOP) + count_of(CMD_JAIL_DESTROY), 0);
	assert_false(plan.waiting);
	o->u.jail.running = true;
	have.jails[0].phase = JAIL_PARTIAL;
	build();
	assert_int_equal(plan.v[0].cmd.op, CMD_JAIL_CREATE);
	assert_false(plan.waiting);
}

/* No host name is a wish like any other. */
static void
test_hostname(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.hostname, "www");
	settle();
	text(o, &o->u.jail.hostname, "");
	planned("JAIL_SET web path=/ hostname=- forwarding=0 boot=1\n");
	assert_string_equal(plan.v[0].pointer, "/jails/web/hostname");
	execute();
	converged();
	/* on FreeBSD a jail without one has its own name */
	have.jails[0].jid = 7;
	str_copy(have.jails[0].hostname, HOSTNAME_SIZE, "web");
	build();
	assert_int_equal(plan.n, 0);
	str_copy(have.jails[0].hostname, HOSTNAME_SIZE, "www");
	build();
	assert_int_equal(count_of(CMD_JAIL_SET), 1);
}

static void
test_start_cut_short(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "daemon");
	look();
	build();
	fake_break(f, CMD_JAIL_START, 1, FAKE_HALF, EIO);
	for (size_t i = 0; i < plan.n; i++)
		driver->exec(f, &plan.v[i].cmd, &(struct reply){ .sent = 0 }, &(struct err){ .code = ERR_NONE });
	look();
	assert_int_equal(have.jails[0].phase, JAIL_STARTING);
	have.jails[0].busy = true;
	build();
	assert_int_equal(plan.n, 0);
	assert_true(plan.waiting);
	have.jails[0].busy = false;
	build();
	assert_int_equal(count_of(CMD_JAIL_STOP), 1);
	assert_int_equal(count_of(CMD_JAIL_START), 0);
	execute();
	look();
	build();
	assert_int_equal(count_of(CMD_JAIL_DESTROY), 1);
	assert_int_equal(count_of(CMD_JAIL_CREATE), 1);
	assert_int_equal(count_of(CMD_JAIL_START), 1);
	execute();
	look();
	assert_int_equal(have.jails[0].phase, JAIL_STARTED);
	assert_int_equal(have.jails[0].processes, 1);
	converged();
}

static void
test_params(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	assert_int_equal(object_pairs(o, &o->u.jail.params, &(struct pair){ "securelevel", "2" }, 1), 0);
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_JAIL_SET);
	assert_string_equal(plan.v[0].cmd.u.jail.params, "securelevel=2\n");
	assert_string_equal(plan.v[0].pointer, "/jails/web/params");
	execute();
	converged();
}

static void
test_reclaim_needs_the_jail(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	o->u.jail.running = false;
	topo_find(&want, KIND_EPAIR, "web0")->u.epair.mtu = 1400;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1400;
	look();
	build();
	for (size_t i = 0; i < plan.n; i++)
		if (plan.v[i].cmd.op == CMD_IF_SET && strcmp(plan.v[i].cmd.u.ifset.ifname, "web0b") == 0)
			assert_string_equal(plan.v[i].needs[0].name, "web");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_stop), T(test_stop_for_processes), T(test_restart), T(test_root), T(test_busy),
		T(test_busy_keeps_names), T(test_jail_out_of_scope), T(test_dying_and_partial), T(test_reclaim_needs_the_jail),
		T(test_params), T(test_hostname), T(test_start_cut_short) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
