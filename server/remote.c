/* remote: see remote.h.  The worker's bytes are checked as strictly as it checks ours. */
#include "server/remote.h"

#include <string.h>

#define SEND_TIMEOUT_MS 10000

void
remote_init(struct remote *r, int fd)
{
	memset(r, 0, sizeof(*r));
	chan_init(&r->chan, fd);
}

static struct remote_pending *
pending_find(struct remote *r, uint64_t seq)
{
	for (size_t i = 0; i < REMOTE_PENDING_MAX; i++) {
		if (r->pending[i].seq == seq)
			return (&r->pending[i]);
	}
	return (NULL);
}

int
remote_send(struct remote *r, const struct cmd *c, uint64_t *seq, struct err *err)
{
	struct remote_pending *p;

	p = pending_find(r, 0);
	if (p == NULL)
		return (err_set(err, ERR_BUSY, "too many jobs are running"));
	*seq = ++r->seq;
	if (wire_put_cmd(&r->frame, *seq, c, err) == -1 ||
	    chan_send(&r->chan, &r->frame, SEND_TIMEOUT_MS, err) == -1)
		return (err_wrap(err, "sending %s", cmd_name(c->op)));
	p->seq = *seq;
	p->op = c->op;
	return (0);
}

static int
take_reply(struct remote *r, struct remote_msg *out)
{
	struct remote_pending *p;

	p = r->frame.seq == 0 ? NULL : pending_find(r, r->frame.seq);
	if (p == NULL)
		return (err_set(&out->err, ERR_PROTO, "a reply nobody waits for"));
	out->kind = REMOTE_REPLY;
	out->seq = p->seq;
	out->op = p->op;
	p->seq = 0;
	return (wire_get_reply(&r->frame, out->op, &out->reply, &out->err));
}

static int
take_rows(struct remote *r, struct observed *rows, struct observed *counted, struct remote_msg *out)
{
	const struct remote_pending *p = r->frame.seq == 0 ? NULL : pending_find(r, r->frame.seq);

	out->kind = REMOTE_OBSERVED;
	if (p == NULL || (p->op != CMD_OBSERVE && p->op != CMD_COUNTERS))
		return (err_set(&out->err, ERR_PROTO, "rows nobody asked for"));
	return (wire_get_observed(&r->frame, p->op == CMD_COUNTERS ? counted : rows, &out->err));
}

static int
take_file(struct remote *r, struct hostfiles *files, struct remote_msg *out)
{
	const struct remote_pending *p = r->frame.seq == 0 ? NULL : pending_find(r, r->frame.seq);
	struct hostfile_part part;

	out->kind = REMOTE_FILE;
	if (p == NULL || p->op != CMD_FILES)
		return (err_set(&out->err, ERR_PROTO, "a file nobody asked for"));
	if (wire_get_part(&r->frame, &part, &out->err) == -1)
		return (-1);
	return (hostfiles_add(files, &part, &out->err));
}

static int
take_frame(struct remote *r, struct observed *rows, struct observed *counted, struct hostfiles *files, struct remote_msg *out)
{
	switch (r->frame.type) {
	case FRAME_REPLY:
		return (take_reply(r, out));
	case FRAME_OBSERVED:
		return (take_rows(r, rows, counted, out));
	case FRAME_FILE:
		return (take_file(r, files, out));
	case FRAME_CHANGED:
		out->kind = REMOTE_CHANGED;
		return (wire_get_changed(&r->frame, &out->change, &out->err));
	case FRAME_CMD:
		break;
	}
	return (err_set(&out->err, ERR_PROTO, "the worker sent a frame of type %d", (int)r->frame.type));
}

void
remote_next(struct remote *r, struct observed *rows, struct observed *counted, struct hostfiles *files, struct remote_msg *out)
{
	out->kind = REMOTE_NOTHING;
	out->err.code = ERR_NONE;
	switch (chan_recv(&r->chan, &r->frame, 0, &out->err)) {
	case CHAN_AGAIN:
		return;
	case CHAN_FRAME:
		if (take_frame(r, rows, counted, files, out) == 0)
			return;
		break;
	case CHAN_EOF:
		err_set(&out->err, ERR_PROTO, "the worker has gone");
		break;
	case CHAN_ERROR:
		break;
	}
	out->kind = REMOTE_GONE;
}
