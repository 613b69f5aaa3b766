/*
 * recon_audit: the audit trail: what changes something is written in the transaction that changes it; what was refused, by R or by an HTTP
 * thread, a moment later, some at once: nobody who is refused can make us write to the disk as often as he likes.  When a
 * credential was last used is written with them.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define NOTES_EVERY_MS 250
#define HEAD_EVERY_MS 3600000

void
audit_hash(const uint8_t before[AUDIT_HASH_SIZE], struct audit_row *row)
{
	crypto_generichash_state state;
	char text[AUDIT_TEXT_SIZE];
	size_t len = audit_text(row, text);

	crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_SIZE);
	crypto_generichash_update(&state, before, AUDIT_HASH_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)text, len);
	crypto_generichash_final(&state, row->hash, AUDIT_HASH_SIZE);
}

/* Inside a transaction; fills seq and hash.  What fails is sticky. */
static void
append(struct recon *r, struct audit_row *row)
{
	uint8_t before[AUDIT_HASH_SIZE];
	struct err err;

	audit_clean(row);
	if (store_audit_last(r->store, &row->seq, before, &err) == -1) {
		log_error("audit", "%s", err.msg);
		return;
	}
	row->seq++;
	audit_hash(before, row);
	store_audit_add(r->store, row, &err);
}

static void
describe(struct audit_row *row, const struct write *w)
{
	memset(row, 0, sizeof(*row));
	row->at = ident_now_ms();
	memcpy(row->actor, w->actor, sizeof(row->actor));
	memcpy(row->peer, w->peer, sizeof(row->peer));
	memcpy(row->request_id, w->request_id, sizeof(row->request_id));
	memcpy(row->method, w->method, sizeof(row->method));
	memcpy(row->path, w->path, sizeof(row->path));
}

void
audit_committed(struct recon *r, const struct write *w, const char *op, int64_t revision, const char *detail)
{
	struct audit_row row;

	describe(&row, w);
	snprintf(row.result, sizeof(row.result), "committed");
	snprintf(row.op, sizeof(row.op), "%s", op);
	snprintf(row.detail, sizeof(row.detail), "%s", detail);
	row.revision = revision;
	append(r, &row);
}

/* "1 created, 0 changed, 1 deleted: +epair/web0 -jail/old", as many as there is room for. */
void
audit_changes(struct recon *r, const struct write *w, const struct changes *c, const char *op, int64_t revision)
{
	static const char marks[] = "+~-";
	char detail[sizeof(((struct audit_row *)NULL)->detail)], ref[96];
	unsigned n[3] = { 0 };
	size_t len, i, more;
	int what;

	for (i = 0; i < c->n; i++)
		n[c->v[i].before == NULL ? 0 : c->v[i].after == NULL ? 2 : 1]++;
	len = (size_t)snprintf(detail, sizeof(detail), "%u created, %u changed, %u deleted:", n[0], n[1], n[2]);
	for (i = 0; i < c->n; i++) {
		what = c->v[i].before == NULL ? 0 : c->v[i].after == NULL ? 2 : 1;
		object_ref(c->v[i].kind, c->v[i].name, ref, sizeof(ref));
		if (len + strlen(ref) + 2 >= sizeof(detail) - sizeof(" and 4294967295 more"))
			break;
		len += (size_t)snprintf(detail + len, sizeof(detail) - len, " %c%s", marks[what], ref);
	}
	if ((more = c->n - i) > 0)
		snprintf(detail + len, sizeof(detail) - len, " and %zu more", more);
	audit_committed(r, w, op, revision, detail);
}

void
audit_nothing(struct recon *r, const struct write *w)
{
	char ref[96] = "";

	if (w->verb == WRITE_DRIFT_REPAIR)
		object_ref(w->kind, w->name, ref, sizeof(ref));
	audit_committed(r, w, "", 0, ref[0] != '\0' ? ref : "no object changed");
}

