/* peers: see peers.h */
#include "server/peers.h"

#include <stdlib.h>
#include <string.h>

#define SETS 256
#define WAYS 8
#define MINUTE_MS 60000

struct peers {
	uint64_t seed;		/* nobody outside can choose whom to push out */
	struct peer v[SETS][WAYS];
};

struct peers *
peers_new(uint64_t seed)
{
	struct peers *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->seed = seed;
	return (p);
}

void
peers_free(struct peers *p)
{
	free(p);
}

struct ip
peers_user(uint32_t uid)
{
	struct ip ip = { .family = 1 };

	memcpy(ip.b, &uid, sizeof(uid));
	return (ip);
}

static uint64_t
mix(uint64_t h, const void *data, size_t size)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < size; i++) {
		h = (h ^ b[i]) * 1099511628211ULL;
		h ^= h >> 29;
	}
	return (h ^ h >> 32);
}

/* The half that counts of an IPv6 address; two tokens that share one share their rate, too. */
struct ip
peers_token(const char *id)
{
	struct ip ip = { .family = 6 };
	uint64_t h = mix(14695981039346656037ULL, id, strlen(id));

	memcpy(ip.b, &h, sizeof(h));
	return (ip);
}

/* Whom to forget: the one that was quiet longest, connections and punishments last. */
static int64_t
worth(const struct peer *p, int64_t now)
{
	if (p->net.family == 0)
		return (-1);
	return (p->used_at + (p->connections > 0 ? INT64_MAX / 2 : p->blocked_until > now ? INT64_MAX / 4 : 0));
}

struct peer *
peers_get(struct peers *p, const struct ip *ip, int64_t now)
{
	struct prefix one = { .ip = *ip, .len = ip->family == 6 ? 64 : 32 };
	struct ip net = prefix_network(&one).ip;
	struct peer *set = p->v[mix(p->seed ^ 14695981039346656037ULL, net.b, sizeof(net.b)) % SETS], *least = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].net.family == net.family && ip_cmp(&set[i].net, &net) == 0) {
			set[i].used_at = now;
			return (&set[i]);
		}
		if (worth(&set[i], now) < worth(least, now))
			least = &set[i];
	}
	/* everybody here has connections: share, rather than count wrongly */
	if (least->connections == 0) {
		memset(least, 0, sizeof(*least));
		least->net = net;
		least->credit_at = now - 1000;
	}
	least->used_at = now;
	return (least);
}

void
peer_failed(struct peer *p, int64_t now)
{
	int64_t wait;

	if (now - p->failed_at > PEER_WAIT_MAX_MS)
		p->strikes = 0;
	if (now - p->minute_at >= MINUTE_MS) {
		p->minute_at = now;
		p->failures = 0;
	}
	p->failed_at = now;
	if (++p->failures < PEER_FAILURES && p->strikes == 0)
		return;
	wait = (int64_t)PEER_WAIT_MIN_MS << (p->strikes < 10 ? p->strikes : 10);
	p->blocked_until = now + (wait < PEER_WAIT_MAX_MS ? wait : PEER_WAIT_MAX_MS);
	p->strikes++;
}

int
peer_waits(const struct peer *p, int64_t now)
{
	return (p->blocked_until <= now ? 0 : (int)((p->blocked_until - now + 999) / 1000));
}

bool
peer_request(struct peer *p, uint32_t rate, int64_t now)
{
	int64_t most = (int64_t)rate * 1000;

	if (rate == 0)
		return (true);
	/* a second's worth can be saved up */
	if (now - p->credit_at >= 1000)
		p->credit = most;
	else
		p->credit += (now - p->credit_at) * rate;
	if (p->credit > most)
		p->credit = most;
	p->credit_at = now;
	if (p->credit < 1000)
		return (false);
	p->credit -= 1000;
	return (true);
}
