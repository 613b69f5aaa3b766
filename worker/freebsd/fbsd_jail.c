/* fbsd_jail: which jails there are, dying ones too; finding one by name; hearing of them. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/stat.h>
#include <sys/sysctl.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/freebsd/fbsd_prison.h"

#define LOOK_EVERY_MS 2000	/* where the kernel tells nothing of jails */
#define NOTES (NOTE_JAIL_CHILD | NOTE_JAIL_REMOVE)

/* One jail as the kernel has it. */
struct seen {
	struct fbsd_jail j;
	struct prison_mark mark;
	char name[256];
	char hostname[256];
	int children;
};

/* The first jail after this jid, dying ones too; false when there is none. */
/* 1 = *out is the next one, 0 = there are no more, -1 with errno. */
static int
next(struct fbsd *f, int lastjid, struct seen *out)
{
	char meta[PRISON_MARK_SIZE] = "";
	int vnet = 0, dying = 0;
	struct prison p;

	memset(out, 0, sizeof(*out));
	prison_begin(&p);
	prison_put(&p, "lastjid", &lastjid, sizeof(lastjid));
	prison_put(&p, "name", out->name, sizeof(out->name));
	prison_put(&p, "vnet", &vnet, sizeof(vnet));
	prison_put(&p, "dying", &dying, sizeof(dying));
	prison_put(&p, "children.cur", &out->children, sizeof(out->children));
	prison_put(&p, "host.hostname", out->hostname, sizeof(out->hostname));
	if (prison_has_meta())
		prison_put(&p, "meta.jailnet", meta, sizeof(meta));
	out->j.jid = prison_get(&p, JAIL_DYING);
	if (out->j.jid == -1)
		return (errno == ENOENT ? 0 : -1);
	out->j.vnet = vnet == JAIL_SYS_NEW;
	out->j.dying = dying != 0;
	if (prison_has_meta())
		prison_mark_parse(meta, &out->mark);
	else if (name_is_legal(out->name, NAME_SIZE - 1) && prison_mark_read(f, out->name, &out->mark) == 0 &&
	    out->mark.jid != 0 && out->mark.jid != out->j.jid)
		out->mark.ours = false;
	out->j.ours = out->mark.ours;
	out->j.boot = out->mark.boot;
	/* a foreign one is not ours to start */
	out->j.phase = out->j.dying ? JAIL_IS_DYING : out->j.ours ? out->mark.phase : JAIL_STARTED;
	return (1);
}

/* Jails of jails, and names that only a jid can have, are not for the planner. */
static bool
is_row(const struct seen *s)
{
	return (s->j.vnet && name_is_legal(s->name, NAME_SIZE - 1));
}

int
fbsd_jail_find(struct fbsd *f, const char *name, struct fbsd_jail *out, struct err *err)
{
	struct prison_held h;

	if (prison_hold(f, name, &h, err) == -1)
		return (-1);
	*out = h.j;
	prison_drop(&h);
	return (0);
}

int
fbsd_jail_each(struct fbsd *f, int (*fn)(void *arg, const char *name, const struct fbsd_jail *j, struct err *err), void *arg,
    struct err *err)
{
	struct seen s;
	int rc;

	for (int jid = 0; (rc = next(f, jid, &s)) == 1; jid = s.j.jid)
		if (is_row(&s) && fn(arg, s.name, &s.j, err) == -1)
			return (-1);
	return (rc == -1 ? err_sys(err, "listing the jails") : 0);
}

/* What keeps a jail from going away, as far as can be told from outside: nobody gets into it any more. */
static void
say_dying(struct fbsd *f, const struct seen *s, struct obs_jail *row)
{
	unsigned procs = fbsd_process_count(f, s->j.jid);
	char why[96];

	row->dying++;
	if (procs > 0)
		(void)str_format(why, sizeof(why), "%u processes have not ended", procs);
	else if (s->children > 0)
		(void)str_format(why, sizeof(why), "%d jails inside it have not gone", s->children);
	else
		(void)str_copy(why, sizeof(why), "closed TCP connections (TIME_WAIT, up to a minute) or open files hold it");
	if (str_format(row->reason, sizeof(row->reason), "jail %d is still dying: %s", s->j.jid, why) == -1)
		(void)str_copy(row->reason, sizeof(row->reason), "an older jail is still dying");
}

static struct obs_jail *
row_of(struct observed *out, size_t from, const char *name)
{
	for (size_t i = from; i < out->njails; i++)
		if (str_equal(out->jails[i].name, name))
			return (&out->jails[i]);
	return (NULL);
}

