/*
 * buf: a bounded byte cursor with a sticky error, for the wire format (docs/protocol.md).
 *
 * Write or read any number of fields, test 'bad' once at the end.  After the first failure puts do nothing
 * and gets return zero values.  Integers are big-endian; strings are u16 length + bytes, never with a NUL
 * inside.  The memory is the caller's.
 */
#ifndef JN_BUF_H
#define JN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t size;	/* room (writing) or content (reading) */
	size_t pos;
	bool bad;
};

void buf_init(struct buf *b, void *data, size_t size);
void buf_init_const(struct buf *b, const void *data, size_t size); /* for reading only */
size_t buf_left(const struct buf *b);

void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_bool(struct buf *b, bool v);
void buf_put_bytes(struct buf *b, const void *p, size_t len);
void buf_put_str(struct buf *b, const char *s);

uint8_t buf_get_u8(struct buf *b);
uint16_t buf_get_u16(struct buf *b);
uint32_t buf_get_u32(struct buf *b);
uint64_t buf_get_u64(struct buf *b);
bool buf_get_bool(struct buf *b);			/* anything but 0 and 1 is bad */
uint8_t buf_get_enum(struct buf *b, uint8_t count);	/* >= count is bad */
void buf_get_bytes(struct buf *b, void *p, size_t len);
void buf_get_str(struct buf *b, char *dst, size_t size); /* does not fit, or holds a NUL: bad */
/* True when nothing failed and everything was consumed. */
bool buf_done(const struct buf *b);

#endif
