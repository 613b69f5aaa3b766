/*
 * api_metrics: GET /metrics, the Prometheus text format 0.0.4.
 */
#include "api/api_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "api/api_int.h"
#include "core/str.h"
#include "core/version.h"

#define US_PER_S 1e6

static const int64_t bounds_us[METRIC_BUCKETS - 1] = METRIC_BOUNDS;

/* --- counting ------------------------------------------------------------------------------------------------ */

int64_t
metric_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static void
count(_Atomic uint64_t *n, uint64_t by)
{
	atomic_fetch_add_explicit(n, by, memory_order_relaxed);
}

static uint64_t
get(const _Atomic uint64_t *n)
{
	return (atomic_load_explicit(n, memory_order_relaxed));
}

void
metric_observe(struct metric_hist *h, int64_t us)
{
	size_t i = 0;

	while (i < METRIC_BUCKETS - 1 && us > bounds_us[i])
		i++;
	count(&h->bucket[i], 1);
	count(&h->sum_us, us > 0 ? (uint64_t)us : 0);
}

static size_t
code_slot(int status)
{
	int class = status / 100 - 1, rest = status % 100;

	if (class < 0 || class > 4)
		return (METRIC_CODES - 1);
	return ((size_t)(class * 32 + (rest < 32 ? rest : 31)));
}

static size_t
route_slot(const struct api_route *route)
{
	size_t last = METRIC_ROUTES_MAX - 1;

	return (route != NULL && (size_t)(route - api_routes) < last ? (size_t)(route - api_routes) : last);
}

void
metric_operation(struct api_metrics *m, const struct api_route *route, int64_t us)
{
	metric_observe(&m->operations[route_slot(route)], us);
}

void
metric_auth_failed(struct api_metrics *m, enum auth_failure why)
{
	if (m != NULL)
		count(&m->auth_failures[why], 1);
}

void
metric_request(struct api_metrics *m, const struct api_route *route, int status, int64_t us)
{
	size_t i = route_slot(route);

	if (m == NULL)
		return;
	count(&m->requests[i][code_slot(status)], 1);
	if (us >= 0)
		metric_observe(&m->latency[i], us);
}

/* --- text ---------------------------------------------------------------------------------------------------- */

static void
family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP jailnetd_%s %s\n# TYPE jailnetd_%s %s\n", name, help, name, type);
}

/* Names of foreign interfaces may hold almost any byte. */
static void
label(FILE *f, const char *key, const char *value)
{
	bool utf8 = str_utf8(value, strlen(value));

	fprintf(f, "%s=\"", key);
	for (const unsigned char *s = (const unsigned char *)value; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s < 0x20 || *s == 0x7f || (*s >= 0x80 && !utf8) ? '?' : *s, f);
	}
	fputc('"', f);
}

static void
one(FILE *f, const char *name, const char *type, const char *help, double value)
{
	family(f, name, type, help);
	fprintf(f, "jailnetd_%s %.15g\n", name, value);
}

/* labels: "" or 'route="/v1",method="GET"' */
static void
hist(FILE *f, const char *name, const char *labels, const struct metric_hist *h)
{
	const char *comma = labels[0] == '\0' ? "" : ",";
	uint64_t sum = 0;

	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		sum += get(&h->bucket[i]);
		if (i < METRIC_BUCKETS - 1)
			fprintf(f, "jailnetd_%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, (double)bounds_us[i] / US_PER_S,
			    (unsigned long long)sum);
		else
			fprintf(f, "jailnetd_%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, (unsigned long long)sum);
	}
	fprintf(f, "jailnetd_%s_sum%s%s%s %.15g\njailnetd_%s_count%s%s%s %llu\n", name, labels[0] != '\0' ? "{" : "", labels,
	    labels[0] != '\0' ? "}" : "", (double)get(&h->sum_us) / US_PER_S, name, labels[0] != '\0' ? "{" : "", labels,
	    labels[0] != '\0' ? "}" : "", (unsigned long long)sum);
}

