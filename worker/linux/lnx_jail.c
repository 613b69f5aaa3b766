/*
 * lnx_jail: network namespaces as jails.
 *
 * `phase` is written last when a jail is made and removed first when it goes, so a jail cut short anywhere is seen as partial.
 */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <net/if.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

/* An empty file to mount a namespace on. */
static int
touch(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);

	if (fd == -1)
		return (err_sys(err, "%s", path));
	close(fd);
	return (0);
}

static int
bind_on(const char *what, const char *path, struct err *err)
{
	if (touch(path, err) == -1)
		return (-1);
	if (mount(what, path, "none", MS_BIND, NULL) == -1)
		return (err_sys(err, "mounting a namespace on %s", path));
	return (0);
}

static int
lo_up(struct err *err)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	int fd, rc;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (err_sys(err, "socket"));
	rc = ioctl(fd, SIOCSIFFLAGS, &ifr);
	if (rc == -1)
		err_sys(err, "bringing up lo");
	close(fd);
	return (rc);
}

/* A new namespace, mounted on path; the thread comes back to the host's. */
static int
make_net(struct lnx *l, const char *path, struct err *err)
{
	int rc = -1;

	if (unshare(CLONE_NEWNET) == -1)
		return (err_sys(err, "making a network namespace"));
	if (lo_up(err) == 0 && bind_on("/proc/thread-self/ns/net", path, err) == 0)
		rc = 0;
	lnx_ns_leave(l);
	return (rc);
}

/* Forwarding of both families; a kernel without IPv6 has nothing to switch there. */
static int
set_forwarding(struct lnx *l, const char *name, bool on, bool *changed, struct err *err)
{
	static const char *const keys[] = { "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" };
	int fd, rc = 0;

	fd = lnx_ns_open(l, name, err);
	if (fd == -1)
		return (-1);
	rc = lnx_ns_enter(fd, err);
	close(fd);
	if (rc == -1)
		return (-1);
	for (size_t i = 0; i < NELEMS(keys) && rc == 0; i++) {
		struct err why = { 0 };

		rc = lnx_sysctl_write(keys[i], on ? "1" : "0", changed, &why);
		if (rc == -1 && i == 1 && why.code == ERR_REFERENCE)
			rc = 0;
		else if (rc == -1 && err != NULL)
			*err = why;
	}
	lnx_ns_leave(l);
	return (rc);
}

static void
leave_uts(struct lnx *l)
{
	if (setns(l->uts_fd, CLONE_NEWUTS) == -1)
		abort();
}

static int
enter_uts(const char *path, struct err *err)
{
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (err_sys(err, "%s", path));
	rc = setns(fd, CLONE_NEWUTS);
	if (rc == -1)
		err_sys(err, "%s", path);
	close(fd);
	return (rc);
}

int
lnx_jail_hostname(struct lnx *l, const char *name, char out[HOSTNAME_SIZE], struct err *err)
{
	char path[LNX_PATH];
	ino_t ino;
	int rc, is;

	out[0] = '\0';
	if (lnx_path(path, err, "%s/jails/%s/uts", l->run_dir, name) == -1)
		return (-1);
	if ((is = lnx_ns_is(path, &ino, err)) != 1)
		return (is);
	if (enter_uts(path, err) == -1)
		return (-1);
	rc = gethostname(out, HOSTNAME_SIZE);
	leave_uts(l);
	return (rc == 0 ? 0 : err_sys(err, "host name of jail %s", name));
}

static int
set_hostname(struct lnx *l, const char *name, const char *hostname, bool *changed, struct err *err)
{
	char path[LNX_PATH], now[HOSTNAME_SIZE];
	ino_t ino;
	int rc = -1, is;

	if (lnx_jail_hostname(l, name, now, err) == -1)
		return (-1);
	if (str_equal(now, hostname))
		return (0);
	*changed = true;
	if (lnx_path(path, err, "%s/jails/%s/uts", l->run_dir, name) == -1)
		return (-1);
	if (hostname[0] == '\0') {
		umount2(path, MNT_DETACH);
		return (unlink(path) == 0 || errno == ENOENT ? 0 : err_sys(err, "%s", path));
	}
	if ((is = lnx_ns_is(path, &ino, err)) == -1)
		return (-1);
	if (is) {
		if (enter_uts(path, err) == -1)
			return (-1);
	} else if (unshare(CLONE_NEWUTS) == -1)
		return (err_sys(err, "making a host name space"));
	if (sethostname(hostname, strlen(hostname)) == -1)
		err_sys(err, "setting host name %s", hostname);
	else if (is || bind_on("/proc/thread-self/ns/uts", path, err) == 0)
		rc = 0;
	leave_uts(l);
	return (rc);
}

static int
remove_file(const char *path, bool is_mount, struct err *err)
{
	if (is_mount)
		umount2(path, MNT_DETACH);
	return (unlink(path) == 0 || errno == ENOENT ? 0 : err_sys(err, "%s", path));
}

/*
 * What we keep of a jail; 'named': and the name others see, which goes right after the phase, while our own mount still tells that it is ours.
 * So what stays, with the kernel's words, is still ours.
 */
