/*
 * lnx_announce: neighbours hear at once that an address has another MAC address now; else they send to the old one for half a minute.
 *
 * The kernel does it for each address of an interface that comes up or changes its MAC address, once it is told to (arp_notify: a
 * gratuitous ARP; ndisc_notify: an unsolicited neighbour advertisement with the override flag).  It does not for an address that is
 * added to an interface that is up; there it is given the MAC address which it has, and takes that for a change.
 *
 * Only for what we made; not for ports of a bridge, which have no addresses.  What cannot be announced is no error.
 */
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

void
lnx_announce_changes(struct lnx *l, const char *jail, const struct lnx_link *link)
{
	static const struct {
		const char *conf, *key;
	} keys[] = { { "net.ipv4.conf", "arp_notify" }, { "net.ipv6.conf", "ndisc_notify" } };
	char key[96];
	bool changed;
	int fd, rc;

	if (!link->o.mark.ours || link->master != 0)
		return;
	fd = lnx_ns_open(l, jail, NULL);
	if (fd == -1)
		return;
	rc = lnx_ns_enter(fd, NULL);
	close(fd);
	if (rc == -1)
		return;
	for (size_t i = 0; i < NELEMS(keys); i++)
		if (str_format(key, sizeof(key), "%s.%s.%s", keys[i].conf, link->o.ifname, keys[i].key) == 0)
			(void)lnx_sysctl_write(key, "1", &changed, NULL);
	lnx_ns_leave(l);
}

void
lnx_announce(struct lnx *l, struct nl *nl, const char *jail, const struct lnx_link *link)
{
	struct lnx_link port;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;

	/* Nobody is there to hear it.  Of many that are made at once the bridge's port comes up last: no flood to all the others. */
	if (!link->o.mark.ours || link->master != 0 || !link->o.up || !link->o.running)
		return;
	lnx_announce_changes(l, jail, link);
	/* A bridge opens its port a little after both halves are up, or when somebody asks for the link (6.10 and later). */
	if (link->o.peer != 0)
		(void)lnx_link_get_index(&l->host, link->o.peer, &port);
	nl_begin_link(req, RTM_SETLINK, 0, &nlh)->ifi_index = (int)link->o.ifindex;
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(link->o.mac.b), link->o.mac.b);
	/* told of in this very call, in nobody's name: it is not "somebody changed it" */
	lnx_watch_links(l, false);
	(void)nl_talk(nl, nlh);
	lnx_watch_links(l, true);
}
