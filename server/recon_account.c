/*
 * recon_account: writes to credentials.  Each has a transaction of its own: they are rare, and none waits for the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "server/auth.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define TOKENS_MAX 10000
#define SESSIONS_MAX 100	/* of one actor, and codes: the oldest goes, and nobody keeps another from signing in */

/* Never longer than what it is made with; behind a session that is its token. */
static int
token_end(struct recon *r, struct account *a, int64_t now, struct err *err)
{
	struct grant *g = &a->token.grant;
	struct token_row maker = { .grant.expires_at = 0 };

	if (a->session.token[0] != '\0' && store_token(r->store, a->session.token, &maker, err) == -1)
		return (err->code == ERR_NOT_FOUND ? err_set(err, ERR_DENIED, "the token you use is gone") : -1);
	g->created_at = now;
	g->expires_at = a->lifetime_ms == 0 ? 0 : now + a->lifetime_ms;
	if (maker.grant.expires_at != 0 && (g->expires_at == 0 || maker.grant.expires_at < g->expires_at))
		g->expires_at = maker.grant.expires_at;
	return (0);
}

/* What the trail says of a credential; its name is somebody's text. */
static void
audit_token(struct recon *r, const struct write *w, const struct token_row *t)
{
	char detail[200];

	snprintf(detail, sizeof(detail), "%s %s %s \"%s\"", t->is_certificate ? "certificate" : "token", t->id, t->grant.role, t->name);
	audit_committed(r, w, "", 0, detail);
}

static void
audit_session(struct recon *r, const struct write *w, const struct session_row *s)
{
	char detail[200];

	snprintf(detail, sizeof(detail), "%s %s %s of %s", s->is_code ? "code" : "session", s->id, s->grant.role, s->actor);
	audit_committed(r, w, "", 0, detail);
}

static int
token_create(struct recon *r, const struct write *w, int64_t now, struct err *err)
{
	struct account *a = w->account;
	struct token_row *t = &a->token, other;
	size_t n;

	if (store_token_count(r->store, &n, err) == -1)
		return (-1);
	if (n >= TOKENS_MAX)
		return (err_set(err, ERR_LIMIT, "there are %d tokens already", TOKENS_MAX));
	ident_new("tk_", t->id);
	if (token_end(r, a, now, err) == -1)
		return (-1);
	if (!t->is_certificate) {
		auth_secret("jnd", t->id, a->secret);
		auth_hash(a->secret, t->sha256);
	} else if (store_token_find(r->store, t->sha256, true, &other, err) == 0)
		return (err_set(err, ERR_EXISTS, "the certificate is known already, as %s", other.id));
	if (recon_begin(r, true, err) == -1)
		return (-1);
	store_token_add(r->store, t, err);
	recon_event(r, "token.created", "", w->actor, "", "%s %s (%s) created by %s", t->is_certificate ? "certificate" : "token", t->id,
	    t->grant.role, w->actor);
	audit_token(r, w, t);
	return (recon_end(r, err));
}

static int
token_delete(struct recon *r, const struct write *w, int64_t now, struct err *err)
{
	const char *id = w->account->token.id;
	struct token_row t;
	size_t others;

	if (store_token(r->store, id, &t, err) == -1 || store_token_admins(r->store, id, now, &others, err) == -1)
		return (-1);
	if (others == 0 && str_equal(t.grant.role, "admin"))
		return (err_set(err, ERR_IN_USE, "it is the last unrestricted administrator: make another first"));
	if (recon_begin(r, true, err) == -1)
		return (-1);
	store_token_delete(r->store, id, err);
	recon_event(r, "token.deleted", "", w->actor, "", "token %s deleted by %s", id, w->actor);
	audit_token(r, w, &t);
	return (recon_end(r, err));
}

