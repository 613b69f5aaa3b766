/*
 * conv_rewrite: the texts that go with a conversion: the jail's file with its new lines, what rc.conf of the host and of the jail
 * needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_jc.h"
#include "core/str.h"

/* --- ezjail files and rc.conf: jail_NAME_... ----------------------------------------------------------------------- */

static void
put_var(struct conv_buf *b, const char *prefix, const char *key, const char *attr, const char *value)
{
	cb_put(b, prefix);
	cb_put(b, "jail_");
	cb_put(b, key);
	cb_put(b, "_");
	cb_put(b, attr);
	cb_put(b, "=\"");
	cb_put_quoted(b, value);
	cb_put(b, "\"\n");
}

static const char *
if_list(struct conv *c, const struct conv_jail *j)
{
	struct conv_buf b;

	cb_init(&b, c);
	for (size_t i = 0; i < j->nnew_ifs; i++) {
		if (i > 0)
			cb_put(&b, " ");
		cb_put(&b, j->new_ifs[i]);
	}
	return (cb_take(&b));
}

/* rc.d/jail runs exec_prestart0, 1, 2 ...; one of the jail's own, or of all jails, keeps its number. */
static void
put_hook(struct conv_host *h, struct conv_buf *b, const struct conv_jail *j, const struct conv_vars *vars, const char *prefix,
    const char *hook, const char *command)
{
	const char *attr;
	unsigned n = 0;

	do
		attr = conv_printf(h->c, "%s%u", hook, n++);
	while (!h->c->nomem && (conv_var(vars, conv_printf(h->c, "jail_%s_%s", j->key, attr)) != NULL ||
		conv_var(&h->rc, conv_printf(h->c, "jail_%s", attr)) != NULL));
	put_var(b, prefix, j->key, attr, command);
}

static void
put_lines(struct conv_host *h, struct conv_buf *b, const struct conv_jail *j, const struct conv_vars *vars, const char *prefix)
{
	struct conv *c = h->c;

	put_var(b, prefix, j->key, "ip", "");
	put_var(b, prefix, j->key, "vnet_enable", "YES");
	put_var(b, prefix, j->key, "vnet_interface", if_list(c, j));
	if (h->opts->hooks == CONV_JIB && j->jib_parent != NULL) {
		put_hook(h, b, j, vars, prefix, "exec_prestart", conv_printf(c, "/usr/local/sbin/jib addm %s %s", j->key, j->jib_parent));
		put_hook(h, b, j, vars, prefix, "exec_poststop", conv_printf(c, "/usr/local/sbin/jib destroy %s", j->key));
	} else if (h->opts->hooks == CONV_JAILNET) {
		put_hook(h, b, j, vars, prefix, "exec_prestart", conv_printf(c, "/usr/local/bin/jailnet up %s", j->name));
		put_hook(h, b, j, vars, prefix, "exec_poststop", conv_printf(c, "/usr/local/bin/jailnet down %s", j->name));
	}
}

/* A line that the new ones replace. */
static bool
is_replaced(const struct conv_jail *j, const char *name)
{
	static const char *const attrs[] = { "ip", "vnet_enable", "vnet_interface", "interface", NULL };
	size_t n = strlen(j->key);

	if (strncmp(name, "jail_", 5) != 0 || strncmp(name + 5, j->key, n) != 0 || name[5 + n] != '_')
		return (false);
	name += 6 + n;
	for (size_t i = 0; attrs[i] != NULL; i++)
		if (strcmp(name, attrs[i]) == 0)
			return (true);
	return (strncmp(name, "ip_multi", 8) == 0);
}

struct cut {
	size_t from, to;
};

static int
cut_cmp(const void *x, const void *y)
{
	const struct cut *a = x, *b = y;

	return (a->from < b->from ? -1 : a->from > b->from);
}

