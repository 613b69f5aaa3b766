"""A damaged or read-only database: what can be read is answered, nothing is written, and the network stays exactly as it is."""
import os
import pwd
import sqlite3
import time

import pytest

from jn import Daemon, World

NET = {
    "bridges": {"lan0": {"addresses": ["10.7.0.1/24"]}},
    "jails": {"web": {"routes": {"default": "10.7.0.1"}}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.7.0.10/24"]}}},
}


@pytest.fixture()
def world():
    with World() as w:
        yield w


def network(w):
    """Once duplicate address detection and the like are over."""
    def look():
        return (w.ip("-o", "link"), w.ip("-o", "addr"), w.ip("-n", "web", "-o", "addr"), w.ip("-n", "web", "route"))
    last = None
    for _ in range(20):
        now = look()
        if now == last and "tentative" not in str(now):
            break
        last = now
        time.sleep(1)
    return last


def up_to_answer(d, seconds=15):
    end = time.monotonic() + seconds
    while True:
        try:
            if d.get("/livez").status == 200:
                return
        except OSError:
            pass
        assert time.monotonic() < end, d.log()
        time.sleep(0.05)


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])


def damage(path, tables=("mac", "event")):
    """The pages where these tables begin become rubbish; header and schema stay."""
    c = sqlite3.connect("file:%s?mode=ro&immutable=1" % path, uri=True)
    size = c.execute("PRAGMA page_size").fetchone()[0]
    pages = [c.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND tbl_name = ?", (t,)).fetchone()[0] for t in tables]
    c.close()
    with open(path, "r+b") as f:
        for page in pages:
            f.seek((page - 1) * size)
            f.write(b"\xa5" * 512)


def test_a_damaged_database_is_only_read_and_the_network_stays(world):
    with world.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.stop() == 0
    before = network(world)
    db = os.path.join(world.state_dir, "state", "jailnet.db")
    damage(db)
    with open(db, "rb") as f:
        content = f.read()
    with world.daemon(wait=False, tcp=False) as d:
        up_to_answer(d)
        d.wait(lambda: d.get("/readyz").status == 503)
        assert b"[-]store failed" in d.get("/readyz?verbose").body
        assert d.get("/v1").status == 200
        for method, target, body in (("PUT", "/v1/topology", {}), ("DELETE", "/v1/jails/web", None), ("PUT", "/v1/bridges/x0", {})):
            a = d.request(method, target, body, {"If-Match": "*"})
            assert a.status >= 500 and a.json["code"] == "store" and "damaged" in a.json["detail"], (method, target, a)
        for target in ("/v1/bridges", "/v1/jails", "/v1/topology", "/v1/events", "/v1/drift", "/v1/operations"):
            a = d.get(target, Accept="application/json")
            assert a.status == 200 or a.json["code"] == "store", (target, a)
        metrics = d.get("/metrics").body.decode()
        assert "jailnetd_store_writable 0" in metrics
        assert "web0b" in {i["interface"] for i in d.get("/v1/counters").json["items"]}
        # by hand, and no repair: what is wanted is unknown
        world.ip("link", "add", "byhand0", "type", "bridge")
        time.sleep(2.5)
        world.ip("link", "del", "byhand0")
        assert network(world) == before
        assert "the database is damaged" in d.log()
        server = d.server_pid()
        used = cpu(server)
        time.sleep(1)
        assert d.server_pid() == server             # no restart loop
        assert cpu(server) - used < 0.5 * os.sysconf("SC_CLK_TCK")      # and it sleeps
    assert network(world) == before
    with open(db, "rb") as f:
        assert f.read() == content                  # not a byte was written


def test_damage_under_a_running_daemon(world):
    """Whatever reads the page first finds it; from then on it is as if it had been found at start."""
    with world.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.stop() == 0
    before = network(world)
    db = os.path.join(world.state_dir, "state", "jailnet.db")
    with world.daemon() as d:
        assert d.settled() == []
        damage(db, ("plan",))
        a = d.post("/v1/plans", NET)
        assert a.status == 500 and a.json["code"] == "store", a
        with open(db, "rb") as f:
            content = f.read()
        for method, target, body in (("PUT", "/v1/topology", {}), ("PUT", "/v1/bridges/x0", {}), ("POST", "/v1/plans", {}), ("POST", "/v1/tokens", {"name": "t", "role": "viewer"})):
            a = d.request(method, target, body, {"If-Match": "*"})
            assert a.status == 500 and a.json["code"] == "store" and "damaged" in a.json["detail"], (method, target, a)
        for target in ("/v1/bridges", "/v1/topology", "/v1/operations"):
            assert d.get(target).status == 200, target
        assert d.get("/readyz").status == 503 and "jailnetd_store_writable 0" in d.get("/metrics").body.decode()
        world.ip("link", "set", "lan0", "mtu", "1400")         # by hand: not repaired
        time.sleep(2.5)
        assert "mtu 1400" in world.ip("-o", "link", "show", "lan0") and d.get("/readyz").status == 503
        world.ip("link", "set", "lan0", "mtu", "1500")
        assert network(world) == before
    with open(db, "rb") as f:
        assert f.read() == content


def test_damage_that_only_a_read_has_met(world):
    with world.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.stop() == 0
    db = os.path.join(world.state_dir, "state", "jailnet.db")
    with world.daemon(tcp=False) as d:
        assert d.settled() == [] and d.get("/v1/tokens").status == 200
    with world.daemon(tcp=False) as d:
        assert d.settled() == []
        damage(db, ("token",))
        a = d.get("/v1/tokens")
        assert a.status == 500 and a.json["code"] == "store", a
        d.wait(lambda: d.get("/readyz").status == 503)
        assert d.put("/v1/bridges/x0", {}).json["code"] == "store" and "damaged" in d.log()
        assert d.get("/v1/topology").status == 200


def test_no_database_at_all_leaves_the_network_too(world):
    """The header is gone: nothing can be read; the server says so and ends, the worker keeps the network and tries again."""
    with world.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.stop() == 0
    before = network(world)
    db = os.path.join(world.state_dir, "state", "jailnet.db")
    with open(db, "r+b") as f:      # in place: it belongs to the server's user
        header = f.read(4096)
        f.seek(0)
        f.write(b"\xff" * 4096)
    with world.daemon(wait=False, tcp=False) as d:
        d.deaths = 100
        d.wait(lambda: "not a database" in d.log())
        time.sleep(1)
        assert network(world) == before
    with open(db, "r+b") as f:
        f.write(header)
    with world.daemon() as d:
        assert d.settled() == [] and d.plan(NET) == []
        assert network(world) == before


@pytest.mark.parametrize("ending", ["stopped", "killed"])
def test_a_read_only_file_system_is_read(world, ending):
    """After a kill there is a write-ahead log beside the database: what is in it is read, too."""
    with world.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.put("/v1/bridges/last", {}).status == 201
        if ending == "stopped":
            assert d.stop() == 0
        else:
            pids = [d.worker_pid(), d.server_pid()]
            for pid in pids:
                world.run("kill", "-9", str(pid))
            d.process.wait(10)
    before = network(world)
    state = os.path.join(world.state_dir, "state")
    for args in (("mount", "--bind", state, state), ("mount", "-o", "remount,bind,ro", state)):
        r = world.run(*args)
        if r.returncode != 0:
            pytest.skip("no bind mount here: " + r.stderr)
    with world.daemon(wait=False, tcp=False) as d:
        up_to_answer(d)
        d.wait(lambda: "is on a read-only file system" in d.log())
        assert d.get("/readyz").status == 503
        assert set(d.get("/v1/topology").json["bridges"]) == {"lan0", "last"}
        assert d.get("/v1/epairs/web0").json["b"]["jail"] == "web"
        for method, target, body in (("PUT", "/v1/topology", {}), ("POST", "/v1/plans", {}), ("POST", "/v1/backup", None)):
            a = d.request(method, target, body, {"If-Match": "*"})
            assert a.status == 500 and a.json["code"] == "store", (method, target, a)
        assert network(world) == before
        assert d.server_pid() == d.server_pid() is not None
    assert world.run("umount", state).returncode == 0
    with world.daemon() as d:
        assert d.settled() == [] and d.plan(dict(NET, bridges=dict(NET["bridges"], last={}))) == []
        assert network(world) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server is somebody else")
def test_a_folder_that_the_server_cannot_reach_is_named(tmp_path):
    tmp_path.chmod(0o700)
    users = {u.pw_name: u.pw_uid for u in pwd.getpwall()}
    uid = users.get("_jailnet", users["nobody"])        # worker/spawn.c
    with Daemon(state_dir=str(tmp_path / "state"), wait=False) as d:
        d.deaths = 100
        said = "%s: user %d must be able to go into each folder above it: Permission denied" % (tmp_path / "state", uid)
        d.wait(lambda: said in d.log())
