/* fbsd_ngbridge: bridges of backend "netgraph": ng_bridge(4) and ng_eiface(4); see fbsd_ng.h.  Their ports are in fbsd_ngport.c. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"
#include "worker/freebsd/fbsd_ng.h"

#define NAME_END "bridge"
#define OWN_HOOK "link0"	/* of the bridge, to its interface */

static void
node_of(const char *name, char path[FBSD_NG_PATH])
{
	snprintf(path, FBSD_NG_PATH, "%s" NAME_END ":", name);
}

/* jng has an ng_ether node at link0, never an ng_eiface. */
static bool
is_own(const struct fbsd_ng_hook *h)
{
	return (str_equal(h->ours, OWN_HOOK) && str_equal(h->peer.type, "eiface"));
}

/* The hooks of a bridge node and the name of its interface ("" = it has none). */
static int
look(struct fbsd_ng *ng, const char *path, struct fbsd_ng_hook **v, size_t *n, char own[IFNAME_SIZE])
{
	int sys = fbsd_ng_hooks(ng, path, v, n);

	own[0] = '\0';
	for (size_t i = 0; i < *n && sys == 0; i++)
		if (is_own(&(*v)[i]))
			sys = fbsd_ng_ifname(ng, &(*v)[i].peer, own);
	return (sys);
}

int
fbsd_ngbridge_find(struct fbsd_ng *ng, const char *ifname, char path[FBSD_NG_PATH])
{
	struct fbsd_ng_hook *hooks = NULL;
	struct fbsd_ng_node *v;
	char own[IFNAME_SIZE];
	size_t n, nhooks;
	int sys;

	/* nearly always its name says which */
	node_of(ifname, path);
	sys = look(ng, path, &hooks, &nhooks, own);
	free(hooks);
	if (sys == 0 && str_equal(own, ifname))
		return (0);
	sys = fbsd_ng_names(ng, &v, &n);
	for (size_t i = 0; i < n && sys == 0; i++) {
		if (!str_equal(v[i].type, "bridge"))
			continue;
		snprintf(path, FBSD_NG_PATH, "[%x]:", v[i].id);
		if (look(ng, path, &hooks, &nhooks, own) == 0 && str_equal(own, ifname)) {
			free(hooks);
			free(v);
			return (0);
		}
		free(hooks);
	}
	free(v);
	return (sys == 0 ? ENOENT : sys);
}

bool
fbsd_ngbridge_is(const char *ifname)
{
	char path[FBSD_NG_PATH];
	struct fbsd_ng ng;
	bool is;

	if (!fbsd_ng_there())
		return (false);
	is = fbsd_ng_open(&ng) == 0 && fbsd_ngbridge_find(&ng, ifname, path) == 0;
	fbsd_ng_close(&ng);
	return (is);
}

/* ENOENT: no node has the name; 0: one that lost its interface, with ports at most; EEXIST: somebody else's. */
static int
find_left(struct fbsd_ng *ng, const char *path)
{
	struct fbsd_ng_hook *v;
	size_t n;
	int sys = fbsd_ng_hooks(ng, path, &v, &n);

	for (size_t i = 0; i < n && sys == 0; i++)
		if (str_equal(v[i].ours, OWN_HOOK) || !str_equal(v[i].peer.type, "ether"))
			sys = EEXIST;
	free(v);
	return (sys);
}

/* The interface, marked and called 'name', by a hook to our own socket that it outlives; path: its node. */
static int
make_interface(struct fbsd *f, struct fbsd_ng *ng, const char *name, char path[FBSD_NG_PATH])
{
	struct fbsd_ng_hook *v = NULL;
	char made[IFNAME_SIZE];
	size_t n = 0;
	int sys = fbsd_ng_mkpeer(ng, ".", "eiface", "new", "ether");

	if (sys != 0)
		return (sys);
	if ((sys = fbsd_ng_hooks(ng, ".", &v, &n)) == 0)
		sys = n == 1 ? fbsd_ng_ifname(ng, &v[0].peer, made) : EBADMSG;
	if (sys == 0) {
		snprintf(path, FBSD_NG_PATH, "[%x]:", v[0].peer.id);
		if ((sys = fbsd_bridge_mark(f->s, made, name)) == 0)
			sys = fbsd_if_rename_to(f->s, made, name);
	}
	free(v);
	if (sys == 0)
		sys = fbsd_ng_rmhook(ng, ".", "new");
	if (sys != 0)
		(void)fbsd_ng_shutdown(ng, ".:new");
	else	/* as jng does; nothing depends on it */
		(void)fbsd_ng_name(ng, path, name);
	return (sys);
}

/* As jng does it: the interface makes the bridge, and then it is named. */
static int
make_node(struct fbsd_ng *ng, const char *name, const char *interface)
{
	char at[FBSD_NG_PATH + sizeof("ether")], node[FBSD_NG_NAME];
	int sys = fbsd_ng_mkpeer(ng, interface, "bridge", "ether", OWN_HOOK);

	snprintf(at, sizeof(at), "%sether", interface);
	snprintf(node, sizeof(node), "%s" NAME_END, name);
	return (sys != 0 ? sys : fbsd_ng_name(ng, at, node));
}

/* there: the node at 'path' is, without an interface. */
static int
build(struct fbsd *f, struct fbsd_ng *ng, const char *name, const char *path, bool there)
{
	char interface[FBSD_NG_PATH];
	int sys = make_interface(f, ng, name, interface);

	if (sys != 0)
		return (sys);
	sys = there ? fbsd_ng_connect(ng, path, interface, OWN_HOOK, "ether") : make_node(ng, name, interface);
	if (sys != 0)
		(void)fbsd_ng_shutdown(ng, interface);
	return (sys);
}

