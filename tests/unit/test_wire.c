/*
 * wire: round trip, truncation at every byte and every bit flipped, for every command, reply and row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/wire.h"
#include "tests/unit/cmd_samples.h"

/* Every malformed frame must be an ERR_PROTO, and a frame that still decodes must encode to the very same bytes. */
static void
check_cmd(const struct frame *f)
{
	struct frame again;
	struct cmd c;
	struct err err = { ERR_NONE, 0, "", "" };

	if (wire_get_cmd(f, &c, &err) == -1) {
		assert_int_equal(err.code, ERR_PROTO);
		return;
	}
	assert_int_equal(wire_put_cmd(&again, f->seq, &c, &err), 0);
	assert_int_equal(again.len, f->len);
	assert_memory_equal(again.payload, f->payload, f->len);
}

static void
commands_round_trip(void **state)
{
	struct cmd out;
	struct frame f;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++) {
		char a[512], b[512];

		assert_int_equal(wire_put_cmd(&f, 7 + i, &cmd_samples[i].cmd, &err), 0);
		assert_int_equal(f.type, FRAME_CMD);
		assert_int_equal(f.seq, 7 + i);
		assert_int_equal(wire_get_cmd(&f, &out, &err), 0);
		assert_int_equal(out.op, cmd_samples[i].cmd.op);
		assert_string_equal(cmd_print(&out, a, sizeof(a)), cmd_print(&cmd_samples[i].cmd, b, sizeof(b)));
	}
}

static void
commands_truncated_anywhere_are_refused(void **state)
{
	struct frame f;
	struct cmd out;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++) {
		assert_int_equal(wire_put_cmd(&f, 1, &cmd_samples[i].cmd, &err), 0);
		for (size_t whole = f.len, n = 0; n < whole; n++) {
			f.len = n;
			memset(&err, 0, sizeof(err));
			assert_int_equal(wire_get_cmd(&f, &out, &err), -1);
			assert_int_equal(err.code, ERR_PROTO);
			f.len = whole;
		}
		f.payload[f.len++] = 0;
		assert_int_equal(wire_get_cmd(&f, &out, &err), -1);
	}
}

