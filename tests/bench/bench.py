#!/usr/bin/python3
"""make bench: the figures jailnet promises, each beside what it is compared with, in one run.  See README.md here.

usage: bench.py [--quick] [--strict] [--repeat N] [--jails N] [--budget SECONDS] [--only jails|growth|post|security|import]
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from common import BUILD, ROOT, Series, Table, addresses, now, percentile, place, quiet, say, topology  # noqa: E402
import import_bench  # noqa: E402
import references as ref  # noqa: E402
import security  # noqa: E402


class Bench:
    def __init__(self, args):
        self.args = args
        self.table = Table()
        self.begun = time.monotonic()
        self.created = {}  # jails: Series of ms
        self.again, self.gone, self.bare = {}, {}, {}

    def spent(self):
        return (time.monotonic() - self.begun) / self.args.budget

    def put(self, d, body, seconds=120):
        """Milliseconds until the kernel is as the document says: a 200, or a 202 whose operation is followed to its end."""
        t0 = now()
        a = d.put("/v1/topology", body)
        if a.status == 202:
            while True:
                op = d.get(a.headers["Location"]).json
                if op["state"] != "running":
                    break
                if now() - t0 > seconds * 1000:
                    raise RuntimeError("not converged in %d s: %s" % (seconds, op))
                time.sleep(0.005)
            if op["state"] != "succeeded":
                raise RuntimeError("operation: %s" % op)
        elif a.status != 200:
            raise RuntimeError(repr(a))
        return now() - t0

    def cycle(self, d, n, between=None, ports=None, books=None):
        """Create, again, (what is measured meanwhile), teardown of n jails.  Returns the daemon: meanwhile it may be started anew."""
        body = json.dumps(topology(n, ports))
        created, again, gone = books or (self.created, self.again, self.gone)
        for name, book, doc in (("create", created, body), ("again", again, body), ("teardown", gone, "{}")):
            if name == "again":
                quiet()     # new links go on saying hello (MLD, DAD) for seconds
            if name == "teardown" and between is not None:
                d = between(d)
            ms = self.put(d, doc)
            book.setdefault(n, Series()).add(ms)
            say("jailnet  %4d jails: %-8s %7.0f ms" % (n, name, ms))
        return d

    # --- 500 jails at once -------------------------------------------------------------------------------------------

    def jails(self):
        n = self.args.jails
        look, batch, batch_del, netns_del = (Series() for _ in range(4))
        bare = self.bare.setdefault(n, Series())
        with place() as w:
            d = w.daemon(verbose=False)
            try:
                for i in range(self.args.repeat):
                    quiet()
                    d = self.cycle(d, n, (lambda old: self.running(w, old, n)) if i == 0 else None)
                    quiet()
                    r = ref.bare_loop(n)
                    bare.add(r["create_ms"])
                    look.add(r["observe_ms"])
                    say("bare     %4d jails: create   %7.0f ms, observe %.0f ms" % (n, r["create_ms"], r["observe_ms"]))
                    quiet()
                    links = i == 0
                    c, x = ref.ip_batch(n, True, links)
                    batch.add(c)
                    (batch_del if links else netns_del).add(x)
                    say("ip       %4d jails: create   %7.0f ms, delete %.0f ms (%s)" % (n, c, x, "links, netns" if links else "netns"))
                    if self.spent() > 0.6 and i + 1 < self.args.repeat:
                        say("%d of %d rounds: the time is used up" % (i + 1, self.args.repeat))
                        break
                if not netns_del:
                    netns_del.add(ref.ip_batch(n, True, False)[1])
            finally:
                d.stop()
        t, k = self.table, "%d jails: " % n
        t.ratio(k + "PUT topology to converged", self.created[n], "bare loop", bare, high=1.5)
        t.ratio(k + "the same, times faster than", self.created[n], "ip -batch", batch, low=2, turn=True)
        t.ratio(k + "the same document again", self.again[n], "its creation", self.created[n], high=0.1)
        t.ratio(k + "again, beside only looking", self.again[n], "bare look", look)
        t.ratio(k + "teardown", self.gone[n], "ip -batch links, netns", batch_del, high=1.5)
        t.ratio(k + "teardown", self.gone[n], "ip -batch netns, wait", netns_del, high=1.5)

    def rivals(self):
        for name, run in (("CNI bridge", ref.cni), ("netavark", ref.netavark)):
            try:
                ms = run(20)
                text = "not installed" if ms is None else "%.1f ms an endpoint" % ms
            except (RuntimeError, OSError) as e:
                text = str(e)
            ours = self.created.get(self.args.jails)
            self.table.row("an endpoint, beside " + name, "%.2f ms" % (ours.median / self.args.jails) if ours else "-", text)

    def http(self, w, d, n):
        if shutil.which("wrk") is None:
            self.table.fail("reads per second", "wrk is not installed (apt-get install wrk)")
            return
        token = d.admin_token
        if token is None:
            with open(os.path.join(w.state_dir, "state", "admin.token")) as f:
                token = f.read().strip()
        base = "http://127.0.0.1:%d" % d.url_port
        for name, target, low in (("GET /v1/epairs/{name}", "/v1/epairs/ep7", 0.6), ("GET list of %d epairs" % n, "/v1/epairs?limit=1000", 0.5)):
            a = d.get(target)
            if a.status != 200 or ("limit" in target and len(a.json["items"]) != n):
                raise RuntimeError("%s: %r" % (target, a))
            ours, bare = Series(), Series()
            with ref.BareHttp(w, len(a.body)) as b:
                for _ in range(self.args.repeat):
                    ours.add(ref.wrk(w, base + target, token, 1))
                    bare.add(ref.wrk(w, b.url + target, token, 1))
            say("%s: %.0f/s, bare %.0f/s" % (name, ours.median, bare.median))
            self.table.ratio("%s (%d bytes)" % (name, len(a.body)), ours, "bare MHD", bare, low=low, unit="/s")

    def running(self, w, d, n):
        self.http(w, d, n)
        if ROOT:
            return self.restarts(w, d, n)
        self.table.row("start with %d jails" % n, "only as root: a sandbox ends with its daemon")
        self.memory(d, n)
        return d

    def restart(self, w, want):
        """A start with everything already running; (daemon, first read ms, ready ms, empty plan ms)."""
        t0 = now()
        d = w.daemon(wait=False, verbose=False)
        times = []
        for target in ("/v1/jails?limit=1", "/readyz"):
            while True:
                try:
                    if d.get(target).status == 200:
                        break
                except OSError:
                    pass
                if now() - t0 > 20000 or d.process.poll() is not None:
                    raise RuntimeError("no answer after a restart\n" + d.log()[-2000:])
                time.sleep(0.001)
            times.append(now() - t0)
        steps = d.plan(want)
        times.append(now() - t0)
        if steps:
            raise RuntimeError("a restart is not a no-op: %s" % steps[:3])
        d.wait_ready()
        return (d, *times)

    def restarts(self, w, d, n):
        want = topology(n)
        reads, ready, plan = Series(), Series(), Series()
        for _ in range(self.args.repeat):
            d.stop()
            quiet(1)
            d, a, b, c = self.restart(w, want)
            reads.add(a)
            ready.add(b)
            plan.add(c)
            say("restart: read %.0f ms, ready %.0f ms, empty plan %.0f ms" % (a, b, c))
        k = "start with %d jails: " % n
        self.table.most(k + "first read answered", reads, 100)
        self.table.most(k + "ready", ready, 500)
        self.table.most(k + "plan seen empty", plan, 500)
        self.memory(d, n)
        return d

    def memory(self, d, n):
        def kib(pid, file, key):
            with open("/proc/%d/%s" % (pid, file)) as f:
                return next(int(x.split()[1]) for x in f if x.startswith(key + ":"))
        pids = [d.worker_pid(), d.server_pid()]
        rss, pss = [], []
        for pid in pids:
            rss.append(kib(pid, "status", "VmRSS") / 1024)
            try:
                pss.append(kib(pid, "smaps_rollup", "Pss") / 1024)
            except OSError:
                pass
        self.table.row("resident with %d jails" % n, "%.1f MiB" % sum(rss), "jailnetd %.1f, server %.1f; Pss %s" %
                       (rss[0], rss[1], "%.1f" % sum(pss) if len(pss) == 2 else "?"), target="< 32 MiB", ok=sum(rss) < 32, rss=rss, pss=pss)

    # --- growth --------------------------------------------------------------------------------------------------------

    def growth(self):
        sizes = [self.args.jails * k // 4 for k in (1, 2, 4, 8)]
        ports = sizes[0]
        books, bare = ({}, {}, {}), {}
        with place() as w, w.daemon(verbose=False) as d:
            for i in range(self.args.repeat):
                for n in sizes:
                    if i > 0 and self.spent() > 0.85:
                        continue
                    quiet()
                    self.cycle(d, n, ports=ports, books=books)
                    quiet()
                    bare.setdefault(n, Series()).add(ref.bare_loop(n, ports)["create_ms"])
        for name, book, high in zip(("create", "again", "teardown", "bare loop's create"), (*books, bare), (None, 1.5, 1.5, None)):
            per = [book[n].median / n for n in sizes]
            growth = max(per) / min(per)
            self.table.row("%s, ms a jail: %s" % (name, ", ".join(map(str, sizes))), ", ".join("%.2f" % p for p in per), "largest : smallest",
                           growth, "<= %g" % high if high else "", growth <= high if high else None, per_jail=dict(zip(map(str, sizes), per)))

    # --- one epair at a time -------------------------------------------------------------------------------------------

    def post(self):
        """In a network that stays as large as it was (each epair goes again, unmeasured), then on a bridge that grows by each."""
        jails = 20
        base = topology(jails)

        def to_bridge(i):
            return {"bridge": "lan0"}, {"jail": "jail%d" % (i % jails), "addresses": addresses(jails + i)}

        def to_jail(i):
            pair = ["172.16.%d.%d/31" % divmod(i * 2 + k, 256) for k in (0, 1)]
            return [{"jail": "jail%d" % ((i + k) % jails), "addresses": [pair[k]]} for k in (0, 1)]

        disk, n = [], self.args.posts
        with place() as w, w.daemon(verbose=False) as d:
            for name, ends, stays in (("bridge and jail", to_bridge, True), ("two jails", to_jail, True), ("a bridge growing to %d" % n, to_bridge, False)):
                self.put(d, json.dumps(base))
                quiet()
                out = self.posts(d, w, ends, disk, stays)
                for p, limit in ((50, 5), (99, 20)):
                    value, least = percentile(out, p), percentile(disk, p)
                    self.table.row("POST /v1/epairs, %s, p%d" % (name, p), "%.2f ms" % value, "fdatasync %.2f ms" % least, value / least,
                                   "<= %d ms" % limit if stays else "", value <= limit if stays else None, values=out if p == 50 else [])
        self.table.row("fdatasync of 4 KiB on the same disk", "p50 %.2f, p99 %.2f ms" % (percentile(disk, 50), percentile(disk, 99)), values=disk)

    def posts(self, d, w, ends, disk, stays):
        """Milliseconds of each, on one connection; the disk is asked every 50."""
        c = d.connection()
        out = []

        def call(method, path, body=None):
            c.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            r = c.getresponse()
            return r.status, r.read()

        for i in range(self.args.posts):
            if i % 50 == 0:
                disk += ref.fdatasync(w.state_dir, 25)
            a, b = ends(i)
            body = json.dumps({"name": "new%d" % i, "a": a, "b": b})
            t0 = now()
            status, text = call("POST", "/v1/epairs", body)
            out.append(now() - t0)
            if status != 201:
                raise RuntimeError("POST: %d %s" % (status, text[:300]))
            if stays:
                status, text = call("DELETE", "/v1/epairs/new%d" % i)
                if status not in (200, 204):
                    raise RuntimeError("DELETE: %d %s" % (status, text[:300]))
        c.close()
        say("POST /v1/epairs: p50 %.2f p99 %.2f ms" % (percentile(out, 50), percentile(out, 99)))
        return out

    def part(self, name, run):
        if self.args.only not in (None, name):
            return
        try:
            run()
        except (RuntimeError, OSError, AssertionError, KeyError) as e:
            self.table.fail(name, "%s: %s" % (type(e).__name__, str(e)[:600]))


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--quick", action="store_true", help="one repetition, 125 jails: a smoke test, not a figure")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--jails", type=int, default=500)
    p.add_argument("--posts", type=int, default=500)
    p.add_argument("--budget", type=float, default=220, help="seconds; fewer repetitions when they do not fit")
    p.add_argument("--strict", action="store_true", help="any missed target fails the run; without it only those of --only security do")
    p.add_argument("--only", choices=("jails", "growth", "post", "security", "import"))
    args = p.parse_args()
    if args.quick:
        args.repeat, args.jails, args.posts = 1, 125, 100
    return args


def main():
    args = arguments()
    b = Bench(args)
    b.part("post", b.post)
    b.part("security", lambda: security.flood(b.table, min(args.repeat, 3)))
    b.part("security", lambda: security.handshakes(b.table, min(args.repeat, 3)))
    b.part("import", lambda: import_bench.imports(b.table, args.quick, min(args.repeat, 3)))
    b.part("jails", b.jails)
    if not args.quick:
        b.part("growth", b.growth)
    b.part("jails", b.rivals)
    about = {"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "kernel": platform.release(),
             "cpus": os.cpu_count(), "root": ROOT, "repeat": args.repeat, "jails": args.jails,
             "load": os.getloadavg(), "load1": os.getloadavg()[0], "seconds": round(time.monotonic() - b.begun)}
    os.makedirs(BUILD, exist_ok=True)
    b.table.save(os.path.join(BUILD, "bench.json"), about)
    print(b.table.text())
    print("\n%(cpus)d cpus, Linux %(kernel)s, medians of at most %(repeat)d [min..max], load %(load1).1f, %(seconds)d s; build/bench.json" % about)
    missed = sum(1 for r in b.table.rows if r["ok"] is False)
    if missed:
        print("%d targets missed" % missed)
    for figure in b.table.failed:
        print("failed: %s" % figure)
    return 1 if b.table.failed or (args.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
