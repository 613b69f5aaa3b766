/*
 * api_graph: the topology as a picture: DOT for graphviz, Mermaid for markdown.
 *
 * Bridges and jails are nodes, epairs are edges, uplinks (bridge members) and attachments are nodes with an edge; an
 * end that is in neither bridge nor jail hangs on a node of the host.  Only names, addresses and MACs of the model get
 * in, and both forms quote them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"

struct text {
	FILE *f;
	bool is_dot;
	const char *br;	/* line break inside a label */
};

static const char *
quoted(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	/* Names of foreign interfaces may hold anything but blanks and '/'. */
	for (; *s != '\0' && n + 2 < size; s++)
		buf[n++] = *s == '"' || *s == '\\' || *s == '<' || *s == '>' || *s == '|' ? '_' : *s;
	buf[n] = '\0';
	return (buf);
}

static void
put_addrs(const struct text *t, const struct prefixes *p)
{
	char buf[PREFIX_TEXT_SIZE];
	size_t i;

	for (i = 0; i < p->n; i++)
		fprintf(t->f, "%s%s", t->br, prefix_format(&p->v[i], buf));
}

/* Node identifiers: DOT uses quoted names; Mermaid has no quoting for them, so numbers stand for names. */
static void
put_id(const struct text *t, const struct topo *topo, enum kind kind, const char *name)
{
	static const char letters[KIND_COUNT] = { 'b', 'e', 'j', 'i' };
	if (t->is_dot) {
		fprintf(t->f, "\"%s/%s\"", kind_name(kind), name);
		return;
	}
	fprintf(t->f, "%c%ld", letters[kind], topo_index(topo, kind, name));
}

static void
put_node(const struct text *t, const struct topo *topo, const struct object *o)
{
	bool is_bridge = o->kind == KIND_BRIDGE;

	fputs("  ", t->f);
	put_id(t, topo, o->kind, o->name);
	if (t->is_dot)
		fprintf(t->f, " [shape=%s, label=\"%s", is_bridge ? "box" : "component", o->name);
	else
		fprintf(t->f, "%s\"%s", is_bridge ? "[" : "([", o->name);
	if (is_bridge)
		put_addrs(t, &o->u.bridge.addrs);
	else if (!o->u.jail.running && !o->u.jail.external)
		fprintf(t->f, "%s(stopped)", t->br);
	fputs(t->is_dot ? "\"];\n" : is_bridge ? "\"]\n" : "\"])\n", t->f);
}

/* "from -- to" with a label between; the halves of an edge differ only in punctuation. */
static void
put_edge_mid(const struct text *t)
{
	fputs(t->is_dot ? " -- " : " ---|\"", t->f);
}

static void
put_end(const struct text *t, const struct topo *topo, const struct object *ep, int side)
{
	const struct end *e = &ep->u.epair.end[side];

	if (e->bridge != NULL)
		put_id(t, topo, KIND_BRIDGE, e->bridge);
	else if (e->jail != NULL)
		put_id(t, topo, KIND_JAIL, e->jail);
	else
		fputs(t->is_dot ? "\"host\"" : "host", t->f);
}

static void
put_epair_label(const struct text *t, const struct object *ep)
{
	const struct end *a = &ep->u.epair.end[END_A], *b = &ep->u.epair.end[END_B];

	fprintf(t->f, "%s - %s", a->ifname, b->ifname);
	put_addrs(t, &a->addrs);
	put_addrs(t, &b->addrs);
}

static void
put_epair(const struct text *t, const struct topo *topo, const struct object *ep)
{
	fputs("  ", t->f);
	put_end(t, topo, ep, END_A);
	put_edge_mid(t);
	if (t->is_dot) {
		put_end(t, topo, ep, END_B);
		fputs(" [label=\"", t->f);
		put_epair_label(t, ep);
		fputs("\"];\n", t->f);
	} else {
		put_epair_label(t, ep);
		fputs("\"| ", t->f);
		put_end(t, topo, ep, END_B);
		fputc('\n', t->f);
	}
}

