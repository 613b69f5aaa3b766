/*
 * fake_control: changes by hand as lines of text, fault points.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/str.h"
#include "tests/fake/fake_int.h"

#define WORDS_MAX 7

static const char *
ns(const char *word)
{
	return (strcmp(word, "-") == 0 ? "" : word);
}

static int
do_up(struct fake *f, char *const w[])
{
	return (fake_set_up(f, ns(w[1]), w[2], true));
}

static int
do_down(struct fake *f, char *const w[])
{
	return (fake_set_up(f, ns(w[1]), w[2], false));
}

static int
do_del(struct fake *f, char *const w[])
{
	return (fake_del_link(f, ns(w[1]), w[2]));
}

static int
do_mtu(struct fake *f, char *const w[])
{
	return (fake_set_mtu(f, ns(w[1]), w[2], (uint32_t)atoi(w[3])));
}

static int
do_unmark(struct fake *f, char *const w[])
{
	return (fake_clear_mark(f, ns(w[1]), w[2], false));
}

static int
do_bridge(struct fake *f, char *const w[])
{
	return (fake_set_bridge(f, w[1], ns(w[2])));
}

static int
do_move(struct fake *f, char *const w[])
{
	return (fake_move(f, ns(w[1]), w[2], ns(w[3])));
}

static int
do_addr(struct fake *f, char *const w[])
{
	struct prefix p;

	return (prefix_parse(w[3], &p, NULL) == -1 ? -1 : fake_addr(f, ns(w[1]), w[2], &p, strcmp(w[0], "addr-add") == 0));
}

static int
do_duplicate(struct fake *f, char *const w[])
{
	struct prefix p;

	return (prefix_parse(w[3], &p, NULL) == -1 ? -1 : fake_duplicate(f, ns(w[1]), w[2], &p, strcmp(w[0], "dup") == 0));
}

static int
do_route_del(struct fake *f, char *const w[])
{
	struct prefix p;
	struct ip none;

	memset(&none, 0, sizeof(none));
	return (prefix_parse(w[2], &p, NULL) == -1 ? -1 : fake_route(f, ns(w[1]), &p, &none, true, false));
}

static int
do_jail_add(struct fake *f, char *const w[])
{
	return (fake_add_jail(f, w[1], false));
}

static int
do_jail_del(struct fake *f, char *const w[])
{
	return (fake_del_jail(f, w[1]));
}

/* As if so many jails of this name had ended, and the kernel had not let go of them. */
static int
do_dying(struct fake *f, char *const w[])
{
	int jail = fake_jail_find(f, w[1]);

	if (jail < 0)
		return (-1);
	f->t->jails[jail].dying = (uint32_t)atoi(w[2]);
	return (0);
}

static int
do_sysctl(struct fake *f, char *const w[])
{
	int jail = fake_jail_find(f, ns(w[1]));

	for (int i = 0; i < f->t->nsysctls; i++) {
		struct fake_sysctl *s = &f->t->sysctls[i];

		if (s->used && s->ns == jail && strcmp(s->key, w[2]) == 0)
			return (str_copy(s->value, sizeof(s->value), w[3]));
	}
	return (-1);
}

static int
do_physical(struct fake *f, char *const w[])
{
	struct mac mac = { { 2, 0, 0, 0, 0, (uint8_t)(f->t->ifindex + 1) } };

	return (fake_add_physical(f, w[1], &mac, true, NULL, 0));
}

/* As somebody makes them: up, with addresses of their own. */
static int
come_up(struct fake *f, const char *ifname)
{
	struct mac mac = { { 2, 0xfe, 0, 0, (uint8_t)(f->t->ifindex >> 8), (uint8_t)f->t->ifindex } };

	mac.b[2] = (uint8_t)ifname[strlen(ifname) - 1];
	return (fake_set_mac(f, "", ifname, &mac) == -1 ? -1 : fake_set_up(f, "", ifname, true));
}

static int
do_bridge_add(struct fake *f, char *const w[])
{
	return (fake_add_foreign_bridge(f, w[1]) == -1 ? -1 : come_up(f, w[1]));
}

static int
do_epair_add(struct fake *f, char *const w[])
{
	return (fake_add_foreign_epair(f, w[1], w[2]) == -1 || come_up(f, w[1]) == -1 ? -1 : come_up(f, w[2]));
}

static int
do_traffic(struct fake *f, char *const w[])
{
	return (fake_traffic(f, ns(w[1]), w[2], strtoull(w[3], NULL, 10), strtoull(w[4], NULL, 10)));
}

static int
do_mac(struct fake *f, char *const w[])
{
	struct mac mac;

	return (mac_parse(w[3], &mac, NULL) == -1 ? -1 : fake_set_mac(f, ns(w[1]), w[2], &mac));
}

