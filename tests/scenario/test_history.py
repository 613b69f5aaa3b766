"""Stories of history and undo: revisions, rollback, changes that wait for their confirmation."""
import copy
import json
import os
import signal
import subprocess
import time

from jn import BUILD
from test_stories import NET, Story, story  # noqa: F401


def changed(mtu):
    t = copy.deepcopy(NET)
    t["bridges"]["lan0"]["mtu"] = mtu
    return t


def test_every_revision_can_be_read_and_compared(story):
    with story.daemon() as d:
        r1 = d.put("/v1/topology", dict(NET, epairs=dict(NET["epairs"], x0={}))).json["revision"]
        first = d.topology()
        r2 = d.patch("/v1/bridges/lan0", {"mtu": 1400, "labels": {"env": "prod"}}).json["revision"]
        assert d.delete("/v1/epairs/x0").status == 204
        r3 = d.get("/v1").json["revision"]
        assert (r2, r3) == (r1 + 1, r1 + 2)
        assert d.get("/v1/revisions/%d" % r1).json["topology"] == first
        assert d.get("/v1/topology?revision=%d" % r1).json == first
        assert d.get("/v1/revisions/%d" % r3).json["topology"] == d.topology()
        assert d.get("/v1/revisions/%d" % r3).json["changes"] == [{"op": "delete", "object": "epair/x0"}]
        diff = d.get("/v1/revisions/diff?from=%d&to=%d" % (r1, r2)).json["changes"]
        assert {"op": "change", "object": "bridge/lan0", "path": "/mtu", "from": 1500, "to": 1400} in diff
        assert {"op": "change", "object": "bridge/lan0", "path": "/labels/env", "from": None, "to": "prod"} in diff
        assert len(diff) == 2
        gone = d.get("/v1/revisions/diff?from=%d" % r2).json["changes"]
        assert [(c["op"], c["object"], c["to"]) for c in gone] == [("delete", "epair/x0", None)]
        items = d.get("/v1/revisions?limit=2").json
        assert [i["revision"] for i in items["items"]] == [r3, r2]
        assert (items["items"][0]["method"], items["items"][0]["path"], items["items"][0]["deleted"]) == ("DELETE", "/v1/epairs/x0", 1)
        rest = d.get("/v1/revisions?limit=100&cursor=" + items["next"]).json
        assert [i["revision"] for i in rest["items"]] == [r1, 0] and rest["next"] is None
        assert rest["items"][0]["created"] == 4


def test_rollback_is_a_new_revision_and_keeps_the_addresses(story):
    with story.daemon() as d:
        r1 = d.put("/v1/topology", NET).json["revision"]
        macs = d.get("/v1/epairs/web0").json["allocated"]
        assert d.put("/v1/topology", {}).status == 200
        plan = d.post("/v1/topology/rollback?dry_run=plan", {"revision": r1})
        assert plan.status == 200 and any(s["object"] == "epair/web0" for s in plan.json["steps"]), plan
        assert d.topology()["epairs"] == {}
        r = d.post("/v1/topology/rollback", {"revision": r1})
        assert r.status == 200 and r.json["revision"] == r1 + 2 and r.json["changed"] == 3, r
        assert d.topology() == d.get("/v1/topology?revision=%d" % r1).json
        assert d.get("/v1/epairs/web0").json["allocated"] == macs
        assert d.get("/v1/revisions?limit=1").json["items"][0]["note"] == "rollback to revision %d" % r1
        assert d.settled() == []
        again = d.post("/v1/topology/rollback", {"revision": r1})
        assert again.status == 200 and again.json["changed"] == 0 and again.json["revision"] == r1 + 2, again
        for body, pointer in (({"revision": 99}, "/revision"), ({}, "/revision"), ({"revision": "1"}, "/revision"), ({"revision": 1, "x": 1}, "/x")):
            r = d.post("/v1/topology/rollback", body)
            assert r.status == 422 and [e["pointer"] for e in r.json["errors"]] == [pointer], r
        assert d.get("/v1/revisions/x").status == 400 and d.get("/v1/revisions/99").status == 404
        assert d.get("/v1/revisions/diff").status == 400 and d.get("/v1/revisions/diff?from=1&to=99").status == 404


