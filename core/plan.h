/*
 * plan: desired topology + observed kernel -> ordered list of commands.  Pure and deterministic: no I/O, no clock;
 * shuffled input gives the same plan.
 *
 * Order: undo first in reverse of set-up (routes, addresses, ports, jails stopping, epairs, bridges, new names,
 * interfaces out of dying jails, those jails, foreign interfaces as they were), then changes, then create bridge ->
 * jail -> epair -> move -> port -> address -> up -> sysctl -> route -> JAIL_START. Objects without our mark are never
 * changed or destroyed, except what becomes ours because it runs as it is wanted and policy lets it, foreign interfaces that the topology names, or
 * that a 'found' record says must be given back as they were.
 *
 * The plan is level-triggered: some things take several rounds (JAIL_STOP must end before its interfaces are reclaimed;
 * a jail with a job in flight is left alone).  After executing, observe and plan again; empty = converged.
 */
#ifndef JN_PLAN_H
#define JN_PLAN_H

#include "core/cmd.h"
#include "core/topo.h"

/* Why a jail is stopped or destroyed. */
enum step_why { WHY_GONE /* no longer wanted */, WHY_STOPPED, WHY_ANEW /* to be made again at once */ };

/* Jails whose routes go through the one that stops. */
enum { LOSE_WAY_OUT /* a default route */, LOSE_ROUTE, LOSE_COUNT };
struct losers {
	char names[80]; /* "guest4, guest5" */
	uint16_t more;	/* and so many that found no room there */
};

struct step {
	struct cmd cmd;
	/* the desired object this serves; it fails when the step fails */
	enum kind kind;
	char name[NAME_SIZE];
	/* other objects that must not have failed in this run: "" = none */
	struct {
		enum kind kind;
		char name[NAME_SIZE];
	} needs[2];
	enum step_why why;
	struct losers lose[LOSE_COUNT];
	char pointer[160]; /* JSON pointer of the field that wants this step: "/epairs/web0/a/addresses/0" */
};

struct plan {
	struct step *v;
	size_t n, room;
	bool waiting; /* more will follow after jobs in flight or JAIL_STOP/START steps of this plan have ended */
};

/* Objects with a job in flight (jail names, sorted not needed); their jails are left as they are. */
struct plan_opts {
	const char *const *busy;
	size_t nbusy;
	/* only objects for which wanted() is true get steps; NULL = all */
	bool (*in_scope)(void *arg, enum kind kind, const char *name);
	void *arg;
};

void plan_init(struct plan *p);
void plan_fini(struct plan *p);
/* Is a pair of which something was seen destroyed and made anew?  A half that moved while it was looked for was seen nowhere. */
bool plan_remakes(const struct plan *p);
int plan_build(const struct topo *want, const struct observed *have, const struct plan_opts *opts, struct plan *out,
    struct err *err);

/* The words of the dry run, in caller's buffers.  verb: "create" "change" "delete" "start" "stop" "move" "attach"
 * "detach". */
const char *step_verb(const struct step *s);
void step_object(const struct step *s, char *buf, size_t size); /* "epair/web0" */
void step_detail(const struct step *s, char *buf, size_t size); /* "add 192.0.2.10/24 to web0b in jail web" */
/* "" = none, else "jail web loses web0b for about 1 s", "re0 will flap". */
void step_interrupts(const struct step *s, char *buf, size_t size);

/* Foreign interfaces the topology wants (member or attachment), present on the host, without a found record yet: what
 * they look like now.  Calls put for each; R stores them before it executes anything. */
int plan_found(const struct topo *want, const struct observed *have,
    int (*put)(void *arg, const struct found *f, struct err *err), void *arg, struct err *err);
/* Found records whose interface is wanted nowhere any more and is back as it was: R forgets them. */
int plan_returned(const struct topo *want, const struct observed *have,
    int (*drop)(void *arg, const char *ifname, struct err *err), void *arg, struct err *err);

/* What differs, for /v1/drift: one line of want and of have for a step; never the same. */
#define DRIFT_FOLLOWS "the same, but what it depends on is changed first"
void step_drift(const struct step *s, const struct observed *have, char *want, size_t wsize, char *found, size_t fsize);
/* "it was renamed outside jailnet, likely by root of jail web" */
void step_cause(const struct step *s, const struct observed *have, char *buf, size_t size);

/* Where the interface is now that a step takes to another place; ifname "" = the step moves nothing that is there. */
struct step_place {
	char ifname[IFNAME_SIZE];
	char jail[NAME_SIZE];		/* "" = the host */
	char bridge[IFNAME_SIZE];	/* "" = in none */
};
struct step_place step_place(const struct step *s, const struct observed *have);

#endif
