/*
 * plan_jail: what becomes of each jail; its sysctls, routes and start.
 */
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

static bool
is_managed_and_wanted(const struct object *o)
{
	return (o != NULL && !o->u.jail.external && jail_wanted(o));
}

bool
plan_minds_itself(const struct plan_jail *j)
{
	return (j != NULL && j->want != NULL && j->want->u.jail.manager_moves);
}

bool
plan_is_awaited(const struct planner *pl, const struct plan_jail *j, const struct obs_link *l)
{
	const struct plan_jail *in = l == NULL ? NULL : plan_jail_of(pl, l);

	return (plan_minds_itself(j) && in != j && (in == NULL || in->want != NULL || in->have == NULL || in->have->ours));
}

static void
emit_create(struct planner *pl, struct plan_jail *j)
{
	const struct jail *w = &j->want->u.jail;
	struct cmd_jail *c = &plan_emit(pl, PH_JAIL, KIND_JAIL, j->name, CMD_JAIL_CREATE)->cmd.u.jail;

	str_copy(c->name, sizeof(c->name), j->name);
	str_copy(c->path, sizeof(c->path), w->path);
	str_copy(c->hostname, sizeof(c->hostname), w->hostname);
	c->forwarding = w->forwarding;
	c->boot = w->boot;
	(void)params_format(&w->params, c->params);
}

/* A jail without a host name of its own shows the host's on Linux ("" here), its own name on FreeBSD, where jails have an id. */
static bool
is_renamed(const struct plan_jail *j)
{
	const char *w = j->want->u.jail.hostname;

	return (strcmp(w[0] == '\0' && j->have->jid != 0 ? j->name : w, j->have->hostname) != 0);
}

static void
emit_set(struct planner *pl, struct plan_jail *j)
{
	const struct jail *w = &j->want->u.jail;
	bool renamed = is_renamed(j);
	bool forwards = w->forwarding != j->have->forwarding;
	char params[PARAMS_SIZE];
	struct cmd_jail *c;
	struct step *s;

	(void)params_format(&w->params, params);
	if (!renamed && !forwards && params_hash(params) == j->have->params)
		return;
	s = plan_emit(pl, PH_JAIL, KIND_JAIL, j->name, CMD_JAIL_SET);
	plan_pointer(s, "/jails/%s/%s", j->name, renamed ? "hostname" : forwards ? "forwarding" : "params");
	c = &s->cmd.u.jail;
	str_copy(c->name, sizeof(c->name), j->name);
	str_copy(c->path, sizeof(c->path), w->path);
	str_copy(c->hostname, sizeof(c->hostname), w->hostname);
	c->forwarding = w->forwarding;
	c->boot = w->boot;
	(void)params_format(&w->params, c->params);
}

static struct step *
emit_exec(struct planner *pl, struct plan_jail *j, enum phase ph, enum cmd_op op)
{
	struct step *s = plan_emit(pl, ph, KIND_JAIL, j->name, op);
	struct cmd_exec *c = &s->cmd.u.exec;
	bool start = op == CMD_JAIL_START;

	str_copy(c->name, sizeof(c->name), j->name);
	c->timeout_s = start ? PLAN_START_TIMEOUT_S : PLAN_STOP_TIMEOUT_S;
	if (j->want != NULL && !j->want->u.jail.external) {
		str_copy(c->path, sizeof(c->path), j->want->u.jail.path);
		str_copy(
		    c->command, sizeof(c->command), start ? j->want->u.jail.exec_start : j->want->u.jail.exec_stop);
		plan_pointer(s, "/jails/%s/exec/%s", j->name, start ? "start" : "stop");
	}
	if (start) {
		for (size_t i = 0; i < j->nends; i++)
			plan_need(s, KIND_EPAIR, pl->jail_ends[j->first_end + i]->epair->name);
	}
	pl->out->waiting = true;
	return (s);
}

static bool
needs_stop(const struct plan_jail *j)
{
	const struct object *o = j->want;
	bool has_stop = o != NULL && !o->u.jail.external && o->u.jail.exec_stop[0] != '\0';

	if (j->have->processes > 0)
		return (true);
	return (has_stop && (j->have->phase == JAIL_CREATED || j->have->phase == JAIL_STARTING || j->have->phase == JAIL_STARTED));
}

/* In scope, so the step is the last one of the plan. */
static void
note_stop(struct planner *pl, struct plan_jail *j, struct step *s)
{
	s->why = j->want == NULL || j->want->u.jail.external ? WHY_GONE : jail_wanted(j->want) ? WHY_ANEW : WHY_STOPPED;
	if (!pl->nomem)
		j->stop = pl->out->n;
}