static void
commands_with_any_bit_flipped(void **state)
{
	struct frame f;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++) {
		assert_int_equal(wire_put_cmd(&f, 1, &cmd_samples[i].cmd, &err), 0);
		for (size_t bit = 0; bit < f.len * 8; bit++) {
			f.payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
			check_cmd(&f);
			f.payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

static void
unterminated_strings_do_not_leave(void **state)
{
	struct cmd c = { CMD_BRIDGE_DESTROY, { .ref = { "" } } };
	struct frame f;
	struct err err;

	(void)state;
	memset(c.u.ref.name, 'a', sizeof(c.u.ref.name));
	assert_int_equal(wire_put_cmd(&f, 1, &c, &err), -1);
	assert_int_equal(err.code, ERR_PROTO);
	c.op = (enum cmd_op)CMD_COUNT;
	assert_int_equal(wire_put_cmd(&f, 1, &c, &err), -1);
}

static const struct {
	enum cmd_op op;
	struct reply r;
} replies[] = {
	{ CMD_HELLO, { .result = REPLY_DONE, .text = "linux", .features = 0x1f } },
	{ CMD_ADDR_ADD, { .result = REPLY_UNCHANGED } },
	{ CMD_ROUTE_ADD, { .result = REPLY_FAILED, .err = { ERR_KERNEL, 101, "/jails/web/routes/default",
	    "route: Network is unreachable" } } },
	{ CMD_JAIL_START, { .result = REPLY_FAILED, .err = { ERR_EXEC, 0, "", "exec.start exited with 3" }, .text = "no such file" } },
	{ CMD_PROBE, { .result = REPLY_DONE, .sent = 4, .received = 3, .rtt_us = { 11, 12, 4000000 },
	    .probe_error = "Destination Host Unreachable" } },
};

static void
replies_round_trip(void **state)
{
	struct reply out;
	struct frame f;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(replies); i++) {
		const struct reply *r = &replies[i].r;

		assert_int_equal(wire_put_reply(&f, 5, replies[i].op, r, &err), 0);
		assert_int_equal(wire_get_reply(&f, replies[i].op, &out, &err), 0);
		assert_int_equal(out.result, r->result);
		assert_int_equal(out.err.code, r->err.code);
		assert_int_equal(out.err.sys, r->err.sys);
		assert_string_equal(out.err.field, r->err.field);
		assert_string_equal(out.err.msg, r->err.msg);
		assert_string_equal(out.text, r->text);
		assert_int_equal(out.features, r->features);
		assert_int_equal(out.sent, r->sent);
		assert_int_equal(out.received, r->received);
		assert_memory_equal(out.rtt_us, r->rtt_us, sizeof(r->rtt_us));
		assert_string_equal(out.probe_error, r->probe_error);
		for (size_t whole = f.len, n = 0; n < whole; n++) {
			f.len = n;
			assert_int_equal(wire_get_reply(&f, replies[i].op, &out, &err), -1);
			f.len = whole;
		}
	}
}

static void
impossible_replies_are_refused(void **state)
{
	struct reply r = { .result = REPLY_DONE, .sent = 2, .received = 3 }, out;
	struct frame f;
	struct err err;

	(void)state;
	assert_int_equal(wire_put_reply(&f, 1, CMD_PROBE, &r, &err), -1);
	r = (struct reply){ .result = REPLY_FAILED };
	assert_int_equal(wire_put_reply(&f, 1, CMD_ADDR_ADD, &r, &err), -1);
	r = (struct reply){ .result = REPLY_DONE, .sent = 2, .received = 1 };
	assert_int_equal(wire_put_reply(&f, 1, CMD_PROBE, &r, &err), 0);
	f.payload[10] = 2;	/* says two answers, brings one */
	assert_int_equal(wire_get_reply(&f, CMD_PROBE, &out, &err), -1);
	assert_int_equal(wire_get_cmd(&f, &(struct cmd){ 0 }, &err), -1);
}

static void
changes_round_trip(void **state)
{
	struct change c = { false, "web", "web0b" }, out;
	struct frame f;
	struct err err;

	(void)state;
	assert_int_equal(wire_put_changed(&f, &c, &err), 0);
	assert_int_equal(f.seq, 0);
	assert_int_equal(wire_get_changed(&f, &out, &err), 0);
	assert_false(out.all);
	assert_string_equal(out.jail, "web");
	assert_string_equal(out.ifname, "web0b");
}

static void
parts_of_files_round_trip(void **state)
{
	static struct hostfile_part p = { .path = "/etc/rc.conf", .note = "why", .size = HOSTFILE_PART_MAX }, out;
	struct frame f, again;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(p.data); i++)
		p.data[i] = (uint8_t)(i * 7);
	assert_int_equal(wire_put_part(&f, 9, &p, &err), 0);
	assert_int_equal(f.type, FRAME_FILE);
	assert_int_equal(wire_get_part(&f, &out, &err), 0);
	assert_memory_equal(&out, &p, sizeof(p));
	p.size = 3;
	assert_int_equal(wire_put_part(&f, 9, &p, &err), 0);
	for (size_t n = 0; n < f.len; n++) {
		struct frame cut = f;

		cut.len = n;
		assert_int_equal(wire_get_part(&cut, &out, &err), -1);
		for (int bit = 1; bit < 256; bit <<= 1) {
			cut = f;
			cut.payload[n] ^= (uint8_t)bit;
			if (wire_get_part(&cut, &out, &err) == -1)
				continue;
			assert_int_equal(wire_put_part(&again, 9, &out, &err), 0);
			assert_int_equal(again.len, cut.len);
			assert_memory_equal(again.payload, cut.payload, cut.len);
		}
	}
	p.size = HOSTFILE_PART_MAX + 1;
	assert_int_equal(wire_put_part(&f, 9, &p, &err), -1);
}

