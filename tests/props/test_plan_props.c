/*
 * plan properties on the fake kernel, for random topologies, mischief by hand, faults and crashes: it converges in few
 * rounds; the kernel then is what the topology says; the next plan is empty; the order in which the kernel lists things
 * does not matter; what is not ours and not named stays as it was, what was named is given back.
 *
 * JN_PROPS_SEED=n runs that case alone, JN_PROPS_N=n so many cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan.h"
#include "core/str.h"
#include "tests/fake/fake_kernel.h"
#include "tests/props/props_check.h"
#include "tests/props/props_gen.h"

#define CASES 2000
#define ROUNDS_MAX 12

static void
look(struct run *r, struct observed *o)
{
	struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct err err = { 0 };

	observed_init(o);
	if (driver->observe(r->f, &all, o, &err) == -1)
		fail_msg("seed %llu: observe: %s", (unsigned long long)seed, err.msg);
	observed_sort(o);
}

static void
shuffle(struct gen *g, void *rows, size_t n, size_t size)
{
	char *v = rows, *tmp = malloc(size);

	assert_non_null(tmp);
	for (size_t i = n; i > 1; i--) {
		size_t k = gen_below(g, (uint32_t)i);

		memcpy(tmp, v + (i - 1) * size, size);
		memcpy(v + (i - 1) * size, v + k * size, size);
		memcpy(v + k * size, tmp, size);
	}
	free(tmp);
}

static void
same_plan_when_shuffled(struct run *r, const struct observed *sorted)
{
	struct observed o;
	struct plan p;

	plan_init(&p);
	look(r, &o);
	shuffle(&r->g, o.jails, o.njails, sizeof(*o.jails));
	shuffle(&r->g, o.links, o.nlinks, sizeof(*o.links));
	shuffle(&r->g, o.addrs, o.naddrs, sizeof(*o.addrs));
	shuffle(&r->g, o.routes, o.nroutes, sizeof(*o.routes));
	shuffle(&r->g, o.sysctls, o.nsysctls, sizeof(*o.sysctls));
	assert_int_equal(plan_build(&r->want, sorted, NULL, &r->plan, NULL), 0);
	assert_int_equal(plan_build(&r->want, &o, NULL, &p, NULL), 0);
	if (p.n != r->plan.n || p.waiting != r->plan.waiting ||
	    (p.n > 0 && memcmp(p.v, r->plan.v, p.n * sizeof(*p.v)) != 0))
		fail_msg("seed %llu: a shuffled kernel gives another plan", (unsigned long long)seed);
	plan_fini(&p);
	observed_fini(&o);
}

static int
put_found(void *arg, const struct found *f, struct err *err)
{
	struct run *r = arg;

	return (topo_found_put(&r->want, f, err));
}

static int
drop_found(void *arg, const char *ifname, struct err *err)
{
	struct run *r = arg;

	(void)err;
	topo_found_remove(&r->want, ifname);
	return (0);
}

struct failed {
	enum kind kind;
	const char *name;
};

static bool
has_failed(const struct failed *v, size_t n, enum kind kind, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == kind && strcmp(v[i].name, name) == 0)
			return (true);
	return (false);
}

static bool
takes_along(enum cmd_op op)
{
	return (op == CMD_JAIL_CREATE || op == CMD_JAIL_DESTROY || op == CMD_BRIDGE_CREATE || op == CMD_EPAIR_CREATE || op == CMD_EPAIR_DESTROY ||
		op == CMD_IF_MOVE || op == CMD_IF_RENAME || op == CMD_PORT_DETACH || op == CMD_ADDR_ADD || op == CMD_ADDR_DEL);
}

/* False when the kernel is as this step wants it, so that only an earlier step can be why. */
static bool
words_are_there(const struct step *s, const struct observed *o)
{
	char a[600], b[600];

	step_detail(s, a, sizeof(a));
	assert_true(a[0] != '\0' && s->pointer[0] == '/' && step_verb(s)[0] != '\0');
	step_interrupts(s, a, sizeof(a));
	step_drift(s, o, a, sizeof(a), b, sizeof(b));
	assert_true(a[0] != '\0' && b[0] != '\0');
	assert_string_not_equal(a, b);
	return (strcmp(b, DRIFT_FOLLOWS) != 0);
}