def test_a_refused_change_leaves_two_revisions_with_the_same_content(story):
    with story.daemon(fault="BRIDGE_SET:1:22") as d:
        r1 = d.put("/v1/topology", NET).json["revision"]
        r = d.patch("/v1/bridges/lan0", {"mtu": 1400})
        assert r.status == 422, r
        d.wait(lambda: d.get("/v1").json["revision"] == r1 + 2)
        assert d.get("/v1/revisions/diff?from=%d&to=%d" % (r1, r1 + 2)).json["changes"] == []
        assert d.get("/v1/revisions/diff?from=%d&to=%d" % (r1, r1 + 1)).json["changes"] != []
        assert d.get("/v1/revisions?limit=1").json["items"][0]["note"] == "undone: it was refused"


def test_old_revisions_go_and_the_kept_ones_stay_whole(story):
    with story.daemon(conf="revisions_keep = 10\n") as d:
        assert d.put("/v1/topology", NET).status == 200
        want = {}
        for i in range(30):
            r = d.patch("/v1/bridges/lan0", {"description": str(i)})
            want[r.json["revision"]] = d.topology()
        last = max(want)
        d.wait(lambda: d.get("/v1/revisions").json["items"][-1]["revision"] > 5, 40)
        kept = [i["revision"] for i in d.get("/v1/revisions").json["items"]]
        assert kept == list(range(last, last - 10, -1))
        for n in kept:
            assert d.get("/v1/topology?revision=%d" % n).json == want[n]
        assert d.get("/v1/topology?revision=%d" % (kept[-1] - 1)).status == 404


