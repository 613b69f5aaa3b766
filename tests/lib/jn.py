"""A jailnetd for a test: started in a place of its own, stopped by its pid, with its log at hand.

    with Daemon() as d:                     # fake kernel, sandbox
        d.put("/v1/bridges/lan0", {})
    with Daemon(kernel=True) as d: ...      # the real kernel, in the daemon's own sandbox
    with World() as w:                      # namespaces that outlive the daemon: for kill -9
        with w.daemon() as d: ...
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("JAILNET_BUILD_DIR", "build"))
ROOT = os.geteuid() == 0
os.environ["PATH"] += ":/usr/sbin:/sbin"       # sysctl, ip: an ordinary user of Debian has them nowhere in the path


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "<%d %s>" % (self.status, self.body[:600].decode("utf-8", "replace"))


class Client:
    """Requests over one socket path or one TCP port; a new connection each."""

    def __init__(self, path=None, port=None, token=None, timeout=60):
        self.path, self.port, self.token, self.timeout = path, port, token, timeout

    def connection(self):
        if self.path:
            return UnixConnection(self.path, self.timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def request(self, method, target, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        c = self.connection()
        try:
            c.request(method, target, body, headers)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, target, **headers):
        return self.request("GET", target, None, headers)

    def put(self, target, body, **headers):
        if target.split("?")[0] == "/v1/topology":
            headers.setdefault("If-Match", "*")     # whatever is there; tests/scenario/test_conditions.py is about the rest
        return self.request("PUT", target, body, headers)

    def post(self, target, body=None, **headers):
        return self.request("POST", target, body, headers)

    def patch(self, target, body, **headers):
        return self.request("PATCH", target, body, headers)

    def delete(self, target, **headers):
        return self.request("DELETE", target, None, headers)

    def plan(self, topology):
        a = self.put("/v1/topology?dry_run=plan", topology)
        assert a.status == 200, a
        return a.json["steps"]

    def topology(self):
        return self.get("/v1/topology").json

    def settled(self, seconds=10):
        """Waits until the plan for what is wanted is empty; returns the last plan."""
        end = time.monotonic() + seconds
        while True:
            steps = self.plan(self.topology())
            if not steps or time.monotonic() > end:
                return steps
            time.sleep(0.1)

    def wait(self, what, seconds=10):
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "not within %s s" % seconds
            time.sleep(0.05)

    def events(self, since=0):
        return self.get("/v1/events?since=%d&limit=1000" % since, Accept="application/json").json["items"]


class Daemon(Client):
    def __init__(self, kernel=False, sandbox=True, args=(), env=None, conf=None, prefix=(), state_dir=None, socket_path=None, tcp=True,
                 wait=True, verbose=True):
        super().__init__()
        self.dir = tempfile.mkdtemp(prefix="jn-")
        os.chmod(self.dir, 0o755)
        self.keep = state_dir is not None
        self.state_dir = state_dir or os.path.join(self.dir, "state")
        os.makedirs(self.state_dir, mode=0o700, exist_ok=True)
        self.path = socket_path or os.path.join(self.dir, "api.sock")
        self.log_path = os.path.join(self.dir, "log")
        program = os.path.join(BUILD, "jailnetd" if kernel else "jailnetd-fake")
        cmd = list(prefix) + [program, "-f"] + (["-v"] if verbose else []) + ["--state-dir", self.state_dir, "--socket", self.path]
        if sandbox:
            cmd += ["--sandbox"]
        cmd += ["--listen", "127.0.0.1:0" if tcp else "none"]
        if conf is not None:
            self.conf = os.path.join(self.dir, "jailnetd.conf")
            with open(self.conf, "w") as f:
                f.write(conf)
            cmd += ["-c", self.conf]
        cmd += list(args)
        self.out_path = os.path.join(self.dir, "out")
        e = dict(os.environ, **(env or {}))
        self.process = subprocess.Popen(cmd, stdout=open(self.out_path, "w"), stderr=open(self.log_path, "w"), stdin=subprocess.DEVNULL, env=e)
        self.url_port = self.admin_token = None
        self.deaths = 0                 # of the server, that the test is the cause of: stop() finds no others
        if wait:
            self.wait_ready()

    def out(self):
        with open(self.out_path) as f:
            return f.read()

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def wait_ready(self, seconds=15):
        end = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise AssertionError("jailnetd ended with %s\n%s\n%s" % (self.process.returncode, self.out(), self.log()))
            try:
                if self.get("/readyz").status == 200:
                    break
            except OSError:
                pass
            if time.monotonic() > end:
                raise AssertionError("not ready\n%s\n%s" % (self.out(), self.log()))
            time.sleep(0.02)
        text = self.out()
        m = re.search(r"^url http://127\.0\.0\.1:(\d+)", text, re.M)
        self.url_port = int(m.group(1)) if m else None
        m = re.search(r"^token (jnd_\S+)", text, re.M)
        self.admin_token = m.group(1) if m else None

    def tcp(self, token=None):
        return Client(port=self.url_port, token=self.admin_token if token is None else token)

    def worker_pid(self):
        return self.get("/v1").json["worker_pid"]

    def server_pid(self):
        out = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True).stdout
        for line in out.splitlines():
            pid, ppid, args = line.split(None, 2)
            if int(ppid) == self.worker_pid_cached() and "jailnetd-server" in args:
                return int(pid)
        return None

    def kill_server(self):
        """As nobody else may: see stop()."""
        self.deaths += 1
        try:
            os.kill(self.server_pid(), signal.SIGKILL)
        except (ProcessLookupError, TypeError):
            pass

    def worker_pid_cached(self):
        if not hasattr(self, "_worker"):
            self._worker = self.worker_pid()
        return self._worker

    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("jailnetd did not stop\n" + self.log())
        # what a sanitizer saw in any of the processes; a server that dies of it is started again, and a test may not notice
        for word in ("Sanitizer", "runtime error:"):
            assert word not in self.log(), self.log()[-6000:]
        found = re.findall(r"server ended \S+", self.log())
        assert len(found) <= self.deaths, (found, self.deaths, self.log()[-6000:])
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        try:
            self.stop()
        finally:
            if kind is not None:
                sys.stderr.write("--- log of %s\n%s\n" % (self.dir, self.log()[-6000:]))
            shutil.rmtree(self.dir, ignore_errors=True)

    # --- inside the daemon's namespaces (real kernel only)

    def nsenter(self, *cmd, **kw):
        pid = str(self.worker_pid_cached())
        enter = ["nsenter", "-t", pid, "-n", "-m"] + ([] if ROOT else ["-U", "--preserve-credentials"])
        return subprocess.run(enter + ["--"] + list(cmd), capture_output=True, text=True, **kw)

    def ip(self, *args):
        r = self.nsenter("ip", *args)
        assert r.returncode == 0, (args, r.stderr)
        return r.stdout

    def ip_json(self, *args):
        return json.loads(self.ip("-j", *args) or "[]")


POLICY = """\
uplinks = *
allow_exec = yes
jail_paths = /
"""


class World:
    """Network, mount and UTS namespaces of the test's own, with a /run and /var/log of their own, kept by a sleeping process: daemons come and go in it."""

    def __init__(self):
        flags = ["-mnu"] if ROOT else ["-Urmnu"]
        self.holder = subprocess.Popen(["unshare"] + flags + ["--propagation", "private", "sh", "-c",
                                       "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && mkdir -p /run/netns /run/jailnet &&"
                                       " ip link set lo up && echo up && exec sleep 100000"],
                                       stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "up\n"
        self.prefix = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "-u"] + ([] if ROOT else ["-U", "--preserve-credentials"]) + ["--"]
        self.state_dir = tempfile.mkdtemp(prefix="jnw-")
        os.chmod(self.state_dir, 0o755)

    def run(self, *cmd):
        return subprocess.run(self.prefix + list(cmd), capture_output=True, text=True)

    def ip(self, *args):
        r = self.run("ip", *args)
        assert r.returncode == 0, (args, r.stderr)
        return r.stdout

    def ip_json(self, *args):
        return json.loads(self.ip("-j", *args) or "[]")

    def daemon(self, **kw):
        kw.setdefault("conf", POLICY)
        return Daemon(kernel=True, sandbox=False, prefix=self.prefix, state_dir=os.path.join(self.state_dir, "state"), **kw)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.holder.kill()
        self.holder.wait()
        shutil.rmtree(self.state_dir, ignore_errors=True)


class Ping:
    """100 echoes a second from the host, or from a jail, of a World, until stop() says how many were sent and lost."""

    def __init__(self, w, to, jail=None):
        inside = ["ip", "netns", "exec", jail] if jail else []
        self.p = subprocess.Popen(w.prefix + inside + ["ping", "-i", "0.01", "-W", "1", "-n", to],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)

    def stop(self):
        time.sleep(0.3)
        self.p.send_signal(signal.SIGINT)
        out, err = self.p.communicate(timeout=10)
        m = re.search(r"(\d+) packets transmitted, (\d+) received", out)
        assert m, (out, err)
        # the last may still be on its way when ping is told to end
        return int(m.group(1)), int(m.group(1)) - int(m.group(2))


def figure(n):
    with open(os.path.join(TOP, "openapi", "examples", "figure-%d.json" % n)) as f:
        return json.load(f)
