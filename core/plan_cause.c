/*
 * plan_cause: who is likely to have made the difference that a repair step mends.
 *
 * A likely answer, not a proof: what is inside a jail is its root's to change, and destroying one half of an epair takes the other along
 * (epair(4), veth(4)); anything else needs a command on the host.
 */
#include <stddef.h>
#include <stdio.h>

#include "core/plan.h"

#define IN_JAIL(member) offsetof(struct cmd, u.member.jail)
#define ON_HOST 0 /* the first member of struct cmd is no jail */

static const struct {
	const char *what;
	size_t jail;
} causes[CMD_COUNT] = {
	[CMD_BRIDGE_CREATE] = { "removed", ON_HOST },
	[CMD_BRIDGE_SET] = { "changed", ON_HOST },
	[CMD_EPAIR_CREATE] = { "removed", ON_HOST },
	[CMD_JAIL_CREATE] = { "removed", ON_HOST },
	[CMD_JAIL_SET] = { "changed", ON_HOST },
	[CMD_IF_MOVE] = { "moved", ON_HOST },
	[CMD_PORT_ATTACH] = { "taken out of its bridge", ON_HOST },
	[CMD_PORT_DETACH] = { "put into a bridge", ON_HOST },
	[CMD_PORT_SET] = { "changed", ON_HOST },
	[CMD_IF_RENAME] = { "renamed", IN_JAIL(rename) },
	[CMD_IF_SET] = { "changed", IN_JAIL(ifset) },
	[CMD_ADDR_ADD] = { "removed", IN_JAIL(addr) },
	[CMD_ADDR_DEL] = { "added", IN_JAIL(addr) },
	[CMD_ROUTE_ADD] = { "removed", IN_JAIL(route) },
	[CMD_ROUTE_DEL] = { "added", IN_JAIL(route) },
	[CMD_SYSCTL_SET] = { "changed", IN_JAIL(sysctl) },
};

static const char *
living(const char *jail, const struct observed *have)
{
	return (jail[0] != '\0' && observed_jail(have, jail) != NULL ? jail : NULL);
}

void
step_cause(const struct step *s, const struct observed *have, char *buf, size_t size)
{
	const char *what = causes[s->cmd.op].what, *jail = NULL, *other = NULL;

	if (s->cmd.op == CMD_EPAIR_CREATE) {
		jail = living(s->cmd.u.epair.end[END_B].jail, have);
		other = living(s->cmd.u.epair.end[END_A].jail, have);
	} else if (causes[s->cmd.op].jail != ON_HOST)
		jail = living((const char *)&s->cmd + causes[s->cmd.op].jail, have);
	if (jail == NULL) {
		jail = other;
		other = NULL;
	}
	snprintf(buf, size, "it was %s outside jailnet, likely by %s%s%s%s", what == NULL ? "changed" : what,
	    jail == NULL ? "a command on the host" : "root of jail ", jail == NULL ? "" : jail, other == NULL ? "" : " or of jail ",
	    other == NULL ? "" : other);
}
