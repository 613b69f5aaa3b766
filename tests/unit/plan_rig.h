/*
 * plan_rig: the planner over the fake kernel, for the tests of plans.
 */
#ifndef JN_PLAN_RIG_H
#define JN_PLAN_RIG_H

#include "core/plan.h"
#include "tests/fake/fake_kernel.h"
#include "tests/unit/plan_samples.h"

static struct fake *f;
static struct observed have;
static struct plan plan;
static struct plan_opts opts;

static UNUSED int
setup(void **state)
{
	(void)state;
	topo_init(&want);
	observed_init(&have);
	plan_init(&plan);
	opts = (struct plan_opts){ .nbusy = 0 };
	return ((f = fake_new()) == NULL ? -1 : 0);
}

static UNUSED int
teardown(void **state)
{
	(void)state;
	topo_fini(&want);
	observed_fini(&have);
	plan_fini(&plan);
	fake_free(f);
	return (0);
}

static UNUSED void
look(void)
{
	struct cmd_observe all = { .scope = OBSERVE_ALL };

	observed_fini(&have);
	observed_init(&have);
	assert_int_equal(driver->observe(f, &all, &have, NULL), 0);
	observed_sort(&have);
}

static UNUSED void
build(void)
{
	assert_int_equal(plan_build(&want, &have, &opts, &plan, NULL), 0);
}

/* Every command of the plan works. */
static UNUSED void
execute(void)
{
	for (size_t i = 0; i < plan.n; i++) {
		struct reply reply = { .sent = 0 };
		struct err err = { .code = ERR_NONE };
		char line[512];

		if (driver->exec(f, &plan.v[i].cmd, &reply, &err) == -1)
			fail_msg("%s: %s", cmd_print(&plan.v[i].cmd, line, sizeof(line)), err.msg);
	}
}

/* The plan, one command a line, is exactly this. */
static UNUSED void
planned(const char *expected)
{
	static char got[16384];
	char line[512];
	size_t n = 0;

	got[0] = '\0';
	look();
	build();
	for (size_t i = 0; i < plan.n && n < sizeof(got); i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s\n", cmd_print(&plan.v[i].cmd, line, sizeof(line)));
	assert_string_equal(got, expected);
}

static UNUSED void
converged(void)
{
	planned("");
	assert_false(plan.waiting);
}

static UNUSED void
settle(void)
{
	for (int i = 0; i < 4; i++) {
		look();
		build();
		execute();
	}
	converged();
}

static UNUSED const struct step *
step_of(enum cmd_op op)
{
	for (size_t i = 0; i < plan.n; i++)
		if (plan.v[i].cmd.op == op)
			return (&plan.v[i]);
	fail_msg("no %s in the plan", cmd_name(op));
	return (NULL);
}

static UNUSED size_t
count_of(enum cmd_op op)
{
	size_t n = 0;

	for (size_t i = 0; i < plan.n; i++)
		n += plan.v[i].cmd.op == op;
	return (n);
}

/* lan0 - web0 - jail web with addresses, default route */
static UNUSED struct object *
small(void)
{
	struct object *o;

	bridge("lan0", "10.0.0.1/24");
	o = jail("web");
	epair("web0", "bridge:lan0", "", "jail:web", "10.0.0.2/24 fd00::2/64");
	route(o, "default", "10.0.0.1");
	return (o);
}

static UNUSED void
physical(const char *name, bool up)
{
	const struct mac m = mac_of(name, 9);
	struct prefix p = pfx("192.0.2.5/24");

	assert_int_equal(fake_add_physical(f, name, &m, up, &p, 1), 0);
}

#endif
