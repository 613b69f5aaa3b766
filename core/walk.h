/*
 * walk: one walk over the fields of a struct that either writes or reads them, so that the two directions of the wire
 * cannot drift apart.  Private to wire.c and wire_observed.c.  Errors stick in w.b.bad and are tested once, at the end.
 */
#ifndef JN_WALK_H
#define JN_WALK_H

#include "core/buf.h"
#include "core/wire.h"

struct walk {
	struct buf b;
	bool reading;
};

/* A walk that writes into the frame; walk_end_put sets its length. */
struct walk walk_begin_put(struct frame *f, enum frame_type type, uint64_t seq);
int walk_end_put(struct frame *f, const struct walk *w, const char *what, struct err *err);
/* A walk that reads a frame of that type; walk_end_get insists that all of it was consumed. */
int walk_begin_get(const struct frame *f, enum frame_type type, struct walk *w, struct err *err);
int walk_end_get(const struct walk *w, const char *what, struct err *err);

void walk_u8(struct walk *w, uint8_t *v);
void walk_u16(struct walk *w, uint16_t *v);
void walk_u32(struct walk *w, uint32_t *v);
void walk_u64(struct walk *w, uint64_t *v);
void walk_bool(struct walk *w, bool *v);
void walk_bytes(struct walk *w, void *p, size_t len);
void walk_str(struct walk *w, char *s, size_t size);
/* Returns the value, so that an enum of any underlying type can be assigned. */
uint8_t walk_enum(struct walk *w, unsigned v, uint8_t count);
void walk_mac(struct walk *w, struct mac *m);
void walk_ip(struct walk *w, struct ip *ip);
void walk_prefix(struct walk *w, struct prefix *p);
void walk_traits(struct walk *w, struct traits *t);
void walk_mark(struct walk *w, struct mark *m);
void walk_tagged(struct walk *w, uint16_t *n, uint16_t v[LIMIT_TAGGED]);

#define WALK_STR(w, field) walk_str(w, field, sizeof(field))
#define WALK_ENUM(w, field, type, count) ((field) = (type)walk_enum(w, (unsigned)(field), count))

#endif
