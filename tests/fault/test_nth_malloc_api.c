/*
 * test_nth_malloc_api: memory is out at the N-th allocation of a request, for every N: the answer is the right one, whole, or it says that
 * memory is out; nothing in between.
 */
#include "tests/unit/api_samples.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/plan.h"
#include "tests/fault/nth_malloc.h"

#define COMMIT(call)			\
	do {				\
		OK(store_begin(rig.writer, E));	\
		OK(call);			\
		OK(store_commit(rig.writer, E));	\
	} while (0)

static int
setup(void **state)
{
	struct iface_row iface = { .ifname = "re0", .type = LINK_PHYSICAL, .addrs = "192.0.2.9/24 2001:db8::9/64" };
	struct status_row st = { .kind = KIND_JAIL, .name = "web", .state = "ready", .since = 1700000000001 };
	struct drift_row drift = { .object = "epair/web0", .want = "up", .have = "down", .since = 1700000000001 };
	struct object *ep;

	rig_setup(state);
	ep = sample(KIND_EPAIR, "web0", 4);
	object_str(ep, &ep->u.epair.end[END_A].bridge, "lan");
	object_str(ep, &ep->u.epair.end[END_B].jail, "web");
	rig_put(full_bridge("lan", 1));
	rig_put(full_jail("web", 3));
	rig_put(ep);
	rig_put(full_attachment("em0.7", 6, "web"));
	COMMIT(store_status_put(rig.writer, &st, E));
	COMMIT(store_ifaces_set(rig.writer, &iface, 1, E));
	COMMIT(store_drift_set(rig.writer, &drift, 1, E));
	COMMIT(store_revision_set(rig.writer, 12, E));
	return (0);
}

/* --- reads ---------------------------------------------------------------------------------------------------- */

static char *golden;

static void
read_one(const void *arg)
{
	struct write *w;
	enum api_next next = rig_begin("GET", arg, NULL, &w);

	nth_off();
	assert_int_equal(next, API_ANSWER);
	if (rig.res.status != 200)
		assert_string_equal(rig.res.etag, "");
	if (rig.res.status == 200)
		assert_string_equal(rig.res.body, golden);
	else if (rig.res.status != api_status_of(ERR_NOMEM, 0))
		fail_msg("%s: %d: %s", (const char *)arg, rig.res.status, rig.res.body != NULL ? rig.res.body : "");
}

static void
test_reads(void **state)
{
	static const char *const targets[] = { "/v1", "/openapi.json", "/problems/invalid", "/v1/bridges", "/v1/bridges/lan", "/v1/epairs",
		"/v1/epairs/web0?view=spec", "/v1/jails?fields=name,status", "/v1/jails/web", "/v1/interfaces", "/v1/interfaces/em0.7/jail",
		"/v1/macs", "/v1/drift", "/v1/operations", "/v1/tokens", "/v1/revisions", "/v1/audit", "/v1/changes?since=0", "/v1/topology",
		"/v1/topology?format=dot", "/v1/topology?format=mermaid", "/v1/topology/confirm", "/v1/whoami", "/v1/export/rc-conf",
		"/v1/export/jail-conf", "/v1/export/ezjail", "/v1/export/shell?system=linux", "/v1/export/shell?system=freebsd" };
	(void)state;

	for (size_t i = 0; i < NELEMS(targets); i++) {
		rig_expect("GET", targets[i], NULL, 200);
		golden = strdup(rig.res.body);
		nth_every(read_one, targets[i], 1);
		free(golden);
	}
}

/* --- writes --------------------------------------------------------------------------------------------------- */

struct request {
	const char *method, *target, *body;
};

static struct topo want;
static size_t nchanges;		/* when nothing fails */

