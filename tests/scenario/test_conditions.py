"""Stories of requests that depend on what is there: conditions, and keys that make a retry safe."""
from concurrent.futures import ThreadPoolExecutor

from test_stories import NET, Story, story  # noqa: F401


def test_a_whole_topology_is_not_replaced_blindly(story):
    with story.daemon() as d:
        blind = d.request("PUT", "/v1/topology", NET)
        assert blind.status == 428 and blind.json["code"] == "required", blind
        assert d.request("PUT", "/v1/topology?dry_run=plan", NET).status == 200
        etag = d.get("/v1/topology").headers["ETag"]
        assert d.request("PUT", "/v1/topology", NET, {"If-Match": etag}).status == 200
        assert d.patch("/v1/bridges/lan0", {"mtu": 1400}).status == 200         # somebody else, meanwhile
        stale = d.request("PUT", "/v1/topology", {}, {"If-Match": etag})
        assert stale.status == 412 and d.topology()["bridges"]["lan0"]["mtu"] == 1400, stale
        assert d.request("PUT", "/v1/topology", {}, {"If-None-Match": "*"}).status == 412
        fresh = d.get("/v1/topology")
        assert d.request("GET", "/v1/topology", None, {"If-None-Match": fresh.headers["ETag"]}).status == 304
        assert d.request("PUT", "/v1/topology", fresh.json, {"If-Match": fresh.headers["ETag"]}).json["changed"] == 0
        assert d.request("PUT", "/v1/topology", {}, {"If-Match": "*"}).status == 200
        assert d.request("PUT", "/v1/bridges/lan0", {}, {"If-None-Match": "*"}).status == 201
        assert d.request("PUT", "/v1/bridges/lan0", {}, {"If-None-Match": "*"}).status == 412


