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

	if (fbsd_inside_name(f, c->u.probe.jail, probe_inside, &e, sizeof(e), err) == -1)
		return (-1);
	*out = e.out;
	return (0);
}
