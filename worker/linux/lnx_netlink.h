/*
 * nl: one rtnetlink socket, one request at a time.
 *
 * Requests are built with libmnl in a caller's buffer of NL_REQ_SIZE bytes.  The talking functions return 0 or an errno value; the
 * kernel's own sentence (extended ack), if it gave one, stays in nl->ext until the next request and nl_fail() puts both
 * into an err.  A socket works in the network namespace it was opened in.
 */
#ifndef JN_LNX_NETLINK_H
#define JN_LNX_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "core/err.h"

#define NL_REQ_SIZE 2048
#define NL_RX_SIZE 65536	/* the kernel fills dump answers up to 32 KiB when the reader has room */

struct nl {
	struct mnl_socket *sock;
	char *rx;		/* borrowed: NL_RX_SIZE bytes shared by all sockets of a driver */
	uint32_t seq;
	bool cut;		/* the last answer was not read to its end */
	char ext[160];
};

/* portid: the address wanted, so that notifications tell our own requests; another one is taken when it is in use. */
int nl_open(struct nl *nl, char *rx, uint32_t portid, struct err *err);
void nl_close(struct nl *nl);	/* a closed or zeroed one is fine */

struct nlmsghdr *nl_begin(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags);
struct ifinfomsg *nl_begin_link(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags, struct nlmsghdr **out);

/* Called for each answer; stops the request when it returns an errno value. */
typedef int nl_row(void *arg, const struct nlmsghdr *nlh);

/* Sends with NLM_F_ACK and waits for the ack. */
int nl_talk(struct nl *nl, struct nlmsghdr *nlh);
/* Asks for one object. */
int nl_query(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg);
/* Asks for all.  EINTR: the table changed meanwhile, the rows given are not to be trusted; ask again. */
int nl_dump(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg);

/* The same until the table has stood still, for a while; each time *arg, of that size, is as it was at first. */
int nl_dump_still(struct nl *nl, struct nlmsghdr *nlh, nl_row *row, void *arg, size_t size);

/* Fills err from an errno value of the above and the kernel's sentence; returns -1. */
int nl_fail(const struct nl *nl, struct err *err, int sys, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Is there a message in these bytes?  (mnl_nlmsg_ok takes a length of 2 GiB for a negative one.) */
bool nl_ok(const struct nlmsghdr *nlh, int left);
/* False when the message is shorter than the fixed header that its type begins with. */
bool nl_whole(const struct nlmsghdr *nlh);

/* Attributes of a message by type, up to max; unknown ones are left out.  The array has max + 1 places. */
void nl_attrs(const struct nlmsghdr *nlh, size_t header, const struct nlattr **tb, uint16_t max);
/* Values of attributes; 0 and "" when it is missing, too short or not terminated: what the kernel sends is checked, too. */
uint8_t nl_u8(const struct nlattr *a);
uint16_t nl_u16(const struct nlattr *a);
uint32_t nl_u32(const struct nlattr *a);
const char *nl_str(const struct nlattr *a);
/* len bytes, or NULL when there are fewer. */
const void *nl_bytes(const struct nlattr *a, size_t len);
void nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max);

#endif
