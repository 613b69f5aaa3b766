/*
 * lnx_observe: the kernel as it is now: the host, then each jail of ours, then those that could be taken over.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/command.h"
#include "worker/linux/lnx_look.h"

#define PROCESS_AGE_MS 1000

/* Somebody else's namespace, to be taken over perhaps.  What cannot be opened is left out. */
static int
look_foreign(struct look *k, struct obs_jail *o, struct err *err)
{
	struct nl nl = { 0 };
	int fd, rc = 0;

	fd = lnx_ns_open_foreign(k->l, o->name);
	if (fd == -1)
		return (0);
	if (lnx_ns_enter(fd, err) == 0) {
		rc = nl_open(&nl, k->l->rx, k->l->portid, err);
		lnx_ns_leave(k->l);
	} else
		rc = -1;
	close(fd);
	if (rc == -1)
		return (-1);
	o->adoptable = true;
	k->nl = &nl;
	k->jail = o->name;
	o->forwarding = lnx_look_forwards(k);
	rc = lnx_look_net(k, err);
	nl_close(&nl);
	k->nl = NULL;
	k->jail = "";
	return (rc);
}

/* Everything of one jail.  A jail that goes away meanwhile is left out. */
static int
look_jail(struct look *k, const char *name, struct err *err)
{
	struct obs_jail *o;
	struct lnx_jail j;

	if (lnx_jail_look(k->l, name, &j, err) == -1)
		return (-1);
	if ((j.flags & (LNX_JAIL_DIR | LNX_JAIL_FOREIGN)) == 0)
		return (0);
	o = observed_jail_add(k->out);
	if (o == NULL)
		return (err_nomem(err));
	(void)str_copy(o->name, sizeof(o->name), name);
	o->ours = (j.flags & LNX_JAIL_DIR) != 0;
	o->phase = o->ours ? j.phase : JAIL_CREATED;
	o->boot = j.boot;
	o->path = j.path[0] == '\0' ? 0 : path_hash(j.path);
	if (!o->ours)
		return (look_foreign(k, o, err));
	if (!lnx_jail_whole(&j)) {
		o->phase = JAIL_PARTIAL;
		(void)str_copy(o->reason, sizeof(o->reason), j.flags & LNX_JAIL_FOREIGN ?
		    "another network namespace of that name is in the way" : (j.flags & LNX_JAIL_NET) == 0 ?
		    "its network namespace is missing" : (j.flags & LNX_JAIL_NAMED) == 0 ?
		    "its network namespace has lost its name" : "it was not finished");
	}
	/* to be taken over, and cut short in it: what runs inside must be seen, or it would be made anew */
	if ((j.flags & LNX_JAIL_NET) == 0)
		return (j.flags & LNX_JAIL_FOREIGN ? look_foreign(k, o, err) : 0);
	if ((j.flags & LNX_JAIL_UTS) && lnx_jail_hostname(k->l, name, o->hostname, err) == -1)
		return (-1);
	o->processes = lnx_process_count(k->l, j.ino);
	/* a job has ended them since: the plan must not stop it again */
	if (o->processes > 0 && j.phase == JAIL_STOPPED && lnx_process_look(k->l, 0, NULL) == 0)
		o->processes = lnx_process_count(k->l, j.ino);
	k->nl = lnx_ns_nl(k->l, name, err);
	if (k->nl == NULL)
		return (-1);
	k->jail = name;
	o->forwarding = lnx_look_forwards(k);
	return (lnx_look_net(k, err));
}

/* Each name in a directory that can be a jail's, but for those that directory skip has too. */
static int
each_name(struct look *k, const char *dir, const char *skip, struct err *err)
{
	char path[LNX_PATH];
	struct dirent *d;
	struct stat st;
	DIR *list;
	int rc = 0;

	list = opendir(dir);
	if (list == NULL)
		return (errno == ENOENT ? 0 : err_sys(err, "%s", dir));
	while (rc == 0 && (d = readdir(list)) != NULL) {
		if (!name_is_legal(d->d_name, NAME_SIZE - 1))
			continue;
		if (skip != NULL && (lnx_path(path, err, "%s/%s", skip, d->d_name) == -1 || lstat(path, &st) == 0))
			continue;
		rc = look_jail(k, d->d_name, err);
	}
	closedir(list);
	return (rc);
}

static int
look_all(struct look *k, struct err *err)
{
	uint64_t before = k->l->clock;
	char ours[LNX_PATH];
	int rc;

	k->nl = &k->l->host;
	k->jail = "";
	rc = lnx_look_net(k, err);
	k->filtering = false;
	if (rc == 0)
		rc = lnx_path(ours, err, "%s/jails", k->l->run_dir);
	if (rc == 0)
		rc = each_name(k, ours, NULL, err);
	if (rc == 0)
		rc = each_name(k, k->l->netns_dir, ours, err);
	/* What somebody deleted by hand is not kept alive by our sockets. */
	lnx_ns_forget_before(k->l, before);
	return (rc);
}

int
lnx_observe(struct lnx *l, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct look k = { .l = l, .out = out };
	int rc = -1;

	switch (scope->scope) {
	case OBSERVE_ALL:
		command_trim_logs(l->log_dir);
		if (lnx_process_look(l, 0, err) == 0)
			rc = look_all(&k, err);
		break;
	case OBSERVE_JAIL:
		/* a little old is good enough for people and for "does it need a STOP" */
		if (lnx_process_look(l, PROCESS_AGE_MS, err) == 0)
			rc = look_jail(&k, scope->name, err);
		break;
	case OBSERVE_LINK:
		k.nl = &l->host;
		k.jail = "";
		k.ifname = scope->name;
		rc = lnx_look_net(&k, err);
		break;
	}
	free(k.names.v);
	if (rc == 0)
		observed_sort(out);
	return (rc);
}
