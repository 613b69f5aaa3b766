"""The whole daemon, and each thing it may be refused: the N-th allocation, call of SQLite, call of the system, for N = 1 until a story of all kinds
of requests passes without a fault.  After each the request was answered, or refused with clear words, or the server died and was started again; what
was acknowledged is there, what was refused is not, the plan is empty, nothing is left over.

"N-th" counts places (a call with its callers, see nth.c): the same place a second time is no new fault.  JAILNET_NTH_EVERY=1 for all of them, as in
.ci/run; else each eleventh, chosen by JAILNET_NTH_SEED, which is printed.
"""
import collections
import errno
import http.client
import os
import random
import shutil
import socket
import tempfile
import time

import pytest

from jn import Daemon
from nth_rig import MEMORY, SQL, SYSTEM, Nth, attempt, deaths, is_clear, is_unsaid, state
from test_clock import audit_is_whole

OK = (200, 201, 204)
EVERY = int(os.environ.get("JAILNET_NTH_EVERY", "11"))
SEED = int(os.environ.get("JAILNET_NTH_SEED", str(random.randrange(1000))))

NET = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24", "2001:db8:1::1/64"], "labels": {"a": "b"}}, "lan1": {"members": {"re0": {}}}},
    "jails": {"web": {"routes": {"default": "10.1.0.1"}, "exec": {"start": "true"}, "path": "/"}, "db": {"hostname": "db.example"}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.1.0.10/24"]}}},
}
EZJAIL = {"files": [{"path": "/usr/local/etc/ezjail/old", "content": 'export jail_old_hostname="old"\nexport jail_old_ip="re1|192.0.2.5"\n'}]}
READS = ["/v1", "/readyz", "/metrics", "/v1/topology", "/v1/bridges", "/v1/epairs/web0", "/v1/jails?fields=name,status", "/v1/macs", "/v1/revisions", "/v1/audit",
         "/v1/events?limit=5", "/v1/changes?since=0", "/v1/counters", "/v1/drift", "/v1/operations", "/v1/tokens", "/v1/support", "/v1/interfaces",
         "/v1/topology?format=dot", "/v1/export/rc-conf", "/v1/export/jail-conf", "/v1/revisions/diff?from=0"]


def first_refusal(answers):
    """The answers are made one after the other; the first that refuses is the last that is asked for."""
    for a in answers:
        if a.status not in OK:
            return a
    return a


def reads(d):
    return first_refusal(d.get(target) for target in READS)


def token(d):
    def requests():
        a = d.post("/v1/tokens", {"name": "t%d" % time.monotonic_ns(), "role": "viewer"})
        yield a
        yield d.tcp(a.json["token"]).get("/v1/whoami")
        yield d.delete("/v1/tokens/" + a.json["id"])
    return first_refusal(requests())