def test_a_plan_is_carried_out_at_its_revision_or_not_at_all(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        at = d.put("/v1/bridges/lan0?dry_run=plan", {"mtu": 1400}).json["revision"]
        pinned = "?if_revision=%d" % at
        assert d.post("/v1/bridges", {"name": "lan9"}).status == 201            # somebody else, meanwhile
        for method, path, body in (("PUT", "/v1/bridges/lan0", {"mtu": 1400}), ("POST", "/v1/bridges", {"name": "lan8"}),
                                   ("POST", "/v1/jails/web/stop", None), ("DELETE", "/v1/bridges/lan9", None),
                                   ("POST", "/v1/topology/rollback", {"revision": 0})):
            late = d.request(method, path + pinned, body)
            assert late.status == 412 and "the network is at revision" in late.json["detail"], late
        assert d.put("/v1/topology" + pinned, {}).status == 412
        assert d.put("/v1/bridges/lan0?if_revision=x", {}).status == 400
        assert d.put("/v1/bridges/lan0?if_revision=%d" % d.get("/v1").json["revision"], {"mtu": 1400}).status == 200


def test_of_many_at_once_one_is_the_first(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        etag, at = d.get("/v1/topology").headers["ETag"], d.get("/v1").json["revision"]
        with ThreadPoolExecutor(12) as pool:
            whole = list(pool.map(lambda n: d.request("PUT", "/v1/topology", {"jails": {"j%d" % n: {}}}, {"If-Match": etag}).status, range(12)))
            single = list(pool.map(lambda n: d.post("/v1/bridges?if_revision=%d" % (at + 1), {"name": "b%d" % n}).status, range(12)))
        assert sorted(whole) == [200] + [412] * 11
        assert sorted(single) == [201] + [412] * 11


def test_a_retry_is_answered_not_done_again(story):
    key = {"Idempotency-Key": '"try-1"'}
    with story.daemon() as d:
        first = d.request("POST", "/v1/epairs", {"name": "x0"}, key)
        assert first.status == 201 and "Idempotency-Replayed" not in first.headers, first
        revision = d.get("/v1").json["revision"]
        again = d.request("POST", "/v1/epairs", {"name": "x0"}, key)
        assert again.status == 201 and again.json == first.json and again.headers["Idempotency-Replayed"] == "true", again
        assert again.headers["Location"] == first.headers["Location"] and again.headers["ETag"] == first.headers["ETag"]
        assert d.get("/v1").json["revision"] == revision
        other = d.request("POST", "/v1/epairs", {"name": "x1"}, key)
        assert other.status == 422 and "another request" in other.json["detail"], other
        assert d.request("POST", "/v1/epairs", {"name": "x0"}).status == 409
        gone = {"Idempotency-Key": "bye"}
        assert [d.request("DELETE", "/v1/epairs/x0", None, gone).status for _ in range(2)] == [204, 204]
        assert d.delete("/v1/epairs/x0").status == 404
        assert d.request("POST", "/v1/epairs", {"name": "x0"}, key).json["state"] == "succeeded"   # what is left of it
        for bad in ("", '""', "a b", "x" * 65):
            assert d.request("POST", "/v1/epairs", {"name": "x2"}, {"Idempotency-Key": bad}).status == 400, bad
        assert d.tcp().request("POST", "/v1/epairs", {"name": "x3"}, key).status == 201             # somebody else's key
    with story.daemon() as d:                           # it survives the daemon
        assert d.request("DELETE", "/v1/epairs/x0", None, gone).status == 204


def test_what_was_refused_may_be_tried_again_with_the_same_key(story):
    key = {"Idempotency-Key": "k"}
    with story.daemon(fault="BRIDGE_CREATE:1:22") as d:
        assert d.request("POST", "/v1/epairs", {"name": "x0", "a": {"bridge": "lan0"}}, key).status == 422
        refused = d.request("POST", "/v1/bridges", {"name": "lan0"}, {"Idempotency-Key": "b"})
        assert refused.status == 422, refused
        again = d.request("POST", "/v1/bridges", {"name": "lan0"}, {"Idempotency-Key": "b"})        # the kernel's refusal was an effect
        assert again.status == 422 and again.headers["Idempotency-Replayed"] == "true", again
        assert d.post("/v1/bridges", {"name": "lan0"}).status == 201
        assert d.request("POST", "/v1/epairs", {"name": "x0", "a": {"bridge": "lan0"}}, key).status == 201


def test_lists_are_filtered_and_paged(story):
    with story.daemon() as d:
        t = {"bridges": {"b0": {}, "b1": {}}, "jails": {"web": {}, "db": {"labels": {"env": "prod"}}},
             "epairs": {"e%d" % i: {"a": {"bridge": "b%d" % (i % 2)}, "labels": {"env": "prod" if i % 3 == 0 else "dev"}} for i in range(9)}}
        t["epairs"]["e0"]["b"] = {"jail": "web"}
        assert d.put("/v1/topology", t).status == 200

        def names(target):
            a = d.get(target)
            assert a.status == 200, a
            return [i["name"] for i in a.json["items"]], a.json["next"]
        assert names("/v1/epairs?label=env%3Dprod") == (["e0", "e3", "e6"], None)
        assert names("/v1/epairs?bridge=b1") == (["e1", "e3", "e5", "e7"], None)
        assert names("/v1/epairs?jail=web") == (["e0"], None) and names("/v1/epairs?jail=web&bridge=b1") == ([], None)
        assert names("/v1/jails?label=env%3Dprod&state=ready") == (["db"], None) and names("/v1/jails?state=failed") == ([], None)
        got, cursor = names("/v1/epairs?bridge=b1&limit=3")
        assert got == ["e1", "e3", "e5"] and names("/v1/epairs?bridge=b1&limit=3&cursor=" + cursor) == (["e7"], None)
        assert names("/v1/epairs?label=" + "%C3%A9" * 127) == ([], None)
        for bad in ("audit?result=", "audit?result=maybe", "audit?actor=" + "x" * 64, "epairs?label=", "epairs?label=" + "%C3%A9" * 128, "epairs?label=%1Bp", "bridges?jail=web", "jails?bridge=b0", "epairs?label=%3D", "epairs?nosuch=1", "jails?state=fine", "epairs?jail="):
            assert d.get("/v1/" + bad).status == 400, bad
