"""kill -9 of random processes under a random load of 20 clients: then every acknowledged write is there, the plan is empty, nothing is left over.

JAILNET_KILLS=200 in .ci/run; fewer in make check.
"""
import os
import random
import signal
import threading
import time

from jn import Client, World

CLIENTS = 20
KILLS = int(os.environ.get("JAILNET_KILLS", "20"))


class Load(threading.Thread):
    """Owns one epair and one bridge; remembers what was acknowledged.  None = unknown: the answer never came."""

    def __init__(self, i, path):
        super().__init__(daemon=True)
        self.c = Client(path=path, timeout=30)
        self.rng = random.Random(i)
        self.targets = {"/v1/bridges/b%d" % i: False, "/v1/epairs/e%d" % i: False}
        self.acknowledged = 0
        self.end = False

    def write(self, target):
        exists = self.rng.random() < 0.6
        self.targets[target], before = None, self.targets[target]
        body = {"mtu": self.rng.choice([1400, 1500])} if "bridges" in target else {"a": {"bridge": "lan0"}}
        try:
            a = self.c.put(target, body) if exists else self.c.delete(target)
        except (ConnectionRefusedError, FileNotFoundError):
            self.targets[target] = before       # nobody listens: never sent
            raise
        if a.status in (200, 201, 204) or (a.status == 404 and not exists):
            self.targets[target] = exists
            self.acknowledged += 1
        elif 400 <= a.status < 500:
            self.targets[target] = before
        # 202 and 5xx: committed perhaps; unknown

    def run(self):
        while not self.end:
            try:
                self.write(self.rng.choice(list(self.targets)))
            except (OSError, ValueError) as _dead:
                time.sleep(0.05)
            except Exception:       # http.client: the line was cut
                time.sleep(0.05)

    def known(self):
        return sum(exists is not None for exists in self.targets.values())


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, TypeError):
        pass


def test_storm():
    rng = random.Random(4)
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
                    d.wait(lambda: sum(t.known() for t in load) >= CLIENTS, 60)
                    for t in load:
                        t.end = True
                if n % 4 == 3:
                    kill(d.worker_pid_cached())
                    d.process.wait(20)
                    d.stop()
                    d = w.daemon(socket_path=path, tcp=False, verbose=False)
                else:
                    d.kill_server()
            for t in load:
                t.join(60)
                assert not t.is_alive()
            d.wait(lambda: d.get("/readyz").status == 200, 30)
            assert d.settled(60) == []
            for t in load:
                for target, exists in t.targets.items():
                    if exists is not None:
                        assert d.get(target).status == (200 if exists else 404), (target, exists)
            topology = d.topology()
            want = {"lo"} | set(topology["bridges"]) | {"%s%s" % (e, s) for e in topology["epairs"] for s in "ab"}
            assert {link["ifname"] for link in w.ip_json("link")} == want
            known = sum(t.known() for t in load)
            # at the last kill each client loses at most the one write it had under way, of its two objects
            assert sum(t.acknowledged for t in load) >= KILLS and known >= CLIENTS // 2
            print("%d kills, %d acknowledged writes, %d of %d objects known" % (
                KILLS, sum(t.acknowledged for t in load), known, 2 * CLIENTS))
        finally:
            d.stop()
