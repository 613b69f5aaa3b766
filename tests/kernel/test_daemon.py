"""The whole daemon on the real kernel: drift, foreign things, moves, commands inside jails."""
import fnmatch
import re
import shlex
import time

import pytest

from jn import Daemon


@pytest.fixture()
def d():
    with Daemon(kernel=True) as daemon:
        yield daemon


PAIR = {
    "bridges": {"lan0": {"addresses": ["10.9.0.1/24", "fd00:9::1/64"]}},
    "jails": {"web": {"routes": {"default": "10.9.0.1", "::/0": "fd00:9::1"}, "hostname": "www", "forwarding": True,
                      "sysctls": {"net.ipv4.ip_default_ttl": "33"}}, "db": {}},
    "epairs": {
        "web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.9.0.10/24", "fd00:9::10/64"]}},
        "db0": {"a": {"bridge": "lan0"}, "b": {"jail": "db", "addresses": ["10.9.0.11/24"]}},
    },
}


def apply(d, topology=PAIR):
    r = d.put("/v1/topology", topology)
    assert r.status == 200, r
    assert d.plan(d.topology()) == []


def probe(d, jail, to):
    r = d.post("/v1/jails/%s/probe" % jail, {"to": to, "count": 2, "interval_ms": 20, "timeout_ms": 2500})
    assert r.status == 200, r
    return r.json["received"]


def repaired(d, object_name, since):
    found = []

    def look():
        found[:] = [e for e in d.events(since) if e["object"] == object_name and e["type"] == "drift.repaired"]
        return found
    d.wait(look, 10)
    return found[0]


def last_seq(d):
    items = d.events()
    return items[-1]["seq"] if items else 0


def test_ip_netns_sees_our_jails(d):
    apply(d)
    assert set(d.ip("netns", "list").split()) >= {"web", "db"}
    inside = d.ip_json("-n", "web", "addr", "show", "dev", "web0b")
    assert {a["local"] for a in inside[0]["addr_info"] if a["scope"] == "global"} == {"10.9.0.10", "fd00:9::10"}
    alias = d.ip_json("link", "show", "dev", "web0a")[0]
    assert alias["ifalias"] == "jailnet:epair/web0:a"
    assert alias["master"] == "lan0"


