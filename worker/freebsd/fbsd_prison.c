/* fbsd_prison: jail_set(2), jail_get(2), and our mark on a jail. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_prison.h"

void
prison_begin(struct prison *p)
{
	memset(p, 0, sizeof(*p));
	prison_put(p, "errmsg", p->errmsg, sizeof(p->errmsg));
}

void
prison_put(struct prison *p, const char *name, void *value, size_t size)
{
	assert(p->n + 2 <= NELEMS(p->v));
	p->v[p->n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name) + 1 };
	p->v[p->n++] = (struct iovec){ .iov_base = value, .iov_len = size };
}

void
prison_put_str(struct prison *p, const char *name, const char *value)
{
	prison_put(p, name, (void *)(uintptr_t)value, strlen(value) + 1);
}

void
prison_put_flag(struct prison *p, const char *name)
{
	prison_put(p, name, NULL, 0);
}

int
prison_set(struct prison *p, int flags)
{
	return (jail_set(p->v, p->n, flags));
}

int
prison_get(struct prison *p, int flags)
{
	return (jail_get(p->v, p->n, flags));
}

int
prison_fail(struct prison *p, struct err *err, const char *fmt, ...)
{
	char what[160];
	va_list ap;
	int sys = errno;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	p->errmsg[sizeof(p->errmsg) - 1] = '\0';
	str_clean(p->errmsg);
	if (p->errmsg[0] != '\0')
		return (err_num(err, sys, "%s (%.100s)", what, p->errmsg));
	return (err_num(err, sys, "%s", what));
}

bool
prison_has_meta(void)
{
	static int has = -1;
	size_t size = 0;

	if (has == -1)
		has = sysctlbyname("security.jail.meta_maxbufsize", NULL, &size, NULL, 0) == 0;
	return (has == 1);
}

static const enum jail_phase phases[] = { JAIL_PARTIAL, JAIL_CREATED, JAIL_STARTING, JAIL_STARTED, JAIL_STOPPED };

/* "1 jid=0 boot=3 phase=created params=00000000 path=050c5d2e"; the last word is missing in what an older version wrote */
int
prison_mark_format(const struct prison_mark *m, char out[PRISON_MARK_SIZE])
{
	return (str_format(out, PRISON_MARK_SIZE, "1 jid=%d boot=%u phase=%s params=%08x path=%08x", m->jid, m->boot,
	    jail_phase_name(m->phase), m->params, m->path));
}

void
prison_mark_parse(const char *text, struct prison_mark *out)
{
	char phase[16];

	memset(out, 0, sizeof(*out));
	if (sscanf(text, "1 jid=%d boot=%u phase=%15s params=%x path=%x", &out->jid, &out->boot, phase, &out->params, &out->path) < 4)
		return;
	for (size_t i = 0; i < NELEMS(phases); i++)
		if (str_equal(phase, jail_phase_name(phases[i]))) {
			out->phase = phases[i];
			out->ours = true;
		}
}

int
prison_mark_read(struct fbsd *f, const char *name, struct prison_mark *out)
{
	char path[FBSD_PATH], text[PRISON_MARK_SIZE];
	ssize_t n;
	int fd;

	memset(out, 0, sizeof(*out));
	if (fbsd_path(path, NULL, "%s/jails/%s", f->run_dir, name) == -1)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return (-1);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return (-1);
	text[n] = '\0';
	prison_mark_parse(text, out);
	return (out->ours ? 0 : -1);
}

int
prison_mark_write(struct fbsd *f, const char *name, const struct prison_mark *m, struct err *err)
{
	char path[FBSD_PATH], tmp[FBSD_PATH], text[PRISON_MARK_SIZE];
	int fd;

	if (fbsd_path(path, err, "%s/jails/%s", f->run_dir, name) == -1 || fbsd_path(tmp, err, "%s/jails/.new", f->run_dir) == -1 ||
	    prison_mark_format(m, text) == -1)
		return (-1);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return (err_sys(err, "%s", tmp));
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		err_sys(err, "%s", tmp);
		close(fd);
		return (-1);
	}
	close(fd);
	return (rename(tmp, path) == 0 ? 0 : err_sys(err, "%s", path));
}

