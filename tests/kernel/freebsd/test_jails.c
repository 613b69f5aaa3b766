/*
 * Jails on a real FreeBSD kernel, through the driver: made, marked, started, stopped, dying in every way.  Needs root and VIMAGE; makes
 * jails and interfaces of its own (names begin with jt) and removes them.
 *
 * The story of the dying jail is reference/freebsd.md 15: a connection closed by the jail's side holds it for a minute.
 */
#include "tests/kernel/freebsd/fbsd_rig.h"

#include <sys/uio.h>
#include <sys/wait.h>
#include <arpa/inet.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/freebsd/fbsd_ng.h"

#define MANY 50
#define RUNS 3

static int
jid_of(const char *name, int flags, int *dying)
{
	char text[64], key[] = "name", state[] = "dying";
	struct iovec v[] = { { key, sizeof(key) }, { text, 0 }, { state, sizeof(state) }, { dying, sizeof(*dying) } };

	str_copy(text, sizeof(text), name);
	v[1].iov_len = strlen(text) + 1;
	return (jail_get(v, 4, flags));
}

static int
find(const char *name)
{
	int dying;

	return (jid_of(name, 0, &dying));
}

/* Not even dying. */
static bool
is_gone(const char *name)
{
	int dying;

	return (jid_of(name, JAIL_DYING, &dying) == -1 && errno == ENOENT);
}

static int
bare_jail(const char *name)
{
	char k_name[] = "name", k_path[] = "path", root[] = "/", k_vnet[] = "vnet", k_persist[] = "persist", text[64];
	int vnet = JAIL_SYS_NEW;
	struct iovec v[] = { { k_name, sizeof(k_name) }, { text, 0 }, { k_path, sizeof(k_path) }, { root, sizeof(root) },
		{ k_vnet, sizeof(k_vnet) }, { &vnet, sizeof(vnet) }, { k_persist, sizeof(k_persist) }, { NULL, 0 } };

	str_copy(text, sizeof(text), name);
	v[1].iov_len = strlen(text) + 1;
	return (jail_set(v, 8, JAIL_CREATE));
}

/* --- the life of one ------------------------------------------------------------------------------------------- */

static void
test_make(void)
{
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "jtweb", "allow.raw_sockets=1\nsecurelevel=1\n");
	const struct obs_jail *j;
	struct err err = { 0 };

	check(run(c, NULL, NULL) == REPLY_DONE, "a jail with parameters is made");
	check(run(c, NULL, NULL) == REPLY_UNCHANGED, "made again: unchanged");
	j = look("jtweb");
	check(j != NULL && j->ours && j->phase == JAIL_CREATED && j->boot == 7 && str_equal(j->hostname, "jtweb") &&
		  j->params == params_hash(c.u.jail.params) && j->path == path_hash(c.u.jail.path) && (int)j->jid == find("jtweb"),
	    "it is seen as ours, created, boot 7");
	str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "web.example.org");
	c.u.jail.forwarding = true;
	c.op = CMD_JAIL_SET;
	check(run(c, NULL, NULL) == REPLY_DONE && run(c, NULL, NULL) == REPLY_UNCHANGED, "host name and forwarding are set");
	j = look("jtweb");
	check(j != NULL && j->forwarding && str_equal(j->hostname, "web.example.org"), "and seen");
	c = jail_cmd(CMD_JAIL_SET, "jtweb", "no.such=1\n");
	check(run(c, NULL, &err) == -1 && strstr(err.msg, "no.such") != NULL, "an unknown parameter: %s", err.msg);
	c = jail_cmd(CMD_JAIL_CREATE, "jtbad", "devfs_ruleset=many\n");
	check(run(c, NULL, &err) == -1 && strstr(err.msg, "devfs_ruleset") != NULL, "a wrong value: %s", err.msg);
	check(is_gone("jtbad"), "a jail that could not be finished is not left behind");
}

static void
test_foreign(void)
{
	struct err err = { 0 };
	const struct obs_jail *j;

	check(bare_jail("jtother") > 0, "somebody makes a jail by hand");
	j = look("jtother");
	check(j != NULL && !j->ours, "it is seen, not as ours");
	check(run(jail_cmd(CMD_JAIL_CREATE, "jtother", ""), NULL, &err) == -1 && err.code == ERR_CONFLICT, "not taken over: %s", err.msg);
	check(run(ref_cmd(CMD_JAIL_DESTROY, "jtother"), NULL, &err) == -1 && err.code == ERR_DENIED, "not destroyed: %s", err.msg);
	check(run(epair_cmd("jtx", 1, "jtother"), NULL, NULL) == REPLY_DONE && is_there("jtother", "jtxb"), "but given interfaces");
	jail_remove(find("jtother"));
	check(is_there("", "jtxb"), "which come home when it is removed by hand");
}

