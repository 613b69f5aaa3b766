/* nl: one rtnetlink socket, one request at a time. */
#include "worker/linux/lnx_netlink.h"

#include <linux/netconf.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define STILL_SIZE 8192
#define STILL_TRIES 5

int
nl_open(struct nl *nl, char *rx, uint32_t portid, struct err *err)
{
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->rx = rx;
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl->sock == NULL)
		return (err_sys(err, "netlink socket"));
	if (mnl_socket_bind(nl->sock, 0, (pid_t)portid) == -1 &&
	    (errno != EADDRINUSE || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) == -1)) {
		err_sys(err, "netlink bind");
		nl_close(nl);
		return (-1);
	}
	/* Better words and stricter dumps; an older kernel without them still works. */
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return (0);
}

void
nl_close(struct nl *nl)
{
	if (nl->sock != NULL)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

struct nlmsghdr *
nl_begin(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	nlh = mnl_nlmsg_put_header(req);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return (nlh);
}

struct ifinfomsg *
nl_begin_link(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags, struct nlmsghdr **out)
{
	*out = nl_begin(req, type, flags);
	return (mnl_nlmsg_put_extra_header(*out, sizeof(struct ifinfomsg)));
}

bool
nl_ok(const struct nlmsghdr *nlh, int left)
{
	return (left >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) && nlh->nlmsg_len <= (uint32_t)left);
}

bool
nl_whole(const struct nlmsghdr *nlh)
{
	static const struct {
		uint16_t from, to;
		size_t header;
	} types[] = {
		{ NLMSG_ERROR, NLMSG_ERROR, sizeof(struct nlmsgerr) },
		{ RTM_NEWLINK, RTM_SETLINK, sizeof(struct ifinfomsg) },
		{ RTM_NEWADDR, RTM_GETADDR, sizeof(struct ifaddrmsg) },
		{ RTM_NEWROUTE, RTM_GETROUTE, sizeof(struct rtmsg) },
		{ RTM_NEWNETCONF, RTM_GETNETCONF, sizeof(struct netconfmsg) },
	};

	for (size_t i = 0; i < NELEMS(types); i++)
		if (nlh->nlmsg_type >= types[i].from && nlh->nlmsg_type <= types[i].to)
			return (mnl_nlmsg_get_payload_len(nlh) >= types[i].header);
	return (nlh->nlmsg_type < NLMSG_MIN_TYPE);	/* nothing of ours is of any other type */
}

void
nl_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb, uint16_t max)
{
	const struct nlattr *a;

	memset(tb, 0, ((size_t)max + 1) * sizeof(*tb));
	/* libmnl's end of a message is aligned, so that an attribute may reach up to three bytes beyond it */
	mnl_attr_for_each(a, nlh, (unsigned)header)
		if (mnl_attr_get_type(a) <= max && (const char *)a + a->nla_len <= (const char *)nlh + nlh->nlmsg_len)
			tb[mnl_attr_get_type(a)] = a;
}

void
nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max)
{
	const struct nlattr *a;

	memset(tb, 0, ((size_t)max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) <= max)
			tb[mnl_attr_get_type(a)] = a;
}

const void *
nl_bytes(const struct nlattr *a, size_t len)
{
	return (a == NULL || mnl_attr_get_payload_len(a) < len ? NULL : mnl_attr_get_payload(a));
}

/* An attribute is aligned to 4 bytes only. */
#define NL_INT(name, type)					\
type								\
name(const struct nlattr *a)					\
{								\
	const void *p = nl_bytes(a, sizeof(type));		\
	type v = 0;						\
								\
	if (p != NULL)						\
		memcpy(&v, p, sizeof(v));			\
	return (v);						\
}

NL_INT(nl_u8, uint8_t)
NL_INT(nl_u16, uint16_t)
NL_INT(nl_u32, uint32_t)

const char *
nl_str(const struct nlattr *a)
{
	const char *s = nl_bytes(a, 1);

	return (s == NULL || memchr(s, '\0', mnl_attr_get_payload_len(a)) == NULL ? "" : s);
}