void
prison_mark_remove(struct fbsd *f, const char *name)
{
	char path[FBSD_PATH];

	if (fbsd_path(path, NULL, "%s/jails/%s", f->run_dir, name) == 0)
		(void)unlink(path);
}

int
prison_hold(struct fbsd *f, const char *name, struct prison_held *out, struct err *err)
{
	char meta[PRISON_MARK_SIZE] = "";
	int vnet = 0, flags = 0;
	struct prison p;

	memset(out, 0, sizeof(*out));
	out->desc = -1;
	(void)str_copy(out->name, sizeof(out->name), name);
	prison_begin(&p);
	prison_put_str(&p, "name", name);
	prison_put(&p, "vnet", &vnet, sizeof(vnet));
	prison_put(&p, "host.hostname", out->hostname, sizeof(out->hostname));
	if (prison_has_meta())
		prison_put(&p, "meta.jailnet", meta, sizeof(meta));
#ifdef JAIL_GET_DESC
	if (prison_has_meta()) {	/* both are of FreeBSD 15 */
		flags = JAIL_GET_DESC;
		prison_put(&p, "desc", &out->desc, sizeof(out->desc));
	}
#endif
	out->j.jid = prison_get(&p, flags);
	if (out->j.jid == -1) {
		out->desc = -1;
		if (errno == ENOENT)
			return (err_set(err, ERR_NOT_FOUND, "there is no jail %s", name));
		return (prison_fail(&p, err, "jail %s", name));
	}
	if (out->desc != -1)
		(void)fcntl(out->desc, F_SETFD, FD_CLOEXEC);
	out->j.vnet = vnet == JAIL_SYS_NEW;
	if (prison_has_meta())
		prison_mark_parse(meta, &out->mark);
	else if (prison_mark_read(f, name, &out->mark) == 0 && out->mark.jid != 0 && out->mark.jid != out->j.jid)
		out->mark.ours = false;
	out->j.ours = out->mark.ours;
	out->j.boot = out->mark.boot;
	out->j.phase = out->mark.ours ? out->mark.phase : JAIL_STARTED;
	if (out->j.vnet)
		return (0);
	prison_drop(out);
	return (err_set(err, ERR_CONFLICT, "jail %s has no network of its own (it was made without vnet)", name));
}

int
prison_hold_own(struct fbsd *f, const char *name, struct prison_held *h, struct err *err)
{
	if (prison_hold(f, name, h, err) == -1)
		return (-1);
	if (h->j.ours)
		return (0);
	prison_drop(h);
	return (err_set(err, ERR_DENIED, "jail %s was not made by jailnet", name));
}

void
prison_drop(struct prison_held *h)
{
	if (h->desc != -1)
		close(h->desc);
	h->desc = -1;
}

int
prison_update(struct prison_held *h, struct prison *p)
{
#ifdef JAIL_USE_DESC
	if (h->desc != -1) {
		prison_put(p, "desc", &h->desc, sizeof(h->desc));
		return (prison_set(p, JAIL_UPDATE | JAIL_USE_DESC));
	}
#endif
	prison_put(p, "jid", &h->j.jid, sizeof(h->j.jid));
	return (prison_set(p, JAIL_UPDATE));
}

int
prison_remove(struct prison_held *h)
{
#if __FreeBSD_version >= 1500000
	if (h->desc != -1)
		return (jail_remove_jd(h->desc));
#endif
	return (jail_remove(h->j.jid));
}

int
prison_put_mark(struct fbsd *f, struct prison_held *h, struct err *err)
{
	char text[PRISON_MARK_SIZE];
	struct prison p;

	h->mark.ours = true;
	h->mark.jid = prison_has_meta() ? 0 : h->j.jid;
	if (!prison_has_meta())
		return (prison_mark_write(f, h->name, &h->mark, err));
	if (prison_mark_format(&h->mark, text) == -1)
		return (err_set(err, ERR_INTERNAL, "a mark that does not fit"));
	prison_begin(&p);
	prison_put_str(&p, "meta.jailnet", text);
	if (prison_update(h, &p) == -1)
		return (prison_fail(&p, err, "marking jail %s", h->name));
	return (0);
}