/* Writes a.session, whose grant is complete but for its times. */
static int
session_store(struct recon *r, const struct write *w, const char *prefix, const uint8_t *exchanged, int64_t now, struct err *err)
{
	struct account *a = w->account;
	struct session_row *s = &a->session;
	int64_t end = s->grant.expires_at;

	ident_new("se_", s->id);
	s->grant.created_at = now;
	s->grant.expires_at = now + a->lifetime_ms;
	/* never longer than what it was made with */
	if (end != 0 && end < s->grant.expires_at)
		s->grant.expires_at = end;
	auth_secret(prefix, s->id, a->secret);
	auth_hash(a->secret, s->sha256);
	if (recon_begin(r, true, err) == -1)
		return (-1);
	store_session_trim(r->store, now, err);
	store_session_keep(r->store, s->actor, s->is_code, SESSIONS_MAX - 1, err);
	if (exchanged != NULL)
		store_session_delete(r->store, exchanged, err);
	store_session_add(r->store, s, err);
	audit_session(r, w, s);
	return (recon_end(r, err));
}

/* The grant of the token or code that was given; what is wrong with it is nobody's business. */
static int
sign_in(struct recon *r, struct write *w, int64_t now, struct err *err)
{
	struct account *a = w->account;
	struct session_row code = { .is_code = true };
	struct token_row t;
	bool is_code = strncmp(a->secret, "jnl_", 4) == 0;
	uint8_t hash[32];
	int rc;

	auth_hash(a->secret, hash);
	explicit_bzero(a->secret, sizeof(a->secret));
	if (is_code) {
		rc = store_session_find(r->store, hash, &code, err);
	} else if ((rc = store_token_find(r->store, hash, false, &t, err)) == 0) {
		code.grant = t.grant;
		memcpy(code.token, t.id, sizeof(code.token));
		str_format(code.actor, sizeof(code.actor), "token:%s", t.id);
	}
	if (rc == -1 && err->code != ERR_NOT_FOUND)
		return (-1);
	if (rc == -1 || !code.is_code || (code.grant.expires_at != 0 && code.grant.expires_at <= now) ||
	    !auth_address_ok(code.grant.cidrs, a->address))
		return (err_set(err, ERR_DENIED, "not good"));
	/* the few minutes of the code are not the session's, but the end of the token behind it is */
	if (is_code && code.token[0] == '\0')
		code.grant.expires_at = 0;
	else if (is_code) {
		if (store_token(r->store, code.token, &t, err) == -1)
			return (-1);
		code.grant.expires_at = t.grant.expires_at;
	}
	a->session = code;
	a->session.is_code = false;
	/* nobody until now */
	memcpy(w->actor, code.actor, sizeof(w->actor));
	return (session_store(r, w, "jns", is_code ? hash : NULL, now, err));
}

static int
sign_out(struct recon *r, const struct write *w, struct err *err)
{
	struct session_row s;

	if (store_session_find(r->store, w->account->session.sha256, &s, err) == -1 || recon_begin(r, true, err) == -1)
		return (-1);
	store_session_delete(r->store, s.sha256, err);
	audit_session(r, w, &s);
	return (recon_end(r, err));
}

static void
account_run(struct recon *r, struct ticket *t)
{
	struct write *w = t->write;
	int64_t now = ident_now_ms();
	struct err err = { 0 };
	int rc;

	switch (w->verb) {
	case WRITE_TOKEN_CREATE:
		rc = token_create(r, w, now, &err);
		break;
	case WRITE_TOKEN_DELETE:
		rc = token_delete(r, w, now, &err);
		break;
	case WRITE_SIGN_IN:
		rc = sign_in(r, w, now, &err);
		break;
	case WRITE_SIGN_OUT:
		rc = sign_out(r, w, &err);
		break;
	default:
		rc = session_store(r, w, "jnl", NULL, now, &err);
	}
	if (rc == -1) {
		ticket_fail(r, t, &err);
		return;
	}
	t->out.kind = OUT_DONE;
	r->conf->notify(r->conf->arg);
	ticket_answer(t);
}

struct ticket *
account_commit(struct recon *r, struct ticket *list)
{
	struct ticket **link = &list, *t;

	while ((t = *link) != NULL) {
		if (!verb_is_account(t->write->verb)) {
			link = &t->next;
			continue;
		}
		*link = t->next;
		account_run(r, t);
	}
	return (list);
}
