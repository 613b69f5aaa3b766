"""Stories of the audit trail: every change and every refusal is in it, and tampering is found."""
import json
import os
import sqlite3
import subprocess

from jn import BUILD
from test_stories import NET, Story, story  # noqa: F401


def jailnet(d, *args, code=0):
    r = subprocess.run([os.path.join(BUILD, "jailnet"), "--socket", d.path] + list(args), capture_output=True, text=True, timeout=60)
    assert r.returncode == code, (args, r)
    return r.stdout + r.stderr


def trail(d, **filters):
    return d.get("/v1/audit?limit=1000" + "".join("&%s=%s" % f for f in filters.items())).json["items"]


def test_changes_are_in_it_with_who_and_what(story):
    with story.daemon(fault="BRIDGE_SET:1:22") as d:
        r = d.request("PUT", "/v1/topology", NET, {"X-Request-Id": "mine-1", "If-Match": "*"})
        assert r.status == 200
        row = trail(d)[0]
        assert (row["method"], row["path"], row["result"], row["revision"]) == ("PUT", "/v1/topology", "committed", r.json["revision"])
        assert (row["request_id"], row["operation"], row["detail"]) == ("mine-1", r.json["operation"], "3 created, 0 changed, 0 deleted: +bridge/lan0 +epair/web0 +jail/web")
        assert row["actor"].startswith("uid:")
        d.put("/v1/topology", NET)                      # changes nothing
        assert len(trail(d)) == 1
        assert d.patch("/v1/bridges/lan0", {"mtu": 1400}).status == 422     # the kernel refuses: committed, then undone
        d.wait(lambda: [i["result"] for i in trail(d)[:2]] == ["undone", "committed"], 5)
        t = d.post("/v1/tokens", {"name": "ci", "role": "viewer"})
        assert t.status == 201 and trail(d)[0]["path"] == "/v1/tokens"
        assert t.json["secret" if "secret" in t.json else "token"] not in json.dumps(trail(d))
        assert d.post("/v1/topology/rollback", {"revision": 0}).status == 200 and trail(d)[0]["path"] == "/v1/topology/rollback"


def test_refusals_are_in_it_wherever_they_happen(story):
    with story.daemon() as d:
        viewer = d.post("/v1/tokens", {"name": "v", "role": "viewer"}).json
        secret = viewer["secret" if "secret" in viewer else "token"]
        asked = [
            (d.tcp(token="jnd_wrong"), "GET", "/v1/bridges", None, 401), (d.tcp(token="jnd_wrong"), "PUT", "/v1/bridges/x0", {}, 401),
            (d.tcp(token=secret), "PUT", "/v1/bridges/x0", {}, 403), (d, "PUT", "/v1/bridges/x0", {"mtu": "x"}, 422), (d, "PUT", "/v1/bridges/x0", "{", 400),
            (d, "PUT", "/v1/epairs/x0", {"a": {"bridge": "nosuch"}}, 422), (d, "DELETE", "/v1/bridges/nosuch", None, 404),
            (d, "POST", "/v1/nosuch", {}, 404), (d, "POST", "/v1/topology/confirm", None, 409)]
        for client, method, target, body, status in asked:
            a = client.request(method, target, body)
            assert a.status == status, (method, target, a)
        assert d.get("/v1/bridges/nosuch").status == 404                    # nobody's business
        assert d.put("/v1/bridges/x0?dry_run=plan", {"mtu": 9}).status == 422
        d.wait(lambda: len(trail(d, result="refused")) >= len(asked), 5)
        rows = [(r["method"], r["path"], r["status"]) for r in trail(d, result="refused")]
        for _, method, target, _, status in asked:
            assert (method, target, status) in rows, (method, target, status, rows)
        assert [r["peer"] for r in trail(d, result="refused") if r["status"] == 403] == ["127.0.0.1"]
        assert ("GET", "/v1/bridges/nosuch", 404) not in rows
        assert trail(d, actor="nobody") == [] and d.get("/v1/audit?result=x").status in (200, 400)
        assert d.tcp(token=secret).get("/v1/audit").status == 403
        assert "none changed" in jailnet(d, "audit", "verify")


def test_a_flood_of_refusals_is_counted_not_written(story):
    with story.daemon() as d:
        c = d.tcp(token="jnd_wrong")
        n = 0
        for _ in range(400):
            n += c.get("/v1").status in (401, 429)
        assert n == 400
        d.wait(lambda: trail(d), 5)
        assert len(trail(d)) < 400 and "none changed" in jailnet(d, "audit", "verify")


def test_tampering_is_found(story, tmp_path):
    db = os.path.join(story.path, "state", "jailnet.db")
    with story.daemon() as d:
        for i in range(8):
            assert d.put("/v1/bridges/b%d" % i, {}).status == 201
        out = jailnet(d, "audit", "verify")
        head = out.split()[-1]
        assert out.startswith("8 entries, none changed")
        saved = tmp_path / "trail.json"
        saved.write_text(jailnet(d, "--json", "audit"))
        assert jailnet(d, "audit", "verify", "--file", str(saved)) == out
        jailnet(d, "audit", "verify", "--expect", head)
        jailnet(d, "audit", "verify", "--expect", "8:" + "0" * 64, code=1)
        assert len(jailnet(d, "audit", "-n", "3").splitlines()) == 4
    for what, sql in (("entry 3 is not", "UPDATE audit SET actor = 'uid:4711' WHERE seq = 3"), ("4 is followed by 6", "DELETE FROM audit WHERE seq = 5"),
                      ("entry 7 is not", "UPDATE audit SET at = at + 1 WHERE seq = 7"), ("is not in it", "DELETE FROM audit WHERE seq = 8")):
        c = sqlite3.connect(db)
        kept = c.execute("SELECT * FROM audit").fetchall()
        c.execute(sql)
        c.commit()
        c.close()
        with story.daemon() as d:
            assert what in jailnet(d, "audit", "verify", "--expect", head, code=1)
        c = sqlite3.connect(db)
        c.execute("DELETE FROM audit")
        c.executemany("INSERT INTO audit VALUES (%s)" % ",".join("?" * len(kept[0])), kept)
        c.commit()
        c.close()
    with story.daemon() as d:                           # the same file, put right again, is whole
        jailnet(d, "audit", "verify", "--expect", head)
