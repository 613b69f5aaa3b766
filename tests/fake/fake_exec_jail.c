/*
 * fake_exec_jail: commands on jails, their sysctls, and the probe.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "tests/fake/fake_int.h"

static int
find_own_jail(struct fake_run *r, const char *name, int *jail)
{
	if (fake_run_find_ns(r, name, jail) == -1)
		return (-1);
	if (*jail == FAKE_HOST || !r->f->t->jails[*jail].ours)
		return (err_set(r->err, ERR_DENIED, "jail %s is not ours", name));
	return (0);
}

static struct fake_sysctl *
sysctl_find(struct fake_run *r, int ns, const char *key)
{
	for (int i = 0; i < r->f->t->nsysctls; i++) {
		struct fake_sysctl *s = &r->f->t->sysctls[i];

		if (s->used && s->ns == ns && strcmp(s->key, key) == 0)
			return (s);
	}
	return (NULL);
}

int
fake_run_sysctl_set(struct fake_run *r, const struct cmd_sysctl *c)
{
	struct fake_sysctl *s;
	int ns, i;

	if (fake_run_find_ns(r, c->jail, &ns) == -1)
		return (-1);
	if ((s = sysctl_find(r, ns, c->key)) != NULL && strcmp(s->value, c->value) == 0)
		return (fake_run_unchanged(r));
	if (s == NULL) {
		if ((i = fake_sysctl_new(r->f, ns, c->key)) == -1)
			return (fake_run_full(r));
		s = &r->f->t->sysctls[i];
	}
	str_copy(s->value, sizeof(s->value), c->value);
	return (0);
}

int
fake_run_sysctl_get(struct fake_run *r, const struct cmd_sysctl *c)
{
	struct fake_sysctl *s;
	int ns;

	if (fake_run_find_ns(r, c->jail, &ns) == -1)
		return (-1);
	s = sysctl_find(r, ns, c->key);
	str_copy(r->out->text, sizeof(r->out->text), s == NULL ? "0" : s->value);
	return (0);
}

static bool
jail_apply(struct fake_jail *j, const struct cmd_jail *c)
{
	bool change = strcmp(j->hostname, c->hostname) != 0 || j->forwarding != c->forwarding || j->params != params_hash(c->params);

	j->params = params_hash(c->params);
	str_copy(j->hostname, sizeof(j->hostname), c->hostname);
	j->forwarding = c->forwarding;
	return (change);
}

int
fake_run_jail_create(struct fake_run *r, const struct cmd_jail *c)
{
	struct fake_jail *j;
	int i = fake_jail_find(r->f, c->name);

	if (i >= 0 && !r->f->t->jails[i].ours)
		return (err_set(r->err, ERR_CONFLICT, "a jail %s exists that jailnet did not make", c->name));
	if (i >= 0 && r->f->t->jails[i].phase != JAIL_PARTIAL)
		return (fake_run_changed_if(r, jail_apply(&r->f->t->jails[i], c)));
	if (i < 0 && (i = fake_jail_new(r->f, c->name)) == -1)
		return (fake_run_full(r));
	j = &r->f->t->jails[i];
	j->ours = true;
	j->phase = JAIL_PARTIAL;
	if (r->half)
		return (fake_run_cut_short(r));
	jail_apply(j, c);
	str_copy(j->path, sizeof(j->path), c->path[0] == '\0' ? "/" : c->path);
	j->boot = c->boot;
	j->phase = JAIL_CREATED;
	return (0);
}

int
fake_run_jail_set(struct fake_run *r, const struct cmd_jail *c)
{
	int i;

	if (find_own_jail(r, c->name, &i) == -1)
		return (-1);
	return (fake_run_changed_if(r, jail_apply(&r->f->t->jails[i], c)));
}

int
fake_run_jail_destroy(struct fake_run *r, const struct cmd_ref *c)
{
	int jail = fake_jail_find(r->f, c->name);

	if (jail == FAKE_NO_JAIL)
		return (fake_run_unchanged(r));
	if (find_own_jail(r, c->name, &jail) == -1)
		return (-1);
	for (int i = 0; i < r->f->t->nlinks; i++) {
		const struct fake_link *l = &r->f->t->links[i];

		if (l->used && l->ns == jail && !l->mark.ours)
			return (err_set(r->err, ERR_IN_USE, "%s, which is not ours, is inside jail %s", l->ifname, c->name));
	}
	if (r->half) {
		r->f->t->jails[jail].phase = JAIL_PARTIAL;
		return (fake_run_cut_short(r));
	}
	fake_jail_end(r->f, jail);
	return (0);
}

/* A shell that knows "sleep SECONDS", "exit N", "echo WORDS" and "daemon" (leaves a process), parted by ';'. Returns the exit status; said: the last
 * words. */
