"""jailnetd against a server that is broken or hostile: what it is given, when it is killed, how it is restarted.

The server is tests/fake/fake_server (JAILNETD_SERVER), the kernel is the fake one.
"""

import os
import pathlib
import queue
import re
import signal
import subprocess
import threading
import time

import pytest

BUILD = pathlib.Path(os.environ.get("JAILNET_BUILD_DIR", "build")).resolve()


class Daemon:
    def __init__(self, mode, *args, env=None, sandbox=True):
        e = dict(os.environ, FAKE_SERVER_MODE=mode, JAILNETD_SERVER=str(BUILD / "tests/fake/fake_server"), **(env or {}))
        cmd = [str(BUILD / "jailnetd-fake"), "-f", *(["--sandbox"] if sandbox else []), *args]
        self.proc = subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=e, text=True, start_new_session=True)
        self.lines = []  # (seconds, line)
        self.queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.proc.stdout:
            self.queue.put((time.monotonic(), line.rstrip("\n")))
        self.queue.put((time.monotonic(), None))

    def wait(self, pattern, timeout=8):
        """The match of the next line that fits; fails with all that was said when none comes."""
        end = time.monotonic() + timeout
        while True:
            try:
                at, line = self.queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                pytest.fail(f"no line like {pattern!r} in:\n" + "\n".join(t for _, t in self.lines))
            self.lines.append((at, line))
            if m := re.search(pattern, line):
                return m

    def stop(self, sig=signal.SIGTERM, timeout=10):
        if self.proc.poll() is None:
            self.proc.send_signal(sig)
        rc = self.proc.wait(timeout)
        self.proc.stdout.close()
        return rc


@pytest.fixture
def run():
    started = []

    def start(*args, **kw):
        started.append(Daemon(*args, **kw))
        return started[-1]

    yield start
    for d in started:
        try:
            os.killpg(d.proc.pid, signal.SIGKILL)       # a server that does not read does not see its worker end
        except ProcessLookupError:
            pass
        d.proc.wait()


def test_server_is_given_nothing_but_its_channel_and_listeners(run):
    os.set_inheritable(leak := os.open("/dev/null", os.O_RDONLY), True)
    try:
        d = run("good")
        m = d.wait(r"server start pid=(\d+) fds=(\S+) euid=(\d+) no_new_privs=(\d)")
    finally:
        os.close(leak)
    assert sorted(m[2].strip(",").split(",")) == ["0", "1", "2", "3", "4", "5"]
    assert m[4] == "1"
    if os.geteuid() == 0:
        assert m[3] != "0"
    for cap in ("CapPrm", "CapEff", "CapBnd"):
        assert int(d.wait(rf"server status {cap}:\s*(\w+)")[1], 16) == 0
    argv = d.wait(r"server argv (.*)")[1]
    assert re.search(r"--channel 3 --state-dir \S+ --unix 4 --tcp 5 --sandbox (--powerless-root )?--admin-uids 0 ", argv)
    assert f"--worker-pid {d.proc.pid}" in argv
    assert "uplinks" not in argv        # the policy is nobody's business who can run ps
    d.wait("server reply HELLO result=0 code=none text=fake")
    assert d.stop() == 0


def test_signals_of_the_server_are_as_new(run):
    d = run("good")
    for kind in ("SigBlk", "SigIgn"):
        # 32 and 33 belong to the C library; nobody can set them
        assert int(d.wait(rf"server status {kind}:\s*(\w+)")[1], 16) & ~(3 << 31) == 0


@pytest.mark.parametrize(
    "mode, why",
    [
        ("early", "OBSERVE is not permitted before HELLO"),
        ("twice", "HELLO is not permitted after HELLO"),
        ("garbage", "protocol version|of unknown type|bytes, at most"),
        ("unknown", "malformed command"),
        ("trailing", "malformed command: trailing bytes"),
        ("wrong_way", "frame of type 2"),
    ],
)
def test_a_broken_protocol_kills_and_restarts_the_server(run, mode, why):
    d = run(mode)
    first = d.wait(r"server start pid=(\d+)")[1]
    d.wait(rf"security.*broke the protocol.*pid={first}.*({why})")
    d.wait(r"server ended signal=9 restart_ms=100")
    assert d.wait(r"server start pid=(\d+)")[1] != first


def test_another_build_is_told_so_and_may_do_nothing(run):
    d = run("other_build")
    d.wait("server reply HELLO result=2 code=unsupported .*somebody else's")
    assert d.stop() == 0


