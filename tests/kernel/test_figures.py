"""The three figures of the document everything starts from, on the real kernel, proved with packets."""
import json

import pytest

import lan
from jn import Daemon, figure
from lan import reaches


@pytest.fixture()
def d():
    with Daemon(kernel=True) as daemon:
        lan.make(daemon, "192.0.2.1/24", "2001:db8:0:1::1/64")
        yield daemon


def address_of(topology, jail, family):
    for e in topology["epairs"].values():
        for end in (e.get("a", {}), e.get("b", {})):
            if end.get("jail") == jail:
                for a in end.get("addresses", []):
                    if (":" in a) == (family == 6):
                        return a.split("/")[0]
    raise AssertionError("no IPv%d address in %s" % (family, jail))


def apply(d, n):
    topology = figure(n)
    r = d.put("/v1/topology", topology)
    assert r.status == 200, r
    assert d.plan(topology) == []
    return topology


def test_figure_1_everybody_on_the_lan(d):
    t = apply(d, 1)
    jails = sorted(t["jails"])
    for a in jails:
        for family, router in ((4, "192.0.2.1"), (6, "2001:db8:0:1::1")):
            assert reaches(d, a, router)
            for b in jails:
                if a != b:
                    assert reaches(d, a, address_of(t, b, family))


def test_figure_2_host_routes_between_two_subnets(d):
    t = apply(d, 2)
    jails = sorted(t["jails"])
    for family in (4, 6):
        for a in jails:
            for b in jails:
                if a != b:
                    assert reaches(d, a, address_of(t, b, family)), (a, b, family)


def test_figure_3_a_jail_is_the_router(d):
    t = apply(d, 3)
    via4, via6 = [next(x.split("/")[0] for e in t["epairs"].values() for end in (e["a"], e["b"]) if end.get("jail") == "guest3"
                       for x in end["addresses"] if x.startswith(p)) for p in ("192.0.2.", "2001:db8:0:1:")]
    lan.route(d, "198.51.100.0/24", via4)
    lan.route(d, "2001:db8:0:2::/64", via6)
    for family, router in ((4, "192.0.2.1"), (6, "2001:db8:0:1::1")):
        for jail in ("guest1", "guest2", "guest3", "guest4", "guest5"):
            assert reaches(d, jail, router), (jail, family)
        assert reaches(d, "guest4", address_of(t, "guest5", family))
    # No path around guest3: when it stops, the backend is cut off, and comes back with it.
    assert d.post("/v1/jails/guest3/stop").status == 200
    for family, router in ((4, "192.0.2.1"), (6, "2001:db8:0:1::1")):
        assert not reaches(d, "guest4", router)
        assert not reaches(d, "guest5", router)
        assert reaches(d, "guest4", address_of(t, "guest5", family))
        assert reaches(d, "guest1", router)
    assert d.post("/v1/jails/guest3/start").status == 200
    for router in ("192.0.2.1", "2001:db8:0:1::1"):
        assert reaches(d, "guest4", router)


def test_figures_in_turn_and_the_uplink_is_given_back(d):
    before = d.ip_json("addr", "show", "dev", "re0")
    for n in (3, 1, 2, 3):
        apply(d, n)
    assert d.put("/v1/topology", {}).status == 200
    after = d.ip_json("addr", "show", "dev", "re0")

    def shape(x):
        return [(i["ifname"], i["address"], i["mtu"], "UP" in i["flags"], i.get("master"),
                 sorted(a["local"] for a in i["addr_info"] if a["scope"] == "global")) for i in x]
    assert shape(after) == shape(before)
    left = [i["ifname"] for i in d.ip_json("link")]
    assert sorted(left) == ["lo", "re0"], left
    assert d.ip("netns", "list").split() and "guest" not in d.ip("netns", "list")


def test_macs_are_for_life(d):
    apply(d, 3)
    first = {(m["owner"], m["end"]): m["address"] for m in d.get("/v1/macs").json["items"] if m["state"] != "retired"}
    links = json.loads(d.nsenter("ip", "-j", "-n", "guest4", "link").stdout)
    assert {l["address"] for l in links} & set(first.values())
    assert d.post("/v1/jails/guest4/restart").status == 200
    again = json.loads(d.nsenter("ip", "-j", "-n", "guest4", "link").stdout)
    assert {l["address"] for l in again} == {l["address"] for l in links}
    apply(d, 1)
    apply(d, 3)
    assert {(m["owner"], m["end"]): m["address"] for m in d.get("/v1/macs").json["items"] if m["state"] != "retired"} == first
