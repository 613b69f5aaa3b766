/*
 * nth: the next thing that has not failed yet, fails: for test_nth_daemon.py, loaded into jailnetd and its server with LD_PRELOAD.
 *
 * What may fail is one of three kinds of calls: allocations, SQLite, the system.  A place is such a call with all its callers.  While it is armed,
 * the first call at a place that has not failed before fails, once, and it is disarmed: a test that arms it until nothing fails any more has seen
 * each place of its story fail.  The places are in the file that JAILNET_TEST_NTH names (mapped before the server shuts itself in), so that they
 * outlive their process.
 *
 * A place is told from others by the offsets of its callers, but belongs to a sample by their names: what is not changed fails as it did before.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FRAMES 40
#define PLACES 65536
#define NAMES 16384
#define EARLY 65536

enum { MEMORY = 1, SQL = 2, SYSTEM = 4 };

/* As test_nth_daemon.py writes and reads it. */
struct control {
	int32_t armed;		/* kinds of calls; 0 when one has failed */
	int32_t server;		/* of jailnetd-server, not of jailnetd */
	int32_t error;		/* errno, or SQLite's code */
	int32_t every, which;	/* of the places that have not failed, only those whose sample modulo 'every' is 'which' */
	int32_t fired, nplaces;
	int32_t pid;		/* where the last one failed */
	char place[2048];	/* the last one: the call, then module+offset of its callers */
	uint64_t seen[PLACES];
	uint64_t nnames;
	struct name {
		uint64_t module, offset, name;	/* where a function of ours begins, in this order; module and name by their hashes */
	} names[NAMES];
};

static struct control *control;
static bool in_server, in_worker;	/* of a jail's commands nothing fails */
static __thread bool inside;	/* what we call ourselves does not count */

__attribute__((constructor)) static void
map(void)
{
	const char *path = getenv("JAILNET_TEST_NTH");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *frames[2], *p = fd == -1 ? MAP_FAILED : mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd != -1)
		close(fd);
	in_server = strcmp(program_invocation_short_name, "jailnetd-server") == 0;
	in_worker = !in_server && strncmp(program_invocation_short_name, "jailnetd", 8) == 0;
	(void)backtrace(frames, 2);	/* loads what it needs */
	control = p == MAP_FAILED ? NULL : p;
}

/* Of these only the entry counts: the allocations inside are their own tests' business. */
static bool
is_closed(const char *module)
{
	return (strncmp(module, "libsqlite3", 10) == 0 || strncmp(module, "libjansson", 10) == 0);
}

/*
 * What does not survive it, and is asked at the start only, before anything is done: libseccomp, and glibc's list of users.  A thread's stack only
 * a sanitizer asks for.
 */
static bool
is_frail(const char *module, const char *function)
{
	return (strncmp(module, "libseccomp", 10) == 0 ||
	    (function != NULL && (strstr(function, "getpwnam") != NULL || strcmp(function, "pthread_getattr_np") == 0)));
}

