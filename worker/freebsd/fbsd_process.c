/* fbsd_process: who lives in which jail. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/freebsd/fbsd.h"

struct fbsd_process {
	int jid;
	pid_t pid;
};

static int
compare(const void *a, const void *b)
{
	const struct fbsd_process *p = a, *q = b;

	return (p->jid < q->jid ? -1 : p->jid > q->jid);
}

/* All of the kernel's processes; NULL when memory is out. */
static struct kinfo_proc *
read_all(size_t *n)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PROC };
	struct kinfo_proc *v = NULL;
	size_t size = 0;

	/* there may be more of them the next moment */
	for (int i = 0; i < 5; i++) {
		free(v);
		v = NULL;
		if (sysctl(mib, 3, NULL, &size, NULL, 0) == -1)
			return (NULL);
		size += size / 4;
		v = malloc(size);
		if (v == NULL)
			return (NULL);
		if (sysctl(mib, 3, v, &size, NULL, 0) == 0) {
			*n = size / sizeof(*v);
			return (v);
		}
		if (errno != ENOMEM)
			break;
	}
	free(v);
	return (NULL);
}

/* Those in jails, sorted; zombies live no more. */
static struct fbsd_process *
look(size_t *n)
{
	size_t all = 0;
	struct kinfo_proc *v = read_all(&all);
	struct fbsd_process *out = v == NULL ? NULL : malloc((all + 1) * sizeof(*out));

	*n = 0;
	for (size_t i = 0; out != NULL && i < all; i++)
		if (v[i].ki_jid != 0 && v[i].ki_stat != SZOMB)
			out[(*n)++] = (struct fbsd_process){ .jid = v[i].ki_jid, .pid = v[i].ki_pid };
	free(v);
	if (out != NULL && *n > 1)
		qsort(out, *n, sizeof(*out), compare);
	return (out);
}

void
fbsd_process_look(struct fbsd *f)
{
	fbsd_process_forget(f);
	f->procs = look(&f->nprocs);
}

void
fbsd_process_forget(struct fbsd *f)
{
	free(f->procs);
	f->procs = NULL;
	f->nprocs = 0;
}

unsigned
fbsd_process_count(struct fbsd *f, int jid)
{
	size_t lo = 0, hi = f->nprocs;
	unsigned n = 0;

	if (f->procs == NULL)
		return (fbsd_process_kill(f, jid, 0));
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->procs[mid].jid < jid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->nprocs && f->procs[lo].jid == jid; lo++)
		n++;
	return (n);
}

unsigned
fbsd_process_kill(struct fbsd *f, int jid, int sig)
{
	size_t n;
	struct fbsd_process *v = look(&n);
	unsigned hit = 0;

	(void)f;
	for (size_t i = 0; v != NULL && i < n; i++) {
		if (v[i].jid != jid || v[i].pid == getpid())
			continue;
		hit++;
		if (sig != 0)
			(void)kill(v[i].pid, sig);
	}
	free(v);
	return (hit);
}
