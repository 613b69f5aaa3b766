/* fbsd_ngbridge: bridges of backend "netgraph": ng_bridge(4), ng_eiface(4) and ng_ether(4); see fbsd_ng.h. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_ng.h"

#define PATH_MAX_NG (2 * FBSD_NG_NAME + 2)
#define OWN_HOOK "link0"	/* of the bridge, to its interface */

static void
node_of(const char *name, char path[PATH_MAX_NG])
{
	snprintf(path, PATH_MAX_NG, FBSD_NG_PREFIX "%s:", name);
}

/* ng_ether(4) calls its node as the interface, except for '.' and ':'. */
static void
ether_of(const char *ifname, char path[PATH_MAX_NG])
{
	snprintf(path, PATH_MAX_NG, "%s:", ifname);
	for (char *p = path; p[1] != '\0'; p++)
		if (*p == '.' || *p == ':')
			*p = '_';
}

static bool
is_bridge_of_ours(const struct fbsd_ng_node *n)
{
	return (str_equal(n->type, "bridge") && strncmp(n->name, FBSD_NG_PREFIX, strlen(FBSD_NG_PREFIX)) == 0);
}

/* The hooks of a bridge node and the name of its interface ("" = it has none). */
static int
look(struct fbsd_ng *ng, const char *path, struct fbsd_ng_hook **v, size_t *n, char own[IFNAME_SIZE])
{
	int sys = fbsd_ng_hooks(ng, path, v, n);

	own[0] = '\0';
	for (size_t i = 0; i < *n && sys == 0; i++)
		if (str_equal((*v)[i].ours, OWN_HOOK) && str_equal((*v)[i].peer.type, "eiface"))
			sys = fbsd_ng_ifname(ng, &(*v)[i].peer, own);
	return (sys);
}

/* The path of the bridge node whose interface this is; ENOENT: none. */
static int
find(struct fbsd_ng *ng, const char *ifname, char path[PATH_MAX_NG])
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
		if (!is_bridge_of_ours(&v[i]))
			continue;
		snprintf(path, PATH_MAX_NG, "%s:", v[i].name);
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
	char path[PATH_MAX_NG];
	struct fbsd_ng ng;
	bool is;

	if (!fbsd_ng_there())
		return (false);
	is = fbsd_ng_open(&ng) == 0 && find(&ng, ifname, path) == 0;
	fbsd_ng_close(&ng);
	return (is);
}

/* The node first, by a hook to our own socket that goes away with it; it is ours by its name from the next message on. */
static int
make_node(struct fbsd_ng *ng, const char *name, const char *path)
{
	struct fbsd_ng_hook *v;
	char node[FBSD_NG_NAME];
	size_t n;
	int sys = fbsd_ng_hooks(ng, path, &v, &n);

	free(v);
	if (sys != ENOENT)
		return (sys);
	snprintf(node, sizeof(node), FBSD_NG_PREFIX "%s", name);
	sys = fbsd_ng_mkpeer(ng, ".", "bridge", "new", "link1");
	return (sys != 0 ? sys : fbsd_ng_name(ng, ".:new", node));
}

static int
make_interface(struct fbsd *f, struct fbsd_ng *ng, const char *name, const char *path)
{
	struct fbsd_ng_hook *v;
	char own[IFNAME_SIZE], at[PATH_MAX_NG + sizeof(OWN_HOOK)];
	size_t n;
	int sys = look(ng, path, &v, &n, own);

	free(v);
	if (sys == 0 && own[0] == '\0') {
		sys = fbsd_ng_mkpeer(ng, path, "eiface", OWN_HOOK, "ether");
		if (sys == 0)
			sys = look(ng, path, &v, &n, own);
		free(sys == 0 ? v : NULL);
	}
	if (sys != 0)
		return (sys);
	if ((sys = fbsd_if_group(f->s, own)) != 0 || str_equal(own, name) || (sys = fbsd_if_rename_to(f->s, own, name)) != 0)
		return (sys);
	/* as jng does; nothing depends on it */
	snprintf(at, sizeof(at), "%s" OWN_HOOK, path);
	(void)fbsd_ng_name(ng, at, name);
	return (0);
}

