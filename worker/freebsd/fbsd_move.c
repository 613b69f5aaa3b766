/* fbsd_move: interfaces between the host and jails, and home from jails that are dying. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

static struct fbsd_guest *
guest_find(struct fbsd *f, int jid, const char *ifname)
{
	for (size_t i = 0; i < f->nguests; i++)
		if (f->guests[i].jid == jid && str_equal(f->guests[i].ifname, ifname))
			return (&f->guests[i]);
	return (NULL);
}

bool
fbsd_is_guest(struct fbsd *f, int jid, const char *ifname)
{
	return (guest_find(f, jid, ifname) != NULL);
}

void
fbsd_guest_note(struct fbsd *f, int jid, const char *ifname)
{
	struct fbsd_guest *g = guest_find(f, jid, ifname);

	if (g == NULL && f->nguests == f->rguests) {
		size_t room = f->rguests == 0 ? 64 : f->rguests * 2;
		void *more = realloc(f->guests, room * sizeof(*f->guests));

		/* without it the planner makes a new epair: slower, but right */
		if (more == NULL)
			return;
		f->guests = more;
		f->rguests = room;
	}
	if (g == NULL) {
		g = &f->guests[f->nguests++];
		*g = (struct fbsd_guest){ .jid = jid };
		(void)str_copy(g->ifname, sizeof(g->ifname), ifname);
	}
	g->keep = true;
}

void
fbsd_guest_forget(struct fbsd *f, int jid, const char *ifname)
{
	struct fbsd_guest *g = guest_find(f, jid, ifname);

	if (g != NULL)
		*g = f->guests[--f->nguests];
}

void
fbsd_guests_begin(struct fbsd *f, int jid)
{
	for (size_t i = 0; i < f->nguests; i++)
		if (f->guests[i].jid == jid)
			f->guests[i].keep = false;
}

void
fbsd_guests_end(struct fbsd *f, int jid)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nguests; i++)
		if (f->guests[i].jid != jid || f->guests[i].keep)
			f->guests[n++] = f->guests[i];
	f->nguests = n;
}

/* The kernel does not look whether the name is free on our side, and two of one name would be a mess.  0 or errno. */
static int
reclaim(struct fbsd *f, const char *ifname, int jid)
{
	struct fbsd_in host;
	struct fbsd_link link;
	int sys;

	if (fbsd_if_index(f->s, ifname) != 0)
		return (EEXIST);
	sys = fbsd_if_from_jail(f->s, ifname, jid);
	if (sys != 0)
		return (sys);
	/* the group was lost by the move */
	fbsd_in_host(f, &host);
	if (fbsd_link_get(&host, ifname, &link) == 0 && link.o.mark.ours)
		(void)fbsd_if_group(f->s, ifname);
	return (0);
}

unsigned
fbsd_take_home(struct fbsd *f, int jid)
{
	unsigned came = 0;
	size_t n = 0;

	for (size_t i = 0; i < f->nguests; i++) {
		int sys = f->guests[i].jid == jid ? reclaim(f, f->guests[i].ifname, jid) : EEXIST;

		if (sys == 0)
			came++;
		else if (sys != ENXIO)	/* gone from there is forgotten, a clash is tried again */
			f->guests[n++] = f->guests[i];
	}
	f->nguests = n;
	return (came);
}

/*
 * Between finding the jail and moving, it may have begun to die; the kernel would move the interface into it all the same, where nobody
 * sees it.  So it is looked at again, and the interface pulled out.
 */
int
fbsd_move_in(struct fbsd *f, const char *ifname, const char *jail, struct err *err)
{
	struct fbsd_jail j, again;
	int sys;

	if (fbsd_jail_find(f, jail, &j, err) == -1)
		return (-1);
	sys = fbsd_if_to_jail(f->s, ifname, j.jid);
	if (sys == EEXIST)
		return (fbsd_num(err, sys, "moving %s: the name is taken in jail %s", ifname, jail));
	if (sys != 0)
		return (fbsd_num(err, sys, "moving %s into jail %s", ifname, jail));
	if (fbsd_jail_find(f, jail, &again, NULL) == -1 || again.jid != j.jid) {
		(void)reclaim(f, ifname, j.jid);
		return (err_set(err, ERR_BUSY, "jail %s ended while %s was moved into it", jail, ifname));
	}
	fbsd_guest_note(f, j.jid, ifname);
	return (0);
}

static int
move_out(struct fbsd *f, const char *ifname, const char *jail, int jid, struct err *err)
{
	int sys = reclaim(f, ifname, jid);

	if (sys == EEXIST)
		return (err_num(err, sys, "taking %s out of jail %s: the name is taken on the host", ifname, jail));
	if (sys != 0)
		return (fbsd_num(err, sys, "taking %s out of jail %s", ifname, jail));
	fbsd_guest_forget(f, jid, ifname);
	return (0);
}

struct look {
	const char *ifname;
	struct fbsd_link link;
	int sys;
};

/* 0 also when there is none: sys tells. */
static int
look_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct look *k = arg;

	k->sys = fbsd_link_get(in, k->ifname, &k->link);
	if (k->sys == 0)
		return (fbsd_link_mine(in, k->ifname, true, &k->link, err));
	return (k->sys == ENXIO ? 0 : fbsd_num(err, k->sys, "%s", k->ifname));
}

/* Not where it should come from: fine when it is already where it should go. */
static int
absent(struct fbsd *f, const struct cmd_move *m, struct reply *out, struct err *err)
{
	struct look k = { .ifname = m->ifname };
	char where[FBSD_WHERE];

	if (fbsd_inside_name(f, m->to, look_inside, &k, sizeof(k), err) == -1)
		return (-1);
	if (k.sys != 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no interface %s%s", m->ifname, fbsd_where(m->from, where)));
	out->result = REPLY_UNCHANGED;
	return (0);
}

int
fbsd_if_move(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_move *m = &c->u.move;
	struct look k = { .ifname = m->ifname };
	struct fbsd_jail from = { 0 };
	int sys;

	if (m->from[0] != '\0' && fbsd_jail_find(f, m->from, &from, err) == -1)
		return (-1);
	if (fbsd_inside(f, from.jid, m->from, look_inside, &k, sizeof(k), NULL, err) == -1)
		return (-1);
	if (k.sys != 0)
		return (absent(f, m, out, err));
	if (from.jid != 0 && move_out(f, m->ifname, m->from, from.jid, err) == -1)
		return (-1);
	/* it leaves the bridge that it may be a member of */
	if (from.jid == 0 && k.link.o.mark.ours && (sys = fbsd_if_arp(f->s, m->ifname, true)) != 0)
		return (fbsd_num(err, sys, "ARP of %s", m->ifname));
	if (m->to[0] != '\0' && fbsd_move_in(f, m->ifname, m->to, err) == -1)
		return (-1);
	out->result = REPLY_DONE;
	return (0);
}
