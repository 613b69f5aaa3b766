/*
 * fake_observe: the tables as observations, and as sorted text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "tests/fake/fake_int.h"

static bool
wanted(const struct fake *f, const struct cmd_observe *s, int ns, const char *ifname)
{
	if (s->scope == OBSERVE_ALL)
		return (true);
	if (s->scope == OBSERVE_JAIL)
		return (strcmp(fake_ns_name(f, ns), s->name) == 0);
	return (ns == FAKE_HOST && ifname != NULL && strcmp(ifname, s->name) == 0);
}

static int
observe_jails(struct fake *f, const struct cmd_observe *s, struct observed *out, struct err *err)
{
	for (int i = 0; i < f->t->njails; i++) {
		const struct fake_jail *j = &f->t->jails[i];
		struct obs_jail *o;

		if (!j->used || !wanted(f, s, i, NULL))
			continue;
		if ((o = observed_jail_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(o->name, sizeof(o->name), j->name);
		str_copy(o->hostname, sizeof(o->hostname), j->hostname);
		o->ours = j->ours;
		o->adoptable = !j->ours && f->adopt_ok != NULL && f->adopt_ok(f->adopt_arg, j->name);
		o->phase = j->phase;
		o->boot = j->boot;
		o->forwarding = j->forwarding;
		o->params = j->params;
		o->path = j->path[0] == '\0' ? 0 : path_hash(j->path);	/* others' are not known */
		o->processes = j->processes;
		if (j->phase == JAIL_PARTIAL)
			str_copy(o->reason, sizeof(o->reason), "creation was cut short");
		o->dying = j->dying;
		if (j->dying > 0)
			str_copy(o->reason, sizeof(o->reason), "an older jail is still dying");
	}
	return (0);
}

