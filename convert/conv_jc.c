/*
 * conv_jc: jail.conf(5) files to jails: includes, wildcards, order, variables, as jail(8) works them out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert/conv_jc.h"
#include "convert/conv_jceff.h"
#include "core/str.h"

#define INCLUDE_DEPTH 32

struct jc {
	struct conv_host *h;
	struct conv *c;
	struct jc_file *files;
	size_t nfiles;
	const struct conv_src *root;
	const struct jc_block **seq;	/* the root with its includes, in order */
	size_t nseq, rseq;
	const struct jc_file *stack[INCLUDE_DEPTH + 1];
	int depth;
};

/* --- includes ------------------------------------------------------------------------------------------------ */

static size_t
dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

/* '*' of a glob stays in its directory. */
static bool
include_match(const char *pattern, const char *path)
{
	size_t n = dir_len(pattern), m = dir_len(path);

	return (n == m && memcmp(pattern, path, n) == 0 && str_match(pattern + n, path + m));
}

static const char *
include_path(struct jc *jc, const struct jc_block *b)
{
	size_t n = dir_len(b->pos.src->path);

	return (b->name[0] == '/' ? b->name : conv_printf(jc->c, "%.*s%s", (int)n, b->pos.src->path, b->name));
}

static void
mark_included(struct jc *jc)
{
	for (size_t i = 0; i < jc->nfiles; i++)
		for (size_t k = 0; k < jc->files[i].n; k++) {
			const struct jc_block *b = &jc->files[i].v[k];
			const char *pattern = b->is_include ? include_path(jc, b) : NULL;

			for (size_t f = 0; pattern != NULL && f < jc->nfiles; f++)
				if (f != i && include_match(pattern, jc->files[f].src->path))
					jc->files[f].included = true;
		}
}

static void sequence(struct jc *jc, const struct jc_file *f);

/* A pattern that finds nothing is as it should be for jail(8); what was not even looked for is another thing. */
static void
say_missing(struct jc *jc, const struct jc_block *b, const char *pattern)
{
	static const char read_dir[] = "/etc/jail.conf.d/";
	bool many = strpbrk(pattern, "*?") != NULL;

	if (jc->h->opts->from_host && strncmp(pattern, read_dir, sizeof(read_dir) - 1) != 0)
		conv_say(jc->c, CONV_WARNING, &b->pos, "include",
		    "%.200s is not one of the usual paths and was not read; what it says is missing. Send the files themselves: jailnet import "
		    "jail-conf FILE ...",
		    pattern);
	else
		conv_say(jc->c, many ? CONV_NOTE : CONV_WARNING, &b->pos, "include", "%.200s is not among the files given; what it says is missing",
		    pattern);
}

static void
include(struct jc *jc, const struct jc_block *b)
{
	const char *pattern = include_path(jc, b);
	bool found = false;

	if (pattern == NULL)
		return;
	if (strchr(pattern, '[') != NULL)
		conv_say(jc->c, CONV_WARNING, &b->pos, "include", "%.200s: only * and ? of a pattern are understood", pattern);
	for (size_t f = 0; f < jc->nfiles; f++) {
		bool loop = false;

		if (!include_match(pattern, jc->files[f].src->path))
			continue;
		found = true;
		for (int i = 0; i < jc->depth; i++)
			loop = loop || jc->stack[i] == &jc->files[f];
		if (loop)
			conv_say(jc->c, CONV_ERROR, &b->pos, "include-loop", "%.200s includes itself; left out here",
			    jc->files[f].src->path);
		else if (jc->depth == INCLUDE_DEPTH)
			conv_say(jc->c, CONV_ERROR, &b->pos, "include-loop", "files include each other more than %d deep", INCLUDE_DEPTH);
		else
			sequence(jc, &jc->files[f]);
	}
	if (!found)
		say_missing(jc, b, pattern);
}

