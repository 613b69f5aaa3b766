"""The exported sh script, executed in a fresh namespace without jailnet, makes the same network: the three figures, with packets, and the corpus."""
import json
import os
import subprocess
import tempfile

import pytest

from corpus import CASES, expected_of
from jn import Daemon, ROOT, figure

EMPTY = {"bridges": {}, "epairs": {}, "jails": {}, "attachments": {}}
PHYSICAL = "re0,re1,em0,em1,em2,dmz,re0.10,re0.30"

# What a script made: a line of JSON for each question to each namespace.
RUN = """
set -eu
mount -t tmpfs none /run
ip link set lo up
%(before)s
sh %(script)s
ask() {
	where=$1; shift
	echo "$where addresses $("$@" ip -j -d address)"
	echo "$where routes $("$@" ip -j route)"
	echo "$where routes6 $("$@" ip -j -6 route)"
	echo "$where forwarding [$("$@" cat /proc/sys/net/ipv4/ip_forward),$("$@" cat /proc/sys/net/ipv6/conf/all/forwarding)]"
}
ask host
for j in %(jails)s; do ask $j ip netns exec $j; done
%(after)s
"""


def run(script, jails, nics, before="", after=""):
    """Executes it; {(namespace, question): answer} and the lines that 'after' printed."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        name = os.path.join(path, "export.sh")
        with open(name, "w") as f:
            f.write(script)
        before = "\n".join(["ip link add %s type veth peer name wire%d" % (n, i) for i, n in enumerate(sorted(nics))] + [before])
        p = subprocess.run(["unshare", "-nm" if ROOT else "-Urnm", "sh", "-c", RUN % {"script": name, "jails": " ".join(jails), "before": before, "after": after}],
                           capture_output=True, text=True, timeout=60)
    assert (p.returncode, p.stderr) == (0, ""), (p.stderr, script)
    answers, rest = {}, []
    for line in p.stdout.splitlines():
        if line.count(" ") < 2:
            rest.append(line)
            continue
        where, what, text = line.split(" ", 2)
        answers[(where, what)] = json.loads(text or "[]")
    return answers, rest


def seen(answers, ours):
    """As wanted() has it; of the interfaces that were there before, only where they are."""
    out = {"interfaces": {}, "routes": {}, "forwarding": {}}
    for (where, what), a in answers.items():
        if what == "addresses":
            for i in a:
                if i["ifname"] != "lo" and not i["ifname"].startswith("wire"):
                    addresses = sorted("%s/%s" % (x["local"], x["prefixlen"]) for x in i["addr_info"] if x.get("scope") != "link")
                    pair = (i["address"], i["mtu"]) if i["ifname"] in ours else None
                    port = i.get("linkinfo", {}).get("info_slave_data", {})
                    out["interfaces"][(where, i["ifname"])] = (pair, addresses, i.get("master"), "UP" in i["flags"], port.get("isolated", False))
        elif what in ("routes", "routes6") and where != "host":
            for r in a:
                if "gateway" in r:
                    dst = "::/0" if what == "routes6" and r["dst"] == "default" else r["dst"]
                    out["routes"].setdefault(where, {})[dst] = r["gateway"]
        elif what == "forwarding" and where != "host":
            out["forwarding"][where] = a
    return out


def mtu_of(e, bridges):
    mtus = [bridges[s["bridge"]]["mtu"] for s in (e["a"], e["b"]) if "bridge" in s]
    return e.get("mtu") or (mtus + [1500])[0]


def wanted(d):
    """What the daemon says should be there, and the interfaces it makes itself."""
    bridges, epairs, jails = ({o["name"]: o for o in d.get("/v1/" + k).json["items"]} for k in ("bridges", "epairs", "jails"))
    running = [n for n, j in jails.items() if j["running"] or j["manager"] == "external"]
    interfaces, ours = {}, set()
    for n, b in bridges.items():
        ours.add(n)
        interfaces[("host", n)] = ((b["allocated"]["mac"], b["mtu"]), sorted(b["addresses"]), None, True, False)
        for m, p in b["members"].items():
            interfaces[("host", m)] = (None, [], n, True, p["private"])
    for e in epairs.values():
        if all(e[s].get("jail") in [None] + running for s in "ab"):
            for s in "ab":
                end = e[s]
                name = e["allocated"][s].get("ifname") or end["ifname"]
                ours.add(name)
                interfaces[(end.get("jail") or "host", name)] = ((e["allocated"][s]["mac"], mtu_of(e, bridges)), sorted(end.get("addresses", [])),
                                                                  end.get("bridge"), end["up"], bool(end.get("private")))
    for name, a in d.topology()["attachments"].items():
        interfaces[(a["jail"], name)] = (None, sorted(a["addresses"]), None, True, False)
    return {"interfaces": interfaces, "routes": {n: jails[n]["routes"] for n in running if jails[n]["routes"]},
            "forwarding": {n: [int(jails[n]["forwarding"])] * 2 for n in running}}, ours, running


def script_of(d):
    return d.get("/v1/export/shell?system=linux").json["files"][0]["content"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shell_export_makes_the_figure(n):
    t = figure(n)
    with Daemon(kernel=True) as d:
        d.nsenter("ip", "link", "add", "re0", "type", "veth", "peer", "name", "wire0")
        a = d.put("/v1/topology", t)
        assert a.status in (200, 202), a
        d.settled()
        script = script_of(d)
        want, ours, jails = wanted(d)
    first = {}
    for e in t["epairs"].values():
        first.setdefault(e["b"]["jail"], (e["b"]["addresses"][0].split("/")[0], e["a"]["bridge"]))
    pairs = [(x, first[y][0]) for x in first for y in first if x < y and first[x][1] == first[y][1]]
    assert pairs
    answers, rest = run(script, jails, ["re0"], after="\n".join("ip netns exec %s ping -c 1 -W 5 -q %s >/dev/null && echo ping" % p for p in pairs))
    assert seen(answers, ours) == want
    assert rest == ["ping"] * len(pairs)


@pytest.fixture(scope="module")
def fake():
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": PHYSICAL}) as d:
        yield d


def with_a_network():
    """Directories of the corpus that an interface comes of.  Not every kernel filters VLANs: tests/api/test_export_shell.py has those lines."""
    out = []
    for name in CASES:
        e = expected_of(name)
        t = e["topology"]
        if e["steps"] is not None and (t["bridges"] or t["epairs"] or t["attachments"]) and not [b for b in t["bridges"].values() if b["vlan_filter"]]:
            out.append((name, t))
    return out


NETWORKS = with_a_network()


def test_the_corpus_has_networks():
    assert len(NETWORKS) >= 45


@pytest.mark.parametrize("name,topology", NETWORKS, ids=[n for n, _ in NETWORKS])
def test_shell_export_makes_what_was_imported(fake, name, topology):
    for j in topology["jails"].values():
        j["exec"] = {"start": "", "stop": ""}       # commands of another system
    assert fake.put("/v1/topology", EMPTY).status in (200, 202)
    a = fake.put("/v1/topology", topology)
    assert a.status in (200, 202), a
    nics = set(topology["attachments"]) | {m for b in topology["bridges"].values() for m in b["members"]}
    want, ours, jails = wanted(fake)
    # what another makes may be there already
    before = "\n".join("ip netns add %s" % j for j in jails[:1] if topology["jails"][j]["manager"] == "external")
    answers, _rest = run(script_of(fake), jails, nics, before)
    assert seen(answers, ours) == want