# command, object, "want ..., have ..." of the event; a "*" is anything
@pytest.mark.parametrize("break_it,object_name,words", [
    ("ip link del web0a", "epair/web0", "want epair/web0, have missing"),
    ("ip link set web0a down", "epair/web0", "want web0a: up, have web0a: down"),
    ("ip link set web0a nomaster", "epair/web0", "want web0a in bridge lan0, have web0a in no bridge"),
    ("ip link set web0a address 02:00:00:00:00:99", "epair/web0", "want web0a: mac *, have web0a: mac 02:00:00:00:00:99"),
    ("ip link set web0a mtu 1400", "epair/web0", "want web0a: mtu 1500, have web0a: mtu 1400"),
    ("ip link set web0a alias ''", "epair/web0", "want web0a: label, have web0a: no label"),
    ("ip -n web addr flush dev web0b", "epair/web0", "want web0b with 10.9.0.10/24, have web0b without 10.9.0.10/24"),
    ("ip -n web link set web0b down", "epair/web0", "want web0b with fd00:9::10/64, have web0b without fd00:9::10/64"),
    ("ip -n web route del default", "jail/web", "want 0.0.0.0/0 via 10.9.0.1, have no route to 0.0.0.0/0"),
    ("ip -n web link set web0b netns db", "epair/web0", "want web0b in web, have web0b in db"),
    ("ip link del lan0", "bridge/lan0", "want bridge/lan0, have missing"),
    ("ip link set lan0 down", "bridge/lan0", "want lan0: up, have lan0: down"),
    ("ip addr del 10.9.0.1/24 dev lan0", "bridge/lan0", "want lan0 with 10.9.0.1/24, have lan0 without 10.9.0.1/24"),
    ("nsenter --uts=/run/jailnet/jails/web/uts hostname other", "jail/web",
     "want hostname www, forwarding on, have hostname other, forwarding on"),
    ("ip netns exec web sysctl -qw net.ipv4.ip_default_ttl=9", "jail/web",
     "want net.ipv4.ip_default_ttl=33, have net.ipv4.ip_default_ttl=9"),
    ("ip netns exec web sysctl -qw net.ipv4.ip_forward=0", "jail/web",
     "want hostname www, forwarding on, have hostname www, forwarding off"),
    ("ip netns del web", "jail/web", "want hostname www, forwarding on, have partial"),
])
def test_what_was_broken_by_hand_is_repaired(d, break_it, object_name, words):
    apply(d)
    assert probe(d, "web", "10.9.0.11") == 2
    macs = d.get("/v1/macs").json["items"]
    seq = last_seq(d)
    r = d.nsenter(*shlex.split(break_it))
    assert r.returncode == 0, r.stderr
    if "sysctl" in break_it or "hostname" in break_it:    # no notification from the kernel: the next look would be in 30 s
        assert d.nsenter("ip", "link", "add", "nudge", "type", "veth", "peer", "name", "nudge2").returncode == 0
    repaired(d, object_name, seq)
    assert d.settled() == []
    found = [e["text"] for e in d.events(seq) if e["type"] == "drift.found" and e["object"] == object_name]
    assert any(fnmatch.fnmatchcase(text, "%s: %s: *" % (object_name, words)) for text in found), found
    inside = break_it.startswith(("ip -n web addr", "ip -n web route")) or break_it == "ip link del web0a"     # of which the other half is in the jail
    if object_name != "jail/web":
        assert found[0].endswith("likely by " + ("root of jail web" if inside else "a command on the host")) or "-n web link" in break_it, found
    want, have = re.search("want (.*), have (.*):", found[0]).groups()
    assert want != have
    assert probe(d, "web", "10.9.0.11") == 2
    assert probe(d, "web", "fd00:9::1") == 2
    assert d.get("/v1/macs").json["items"] == macs
    d.wait(lambda: d.get("/v1/drift").json["items"] == [])


def uts_of(d, jail):
    return d.nsenter("nsenter", "--uts=/run/jailnet/jails/%s/uts" % jail, "hostname").stdout.strip()


def test_a_hostname_is_cleared_when_it_is_asked_for(d):
    apply(d)
    assert uts_of(d, "web") == "www"
    seq = last_seq(d)
    r = d.patch("/v1/jails/web", {"hostname": ""})
    assert r.status == 200 and r.json["hostname"] == "", r
    assert d.nsenter("test", "!", "-e", "/run/jailnet/jails/web/uts").returncode == 0
    # and not by a PATCH of something else later
    assert d.patch("/v1/jails/db", {"hostname": "d"}).status == 200
    assert d.patch("/v1/jails/db", {"forwarding": True}).status == 200
    assert uts_of(d, "db") == "d"
    assert d.patch("/v1/jails/web", {"forwarding": False}).status == 200
    assert d.settled() == [] and not [e for e in d.events(seq) if e["type"].startswith("drift")]


def neighbour(d, jail, address):
    entries = d.ip_json("-n", jail, "neigh", "show", "to", address)
    return entries[0].get("lladdr") if entries else None


def mac_of(d, epair, end):
    return d.ip_json("-n", d.get("/v1/epairs/" + epair).json[end]["jail"], "link", "show", epair + end)[0]["address"]


def test_neighbours_hear_of_another_mac(d):
    """db knows web's MAC address for sure; then it changes, or the address moves to another epair: no packet is lost."""
    apply(d)
    addresses = ["10.9.0.10", "fd00:9::10"]
    assert d.patch("/v1/epairs/db0", {"b": {"addresses": ["10.9.0.11/24", "fd00:9::11/64"]}}).status == 200

    def check(mac):
        for a in addresses:
            d.wait(lambda: neighbour(d, "db", a) == mac, 2)
            ping = d.nsenter("ip", "netns", "exec", "db", "ping", "-c1", "-W1", a)
            assert ping.returncode == 0, ping.stdout
    for a in addresses:
        assert probe(d, "db", a) == 2
    check(mac_of(d, "web0", "b"))

    assert d.patch("/v1/epairs/web0", {"b": {"mac": "02:00:00:00:0a:0b"}}).status == 200
    check("02:00:00:00:0a:0b")

    # the addresses go to an epair that is up, and back to one that is made
    t = d.topology()
    t["jails"]["other"] = {}
    t["epairs"]["o0"] = {"a": {"bridge": "lan0"}, "b": {"jail": "other"}}
    apply(d, t)
    t = d.topology()
    t["jails"]["web"]["routes"] = {}
    t["epairs"]["o0"]["b"]["addresses"] = t["epairs"]["web0"]["b"].pop("addresses")
    apply(d, t)
    check(mac_of(d, "o0", "b"))
    t = d.topology()
    t["epairs"]["n0"] = {"a": {"bridge": "lan0", "private": True}, "b": {"jail": "web", "addresses": t["epairs"]["o0"]["b"].pop("addresses")}}
    apply(d, t)
    check(mac_of(d, "n0", "b"))


