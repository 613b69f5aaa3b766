/* fbsd_kld: kernel modules. */
#include <sys/param.h>
#include <sys/linker.h>
#include <sys/module.h>
#include <sys/sysctl.h>

#include <errno.h>

#include "worker/freebsd/fbsd.h"

static int
sysctl_int(const char *name)
{
	size_t size = sizeof(int);
	int value = 0;

	return (sysctlbyname(name, &value, &size, NULL, 0) == -1 ? 0 : value);
}

int
fbsd_kld_load(const char *module, struct err *err)
{
	int sys;

	/* compiled in, or loaded */
	if (modfind(module) != -1 || kldload(module) != -1 || errno == EEXIST)
		return (0);
	sys = errno;
	if (sys == EPERM && sysctl_int("security.jail.jailed") != 0)
		return (err_set(err, ERR_DENIED, "kernel module %s is not loaded and cannot be loaded from inside a jail; load it on the "
		    "host: kldload %s", module, module));
	if (sys == EPERM && sysctl_int("kern.securelevel") > 0)
		return (err_set(err, ERR_DENIED, "kernel module %s is not loaded and securelevel %d forbids loading it; load it at boot: "
		    "%s_load=\"YES\" in /boot/loader.conf", module, sysctl_int("kern.securelevel"), module));
	errno = sys;
	return (fbsd_fail(err, "loading kernel module %s", module));
}