static void
route_labels(char *buf, size_t size, size_t i)
{
	const struct api_route *r = i < api_route_count ? &api_routes[i] : NULL;

	snprintf(buf, size, "route=\"%s\",method=\"%s\"", r == NULL ? "" : r->path, r == NULL ? "" : r->method);
}

static bool
any(const struct metric_hist *h)
{
	for (size_t k = 0; k < METRIC_BUCKETS; k++)
		if (get(&h->bucket[k]) > 0)
			return (true);
	return (false);
}

static void
put_http(FILE *f, const struct api_metrics *m)
{
	char labels[192];

	family(f, "http_requests_total", "counter", "Answered requests; route is empty when none matched.");
	for (size_t i = 0; i < METRIC_ROUTES_MAX; i++) {
		route_labels(labels, sizeof(labels), i);
		for (size_t k = 0; k < METRIC_CODES; k++)
			if (get(&m->requests[i][k]) > 0)
				fprintf(f, "jailnetd_http_requests_total{%s,code=\"%zu\"} %llu\n", labels, (k / 32 + 1) * 100 + k % 32,
				    (unsigned long long)get(&m->requests[i][k]));
	}
	family(f, "http_request_duration_seconds", "histogram",
	    "From the end of the headers to the queued answer; a write waits for the kernel.");
	for (size_t i = 0; i < METRIC_ROUTES_MAX; i++) {
		route_labels(labels, sizeof(labels), i);
		if (any(&m->latency[i]))
			hist(f, "http_request_duration_seconds", labels, &m->latency[i]);
	}
	one(f, "events_streams", "gauge", "Clients that follow GET /v1/events now.", (double)atomic_load(&m->streams));
	one(f, "http_connections", "gauge", "Connections of clients, over TCP and the UNIX socket.", (double)atomic_load(&m->connections));
}

static void
put_auth(FILE *f, const struct api_metrics *m)
{
	static const char *const reasons[AUTH_FAILURES] = { [AUTH_BAD_TOKEN] = "token", [AUTH_BAD_SESSION] = "session",
		[AUTH_BAD_CERTIFICATE] = "certificate", [AUTH_BAD_SIGN_IN] = "sign_in", [AUTH_MADE_TO_WAIT] = "waiting", [AUTH_BAD_HOST] = "host",
		[AUTH_BAD_ORIGIN] = "origin" };

	family(f, "auth_failures_total", "counter", "Requests whose credential, Host or Origin was not good; waiting = too many of them before.");
	for (size_t i = 0; i < AUTH_FAILURES; i++)
		fprintf(f, "jailnetd_auth_failures_total{reason=\"%s\"} %llu\n", reasons[i], (unsigned long long)get(&m->auth_failures[i]));
}