static uint64_t
fnv(const char *text)
{
	uint64_t h = 14695981039346656037u;

	for (const char *c = text; *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	return (h);
}

/* The function of ours at this offset; of others' modules, the module. */
static uint64_t
name_at(const char *module, uint64_t offset)
{
	uint64_t m = fnv(module), below = 0, above = control->nnames, mid;
	const struct name *e;

	while (below < above) {
		mid = (below + above) / 2;
		e = &control->names[mid];
		if (e->module < m || (e->module == m && e->offset <= offset))
			below = mid + 1;
		else
			above = mid;
	}
	e = below == 0 ? NULL : &control->names[below - 1];
	return (e != NULL && e->module == m ? e->name : m);
}

/* libmicrohttpd writes itself to an eventfd alone, to wake its thread: that does not fail, and whoever waits for the thread would, for a minute. */
static bool
is_wake_up(const char *module, const char *call)
{
	return (strncmp(module, "libmicrohttpd", 13) == 0 && strcmp(call, "write") == 0);
}

/* Callers by module and offset: addresses are others in the next process.  False: it does not count, the dynamic linker's and SQLite's own calls. */
static bool
describe(int kind, void *const frames[], int n, const char *call, char *text, size_t size, uint64_t *hash, uint64_t *sample)
{
	size_t len = (size_t)snprintf(text, size, "%s", call), before = len;
	const char *base, *last = "";
	uint64_t offset, name;
	Dl_info info;

	*sample = fnv(call);
	for (int i = 0; i < n; i++) {
		if (dladdr(frames[i], &info) == 0)
			continue;
		base = strrchr(info.dli_fname, '/');
		base = base == NULL ? info.dli_fname : base + 1;
		if (strncmp(base, "ld-linux", 8) == 0 || is_frail(base, info.dli_sname))
			return (false);
		if (strcmp(base, "nth.so") == 0 || strncmp(base, "libasan", 7) == 0)
			continue;
		if (*last == '\0' && ((kind == SQL && is_closed(base)) || is_wake_up(base, call)))
			return (false);
		offset = (uint64_t)((char *)frames[i] - (char *)info.dli_fbase);
		name = name_at(base, offset);
		if (strcmp(base, last) != 0 || name != fnv(base))
			*sample = (*sample ^ name) * 1099511628211u;
		if (is_closed(base) && strcmp(base, last) == 0)
			len = before;
		before = len;
		last = base;
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, " %s+0x%jx", base, (uintmax_t)offset);
	}
	*sample ^= *sample >> 32;
	*hash = fnv(text);
	*hash ^= *hash >> 32;
	*hash += *hash == 0;
	return (true);
}

/* True when this place has not failed yet; from now on it has. */
static bool
is_new(uint64_t hash)
{
	uint64_t *slot;

	for (size_t i = 0; i < PLACES; i++) {
		slot = &control->seen[(hash + i) % PLACES];
		if (*slot == hash)
			return (false);
		if (*slot == 0) {
			*slot = hash;
			control->nplaces++;
			return (true);
		}
	}
	return (false);
}

/* Stacks of this process that were looked at already and do not fail (any more), by their addresses alone: that is quicker.  NULL: this is one. */
static uint64_t *
unsettled(const char *call, void *const frames[], int n)
{
	static uint64_t stacks[PLACES];
	uint64_t h = (uintptr_t)call, *slot;

	for (int i = 0; i < n; i++)
		h = (h ^ (uintptr_t)frames[i]) * 1099511628211u;
	h ^= h >> 29;
	slot = &stacks[h % PLACES];
	if (*slot == h)
		return (NULL);
	*slot = h;
	return (slot);
}

static bool
fails(int kind, const char *call)
{
	int armed = control == NULL ? 0 : __atomic_load_n(&control->armed, __ATOMIC_SEQ_CST), saved = errno, n;
	void *frames[FRAMES];
	char text[sizeof(control->place)];
	bool now = false;
	uint64_t hash, sample, *slot;

	if ((armed & kind) == 0 || inside || !(control->server != 0 ? in_server : in_worker))
		return (false);
	inside = true;
	n = backtrace(frames, FRAMES);
	if ((slot = unsettled(call, frames, n)) != NULL && describe(kind, frames, n, call, text, sizeof(text), &hash, &sample) &&
	    sample % (uint64_t)control->every == (uint64_t)control->which) {
		if (__atomic_exchange_n(&control->armed, 0, __ATOMIC_SEQ_CST) == 0)
			*slot = 0;	/* another thread's came first */
		else if ((now = is_new(hash))) {
			memcpy(control->place, text, sizeof(text));
			control->pid = getpid();
			control->fired++;
		} else
			__atomic_store_n(&control->armed, armed, __ATOMIC_SEQ_CST);
	}
	inside = false;
	errno = now ? (kind == MEMORY ? ENOMEM : control->error) : saved;
	return (now);
}

