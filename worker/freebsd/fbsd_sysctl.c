/* fbsd_sysctl: net.* of a vnet: sysctl(3) acts on the one of the calling thread. */
#include <sys/types.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

#define OIDFMT 4	/* CTL_SYSCTL_OIDFMT */

static const char *const forwarding_keys[] = { "net.inet.ip.forwarding", "net.inet6.ip6.forwarding" };

static const struct {
	unsigned type;
	size_t size;
	bool is_signed;
} types[] = {
	{ CTLTYPE_INT, sizeof(int), true }, { CTLTYPE_UINT, sizeof(unsigned), false },
	{ CTLTYPE_LONG, sizeof(long), true }, { CTLTYPE_ULONG, sizeof(long), false },
	{ CTLTYPE_S64, 8, true }, { CTLTYPE_U64, 8, false }, { CTLTYPE_S32, 4, true }, { CTLTYPE_U32, 4, false },
	{ CTLTYPE_S16, 2, true }, { CTLTYPE_U16, 2, false }, { CTLTYPE_S8, 1, true }, { CTLTYPE_U8, 1, false },
};

struct node {
	int mib[CTL_MAXNAME];
	size_t len;
	unsigned type;
	size_t size;		/* of a number, 0 = a string */
	bool is_signed;
};

static int
find(const char *key, struct node *n, struct err *err)
{
	struct {
		unsigned kind;
		char fmt[256];
	} what;
	int mib[CTL_MAXNAME + 2] = { CTL_SYSCTL, OIDFMT };
	size_t size = sizeof(what);

	if (strncmp(key, "net.", 4) != 0)
		return (err_set(err, ERR_DENIED, "sysctl %s: only net.* belongs to a jail's network", key));
	n->len = NELEMS(n->mib);
	if (sysctlnametomib(key, n->mib, &n->len) == -1)
		return (errno == ENOENT ? err_set(err, ERR_REFERENCE, "sysctl %s does not exist here", key) :
		    err_sys(err, "sysctl %s", key));
	memcpy(mib + 2, n->mib, n->len * sizeof(int));
	memset(&what, 0, sizeof(what));
	if (sysctl(mib, (u_int)n->len + 2, &what, &size, NULL, 0) == -1)
		return (err_sys(err, "sysctl %s", key));
	n->type = what.kind & CTLTYPE;
	n->size = 0;
	if (n->type == CTLTYPE_STRING)
		return (0);
	for (size_t i = 0; i < NELEMS(types); i++)
		if (types[i].type == n->type) {
			n->size = types[i].size;
			n->is_signed = types[i].is_signed;
			return (0);
		}
	return (err_set(err, ERR_INVALID, "sysctl %s is neither a number nor a text", key));
}

static int64_t
load(const struct node *n, const void *p)
{
	union {
		int8_t s8; int16_t s16; int32_t s32; int64_t s64;
		uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64;
	} v = { .u64 = 0 };

	memcpy(&v, p, n->size);
	switch (n->size) {
	case 1:
		return (n->is_signed ? v.s8 : v.u8);
	case 2:
		return (n->is_signed ? v.s16 : v.u16);
	case 4:
		return (n->is_signed ? v.s32 : (int64_t)v.u32);
	default:
		return (v.s64);
	}
}

static int
get(const char *key, const struct node *n, char *value, size_t size, struct err *err)
{
	char raw[1024];
	size_t len = sizeof(raw) - 1, at = 0;

	if (sysctl(n->mib, (u_int)n->len, raw, &len, NULL, 0) == -1)
		return (err_sys(err, "sysctl %s", key));
	if (n->size == 0) {
		raw[len] = '\0';
		return (str_copy(value, size, raw) == -1 ? err_set(err, ERR_LIMIT, "sysctl %s is too long", key) : 0);
	}
	value[0] = '\0';
	for (size_t i = 0; i + n->size <= len && at < size; i += n->size) {
		int64_t v = load(n, raw + i);

		at += (size_t)(n->is_signed ? snprintf(value + at, size - at, "%s%" PRId64, i > 0 ? " " : "", v) :
		    snprintf(value + at, size - at, "%s%" PRIu64, i > 0 ? " " : "", (uint64_t)v));
	}
	return (at >= size ? err_set(err, ERR_LIMIT, "sysctl %s is too long", key) : 0);
}

