/* ident: see ident.h */
#include "server/ident.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "core/str.h"

#define ID_CHARS 26

int
ident_init(struct err *err)
{
	if (sodium_init() == -1)
		return (err_set(err, ERR_INTERNAL, "libsodium does not start"));
	return (0);
}

void
ident_random(void *p, size_t size)
{
	randombytes_buf(p, size);
}

void
ident_new(const char *prefix, char out[ID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char r[ID_CHARS];
	size_t len = strlen(prefix);

	ident_random(r, sizeof(r));
	memcpy(out, prefix, len);
	for (size_t i = 0; i < ID_CHARS; i++)
		out[len + i] = digits[r[i] & 31];
	out[len + ID_CHARS] = '\0';
}

const char *
ident_prefix(enum kind kind)
{
	static const char *const prefix[KIND_COUNT] = { "br_", "ep_", "ja_", "at_" };

	return (prefix[kind]);
}

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int64_t
ident_now_ms(void)
{
	return (now(CLOCK_REALTIME));
}

int64_t
ident_mono_ms(void)
{
	return (now(CLOCK_MONOTONIC));
}
