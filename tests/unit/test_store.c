/*
 * test_store: what goes in comes out, transactions keep their promises.
 */
#include "tests/unit/store_rig.h"

static void
check_sample(enum kind kind, const struct object *want)
{
	struct object *got = NULL;

	OK(store_object(w, kind, want->name, &got, E));
	assert_same(want, got);
	object_free(got);
}

static void
test_objects(void **state)
{
	struct object *v[] = { full_epair("web0", 20, "lan", "web"), full_attachment("em0", 30, "web"), full_bridge("lan", 1),
		full_jail("web", 10), sample(KIND_BRIDGE, "bare", 2), sample(KIND_JAIL, "bare", 11), sample(KIND_EPAIR, "bare", 21) };
	struct object *got = NULL;
	struct topo topo;
	struct err err;
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	for (i = 0; i < NELEMS(v); i++)
		OK(store_object_put(w, v[i], E));
	OK(store_revision_set(w, 42, E));
	OK(store_commit(w, E));
	OK(store_topo(w, &topo, E));
	assert_int_equal(topo.revision, 42);
	for (i = 0; i < NELEMS(v); i++) {
		check_sample(v[i]->kind, v[i]);
		assert_non_null(topo_find(&topo, v[i]->kind, v[i]->name));
		assert_same(topo_find(&topo, v[i]->kind, v[i]->name), v[i]);
	}
	assert_int_equal(topo.n[KIND_BRIDGE] + topo.n[KIND_EPAIR] + topo.n[KIND_JAIL] + topo.n[KIND_ATTACHMENT], NELEMS(v));
	topo_fini(&topo);
	for (i = 0; i < NELEMS(v); i++)
		object_free(v[i]);
	assert_int_equal(store_object(w, KIND_JAIL, "nobody", &got, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_null(got);
}

/* The second put leaves nothing of the first. */
static void
test_replace(void **state)
{
	struct object *bare[] = { sample(KIND_BRIDGE, "lan", 101), sample(KIND_JAIL, "web", 102), sample(KIND_EPAIR, "web0", 103) };
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	OK(store_begin(w, E));
	for (i = 0; i < NELEMS(bare); i++)
		OK(store_object_put(w, bare[i], E));
	OK(store_commit(w, E));
	for (i = 0; i < NELEMS(bare); i++) {
		check_sample(bare[i]->kind, bare[i]);
		object_free(bare[i]);
	}
	OK(store_begin(w, E));
	OK(store_object_delete(w, KIND_ATTACHMENT, "em0", E));
	OK(store_object_delete(w, KIND_ATTACHMENT, "em0", E));
	OK(store_object_delete(w, KIND_BRIDGE, "lan", E));
	OK(store_object_delete(w, KIND_JAIL, "web", E));
	OK(store_object_delete(w, KIND_EPAIR, "web0", E));
	OK(store_commit(w, E));
	/* All children are gone with them. */
	for (i = 0; i < 3; i++) {
		static const char *const left[] = { "SELECT count(*) FROM bridge_member_vlan", "SELECT count(*) FROM epair_end_addr",
			"SELECT count(*) FROM jail_sysctl" };
		int64_t n = -1;

		OK(store_ask_int(w, left[i], &n, E));
		assert_int_equal(n, 0);
	}
}

struct names {
	char text[200];
	size_t n, stop_at;
};

static int
add_name(void *arg, struct object *o, struct err *err)
{
	struct names *names = arg;

	snprintf(names->text + strlen(names->text), sizeof(names->text) - strlen(names->text), "%s ", o->name);
	object_free(o);
	if (++names->n == names->stop_at)
		return (err_set(err, ERR_BUSY, "enough"));
	return (0);
}

static void
test_list(void **state)
{
	static const char *const order[] = { "b", "ab", "a-b", "a_b", "aB", "a", "Z", "a0" };
	struct names all = { 0 }, page = { 0 }, stopped = { .stop_at = 2 };
	struct err err;
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	for (i = 0; i < NELEMS(order); i++)
		put_free(w, sample(KIND_JAIL, order[i], (unsigned)i));
	OK(store_commit(w, E));
	OK(store_objects(w, KIND_JAIL, "", SIZE_MAX, add_name, &all, E));
	assert_string_equal(all.text, "Z a a-b a0 aB a_b ab b ");
	OK(store_objects(w, KIND_JAIL, "a", 3, add_name, &page, E));
	assert_string_equal(page.text, "a-b a0 aB ");
	assert_int_equal(store_objects(w, KIND_JAIL, "", SIZE_MAX, add_name, &stopped, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_int_equal(stopped.n, 2);
	/* Stopping half-way leaves no transaction open. */
	OK(store_begin(w, E));
	OK(store_commit(w, E));
}

static void
test_references(void **state)
{
	struct object *o;
	struct err err;

	(void)state;
	OK(store_begin(w, E));
	put_free(w, full_epair("web0", 1, "lan", "web"));
	put_free(w, full_jail("web", 2));
	assert_int_equal(store_commit(w, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_int_equal(store_object(w, KIND_JAIL, "web", &o, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);

	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	/* Replaced by name: the epair's reference goes on. */
	OK(store_begin(w, E));
	OK(store_object_delete(w, KIND_BRIDGE, "lan", E));
	put_free(w, sample(KIND_BRIDGE, "lan", 77));
	OK(store_commit(w, E));
	OK(store_begin(w, E));
	OK(store_object_delete(w, KIND_BRIDGE, "lan", E));
	assert_int_equal(store_commit(w, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
}

/* One request of a group fails alone. */
static void
test_savepoint(void **state)
{
	struct object *o;
	struct err err;

	(void)state;
	OK(store_begin(w, E));
	OK(store_savepoint(w, E));
	put_free(w, sample(KIND_JAIL, "one", 1));
	OK(store_release(w, true, E));
	OK(store_savepoint(w, E));
	put_free(w, sample(KIND_JAIL, "two", 2));
	OK(store_release(w, false, E));
	/* A reference to nothing is found here, not at commit. */
	OK(store_savepoint(w, E));
	put_free(w, full_epair("web0", 3, "lan", "web"));
	assert_int_equal(store_release(w, true, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	/* An id twice: sticks until the savepoint is given up. */
	OK(store_savepoint(w, E));
	o = sample(KIND_JAIL, "three", 1);
	assert_int_equal(store_object_put(w, o, &err), -1);
	object_free(o);
	assert_non_null(strstr(err.msg, "UNIQUE"));
	assert_int_equal(store_revision_set(w, 9, &err), -1);
	assert_non_null(strstr(err.msg, "UNIQUE"));
	OK(store_release(w, false, E));
	OK(store_savepoint(w, E));
	put_free(w, sample(KIND_JAIL, "four", 4));
	OK(store_release(w, true, E));
	OK(store_commit(w, E));
	OK(store_object(w, KIND_JAIL, "one", &o, E));
	object_free(o);
	OK(store_object(w, KIND_JAIL, "four", &o, E));
	object_free(o);
	assert_int_equal(store_object(w, KIND_JAIL, "two", &o, &err), -1);
	assert_int_equal(store_object(w, KIND_JAIL, "three", &o, &err), -1);
	assert_int_equal(store_object(w, KIND_EPAIR, "web0", &o, &err), -1);
}

static void
test_sticky(void **state)
{
	struct object *o = sample(KIND_JAIL, "two", 1);
	struct err err;
	int64_t revision;

	(void)state;
	OK(store_begin(w, E));
	put_free(w, sample(KIND_JAIL, "one", 1));
	assert_int_equal(store_object_put(w, o, &err), -1);
	object_free(o);
	assert_int_equal(store_revision_set(w, 9, NULL), -1);
	assert_int_equal(store_savepoint(w, &err), -1);
	assert_int_equal(store_commit(w, &err), -1);
	assert_non_null(strstr(err.msg, "UNIQUE"));
	assert_int_equal(store_object(w, KIND_JAIL, "one", &o, &err), -1);
	OK(store_revision(w, &revision, E));
	assert_int_equal(revision, 0);
	OK(store_begin(w, E));
	OK(store_revision_set(w, 9, E));
	store_rollback(w);
	OK(store_revision(w, &revision, E));
	assert_int_equal(revision, 0);
}

static int
count_mac(void *arg, const struct mac_row *row, struct err *err)
{
	(void)err;
	*(int *)arg += row->state == MAC_RETIRED ? 100 : 1;
	return (0);
}

static void
test_macs(void **state)
{
	struct mac_row row = { .mac = M(1), .kind = KIND_EPAIR, .name = "web0", .side = END_B, .state = MAC_ALLOCATED,
		.source = "random", .created_at = 10 }, got;
	struct mac keep = M(1);
	struct err err;
	int sum = 0;

	(void)state;
	OK(store_begin(w, E));
	OK(store_mac_put(w, &row, E));
	OK(store_mac(w, &row.mac, &got, E));
	assert_string_equal(got.name, "web0");
	assert_int_equal(got.side, END_B);
	assert_int_equal(got.kind, KIND_EPAIR);
	assert_string_equal(got.source, "random");
	row.mac = M(2);
	row.state = MAC_PINNED;
	OK(store_mac_put(w, &row, E));
	OK(store_mac_put(w, &row, E));
	OK(store_savepoint(w, E));
	row.side = END_A;
	assert_int_equal(store_mac_put(w, &row, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_non_null(strstr(err.msg, "epair web0, end b"));
	OK(store_release(w, false, E));
	OK(store_mac_retire(w, KIND_EPAIR, "web0", 99, &keep, 1, E));
	OK(store_mac_of(w, KIND_EPAIR, "web0", END_B, &got, E));
	assert_true(mac_equal(&got.mac, &keep));
	assert_int_equal(got.state, MAC_ALLOCATED);
	OK(store_mac_retire(w, KIND_EPAIR, "web0", 100, NULL, 0, E));
	/* All retired: the last one is what a new web0 would get. */
	OK(store_mac_of(w, KIND_EPAIR, "web0", END_B, &got, E));
	assert_true(mac_equal(&got.mac, &keep));
	assert_int_equal(got.retired_at, 100);
	/* A retired one may go to somebody else when he insists. */
	row = (struct mac_row){ .mac = M(2), .kind = KIND_BRIDGE, .name = "lan", .state = MAC_PINNED, .source = "user" };
	OK(store_mac_put(w, &row, E));
	OK(store_macs(w, count_mac, &sum, E));
	assert_int_equal(sum, 101);
	OK(store_commit(w, E));
	assert_int_equal(store_mac_of(w, KIND_EPAIR, "web0", END_A, &got, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	row.mac = M(9);
	assert_int_equal(store_mac(w, &row.mac, &got, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static int
op_ids(void *arg, const struct op_row *op, struct err *err)
{
	(void)err;
	strcat(arg, op->id);
	return (0);
}

static void
test_ops(void **state)
{
	struct op_row op = { .id = "op_a", .state = OP_RUNNING, .method = "PUT", .path = "/v1/topology", .actor = "uid:0",
		.revision = 3, .created_at = 100, .steps_total = 4 }, got;
	char ids[100] = "";
	struct err err;

	(void)state;
	OK(store_begin(w, E));
	OK(store_op_put(w, &op, E));
	op.state = OP_FAILED;
	op.finished_at = 200;
	op.steps_done = 2;
	err_set(&op.err, ERR_KERNEL, "no such device");
	op.err.sys = 19;
	strcpy(op.err.field, "/epairs/web0");
	OK(store_op_put(w, &op, E));
	op = (struct op_row){ .id = "op_b", .created_at = 101 };
	OK(store_op_put(w, &op, E));
	OK(store_commit(w, E));
	OK(store_op(w, "op_a", &got, E));
	assert_int_equal(got.state, OP_FAILED);
	assert_int_equal(got.err.code, ERR_KERNEL);
	assert_int_equal(got.err.sys, 19);
	assert_string_equal(got.err.field, "/epairs/web0");
	assert_string_equal(got.err.msg, "no such device");
	assert_int_equal(got.steps_done, 2);
	assert_int_equal(got.steps_total, 4);
	assert_string_equal(got.actor, "uid:0");
	OK(store_ops(w, 10, op_ids, ids, E));
	assert_string_equal(ids, "op_bop_a");
	assert_int_equal(store_op(w, "op_c", &got, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static int
last_event(void *arg, const struct event_row *e, struct err *err)
{
	(void)err;
	*(struct event_row *)arg = *e;
	return (0);
}

static void
test_events(void **state)
{
	struct event_row e = { .revision = 7, .at = 123, .type = "epair.created", .object = "epair/web0", .actor = "uid:0",
		.op = "op_a", .text = "made" }, got = { 0 };
	int64_t first = -1, last = -1;
	int i;

	(void)state;
	OK(store_event_range(w, &first, &last, E));
	assert_int_equal(first + last, 0);
	OK(store_begin(w, E));
	for (i = 0; i < EVENTS_KEEP + 5; i++) {
		e.at = i;
		OK(store_event_add(w, &e, E));
	}
	OK(store_event_trim(w, E));
	OK(store_commit(w, E));
	OK(store_event_range(w, &first, &last, E));
	assert_int_equal(last, EVENTS_KEEP + 5);
	assert_int_equal(first, 6);
	OK(store_events(w, 10, 3, last_event, &got, E));
	assert_int_equal(got.seq, 13);
	assert_int_equal(got.at, 12);
	assert_string_equal(got.type, e.type);
	assert_string_equal(got.object, e.object);
	assert_string_equal(got.actor, e.actor);
	assert_string_equal(got.op, e.op);
	assert_string_equal(got.text, e.text);
	OK(store_events_find(w, &(struct event_filter){ .before = 20 }, true, 3, last_event, &got, E));
	assert_int_equal(got.seq, 17);
	OK(store_begin(w, E));
	memcpy(e.object, "epair/web0:b", sizeof("epair/web0:b"));
	OK(store_event_add(w, &e, E));
	memcpy(e.object, "epair/web01", sizeof("epair/web01"));
	OK(store_event_add(w, &e, E));
	OK(store_commit(w, E));
	OK(store_events_find(
	    w, &(struct event_filter){ .object = "epair/web0", .type = "epair.created", .actor = "uid:0" }, true, 1, last_event, &got, E));
	assert_string_equal(got.object, "epair/web0:b");
	got.seq = 0;
	OK(store_events_find(w, &(struct event_filter){ .actor = "uid:1" }, false, 1, last_event, &got, E));
	assert_int_equal(got.seq, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_objects), T(test_replace), T(test_list), T(test_references), T(test_savepoint),
		T(test_sticky), T(test_macs), T(test_ops), T(test_events) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
