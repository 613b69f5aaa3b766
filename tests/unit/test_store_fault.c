/*
 * test_store_fault: whatever breaks, a transaction is there whole or not at all, and what was acknowledged stays.
 */
#include "tests/unit/store_rig.h"

#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#define KILL_ROUNDS 20
#define DISK_SIZE "40m"

static int
put_and_commit(unsigned n, struct err *err)
{
	if (store_begin(w, err) == -1)
		return (-1);
	if (put_world(w, n, NULL) == -1)
		assert_int_not_equal(w->sticky.code, ERR_NONE);
	return (store_commit(w, err));
}

/* The database holds put_world(n) and nothing of another one. */
static void
assert_world(unsigned n, int64_t nevents)
{
	struct object *want[] = { full_epair("web0", 20 + n, "lan", "web"), full_attachment("em0", 30 + n, "web"),
		full_bridge("lan", 1 + n), full_jail("web", 10 + n) };
	struct status_row status;
	struct mac_row mac;
	struct topo topo;
	struct op_row op;
	int64_t first, last, live = -1;
	size_t i;

	OK(store_topo(w, &topo, E));
	assert_int_equal(topo.revision, n);
	assert_int_equal(topo.nfound, 1);
	for (i = 0; i < NELEMS(want); i++) {
		assert_int_equal(topo.n[want[i]->kind], 1);
		assert_same(topo_find(&topo, want[i]->kind, want[i]->name), want[i]);
		object_free(want[i]);
	}
	topo_fini(&topo);
	OK(store_status(w, KIND_EPAIR, "web0", &status, E));
	assert_int_equal(status.since, n);
	OK(store_op(w, "op_1", &op, E));
	assert_int_equal(op.revision, n);
	OK(store_mac_of(w, KIND_EPAIR, "web0", END_A, &mac, E));
	assert_int_equal(mac.state, MAC_ALLOCATED);
	assert_true(mac.mac.b[5] == (uint8_t)(2 * (20 + n)));
	OK(store_ask_int(w, "SELECT count(*) FROM mac WHERE state <> 'retired'", &live, E));
	assert_int_equal(live, 1);
	OK(store_event_range(w, &first, &last, E));
	assert_int_equal(last, nevents);
}

/* Step 1, 2, 3, ... of a transaction fails, until none does. */
static void
test_every_step(void **state)
{
	struct err err;
	unsigned n;

	(void)state;
	OK(put_and_commit(1, E));
	for (n = 1;; n++) {
		store_fault_at(w, n);
		err = (struct err){ 0 };
		if (put_and_commit(2, &err) == 0)
			break;
		assert_int_equal(err.code, ERR_STORE);
		store_fault_at(w, 0);
		assert_world(1, 1);
	}
	store_fault_at(w, 0);
	assert_true(n > 30);
	assert_world(2, 2);
}

/* The second request of a group meets the fault; the first one is kept. */
static void
test_group(void **state)
{
	struct object *o;
	struct err err;
	unsigned n, id = 1000;
	char name[16];
	int rc;

	(void)state;
	OK(put_and_commit(1, E));
	for (n = 1;; n++) {
		snprintf(name, sizeof(name), "first%u", n);
		OK(store_begin(w, E));
		OK(store_savepoint(w, E));
		put_free(w, full_jail(name, id++));
		OK(store_release(w, true, E));
		OK(store_savepoint(w, E));
		store_fault_at(w, n);
		rc = put_world(w, 2, &err);
		store_fault_at(w, 0);
		if (rc == -1) {
			assert_int_equal(err.code, ERR_STORE);
			OK(store_release(w, false, E));
		} else
			OK(store_release(w, true, E));
		OK(store_commit(w, E));
		OK(store_object(w, KIND_JAIL, name, &o, E));
		object_free(o);
		if (rc == 0)
			break;
		OK(store_begin(w, E));
		OK(store_object_delete(w, KIND_JAIL, name, E));
		OK(store_commit(w, E));
		assert_world(1, 1);
	}
	assert_true(n > 30);
}

