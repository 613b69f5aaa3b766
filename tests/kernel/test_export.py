"""The exported sh script, executed in a fresh namespace without jailnet, makes the same network: addresses, MACs, packets."""
import json
import os
import subprocess
import tempfile

import pytest

from jn import Daemon, ROOT, figure

# Prints what the script made as JSON, one line for each namespace, and pings between all pairs of jails that should reach each other.
RUN = """
set -eu
mount -t tmpfs none /run
ip link set lo up
ip link add re0 type veth peer name re0x
sh %(script)s
echo "host $(ip -j address)"
for j in %(jails)s; do echo "$j $(ip -n $j -j address)"; done
%(pings)s
"""


def seen(text):
    out = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if rest.startswith("["):
            for i in json.loads(rest):
                if i.get("ifname") not in ("lo", "re0", "re0x"):
                    out[(name, i["ifname"])] = (i.get("address"), sorted("%s/%s" % (a["local"], a["prefixlen"]) for a in i["addr_info"]
                                                                         if not a["local"].startswith("fe80")))
    return out


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shell_export_makes_the_figure(n):
    t = figure(n)
    with Daemon(kernel=True) as d:
        d.nsenter("ip", "link", "add", "re0", "type", "veth", "peer", "name", "re0x")
        a = d.put("/v1/topology", t)
        assert a.status in (200, 202), a
        d.settled()
        script = d.get("/v1/export/shell?system=linux").json["files"][0]["content"]
        ends = [(e["name"], {**e[s], **e["allocated"][s]}) for e in d.get("/v1/epairs").json["items"] for s in "ab"]
        bridges = d.get("/v1/bridges").json["items"]
    want = {(e.get("jail") or "host", e["ifname"]): (e["mac"], sorted(e["addresses"])) for _name, e in ends}
    want.update({("host", b["name"]): (b["allocated"]["mac"], sorted(b["addresses"])) for b in bridges})
    first = {}
    for _name, e in ends:
        if e.get("jail") and e["addresses"]:
            first.setdefault(e["jail"], e["addresses"][0].split("/")[0])
    bridge_of = {e["b"].get("jail"): e["a"].get("bridge") for e in t["epairs"].values()}
    pairs = [(x, y) for x in first for y in first if x < y and bridge_of.get(x) == bridge_of.get(y)]
    assert pairs
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        name = os.path.join(path, "export.sh")
        with open(name, "w") as f:
            f.write(script)
        pings = "\n".join("ip netns exec %s ping -c 1 -W 5 -q %s >/dev/null && echo ping" % (x, first[y]) for x, y in pairs)
        p = subprocess.run(["unshare", "-nm" if ROOT else "-Urnm", "sh", "-c", RUN % {"script": name, "jails": " ".join(t["jails"]), "pings": pings}],
                           capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    assert seen(p.stdout) == want
    assert p.stdout.splitlines().count("ping") == len(pairs)
