/* fbsd_param: jail parameters given as text, typed by libjail as the kernel describes them. */
#include "worker/freebsd/fbsd_sys.h"

#define jail sys_jail
#include <jail.h>
#undef jail

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_prison.h"

/* One thread uses libjail: its words are in a global. */
static int
refused(struct err *err, const char *key)
{
	int sys = errno;
	char words[160];

	(void)snprintf(words, sizeof(words), "%s", jail_errmsg);
	str_clean(words);
	return (err_num(err, sys, "parameter %s (%s)", key, words));
}

static int
set_all(int jid, struct jailparam *v, unsigned *n, char *text, struct err *err)
{
	char number[16], *save = NULL, *value;

	(void)str_format(number, sizeof(number), "%d", jid);
	if (jailparam_init(&v[0], "jid") == -1)
		return (refused(err, "jid"));
	*n = 1;
	if (jailparam_import(&v[0], number) == -1)
		return (refused(err, "jid"));
	for (char *key = strtok_r(text, "\n", &save); key != NULL; key = strtok_r(NULL, "\n", &save)) {
		value = strchr(key, '=');
		if (value == NULL || *n > LIMIT_PAIRS)
			return (err_set(err, ERR_INVALID, "not the parameters of a jail"));
		*value++ = '\0';
		if (jailparam_init(&v[*n], key) == -1)
			return (refused(err, key));
		(*n)++;
		if (jailparam_import(&v[*n - 1], value) == -1)
			return (refused(err, key));
	}
	return (jailparam_set(v, *n, JAIL_UPDATE) == -1 ? refused(err, "of the jail") : 0);
}

int
prison_params(int jid, const char *params, struct err *err)
{
	struct jailparam v[LIMIT_PAIRS + 1];
	char text[PARAMS_SIZE];
	unsigned n = 0;
	int rc;

	if (params[0] == '\0')
		return (0);
	memset(v, 0, sizeof(v));
	if (str_copy(text, sizeof(text), params) == -1)
		return (err_set(err, ERR_INVALID, "too many parameters"));
	rc = set_all(jid, v, &n, text, err);
	jailparam_free(v, n);
	return (rc);
}