/* Reads fail cleanly and work again at once. */
static void
test_reads(void **state)
{
	struct object *o;
	struct topo topo;
	struct err err;
	unsigned n, failed = 0;

	(void)state;
	OK(put_and_commit(1, E));
	for (n = 1; n < 60; n++) {
		store_fault_at(w, n);
		if (store_topo(w, &topo, &err) == -1) {
			failed++;
			assert_int_equal(err.code, ERR_STORE);
			store_fault_at(w, 0);
			OK(store_topo(w, &topo, E));
		}
		topo_fini(&topo);
		store_fault_at(w, n);
		if (store_object(w, KIND_EPAIR, "web0", &o, &err) == -1) {
			assert_int_equal(err.code, ERR_STORE);
			store_fault_at(w, 0);
			OK(store_object(w, KIND_EPAIR, "web0", &o, E));
		}
		object_free(o);
	}
	store_fault_at(w, 0);
	assert_true(failed > 20 && failed < 59);
	assert_world(1, 1);
}

/* --- a full disk, on a small file system of our own ------------------------------------------------------- */

#define CHECK(cond)									\
	do {										\
		if (!(cond)) {								\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);	\
			_exit(1);							\
		}									\
	} while (0)

/* Mounts a small disk; 77: not possible here. */
#ifdef __FreeBSD__
static void
own_disk(const char *where)
{
	char command[160];

	/* without namespaces it is the machine's; test_full_disk removes it */
	snprintf(command, sizeof(command), "mount -t tmpfs -o size=" DISK_SIZE ",mode=0700 tmpfs %s", where);
	if (geteuid() != 0 || system(command) != 0)
		_exit(77);
}
#else
static void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* An ordinary user gets a user namespace too. */
static void
own_disk(const char *where)
{
	bool root = geteuid() == 0;
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) == -1)
		_exit(77);
	if (!root) {
		write_text("/proc/self/setgroups", "deny");
		write_text("/proc/self/uid_map", uids);
		write_text("/proc/self/gid_map", gids);
	}
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", where, "tmpfs", 0, "size=" DISK_SIZE ",mode=0700") == -1)
		_exit(77);
}
#endif

static void
fill_disk(const char *path)
{
	static char block[65536];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ssize_t n;

	CHECK(fd != -1);
	while ((n = write(fd, block, sizeof(block))) > 0)
		;
	CHECK(n == -1 && errno == ENOSPC);
	close(fd);
}

static int
add_events(struct store *s, unsigned n, struct err *err)
{
	struct event_row e = { .type = "x" };

	memset(e.text, 'x', sizeof(e.text) - 1);
	if (store_begin(s, err) == -1)
		return (-1);
	while (n-- > 0 && store_event_add(s, &e, NULL) == 0)
		;
	return (store_commit(s, err));
}

static void
full_disk(void)
{
	char mnt[80], filler[96], ballast[112], answer[64];
	struct store *s = NULL, *r = NULL;
	int64_t first, before, after;
	struct err err = { 0 };
	struct stat st;
	int i;

	snprintf(mnt, sizeof(mnt), "%s/mnt", dir);
	CHECK(mkdir(mnt, 0700) == 0);
	own_disk(mnt);
	snprintf(filler, sizeof(filler), "%s/filler", mnt);
	snprintf(ballast, sizeof(ballast), "%s/jailnet.ballast", mnt);
	CHECK(store_open(mnt, STORE_WRITER, &s, &err) == 0);
	CHECK(store_open(mnt, STORE_READER, &r, &err) == 0);
	CHECK(add_events(s, 1000, &err) == 0);
	CHECK(stat(ballast, &st) == 0 && st.st_size == (off_t)STORE_BALLAST_SIZE);
	fill_disk(filler);
	/* The WAL has some room of its own left. */
	for (i = 0; i < 100 && add_events(s, 1000, &err) == 0; i++)
		;
	CHECK(i < 100);
	CHECK(err.code == ERR_STORE && err.sys == ENOSPC);
	CHECK(store_event_range(r, &first, &before, &err) == 0);
	CHECK(before == 1000 + i * 1000);
	CHECK(store_event_range(s, &first, &after, &err) == 0 && after == before);
	store_relieve(s);
	CHECK(stat(ballast, &st) == -1);
	CHECK(add_events(s, 10, &err) == 0);
	CHECK(store_event_range(r, &first, &after, &err) == 0 && after == before + 10);
	store_relieve(s);
	CHECK(stat(ballast, &st) == -1);
	CHECK(unlink(filler) == 0);
	store_relieve(s);
	CHECK(stat(ballast, &st) == 0);
	CHECK(store_ask_text(s, "PRAGMA integrity_check", answer, sizeof(answer), &err) == 0 && strcmp(answer, "ok") == 0);
	store_close(r);
	store_close(s);
	CHECK(store_open(mnt, STORE_WRITER, &s, &err) == 0);
	store_close(s);
	_exit(0);
}

