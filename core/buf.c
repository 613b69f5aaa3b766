/*
 * buf: bounded, big-endian, sticky error.
 */
#include "core/buf.h"

#include <string.h>

void
buf_init(struct buf *b, void *data, size_t size)
{
	b->data = data;
	b->size = size;
	b->pos = 0;
	b->bad = false;
}

void
buf_init_const(struct buf *b, const void *data, size_t size)
{
	/* One struct serves both directions; a reader never writes through it. */
	buf_init(b, (void *)(uintptr_t)data, size);
}

size_t
buf_left(const struct buf *b)
{
	return (b->bad ? 0 : b->size - b->pos);
}

/* The next len bytes, or NULL and bad. */
static uint8_t *
take(struct buf *b, size_t len)
{
	uint8_t *p;

	if (b->bad || b->size - b->pos < len) {
		b->bad = true;
		return (NULL);
	}
	p = b->data + b->pos;
	b->pos += len;
	return (p);
}

static void
put_int(struct buf *b, uint64_t v, size_t len)
{
	uint8_t *p = take(b, len);

	if (p == NULL)
		return;
	for (; len > 0; len--, v >>= 8)
		p[len - 1] = (uint8_t)v;
}

static uint64_t
get_int(struct buf *b, size_t len)
{
	const uint8_t *p = take(b, len);
	uint64_t v = 0;

	if (p == NULL)
		return (0);
	for (; len > 0; len--)
		v = v << 8 | *p++;
	return (v);
}

void
buf_put_u8(struct buf *b, uint8_t v)
{
	put_int(b, v, 1);
}

void
buf_put_u16(struct buf *b, uint16_t v)
{
	put_int(b, v, 2);
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	put_int(b, v, 4);
}

void
buf_put_u64(struct buf *b, uint64_t v)
{
	put_int(b, v, 8);
}

void
buf_put_bool(struct buf *b, bool v)
{
	put_int(b, v ? 1 : 0, 1);
}

void
buf_put_bytes(struct buf *b, const void *p, size_t len)
{
	uint8_t *dst = take(b, len);

	if (dst != NULL && len > 0)
		memcpy(dst, p, len);
}

void
buf_put_str(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	if (len > UINT16_MAX) {
		b->bad = true;
		return;
	}
	buf_put_u16(b, (uint16_t)len);
	buf_put_bytes(b, s, len);
}

uint8_t
buf_get_u8(struct buf *b)
{
	return ((uint8_t)get_int(b, 1));
}

uint16_t
buf_get_u16(struct buf *b)
{
	return ((uint16_t)get_int(b, 2));
}

uint32_t
buf_get_u32(struct buf *b)
{
	return ((uint32_t)get_int(b, 4));
}

uint64_t
buf_get_u64(struct buf *b)
{
	return (get_int(b, 8));
}

bool
buf_get_bool(struct buf *b)
{
	return (buf_get_enum(b, 2) == 1);
}

uint8_t
buf_get_enum(struct buf *b, uint8_t count)
{
	uint8_t v = buf_get_u8(b);

	if (v < count)
		return (v);
	b->bad = true;
	return (0);
}

void
buf_get_bytes(struct buf *b, void *p, size_t len)
{
	const uint8_t *src = take(b, len);

	if (len == 0)
		return;
	if (src == NULL)
		memset(p, 0, len);
	else
		memcpy(p, src, len);
}

void
buf_get_str(struct buf *b, char *dst, size_t size)
{
	size_t len = buf_get_u16(b);
	const uint8_t *src;

	dst[0] = '\0';
	if (len >= size)
		b->bad = true;
	src = take(b, len);
	if (src == NULL)
		return;
	if (len > 0 && memchr(src, '\0', len) != NULL) {
		b->bad = true;
		return;
	}
	memcpy(dst, src, len);
	dst[len] = '\0';
}

bool
buf_done(const struct buf *b)
{
	return (!b->bad && b->pos == b->size);
}
