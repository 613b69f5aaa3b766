/*
 * recon_txn: transactions of R: what everybody else must know of them is kept true here: health, generation, events.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/log.h"
#include "server/ident.h"
#include "server/recon_int.h"

void
object_ref(enum kind kind, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", kind_name(kind), name);
}

void
damage_look(struct recon *r)
{
	struct err err;

	if (store_met_damage(r->store) && store_check(r->store, &err) == -1)
		log_error("store", "%s", err.msg);
	if (r->damaged.code != ERR_NONE || !store_is_damaged(r->store, &r->damaged))
		return;
	log_error("store", "%s", r->damaged.msg);
	atomic_store(&r->conf->health->store_ok, false);
}

int
recon_begin(struct recon *r, bool durable, struct err *err)
{
	store_durable(r->store, durable);
	if (store_begin(r->store, err) == 0)
		return (0);
	damage_look(r);
	return (-1);
}

int
recon_end(struct recon *r, struct err *err)
{
	if (store_commit(r->store, err) == -1) {
		atomic_store(&r->conf->health->store_ok, false);
		damage_look(r);
		if (err->sys == ENOSPC)
			store_relieve(r->store);
		return (-1);
	}
	atomic_store(&r->conf->health->store_ok, true);
	atomic_fetch_add(&r->conf->health->generation, 1);
	return (0);
}

void
recon_event(struct recon *r, const char *type, const char *object, const char *actor, const char *op, const char *fmt, ...)
{
	struct event_row e = { .revision = r->want.revision, .at = ident_now_ms() };
	struct err ignored;	/* sticky: the commit reports it */
	va_list ap;

	snprintf(e.type, sizeof(e.type), "%s", type);
	snprintf(e.object, sizeof(e.object), "%s", object);
	snprintf(e.actor, sizeof(e.actor), "%s", actor);
	snprintf(e.op, sizeof(e.op), "%s", op);
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	store_event_add(r->store, &e, &ignored);
}