static void
test_full_disk(void **state)
{
	int status;
	char mnt[80];
	pid_t pid;

	(void)state;
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		full_disk();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(mnt, sizeof(mnt), "%s/mnt", dir);
#ifdef __FreeBSD__
	(void)unmount(mnt, 0);
#endif
	(void)rmdir(mnt);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("no mount namespace to be had here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- kill -9 ----------------------------------------------------------------------------------------------- */

/* Commits for ever; each revision goes down the pipe once it is safe. */
static void
commit_for_ever(int fd)
{
	struct event_row e = { .type = "x", .text = "made" };
	struct store *s = NULL;
	struct err err = { 0 };
	int64_t n = 0;

	CHECK(store_open(dir, STORE_WRITER, &s, &err) == 0);
	CHECK(store_revision(s, &n, &err) == 0);
	for (;;) {
		e.revision = ++n;
		CHECK(store_begin(s, &err) == 0);
		CHECK(store_event_add(s, &e, &err) == 0);
		CHECK(store_revision_set(s, n, &err) == 0);
		CHECK(store_commit(s, &err) == 0);
		CHECK(write(fd, &n, sizeof(n)) == (ssize_t)sizeof(n));
	}
}

static int64_t
last_acknowledged(int fd)
{
	int64_t n, last = 0;

	while (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		last = n;
	return (last);
}

static int64_t
kill_round(int64_t before)
{
	struct timespec nap = { 0, (rand() % 30000 + 200) * 1000L };
	struct pollfd pfd = { .events = POLLIN };
	int64_t acked, revision, first, last;
	char answer[64];
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(fd[0]);
		commit_for_ever(fd[1]);
	}
	close(fd[1]);
	/* From the first answer on, at any moment. */
	pfd.fd = fd[0];
	assert_int_equal(poll(&pfd, 1, 20000), 1);
	nanosleep(&nap, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	acked = last_acknowledged(fd[0]);
	close(fd[0]);
	assert_true(acked > before);
	OK(store_open(dir, STORE_WRITER, &w, E));
	OK(store_revision(w, &revision, E));
	/* One more may have been committed and not yet acknowledged. */
	assert_true(revision == acked || revision == acked + 1);
	OK(store_event_range(w, &first, &last, E));
	assert_int_equal(last, revision);
	OK(store_ask_text(w, "PRAGMA integrity_check", answer, sizeof(answer), E));
	assert_string_equal(answer, "ok");
	store_close(w);
	w = NULL;
	return (revision);
}

static void
test_kill(void **state)
{
	int64_t revision = 0;
	int i;

	(void)state;
	store_close(w);
	w = NULL;
	srand((unsigned)time(NULL));
	for (i = 0; i < KILL_ROUNDS; i++)
		revision = kill_round(revision);
	print_message("%d kills, %lld commits, none lost\n", i, (long long)revision);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_every_step), T(test_group), T(test_reads), T(test_full_disk), T(test_kill) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