struct collect {
	struct observed into;
	size_t frames;
	size_t fail_at;
};

static int
collect(void *arg, const struct frame *f, struct err *err)
{
	struct collect *c = arg;

	assert_true(f->len > 0 && f->len <= WIRE_PAYLOAD_MAX);
	if (++c->frames == c->fail_at)
		return (err_set(err, ERR_TIMEOUT, "full"));
	return (wire_get_observed(f, &c->into, err));
}

static void
fill_observed(struct observed *o, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct obs_jail *j = observed_jail_add(o);
		struct obs_link *l = observed_link_add(o);
		struct obs_addr *a = observed_addr_add(o);
		struct obs_route *r = observed_route_add(o);
		struct obs_sysctl *s = observed_sysctl_add(o);
		struct obs_counter *c = observed_counter_add(o);

		str_format(j->name, sizeof(j->name), "jail%zu", i);
		j->ours = true;
		j->phase = JAIL_STARTED;
		j->boot = (uint32_t)i;
		j->path = (uint32_t)i * 3;
		str_copy(j->hostname, sizeof(j->hostname), "h.example.org");
		str_copy(l->jail, sizeof(l->jail), j->name);
		str_format(l->ifname, sizeof(l->ifname), "e%zub", i);
		l->type = LINK_EPAIR;
		l->mark = (struct mark){ true, true, KIND_EPAIR, "e", END_B };
		l->mtu = 1500;
		l->up = l->port_stp_known = l->edge = true;
		l->ntagged = (uint16_t)(i % (LIMIT_TAGGED + 1));
		for (uint16_t k = 0; k < l->ntagged; k++)
			l->tagged[k] = (uint16_t)(k + 1);
		str_copy(a->jail, sizeof(a->jail), j->name);
		str_copy(a->ifname, sizeof(a->ifname), l->ifname);
		prefix_parse("2001:db8::5/64", &a->prefix, NULL);
		str_copy(r->jail, sizeof(r->jail), j->name);
		prefix_parse("0.0.0.0/0", &r->dst, NULL);
		ip_parse("192.0.2.1", &r->gateway, NULL);
		str_copy(s->jail, sizeof(s->jail), j->name);
		str_copy(s->key, sizeof(s->key), "net.ipv4.ip_forward");
		str_copy(s->value, sizeof(s->value), "1");
		str_copy(c->jail, sizeof(c->jail), j->name);
		str_copy(c->ifname, sizeof(c->ifname), l->ifname);
		for (size_t k = 0; k < COUNTER_COUNT; k++)
			c->v[k] = (uint64_t)i << (k * 8);
	}
}

static void
observations_round_trip_in_many_frames(void **state)
{
	const size_t n = 1000;
	struct collect c = { .frames = 0 };
	struct observed o;
	struct err err;

	(void)state;
	observed_init(&o);
	observed_init(&c.into);
	fill_observed(&o, n);
	assert_int_equal(wire_put_observed(&o, 3, collect, &c, &err), 0);
	assert_true(c.frames > 10);
	assert_int_equal(c.into.njails, n);
	assert_int_equal(c.into.nlinks, n);
	assert_int_equal(c.into.naddrs, n);
	assert_int_equal(c.into.nroutes, n);
	assert_int_equal(c.into.nsysctls, n);
	assert_int_equal(c.into.ncounters, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(c.into.jails[i].name, o.jails[i].name);
		assert_int_equal(c.into.jails[i].boot, i);
		assert_int_equal(c.into.jails[i].path, i * 3);
		assert_string_equal(c.into.links[i].ifname, o.links[i].ifname);
		assert_int_equal(c.into.links[i].ntagged, o.links[i].ntagged);
		assert_memory_equal(c.into.links[i].tagged, o.links[i].tagged, sizeof(o.links[i].tagged));
		assert_int_equal(prefix_cmp(&c.into.addrs[i].prefix, &o.addrs[i].prefix), 0);
		assert_int_equal(ip_cmp(&c.into.routes[i].gateway, &o.routes[i].gateway), 0);
		assert_string_equal(c.into.sysctls[i].value, "1");
		assert_string_equal(c.into.counters[i].ifname, o.counters[i].ifname);
		assert_memory_equal(c.into.counters[i].v, o.counters[i].v, sizeof(o.counters[i].v));
	}
	c.fail_at = c.frames + 3;
	assert_int_equal(wire_put_observed(&o, 3, collect, &c, &err), -1);
	assert_int_equal(err.code, ERR_TIMEOUT);
	observed_fini(&o);
	observed_fini(&c.into);
}

