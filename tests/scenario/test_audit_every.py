"""Every write of the contract, refused and done: each is in the audit trail once, with who, what and the status that was answered."""
import itertools

import yaml

from jn import TOP, Client
from test_audit import jailnet, trail
from test_stories import NET, story  # noqa: F401

with open(TOP + "/openapi/openapi.yaml", encoding="utf-8") as f:
    DOC = yaml.safe_load(f)
WRITES = {op["operationId"]: (method.upper(), path) for path, item in DOC["paths"].items() for method, op in item.items()
          if method in ("put", "post", "patch", "delete")}
NEVER = {"If-Match": '"r99999"'}
WRONG = {"name": "x0", "mtu": 1}
EJ = {"files": [{"path": "/usr/local/etc/ezjail/web", "content": "export jail_web_hostname=\"web\"\nexport jail_web_ip=\"lo1|127.0.1.1\"\n"}]}

# operation, what is refused (status, target, body, headers), what is done (the same), what its row says
STORY = [
    ("createBridge", (422, "/v1/bridges", WRONG), (201, "/v1/bridges", {"name": "lan0", "addresses": ["10.1.0.1/24"]}), "+bridge/lan0"),
    ("repairDrift", (404, "/v1/drift/bridge:lan0/repair", None), (200, "/v1/drift/bridge:lan0/repair", None), "bridge/lan0"),
    ("adoptDrift", (404, "/v1/drift/bridge:nosuch/adopt", None), (200, "/v1/drift/bridge:lan0/adopt", None), "~bridge/lan0"),
    ("patchBridge", (412, "/v1/bridges/lan0", {"mtu": 1400}, NEVER), (200, "/v1/bridges/lan0", {"mtu": 1400}), "~bridge/lan0"),
    ("putBridge", (422, "/v1/bridges/lan1", {"mtu": 1}), (201, "/v1/bridges/lan1", {}), "+bridge/lan1"),
    ("deleteBridge", (404, "/v1/bridges/nosuch", None), (204, "/v1/bridges/lan1", None), "-bridge/lan1"),
    ("createJail", (422, "/v1/jails", {"name": "web", "x": 1}), (201, "/v1/jails", {"name": "web"}), "+jail/web"),
    ("stopJail", (404, "/v1/jails/nosuch/stop", None), (200, "/v1/jails/web/stop", None), "~jail/web"),
    ("startJail", (404, "/v1/jails/nosuch/start", None), (200, "/v1/jails/web/start", None), "~jail/web"),
    ("restartJail", (404, "/v1/jails/nosuch/restart", None), (200, "/v1/jails/web/restart", None), "~jail/web"),
    ("probeJail", (404, "/v1/jails/nosuch/probe", {"to": "10.1.0.1"}), (200, "/v1/jails/web/probe", {"to": "10.1.0.1"}), "probe"),
    ("patchJail", (422, "/v1/jails/web", {"routes": 1}), (200, "/v1/jails/web", {"description": "x"}), "~jail/web"),
    ("putJail", (422, "/v1/jails/db", {"x": 1}), (201, "/v1/jails/db", {}), "+jail/db"),
    ("deleteJail", (404, "/v1/jails/nosuch", None), (204, "/v1/jails/db", None), "-jail/db"),
    ("createEpair", (422, "/v1/epairs", {"name": "e0", "a": {"bridge": "nosuch"}}), (201, "/v1/epairs", {"name": "e0"}), "+epair/e0"),
    ("putEpair", (422, "/v1/epairs/e1", {"a": {"bridge": "nosuch"}}), (201, "/v1/epairs/e1", {}), "+epair/e1"),
    ("patchEpair", (412, "/v1/epairs/e0", {"mtu": 1400}, NEVER), (200, "/v1/epairs/e0", {"mtu": 1400}), "~epair/e0"),
    ("deleteEpair", (404, "/v1/epairs/nosuch", None), (204, "/v1/epairs/e1", None), "-epair/e1"),
    ("attachInterface", (422, "/v1/interfaces/re0/jail", {"jail": "nosuch"}), (201, "/v1/interfaces/re0/jail", {"jail": "web"}), "+attachment/re0"),
    ("detachInterface", (404, "/v1/interfaces/re1/jail", None), (204, "/v1/interfaces/re0/jail", None), "-attachment/re0"),
    ("confirmTopology", (409, "/v1/topology/confirm", None), (200, "/v1/topology/confirm", None), "op_"),
    ("putTopology", (428, "/v1/topology", {}), (200, "/v1/topology", NET, {"If-Match": "*"}), "+epair/web0"),
    ("rollbackTopology", (422, "/v1/topology/rollback", {"revision": 99999}), (200, "/v1/topology/rollback", {"revision": 1}), "-jail/web"),
    ("createPlan", (422, "/v1/plans", {"epairs": {"x0": {"a": {"bridge": "nosuch"}}}}), (201, "/v1/plans", NET), "pl_"),
    ("applyPlan", (404, "/v1/plans/pl_nosuch/apply", None), (200, "/v1/plans/PLAN/apply", None), "+epair/web0"),
    ("deletePlan", (404, "/v1/plans/pl_nosuch", None), (204, "/v1/plans/PLAN", None), "PLAN"),
    # nothing is changed by these: only their refusals are told
    ("importEzjail", (422, "/v1/import/ezjail", {}), (200, "/v1/import/ezjail", EJ), None),
    ("importJailConf", (422, "/v1/import/jail-conf", {"x": 1}), (200, "/v1/import/jail-conf", {"files": [{"path": "jail.conf", "content": "a { vnet; }"}]}), None),
    ("importRcConf", (422, "/v1/import/rc-conf", {"files": 1}), (200, "/v1/import/rc-conf", {"files": [{"path": "rc.conf", "content": "a=1\n"}]}), None),
    ("importHost", (400, "/v1/import/host?x=1", None), (200, "/v1/import/host", None), None),
    ("createBackup", (400, "/v1/backup?x=1", None), (200, "/v1/backup", None), "copy"),
    ("createToken", (422, "/v1/tokens", {"name": "t", "role": "king"}), (201, "/v1/tokens", {"name": "ci", "role": "admin"}), 'token TOKEN admin "ci"'),
    ("signIn", (401, "/v1/session", {"token": "jnd_wrong"}), (201, "/v1/session", {"token": "SECRET"}), "session se_"),
    ("createSignInCode", (422, "/v1/session/code", {"role": "king"}), (201, "/v1/session/code", {"role": "viewer"}), "code se_"),
    ("signOut", (403, "/v1/session", None), (204, "/v1/session", None, {"Cookie": "COOKIE", "Sec-Fetch-Site": "same-origin"}), "session se_"),
    ("deleteToken", (404, "/v1/tokens/tk_nosuch", None), (204, "/v1/tokens/TOKEN", None), "token TOKEN admin"),
]


