/* fbsd_bridge: what the files about bridges share: fbsd_bridge.c, fbsd_port.c, fbsd_filter.c, fbsd_observe.c. */
#ifndef JN_FBSD_BRIDGE_H
#define JN_FBSD_BRIDGE_H

#include <net/if_bridgevar.h>

/* A BRDG* request; set: it changes something.  0 or errno. */
int fbsd_bridge_do(int s, const char *bridge, unsigned long cmd, void *arg, size_t size, bool set);
/* All members (and span ports); the caller frees *out.  0 or errno. */
int fbsd_bridge_ports(int s, const char *bridge, struct ifbreq **out, size_t *n);
/* A bridge that we may touch; foreign: also one that policy names.  link->o.backend says which kind. */
int fbsd_bridge_mine(struct fbsd *f, const char *name, bool foreign, struct fbsd_link *link, struct err *err);
/* The bridge of this vnet that has the interface as a member; false = none. */
bool fbsd_bridge_of(int s, const char *ifname, char bridge[IFNAME_SIZE]);
void fbsd_bridge_groups(int s, const char *bridge, bool *ours, bool *stp);
/* Our mark of the bridge 'name', on an interface that may not be called so yet.  0 or errno. */
int fbsd_bridge_mark(int s, const char *ifname, const char *name);
bool fbsd_bridge_stp(int s, const char *bridge);
/* Sets the flags of 'mask' to 'value' and leaves the others. */
int fbsd_port_flags(int s, const char *bridge, const char *ifname, uint32_t mask, uint32_t value);
int fbsd_port_del(int s, const char *bridge, const char *ifname);	/* ENOENT: it is none */
void fbsd_port_request(struct ifbreq *r, const char *ifname);
int fbsd_port_get(int s, const char *bridge, const char *ifname, struct ifbreq *r);

/* fbsd_filter.c */
bool fbsd_bridge_filters(int s, const char *bridge);
int fbsd_bridge_filter(int s, const char *bridge, bool on);
int fbsd_port_pvid(int s, const char *bridge, const char *ifname, uint16_t pvid);
uint16_t fbsd_port_pvid_of(const struct ifbreq *r);	/* 0 = none */
/* The tagged VLANs of a member into v[LIMIT_TAGGED]. */
int fbsd_port_tagged(int s, const char *bridge, const char *ifname, uint16_t *v, uint16_t *n);
/* Both as the command says; pvid: what it is now. */
int fbsd_port_vlans(int s, const struct cmd_port *p, uint16_t pvid, bool *changed);

#endif