static void
empty_observation_sends_nothing(void **state)
{
	struct collect c = { .frames = 0 };
	struct observed o;
	struct err err;

	(void)state;
	observed_init(&o);
	observed_init(&c.into);
	assert_int_equal(wire_put_observed(&o, 3, collect, &c, &err), 0);
	assert_int_equal(c.frames, 0);
}

struct keep {
	struct frame f;
};

static int
keep(void *arg, const struct frame *f, struct err *err)
{
	(void)err;
	memcpy(arg, f, sizeof(*f));
	return (0);
}

static void
damaged_observations_change_nothing(void **state)
{
	struct keep *k = calloc(1, sizeof(*k));
	struct observed o, into;
	struct err err;

	(void)state;
	observed_init(&o);
	observed_init(&into);
	fill_observed(&o, 2);
	assert_int_equal(wire_put_observed(&o, 3, keep, k, &err), 0);
	for (size_t bit = 0; bit < k->f.len * 8; bit++) {
		k->f.payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (wire_get_observed(&k->f, &into, &err) == -1) {
			assert_int_equal(err.code, ERR_PROTO);
			assert_int_equal(into.njails + into.nlinks + into.naddrs + into.nroutes + into.nsysctls, 0);
		}
		into.njails = into.nlinks = into.naddrs = into.nroutes = into.nsysctls = 0;
		k->f.payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	observed_fini(&o);
	observed_fini(&into);
	free(k);
}

static void
headers(void **state)
{
	uint8_t h[WIRE_HEADER_SIZE];
	struct frame f = { .type = FRAME_REPLY, .seq = UINT64_C(0x0102030405060708), .len = WIRE_PAYLOAD_MAX }, g;
	struct err err;

	(void)state;
	wire_header_put(&f, h);
	assert_int_equal(wire_header_get(h, &g, &err), 0);
	assert_int_equal(g.type, FRAME_REPLY);
	assert_true(g.seq == f.seq);
	assert_int_equal(g.len, WIRE_PAYLOAD_MAX);
	h[3] += 1;	/* one byte too long */
	assert_int_equal(wire_header_get(h, &g, &err), -1);
	h[3] -= 1;
	h[7] += 1;	/* other version */
	assert_int_equal(wire_header_get(h, &g, &err), -1);
	h[7] -= 1;
	h[5] = 0;
	assert_int_equal(wire_header_get(h, &g, &err), -1);
	h[5] = FRAME_FILE + 1;
	assert_int_equal(wire_header_get(h, &g, &err), -1);
	assert_int_equal(err.code, ERR_PROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_round_trip),
		cmocka_unit_test(commands_truncated_anywhere_are_refused),
		cmocka_unit_test(commands_with_any_bit_flipped),
		cmocka_unit_test(unterminated_strings_do_not_leave),
		cmocka_unit_test(replies_round_trip),
		cmocka_unit_test(impossible_replies_are_refused),
		cmocka_unit_test(changes_round_trip), cmocka_unit_test(parts_of_files_round_trip),
		cmocka_unit_test(observations_round_trip_in_many_frames),
		cmocka_unit_test(empty_observation_sends_nothing),
		cmocka_unit_test(damaged_observations_change_nothing),
		cmocka_unit_test(headers),
	};

	return (cmocka_run_group_tests_name("wire", tests, NULL, NULL));
}
