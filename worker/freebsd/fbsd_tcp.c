/*
 * fbsd_tcp: TCP connections that outlive the processes of a jail.
 *
 * Each of them keeps the dying jail, and everything in it, for up to a minute (TIME_WAIT is twice net.inet.tcp.msl); the other side
 * learns nothing new from it, because the processes are gone already.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcp_fsm.h>
#include <netinet/tcp_var.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "worker/freebsd/fbsd_prison.h"

static void
address4(struct sockaddr_storage *out, struct in_addr addr, in_port_t port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)out;

	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	sin->sin_addr = addr;
	sin->sin_port = port;
}

static void
address6(struct sockaddr_storage *out, const struct in6_addr *addr, in_port_t port)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;

	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = *addr;
	sin6->sin6_port = port;
}

static void
drop(const struct xtcpcb *t, struct prison_tcp *out)
{
	const struct xinpcb *inp = &t->xt_inp;
	struct sockaddr_storage addrs[2];	/* foreign, local */

	memset(addrs, 0, sizeof(addrs));
	out->found++;
	if (t->t_state == TCPS_TIME_WAIT)
		out->time_wait++;
	if (inp->inp_vflag & INP_IPV4) {
		address4(&addrs[0], inp->inp_inc.inc_faddr, inp->inp_inc.inc_fport);
		address4(&addrs[1], inp->inp_inc.inc_laddr, inp->inp_inc.inc_lport);
	} else {
		address6(&addrs[0], &inp->inp_inc.inc6_faddr, inp->inp_inc.inc_fport);
		address6(&addrs[1], &inp->inp_inc.inc6_laddr, inp->inp_inc.inc_lport);
	}
	if (sysctlbyname("net.inet.tcp.drop", NULL, NULL, addrs, sizeof(addrs)) == 0)
		out->dropped++;
}

int
prison_tcp_drop(struct fbsd_in *in, void *arg, struct err *err)
{
	struct prison_tcp *out = arg;
	const struct xinpgen *head;
	size_t size = 0;
	char *buf = NULL;
	int rc = -1;

	(void)in;
	for (int i = 0; i < 5 && rc == -1; i++) {
		free(buf);
		buf = NULL;
		if (sysctlbyname("net.inet.tcp.pcblist", NULL, &size, NULL, 0) == -1)
			break;
		size += 8 * sizeof(struct xtcpcb);
		if ((buf = malloc(size)) == NULL)
			return (err_nomem(err));
		rc = sysctlbyname("net.inet.tcp.pcblist", buf, &size, NULL, 0);
		if (rc == -1 && errno != ENOMEM)
			break;
	}
	if (rc == -1) {
		err_sys(err, "net.inet.tcp.pcblist");
		free(buf);
		return (-1);
	}
	head = (const struct xinpgen *)(const void *)buf;
	for (size_t at = (size_t)head->xig_len; at + sizeof(struct xtcpcb) <= size;) {
		struct xtcpcb t;

		memcpy(&t, buf + at, sizeof(t));
		if (t.xt_len < sizeof(t))
			break;	/* the closing xinpgen */
		if (t.t_state != TCPS_LISTEN && t.t_state != TCPS_CLOSED)
			drop(&t, out);
		at += (size_t)t.xt_len;
	}
	free(buf);
	return (0);
}
