/* fbsd_probe: echoes from inside a jail.  A job: runs in a child of the worker. */
#include "worker/probe.h"
#include "worker/freebsd/fbsd.h"

struct echoes {
	const struct cmd_probe *c;
	struct reply out;
};

static int
probe_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct echoes *e = arg;
	struct probe p;

	(void)in;
	if (probe_open(&p, e->c, &e->out, err) == -1)
		return (-1);
	probe_run(&p);
	return (0);
}

int
fbsd_probe(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct echoes e = { .c = &c->u.probe, .out = *out };

	struct fbsd_jail j = { 0 };
	struct fbsd_visit v;

	if (fbsd_jail_find(f, c->u.probe.jail, &j, err) == -1 ||
	    fbsd_visit_begin(f, j.jid, c->u.probe.jail, probe_inside, &e, sizeof(e), NULL, &v, err) == -1)
		return (-1);
	/* a job of its own: as long as the echoes take, which the child knows */
	v.answer_ms = (int)(c->u.probe.count * (c->u.probe.timeout_ms + c->u.probe.interval_ms)) + v.answer_ms;
	if (fbsd_visit_end(&v, c->u.probe.jail, &e, sizeof(e), NULL, err) == -1)
		return (-1);
	*out = e.out;
	return (0);
}
