/*
 * fbsd_prison: jail_set(2) and jail_get(2) for the files about jails: parameters by name, the words of the kernel when it refuses.
 *
 * libjail is used where text has to become typed parameters (fbsd_param.c); here the types are known.
 */
#ifndef JN_FBSD_PRISON_H
#define JN_FBSD_PRISON_H

#include <sys/uio.h>

#include "worker/freebsd/fbsd.h"

#define PRISON_PARMS 12

struct prison {
	struct iovec v[2 * (PRISON_PARMS + 1)];
	unsigned n;
	char errmsg[256];
};

void prison_begin(struct prison *p);
/* value is borrowed until the call; for jail_get it is where the answer goes. */
void prison_put(struct prison *p, const char *name, void *value, size_t size);
void prison_put_str(struct prison *p, const char *name, const char *value);
void prison_put_flag(struct prison *p, const char *name);
/* The jid, or -1 with errno (and p->errmsg). */
int prison_set(struct prison *p, int flags);
int prison_get(struct prison *p, int flags);
/* err from errno and the kernel's own words.  Always -1. */
int prison_fail(struct prison *p, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * What we write on a jail of ours: parameter meta.jailnet where the kernel has it (FreeBSD 15), else a file
 * RUN_DIR/jails/NAME, which also says for which jid it is.
 */
struct prison_mark {
	bool ours;
	int jid;		/* of the file; 0 = written before the jail was made */
	uint32_t boot, params;
	uint32_t path;		/* 0 = not known */
	enum jail_phase phase;
};
#define PRISON_MARK_SIZE 256	/* more than any mark: a kernel copies a value without looking at our room */
void prison_mark_parse(const char *text, struct prison_mark *out);
int prison_mark_format(const struct prison_mark *m, char out[PRISON_MARK_SIZE]);
bool prison_has_meta(void);
/* The file of kernels without meta; absent is not ours. */
int prison_mark_read(struct fbsd *f, const char *name, struct prison_mark *out);
int prison_mark_write(struct fbsd *f, const char *name, const struct prison_mark *m, struct err *err);
void prison_mark_remove(struct fbsd *f, const char *name);

/*
 * A living vnet jail, held: desc is a descriptor of it (FreeBSD 15), so that what follows cannot hit another jail that got the same
 * jid; -1 where there are none.  The caller closes with prison_drop.
 */
struct prison_held {
	struct fbsd_jail j;
	struct prison_mark mark;
	int desc;
	char name[NAME_SIZE];
	char hostname[256];
};
int prison_hold(struct fbsd *f, const char *name, struct prison_held *out, struct err *err);
int prison_hold_own(struct fbsd *f, const char *name, struct prison_held *out, struct err *err);	/* one with our mark, else ERR_DENIED */
void prison_drop(struct prison_held *h);
/* jail_set(JAIL_UPDATE) of the held one. */
int prison_update(struct prison_held *h, struct prison *p);
int prison_remove(struct prison_held *h);
int prison_put_mark(struct fbsd *f, struct prison_held *h, struct err *err);

/* fbsd_param.c: "key=value\n..." as jail.conf(5) would have them, given to a jail that is there. */
int prison_params(int jid, const char *params, struct err *err);

/*
 * fbsd_tcp.c: drops the TCP connections of the vnet this runs in that would keep the jail dying (TIME_WAIT takes a minute); an
 * fbsd_inside_fn.
 */
struct prison_tcp {
	unsigned found, dropped, time_wait;
};
fbsd_inside_fn prison_tcp_drop;

#endif
