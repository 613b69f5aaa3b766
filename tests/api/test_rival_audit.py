"""What a public audit found in the API of a rival, each as a test of ours (issue 4)."""
import http.client
import os
import re
import socket
import stat
import subprocess
import threading
import time

import pytest

from jn import BUILD, TOP, Client, Daemon


@pytest.fixture(scope="module")
def d():
    with Daemon() as daemon:
        yield daemon


def test_no_tls(tmp_path):
    """Not one byte leaves the machine in clear text: such a listener is refused at start.  (TLS itself: test_tls.py)"""
    r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-f", "--sandbox", "--listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1 and "without TLS only loopback" in r.stderr
    r = subprocess.run([os.path.join(BUILD, "jailnet"), "--url", "http://192.0.2.1:8653", "show"], capture_output=True, text=True, timeout=20,
                       env=dict(os.environ, JAILNET_TOKEN="jnd_x"))
    assert r.returncode == 2 and "without TLS" in r.stderr


def test_default_key(d):
    """The first key is made at the first start, 256 random bits, readable by its owner only; without one nothing is answered."""
    with Daemon() as other:
        assert other.admin_token != d.admin_token
        assert Client(port=d.url_port, token=other.admin_token).get("/v1").status == 401
    path = os.path.join(d.state_dir, "admin.token")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert len(d.admin_token.split("_", 2)[2]) == 43
    for key in ("", "admin", "password", "changeme", "jailnet", "secret", "jnd_", "jnd_admin"):
        assert Client(port=d.url_port, token=key or None).get("/v1").status in (401, 429)


def test_parameters_in_urls(d):
    """No credential and no content of a change is ever part of a URL: those are logged by everybody on the way."""
    t = d.admin_token
    for target in ("/v1?token=" + t, "/v1/jails?access_token=" + t, "/v1?api_key=" + t, "/v1/session?code=x"):
        assert Client(port=d.url_port).get(target).status in (400, 401, 405, 429), target
    for target in ("/v1/bridges?name=x", "/v1/jails/x/start", "/v1/bridges/x?action=delete", "/v1/topology?apply=1"):
        assert d.tcp().get(target).status in (400, 404, 405), target
    assert d.tcp().post("/v1/bridges?name=url0").status == 400
    assert d.get("/v1/bridges/url0").status == 404


def test_wildcard_cors(d):
    for origin in ("http://evil.example", "null", "http://127.0.0.1:%d" % d.url_port):
        for method, target in (("OPTIONS", "/v1/jails"), ("GET", "/v1/jails"), ("GET", "/livez"), ("PUT", "/v1/bridges/x")):
            a = d.tcp().request(method, target, None, {"Origin": origin, "Access-Control-Request-Method": "PUT",
                                                       "Access-Control-Request-Headers": "authorization"})
            assert not [h for h in a.headers if h.lower().startswith("access-control")], (origin, method, target)


def test_secrets_in_logs():
    """Everything that is secret, used in every way there is; the log at its most talkative."""
    with Daemon(verbose=True) as d:
        made = d.post("/v1/tokens", {"name": "s", "role": "admin"}).json["token"]
        code = d.post("/v1/session/code", {}).json["code"]
        lost = d.post("/v1/session/code", {}).json["code"]
        c = d.tcp(made)
        c.get("/v1")
        c.put("/v1/bridges/log0", {})
        d.tcp(made + "x").get("/v1")
        c.get("/v1?token=" + made)
        a = Client(port=d.url_port).post("/v1/session", {"code": code})
        cookie = a.headers["Set-Cookie"].split(";")[0]
        Client(port=d.url_port).request("PUT", "/v1/bridges/log1", "{}", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"})
        Client(port=d.url_port).post("/v1/session", {"code": code})
        Client(port=d.url_port).post("/v1/session", '{"token": "%s"' % made)
        seen = [d.log(), d.get("/v1/events?since=0&limit=1000", Accept="application/json").body.decode(), d.get("/v1/operations").body.decode(),
                d.get("/v1/tokens").body.decode(), d.get("/metrics").body.decode()]
        cmdline = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True).stdout
        for secret in (made, code, lost, cookie.split("=", 1)[1], d.admin_token):
            body = secret.split("_", 2)[2]
            for text in seen + [cmdline]:
                assert body not in text
        assert "log0" in seen[1]


