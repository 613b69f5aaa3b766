"""The wall clock jumps, forwards and back: nothing that was acknowledged is lost, nothing hangs, and what has an end still ends."""
import datetime
import os
import shutil
import struct
import subprocess
import tempfile
import time

import pytest

from jn import BUILD, TOP, Daemon

DAY = 86400
NET = {
    "bridges": {"lan0": {"addresses": ["10.8.0.1/24"]}},
    "jails": {"web": {"routes": {"default": "10.8.0.1"}}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.8.0.10/24"]}}},
}


class Clock:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="jnc-")
        os.chmod(self.dir, 0o755)
        self.path = os.path.join(self.dir, "offset")
        self.library = os.path.join(self.dir, "clock.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-D_GNU_SOURCE", "-o", self.library,
                        os.path.join(TOP, "tests", "fault", "clock.c")], check=True)
        self.set(0)
        os.chmod(self.path, 0o644)

    def set(self, seconds):
        mode = "r+b" if os.path.exists(self.path) else "wb"
        with open(self.path, mode) as f:
            f.write(struct.pack("q", seconds))

    def daemon(self, **kw):
        preload = [self.library]
        if "asan" in BUILD:     # its run time wants to be the first
            preload.insert(0, subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip())
        return Daemon(env={"LD_PRELOAD": " ".join(preload), "JAILNET_TEST_CLOCK": self.path,
                           "JAILNET_FAKE_STATE": os.path.join(self.dir, "kernel"), "JAILNET_FAKE_CONTROL": os.path.join(self.dir, "control")},
                      state_dir=os.path.join(self.dir, "state"), **kw)


@pytest.fixture
def clock():
    c = Clock()
    os.chmod(c.dir, 0o777)
    yield c
    shutil.rmtree(c.dir, ignore_errors=True)


def age(text):
    """Of a time the daemon answered, in seconds by our clock."""
    return time.time() - datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def writes(d, word):
    r = d.patch("/v1/bridges/lan0", {"description": word})
    assert r.status == 200 and d.get("/v1/bridges/lan0").json["description"] == word, r
    return r.json["updated_at"]


def audit_is_whole(d):
    r = subprocess.run([os.path.join(BUILD, "jailnet"), "--socket", d.path, "audit", "verify"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 0, r


@pytest.mark.parametrize("jump", [10 * 365 * DAY, -365 * DAY])
def test_everything_goes_on_after_a_jump(clock, jump):
    with clock.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        short = d.post("/v1/tokens", {"name": "short", "role": "viewer", "expires_in_seconds": 3600}).json["token"]
        assert d.tcp(short).get("/v1").status == 200
        clock.set(jump)
        at = writes(d, "after")
        assert abs(age(at) + jump) < 60, "the jump did not reach the daemon"
        # the end of a token is a time of the wall clock
        assert d.tcp(short).get("/v1").status == (401 if jump > 0 else 200)
        assert d.tcp(d.admin_token).get("/v1").status == 200
        # looks, repairs and streams go by a clock that does not jump
        seqs = [e["seq"] for e in d.events()]
        assert seqs == sorted(seqs)
        since = seqs[-1]
        start = time.monotonic()
        assert d.get("/v1/changes?since=%d&wait=1" % since).status == 200
        assert time.monotonic() - start < 5
        revisions = [i["revision"] for i in d.get("/v1/revisions").json["items"]]
        assert revisions == sorted(revisions, reverse=True)
        audit_is_whole(d)
        clock.set(0)
        writes(d, "back")
        audit_is_whole(d)
        assert d.settled() == []
    with clock.daemon() as d:           # and it starts again with rows of another time
        assert d.get("/v1/bridges/lan0").json["description"] == "back"
        assert d.plan(NET | {"bridges": {"lan0": {"addresses": ["10.8.0.1/24"], "description": "back"}}}) == []
        audit_is_whole(d)


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_confirmation_ends_however_the_clock_is_set(clock, jump):
    with clock.daemon() as d:
        base = d.put("/v1/topology", NET).json["revision"]
        r = d.patch("/v1/bridges/lan0?confirm_timeout=3", {"mtu": 1400})
        assert r.status == 200, r
        clock.set(jump)
        d.wait(lambda: d.get("/v1/bridges/lan0").json["mtu"] == 1500, 15)
        assert d.get("/v1/topology/confirm").json == {"pending": None}
        assert d.get("/v1").json["revision"] == base + 2
        writes(d, "goes on")


def test_a_confirmation_of_a_killed_daemon_does_not_wait_a_day(clock):
    with clock.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.patch("/v1/bridges/lan0?confirm_timeout=3", {"mtu": 1400}).status == 200
        d.stop(9)
    clock.set(-DAY)
    with clock.daemon() as d:
        d.wait(lambda: d.get("/v1/bridges/lan0").json["mtu"] == 1500, 15)


def test_keys_are_kept_for_a_day_and_plans_for_half_an_hour(clock):
    key = {"Idempotency-Key": "k"}
    with clock.daemon() as d:
        assert d.request("POST", "/v1/bridges", {"name": "b0"}, key).status == 201
        plan = d.post("/v1/plans", NET).json["id"]
        clock.set(29 * 60)
        assert d.get("/v1/plans/" + plan).status == 200
        clock.set(31 * 60)
        assert d.get("/v1/plans/" + plan).status == 404 and d.post("/v1/plans/%s/apply" % plan).status == 404
        clock.set(DAY - 60)
        again = d.request("POST", "/v1/bridges", {"name": "b0"}, key)
        assert again.status == 201 and again.headers["Idempotency-Replayed"] == "true", again
        clock.set(DAY + 60)
        late = d.request("POST", "/v1/bridges", {"name": "b0"}, key)
        assert late.status == 409 and late.json["code"] == "exists", late
        assert d.request("POST", "/v1/bridges", {"name": "b1"}, key).status == 201      # it is a new key now