int
fbsd_ngbridge_make(struct fbsd *f, const char *name, struct err *err)
{
	char path[FBSD_NG_PATH];
	struct fbsd_ng ng;
	bool theirs;
	int sys;

	if (fbsd_ng_load(err) == -1)
		return (-1);
	node_of(name, path);
	sys = fbsd_ng_open(&ng);
	if (sys == 0)
		sys = find_left(&ng, path);
	theirs = sys == EEXIST;
	if (sys == 0 || sys == ENOENT)
		sys = build(f, &ng, name, path, sys == 0);
	fbsd_ng_close(&ng);
	if (theirs)
		return (err_set(err, ERR_EXISTS, "creating bridge %s: a netgraph node %s" NAME_END ", not made by jailnet for it, exists "
		    "(File exists)", name, name));
	return (sys == 0 ? 0 : fbsd_num(err, sys, "creating bridge %s", name));
}

/* Ports first: what is not ours gets its promiscuity back while we know that it was a port. */
static int
free_ports(struct fbsd_ng *ng, const char *path)
{
	struct fbsd_ng_hook *v;
	char at[FBSD_NG_PATH];
	size_t n;
	int sys = fbsd_ng_hooks(ng, path, &v, &n);

	for (size_t i = 0; i < n && sys == 0; i++) {
		if (!str_equal(v[i].peer.type, "ether"))
			continue;
		snprintf(at, sizeof(at), "[%x]:", v[i].peer.id);
		(void)fbsd_ng_port_off(ng, at);
		sys = fbsd_ng_rmhook(ng, path, v[i].ours);
	}
	free(v);
	return (sys);
}

/* The interface node by the name of its interface; ENOENT: none. */
static int
find_interface(struct fbsd_ng *ng, const char *ifname, char path[FBSD_NG_PATH])
{
	struct fbsd_ng_node *v;
	char own[IFNAME_SIZE];
	bool found = false;
	size_t n;
	int sys = fbsd_ng_names(ng, &v, &n);

	for (size_t i = 0; i < n && !found; i++) {
		found = str_equal(v[i].type, "eiface") && fbsd_ng_ifname(ng, &v[i], own) == 0 && str_equal(own, ifname);
		if (found)
			snprintf(path, FBSD_NG_PATH, "[%x]:", v[i].id);
	}
	free(v);
	return (sys != 0 ? sys : found ? 0 : ENOENT);
}

int
fbsd_ngbridge_destroy(const char *ifname, struct err *err)
{
	char path[FBSD_NG_PATH];
	struct fbsd_ng ng;
	int sys = fbsd_ng_open(&ng);

	if (sys == 0 && (sys = fbsd_ngbridge_find(&ng, ifname, path)) == 0 && (sys = free_ports(&ng, path)) == 0)
		sys = fbsd_ng_shutdown(&ng, path);
	if ((sys == 0 || sys == ENOENT) && (sys = find_interface(&ng, ifname, path)) == 0)
		sys = fbsd_ng_shutdown(&ng, path);
	fbsd_ng_close(&ng);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "destroying bridge %s", ifname));
}

static struct obs_link *
named(struct observed *o, size_t from, const char *ifname)
{
	for (size_t i = from; i < o->nlinks; i++)
		if (str_equal(o->links[i].ifname, ifname))
			return (&o->links[i]);
	return (NULL);
}

/* Not in the list: it is a look at something else, a port. */
static bool
is_ours(const struct fbsd_in *host, const struct obs_link *bridge, const char *ifname)
{
	struct fbsd_link link;

	return (bridge != NULL ? bridge->mark.ours : fbsd_link_get(host, ifname, &link) == 0 && link.o.mark.ours);
}

static int
observe_one(const struct fbsd_in *host, struct fbsd_ng *ng, const struct fbsd_ng_node *node, struct observed *out, size_t from)
{
	char path[FBSD_NG_PATH], own[IFNAME_SIZE], ifname[IFNAME_SIZE];
	struct obs_link *bridge, *port;
	struct fbsd_ng_hook *v;
	bool ours;
	size_t n;
	int sys;

	snprintf(path, sizeof(path), "[%x]:", node->id);
	sys = look(ng, path, &v, &n, own);
	/* without an interface it is no bridge any more; BRIDGE_CREATE takes it up */
	bridge = named(out, from, own);
	ours = sys == 0 && own[0] != '\0' && is_ours(host, bridge, own);
	if (ours && bridge != NULL) {
		bridge->type = LINK_BRIDGE;
		bridge->backend = BACKEND_NETGRAPH;
	}
	for (size_t i = 0; i < n && sys == 0 && ours; i++) {
		if (!str_equal(v[i].peer.type, "ether") || !str_equal(v[i].theirs, "lower"))
			continue;
		sys = fbsd_ng_ifname(ng, &v[i].peer, ifname);
		if (sys == 0 && (port = named(out, from, ifname)) != NULL)
			(void)str_copy(port->bridge, sizeof(port->bridge), own);
		if (sys == ENOENT)	/* it went away meanwhile */
			sys = 0;
	}
	free(v);
	return (sys == ENOENT ? 0 : sys);
}

int
fbsd_ngbridge_observe(const struct fbsd_in *host, struct observed *out, size_t from)
{
	struct fbsd_ng_node *v = NULL;
	struct fbsd_ng ng;
	size_t n = 0;
	int sys;

	if (!fbsd_ng_there())
		return (0);
	sys = fbsd_ng_open(&ng);
	if (sys == 0)
		sys = fbsd_ng_names(&ng, &v, &n);
	for (size_t i = 0; i < n && sys == 0; i++)
		if (str_equal(v[i].type, "bridge"))
			sys = observe_one(host, &ng, &v[i], out, from);
	free(v);
	fbsd_ng_close(&ng);
	return (sys);
}
