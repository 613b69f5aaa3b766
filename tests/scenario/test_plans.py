"""Stories of kept plans, and of drift that is repaired or adopted by hand."""
import copy

from test_stories import NET, Story, story  # noqa: F401


def changed(mtu):
    t = copy.deepcopy(NET)
    t["bridges"]["lan0"]["mtu"] = mtu
    return t


def test_a_kept_plan_is_applied_as_it_was_shown(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        p = d.post("/v1/plans", changed(1400))
        assert p.status == 201 and p.json["revision"] == base and p.json["steps"] == d.plan(changed(1400)), p
        assert p.headers["Location"] == "/v1/plans/" + p.json["id"]
        assert d.get(p.headers["Location"]).json == p.json
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1500
        r = d.post(p.headers["Location"] + "/apply")
        assert r.status == 200 and r.json["revision"] == base + 1, r
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1400 and d.settled() == []
        assert d.get("/v1/revisions?limit=1").json["items"][0]["note"] == "plan " + p.json["id"]
        assert d.post(p.headers["Location"] + "/apply").status == 412        # its base is no more
        assert d.delete(p.headers["Location"]).status == 204
        assert d.get(p.headers["Location"]).status == 404 and d.post(p.headers["Location"] + "/apply").status == 404


def test_a_plan_survives_the_daemon_and_can_be_confirmed_later(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        p = d.post("/v1/plans", changed(1400)).json
    with story.daemon() as d:
        r = d.post("/v1/plans/%s/apply?confirm_timeout=1" % p["id"])
        assert r.status == 200 and r.json["confirm_by"], r
        d.wait(lambda: d.topology()["bridges"]["lan0"]["mtu"] == 1500, 5)


def test_a_stale_plan_is_refused(story):
    with story.daemon(fault=",".join("ADDR_DEL:%d:1" % n for n in range(1, 9))) as d:
        assert d.put("/v1/topology", NET).status == 200
        p = d.post("/v1/plans", changed(1400)).json
        assert d.put("/v1/bridges/other", {}).status == 201
        r = d.post("/v1/plans/%s/apply" % p["id"])
        assert r.status == 412 and r.json["code"] == "precondition", r
        # the topology is the same, the kernel is not
        p = d.post("/v1/plans", changed(1400)).json
        story.by_hand("addr-add - lan0 10.1.0.7/24")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        r = d.post("/v1/plans/%s/apply" % p["id"])
        assert r.status == 412 and "shown" in r.json["detail"], r
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1500


def test_a_wrong_plan_is_not_kept(story):
    with story.daemon() as d:
        assert d.post("/v1/plans", {"epairs": {"x0": {"a": {"bridge": "nosuch"}}}}).status == 422
        assert d.post("/v1/plans", {"nosuch": {}}).status == 422
        assert d.post("/v1/plans/x/apply").status == 404
        assert d.delete("/v1/plans/pl_nosuch").status == 404 and d.delete("/v1/plans/%C2%84").status == 404
        p = d.post("/v1/plans", changed(1500)).json["id"]
        assert [d.delete("/v1/plans/" + p).status for _ in range(2)] == [204, 404]


def test_drift_is_adopted(story):
    with story.daemon(fault=",".join("IF_SET:%d:1" % n for n in range(1, 9))) as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.post("/v1/drift/epair:web0/adopt").status == 404
        assert d.post("/v1/drift/nonsense/adopt").status == 404
        story.by_hand("down - web0a")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        item = d.get("/v1/drift").json["items"][0]
        assert item["id"] == "epair:web0", item
        r = d.post("/v1/drift/epair:web0/adopt")
        assert r.status == 200 and r.json["a"]["up"] is False and r.json["b"]["up"] is True, r
        assert r.json["b"]["addresses"] == ["10.1.0.10/24"]
        assert d.settled() == []
        d.wait(lambda: d.get("/v1/drift").json["items"] == [], 5)
        diff = d.get("/v1/revisions/diff?from=1").json["changes"]
        assert [(c["path"], c["from"], c["to"]) for c in diff] == [("/a/up", True, False)]


def test_drift_says_where_it_is(story):
    with story.daemon(fault=",".join("PORT_%s:1:1" % op for op in ("DETACH", "ATTACH"))) as d:
        assert d.put("/v1/topology", {**NET, "jails": {**NET["jails"], "away": {}}}).status == 200
        story.by_hand("bridge-add other")
        story.by_hand("bridge web0a other")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        assert d.get("/v1/drift").json["items"][0]["place"] == {"interface": "web0a", "jail": None, "bridge": "other"}
        d.wait(lambda: d.get("/v1/drift").json["items"] == [], 10)


def test_drift_is_repaired_when_asked(story):
    with story.daemon(fault=",".join("IF_SET:%d:1" % n for n in range(1, 3))) as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("down - web0a")
        d.wait(lambda: [i for i in d.get("/v1/drift").json["items"] if "cannot" in i["cause"]], 10)
        for _ in range(3):                                          # the faults are spent after two
            if d.post("/v1/drift/epair:web0/repair").status == 404:
                break
        d.wait(lambda: d.get("/v1/drift").json["items"] == [], 5)
        assert d.settled() == [] and d.get("/v1/epairs/web0").json["a"]["up"] is True