def test_two_error_shapes(d):
    """One shape, whoever refuses: the HTTP layer, the router, the decoder, the rules, the worker's policy."""
    t = d.tcp()
    answers = [Client(port=d.url_port).get("/v1"), t.get("/nowhere"), t.request("DELETE", "/v1/topology"), t.get("/v1/bridges?x=1"), t.put("/v1/bridges/x", "{"),
               t.put("/v1/bridges/x", {"mtu": "x"}), t.put("/v1/bridges/x", {"mtu": 1}), t.put("/v1/epairs/x", {"a": {"jail": "nosuch"}}),
               t.request("PUT", "/v1/bridges/x", "{}", {"Content-Type": "text/plain"}), t.get("/v1", Accept="image/png"),
               t.get("/v1", Host="evil.example"), t.put("/v1/bridges/x", {}, **{"If-Match": '"r999"'}),
               t.request("PUT", "/v1/bridges/x", "{}", {"Sec-Fetch-Site": "cross-site"}), t.get("/v1/bridges/%00"), t.post("/v1/tokens", {"name": "x"}),
               t.delete("/v1/tokens/tk_x"), t.put("/v1/bridges/x", {"backend": "netgraph"})]
    shapes = set()
    for a in answers:
        assert 400 <= a.status < 600 and a.headers["Content-Type"] == "application/problem+json", a
        assert a.json["status"] == a.status and a.json["request_id"]
        assert ("current_etag" in a.json) == (a.status == 412)      # its one member more
        shapes.add(tuple(sorted(set(a.json) - {"current_etag"})))
    assert len(shapes) == 1, shapes
    assert len({a.status for a in answers}) >= 8


@pytest.mark.parametrize("word", ["-rf", "--help", "-", "-x0"])
def test_argument_injection_by_a_leading_dash(d, word):
    """Names are checked, and there is no command line they could get into: neither program starts another by a shell."""
    t = d.tcp()
    for kind in ("bridges", "epairs", "jails"):
        assert t.put("/v1/%s/%s" % (kind, word), {}).status == 422
        assert t.post("/v1/" + kind, {"name": word}).status == 422
    assert t.put("/v1/epairs/e0", {"a": {"ifname": word}}).status == 422
    assert t.put("/v1/epairs/e0", {"a": {"bridge": word}}).status == 422
    assert t.put("/v1/bridges/b0", {"members": {word: {}}}).status == 422
    assert t.put("/v1/jails/j0", {"hostname": word}).status == 422
    assert t.put("/v1/jails/j0", {"sysctls": {word: "1"}}).status == 422
    assert t.put("/v1/jails/j0", {"path": word}).status == 422
    assert t.put("/v1/interfaces/%s/jail" % word, {"jail": "x"}).status == 422


def test_no_program_is_started_by_name():
    """system(3), popen(3) and the search of PATH do not stand in the sources of the daemons."""
    for folder in ("core", "store", "api", "server", "worker"):
        for where, _, files in os.walk(os.path.join(TOP, folder)):
            for name in files:
                if name.endswith(".c"):
                    with open(os.path.join(where, name), encoding="utf-8") as f:
                        assert not re.search(r"\b(system|popen|execlp|execvp|execvpe|posix_spawnp)\(", f.read()), name


def test_one_global_mutex():
    """While a jail takes 4 s to start and a body is half there, reads and other writes are answered at once."""
    with Daemon(kernel=False) as d:
        assert d.put("/v1/jails/slow", {"running": False}).status == 201
        start = threading.Thread(target=lambda: d.put("/v1/jails/slow", {"running": True, "exec": {"start": "sleep 4"}}))
        began = time.monotonic()
        start.start()
        half = socket.create_connection(("127.0.0.1", d.url_port))
        half.sendall(("PUT /v1/bridges/half HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                      "Content-Length: 100\r\n\r\n{" % d.admin_token).encode())
        time.sleep(0.3)
        slowest = 0
        for i in range(20):
            for method, target, body in (("GET", "/v1/jails", None), ("PUT", "/v1/bridges/m%d" % i, "{}"), ("GET", "/readyz", None)):
                at = time.monotonic()
                assert d.tcp().request(method, target, body).status in (200, 201)
                slowest = max(slowest, time.monotonic() - at)
        took = time.monotonic() - began
        assert slowest < 1 and took < 4, (slowest, took)
        half.close()
        start.join()
        assert time.monotonic() - began >= 4


def test_no_timeouts():
    """Neither a client that says nothing, nor one that stops in the middle, nor a command that never ends."""
    with Daemon(conf="request_timeout = 1\n") as d:
        for said in (b"", b"GET /v1 HT", b"PUT /v1/bridges/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + d.admin_token.encode() +
                     b"\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"):
            s = socket.create_connection(("127.0.0.1", d.url_port), timeout=8)
            at = time.monotonic()
            s.sendall(said)
            try:
                assert s.recv(1000) == b""
            except ConnectionResetError:
                pass
            assert time.monotonic() - at < 4
            s.close()


def test_localhost_that_is_any_address(d):
    """What listens is 127.0.0.1, and a name cannot mean something else."""
    with open("/proc/net/tcp") as f:
        mine = [line.split() for line in f if "%04X" % d.url_port == line.split()[1].split(":")[-1] and line.split()[3] == "0A"]
    assert [line[1].split(":")[0] for line in mine] == ["0100007F"]
    r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-f", "--sandbox", "--listen", "localhost:0"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1 and "IPv4 address" in r.stderr
    # and the socket is for its owner
    assert stat.S_IMODE(os.stat(d.path).st_mode) & 0o007 == 0
    c = http.client.HTTPConnection("127.0.0.1", d.url_port, timeout=5)
    c.request("GET", "/livez")
    assert c.getresponse().status == 200
    c.close()
