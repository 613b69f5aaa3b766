"""Who may what: tokens, roles, scopes, selectors, guessing.  Fake kernel, TCP on loopback."""
import concurrent.futures
import datetime
import http.client
import json
import os
import subprocess
import sys
import time

import pytest
import yaml

from jn import BUILD, ROOT, TOP, Client, Daemon
from test_openapi import routes  # noqa: F401  (a fixture)

with open(os.path.join(TOP, "openapi", "openapi.yaml"), encoding="utf-8") as f:
    DOC = yaml.safe_load(f)


@pytest.fixture(scope="module")
def d():
    with Daemon() as daemon:
        yield daemon


def make(d, **token):
    token = dict({"name": "t", "role": "viewer"}, **token)
    a = d.post("/v1/tokens", token)
    assert a.status == 201, a
    return a.json


def client(d, **token):
    return d.tcp(make(d, **token)["token"])


def raw(d, method, target, body=None, headers=None):
    """Without a token, with exactly these headers."""
    return Client(port=d.url_port).request(method, target, body, headers)


def sign_in(d, **what):
    a = raw(d, "POST", "/v1/session", what)
    assert a.status == 201, a
    return a.headers["Set-Cookie"].split(";")[0], a


def test_the_secret_is_shown_once_and_stored_hashed(d):
    t = make(d, role="admin", name="once")
    secret = t["token"]
    assert secret.startswith("jnd_") and len(secret) == 56
    assert d.tcp(secret).get("/v1").status == 200
    for target in ("/v1/tokens", "/v1/tokens/" + t["id"]):
        assert secret not in d.get(target).body.decode() and "token" not in [k for k in d.get(target).json if k == "token"]
    for name in os.listdir(d.state_dir):
        path = os.path.join(d.state_dir, name)
        if os.path.isfile(path) and name != "admin.token":
            with open(path, "rb") as f:
                assert secret.encode() not in f.read(), name
    assert secret not in d.log()
    c = d.tcp(secret)
    assert d.delete("/v1/tokens/" + t["id"]).status == 204
    assert c.get("/v1").status == 401
    assert d.delete("/v1/tokens/" + t["id"]).status == 404


def test_a_token_says_when_it_was_last_used(d):
    t = make(d, name="seldom")
    used = lambda: d.get("/v1/tokens/" + t["id"]).json["last_used_at"]  # noqa: E731
    assert t["last_used_at"] is None and used() is None
    assert d.tcp(t["token"][:-1] + ("A" if t["token"][-1] != "A" else "B")).get("/v1").status == 401
    before = time.time()
    assert d.tcp(t["token"]).get("/v1").status == 200
    d.wait(used, 5)
    first = used()
    at = datetime.datetime.fromisoformat(first.replace("Z", "+00:00")).timestamp()
    assert before - 0.01 <= at <= time.time()
    for _ in range(20):
        assert d.tcp(t["token"]).get("/v1").status == 200       # to the minute: nothing more is written
    time.sleep(0.5)
    assert used() == first
    assert [i["last_used_at"] for i in d.get("/v1/tokens").json["items"] if i["id"] == t["id"]] == [first]


def test_a_session_counts_as_use_of_its_token(d):
    t = make(d, name="behind a session")
    cookie, _ = sign_in(d, token=t["token"])
    assert d.get("/v1/tokens/" + t["id"]).json["last_used_at"] is None
    assert raw(d, "GET", "/v1", None, {"Cookie": cookie}).status == 200
    d.wait(lambda: d.get("/v1/tokens/" + t["id"]).json["last_used_at"], 5)


