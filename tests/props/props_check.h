/*
 * props_check: is the fake kernel as the topology wants it?
 */
#ifndef JN_PROPS_CHECK_H
#define JN_PROPS_CHECK_H

#include "core/plan.h"
#include "tests/fake/fake_kernel.h"
#include "tests/props/props_gen.h"

static uint64_t seed;

struct run {
	struct gen g;
	struct fake *f;
	struct topo want;
	struct plan plan;
	bool verbose;
};

static bool
has_addr(const struct observed *o, const struct obs_link *l, const struct prefix *p)
{
	size_t n;
	const struct obs_addr *v = observed_addrs(o, l->jail, l->ifname, &n);

	for (size_t i = 0; i < n; i++)
		if (prefix_cmp(&v[i].prefix, p) == 0)
			return (true);
	return (false);
}

/* Is there, in the jail's place, after all? */
static bool
is_there(const struct run *r, const struct observed *o, const char *name)
{
	const struct object *j = topo_find(&r->want, KIND_JAIL, name);

	return (j->u.jail.external ? observed_jail(o, name) != NULL : j->u.jail.running);
}

static bool
minds_itself(const struct run *r, const char *jail)
{
	const struct object *j = jail == NULL || jail[0] == '\0' ? NULL : topo_find(&r->want, KIND_JAIL, jail);

	return (j != NULL && j->u.jail.manager_moves);
}

/* A jail of somebody else that the topology does not speak of. */
static bool
is_unknown(const struct run *r, const struct observed *o, const char *jail)
{
	const struct obs_jail *j = observed_jail(o, jail);

	return (j != NULL && !j->ours && topo_find(&r->want, KIND_JAIL, jail) == NULL);
}

#define WANT(cond)                                                                                                     \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			return (#cond);                                                                                \
	} while (0)

/* The wanted end, looked up by its label only; NULL = as wanted. */
static const char *
check_end(const struct run *r, const struct observed *o, const struct object *e, int side)
{
	const struct end *w = &e->u.epair.end[side];
	bool own = minds_itself(r, w->jail), parked;
	const struct obs_link *l = NULL;
	size_t n, count = 0;

	for (size_t i = 0; i < o->nlinks; i++) {
		const struct mark *m = &o->links[i].mark;

		if (m->ours && m->has_object && m->kind == KIND_EPAIR && m->side == side &&
		    strcmp(m->name, e->name) == 0) {
			l = &o->links[i];
			count++;
		}
	}
	WANT(count == 1);
	parked = w->jail != NULL && (own ? l->jail[0] == '\0' : !is_there(r, o, w->jail));
	WANT(strcmp(l->ifname, w->ifname) == 0);
	if (own && !parked)
		WANT(strcmp(l->jail, w->jail) == 0 || is_unknown(r, o, l->jail));
	else
		WANT(strcmp(l->jail, w->jail == NULL || parked ? "" : w->jail) == 0);
	WANT(mac_equal(&l->mac, &w->mac));
	WANT(l->mtu == epair_mtu(&r->want, e));
	WANT((own && !parked) || l->up == (w->up && (own || !parked)));
	WANT(strcmp(l->bridge, w->bridge == NULL ? "" : w->bridge) == 0);
	WANT(w->bridge == NULL || l->priv == w->port.priv);
	observed_addrs(o, l->jail, l->ifname, &n);
	WANT(parked ? n == 0 : own ? n >= w->addrs.n : n == w->addrs.n);
	for (size_t i = 0; !parked && i < w->addrs.n; i++)
		WANT(has_addr(o, l, &w->addrs.v[i]));
	return (NULL);
}

static const char *
check_bridge(const struct observed *o, const struct object *b)
{
	const struct obs_link *l = observed_link(o, "", b->name), *m;
	size_t n;

	WANT(l != NULL && l->mark.ours && l->mark.kind == KIND_BRIDGE);
	WANT(l->up && l->mtu == b->u.bridge.mtu && mac_equal(&l->mac, &b->u.bridge.mac));
	WANT(l->type == LINK_BRIDGE && l->backend == b->u.bridge.backend);
	WANT(l->stp == b->u.bridge.stp && l->vlan_filter == b->u.bridge.vlan_filter);
	observed_addrs(o, "", b->name, &n);
	WANT(n == b->u.bridge.addrs.n);
	for (size_t i = 0; i < n; i++)
		WANT(has_addr(o, l, &b->u.bridge.addrs.v[i]));
	for (size_t i = 0; i < b->u.bridge.nmembers; i++) {
		m = observed_link(o, "", b->u.bridge.members[i].ifname);
		WANT(m != NULL && m->up && strcmp(m->bridge, b->name) == 0 && m->mtu == b->u.bridge.mtu);
	}
	return (NULL);
}

