"""kill -9 between any two commands of a 50-jail apply: then converged, no leftovers, no acknowledged write lost, packets go on."""
import os
import random
import signal
import threading
import time

import pytest

from jn import Ping, World

N = 50


def topology(n=N):
    """n jails behind lan0, and two that run all the time and talk to each other."""
    t = {
        "bridges": {"lan0": {"addresses": ["10.8.0.1/16"]}, "keep0": {}},
        "jails": {"j%d" % i: {"routes": {"default": "10.8.0.1"}} for i in range(n)},
        "epairs": {"e%d" % i: {"a": {"bridge": "lan0"}, "b": {"jail": "j%d" % i, "addresses": ["10.8.1.%d/16" % (i + 1)]}} for i in range(n)},
    }
    for i in (1, 2):
        t["jails"]["k%d" % i] = {}
        t["epairs"]["k%d" % i] = {"a": {"bridge": "keep0"}, "b": {"jail": "k%d" % i, "addresses": ["10.9.0.%d/24" % i]}}
    if n == 0:
        del t["bridges"]["lan0"]
    return t


@pytest.fixture()
def world():
    with World() as w:
        yield w


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def in_background(fn):
    result = {}

    def run():
        try:
            result["answer"] = fn()
        except Exception as e:  # the daemon dies under it
            result["error"] = e
    t = threading.Thread(target=run)
    t.start()
    return t, result


def check_kernel(w, t):
    links = [l["ifname"] for l in w.ip_json("link")]
    assert sorted(links) == sorted(["lo"] + list(t["bridges"]) + [e + "a" for e in t["epairs"]]), links
    assert sorted(x.split()[0] for x in w.ip("netns", "list").splitlines()) == sorted(t["jails"])


def check_converged(w, d, allowed):
    """Nobody asks for anything: what the store holds is one of the documents that were sent, whole, and the kernel has just that."""
    assert d.settled(20) == []
    names = {kind: set(rows) for kind, rows in d.topology().items() if rows}
    assert names in [{kind: set(rows) for kind, rows in t.items()} for t in allowed], names
    check_kernel(w, d.topology())


def check_whole(w, d, n):
    assert d.put("/v1/topology", topology(n)).status == 200
    assert d.settled(20) == []
    check_kernel(w, topology(n))


@pytest.mark.parametrize("victim", ["server", "worker", "both"])
def test_kill_in_the_middle_of_an_apply(world, victim):
    rng = random.Random(victim)
    few, many = topology(0), topology()
    with world.daemon() as d:
        check_whole(world, d, 0)
        # the first packets of a young link may be lost
        d.wait(lambda: d.post("/v1/jails/k1/probe", {"to": "10.9.0.2", "count": 1}).json["received"] == 1)
        ping = Ping(world, "10.9.0.2", jail="k1")
    for round_ in range(6):
        with world.daemon() as d:
            worker, server = d.worker_pid(), d.server_pid()
            assert worker and server
            t, result = in_background(lambda: d.put("/v1/topology", many))
            time.sleep(rng.uniform(0.0, 0.25))
            if victim in ("server", "both"):
                d.kill_server()
            if victim in ("worker", "both"):
                kill(worker)
            t.join(60)
            acknowledged = "answer" in result and result["answer"].status == 200
            allowed = [many] if acknowledged else [few, many]
            if victim == "server":
                d.wait_ready()
                check_converged(world, d, allowed)
        with world.daemon() as d:
            check_converged(world, d, allowed)
            assert d.put("/v1/topology", few).status == 200
            check_converged(world, d, [few])
    sent, lost = ping.stop()
    assert sent > 100 and lost <= 1, (sent, lost)


def test_packets_go_on_while_the_daemon_is_dead(world):
    with world.daemon() as d:
        check_whole(world, d, 2)
        d.kill_server()
        kill(d.worker_pid_cached())
        d.process.wait(10)
        ping = world.run("ip", "netns", "exec", "j0", "ping", "-c", "3", "-i", "0.05", "-W", "1", "10.8.1.2")
        assert " 0% packet loss" in ping.stdout, ping.stdout
    with world.daemon() as d:
        before = world.ip("-n", "j0", "link")
        assert d.settled() == []
        assert world.ip("-n", "j0", "link") == before


def test_no_acknowledged_write_is_lost(world):
    rng = random.Random(7)
    acknowledged = []
    i = 0
    for _ in range(6):
        with world.daemon() as d:
            timer = threading.Timer(rng.uniform(0.05, 0.4), d.kill_server)
            timer.start()
            while timer.is_alive():
                name = "b%d" % i
                i += 1
                try:
                    if d.put("/v1/bridges/" + name, {}).status == 201:
                        acknowledged.append(name)
                except OSError:
                    break
            timer.join()
            d.wait_ready()
    with world.daemon() as d:
        there = {b["name"] for b in d.get("/v1/bridges?limit=10000").json["items"]}
        assert set(acknowledged) <= there
        assert d.settled() == []
        assert len(acknowledged) > 5


