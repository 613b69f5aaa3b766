"""The three ways to convert traditional jails, on the real kernel: import the six jails' host, apply, and send packets between all of them."""
import pytest

import lan
from corpus import request_of
from jn import Daemon

JAILS = ("www", "mail", "dns", "git")
AWAY = {"host-six-flat": set(), "host-six-routed": {"mail", "git"}, "host-six-router": {"mail", "git"}}


def topology_of(d, name):
    target, body = request_of(name)
    got = d.post(target, {"manager": "jailnet", **body})
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
        lan.route(d, net, via)
        if "the host itself" in w["text"]:
            lan.route(d, net, via, on_lan=False)


def addresses(t, jail):
    return [a.split("/")[0] for e in t["epairs"].values() if e["b"].get("jail") == jail for a in e["b"]["addresses"]]


@pytest.mark.parametrize("name", sorted(AWAY))
def test_all_reach_all(name):
    with Daemon(kernel=True) as d:
        lan.make(d, "192.0.2.1/24", "2001:db8::1/64")
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
                assert lan.reaches(d, jail, to), (jail, to)