static void
put_process(FILE *f, const struct api_metrics *m)
{
	struct rusage ru;

	if (getrusage(RUSAGE_SELF, &ru) == 0)
		fprintf(f, "# HELP process_cpu_seconds_total User and system time of jailnetd-server.\n# TYPE process_cpu_seconds_total counter\n"
		    "process_cpu_seconds_total %.6f\n", (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / US_PER_S);
	fprintf(f, "# HELP process_start_time_seconds When jailnetd-server started.\n# TYPE process_start_time_seconds gauge\n"
	    "process_start_time_seconds %.3f\n", (double)m->started_at / 1000);
}

static void
put_recon(FILE *f, const struct api_metrics *m)
{
	family(f, "reconcile_duration_seconds", "histogram", "One cycle: look, plan, execute, look again.");
	hist(f, "reconcile_duration_seconds", "", &m->reconcile);
	family(f, "reconcile_runs_total", "counter", "Cycles; failed = at least one object could not be made as wanted.");
	fprintf(f, "jailnetd_reconcile_runs_total{result=\"ok\"} %llu\njailnetd_reconcile_runs_total{result=\"failed\"} %llu\n",
	    (unsigned long long)get(&m->cycles_ok), (unsigned long long)get(&m->cycles_failed));
	family(f, "operation_duration_seconds", "histogram", "From the commit to the kernel, or to its refusal, by the request that began it.");
	for (size_t i = 0; i < METRIC_ROUTES_MAX; i++) {
		char labels[96];

		snprintf(labels, sizeof(labels), "kind=\"%s\"", i < api_route_count ? api_routes[i].operation_id : "");
		if (any(&m->operations[i]))
			hist(f, "operation_duration_seconds", labels, &m->operations[i]);
	}
	family(f, "db_commit_duration_seconds", "histogram", "Transactions of the desired state, one for all requests that waited.");
	hist(f, "db_commit_duration_seconds", "", &m->commit);
	one(f, "db_commit_failures_total", "counter", "Transactions that the database refused.", (double)get(&m->commits_failed));
}

/* --- from the store -------------------------------------------------------------------------------------------- */

struct tally {
	char key[48];
	uint64_t n;
};

struct tallies {
	struct tally v[64];
	size_t n;
};

static void
tally_add(struct tallies *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n && strcmp(t->v[i].key, key) != 0; i++)
		continue;
	if (i == NELEMS(t->v))
		return;
	if (i == t->n)
		snprintf(t->v[t->n++].key, sizeof(t->v[0].key), "%s", key);
	t->v[i].n++;
}

static int
tally_status(void *arg, const struct status_row *r, struct err *err)
{
	char key[48];

	(void)err;
	snprintf(key, sizeof(key), "kind=\"%s\",state=\"%s\"", kind_name(r->kind), r->state);
	tally_add(arg, key);
	return (0);
}

static int
tally_drift(void *arg, const struct drift_row *r, struct err *err)
{
	char key[48];

	(void)err;
	snprintf(key, sizeof(key), "kind=\"%.*s\"", (int)strcspn(r->object, "/"), r->object);
	tally_add(arg, key);
	return (0);
}

static void
put_tallies(FILE *f, const char *name, const char *help, const struct tallies *t)
{
	family(f, name, "gauge", help);
	for (size_t i = 0; i < t->n; i++)
		fprintf(f, "jailnetd_%s{%s} %llu\n", name, t->v[i].key, (unsigned long long)t->v[i].n);
}

static void
put_store(FILE *f, struct api *a)
{
	struct tallies objects = { .n = 0 }, drift = { .n = 0 };
	uint64_t ops[OP_STATE_COUNT];
	int64_t db = 0, wal = 0;
	struct err err;
	bool ok = true;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		ok = store_statuses(a->reader, (enum kind)kind, tally_status, &objects, &err) == 0 && ok;
	ok = store_drift(a->reader, tally_drift, &drift, &err) == 0 && ok;
	/* a database that cannot be read is told by store_writable; half a count would be a lie */
	if (ok) {
		put_tallies(f, "objects", "Objects by kind and state, as in their status.", &objects);
		put_tallies(f, "drift_objects", "Objects that are not as wanted and that no request is changing.", &drift);
	}
	if (store_op_states(a->reader, ops, &err) == 0) {
		family(f, "operations", "gauge", "Operations that run, and finished ones while they are kept.");
		for (size_t i = 0; i < OP_STATE_COUNT; i++)
			fprintf(f, "jailnetd_operations{state=\"%s\"} %llu\n", api_op_state_name((enum op_state)i), (unsigned long long)ops[i]);
	}
	if (store_size(a->reader, &db, &wal, &err) == 0) {
		one(f, "db_size_bytes", "gauge", "The database file.", (double)db);
		one(f, "db_wal_bytes", "gauge", "Its write-ahead log.", (double)wal);
	}
}

/* --- interfaces ------------------------------------------------------------------------------------------------ */

static const struct {
	enum counter_class class;
	const char *name, *what;
} classes[] = {
	{ CLASS_NIC, "interface", "interfaces inside jails, one series each" },
	{ CLASS_BRIDGE, "bridge", "bridges: what reached or left the host itself" },
	{ CLASS_UPLINK, "uplink", "foreign interfaces that are in one of our bridges" },
};

