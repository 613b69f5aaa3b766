/*
 * test_store: what goes in comes out, transactions keep their promises, and what must be refused is.
 */
#include "tests/unit/store_samples.h"
#include "server/recon_int.h"

#include <time.h>

static char dir[64];
static struct store *w;

static int
setup(void **state)
{
	(void)state;
	scratch_new(dir);
	OK(store_open(dir, STORE_WRITER, &w, E));
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	store_close(w);
	w = NULL;
	scratch_free(dir);
	return (0);
}

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

static int
last_status(void *arg, const struct status_row *r, struct err *err)
{
	(void)err;
	*(struct status_row *)arg = *r;
	return (0);
}

static int
last_drift(void *arg, const struct drift_row *r, struct err *err)
{
	(void)err;
	*(struct drift_row *)arg = *r;
	return (0);
}

static int
last_iface(void *arg, const struct iface_row *r, struct err *err)
{
	(void)err;
	*(struct iface_row *)arg = *r;
	return (0);
}

/* Member by member: what lies between them is nobody's. */
static void
assert_same_drift(const struct drift_row *a, const struct drift_row *b)
{
	assert_string_equal(a->object, b->object);
	assert_string_equal(a->want, b->want);
	assert_string_equal(a->have, b->have);
	assert_string_equal(a->cause, b->cause);
	assert_int_equal(a->since, b->since);
	assert_string_equal(a->place.ifname, b->place.ifname);
	assert_string_equal(a->place.jail, b->place.jail);
	assert_string_equal(a->place.bridge, b->place.bridge);
}

static void
assert_same_iface(const struct iface_row *a, const struct iface_row *b)
{
	assert_string_equal(a->ifname, b->ifname);
	assert_string_equal(a->jail, b->jail);
	assert_int_equal(a->type, b->type);
	assert_true(mac_equal(&a->mac, &b->mac));
	assert_int_equal(a->mtu, b->mtu);
	assert_int_equal(a->up, b->up);
	assert_int_equal(a->running, b->running);
	assert_string_equal(a->bridge, b->bridge);
	assert_string_equal(a->member_of, b->member_of);
	assert_string_equal(a->addrs, b->addrs);
}

static void
assert_same_found(const struct found *a, const struct found *b)
{
	assert_string_equal(a->ifname, b->ifname);
	assert_int_equal(a->up, b->up);
	assert_int_equal(a->mtu, b->mtu);
	assert_true(mac_equal(&a->mac, &b->mac));
	assert_string_equal(a->bridge, b->bridge);
	assert_int_equal(a->traits.fields, b->traits.fields);
	assert_int_equal(traits_differ(&a->traits, &b->traits), 0);
	assert_int_equal(a->naddrs, b->naddrs);
	for (size_t i = 0; i < a->naddrs; i++)
		assert_int_equal(prefix_cmp(&a->addrs[i], &b->addrs[i]), 0);
}