def test_counters_are_the_kernels(d):
    apply(d)
    assert probe(d, "web", "10.9.0.11") == 2
    link = d.ip_json("-n", "web", "-s", "link", "show", "dev", "web0b")[0]["stats64"]
    d.wait(lambda: d.get("/v1/counters?epair=web0").json["items"][1]["rx_packets"] >= link["rx"]["packets"])
    host, jail = d.get("/v1/counters?epair=web0").json["items"]
    assert (host["interface"], host["class"], jail["interface"], jail["jail"], jail["class"]) == ("web0a", "other", "web0b", "web", "nic")
    assert jail["tx_packets"] >= link["tx"]["packets"] > 0 and jail["rx_bytes"] >= link["rx"]["bytes"] > 0
    def halves_agree():     # each sees the other's packets; a late one may pass between the two looks
        host, jail = d.get("/v1/counters?epair=web0").json["items"]
        return (host["rx_packets"], host["tx_packets"]) == (jail["tx_packets"], jail["rx_packets"])
    d.wait(halves_agree)
    text = d.get("/metrics").body.decode()
    assert len(re.findall(r'^jailnetd_interface_receive_bytes_total\{interface="web0b",bridge="lan0",jail="web",epair="web0",end="b"\} [1-9]', text, re.M)) == 1
    assert 'interface="web0a"' not in text


def test_foreign_things_are_untouched(d):
    d.ip("link", "add", "theirs", "type", "bridge")
    d.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
    d.ip("addr", "add", "172.31.0.1/24", "dev", "theirs")
    d.ip("netns", "add", "foreign")
    before = (d.ip("addr", "show", "theirs"), d.ip("link", "show", "v0"), d.ip("netns", "list"))
    apply(d)
    assert d.put("/v1/topology", {}).status == 200
    assert (d.ip("addr", "show", "theirs"), d.ip("link", "show", "v0"), d.ip("netns", "list")) == before
    names = [i["name"] for i in d.get("/v1/interfaces").json["items"]]
    assert {"theirs", "v0", "v1"} <= set(names)


def test_a_jail_named_like_a_foreign_namespace_is_refused_and_nothing_is_left(d):
    d.ip("netns", "add", "web")
    r = d.put("/v1/jails/web", {})
    assert r.status == 409, r
    assert d.get("/v1/jails/web").status == 404
    assert "web" in d.ip("netns", "list")


def test_an_uplink_moves_into_a_running_jail_and_back_as_it_was(d):
    d.ip("link", "add", "re1", "type", "veth", "peer", "name", "far")
    d.ip("addr", "add", "172.30.0.1/24", "dev", "re1")
    d.ip("link", "set", "re1", "mtu", "1400", "promisc", "on", "up")
    before = d.ip_json("addr", "show", "re1")[0]
    apply(d)
    r = d.put("/v1/interfaces/re1/jail", {"jail": "web", "addresses": ["172.30.0.5/24"]})
    assert r.status == 201, r
    inside = d.ip_json("-n", "web", "addr", "show", "dev", "re1")[0]
    assert "UP" in inside["flags"]
    assert [a["local"] for a in inside["addr_info"] if a["family"] == "inet"] == ["172.30.0.5"]
    assert next(i for i in d.get("/v1/interfaces").json["items"] if i["name"] == "re1")["jail"] == "web"
    d.ip("-n", "web", "link", "set", "re1", "promisc", "off", "allmulticast", "on", "arp", "off")   # what root of a jail can do
    r = d.delete("/v1/interfaces/re1/jail")
    assert r.status == 204, r
    after = d.ip_json("addr", "show", "re1")[0]
    assert after["mtu"] == 1400 and set(after["flags"]) == set(before["flags"]) and after["address"] == before["address"]
    assert "PROMISC" in after["flags"]
    assert [a["local"] for a in after["addr_info"] if a["family"] == "inet"] == ["172.30.0.1"]