/* A jail of ours that must go, perhaps to come again at once. */
static void
decide_teardown(struct planner *pl, struct plan_jail *j)
{
	struct step *s;

	j->there = true;
	if (!j->in_scope)
		return;
	if (needs_stop(j)) {
		note_stop(pl, j, emit_exec(pl, j, PH_JAIL_STOP, CMD_JAIL_STOP));
		j->frozen = true;
		return;
	}
	j->teardown = true;
	s = plan_emit(pl, PH_JAIL_DESTROY, KIND_JAIL, j->name, CMD_JAIL_DESTROY);
	str_copy(s->cmd.u.ref.name, NAME_SIZE, j->name);
	note_stop(pl, j, s);
	j->create = is_managed_and_wanted(j->want);
	j->there = j->create;
	if (j->create)
		emit_create(pl, j);
}

static bool
must_go(const struct plan_jail *j)
{
	if (!is_managed_and_wanted(j->want))
		return (true);
	if (j->have->phase == JAIL_PARTIAL)
		return (false);
	/* exec.start is still to come, in the root that is wanted: a jail keeps the one it was made with */
	if (j->have->phase == JAIL_CREATED && j->want->u.jail.exec_start[0] != '\0' && j->have->path != 0 &&
	    j->have->path != path_hash(j->want->u.jail.path))
		return (true);
	/* an exec.start cut short: the next one must not meet what it left */
	return (j->have->phase == JAIL_STOPPED || j->have->phase == JAIL_STARTING || j->have->boot != j->want->u.jail.boot);
}

static void
decide(struct planner *pl, struct plan_jail *j)
{
	bool wanted = is_managed_and_wanted(j->want);

	/* The kernel has yet to give back what is left of it, which nobody can reach; a new one of that name is another jail. */
	if (j->have != NULL && j->have->phase == JAIL_IS_DYING)
		j->have = NULL;
	if (j->have != NULL && j->have->busy) {
		j->frozen = true;
		pl->out->waiting = true;
	}
	if (j->frozen || (j->want != NULL && j->want->u.jail.external)) {
		j->there = j->have != NULL;
		return;
	}
	if (j->have == NULL || !j->have->ours) {
		/* A namespace of that name that is not ours: the driver refuses, and says so better than silence. */
		j->create = wanted && j->in_scope;
		j->there = j->create;
		if (j->create)
			emit_create(pl, j);
		return;
	}
	if (must_go(j)) {
		decide_teardown(pl, j);
		return;
	}
	j->there = true;
	if (j->have->phase == JAIL_PARTIAL) {
		j->create = j->in_scope;
		emit_create(pl, j);
	} else
		emit_set(pl, j);
}

/* Wanted and observed jails are both sorted: one merge gives the union. */
static int
unite(struct planner *pl)
{
	size_t nwant = pl->want->n[KIND_JAIL], nhave = pl->have->njails, w = 0, h = 0;

	pl->jails = arena_array(&pl->arena, nwant + nhave + 1, sizeof(*pl->jails));
	if (pl->jails == NULL)
		return (-1);
	while (w < nwant || h < nhave) {
		struct plan_jail *j = &pl->jails[pl->njails++];
		int c = w == nwant ? 1 : h == nhave ? -1 : strcmp(pl->want->v[KIND_JAIL][w]->name, pl->obs_jails[h]->name);

		if (c <= 0)
			j->want = pl->want->v[KIND_JAIL][w];
		if (c >= 0)
			j->have = pl->obs_jails[h];
		j->name = c <= 0 ? j->want->name : j->have->name;
		j->in_scope = plan_in_scope(pl, KIND_JAIL, j->name);
		w += c <= 0;
		h += c >= 0;
		/* the same name twice in the kernel's list would make two rows of one jail */
		while (h < nhave && strcmp(pl->obs_jails[h]->name, j->name) == 0)
			h++;
	}
	return (0);
}

void
plan_jails_decide(struct planner *pl)
{
	if (unite(pl) == -1) {
		pl->nomem = true;
		return;
	}
	for (size_t i = 0; pl->opts != NULL && i < pl->opts->nbusy; i++) {
		struct plan_jail *j = plan_jail_find(pl, pl->opts->busy[i]);

		if (j != NULL)
			j->frozen = true;
		pl->out->waiting = true;
	}
	for (size_t i = 0; i < pl->njails; i++)
		decide(pl, &pl->jails[i]);
}

/* Does an interface have an address in the gateway's network, as wanted, or, when that is left as it is, as seen? */
static bool
reaches(const struct planner *pl, const struct plan_jail *j, const struct prefixes *want, const struct obs_link *link, bool settled,
    const struct ip *gateway)
{
	const struct obs_addr *const *have;
	size_t n;

	for (size_t i = 0; settled && i < want->n; i++)
		if (prefix_contains(&want->v[i], gateway))
			return (true);
	if (settled && (link == NULL || !plan_minds_itself(j)))
		return (false);
	have = plan_addrs_of(pl, link, &n);
	for (size_t i = 0; i < n; i++)
		if (prefix_contains(&have[i]->prefix, gateway))
			return (true);
	return (false);
}

