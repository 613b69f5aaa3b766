"""For test_nth_daemon.py: nth.c loaded into a daemon, a place for it to work in, and what must be true after each fault."""
import collections
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time

from jn import BUILD, POLICY, TOP, Daemon, World
from test_clock import audit_is_whole

OK = (200, 201, 204)
MEMORY, SQL, SYSTEM = 1, 2, 4
HEAD = struct.Struct("8i2048s")
NAMES = HEAD.size + 8 * 65536       # struct control of nth.c
ROOM = 16384


def fnv(text):
    h = 14695981039346656037
    for c in text.encode():
        h = (h ^ c) * 1099511628211 % 2 ** 64
    return h


def names():
    """Where the functions of our programs begin, for nth.c: their name is what they have before the compiler's suffixes (".part.0", ".cold")."""
    rows = []
    for program in ("jailnetd", "jailnetd-fake", "jailnetd-server"):
        out = subprocess.run(["nm", "--defined-only", os.path.join(BUILD, program)], capture_output=True, text=True, check=True).stdout
        for offset, kind, name in (line.split() for line in out.splitlines()):
            if kind in "tT":
                rows.append((fnv(program), int(offset, 16), fnv(name.split(".")[0])))
    assert 1000 < len(rows) < ROOM
    return struct.pack("Q", len(rows)) + b"".join(struct.pack("3Q", *row) for row in sorted(rows))


class Nth:
    """The control file, and the environment that makes a daemon read it."""

    def __init__(self, server, kind, error, every=1, which=0):
        self.server, self.kind, self.error, self.every, self.which = server, kind, error, every, which
        self.fired = 0
        self.dir = tempfile.mkdtemp(prefix="jnn-")
        os.chmod(self.dir, 0o755)
        self.library = os.path.join(self.dir, "nth.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", self.library,
                        os.path.join(TOP, "tests", "fault", "nth.c")], check=True)
        self.path = os.path.join(self.dir, "control")
        with open(self.path, "wb") as f:
            f.truncate(NAMES + 8 + 24 * ROOM)
            f.seek(NAMES)
            f.write(names())
        os.chmod(self.path, 0o666)
        self.file = open(self.path, "r+b", buffering=0)     # pylint: disable=consider-using-with
        self.env = {"LD_PRELOAD": self.library, "JAILNET_TEST_NTH": self.path}
        if "asan" in BUILD:
            self.env["LD_PRELOAD"] += " " + subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                                                           check=True).stdout.strip()
            self.env["ASAN_OPTIONS"] = "verify_asan_link_order=0:allocator_may_return_null=1:fast_unwind_on_malloc=0"
            self.env["LSAN_OPTIONS"] = "suppressions=%s:print_suppressions=0" % os.path.join(self.dir, "lsan")
            with open(os.path.join(self.dir, "lsan"), "w") as f:
                f.write("leak:ld-linux\n")     # the dynamic linker's own, which it finds by who calls malloc: now that is nth.c

    def close(self):
        self.file.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def arm(self):
        self.file.seek(4)
        self.file.write(struct.pack("4i", self.server, self.error, self.every, self.which))
        self.file.seek(0)
        self.file.write(struct.pack("i", self.kind))

    def disarm(self):
        """The place that failed since arm(), or None."""
        self.file.seek(0)
        self.file.write(struct.pack("i", 0))
        self.file.seek(0)
        v = HEAD.unpack(self.file.read(HEAD.size))
        before, self.fired = self.fired, v[5]
        assert v[6] < 60000, "no room for more places"
        assert self.fired - before <= 1
        return self.place() if self.fired > before else None

    def place(self):
        self.file.seek(0)
        return HEAD.unpack(self.file.read(HEAD.size))[8].split(b"\0")[0].decode()

    def where(self, place):
        """A place as text for people: our own functions by their names."""
        lines = []
        for word in place.split():
            m = re.match(r"(jailnetd\S*)\+(0x[0-9a-f]+)$", word)
            if m:
                word = subprocess.run(["addr2line", "-fse", os.path.join(BUILD, m[1]), m[2]], capture_output=True, text=True,
                                      check=False).stdout.replace("\n", " ")
            lines.append(word)
        return "\n    ".join(lines)