def test_an_illegal_name_is_refused_and_logged_but_not_fatal(run):
    d = run("evil_name")
    d.wait(r"security refused .*JAIL_DESTROY \.\./\.\./etc")
    d.wait(r"server reply JAIL_DESTROY result=2 code=denied")
    assert d.stop() == 0
    assert not any("ended" in line for _, line in d.lines)


def test_a_job_does_not_hold_up_others(run):
    d = run("job")
    d.wait("server reply JAIL_CREATE result=0")
    d.wait("server frame type=3 seq=4")
    d.wait("server reply OBSERVE result=0")
    d.wait("server reply JAIL_START result=2 code=exec .*exited with 3")


def test_a_server_that_does_not_read_is_killed(run):
    d = run("deaf")
    d.wait("security.*did not read for 5000 ms", timeout=20)
    d.wait("server start")


def test_backoff_doubles(run):
    d = run("crash")
    waits = [int(d.wait(r"server ended signal=6 restart_ms=(\d+)")[1]) for _ in range(5)]
    assert waits == [100, 200, 400, 800, 1600]
    starts = [at for at, line in d.lines if "server start pid" in line]
    gaps = [b - a for a, b in zip(starts, starts[1:])]
    for gap, ms in zip(gaps, waits):
        assert gap >= ms / 1000 - 0.02
    assert d.stop() == 0


def test_exit_78_is_final(run):
    d = run("exit78")
    assert d.proc.wait(8) == 78


def test_a_stubborn_server_is_killed_after_five_seconds(run):
    d = run("stubborn")
    d.wait("server settled")
    begun = time.monotonic()
    assert d.stop() == 0
    assert 4.5 < time.monotonic() - begun < 8


def test_the_server_survives_nothing_else_than_its_own_worker(run):
    """kill -9 of the worker: the server sees its channel end."""
    d = run("good")
    d.wait("server reply HELLO")
    d.proc.kill()
    d.wait("server channel ended")


def test_changes_are_told_at_most_every_50_ms(run, tmp_path):
    import socket

    path = str(tmp_path / "control")
    d = run("good", env={"JAILNET_FAKE_CONTROL": path, "JAILNET_FAKE_PHYSICAL": "re0"})
    d.wait("server reply HELLO")
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        while time.monotonic() - begun < 0.5:
            s.sendto(b"down - re0", path)
            time.sleep(0.001)
    time.sleep(0.3)
    assert d.stop() == 0
    seconds = time.monotonic() - begun
    while not d.queue.empty():
        d.lines.append(d.queue.get())
    told = sum(line == "server changed" for _, line in d.lines if line)
    assert 2 <= told <= seconds / 0.05 + 1     # hundreds were sent; how many of the possible ones depends on the machine


def test_leaves_nothing_behind(run):
    d = run("good")
    sock = d.wait(r"^socket (\S+)")[1]
    d.wait("server reply HELLO")
    assert os.path.exists(sock)
    assert d.stop() == 0
    assert not os.path.exists(os.path.dirname(sock))


def start_fails(*args, code=1):
    p = subprocess.run([str(BUILD / "jailnetd-fake"), "-f", *args], capture_output=True, text=True, timeout=10, check=False)
    assert p.returncode == code, p
    return p.stderr


@pytest.mark.parametrize(
    "args, words",
    [
        (["--sandbox", "--listen", "0.0.0.0:0"], "TLS"),
        (["--sandbox", "--listen", "[::]:8653"], "TLS"),
        (["--sandbox", "--listen", "192.0.2.1:1"], "TLS"),
        (["--sandbox", "--listen", "localhost:1"], "IPv4 address"),
        (["--sandbox", "--listen", "127.0.0.1"], "ADDRESS:PORT"),
        (["--sandbox", "--listen", "127.0.0.1:65536"], "ADDRESS:PORT"),
    ],
)
def test_only_loopback_is_listened_on(args, words):
    assert words in start_fails(*args)


@pytest.mark.parametrize("args", [["--state-dir", "/run/x"], ["--socket", "/run/x.sock"], ["--state-dir", "relative"]])
def test_places_a_sandbox_cannot_have(args):
    err = start_fails("--sandbox", *args, code=78)
    assert "sandbox has a /run of its own" in err or "absolute" in err


