/*
 * store_samples: a scratch directory and full objects for the tests of the store.
 */
#ifndef JN_STORE_SAMPLES_H
#define JN_STORE_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>

#include "core/str.h"
#include "store/store_int.h"

#define UNUSED __attribute__((unused))

#define OK(call)								\
	do {									\
		struct err ok_err = { 0 };					\
		if ((call) == -1)						\
			fail_msg("%s: %s", #call, ok_err.msg);			\
	} while (0)
#define E (&ok_err)

static UNUSED const char *
scratch_new(char dir[64])
{
	snprintf(dir, 64, "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(dir));
	return (dir);
}

static UNUSED void
scratch_free(const char *dir)
{
	char path[400];
	struct dirent *e;
	DIR *d;

	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		(void)unlink(path);
	}
	if (d != NULL)
		closedir(d);
	(void)rmdir(dir);
}

static UNUSED struct prefix
P(const char *s)
{
	struct prefix p = { 0 };

	assert_int_equal(prefix_parse(s, &p, NULL), 0);
	return (p);
}

static UNUSED struct ip
I(const char *s)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(s, &ip, NULL), 0);
	return (ip);
}

static UNUSED struct mac
M(unsigned n)
{
	struct mac m = { { 0x02, 0x10, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };

	return (m);
}

static UNUSED struct object *
sample(enum kind kind, const char *name, unsigned n)
{
	static const char *const prefixes[] = { "br", "ep", "ja", "at" };
	struct object *o = object_new(kind, name);

	assert_non_null(o);
	snprintf(o->id, sizeof(o->id), "%s_%026u", prefixes[kind], n);
	o->revision = n;
	o->created_at = 1700000000000 + n;
	o->updated_at = 1700000001000 + n;
	if (kind == KIND_EPAIR)
		assert_int_equal(epair_default_ifnames(o), 0);
	return (o);
}

/* Every field set. */
static UNUSED struct object *
full_bridge(const char *name, unsigned n)
{
	struct object *o = sample(KIND_BRIDGE, name, n);
	struct pair labels[] = { { "site", "north" }, { "a", "b \"c\" \xc3\xa9" } };
	struct prefix addrs[] = { P("192.0.2.1/24"), P("2001:db8::1/64"), P("10.0.0.1/8") };
	uint16_t tags[] = { 30, 4, 500 };
	struct member members[] = {
		{ "re1", { .priv = true, .stp = true, .edge = true, .untagged = 7, .ntagged = 3, .tagged = tags } },
		{ "re0", { 0 } },
		{ "re2", { .untagged = 4094, .ntagged = 1, .tagged = tags } },
	};

	object_str(o, &o->description, "the LAN");
	object_pairs(o, &o->labels, labels, NELEMS(labels));
	o->u.bridge.mtu = 9000;
	o->u.bridge.stp = o->u.bridge.vlan_filter = true;
	o->u.bridge.backend = BACKEND_NETGRAPH;
	o->u.bridge.mac = M(n);
	o->u.bridge.mac_pinned = true;
	object_prefixes(o, &o->u.bridge.addrs, addrs, NELEMS(addrs));
	object_members(o, members, NELEMS(members));
	return (o);
}

static UNUSED struct object *
full_jail(const char *name, unsigned n)
{
	struct object *o = sample(KIND_JAIL, name, n);
	struct pair labels[] = { { "role", "web" } };
	struct pair sysctls[] = { { "net.inet.ip.ttl", "64" }, { "net.a", "1" } };
	struct pair params[] = { { "allow.raw_sockets", "1" } };
	struct route routes[] = { { P("0.0.0.0/0"), I("192.0.2.1") }, { P("::/0"), I("2001:db8::1") },
		{ P("10.0.0.0/8"), I("192.0.2.254") } };
	struct jail *j = &o->u.jail;

	object_str(o, &o->description, "web server");
	object_pairs(o, &o->labels, labels, NELEMS(labels));
	j->external = true;
	j->manager_moves = true;
	j->running = false;
	j->forwarding = true;
	j->boot = 4294967295u;
	object_str(o, &j->path, "/jails/web");
	object_str(o, &j->hostname, "web.example.org");
	object_str(o, &j->exec_start, "/bin/sh /etc/rc");
	object_str(o, &j->exec_stop, "/bin/sh /etc/rc.shutdown");
	object_pairs(o, &j->sysctls, sysctls, NELEMS(sysctls));
	object_pairs(o, &j->params, params, NELEMS(params));
	object_routes(o, routes, NELEMS(routes));
	return (o);
}

static UNUSED struct object *
full_epair(const char *name, unsigned n, const char *bridge, const char *jail)
{
	struct object *o = sample(KIND_EPAIR, name, n);
	struct prefix a[] = { P("fe80::1/64") }, b[] = { P("192.0.2.10/24"), P("2001:db8::10/64") };
	struct pair labels[] = { { "x", "" } };
	struct end *end = o->u.epair.end;
	uint16_t tags[] = { 2, 3 };

	object_pairs(o, &o->labels, labels, NELEMS(labels));
	o->u.epair.mtu = 1400;
	end[END_A].mac = M(2 * n);
	end[END_B].mac = M(2 * n + 1);
	end[END_B].mac_pinned = true;
	object_str(o, &end[END_A].bridge, bridge);
	object_str(o, &end[END_B].jail, jail);
	end[END_A].up = false;
	end[END_A].port.priv = end[END_A].port.edge = end[END_A].port.stp = true;
	end[END_A].port.untagged = 9;
	object_tagged(o, &end[END_A].port, tags, 2);
	object_prefixes(o, &end[END_A].addrs, a, NELEMS(a));
	object_prefixes(o, &end[END_B].addrs, b, NELEMS(b));
	snprintf(end[END_B].ifname, sizeof(end[END_B].ifname), "eth0");
	end[END_B].ifname_given = true;
	return (o);
}

static UNUSED struct object *
full_attachment(const char *name, unsigned n, const char *jail)
{
	struct object *o = sample(KIND_ATTACHMENT, name, n);
	struct prefix addrs[] = { P("198.51.100.2/30") };
	struct pair labels[] = { { "k", "v" } };

	object_pairs(o, &o->labels, labels, NELEMS(labels));
	object_str(o, &o->u.attachment.jail, jail);
	object_prefixes(o, &o->u.attachment.addrs, addrs, NELEMS(addrs));
	return (o);
}

/* Equal in what object_equal leaves out, too. */
static UNUSED void
assert_same(const struct object *a, const struct object *b)
{
	int side;

	assert_true(object_equal(a, b));
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->revision, b->revision);
	assert_int_equal(a->created_at, b->created_at);
	assert_int_equal(a->updated_at, b->updated_at);
	if (a->kind == KIND_BRIDGE)
		assert_true(mac_equal(&a->u.bridge.mac, &b->u.bridge.mac));
	for (side = 0; a->kind == KIND_EPAIR && side < 2; side++) {
		assert_true(mac_equal(&a->u.epair.end[side].mac, &b->u.epair.end[side].mac));
		assert_int_equal(a->u.epair.end[side].ifname_given, b->u.epair.end[side].ifname_given);
	}
	if (a->kind == KIND_JAIL)
		assert_int_equal(a->u.jail.boot, b->u.jail.boot);
}

