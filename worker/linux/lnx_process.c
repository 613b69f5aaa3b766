/* lnx_process: which processes are in which network namespace. */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

int64_t
lnx_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static int
compare(const void *a, const void *b)
{
	const struct lnx_process *p = a, *q = b;

	return (p->ino < q->ino ? -1 : p->ino > q->ino);
}

static int
keep(struct lnx *l, pid_t pid, ino_t ino)
{
	struct lnx_process *more;
	size_t room;

	if (l->nprocs == l->rprocs) {
		room = l->rprocs == 0 ? 64 : l->rprocs * 2;
		more = realloc(l->procs, room * sizeof(*more));
		if (more == NULL)
			return (-1);
		l->procs = more;
		l->rprocs = room;
	}
	l->procs[l->nprocs++] = (struct lnx_process){ .pid = pid, .ino = ino };
	return (0);
}

/* Zombies have no namespaces and processes of other users' namespaces do not show theirs: neither is ours to count. */
static int
ino_of(int proc_fd, const char *pid, ino_t *ino)
{
	char path[64];
	struct stat st;

	if (str_format(path, sizeof(path), "%s/ns/net", pid) == -1 || fstatat(proc_fd, path, &st, 0) == -1)
		return (-1);
	*ino = st.st_ino;
	return (0);
}

int
lnx_process_look(struct lnx *l, int64_t max_age_ms, struct err *err)
{
	struct dirent *d;
	uint64_t pid;
	ino_t ino;
	DIR *dir;

	if (max_age_ms > 0 && l->looked_ms != 0 && lnx_now_ms() - l->looked_ms <= max_age_ms)
		return (0);
	dir = opendir("/proc");
	if (dir == NULL)
		return (err_sys(err, "/proc"));
	l->nprocs = 0;
	while ((d = readdir(dir)) != NULL)
		if (str_u64(d->d_name, 1, INT32_MAX, &pid) == 0 && ino_of(dirfd(dir), d->d_name, &ino) == 0 && ino != l->host_ino &&
		    keep(l, (pid_t)pid, ino) == -1) {
			closedir(dir);
			return (err_nomem(err));
		}
	closedir(dir);
	if (l->nprocs > 0)
		qsort(l->procs, l->nprocs, sizeof(*l->procs), compare);
	l->looked_ms = lnx_now_ms();
	return (0);
}

static size_t
first_of(const struct lnx *l, ino_t ino)
{
	size_t lo = 0, hi = l->nprocs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->procs[mid].ino < ino)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

unsigned
lnx_process_count(const struct lnx *l, ino_t ino)
{
	size_t i = first_of(l, ino), from = i;

	while (i < l->nprocs && l->procs[i].ino == ino)
		i++;
	return ((unsigned)(i - from));
}

/* By descriptor and after a second look at its namespace, so that a reused pid is never hit. */
static void
send_signal(const struct lnx_process *p, int sig)
{
	char name[16];
	ino_t ino;
	int fd, proc;

	fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (fd == -1)
		return;
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc != -1 && str_format(name, sizeof(name), "%d", (int)p->pid) == 0 && ino_of(proc, name, &ino) == 0 && ino == p->ino)
		(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	if (proc != -1)
		close(proc);
	close(fd);
}

unsigned
lnx_process_kill(struct lnx *l, ino_t ino, int sig, int64_t max_age_ms)
{
	unsigned n = 0;

	if (ino == l->host_ino || lnx_process_look(l, max_age_ms, NULL) == -1)
		return (0);
	for (size_t i = first_of(l, ino); i < l->nprocs && l->procs[i].ino == ino; i++)
		if (l->procs[i].pid != getpid()) {
			send_signal(&l->procs[i], sig);
			n++;
		}
	return (n);
}