def test_a_live_socket_is_not_taken_a_stale_one_is(run, tmp_path):
    path = str(tmp_path / "api.sock")
    os.chmod(tmp_path, 0o755)
    d = run("good", "--socket", path)
    d.wait("server reply HELLO")
    assert oct(os.stat(path).st_mode & 0o777) == "0o660"
    assert "somebody answers" in start_fails("--sandbox", "--socket", path)
    assert os.path.exists(path)
    d.proc.kill()
    d.wait("server channel ended")
    d.proc.wait()
    assert os.path.exists(path)
    again = run("good", "--socket", path)
    again.wait("server reply HELLO")
    assert again.stop() == 0
    assert not os.path.exists(path)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", None),
        ('uplinks = "re0 em*"\nallow_exec = yes\nadmin_uids = 1000 1001\nmax_jails = 5\n', None),
        ("uplink = re0\n", "uplink"),
        ("max_jails = 5001\n", "max_jails"),
        ("socket_mode = rw\n", "socket_mode"),
        ("socket_group = there-is-none\n", "socket_group"),
        ("admin_uids = root\n", "admin_uids"),
        ("operator_uids = 1000 -1\n", "operator_uids"),
        ("viewer_uids = 4294967295\n", "viewer_uids"),
        ("log_level = loud\n", "log_level"),
        ("allow_exec = maybe\n", "allow_exec"),
    ],
)
def test_configuration_is_checked(tmp_path, text, words):
    conf = tmp_path / "jailnetd.conf"
    conf.write_text(text)
    p = subprocess.run([str(BUILD / "jailnetd-fake"), "-n", "-c", str(conf)], capture_output=True, text=True, timeout=10, check=False)
    if words is None:
        assert (p.returncode, p.stdout) == (0, "ok\n")
    else:
        assert p.returncode == 78
        assert words in p.stderr


def test_usage():
    assert "usage:" in start_fails("--nonsense", code=64)
    assert "usage:" in start_fails("argument", code=64)


@pytest.fixture
def world(tmp_path):
    """A mount namespace with an empty /run, /var/lib and /var/log, so that a daemon without --sandbox finds its usual places."""
    script = "mount -t tmpfs x /run && mount -t tmpfs x /var/lib && mount -t tmpfs x /var/log && exec sleep 600"
    user = [] if os.geteuid() == 0 else ["-Ur"]
    p = subprocess.Popen(["unshare", *user, "-mn", "sh", "-c", script])
    for _ in range(200):
        if pathlib.Path(f"/proc/{p.pid}/comm").read_text().strip() == "sleep":
            break
        time.sleep(0.02)
    else:
        p.kill()
        pytest.fail("no namespace")

    def inside(*args, **kw):
        enter = ["nsenter", "-t", str(p.pid), *([] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]), "-m", "-n"]
        return subprocess.run([*enter, *args], capture_output=True, text=True, timeout=20, check=False, **kw)

    yield inside
    p.kill()
    p.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="without --sandbox jailnetd is root's")
def test_daemonizes_once_and_ends_cleanly(world):
    daemon = str(BUILD / "jailnetd-fake")
    p = world(daemon, "--listen", "none")
    assert p.returncode == 0, p
    assert p.stdout == "socket /run/jailnet/api.sock\n"
    pid = int(world("cat", "/run/jailnet/jailnetd.pid").stdout)
    try:
        assert os.getsid(pid) != os.getsid(0)
        assert os.readlink(f"/proc/{pid}/fd/1") == "/dev/null"
        assert world("stat", "-c", "%a %U", "/var/lib/jailnet").stdout.split()[0] == "700"
        assert world("stat", "-c", "%U", "/var/lib/jailnet").stdout.strip() != "root"
        again = world(daemon, "--listen", "none")
        assert again.returncode == 1
        assert "another jailnetd is running" in again.stderr
        assert world("test", "-S", "/run/jailnet/api.sock").returncode == 0
    finally:
        os.kill(pid, signal.SIGTERM)
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    left = world("ls", "/run/jailnet").stdout.split()
    assert "api.sock" not in left
    assert "jailnetd.pid" not in left


@pytest.mark.skipif(os.geteuid() != 0, reason="without --sandbox jailnetd is root's")
def test_a_failing_start_is_told_to_the_caller(world):
    p = world(str(BUILD / "jailnetd-fake"), "--listen", "127.0.0.1:1", "--state-dir", "/proc/x")
    assert p.returncode == 1
    assert "jailnetd: " in p.stderr