def session(d):
    def requests():
        a = d.tcp("").post("/v1/session", {"token": d.admin}, **{"Sec-Fetch-Site": "same-origin"})
        yield a
        cookie = a.headers["Set-Cookie"].split(";")[0]
        yield d.tcp("").get("/v1/topology", Cookie=cookie)
        yield d.tcp("").request("DELETE", "/v1/session", None, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    return first_refusal(requests())


def planned(d):
    def requests():
        a = d.post("/v1/plans", {**NET, "bridges": {**NET["bridges"], "lan2": {}}})
        yield a
        yield d.get("/v1/plans/" + a.json["id"])
        yield d.post("/v1/plans/%s/apply" % a.json["id"])
    return first_refusal(requests())


def conditional(d):
    def requests():
        a = d.get("/v1/bridges/lan0")
        yield a
        yield d.patch("/v1/bridges/lan0", {"mtu": 1400}, **{"If-Match": a.headers["ETag"]})
    return first_refusal(requests())


def rolled_back(d):
    def requests():
        a = d.get("/v1/topology/confirm")
        yield a
        yield d.post("/v1/topology/rollback", {"revision": a.json["pending"]["base"]})
    return first_refusal(requests())


def by_hand(d):
    d.hand("mtu - lan0 1300")
    return d.get("/v1/drift")


STORY = [
    lambda d: d.put("/v1/topology", NET),
    reads,
    token,
    session,
    conditional,
    by_hand,
    lambda d: d.post("/v1/epairs", {"name": "db0", "a": {"bridge": "lan1"}, "b": {"jail": "db"}}),
    lambda d: d.put("/v1/interfaces/re1/jail", {"jail": "db", "addresses": ["10.3.0.1/24"]}),
    lambda d: d.post("/v1/jails/web/probe", {"to": "10.1.0.1", "count": 1}),
    lambda d: d.post("/v1/jails/web/restart"),
    lambda d: d.patch("/v1/bridges/lan0?confirm_timeout=600", {"description": "for a while"}),
    lambda d: d.post("/v1/topology/confirm"),
    lambda d: d.put("/v1/topology?confirm_timeout=600", NET),
    rolled_back,
    planned,
    lambda d: d.post("/v1/import/ezjail", EZJAIL),
    lambda d: d.delete("/v1/bridges/lan2"),
    lambda d: d.post("/v1/backup"),
    lambda d: d.put("/v1/topology", {}),
]


class Place:
    """A fake kernel and a database that outlive their daemons."""

    def __init__(self, nth):
        self.nth = nth
        self.dir = tempfile.mkdtemp(prefix="jnp-")
        os.chmod(self.dir, 0o777)
        self.env = {**nth.env, "JAILNET_FAKE_STATE": self.dir + "/kernel", "JAILNET_FAKE_CONTROL": self.dir + "/control",
                    "JAILNET_FAKE_PHYSICAL": "re0,re1"}
        self.admin = None
        self.d = self.start()

    def start(self, **kw):
        d = Daemon(env=self.env, state_dir=self.dir + "/state", verbose=False, **kw)
        self.admin = self.admin or d.admin_token        # told once
        d.admin, d.hand, d.seen = self.admin, self.hand, 0
        return d

    def hand(self, line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(line.encode(), self.dir + "/control")

    def again(self):
        self.d.stop()
        self.d = self.start()

    def left(self):
        """Unfinished operations, drift."""
        self.d.wait(lambda: "running" not in [o["state"] for o in self.d.get("/v1/operations").json["items"]])
        assert self.d.get("/v1/drift").json["items"] == []
        audit_is_whole(self.d)

    def empty(self):
        """Counters are asked for once a second; what a backup that failed has left goes with the next."""
        assert set(os.listdir(self.dir + "/state")) <= {"jailnet.db", "jailnet.db-wal", "jailnet.db-shm", "jailnet.ballast", "admin.token"}
        self.d.wait(lambda: sorted(i["interface"] for i in self.d.get("/v1/counters").json["items"]) == ["re0", "re1"])

    def close(self):
        try:
            self.d.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


class What:
    """For the reader of a failure."""

    def __init__(self, nth, step, answer, place):
        self.nth, self.step, self.answer, self.place = nth, step, answer, place

    def __str__(self):
        return "step %d: %s\n    %s" % (self.step, self.answer, self.place and self.nth.where(self.place))

    __repr__ = __str__


class Run:
    """Passes of the story with one thing failing after the other."""

    def __init__(self, place):
        self.place, self.nth = place, place.nth
        self.counts = collections.Counter()
        self.wrong = []
        self.last = []
        self.states = [state(place.d)]
        for step in STORY:
            a = step(place.d)
            assert a.status in OK, a
            assert place.d.settled() == []
            self.states.append(state(place.d))
        place.left()

    def settle(self):
        """Waits until the plan is empty; the server may be going just now."""
        end = time.monotonic() + 40
        while True:
            try:
                return self.place.d.settled() == []
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
            assert ended > 0, str(what)
        new = deaths(d)[d.deaths:]
        d.deaths += len(new)
        for how in new:
            self.counts["server ended " + how] += 1
            if how not in ("signal=6", "exit=1"):
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
            a = attempt(STORY[i], self.place.d)
            place = self.nth.disarm()
            what = What(self.nth, i, a, place)
            done = a is not None and (a.status in OK or is_unsaid(a) and STORY[i].__name__ == "<lambda>")
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
            fired = sum(self.step(i) for i in range(len(STORY)))
            self.place.left()
            total += fired
            if fired == 0:
                self.place.empty()
                return total


@pytest.mark.parametrize("server, kind, error, least", [
    (1, MEMORY, errno.ENOMEM, 800), (1, SQL, 10, 200), (1, SQL, 13, 200), (1, SYSTEM, errno.ENOMEM, 50), (1, SYSTEM, errno.ENOSPC, 50), (0, MEMORY, errno.ENOMEM, 4),
])
def test_the_nth_of_the_daemon_fails(server, kind, error, least):
    print("JAILNET_NTH_EVERY=%d JAILNET_NTH_SEED=%d" % (EVERY, SEED))
    nth = Nth(server, kind, error, EVERY, SEED % EVERY)
    place = Place(nth)
    try:
        run = Run(place)
        total = run.passes()
        print("%d places: %s" % (total, dict(run.counts)))
        assert total == nth.fired > least / EVERY / 2
        assert not run.wrong, "\n".join(run.wrong)
    finally:
        place.close()
        nth.close()
