/* lnx_driver: the table of commands, and opening. */
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/linux/lnx.h"

static int
hello(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	(void)c;
	(void)err;
	out->features = l->features;
	(void)str_copy(out->text, sizeof(out->text), driver->name);
	return (0);
}

static lnx_exec_fn *const commands[CMD_COUNT] = {
	[CMD_HELLO] = hello,
	[CMD_BRIDGE_CREATE] = lnx_bridge_create,
	[CMD_BRIDGE_SET] = lnx_bridge_set,
	[CMD_BRIDGE_DESTROY] = lnx_bridge_destroy,
	[CMD_EPAIR_CREATE] = lnx_epair_create,
	[CMD_EPAIR_DESTROY] = lnx_epair_destroy,
	[CMD_IF_SET] = lnx_if_set,
	[CMD_IF_RENAME] = lnx_if_rename,
	[CMD_IF_MOVE] = lnx_if_move,
	[CMD_PORT_ATTACH] = lnx_port_attach,
	[CMD_PORT_SET] = lnx_port_set,
	[CMD_PORT_DETACH] = lnx_port_detach,
	[CMD_ADDR_ADD] = lnx_addr_add,
	[CMD_ADDR_DEL] = lnx_addr_del,
	[CMD_ROUTE_ADD] = lnx_route_add,
	[CMD_ROUTE_DEL] = lnx_route_del,
	[CMD_SYSCTL_SET] = lnx_sysctl_set,
	[CMD_SYSCTL_GET] = lnx_sysctl_get,
	[CMD_JAIL_CREATE] = lnx_jail_create,
	[CMD_JAIL_SET] = lnx_jail_set,
	[CMD_JAIL_START] = lnx_jail_start,
	[CMD_JAIL_STOP] = lnx_jail_stop,
	[CMD_JAIL_DESTROY] = lnx_jail_destroy,
	[CMD_PROBE] = lnx_probe,
};

static int
make_dir(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return (err_sys(err, "%s", path));
	return (0);
}

/*
 * Like ip-netns(8): the directory is a shared mount of its own, so that namespaces mounted there are seen, and can be unmounted,
 * in every mount namespace of the machine.
 */
static int
share_netns_dir(const char *dir, struct err *err)
{
	if (make_dir(dir, 0755, err) == -1)
		return (-1);
	if (mount("", dir, "none", MS_SHARED | MS_REC, NULL) == 0)
		return (0);
	/* EINVAL: not a mount point yet */
	if (errno != EINVAL || mount(dir, dir, "none", MS_BIND | MS_REC, NULL) == -1 ||
	    mount("", dir, "none", MS_SHARED | MS_REC, NULL) == -1)
		return (err_sys(err, "sharing %s", dir));
	return (0);
}

static int
prepare_dirs(struct lnx *l, struct err *err)
{
	char jails[LNX_PATH];

	if (lnx_path(jails, err, "%s/jails", l->run_dir) == -1)
		return (-1);
	if (make_dir(l->run_dir, 0755, err) == -1 || make_dir(jails, 0700, err) == -1 || make_dir(l->log_dir, 0700, err) == -1)
		return (-1);
	return (share_netns_dir(l->netns_dir, err));
}

static void
lnx_close(void *ctx)
{
	struct lnx *l = ctx;

	if (l == NULL)
		return;
	if (l->dying)
		(void)lnx_epair_reap(l, NULL);
	lnx_ns_forget_all(l);
	nl_close(&l->host);
	if (l->watch != NULL)
		mnl_socket_close(l->watch);
	if (l->host_fd != -1)
		close(l->host_fd);
	if (l->uts_fd != -1)
		close(l->uts_fd);
	free(l->rx);
	free(l->watch_rx);
	free(l->procs);
	free(l);
}

static int
open_kernel(struct lnx *l, struct err *err)
{
	struct rlimit files;
	struct stat st;

	/* a socket for each of many jails */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	l->host_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	l->uts_fd = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (l->host_fd == -1 || l->uts_fd == -1 || fstat(l->host_fd, &st) == -1)
		return (err_sys(err, "/proc/thread-self/ns"));
	l->host_ino = st.st_ino;
	/* One address for our sockets in all namespaces: notifications tell by it what we did ourselves. */
	l->portid = LNX_GROUP << 16 | ((uint32_t)getpid() & 0xffff);
	if (nl_open(&l->host, l->rx, l->portid, err) == -1)
		return (-1);
	l->portid = mnl_socket_get_portid(l->host.sock);
	return (lnx_watch_open(l, err));
}

static int
lnx_open(const struct driver_conf *conf, void **ctx, struct err *err)
{
	struct lnx *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return (err_nomem(err));
	l->host_fd = l->uts_fd = -1;
	l->foreign_ok = conf->foreign_ok;
	l->adopt_ok = conf->adopt_ok;
	l->arg = conf->arg;
	l->rx = malloc(NL_RX_SIZE);
	l->watch_rx = malloc(NL_RX_SIZE);
	if (l->rx == NULL || l->watch_rx == NULL) {
		err_nomem(err);
		goto fail;
	}
	if (str_copy(l->run_dir, sizeof(l->run_dir), conf->run_dir) == -1 ||
	    str_copy(l->netns_dir, sizeof(l->netns_dir), conf->netns_dir) == -1 ||
	    str_copy(l->log_dir, sizeof(l->log_dir), conf->log_dir) == -1) {
		err_set(err, ERR_INVALID, "a directory name is too long");
		goto fail;
	}
	if (prepare_dirs(l, err) == -1 || open_kernel(l, err) == -1)
		goto fail;
	if (lnx_epair_reap(l, err) == -1)
		goto fail;
	l->features = lnx_bridge_features(l);
	*ctx = l;
	return (0);
fail:
	lnx_close(l);
	return (-1);
}

static int
observe(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct lnx *l = ctx;

	if (l->dying && lnx_epair_reap(l, err) == -1)
		return (-1);
	return (lnx_observe(l, scope, out, err));
}

static int
counters(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	return (lnx_counters(ctx, scope, out, err));
}

static int
exec(void *ctx, const struct cmd *c, struct reply *out, struct err *err)
{
	struct lnx *l = ctx;

	memset(out, 0, sizeof(*out));
	if ((size_t)c->op >= CMD_COUNT || commands[c->op] == NULL)
		return (err_set(err, ERR_UNSUPPORTED, "%s is not a command for this driver", cmd_name(c->op)));
	/* A job runs in a child, whose copy of our sockets is not to be used. */
	if (l->dying && c->op != CMD_EPAIR_DESTROY && !cmd_is_job(c->op) && lnx_epair_reap(l, err) == -1) {
		out->result = REPLY_FAILED;
		return (-1);
	}
	if (commands[c->op](l, c, out, err) == -1) {
		out->result = REPLY_FAILED;
		return (-1);
	}
	return (0);
}

static int
watch_fd(void *ctx)
{
	struct lnx *l = ctx;

	return (mnl_socket_get_fd(l->watch));
}

static int
watch_read(void *ctx, struct change *out)
{
	return (lnx_watch_read(ctx, out));
}

static const struct driver lnx_driver = {
	.name = "linux",
	.features = FEATURE_VLAN_FILTER,
	.open = lnx_open,
	.close = lnx_close,
	.observe = observe,
	.counters = counters,
	.exec = exec,
	.watch_fd = watch_fd,
	.watch_read = watch_read,
};

const struct driver *const driver = &lnx_driver;