static void
write_one(const void *arg)
{
	const struct request *r = arg;
	struct changes changes = { .n = 0 };
	struct errs errs = { .n = 0 };
	struct topo next;
	struct write *w;
	struct err err;
	int rc = -1;

	topo_init(&next);
	if (rig_begin(r->method, r->target, r->body, &w) == API_ANSWER) {
		nth_off();
		if (rig.res.status != api_status_of(ERR_NOMEM, 0))
			fail_msg("%s %s: %d: %s", r->method, r->target, rig.res.status, rig.res.body != NULL ? rig.res.body : "");
		return;
	}
	if (topo_view(&next, &want, &err) == -1)
		errs_add_err(&errs, &err);
	else
		rc = write_apply(w, &want, &next, &changes, &errs);
	nth_off();
	if (rc == 0 && nchanges == 0)
		nchanges = changes.n;
	if (rc == 0)
		assert_int_equal(changes.n, nchanges);
	else {
		assert_true(errs.n > 0);
		assert_int_equal(errs.v[0].code, ERR_NOMEM);
	}
	topo_fini(&next);
	changes_fini(&changes);
	write_free(w);
}

static void
test_writes(void **state)
{
	static const struct request requests[] = {
		{ "PUT", "/v1/topology",
		    "{\"bridges\":{\"lan\":{\"addresses\":[\"192.0.2.1/24\",\"2001:db8::1/64\"],\"labels\":{\"a\":\"b\"}}},"
		    "\"jails\":{\"web\":{\"manager\":\"external\",\"routes\":{\"default\":\"192.0.2.1\"}},\"db\":{\"sysctls\":{\"net.ipv4.ip_default_"
		    "ttl\":\"7\"}}},"
		    "\"epairs\":{\"web0\":{\"a\":{\"bridge\":\"lan\"},\"b\":{\"jail\":\"web\",\"addresses\":[\"192.0.2.2/24\"]}}}}" },
		{ "POST", "/v1/jails", "{\"name\":\"new\",\"routes\":{\"default\":\"192.0.2.1\"},\"labels\":{\"a\":\"b\"}}" },
		{ "PATCH", "/v1/bridges/lan", "{\"description\":\"new\",\"addresses\":[\"192.0.2.3/24\"]}" },
		{ "PUT", "/v1/epairs/web0", "{\"a\":{\"bridge\":\"lan\"},\"b\":{\"jail\":\"web\",\"addresses\":[\"192.0.2.7/24\"]}}" },
		{ "PUT", "/v1/interfaces/em1/jail", "{\"jail\":\"web\",\"addresses\":[\"192.0.2.4/24\"]}" },
		{ "DELETE", "/v1/epairs/web0", NULL },
	};
	(void)state;

	OK(store_topo(rig.reader, &want, E));
	for (size_t i = 0; i < NELEMS(requests); i++) {
		nchanges = 0;
		write_one(&requests[i]);
		assert_true(nchanges > 0);
		nth_every(write_one, &requests[i], 2);
	}
	topo_fini(&want);
}

/* What is no change to the topology: made, and thrown away. */
static void
begin_one(const void *arg)
{
	const struct request *r = arg;
	struct write *w;
	enum api_next next = rig_begin(r->method, r->target, r->body, &w);

	nth_off();
	if (next == API_ANSWER && rig.res.status != api_status_of(ERR_NOMEM, 0))
		fail_msg("%s %s: %d: %s", r->method, r->target, rig.res.status, rig.res.body != NULL ? rig.res.body : "");
	write_free(w);
}

static void
test_others(void **state)
{
	static const struct request requests[] = {
		{ "POST", "/v1/jails/web/probe", "{\"to\":\"192.0.2.1\"}" },
		{ "POST", "/v1/tokens", "{\"name\":\"t\",\"role\":\"viewer\",\"scopes\":[\"net:read\"],\"cidrs\":[\"192.0.2.0/24\"]}" },
		{ "POST", "/v1/session", "{\"token\":\"jnd_x\"}" },
		{ "POST", "/v1/plans", "{\"bridges\":{\"lan\":{}}}" },
		{ "POST", "/v1/import/ezjail",
		    "{\"files\":[{\"path\":\"/usr/local/etc/ezjail/web\",\"content\":\"export jail_web_hostname=\\\"web\\\"\\n"
		    "export jail_web_ip=\\\"re0|192.0.2.5\\\"\\n\"}]}" },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(requests); i++) {
		write_free(rig_write(requests[i].method, requests[i].target, requests[i].body));
		nth_every(begin_one, &requests[i], 1);
	}
}