void
audit_undone(struct recon *r, const struct op_row *op, int64_t revision)
{
	struct audit_row row = { .at = ident_now_ms(), .revision = revision };

	memcpy(row.actor, op->actor, sizeof(row.actor));
	memcpy(row.method, op->method, sizeof(row.method));
	memcpy(row.path, op->path, sizeof(row.path));
	memcpy(row.op, op->id, sizeof(row.op));
	snprintf(row.result, sizeof(row.result), "undone");
	snprintf(row.detail, sizeof(row.detail), "%s", op->err.msg);
	append(r, &row);
}

void
audit_note(struct recon *r, const struct ticket *t, const char *result, int status, const char *detail)
{
	struct audit_row row;

	describe(&row, t->write);
	snprintf(row.result, sizeof(row.result), "%s", result);
	snprintf(row.detail, sizeof(row.detail), "%s", detail);
	row.status = status;
	ticket_queue_note(r->conf->queue, &row);
}

/* Whatever is not a read: a dry run, too, since it says what somebody was up to. */
void
audit_refused(struct recon *r, const struct ticket *t)
{
	int status = api_refusal(t->write, &t->out.errs);

	if (status != 0)
		audit_note(r, t, "refused", status, t->out.errs.v[0].msg);
}

/* --- notes ------------------------------------------------------------------------------------------------------ */

void
audit_look(struct recon *r, int64_t now)
{
	if (r->audit_at == INT64_MAX && ticket_queue_has_notes(r->conf->queue))
		r->audit_at = now + NOTES_EVERY_MS;
}

/* In the transaction of the notes. */
static void
store_uses(struct recon *r, const struct token_use *uses, size_t n)
{
	struct err err;

	for (size_t i = 0; i < n; i++)
		store_token_used(r->store, uses[i].id, uses[i].at, &err);
}

/* To the log, too: whoever rewrites the whole trail does not reach what syslog has sent elsewhere. */
static void
tell_head(struct recon *r, int64_t now)
{
	uint8_t hash[AUDIT_HASH_SIZE];
	char hex[AUDIT_HASH_SIZE * 2 + 1];
	int64_t seq;
	struct err err;

	if (now < r->audit_head_at)
		return;
	r->audit_head_at = now + HEAD_EVERY_MS;
	if (store_audit_last(r->store, &seq, hash, &err) == 0)
		log_info("audit", "head seq=%lld hash=%s", (long long)seq, sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
}

void
audit_due(struct recon *r, int64_t now)
{
	tell_head(r, now);
	if (now >= r->audit_at)
		audit_flush(r);
}

void
audit_flush(struct recon *r)
{
	static struct audit_row notes[NOTES_MAX];	/* large; R is one thread */
	struct token_use uses[USES_MAX];
	size_t n, nuses, dropped;
	struct err err;

	r->audit_at = INT64_MAX;
	n = ticket_queue_notes(r->conf->queue, notes, &dropped);
	nuses = ticket_queue_uses(r->conf->queue, uses);
	if (n + nuses == 0)
		return;
	if (recon_begin(r, false, &err) == -1)
		goto fail;
	store_uses(r, uses, nuses);
	for (size_t i = 0; i < n; i++)
		append(r, &notes[i]);
	if (dropped > 0) {
		struct audit_row more = { .at = ident_now_ms(), .result = "refused" };

		snprintf(more.detail, sizeof(more.detail), "%zu more requests were refused in the same moment", dropped);
		append(r, &more);
	}
	if (recon_end(r, &err) == 0)
		return;
fail:
	log_error("audit", "refusals are not stored yet: %s", err.msg);
	ticket_queue_notes_back(r->conf->queue, notes, n, dropped);
	for (size_t i = 0; i < nuses; i++)
		ticket_queue_used(r->conf->queue, uses[i].id, uses[i].at);
	r->audit_at = ident_mono_ms() + BACKOFF_MIN_MS;
}
