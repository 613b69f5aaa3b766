"""The stated limits, all at once: what they allow is taken, read and put back; one more of anything is a clear 422."""

import signal

from test_stories import story  # noqa: F401

JAILS, EPAIRS, BRIDGES, ATTACHMENTS = 5000, 10000, 1000, 1000


def network(n):
    return "10.%d.%d" % (n // 250, n % 250)


def epair(i):
    jail, host = i % JAILS, 2 + i // JAILS
    return {"a": {"bridge": "b%d" % (i % BRIDGES)},
            "b": {"jail": "j%d" % jail, "addresses": ["%s.%d/24" % (network(jail), host), "2001:db8:%x::%x/64" % (jail, host)]}}


FULL = {
    "bridges": {"b%d" % i: {} for i in range(BRIDGES)},
    "jails": {"j%d" % i: {"routes": {"default": network(i) + ".1", "::/0": "2001:db8:%x::1" % i}} for i in range(JAILS)},
    "epairs": {"e%d" % i: epair(i) for i in range(EPAIRS)},
    "attachments": {"x%d" % i: {"jail": "j%d" % i} for i in range(ATTACHMENTS)},
}
ONE_MORE = {"jails": {}, "epairs": {}, "bridges": {}, "attachments": {"jail": "j0"}}


def test_the_limits_hold_together(story):  # noqa: F811
    with story.daemon(verbose=False) as d:
        d.timeout = 300                                             # with a sanitizer it takes a while
        limits = d.get("/v1").json["limits"]
        assert (limits["jails"], limits["epairs"], limits["bridges"], limits["attachments"]) == (JAILS, EPAIRS, BRIDGES, ATTACHMENTS)
        done = d.put("/v1/topology", FULL, Prefer="wait=300")
        assert done.status == 200 and done.json["changed"] == JAILS + EPAIRS + BRIDGES + ATTACHMENTS, done
        stands = d.get("/v1/topology")
        assert all(len(stands.json[kind]) == limits[kind] for kind in FULL)
        again = d.put("/v1/topology", stands.body, **{"If-Match": stands.headers["ETag"]})
        assert again.status == 200 and again.json["changed"] == 0 and again.json["revision"] == done.json["revision"], again
        for kind, one in ONE_MORE.items():
            r = d.put("/v1/topology", dict(FULL, **{kind: dict(FULL[kind], more0=one)}))
            assert r.status == 422 and [(e["pointer"], e["code"]) for e in r.json["errors"]] == [("/" + kind, "limit")], r
            assert "at most %d" % limits[kind] in r.json["detail"], r
            path = "/v1/interfaces/more0/jail" if kind == "attachments" else "/v1/%s/more0" % kind
            r = d.put(path, one)
            assert r.status == 422 and r.json["code"] == "limit" and "at most %d" % limits[kind] in r.json["detail"], r
        assert d.get("/v1").json["revision"] == done.json["revision"]
        d.stop(signal.SIGKILL)                                      # the fake's sandbox is emptied slowly


def test_drift_of_many_objects_is_told_of_each(story):  # noqa: F811
    with story.daemon(verbose=False) as d:
        names = ["b%d" % i for i in range(300)]
        assert d.put("/v1/topology", {"bridges": {name: {} for name in names}}).status == 200
        since = max(e["seq"] for e in d.get("/v1/events?since=0&limit=10000", Accept="application/json").json["items"])
        for name in names:
            story.by_hand("del - " + name)
        d.wait(lambda: len([e for e in d.events(since) if e["type"] == "drift.repaired"]) == len(names), 20)
        assert sorted(e["object"] for e in d.events(since) if e["type"] == "drift.found") == sorted("bridge/" + name for name in names)
