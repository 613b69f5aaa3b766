"""Bad input, clause by clause of what the main job promises: each is answered with its status, code and pointer, and changes nothing.

After each request: the revision and the bytes of the topology are what they were, and the kernel was asked to do nothing.  What only the
kernel can know is undone.  An address that a deleted object left behind is nobody's: whoever writes it down gets it (test_stories.py).
"""
import json
import re

import pytest

from jn import Answer, Daemon

OWN, OTHER, LAN = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
FIXTURE = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24"], "mac": LAN, "members": {"re0": {}}}, "lan1": {}},
    "jails": {"web": {"routes": {"default": "10.1.0.1"}}, "db": {}, "ez": {"manager": "external"}},
    "epairs": {"web0": {"a": {"bridge": "lan0", "mac": OWN}, "b": {"jail": "web", "mac": OTHER, "addresses": ["10.1.0.10/24"]}},
               "db0": {"a": {"bridge": "lan0"}, "b": {"jail": "db", "addresses": ["10.1.0.11/24"]}}},
    "attachments": {"re1": {"jail": "db"}},
}


@pytest.fixture(scope="module")
def daemon():
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0,re1,re2"}) as d:
        assert d.put("/v1/topology", FIXTURE).status == 200
        assert d.settled() == [] and "EPAIR_CREATE" in asked(d.log())
        yield d


def asked(log):
    """Commands the kernel got; looking is not one."""
    return [op for op in re.findall(r"debug serve (\w+)", log) if op not in ("OBSERVE", "HELLO", "SYSCTL_GET")]


def topo(**kinds):
    return {kind: dict(FIXTURE[kind], **kinds.get(kind, {})) for kind in FIXTURE}


def end(**kw):
    return {"name": "x0", "b": kw}