static void
test_exec(void)
{
	struct reply r;
	struct err err = { 0 };
	const struct obs_jail *j;
	char log[64] = "";
	FILE *f;

	if (access("/bin/sh", X_OK) == -1) {
		printf("SKIPPED exec: this machine has no /bin/sh\n");
		return;
	}
	check(run(exec_cmd(CMD_JAIL_START, "jtweb", "echo started in $JNAME; exit 3"), &r, &err) == -1 && err.code == ERR_EXEC,
	    "a failing exec.start: %s", err.msg);
	check(look("jtweb")->phase == JAIL_CREATED, "leaves it created");
	check(run(exec_cmd(CMD_JAIL_START, "jtweb", "echo hello; sleep 1000 & sleep 1000 &"), &r, NULL) == REPLY_DONE, "exec.start runs");
	j = look("jtweb");
	check(j->phase == JAIL_STARTED && j->processes == 2, "started, %u processes", j->processes);
	check(run(exec_cmd(CMD_JAIL_STOP, "jtweb", "echo bye"), &r, NULL) == REPLY_DONE, "exec.stop runs");
	j = look("jtweb");
	check(j->phase == JAIL_STOPPED && j->processes == 0, "stopped, %u processes", j->processes);
	f = fopen("/var/log/jailnet-test/jtweb.log", "r");
	check(f != NULL && fread(log, 1, sizeof(log) - 1, f) > 0 && strstr(log, "hello\nbye\n") != NULL, "the console log: %s", log);
	if (f != NULL)
		fclose(f);
}

/* --- dying ------------------------------------------------------------------------------------------------------ */

/* One connection from the jail over the epair to the host, closed by the jail first: TIME_WAIT inside. */
static bool
leave_time_wait(const char *jail)
{
	struct sockaddr_in a = { .sin_len = sizeof(a), .sin_family = AF_INET, .sin_port = htons(4040) };
	int s, ls = socket(AF_INET, SOCK_STREAM, 0), on = 1, status = -1;
	char c;
	pid_t pid;

	a.sin_addr.s_addr = inet_addr("10.99.0.1");
	setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(ls, (struct sockaddr *)&a, sizeof(a)) == -1 || listen(ls, 1) == -1)
		return (false);
	if ((pid = fork()) == 0) {
		alarm(10);
		if (jail_attach(find(jail)) == -1 || (s = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
		    connect(s, (struct sockaddr *)&a, sizeof(a)) == -1)
			_exit(1);
		close(s);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status == 0 && (s = accept(ls, NULL, NULL)) != -1) {
		(void)read(s, &c, 1);
		close(s);
	}
	close(ls);
	usleep(200000);
	return (status == 0);
}

static void
wire(const char *jail)
{
	check(run(addr_cmd("", "jtpa", "10.99.0.1/24"), NULL, NULL) != -1 && run(addr_cmd(jail, "jtpb", "10.99.0.2/24"), NULL, NULL) != -1 &&
	    run(up_cmd(jail, "jtpb"), NULL, NULL) != -1, "addresses on both ends");
}

