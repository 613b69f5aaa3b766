"""The whole daemon, and each thing it may be refused: the N-th allocation, call of SQLite, call of the system, for N = 1 until a story of all kinds
of requests passes without a fault.  After each the request was answered, or refused with clear words, or the server died and was started again; what
was acknowledged is there, what was refused is not, the plan is empty, nothing is left over.

"N-th" counts places (a call with its callers, see nth.c): the same place a second time is no new fault.  JAILNET_NTH_EVERY=1 for all of them:
three quarters of an hour; make check takes each 41st, .ci/run each seventh, chosen by JAILNET_NTH_SEED: the same every time, so that a check fails
for what was changed.
"""
import errno
import os
import time

import pytest

from nth_rig import MEMORY, OK, SQL, SYSTEM, KernelPlace, Nth, Place, Run

EVERY = int(os.environ.get("JAILNET_NTH_EVERY", "41"))
SEED = int(os.environ.get("JAILNET_NTH_SEED", "455"))

NET = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24", "2001:db8:1::1/64"], "labels": {"a": "b"}}, "lan1": {"members": {"re0": {}}}},
    "jails": {"web": {"routes": {"default": "10.1.0.1"}, "exec": {"start": "true"}, "path": "/"}, "db": {"hostname": "db.example"}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.1.0.10/24"]}}},
}
EZJAIL = {"files": [{"path": "/usr/local/etc/ezjail/old", "content": 'export jail_old_hostname="old"\nexport jail_old_ip="re1|192.0.2.5"\n'}]}
READS = ["/v1", "/readyz", "/metrics", "/v1/topology", "/v1/bridges", "/v1/epairs/web0", "/v1/jails?fields=name,status", "/v1/macs", "/v1/revisions", "/v1/audit",
         "/v1/events?limit=5", "/v1/changes?since=0", "/v1/counters", "/v1/drift", "/v1/operations", "/v1/tokens", "/v1/support", "/v1/interfaces",
         "/v1/topology?format=dot", "/v1/export/rc-conf", "/v1/export/jail-conf"]


def first_refusal(answers):
    """The answers are made one after the other; the first that refuses is the last that is asked for."""
    for a in answers:
        if a.status not in OK:
            return a
    return a


def reads(d):
    def requests():
        for target in READS:
            yield d.get(target)
        a = d.get("/v1")
        yield a
        yield d.get("/v1/revisions/diff?from=%d" % (a.json["revision"] - 1))
    return first_refusal(requests())


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

# the worker's part: what the driver does, on the real kernel
KERNEL_STORY = [
    lambda d: d.put("/v1/topology", NET),
    by_hand,
    lambda d: d.patch("/v1/bridges/lan0", {"mtu": 1400, "addresses": ["10.1.0.2/24"]}),
    lambda d: d.post("/v1/epairs", {"name": "db0", "a": {"bridge": "lan1"}, "b": {"jail": "db", "addresses": ["2001:db8:2::1/64"]}}),
    lambda d: d.put("/v1/interfaces/re1/jail", {"jail": "db", "addresses": ["10.3.0.1/24"]}),
    lambda d: d.post("/v1/jails/web/probe", {"to": "10.1.0.2", "count": 1}),
    lambda d: d.patch("/v1/jails/db", {"forwarding": True, "sysctls": {"net.ipv4.ip_default_ttl": "7"}}),
    lambda d: d.post("/v1/jails/web/restart"),
    lambda d: d.get("/v1/counters"),
    lambda d: d.delete("/v1/interfaces/re1/jail"),
    lambda d: d.delete("/v1/epairs/db0"),
    lambda d: d.put("/v1/topology", {}),
]


def run(where, story, least, *what, every=EVERY):
    every = min(every, max(1, least // 5))
    nth = Nth(*what, every, SEED % every)
    place = where(nth)
    print("JAILNET_NTH_EVERY=%d JAILNET_NTH_SEED=%d" % (EVERY, SEED))
    try:
        r = Run(place, story)
        total = r.passes()
        assert story[0](place.d).status in OK
        total += r.starts()
        print("%d places: %s" % (total, dict(r.counts)))
        assert total == nth.fired > least / every / 2
        assert not r.wrong, "\n".join(r.wrong)
    finally:
        try:
            place.close()
        finally:
            nth.close()


# least: how many places there are at least; 10, 13: SQLITE_IOERR, SQLITE_FULL
@pytest.mark.parametrize("server, kind, error, least", [
    (1, MEMORY, errno.ENOMEM, 1000), (1, SQL, 10, 600), (1, SQL, 13, 600), (1, SYSTEM, errno.ENOMEM, 150), (1, SYSTEM, errno.ENOSPC, 150),
    (1, SYSTEM, errno.EIO, 150),    # which SQLite takes for damage
    (0, MEMORY, errno.ENOMEM, 8),
])
def test_the_nth_of_the_daemon_fails(server, kind, error, least):
    run(Place, STORY, least, server, kind, error)


@pytest.mark.parametrize("kind, error, least", [(SYSTEM, errno.EIO, 300), (SYSTEM, errno.ENOMEM, 300), (MEMORY, errno.ENOMEM, 20)])
def test_the_nth_of_the_driver_fails(kind, error, least):
    run(KernelPlace, KERNEL_STORY, least, 0, kind, error)


def test_no_revision_is_left_out():
    """Closer, in a short story: a write whose rows went with its savepoint had used up a number."""
    def gapless(d):
        def requests():
            last = d.get("/v1")
            yield last
            for n in range(last.json["revision"]):
                yield d.get("/v1/revisions/diff?from=%d&to=%d" % (n, n + 1))
        return first_refusal(requests())

    run(Place, [lambda d: d.put("/v1/bridges/lan0", {}), gapless, lambda d: d.delete("/v1/bridges/lan0")], 200, 1, SQL, 10, every=5)
