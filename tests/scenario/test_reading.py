"""Stories of reading: only some members, only what is new, and waiting for it."""
import threading
import time

from test_stories import NET, story  # noqa: F401


def test_only_some_members(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        whole = d.get("/v1/bridges/lan0").json
        assert d.get("/v1/bridges/lan0?fields=name,status,mtu").json == {k: whole[k] for k in ("name", "status", "mtu")}
        assert d.get("/v1/bridges?fields=name").json["items"] == [{"name": "lan0"}]
        assert all(set(e) == {"a", "kind"} for e in d.get("/v1/epairs?fields=kind,a").json["items"])
        spec = d.get("/v1/bridges/lan0?view=spec").json
        assert set(whole) - set(spec) == {"kind", "id", "revision", "created_at", "updated_at", "allocated", "status"}
        assert d.get("/v1/bridges/lan0?view=full").json == whole and d.get("/v1/jails?view=spec&fields=status").json["items"][0] == {}
        before = whole["revision"]
        assert d.put("/v1/bridges/lan0", spec).json["revision"] == before       # what a view gives, PUT takes
        for bad in ("view=some", "fields=", "fields=nosuch", "fields=name,", "fields=name,,mtu", "fields=namemtu", "fields=end"):
            for where in ("/v1/bridges", "/v1/bridges/lan0"):
                assert d.get(where + "?" + bad).status == 400, bad


def test_what_the_client_has_is_not_sent_again(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        etag = d.get("/v1/bridges/lan0").headers["ETag"]

        def status(target, known):
            return d.request("GET", target, None, {"If-None-Match": known}).status
        for known in (etag, "W/" + etag, '"x", ' + etag, '"x",W/' + etag + ' , "y"', "*"):
            assert status("/v1/bridges/lan0?view=spec", known) == 304, known
        for known in ('"x"', etag[:-1], "W/", ",", etag.strip('"')):
            assert status("/v1/bridges/lan0?view=spec", known) == 200, known
        assert status("/v1/bridges/lan0", etag) == 200          # its status may be another
        assert status("/v1/topology", d.get("/v1/topology").headers["ETag"]) == 304
        assert status("/openapi.json", d.get("/openapi.json").headers["ETag"]) == 304
        assert d.patch("/v1/bridges/lan0", {"mtu": 1400}).status == 200
        assert status("/v1/bridges/lan0?view=spec", etag) == 200


def last(d):
    return int(d.get("/v1/changes?since=0&wait=0&limit=10000").json["next"])


def test_changes_wait_for_what_happens_next(story):
    with story.daemon() as d:
        assert d.put("/v1/bridges/b0", {}).status == 201
        page = d.get("/v1/changes?since=0").json
        assert [e["type"] for e in page["items"]][0] == "bridge.created" and d.get("/v1/changes?since=0&limit=1").json["next"] == "1"
        since = last(d)
        start = time.monotonic()
        assert d.get("/v1/changes?since=%d&wait=1" % since).json == {"items": [], "next": str(since)}
        assert 0.9 < time.monotonic() - start < 4
        got = []

        def wait():
            a = d.get("/v1/changes?since=%d&wait=30" % since)
            got.append((time.monotonic(), a))
        threads = [threading.Thread(target=wait) for _ in range(8)]
        for t in threads:
            t.start()
        time.sleep(0.5)
        assert not got
        assert d.put("/v1/bridges/b1", {}).status == 201
        done = time.monotonic()
        for t in threads:
            t.join(10)
        assert len(got) == 8 and all(at - done < 1 for at, _ in got)
        assert all(a.json["items"][0]["object"] == "bridge/b1" and int(a.json["next"]) > since for _, a in got)
        for bad, status in (("", 400), ("?since=x", 400), ("?since=0&wait=61", 400), ("?since=0&wait=-1", 400), ("?since=999999", 410)):
            assert d.get("/v1/changes" + bad).status == status, bad


def test_nobody_who_waits_keeps_the_daemon_from_stopping(story):
    with story.daemon() as d:
        assert d.put("/v1/bridges/b0", {}).status == 201
        since = last(d)
        got = []
        t = threading.Thread(target=lambda: got.append(d.get("/v1/changes?since=%d&wait=60" % since)))
        t.start()
        time.sleep(0.3)
        # a client that hangs up while it waits
        c = d.connection()
        c.request("GET", "/v1/changes?since=%d&wait=60" % since)
        c.close()
        start = time.monotonic()
    t.join(10)
    assert time.monotonic() - start < 5 and got[0].json["items"] == []


def test_flags_of_the_port_of_an_epair(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", {"bridges": {"b0": {}}, "epairs": {"e0": {"a": {"bridge": "b0", "stp": True, "edge": True}}}}).status == 200
        a = d.get("/v1/epairs/e0").json["a"]
        assert a["stp"] is True and a["edge"] is True and "stp" not in d.get("/v1/epairs/e0").json["b"]
        assert d.settled() == []
        plan = d.patch("/v1/epairs/e0?dry_run=plan", {"a": {"stp": False}}).json["steps"]
        assert [s["detail"] for s in plan] == ["set e0a in bridge b0, edge"], plan
        assert d.patch("/v1/epairs/e0", {"a": {"stp": None, "edge": False}}).status == 200
        assert "stp" not in d.get("/v1/epairs/e0").json["a"] and d.settled() == []
