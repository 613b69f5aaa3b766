/*
 * lnx_counters: what went through the interfaces, one dump for each namespace.
 *
 * Asked for by people and their monitoring, never by the reconcile loop.  A jail that goes away meanwhile is left out.
 */
#include <linux/if.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

#define DUMP_TRIES 10

struct count {
	struct lnx *l;
	const char *jail;
	struct observed *out;
};

static int
take_link(void *arg, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[IFLA_MAX + 1];
	struct rtnl_link_stats64 s = { 0 };
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct count *k = arg;
	struct obs_counter *o;
	size_t len;

	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_MAX);
	if ((ifi->ifi_flags & IFF_LOOPBACK) || tb[IFLA_IFNAME] == NULL || tb[IFLA_STATS64] == NULL)
		return (0);
	o = observed_counter_add(k->out);
	if (o == NULL)
		return (ENOMEM);
	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	(void)str_copy(o->ifname, sizeof(o->ifname), nl_str(tb[IFLA_IFNAME]));
	/* an older kernel knows fewer fields */
	len = mnl_attr_get_payload_len(tb[IFLA_STATS64]);
	memcpy(&s, mnl_attr_get_payload(tb[IFLA_STATS64]), len < sizeof(s) ? len : sizeof(s));
	o->v[RX_BYTES] = s.rx_bytes;
	o->v[RX_PACKETS] = s.rx_packets;
	o->v[RX_ERRORS] = s.rx_errors;
	o->v[RX_DROPS] = s.rx_dropped;
	o->v[TX_BYTES] = s.tx_bytes;
	o->v[TX_PACKETS] = s.tx_packets;
	o->v[TX_ERRORS] = s.tx_errors;
	o->v[TX_DROPS] = s.tx_dropped;
	return (0);
}

static int
count_net(struct count *k, struct nl *nl, struct err *err)
{
	size_t from = k->out->ncounters;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys = EINTR;

	for (int i = 0; i < DUMP_TRIES && sys == EINTR; i++) {
		k->out->ncounters = from;
		nl_begin_link(req, RTM_GETLINK, 0, &nlh);
		sys = nl_dump(nl, nlh, take_link, k);
	}
	if (sys == ENOMEM)
		return (err_nomem(err));
	if (sys != 0)
		return (nl_fail(nl, err, sys, "reading counters of %s", k->jail[0] != '\0' ? k->jail : "the host"));
	return (0);
}

static int
count_jail(struct count *k, const char *name, struct err *err)
{
	struct err why = { 0 };
	struct nl *nl = lnx_ns_nl(k->l, name, &why);

	k->jail = name;
	if (nl != NULL)
		return (count_net(k, nl, err));
	if (why.code == ERR_NOT_FOUND)
		return (0);
	*err = why;
	return (-1);
}

static int
count_jails(struct count *k, struct err *err)
{
	char path[LNX_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (lnx_path(path, err, "%s/jails", k->l->run_dir) == -1)
		return (-1);
	list = opendir(path);
	if (list == NULL)
		return (err_sys(err, "%s", path));
	while (rc == 0 && (d = readdir(list)) != NULL) {
		if (name_is_legal(d->d_name, NAME_SIZE - 1))
			rc = count_jail(k, d->d_name, err);
	}
	closedir(list);
	return (rc);
}

static int
count_one(struct count *k, const char *ifname, struct err *err)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys;

	nl_begin_link(req, RTM_GETLINK, 0, &nlh);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, ifname);
	sys = nl_query(&k->l->host, nlh, take_link, k);
	if (sys != 0 && sys != ENODEV)
		return (sys == ENOMEM ? err_nomem(err) : nl_fail(&k->l->host, err, sys, "%s", ifname));
	return (0);
}

int
lnx_counters(struct lnx *l, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct count k = { .l = l, .jail = "", .out = out };

	switch (scope->scope) {
	case OBSERVE_ALL:
		return (count_net(&k, &l->host, err) == -1 ? -1 : count_jails(&k, err));
	case OBSERVE_JAIL:
		return (count_jail(&k, scope->name, err));
	case OBSERVE_LINK:
		return (count_one(&k, scope->name, err));
	}
	return (0);
}