/* Can the gateway be reached after this plan?  The epair that carries it goes into *epair, when it is one. */
static bool
find_carrier(const struct planner *pl, const struct plan_jail *j, const struct ip *gateway, const char **epair)
{
	*epair = "";
	for (size_t i = 0; i < j->nends; i++) {
		const struct plan_end *e = pl->jail_ends[j->first_end + i];

		if (e->usable && reaches(pl, j, &e->want->addrs, e->link, e->settled, gateway)) {
			*epair = e->epair->name;
			return (true);
		}
	}
	for (size_t i = 0; i < j->natts; i++) {
		const struct plan_foreign *f = pl->jail_atts[j->first_att + i];

		if (f->usable && reaches(pl, j, &f->att->u.attachment.addrs, f->link, f->settled, gateway))
			return (true);
	}
	return (false);
}

static void
route_pointer(struct step *s, const char *jail, const struct prefix *dst)
{
	char text[PREFIX_TEXT_SIZE], key[2 * PREFIX_TEXT_SIZE];

	if (prefix_is_default(dst) && dst->ip.family == 4)
		str_copy(text, sizeof(text), "default");
	else
		prefix_format(dst, text);
	plan_pointer(s, "/jails/%s/routes/%s", jail, str_pointer(text, key, sizeof(key)));
}

static void
emit_route(struct planner *pl, const struct plan_jail *j, bool add, const struct prefix *dst, const struct ip *gateway,
    const char *epair)
{
	struct step *s =
	    plan_emit(pl, add ? PH_ROUTE_ADD : PH_ROUTE_DEL, KIND_JAIL, j->name, add ? CMD_ROUTE_ADD : CMD_ROUTE_DEL);

	str_copy(s->cmd.u.route.jail, NAME_SIZE, j->name);
	s->cmd.u.route.dst = *dst;
	s->cmd.u.route.gateway = *gateway;
	route_pointer(s, j->name, dst);
	plan_need(s, KIND_EPAIR, epair);
}

/* Both lists are sorted by destination.  One of the wanted has at most one gateway; the kernel may hold several. */
static void
finish_routes(struct planner *pl, const struct plan_jail *j)
{
	const struct jail *w = &j->want->u.jail;
	size_t nhave = 0, h = 0;
	const struct obs_route *const *have = plan_routes_of(pl, j->name, &nhave);

	if (j->create)
		nhave = 0;
	for (size_t n = 0; n <= w->nroutes; n++) {
		const struct route *r = n < w->nroutes ? &w->routes[n] : NULL;
		bool there = false;
		const char *epair;

		for (; h < nhave && (r == NULL || prefix_cmp(&have[h]->dst, &r->dst) < 0); h++)
			emit_route(pl, j, false, &have[h]->dst, &have[h]->gateway, "");
		if (r == NULL)
			break;
		for (size_t k = h; k < nhave && prefix_cmp(&have[k]->dst, &r->dst) == 0; k++)
			there = there || ip_cmp(&have[k]->gateway, &r->gateway) == 0;
		for (; h < nhave && prefix_cmp(&have[h]->dst, &r->dst) == 0; h++)
			if (there && ip_cmp(&have[h]->gateway, &r->gateway) != 0)
				emit_route(pl, j, false, &have[h]->dst, &have[h]->gateway, "");
		/* through an interface that is down or missing the kernel would only refuse */
		if ((!there || j->reroute) && find_carrier(pl, j, &r->gateway, &epair))
			emit_route(pl, j, true, &r->dst, &r->gateway, epair);
	}
}

static void
finish_sysctls(struct planner *pl, const struct plan_jail *j)
{
	const struct pairs *p = &j->want->u.jail.sysctls;

	for (size_t i = 0; i < p->n; i++) {
		const struct obs_sysctl *have = j->create ? NULL : plan_sysctl_find(pl, j->name, p->v[i].key);
		char key[2 * NAME_SIZE];
		struct step *s;

		if (have != NULL && strcmp(have->value, p->v[i].value) == 0)
			continue;
		s = plan_emit(pl, PH_SYSCTL, KIND_JAIL, j->name, CMD_SYSCTL_SET);
		str_copy(s->cmd.u.sysctl.jail, NAME_SIZE, j->name);
		str_copy(s->cmd.u.sysctl.key, NAME_SIZE, p->v[i].key);
		str_copy(s->cmd.u.sysctl.value, sizeof(s->cmd.u.sysctl.value), p->v[i].value);
		plan_pointer(s, "/jails/%s/sysctls/%s", j->name, str_pointer(p->v[i].key, key, sizeof(key)));
	}
}

void
plan_jails_finish(struct planner *pl)
{
	for (size_t i = 0; i < pl->njails; i++) {
		struct plan_jail *j = &pl->jails[i];

		if (j->want == NULL || j->frozen || !j->there || !j->in_scope || !jail_wanted(j->want))
			continue;
		finish_sysctls(pl, j);
		finish_routes(pl, j);
		if (!j->want->u.jail.external && j->want->u.jail.exec_start[0] != '\0' &&
		    (j->create || j->have->phase == JAIL_CREATED))
			(void)emit_exec(pl, j, PH_JAIL_START, CMD_JAIL_START);
	}
}