static void
test_dying(void)
{
	const struct obs_jail *j;
	struct reply r;
	double began;
	int old;

	check(run(jail_cmd(CMD_JAIL_CREATE, "jtd", ""), NULL, NULL) == REPLY_DONE &&
	    run(epair_cmd("jtp", 2, "jtd"), NULL, NULL) == REPLY_DONE, "a jail with an epair");
	wire("jtd");
	check(leave_time_wait("jtd"), "a connection in TIME_WAIT inside");
	began = now_s();
	check(run(move_cmd("jtpb", "jtd", ""), NULL, NULL) == REPLY_DONE && run(ref_cmd(CMD_JAIL_DESTROY, "jtd"), &r, NULL) == REPLY_DONE &&
	    run(jail_cmd(CMD_JAIL_CREATE, "jtd", ""), NULL, NULL) == REPLY_DONE &&
	    run(move_cmd("jtpb", "", "jtd"), NULL, NULL) == REPLY_DONE, "restarted by jailnet in %.3f s (%s)", now_s() - began, r.text);
	check(is_there("jtd", "jtpb"), "its interface is inside");
	j = look("jtd");
	check(j->dying == 0, "nothing is left of the old one");

	wire("jtd");
	check(leave_time_wait("jtd"), "again a connection in TIME_WAIT inside");
	old = find("jtd");
	(void)look("");
	jail_remove(old);	/* what jail -r does */
	check(!is_gone("jtd") && find("jtd") == -1, "jail -r: it is dying");
	began = now_s();
	j = look("jtd");
	check(j != NULL && j->phase == JAIL_IS_DYING && (int)j->jid == old && j->dying == 1, "seen as dying: %s", j == NULL ? "" : j->reason);
	check(observed_jail(&seen, "jtd") == NULL && observed_link(&seen, "", "jtpb") != NULL, "its interface is home");
	check(run(jail_cmd(CMD_JAIL_CREATE, "jtd", ""), NULL, NULL) == REPLY_DONE &&
	    run(move_cmd("jtpb", "", "jtd"), NULL, NULL) == REPLY_DONE, "a new one with it %.3f s after jail -r", now_s() - began);
	j = look("jtd");
	check(j->phase == JAIL_CREATED && (int)j->jid != old && j->dying == 1, "which hides the dying one, and says: %s", j->reason);
	check(is_there("jtd", "jtpb"), "the interface is in the new one, not in the dying one");
	wire("jtd");
	check(leave_time_wait("jtd"), "and works");
	check(run(ref_cmd(CMD_JAIL_DESTROY, "jtd"), NULL, NULL) == REPLY_DONE && is_there("", "jtpb"), "destroyed with the interface inside: home");
}

/* A network card (as far as we can tell: made by netgraph) that somebody moved into a jail, which is dying now.  jtp is on the host. */
static void
test_card(void)
{
	struct ifreq r = { .ifr_name = "jtcard" };
	struct fbsd_ng_hook *v = NULL;
	char made[IFNAME_SIZE] = "";
	struct fbsd_ng ng;
	int host = socket(AF_LOCAL, SOCK_DGRAM, 0);
	size_t n = 0;

	if (fbsd_ng_load(NULL) == -1) {
		printf("SKIPPED a card in a dying jail: this kernel has no netgraph\n");
		close(host);
		return;
	}
	check(fbsd_ng_open(&ng) == 0 && fbsd_ng_mkpeer(&ng, ".", "eiface", "card", "ether") == 0 && fbsd_ng_hooks(&ng, ".", &v, &n) == 0 && n == 1 &&
	    fbsd_ng_ifname(&ng, &v[0].peer, made) == 0 && fbsd_if_rename_to(host, made, "jtcard") == 0, "a card");
	(void)look("");
	check(observed_link(&seen, "", "jtcard") != NULL && observed_link(&seen, "", "jtcard")->type == LINK_PHYSICAL, "it is seen as one");
	r.ifr_jid = bare_jail("jtc");
	check(r.ifr_jid > 0 && ioctl(host, SIOCSIFVNET, &r) == 0 && run(move_cmd("jtpb", "", "jtc"), NULL, NULL) == REPLY_DONE, "in a jail");
	wire("jtc");
	untouchable = "jtcard";
	check(is_there("jtc", "jtcard") && leave_time_wait("jtc"), "a connection in TIME_WAIT inside");
	jail_remove(r.ifr_jid);
	(void)look("");
	check(observed_link(&seen, "", "jtpb") != NULL, "it is dying: our half is home");
	check(observed_link(&seen, "", "jtcard") == NULL && fbsd_if_from_jail(host, "jtcard", r.ifr_jid) == 0,
	    "the card, which policy does not name, was left in it");
	check(is_there("", "jtcard"), "until somebody else took it");
	untouchable = "";
	r.ifr_jid = bare_jail("jtc");
	check(r.ifr_jid > 0 && ioctl(host, SIOCSIFVNET, &r) == 0 && run(move_cmd("jtpb", "", "jtc"), NULL, NULL) == REPLY_DONE, "again");
	wire("jtc");
	check(is_there("jtc", "jtcard") && leave_time_wait("jtc"), "a connection in TIME_WAIT inside");
	jail_remove(r.ifr_jid);
	check(is_there("", "jtcard"), "one that policy names comes home");
	(void)fbsd_ng_shutdown(&ng, "card");
	free(v);
	fbsd_ng_close(&ng);
	close(host);
}

/* In the jail; like its root does it. */
static bool
inside_jail(const char *jail, unsigned long request, const char *ifname)
{
	struct ifreq r = { 0 };
	int status = -1, host;
	pid_t pid = fork();

	if (pid == 0) {
		str_copy(r.ifr_name, sizeof(r.ifr_name), ifname);
		_exit(jail_attach(find(jail)) == -1 || (host = socket(AF_LOCAL, SOCK_DGRAM, 0)) == -1 || ioctl(host, request, &r) == -1);
	}
	waitpid(pid, &status, 0);
	return (status == 0);
}

