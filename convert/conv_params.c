/*
 * conv_params: what each word of jail(8) becomes for a jail of jailnet's own.  What the kernel takes goes into its params; what
 * jail(8) itself does is said, word by word, with its place.  A jail that stays with its manager keeps its words there.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "convert/conv_int.h"
#include "core/str.h"

#define NO_MOUNT "jailnet mounts nothing; /etc/fstab of the host can"
#define NO_NAMES "of the host's names a jail gets its hostname only"
#define NO_MEANING "it has no meaning in a jail with a network of its own"
#define READ_ONLY "only the kernel sets it"

/* A pattern, the value with which nothing is lost (NULL = something always is), and why the others are left out. */
static const struct {
	const char *name, *same, *why;
} words[] = {
	{ "exec.clean", "1", "its commands see PATH, HOME and JNAME only" },
	{ "exec.consolelog", NULL, "what its commands write is in /var/log/jailnet/JAIL.log" },
	{ "exec.jail_user", "root", "its commands run as root" },
	{ "exec.system_jail_user", "0", "its commands run as root" },
	{ "exec.system_user", "root", "jailnet runs no commands on the host" },
	{ "exec.timeout", NULL, "exec.start and exec.stop may take 60 s each" },
	{ "stop.timeout", "5", "its processes have 5 s to end" },
	{ "depend", NULL, "jailnet keeps no order of jails; what needs another jail has to wait for it" },
	{ "mount", NULL, NO_MOUNT },
	{ "mount.fstab", "", NO_MOUNT },
	{ "mount.*", "0", NO_MOUNT },
	{ "zfs.dataset", "", "jailnet gives no datasets to jails; zfs-jail(8) does" },
	{ "zfs.mount_snapshot", "0", "jailnet does not set it" },
	{ "cpuset", "", "jailnet does not set it; cpuset -l ... -j JAIL does" },
	{ "flags", "", "jail(8) is not called" },
	{ "image", "", NO_MOUNT },
	{ "allow.dying", "0", "a jail of this name that is still dying has to be gone first" },
	{ "jid", NULL, "the kernel chooses the number" },
	{ "host", "new", NO_NAMES },
	{ "host.*", NULL, NO_NAMES },
	{ "ip_hostname", "0", "an address is written, not looked up" },
	{ "ip4.saddrsel", "1", NO_MEANING },
	{ "ip6.saddrsel", "1", NO_MEANING },
	{ "persist", "1", "a jail of jailnet's own stays when its last process ends" },
	{ "nopersist", NULL, "a jail of jailnet's own stays when its last process ends" },
	{ "meta*", NULL, "jailnet's own mark is there" },
	{ "env*", NULL, "jailnet does not set it" },
	{ "osrelease", NULL, "the jail sees the kernel's" },
	{ "osreldate", NULL, "the jail sees the kernel's" },
	{ "children.cur", NULL, READ_ONLY },
	{ "cpuset.id", NULL, READ_ONLY },
	{ "dying", NULL, READ_ONLY },
	{ "parent", NULL, READ_ONLY },
};

/* What the import takes elsewhere: the network, the root, the commands. */
static const char *const elsewhere[] = { "name", "path", "host.hostname", "vnet", "novnet", "vnet.interface", "interface", "ip4", "ip6", "ip4.addr",
	"ip6.addr", "command", "exec.prepare", "exec.prestart", "exec.created", "exec.start", "exec.poststart", "exec.prestop", "exec.stop",
	"exec.poststop", "exec.release", "exec.fib" };

bool
conv_param_is_no(const char *name)
{
	const char *dot = strrchr(name, '.');

	return (dot != NULL && strncmp(dot, ".no", 3) == 0);
}

const char *
conv_param_key(struct conv *c, const char *name, bool has_value)
{
	const char *dot = strrchr(name, '.');

	return (has_value || !conv_param_is_no(name) ? name : conv_printf(c, "%.*s.%s", (int)(dot - name), name, dot + 3));
}

static bool
is_same(const char *same, const char *value)
{
	return (same != NULL && (strcmp(same, value) == 0 || (strcmp(same, "1") == 0 && strcasecmp(value, "true") == 0) ||
				    (strcmp(same, "0") == 0 && strcasecmp(value, "false") == 0)));
}

/* Why a jail of ours cannot have this one beside those it has; NULL = it can. */
static const char *
fault_of(const struct conv_host *h, const struct conv_jail *j, const struct conv_param *p)
{
	const struct pairs with = { j->params, j->nparams };
	char text[PARAMS_SIZE];

	if (!param_key_is_legal(p->key))
		return ("jailnet does not know it");
	if (strcmp(p->key, "devfs_ruleset") == 0 && p->value[strspn(p->value, "0123456789")] != '\0')
		return ("the kernel wants its number");
	if (!h->opts->params)
		return ("this platform has no jail parameters");
	for (const char *s = p->value; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return ("a value is one line");
	if (j->nparams == LIMIT_PAIRS || params_format(&with, text) == -1 || strlen(text) + strlen(p->key) + strlen(p->value) + 2 >= PARAMS_SIZE)
		return ("there are too many of them");
	return (NULL);
}

static void
left_out(struct conv_host *h, const struct conv_jail *j, const struct conv_param *p, const char *why)
{
	if (*p->said)
		return;
	*p->said = true;
	conv_say(h->c, CONV_WARNING, &p->pos, "params", "jail %s%s: %.80s is left out: %s", j->name,
	    p->shared ? " and all others that this line is for" : "", p->key, why);
}

/* The last one of a name counts. */
static struct pair *
room_for(struct conv_host *h, struct conv_jail *j, const char *key)
{
	for (size_t i = 0; i < j->nparams; i++)
		if (strcmp(j->params[i].key, key) == 0)
			return (&j->params[i]);
	return (conv_room(h->c, &j->params, j->nparams, &j->rparams, sizeof(*j->params)) ? &j->params[j->nparams++] : NULL);
}

void
conv_jail_param(struct conv_host *h, struct conv_jail *j, const struct conv_param *p)
{
	const char *fault;
	struct pair *to;

	if (!h->opts->managed)
		return;
	for (size_t i = 0; i < NELEMS(elsewhere); i++)
		if (strcmp(elsewhere[i], p->key) == 0)
			return;
	for (size_t i = 0; i < NELEMS(words); i++)
		if (str_match(words[i].name, p->key)) {
			if (!is_same(words[i].same, p->value))
				left_out(h, j, p, words[i].why);
			return;
		}
	if ((fault = fault_of(h, j, p)) != NULL)
		left_out(h, j, p, fault);
	else if ((to = room_for(h, j, p->key)) != NULL)
		*to = (struct pair){ p->key, p->value };
}
