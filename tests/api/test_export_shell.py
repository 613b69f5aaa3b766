"""The sh script for FreeBSD, to the letter (tests/export), and run with commands that only write down what they are asked.

Made again, to be read in a diff:  EXPORT_GOLDEN=write python3 -m pytest tests/api/test_export_shell.py
"""
import os
import re
import subprocess

import pytest

from jn import TOP, Daemon, figure

# One program for all of them: on a host that has interfaces already, a new one gets the next free number.
COMMAND = """#!/bin/sh
echo "${0##*/} $*" >>"$LOG"
case "${0##*/} $*" in
"ifconfig bridge create") echo bridge70 ;;
"ifconfig epair create") echo epair70a ;;
esac
"""


def macs_by_owner(d):
    out = {b["allocated"]["mac"]: "MAC-OF-" + b["name"] for b in d.get("/v1/bridges").json["items"]}
    for e in d.get("/v1/epairs").json["items"]:
        out.update({e["allocated"][s]["mac"]: "MAC-OF-%s-%s" % (e["name"], s) for s in "ab"})
    return out


def run(script, tmp_path):
    """The commands as they would have come, and nothing else in the way: one that is not known ends the script."""
    for name in ("ifconfig", "jail", "jexec", "route", "sysctl", "kldload"):
        (tmp_path / name).write_text(COMMAND)
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "log"
    p = subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True, timeout=60, env={"PATH": str(tmp_path), "LOG": str(log)})
    assert (p.returncode, p.stdout, p.stderr) == (0, "", "")
    return log.read_text().splitlines()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_script_for_freebsd(n, tmp_path):
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0"}) as d:
        a = d.put("/v1/topology", figure(n))
        assert a.status in (200, 202), a
        answer = d.get("/v1/export/shell?system=freebsd").json
        macs = macs_by_owner(d)
    assert [f["path"] for f in answer["files"]] == ["jailnet-export.sh"] and answer["warnings"] == []
    script = answer["files"][0]["content"]
    assert sorted(re.findall(r"\bether (\S+)", script)) == sorted(macs)     # each once, none besides
    text = re.sub(r"(?<=\bether )\S+", lambda m: macs[m[0]], script)
    path = os.path.join(TOP, "tests", "export", "figure-%d-freebsd.sh" % n)
    if os.environ.get("EXPORT_GOLDEN") == "write":
        with open(path, "w") as f:
            f.write(text)
    with open(path) as f:
        assert text == f.read()
    did = run(text, tmp_path)
    named = [x for x in did if re.fullmatch(r"ifconfig (bridge70|epair70[ab]) name \S+", x)]
    assert len(named) == len(figure(n)["bridges"]) + 2 * len(figure(n)["epairs"])
    for name, e in figure(n)["epairs"].items():
        at = did.index("ifconfig epair70b name %sb" % name)
        assert did.index("ifconfig epair70a name %sa" % name) < at < did.index("ifconfig %sb vnet %s" % (name, e["b"]["jail"]))
        for p in e["b"]["addresses"]:       # inside, after the move: a move takes the addresses away
            assert did.index("ifconfig -j %s %sb %s %s alias" % (e["b"]["jail"], name, "inet6" if ":" in p else "inet", p)) > at


def test_vlans_in_the_script_for_linux():
    """For a kernel that filters VLANs; the rest of the script is run by tests/kernel/test_export.py."""
    t = {"bridges": {"lan0": {"vlan_filter": True, "members": {"re0": {"tagged": [10, 20]}}}},
         "epairs": {"p0": {"a": {"bridge": "lan0", "untagged": 10}}, "p1": {"a": {"bridge": "lan0"}}}}
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0"}) as d:
        a = d.put("/v1/topology", t)
        assert a.status in (200, 202), a
        lines = d.get("/v1/export/shell?system=linux").json["files"][0]["content"].splitlines()
    assert "ip link add name lan0 type bridge vlan_filtering 1" in lines
    assert [x for x in lines if x.startswith("bridge ")] == [
        "bridge vlan del dev re0 vid 1 || :", "bridge vlan add dev re0 vid 10", "bridge vlan add dev re0 vid 20",
        "bridge vlan del dev p0a vid 1 || :", "bridge vlan add dev p0a vid 10 pvid untagged"]
    assert lines.index("ip link set dev p0a master lan0") < lines.index("bridge vlan del dev p0a vid 1 || :")


def test_forwarding_in_the_script_for_linux():
    """A new namespace has what the host has: what jailnet owns is said either way, as its driver does; what another owns is only switched on."""
    t = {"jails": {"off": {}, "on": {"forwarding": True}, "theirs": {"manager": "external"}, "router": {"manager": "external", "forwarding": True}}}
    with Daemon() as d:
        a = d.put("/v1/topology", t)
        assert a.status in (200, 202), a
        lines = d.get("/v1/export/shell?system=linux").json["files"][0]["content"].splitlines()
    says = "ip netns exec %s sh -c 'echo %d >/proc/sys/net/ipv4/ip_forward; [ ! -e /proc/sys/net/ipv6 ] || echo %d >/proc/sys/net/ipv6/conf/all/forwarding'"
    assert sorted(x for x in lines if "forward" in x) == sorted(says % x for x in (("off", 0, 0), ("on", 1, 1), ("router", 1, 1)))
