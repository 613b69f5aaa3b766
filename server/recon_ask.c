/*
 * recon_ask: questions that only R can answer: what changes nothing needs no transaction and never waits for one.
 */
#include "core/log.h"
#include "server/recon_int.h"

static void
probe_start(struct recon *r, struct ticket *t)
{
	struct cmd c = { .op = CMD_PROBE, .u.probe = t->write->probe };
	struct job *job = job_free(r);
	const struct object *jail;
	struct err err;

	jail = topo_find(&r->want, KIND_JAIL, t->write->name);
	if (jail == NULL || !check_mine(t->write, jail))
		err_set(&err, ERR_NOT_FOUND, "there is no jail %s", t->write->name);
	else if (observed_jail(&r->have, t->write->name) == NULL)
		err_set(&err, ERR_CONFLICT, "jail %s is not running", t->write->name);
	else if (job == NULL)
		err_set(&err, ERR_BUSY, "too many jobs are running");
	else if (remote_send(&r->remote, &c, &job->seq, &err) == 0) {
		job->probe = t;
		audit_note(r, t, "committed", 0, "a probe from inside the jail");
		return;
	} else
		job->seq = 0;
	ticket_fail(r, t, &err);
}

static void
backup(struct recon *r, struct ticket *t)
{
	struct err err;

	if (r->damaged.code != ERR_NONE || store_backup(r->store, &t->out.fd, &err) == -1) {
		ticket_fail(r, t, r->damaged.code != ERR_NONE ? &r->damaged : &err);
		return;
	}
	t->out.has_file = true;
	/* it takes everything out of the house: not before that is written */
	if (recon_begin(r, true, &err) == 0) {
		audit_committed(r, t->write, "", 0, "a copy of the whole database");
		if (recon_end(r, &err) == 0) {
			t->out.kind = OUT_DONE;
			ticket_answer(t);
			return;
		}
	}
	ticket_fail(r, t, &err);
}

struct ticket *
questions_take(struct recon *r, struct ticket *list)
{
	struct ticket *writes = NULL, **tail = &writes, *t, *next;

	for (t = list; t != NULL; t = next) {
		next = t->next;
		if (t->write->verb == WRITE_PROBE)
			probe_start(r, t);
		else if (t->write->verb == WRITE_BACKUP)
			backup(r, t);
		else if (t->write->verb == WRITE_FILES)
			files_ask(r, t);
		else if (api_verb_asks(t->write->verb))
			counters_ask(r, t);
		else {
			*tail = t;
			tail = &t->next;
		}
	}
	*tail = NULL;
	return (writes);
}