/* Like the reconcile loop: what depends on something that failed is skipped.  Stops dead after 'stop' commands. Returns
 * the number of commands that failed. */
static size_t
execute(struct run *r, const struct observed *o, size_t stop)
{
	struct failed *failed = calloc(r->plan.n + 1, sizeof(*failed));
	bool made = false;
	size_t n = 0;

	assert_non_null(failed);
	for (size_t i = 0; i < r->plan.n && i < stop; i++) {
		const struct step *s = &r->plan.v[i];
		struct reply reply = { 0 };
		struct err err = { 0 };
		char text[512];

		made = made || takes_along(s->cmd.op);
		assert_true(words_are_there(s, o) || made);
		if (has_failed(failed, n, s->kind, s->name) ||
		    has_failed(failed, n, s->needs[0].kind, s->needs[0].name) ||
		    has_failed(failed, n, s->needs[1].kind, s->needs[1].name))
			continue;
		if (driver->exec(r->f, &s->cmd, &reply, &err) == -1)
			failed[n++] = (struct failed){ s->kind, s->name };
		if (r->verbose)
			printf("  %s%s%s\n", cmd_print(&s->cmd, text, sizeof(text)), err.msg[0] != '\0' ? "  ! " : "",
			    err.msg);
	}
	free(failed);
	return (n);
}

static void
not_converged(struct run *r)
{
	char *text = fake_snapshot(r->f, false);

	for (size_t i = 0; i < r->plan.n; i++) {
		char line[512];

		printf("left: %s (%s)\n", cmd_print(&r->plan.v[i].cmd, line, sizeof(line)), r->plan.v[i].pointer);
	}
	printf("%s\n", text);
	free(text);
	fail_msg("seed %llu: not converged after %d rounds", (unsigned long long)seed, ROUNDS_MAX);
}

/* Nobody can tell whose other half an interface without a label is: destroying it may surprise another step. */
static bool
has_unlabelled(const struct observed *o)
{
	for (size_t i = 0; i < o->nlinks; i++)
		if (o->links[i].mark.ours && !o->links[i].mark.has_object)
			return (true);
	return (false);
}

/* A plan that nothing disturbed and that announced no sequel leaves nothing to do. */
static void
one_round_is_enough(struct run *r)
{
	struct observed o;
	char line[512];

	look(r, &o);
	assert_int_equal(plan_build(&r->want, &o, NULL, &r->plan, NULL), 0);
	if (r->plan.n > 0)
		fail_msg("seed %llu: a second round was needed: %s (%s)", (unsigned long long)seed,
		    cmd_print(&r->plan.v[0].cmd, line, sizeof(line)), r->plan.v[0].pointer);
	observed_fini(&o);
}

/* Into a jail whose manager does it nothing is moved, and no address that the topology does not know is taken away there. */
static void
leaves_the_manager_his(const struct run *r)
{
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct cmd *c = &r->plan.v[i].cmd;
		char line[512];
		bool bad = (c->op == CMD_IF_MOVE && minds_itself(r, c->u.move.to)) ||
		    (c->op == CMD_ADDR_DEL && minds_itself(r, c->u.addr.jail));

		for (int side = END_A; c->op == CMD_EPAIR_CREATE && side <= END_B; side++)
			bad = bad || minds_itself(r, c->u.epair.end[side].jail);
		if (bad)
			fail_msg("seed %llu: the manager's own business: %s", (unsigned long long)seed, cmd_print(c, line, sizeof(line)));
	}
}