class Watched(Daemon):
    """Remembers the ids of the writes that were acknowledged: each must be in the trail, once."""

    def request(self, method, target, body=None, headers=None):
        a = super().request(method, target, body, headers)
        if method != "GET" and a.status in OK and "dry_run" not in target and "/import/" not in target and "/probe" not in target:
            self.acknowledged.append((a.headers["X-Request-Id"], method + " " + target))
        return a

    def stop(self, sig=signal.SIGTERM):
        status = super().stop(sig)
        shutil.rmtree(self.dir, ignore_errors=True)     # there are hundreds in a test
        return status


class Place:
    """A fake kernel and a database that outlive their daemons."""

    may_abort = False

    def __init__(self, nth):
        self.nth = nth
        self.dir = tempfile.mkdtemp(prefix="jnp-")
        os.chmod(self.dir, 0o777)
        self.env = {**nth.env, "JAILNET_FAKE_STATE": self.dir + "/kernel", "JAILNET_FAKE_CONTROL": self.dir + "/control",
                    "JAILNET_FAKE_PHYSICAL": "re0,re1"}
        self.admin = None
        self.acknowledged = []
        self.d = self.start()

    def make(self, **kw):
        return Watched(env=self.env, state_dir=self.dir + "/state", verbose=False, **kw)

    def start(self, **kw):
        Watched.acknowledged = self.acknowledged
        d = self.make(**kw)
        self.admin = self.admin or d.admin_token        # told once
        d.admin, d.hand = self.admin, self.hand
        return d

    def again(self, **kw):
        self.d.stop()
        self.d = self.start(**kw)

    def hand(self, line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(line.encode(), self.dir + "/control")

    def left(self):
        """Unfinished operations, drift; the trail."""
        self.d.wait(lambda: "running" not in [o["state"] for o in self.d.get("/v1/operations").json["items"]])
        assert self.d.get("/v1/drift").json["items"] == []
        audit_is_whole(self.d)
        with sqlite3.connect("file:%s/state/jailnet.db?mode=ro" % self.dir, uri=True) as c:
            told = collections.Counter(i for i, in c.execute("SELECT request_id FROM audit WHERE result = 'committed'"))
        assert [(told[i], what) for i, what in self.acknowledged if told[i] != 1] == []
        del self.acknowledged[:]

    def interfaces(self):
        return sorted(i["interface"] for i in self.d.get("/v1/counters").json["items"])

    def empty(self):
        """Counters are asked for once a second; what a backup that failed has left goes with the next."""
        self.d.wait(lambda: self.interfaces() == ["re0", "re1"])
        assert set(os.listdir(self.dir + "/state")) <= {"jailnet.db", "jailnet.db-wal", "jailnet.db-shm", "jailnet.ballast", "admin.token"}

    def close(self):
        try:
            self.d.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


class KernelPlace(Place):
    """Namespaces of the real kernel.  A worker that cannot come back out of a jail's must not go on there: it aborts."""

    may_abort = True

    def __init__(self, nth):
        self.world = World()
        for n in "01":
            self.world.ip("link", "add", "re" + n, "type", "veth", "peer", "name", "far" + n)
        super().__init__(nth)

    def make(self, **kw):
        return Watched(kernel=True, sandbox=False, prefix=self.world.prefix, conf=POLICY, env=self.env, state_dir=self.dir + "/state", verbose=False, **kw)

    def hand(self, line):
        _, _, ifname, mtu = line.split()
        self.world.ip("link", "set", ifname, "mtu", mtu)

    def interfaces(self):
        return sorted(link["ifname"] for link in self.world.ip_json("link") if link["ifname"] not in ("lo", "far0", "far1"))

    def empty(self):
        super().empty()
        assert self.world.run("sh", "-c", "ls /run/netns /run/jailnet/jails").stdout.split() == ["/run/jailnet/jails:", "/run/netns:"]

    def close(self):
        try:
            super().close()
        finally:
            self.world.__exit__()


def without_macs(v):
    if isinstance(v, dict):
        return {k: without_macs(x) for k, x in v.items() if k not in ("mac", "revision")}
    return v


def state(d):
    """What is wanted, and whether it waits for a confirmation."""
    return without_macs(d.topology()), d.get("/v1/topology/confirm").json["pending"] is not None


def attempt(step, d):
    """The answer of a step; None when the line was cut."""
    try:
        return step(d)
    except (OSError, http.client.HTTPException):
        return None


def is_clear(a):
    """An answer that refuses for want of something here, and says so."""
    return (a.status in (422, 500, 503, 507) and a.headers["Content-Type"] == "application/problem+json" and
            a.json["code"] in ("nomem", "store", "busy", "internal", "kernel", "proto", "timeout", "exec"))


def is_unsaid(a):
    """It is done, and says so, but there was no memory for its answer."""
    return a.status == 500 and a.json["code"] == "internal" and "only its answer could not be made" in a.json["detail"]


def deaths(d):
    """How the servers of this daemon ended: '11' after a signal, 'exit 1'."""
    return re.findall(r"server ended (\S+)", d.log())


class What:
    """For the reader of a failure."""

    def __init__(self, nth, step, answer, place):
        self.nth, self.step, self.answer, self.place = nth, step, answer, place

    def __str__(self):
        return "step %s: %s\n    %s" % (self.step, self.answer, self.place and self.nth.where(self.place))

    __repr__ = __str__


class Run:
    """Passes of the story with one thing failing after the other."""

    def __init__(self, place, story):
        self.place, self.nth, self.story = place, place.nth, story
        self.counts = collections.Counter()
        self.wrong = []
        self.last = []
        self.states = [state(place.d)]
        for step in story:
            a = step(place.d)
            assert a.status in OK, a
            assert place.d.settled() == []
            self.states.append(state(place.d))
        place.left()

    def settle(self):
        """Waits until the plan is empty; the server may be going just now, and what failed often is tried again after a minute only."""
        end = time.monotonic() + 40
        while True:
            try:
                settled = self.place.d.settled(90) == []
                self.place.d.wait_ready()       # and could store that
                return settled
            except (AssertionError, OSError, http.client.HTTPException):
                if self.place.d.process.poll() is not None or time.monotonic() > end:
                    return False
                time.sleep(0.02)

    def survived(self, what):
        """The daemon is there, and knows what it wants and has it; returns that."""
        d = self.place.d
        settled = self.settle()
        ended = d.process.poll()
        if ended is not None:
            self.counts["jailnetd ended %d" % ended] += 1
            assert ended > 0 or (self.place.may_abort and ended == -signal.SIGABRT) or what.step == "start", str(what)
        new = deaths(d)[d.deaths:]
        d.deaths += len(new)
        for how in new:
            self.counts["server ended " + how] += 1
            # a worker whose channel fails kills its server, or tells it to end, which may be sooner than what it reads there
            if how not in ("signal=6", "exit=1") + (() if self.nth.server else ("signal=9", "exit=0")):
                self.wrong.append("%s %s" % (how, what))
        if ended is not None or new:
            self.place.again()          # who starts it anew finds no back-off
            settled = self.settle()
        assert settled, "\n".join(str(x) for x in self.last)
        return state(self.place.d)

    def step(self, i):
        """Until nothing new fails; how many failed."""
        for n in range(100000):
            self.nth.arm()
            a = attempt(self.story[i], self.place.d)
            place = self.nth.disarm()
            what = What(self.nth, i, a, place)
            done = a is not None and (a.status in OK or is_unsaid(a) and self.story[i].__name__ == "<lambda>")
            if place is None:
                assert a is not None and a.status in OK, str(what)
                return n
            self.last = (self.last + [what])[-4:]
            now = self.survived(what)
            if done:
                allowed = self.states[i + 1:i + 2]
            elif a is None or a.status == 202 or is_unsaid(a):
                allowed = self.states[i:i + 2]
            else:
                allowed = self.states[i:i + 1] if is_clear(a) else []
            if now not in allowed:
                self.wrong.append(str(what))
            assert now in self.states[i:i + 2], str(what)        # or nothing that follows makes sense
            self.counts["done" if done else a.status if a else "cut"] += 1
            if done or now == self.states[i + 1] != self.states[i]:
                return n + 1
        raise AssertionError("step %d never passes" % i)

    def passes(self):
        total = 0
        while True:
            fired = sum(self.step(i) for i in range(len(self.story)))
            self.place.left()
            total += fired
            if fired == 0:
                self.place.empty()
                return total

    def starts(self):
        """The same while the daemon starts: what is there is there then; how many failed."""
        d, before = self.place.d, state(self.place.d)
        for n in range(100000):
            d.stop()
            self.nth.arm()
            self.place.d = d = self.place.start(wait=False)
            try:
                d.wait_ready()
            except AssertionError:
                ended = d.process.wait(20)
                assert ended > 0 or ended == -signal.SIGABRT, ended
                self.counts["jailnetd did not start"] += 1
            place = self.nth.disarm()
            if place is None:
                assert d.process.poll() is None and deaths(d) == []
                return n
            what = What(self.nth, "start", None, place)
            if self.survived(what) != before:
                self.wrong.append(str(what))
            d = self.place.d
        raise AssertionError("it never starts")
