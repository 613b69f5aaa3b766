/*
 * job: fork, execute, reply through a pipe.
 */
#include "worker/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/sandbox.h"

void
jobs_init(struct jobs *j)
{
	memset(j, 0, sizeof(*j));
	for (size_t i = 0; i < JOBS_MAX; i++)
		j->v[i].fd = -1;
}

static void
job_free(struct job *job)
{
	if (job->fd != -1)
		close(job->fd);
	free(job->raw);
	*job = (struct job){ .fd = -1 };
}

static void
write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno != EINTR)
			return;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void __attribute__((noreturn))
child(pid_t parent, int fd, const struct driver *drv, void *ctx, const struct cmd *c, uint64_t seq)
{
	struct reply reply;
	struct err err = { ERR_NONE, 0, "", "" };
	struct frame f;
	uint8_t header[WIRE_HEADER_SIZE];

	setpgid(0, 0);
	sandbox_end_with(parent);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	memset(&reply, 0, sizeof(reply));
	if (drv->exec(ctx, c, &reply, &err) == -1) {
		reply.result = REPLY_FAILED;
		reply.err = err;
	}
	if (wire_put_reply(&f, seq, c->op, &reply, &err) == 0) {
		wire_header_put(&f, header);
		write_all(fd, header, sizeof(header));
		write_all(fd, f.payload, f.len);
	}
	_exit(0);
}

int
jobs_start(struct jobs *j, const struct driver *drv, void *ctx, const struct cmd *c, uint64_t seq, unsigned server,
    const int *close_fds, size_t nclose, struct err *err)
{
	struct job *job = NULL;
	pid_t pid, parent = getpid();
	int fds[2];

	for (size_t i = 0; i < JOBS_MAX && job == NULL; i++)
		if (j->v[i].pid == 0)
			job = &j->v[i];
	if (job == NULL)
		return (err_set(err, ERR_BUSY, "%d jobs are running already", JOBS_MAX));
	if ((job->raw = malloc(WIRE_FRAME_MAX)) == NULL)
		return (err_nomem(err));
	if (pipe2(fds, O_CLOEXEC) == -1) {
		job_free(job);
		return (err_sys(err, "pipe"));
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	if ((pid = fork()) == -1) {
		err_sys(err, "fork");
		close(fds[0]);
		close(fds[1]);
		job_free(job);
		return (-1);
	}
	if (pid == 0) {
		close(fds[0]);
		for (size_t i = 0; i < nclose; i++)
			if (close_fds[i] != -1)
				close(close_fds[i]);
		for (size_t i = 0; i < JOBS_MAX; i++)
			if (j->v[i].fd != -1)
				close(j->v[i].fd);
		child(parent, fds[1], drv, ctx, c, seq);
	}
	/* in both processes, so that a kill right away finds the group */
	setpgid(pid, pid);
	close(fds[1]);
	job->pid = pid;
	job->fd = fds[0];
	job->seq = seq;
	job->op = c->op;
	job->server = server;
	if (c->op == CMD_JAIL_START || c->op == CMD_JAIL_STOP)
		(void)str_copy(job->jail, sizeof(job->jail), c->u.exec.name);
	job->have = 0;
	return (0);
}

bool
jobs_busy(const struct jobs *j, const char *jail)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->v[i].pid != 0 && j->v[i].jail[0] != '\0' && str_equal(j->v[i].jail, jail))
			return (true);
	return (false);
}

static void
died(const struct job *job, struct frame *f)
{
	struct reply r = { .result = REPLY_FAILED };

	err_set(&r.err, ERR_INTERNAL, "job died");
	wire_put_reply(f, job->seq, job->op, &r, NULL);
}

bool
jobs_read(struct jobs *j, size_t i, struct frame *f)
{
	struct job *job = &j->v[i];
	struct reply r;
	ssize_t n = 0;
	bool whole;

	while (job->have < WIRE_FRAME_MAX && (n = read(job->fd, job->raw + job->have, WIRE_FRAME_MAX - job->have)) > 0)
		job->have += (size_t)n;
	whole = job->have >= WIRE_HEADER_SIZE && wire_header_get(job->raw, f, NULL) == 0 &&
	    job->have == WIRE_HEADER_SIZE + f->len;
	/* a whole reply needs no end of file: something the job left behind may hold the pipe */
	if (!whole && n == -1 && (errno == EAGAIN || errno == EINTR))
		return (false);
	if (whole) {
		memcpy(f->payload, job->raw + WIRE_HEADER_SIZE, f->len);
		if (f->seq != job->seq || wire_get_reply(f, job->op, &r, NULL) == -1)
			died(job, f);
	} else
		died(job, f);
	job_free(job);
	return (true);
}

void
jobs_end(struct jobs *j, int wait_ms)
{
	const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	bool left = true;

	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->v[i].pid != 0)
			kill(-j->v[i].pid, SIGTERM);
	for (; left && wait_ms > 0; wait_ms -= 10) {
		left = false;
		for (size_t i = 0; i < JOBS_MAX; i++)
			left = left || (j->v[i].pid != 0 && waitpid(j->v[i].pid, NULL, WNOHANG) == 0);
		if (left)
			nanosleep(&tick, NULL);
	}
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (j->v[i].pid != 0)
			kill(-j->v[i].pid, SIGKILL);
		job_free(&j->v[i]);
	}
}
