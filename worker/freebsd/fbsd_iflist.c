/* fbsd_iflist: reading the kernel's list of interfaces and addresses. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"

int
fbsd_iflist_read(struct fbsd_iflist *l, unsigned index)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, AF_UNSPEC, NET_RT_IFLISTL, (int)index };

	l->at = 0;
	return (fbsd_table_read(mib, NELEMS(mib), &l->buf, &l->len));
}

void
fbsd_iflist_fini(struct fbsd_iflist *l)
{
	free(l->buf);
	l->buf = NULL;
}

const struct sockaddr *
fbsd_rt_addr(const char *at, const char *end, int present, int which)
{
	for (int i = 0; i < RTAX_MAX && at < end; i++) {
		const struct sockaddr *sa = (const struct sockaddr *)(const void *)at;

		if ((present & 1 << i) == 0)
			continue;
		if (at + (sa->sa_len == 0 ? 1 : sa->sa_len) > end)
			return (NULL);
		if (i == which)
			return (sa);
		/* SA_SIZE() of net/route.h, without its casts */
		at += sa->sa_len == 0 ? sizeof(long) : 1 + ((sa->sa_len - 1u) | (sizeof(long) - 1));
	}
	return (NULL);
}

void
fbsd_ip_of(const struct sockaddr *sa, struct ip *out)
{
	memset(out, 0, sizeof(*out));
	if (sa == NULL)
		return;
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in = { 0 };

		memcpy(&in, sa, sa->sa_len < sizeof(in) ? sa->sa_len : sizeof(in));
		out->family = 4;
		memcpy(out->b, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6 = { 0 };

		memcpy(&in6, sa, sa->sa_len < sizeof(in6) ? sa->sa_len : sizeof(in6));
		out->family = 6;
		memcpy(out->b, &in6.sin6_addr, 16);
	}
}

uint8_t
fbsd_mask_len(const struct sockaddr *sa, uint8_t family)
{
	size_t from = family == 4 ? offsetof(struct sockaddr_in, sin_addr) : offsetof(struct sockaddr_in6, sin6_addr);
	size_t bytes = family == 4 ? 4 : 16;
	const uint8_t *p = (const uint8_t *)sa;
	unsigned len = 0;

	if (sa == NULL)
		return ((uint8_t)(bytes * 8));
	/* a mask may be cut after its last byte that is not zero */
	for (size_t i = 0; i < bytes && from + i < sa->sa_len; i++)
		for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
			if ((p[from + i] & bit) == 0)
				return ((uint8_t)len);
			len++;
		}
	return ((uint8_t)len);
}

static bool
take_link(const struct if_msghdrl *h, const char *end, struct fbsd_ifmsg *out)
{
	const char *sas = (const char *)h + h->ifm_len;
	const struct sockaddr *sa = fbsd_rt_addr(sas, end, h->ifm_addrs, RTAX_IFP);
	const struct if_data *data = (const struct if_data *)(const void *)((const char *)h + h->ifm_data_off);
	struct sockaddr_dl sdl = { 0 };

	if (sa == NULL || sa->sa_family != AF_LINK)
		return (false);
	memcpy(&sdl, sa, sa->sa_len < sizeof(sdl) ? sa->sa_len : sizeof(sdl));
	if (sdl.sdl_nlen == 0 || sdl.sdl_nlen >= IFNAME_SIZE || (size_t)sdl.sdl_nlen + sdl.sdl_alen > sizeof(sdl.sdl_data))
		return (false);
	out->index = h->ifm_index;
	out->flags = h->ifm_flags;
	memcpy(out->name, sdl.sdl_data, sdl.sdl_nlen);
	out->type = data->ifi_type;	/* sdl_type says Ethernet for bridges and VLANs too */
	if (sdl.sdl_alen == sizeof(out->mac.b))
		memcpy(out->mac.b, sdl.sdl_data + sdl.sdl_nlen, sizeof(out->mac.b));
	out->mtu = (uint32_t)data->ifi_mtu;
	out->data = *data;
	out->carrier = data->ifi_link_state == LINK_STATE_UP ||
	    (data->ifi_link_state == LINK_STATE_UNKNOWN && (h->ifm_flags & IFF_DRV_RUNNING) != 0);
	return (true);
}

static bool
take_addr(const struct ifa_msghdrl *h, const char *end, struct fbsd_ifmsg *out)
{
	const char *sas = (const char *)h + h->ifam_len;

	out->is_addr = true;
	out->index = h->ifam_index;
	fbsd_ip_of(fbsd_rt_addr(sas, end, h->ifam_addrs, RTAX_IFA), &out->prefix.ip);
	if (out->prefix.ip.family == 0)
		return (false);
	out->prefix.len = fbsd_mask_len(fbsd_rt_addr(sas, end, h->ifam_addrs, RTAX_NETMASK), out->prefix.ip.family);
	return (true);
}

bool
fbsd_iflist_next(struct fbsd_iflist *l, struct fbsd_ifmsg *out)
{
	while (l->at + sizeof(struct rt_msghdr) / 4 < l->len) {
		const char *at = l->buf + l->at;
		const struct if_msghdrl *link = (const struct if_msghdrl *)(const void *)at;
		const char *end = at + link->ifm_msglen;	/* all messages begin with length, version, type */

		if (link->ifm_msglen == 0 || l->at + link->ifm_msglen > l->len)
			return (false);
		l->at += link->ifm_msglen;
		memset(out, 0, sizeof(*out));
		if (link->ifm_type == RTM_IFINFO && take_link(link, end, out))
			return (true);
		if (link->ifm_type == RTM_NEWADDR &&
		    take_addr((const struct ifa_msghdrl *)(const void *)at, end, out))
			return (true);
	}
	return (false);
}
