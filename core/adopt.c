/* adopt: see adopt.h */
#include "core/adopt.h"

#include <string.h>

#include "core/str.h"

static const struct obs_link *
link_of(const struct observed *have, const struct object *o, int side)
{
	for (size_t i = 0; i < have->nlinks; i++) {
		const struct obs_link *l = &have->links[i];

		if (l->mark.ours && l->mark.has_object && l->mark.kind == o->kind && strcmp(l->mark.name, o->name) == 0 &&
		    (o->kind != KIND_EPAIR || l->mark.side == side))
			return (l);
	}
	return (NULL);
}

static int
take_addrs(struct object *o, struct prefixes *out, const struct observed *have, const struct obs_link *l, struct err *err)
{
	struct prefix v[LIMIT_ADDRESSES];
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < have->naddrs; i++) {
		const struct obs_addr *a = &have->addrs[i];

		if (strcmp(a->jail, l->jail) != 0 || strcmp(a->ifname, l->ifname) != 0)
			continue;
		if (n == LIMIT_ADDRESSES)
			return (err_set(err, ERR_LIMIT, "%s has more than %d addresses", l->ifname, LIMIT_ADDRESSES));
		for (size_t k = 0; k < out->n; k++)
			kept += prefix_cmp(&out->v[k], &a->prefix) == 0;
		v[n++] = a->prefix;
	}
	/* the same ones in another order are no difference */
	if (n == out->n && kept == n)
		return (0);
	return (object_prefixes(o, out, v, n) == -1 ? err_nomem(err) : 0);
}

static int
take_name(struct object *o, const char **field, const char *value, struct err *err)
{
	if (value[0] == '\0') {
		*field = NULL;
		return (0);
	}
	return (object_str(o, field, value) == -1 ? err_nomem(err) : 0);
}

static int
adopt_end(struct object *o, int side, const struct topo *want, const struct observed *have, const struct obs_link *l, struct err *err)
{
	struct end *e = &o->u.epair.end[side];

	if (strcmp(e->ifname, l->ifname) != 0) {
		memcpy(e->ifname, l->ifname, sizeof(e->ifname));
		e->ifname_given = true;
	}
	if (!mac_equal(&e->mac, &l->mac)) {
		e->mac = l->mac;
		e->mac_pinned = true;
	}
	e->up = l->up;
	if (l->bridge[0] != '\0' && topo_find(want, KIND_BRIDGE, l->bridge) == NULL)
		return (err_set(err, ERR_CONFLICT, "%s is in bridge %s, which is not in the topology", l->ifname, l->bridge));
	if (l->jail[0] != '\0' && topo_find(want, KIND_JAIL, l->jail) == NULL)
		return (err_set(err, ERR_CONFLICT, "%s is in jail %s, which is not in the topology", l->ifname, l->jail));
	if (take_name(o, &e->bridge, l->bridge, err) == -1 || take_name(o, &e->jail, l->jail, err) == -1)
		return (-1);
	return (take_addrs(o, &e->addrs, have, l, err));
}

static int
adopt_epair(struct object *o, const struct topo *want, const struct observed *have, bool *gone, struct err *err)
{
	const struct obs_link *l[2] = { link_of(have, o, END_A), link_of(have, o, END_B) };

	*gone = l[END_A] == NULL || l[END_B] == NULL;
	if (*gone)
		return (0);
	if (adopt_end(o, END_A, want, have, l[END_A], err) == -1 || adopt_end(o, END_B, want, have, l[END_B], err) == -1)
		return (-1);
	if (epair_mtu(want, o) != l[END_A]->mtu)
		o->u.epair.mtu = l[END_A]->mtu;
	return (0);
}

static int
adopt_bridge(struct object *o, const struct observed *have, bool *gone, struct err *err)
{
	const struct obs_link *l = link_of(have, o, 0);
	struct bridge *b = &o->u.bridge;

	*gone = l == NULL;
	if (l == NULL)
		return (0);
	b->mtu = l->mtu;
	b->stp = l->stp;
	b->vlan_filter = l->vlan_filter;
	b->backend = l->backend;
	if (!mac_equal(&b->mac, &l->mac)) {
		b->mac = l->mac;
		b->mac_pinned = true;
	}
	return (take_addrs(o, &b->addrs, have, l, err));
}

static int
adopt_jail(struct object *o, const struct observed *have, struct err *err)
{
	const struct obs_jail *j = observed_jail(have, o->name);
	struct route routes[LIMIT_ROUTES];
	size_t n = 0;

	if (o->u.jail.external)
		return (err_set(err, ERR_CONFLICT, "jail %s belongs to its own manager", o->name));
	o->u.jail.running = j != NULL;
	if (j == NULL)
		return (0);
	o->u.jail.forwarding = j->forwarding;
	for (size_t i = 0; i < have->nroutes; i++) {
		if (strcmp(have->routes[i].jail, o->name) != 0)
			continue;
		if (n == LIMIT_ROUTES)
			return (err_set(err, ERR_LIMIT, "jail %s has more than %d routes", o->name, LIMIT_ROUTES));
		routes[n].dst = have->routes[i].dst;
		routes[n++].gateway = have->routes[i].gateway;
	}
	return (object_routes(o, routes, n) == -1 ? err_nomem(err) : 0);
}

int
object_adopt(const struct object *o, const struct topo *want, const struct observed *have, struct object **out, struct err *err)
{
	struct object *copy;
	bool gone = false;
	int rc;

	if (o->kind == KIND_ATTACHMENT)
		return (err_set(err, ERR_UNSUPPORTED, "an attachment is as it is wanted or it is not there: attach or detach it"));
	copy = object_copy(o);
	if (copy == NULL)
		return (err_nomem(err));
	if (o->kind == KIND_EPAIR)
		rc = adopt_epair(copy, want, have, &gone, err);
	else if (o->kind == KIND_BRIDGE)
		rc = adopt_bridge(copy, have, &gone, err);
	else
		rc = adopt_jail(copy, have, err);
	if (rc == -1 || gone) {
		object_free(copy);
		copy = NULL;
	}
	if (rc == 0)
		*out = copy;
	return (rc);
}
