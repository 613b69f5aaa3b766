/* fbsd_epair: both halves made, marked, named, placed. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

static struct mark
half_mark(const struct cmd_epair *e, int side)
{
	struct mark m = { .ours = true, .has_object = true, .kind = KIND_EPAIR, .side = (uint8_t)side };

	(void)str_copy(m.name, sizeof(m.name), e->name);
	return (m);
}

/*
 * A pair that is to be named like the kernel names pairs gets that unit: then it needs no new names, and does not sit in the way of the kernel's
 * choice for others.
 */
static int
clone_pair(struct fbsd *f, const struct cmd_epair *e, char names[2][IFNAME_SIZE])
{
	const char *a = e->end[0].ifname;
	size_t len = strlen(a);
	char want[IFNAME_SIZE];
	int sys = EEXIST;

	(void)str_copy(want, sizeof(want), a);
	if (len > 6 && strncmp(a, "epair", 5) == 0 && a[len - 1] == 'a' && strspn(a + 5, "0123456789") == len - 6) {
		want[len - 1] = '\0';
		sys = fbsd_if_clone(f->s, want, names[0]);
		if (sys == EEXIST && fbsd_gone_end(f, want))
			sys = fbsd_if_clone(f->s, want, names[0]);
	}
	if (sys != 0 && sys != EINVAL)
		sys = fbsd_if_clone(f->s, "epair", names[0]);
	if (sys != 0)
		return (sys);
	memcpy(names[1], names[0], IFNAME_SIZE);
	names[1][strlen(names[1]) - 1] = 'b';
	return (0);
}

/* On the host and down: mark, MAC, MTU, name.  A new half has the default MTU and no flags. */
static int
prepare(struct fbsd *f, const struct cmd_epair *e, int side, const char *made, struct err *err)
{
	const struct cmd_end *end = &e->end[side];
	struct mark m = half_mark(e, side);
	int sys;

	if ((sys = fbsd_if_group(f->s, made)) != 0 || (sys = fbsd_if_mac(f->s, made, &end->mac)) != 0 ||
	    (e->mtu != MTU_DEFAULT && (sys = fbsd_if_mtu(f->s, made, e->mtu)) != 0) ||
	    (!str_equal(made, end->ifname) && (sys = fbsd_if_rename_to(f->s, made, end->ifname)) != 0) ||
	    (sys = fbsd_if_mark(f->s, end->ifname, &m)) != 0)
		return (fbsd_num(err, sys, "creating epair %s (%s)", e->name, end->ifname));
	return (0);
}

static int
up_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	const char *ifname = arg;
	int sys = fbsd_if_up(in->s, ifname, true);

	return (sys == 0 ? 0 : fbsd_num(err, sys, "bringing up %s", ifname));
}

/* Into its bridge and up, or into its jail and up.  The bridge first: a half that is up may already have an IPv6 address, and a
 * bridge may refuse members with addresses. */
static int
place(struct fbsd *f, const struct cmd_end *end, struct err *err)
{
	char ifname[IFNAME_SIZE];
	int sys;

	memcpy(ifname, end->ifname, sizeof(ifname));
	if (end->jail[0] != '\0') {
		if (fbsd_move_in(f, ifname, end->jail, err) == -1)
			return (-1);
		return (end->up ? fbsd_inside_name(f, end->jail, up_inside, ifname, sizeof(ifname), err) : 0);
	}
	if (end->bridge[0] != '\0' && fbsd_port_join(f, end->bridge, ifname, err) == -1)
		return (-1);
	if (!end->up)
		return (0);
	sys = fbsd_if_up(f->s, ifname, true);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "bringing up %s", ifname));
}

static int
create(struct fbsd *f, const struct cmd_epair *e, struct err *err)
{
	char made[2][IFNAME_SIZE];
	int sys, side;

	sys = clone_pair(f, e, made);
	if (sys == EINVAL)	/* no such cloner */
		sys = fbsd_kld_load("if_epair", err) == -1 ? -1 : clone_pair(f, e, made);
	if (sys == -1)
		return (-1);
	if (sys != 0)
		return (fbsd_num(err, sys, "creating epair %s", e->name));
	for (side = 0; side < 2; side++)
		if (prepare(f, e, side, made[side], err) == -1)
			goto undo;
	for (side = 0; side < 2; side++)
		if (place(f, &e->end[side], err) == -1)
			goto undo;
	return (0);
undo:
	/* One of the four names is still there with the other half behind it, wherever that is. */
	if (fbsd_if_destroy(f->s, e->end[0].ifname) != 0 && fbsd_if_destroy(f->s, made[0]) != 0 &&
	    fbsd_if_destroy(f->s, e->end[1].ifname) != 0)
		(void)fbsd_if_destroy(f->s, made[1]);
	return (-1);
}

struct half {
	const struct cmd_epair *e;
	int side;
	bool there;		/* a half of this very epair, or one of ours not yet labelled */
	bool taken;		/* by something else */
	bool changed;
};