def test_every_route_by_role(d, routes):
    """The route table's roles, asked through the door: nobody, viewer, operator, admin."""
    clients = [Client(port=d.url_port)] + [client(d, role=r) for r in ("viewer", "operator", "admin")]
    roles = {r["id"]: r["role"] for r in routes}
    assert all(roles[i] == 3 for i in ("listTokens", "createToken", "getToken", "deleteToken"))
    for path, item in DOC["paths"].items():
        for method in ("get", "put", "post", "delete", "patch"):
            if method not in item:
                continue
            op = item[method]
            least = roles[op["operationId"]]
            # reading needs a viewer at least, writing an operator; what needs less is on the short list
            assert least >= (1 if method == "get" else 2) or op.get("security") == [] or path.startswith("/v1/session"), path
            target = path.replace("{id}", "tk_x" if "tokens" in path else "op_x").replace("{", "").replace("}", "")
            if path == "/v1/events":
                target += "?limit=1"
            for role, c in enumerate(clients):
                a = c.request(method.upper(), target, "]" if method not in ("get", "delete") else None)
                if role < least:
                    assert a.status == (401 if role == 0 else 403), (method, path, role, a)
                    assert a.json["code"] in ("unauthorized", "forbidden")
                    assert role > 0 or a.headers["WWW-Authenticate"] == "Bearer"
                elif path != "/v1/session":
                    assert a.status not in (401, 403), (method, path, role, a)


def test_scopes_make_it_less(d):
    c = client(d, role="operator", scopes=["net:write", "jails:read"])
    assert c.put("/v1/bridges/sc0", {}).status == 201
    assert c.get("/v1/bridges").status == 200 and c.get("/v1/jails").status == 200
    assert c.put("/v1/jails/sc0", {}).status == 403
    assert c.get("/v1/topology").status == 403 and c.get("/v1/events", Accept="application/json").status == 403
    assert "net:write" in c.get("/v1/whoami").json["scopes"]
    # answers are cached for those who may see them: not for this one
    everything = client(d)
    for _ in range(2):
        assert everything.get("/v1/topology").status == 200
        assert c.get("/v1/topology").status == 403
    assert c.delete("/v1/bridges/sc0").status == 204


def test_nobody_gives_more_than_he_has(d):
    c = client(d, role="admin", scopes=["tokens:write", "net:read"])
    assert c.post("/v1/tokens", {"name": "x", "role": "admin"}).status == 403
    assert c.post("/v1/tokens", {"name": "x", "role": "viewer", "scopes": ["jails:read"]}).status == 403
    assert c.post("/v1/tokens", {"name": "x", "role": "viewer", "scopes": ["net:read"]}).status == 201
    v = client(d, role="viewer")
    assert v.post("/v1/session/code", {"role": "admin"}).status == 403
    # with a selector there are no tokens at all, whatever the role
    s = client(d, role="admin", selector="env=prod")
    assert s.post("/v1/tokens", {"name": "x", "role": "viewer", "selector": "env=prod"}).status == 403 and s.get("/v1/tokens").status == 403


def cannot_shed_limits(ask, end):
    """ask(body) makes a token with a credential that is limited to these addresses and this end."""
    viewer = {"name": "x", "role": "viewer"}
    for cidrs in (["0.0.0.0/0"], ["127.0.0.0/7"], ["127.0.0.1/32", "10.0.0.0/8"], ["::/0"], ["2001:db8::/31"]):
        a = ask(dict(viewer, cidrs=cidrs))
        assert a.status == 403 and [e["pointer"] for e in a.json["errors"]] == ["/cidrs"], (cidrs, a)
    for seconds in ({}, {"expires_in_seconds": 0}, {"expires_in_seconds": 10**6}):
        a = ask(dict(viewer, **seconds))
        assert a.status == 201 and a.json["expires_at"] == end and a.json["cidrs"] == LIMITED, a
    a = ask(dict(viewer, cidrs=["127.3.0.0/16", "2001:db8:1::/48"], expires_in_seconds=60))
    assert a.status == 201 and a.json["expires_at"] < end and a.json["cidrs"] == ["127.3.0.0/16", "2001:db8:1::/48"], a


LIMITED = ["127.0.0.0/8", "2001:db8::/32"]