def test_a_confirmed_change_stays(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        assert d.get("/v1/topology/confirm").json == {"pending": None}
        r = d.put("/v1/topology?confirm_timeout=2", changed(1400))
        assert r.status == 200 and r.json["confirm_by"] is not None, r
        waits = d.get("/v1/topology/confirm").json["pending"]
        assert (waits["revision"], waits["base"], waits["operation"], waits["deadline"]) == (base + 1, base, r.json["operation"], r.json["confirm_by"])
        refused = d.patch("/v1/bridges/lan0", {"mtu": 1300})
        assert refused.status == 409 and "waits for its confirmation" in refused.json["detail"], refused
        assert d.patch("/v1/bridges/lan0?dry_run=plan", {"mtu": 1300}).status == 200
        done = d.post("/v1/topology/confirm")
        assert done.status == 200 and done.json["revision"] == base + 1, done
        assert d.post("/v1/topology/confirm").status == 409
        assert d.get("/v1/topology/confirm").json == {"pending": None}
        time.sleep(2.5)
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1400 and d.get("/v1").json["revision"] == base + 1
        assert [e["type"] for e in d.events() if e["type"].startswith("confirm.")] == ["confirm.pending", "confirm.done"]


def test_202_is_the_operation_whatever_was_asked(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET, Prefer="respond-async")
        d.wait(lambda: d.get(base.headers["Location"]).json["state"] == "succeeded")
        for send in (lambda: base,
                     lambda: d.put("/v1/topology?confirm_timeout=60", changed(1400), Prefer="respond-async"),
                     lambda: d.post("/v1/topology/rollback", {"revision": 1}, Prefer="respond-async"),
                     lambda: d.post("/v1/plans/%s/apply" % d.post("/v1/plans", changed(1300)).json["id"], Prefer="respond-async"),
                     lambda: d.patch("/v1/bridges/lan0", {"mtu": 1200}, Prefer="respond-async")):
            r = send()
            assert r.status == 202 and r.headers["Location"] == "/v1/operations/" + r.json["id"] and r.headers["Retry-After"] == "1", r
            assert r.json.keys() == {"id", "state", "method", "path", "actor", "revision", "created_at", "finished_at", "steps", "error", "confirm_by"}
            d.wait(lambda: d.get(r.headers["Location"]).json["state"] == "succeeded")
            waits = d.get("/v1/topology/confirm").json["pending"]
            assert r.json["confirm_by"] == (waits and waits["deadline"])
            op = d.get(r.headers["Location"]).json
            assert op["confirm_by"] == r.json["confirm_by"] and op in d.get("/v1/operations").json["items"]


def test_an_unconfirmed_change_is_rolled_back(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        r = d.patch("/v1/bridges/lan0?confirm_timeout=1", {"mtu": 1400})
        assert r.status == 200, r
        d.wait(lambda: d.get("/v1/topology/confirm").json["pending"] is None, 5)
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1500
        assert d.settled() == []
        last = d.get("/v1/revisions?limit=1").json["items"][0]
        assert (last["revision"], last["note"], last["actor"]) == (base + 2, "rollback to revision %d" % base, "jailnet")
        assert [e["type"] for e in d.events() if e["type"].startswith("confirm.")] == ["confirm.pending", "confirm.expired"]
        assert d.post("/v1/topology/confirm").status == 409


def test_rolling_back_ends_the_waiting(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        assert d.put("/v1/topology?confirm_timeout=60", changed(1400)).status == 200
        assert d.post("/v1/topology/rollback", {"revision": base}).status == 200
        assert d.get("/v1/topology/confirm").json == {"pending": None}
        assert d.patch("/v1/bridges/lan0", {"mtu": 1300}).status == 200


def test_what_is_kept_is_what_was_seen(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        waits = d.put("/v1/topology?confirm_timeout=60", changed(1400)).json["revision"]
        other = d.post("/v1/topology/confirm?if_revision=%d" % (waits - 1))
        assert other.status == 412 and "revision %d waits" % waits in other.json["detail"], other
        assert d.get("/v1/topology/confirm").json["pending"]["revision"] == waits
        assert d.post("/v1/topology/confirm?if_revision=%d" % waits).status == 200


def test_nothing_changed_nothing_to_confirm_and_a_refused_change_does_not_wait(story):
    with story.daemon(fault="BRIDGE_SET:1:22") as d:
        assert d.put("/v1/topology", NET).status == 200
        r = d.put("/v1/topology?confirm_timeout=60", NET)
        assert r.status == 200 and r.json["confirm_by"] is None, r
        assert d.get("/v1/topology/confirm").json == {"pending": None}
        for bad in ("0", "86401", "x", ""):
            assert d.put("/v1/topology?confirm_timeout=" + bad, NET).status == 400
        assert d.put("/v1/topology?confirm_timeout=60", changed(1400)).status == 422
        d.wait(lambda: d.get("/v1/topology/confirm").json["pending"] is None)
        assert d.put("/v1/topology", changed(1300)).status == 200


def test_a_daemon_killed_meanwhile_rolls_back_first(story):
    with story.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        assert d.put("/v1/topology?confirm_timeout=2", changed(1400)).status == 200
        d.stop(signal.SIGKILL)
        time.sleep(2.2)
    with story.daemon() as d:
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1500
        assert d.get("/v1").json["revision"] == base + 2
        assert d.settled() == [] and d.get("/v1/topology/confirm").json == {"pending": None}


def test_a_daemon_killed_in_time_still_waits(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.put("/v1/topology?confirm_timeout=4", changed(1400)).status == 200
        d.kill_server()
        d.wait_ready()
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1400 and d.get("/v1/topology/confirm").json["pending"] is not None
        d.wait(lambda: d.topology()["bridges"]["lan0"]["mtu"] == 1500, 8)
        assert d.settled() == []


def jailnet(d, *args, code=0):
    r = subprocess.run([os.path.join(BUILD, "jailnet"), "--socket", d.path] + list(args), capture_output=True, text=True, timeout=60)
    assert r.returncode == code, (args, r)
    return r.stdout


def test_the_command_goes_back_and_forth(story, tmp_path):
    net = tmp_path / "net.json"
    with story.daemon() as d:
        net.write_text(json.dumps(NET))
        assert "Done. Revision 1." in jailnet(d, "apply", str(net))
        net.write_text(json.dumps(changed(1400)))
        out = jailnet(d, "apply", "--confirm", "60", str(net))
        assert "jailnet confirm" in out
        assert "Revision 2 is rolled back to revision 1 at " in jailnet(d, "confirm", "--show")
        assert jailnet(d, "confirm") == "Revision 2 stays.\n"
        jailnet(d, "confirm", code=6)
        out = jailnet(d, "diff", "1", "2", code=4)
        assert out.splitlines()[1].split() == ["change", "bridge/lan0", "/mtu", "1500", "1400"]
        assert jailnet(d, "diff", "2") == "No difference.\n"
        assert [line.split()[0] for line in jailnet(d, "history").splitlines()] == ["REVISION", "2", "1", "0"]
        assert len(jailnet(d, "history", "-n", "1").splitlines()) == 2
        jailnet(d, "rollback", "--dry-run", "1", code=4)
        assert jailnet(d, "rollback", "1") == "Done. Revision 3.\n"
        assert d.topology()["bridges"]["lan0"]["mtu"] == 1500
        jailnet(d, "rollback", "99", code=6)
        for bad in (["rollback", "x"], ["apply", "--confirm", "0", str(net)], ["diff"], ["history", "-n", "0"]):
            jailnet(d, *bad, code=2)