def test_an_address_that_another_host_has_is_told(d):
    """On a foreign interface the kernel looks for others itself (RFC 4862); on our own pairs nobody else can have it."""
    d.ip("link", "add", "re1", "type", "veth", "peer", "name", "far")
    d.ip("addr", "add", "fd00:30::5/64", "dev", "far", "nodad")
    d.ip("link", "set", "far", "up")
    apply(d)
    r = d.put("/v1/interfaces/re1/jail", {"jail": "web", "addresses": ["fd00:30::5/64", "fd00:30::6/64"]})
    assert r.status == 201, r
    d.wait(lambda: "duplicates" in d.get("/v1/interfaces/re1/jail").json["status"], 10)
    status = d.get("/v1/interfaces/re1/jail").json["status"]
    assert status["duplicates"] == ["fd00:30::5/64"] and "another host" in status["reason"], status
    assert "dadfailed" in d.ip("-n", "web", "addr", "show", "dev", "re1")
    assert [e["object"] for e in d.events() if e["type"] == "address.duplicate"] == ["attachment/re1"]
    assert d.settled() == []
    d.ip("addr", "del", "fd00:30::5/64", "dev", "far")
    d.ip("-n", "web", "addr", "del", "fd00:30::5/64", "dev", "re1")         # it is put back, and then the kernel looks again
    d.wait(lambda: "duplicates" not in d.get("/v1/interfaces/re1/jail").json["status"], 40)
    assert "address.unique" in [e["type"] for e in d.events()]


def test_an_interface_inside_survives_the_stop_of_its_jail(d):
    d.ip("link", "add", "re1", "type", "veth", "peer", "name", "far")
    apply(d)
    assert d.put("/v1/interfaces/re1/jail", {"jail": "web"}).status == 201
    assert d.post("/v1/jails/web/stop").status == 200
    assert d.ip_json("link", "show", "re1")
    assert d.post("/v1/jails/web/start").status == 200
    assert d.ip_json("-n", "web", "link", "show", "re1")


def test_exec_start_and_stop(d, tmp_path):
    r = d.put("/v1/jails/web", {"hostname": "www.example.org",
                                "exec": {"start": "hostname; ip link show lo >/dev/null; sleep 1000 & echo $! > /run/web.pid", "stop": "echo bye > /run/web.bye"}})
    assert r.status == 201, r
    pid = int(d.nsenter("cat", "/run/web.pid").stdout)
    d.wait(lambda: d.nsenter("cat", "/proc/%d/comm" % pid).stdout.strip() == "sleep")      # a shell that has forked and not yet executed it, at first
    assert d.post("/v1/jails/web/stop").status == 200
    assert d.nsenter("cat", "/run/web.bye").stdout == "bye\n"
    d.wait(lambda: d.nsenter("cat", "/proc/%d/comm" % pid).stdout.strip() != "sleep")
    assert "web" not in d.ip("netns", "list")


def test_exec_start_that_fails_undoes_the_request(d):
    r = d.put("/v1/jails/web", {"exec": {"start": "echo no database >&2; exit 3"}})
    assert r.status == 422, r
    assert "no database" in r.json["detail"]
    assert r.json["errors"][0]["pointer"] == "/exec/start"
    assert d.get("/v1/jails/web").status == 404
    assert "web" not in d.ip("netns", "list")


def test_a_slow_start_holds_up_nobody(d):
    begin = time.monotonic()
    r = d.put("/v1/jails/slow", {"exec": {"start": "sleep 3"}}, Prefer="respond-async")
    assert r.status == 202, r
    assert d.put("/v1/jails/quick", {}).status == 201
    assert time.monotonic() - begin < 2
    op = r.headers["Location"]
    assert d.get(op).json["state"] == "running"
    d.wait(lambda: d.get(op).json["state"] == "succeeded", 10)


