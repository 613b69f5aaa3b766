"""POST /v1/import/host on the real kernel: what somebody made by hand becomes jailnet's, and no packet notices."""
import json
import signal
import time

import pytest

from jn import POLICY, Ping, World

ADOPT = POLICY + "adopt = *\n"
MADE = """
link add br0 type bridge
link set br0 up
addr add 10.77.0.1/24 dev br0
addr add fd77::1/64 dev br0 nodad
netns add web
netns add db
link add veb0 type veth peer name veb1
link set veb1 netns web
link set veb0 master br0 up
-n web addr add 10.77.0.10/24 dev veb1
-n web addr add fd77::10/64 dev veb1 nodad
-n web link set veb1 up
-n web route add default via 10.77.0.1
link add epair7a type veth peer name epair7b
link set epair7a master br0 up
link set epair7b netns db
-n db addr add 10.77.0.11/24 dev epair7b
-n db link set epair7b mtu 1500 up
link add h0 type veth peer name h1
link set h0 up
link set h1 up
addr add 10.78.0.1/24 dev h0
netns add other.net
link add tap0 type veth peer name tapx
link set tapx netns other.net
link set tap0 master br0 up
"""


@pytest.fixture()
def w():
    with World() as world:
        for line in MADE.strip().splitlines():
            world.ip(*line.split())
        world.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield world


def links(w):
    """Everything a packet could notice: names, numbers, addresses, flags, masters; not the label."""
    found = {}
    for where in ("", "web", "db"):
        for i in w.ip_json(*(["-n", where] if where else []), "-d", "addr", "show"):
            found[where, i["ifname"]] = {k: i.get(k) for k in ("ifindex", "address", "mtu", "operstate", "master", "link_index", "link")}
            found[where, i["ifname"]]["up"] = "UP" in i["flags"]
            found[where, i["ifname"]]["addr"] = sorted(a["local"] for a in i["addr_info"])
    routes = {where: w.ip("-n", where, "route") for where in ("web", "db")}
    return found, routes


def host(d):
    a = d.post("/v1/import/host")
    assert a.status == 200, a
    return a.json


def seen(d, names):
    """Until the daemon has looked: its first look may still be under way."""
    d.wait(lambda: names <= {i["name"] for i in d.get("/v1/interfaces").json["items"]})


def codes(answer):
    return {(x["code"], x["text"].split()[0]) for x in answer["warnings"]}


def test_taken_over_without_a_lost_packet(w):
    before = links(w)
    # as Linux has it: nobody gave br0 an address, so it has one of its ports'
    assert before[0]["", "br0"]["address"] in [before[0]["", p]["address"] for p in ("veb0", "epair7a", "tap0")]
    with w.daemon(conf=ADOPT) as d:
        seen(d, {"br0", "veb0", "h1", "tap0"})
        got = host(d)
        t = got["topology"]
        assert got["errors"] == []
        assert set(t["bridges"]) == {"br0"} and set(t["jails"]) == {"web", "db"} and set(t["epairs"]) == {"veb0", "epair7", "h0"}
        assert t["bridges"]["br0"]["addresses"] == ["10.77.0.1/24", "fd77::1/64"] and set(t["bridges"]["br0"]["members"]) == {"tap0"}
        assert t["epairs"]["veb0"]["b"]["jail"] == "web" and t["epairs"]["veb0"]["a"]["bridge"] == "br0"
        assert all(not s["interrupts"] for s in got["plan"]["steps"])
        assert {s["op"] for s in got["plan"]["steps"]} <= {"change", "create"}
        pings = [Ping(w, a) for a in ("10.77.0.10", "10.77.0.11", "fd77::10")]
        a = d.put("/v1/topology", t)
        assert a.status == 200, a
        assert d.plan(d.topology()) == []
        for p in pings:
            sent, lost = p.stop()
            assert sent >= 50 and lost <= (1 if sent else 0), (sent, lost)
        assert links(w) == before
        assert w.ip_json("link", "show", "br0")[0]["ifalias"] == "jailnet:bridge/br0"
        assert w.ip_json("-n", "web", "link", "show", "veb1")[0]["ifalias"] == "jailnet:epair/veb0:b"
        again = host(d)
        assert again["plan"]["steps"] == [] and again["topology"] == d.topology()
        macs = {m["address"]: m for m in d.get("/v1/macs").json["items"]}
        assert macs[before[0]["", "veb0"]["address"]]["owner"] == "epair/veb0"
    # jailnet stops and starts: still nothing to do
    with w.daemon(conf=ADOPT) as d:
        assert d.settled() == []
        assert links(w) == before
        # and it is jailnet's: a new jail beside them, an address more, then all of it away
        assert d.put("/v1/epairs/new0", {"a": {"bridge": "br0"}, "b": {"jail": "web", "addresses": ["10.77.0.99/24"]}}).status == 201
        assert w.run("ping", "-c1", "-W2", "10.77.0.10").returncode == 0
        assert d.delete("/v1/epairs/new0").status == 204
        assert d.delete("/v1/epairs/h0").status == 204
        assert "h1" not in w.ip("link")