/* --- memory ----------------------------------------------------------------------------------------------------- */

/* dlsym() may ask for memory while it looks for malloc(). */
static _Alignas(16) char early[EARLY];
static size_t early_used;

static void *
early_take(size_t size)
{
	void *p = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	if (early_used > sizeof(early))
		abort();
	return (p);
}

static bool
is_early(const void *p)
{
	return ((const char *)p >= early && (const char *)p < early + sizeof(early));
}

static void *(*real_malloc)(size_t), *(*real_calloc)(size_t, size_t), *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static bool
found(void)
{
	static bool looking;

	if (real_free != NULL || looking)
		return (real_free != NULL);
	looking = true;
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&real_free = dlsym(RTLD_NEXT, "free");
	return (true);
}

void *
malloc(size_t size)
{
	if (!found())
		return (early_take(size));
	return (fails(MEMORY, "malloc") ? NULL : real_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	if (!found())
		return (early_take(n * size));
	return (fails(MEMORY, "calloc") ? NULL : real_calloc(n, size));
}

void *
realloc(void *p, size_t size)
{
	if (!found() || is_early(p)) {
		void *q = found() ? real_malloc(size) : early_take(size);

		if (p != NULL && q != NULL)	/* what lies behind it is ours, too */
			memcpy(q, p, (size_t)(early + sizeof(early) - (char *)p) < size ? (size_t)(early + sizeof(early) - (char *)p) : size);
		return (q);
	}
	return (size != 0 && fails(MEMORY, "realloc") ? NULL : real_realloc(p, size));
}

void
free(void *p)
{
	if (p == NULL || is_early(p) || !found())
		return;
	real_free(p);
}

/* --- the rest: NAME(PARAMETERS) is answered with FAILED ------------------------------------------------------------ */

#define CALL(kind, type, failed, name, params, args)		\
	type name params;					\
	type name params					\
	{							\
		static type (*real) params;			\
								\
		if (real == NULL)				\
			*(void **)&real = dlsym(RTLD_NEXT, #name);	\
		return (fails(kind, #name) ? failed : real args);	\
	}
#define SYS(type, name, params, args) CALL(SYSTEM, type, (type)-1, name, params, args)

SYS(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
SYS(int, bind, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len))
SYS(int, setsockopt, (int fd, int level, int name, const void *v, socklen_t len), (fd, level, name, v, len))
SYS(ssize_t, sendto, (int fd, const void *p, size_t n, int flags, const struct sockaddr *sa, socklen_t len), (fd, p, n, flags, sa, len))
SYS(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
SYS(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
SYS(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
SYS(int, setns, (int fd, int type), (fd, type))
SYS(int, unshare, (int flags), (flags))
SYS(int, mount, (const char *what, const char *on, const char *type, unsigned long flags, const void *data), (what, on, type, flags, data))
SYS(int, umount2, (const char *path, int flags), (path, flags))
SYS(int, mkdir, (const char *path, mode_t mode), (path, mode))
SYS(int, rmdir, (const char *path), (path))
SYS(int, unlink, (const char *path), (path))
SYS(int, rename, (const char *from, const char *to), (from, to))
SYS(int, stat, (const char *path, struct stat *st), (path, st))
SYS(int, stat64, (const char *path, struct stat64 *st), (path, st))
SYS(int, lstat, (const char *path, struct stat *st), (path, st))
SYS(int, fstat, (int fd, struct stat *st), (fd, st))
SYS(int, fstat64, (int fd, struct stat64 *st), (fd, st))
SYS(int, fstatat, (int fd, const char *path, struct stat *st, int flags), (fd, path, st, flags))
SYS(int, statfs, (const char *path, struct statfs *st), (path, st))
SYS(int, fstatfs, (int fd, struct statfs *st), (fd, st))
SYS(int, access, (const char *path, int mode), (path, mode))
SYS(ssize_t, readlink, (const char *path, char *buf, size_t size), (path, buf, size))
SYS(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))
SYS(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n))
SYS(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
SYS(ssize_t, pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))
SYS(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
SYS(int, ftruncate, (int fd, off_t size), (fd, size))
SYS(int, ftruncate64, (int fd, off64_t size), (fd, size))
SYS(int, fsync, (int fd), (fd))
SYS(int, fdatasync, (int fd), (fd))
SYS(int, pipe2, (int fd[2], int flags), (fd, flags))
SYS(int, socketpair, (int domain, int type, int protocol, int fd[2]), (domain, type, protocol, fd))
SYS(int, sethostname, (const char *name, size_t len), (name, len))
SYS(pid_t, fork, (void), ())
CALL(SYSTEM, DIR *, NULL, opendir, (const char *path), (path))
CALL(SYSTEM, DIR *, NULL, fdopendir, (int fd), (fd))
CALL(SYSTEM, void *, MAP_FAILED, mmap64, (void *p, size_t n, int prot, int flags, int fd, off64_t at), (p, n, prot, flags, fd, at))

#define WITH_ONE_MORE(name, params, args, last)				\
	int name params;						\
	int name params							\
	{								\
		static int (*real) params;				\
		va_list ap;						\
		void *more;						\
									\
		va_start(ap, last);					\
		more = va_arg(ap, void *);				\
		va_end(ap);						\
		if (real == NULL)					\
			*(void **)&real = dlsym(RTLD_NEXT, #name);	\
		return (fails(SYSTEM, #name) ? -1 : real args);		\
	}
WITH_ONE_MORE(open, (const char *path, int flags, ...), (path, flags, (int)(intptr_t)more), flags)
WITH_ONE_MORE(open64, (const char *path, int flags, ...), (path, flags, (int)(intptr_t)more), flags)
WITH_ONE_MORE(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, (int)(intptr_t)more), flags)
WITH_ONE_MORE(ioctl, (int fd, unsigned long request, ...), (fd, request, more), request)

/* --- SQLite ------------------------------------------------------------------------------------------------------ */

#define SQLITE(name, params, args)					\
	int name params							\
	{								\
		static int (*real) params;				\
									\
		if (real == NULL)					\
			*(void **)&real = dlsym(RTLD_NEXT, #name);	\
		return (fails(SQL, #name) ? control->error : real args);	\
	}
SQLITE(sqlite3_step, (sqlite3_stmt *st), (st))
SQLITE(sqlite3_prepare_v2, (sqlite3 *db, const char *sql, int n, sqlite3_stmt **st, const char **tail), (db, sql, n, st, tail))
SQLITE(sqlite3_prepare_v3, (sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **st, const char **tail), (db, sql, n, flags, st, tail))
SQLITE(sqlite3_exec, (sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg, char **words), (db, sql, row, arg, words))
SQLITE(sqlite3_bind_text, (sqlite3_stmt *st, int i, const char *v, int n, void (*done)(void *)), (st, i, v, n, done))
SQLITE(sqlite3_bind_int64, (sqlite3_stmt *st, int i, sqlite3_int64 v), (st, i, v))
SQLITE(sqlite3_bind_null, (sqlite3_stmt *st, int i), (st, i))
SQLITE(sqlite3_bind_blob64, (sqlite3_stmt *st, int i, const void *v, sqlite3_uint64 n, void (*done)(void *)), (st, i, v, n, done))
SQLITE(sqlite3_wal_checkpoint_v2, (sqlite3 *db, const char *name, int mode, int *log, int *done), (db, name, mode, log, done))

/* It makes a connection also when it fails. */
int
sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
	static int (*real)(const char *, sqlite3 **, int, const char *);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_open_v2");
	if (fails(SQL, "sqlite3_open_v2")) {
		*db = NULL;
		return (control->error);
	}
	return (real(path, db, flags, vfs));
}