static UNUSED void
put_free(struct store *s, struct object *o)
{
	OK(store_object_put(s, o, E));
	object_free(o);
}

/* Bridge lan, jail web, epair web0 between them, attachment em0 in web. */
static UNUSED int
put_world(struct store *s, unsigned n, struct err *err)
{
	struct object *v[] = { full_epair("web0", 20 + n, "lan", "web"), full_attachment("em0", 30 + n, "web"),
		full_bridge("lan", 1 + n), full_jail("web", 10 + n) };
	struct mac_row mac = { .mac = M(2 * (20 + n)), .kind = KIND_EPAIR, .name = "web0", .source = "random", .created_at = 1 };
	struct event_row event = { .revision = n, .at = 5, .type = "epair.created", .object = "epair/web0", .text = "made" };
	struct status_row status = { .kind = KIND_EPAIR, .name = "web0", .state = "pending", .since = n };
	struct op_row op = { .id = "op_1", .method = "PUT", .path = "/v1/topology", .revision = n };
	struct found found = { .ifname = "re0", .mtu = 1500, .naddrs = 1 };
	size_t i;
	int rc = 0;

	found.addrs[0] = P("10.1.1.1/24");
	for (i = 0; rc == 0 && i < NELEMS(v); i++)
		rc = store_object_put(s, v[i], err);
	if (rc == 0)
		rc = store_mac_retire(s, KIND_EPAIR, "web0", 7, &mac.mac, 1, err);
	if (rc == 0)
		rc = store_mac_put(s, &mac, err);
	if (rc == 0)
		rc = store_event_add(s, &event, err);
	if (rc == 0)
		rc = store_status_put(s, &status, err);
	if (rc == 0)
		rc = store_op_put(s, &op, err);
	if (rc == 0)
		rc = store_found_put(s, &found, err);
	if (rc == 0)
		rc = store_revision_set(s, n, err);
	for (i = 0; i < NELEMS(v); i++)
		object_free(v[i]);
	return (rc);
}

#endif
