/* fbsd_lo: lo0 of a vnet.  It needs nothing of the driver but its words for errors: the sandbox has it too. */
#include "worker/freebsd/fbsd_sys.h"

#include <netinet/in_var.h>

#include <errno.h>
#include <string.h>

#include "worker/freebsd/fbsd.h"

#define LO "lo0"

static int
up(int s)
{
	struct ifreq ifr = { .ifr_name = LO };

	if (ioctl(s, SIOCGIFFLAGS, &ifr) == -1)
		return (errno);
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	return (ioctl(s, SIOCSIFFLAGS, &ifr) == -1 ? errno : 0);
}

/* 127.0.0.1/8, unless there is an IPv4 address already. */
static int
address(int s4)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin), .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct in_aliasreq r = { .ifra_name = LO, .ifra_addr = sin, .ifra_mask = sin };
	struct ifreq ifr = { .ifr_name = LO };

	ifr.ifr_addr.sa_family = AF_INET;
	if (ioctl(s4, SIOCGIFADDR, &ifr) == 0)
		return (0);
	r.ifra_mask.sin_addr.s_addr = htonl(IN_CLASSA_NET);
	return (ioctl(s4, SIOCAIFADDR, &r) == -1 ? errno : 0);
}

int
fbsd_lo_up(const struct fbsd_in *in, struct err *err)
{
	int sys = up(in->s);

	/* ::1 comes by itself with up */
	if (sys == 0 && in->s4 != -1)
		sys = address(in->s4);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "bringing up " LO));
}
