/*
 * peers: what one HTTP listener remembers of the addresses that talk to it: connections, wrong credentials, requests a second;
 * and of the tokens that they use: requests a second.
 *
 * A fixed table: a flood from many addresses costs no memory, it only forgets the quiet ones earlier.  An IPv6 client is its /64: whoever has
 * one address of it has them all; a client of the UNIX socket is its user.  Times are monotonic milliseconds.  One thread.
 */
#ifndef JN_PEERS_H
#define JN_PEERS_H

#include "core/addr.h"

struct peer {
	struct ip net;
	uint32_t connections;
	int64_t used_at;
	/* wrong credentials */
	uint32_t failures;	/* in this minute */
	uint32_t strikes;	/* how often it was made to wait */
	int64_t minute_at, failed_at, blocked_until;
	/* rate: what is left of this moment, in thousandths of a request */
	int64_t credit, credit_at;
};
struct peers;

/* Instead of an address. */
struct ip peers_user(uint32_t uid);
struct ip peers_token(const char *id);

struct peers *peers_new(uint64_t seed);	/* NULL = out of memory */
void peers_free(struct peers *p);
/* Never NULL; valid until the next call, or as long as connections > 0. */
struct peer *peers_get(struct peers *p, const struct ip *ip, int64_t now);

/* A wrong credential: after PEER_FAILURES in a minute the address waits, longer each time. */
#define PEER_FAILURES 10
#define PEER_WAIT_MIN_MS 2000
#define PEER_WAIT_MAX_MS (15 * 60 * 1000)
void peer_failed(struct peer *p, int64_t now);
/* Seconds it still has to wait; 0 = none. */
int peer_waits(const struct peer *p, int64_t now);
/* One request; false = more than 'rate' a second.  rate 0 = no limit. */
bool peer_request(struct peer *p, uint32_t rate, int64_t now);

#endif