static int
fix_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct half *h = arg;
	const struct cmd_end *end = &h->e->end[h->side];
	struct mark m = half_mark(h->e, h->side);
	struct fbsd_link link;
	int sys = 0;

	if (fbsd_link_get(in, end->ifname, &link) != 0)
		return (0);
	h->there = link.o.mark.ours && (!link.o.mark.has_object || (link.o.mark.kind == KIND_EPAIR &&
	    link.o.mark.side == h->side && str_equal(link.o.mark.name, h->e->name)));
	h->taken = !h->there;
	if (h->taken)
		return (0);
	h->changed = true;
	if (!mac_equal(&link.o.mac, &end->mac) && (sys = fbsd_if_mac(in->s, end->ifname, &end->mac)) != 0)
		goto out;
	if (link.o.mtu != h->e->mtu && (sys = fbsd_if_mtu(in->s, end->ifname, h->e->mtu)) != 0)
		goto out;
	if (!link.o.mark.has_object && (sys = fbsd_if_mark(in->s, end->ifname, &m)) != 0)
		goto out;
	if (link.o.up != end->up && (sys = fbsd_if_up(in->s, end->ifname, end->up)) != 0)
		goto out;
	h->changed = !mac_equal(&link.o.mac, &end->mac) || link.o.mtu != h->e->mtu || !link.o.mark.has_object ||
	    link.o.up != end->up;
out:
	return (sys == 0 ? 0 : fbsd_num(err, sys, "changing %s", end->ifname));
}

/* 1 = it exists already and is as wanted now, 0 = nothing is there, -1 = a name is taken by something else. */
static int
existing(struct fbsd *f, const struct cmd_epair *e, struct reply *out, struct err *err)
{
	struct half h[2];
	int there = 0;

	for (int side = 0; side < 2; side++) {
		h[side] = (struct half){ .e = e, .side = side };
		if (fbsd_inside_name(f, e->end[side].jail, fix_inside, &h[side], sizeof(h[side]), err) == -1)
			return (-1);
		if (h[side].taken)
			return (err_set(err, ERR_EXISTS, "creating epair %s: an interface %s, not made by jailnet for it, exists "
			    "(File exists)", e->name, e->end[side].ifname));
		there += h[side].there;
	}
	if (there != 2)
		return (0);
	for (int side = 0; side < 2; side++)
		if (e->end[side].bridge[0] != '\0' && fbsd_port_join(f, e->end[side].bridge, e->end[side].ifname, err) == -1)
			return (-1);
	out->result = h[0].changed || h[1].changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (1);
}

int
fbsd_epair_create(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_epair *e = &c->u.epair;
	bool taken = false;
	int rc;

	/* cheap for the host; in a jail the move finds out */
	for (int side = 0; side < 2; side++)
		taken = taken || fbsd_if_index(f->s, e->end[side].ifname) != 0;
	if (taken) {
		rc = existing(f, e, out, err);
		if (rc != 0)
			return (rc == 1 ? 0 : -1);
		return (err_set(err, ERR_EXISTS, "creating epair %s: %s or %s exists without its other half (File exists)", e->name,
		    e->end[0].ifname, e->end[1].ifname));
	}
	if (create(f, e, err) == -1) {
		if (err == NULL || err->sys != EEXIST || (rc = existing(f, e, out, err)) != 1)
			return (-1);
		return (0);
	}
	out->result = REPLY_DONE;
	return (0);
}

struct doomed {
	const char *ifname;
	bool gone;
};

static int
destroy_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct doomed *d = arg;
	struct fbsd_link link;
	int sys = fbsd_link_get(in, d->ifname, &link);

	d->gone = sys == ENXIO;
	if (d->gone)
		return (0);
	if (fbsd_link_mine(in, d->ifname, false, &link, err) == -1)
		return (-1);
	if (link.o.type != LINK_EPAIR && !(link.o.mark.has_object && link.o.mark.kind == KIND_EPAIR))
		return (err_set(err, ERR_CONFLICT, "%s is not an epair", d->ifname));
	sys = fbsd_if_destroy(in->s, d->ifname);
	d->gone = sys == ENXIO;
	return (sys == 0 || d->gone ? 0 : fbsd_num(err, sys, "destroying %s", d->ifname));
}

int
fbsd_epair_destroy(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct cmd_iface i = c->u.iface;
	struct doomed d = { .ifname = i.ifname };
	struct err why = { 0 };

	out->result = REPLY_DONE;
	if (fbsd_gone_put(f, &i))
		return (0);
	out->result = REPLY_UNCHANGED;
	if (fbsd_inside_name(f, i.jail, destroy_inside, &d, sizeof(d), &why) == -1) {
		/* no jail, no interface */
		if (why.code == ERR_NOT_FOUND)
			return (0);
		if (err != NULL)
			*err = why;
		return (-1);
	}
	out->result = d.gone ? REPLY_UNCHANGED : REPLY_DONE;
	return (0);
}