class Asked:
    """Requests, each with an id of its own, and the row that is to be found."""

    def __init__(self, story, d):  # noqa: F811
        self.story, self.d, self.rows, self.ids, self.words = story, d, {}, itertools.count(), {}
        self.browser = Client(port=d.url_port)

    def put_in(self, text):
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text

    def before(self, name, what):
        if name in ("repairDrift", "adoptDrift") and what == "done":
            if name == "repairDrift":
                self.story.by_hand("addr-add - lan0 10.1.0.7/24")
            self.d.wait(lambda: self.d.get("/v1/drift").json["items"], 10)
        if name == "confirmTopology" and what == "done":
            a = self.d.request("PUT", "/v1/topology?confirm_timeout=60", {"jails": {"web": {"description": "y"}}}, {"If-Match": "*"})
            assert a.status == 200, a

    def ask(self, client, name, what, status, target, body, headers=None):
        self.before(name, what)
        method, _ = WRITES[name]
        rid = "%s-%s-%d" % (name, what, next(self.ids))
        headers = {k: self.put_in(v) for k, v in (headers or {}).items()}
        if body is not None and "token" in body:
            body = {"token": self.put_in(body["token"])}
        a = client.request(method, self.put_in(target), body, dict(headers, **{"X-Request-Id": rid}))
        assert a.status == status, (name, what, a)
        if what == "done" and a.status == 201 and name == "createPlan":
            self.words["PLAN"] = a.json["id"]
        if what == "done" and name == "createToken":
            self.words.update(TOKEN=a.json["id"], SECRET=a.json["token"])
        if what == "done" and name == "signIn":
            self.words["COOKIE"] = a.headers["Set-Cookie"].split(";")[0]
        return rid, method, self.put_in(target).split("?")[0]

    def look(self, expected):
        """Refusals are written a moment later."""
        self.d.wait(lambda: {e[0] for e in expected} <= {r["request_id"] for r in trail(self.d)}, 10)
        rows = trail(self.d)
        for rid, method, path, result, status, detail, actor in expected:
            mine = [r for r in rows if r["request_id"] == rid]
            assert len(mine) == 1, (rid, mine)
            r = mine[0]
            assert (r["method"], r["path"], r["result"], r["status"]) == (method, path, result, status), r
            assert self.put_in(detail) in r["detail"] and r["detail"], (detail, r)
            assert (r["actor"] or "").startswith(actor) and (actor or r["actor"] is None), r


def test_the_story_knows_every_write_of_the_contract():
    assert {s[0] for s in STORY} == set(WRITES)


