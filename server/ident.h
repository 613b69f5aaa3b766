/*
 * ident: what the pure middle may not touch: clocks and random numbers.
 */
#ifndef JN_IDENT_H
#define JN_IDENT_H

#include "core/model.h"

int ident_init(struct err *err);	/* libsodium; before any thread */
/* prefix + 26 characters of Crockford base32 (130 bits): "ep_01JD8Q...".  prefix is 2 letters and '_'. */
void ident_new(const char *prefix, char out[ID_SIZE]);
const char *ident_prefix(enum kind kind);
void ident_random(void *p, size_t size);
int64_t ident_now_ms(void);	/* wall clock, for people */
int64_t ident_mono_ms(void);	/* monotonic, for timers */

#endif
