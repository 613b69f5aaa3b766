/*
 * fuzz_netlink: what the Linux driver makes of the kernel's answers and notifications.  Input: datagrams, each with its length (u16, little
 * endian) in front; the first byte of all chooses the question.
 *
 * The driver's parsers are static: their file is included; and libmnl's socket functions are replaced by ours.
 */
#include <sys/socket.h>

#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "worker/linux/lnx_look.c"	/* not a header: its statics are what is tested */

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

static struct {
	const uint8_t *next;
	size_t left;
	struct nl *nl;
	int watch[2];
} input;

static struct lnx lnx;
static char rx[NL_RX_SIZE] __attribute__((aligned(16))), watch_rx[NL_RX_SIZE] __attribute__((aligned(16)));

static const uint8_t *
next_datagram(size_t *size)
{
	const uint8_t *p = input.next + 2;

	if (input.left < 2)
		return (NULL);
	*size = (size_t)(input.next[0] | input.next[1] << 8);
	if (*size > input.left - 2)
		*size = input.left - 2;
	if (*size > NL_RX_SIZE)
		*size = NL_RX_SIZE;
	input.next += 2 + *size;
	input.left -= 2 + *size;
	return (p);
}

/* Answers carry the number of the question, else nobody looks at them. */
ssize_t
mnl_socket_recvfrom(const struct mnl_socket *sock, void *buf, size_t room)
{
	struct nlmsghdr *nlh = buf;
	const uint8_t *p;
	size_t size;
	int left;

	(void)sock;
	ASAN_UNPOISON_MEMORY_REGION(buf, room);
	if ((p = next_datagram(&size)) == NULL || size == 0) {
		errno = ENOBUFS;
		return (-1);
	}
	memcpy(buf, p, size);
	for (left = (int)size; nl_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		nlh->nlmsg_seq = input.nl->seq;
	ASAN_POISON_MEMORY_REGION((char *)buf + size, room - size);
	return ((ssize_t)size);
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *sock, const void *buf, size_t size)
{
	(void)sock;
	(void)buf;
	return ((ssize_t)size);
}

int
mnl_socket_get_fd(const struct mnl_socket *sock)
{
	(void)sock;
	return (input.watch[0]);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, input.watch) == 0);
	lnx.host.rx = rx;
	lnx.watch_rx = watch_rx;
	lnx.portid = 1;
	input.nl = &lnx.host;
	return (0);
}

static void
as_answers(uint32_t only)
{
	struct observed out;
	struct look k = { .l = &lnx, .nl = &lnx.host, .jail = "", .only = only, .out = &out };
	struct err err = { 0 };

	observed_init(&out);
	(void)lnx_look_net(&k, &err);
	(void)lnx_look_forwards(&k);
	(void)lnx_counters(&lnx, &(struct cmd_observe){ OBSERVE_LINK, "re0" }, &out, &err);
	observed_sort(&out);
	for (size_t i = 0; i < out.nlinks; i++)
		FUZZ_CHECK(memchr(out.links[i].ifname, '\0', IFNAME_SIZE) != NULL && out.links[i].ntagged <= LIMIT_TAGGED);
	free(k.names.v);
	observed_fini(&out);
	ASAN_UNPOISON_MEMORY_REGION(rx, sizeof(rx));
}

static void
as_notifications(void)
{
	struct change change;
	const uint8_t *p;
	size_t size;

	while ((p = next_datagram(&size)) != NULL) {
		if (size > 0 && send(input.watch[1], p, size, MSG_DONTWAIT) == -1)
			break;
		while (lnx_watch_read(&lnx, &change) == 1)
			FUZZ_CHECK(memchr(change.ifname, '\0', sizeof(change.ifname)) != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return (0);
	input.next = data + 1;
	input.left = size - 1;
	lnx.host.seq = 0;
	lnx.watch_left = 0;
	if (data[0] % 3 == 2)
		as_notifications();
	else
		as_answers(data[0] % 3);
	return (0);
}