/* jansson's parser would go on with what is not there. */
static void
test_the_parser_ends_the_process(void **state)
{
	struct write *w;
	int status, fd;
	pid_t pid;
	(void)state;

	for (size_t n = 1; n < 40; n++) {
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			if ((fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) != -1)
				dup2(fd, STDERR_FILENO);
			signal(SIGABRT, SIG_DFL);
			signal(SIGSEGV, SIG_DFL);
			nth_in_parser = true;
			nth.nth = n;
			nth.seen = 0;
			rig_begin("POST", "/v1/bridges", "{\"name\":\"lan0\",\"labels\":{\"a\":\"b\"},\"addresses\":[\"192.0.2.1/24\"]}", &w);
			_exit(nth.seen >= n ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
		if (WIFSIGNALED(status))
			return;
	}
	fail_msg("no allocation of the parser was met");
}

/* --- answers of writes ---------------------------------------------------------------------------------------- */

struct ending {
	struct request request;
	struct outcome outcome;
	int status;
};

static void
finish_one(const void *arg)
{
	const struct ending *e = arg;
	size_t n = nth.nth;
	struct write *w;

	nth.nth = 0;
	w = rig_write(e->request.method, e->request.target, e->request.body);
	api_res_fini(&rig.res);
	api_res_init(&rig.res);
	nth.nth = n;
	api_finish(&rig.api, w, &e->outcome, &rig.res);
	nth_off();
	write_free(w);
	if (rig.res.status >= 400)
		assert_string_equal(rig.res.etag, "");
	if (rig.res.status == e->status && rig.res.body != NULL)
		assert_string_equal(rig.res.body, golden);
	else if (rig.res.body != NULL && e->outcome.kind == OUT_DONE)
		assert_non_null(strstr(rig.res.body, "\"it is done or under way, only its answer could not be made"));	/* no refusal */
	else if (rig.res.body != NULL)
		assert_int_equal(rig.res.status, api_status_of(ERR_NOMEM, 0));
}

static void
test_endings(void **state)
{
	struct ending endings[] = {
		{ { "PUT", "/v1/bridges/lan", "{}" }, { .kind = OUT_DONE, .revision = 5, .changed = 1 }, 200 },
		{ { "PUT", "/v1/topology", "{}" }, { .kind = OUT_DONE, .revision = 5, .changed = 1 }, 200 },
		{ { "PUT", "/v1/bridges/lan", "{}" }, { .kind = OUT_FAILED }, 422 },
		{ { "PUT", "/v1/topology?dry_run=plan", "{}" }, { .kind = OUT_PLAN, .revision = 5 }, 200 },
	};
	(void)state;

	errs_add(&endings[2].outcome.errs, ERR_INVALID, "/bridges/lan/mtu", "is too small");
	errs_add(&endings[2].outcome.errs, ERR_REFERENCE, "/bridges/lan/members/re7", "does not exist");
	for (size_t i = 0; i < NELEMS(endings); i++) {
		golden = NULL;
		nth_off();
		{
			struct write *w = rig_write(endings[i].request.method, endings[i].request.target, endings[i].request.body);

			api_res_fini(&rig.res);
			api_res_init(&rig.res);
			api_finish(&rig.api, w, &endings[i].outcome, &rig.res);
			write_free(w);
		}
		assert_int_equal(rig.res.status, endings[i].status);
		golden = strdup(rig.res.body);
		nth_every(finish_one, &endings[i], 1);
		free(golden);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_writes, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_the_parser_ends_the_process, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_endings, setup, rig_teardown),
	};

	api_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
