/*
 * fbsd_ng: netgraph(4) through libnetgraph, for bridges of backend "netgraph".
 *
 *	bridge lan0	node lan0bridge (ng_bridge), as jng (share/examples/jails/jng) calls the one for an interface lan0; its hook link0
 *			goes to "ether" of an ng_eiface whose node and interface are lan0: the bridge's own interface, with its addresses,
 *			MAC, MTU and our mark, as an if_bridge has them
 *	a port		hook "lower" of the interface's ng_ether node to link1, link2, ...; an interface that is not ours keeps its own
 *			addresses: its "upper" goes to the next link (as jng does it)
 *
 * Nodes have no groups: a bridge node is ours when the interface at its link0 has our mark.  Without that interface it is nobody's, and
 * taken up by its name when the bridge is made again, unless it has a hook that we would not have made.
 * A struct fbsd_ng is a socket node of its own for one command or look, so nothing stays when we die in the middle.
 * What returns int says 0 or errno; ENOENT: no such node.
 */
#ifndef JN_FBSD_NG_H
#define JN_FBSD_NG_H

#include "worker/freebsd/fbsd.h"

#define FBSD_NG_NAME 32		/* of nodes, types and hooks, with the NUL */
#define FBSD_NG_PATH (2 * FBSD_NG_NAME + 2)	/* a node, and one hook further */

struct ng_mesg;
struct fbsd_ng {
	int s;
	struct ng_mesg *answer;
};
struct fbsd_ng_node {
	char name[FBSD_NG_NAME];
	char type[FBSD_NG_NAME];
	uint32_t id;
};
struct fbsd_ng_hook {
	char ours[FBSD_NG_NAME], theirs[FBSD_NG_NAME];
	struct fbsd_ng_node peer;
};

/* fbsd_ng.c */
bool fbsd_ng_there(void);	/* the modules are loaded, so there may be bridges */
int fbsd_ng_load(struct err *err);
/* Both may be followed by close, also when open failed. */
int fbsd_ng_open(struct fbsd_ng *ng);
void fbsd_ng_close(struct fbsd_ng *ng);
int fbsd_ng_names(struct fbsd_ng *ng, struct fbsd_ng_node **v, size_t *n);	/* the caller frees *v */
int fbsd_ng_hooks(struct fbsd_ng *ng, const char *path, struct fbsd_ng_hook **v, size_t *n);	/* the caller frees *v */
/* The interface of an ng_ether or ng_eiface node, as it is called now; EINVAL: neither. */
int fbsd_ng_ifname(struct fbsd_ng *ng, const struct fbsd_ng_node *node, char ifname[IFNAME_SIZE]);
int fbsd_ng_mkpeer(struct fbsd_ng *ng, const char *path, const char *type, const char *ours, const char *theirs);
int fbsd_ng_connect(struct fbsd_ng *ng, const char *path, const char *to, const char *ours, const char *theirs);
int fbsd_ng_name(struct fbsd_ng *ng, const char *path, const char *name);
int fbsd_ng_rmhook(struct fbsd_ng *ng, const char *path, const char *hook);
int fbsd_ng_shutdown(struct fbsd_ng *ng, const char *path);
/* An ng_ether node sees all frames and leaves their source addresses alone; and back. */
int fbsd_ng_port_on(struct fbsd_ng *ng, const char *path);
int fbsd_ng_port_off(struct fbsd_ng *ng, const char *path);

/* fbsd_ngbridge.c */
/* The path of the bridge node whose interface this is; ENOENT: none. */
int fbsd_ngbridge_find(struct fbsd_ng *ng, const char *ifname, char path[FBSD_NG_PATH]);
/* Is it the interface of a netgraph bridge?  Whose is said by its mark. */
bool fbsd_ngbridge_is(const char *ifname);
/* Makes the node and its interface, down, in our group, called 'name'; what was cut short before is taken up.  EEXIST: somebody else's node. */
int fbsd_ngbridge_make(struct fbsd *f, const char *name, struct err *err);
/* Also of an interface whose node is gone. */
int fbsd_ngbridge_destroy(const char *ifname, struct err *err);
/* Marks in out->links from 'from' on what is a netgraph bridge or a port of one.  0 or errno. */
int fbsd_ngbridge_observe(const struct fbsd_in *host, struct observed *out, size_t from);

/* fbsd_ngport.c */
/* ours: whether we made the interface. */
int fbsd_ngport_attach(const char *bridge, const char *ifname, bool ours, bool *added, struct err *err);
int fbsd_ngport_detach(const char *bridge, const char *ifname, bool *gone, struct err *err);
/* Out of the netgraph bridge it is a port of, if any. */
void fbsd_ngport_leave(const char *ifname);

#endif
