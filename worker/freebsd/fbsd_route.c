/* fbsd_route: routes of ours, through the routing socket; they carry RTF_PROTO1. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_route.h"

#define OURS RTF_PROTO1

int
fbsd_routes_read(int family, int flags, struct fbsd_routes *out)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, family, flags != 0 ? NET_RT_FLAGS : NET_RT_DUMP, flags };

	out->at = 0;
	return (fbsd_table_read(mib, NELEMS(mib), &out->buf, &out->len));
}

bool
fbsd_routes_next(struct fbsd_routes *r, struct fbsd_rtmsg *out)
{
	while (r->at + sizeof(struct rt_msghdr) <= r->len) {
		const char *at = r->buf + r->at;
		const struct rt_msghdr *h = (const struct rt_msghdr *)(const void *)at;
		const char *end = at + h->rtm_msglen, *sas = at + sizeof(*h);

		if (h->rtm_msglen < sizeof(*h) || r->at + h->rtm_msglen > r->len)
			return (false);
		r->at += h->rtm_msglen;
		memset(out, 0, sizeof(*out));
		fbsd_ip_of(fbsd_rt_addr(sas, end, h->rtm_addrs, RTAX_DST), &out->dst.ip);
		if (out->dst.ip.family == 0)
			continue;
		out->dst.len = h->rtm_flags & RTF_HOST ? (out->dst.ip.family == 4 ? 32 : 128) :
		    fbsd_mask_len(fbsd_rt_addr(sas, end, h->rtm_addrs, RTAX_NETMASK), out->dst.ip.family);
		if (h->rtm_flags & RTF_GATEWAY)
			fbsd_ip_of(fbsd_rt_addr(sas, end, h->rtm_addrs, RTAX_GATEWAY), &out->gateway);
		out->ours = (h->rtm_flags & OURS) != 0;
		return (true);
	}
	return (false);
}

void
fbsd_routes_fini(struct fbsd_routes *r)
{
	free(r->buf);
	r->buf = NULL;
}

struct message {
	struct rt_msghdr h;
	char sas[3 * sizeof(struct sockaddr_in6)];
};

static size_t
put_sa(char *at, const struct ip *ip)
{
	if (ip->family == 4) {
		struct sockaddr_in in = { .sin_len = sizeof(in), .sin_family = AF_INET };

		memcpy(&in.sin_addr, ip->b, 4);
		memcpy(at, &in, sizeof(in));
		return (sizeof(in));
	}
	struct sockaddr_in6 in6 = { .sin6_len = sizeof(in6), .sin6_family = AF_INET6 };

	memcpy(&in6.sin6_addr, ip->b, 16);
	memcpy(at, &in6, sizeof(in6));
	/* each begins at a multiple of a long */
	return ((sizeof(in6) + sizeof(long) - 1) & ~(sizeof(long) - 1));
}

static struct ip
mask_ip(const struct prefix *p)
{
	struct prefix all = { .ip = { .family = p->ip.family }, .len = p->len };

	memset(all.ip.b, 0xff, p->ip.family == 4 ? 4 : 16);
	return (prefix_network(&all).ip);
}

/* 0 or errno. */
static int
send_message(int type, const struct cmd_route *r)
{
	struct prefix net = prefix_network(&r->dst);
	bool host = net.len == (net.ip.family == 4 ? 32 : 128);
	struct ip mask = mask_ip(&net);
	struct message m;
	size_t n;
	int s, sys = 0;

	memset(&m, 0, sizeof(m));
	n = put_sa(m.sas, &net.ip);
	m.h.rtm_addrs = RTA_DST;
	if (r->gateway.family != 0) {
		n += put_sa(m.sas + n, &r->gateway);
		m.h.rtm_addrs |= RTA_GATEWAY;
	}
	if (!host) {
		n += put_sa(m.sas + n, &mask);
		m.h.rtm_addrs |= RTA_NETMASK;
	}
	m.h.rtm_version = RTM_VERSION;
	m.h.rtm_type = (u_char)type;
	m.h.rtm_flags = RTF_UP | RTF_GATEWAY | RTF_STATIC | OURS | (host ? RTF_HOST : 0);
	m.h.rtm_seq = 1;
	m.h.rtm_msglen = (u_short)(sizeof(m.h) + n);
	s = socket(PF_ROUTE, SOCK_RAW | SOCK_CLOEXEC, net.ip.family == 4 ? AF_INET : AF_INET6);
	if (s == -1)
		return (errno);
	(void)shutdown(s, SHUT_RD);
	if (write(s, &m, m.h.rtm_msglen) == -1)
		sys = errno;
	close(s);
	return (sys);
}

