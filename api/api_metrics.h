/*
 * api_metrics: what the server counts about itself.  Written by the H threads and R, read by whoever renders GET /metrics; every
 * number is an atomic of its own, so nobody waits.
 */
#ifndef JN_API_METRICS_H
#define JN_API_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/err.h"

struct api_route;

/* Upper bounds in microseconds; one more bucket for what is slower. */
#define METRIC_BOUNDS { 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 }
#define METRIC_BUCKETS 15
struct metric_hist {
	_Atomic uint64_t bucket[METRIC_BUCKETS];	/* not cumulative */
	_Atomic uint64_t sum_us;
};

/* Why somebody was not let in. */
enum auth_failure {
	AUTH_BAD_TOKEN,		/* unknown, expired, from a wrong address */
	AUTH_BAD_SESSION,
	AUTH_BAD_CERTIFICATE,
	AUTH_BAD_SIGN_IN,	/* POST /v1/session */
	AUTH_MADE_TO_WAIT,	/* too many of these from one address */
	AUTH_BAD_HOST,		/* a name that is not ours */
	AUTH_BAD_ORIGIN		/* a page of another site */
};
#define AUTH_FAILURES (AUTH_BAD_ORIGIN + 1)

#define METRIC_ROUTES_MAX 192	/* the last is for what matches none */
#define METRIC_CODES 160	/* status classes of 32 */
struct api_metrics {
	_Atomic uint64_t requests[METRIC_ROUTES_MAX][METRIC_CODES];
	struct metric_hist latency[METRIC_ROUTES_MAX];
	struct metric_hist reconcile, commit;
	struct metric_hist operations[METRIC_ROUTES_MAX];	/* by the route that began them */
	_Atomic uint64_t cycles_ok, cycles_failed, commits_failed;
	_Atomic uint64_t auth_failures[AUTH_FAILURES];
	_Atomic int64_t streams, connections;
	int64_t started_at;	/* ms; fixed after start */
};

void metric_observe(struct metric_hist *h, int64_t us);
/* One answer; route NULL = none matched, us -1 = it is a stream and has no duration.  m NULL is fine. */
void metric_request(struct api_metrics *m, const struct api_route *route, int status, int64_t us);
void metric_operation(struct api_metrics *m, const struct api_route *route, int64_t us);	/* route NULL = jailnet's own */
void metric_auth_failed(struct api_metrics *m, enum auth_failure why);
int64_t metric_now_us(void);	/* monotonic */

#endif