static bool
are_pair(const char *jail)
{
	const struct obs_link *a, *b;

	(void)look("");
	a = observed_link(&seen, "", "jtfa");
	b = observed_link(&seen, jail, "jtfb");
	return (a != NULL && b != NULL && a->adoptable && b->adoptable && observed_is_pair(a, b));
}

static struct cmd
mark_cmd(const char *jail, const char *ifname, int side)
{
	struct cmd c = { .op = CMD_IF_SET, .u.ifset = { .fields = IFSET_MARK, .mark = { .ours = true, .has_object = true, .kind = KIND_EPAIR } } };

	str_copy(c.u.ifset.jail, NAME_SIZE, jail);
	str_copy(c.u.ifset.ifname, IFNAME_SIZE, ifname);
	str_copy(c.u.ifset.mark.name, NAME_SIZE, "jtf");
	c.u.ifset.mark.side = (uint8_t)side;
	return (c);
}

/* A pair that somebody made, renamed and placed becomes ours. */
static void
test_pairs(void)
{
	const struct cmd_observe one = { .scope = OBSERVE_LINK, .name = "jtfa" };
	struct ifreq r = { .ifr_name = "epair" }, move = { .ifr_name = "jtfb" };
	char b[IFNAME_SIZE], unit[IFNAME_SIZE] = "";
	int host = socket(AF_LOCAL, SOCK_DGRAM, 0);
	const struct obs_link *l;
	struct observed part;
	struct err err = { 0 };
	struct mac mac;

	if (ioctl(host, SIOCIFCREATE2, &r) == -1) {
		check(false, "somebody's pair: %s", strerror(errno));
		close(host);
		return;
	}
	str_copy(b, sizeof(b), r.ifr_name);
	b[strlen(b) - 1] = 'b';
	check(fbsd_if_rename_to(host, r.ifr_name, "jtfa") == 0 && fbsd_if_rename_to(host, b, "jtfb") == 0, "renamed");
	check(are_pair(""), "is known as one on the host");
	move.ifr_jid = bare_jail("jtf");
	check(ioctl(host, SIOCSIFVNET, &move) == 0 && are_pair("jtf"), "and with one half in a jail");
	observed_init(&part);
	check(driver->observe(ctx, &one, &part, NULL) == 0 && part.nlinks == 1 && part.links[0].peer != 0 && part.links[0].peer_away,
	    "and in a look at one half");
	observed_fini(&part);
	check(fbsd_if_unit(if_nametoindex("jtfa"), unit) == 0 && inside_jail("jtf", SIOCIFCREATE2, unit), "the jail makes an %s, too", unit);
	check(!are_pair("jtf") && observed_link(&seen, "", "jtfa")->peer == 0, "now nobody knows");
	str_format(b, sizeof(b), "%sa", unit);
	check(inside_jail("jtf", SIOCIFDESTROY, b) && are_pair("jtf"), "the jail's is away: known again");
	mac = observed_link(&seen, "jtf", "jtfb")->mac;
	untouchable = "jtfb";
	check(run(mark_cmd("jtf", "jtfb", 1), NULL, &err) == -1 && err.code == ERR_DENIED, "policy says no: %s", err.msg);
	untouchable = "";
	check(run(mark_cmd("", "jtfa", 0), NULL, NULL) == REPLY_DONE && are_pair("jtf") == false, "one half becomes ours");
	check(observed_is_pair(observed_link(&seen, "", "jtfa"), observed_link(&seen, "jtf", "jtfb")), "they are still a pair");
	check(run(mark_cmd("jtf", "jtfb", 1), NULL, NULL) == REPLY_DONE, "the other, too");
	(void)look("");
	l = observed_link(&seen, "jtf", "jtfb");
	check(l != NULL && l->mark.has_object && str_equal(l->mark.name, "jtf") && l->mark.side == 1 && mac_equal(&l->mac, &mac),
	    "marked, the same MAC address");
	jail_remove(find("jtf"));
	check(is_there("", "jtfb"), "it comes home from a jail that ends");
	(void)fbsd_if_destroy(host, "jtfa");
	close(host);
}

