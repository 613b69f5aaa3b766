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

#define METRIC_ROUTES_MAX 192	/* the last is for what matches none */
#define METRIC_CODES 160	/* status classes of 32 */
struct api_metrics {
	_Atomic uint64_t requests[METRIC_ROUTES_MAX][METRIC_CODES];
	struct metric_hist latency[METRIC_ROUTES_MAX];
	struct metric_hist reconcile, commit;
	_Atomic uint64_t cycles_ok, cycles_failed, commits_failed;
	_Atomic int64_t streams;
	int64_t started_at;	/* ms; fixed after start */
};

void metric_observe(struct metric_hist *h, int64_t us);
/* One answer; route NULL = none matched, us -1 = it is a stream and has no duration.  m NULL is fine. */
void metric_request(struct api_metrics *m, const struct api_route *route, int status, int64_t us);
int64_t metric_now_us(void);	/* monotonic */

#endif