static void
sequence(struct jc *jc, const struct jc_file *f)
{
	jc->stack[jc->depth++] = f;
	for (size_t i = 0; i < f->n && !jc->c->nomem; i++) {
		if (f->v[i].is_include)
			include(jc, &f->v[i]);
		else if (conv_room(jc->c, &jc->seq, jc->nseq, &jc->rseq, sizeof(*jc->seq)))
			jc->seq[jc->nseq++] = &f->v[i];
	}
	jc->depth--;
}

/* --- one jail ------------------------------------------------------------------------------------------------ */

static void
take_addrs(struct jc *jc, struct effs *e, struct conv_jail *j)
{
	static const char *const names[] = { "ip4.addr", "ip6.addr" };
	struct conv_pos pos = { 0 };
	const char *def_if = eff_value(jc->c, e, "interface", &pos), **v;
	const struct conv_pos *const *at;
	size_t n;

	if (def_if[0] == '\0' && jc->h->opts->uplink != NULL)
		def_if = jc->h->opts->uplink;
	for (size_t f = 0; f < NELEMS(names); f++) {
		n = eff_values(jc->c, e, names[f], &v, &at);
		for (size_t i = 0; i < n; i++)
			conv_jail_addrs(jc->h, j, v[i], def_if, at[i], false);
	}
	for (size_t f = 0; f < 2; f++)
		if (strcmp(eff_value(jc->c, e, f == 0 ? "ip4" : "ip6", &pos), "inherit") == 0)
			conv_say(jc->c, CONV_WARNING, &pos, "inherit",
			    "jail %s uses the host's own IPv%d addresses; as a VNET jail it needs one of its own", j->name, f == 0 ? 4 : 6);
}

static void
take_hooks(struct jc *jc, struct effs *e, struct conv_jail *j)
{
	static const struct {
		const char *name;
		enum conv_when when;
	} hooks[] = { { "exec.prepare", HOOK_BEFORE }, { "exec.prestart", HOOK_BEFORE }, { "exec.created", HOOK_BEFORE },
		{ "exec.poststart", HOOK_AFTER }, { "exec.prestop", HOOK_STOP }, { "exec.poststop", HOOK_STOP }, { "exec.release", HOOK_STOP } };
	const struct conv_pos *const *at;
	const char **v;
	size_t n;

	for (size_t k = 0; k < NELEMS(hooks); k++) {
		n = eff_values(jc->c, e, hooks[k].name, &v, &at);
		for (size_t i = 0; i < n; i++)
			conv_hook(jc->h, j, v[i], at[i], hooks[k].when);
	}
}

static const char *
take_commands(struct jc *jc, struct effs *e, struct conv_jail *j, const char *const *names)
{
	const struct conv_pos *const *at;
	struct conv_buf b;
	const char **v;

	cb_init(&b, jc->c);
	for (; *names != NULL; names++) {
		size_t n = eff_values(jc->c, e, *names, &v, &at);

		for (size_t i = 0; i < n; i++) {
			if (v[i][0] == '\0' || conv_inside(jc->h, j, v[i], at[i]))
				continue;
			if (b.len > 0)
				cb_put(&b, " && ");
			cb_put(&b, v[i]);
		}
	}
	return (cb_take(&b));
}

static void
take_vnet_ifs(struct jc *jc, struct effs *e, struct conv_jail *j)
{
	const char **v, **w, **all = NULL;
	const struct conv_pos *const *at;
	size_t n = eff_values(jc->c, e, "vnet.interface", &v, &at), m, count = 0, room = 0;

	for (size_t i = 0; i < n; i++) {
		char *s = conv_dup(jc->c, v[i]);

		for (char *p = s; *p != '\0'; p++)
			if (*p == ',')
				*p = ' ';
		m = conv_words(jc->c, s, &w);
		for (size_t k = 0; k < m; k++)
			if (conv_room(jc->c, &all, count, &room, sizeof(*all)))
				all[count++] = w[k];
	}
	if (n > 0)
		j->vnet_pos = *at[n - 1];
	j->vnet_ifs = all;
	j->nvnet_ifs = count;
}