def test_every_write_is_in_the_trail_once(story):  # noqa: F811
    with story.daemon(fault=",".join(["ADDR_DEL:1:1"] * 8)) as d:
        a = Asked(story, d)
        expected = []
        for name, refused, done, says in STORY:
            asker = a.browser if name in ("signIn", "signOut") else d
            who = "" if asker is a.browser else "uid:"
            if name == "signOut":           # "there is no session": of somebody who has a token
                a.ask(d.tcp(a.words["SECRET"]), name, "other", *refused)
            else:
                expected.append(a.ask(asker, name, "refused", *refused) + ("refused", refused[0], "", who))
            row = a.ask(asker, name, "done", *done)
            if says is not None:
                expected.append(row + ("committed", 0, says, "token:" if asker is a.browser else who))
            if len(expected) >= 15:         # those who are refused have a place each for a moment, not for ever
                a.look(expected)
                expected = []
        a.look(expected)
        quiet = {n for n, _, _, says in STORY if says is None}
        assert not [r for r in trail(d) if r["request_id"] and r["request_id"].split("-")[0] in quiet and r["result"] != "refused"]
        secrets = [a.words["SECRET"], a.words["COOKIE"].split("=")[1]]
        assert not [r for r in trail(d) if any(s in str(r) for s in secrets)]
        assert "none changed" in jailnet(d, "audit", "verify")


def test_whoever_has_no_right_is_in_the_trail_for_every_write(story):  # noqa: F811
    with story.daemon() as d:
        viewer = d.tcp(d.post("/v1/tokens", {"name": "v", "role": "viewer"}).json["token"])
        nobody = Client(port=d.url_port)
        for client, status, actor in ((viewer, 403, "token:tk_"), (nobody, 401, "")):
            a, expected = Asked(story, d), []
            for name, refused, done, _ in STORY:
                if WRITES[name][1].startswith("/v1/session"):
                    continue
                path = "/".join("x" if part.startswith("{") else part for part in WRITES[name][1].split("/"))
                expected.append(a.ask(client, name, "no-right-%d" % status, status, path, None) + ("refused", status, "", actor))
                if len(expected) == 15:
                    a.look(expected)
                    expected = []
            a.look(expected)


def test_dry_runs_that_are_refused(story):  # noqa: F811
    with story.daemon() as d:
        assert d.put("/v1/epairs/x0?dry_run=plan", {"a": {"bridge": "nosuch"}}, **{"X-Request-Id": "dry"}).status == 422
        assert d.put("/v1/epairs/x0?dry_run=plan", {}, **{"X-Request-Id": "good"}).status == 200
        d.wait(lambda: [r["request_id"] for r in trail(d)] == ["dry"], 5)


def test_names_that_point_at_us_and_guesses_are_told_though_they_only_read(story):  # noqa: F811
    with story.daemon() as d:
        assert d.tcp().request("GET", "/v1", None, {"Host": "evil.example", "X-Request-Id": "rebound"}).status == 421
        guess = d.tcp(token="jnd_wrong")
        d.wait(lambda: guess.get("/v1", **{"X-Request-Id": "guess"}).status == 429, 10)
        d.wait(lambda: {("rebound", 421), ("guess", 401), ("guess", 429)} <= {(r["request_id"], r["status"]) for r in trail(d)}, 5)


def test_strangers_do_not_push_out_what_others_did(story):  # noqa: F811
    with story.daemon() as d:
        before = len(trail(d))
        nobody = Client(port=d.url_port)
        for i in range(100):                        # far more than has room until the notes are written
            assert nobody.get("/v1").status == 401
            if i == 90:
                assert d.post("/v1/backup", None, **{"X-Request-Id": "backup"}).status == 200
                assert d.delete("/v1/bridges/nosuch", **{"X-Request-Id": "mine"}).status == 404
        mine = [r for r in trail(d) if r["request_id"] == "backup"]
        assert [(r["result"], r["actor"][:4]) for r in mine] == [("committed", "uid:")]      # there before it was answered
        d.wait(lambda: "mine" in {r["request_id"] for r in trail(d)}, 5)
        assert len(trail(d)) > before + 2


def test_one_of_us_does_not_push_out_another(story):  # noqa: F811
    with story.daemon() as d:
        viewer = d.tcp(d.post("/v1/tokens", {"name": "v", "role": "viewer"}).json["token"])
        for i in range(100):
            assert viewer.post("/v1/backup").status == 403
            if i == 90:
                assert d.delete("/v1/bridges/nosuch", **{"X-Request-Id": "mine"}).status == 404
        d.wait(lambda: "mine" in {r["request_id"] for r in trail(d)}, 5)


def test_the_last_refusals_are_written_when_it_stops(story):  # noqa: F811
    with story.daemon() as d:
        assert d.delete("/v1/bridges/nosuch", **{"X-Request-Id": "last"}).status == 404
        d.stop()
    with story.daemon() as d:
        assert "last" in {r["request_id"] for r in trail(d)}