def test_limits_of_place_and_time_are_passed_on(d):
    t = make(d, role="admin", cidrs=LIMITED, expires_in_seconds=3600)
    cannot_shed_limits(lambda body: d.tcp(t["token"]).post("/v1/tokens", body), t["expires_at"])
    # a session is shorter than its token: what it makes may live as long as that
    cookie, _ = sign_in(d, token=t["token"])
    cannot_shed_limits(lambda body: raw(d, "POST", "/v1/tokens", body, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}), t["expires_at"])
    code = d.tcp(t["token"]).post("/v1/session/code", {"expires_in_seconds": 60}).json["code"]
    cookie, _ = sign_in(d, code=code)
    cannot_shed_limits(lambda body: raw(d, "POST", "/v1/tokens", body, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}), t["expires_at"])
    cookie, _ = sign_in(d, token=d.admin_token)
    a = raw(d, "POST", "/v1/tokens", {"name": "x", "role": "viewer", "expires_in_seconds": 0}, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    assert a.status == 201 and a.json["expires_at"] is None and a.json["cidrs"] == []


def test_expiry(d):
    t = make(d, expires_in_seconds=1)
    c = d.tcp(t["token"])
    assert c.get("/v1").status == 200
    time.sleep(1.2)
    assert c.get("/v1").status == 401
    assert make(d, expires_in_seconds=0)["expires_at"] is None


def test_cidr_limits(d):
    here = client(d, cidrs=["127.0.0.0/8"])
    elsewhere = client(d, cidrs=["192.0.2.0/24", "2001:db8::/32"])
    assert here.get("/v1").status == 200
    assert elsewhere.get("/v1").status == 401


@pytest.mark.parametrize("field,value", [
    ("role", "root"), ("name", ""), ("name", "x" * 64), ("scopes", ["jails"]), ("scopes", ["jails:admin"]), ("scopes", [1]), ("scopes", "jails:read"),
    ("cidrs", ["10.0.0.0/33"]), ("cidrs", ["localhost"]), ("cidrs", ["10.0.0.0/8 0.0.0.0/0"]), ("selector", "a=b=c"), ("selector", ","),
    ("selector", "=x"), ("expires_in_seconds", -1), ("expires_in_seconds", 10**12), ("certificate_sha256", "abc"), ("colour", 1)])
def test_what_a_token_cannot_be(d, field, value):
    a = d.post("/v1/tokens", dict({"name": "x", "role": "viewer"}, **{field: value}))
    assert a.status == 422 and any(e["pointer"].startswith("/" + field) for e in a.json["errors"]), a


def test_the_last_admin_stays():
    with Daemon() as d:
        first, = [t for t in d.get("/v1/tokens").json["items"]]
        a = d.delete("/v1/tokens/" + first["id"])
        assert a.status == 409 and a.json["code"] == "in_use"
        # neither a restricted admin nor one that has expired can stand in
        for less in ({"scopes": ["net:read"]}, {"selector": "a"}, {"cidrs": ["192.0.2.1/32"]}):
            make(d, role="admin", **less)
        make(d, role="admin", expires_in_seconds=1)
        time.sleep(1.1)
        assert d.delete("/v1/tokens/" + first["id"]).status == 409
        make(d, role="admin")
        assert d.delete("/v1/tokens/" + first["id"]).status == 204


# --- label selectors ---------------------------------------------------------------------------------------------


def test_a_selector_hides_the_rest(d):
    d.put("/v1/topology", {"bridges": {"pb": {"labels": {"env": "prod"}}, "db0": {"labels": {"env": "dev"}}},
                           "jails": {"pj": {"labels": {"env": "prod"}}, "dj": {"labels": {"env": "dev"}}}})
    c = client(d, role="operator", selector="env=prod")
    assert [j["name"] for j in c.get("/v1/jails").json["items"]] == ["pj"]
    assert [b["name"] for b in c.get("/v1/bridges").json["items"]] == ["pb"]
    assert c.get("/v1/jails/dj").status == 404 and c.get("/v1/jails/pj").status == 200
    # the pages together are the same list
    names, cursor = [], ""
    while True:
        page = c.get("/v1/jails?limit=1" + cursor).json
        names += [j["name"] for j in page["items"]]
        if page["next"] is None:
            break
        cursor = "&cursor=" + page["next"]
    assert names == ["pj"]
    for target in ("/v1/topology", "/v1/interfaces", "/v1/macs", "/v1/drift", "/v1/operations", "/v1/tokens"):
        assert c.get(target).status == 403, target
    assert c.get("/v1/events", Accept="application/json").status == 403


def test_a_selector_holds_for_writes(d):
    d.put("/v1/topology", {"bridges": {"pb": {"labels": {"env": "prod"}}, "db0": {"labels": {"env": "dev"}}},
                           "jails": {"pj": {"labels": {"env": "prod"}}, "dj": {"labels": {"env": "dev"}}}})
    c = client(d, role="operator", selector="env=prod")
    prod = {"labels": {"env": "prod"}}
    assert c.put("/v1/jails/new", prod).status == 201
    assert c.put("/v1/jails/other", {}).status == 403
    assert c.put("/v1/jails/dj", prod).status == 404
    assert c.patch("/v1/jails/dj", prod).status == 404
    assert c.delete("/v1/jails/dj").status == 404
    assert c.post("/v1/jails/dj/stop").status in (403, 404)
    assert c.patch("/v1/jails/new", {"labels": {"env": "dev"}}).status == 403
    # neither into a jail nor onto a bridge of somebody else
    assert c.put("/v1/epairs/e0", dict(prod, a={"bridge": "pb"}, b={"jail": "pj"})).status == 201
    assert c.put("/v1/epairs/e1", dict(prod, a={"bridge": "db0"}, b={"jail": "pj"})).status == 403
    assert c.put("/v1/epairs/e1", dict(prod, a={"bridge": "pb"}, b={"jail": "dj"})).status == 403
    assert c.put("/v1/bridges/pb", dict(prod, members={"uplink0": {}})).status in (403, 422)
    assert c.put("/v1/topology", {}, **{"If-Match": "*"}).status == 403
    assert d.get("/v1/jails/dj").json["labels"] == {"env": "dev"}


def test_what_is_hidden_is_answered_as_what_is_not_there(d):
    """Every verb, with every condition: the same status and words for an object of others and for none."""
    d.put("/v1/topology", {"bridges": {"db0": {"labels": {"env": "dev"}}, "pb": {"labels": {"env": "prod"}}},
                           "jails": {"dj": {"labels": {"env": "dev"}}, "away": {"external": True, "labels": {"env": "dev"}}}})
    d.wait(lambda: d.get("/v1/jails/dj").json["status"]["state"] == "ready")
    revision = d.get("/v1/jails/dj").json["revision"]
    c = client(d, role="operator", selector="env=prod")
    never = {"If-Match": '"r999999"'}
    right = {"If-Match": '"r%d"' % revision}
    asked = [("PATCH", "", {}, {}), ("PATCH", "", {}, never), ("PATCH", "", {}, right), ("PATCH", "", {"colour": 1}, {}), ("DELETE", "", None, never),
             ("DELETE", "", None, {}), ("DELETE", "?dry_run=plan", None, {}), ("PATCH", "?dry_run=validate", {"description": "x"}, {}),
             ("POST", "/start", None, {}), ("POST", "/start", None, right), ("POST", "/stop", None, {}), ("POST", "/stop", None, never),
             ("POST", "/restart", None, {}), ("POST", "/restart?dry_run=plan", None, {}), ("POST", "/probe", {"to": "127.0.0.1"}, {}), ("GET", "", None, {})]
    for method, action, body, headers in asked:
        none = c.request(method, "/v1/jails/nosuch" + action, body, headers)
        assert none.status == 404 and none.json["code"] == "not_found", (method, action, none)
        for name in ("dj", "away"):
            a = c.request(method, "/v1/jails/" + name + action, body, headers)
            words = a.body.decode().replace(name, "nosuch").replace(a.json["request_id"], none.json["request_id"])
            assert (a.status, words) == (404, none.body.decode()), (method, action, name, a, none)
    # names are everybody's: one that is taken cannot be had, and nothing more is said
    for headers in ({}, never):
        a = c.request("POST", "/v1/jails", {"name": "dj", "labels": {"env": "prod"}}, headers)
        assert a.status == 409 and "r%d" % revision not in a.body.decode(), a
    assert d.get("/v1/jails/dj").json["revision"] == revision


def test_an_answer_that_is_given_again_shows_no_more_than_now(d):
    c = client(d, role="operator", selector="env=prod")
    asked = ("PUT", "/v1/jails/again", {"labels": {"env": "prod"}}, {"Idempotency-Key": '"again"'})
    assert c.request(*asked).status == 201
    assert c.request(*asked).json["name"] == "again"
    assert d.patch("/v1/jails/again", {"labels": {"env": "dev"}, "description": "hunter2"}).status == 200
    a = c.request(*asked)
    assert a.status == 200 and a.headers["Idempotency-Replayed"] == "true" and a.json["id"].startswith("op_"), a
    assert b"hunter2" not in a.body


# --- users of the socket -----------------------------------------------------------------------------------------


ASK = r"""
import json, socket, sys
path, asked = json.loads(sys.argv[1])
got = []
for method, target, body in asked:
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (method, target, len(body), body)).encode())
    answer = b""
    while (more := s.recv(65536)):
        answer += more
    got.append((int(answer.split()[1]), answer.split(b"\r\n\r\n", 1)[1].decode()))
print(json.dumps(got))
"""


@pytest.mark.skipif(not ROOT, reason="needs root: clients that are other users")
def test_users_of_the_socket_are_asked_for_their_id():
    """By the kernel, of real processes: who is in no list is nobody, whoever he says that he is."""
    roles = {"nobody": 65534, "viewer": 54001, "operator": 54002, "admin": 54003, "root": 0}
    expected = {"nobody": [401, 401, 401, 401], "viewer": [200, 200, 403, 403], "operator": [200, 200, 201, 403], "admin": [200, 200, 200, 200],
                "root": [200, 200, 200, 200]}
    with Daemon(sandbox=False, conf="viewer_uids = 54001\noperator_uids = 54002 54005\nadmin_uids = 54003\n") as d:
        os.chmod(d.path, 0o666)
        asked = [("GET", "/v1/whoami", ""), ("GET", "/v1/bridges", ""), ("PUT", "/v1/bridges/by0", "{}"), ("GET", "/v1/tokens", "")]
        for name, uid in roles.items():
            r = subprocess.run([sys.executable, "-c", ASK, json.dumps([d.path, asked])], capture_output=True, text=True, user=uid, group=65534, extra_groups=[], timeout=60)
            got = json.loads(r.stdout)
            assert [status for status, _ in got] == expected[name], (name, got)
            if name != "nobody":
                who = json.loads(got[0][1])
                assert (who["actor"], who["role"], who["via"]) == ("uid:%d" % uid, name.replace("root", "admin"), "socket")
    # as it is made, its mode keeps others from asking at all
    with Daemon(sandbox=False) as d:
        assert os.stat(d.path).st_mode & 0o7777 == 0o660
        r = subprocess.run([sys.executable, "-c", ASK, json.dumps([d.path, asked])], capture_output=True, text=True, user=65534, group=65534, extra_groups=[], timeout=60)
        assert "Permission denied" in r.stderr, r


# --- a credential that ends while it is used ------------------------------------------------------------------------


def rest_of(answer):
    """What still comes of a stream until the server ends it; a heartbeat says that it does not."""
    got = b""
    while line := answer.readline():
        assert not line.startswith(b": still here"), got
        got += line
    return got


class Stream:
    """GET /v1/events, open; rest() is what still comes until the server ends it."""

    def __init__(self, d, headers, local=False):
        self.connection = d.connection() if local else http.client.HTTPConnection("127.0.0.1", d.url_port, timeout=30)
        self.connection.request("GET", "/v1/events", headers=dict(headers, Accept="text/event-stream"))
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()

    def next(self):
        """The next event that has data."""
        while True:
            line = self.answer.readline()
            assert line != b"", "the stream has ended"
            if line.startswith(b"data: "):
                return json.loads(line[6:])

    def rest(self):
        got = rest_of(self.answer)
        self.close()
        return got

    def close(self):
        self.connection.close()


def streams(d, **token):
    """One of each: by the token itself, by a session made with it."""
    t = make(d, **token)
    cookie, _ = sign_in(d, token=t["token"])
    return t, cookie, Stream(d, {"Authorization": "Bearer " + t["token"]}), Stream(d, {"Cookie": cookie})


def test_a_stream_ends_with_its_credential(d):
    others = [Stream(d, {}, local=True), Stream(d, {"Authorization": "Bearer " + d.admin_token})]
    t, _, by_token, by_session = streams(d)
    d.put("/v1/bridges/ev0", {})
    assert [s.next()["object"] for s in (by_token, by_session)] == ["bridge/ev0"] * 2
    assert d.delete("/v1/tokens/" + t["id"]).status == 204
    assert [b"token.deleted" in s.rest() for s in (by_token, by_session)] == [False] * 2
    _, cookie, by_token, by_session = streams(d)
    assert raw(d, "DELETE", "/v1/session", None, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}).status == 204
    d.delete("/v1/bridges/ev0")
    assert b"bridge.deleted" not in by_session.rest()
    for s in others + [by_token]:                               # whose credential is good goes on
        while s.next()["type"] != "bridge.deleted":
            pass
        s.close()


