/*
 * fbsd_counters: what went through each interface, from the same list as the interfaces themselves.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_look.h"

static int
count_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct fbsd_look *k = arg;
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	int sys;

	(void)in;
	sys = fbsd_iflist_read(&l, 0);
	while (sys == 0 && fbsd_iflist_next(&l, &m)) {
		const struct if_data *d = &m.data;
		struct obs_counter *o;

		if (m.is_addr || m.type == IFT_LOOP || (k->only != NULL && !str_equal(m.name, k->only)) || fbsd_gone_name(m.name, m.index))
			continue;
		o = observed_counter_add(k->out);
		if (o == NULL) {
			sys = ENOMEM;
			break;
		}
		(void)str_copy(o->jail, sizeof(o->jail), k->jail);
		memcpy(o->ifname, m.name, sizeof(o->ifname));
		o->v[RX_BYTES] = d->ifi_ibytes;
		o->v[RX_PACKETS] = d->ifi_ipackets;
		o->v[RX_ERRORS] = d->ifi_ierrors;
		o->v[RX_DROPS] = d->ifi_iqdrops;
		o->v[TX_BYTES] = d->ifi_obytes;
		o->v[TX_PACKETS] = d->ifi_opackets;
		o->v[TX_ERRORS] = d->ifi_oerrors;
		o->v[TX_DROPS] = d->ifi_oqdrops;
	}
	fbsd_iflist_fini(&l);
	return (sys == 0 ? 0 : sys == ENOMEM ? err_nomem(err) : fbsd_num(err, sys, "reading counters"));
}

static int
count_jails(struct fbsd *f, const char *only, struct observed *out, struct err *err)
{
	struct observed jails;
	int rc;

	observed_init(&jails);
	rc = fbsd_jail_observe(f, only, &jails, err);
	if (rc == 0)
		rc = fbsd_look_jails(f, &jails, 0, count_inside, out, NULL, err);
	observed_fini(&jails);
	return (rc);
}

int
fbsd_counters(struct fbsd *f, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct fbsd_in host;
	struct fbsd_look k = { .in = &host, .jail = "", .only = scope->scope == OBSERVE_LINK ? scope->name : NULL, .out = out };
	int rc = 0;

	fbsd_in_host(f, &host);
	if (scope->scope != OBSERVE_JAIL)
		rc = count_inside(&host, &k, err);
	if (rc == 0 && scope->scope != OBSERVE_LINK)
		rc = count_jails(f, scope->scope == OBSERVE_JAIL ? scope->name : NULL, out, err);
	return (rc);
}