/* Faults come in the first rounds, and crashes: the plan is dropped after any command and made anew. */
static void
converge(struct run *r, bool faults)
{
	bool disturbed = false;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct observed o;
		size_t stop = SIZE_MAX, failed;
		bool done;

		look(r, &o);
		assert_int_equal(plan_found(&r->want, &o, put_found, r, NULL), 0);
		assert_int_equal(plan_returned(&r->want, &o, drop_found, r, NULL), 0);
		same_plan_when_shuffled(r, &o);
		leaves_the_manager_his(r);
		if (r->verbose)
			printf(" round %d: %zu steps%s\n", round, r->plan.n, r->plan.waiting ? ", waiting" : "");
		if (faults && round < 5 && r->plan.n > 0) {
			if (gen_chance(&r->g, 30))
				stop = gen_below(&r->g, (uint32_t)r->plan.n);
			disturbed = disturbed || stop != SIZE_MAX;
			if (gen_chance(&r->g, 50)) {
				disturbed = true;
				assert_int_equal(fake_break(r->f, -1, 1 + gen_below(&r->g, (uint32_t)r->plan.n),
						     gen_chance(&r->g, 50) ? FAKE_FAIL : FAKE_HALF, EIO),
				    0);
			}
		}
		failed = execute(r, &o, stop);
		fake_break_clear(r->f);
		done = r->plan.n == 0 && !r->plan.waiting;
		if (!disturbed && !has_unlabelled(&o)) {
			if (failed > 0)
				fail_msg("seed %llu: a command failed without need", (unsigned long long)seed);
			if (!r->plan.waiting)
				one_round_is_enough(r);
		}
		if (done)
			check_kernel(r, &o);
		observed_fini(&o);
		if (done)
			return;
	}
	not_converged(r);
}

/* Somebody's fingers on things of ours. */
static void
meddle(struct run *r)
{
	struct observed o;
	struct prefix p = gen_prefix("203.0.113.9/24");
	struct mac m = { { 2, 9, 9, 9, 9, (uint8_t)gen_below(&r->g, 256) } };

	look(r, &o);
	for (unsigned n = gen_below(&r->g, 5); n > 0 && o.nlinks > 0; n--) {
		const struct obs_link *l = &o.links[gen_below(&r->g, (uint32_t)o.nlinks)];
		const struct obs_jail *j = o.njails == 0 ? NULL : &o.jails[gen_below(&r->g, (uint32_t)o.njails)];

		if (!l->mark.ours)
			continue;
		switch (gen_below(&r->g, 11)) {
		case 0:
			fake_del_link(r->f, l->jail, l->ifname);
			break;
		case 1:
			fake_set_up(r->f, l->jail, l->ifname, !l->up);
			break;
		case 2:
			fake_set_mtu(r->f, l->jail, l->ifname, 1300);
			break;
		case 3:
			fake_set_mac(r->f, l->jail, l->ifname, &m);
			break;
		case 4:
			fake_set_bridge(r->f, l->ifname, "br1");
			break;
		case 5:
			fake_clear_mark(r->f, l->jail, l->ifname, true);
			break;
		case 6:
			if (l->type == LINK_EPAIR)
				fake_move(r->f, l->jail, l->ifname, j == NULL ? "" : j->name);
			break;
		case 7:
			fake_addr(r->f, l->jail, l->ifname, &p, true);
			break;
		case 8:
			if (j != NULL && j->ours)
				fake_jail_processes(r->f, j->name, 2);
			break;
		case 9:
			if (j != NULL && j->ours)
				fake_del_jail(r->f, j->name);
			break;
		case 10:
			fake_set_bridge(r->f, l->ifname, "fbr0");
			break;
		}
	}
	/* a manager takes what waits for its jail, and the jail's own rc gives it another address */
	for (size_t i = 0; i < 2 * r->want.n[KIND_EPAIR]; i++) {
		const struct end *e = &r->want.v[KIND_EPAIR][i / 2]->u.epair.end[i % 2];

		if (minds_itself(r, e->jail) && gen_chance(&r->g, 70) && fake_move(r->f, "", e->ifname, e->jail) == 0 && gen_chance(&r->g, 50)) {
			fake_addr(r->f, e->jail, e->ifname, &p, true);
			fake_set_up(r->f, e->jail, e->ifname, true);
		}
	}
	/* external jails come and go as they please */
	for (int i = 0; i < GEN_EXTERNALS; i++) {
		const char *name = i == 0 ? "x0" : "x1";

		if (gen_chance(&r->g, 30) && fake_add_jail(r->f, name, false) == -1)
			fake_del_jail(r->f, name);
	}
	observed_fini(&o);
}