/* The kernel's sentence of an error message.  With NETLINK_CAP_ACK the request itself is not echoed. */
static void
keep_ext(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*e);

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return;
	if ((nlh->nlmsg_flags & NLM_F_CAPPED) == 0)
		skip += e->msg.nlmsg_len > sizeof(e->msg) ? e->msg.nlmsg_len - sizeof(e->msg) : 0;
	if (MNL_ALIGN(skip) >= mnl_nlmsg_get_payload_len(nlh))
		return;
	nl_attrs(nlh, skip, tb, NLMSGERR_ATTR_MAX);
	snprintf(nl->ext, sizeof(nl->ext), "%s", nl_str(tb[NLMSGERR_ATTR_MSG]));
}

struct answer {
	nl_row *row;
	void *arg;
	uint16_t asked;	/* type of the request; its answers are of the same group of four */
	bool dump;	/* ends with NLMSG_DONE */
	bool ack;	/* ends with an error message, 0 = fine */
	bool done;
	bool interrupted;
	int sys;
};

/* 0 and -1..-4095 are what a kernel says. */
static int
errno_of(int v)
{
	return (v <= 0 && v >= -4095 ? -v : EBADMSG);
}

static void
take(struct nl *nl, struct answer *a, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	if (!nl_whole(nlh) || (nlh->nlmsg_type >= NLMSG_MIN_TYPE && nlh->nlmsg_type / 4 != a->asked / 4)) {
		a->sys = a->sys == 0 ? EBADMSG : a->sys;
		a->done = a->done || !a->dump;
		return;
	}
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		a->sys = errno_of(e->error);
		a->done = true;
		keep_ext(nl, nlh);
	} else if (nlh->nlmsg_type == NLMSG_DONE) {
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int) && *(const int *)mnl_nlmsg_get_payload(nlh) < 0)
			a->sys = errno_of(*(const int *)mnl_nlmsg_get_payload(nlh));
		a->done = true;
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE) {
		/* After a refused row the rest is still read, so that the socket stays usable. */
		if (a->sys == 0 && a->row != NULL)
			a->sys = a->row(a->arg, nlh);
		if (!a->dump && !a->ack)
			a->done = true;
	}
}

static int
receive(struct nl *nl, struct answer *a)
{
	while (!a->done) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)nl->rx;
		ssize_t got = mnl_socket_recvfrom(nl->sock, nl->rx, NL_RX_SIZE);
		int left;

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			nl->cut = true;
			return (errno);
		}
		for (left = (int)got; nl_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			if (nlh->nlmsg_seq == nl->seq)
				take(nl, a, nlh);
	}
	return (a->sys);
}

/* Before the rest of a table has been read, the kernel refuses to begin another one on this socket. */
static void
read_rest(struct nl *nl)
{
	while (recv(mnl_socket_get_fd(nl->sock), nl->rx, NL_RX_SIZE, MSG_DONTWAIT) != -1 || errno == EINTR)
		;
	nl->cut = errno != EAGAIN;
}

static int
ask(struct nl *nl, struct nlmsghdr *nlh, struct answer *a)
{
	a->asked = nlh->nlmsg_type;
	nlh->nlmsg_seq = ++nl->seq;
	nl->ext[0] = '\0';
	if (nl->cut)
		read_rest(nl);
	while (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) == -1)
		if (errno != EINTR)
			return (errno);
	return (receive(nl, a));
}

int
nl_talk(struct nl *nl, struct nlmsghdr *nlh)
{
	struct answer a = { .ack = true };

	nlh->nlmsg_flags |= NLM_F_ACK;
	return (ask(nl, nlh, &a));
}

int
nl_query(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg)
{
	struct answer a = { .row = row, .arg = arg };

	return (ask(nl, nlh, &a));
}

int
nl_dump(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg)
{
	struct answer a = { .row = row, .arg = arg, .dump = true };
	int sys;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	sys = ask(nl, nlh, &a);
	return (sys == 0 && a.interrupted ? EINTR : sys);
}

int
nl_dump_still(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg, size_t size)
{
	char first[STILL_SIZE];
	int sys = EINTR;

	assert(size <= sizeof(first));
	memcpy(first, arg, size);
	for (int i = 0; i < STILL_TRIES && sys == EINTR; i++) {
		memcpy(arg, first, size);
		sys = nl_dump(nl, nlh, row, arg);
	}
	return (sys);
}

int
nl_fail(const struct nl *nl, struct err *err, int sys, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (nl->ext[0] != '\0')
		err_num(err, sys, "%s: %s", what, nl->ext);
	else
		err_num(err, sys, "%s", what);
	if (err != NULL && sys == EEXIST)
		err->code = ERR_EXISTS;
	return (-1);
}