static int
remove_parts(struct lnx *l, const char *name, bool named, struct err *err)
{
	static const char *const files[] = { "phase", "phase.new", "net", "uts", "boot", "boot.new", "path", "path.new" };
	char path[LNX_PATH];

	for (size_t i = 0; i < NELEMS(files); i++) {
		if (i == 1 && named && (lnx_path(path, err, "%s/%s", l->netns_dir, name) == -1 || remove_file(path, true, err) == -1))
			return (-1);
		if (lnx_path(path, err, "%s/jails/%s/%s", l->run_dir, name, files[i]) == -1 ||
		    remove_file(path, str_equal(files[i], "net") || str_equal(files[i], "uts"), err) == -1)
			return (-1);
	}
	if (lnx_path(path, err, "%s/jails/%s", l->run_dir, name) == -1)
		return (-1);
	return (rmdir(path) == 0 || errno == ENOENT ? 0 : err_sys(err, "%s", path));
}

static int
remove_all(struct lnx *l, const char *name, struct err *err)
{
	struct lnx_jail j;

	lnx_ns_forget(l, name);
	if (lnx_jail_look(l, name, &j, err) == -1)
		return (-1);
	return (j.flags & LNX_JAIL_DIR ? remove_parts(l, name, (j.flags & LNX_JAIL_FOREIGN) == 0, err) : 0);
}

/* What is missing, in this order: directory, boot and root, namespace, its public name.  The phase comes last. */
static int
make_parts(struct lnx *l, const struct cmd_jail *c, const struct lnx_jail *have, struct err *err)
{
	char path[LNX_PATH], net[LNX_PATH], text[16];

	if (lnx_path(path, err, "%s/jails/%s", l->run_dir, c->name) == -1)
		return (-1);
	if ((have->flags & LNX_JAIL_DIR) == 0 && mkdir(path, 0700) == -1)
		return (err_sys(err, "%s", path));
	if ((have->flags & LNX_JAIL_PHASE) == 0) {
		(void)str_format(text, sizeof(text), "%u", c->boot);
		if (lnx_jail_put(l, c->name, "boot", text, err) == -1)
			return (-1);
	}
	/* also of one whose namespace is gone: what comes is a new start */
	if (((have->flags & LNX_JAIL_PHASE) == 0 || (have->flags & LNX_JAIL_NET) == 0) &&
	    lnx_jail_put(l, c->name, "path", c->path[0] == '\0' ? "/" : c->path, err) == -1)
		return (-1);
	if (lnx_path(net, err, "%s/jails/%s/net", l->run_dir, c->name) == -1)
		return (-1);
	if ((have->flags & LNX_JAIL_NET) == 0 && make_net(l, net, err) == -1)
		return (-1);
	if (lnx_path(path, err, "%s/%s", l->netns_dir, c->name) == -1)
		return (-1);
	return (have->flags & LNX_JAIL_NAMED ? 0 : bind_on(net, path, err));
}

static int
make(struct lnx *l, const struct cmd_jail *c, const struct lnx_jail *have, bool *changed, struct err *err)
{
	if (!lnx_jail_whole(have)) {
		*changed = true;
		if (make_parts(l, c, have, err) == -1)
			return (-1);
	}
	/* A new namespace starts without forwarding on most machines, but the host's defaults may be inherited: always look. */
	if (set_hostname(l, c->name, c->hostname, changed, err) == -1 ||
	    set_forwarding(l, c->name, c->forwarding, changed, err) == -1)
		return (-1);
	/* a new namespace of an old jail has none of what exec.start did */
	if ((have->flags & LNX_JAIL_PHASE) == 0 || (have->flags & LNX_JAIL_NET) == 0)
		return (lnx_jail_put_phase(l, c->name, JAIL_CREATED, err));
	return (0);
}

/* Another jail of ours under another name? */
static bool
is_taken(struct lnx *l, const char *name, ino_t ino)
{
	char dir[LNX_PATH - NAME_SIZE - 8], path[LNX_PATH];
	struct dirent *d;
	ino_t other;
	int is;
	DIR *list;
	bool taken = false;

	if (str_format(dir, sizeof(dir), "%s/jails", l->run_dir) == -1 || (list = opendir(dir)) == NULL)
		return (false);
	while (!taken && (d = readdir(list)) != NULL) {
		if (str_equal(d->d_name, name) || !name_is_legal(d->d_name, NAME_SIZE - 1) ||
		    lnx_path(path, NULL, "%s/%s/net", dir, d->d_name) == -1)
			continue;
		is = lnx_ns_is(path, &other, NULL);
		taken = is == -1 || (is == 1 && other == ino);	/* one that cannot be looked at may be it */
	}
	closedir(list);
	return (taken);
}

/*
 * A namespace that runs becomes a jail: our directory is made around it, and nothing inside is touched.  What fails takes back our
 * own directory only.
 */