static void
furnish(struct run *r)
{
	struct prefix p[2] = { gen_prefix("192.0.2.10/24"), gen_prefix("2001:db8::10/64") };

	for (int i = 0; i < GEN_PHYSICALS; i++) {
		struct mac m = { { 0, 1, 2, 3, 4, (uint8_t)i } };
		char name[IFNAME_SIZE];

		str_format(name, sizeof(name), "re%d", i);
		assert_int_equal(fake_add_physical(r->f, name, &m, gen_chance(&r->g, 70), p, gen_below(&r->g, 3)), 0);
	}
	assert_int_equal(fake_add_foreign_bridge(r->f, "fbr0"), 0);
	if (gen_chance(&r->g, 50))
		assert_int_equal(fake_set_bridge(r->f, "re2", "fbr0"), 0);
	assert_int_equal(fake_add_foreign_epair(r->f, "veth0", "veth1"), 0);
	assert_int_equal(fake_add_jail(r->f, "theirs", false), 0);
	assert_int_equal(fake_add_jail(r->f, "x0", false), 0);
	assert_int_equal(fake_add_jail(r->f, "x1", false), 0);
}

static void
become(struct run *r, bool empty)
{
	struct topo next;

	if (empty) {
		topo_init(&next);
		for (size_t i = 0; i < r->want.nfound; i++)
			assert_int_equal(topo_found_put(&next, &r->want.found[i], NULL), 0);
	} else
		gen_topo(&r->g, &r->want, &next);
	topo_fini(&r->want);
	r->want = next;
}

static void
one_case(uint64_t n, bool verbose)
{
	struct run r = { .g = { n * 7919 }, .verbose = verbose };
	char *before, *after;

	seed = n;
	assert_non_null(r.f = fake_new());
	topo_init(&r.want);
	plan_init(&r.plan);
	furnish(&r);
	before = fake_snapshot(r.f, true);
	for (int turn = 0; turn < 3; turn++) {
		become(&r, false);
		if (verbose)
			printf("turn %d: %zu bridges, %zu epairs, %zu jails, %zu attachments\n", turn,
			    r.want.n[KIND_BRIDGE], r.want.n[KIND_EPAIR], r.want.n[KIND_JAIL],
			    r.want.n[KIND_ATTACHMENT]);
		converge(&r, turn > 0);
		meddle(&r);
	}
	become(&r, true);
	converge(&r, true);
	fake_add_jail(r.f, "x0", false);
	fake_add_jail(r.f, "x1", false);
	after = fake_snapshot(r.f, true);
	if (strcmp(before, after) != 0) {
		printf("before:\n%s\nafter:\n%s\n", before, after);
		fail_msg("seed %llu: foreign things are not as they were", (unsigned long long)n);
	}
	if (r.want.nfound > 0)
		fail_msg("seed %llu: %s was not given back", (unsigned long long)n, r.want.found[0].ifname);
	free(before);
	free(after);
	plan_fini(&r.plan);
	topo_fini(&r.want);
	fake_free(r.f);
}

static void
test_converges(void **state)
{
	const char *one = getenv("JN_PROPS_SEED"), *many = getenv("JN_PROPS_N");
	uint64_t n = many != NULL ? strtoull(many, NULL, 10) : CASES;

	(void)state;
	if (one != NULL) {
		one_case(strtoull(one, NULL, 10), true);
		return;
	}
	for (uint64_t i = 1; i <= n; i++)
		one_case(i, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_converges) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
