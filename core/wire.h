/*
 * wire: how commands, replies and observations cross the socketpair between jailnetd and jailnetd-server.
 *
 * Normative text: docs/protocol.md.  Frame = 16-byte header (length u32, type u16, version u16, sequence u64, all
 * big-endian) + payload of at most WIRE_PAYLOAD_MAX bytes.  The decoder checks every length, enum and bool, and
 * refuses trailing bytes.  Nothing is ever copied as a C struct.
 */
#ifndef JN_WIRE_H
#define JN_WIRE_H

#include "core/cmd.h"
#include "core/hostfile.h"

#define WIRE_HEADER_SIZE 16
#define WIRE_PAYLOAD_MAX 16384
#define WIRE_FRAME_MAX (WIRE_HEADER_SIZE + WIRE_PAYLOAD_MAX)

enum frame_type {
	FRAME_CMD = 1,	 /* server -> worker */
	FRAME_REPLY,	 /* worker -> server; same sequence; for jobs it comes when the child ended */
	FRAME_OBSERVED,	 /* worker -> server; rows, any number of frames, then the FRAME_REPLY of the OBSERVE or COUNTERS */
	FRAME_CHANGED,	 /* worker -> server, unasked, sequence 0: something changed in the kernel, look again */
	FRAME_FILE	 /* worker -> server; a part of a file, any number, then the FRAME_REPLY of the FILES */
};

struct frame {
	enum frame_type type;
	uint64_t seq;
	size_t len;		/* payload bytes */
	uint8_t payload[WIRE_PAYLOAD_MAX];
};

/* FRAME_CHANGED.  all = anything may have changed (also after a notification overflow). */
struct change {
	bool all;
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];	/* "" = unknown */
};

/* Fill f->type, f->len and f->payload. -1 = does not fit (ERR_PROTO). */
int wire_put_cmd(struct frame *f, uint64_t seq, const struct cmd *c, struct err *err);
int wire_put_reply(struct frame *f, uint64_t seq, enum cmd_op op, const struct reply *r, struct err *err);
int wire_put_changed(struct frame *f, const struct change *c, struct err *err);
int wire_put_part(struct frame *f, uint64_t seq, const struct hostfile_part *p, struct err *err);
int wire_get_cmd(const struct frame *f, struct cmd *out, struct err *err);
int wire_get_reply(const struct frame *f, enum cmd_op op, struct reply *out, struct err *err);
int wire_get_changed(const struct frame *f, struct change *out, struct err *err);
int wire_get_part(const struct frame *f, struct hostfile_part *out, struct err *err);

/*
 * Observations are streamed: calls 'emit' with each full frame; rows never straddle frames.  Decoding appends the rows
 * of one frame.
 */
int wire_put_observed(const struct observed *o, uint64_t seq, int (*emit)(void *arg, const struct frame *f, struct err *err),
    void *arg, struct err *err);
int wire_get_observed(const struct frame *f, struct observed *into, struct err *err);

/* Header coding: exactly WIRE_HEADER_SIZE bytes. */
void wire_header_put(const struct frame *f, uint8_t header[WIRE_HEADER_SIZE]);
int wire_header_get(const uint8_t header[WIRE_HEADER_SIZE], struct frame *f, struct err *err);

#endif