static int
take_over(struct lnx *l, const struct cmd_jail *c, struct err *err)
{
	char path[LNX_PATH], from[32], text[16];
	int fd = lnx_ns_open_foreign(l, c->name), rc = -1;
	struct stat st;

	if (fd == -1)
		return (err_set(
		    err, ERR_CONFLICT, "a network namespace %s, not made by jailnet, exists, and adopt of jailnetd.conf does not name it", c->name));
	(void)str_format(from, sizeof(from), "/proc/self/fd/%d", fd);
	(void)str_format(text, sizeof(text), "%u", c->boot);
	if (fstat(fd, &st) == -1)
		err_sys(err, "%s", c->name);
	else if (is_taken(l, c->name, st.st_ino))
		err_set(err, ERR_CONFLICT, "namespace %s is a jail already, under another name", c->name);
	else if (c->hostname[0] != '\0')
		err_set(err, ERR_UNSUPPORTED, "a namespace that is taken over keeps the host name it has; set one afterwards");
	else if (lnx_path(path, err, "%s/jails/%s", l->run_dir, c->name) == 0 && mkdir(path, 0700) == -1 && errno != EEXIST)
		err_sys(err, "%s", path);
	else if (lnx_jail_put(l, c->name, "boot", text, err) == 0 && lnx_path(path, err, "%s/jails/%s/net", l->run_dir, c->name) == 0 &&
		 bind_on(from, path, err) == 0)
		rc = lnx_jail_put_phase(l, c->name, JAIL_CREATED, err);
	close(fd);
	if (rc == -1)
		(void)remove_parts(l, c->name, false, NULL);
	return (rc);
}

int
lnx_jail_create(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_jail *j = &c->u.jail;
	struct lnx_jail have;
	bool changed = false;

	if (lnx_jail_look(l, j->name, &have, err) == -1)
		return (-1);
	if ((have.flags & LNX_JAIL_FOREIGN) && (have.flags & LNX_JAIL_NET))
		return (err_set(err, ERR_CONFLICT, "a network namespace %s, not made by jailnet, exists", j->name));
	if (have.flags & LNX_JAIL_FOREIGN) {
		out->result = REPLY_DONE;
		return (take_over(l, j, err) == -1 ? err_wrap(err, "creating jail %s", j->name) : 0);
	}
	if (make(l, j, &have, &changed, err) == -1) {
		if ((have.flags & LNX_JAIL_DIR) == 0)
			(void)remove_all(l, j->name, NULL);
		return (err_wrap(err, "creating jail %s", j->name));
	}
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
lnx_jail_set(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_jail *j = &c->u.jail;
	struct lnx_jail have;
	bool changed = false;

	if (lnx_jail_own(l, j->name, &have, err) == -1)
		return (-1);
	if (set_hostname(l, j->name, j->hostname, &changed, err) == -1 ||
	    set_forwarding(l, j->name, j->forwarding, &changed, err) == -1)
		return (err_wrap(err, "jail %s", j->name));
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

struct guest {
	char ifname[IFNAME_SIZE];
};

static int
find_guest(void *arg, const struct nlmsghdr *nlh)
{
	struct guest *g = arg;
	struct lnx_link link;

	lnx_link_parse(nlh, &link);
	if (link.o.type != LINK_LOOPBACK && !link.o.mark.ours && (link.kind[0] == '\0' || link.own_ns_peer))
		memcpy(g->ifname, link.o.ifname, sizeof(g->ifname));
	return (0);
}

/* A dying namespace throws hardware back to the machine's first namespace and takes one half of a stranger's pair along. */
static int
refuse_guests(struct lnx *l, const char *name, struct err *err)
{
	char req[NL_REQ_SIZE];
	struct guest g = { "" };
	struct nlmsghdr *nlh;
	struct nl *nl;
	int sys;

	nl = lnx_ns_nl(l, name, err);
	if (nl == NULL)
		return (-1);
	nl_begin_link(req, RTM_GETLINK, 0, &nlh);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	sys = nl_dump_still(nl, nlh, find_guest, &g, sizeof(g));
	if (sys != 0)
		return (nl_fail(nl, err, sys, "interfaces of jail %s", name));
	if (g.ifname[0] != '\0')
		return (err_set(err, ERR_IN_USE, "jail %s still holds %s, which was not made by jailnet", name, g.ifname));
	return (0);
}

int
lnx_jail_destroy(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const char *name = c->u.ref.name;
	struct err why = { 0 };
	struct lnx_jail have;

	if (lnx_jail_own(l, name, &have, &why) == -1) {
		out->result = REPLY_UNCHANGED;
		if (why.code == ERR_NOT_FOUND)
			return (0);
		if (err != NULL)
			*err = why;
		return (-1);
	}
	if (have.flags & LNX_JAIL_NET) {
		if (refuse_guests(l, name, err) == -1)
			return (-1);
		/* Where nothing was started, the first look may be a little old: destroying many jails does not read all of /proc
		 * for each.  A process that forks meanwhile is met in the next round. */
		int64_t age = have.phase == JAIL_CREATED || have.phase == JAIL_STOPPED ? 50 : 0;

		for (int i = 0; i < 10 && lnx_process_kill(l, have.ino, SIGKILL, i == 0 ? age : 0) > 0; i++)
			;
	}
	if (remove_all(l, name, err) == -1)
		return (-1);
	out->result = REPLY_DONE;
	return (0);
}