static int
do_traits(struct fake *f, char *const w[])
{
	struct traits t = { TRAIT_ALL, (uint32_t)strtoul(w[3], NULL, 0), (uint32_t)strtoul(w[4], NULL, 0), (uint32_t)strtoul(w[5], NULL, 0), "" };

	return (str_copy(t.groups, sizeof(t.groups), ns(w[6])) == -1 ? -1 : fake_set_traits(f, ns(w[1]), w[2], &t));
}

static int
do_nothing(struct fake *f, char *const w[])
{
	(void)f;
	(void)w;
	return (0);
}

static int
do_blink(struct fake *f, char *const w[])
{
	return (fake_blink(f, ns(w[1]), w[2]));
}

/* As JAILNET_FAKE_FAULT; what was armed before is not any more. */
static int
do_break(struct fake *f, char *const w[])
{
	fake_break_clear(f);
	return (fake_break_text(f, w[1]));
}

static const struct {
	const char *verb;
	size_t words;
	int (*run)(struct fake *f, char *const w[]);
} verbs[] = {
	{ "up", 3, do_up },
	{ "down", 3, do_down },
	{ "del", 3, do_del },
	{ "mtu", 4, do_mtu },
	{ "mac", 4, do_mac },
	{ "traits", 7, do_traits },
	{ "unmark", 3, do_unmark },
	{ "bridge", 3, do_bridge },
	{ "move", 4, do_move },
	{ "traffic", 5, do_traffic },
	{ "addr-add", 4, do_addr },
	{ "addr-del", 4, do_addr },
	{ "dup", 4, do_duplicate },
	{ "undup", 4, do_duplicate },
	{ "route-del", 3, do_route_del },
	{ "jail-add", 2, do_jail_add },
	{ "jail-del", 2, do_jail_del },
	{ "dying", 3, do_dying },
	{ "sysctl", 4, do_sysctl },
	{ "physical", 2, do_physical },
	{ "bridge-add", 2, do_bridge_add },
	{ "epair-add", 3, do_epair_add },
	{ "break", 2, do_break },
	{ "blink", 3, do_blink },
	{ "overflow", 1, do_nothing },
};

int
fake_control(struct fake *f, const char *line)
{
	char text[256], *w[WORDS_MAX] = { NULL }, *save = NULL;
	size_t n = 0;

	if (str_copy(text, sizeof(text), line) == -1)
		return (-1);
	for (char *s = strtok_r(text, " \n", &save); s != NULL && n < WORDS_MAX; s = strtok_r(NULL, " \n", &save))
		w[n++] = s;
	for (size_t i = 0; i < NELEMS(verbs) && n > 0; i++)
		if (strcmp(verbs[i].verb, w[0]) == 0)
			return (n == verbs[i].words ? verbs[i].run(f, w) : -1);
	return (-1);
}

int
fake_break(struct fake *f, int op, unsigned nth, enum fake_fault what, int sys)
{
	for (size_t i = 0; i < FAKE_FAULTS; i++) {
		struct fake_faultpoint *p = &f->t->faults[i];

		if (p->armed)
			continue;
		*p = (struct fake_faultpoint){ .armed = true, .op = op, .left = nth, .what = what, .sys = sys };
		return (0);
	}
	return (-1);
}

void
fake_break_clear(struct fake *f)
{
	memset(f->t->faults, 0, sizeof(f->t->faults));
}

static int
break_one(struct fake *f, const char *spec)
{
	static const char *const names[] = { [FAKE_HALF] = "half", [FAKE_CRASH] = "crash", [FAKE_HALF_CRASH] = "halfcrash" };
	char op_name[32], what[32];
	int op = -1;
	unsigned nth;

	if (sscanf(spec, "%31[^:]:%u:%31s", op_name, &nth, what) != 3 || nth == 0)
		return (-1);
	if (strcmp(op_name, "*") != 0) {
		for (op = 0; op < CMD_COUNT && strcmp(cmd_name((enum cmd_op)op), op_name) != 0; op++)
			;
		if (op == CMD_COUNT)
			return (-1);
	}
	for (int i = FAKE_HALF; i <= FAKE_HALF_CRASH; i++)
		if (strcmp(names[i], what) == 0)
			return (fake_break(f, op, nth, (enum fake_fault)i, EIO));
	return (atoi(what) > 0 ? fake_break(f, op, nth, FAKE_FAIL, atoi(what)) : -1);
}

int
fake_break_text(struct fake *f, const char *spec)
{
	char text[256], *save = NULL;

	if (str_copy(text, sizeof(text), spec) == -1)
		return (-1);
	for (char *s = strtok_r(text, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save))
		if (break_one(f, s) == -1)
			return (-1);
	return (0);
}