/* The file with the lines of the jail's network replaced, at the place of the first. */
static void
rewrite_ezjail(struct conv_host *h, const struct conv_jail *j)
{
	const struct conv_src *src = j->pos.src;
	struct conv_vars vars = { .n = 0 };
	struct conv quiet;
	struct conv_buf b;
	struct cut *cuts;
	size_t n = 0, at = 0;

	/* Read again, without a word: positions of the lines. */
	conv_init(&quiet);
	conv_sh_read(&quiet, src, &vars);
	cuts = calloc(vars.n + 1, sizeof(*cuts));
	if (cuts == NULL || quiet.nomem) {
		h->c->nomem = true;
		goto out;
	}
	for (size_t i = 0; i < vars.n; i++)
		if (is_replaced(j, vars.v[i].name))
			cuts[n++] = (struct cut){ vars.v[i].from, vars.v[i].to };
	qsort(cuts, n, sizeof(*cuts), cut_cmp);
	cb_init(&b, h->c);
	for (size_t i = 0; i < n; i++) {
		if (cuts[i].from >= at)
			cb_putn(&b, src->text + at, cuts[i].from - at);
		if (cuts[i].to > at)
			at = cuts[i].to;
		if (i == 0)
			put_lines(h, &b, j, &vars, "export ");
	}
	cb_putn(&b, src->text + at, src->size - at);
	conv_text_add(h->c, src->path, false, cb_take(&b));
out:
	free(cuts);
	conv_fini(&quiet);
}

/* --- jail.conf -------------------------------------------------------------------------------------------------------- */

/* With one of these the kernel refuses a jail that has a network of its own, whatever the value: they cannot be overridden. */
static bool
is_forbidden(const char *name)
{
	static const char *const names[] = { "ip4.addr", "ip6.addr", "ip4", "ip6", "ip_hostname", NULL };

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return (true);
	return (false);
}

static bool
is_ip_param(const char *name)
{
	return (is_forbidden(name) || strcmp(name, "interface") == 0 || strcmp(name, "ip4.saddrsel") == 0 || strcmp(name, "ip6.saddrsel") == 0);
}

static void
put_block(struct conv_host *h, struct conv_buf *b, const struct conv_jail *j)
{
	cb_put(b, "\tvnet;\n");
	cb_put(b, "\tvnet.interface = ");
	for (size_t i = 0; i < j->nnew_ifs; i++) {
		cb_put(b, i > 0 ? ", \"" : "\"");
		cb_put(b, j->new_ifs[i]);
		cb_put(b, "\"");
	}
	cb_put(b, ";\n");
	if (h->opts->hooks == CONV_JIB && j->jib_parent != NULL) {
		cb_printf(b, "\texec.prestart += \"/usr/local/sbin/jib addm %.200s ", j->key);
		cb_put(b, j->jib_parent);
		cb_printf(b, "\";\n\texec.poststop += \"/usr/local/sbin/jib destroy %.200s\";\n", j->key);
	} else if (h->opts->hooks == CONV_JAILNET)
		cb_printf(b, "\texec.prestart += \"/usr/local/bin/jailnet up %.200s\";\n"
		    "\texec.poststop += \"/usr/local/bin/jailnet down %.200s\";\n", j->name, j->name);
}

static const struct conv_jail *
jail_of_block(struct conv_host *h, const struct jc_block *blk)
{
	for (size_t i = 0; i < h->njails; i++)
		if (h->jails[i].pos.src == blk->pos.src && h->jails[i].pos.line == blk->pos.line && h->jails[i].pos.col == blk->pos.col)
			return (&h->jails[i]);
	return (NULL);
}

struct edit {
	size_t from, to;	/* cut; equal = insert */
	const struct conv_jail *jail;	/* its new lines, or */
	const char *text;		/* parameters that stood in a block for all */
};

static int
edit_cmp(const void *x, const void *y)
{
	const struct edit *a = x, *b = y;

	return (a->from < b->from ? -1 : a->from > b->from ? 1 : a->to < b->to ? -1 : a->to > b->to);
}

/* A parameter alone on its lines goes with them. */
static struct edit
whole_line(const struct conv_src *src, size_t from, size_t to)
{
	size_t a = from, z = to;

	while (a > 0 && (src->text[a - 1] == ' ' || src->text[a - 1] == '\t'))
		a--;
	while (src->text[z] == ' ' || src->text[z] == '\t')
		z++;
	if ((a == 0 || src->text[a - 1] == '\n') && src->text[z] == '\n')
		return ((struct edit){ a, z + 1, NULL, NULL });
	return ((struct edit){ from, to, NULL, NULL });
}

/* Does a jail that becomes a VNET jail take parameters from this block for all? */
static bool
feeds_converted(const struct conv_host *h, const struct jc_block *wild)
{
	for (size_t i = 0; i < h->njails; i++)
		if (h->jails[i].converted && h->jails[i].origin == FROM_JAIL_CONF && jc_match(h->jails[i].key, wild->name))
			return (true);
	return (false);
}

