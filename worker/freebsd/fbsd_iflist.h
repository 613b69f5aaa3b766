/*
 * fbsd_iflist: interfaces and addresses of the vnet of the calling thread, from sysctl NET_RT_IFLISTL.
 *
 *	if (fbsd_iflist_read(&l, 0, err) == 0)
 *		while (fbsd_iflist_next(&l, &m)) ...
 *	fbsd_iflist_fini(&l);
 */
#ifndef JN_FBSD_IFLIST_H
#define JN_FBSD_IFLIST_H

#include <net/if.h>

#include "core/addr.h"
#include "core/model.h"

struct fbsd_iflist {
	char *buf;
	size_t len, at;
};

/* An interface, or (is_addr) an address of the interface 'index', which came before it. */
struct fbsd_ifmsg {
	bool is_addr;
	unsigned index;
	int flags;		/* IFF_* of an interface */
	char name[IFNAME_SIZE];
	uint8_t type;		/* IFT_* */
	struct mac mac;
	uint32_t mtu;
	bool carrier;
	struct if_data data;
	struct prefix prefix;	/* of an address */
};

/* index 0 = all.  0, or errno: one that does not exist gives an empty list. */
int fbsd_iflist_read(struct fbsd_iflist *l, unsigned index);
bool fbsd_iflist_next(struct fbsd_iflist *l, struct fbsd_ifmsg *out);
void fbsd_iflist_fini(struct fbsd_iflist *l);

/* A routing message's list of socket addresses: the one numbered 'which' (RTAX_*), or NULL. */
struct sockaddr;
const struct sockaddr *fbsd_rt_addr(const char *at, const char *end, int present, int which);
/* An IPv4 or IPv6 socket address as ip; family 0 = it is another. */
void fbsd_ip_of(const struct sockaddr *sa, struct ip *out);
/* The length of a netmask of that family; no mask is a host's. */
uint8_t fbsd_mask_len(const struct sockaddr *sa, uint8_t family);

#endif
