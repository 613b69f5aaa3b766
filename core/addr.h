/*
 * addr: MAC addresses, IP addresses and prefixes as plain values.
 *
 * MAC text is lower-case colon form; IPv6 text is RFC 5952; a prefix is ADDRESS/LENGTH and keeps its host
 * bits (192.0.2.5/24 is an interface address).  Parsers take the whole string or fail with ERR_INVALID
 * and a message that says what would be right.
 */
#ifndef JN_ADDR_H
#define JN_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define MAC_TEXT_SIZE 18
#define IP_TEXT_SIZE 46
#define PREFIX_TEXT_SIZE 50

struct mac {
	uint8_t b[6];
};

/* family 4 or 6; 0 = not set.  IPv4 uses the first four bytes, the rest are zero. */
struct ip {
	uint8_t family;
	uint8_t b[16];
};

struct prefix {
	struct ip ip;
	uint8_t len;
};

int mac_parse(const char *s, struct mac *out, struct err *err);
const char *mac_format(const struct mac *m, char buf[MAC_TEXT_SIZE]);
bool mac_equal(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *m);
/* Unicast and not all zero: may be put on an interface. */
bool mac_is_usable(const struct mac *m);
/* Turns six random bytes into a locally administered unicast address (46 random bits). IEEE 802c. */
void mac_make_local(struct mac *m);

int ip_parse(const char *s, struct ip *out, struct err *err);
const char *ip_format(const struct ip *ip, char buf[IP_TEXT_SIZE]);
int ip_cmp(const struct ip *a, const struct ip *b);
bool ip_is_link_local(const struct ip *ip);	/* fe80::/10 */
bool ip_is_multicast(const struct ip *ip);
bool ip_is_unspecified(const struct ip *ip);

int prefix_parse(const char *s, struct prefix *out, struct err *err);
const char *prefix_format(const struct prefix *p, char buf[PREFIX_TEXT_SIZE]);
int prefix_cmp(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *net, const struct ip *ip);
/* True when both cover a common address (same family). */
bool prefix_overlap(const struct prefix *a, const struct prefix *b);
/* Host bits cleared. */
struct prefix prefix_network(const struct prefix *p);
bool prefix_is_default(const struct prefix *p);	/* length 0 */

#endif