/* What this jail, which stays as it is, took from blocks for all and would lose: before its own parameters, or after. */
static const char *
lost(struct conv_host *h, const struct conv_src *src, const struct jc_block *blk, bool before)
{
	struct conv_buf b;

	cb_init(&b, h->c);
	for (size_t f = 0; f < h->njc; f++)
		for (size_t i = 0; i < h->jc_files[f].n; i++) {
			const struct jc_block *w = &h->jc_files[f].v[i];
			bool earlier = h->jc_files[f].src != src || w->pos.line < blk->pos.line ||
				       (w->pos.line == blk->pos.line && w->pos.col < blk->pos.col);

			if (w->is_include || earlier != before || !jc_is_wild(w->name) || !jc_match(blk->name, w->name) || !feeds_converted(h, w))
				continue;
			for (size_t k = 0; k < w->n; k++)
				if (is_forbidden(w->params[k].name)) {
					cb_put(&b, "\t");
					cb_putn(&b, h->jc_files[f].src->text + w->params[k].from, w->params[k].to - w->params[k].from);
					cb_put(&b, "\n");
				}
		}
	return (cb_take(&b));
}

/* Before the '}', at the start of its line. */
static size_t
end_of_block(const struct conv_src *src, const struct jc_block *blk)
{
	size_t place = blk->close;

	while (place > 0 && strchr(" \t", src->text[place - 1]) != NULL)
		place--;
	return (place);
}

static size_t
block_edits(struct conv_host *h, const struct conv_src *src, const struct jc_block *blk, struct edit *e)
{
	bool wild = jc_is_wild(blk->name);
	const struct conv_jail *j = wild ? NULL : jail_of_block(h, blk);
	const char *text;
	size_t n = 0;

	for (size_t k = 0; k < blk->n; k++)
		if (wild ? is_forbidden(blk->params[k].name) && feeds_converted(h, blk) :
			   j != NULL && j->converted && is_ip_param(blk->params[k].name))
			e[n++] = whole_line(src, blk->params[k].from, blk->params[k].to);
	if (wild || blk->close == 0 || blk->is_include)
		return (n);
	if (j != NULL && j->converted)
		e[n++] = (struct edit){ end_of_block(src, blk), end_of_block(src, blk), j, NULL };
	else if (j == NULL || !j->vnet) {
		text = lost(h, src, blk, true);
		if (text[0] != '\0')
			e[n++] = (struct edit){ blk->open + 1, blk->open + 1, NULL, text };
		text = lost(h, src, blk, false);
		if (text[0] != '\0')
			e[n++] = (struct edit){ end_of_block(src, blk), end_of_block(src, blk), NULL, text };
	}
	return (n);
}

static void
apply_edit(struct conv_host *h, struct conv_buf *b, const struct conv_src *src, const struct edit *e)
{
	bool newline = e->from > 0 && src->text[e->from - 1] != '\n';

	if (e->jail == NULL && e->text == NULL)
		return;
	cb_put(b, newline ? "\n" : "");
	if (e->jail != NULL)
		put_block(h, b, e->jail);
	else if (src->text[e->from] == '\n' && newline)
		cb_putn(b, e->text, strlen(e->text) - 1);
	else
		cb_put(b, e->text);
}

static void
rewrite_jail_conf(struct conv_host *h, const struct jc_file *f)
{
	struct edit *edits;
	size_t max = 1, n = 0, at = 0;
	struct conv_buf b;

	for (size_t i = 0; i < f->n; i++)
		max += f->v[i].n + 2;
	edits = calloc(max, sizeof(*edits));
	if (edits == NULL) {
		h->c->nomem = true;
		return;
	}
	for (size_t i = 0; i < f->n; i++)
		n += block_edits(h, f->src, &f->v[i], edits + n);
	qsort(edits, n, sizeof(*edits), edit_cmp);
	cb_init(&b, h->c);
	for (size_t i = 0; i < n; i++) {
		if (edits[i].from > at)
			cb_putn(&b, f->src->text + at, edits[i].from - at);
		apply_edit(h, &b, f->src, &edits[i]);
		if (edits[i].to > at)
			at = edits[i].to;
	}
	if (at < f->src->size)
		cb_putn(&b, f->src->text + at, f->src->size - at);
	if (n > 0)
		conv_text_add(h->c, f->src->path, false, cb_take(&b));
	else
		cb_take(&b);
	free(edits);
}

