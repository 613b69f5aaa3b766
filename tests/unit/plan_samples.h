/*
 * plan_samples: topologies in a few words, for the tests of validation and planning.
 */
#ifndef JN_PLAN_SAMPLES_H
#define JN_PLAN_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/topo.h"

#define UNUSED __attribute__((unused))

static struct topo want;

static UNUSED struct prefix
pfx(const char *s)
{
	struct prefix p = { .len = 0 };

	assert_int_equal(prefix_parse(s, &p, NULL), 0);
	return (p);
}

static UNUSED struct ip
addr(const char *s)
{
	struct ip ip = { .family = 0 };

	assert_int_equal(ip_parse(s, &ip, NULL), 0);
	return (ip);
}

/* A MAC that follows from the object's name, so that golden texts stay as they are. */
static UNUSED struct mac
mac_of(const char *name, int side)
{
	struct mac m = { { 2, 0, 0, 0, 0, (uint8_t)side } };

	for (size_t i = 0; name[i] != '\0'; i++)
		m.b[1 + i % 4] = (uint8_t)(m.b[1 + i % 4] * 31 + name[i]);
	return (m);
}

/* "192.0.2.1/24 2001:db8::1/64" */
static UNUSED void
set_addresses(struct object *o, struct prefixes *field, const char *words)
{
	struct prefix p[8];
	char text[256], *save = NULL;
	size_t n = 0;

	assert_int_equal(str_copy(text, sizeof(text), words), 0);
	for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		p[n++] = pfx(w);
	assert_int_equal(object_prefixes(o, field, p, n), 0);
}

static UNUSED struct object *
put(struct object *o)
{
	assert_non_null(o);
	assert_int_equal(topo_put(&want, o, NULL), 0);
	return (o);
}

static UNUSED struct object *
bridge(const char *name, const char *addresses)
{
	struct object *o = put(object_new(KIND_BRIDGE, name));

	o->u.bridge.mac = mac_of(name, 7);
	set_addresses(o, &o->u.bridge.addrs, addresses);
	return (o);
}

static UNUSED void
member(struct object *o, const char *ifname)
{
	struct member m = { .ifname = ifname };

	assert_int_equal(object_members(o, &m, 1), 0);
}

static UNUSED struct object *
jail(const char *name)
{
	struct object *o = put(object_new(KIND_JAIL, name));

	o->u.jail.boot = 1;
	return (o);
}

/* "default 10.0.0.1", up to two of them: "198.51.100.0/24 10.0.0.1" */
static UNUSED void
route(struct object *o, const char *dst, const char *gateway)
{
	struct route r[8];
	size_t n = o->u.jail.nroutes;

	for (size_t i = 0; i < n; i++)
		r[i] = o->u.jail.routes[i];
	r[n] = (struct route){ pfx(strcmp(dst, "default") == 0 ? "0.0.0.0/0" : dst), addr(gateway) };
	assert_int_equal(object_routes(o, r, n + 1), 0);
}

/* where: "bridge:lan0", "jail:web", "" = host */
static UNUSED void
set_end(struct object *o, enum end_side side, const char *where, const char *addresses)
{
	struct end *e = &o->u.epair.end[side];

	e->mac = mac_of(o->name, side);
	e->bridge = e->jail = NULL;
	if (strncmp(where, "bridge:", 7) == 0)
		assert_int_equal(object_str(o, &e->bridge, where + 7), 0);
	if (strncmp(where, "jail:", 5) == 0)
		assert_int_equal(object_str(o, &e->jail, where + 5), 0);
	set_addresses(o, &e->addrs, addresses);
}

static UNUSED struct object *
epair(const char *name, const char *a, const char *a_addresses, const char *b, const char *b_addresses)
{
	struct object *o = put(object_new(KIND_EPAIR, name));

	assert_int_equal(epair_default_ifnames(o), 0);
	set_end(o, END_A, a, a_addresses);
	set_end(o, END_B, b, b_addresses);
	return (o);
}

static UNUSED struct object *
attachment(const char *name, const char *jail_name, const char *addresses)
{
	struct object *o = put(object_new(KIND_ATTACHMENT, name));

	assert_int_equal(object_str(o, &o->u.attachment.jail, jail_name), 0);
	set_addresses(o, &o->u.attachment.addrs, addresses);
	return (o);
}

static UNUSED void
text(struct object *o, const char **field, const char *value)
{
	assert_int_equal(object_str(o, field, value), 0);
}

#endif
