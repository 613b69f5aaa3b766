/*
 * walk: the fields that commands, replies and observations are made of.
 */
#include "core/walk.h"

#include <string.h>

struct walk
walk_begin_put(struct frame *f, enum frame_type type, uint64_t seq)
{
	struct walk w = { .reading = false };

	f->type = type;
	f->seq = seq;
	f->len = 0;
	buf_init(&w.b, f->payload, sizeof(f->payload));
	return (w);
}

int
walk_end_put(struct frame *f, const struct walk *w, const char *what, struct err *err)
{
	if (w->b.bad)
		return (err_set(err, ERR_PROTO, "%s does not fit a frame or has a value out of range", what));
	f->len = w->b.pos;
	return (0);
}

int
walk_begin_get(const struct frame *f, enum frame_type type, struct walk *w, struct err *err)
{
	if (f->type != type)
		return (err_set(err, ERR_PROTO, "frame of type %d where %d belongs", (int)f->type, (int)type));
	if (f->len > sizeof(f->payload))
		return (err_set(err, ERR_PROTO, "frame of %zu bytes", f->len));
	w->reading = true;
	buf_init_const(&w->b, f->payload, f->len);
	return (0);
}

int
walk_end_get(const struct walk *w, const char *what, struct err *err)
{
	if (!buf_done(&w->b))
		return (err_set(err, ERR_PROTO, "malformed %s: %s", what, w->b.bad ? "bad or missing field" : "trailing bytes"));
	return (0);
}

void
walk_u8(struct walk *w, uint8_t *v)
{
	if (w->reading)
		*v = buf_get_u8(&w->b);
	else
		buf_put_u8(&w->b, *v);
}

void
walk_u16(struct walk *w, uint16_t *v)
{
	if (w->reading)
		*v = buf_get_u16(&w->b);
	else
		buf_put_u16(&w->b, *v);
}

void
walk_u32(struct walk *w, uint32_t *v)
{
	if (w->reading)
		*v = buf_get_u32(&w->b);
	else
		buf_put_u32(&w->b, *v);
}

void
walk_u64(struct walk *w, uint64_t *v)
{
	if (w->reading)
		*v = buf_get_u64(&w->b);
	else
		buf_put_u64(&w->b, *v);
}

void
walk_bool(struct walk *w, bool *v)
{
	if (w->reading)
		*v = buf_get_bool(&w->b);
	else
		buf_put_bool(&w->b, *v);
}

void
walk_bytes(struct walk *w, void *p, size_t len)
{
	if (w->reading)
		buf_get_bytes(&w->b, p, len);
	else
		buf_put_bytes(&w->b, p, len);
}

void
walk_str(struct walk *w, char *s, size_t size)
{
	if (w->reading)
		buf_get_str(&w->b, s, size);
	else if (memchr(s, '\0', size) == NULL)
		w->b.bad = true;
	else
		buf_put_str(&w->b, s);
}

uint8_t
walk_enum(struct walk *w, unsigned v, uint8_t count)
{
	if (w->reading)
		return (buf_get_enum(&w->b, count));
	if (v >= count)
		w->b.bad = true;
	buf_put_u8(&w->b, (uint8_t)v);
	return ((uint8_t)v);
}

void
walk_mac(struct walk *w, struct mac *m)
{
	walk_bytes(w, m->b, sizeof(m->b));
}

void
walk_ip(struct walk *w, struct ip *ip)
{
	walk_u8(w, &ip->family);
	if (ip->family != 0 && ip->family != 4 && ip->family != 6)
		w->b.bad = true;
	else if (ip->family != 0)
		walk_bytes(w, ip->b, ip->family == 4 ? 4 : 16);
}

void
walk_prefix(struct walk *w, struct prefix *p)
{
	walk_ip(w, &p->ip);
	walk_u8(w, &p->len);
	if (p->len > (p->ip.family == 6 ? 128 : p->ip.family == 4 ? 32 : 0))
		w->b.bad = true;
}

void
walk_mark(struct walk *w, struct mark *m)
{
	walk_bool(w, &m->ours);
	walk_bool(w, &m->has_object);
	WALK_ENUM(w, m->kind, enum kind, KIND_COUNT);
	WALK_STR(w, m->name);
	m->side = walk_enum(w, m->side, END_B + 1);
}

void
walk_traits(struct walk *w, struct traits *t)
{
	walk_u32(w, &t->fields);
	walk_u32(w, &t->flags);
	walk_u32(w, &t->caps);
	walk_u32(w, &t->nd6);
	WALK_STR(w, t->groups);
}

void
walk_tagged(struct walk *w, uint16_t *n, uint16_t v[LIMIT_TAGGED])
{
	walk_u16(w, n);
	if (*n > LIMIT_TAGGED) {
		w->b.bad = true;
		return;
	}
	for (uint16_t i = 0; i < *n; i++)
		walk_u16(w, &v[i]);
}