/* --- rc.conf ------------------------------------------------------------------------------------------------------------- */

/* What the jail's own rc.conf needs, now that the host does not set its addresses any more. */
static void
say_no_rc(struct conv_host *h, const struct conv_jail *j)
{
	bool by_default = j->origin != FROM_JAIL_CONF && j->start[0] == '\0';

	if (by_default || strstr(j->start, "/etc/rc") != NULL || h->opts->managed || h->opts->hooks == CONV_JAILNET)
		return;
	conv_say(h->c, CONV_WARNING, &j->pos, "no-rc",
	    "%s starts %s%.80s%s, not /etc/rc: nobody reads its rc.conf, and it gets no address; put them into exec.start, or let jailnet up give "
	    "them "
	    "(hooks \"jailnet\")",
	    j->name, j->start[0] == '\0' ? "nothing" : "\"", j->start, j->start[0] == '\0' ? "" : "\"");
}

static void
jail_rc(struct conv_host *h, const struct conv_jail *j, const struct topo *t)
{
	const struct object *o = topo_find(t, KIND_JAIL, j->name);
	struct conv_buf b;
	const char *path;

	if (o == NULL)
		return;
	cb_init(&b, h->c);
	conv_put_jail_rc(&b, t, o, j);
	path = j->path[0] == '/' ? conv_printf(h->c, "%s/etc/rc.conf", j->path) : conv_printf(h->c, "(jail %s)/etc/rc.conf", j->name);
	if (b.len > 0 && path != NULL)
		conv_text_add(h->c, path, true, cb_take(&b));
	else
		cb_take(&b);
}

/* Lines of a loopback interface whose addresses are the bridge's now: two interfaces of the host cannot have one network. */
static void
put_moved(struct conv_host *h, struct conv_buf *b)
{
	for (size_t i = 0; i < h->nifs; i++)
		for (size_t k = 0; h->ifs[i].moved && k < h->rc.n; k++) {
			const char *name = h->rc.v[k].name, *rest;
			size_t n = strlen(h->ifs[i].unit);

			if (strncmp(name, "ifconfig_", 9) != 0 || strncmp(name + 9, h->ifs[i].unit, n) != 0)
				continue;
			rest = name + 9 + n;
			if (*rest == '\0' || strncmp(rest, "_ipv6", 5) == 0 || strncmp(rest, "_alias", 6) == 0) {
				cb_put(b, name);
				cb_put(b, *rest == '\0' ? "=\"up\"\n" : "=\"\"\n");
			}
		}
}

static void
host_rc(struct conv_host *h, const struct topo *t)
{
	struct conv_buf b;

	cb_init(&b, h->c);
	for (size_t i = 0; i < h->njails; i++)
		if (h->jails[i].converted && h->jails[i].origin == FROM_RC)
			put_lines(h, &b, &h->jails[i], &h->rc, "");
	if (h->opts->hooks != CONV_JAILNET)
		conv_put_rc(&b, t, h, h->opts->hooks == CONV_JIB);
	put_moved(h, &b);
	if (h->need_gateway[0] && !h->gateway4)
		cb_put(&b, "gateway_enable=\"YES\"\n");
	if (h->need_gateway[1] && !h->gateway6)
		cb_put(&b, "ipv6_gateway_enable=\"YES\"\n");
	if (b.len > 0)
		conv_text_add(h->c, "/etc/rc.conf", true, cb_take(&b));
	else
		cb_take(&b);
}

void
conv_rewrite(struct conv_host *h, const struct topo *t)
{
	bool any = false;

	for (size_t i = 0; i < h->njails; i++)
		any = any || h->jails[i].converted;
	if (!any)
		return;
	for (size_t i = 0; i < h->njails && !h->c->nomem; i++)
		if (h->jails[i].converted && h->jails[i].origin == FROM_EZJAIL)
			rewrite_ezjail(h, &h->jails[i]);
	for (size_t i = 0; i < h->njc && !h->c->nomem; i++)
		rewrite_jail_conf(h, &h->jc_files[i]);
	host_rc(h, t);
	for (size_t i = 0; i < h->njails && !h->c->nomem; i++)
		if (h->jails[i].converted) {
			say_no_rc(h, &h->jails[i]);
			jail_rc(h, &h->jails[i], t);
		}
}
