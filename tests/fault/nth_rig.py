"""For test_nth_daemon.py: nth.c loaded into a daemon, and what must be true after each fault."""
import http.client
import os
import re
import shutil
import struct
import subprocess
import tempfile

from jn import BUILD, TOP

MEMORY, SQL, SYSTEM = 1, 2, 4
HEAD = struct.Struct("8i2048s")
SIZE = HEAD.size + 8 * 65536        # struct control of nth.c


class Nth:
    """The control file, and the environment that makes a daemon read it."""

    def __init__(self, server, kind, error, every=1, which=0):
        self.server, self.kind, self.error, self.every, self.which = server, kind, error, every, which
        self.fired = 0
        self.dir = tempfile.mkdtemp(prefix="jnn-")
        os.chmod(self.dir, 0o755)
        self.library = os.path.join(self.dir, "nth.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", self.library,
                        os.path.join(TOP, "tests", "fault", "nth.c")], check=True)
        self.path = os.path.join(self.dir, "control")
        with open(self.path, "wb") as f:
            f.truncate(SIZE)
        os.chmod(self.path, 0o666)
        self.file = open(self.path, "r+b", buffering=0)     # pylint: disable=consider-using-with
        self.env = {"LD_PRELOAD": self.library, "JAILNET_TEST_NTH": self.path}
        if "asan" in BUILD:
            self.env["LD_PRELOAD"] += " " + subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                                                           check=True).stdout.strip()
            self.env["ASAN_OPTIONS"] = "verify_asan_link_order=0:allocator_may_return_null=1"

    def close(self):
        self.file.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def arm(self):
        self.file.seek(4)
        self.file.write(struct.pack("4i", self.server, self.error, self.every, self.which))
        self.file.seek(0)
        self.file.write(struct.pack("i", self.kind))

    def disarm(self):
        """The place that failed since arm(), or None."""
        self.file.seek(0)
        self.file.write(struct.pack("i", 0))
        self.file.seek(0)
        v = HEAD.unpack(self.file.read(HEAD.size))
        before, self.fired = self.fired, v[5]
        assert v[6] < 60000, "no room for more places"
        assert self.fired - before <= 1
        return v[8].split(b"\0")[0].decode() if self.fired > before else None

    def where(self, place):
        """A place as text for people: our own functions by their names."""
        lines = []
        for word in place.split():
            m = re.match(r"(jailnetd\S*)\+(0x[0-9a-f]+)$", word)
            if m:
                word = subprocess.run(["addr2line", "-fse", os.path.join(BUILD, m[1]), m[2]], capture_output=True, text=True,
                                      check=False).stdout.replace("\n", " ")
            lines.append(word)
        return "\n    ".join(lines)


def without_macs(v):
    if isinstance(v, dict):
        return {k: without_macs(x) for k, x in v.items() if k not in ("mac", "revision")}
    return v


def state(d):
    """What is wanted, and whether it waits for a confirmation."""
    return without_macs(d.topology()), d.get("/v1/topology/confirm").json["pending"] is not None


def attempt(step, d):
    """The answer of a step; None when the line was cut."""
    try:
        return step(d)
    except (OSError, http.client.HTTPException):
        return None


def is_clear(a):
    """An answer that refuses for want of something here, and says so."""
    return (a.status in (422, 500, 503, 507) and a.headers["Content-Type"] == "application/problem+json" and
            a.json["code"] in ("nomem", "store", "busy", "internal", "kernel", "proto", "timeout", "exec"))


def is_unsaid(a):
    """It is done, and says so, but there was no memory for its answer."""
    return a.status == 500 and a.json["code"] == "internal" and "only its answer could not be made" in a.json["detail"]


def deaths(d):
    """How the servers of this daemon ended: '11' after a signal, 'exit 1'."""
    return re.findall(r"server ended (\S+)", d.log())
