/*
 * test_store_rows: what is not of objects: what was seen and found, tokens, the trail; and how long many objects take.
 */
#include "tests/unit/store_rig.h"
#include "server/recon_int.h"

#include <time.h>

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
	const struct CMUnitTest tests[] = { T(test_seen), T(test_found), T(test_tokens), T(test_many), T(test_audit_trimmed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
