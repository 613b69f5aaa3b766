/* lnx_probe: echoes from inside a jail.  A job: runs in a child of the worker. */
#include <unistd.h>

#include "worker/linux/lnx.h"
#include "worker/probe.h"

int
lnx_probe(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	struct probe p;
	int fd, rc;

	fd = lnx_ns_open(l, c->u.probe.jail, err);
	if (fd == -1)
		return (-1);
	rc = lnx_ns_enter(fd, err);
	close(fd);
	if (rc == -1)
		return (-1);
	rc = probe_open(&p, &c->u.probe, out, err);
	lnx_ns_leave(l);
	if (rc == -1)
		return (-1);
	probe_run(&p);
	return (0);
}
