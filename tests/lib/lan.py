"""The LAN beyond the uplink re0: a namespace of its own, as a router would be; and packets."""

NETWORK = """
set -e
ip netns add lan
ip link add re0 type veth peer name up0 netns lan
ip link set re0 up
ip -n lan link set lo up
ip -n lan link set up0 up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
"""


def run(d, *cmd):
    r = d.nsenter(*cmd)
    assert r.returncode == 0, r.stderr


def make(d, *addresses):
    """Behind re0, with these addresses."""
    run(d, "sh", "-c", NETWORK)
    for a in addresses:
        run(d, "ip", "-n", "lan", "addr", "add", a, "dev", "up0", *(["nodad"] if ":" in a else []))


def route(d, net, via, on_lan=True):
    """What is on the LAN, or on the host, reaches a network this way."""
    run(d, "ip", *(["-n", "lan"] if on_lan else []), "-6" if ":" in net else "-4", "route", "replace", net, "via", via)


def reaches(d, jail, to, count=2):
    # the first neighbour solicitation on a link this young may be lost, the next goes out after 1 s (RFC 4861 RETRANS_TIMER)
    r = d.post("/v1/jails/%s/probe" % jail, {"to": to, "count": count, "interval_ms": 20, "timeout_ms": 2500})
    assert r.status == 200, r
    p = r.json
    assert p["sent"] == count and len(p["rtt_ms"]) == p["received"]
    return p["received"] > 0
