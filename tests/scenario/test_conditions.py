"""Stories of requests that depend on what is there: conditions, and keys that make a retry safe."""
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

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


def test_a_retry_of_what_is_still_under_way_is_told_so(story):
    story.env["JAILNET_FAKE_DELAY_US"] = "400000"
    key = {"Idempotency-Key": "slow", "Prefer": "respond-async"}
    with story.daemon() as d:
        first = d.request("POST", "/v1/epairs", {"name": "x0"}, key)
        assert first.status == 202, first
        again = d.request("POST", "/v1/epairs", {"name": "x0"}, key)
        operation = first.headers["Location"].rsplit("/", 1)[1]
        assert again.status == 409 and again.json["code"] == "conflict" and operation in again.json["detail"], again
        d.wait(lambda: d.get(first.headers["Location"]).json["state"] == "succeeded", 20)
        done = d.request("POST", "/v1/epairs", {"name": "x0"}, key)
        assert done.status == 201 and done.headers["Idempotency-Replayed"] == "true", done


def test_a_condition_that_did_not_hold_says_what_would(story):
    with story.daemon() as d:
        d.put("/v1/topology", NET)
        etag = d.patch("/v1/bridges/lan0", {"mtu": 1400}).headers["ETag"]
        for method, target, body, headers in (("PATCH", "/v1/bridges/lan0", {"mtu": 1500}, {"If-Match": '"r999"'}),
                                              ("PUT", "/v1/bridges/lan0", {}, {"If-None-Match": "*"}), ("DELETE", "/v1/bridges/lan0", None, {"If-Match": '"r999"'})):
            a = d.request(method, target, body, headers)
            assert (a.status, a.json["current_etag"]) == (412, etag) and "ETag" not in a.headers, a
        a = d.request("PUT", "/v1/topology", {}, {"If-Match": '"r999"'})
        assert (a.status, a.json["current_etag"]) == (412, d.get("/v1/topology").headers["ETag"]), a
        a = d.request("PUT", "/v1/bridges/none", {}, {"If-Match": "*"})
        assert (a.status, a.json.get("current_etag", "missing")) == (412, None), a
        assert d.request("PATCH", "/v1/bridges/lan0", {"mtu": 1500}, {"If-Match": etag}).status == 200
        assert "current_etag" not in d.request("POST", "/v1/bridges", {"name": "lan0"}).json


def test_preferences_that_were_heeded_are_named(story):
    with story.daemon() as d:
        for prefer, said in (("respond-async", "respond-async"), ("wait=7", "wait=7"), ("handling=lenient", None), ("wait=x", None), (None, None)):
            a = d.request("PUT", "/v1/bridges/b0", {"mtu": 1400 if prefer else 1500}, {"Prefer": prefer} if prefer else {})
            assert a.status in (200, 201, 202) and a.headers["Preference-Applied"] == said, (prefer, a, a.headers.items())


def test_what_a_body_may_be_is_said_to_those_who_send_another(story):
    def accepted(client, method, target, kind):
        c = client.connection()
        c.connect()     # in one go: the answer does not wait for the body
        c.sock.sendall(("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%sContent-Length: 2\r\n\r\n{}" % (
            method, target, d.admin_token, kind and "Content-Type: %s\r\n" % kind)).encode())
        a = http.client.HTTPResponse(c.sock, method=method)
        a.begin()
        c.close()
        return a.status, a.headers["Accept-Patch"], a.headers["Accept-Post"]
    with story.daemon() as d:
        for client in (d, d.tcp()):
            for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"):
                assert accepted(client, "PATCH", "/v1/bridges/b0", kind) == (415, "application/merge-patch+json, application/json", None)
                assert accepted(client, "POST", "/v1/bridges", kind) == (415, None, "application/json")
                assert accepted(client, "PUT", "/v1/bridges/b0", kind) == (415, None, None)
        assert accepted(d.tcp(), "PATCH", "/v1/bridges/b0", "") == (415, "application/merge-patch+json, application/json", None)


def test_a_request_id_is_the_clients_when_it_is_harmless(story):
    with story.daemon() as d:
        for mine in ("a", "A-z_0.9", "x" * 64):
            a = d.get("/v1/bridges/nosuch", **{"X-Request-Id": mine})
            assert a.headers["X-Request-Id"] == mine == a.json["request_id"]
        seen = set()
        for bad in ("", "a b", "x" * 65, "a\tb", "<script>", 'a"b', "a;b", "\u00e4".encode().decode("latin-1"), "../x"):
            a = d.get("/v1/bridges/nosuch", **{"X-Request-Id": bad})
            assert a.status == 404 and a.headers["X-Request-Id"].startswith("rq-") and a.headers["X-Request-Id"] == a.json["request_id"], (bad, a)
            seen.add(a.headers["X-Request-Id"])
        assert len(seen) == 9


def test_a_token_ends_after_90_days_unless_told_otherwise(story):
    def days(**more):
        t = d.post("/v1/tokens", dict(name="t", role="viewer", **more)).json
        if t["expires_at"] is None:
            return None
        return (datetime.fromisoformat(t["expires_at"].replace("Z", "+00:00")) - datetime.fromisoformat(t["created_at"].replace("Z", "+00:00"))).total_seconds() / 86400
    with story.daemon() as d:
        assert days() == 90 and days(expires_in_seconds=86400) == 1 and days(expires_in_seconds=0) is None


def test_a_hundred_plans_are_kept(story):
    with story.daemon() as d:
        plans = []
        for i in range(102):
            plans.append(d.post("/v1/plans", {"bridges": {"b0": {"mtu": 1400 + i}}}).json["id"])
            time.sleep(0.002)   # two of one millisecond have no order
        assert [d.get("/v1/plans/" + p).status for p in plans[:3]] == [404, 404, 200]
        assert d.get("/v1/plans/" + plans[-1]).status == 200


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