static struct pair
param_of(struct jc *jc, const struct eff *f)
{
	struct conv_buf b;

	if (f->n == 0)
		return ((struct pair){ conv_param_key(jc->c, f->name, false), conv_param_is_no(f->name) ? "0" : "1" });
	cb_init(&b, jc->c);
	for (size_t i = 0; i < f->n; i++) {
		cb_put(&b, i == 0 ? "" : ",");
		cb_put(&b, f->text[i]);
	}
	return ((struct pair){ f->name, cb_take(&b) });
}

static void
take_params(struct jc *jc, struct effs *e, struct conv_jail *j)
{
	for (size_t i = 0; i < e->n && jc->h->opts->managed; i++) {
		struct eff *f = &e->v[i];
		struct pair p;

		if (f->from->is_var)
			continue;
		eff_resolve(jc->c, e, f, 0);
		if (f->bad || f->text == NULL)
			continue;
		p = param_of(jc, f);
		if (p.key == NULL || p.value == NULL)
			return;
		conv_jail_param(jc->h, j, &(struct conv_param){ p.key, p.value, f->from->pos, f->from->shared, &f->from->said });
	}
}

/* rc.d/jail takes the first of jail.NAME.conf, jail.conf.d/NAME.conf and jail.conf that can be read. */
static int
rank_of(const struct jc *jc, const char *jail)
{
	const char *path = jc->root->path;
	char name[NAME_SIZE], own[NAME_SIZE + 32], dir[NAME_SIZE + 32];

	if (strcmp(path, "/etc/jail.conf") == 0)
		return (1);
	if (str_copy(name, sizeof(name), jail) == -1)
		return (0);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '.' || *p == '/')
			*p = '_';
	snprintf(own, sizeof(own), "/etc/jail.%s.conf", name);
	snprintf(dir, sizeof(dir), "/etc/jail.conf.d/%s.conf", name);
	return (strcmp(path, own) == 0 ? 3 : strcmp(path, dir) == 0 ? 2 : 0);
}

/* A jail that is there already: false = it stays so, and this block is not used. */
static bool
overrides(struct jc *jc, const struct jc_block *b, struct conv_jail *j, int rank)
{
	/* With a root and a name jail_NAME_... is all that rc.d/jail looks at. */
	int there = j->origin == FROM_JAIL_CONF ? j->rank : j->path[0] != '\0' && j->hostname[0] != '\0' ? 4 : -1;

	if (there > rank) {
		conv_say(jc->c, CONV_WARNING, &b->pos, "duplicate",
		    "jail %s stands in %s:%u already, which rc.d/jail takes first; this one is not used", b->name, j->pos.src->path, j->pos.line);
		return (false);
	}
	conv_say(jc->c, CONV_WARNING, &b->pos, "duplicate", "jail %s stands in %s:%u already; %s, and that one is not used", b->name,
	    j->pos.src->path, j->pos.line, there == rank ? "what comes later overrides it" : "rc.d/jail takes this one first");
	host_jail_reset(jc->h, j, FROM_JAIL_CONF, &b->pos);
	return (true);
}