/* The kernel tells of jails that come and go. */
static void
test_process_events(void)
{
	struct pollfd pfd = { .fd = driver->watch_fd(ctx), .events = POLLIN };
	struct change ch;
	bool told = false;
	pid_t pid;

	while (driver->watch_read(ctx, &ch) == 1)
		continue;
	check(bare_jail("jtev") > 0 && poll(&pfd, 1, 5000) == 1, "a new jail is heard of");
	while (driver->watch_read(ctx, &ch) == 1)
		told = true;
	check(told, "and told");
	if ((pid = fork()) == 0) {
		(void)jail_attach(find("jtev"));
		pause();
		_exit(0);
	}
	for (int i = 0; i < 100 && look("jtev")->processes == 0; i++)
		usleep(20000);
	check(look("jtev")->processes == 1, "one process inside");
	while (driver->watch_read(ctx, &ch) == 1)
		continue;
	jail_remove(find("jtev"));
	check(poll(&pfd, 1, 5000) == 1 && driver->watch_read(ctx, &ch) == 1 && ch.all, "its end is heard of");
	waitpid(pid, NULL, 0);
}

/* --- speed ------------------------------------------------------------------------------------------------------- */

static int s;

static void
make_pairs(int n)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		str_format(name, sizeof(name), "jts%d", i);
		if (run(epair_cmd(name, 100 + i, ""), NULL, NULL) == -1)
			check(false, "%s", name);
	}
}

static double
bare_run(void)
{
	struct ifreq r;
	double t = now_s();
	char name[16];

	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof(name), "jtj%d", i);
		memset(&r, 0, sizeof(r));
		str_format(r.ifr_name, sizeof(r.ifr_name), "jts%db", i);
		r.ifr_jid = bare_jail(name);
		if (r.ifr_jid == -1 || ioctl(s, SIOCSIFVNET, &r) == -1)
			check(false, "bare %s: %s", name, strerror(errno));
	}
	t = now_s() - t;
	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof(name), "jtj%d", i);
		jail_remove(find(name));
	}
	return (t);
}

static double
our_run(double *noop)
{
	double t = now_s(), total;
	char name[16], ifname[16];

	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof(name), "jtj%d", i);
		str_format(ifname, sizeof(ifname), "jts%db", i);
		if (run(jail_cmd(CMD_JAIL_CREATE, name, ""), NULL, NULL) == -1 || run(move_cmd(ifname, "", name), NULL, NULL) == -1)
			check(false, "our %s", name);
	}
	total = now_s() - t;
	t = now_s();
	(void)look("");
	*noop = now_s() - t;
	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof(name), "jtj%d", i);
		(void)run(ref_cmd(CMD_JAIL_DESTROY, name), NULL, NULL);
	}
	return (total);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x < *y ? -1 : *x > *y);
}

static void
test_speed(void)
{
	double bare[RUNS], ours[RUNS], noop[RUNS];
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	s = socket(AF_LOCAL, SOCK_DGRAM, 0);
	make_pairs(MANY);
	for (int i = 0; i < RUNS; i++) {
		bare[i] = bare_run();
		ours[i] = our_run(&noop[i]);
	}
	qsort(bare, RUNS, sizeof(*bare), compare);
	qsort(ours, RUNS, sizeof(*ours), compare);
	qsort(noop, RUNS, sizeof(*noop), compare);
	printf("%d jails with an interface each: jail_set + SIOCSIFVNET %.1f ms a jail, ours %.1f ms, ratio %.2f (limit 1.3); a look at them %.1f "
	       "ms, %.1f %%\n",
	    MANY, bare[RUNS / 2] * 1e3 / MANY, ours[RUNS / 2] * 1e3 / MANY, ours[RUNS / 2] / bare[RUNS / 2], noop[RUNS / 2] * 1e3,
	    100 * noop[RUNS / 2] / ours[RUNS / 2]);
	check(ours[RUNS / 2] <= 1.3 * bare[RUNS / 2], "within the limit");
	for (int i = 0; i < MANY; i++) {
		str_format(c.u.iface.ifname, IFNAME_SIZE, "jts%da", i);
		(void)run(c, NULL, NULL);
	}
	close(s);
}

int
main(int argc, char **argv)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	(void)argv;
	if (rig_open() == -1)
		return (1);
	test_make();
	test_foreign();
	test_exec();
	test_process_events();
	test_dying();
	test_card();
	test_pairs();
	if (argc < 2)
		test_speed();
	(void)run(ref_cmd(CMD_JAIL_DESTROY, "jtweb"), NULL, NULL);
	str_copy(c.u.iface.ifname, IFNAME_SIZE, "jtxa");
	(void)run(c, NULL, NULL);
	str_copy(c.u.iface.ifname, IFNAME_SIZE, "jtpa");
	(void)run(c, NULL, NULL);
	return (rig_close());
}