int
fbsd_ngbridge_make(struct fbsd *f, const char *name, struct err *err)
{
	char path[PATH_MAX_NG];
	struct fbsd_ng ng;
	int sys;

	if (fbsd_ng_load(err) == -1)
		return (-1);
	node_of(name, path);
	sys = fbsd_ng_open(&ng);
	if (sys == 0)
		sys = make_node(&ng, name, path);
	if (sys == 0 && (sys = make_interface(f, &ng, name, path)) != 0)
		(void)fbsd_ng_shutdown(&ng, path);
	fbsd_ng_close(&ng);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "creating bridge %s", name));
}

/* Ports first: what is not ours gets its promiscuity back while we know that it was a port. */
static int
free_ports(struct fbsd_ng *ng, const char *path)
{
	struct fbsd_ng_hook *v;
	char at[PATH_MAX_NG];
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
find_interface(struct fbsd_ng *ng, const char *ifname, char path[PATH_MAX_NG])
{
	struct fbsd_ng_node *v;
	char own[IFNAME_SIZE];
	bool found = false;
	size_t n;
	int sys = fbsd_ng_names(ng, &v, &n);

	for (size_t i = 0; i < n && !found; i++) {
		found = str_equal(v[i].type, "eiface") && fbsd_ng_ifname(ng, &v[i], own) == 0 && str_equal(own, ifname);
		if (found)
			snprintf(path, PATH_MAX_NG, "[%x]:", v[i].id);
	}
	free(v);
	return (sys != 0 ? sys : found ? 0 : ENOENT);
}

int
fbsd_ngbridge_destroy(const char *ifname, struct err *err)
{
	char path[PATH_MAX_NG];
	struct fbsd_ng ng;
	int sys = fbsd_ng_open(&ng);

	if (sys == 0 && (sys = find(&ng, ifname, path)) == 0 && (sys = free_ports(&ng, path)) == 0)
		sys = fbsd_ng_shutdown(&ng, path);
	if ((sys == 0 || sys == ENOENT) && (sys = find_interface(&ng, ifname, path)) == 0)
		sys = fbsd_ng_shutdown(&ng, path);
	fbsd_ng_close(&ng);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "destroying bridge %s", ifname));
}

/* To the first free link from 1 on. */
static int
hook_up(struct fbsd_ng *ng, const char *path, const struct fbsd_ng_hook *v, size_t n, const char *ether, const char *hook)
{
	char link[FBSD_NG_NAME];
	size_t number = 1;

	for (size_t i = 0; i < n; i++) {
		snprintf(link, sizeof(link), "link%zu", number);
		if (str_equal(v[i].ours, link)) {
			number++;
			i = (size_t)-1;
		}
	}
	snprintf(link, sizeof(link), "link%zu", number);
	return (fbsd_ng_connect(ng, path, ether, link, hook));
}

/* Is that hook of the interface in the list? */
static bool
is_hooked(const struct fbsd_ng_hook *v, size_t n, const char *ether, const char *hook)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(v[i].peer.type, "ether") && str_equal(v[i].theirs, hook) &&
		    strncmp(v[i].peer.name, ether, strlen(v[i].peer.name)) == 0 && ether[strlen(v[i].peer.name)] == ':')
			return (true);
	return (false);
}

static int
attach(struct fbsd_ng *ng, const char *bridge, const char *ether, const char *hook, bool *added)
{
	struct fbsd_ng_hook *v = NULL;
	char path[PATH_MAX_NG];
	size_t n = 0;
	int sys = find(ng, bridge, path);

	if (sys == 0)
		sys = fbsd_ng_hooks(ng, path, &v, &n);
	if (sys == 0 && !is_hooked(v, n, ether, hook)) {
		*added = true;
		sys = hook_up(ng, path, v, n, ether, hook);
	}
	free(v);
	return (sys);
}