static const char *const counter_words[COUNTER_COUNT] = { [RX_BYTES] = "receive_bytes", [RX_PACKETS] = "receive_packets",
	[RX_ERRORS] = "receive_errors", [RX_DROPS] = "receive_drops", [TX_BYTES] = "transmit_bytes", [TX_PACKETS] = "transmit_packets",
	[TX_ERRORS] = "transmit_errors", [TX_DROPS] = "transmit_drops" };

static void
put_row(FILE *f, const char *name, const struct counter_row *r, uint64_t v)
{
	fprintf(f, "jailnetd_%s{", name);
	label(f, "interface", r->ifname);
	if (r->class != CLASS_BRIDGE) {
		fputc(',', f);
		label(f, "bridge", r->bridge);
	}
	if (r->class == CLASS_NIC) {
		fputc(',', f);
		label(f, "jail", r->jail);
		fputc(',', f);
		label(f, "epair", r->epair);
		fprintf(f, ",end=\"%s\"", r->epair[0] == '\0' ? "" : r->side == END_A ? "a" : "b");
	}
	fprintf(f, "} %llu\n", (unsigned long long)v);
}

static void
put_counters(FILE *f, const struct counters *c)
{
	char name[64], help[128];

	for (size_t k = 0; k < NELEMS(classes); k++) {
		for (size_t i = 0; i < COUNTER_COUNT; i++) {
			snprintf(name, sizeof(name), "%s_%s_total", classes[k].name, counter_words[i]);
			snprintf(help, sizeof(help), "Counted by the kernel at %s.", classes[k].what);
			family(f, name, "counter", help);
			for (size_t n = 0; n < c->n; n++)
				if (c->v[n].class == classes[k].class)
					put_row(f, name, &c->v[n], c->v[n].v[i]);
		}
	}
	one(f, "leaked_objects", "gauge", "Interfaces and jails that carry our mark and that nobody wants.", (double)c->leaked);
	one(f, "mac_conflicts", "gauge", "Foreign interfaces that have a MAC address of ours.", (double)c->mac_conflicts);
	one(f, "dying_jails", "gauge", "Jails that were ended and that the kernel has not let go of.", (double)c->dying);
}

static void
put_info(FILE *f, const struct api *a)
{
	const struct api_health *h = a->health;

	family(f, "build_info", "gauge", "Always 1; the labels are the news.");
	fprintf(f, "jailnetd_build_info{version=\"%s\",revision=\"%s\",platform=\"%s\"} 1\n", a->info->version, JAILNET_BUILD, a->info->platform);
	one(f, "revision", "gauge", "Of the desired state.", (double)atomic_load(&h->revision));
	one(f, "applied_revision", "gauge", "The last one that the kernel was seen to match.", (double)atomic_load(&h->applied_revision));
	one(f, "worker_up", "gauge", "1 while jailnetd answers.", atomic_load(&h->worker));
	one(f, "reconciled", "gauge", "1 after the first complete look.", atomic_load(&h->reconciled));
	one(f, "store_writable", "gauge", "0 when the disk is full or the database damaged: reads only.", atomic_load(&h->store_ok));
}

char *
api_metrics_text(struct api *a, const struct counters *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	bool bad;

	if (f == NULL)
		return (NULL);
	put_info(f, a);
	put_store(f, a);
	if (c != NULL)
		put_counters(f, c);
	if (a->metrics != NULL) {
		put_recon(f, a->metrics);
		put_http(f, a->metrics);
		put_auth(f, a->metrics);
		put_process(f, a->metrics);
	}
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad) {
		free(text);
		text = NULL;
	}
	return (text);
}

void
api_metrics_answer(struct api *a, const struct counters *c, struct api_res *res, const struct api_req *req)
{
	api_answer_text(res, api_metrics_text(a, c), "text/plain", req);
	if (res->status == 200)
		res->content_type = "text/plain; version=0.0.4";
}