def test_a_restart_of_everything_is_a_no_op(world):
    with world.daemon() as d:
        check_whole(world, d, 5)
    indexes = {l["ifname"]: l["ifindex"] for l in world.ip_json("link")}
    with world.daemon() as d:
        assert d.settled() == []
    assert {l["ifname"]: l["ifindex"] for l in world.ip_json("link")} == indexes


def slow(file):
    return {"jails": {"web": {"exec": {"start": "echo begin >>%s; sleep 2; echo end >>%s" % (file, file)}}}}


def lines(file):
    return file.read_text().split() if file.exists() else []


def is_started(world, d):
    return world.run("cat", "/run/jailnet/jails/web/phase").stdout == "started" and d.settled() == []


def test_exec_start_runs_once_though_its_server_dies(world, tmp_path):
    file = tmp_path / "said"
    with world.daemon() as d:
        t, _ = in_background(lambda: d.put("/v1/topology", slow(file)))
        d.wait(lambda: lines(file))
        d.kill_server()
        t.join(60)
        d.wait_ready()
        assert d.get("/v1/jails/web").json["status"]["state"] != "failed"
        d.wait(lambda: is_started(world, d), 20)
        assert lines(file) == ["begin", "end"]


@pytest.mark.parametrize("end, state", [("true", "succeeded"), ("exit 3", "failed")])
def test_an_operation_of_a_killed_server_ends_with_its_command(world, tmp_path, end, state):
    """Not at the first look of the next server: its command still runs, and nobody knows yet how it ends."""
    file = tmp_path / "said"
    net = slow(file)
    net["jails"]["web"]["exec"]["start"] += "; " + end
    with world.daemon() as d:
        t, _ = in_background(lambda: d.put("/v1/topology", net))
        d.wait(lambda: lines(file))
        d.kill_server()
        t.join(60)
        d.wait_ready()
        seen = set()
        while "end" not in lines(file):
            op, = d.get("/v1/operations").json["items"]
            if "end" not in lines(file):
                seen.add(op["state"])
            time.sleep(0.05)
        assert seen == {"running"}
        d.wait(lambda: d.get("/v1/operations").json["items"][0]["state"] != "running", 20)
        assert [op["state"] for op in d.get("/v1/operations").json["items"]] == [state]


def test_exec_start_cut_short_meets_a_fresh_jail(world, tmp_path):
    """jailnetd dies, and its jobs with it: the jail goes with all that runs inside, and is made anew."""
    file = tmp_path / "said"
    with world.daemon() as d:
        t, _ = in_background(lambda: d.put("/v1/topology", slow(file)))
        d.wait(lambda: lines(file))
        old = world.run("stat", "-Lc", "%i", "/run/netns/web").stdout
        kill(d.worker_pid())
        t.join(60)
        d.process.wait(10)
    assert world.run("cat", "/run/jailnet/jails/web/phase").stdout == "starting"
    with world.daemon() as d:
        d.wait(lambda: is_started(world, d), 30)
        # the first never came to its end: no two were alive at once
        assert lines(file) == ["begin", "begin", "end"]
        assert world.run("stat", "-Lc", "%i", "/run/netns/web").stdout != old


def test_the_server_comes_back_with_back_off(world):
    with world.daemon() as d:
        for _ in range(3):
            pid = d.server_pid()
            d.kill_server()
            d.wait(lambda: d.server_pid() not in (None, pid), 10)
            d.wait_ready()
        assert d.process.poll() is None
        assert "restart" in d.log()


def test_policy_refuses_with_403_and_a_security_line(world):
    with world.daemon(conf="uplinks = em*\nallow_exec = no\n") as d:
        world.ip("link", "add", "re0", "type", "veth", "peer", "name", "far0")
        r = d.put("/v1/bridges/lan0", {"members": {"re0": {}}})
        assert r.status == 403, r
        assert r.json["code"] == "denied"
        assert r.json["errors"][0]["pointer"] == "/members/re0"
        assert d.get("/v1/bridges/lan0").status == 404
        assert "security" in d.log() and "re0" in d.log()
        r = d.put("/v1/jails/web", {"exec": {"start": "true"}})
        assert r.status == 403, r
        assert d.get("/v1/jails/web").status == 404


def test_disk_full_is_507_and_reads_go_on(world):
    state = os.path.join(world.state_dir, "state")
    os.makedirs(state, mode=0o700)
    assert world.run("mount", "-t", "tmpfs", "-o", "size=16m,mode=0777", "tmpfs", state).returncode == 0
    with world.daemon() as d:
        assert d.put("/v1/bridges/lan0", {}).status == 201
        fill = world.run("sh", "-c", "dd if=/dev/zero of=%s/fill bs=64k 2>&1; true" % state)
        assert "No space" in fill.stdout + fill.stderr
        statuses = set()
        for i in range(400):
            r = d.put("/v1/bridges/b%d" % i, {"description": "x" * 900})
            statuses.add(r.status)
            if r.status == 507:
                break
        assert 507 in statuses, statuses
        assert r.json["code"] == "store"
        assert d.get("/v1/bridges/lan0").status == 200
        assert world.run("rm", os.path.join(state, "fill")).returncode == 0
        d.wait(lambda: d.put("/v1/bridges/after", {}).status in (200, 201))
        assert d.settled() == []