struct state {
	bool ours, foreign, same;
	struct ip gateway;	/* of ours, when it is another */
};

static int
look(const struct cmd_route *r, struct state *st)
{
	struct prefix net = prefix_network(&r->dst);
	struct fbsd_routes v;
	struct fbsd_rtmsg m;
	int sys;

	memset(st, 0, sizeof(*st));
	sys = fbsd_routes_read(net.ip.family == 4 ? AF_INET : AF_INET6, 0, &v);
	while (sys == 0 && fbsd_routes_next(&v, &m)) {
		if (prefix_cmp(&m.dst, &net) != 0)
			continue;
		st->foreign = st->foreign || !m.ours;
		if (!m.ours)
			continue;
		st->ours = true;
		if (r->gateway.family == 0 || ip_cmp(&m.gateway, &r->gateway) == 0)
			st->same = true;
		else
			st->gateway = m.gateway;
	}
	fbsd_routes_fini(&v);
	return (sys);
}

struct attempt {
	const struct cmd_route *c;
	bool changed;
};

static int
add_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct attempt *a = arg;
	char dst[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];
	struct cmd_route old = *a->c;
	struct state st;
	int sys;

	(void)in;
	a->changed = true;
	sys = send_message(RTM_ADD, a->c);
	if (sys == EEXIST && look(a->c, &st) == 0) {
		if (st.same) {
			a->changed = false;
			return (0);
		}
		if (!st.ours)
			return (err_set(err, ERR_CONFLICT, "adding route %s: a route not made by jailnet is there (File exists)",
			    prefix_format(&a->c->dst, dst)));
		old.gateway = st.gateway;
		sys = send_message(RTM_DELETE, &old);
		if (sys == 0 || sys == ESRCH)
			sys = send_message(RTM_ADD, a->c);
	}
	if (sys != 0)
		return (fbsd_num(err, sys, "adding route %s by %s", prefix_format(&a->c->dst, dst), ip_format(&a->c->gateway, gw)));
	return (0);
}

static int
del_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct attempt *a = arg;
	char dst[PREFIX_TEXT_SIZE];
	struct state st;
	int sys;

	(void)in;
	/* the kernel would as well remove one that is not ours */
	sys = look(a->c, &st);
	if (sys == 0 && !st.same)
		return (0);
	if (sys == 0)
		sys = send_message(RTM_DELETE, a->c);
	if (sys == ESRCH)
		return (0);
	if (sys != 0)
		return (fbsd_num(err, sys, "removing route %s", prefix_format(&a->c->dst, dst)));
	a->changed = true;
	return (0);
}

int
fbsd_route_add(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct attempt a = { .c = &c->u.route };

	if (fbsd_inside_name(f, c->u.route.jail, add_inside, &a, sizeof(a), err) == -1)
		return (-1);
	out->result = a.changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
fbsd_route_del(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct attempt a = { .c = &c->u.route };
	struct err why = { 0 };

	out->result = REPLY_UNCHANGED;
	if (fbsd_inside_name(f, c->u.route.jail, del_inside, &a, sizeof(a), &why) == -1) {
		if (why.code == ERR_NOT_FOUND)	/* no jail, no route */
			return (0);
		if (err != NULL)
			*err = why;
		return (-1);
	}
	if (a.changed)
		out->result = REPLY_DONE;
	return (0);
}
