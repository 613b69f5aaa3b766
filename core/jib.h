/*
 * jib: the names and addresses of jib, the script of FreeBSD's share/examples/jails that existing jail.conf files call.
 */
#ifndef JN_JIB_H
#define JN_JIB_H

#include "core/addr.h"

/* NAME: ^[0-9A-Za-z_]+$ */
bool jib_name_ok(const char *name);
/* The historic BSD checksum of sum(1). */
uint16_t jib_sum(const char *name);
/* The addresses jib gives pair number 'counter' of one call on this parent. */
void jib_macs(const struct mac *parent, const char *name, unsigned counter, struct mac *a, struct mac *b);

#endif