def test_killed_in_the_middle_it_goes_on(w):
    before = links(w)
    with w.daemon(conf=ADOPT) as d:
        seen(d, {"br0", "veb0", "h1"})
        t = host(d)["topology"]
        ping = Ping(w, "10.77.0.10")
        # the second label is never written: both programs die before
        d.process.send_signal(signal.SIGSTOP)
        import threading
        answer = []

        def put():
            try:
                answer.append(d.put("/v1/topology", t))
            except OSError:
                pass
        th = threading.Thread(target=put)
        th.start()
        # what is wanted is in the store before the first label is written
        time.sleep(0.5)
        d.process.kill()
        d.process.wait()
        th.join()
        assert [a.status for a in answer] in ([], [202]), answer
    w.run("mkdir", "-p", "/run/jailnet/jails/db")
    w.ip("link", "set", "dev", "epair7a", "group", str(0x6a6e), "alias", "jailnet:epair/epair7:a")
    w.ip("link", "set", "dev", "br0", "group", str(0x6a6e), "alias", "jailnet:bridge/br0")     # as if it had come so far
    with w.daemon(conf=ADOPT) as d:
        assert d.settled() == []
        assert set(d.topology()["epairs"]) == set(t["epairs"])
        sent, lost = ping.stop()
        assert lost <= 1, (sent, lost)
        assert links(w) == before
        assert w.ip_json("link", "show", "veb0")[0]["ifalias"] == "jailnet:epair/veb0:a"


def test_what_stays_foreign_is_told(w):
    w.ip("link", "add", "br1", "type", "bridge")                    # down
    w.ip("link", "add", "br2", "type", "bridge")
    w.ip("link", "set", "br2", "up")
    w.ip("link", "add", "odd0", "mtu", "1400", "type", "veth", "peer", "name", "oddx", "mtu", "1400")
    w.ip("link", "set", "oddx", "netns", "other.net")               # odd0 could be a member only, and then get 1500
    w.ip("link", "set", "odd0", "master", "br2", "up")
    w.ip("link", "set", "br2", "mtu", "1500")
    w.ip("link", "add", "p0", "type", "veth", "peer", "name", "p1")
    w.ip("link", "set", "p0", "master", "br2")                      # goes with br2
    with w.daemon(conf=ADOPT) as d:
        seen(d, {"br1", "odd0", "p1"})
        got = host(d)
        told = codes(got)
        assert {("down", "br1"), ("port", "br2"), ("master", "p0"), ("member", "tap0"), ("other-half", "tap0")} <= told, told
        assert not {"br1", "br2"} & set(got["topology"]["bridges"]) and "p0" not in got["topology"]["epairs"]
        before = links(w)
        assert d.put("/v1/topology", got["topology"]).status == 200
        assert links(w) == before


def test_without_policy_nothing_is_ours(w):
    with w.daemon(conf=POLICY) as d:
        seen(d, {"br0", "veb0", "h1"})
        got = host(d)
        assert got["topology"]["bridges"] == {} and got["topology"]["epairs"] == {} and got["topology"]["jails"] == {}
        assert {("policy", "br0"), ("namespace", "namespace")} <= codes(got)
        # written down by hand it is refused, and nothing is taken
        mac = w.ip_json("link", "show", "br0")[0]["address"]
        a = d.put("/v1/bridges/br0", {"mac": mac, "addresses": ["10.77.0.1/24"]})
        assert a.status in (409, 422), a
        assert "ifalias" not in w.ip_json("link", "show", "br0")[0]


def test_it_cannot_be_taken_on_trial(w):
    with w.daemon(conf=ADOPT) as d:
        seen(d, {"br0", "veb0", "h1"})
        t = host(d)["topology"]
        a = d.put("/v1/topology?confirm_timeout=60", t)
        assert (a.status, a.json["code"]) == (409, "conflict"), a
        # a mistake beside it does not take it away again either
        t["bridges"]["br9"] = {"members": {"nope0": {}}}
        before = links(w)
        d.put("/v1/topology", t, Prefer="wait=1")
        assert links(w)[0]["", "br0"] == before[0]["", "br0"]
        assert "br0" in d.topology()["bridges"]