static int
observe_links(struct fake *f, const struct cmd_observe *s, struct observed *out, struct err *err)
{
	for (int i = 0; i < f->t->nlinks; i++) {
		struct fake_link *l = &f->t->links[i];
		struct obs_link *o;

		if (!l->used || !wanted(f, s, l->ns, l->ifname))
			continue;
		if (l->blinks) {
			l->blinks = false;
			continue;
		}
		if ((o = observed_link_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(o->jail, sizeof(o->jail), fake_ns_name(f, l->ns));
		str_copy(o->ifname, sizeof(o->ifname), l->ifname);
		o->ifindex = l->ifindex;
		o->type = l->type;
		o->mark = l->mark;
		o->mac = l->mac;
		o->mtu = l->mtu;
		o->up = l->up;
		o->running = l->up && (l->peer == -1 || f->t->links[l->peer].up);
		if (l->bridge != -1)
			str_copy(o->bridge, sizeof(o->bridge), f->t->links[l->bridge].ifname);
		o->stp = l->stp;
		o->vlan_filter = l->vlan_filter;
		o->backend = l->backend;
		o->priv = l->priv;
		o->port_stp_known = true;
		o->port_stp = l->port_stp;
		o->edge = l->edge;
		o->untagged = l->untagged;
		o->ntagged = l->ntagged;
		memcpy(o->tagged, l->tagged, sizeof(o->tagged));
		if (!l->mark.ours && l->ns == FAKE_HOST)
			o->traits = l->traits;
		if (l->peer != -1) {
			o->peer = f->t->links[l->peer].ifindex;
			o->peer_away = f->t->links[l->peer].ns != l->ns;
		}
		o->adoptable = !l->mark.ours && (l->type == LINK_EPAIR || (l->type == LINK_BRIDGE && l->ns == FAKE_HOST)) && f->adopt_ok != NULL &&
		    f->adopt_ok(f->adopt_arg, l->ifname);
	}
	return (0);
}

static int
observe_addrs(struct fake *f, const struct cmd_observe *s, struct observed *out, struct err *err)
{
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *a = &f->t->addrs[i];
		const struct fake_link *l = &f->t->links[a->link];
		struct obs_addr *o;

		if (!a->used || !wanted(f, s, l->ns, l->ifname))
			continue;
		if ((o = observed_addr_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(o->jail, sizeof(o->jail), fake_ns_name(f, l->ns));
		str_copy(o->ifname, sizeof(o->ifname), l->ifname);
		o->prefix = a->prefix;
		o->duplicate = a->duplicate;
	}
	return (0);
}

static int
observe_rest(struct fake *f, const struct cmd_observe *s, struct observed *out, struct err *err)
{
	for (int i = 0; i < f->t->nroutes; i++) {
		const struct fake_route *r = &f->t->routes[i];
		struct obs_route *o;

		if (!r->used || !r->ours || !wanted(f, s, r->ns, NULL))
			continue;
		if ((o = observed_route_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(o->jail, sizeof(o->jail), fake_ns_name(f, r->ns));
		o->dst = r->dst;
		o->gateway = r->gateway;
	}
	for (int i = 0; i < f->t->nsysctls; i++) {
		const struct fake_sysctl *c = &f->t->sysctls[i];
		struct obs_sysctl *o;

		if (!c->used || !wanted(f, s, c->ns, NULL))
			continue;
		if ((o = observed_sysctl_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(o->jail, sizeof(o->jail), fake_ns_name(f, c->ns));
		str_copy(o->key, sizeof(o->key), c->key);
		str_copy(o->value, sizeof(o->value), c->value);
	}
	return (0);
}

int
fake_observe(struct fake *f, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	if (observe_jails(f, scope, out, err) == -1 || observe_links(f, scope, out, err) == -1 ||
	    observe_addrs(f, scope, out, err) == -1 || observe_rest(f, scope, out, err) == -1)
		return (-1);
	return (0);
}

int
fake_counters(struct fake *f, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	for (int i = 0; i < f->t->nlinks; i++) {
		const struct fake_link *l = &f->t->links[i];
		struct obs_counter *c;

		if (!l->used || !wanted(f, scope, l->ns, l->ifname))
			continue;
		if ((c = observed_counter_add(out)) == NULL)
			return (err_nomem(err));
		str_copy(c->jail, sizeof(c->jail), fake_ns_name(f, l->ns));
		str_copy(c->ifname, sizeof(c->ifname), l->ifname);
		memcpy(c->v, l->counters, sizeof(c->v));
	}
	return (0);
}

static int
line_cmp(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

static void
link_line(const struct fake *f, const struct fake_link *l, FILE *out)
{
	char mac[MAC_TEXT_SIZE], mark[MARK_TEXT_SIZE] = "", traits[TRAITS_TEXT_SIZE];

	if (l->mark.ours)
		mark_format(&l->mark, mark);
	fprintf(out, "link jail=%s %s type=%s mac=%s mtu=%u %s bridge=%s priv=%d edge=%d stp=%d,%d vlan=%d,%u,%u peer=%s mark=%s%s\n",
	    fake_ns_name(f, l->ns), l->ifname, link_type_name(l->type), mac_format(&l->mac, mac), l->mtu, l->up ? "up" : "down",
	    l->bridge == -1 ? "" : f->t->links[l->bridge].ifname, l->priv, l->edge, l->stp, l->port_stp, l->vlan_filter,
	    l->untagged, l->ntagged, l->peer == -1 ? "" : f->t->links[l->peer].ifname, mark,
	    traits_format(&l->traits, l->traits.fields, traits));
}

static void
write_lines(const struct fake *f, bool foreign_only, FILE *out)
{
	char a[PREFIX_TEXT_SIZE], b[IP_TEXT_SIZE];

	for (int i = 0; i < f->t->njails; i++) {
		const struct fake_jail *j = &f->t->jails[i];

		if (j->used && !(foreign_only && j->ours))
			fprintf(out, "jail %s ours=%d phase=%s boot=%u hostname=%s forwarding=%d processes=%u\n", j->name, j->ours,
			    jail_phase_name(j->phase), j->boot, j->hostname, j->forwarding, j->processes);
	}
	for (int i = 0; i < f->t->nlinks; i++)
		if (f->t->links[i].used && !(foreign_only && f->t->links[i].mark.ours))
			link_line(f, &f->t->links[i], out);
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *x = &f->t->addrs[i];
		const struct fake_link *l = &f->t->links[x->link];

		if (x->used && !(foreign_only && l->mark.ours))
			fprintf(out, "addr jail=%s %s %s\n", fake_ns_name(f, l->ns), l->ifname, prefix_format(&x->prefix, a));
	}
	for (int i = 0; i < f->t->nroutes; i++) {
		const struct fake_route *r = &f->t->routes[i];

		if (r->used && !(foreign_only && r->ours))
			fprintf(out, "route jail=%s %s via %s ours=%d\n", fake_ns_name(f, r->ns), prefix_format(&r->dst, a),
			    ip_format(&r->gateway, b), r->ours);
	}
	for (int i = 0; i < f->t->nsysctls && !foreign_only; i++)
		if (f->t->sysctls[i].used)
			fprintf(out, "sysctl jail=%s %s=%s\n", fake_ns_name(f, f->t->sysctls[i].ns), f->t->sysctls[i].key,
			    f->t->sysctls[i].value);
}

/* Splits text into lines, sorts them and joins them again. */
static char *
sort_lines(char *text, size_t size)
{
	size_t n = 0, count = 0, pos = 0;
	char **v, *out, *save = NULL;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	v = calloc(count + 1, sizeof(*v));
	out = malloc(size + 1);
	if (v == NULL || out == NULL) {
		free(v);
		free(out);
		return (NULL);
	}
	for (char *l = strtok_r(text, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		v[n++] = l;
	qsort(v, n, sizeof(*v), line_cmp);
	for (size_t i = 0; i < n; i++)
		pos += (size_t)sprintf(out + pos, "%s\n", v[i]);
	out[pos] = '\0';
	free(v);
	return (out);
}

char *
fake_snapshot(const struct fake *f, bool foreign_only)
{
	char *text = NULL, *sorted = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return (NULL);
	write_lines(f, foreign_only, out);
	if (fclose(out) == 0)
		sorted = sort_lines(text, size);
	free(text);
	return (sorted);
}