static void
test_seen(void **state)
{
	struct status_row st = { .kind = KIND_JAIL, .name = "web", .state = "waiting", .since = 5, .duplicates = "2001:db8::5/64" }, st2;
	struct drift_row drift[] = { { .object = "a" }, { "epair/web0", "up", "down", "somebody", 77, { "web0a", "web", "lan" } } }, d2 = { 0 };
	struct iface_row ifaces[] = { { .ifname = "lo0" }, { "re0", "web", LINK_PHYSICAL, M(5), 1500, true, true, "br0", "lan",
	    "192.0.2.1/24 2001:db8::1/64" } }, i2 = { 0 };
	struct err err;

	(void)state;
	OK(store_begin(w, E));
	OK(store_status_put(w, &st, E));
	strcpy(st.state, "failed");
	err_set(&st.err, ERR_EXEC, "exit 1");
	OK(store_status_put(w, &st, E));
	OK(store_drift_set(w, drift, 2, E));
	OK(store_drift_set(w, drift + 1, 1, E));
	OK(store_ifaces_set(w, ifaces, 2, E));
	OK(store_ifaces_set(w, ifaces + 1, 1, E));
	OK(store_commit(w, E));
	OK(store_status(w, KIND_JAIL, "web", &st2, E));
	assert_string_equal(st2.state, "failed");
	assert_int_equal(st2.err.code, ERR_EXEC);
	assert_string_equal(st2.err.msg, "exit 1");
	assert_string_equal(st2.duplicates, "2001:db8::5/64");
	st2 = (struct status_row){ 0 };
	OK(store_statuses(w, KIND_JAIL, last_status, &st2, E));
	assert_string_equal(st2.name, "web");
	OK(store_drift(w, last_drift, &d2, E));
	assert_same_drift(&d2, &drift[1]);
	OK(store_ifaces(w, last_iface, &i2, E));
	assert_same_iface(&i2, &ifaces[1]);
	OK(store_begin(w, E));
	OK(store_status_delete(w, KIND_JAIL, "web", E));
	OK(store_commit(w, E));
	assert_int_equal(store_status(w, KIND_JAIL, "web", &st2, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void
test_found(void **state)
{
	struct found f = { .ifname = "re0", .up = true, .mtu = 9000, .mac = M(3), .bridge = "br9", .naddrs = 2,
	    .traits = { TRAIT_ALL, 0x80000004, 0xffffffff, 3, "lan wan" } };
	const struct found *got;
	struct topo topo;

	(void)state;
	f.addrs[0] = P("192.0.2.7/24");
	f.addrs[1] = P("2001:db8::7/64");
	OK(store_begin(w, E));
	OK(store_found_put(w, &f, E));
	OK(store_found_put(w, &f, E));
	OK(store_found_put(w, &(struct found){ .ifname = "aa0", .mtu = 1 }, E));
	OK(store_commit(w, E));
	OK(store_topo(w, &topo, E));
	assert_int_equal(topo.nfound, 2);
	got = topo_found(&topo, "re0");
	assert_non_null(got);
	assert_same_found(got, &f);
	topo_fini(&topo);
	OK(store_begin(w, E));
	OK(store_found_delete(w, "re0", E));
	OK(store_commit(w, E));
	OK(store_topo(w, &topo, E));
	assert_int_equal(topo.nfound, 1);
	topo_fini(&topo);
}

static void
test_tokens(void **state)
{
	struct token_row t = { .id = "tk_1", .name = "first", .grant = { .role = "admin", .created_at = 4 } }, got;
	struct session_row got_se,
	    se = { .id = "se_1", .token = "tk_1", .actor = "token:tk_1", .grant = { .role = "viewer", .created_at = 4, .expires_at = 9 } };
	struct err err;
	size_t n = 9;

	(void)state;
	memset(t.sha256, 0xab, sizeof(t.sha256));
	OK(store_token_count(w, &n, E));
	assert_int_equal(n, 0);
	assert_int_equal(store_token_find(w, t.sha256, false, &got, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	OK(store_begin(w, E));
	OK(store_token_add(w, &t, E));
	OK(store_commit(w, E));
	OK(store_token_find(w, t.sha256, false, &got, E));
	assert_string_equal(got.id, "tk_1");
	assert_string_equal(got.grant.role, "admin");
	assert_string_equal(got.name, "first");
	OK(store_token_count(w, &n, E));
	assert_int_equal(n, 1);
	assert_int_equal(store_token_find(w, t.sha256, true, &got, &err), -1);
	OK(store_token_admins(w, "", 5, &n, E));
	assert_int_equal(n, 1);
	OK(store_token_admins(w, "tk_1", 5, &n, E));
	assert_int_equal(n, 0);

	/* sessions go with their token, or with time */
	memset(se.sha256, 0xcd, sizeof(se.sha256));
	OK(store_begin(w, E));
	OK(store_session_add(w, &se, E));
	OK(store_session_trim(w, 8, E));
	OK(store_commit(w, E));
	OK(store_session_find(w, se.sha256, &se, E));
	assert_string_equal(se.token, "tk_1");
	assert_string_equal(se.grant.role, "viewer");
	OK(store_begin(w, E));
	OK(store_token_delete(w, "tk_1", E));
	OK(store_commit(w, E));
	assert_int_equal(store_session_find(w, se.sha256, &got_se, &err), -1);
	se.token[0] = '\0';
	OK(store_begin(w, E));
	OK(store_session_add(w, &se, E));
	OK(store_session_trim(w, 9, E));
	OK(store_commit(w, E));
	assert_int_equal(store_session_find(w, se.sha256, &se, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);

	/* the newest of each actor stay, and codes are counted for themselves */
	OK(store_begin(w, E));
	for (int i = 0; i < 9; i++) {
		struct session_row one = se;

		snprintf(one.id, sizeof(one.id), "se_%d", i);
		snprintf(one.actor, sizeof(one.actor), "uid:%d", i / 7);
		one.sha256[0] = (uint8_t)i;
		one.is_code = i < 2;
		one.grant.created_at = 100 - i;		/* the later the older */
		OK(store_session_add(w, &one, E));
	}
	OK(store_session_keep(w, "uid:0", false, 3, E));
	OK(store_commit(w, E));
	for (int i = 0; i < 9; i++) {
		se.sha256[0] = (uint8_t)i;
		assert_int_equal(store_session_find(w, se.sha256, &got_se, &err), i == 5 || i == 6 ? -1 : 0);
	}
}

static void
test_reader(void **state)
{
	struct store *r;
	struct object *o;
	struct err err;
	int64_t revision;

	(void)state;
	OK(store_open(dir, STORE_READER, &r, E));
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	/* Not seen before the commit, and not in a read transaction that began before it. */
	OK(store_begin(r, E));
	OK(store_revision(r, &revision, E));
	assert_int_equal(revision, 0);
	OK(store_commit(w, E));
	assert_int_equal(store_object(r, KIND_JAIL, "web", &o, &err), -1);
	OK(store_commit(r, E));
	OK(store_object(r, KIND_JAIL, "web", &o, E));
	object_free(o);
	/* A reader writes nothing. */
	OK(store_begin(r, E));
	assert_int_equal(store_revision_set(r, 5, &err), -1);
	store_rollback(r);
	store_close(r);
}

static void
test_files(void **state)
{
	static const char *const files[] = { "jailnet.db", "jailnet.db-wal", "jailnet.db-shm", "jailnet.ballast" };
	char path[400];
	struct stat st;
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	OK(store_revision_set(w, 1, E));
	OK(store_commit(w, E));
	for (i = 0; i < NELEMS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void
test_refuse(void **state)
{
	struct store *s = NULL;
	char path[400];
	struct err err;
	FILE *f;

	(void)state;
	assert_int_equal(store_open("/nonexistent/dir", STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	OK(store_exec(w, "PRAGMA user_version = 999", E));
	assert_int_equal(store_open(dir, STORE_READER, &s, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	store_close(w);
	w = NULL;
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "newer"));
	snprintf(path, sizeof(path), "%s/jailnet.db", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s", "this is a text file, and long enough that nobody could take it for the start of a database, which "
	    "has a header of a hundred bytes");
	fclose(f);
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_null(s);
}

/* One page overwritten: found at the next start, and nothing is deleted. */
static void
test_damage(void **state)
{
	struct store *s = NULL;
	char path[400], junk[4096];
	struct stat before, after;
	struct err err;
	unsigned i;
	char name[16];
	FILE *f;

	(void)state;
	OK(store_begin(w, E));
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "j%u", i);
		put_free(w, full_jail(name, i));
	}
	OK(store_commit(w, E));
	store_close(w);
	w = NULL;
	snprintf(path, sizeof(path), "%s/jailnet.db", dir);
	assert_int_equal(stat(path, &before), 0);
	memset(junk, 0x5a, sizeof(junk));
	f = fopen(path, "r+");
	assert_non_null(f);
	for (i = 20; i < before.st_size / 4096; i++) {
		fseek(f, (long)i * 4096, SEEK_SET);
		fwrite(junk, 1, sizeof(junk), f);
	}
	fclose(f);
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

/* The steps there are, and one more that ends with the next version. */
static const char **
steps_and(int64_t have, int more, const char *sql, bool counts)
{
	static const char *list[64];
	static char text[256];

	for (int64_t i = 0; i < have + more; i++)
		list[i] = "";
	snprintf(text, sizeof(text), "%s", sql);
	if (counts)
		snprintf(text, sizeof(text), "%s; PRAGMA user_version = %d", sql, (int)(have + more + 1));
	list[have + more] = text;
	list[have + more + 1] = NULL;
	return (list);
}

/* A made-up next schema: the copy is there, and a step that fails changes nothing. */
static void
test_migrate(void **state)
{
	char path[400];
	struct stat st;
	struct err err;
	int64_t n = -1, have = 0;

	(void)state;
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	OK(store_ask_int(w, "PRAGMA user_version", &have, E));
	OK(store_migrate(w, steps_and(have, 0, "CREATE TABLE extra (a INTEGER) STRICT", true), E));
	OK(store_ask_int(w, "PRAGMA user_version", &n, E));
	assert_int_equal(n, have + 1);
	OK(store_ask_int(w, "PRAGMA foreign_keys", &n, E));
	assert_int_equal(n, 1);
	snprintf(path, sizeof(path), "%s/jailnet.db.before-upgrade", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 4096);
	assert_int_equal(store_migrate(w, steps_and(have, 1, "CREATE TABLE more (a INTEGER) STRICT; SELECT nonsense", true), &err), -1);
	assert_int_equal(store_migrate(w, steps_and(have, 1, "CREATE TABLE more (a INTEGER) STRICT", false), &err), -1);
	OK(store_ask_int(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'", &n, E));
	assert_int_equal(n, 0);
	OK(store_ask_int(w, "PRAGMA user_version", &n, E));
	assert_int_equal(n, have + 1);
	assert_int_equal(store_migrate_check(w, steps_and(have, 1, "", false), &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
}

/* A column holds what it says and nothing else, in every table of ours. */
static void
test_every_table_is_strict(void **state)
{
	char loose[64] = "";
	int64_t n = 0;

	(void)state;
	OK(store_ask_int(
	    w, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'", &n, E));
	assert_true(n > 30);
	OK(store_ask_text(w, "SELECT coalesce(group_concat(name), '') FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
	    " AND strict = 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'", loose, sizeof(loose), E));
	assert_string_equal(loose, "");
}

/* The schema refuses what valid.c should have. */
static void
test_checks(void **state)
{
	static const char *const bad[] = {
		"UPDATE bridge SET mtu = 1", "UPDATE bridge SET mac = x'00'", "UPDATE bridge SET backend = 'x'",
		"UPDATE bridge SET mtu = 'many'", "UPDATE epair_end SET bridge = 'lan', jail = 'web'",
		"UPDATE bridge_addr SET ip = x'0000'", "UPDATE bridge_addr SET len = 129", "UPDATE bridge_addr SET len = 33 WHERE length(ip) = 4",
		"UPDATE mac SET side = ''", "UPDATE mac SET state = 'lost'", "INSERT INTO state VALUES (2, 1)",
		"INSERT INTO jail_label VALUES ('nobody', 'k', 'v')", "UPDATE operation SET state = 'x'",
		"UPDATE status SET state = 'x'", "UPDATE jail SET running = 2",
	};
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	for (i = 0; i < NELEMS(bad); i++)
		if (store_exec(w, bad[i], NULL) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

static void
put_one_of_500(unsigned i)
{
	struct mac_row mac = { .kind = KIND_EPAIR, .source = "random", .created_at = 1 };
	struct event_row event = { .revision = 1, .at = 5, .type = "epair.created", .text = "epair created" };
	struct status_row status = { .kind = KIND_EPAIR, .state = "ready", .since = 5 };
	char epair[16], jail[16];
	struct prefix addrs[] = { P("192.0.2.10/24"), P("2001:db8::10/64") };
	struct route route = { P("0.0.0.0/0"), I("192.0.2.1") };
	struct object *o;
	int side;

	snprintf(jail, sizeof(jail), "jail%u", i);
	snprintf(epair, sizeof(epair), "ep%u", i);
	o = sample(KIND_JAIL, jail, i);
	object_routes(o, &route, 1);
	put_free(w, o);
	o = sample(KIND_EPAIR, epair, i);
	object_str(o, &o->u.epair.end[END_A].bridge, "lan");
	object_str(o, &o->u.epair.end[END_B].jail, jail);
	object_prefixes(o, &o->u.epair.end[END_B].addrs, addrs, 2);
	snprintf(mac.name, sizeof(mac.name), "%s", epair);
	for (side = 0; side < 2; side++) {
		mac.mac = o->u.epair.end[side].mac = M(2 * i + (unsigned)side);
		mac.side = (uint8_t)side;
		OK(store_mac_put(w, &mac, E));
	}
	put_free(w, o);
	snprintf(event.object, sizeof(event.object), "epair/%s", epair);
	OK(store_event_add(w, &event, E));
	OK(store_event_add(w, &event, E));
	snprintf(status.name, sizeof(status.name), "%s", epair);
	OK(store_status_put(w, &status, E));
	status.kind = KIND_JAIL;
	snprintf(status.name, sizeof(status.name), "%s", jail);
	OK(store_status_put(w, &status, E));
}

/* Prints the figures; fails only when they are far off, for this also runs under sanitizers on busy machines. */
static void
test_many(void **state)
{
	double t[6];
	struct object *o;
	struct topo topo;
	char name[16];
	unsigned i, round;

	(void)state;
	OK(store_begin(w, E));
	put_free(w, sample(KIND_BRIDGE, "lan", 1));
	OK(store_commit(w, E));
	t[0] = now_ms();
	for (round = 0; round < 2; round++) {
		OK(store_begin(w, E));
		for (i = 0; i < 500; i++)
			put_one_of_500(i);
		OK(store_commit(w, E));
		t[1 + round] = now_ms();
	}
	OK(store_topo(w, &topo, E));
	t[3] = now_ms();
	assert_int_equal(topo.n[KIND_EPAIR], 500);
	topo_fini(&topo);
	t[4] = now_ms();
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "ep%u", i);
		OK(store_object(w, KIND_EPAIR, name, &o, E));
		object_free(o);
	}
	t[5] = now_ms();
	print_message("500 jails + epairs: first put %.1f ms, again %.1f ms, topo %.1f ms, one object %.1f us\n", t[1] - t[0],
	    t[2] - t[1], t[3] - t[2], (t[5] - t[4]) * 2);
}

/* As R appends: seq and hash follow the newest row. */
static void
audit_append(const char *detail)
{
	struct audit_row row = { .at = 1, .result = "committed" };
	uint8_t before[AUDIT_HASH_SIZE];

	snprintf(row.detail, sizeof(row.detail), "%s", detail);
	OK(store_audit_last(w, &row.seq, before, E));
	row.seq++;
	audit_hash(before, &row);
	OK(store_audit_add(w, &row, E));
}

struct audit_chain {
	struct audit_row v[64];	/* newest first */
	size_t n;
};

static int
audit_take(void *arg, const struct audit_row *r, struct err *err)
{
	struct audit_chain *c = arg;

	(void)err;
	assert_true(c->n < NELEMS(c->v));
	c->v[c->n++] = *r;
	return (0);
}

/* From the row before the oldest to the newest, none missing; how many. */
static size_t
audit_check(int64_t *base)
{
	struct audit_filter all = { 0 };
	struct audit_chain c = { .n = 0 };
	uint8_t hash[AUDIT_HASH_SIZE];
	int64_t seq;

	OK(store_audit_base(w, base, hash, E));
	OK(store_audits(w, &all, NELEMS(c.v), audit_take, &c, E));
	seq = *base;
	for (size_t i = c.n; i-- > 0;) {
		struct audit_row again = c.v[i];

		assert_int_equal(c.v[i].seq, ++seq);
		audit_hash(hash, &again);
		assert_memory_equal(again.hash, c.v[i].hash, AUDIT_HASH_SIZE);
		memcpy(hash, again.hash, sizeof(hash));
	}
	return (c.n);
}

static void
test_audit_trimmed(void **state)
{
	int64_t base;

	(void)state;
	OK(store_begin(w, E));
	for (int i = 0; i < 18; i++)
		audit_append("before");
	OK(store_audit_trim(w, 16, E));	/* not yet an eighth too many */
	OK(store_commit(w, E));
	assert_int_equal(audit_check(&base), 18);
	assert_int_equal(base, 0);
	OK(store_begin(w, E));
	audit_append("the one too many");
	OK(store_audit_trim(w, 16, E));
	OK(store_commit(w, E));
	assert_int_equal(audit_check(&base), 16);
	assert_int_equal(base, 3);
	OK(store_begin(w, E));
	audit_append("after");
	OK(store_audit_trim(w, 16, E));
	OK(store_commit(w, E));
	assert_int_equal(audit_check(&base), 17);
	assert_int_equal(base, 3);
	OK(store_begin(w, E));
	OK(store_audit_trim(w, 0, E));	/* all of it: what comes next still follows the newest */
	audit_append("alone");
	OK(store_commit(w, E));
	assert_int_equal(audit_check(&base), 1);
	assert_int_equal(base, 20);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_objects), T(test_replace), T(test_list), T(test_references), T(test_savepoint),
		T(test_sticky), T(test_macs), T(test_ops), T(test_events), T(test_seen), T(test_found), T(test_tokens),
		T(test_reader), T(test_files), T(test_refuse), T(test_damage), T(test_migrate), T(test_every_table_is_strict),
		T(test_checks), T(test_many), T(test_audit_trimmed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
