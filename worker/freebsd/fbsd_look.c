/*
 * fbsd_look: see fbsd_look.h.
 */
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_look.h"

/* Children at a time: the look at a jail is mostly waiting for fork and exit. */
#define VISITS_MAX 8

struct visit {
	struct fbsd_look k;
	struct fbsd_visit v;
	char name[NAME_SIZE];
	bool on;
};

static int
begin(struct fbsd *f, const struct obs_jail *row, fbsd_inside_fn *fn, struct observed *out, struct visit *v, struct err *err)
{
	v->on = row->jid != 0 && row->phase != JAIL_IS_DYING;
	v->k = (struct fbsd_look){ .jail = v->name, .out = out };
	if (!v->on)
		return (0);
	memcpy(v->name, row->name, sizeof(v->name));
	v->on = fbsd_visit_begin(f, (int)row->jid, v->name, fn, &v->k, sizeof(v->k), out, &v->v, err) == 0;
	return (v->on ? 0 : -1);
}

/* Nobody could look: is it gone, or did somebody inside not let us? */
static bool
lives(struct fbsd *f, const struct obs_jail *row)
{
	struct fbsd_jail j;

	return (fbsd_jail_find(f, row->name, &j, NULL) == 0 && j.jid == (int)row->jid);
}

/* *keep: the row stays.  -1 with err: not for this jail alone. */
static int
end(struct fbsd *f, struct obs_jail *row, struct visit *v, fbsd_look_done *done, bool *keep, struct err *err)
{
	struct observed *out = v->k.out;
	const size_t before[] = { out->nlinks, out->naddrs, out->nroutes, out->ncounters };
	struct err why = { 0 };

	*keep = true;
	if (!v->on)
		return (0);
	v->on = false;
	if (fbsd_visit_end(&v->v, v->name, &v->k, sizeof(v->k), out, &why) == 0) {
		v->k.from = before[0];
		if (done != NULL)
			done(f, row, &v->k);
		return (0);
	}
	if (why.code != ERR_BUSY) {
		if (err != NULL)
			*err = why;
		return (-1);
	}
	out->nlinks = before[0];
	out->naddrs = before[1];
	out->nroutes = before[2];
	out->ncounters = before[3];
	*keep = lives(f, row);
	if (*keep) {
		row->busy = true;
		(void)str_copy(row->reason, sizeof(row->reason), "processes of the jail stopped the look at it: it is left alone");
	}
	return (0);
}

int
fbsd_look_jails(struct fbsd *f, struct observed *jails, size_t first, fbsd_inside_fn *fn, struct observed *out, fbsd_look_done *done,
    struct err *err)
{
	struct visit visits[VISITS_MAX] = { 0 };
	size_t next = first, kept = first;
	bool keep;
	int rc = 0;

	for (size_t at = first; rc == 0 && at < jails->njails; at++) {
		for (; rc == 0 && next < jails->njails && next - at < VISITS_MAX; next++)
			rc = begin(f, &jails->jails[next], fn, out, &visits[next % VISITS_MAX], err);
		if (rc == 0)
			rc = end(f, &jails->jails[at], &visits[at % VISITS_MAX], done, &keep, err);
		if (rc == 0 && keep)
			jails->jails[kept++] = jails->jails[at];
	}
	for (size_t i = 0; i < VISITS_MAX; i++)
		if (visits[i].on)
			fbsd_visit_drop(&visits[i].v);
	if (rc == 0)
		jails->njails = kept;
	return (rc);
}