def test_a_route_the_kernel_refuses_is_undone_with_its_words(d):
    # inside the jail's own prefix, but a broadcast address
    t = {"jails": {"web": {"routes": {"default": "10.9.0.255"}}}, "epairs": {"web0": {"b": {"jail": "web", "addresses": ["10.9.0.10/24"]}}}}
    r = d.put("/v1/topology", t)
    assert r.status == 422, r
    p = r.json
    assert p["errors"][0]["pointer"] == "/jails/web/routes/default", p
    assert p["errno"] and p["kernel_message"], p
    assert d.topology() == {"bridges": {}, "epairs": {}, "jails": {}, "attachments": {}}
    assert "web" not in d.ip("netns", "list")


def test_an_address_the_kernel_refuses_is_undone_with_its_words(d):
    assert d.put("/v1/jails/web", {"sysctls": {"net.ipv6.conf.all.disable_ipv6": "1"}}).status == 201
    r = d.put("/v1/epairs/web0", {"b": {"jail": "web", "addresses": ["10.9.0.10/24", "fd00:9::10/64"]}})
    assert r.status == 422, r
    assert r.json["errors"][0]["pointer"] == "/b/addresses/1", r
    assert "Permission denied" in r.json["kernel_message"], r
    assert d.get("/v1/epairs/web0").status == 404
    assert [l["ifname"] for l in d.ip_json("-n", "web", "link")] == ["lo"]


def test_a_sysctl_the_kernel_refuses(d):
    r = d.put("/v1/jails/web", {"sysctls": {"net.ipv4.ip_default_ttl": "0"}})
    assert r.status == 422, r
    assert r.json["errno"] == 22 and r.json["errors"][0]["pointer"] == "/sysctls/net.ipv4.ip_default_ttl", r
    assert d.get("/v1/jails/web").status == 404


def test_sysctls_and_forwarding(d):
    r = d.put("/v1/jails/r", {"forwarding": True, "sysctls": {"net.ipv4.conf.all.rp_filter": "2"}})
    assert r.status == 201, r

    def sysctl(key):
        return d.nsenter("ip", "netns", "exec", "r", "sysctl", "-n", key).stdout.strip()
    assert sysctl("net.ipv4.ip_forward") == "1"
    assert sysctl("net.ipv6.conf.all.forwarding") == "1"
    assert sysctl("net.ipv4.conf.all.rp_filter") == "2"
    assert d.patch("/v1/jails/r", {"forwarding": False}).status == 200
    assert sysctl("net.ipv4.ip_forward") == "0"


def test_move_an_end_to_another_running_jail(d):
    apply(d)
    r = d.patch("/v1/epairs/web0", {"b": {"jail": "db", "addresses": ["10.9.0.20/24"]}})
    # the jail it leaves would lose its gateway: that is said, and nothing moves
    assert r.status == 422, r
    assert d.patch("/v1/jails/web", {"routes": None}).status == 200
    r = d.patch("/v1/epairs/web0", {"b": {"jail": "db", "addresses": ["10.9.0.20/24"]}})
    assert r.status == 200, r
    assert d.ip_json("-n", "db", "link", "show", "web0b")
    assert d.settled() == []


def test_nothing_is_left_behind():
    with Daemon(kernel=True) as d:
        apply(d)
        worker = d.worker_pid()
        d.stop()
        assert d.process.returncode == 0
        import os
        assert not os.path.exists("/proc/%d" % worker)
        assert not os.path.exists(d.path)


def test_a_slow_jail_does_not_hold_up_or_end_an_epair_without_one():
    with Daemon(kernel=True) as d:
        r = d.request("PUT", "/v1/jails/slow", {"exec": {"start": "sleep 2"}}, {"Prefer": "respond-async"})
        assert r.status == 202, r
        server = d.server_pid()
        assert d.post("/v1/epairs", {"name": "x0"}).status == 201       # its ends name no jail
        assert d.server_pid() == server
