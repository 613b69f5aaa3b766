/*
 * fuzz_wire: frames as either side gets them.  What decodes must encode to the same bytes: then nothing was read that is not there, and
 * no two frames mean the same.  Input: kind of frame, op, payload.
 */
#include "core/str.h"
#include "core/wire.h"
#include "tests/fuzz/fuzz.h"
#include "worker/policy.h"

static struct frame in, out;

static void
same(void)
{
	FUZZ_CHECK(out.len == in.len && memcmp(out.payload, in.payload, in.len) == 0);
}

static void
as_cmd(void)
{
	const struct policy_counts none = { 0 };
	static struct cmd c;
	struct policy policy;
	struct err err;
	char line[256];

	if (wire_get_cmd(&in, &c, &err) == -1)
		return;
	FUZZ_CHECK(wire_put_cmd(&out, in.seq, &c, &err) == 0);
	same();
	FUZZ_CHECK(strlen(cmd_print(&c, line, sizeof(line))) < sizeof(line));
	policy_open(&policy);
	(void)policy_check(&policy, &none, &c, &err);
}

static void
as_reply(enum cmd_op op)
{
	static struct reply r;
	struct err err;

	if (wire_get_reply(&in, op, &r, &err) == -1)
		return;
	FUZZ_CHECK(wire_put_reply(&out, in.seq, op, &r, &err) == 0);
	same();
}

static void
as_changed(void)
{
	struct change c;
	struct err err;

	if (wire_get_changed(&in, &c, &err) == -1)
		return;
	FUZZ_CHECK(wire_put_changed(&out, &c, &err) == 0);
	same();
}

static void
as_part(void)
{
	static struct hostfile_part p;
	struct hostfiles files = { .n = 0 };
	struct err err;

	if (wire_get_part(&in, &p, &err) == -1)
		return;
	FUZZ_CHECK(wire_put_part(&out, in.seq, &p, &err) == 0);
	same();
	if (hostfiles_add(&files, &p, &err) == 0 && hostfiles_add(&files, &p, &err) == 0)
		FUZZ_CHECK(files.bytes == 2u * p.size && files.n == (p.note[0] == '\0' ? 1 : 2));
	hostfiles_fini(&files);
}

static int
add_len(void *arg, const struct frame *f, struct err *err)
{
	(void)err;
	*(size_t *)arg += f->len;
	return (0);
}

/* Rows may come in any order; they go out by table. */
static void
as_observed(void)
{
	struct observed o, twice;
	size_t len = 0;
	struct err err;

	observed_init(&o);
	observed_init(&twice);
	if (wire_get_observed(&in, &o, &err) == 0) {
		FUZZ_CHECK(wire_put_observed(&o, in.seq, add_len, &len, &err) == 0 && len == in.len);
		observed_sort(&o);
		FUZZ_CHECK(observed_merge(&twice, &o, &(struct cmd_observe){ .scope = OBSERVE_ALL }, &err) == 0);
		FUZZ_CHECK(twice.nlinks == o.nlinks && twice.ncounters == o.ncounters);
	} else
		FUZZ_CHECK(o.nlinks == 0 && o.njails == 0 && o.naddrs == 0 && o.nroutes == 0 && o.nsysctls == 0 && o.ncounters == 0);
	observed_fini(&o);
	observed_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t header[WIRE_HEADER_SIZE];
	struct frame f;
	struct err err;

	if (size >= WIRE_HEADER_SIZE && wire_header_get(data, &f, &err) == 0) {
		wire_header_put(&f, header);
		FUZZ_CHECK(memcmp(header, data, sizeof(header)) == 0);
	}
	if (size < 2 || size - 2 > sizeof(in.payload))
		return (0);
	in.type = (enum frame_type)(FRAME_CMD + data[0] % 5);
	in.seq = 7;
	in.len = size - 2;
	memcpy(in.payload, data + 2, in.len);
	switch (in.type) {
	case FRAME_CMD:
		as_cmd();
		break;
	case FRAME_REPLY:
		as_reply((enum cmd_op)(data[1] % CMD_COUNT));
		break;
	case FRAME_OBSERVED:
		as_observed();
		break;
	case FRAME_CHANGED:
		as_changed();
		break;
	case FRAME_FILE:
		as_part();
		break;
	}
	return (0);
}
