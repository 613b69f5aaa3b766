/*
 * valid_int: what the valid_*.c files share.  Private to validation.
 */
#ifndef JN_VALID_INT_H
#define JN_VALID_INT_H

#include "core/valid.h"

/* One object and where its errors go. */
struct look {
	const struct object *o;
	uint32_t features;
	struct errs *errs;
};

/* fmt makes the pointer below the object, "/mtu"; msg is taken as it is.  Returns -1. */
int valid_bad(const struct look *l, enum err_code code, const char *msg, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* ASCII letters and digits, whatever the locale. */
bool valid_is_alnum(char c);
bool valid_is_loopback(const struct ip *ip);
void valid_jail(const struct look *l);

/* Names, MACs and addresses that must be unique.  root: for each bridge the next one of its L2 segment's tree, see
 * valid_topo.c. */
void valid_unique(const struct topo *t, const size_t *root, struct errs *errs);

#endif