static const char *
check_jail(const struct run *r, const struct observed *o, const struct object *j)
{
	const struct obs_jail *k = observed_jail(o, j->name);
	const struct jail *w = &j->u.jail;
	size_t n;
	const struct obs_route *v;

	if (!is_there(r, o, j->name)) {
		WANT(k == NULL);
		return (NULL);
	}
	WANT(k != NULL && k->ours == !w->external);
	if (!w->external) {
		WANT(k->phase == (w->exec_start[0] == '\0' ? JAIL_CREATED : JAIL_STARTED) || k->phase == JAIL_STARTED);
		WANT(k->boot == w->boot && k->forwarding == w->forwarding);
		WANT(strcmp(k->hostname, w->hostname) == 0);
	}
	for (size_t i = 0; i < w->sysctls.n; i++) {
		const struct obs_sysctl *c = observed_sysctl(o, j->name, w->sysctls.v[i].key);

		WANT(c != NULL && strcmp(c->value, w->sysctls.v[i].value) == 0);
	}
	/* wanted ones may be missing while the interface they go through is down; nothing else may be there */
	v = observed_routes(o, j->name, &n);
	for (size_t i = 0; i < n; i++) {
		bool wanted = false;

		for (size_t q = 0; q < w->nroutes; q++)
			wanted = wanted || (prefix_cmp(&w->routes[q].dst, &v[i].dst) == 0 &&
					       ip_cmp(&w->routes[q].gateway, &v[i].gateway) == 0);
		WANT(wanted);
	}
	for (size_t q = 0; q < w->nroutes; q++) {
		bool there = false, carried = false;

		for (size_t i = 0; i < n; i++)
			there = there || prefix_cmp(&w->routes[q].dst, &v[i].dst) == 0;
		for (size_t i = 0; i < o->naddrs; i++) {
			const struct obs_link *l = observed_link(o, o->addrs[i].jail, o->addrs[i].ifname);

			carried = carried || (strcmp(o->addrs[i].jail, j->name) == 0 && l != NULL && l->up &&
						 prefix_contains(&o->addrs[i].prefix, &w->routes[q].gateway));
		}
		WANT(there == carried);
	}
	return (NULL);
}

static const char *
check_attachment(const struct run *r, const struct observed *o, const struct object *a)
{
	const struct attachment *w = &a->u.attachment;
	const struct obs_link *l = observed_link(o, is_there(r, o, w->jail) ? w->jail : "", a->name);

	for (size_t i = 0; l == NULL && minds_itself(r, w->jail) && i < o->nlinks; i++)
		if (strcmp(o->links[i].ifname, a->name) == 0 && (o->links[i].jail[0] == '\0' || is_unknown(r, o, o->links[i].jail)))
			l = &o->links[i];
	WANT(l != NULL);
	if (l->jail[0] == '\0')
		return (NULL);
	WANT(l->up || minds_itself(r, w->jail));
	for (size_t i = 0; i < w->addrs.n; i++)
		WANT(has_addr(o, l, &w->addrs.v[i]));
	return (NULL);
}

static void
check_object(const struct run *r, const struct observed *o, const struct object *w)
{
	const char *wrong = NULL;

	switch (w->kind) {
	case KIND_BRIDGE:
		wrong = check_bridge(o, w);
		break;
	case KIND_EPAIR:
		if ((wrong = check_end(r, o, w, END_A)) == NULL)
			wrong = check_end(r, o, w, END_B);
		break;
	case KIND_JAIL:
		wrong = check_jail(r, o, w);
		break;
	case KIND_ATTACHMENT:
		wrong = check_attachment(r, o, w);
		break;
	}
	if (wrong != NULL) {
		char *text = fake_snapshot(r->f, false);

		printf("%s\n", text);
		free(text);
		fail_msg("seed %llu: %s/%s: not so: %s", (unsigned long long)seed, kind_name(w->kind), w->name, wrong);
	}
}

/* Everything wanted is there, and nothing of ours but that. */
static void
check_kernel(const struct run *r, const struct observed *o)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; i < r->want.n[kind]; i++)
			check_object(r, o, r->want.v[kind][i]);
	for (size_t i = 0; i < o->nlinks; i++) {
		const struct mark *m = &o->links[i].mark;

		if (m->ours && (!m->has_object || topo_find(&r->want, m->kind, m->name) == NULL))
			fail_msg("seed %llu: %s is ours, but wanted by nothing", (unsigned long long)seed,
			    o->links[i].ifname);
	}
	for (size_t i = 0; i < o->njails; i++)
		if (o->jails[i].ours && topo_find(&r->want, KIND_JAIL, o->jails[i].name) == NULL)
			fail_msg(
			    "seed %llu: jail %s is ours, but not wanted", (unsigned long long)seed, o->jails[i].name);
}

#endif
