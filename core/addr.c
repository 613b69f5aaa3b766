/*
 * addr: MAC, IP and prefix text and arithmetic.
 */
#include "core/addr.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

static size_t
ip_size(uint8_t family)
{
	return (family == 4 ? 4 : 16);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

int
mac_parse(const char *s, struct mac *out, struct err *err)
{
	struct mac m;
	size_t i;
	int hi, lo;

	if (strlen(s) != MAC_TEXT_SIZE - 1)
		goto bad;
	for (i = 0; i < sizeof(m.b); i++, s += 3) {
		hi = hex_digit(s[0]);
		lo = hex_digit(s[1]);
		if (hi == -1 || lo == -1 || s[2] != (i == sizeof(m.b) - 1 ? '\0' : ':'))
			goto bad;
		m.b[i] = (uint8_t)(hi << 4 | lo);
	}
	*out = m;
	return (0);
bad:
	return (err_set(err, ERR_INVALID, "not a MAC address: six pairs of hex digits with colons, "
	    "such as 02:00:5e:10:00:01"));
}

const char *
mac_format(const struct mac *m, char buf[MAC_TEXT_SIZE])
{
	snprintf(buf, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4],
	    m->b[5]);
	return (buf);
}

bool
mac_equal(const struct mac *a, const struct mac *b)
{
	return (memcmp(a->b, b->b, sizeof(a->b)) == 0);
}

bool
mac_is_zero(const struct mac *m)
{
	static const struct mac zero;

	return (mac_equal(m, &zero));
}

bool
mac_is_usable(const struct mac *m)
{
	return ((m->b[0] & 0x01) == 0 && !mac_is_zero(m));
}

void
mac_make_local(struct mac *m)
{
	m->b[0] = (uint8_t)((m->b[0] & 0xfc) | 0x02);
}

int
ip_parse(const char *s, struct ip *out, struct err *err)
{
	struct ip ip = { 0 };

	/* inet_pton takes neither blanks, leading zeros nor scope names. */
	if (inet_pton(AF_INET, s, ip.b) == 1)
		ip.family = 4;
	else {
		memset(ip.b, 0, sizeof(ip.b));
		if (inet_pton(AF_INET6, s, ip.b) != 1)
			return (err_set(err, ERR_INVALID, "not an IP address: four decimal numbers such as 192.0.2.1, "
			    "or IPv6 such as 2001:db8::1"));
		ip.family = 6;
	}
	*out = ip;
	return (0);
}

/* Longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static void
ip6_longest_zeros(const uint16_t g[8], size_t *start, size_t *len)
{
	size_t i, run = 0;

	*start = 8;
	*len = 1;
	for (i = 0; i < 8; i++) {
		run = g[i] == 0 ? run + 1 : 0;
		if (run > *len) {
			*len = run;
			*start = i + 1 - run;
		}
	}
}

/* Not inet_ntop: the C libraries differ in when they end in dotted decimal. */
static void
ip6_format(const uint8_t b[16], char buf[IP_TEXT_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint16_t g[8];
	size_t i, start, len, pos = 0;

	if (memcmp(b, mapped, sizeof(mapped)) == 0) {
		snprintf(buf, IP_TEXT_SIZE, "::ffff:%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
		return;
	}
	for (i = 0; i < 8; i++)
		g[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	ip6_longest_zeros(g, &start, &len);
	for (i = 0; i < 8;) {
		if (i == start) {
			pos += (size_t)snprintf(buf + pos, IP_TEXT_SIZE - pos, "::");
			i += len;
			continue;
		}
		pos += (size_t)snprintf(buf + pos, IP_TEXT_SIZE - pos, "%s%x", i == 0 || i == start + len ? "" : ":",
		    g[i]);
		i++;
	}
}

const char *
ip_format(const struct ip *ip, char buf[IP_TEXT_SIZE])
{
	if (ip->family == 4)
		snprintf(buf, IP_TEXT_SIZE, "%u.%u.%u.%u", ip->b[0], ip->b[1], ip->b[2], ip->b[3]);
	else if (ip->family == 6)
		ip6_format(ip->b, buf);
	else
		buf[0] = '\0';
	return (buf);
}

int
ip_cmp(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return (a->family < b->family ? -1 : 1);
	return (memcmp(a->b, b->b, ip_size(a->family)));
}

bool
ip_is_link_local(const struct ip *ip)
{
	return (ip->family == 6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80);
}

bool
ip_is_multicast(const struct ip *ip)
{
	if (ip->family == 4)
		return ((ip->b[0] & 0xf0) == 0xe0);
	return (ip->family == 6 && ip->b[0] == 0xff);
}

bool
ip_is_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];

	return (ip->family != 0 && memcmp(ip->b, zero, ip_size(ip->family)) == 0);
}

int
prefix_parse(const char *s, struct prefix *out, struct err *err)
{
	char text[PREFIX_TEXT_SIZE];
	struct prefix p = { 0 };
	uint64_t len, max;
	char *slash;

	if (str_copy(text, sizeof(text), s) == -1 || (slash = strchr(text, '/')) == NULL)
		goto bad;
	*slash = '\0';
	if (ip_parse(text, &p.ip, NULL) == -1)
		goto bad;
	max = p.ip.family == 4 ? 32 : 128;
	if (str_u64(slash + 1, 0, max, &len) == -1)
		return (err_set(err, ERR_INVALID, "prefix length must be a number from 0 to %u",
		    p.ip.family == 4 ? 32u : 128u));
	p.len = (uint8_t)len;
	*out = p;
	return (0);
bad:
	return (err_set(err, ERR_INVALID, "not ADDRESS/LENGTH, such as 192.0.2.1/24 or 2001:db8::1/64"));
}

const char *
prefix_format(const struct prefix *p, char buf[PREFIX_TEXT_SIZE])
{
	char ip[IP_TEXT_SIZE];

	snprintf(buf, PREFIX_TEXT_SIZE, "%s/%u", ip_format(&p->ip, ip), p->len);
	return (buf);
}

int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int c = ip_cmp(&a->ip, &b->ip);

	if (c != 0)
		return (c);
	return ((a->len > b->len) - (a->len < b->len));
}

/* Do the first len bits agree? */
static bool
same_bits(const uint8_t *a, const uint8_t *b, uint8_t len)
{
	size_t bytes = len / 8;
	uint8_t mask = (uint8_t)(0xff00 >> len % 8);

	return (memcmp(a, b, bytes) == 0 && (len % 8 == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0));
}

bool
prefix_contains(const struct prefix *net, const struct ip *ip)
{
	return (net->ip.family == ip->family && ip->family != 0 && same_bits(net->ip.b, ip->b, net->len));
}

bool
prefix_overlap(const struct prefix *a, const struct prefix *b)
{
	/* Of two blocks either the wider holds the other, or they are apart. */
	return (a->len <= b->len ? prefix_contains(a, &b->ip) : prefix_contains(b, &a->ip));
}

struct prefix
prefix_network(const struct prefix *p)
{
	struct prefix net = *p;
	size_t i, bit;

	for (i = 0; i < sizeof(net.ip.b); i++) {
		bit = i * 8;
		if (bit >= p->len)
			net.ip.b[i] = 0;
		else if (p->len - bit < 8)
			net.ip.b[i] &= (uint8_t)(0xff00 >> (p->len - bit));
	}
	return (net);
}

bool
prefix_is_default(const struct prefix *p)
{
	return (p->len == 0);
}
