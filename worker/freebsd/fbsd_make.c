/*
 * fbsd_make: jails made, changed and removed.
 *
 * A new jail is marked as ours, phase partial, by the very call that makes it; the phase becomes created when it is whole.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_prison.h"


struct inside {
	bool fresh;		/* bring lo0 up */
	bool forwarding, changed;
};

static int
set_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct inside *k = arg;

	if (k->fresh && fbsd_lo_up(in, err) == -1)
		return (-1);
	/* a new network forwards nothing */
	if (k->fresh && !k->forwarding)
		return (0);
	return (fbsd_forwarding_set(k->forwarding, &k->changed, err));
}

/* Without a name of its own a jail would have none, or (inherited) one that its root could change for the host. */
static const char *
hostname_of(const struct cmd_jail *c)
{
	return (c->hostname[0] != '\0' ? c->hostname : c->name);
}

/* Makes it, marked; h is filled. */
static int
make(struct fbsd *f, const struct cmd_jail *c, struct prison_held *h, struct err *err)
{
	int vnet = JAIL_SYS_NEW, ruleset = FBSD_DEVFS_RULESET;
	char mark[PRISON_MARK_SIZE];
	struct prison p;

	h->mark = (struct prison_mark){ .ours = true, .boot = c->boot, .phase = JAIL_PARTIAL, .path = path_hash(c->path) };
	if (prison_mark_format(&h->mark, mark) == -1)
		return (err_set(err, ERR_INTERNAL, "a mark that does not fit"));
	/* without meta the file says that it will be ours, before it is there */
	if (!prison_has_meta() && prison_mark_write(f, c->name, &h->mark, err) == -1)
		return (-1);
	prison_begin(&p);
	prison_put_str(&p, "name", c->name);
	prison_put_str(&p, "path", c->path[0] != '\0' ? c->path : "/");
	prison_put_str(&p, "host.hostname", hostname_of(c));
	prison_put(&p, "vnet", &vnet, sizeof(vnet));
	prison_put(&p, "devfs_ruleset", &ruleset, sizeof(ruleset));
	prison_put_flag(&p, "persist");
	if (prison_has_meta())
		prison_put_str(&p, "meta.jailnet", mark);
	h->j.jid = prison_set(&p, JAIL_CREATE);
	if (h->j.jid == -1) {
		prison_fail(&p, err, "creating jail %s", c->name);
		if (!prison_has_meta())
			prison_mark_remove(f, c->name);
		return (-1);
	}
	return (0);
}

static int
finish(struct fbsd *f, const struct cmd_jail *c, struct prison_held *h, struct err *err)
{
	struct inside k = { .fresh = true, .forwarding = c->forwarding };

	if (prison_params(h->j.jid, c->params, err) == -1 ||
	    fbsd_inside(f, h->j.jid, c->name, set_inside, &k, sizeof(k), NULL, err) == -1)
		return (err_wrap(err, "creating jail %s", c->name));
	h->mark.phase = JAIL_CREATED;
	h->mark.params = params_hash(c->params);
	return (prison_put_mark(f, h, err));
}

/* An existing one of ours becomes what the command says. */
static int
change(struct fbsd *f, const struct cmd_jail *c, struct prison_held *h, bool *changed, struct err *err)
{
	struct inside k = { .forwarding = c->forwarding };
	uint32_t params = params_hash(c->params);
	struct prison p;

	if (!str_equal(h->hostname, hostname_of(c))) {
		prison_begin(&p);
		prison_put_str(&p, "host.hostname", hostname_of(c));
		if (prison_update(h, &p) == -1)
			return (prison_fail(&p, err, "host name of jail %s", c->name));
		*changed = true;
	}
	if (h->mark.params != params) {
		if (prison_params(h->j.jid, c->params, err) == -1)
			return (err_wrap(err, "jail %s", c->name));
		h->mark.params = params;
		if (prison_put_mark(f, h, err) == -1)
			return (-1);
		*changed = true;
	}
	if (fbsd_inside(f, h->j.jid, c->name, set_inside, &k, sizeof(k), NULL, err) == -1)
		return (err_wrap(err, "jail %s", c->name));
	*changed = *changed || k.changed;
	return (0);
}

int
fbsd_jail_create(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_jail *j = &c->u.jail;
	struct prison_held h;
	struct err why = { 0 };
	bool changed = false;
	int rc = -1;

	if (prison_hold(f, j->name, &h, &why) == 0) {
		if (!h.j.ours)
			err_set(err, ERR_CONFLICT, "a jail %s, not made by jailnet, exists", j->name);
		else if (h.j.phase == JAIL_PARTIAL)
			rc = finish(f, j, &h, err);
		else
			rc = change(f, j, &h, &changed, err);
		out->result = h.j.phase == JAIL_PARTIAL || changed ? REPLY_DONE : REPLY_UNCHANGED;
		prison_drop(&h);
		return (rc);
	}
	if (why.code != ERR_NOT_FOUND) {
		if (err != NULL)
			*err = why;
		return (-1);
	}
	if (make(f, j, &h, err) == -1)
		return (-1);
	rc = finish(f, j, &h, err);
	if (rc == -1)
		(void)jail_remove(h.j.jid);
	out->result = REPLY_DONE;
	return (rc);
}

int
fbsd_jail_set(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct prison_held h;
	bool changed = false;
	int rc;

	if (prison_hold_own(f, c->u.jail.name, &h, err) == -1)
		return (-1);
	rc = change(f, &c->u.jail, &h, &changed, err);
	prison_drop(&h);
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (rc);
}

/*
 * Processes first, then what they left: an interface that is still inside comes home by jid, and no closed connection holds what remains.
 * Then the kernel lets go of the jail at once.
 */
static void
empty(struct fbsd *f, struct prison_held *h, struct reply *out)
{
	struct prison_tcp tcp = { 0 };

	for (int i = 0; i < 10 && fbsd_process_kill(f, h->j.jid, SIGKILL) > 0; i++)
		usleep(1000);
	(void)fbsd_take_home(f, h->j.jid);
	if (fbsd_inside(f, h->j.jid, h->name, prison_tcp_drop, &tcp, sizeof(tcp), NULL, NULL) == 0 && tcp.found > 0)
		(void)str_format(out->text, sizeof(out->text), "%u TCP connections ended, %u of them in TIME_WAIT", tcp.dropped,
		    tcp.time_wait);
}

int
fbsd_jail_destroy(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const char *name = c->u.ref.name;
	struct prison_held h;
	struct err why = { 0 };
	int rc = 0;

	if (prison_hold_own(f, name, &h, &why) == -1) {
		if (why.code == ERR_NOT_FOUND) {
			if (!prison_has_meta())
				prison_mark_remove(f, name);
			out->result = REPLY_UNCHANGED;
			return (0);
		}
		if (err != NULL)
			*err = why;
		return (-1);
	}
	empty(f, &h, out);
	/* EINVAL, ENOENT: somebody else was faster */
	if (prison_remove(&h) == -1 && errno != EINVAL && errno != ENOENT)
		rc = err_sys(err, "removing jail %s", name);
	else if (!prison_has_meta())
		prison_mark_remove(f, name);
	prison_drop(&h);
	out->result = REPLY_DONE;
	return (rc);
}