/* A foreign interface: its own node with a plain edge to a bridge or jail.  Mermaid: u<bridge>_<member> or
 * i<attachment>. */
static void
put_foreign(const struct text *t, const struct topo *topo, const char *ifname, const char *id,
    const struct prefixes *addrs, enum kind kind, const char *name)
{
	char buf[64];

	quoted(ifname, buf, sizeof(buf));
	if (t->is_dot)
		fprintf(t->f, "  \"%s\" [shape=cds, label=\"%s", id, buf);
	else
		fprintf(t->f, "  %s>\"%s", id, buf);
	if (addrs != NULL)
		put_addrs(t, addrs);
	fprintf(t->f, t->is_dot ? "\"];\n  \"%s\" -- " : "\"]\n  %s --- ", id);
	put_id(t, topo, kind, name);
	fputs(t->is_dot ? ";\n" : "\n", t->f);
}

static void
put_uplinks(const struct text *t, const struct topo *topo, const struct object *br, size_t index)
{
	const struct bridge *b = &br->u.bridge;
	char id[64];
	size_t i;

	for (i = 0; i < b->nmembers; i++) {
		snprintf(id, sizeof(id), "u%zu_%zu", index, i);
		put_foreign(t, topo, b->members[i].ifname, id, NULL, KIND_BRIDGE, br->name);
	}
}

static bool
has_loose_end(const struct topo *topo)
{
	size_t i;
	int side;

	for (i = 0; i < topo->n[KIND_EPAIR]; i++) {
		for (side = END_A; side <= END_B; side++) {
			const struct end *e = &topo->v[KIND_EPAIR][i]->u.epair.end[side];

			if (e->bridge == NULL && e->jail == NULL)
				return (true);
		}
	}
	return (false);
}

static void
put_all(const struct text *t, const struct topo *topo)
{
	char id[32];
	size_t i;

	if (has_loose_end(topo))
		fputs(t->is_dot ? "  \"host\" [shape=house];\n" : "  host[/\"host\"\\]\n", t->f);
	for (i = 0; i < topo->n[KIND_BRIDGE]; i++)
		put_node(t, topo, topo->v[KIND_BRIDGE][i]);
	for (i = 0; i < topo->n[KIND_JAIL]; i++)
		put_node(t, topo, topo->v[KIND_JAIL][i]);
	for (i = 0; i < topo->n[KIND_BRIDGE]; i++)
		put_uplinks(t, topo, topo->v[KIND_BRIDGE][i], i);
	for (i = 0; i < topo->n[KIND_ATTACHMENT]; i++) {
		const struct object *o = topo->v[KIND_ATTACHMENT][i];

		snprintf(id, sizeof(id), "i%zu", i);
		put_foreign(t, topo, o->name, id, &o->u.attachment.addrs, KIND_JAIL, o->u.attachment.jail);
	}
	for (i = 0; i < topo->n[KIND_EPAIR]; i++)
		put_epair(t, topo, topo->v[KIND_EPAIR][i]);
}

static char *
graph(const struct topo *topo, bool is_dot)
{
	struct text t = { .is_dot = is_dot, .br = is_dot ? "\\n" : "<br/>" };
	char *out = NULL;
	size_t size;
	bool bad;

	t.f = open_memstream(&out, &size);
	if (t.f == NULL)
		return (NULL);
	fputs(
	    is_dot
		? "graph jailnet {\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n"
		: "graph LR\n",
	    t.f);
	put_all(&t, topo);
	if (is_dot)
		fputs("}\n", t.f);
	bad = ferror(t.f) != 0;
	if (fclose(t.f) != 0 || bad) {
		free(out);
		return (NULL);
	}
	return (out);
}

char *
api_graph_dot(const struct topo *t)
{
	return (graph(t, true));
}

char *
api_graph_mermaid(const struct topo *t)
{
	return (graph(t, false));
}
