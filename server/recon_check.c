/*
 * recon_check: whether what a ticket would make may be: valid, and the principal's to touch; and whether it can be undone.
 */
#include <stdio.h>

#include "core/selector.h"
#include "core/valid.h"
#include "server/recon_int.h"

void
check_valid(struct recon *r, const struct changes *c, const struct topo *next, enum write_verb verb, struct errs *errs)
{
	uint32_t features = atomic_load(&r->conf->health->features);

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].after != NULL)
			valid_object(c->v[i].after, features, errs);
	}
	if (errs->n > 0)
		return;
	valid_topo(next, errs);
	/* What a deletion leaves dangling is "still used", not "unknown". */
	for (size_t i = 0; verb == WRITE_DELETE && i < errs->n; i++) {
		if (errs->v[i].code == ERR_REFERENCE)
			errs->v[i].code = ERR_IN_USE;
	}
}

static bool
link_is_taken(const struct recon *r, const char *jail, const char *ifname, const struct mac *mac)
{
	const struct obs_link *l = observed_link(&r->have, jail != NULL ? jail : "", ifname);

	return (l != NULL && l->adoptable && mac_equal(&l->mac, mac));
}

bool
changes_take_over(const struct recon *r, const struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct object *o = c->v[i].after;
		const struct obs_jail *j;

		if (o == NULL)
			continue;
		if (o->kind == KIND_BRIDGE && link_is_taken(r, NULL, o->name, &o->u.bridge.mac))
			return (true);
		for (int side = END_A; o->kind == KIND_EPAIR && side <= END_B; side++)
			if (link_is_taken(r, o->u.epair.end[side].jail, o->u.epair.end[side].ifname, &o->u.epair.end[side].mac))
				return (true);
		j = o->kind == KIND_JAIL && !o->u.jail.external ? observed_jail(&r->have, o->name) : NULL;
		if (j != NULL && j->adoptable)
			return (true);
	}
	return (false);
}

bool
check_mine(const struct write *w, const struct object *o)
{
	return (selector_match(w->selector, &o->labels));
}

/* In the words of one that is missing: no condition of the request is looked at first.  Names are everybody's: one that is taken cannot be had. */
bool
check_there(const struct write *w, const struct topo *view, struct errs *errs)
{
	const struct object *o = w->verb == WRITE_TOPOLOGY ? NULL : topo_find(view, w->kind, w->name);

	if (o == NULL || check_mine(w, o))
		return (true);
	if (w->verb == WRITE_CREATE)
		errs_add(errs, ERR_EXISTS, "", "%s %s exists", kind_name(w->kind), w->name);
	else
		errs_add(errs, ERR_NOT_FOUND, "", "there is no %s %s", kind_name(w->kind), w->name);
	return (false);
}

void
check_plan(const struct write *w, const struct topo *view, const struct topo *next, struct plan *plan)
{
	const struct object *o;
	size_t n = 0;

	if (w->selector[0] == '\0')
		return;
	for (size_t i = 0; i < plan->n; i++) {
		o = topo_find(next, plan->v[i].kind, plan->v[i].name);
		if (o == NULL)
			o = topo_find(view, plan->v[i].kind, plan->v[i].name);
		if (o != NULL && check_mine(w, o))
			plan->v[n++] = plan->v[i];
	}
	plan->n = n;
}

/* A jail or bridge that an object of the principal's puts an interface into must be its own, too. */
static bool
reference_ok(const struct write *w, const struct topo *next, enum kind kind, const char *name)
{
	const struct object *o = name == NULL ? NULL : topo_find(next, kind, name);

	return (o == NULL || selector_match(w->selector, &o->labels));
}

bool
check_selector(const struct write *w, const struct changes *c, const struct topo *next, struct errs *errs)
{
	char pointer[160];

	if (w->selector[0] == '\0')
		return (true);
	for (size_t i = 0; i < c->n; i++) {
		const struct change_item *it = &c->v[i];

		snprintf(pointer, sizeof(pointer), "/%s/%s", kind_plural(it->kind), it->name);
		if (it->before != NULL && !selector_match(w->selector, &it->before->labels))
			errs_add(errs, ERR_NOT_FOUND, pointer, "there is no %s %s", kind_name(it->kind), it->name);
		else if (it->after != NULL && !selector_match(w->selector, &it->after->labels))
			errs_add(errs, ERR_DENIED, pointer, "your token is limited to objects labelled %s", w->selector);
		for (int side = END_A; it->after != NULL && it->kind == KIND_EPAIR && side <= END_B; side++) {
			const struct end *e = &it->after->u.epair.end[side];

			if (!reference_ok(w, next, KIND_BRIDGE, e->bridge) || !reference_ok(w, next, KIND_JAIL, e->jail))
				errs_add(errs, ERR_DENIED, pointer, "end %c is in something that is not labelled %s", side == END_A ? 'a' : 'b',
				    w->selector);
		}
		/* members are foreign interfaces: they have no labels */
		if (it->after != NULL && it->kind == KIND_BRIDGE && it->after->u.bridge.nmembers > 0)
			errs_add(
			    errs, ERR_DENIED, pointer, "your token is limited to objects labelled %s; interfaces of the host are not", w->selector);
	}
	return (errs->n == 0);
}