static int
add_row(struct fbsd *f, struct observed *out, size_t from, const struct seen *s)
{
	struct obs_jail *row = row_of(out, from, s->name);

	if (row == NULL && (row = observed_jail_add(out)) == NULL)
		return (-1);
	(void)str_copy(row->name, sizeof(row->name), s->name);
	if (s->j.dying) {
		if (row->jid == 0) {
			row->jid = (uint32_t)s->j.jid;
			row->phase = JAIL_IS_DYING;
			row->ours = s->j.ours;
		}
		say_dying(f, s, row);
		return (0);
	}
	row->jid = (uint32_t)s->j.jid;
	row->ours = s->j.ours;
	row->phase = s->j.phase;
	row->boot = s->j.boot;
	row->params = s->mark.params;
	row->path = s->mark.path;
	row->processes = fbsd_process_count(f, s->j.jid);
	if (str_copy(row->hostname, sizeof(row->hostname), s->hostname) == -1)
		row->hostname[0] = '\0';
	return (0);
}

int
fbsd_jail_observe(struct fbsd *f, const char *only, struct observed *out, struct err *err)
{
	size_t from = out->njails;
	struct seen s;
	int rc, added = 0;

	fbsd_process_look(f);
	for (int jid = 0; added == 0 && (rc = next(f, jid, &s)) != 0; jid = s.j.jid) {
		/* a list cut short would be a host without jails: all their epairs would be made anew */
		if (rc == -1) {
			fbsd_process_forget(f);
			return (err_sys(err, "listing the jails"));
		}
		if (is_row(&s) && (only == NULL || str_equal(only, s.name)))
			added = add_row(f, out, from, &s);
	}
	fbsd_process_forget(f);
	return (added == -1 ? err_nomem(err) : 0);
}

int
fbsd_jail_open(struct fbsd *f, struct err *err)
{
	char dir[FBSD_PATH];

	f->features |= FEATURE_JAIL_PARAMS | FEATURE_EXTERNAL_JAILS;
	if (fbsd_path(dir, err, "%s/jails", f->run_dir) == -1)
		return (-1);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return (err_sys(err, "%s", dir));
	return (0);
}

/* --- events ---------------------------------------------------------------------------------------------------- */

#ifdef EVFILT_JAIL
static int
watch_one(struct fbsd *f, int jid)
{
	struct kevent ev;

	EV_SET(&ev, (uintptr_t)jid, EVFILT_JAIL, EV_ADD | EV_CLEAR, NOTES, 0, NULL);
	return (kevent(f->kq, &ev, 1, NULL, 0, NULL));
}

static void
watch_all(struct fbsd *f)
{
	struct seen s;

	for (int jid = 0; next(f, jid, &s) == 1; jid = s.j.jid)
		if (!s.j.dying && is_row(&s))
			(void)watch_one(f, s.j.jid);
}

static bool
watch_events(struct fbsd *f)
{
	/* 0 is the jail we are in: it tells of new ones */
	if (watch_one(f, 0) == -1)
		return (false);
	watch_all(f);
	return (true);
}

static bool
take_event(struct fbsd *f, const struct kevent *ev, struct change *out)
{
	if (ev->filter != EVFILT_JAIL)
		return (false);
	if (ev->fflags & NOTE_JAIL_MULTI)
		watch_all(f);
	else if ((ev->fflags & NOTE_JAIL_CHILD) && ev->data > 0)
		(void)watch_one(f, (int)ev->data);
	/* what a jail takes along when it goes is on the host next: look at all */
	out->all = true;
	return (true);
}
#else
static bool
watch_events(struct fbsd *f)
{
	(void)f;
	return (false);
}

static bool
take_event(struct fbsd *f, const struct kevent *ev, struct change *out)
{
	(void)f;
	(void)ev;
	(void)out;
	return (false);
}
#endif

/* Which jails there are, as one number. */
static uint64_t
digest(struct fbsd *f)
{
	uint64_t h = 14695981039346656037ULL;
	struct seen s;

	for (int jid = 0; next(f, jid, &s) == 1; jid = s.j.jid)
		if (is_row(&s))
			h = (h ^ (uint64_t)(s.j.jid * 2 + s.j.dying)) * 1099511628211ULL;
	return (h);
}

int
fbsd_jail_watch(struct fbsd *f, struct err *err)
{
	struct kevent ev;

	f->jail_events = watch_events(f);
	if (f->jail_events)
		return (0);
	f->jail_digest = digest(f);
	EV_SET(&ev, 1, EVFILT_TIMER, EV_ADD, 0, LOOK_EVERY_MS, NULL);
	if (kevent(f->kq, &ev, 1, NULL, 0, NULL) == -1)
		return (err_sys(err, "watching jails"));
	return (0);
}

bool
fbsd_jail_event(struct fbsd *f, const struct kevent *ev, struct change *out)
{
	uint64_t now;

	memset(out, 0, sizeof(*out));
	if (ev->filter != EVFILT_TIMER)
		return (take_event(f, ev, out));
	now = digest(f);
	out->all = now != f->jail_digest;
	f->jail_digest = now;
	return (out->all);
}
