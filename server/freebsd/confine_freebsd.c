/*
 * confine_freebsd: what a program that opens its database by path can give up; see confine.h.  (Capsicum's capability mode would take SQLite's -wal
 * and -shm files away from it.)
 */
#include <sys/types.h>

#include <stddef.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/str.h"
#include "server/confine.h"

int
confine_enter(const struct confine *c, struct err *err)
{
	static const struct {
		int what;
		const char *name;
	} zero[] = { { RLIMIT_CORE, "RLIMIT_CORE" }, { RLIMIT_NPROC, "RLIMIT_NPROC" }, { RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK" } };
	const struct rlimit none = { 0, 0 };
	int off = PROC_TRACE_CTL_DISABLE, no_new_privs = PROC_NO_NEW_PRIVS_ENABLE;

	(void)c;
	/* threads do not count as processes here: none is ever started again */
	for (size_t i = 0; i < NELEMS(zero); i++) {
		if (setrlimit(zero[i].what, &none) == -1)
			return (err_sys(err, "%s", zero[i].name));
	}
	if (procctl(P_PID, getpid(), PROC_TRACE_CTL, &off) == -1)
		return (err_sys(err, "PROC_TRACE_CTL"));
	if (procctl(P_PID, getpid(), PROC_NO_NEW_PRIVS_CTL, &no_new_privs) == -1)
		return (err_sys(err, "PROC_NO_NEW_PRIVS_CTL"));
	return (0);
}