static void
make_jail(struct jc *jc, const struct jc_block *b, struct effs *e)
{
	static const char *const start[] = { "exec.start", "command", NULL }, *const stop[] = { "exec.stop", NULL };
	struct conv_pos pos = b->pos;
	struct conv_jail *j = host_jail_find(jc->h, b->name);
	const char *name = eff_value(jc->c, e, "name", &pos);
	int rank = rank_of(jc, b->name);

	if (j != NULL) {
		if (!overrides(jc, b, j, rank))
			return;
	} else if ((j = host_jail(jc->h, name[0] != '\0' ? name : b->name, FROM_JAIL_CONF, &b->pos)) == NULL)
		return;
	j->rank = rank;
	j->key = conv_dup(jc->c, b->name);
	j->path = eff_value(jc->c, e, "path", &pos);
	j->hostname = eff_value(jc->c, e, "host.hostname", &pos);
	j->ruleset = eff_value(jc->c, e, "devfs_ruleset", &pos);
	j->vnet = eff_is_true(jc->c, e, "vnet");
	take_vnet_ifs(jc, e, j);
	take_addrs(jc, e, j);
	take_hooks(jc, e, j);
	take_params(jc, e, j);
	j->start = take_commands(jc, e, j, start);
	j->stop = take_commands(jc, e, j, stop);
	if (eff_value(jc->c, e, "exec.fib", &pos)[0] != '\0' && strcmp(eff_value(jc->c, e, "exec.fib", &pos), "0") != 0)
		conv_say(jc->c, CONV_WARNING, &pos, "fib", "%s: a VNET jail has a routing table of its own; exec.fib is not needed any more",
		    j->name);
	if (j->vnet && j->addrs.n > 0)
		conv_say(jc->c, CONV_WARNING, &b->pos, "contradiction",
		    "jail %s: vnet and ip4.addr or ip6.addr exclude each other; taken as a VNET jail, the addresses go into it", j->name);
}

/* Parameters in the order of the files: wildcards before the jail's own block come first, those after it override. */
static void
one_jail(struct jc *jc, size_t at, const struct jc_block **wild, size_t nwild, const size_t *wild_at)
{
	const struct jc_block *b = jc->seq[at];
	struct effs e = { .n = 0 };
	bool self = false;

	for (size_t i = 0; i <= nwild; i++) {
		if (!self && (i == nwild || wild_at[i] > at)) {
			for (size_t k = 0; k < b->n; k++)
				eff_add(jc->c, &e, &b->params[k]);
			self = true;
		}
		for (size_t k = 0; i < nwild && jc_match(b->name, wild[i]->name) && k < wild[i]->n; k++)
			eff_add(jc->c, &e, &wild[i]->params[k]);
	}
	eff_set(jc->c, &e, "name", b->name, b);
	make_jail(jc, b, &e);
}

static void
evaluate(struct jc *jc)
{
	const struct jc_block **wild = conv_alloc(jc->c, (jc->nseq + 1) * sizeof(*wild));
	size_t *wild_at = conv_alloc(jc->c, (jc->nseq + 1) * sizeof(*wild_at)), nwild = 0;

	if (wild == NULL || wild_at == NULL)
		return;
	for (size_t i = 0; i < jc->nseq; i++)
		if (jc_is_wild(jc->seq[i]->name)) {
			wild_at[nwild] = i;
			wild[nwild++] = jc->seq[i];
			for (size_t k = 0; k < jc->seq[i]->n; k++)
				jc->seq[i]->params[k].shared = true;
		}
	for (size_t i = 0; i < jc->nseq && !jc->c->nomem; i++)
		if (!jc_is_wild(jc->seq[i]->name))
			one_jail(jc, i, wild, nwild, wild_at);
}

void
conv_jail_confs(struct conv_host *h, struct jc_file *files, size_t n)
{
	struct jc jc = { .h = h, .c = h->c, .files = files, .nfiles = n };
	bool any = false;

	for (size_t i = 0; i < n; i++)
		jc_parse(h->c, h->jc_src[i], &files[i]);
	mark_included(&jc);
	for (size_t i = 0; i < n && !h->c->nomem; i++) {
		if (files[i].included)
			continue;
		any = true;
		jc.nseq = 0;
		jc.root = files[i].src;
		sequence(&jc, &files[i]);
		evaluate(&jc);
	}
	/* All include each other: no root; start from the first. */
	if (!any && n > 0) {
		jc.root = files[0].src;
		sequence(&jc, &files[0]);
		evaluate(&jc);
	}
}
