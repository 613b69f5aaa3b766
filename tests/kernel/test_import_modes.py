"""The three ways to convert traditional jails, on the real kernel: import the six jails' host, apply, and send packets between all of them."""
import json
import os

import pytest

from jn import TOP, Daemon

CORPUS = os.path.join(TOP, "tests", "import")
LAN = """
set -e
ip netns add lan
ip link add re0 type veth peer name up0 netns lan
ip link set re0 up
ip -n lan link set lo up
ip -n lan link set up0 up
ip -n lan addr add 192.0.2.1/24 dev up0
ip -n lan addr add 2001:db8::1/64 dev up0 nodad
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
"""
JAILS = ("www", "mail", "dns", "git")
AWAY = {"host-six-flat": set(), "host-six-routed": {"mail", "git"}, "host-six-router": {"mail", "git"}}


def body_of(name):
    with open(os.path.join(CORPUS, name, "case.json")) as f:
        case = json.load(f)
    files = []
    for path in case["files"]:
        with open(os.path.join(CORPUS, name, "files", path.lstrip("/"))) as f:
            files.append({"path": path, "content": f.read()})
    return {"files": files, "manager": "jailnet", **case.get("options", {})}


def topology_of(d, name):
    got = d.post("/v1/import/ezjail", body_of(name))
    assert got.status == 200, got
    t = got.json["topology"]
    for j in t["jails"].values():       # there is no FreeBSD in them here
        j.update(path="", exec={"start": "", "stop": ""})
    # what the import asks for: the host's addresses go from the member to the bridge
    bridge = [b for b in t["bridges"].values() if "re0" in b["members"]][0]
    assert "address-on-member" in [w["code"] for w in got.json["warnings"]]
    bridge["addresses"] += ["192.0.2.2/24", "2001:db8::2/64"]
    return t, got.json["warnings"]


def return_routes(d, warnings):
    """What the warnings ask for, in so many words: 'NET needs a route to NET through GATEWAY'."""
    for w in warnings:
        if w["code"] != "return-route":
            continue
        words = w["text"].rstrip(".").replace(",", "").split()
        net, via = words[words.index("to") + 1], words[words.index("through") + 1]
        for where in (("-n", "lan"), ()) if "the host itself" in w["text"] else (("-n", "lan"),):
            r = d.nsenter("ip", *where, "-6" if ":" in net else "-4", "route", "replace", net, "via", via)
            assert r.returncode == 0, r.stderr


def addresses(t, jail):
    return [a.split("/")[0] for e in t["epairs"].values() if e["b"].get("jail") == jail for a in e["b"]["addresses"]]


@pytest.mark.parametrize("name", sorted(AWAY))
def test_all_reach_all(name):
    with Daemon(kernel=True) as d:
        r = d.nsenter("sh", "-c", LAN)
        assert r.returncode == 0, r.stderr
        t, warnings = topology_of(d, name)
        a = d.put("/v1/topology", t)
        assert a.status == 200, a
        assert d.plan(t) == []
        return_routes(d, warnings)
        for jail in JAILS:      # both families on one link, but for the router, which has one on each side
            pairs = [e for e in t["epairs"].values() if e["b"].get("jail") == jail]
            assert len(pairs) == (2 if name == "host-six-router" and jail == "dns" else 1), pairs
            assert (pairs[0]["a"]["bridge"] != "bridge0") == (jail in AWAY[name])
        for jail in JAILS:
            for to in [x for other in JAILS if other != jail for x in addresses(t, other)] + ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"]:
                p = d.post("/v1/jails/%s/probe" % jail, {"to": to, "count": 2, "interval_ms": 20, "timeout_ms": 2500})
                assert p.status == 200 and p.json["received"] > 0, (jail, to, p)