LONG = "n" * 200
CASES = [
    # malformed, truncated, too large, too deep, the same key twice, not UTF-8
    ("PUT", "/v1/topology", b"nonsense", 400, "syntax", ""),
    ("PUT", "/v1/topology", json.dumps(FIXTURE).encode()[:-1], 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x0"', 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x0"}{}', 400, "syntax", ""),
    ("POST", "/v1/bridges", b"", 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x0","description":"%s"}' % (b"x" * 2 ** 20), 413, "too_large", ""),
    ("PUT", "/v1/topology", b" " * (8 * 2 ** 20 + 1), 413, "too_large", ""),
    ("POST", "/v1/bridges", b"[" * 33 + b"]" * 33, 400, "syntax", ""),
    ("PUT", "/v1/topology", b'{"bridges":{"x0":' + b'{"labels":' * 40 + b"{}" + b"}" * 42, 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x0","name":"x1"}', 400, "syntax", ""),
    ("PUT", "/v1/topology", b'{"bridges":{"x0":{},"x0":{}}}', 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x\xff0"}', 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x\\ud8000"}', 400, "syntax", ""),
    ("POST", "/v1/bridges", b'{"name":"x\\u0000"}', 400, "syntax", ""),
    ("PUT", "/v1/topology", b"[]", 422, "invalid", ""),
    # names
    ("POST", "/v1/bridges", {"name": "abcdefghijklmnop"}, 422, "invalid", "/name"),
    ("POST", "/v1/epairs", {"name": "abcdefghijklmno"}, 422, "invalid", "/name"),
    ("POST", "/v1/epairs", {"name": "x0", "a": {"ifname": "abcdefghijklmnop"}}, 422, "invalid", "/a/ifname"),
    ("POST", "/v1/jails", {"name": LONG}, 422, "invalid", "/name"),
    ("PUT", "/v1/bridges/abcdefghijklmnop", {}, 422, "invalid", "/name"),
    ("PUT", "/v1/topology", topo(bridges={"abcdefghijklmnop": {}}), 422, "invalid", "/bridges/abcdefghijklmnop"),
    ("POST", "/v1/bridges", {"name": "a/b"}, 422, "invalid", "/name"),
    ("POST", "/v1/bridges", {}, 422, "invalid", "/name"),
    # fields
    ("POST", "/v1/bridges", {"name": "x0", "colour": 1}, 422, "invalid", "/colour"),
    ("POST", "/v1/epairs", {"name": "x0", "a": {"colour": 1}}, 422, "invalid", "/a/colour"),
    ("PATCH", "/v1/jails/web", {"colour": 1}, 422, "invalid", "/colour"),
    ("PUT", "/v1/topology", dict(FIXTURE, colour={}), 422, "invalid", "/colour"),
    ("PUT", "/v1/topology", topo(jails={"x0": {"a/b": 1}}), 422, "invalid", "/jails/x0/a~1b"),
    ("POST", "/v1/bridges", {"name": "x0", "mtu": "1500"}, 422, "invalid", "/mtu"),
    ("PATCH", "/v1/bridges/lan0", {"mtu": 71}, 422, "invalid", "/mtu"),
    # what does not exist
    ("POST", "/v1/epairs", end(jail="nosuch"), 422, "reference", "/b/jail"),
    ("POST", "/v1/epairs", end(bridge="nosuch"), 422, "reference", "/b/bridge"),
    ("PATCH", "/v1/epairs/web0", {"b": {"jail": "nosuch"}}, 422, "reference", "/b/jail"),
    ("PUT", "/v1/topology", topo(epairs={"x0": {"a": {"bridge": "nosuch"}}}), 422, "reference", "/epairs/x0/a/bridge"),
    ("PUT", "/v1/interfaces/re2/jail", {"jail": "nosuch"}, 422, "reference", "/jail"),
    ("PATCH", "/v1/bridges/nosuch", {"mtu": 1400}, 404, "not_found", ""),
    ("DELETE", "/v1/epairs/nosuch", None, 404, "not_found", ""),
    ("POST", "/v1/jails/nosuch/start", None, 404, "not_found", ""),
    ("POST", "/v1/jails/nosuch/probe", {"to": "10.1.0.1"}, 404, "not_found", ""),
    ("DELETE", "/v1/interfaces/re2/jail", None, 404, "not_found", ""),
    # what is there twice
    ("POST", "/v1/bridges", {"name": "lan0"}, 409, "exists", "/name"),
    ("POST", "/v1/jails", {"name": "web"}, 409, "exists", "/name"),
    ("POST", "/v1/bridges", {"name": "web0a"}, 409, "conflict", ""),
    ("POST", "/v1/epairs", {"name": "x0", "a": {"ifname": "db0a"}}, 409, "conflict", "/a/ifname"),
    ("POST", "/v1/epairs", {"name": "x0", "a": {"mac": "02:00:00:00:00:09"}, "b": {"mac": "02:00:00:00:00:09"}}, 409, "conflict", "/b/mac"),
    ("PUT", "/v1/topology", topo(bridges={"lan1": {"members": {"re0": {}}}}), 409, "conflict", "/bridges/lan1/members/re0"),
    ("PUT", "/v1/interfaces/re0/jail", {"jail": "db"}, 409, "conflict", ""),
    # what belongs to somebody else
    ("POST", "/v1/epairs", end(mac=OWN), 409, "conflict", "/b/mac"),
    ("POST", "/v1/bridges", {"name": "x0", "mac": LAN}, 409, "conflict", "/mac"),
    ("PATCH", "/v1/epairs/db0", {"a": {"mac": OTHER}}, 409, "conflict", "/a/mac"),
    ("PUT", "/v1/topology", topo(epairs={"x0": {"a": {"mac": OTHER}}}), 409, "conflict", "/epairs/x0/a/mac"),
    ("POST", "/v1/epairs", end(mac="ff:ff:ff:ff:ff:ff"), 422, "invalid", "/b/mac"),
    ("POST", "/v1/jails/ez/stop", None, 409, "conflict", ""),
    # addresses and routes
    ("POST", "/v1/epairs", {"name": "x0", "a": {"bridge": "lan0"}, "b": {"jail": "db", "addresses": ["10.1.0.10/24"]}}, 409, "conflict", "/b/addresses/0"),
    ("PATCH", "/v1/bridges/lan0", {"addresses": ["10.1.0.1/24", "10.1.0.11/24"]}, 409, "conflict", "/addresses/1"),
    ("PATCH", "/v1/bridges/lan0", {"addresses": ["10.1.0.256/24"]}, 422, "invalid", "/addresses/0"),
    ("PATCH", "/v1/jails/web", {"routes": {"default": "10.9.0.1"}}, 422, "invalid", "/routes/default"),
    ("PATCH", "/v1/jails/web", {"routes": {"10.2.0.0/33": "10.1.0.1"}}, 422, "invalid", "/routes/10.2.0.0~133"),
    # MTU
    ("PATCH", "/v1/epairs/web0", {"mtu": 9000}, 422, "invalid", "/mtu"),
    ("PUT", "/v1/topology", topo(epairs={"x0": {"mtu": 1400, "a": {"bridge": "lan0"}}}), 422, "invalid", "/epairs/x0/mtu"),
    # what is still used
    ("DELETE", "/v1/bridges/lan0", None, 409, "in_use", "/epairs/db0/a/bridge"),
    ("DELETE", "/v1/jails/db", None, 409, "in_use", "/epairs/db0/b/jail"),
    ("PUT", "/v1/topology", {"epairs": FIXTURE["epairs"], "jails": FIXTURE["jails"]}, 422, "reference", "/epairs/db0/a/bridge"),
]


def send(d, method, target, body):
    """As Client.request, but an answer that comes before all of the body is sent counts, too."""
    c = d.connection()
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    if target == "/v1/topology":
        headers["If-Match"] = "*"
    try:
        c.request(method, target, body, headers)
    except BrokenPipeError:
        pass
    try:
        r = c.getresponse()
        return Answer(r.status, r.headers, r.read())
    finally:
        c.close()


def name_of(case):
    body = case[2] if isinstance(case[2], bytes) else json.dumps(case[2]).encode()
    return "%s-%s-%s" % (case[0], case[1], re.sub(rb"[^ -~]|[\\]", b"?", body[:40]).decode())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_bad_input_is_refused_and_changes_nothing(daemon, case):
    method, target, body, status, code, pointer = case
    before, log = daemon.get("/v1/topology"), daemon.log()
    r = send(daemon, method, target, body)
    assert r.headers["Content-Type"] == "application/problem+json", r
    pointers = [e["pointer"] for e in r.json["errors"]] or [""]
    assert (r.status, r.json["code"]) == (status, code) and pointer in pointers, r
    after = daemon.get("/v1/topology")
    assert after.body == before.body and after.headers["ETag"] == before.headers["ETag"]
    assert asked(daemon.log()[len(log):]) == []


REFUSED = [     # the fixture has 3 addresses and 1 route
    ("ADDR_ADD:4:99", "PATCH", "/v1/epairs/db0", {"b": {"addresses": ["10.1.0.12/24"]}}, "/b/addresses/0", "Cannot assign requested address"),
    ("ADDR_ADD:4:22", "PUT", "/v1/topology", topo(bridges={"x0": {"addresses": ["10.8.0.1/24"]}}), "/bridges/x0/addresses/0", "Invalid argument"),
    ("ROUTE_ADD:2:101", "PATCH", "/v1/jails/web", {"routes": {"10.7.0.0/16": "10.1.0.1"}}, "/routes/10.7.0.0~116", "Network is unreachable"),
    ("ROUTE_ADD:2:101", "PUT", "/v1/topology", topo(jails={"web": {"routes": {"10.7.0.0/16": "10.1.0.1"}}}), "/jails/web/routes/10.7.0.0~116",
     "Network is unreachable"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: "%s-%s" % (c[0], c[1]))
def test_what_the_kernel_refuses_is_undone(case):
    fault, method, target, body, pointer, words = case
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0,re1,re2", "JAILNET_FAKE_FAULT": fault}) as d:
        assert d.put("/v1/topology", FIXTURE).status == 200
        before, revision = d.get("/v1/topology").body, d.get("/v1").json["revision"]
        r = send(d, method, target, body)
        assert (r.status, r.json["code"]) == (422, "kernel") and words in r.json["kernel_message"], r
        assert [e["pointer"] for e in r.json["errors"]] == [pointer], r
        assert d.settled() == []
        assert d.get("/v1/topology").body == before
        assert d.get("/v1").json["revision"] == revision + 2        # the change and its undo
