/* fbsd_driver: the table of commands, and opening. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/freebsd/fbsd.h"

static struct driver fbsd_driver;

static int
hello(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	(void)c;
	(void)err;
	out->features = f->features;
	(void)str_copy(out->text, sizeof(out->text), driver->name);
	return (0);
}

static fbsd_exec_fn *const commands[CMD_COUNT] = {
	[CMD_HELLO] = hello,
	[CMD_BRIDGE_CREATE] = fbsd_bridge_create,
	[CMD_BRIDGE_SET] = fbsd_bridge_set,
	[CMD_BRIDGE_DESTROY] = fbsd_bridge_destroy,
	[CMD_EPAIR_CREATE] = fbsd_epair_create,
	[CMD_EPAIR_DESTROY] = fbsd_epair_destroy,
	[CMD_IF_SET] = fbsd_if_set,
	[CMD_IF_RENAME] = fbsd_if_rename,
	[CMD_IF_MOVE] = fbsd_if_move,
	[CMD_PORT_ATTACH] = fbsd_port_attach,
	[CMD_PORT_SET] = fbsd_port_set,
	[CMD_PORT_DETACH] = fbsd_port_detach,
	[CMD_ADDR_ADD] = fbsd_addr_add,
	[CMD_ADDR_DEL] = fbsd_addr_del,
	[CMD_ROUTE_ADD] = fbsd_route_add,
	[CMD_ROUTE_DEL] = fbsd_route_del,
	[CMD_SYSCTL_SET] = fbsd_sysctl_set,
	[CMD_SYSCTL_GET] = fbsd_sysctl_get,
	[CMD_JAIL_CREATE] = fbsd_jail_create,
	[CMD_JAIL_SET] = fbsd_jail_set,
	[CMD_JAIL_START] = fbsd_jail_start,
	[CMD_JAIL_STOP] = fbsd_jail_stop,
	[CMD_JAIL_DESTROY] = fbsd_jail_destroy,
	[CMD_PROBE] = fbsd_probe,
};

static void
close_fd(int fd)
{
	if (fd != -1)
		close(fd);
}

static void
fbsd_close(void *ctx)
{
	struct fbsd *f = ctx;

	if (f == NULL)
		return;
	fbsd_reap_close(f);
	close_fd(f->s);
	close_fd(f->s4);
	close_fd(f->s6);
	close_fd(f->rt);
	close_fd(f->kq);
	fbsd_process_forget(f);
	free(f->guests);
	free(f->pairs);
	free(f);
}

static int
make_dir(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return (err_sys(err, "%s", path));
	return (0);
}

static int
open_kernel(struct fbsd *f, struct err *err)
{
	f->s = socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f->s == -1)
		return (err_sys(err, "socket"));
	f->s4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	f->s6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return (fbsd_watch_open(f, err));
}

static int
fbsd_open(const struct driver_conf *conf, void **ctx, struct err *err)
{
	struct fbsd *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return (err_nomem(err));
	f->s = f->s4 = f->s6 = f->kq = f->rt = -1;
	f->foreign_ok = conf->foreign_ok;
	f->adopt_ok = conf->adopt_ok;
	f->arg = conf->arg;
	if (str_copy(f->run_dir, sizeof(f->run_dir), conf->run_dir) == -1 ||
	    str_copy(f->log_dir, sizeof(f->log_dir), conf->log_dir) == -1) {
		err_set(err, ERR_INVALID, "a directory name is too long");
		goto fail;
	}
	if (make_dir(f->run_dir, 0755, err) == -1 || make_dir(f->log_dir, 0700, err) == -1 || open_kernel(f, err) == -1)
		goto fail;
	f->features = fbsd_bridge_features(f);
	if (fbsd_jail_open(f, err) == -1)
		goto fail;
	/* what this kernel has; HELLO tells it from here */
	fbsd_driver.features = f->features;
	fbsd_reap_open(f);
	*ctx = f;
	return (0);
fail:
	fbsd_close(f);
	return (-1);
}

static int
observe(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	return (fbsd_observe(ctx, scope, out, err));
}

static int
counters(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	return (fbsd_counters(ctx, scope, out, err));
}

static int
exec(void *ctx, const struct cmd *c, struct reply *out, struct err *err)
{
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if ((size_t)c->op >= CMD_COUNT || commands[c->op] == NULL)
		return (err_set(err, ERR_UNSUPPORTED, "%s is not a command for this driver", cmd_name(c->op)));
	if (!cmd_is_job(c->op))
		fbsd_reap_yield(ctx);
	if (commands[c->op](ctx, c, out, err) == -1) {
		out->result = REPLY_FAILED;
		rc = -1;
	}
	if (!cmd_is_job(c->op))
		fbsd_reap_later(ctx);
	return (rc);
}

static int
watch_fd(void *ctx)
{
	struct fbsd *f = ctx;

	return (f->kq);
}

static int
watch_read(void *ctx, struct change *out)
{
	return (fbsd_watch_read(ctx, out));
}

static struct driver fbsd_driver = {
	.name = "freebsd",
	.open = fbsd_open,
	.close = fbsd_close,
	.observe = observe,
	.counters = counters,
	.exec = exec,
	.watch_fd = watch_fd,
	.watch_read = watch_read,
};

const struct driver *const driver = &fbsd_driver;
