/*
 * recon_drift: the kernel is not as wanted, and no request is under way for it: somebody changed it, or the host was rebooted.
 *
 * Found: a row for GET /v1/drift and an event.  Repaired: an event, the row goes.  The same object drifting again and again is repaired
 * later and later (BACKOFF_*); one that cannot be repaired keeps its row with the kernel's words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define DRIFT_ROWS_MAX 256

static const char *
cause_of(const struct step *s)
{
	switch (s->cmd.op) {
	case CMD_BRIDGE_CREATE:
	case CMD_EPAIR_CREATE:
	case CMD_JAIL_CREATE:
		return ("it was removed outside jailnet");
	case CMD_IF_MOVE:
		return ("it was moved outside jailnet");
	case CMD_IF_RENAME:
		return ("it was renamed outside jailnet");
	case CMD_ADDR_ADD:
	case CMD_ROUTE_ADD:
		return ("it was removed or never came back");
	default:
		return ("it was changed outside jailnet");
	}
}

static void
row_add(struct recon *r, const struct step *s)
{
	struct drift_row *grown, *row;

	if (r->ndrift == DRIFT_ROWS_MAX)
		return;
	grown = realloc(r->drift, (r->ndrift + 1) * sizeof(*grown));
	if (grown == NULL)
		return;
	r->drift = grown;
	row = &r->drift[r->ndrift++];
	memset(row, 0, sizeof(*row));
	object_ref(s->kind, s->name, row->object, sizeof(row->object));
	step_drift(s, &r->have, row->want, sizeof(row->want), row->have, sizeof(row->have));
	str_copy(row->cause, sizeof(row->cause), cause_of(s));
	row->since = ident_now_ms();
}

void
drift_found(struct recon *r)
{
	const struct drift_row *row;
	struct err err;
	size_t before = r->ndrift;

	if (!atomic_load(&r->conf->health->reconciled))
		return;	/* after a start everything may be missing: that is a boot, not drift */
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct step *s = &r->plan.v[i];

		if (op_of(r, s->kind, s->name) != NULL || objmap_has(&r->drifting, s->kind, s->name) || r->ops != NULL)
			continue;
		if (objmap_add(&r->drifting, s->kind, s->name) != NULL)
			row_add(r, s);
	}
	if (r->ndrift == before || recon_begin(r, false, &err) == -1)
		return;
	for (size_t i = before; i < r->ndrift; i++) {
		row = &r->drift[i];
		recon_event(r, "drift.found", row->object, "kernel", "", "%s: want %s, have %s: %s", row->object, row->want, row->have,
		    row->cause);
	}
	store_drift_set(r->store, r->drift, r->ndrift, &err);
	if (recon_end(r, &err) == -1)
		log_error("store", "drift is not stored: %s", err.msg);
	r->conf->notify(r->conf->arg);
}

static bool
row_stays(struct recon *r, struct drift_row *row)
{
	const struct trouble *t;
	const char *name;
	enum kind kind;

	for (size_t at = 0; objmap_next(&r->drifting, &at, &kind, &name, NULL);) {
		char object[96];

		object_ref(kind, name, object, sizeof(object));
		if (strcmp(object, row->object) != 0)
			continue;
		t = objmap_get(&r->trouble, kind, name);
		if (t == NULL || t->err.code == ERR_NONE) {
			recon_event(r, "drift.repaired", row->object, "jailnet", "", "%s: %s again (had %s)", row->object, row->want,
			    row->have);
			trouble_add(r, kind, name, NULL);
			return (false);
		}
		snprintf(row->cause, sizeof(row->cause), "cannot be repaired: %.120s", t->err.msg);
		return (true);
	}
	/* from an earlier cycle: it stays while its trouble does */
	for (size_t at = 0; objmap_next(&r->trouble, &at, &kind, &name, NULL);) {
		char object[96];

		object_ref(kind, name, object, sizeof(object));
		t = objmap_get(&r->trouble, kind, name);
		if (strcmp(object, row->object) == 0)
			return (t->err.code != ERR_NONE);
	}
	return (false);
}

void
drift_settle(struct recon *r)
{
	struct err ignored;
	size_t kept = 0;

	if (r->ndrift == 0)
		return;
	for (size_t i = 0; i < r->ndrift; i++) {
		if (row_stays(r, &r->drift[i]))
			r->drift[kept++] = r->drift[i];
	}
	r->ndrift = kept;
	store_drift_set(r->store, r->drift, r->ndrift, &ignored);
}
