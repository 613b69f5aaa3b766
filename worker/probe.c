/*
 * probe: real ICMP and ICMPv6 echoes.
 *
 * A raw socket sees every ICMP message of its network; ours are told by identifier and sequence number.
 */
#include "worker/probe.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/icmp6.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"

#define ECHO_DATA 48
#define IP4_HEADER 20
#define IP6_HEADER 40

/* RFC 792; the systems' headers for these clash with each other and with core/addr.h */
enum { V4_ECHOREPLY = 0, V4_UNREACH = 3, V4_ECHO = 8, V4_EXCEEDED = 11 };
enum { V4_NET = 0, V4_HOST = 1, V4_PROTOCOL = 2, V4_PORT = 3, V4_NEEDFRAG = 4, V4_FILTERED = 13, V4_TTL = 0 };

struct echo {		/* the same layout in both families */
	uint8_t type, code;
	uint16_t sum, id, seq;
	uint8_t data[ECHO_DATA];
};

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

/* RFC 1071 */
static uint16_t
checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (htons((uint16_t)~sum));
}

static const struct {
	uint8_t type, code;
	const char *text;
} unreachable4[] = {
	{ V4_UNREACH, V4_NET, "Destination Net Unreachable" },
	{ V4_UNREACH, V4_HOST, "Destination Host Unreachable" },
	{ V4_UNREACH, V4_PROTOCOL, "Destination Protocol Unreachable" },
	{ V4_UNREACH, V4_PORT, "Destination Port Unreachable" },
	{ V4_UNREACH, V4_NEEDFRAG, "Fragmentation needed" },
	{ V4_UNREACH, V4_FILTERED, "Packet filtered" },
	{ V4_EXCEEDED, V4_TTL, "Time to live exceeded" },
}, unreachable6[] = {
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, "Destination unreachable: No route" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, "Destination unreachable: Administratively prohibited" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, "Destination unreachable: Address unreachable" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, "Destination unreachable: Port unreachable" },
	{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, "Time to live exceeded" },
	{ ICMP6_PACKET_TOO_BIG, 0, "Packet too big" },
};

static void
note_unreachable(struct probe *p, uint8_t type, uint8_t code)
{
	size_t n = p->v4 ? NELEMS(unreachable4) : NELEMS(unreachable6);

	for (size_t i = 0; i < n; i++) {
		const char *text = p->v4 ? unreachable4[i].text : unreachable6[i].text;

		if (type == (p->v4 ? unreachable4[i].type : unreachable6[i].type) &&
		    code == (p->v4 ? unreachable4[i].code : unreachable6[i].code))
			(void)str_copy(p->out->probe_error, sizeof(p->out->probe_error), text);
	}
}

/*
 * One received message.  True when it answers echo 'seq'.  An error message quotes the packet it is about: IP header,
 * then our echo header.
 */
static bool
is_answer(struct probe *p, uint16_t seq, const uint8_t *m, size_t len)
{
	struct echo e = { 0 };
	size_t skip = 0, quoted;

	if (p->v4 && p->raw)
		skip = (size_t)(m[0] & 0x0f) * 4;
	if (len < skip + 8)
		return (false);
	memcpy(&e, m + skip, 8);
	if (e.type == (p->v4 ? V4_ECHOREPLY : ICMP6_ECHO_REPLY))
		return ((!p->raw || e.id == p->id) && e.seq == htons(seq));
	quoted = skip + 8 + (p->v4 ? IP4_HEADER : IP6_HEADER);
	if (len >= quoted + 8) {
		struct echo ours;

		memcpy(&ours, m + quoted, 8);
		if (ours.type == (p->v4 ? V4_ECHO : ICMP6_ECHO_REQUEST) && ours.id == p->id)
			note_unreachable(p, e.type, e.code);
	}
	return (false);
}

/* Waits for the answer to 'seq' until the deadline. */
static void
wait_answer(struct probe *p, uint16_t seq)
{
	int64_t deadline = p->sent_us + (int64_t)p->c->timeout_ms * 1000;
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	uint8_t m[1500];

	for (;;) {
		int64_t left = deadline - now_us();
		ssize_t n;

		if (left <= 0 || (poll(&pfd, 1, (int)((left + 999) / 1000)) == -1 && errno != EINTR))
			return;
		n = recv(p->fd, m, sizeof(m), MSG_DONTWAIT);
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			/* the kernel's own finding about an earlier packet, "No route to host" */
			(void)str_copy(p->out->probe_error, sizeof(p->out->probe_error), strerror(errno));
			continue;
		}
		if (n > 0 && is_answer(p, seq, m, (size_t)n)) {
			p->out->rtt_us[p->out->received++] = (uint32_t)(now_us() - p->sent_us);
			return;
		}
	}
}

static void
one(struct probe *p, uint16_t seq)
{
	struct echo e = { .type = p->v4 ? V4_ECHO : ICMP6_ECHO_REQUEST, .id = p->id, .seq = htons(seq) };

	for (size_t i = 0; i < sizeof(e.data); i++)
		e.data[i] = (uint8_t)i;
	if (p->v4)
		e.sum = checksum(&e, sizeof(e));
	p->sent_us = now_us();
	p->out->sent++;
	if (sendto(p->fd, &e, sizeof(e), 0, &p->to.sa, p->to_len) == -1)
		(void)str_copy(p->out->probe_error, sizeof(p->out->probe_error), strerror(errno));
	else
		wait_answer(p, seq);
}

int
probe_open(struct probe *p, const struct cmd_probe *c, struct reply *out, struct err *err)
{
	int domain, proto;

	memset(p, 0, sizeof(*p));
	p->c = c;
	p->out = out;
	p->v4 = c->to.family == 4;
	domain = p->v4 ? AF_INET : AF_INET6;
	proto = p->v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	p->raw = true;
	p->fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC, proto);
	if (p->fd == -1) {
		p->raw = false;
		p->fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, proto);
	}
	if (p->fd == -1)
		return (err_sys(err, "probe socket"));
#ifdef __FreeBSD__
	p->to.sa.sa_len = p->v4 ? sizeof(p->to.in) : sizeof(p->to.in6);
#endif
	if (p->v4) {
		p->to.in.sin_family = AF_INET;
		memcpy(&p->to.in.sin_addr, p->c->to.b, 4);
		p->to_len = sizeof(p->to.in);
	} else {
		p->to.in6.sin6_family = AF_INET6;
		memcpy(&p->to.in6.sin6_addr, p->c->to.b, 16);
		p->to_len = sizeof(p->to.in6);
	}
	p->id = htons((uint16_t)getpid());
	return (0);
}

static void
pause_until(int64_t us)
{
	int64_t left = us - now_us();
	struct timespec ts = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };

	if (left > 0)
		nanosleep(&ts, NULL);
}

void
probe_run(struct probe *p)
{
	uint32_t count = p->c->count > PROBE_MAX ? PROBE_MAX : p->c->count;

	for (uint32_t i = 0; i < count; i++) {
		one(p, (uint16_t)(i + 1));
		if (i + 1 < count)
			pause_until(p->sent_us + (int64_t)p->c->interval_ms * 1000);
	}
	close(p->fd);
	p->fd = -1;
	if (p->out->received == p->out->sent)
		p->out->probe_error[0] = '\0';
	p->out->result = REPLY_DONE;
}