int
fbsd_ngbridge_attach(const char *bridge, const char *ifname, bool ours, bool *added, struct err *err)
{
	char ether[PATH_MAX_NG];
	struct fbsd_ng ng;
	int sys = fbsd_ng_open(&ng);

	*added = false;
	ether_of(ifname, ether);
	if (sys == 0)
		sys = fbsd_ng_port_on(&ng, ether);
	if (sys == 0)
		sys = attach(&ng, bridge, ether, "lower", added);
	if (sys == 0 && !ours)
		sys = attach(&ng, bridge, ether, "upper", added);
	fbsd_ng_close(&ng);
	if (sys == ENOENT)
		return (err_num(err, sys, "attaching %s to bridge %s: it has no ng_ether node, or the bridge no ng_bridge node", ifname,
		    bridge));
	if (sys == EISCONN || sys == EEXIST)
		return (err_num(err, sys, "attaching %s to bridge %s: its ng_ether node is connected to something else", ifname, bridge));
	return (sys == 0 ? 0 : fbsd_num(err, sys, "attaching %s to bridge %s", ifname, bridge));
}

int
fbsd_ngbridge_detach(const char *bridge, const char *ifname, bool *gone, struct err *err)
{
	char ether[PATH_MAX_NG], path[PATH_MAX_NG];
	struct fbsd_ng_hook *v = NULL;
	struct fbsd_ng ng;
	size_t n = 0;
	int sys = fbsd_ng_open(&ng);

	*gone = true;
	ether_of(ifname, ether);
	if (sys == 0 && (sys = find(&ng, bridge, path)) == 0)
		sys = fbsd_ng_hooks(&ng, path, &v, &n);
	for (size_t i = 0; i < n && sys == 0; i++) {
		if (!is_hooked(&v[i], 1, ether, "lower") && !is_hooked(&v[i], 1, ether, "upper"))
			continue;
		*gone = false;
		(void)fbsd_ng_port_off(&ng, ether);
		sys = fbsd_ng_rmhook(&ng, path, v[i].ours);
	}
	free(v);
	fbsd_ng_close(&ng);
	return (sys == 0 || sys == ENOENT ? 0 : fbsd_num(err, sys, "detaching %s from bridge %s", ifname, bridge));
}

void
fbsd_ngbridge_leave(const char *ifname)
{
	char ether[PATH_MAX_NG];
	struct fbsd_ng ng;

	if (!fbsd_ng_there())
		return;
	ether_of(ifname, ether);
	if (fbsd_ng_open(&ng) == 0) {
		(void)fbsd_ng_port_off(&ng, ether);
		(void)fbsd_ng_rmhook(&ng, ether, "lower");
	}
	fbsd_ng_close(&ng);
}

static struct obs_link *
named(struct observed *o, size_t from, const char *ifname)
{
	for (size_t i = from; i < o->nlinks; i++)
		if (str_equal(o->links[i].ifname, ifname))
			return (&o->links[i]);
	return (NULL);
}

static int
observe_one(struct fbsd_ng *ng, const struct fbsd_ng_node *node, struct observed *out, size_t from)
{
	char path[PATH_MAX_NG], own[IFNAME_SIZE], ifname[IFNAME_SIZE];
	struct obs_link *bridge, *port;
	struct fbsd_ng_hook *v;
	size_t n;
	int sys;

	snprintf(path, sizeof(path), "[%x]:", node->id);
	sys = look(ng, path, &v, &n, own);
	/* without an interface it is no bridge yet or any more; BRIDGE_CREATE takes it up */
	if (sys == 0 && own[0] != '\0' && (bridge = named(out, from, own)) != NULL) {
		bridge->type = LINK_BRIDGE;
		bridge->backend = BACKEND_NETGRAPH;
		bridge->mark.ours = true;
	}
	for (size_t i = 0; i < n && sys == 0 && own[0] != '\0'; i++) {
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
fbsd_ngbridge_observe(struct observed *out, size_t from)
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
		if (is_bridge_of_ours(&v[i]))
			sys = observe_one(&ng, &v[i], out, from);
	free(v);
	fbsd_ng_close(&ng);
	return (sys);
}
