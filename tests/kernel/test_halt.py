"""SIGUSR1: the host goes down: jails of ours are stopped in order, and the next start brings all of it back."""
import os
import re
import shlex
import signal
import subprocess
import time

import pytest

from jn import TOP, World


@pytest.fixture()
def world():
    with World() as w:
        yield w


def net(dir):
    stop = "echo %s >> {0}/log; ip -o addr show dev %s0b >> {0}/log".format(dir)
    return {
        "bridges": {"lan0": {"addresses": ["10.9.0.1/24"]}},
        "jails": {n: {"exec": {"start": "sleep 1000 >/dev/null 2>&1 & echo started", "stop": stop % (n, n)}} for n in ("web", "db")},
        "epairs": {n + "0": {"a": {"bridge": "lan0"}, "b": {"jail": n, "addresses": ["10.9.0.%d/24" % (10 + i)]}} for i, n in enumerate(("web", "db"))},
        "attachments": {"re1": {"jail": "web"}},
    }


def shape(w, *where):
    return {(i["ifname"], i["address"]) for i in w.ip_json(*where, "link") if i["ifname"] != "lo"}


def test_jails_are_stopped_and_come_back(world):
    dir = os.path.join(world.state_dir, "seen")
    os.mkdir(dir)
    os.chmod(dir, 0o777)
    world.ip("link", "add", "re1", "type", "veth", "peer", "name", "far")
    world.ip("link", "set", "re1", "up")
    with world.daemon() as d:
        assert d.put("/v1/topology", net(dir)).status == 200
        revisions = d.get("/v1/revisions").json
        before = shape(world), shape(world, "-n", "web"), shape(world, "-n", "db")
        assert ("re1" in [n for n, _ in before[1]]) and not os.path.exists(dir + "/log")
        assert d.stop(signal.SIGUSR1) == 0
        assert "not stopped" not in d.log()
    log = open(dir + "/log").read()
    assert log.count("web\n") == 1 and log.count("db\n") == 1 and "10.9.0.10/24" in log and "10.9.0.11/24" in log, log     # still with its network
    assert world.ip("netns", "list").split() == []
    assert {"re1", "web0a", "web0b", "db0a", "db0b", "lan0", "far"} <= {n for n, _ in shape(world)}
    with world.daemon() as d:
        assert d.settled() == []
        assert (shape(world), shape(world, "-n", "web"), shape(world, "-n", "db")) == before       # the same MAC addresses, too
        assert d.get("/v1/revisions").json == revisions
        assert d.get("/v1/jails/web").json["running"] is True
        assert not [e for e in d.events() if e["type"].startswith("drift.")]
        log = open(dir + "/log").read()
        assert log.count("web\n") == 1                                  # SIGTERM, the ordinary end, stops nothing
        d.stop()
    assert sorted(x.split()[0] for x in world.ip("netns", "list").splitlines()) == ["db", "web"]
    assert open(dir + "/log").read() == log


@pytest.mark.parametrize("state, stops", [("stopping", True), ("running", False)])
def test_the_unit_of_systemd_stops_jails_only_when_the_host_goes_down(world, state, stops):
    unit = open(os.path.join(TOP, "docs", "packaging", "linux", "jailnetd.service")).read()
    line = shlex.split(re.search("^ExecStop=(.*)$", unit, re.M)[1])
    fake = os.path.join(world.state_dir, "systemctl")
    with open(fake, "w") as f:
        f.write("#!/bin/sh\n[ $1 = is-system-running ] && echo %s\n" % state)
    os.chmod(fake, 0o755)
    with world.daemon() as d:
        assert d.put("/v1/topology", {"jails": {"web": {"exec": {"stop": "true"}}}}).status == 200
        env = dict(os.environ, PATH=world.state_dir + ":" + os.environ["PATH"], MAINPID=str(d.process.pid))
        stop = subprocess.Popen(line, env=env)
        if stops:
            assert d.process.wait(15) == 0
        assert stop.wait(15) == 0
        assert (d.process.poll() is None) != stops
    assert ("web" not in world.ip("netns", "list")) == stops


def test_a_stop_that_fails_keeps_nobody(world):
    with world.daemon() as d:
        assert d.put("/v1/topology", {"jails": {"bad": {"exec": {"stop": "exit 3"}}, "good": {}}}).status == 200
        start = time.monotonic()
        assert d.stop(signal.SIGUSR1) == 0
        assert time.monotonic() - start < 10
    assert "good" not in world.ip("netns", "list")


def test_who_asks_meanwhile_is_told(world):
    with world.daemon() as d:
        assert d.put("/v1/topology", {"jails": {"slow": {"exec": {"stop": "sleep 2"}}}}).status == 200
        d.process.send_signal(signal.SIGUSR1)
        time.sleep(0.7)
        r = d.put("/v1/jails/more", {})
        assert r.status == 503 and "stopping" in r.json["detail"], r
        assert d.get("/v1/jails/slow").json["running"] is True
        assert d.process.wait(15) == 0
    assert world.ip("netns", "list").split() == []