def test_a_stream_does_not_outlive_the_expiry(d):
    _, _, *both = streams(d, expires_in_seconds=1)
    time.sleep(1.2)
    d.put("/v1/bridges/ev1", {})
    assert [b"data: " in s.rest() for s in both] == [False] * 2
    d.delete("/v1/bridges/ev1")


def test_a_long_poll_ends_with_its_token(d):
    t = make(d)
    c = d.tcp(t["token"])
    since = d.events()[-1]["seq"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(c.get, "/v1/changes?since=%d&wait=50" % since)
        time.sleep(0.3)
        assert not answer.done()
        assert d.delete("/v1/tokens/" + t["id"]).status == 204
        a = answer.result(30)
    assert a.status == 401 and a.json["code"] == "unauthorized", a


# --- guessing ----------------------------------------------------------------------------------------------------


def test_guessing_is_slowed_by_address():
    with Daemon() as d:
        good = d.tcp()
        assert good.get("/v1").status == 200
        statuses = [d.tcp("jnd_00000000_%043d" % i).get("/v1").status for i in range(30)]
        assert statuses[:10] == [401] * 10 and set(statuses[10:]) == {429}, statuses
        a = d.tcp("jnd_00000000_x").get("/v1")
        assert a.status == 429 and int(a.headers["Retry-After"]) >= 1 and a.json["code"] == "too_many"
        assert raw(d, "POST", "/v1/session", {"token": "jnd_x"}).status == 429
        # who was here before goes on, nobody is locked out, and other addresses notice nothing
        assert good.get("/v1").status == 200
        assert d.get("/v1").status == 200
        c = http.client.HTTPConnection("127.0.0.1", d.url_port, source_address=("127.0.0.2", 0))
        c.request("GET", "/v1", headers={"Authorization": "Bearer " + d.admin_token})
        assert c.getresponse().status == 200
        c.close()
        # the wait ends, and the next one is longer
        time.sleep(2.2)
        assert d.tcp("jnd_00000000_x").get("/v1").status == 401
        assert int(d.tcp("jnd_00000000_x").get("/v1").headers["Retry-After"]) >= 3


def test_guessing_a_session_counts_too():
    with Daemon() as d:
        statuses = [raw(d, "POST", "/v1/session", {"code": "jnl_%d" % i}).status for i in range(15)]
        assert statuses[:10] == [401] * 10 and statuses[-1] == 429, statuses


def test_the_same_answer_whatever_is_wrong(d):
    with Daemon() as d:
        t = make(d)
        d.delete("/v1/tokens/" + t["id"])
        late = make(d, expires_in_seconds=1)
        far = make(d, cidrs=["192.0.2.0/24"])
        time.sleep(1.1)
        bodies = set()
        for secret in ("x", t["token"], late["token"], far["token"], t["token"][:-1]):
            a = d.tcp(secret).get("/v1")
            assert a.status == 401
            bodies.add(json.dumps(dict(a.json, request_id=None), sort_keys=True))
        assert len(bodies) == 1


# --- a server in other hands ----------------------------------------------------------------------------------------


def test_the_running_server_is_shut_in(d):
    """What test_confine.c shows of the filter is worth nothing when nobody puts it on: the kernel says that it is."""
    if "a sanitizer build is not confined" in d.log():
        pytest.skip("a sanitizer build is not confined")
    with open("/proc/%d/status" % d.server_pid()) as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    for caps in ("CapEff", "CapPrm", "CapInh", "CapBnd"):
        assert int(status[caps], 16) == 0, (caps, status[caps])
    with open("/proc/%d/limits" % d.server_pid()) as f:
        core, = [line.split()[4:6] for line in f if line.startswith("Max core file size")]
    assert core == ["0", "0"]


# --- the command -------------------------------------------------------------------------------------------------


def jailnet(d, *args):
    return subprocess.run([os.path.join(BUILD, "jailnet"), "--socket", d.path] + list(args), capture_output=True, text=True, timeout=30)


def test_the_command(d, tmp_path):
    r = jailnet(d, "token", "create", "--name", "ops", "--role", "operator", "--scope", "net:write", "--cidr", "127.0.0.0/8", "--expires", "never")
    assert r.returncode == 0 and r.stdout.startswith("jnd_") and "not shown again" in r.stderr, r
    ident = r.stderr.split(":")[1].split(";")[0].strip()
    assert d.tcp(r.stdout.strip()).get("/v1/bridges").status == 200
    r = jailnet(d, "token", "list")
    row, = [line for line in r.stdout.splitlines() if line.startswith(ident)]
    assert "net:write" in row and "127.0.0.0/8" in row and "ops" in row
    assert jailnet(d, "token", "delete", ident).returncode == 0
    assert jailnet(d, "token", "delete", ident).returncode == 6
    for wrong in (["token"], ["token", "create"], ["token", "create", "--name", "x"], ["token", "delete"], ["token", "list", "x"], ["token", "explode"],
                  ["token", "create", "--name", "x", "--role", "viewer", "--expires", "0"], ["sign-in", "a", "b"], ["sign-in", "--x"]):
        assert jailnet(d, *wrong).returncode == 2, wrong
    r = jailnet(d, "token", "create", "--name", "x", "--role", "king")
    assert r.returncode == 6 and "/role" in r.stderr


def test_sign_in_prints_a_url(d):
    r = jailnet(d, "sign-in", "--role", "viewer", "http://127.0.0.1:%d/" % d.url_port)
    assert r.returncode == 0 and r.stdout.startswith("http://127.0.0.1:%d/#code=jnl_" % d.url_port), r
    cookie, s = sign_in(d, code=r.stdout.strip().split("=")[1])
    assert s.json["role"] == "viewer"
    assert raw(d, "GET", "/v1/jails", None, {"Cookie": cookie}).status == 200