/* One number or several with blanks between. */
static int
set(const char *key, const struct node *n, const char *value, struct err *err)
{
	char raw[256];
	size_t len = 0;
	char *end;

	if (n->size == 0)
		return (sysctl(n->mib, (u_int)n->len, NULL, NULL, value, strlen(value)) == -1 ?
		    err_sys(err, "sysctl %s = %s", key, value) : 0);
	for (const char *p = value; *p != '\0'; p = end) {
		union {
			long long s;
			unsigned long long u;
		} v;

		errno = 0;
		if (n->is_signed)
			v.s = strtoll(p, &end, 0);
		else
			v.u = strtoull(p, &end, 0);
		if (errno != 0 || end == p || (*end != '\0' && *end != ' ') || len + n->size > sizeof(raw))
			return (err_set(err, ERR_INVALID, "sysctl %s = %s: not a number", key, value));
		/* little endian or of full size: the low bytes come first */
		if (n->size < sizeof(v) && load(n, &v) != v.s)
			return (err_set(err, ERR_INVALID, "sysctl %s = %s: out of range", key, value));
		memcpy(raw + len, &v, n->size);
		len += n->size;
	}
	return (sysctl(n->mib, (u_int)n->len, NULL, NULL, raw, len) == -1 ? err_sys(err, "sysctl %s = %s", key, value) : 0);
}

static int
write_one(const char *key, const char *value, bool *changed, struct err *err)
{
	char old[128];
	struct node n;

	if (find(key, &n, err) == -1)
		return (-1);
	if (get(key, &n, old, sizeof(old), NULL) == 0 && str_equal(old, value))
		return (0);
	*changed = true;
	return (set(key, &n, value, err));
}

bool
fbsd_forwarding(void)
{
	for (size_t i = 0; i < NELEMS(forwarding_keys); i++) {
		int on = 0;
		size_t size = sizeof(on);

		/* a kernel without IPv6 has nothing to switch there */
		if (sysctlbyname(forwarding_keys[i], &on, &size, NULL, 0) == -1 ? errno != ENOENT : on == 0)
			return (false);
	}
	return (true);
}

int
fbsd_forwarding_set(bool on, bool *changed, struct err *err)
{
	for (size_t i = 0; i < NELEMS(forwarding_keys); i++) {
		struct err why = { 0 };

		if (write_one(forwarding_keys[i], on ? "1" : "0", changed, &why) == -1 && why.code != ERR_REFERENCE) {
			if (err != NULL)
				*err = why;
			return (-1);
		}
	}
	return (0);
}

struct access {
	const struct cmd_sysctl *c;
	bool set, changed;
	char text[512];
};

static int
access_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct access *a = arg;
	struct node n;

	(void)in;
	if (a->set)
		return (write_one(a->c->key, a->c->value, &a->changed, err));
	return (find(a->c->key, &n, err) == -1 ? -1 : get(a->c->key, &n, a->text, sizeof(a->text), err));
}

int
fbsd_sysctl_set(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct access a = { .c = &c->u.sysctl, .set = true };

	if (fbsd_inside_name(f, c->u.sysctl.jail, access_inside, &a, sizeof(a), err) == -1)
		return (-1);
	out->result = a.changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
fbsd_sysctl_get(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct access a = { .c = &c->u.sysctl };

	if (fbsd_inside_name(f, c->u.sysctl.jail, access_inside, &a, sizeof(a), err) == -1)
		return (-1);
	memcpy(out->text, a.text, sizeof(out->text));
	out->result = REPLY_DONE;
	return (0);
}
