/* audit: see audit.h */
#include "core/audit.h"

#include <stdio.h>
#include <string.h>

struct text {
	char *buf;
	size_t len;
};

static void
put(struct text *t, const char *s)
{
	int n = snprintf(t->buf + t->len, AUDIT_TEXT_SIZE - t->len, "%zu:%s,", strlen(s), s);

	/* all fields together are shorter than the buffer */
	if (n > 0 && t->len + (size_t)n < AUDIT_TEXT_SIZE)
		t->len += (size_t)n;
}

static void
put_int(struct text *t, int64_t v)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)v);
	put(t, s);
}

size_t
audit_text(const struct audit_row *r, char buf[AUDIT_TEXT_SIZE])
{
	struct text t = { buf, 0 };

	_Static_assert(sizeof(*r) + 13 * 8 < AUDIT_TEXT_SIZE, "every row fits");
	put_int(&t, r->seq);
	put_int(&t, r->at);
	put(&t, r->actor);
	put(&t, r->peer);
	put(&t, r->request_id);
	put(&t, r->method);
	put(&t, r->path);
	put(&t, r->result);
	put_int(&t, r->status);
	put_int(&t, r->revision);
	put(&t, r->op);
	put(&t, r->detail);
	return (t.len);
}

static void
clean(char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			*s = '?';
	}
}

void
audit_clean(struct audit_row *r)
{
	clean(r->actor);
	clean(r->peer);
	clean(r->request_id);
	clean(r->method);
	clean(r->path);
	clean(r->detail);
}
