"""kill -9 of random processes under a random load of 20 clients: then every acknowledged write is there, field by field, the plan is empty, the trail
is whole, nothing is left over.

JAILNET_KILLS=200 in .ci/run; fewer in make check.
"""
import collections
import http.client
import os
import random
import signal
import subprocess
import threading
import time

from jn import Client, World
from test_clock import audit_is_whole

CLIENTS = 20
KILLS = int(os.environ.get("JAILNET_KILLS", "20"))
GONE = "gone"


class Load(threading.Thread):
    """Owns one bridge, one jail and one epair; remembers what was acknowledged of each: its answer, or GONE.  None = unknown: the answer never came."""

    def __init__(self, i, path):
        super().__init__(daemon=True)
        self.c = Client(path=path, timeout=30)
        self.i, self.rng = i, random.Random(i)
        self.targets = {"/v1/%ss/%s%d" % (kind, kind[0], i): GONE for kind in ("bridge", "jail", "epair")}
        self.acknowledged = collections.Counter()
        self.end = False

    def body(self, target):
        one = self.rng.randrange(1, 250)
        if "bridges" in target:
            return {"mtu": self.rng.choice([1400, 1500]), "addresses": ["10.%d.%d.1/24" % (100 + self.i, one)], "labels": {"n": str(one)}}
        if "jails" in target:
            return {"hostname": "h%d" % one, "exec": {"start": "sleep 0.0%d" % self.rng.randrange(10)}}
        jail = "j%d" % self.i if isinstance(self.targets["/v1/jails/j%d" % self.i], dict) else None
        return {"mtu": self.rng.choice([1400, 1500]), "a": {"bridge": "lan0"},
                "b": {"jail": jail, "addresses": ["10.8.%d.%d/16" % (self.i, one)]}}

    def write(self, target):
        delete = self.rng.random() < 0.3
        self.targets[target], before = None, self.targets[target]
        try:
            a = self.c.delete(target) if delete else self.c.put(target, self.body(target))
        except (ConnectionRefusedError, FileNotFoundError):
            self.targets[target] = before       # nobody listens: never sent
            raise
        if a.status in (200, 201):
            self.targets[target] = a.json
        elif a.status == 204 or (a.status == 404 and delete):
            self.targets[target] = GONE
        elif 400 <= a.status < 500:
            self.targets[target] = before
        # 202 and 5xx: committed perhaps; unknown
        self.acknowledged[target.split("/")[2]] += a.status in (200, 201, 204)

    def run(self):
        while not self.end:
            try:
                self.write(self.rng.choice(list(self.targets)))
            except (OSError, http.client.HTTPException):        # the line was cut
                time.sleep(0.05)

    def known(self):
        return sum(v is not None for v in self.targets.values())

    def check(self, d):
        """Each field as it was answered, addresses for life, too; but for what goes on by itself."""
        for target, was in self.targets.items():
            a = d.get(target)
            if was == GONE:
                assert a.status == 404, (target, a)
            elif was is not None:
                assert a.status == 200, (target, a)
                now = {k: v for k, v in a.json.items() if k != "status"}
                assert now == {k: v for k, v in was.items() if k != "status"}, target


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, TypeError):
        pass


def commands(worker):
    """The worker's children but for the server, and theirs: what runs for jails."""
    out = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in out.splitlines()]
    mine = {worker}
    for pid, ppid, args in rows + rows:
        if int(ppid) in mine and "jailnetd-server" not in args:
            mine.add(int(pid))
    return sorted(mine - {worker})


def kill_a_command(d, seconds):
    """False: none ran in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for pid in commands(d.worker_pid_cached())[-1:]:
            kill(pid)
            return True
    return False


def check_kernel(w, topology):
    jails = set(topology["jails"])
    ends = {e + s for e, v in topology["epairs"].items() for s in "ab" if v[s].get("jail") not in jails}
    assert {link["ifname"] for link in w.ip_json("link")} == {"lo"} | set(topology["bridges"]) | ends
    assert {line.split()[0] for line in w.ip("netns", "list").splitlines()} == jails
    assert set(w.run("ls", "/run/jailnet/jails").stdout.split()) == jails
    for name, v in topology["epairs"].items():
        jail = v["b"].get("jail")
        have = w.ip_json(*(["-n", jail] if jail else []), "addr", "show", "dev", name + "b")
        assert set(v["b"]["addresses"]) <= {"%s/%d" % (a["local"], a["prefixlen"]) for a in have[0]["addr_info"]}


def test_storm():
    rng = random.Random(4)
    killed = collections.Counter()
    with World() as w:
        path = os.path.join(w.state_dir, "api.sock")
        d = w.daemon(socket_path=path, tcp=False, verbose=False)
        try:
            assert d.put("/v1/bridges/lan0", {}).status == 201
            load = [Load(i, path) for i in range(CLIENTS)]
            for t in load:
                t.start()
            for n in range(KILLS):
                time.sleep(rng.uniform(0.05, 0.4))
                if n == KILLS - 1:      # something must be known to be judged by
                    d.wait(lambda: sum(t.known() for t in load) >= 2 * CLIENTS, 60)
                    for t in load:
                        t.end = True
                if n % 4 == 3:
                    kill(d.worker_pid_cached())
                    killed["jailnetd"] += 1
                    d.process.wait(20)
                    d.stop()
                    d = w.daemon(socket_path=path, tcp=False, verbose=False)
                elif n % 4 == 1 and kill_a_command(d, 2):
                    killed["command"] += 1
                else:
                    d.kill_server()
                    killed["server"] += 1
            for t in load:
                t.join(60)
                assert not t.is_alive()
            d.wait(lambda: d.get("/readyz").status == 200, 30)
            assert d.settled(60) == []
            for t in load:
                t.check(d)
            check_kernel(w, d.topology())
            audit_is_whole(d)
            known = sum(t.known() for t in load)
            acknowledged = sum((t.acknowledged for t in load), collections.Counter())
            # at the last kill each client loses at most the one write it had under way, of its three objects
            assert sum(acknowledged.values()) >= KILLS and known >= CLIENTS and min(acknowledged.values()) > 0 and len(acknowledged) == 3
            assert killed["command"] > 0
            print("%d kills (%s), acknowledged writes: %s; %d of %d objects known" % (KILLS, dict(killed), dict(acknowledged), known, 3 * CLIENTS))
        finally:
            d.stop()