static int
shell(struct fake_jail *j, const char *command, uint32_t timeout_s, bool *timed_out, char said[64])
{
	char text[COMMAND_SIZE], *save = NULL;
	double spent = 0;

	*timed_out = false;
	str_copy(text, sizeof(text), command);
	for (char *w = strtok_r(text, ";", &save); w != NULL; w = strtok_r(NULL, ";", &save)) {
		w += strspn(w, " ");
		if (strncmp(w, "exit ", 5) == 0)
			return (atoi(w + 5));
		if (strncmp(w, "echo ", 5) == 0)
			snprintf(said, 64, ": %.60s", w + 5);
		if (strncmp(w, "daemon", 6) == 0)
			j->processes++;
		if (strncmp(w, "sleep ", 6) == 0) {
			double want = atof(w + 6);

			*timed_out = spent + want > timeout_s;
			if (*timed_out)
				want = timeout_s - spent;
			spent += want;
			nanosleep(&(struct timespec){ .tv_sec = (time_t)want,
			    .tv_nsec = (long)((want - (double)(time_t)want) * 1e9) }, NULL);
			if (*timed_out)
				return (124);
		}
	}
	return (0);
}

int
fake_run_jail_start(struct fake_run *r, const struct cmd_exec *c)
{
	char said[64] = "";
	bool late;
	int i, status;

	if (find_own_jail(r, c->name, &i) == -1)
		return (-1);
	if (r->f->t->jails[i].phase == JAIL_STARTED)
		return (fake_run_unchanged(r));
	if (r->f->t->jails[i].phase == JAIL_STARTING)
		return (err_set(r->err, ERR_BUSY, "exec.start of jail %s was cut short", c->name));
	r->f->t->jails[i].phase = JAIL_STARTING;
	status = shell(&r->f->t->jails[i], c->command, c->timeout_s, &late, said);
	if (late || status != 0)
		r->f->t->jails[i].phase = JAIL_CREATED;
	if (late)
		return (err_set(r->err, ERR_TIMEOUT, "exec.start took longer than %u s%s", c->timeout_s, said));
	if (status != 0)
		return (err_set(r->err, ERR_EXEC, "exec.start exited with %d%s", status, said));
	if (r->half)
		return (fake_run_cut_short(r));
	r->f->t->jails[i].phase = JAIL_STARTED;
	return (0);
}

int
fake_run_jail_stop(struct fake_run *r, const struct cmd_exec *c)
{
	struct fake_jail *j;
	char said[64] = "";
	bool late;
	int i, status;

	if (find_own_jail(r, c->name, &i) == -1)
		return (-1);
	j = &r->f->t->jails[i];
	if (j->phase == JAIL_STOPPED && j->processes == 0)
		return (fake_run_unchanged(r));
	status = shell(j, c->command, c->timeout_s, &late, said);
	if (status != 0)
		str_format(r->out->text, sizeof(r->out->text), "exec.stop exited with %d%s", status, said);
	j->processes = 0;
	if (r->half)
		return (fake_run_cut_short(r));
	j->phase = JAIL_STOPPED;
	return (0);
}

int
fake_run_probe(struct fake_run *r, const struct cmd_probe *c)
{
	int ns;

	if (fake_run_find_ns(r, c->jail, &ns) == -1)
		return (-1);
	r->out->sent = c->count;
	if (!fake_reaches(r->f, c->jail, &c->to))
		return (0);
	r->out->received = c->count;
	for (uint32_t i = 0; i < c->count; i++)
		r->out->rtt_us[i] = 10 + i;
	return (0);
}
