"""What runs is taken over, and whoever dies or refuses in the middle: it is never destroyed, and in the end it is jailnet's."""
import json
import os
import subprocess

import pytest

from jn import BUILD
from test_stories import story  # noqa: F401  (a fixture)

ADOPT = "adopt = *\n"
MADE = ["bridge-add br0", "addr-add - br0 10.7.0.1/24", "jail-add ext", "epair-add v0 v1", "bridge v0 br0", "move - v1 ext", "up ext v1",
        "addr-add ext v1 10.7.0.10/24", "epair-add p7a p7b", "bridge p7a br0", "bridge re1 br0"]


def made(story, d):  # noqa: F811
    for line in MADE:
        story.by_hand(line)
    d.wait(lambda: host(d)["topology"]["epairs"].keys() == {"v0", "p7"})
    return host(d)


def host(d):
    a = d.post("/v1/import/host")
    assert a.status == 200, a
    return a.json


def links(d):
    return {i["interface"]: (i["type"], i["jail"]) for i in d.get("/v1/counters").json["items"]}


def test_taken_over_and_nothing_is_left_to_do(story):  # noqa: F811
    with story.daemon(conf=ADOPT) as d:
        got = made(story, d)
        assert got["errors"] == [] and got["files"] == []
        assert set(got["topology"]["bridges"]["br0"]["members"]) == {"re1"}
        assert got["topology"]["jails"]["ext"]["manager"] == "external"
        assert got["topology"]["epairs"]["v0"]["b"] == {**got["topology"]["epairs"]["v0"]["b"], "jail": "ext", "addresses": ["10.7.0.10/24"], "ifname": "v1"}
        assert [s["detail"].split(":")[1] for s in got["plan"]["steps"]] == [" label (it is bridge br0)"] + [" label (it is epair p7)"] * 2 + [" label (it is epair v0)"] * 2
        before, events = links(d), d.events()[-1]["seq"] if d.events() else 0
        r = d.put("/v1/topology", got["topology"])
        assert r.status == 200, r
        assert d.plan(d.topology()) == [] and host(d)["plan"]["steps"] == []
        assert links(d) == before
        log = d.log()
        assert log.count("serve IF_SET ") == 5 and not [op for op in ("_CREATE", "_DESTROY", "ADDR_", "PORT_", "IF_MOVE", "RENAME") if op in log]
        assert d.get("/v1/operations").json["items"][0]["state"] == "succeeded" and events >= 0


@pytest.mark.parametrize("what,n", [("1", 1), ("1", 4), ("crash", 1), ("crash", 2), ("crash", 3), ("crash", 4), ("halfcrash", 5)])
def test_whatever_happens_in_the_middle(story, what, n):  # noqa: F811
    with story.daemon(conf=ADOPT, fault="IF_SET:%d:%s" % (n, what)) as d:
        t = made(story, d)["topology"]
        before = links(d)
        try:
            d.put("/v1/topology", t, Prefer="wait=1")
        except OSError:
            pass
        if "crash" in what:
            d.process.wait(10)
        else:
            assert "failed" in d.log()
    with story.daemon(conf=ADOPT) as d:
        assert d.topology().keys() == t.keys() and d.topology()["epairs"].keys() == t["epairs"].keys()
        assert d.settled() == []
        assert links(d) == before
        assert "_DESTROY" not in d.log() and "_CREATE" not in d.log()


def test_a_mistake_beside_it_undoes_nothing(story):  # noqa: F811
    with story.daemon(conf=ADOPT, fault="BRIDGE_CREATE:1:22") as d:
        t = made(story, d)["topology"]
        before = links(d)
        t["bridges"]["br9"] = {}
        d.put("/v1/topology", t, Prefer="wait=2")
        assert links(d).items() >= before.items()
        assert "_DESTROY" not in d.log()
        assert "br0" in d.topology()["bridges"]


def test_not_on_trial(story):  # noqa: F811
    with story.daemon(conf=ADOPT) as d:
        t = made(story, d)["topology"]
        r = d.put("/v1/topology?confirm_timeout=30", t)
        assert (r.status, r.json["code"]) == (409, "conflict"), r
        assert d.topology()["bridges"] == {}


def test_without_policy_it_stays_foreign(story):  # noqa: F811
    with story.daemon() as d:
        for line in MADE:
            story.by_hand(line)
        d.wait(lambda: ("policy", "br0") in [(w["code"], w["text"].split()[0]) for w in host(d)["warnings"]])
        assert host(d)["topology"]["bridges"] == {} and host(d)["topology"]["epairs"] == {}


def test_command_line(story, tmp_path):  # noqa: F811
    with story.daemon(conf=ADOPT) as d:
        made(story, d)
        cli = [os.path.join(BUILD, "jailnet"), "--socket", d.path]
        to = str(tmp_path / "net.json")
        r = subprocess.run(cli + ["import", "--topology", to, "host"], capture_output=True, text=True)
        assert r.returncode == 4 and "label (it is bridge br0)" in r.stdout and "re1 becomes a member of br0" in r.stderr, r
        r = subprocess.run(cli + ["apply", to], capture_output=True, text=True)
        assert r.returncode == 0, r
        r = subprocess.run(cli + ["import", "host"], capture_output=True, text=True)
        assert r.returncode == 0 and "0 steps to do." in r.stdout, r
        with open(to) as f:
            assert json.load(f) == d.topology()
        for wrong in (["host", "/etc/rc.conf"], ["--mode", "flat", "host"], ["--root", "/tmp", "host"]):
            r = subprocess.run(cli + ["import"] + wrong, capture_output=True, text=True)
            assert r.returncode == 2, r
