/* fbsd_ngport: the ports of a netgraph bridge: the ng_ether(4) nodes of interfaces; see fbsd_ng.h. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_ng.h"

/* ng_ether(4) calls its node as the interface, except for '.' and ':'. */
static void
ether_of(const char *ifname, char path[FBSD_NG_PATH])
{
	snprintf(path, FBSD_NG_PATH, "%s:", ifname);
	for (char *p = path; p[1] != '\0'; p++)
		if (*p == '.' || *p == ':')
			*p = '_';
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
	char path[FBSD_NG_PATH];
	size_t n = 0;
	int sys = fbsd_ngbridge_find(ng, bridge, path);

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
fbsd_ngport_attach(const char *bridge, const char *ifname, bool ours, bool *added, struct err *err)
{
	char ether[FBSD_NG_PATH];
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
fbsd_ngport_detach(const char *bridge, const char *ifname, bool *gone, struct err *err)
{
	char ether[FBSD_NG_PATH], path[FBSD_NG_PATH];
	struct fbsd_ng_hook *v = NULL;
	struct fbsd_ng ng;
	size_t n = 0;
	int sys = fbsd_ng_open(&ng);

	*gone = true;
	ether_of(ifname, ether);
	if (sys == 0 && (sys = fbsd_ngbridge_find(&ng, bridge, path)) == 0)
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
fbsd_ngport_leave(const char *ifname)
{
	char ether[FBSD_NG_PATH];
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
