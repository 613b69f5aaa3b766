"""TLS 1.3, client certificates by fingerprint, a new certificate without a restart, and no way out of the machine without TLS."""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

from jn import BUILD, Answer, Daemon
from test_access import LIMITED, cannot_shed_limits, rest_of


def certificate(directory, name, days=30, host="localhost"):
    """Self-signed; the paths of certificate and key.  days < 0: it has expired."""
    crt, key, csr, ext = [str(directory / (name + end)) for end in (".crt", ".key", ".csr", ".ext")]

    def openssl(*args):
        subprocess.run(["openssl"] + list(args), check=True, capture_output=True)
    with open(ext, "w") as f:
        f.write("subjectAltName=DNS:%s,IP:127.0.0.1\n" % host)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name, "-keyout", key, "-out", csr)
    openssl("x509", "-req", "-in", csr, "-signkey", key, "-days", str(days), "-extfile", ext, "-out", crt)
    os.chmod(crt, 0o644)
    os.chmod(key, 0o644)
    return crt, key


def fingerprint(crt):
    with open(crt) as f:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()


class Tls:
    def __init__(self, where):
        self.crt, self.key = certificate(where, "server")
        self.daemon = Daemon(conf="tls_listen = 127.0.0.1:0\ntls_cert = %s\ntls_key = %s\n" % (self.crt, self.key))
        line, = [x for x in self.daemon.out().splitlines() if x.startswith("url https://")]
        self.port = int(line.rsplit(":", 1)[1])

    def context(self, cert=None, ca=None):
        c = ssl.create_default_context(cafile=ca or self.crt)
        if cert:
            c.load_cert_chain(*cert)
        return c

    def request(self, method, target, body=None, headers=None, cert=None, ca=None):
        c = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=self.context(cert, ca))
        try:
            headers = dict(headers or {})
            if body is not None:
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            c.request(method, target, body, headers)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()

    def shown(self):
        """The fingerprint of the certificate it shows now."""
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s, c.wrap_socket(s) as t:
            return hashlib.sha256(t.getpeercert(True)).hexdigest()


@pytest.fixture
def readable():
    """Not tmp_path: the server runs as another user, and each pytest that starts closes what is above its own."""
    path = tempfile.mkdtemp(prefix="jnt-")
    os.chmod(path, 0o755)
    yield pathlib.Path(path)
    shutil.rmtree(path)


@pytest.fixture
def tls(readable):
    t = Tls(readable)
    with t.daemon:
        yield t


def test_tls_13_and_nothing_older(tls):
    with socket.create_connection(("127.0.0.1", tls.port)) as s, tls.context().wrap_socket(s, server_hostname="localhost") as t:
        assert t.version() == "TLSv1.3"
    old = tls.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", tls.port)) as s:
        old.wrap_socket(s, server_hostname="localhost")
    # plain HTTP there is no HTTP
    with socket.create_connection(("127.0.0.1", tls.port), timeout=5) as s:
        s.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" not in s.recv(1000)


def test_tokens_and_sessions_over_tls(tls):
    token = tls.daemon.admin_token
    assert tls.request("GET", "/v1").status == 401
    assert tls.request("GET", "/v1", None, {"Authorization": "Bearer " + token}).status == 200
    a = tls.request("POST", "/v1/session", {"token": token})
    cookie = a.headers["Set-Cookie"]
    assert a.status == 201 and cookie.startswith("__Host-jnd-%d=" % tls.port) and "; Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
    own = {"Cookie": cookie.split(";")[0], "Origin": "https://localhost:%d" % tls.port}
    assert tls.request("PUT", "/v1/bridges/b0", {}, own).status == 201
    assert tls.request("PUT", "/v1/bridges/b0", {}, dict(own, Origin="http://localhost:%d" % tls.port)).status == 403
    assert tls.request("GET", "/v1", None, {"Host": "evil.example", "Authorization": "Bearer " + token}).status == 421


def test_client_certificates_by_fingerprint(tls, tmp_path):
    known, other, old = certificate(tmp_path, "known"), certificate(tmp_path, "other"), certificate(tmp_path, "old", days=-1)
    for crt in (known, old):
        a = tls.daemon.post("/v1/tokens", {"name": "machine", "role": "operator", "certificate_sha256": fingerprint(crt[0])})
        assert a.status == 201 and "token" not in a.json, a
        ident = a.json["id"] if crt is known else ident
    assert tls.daemon.post("/v1/tokens", {"name": "again", "role": "viewer", "certificate_sha256": fingerprint(known[0])}).status == 409
    who = tls.request("GET", "/v1/whoami", cert=known)
    assert who.status == 200 and who.json["via"] == "certificate" and who.json["actor"] == "cert:" + ident and who.json["role"] == "operator"
    assert tls.request("PUT", "/v1/bridges/c0", {}, cert=known).status == 201
    assert tls.request("GET", "/v1/tokens", cert=known).status == 403
    # no certificate, a stranger's, one out of date: nobody
    for cert in (None, other, old):
        assert tls.request("GET", "/v1/whoami", cert=cert).status == 401
    # a foreign page cannot use the browser's certificate either
    assert tls.request("PUT", "/v1/bridges/c0", {}, {"Sec-Fetch-Site": "cross-site"}, cert=known).status == 403
    stream = http.client.HTTPSConnection("localhost", tls.port, timeout=30, context=tls.context(known))
    stream.request("GET", "/v1/events", headers={"Accept": "text/event-stream"})
    events = stream.getresponse()
    assert events.status == 200
    assert tls.daemon.delete("/v1/tokens/" + ident).status == 204
    assert tls.request("GET", "/v1/whoami", cert=known).status == 401
    assert b"data: " not in rest_of(events)       # and its stream has ended
    stream.close()


def test_a_limited_certificate_makes_nothing_more(tls, tmp_path):
    cert = certificate(tmp_path, "limited")
    maker = tls.daemon.post("/v1/tokens", {"name": "m", "role": "admin", "certificate_sha256": fingerprint(cert[0]), "cidrs": LIMITED, "expires_in_seconds": 3600}).json
    cannot_shed_limits(lambda body: tls.request("POST", "/v1/tokens", body, cert=cert), maker["expires_at"])


def replace(new, tls):
    for source, target in zip(new, (tls.crt, tls.key)):
        with open(source) as f, open(target + ".new", "w") as g:
            g.write(f.read())
        os.chmod(target + ".new", 0o644)
    for target in (tls.key, tls.crt):
        os.rename(target + ".new", target)


def test_a_new_certificate_without_a_restart(tls, tmp_path):
    first = tls.shown()
    assert first == fingerprint(tls.crt)
    pid = tls.daemon.server_pid()
    held = http.client.HTTPSConnection("localhost", tls.port, timeout=10, context=tls.context())
    held.request("GET", "/livez")
    held.getresponse().read()
    new = certificate(tmp_path, "renewed")
    replace(new, tls)
    tls.daemon.wait(lambda: tls.shown() == fingerprint(new[0]), 5)
    held.request("GET", "/livez")
    assert held.getresponse().status == 200
    # what cannot be used changes nothing: a key that is not its own, then no certificate at all
    replace((new[0], certificate(tmp_path, "wrong")[1]), tls)
    tls.daemon.wait(lambda: "the old one stays" in tls.daemon.log(), 5)
    assert tls.shown() == fingerprint(new[0])
    with open(tls.crt, "w") as f:
        f.write("nonsense")
    time.sleep(1.5)
    assert tls.shown() == fingerprint(new[0])
    before = tls.daemon.log().count("certificate read again")
    replace(new, tls)
    tls.daemon.process.send_signal(signal.SIGHUP)
    tls.daemon.wait(lambda: tls.daemon.log().count("certificate read again") > before, 5)
    assert tls.daemon.server_pid() == pid and tls.shown() == fingerprint(new[0])


def test_nothing_but_loopback_without_tls():
    for where in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-f", "--sandbox", "--listen", where], capture_output=True, text=True, timeout=20)
        assert r.returncode == 1 and "without TLS only loopback" in r.stderr, r
    r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-f", "--sandbox", "--listen", "localhost:0"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1, "a name is not an address"


@pytest.mark.parametrize("conf", ["tls_listen = 0.0.0.0:0\n", "tls_listen = 0.0.0.0:0\ntls_cert = a.pem\ntls_key = /k.pem\n"])
def test_tls_needs_its_files(tmp_path, conf):
    path = tmp_path / "conf"
    path.write_text(conf)
    r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-n", "-c", str(path)], capture_output=True, text=True, timeout=20)
    assert r.returncode == 78 and "tls_cert" in r.stderr, r


def test_every_address_is_fine_with_tls(readable):
    crt, key = certificate(readable, "any")
    with Daemon(conf="tls_listen = 0.0.0.0:0\ntls_cert = %s\ntls_key = %s\n" % (crt, key)) as d:
        assert "url https://0.0.0.0:" in d.out() and "url http://127.0.0.1:" in d.out()


def test_the_command_over_https(tls, tmp_path):
    url = "https://localhost:%d" % tls.port

    def jailnet(*args, **env):
        return subprocess.run([os.path.join(BUILD, "jailnet"), "--url", url] + list(args), capture_output=True, text=True, timeout=20,
                              env=dict(os.environ, **env))
    r = jailnet("--cacert", tls.crt, "show", "daemon", JAILNET_TOKEN=tls.daemon.admin_token)
    assert r.returncode == 0 and "linux" in r.stdout, r
    assert jailnet("show", "daemon", JAILNET_TOKEN=tls.daemon.admin_token).returncode == 3    # nobody vouches for that certificate
    crt, key = certificate(tmp_path, "machine")
    tls.daemon.post("/v1/tokens", {"name": "machine", "role": "viewer", "certificate_sha256": fingerprint(crt)})
    r = jailnet("--cacert", tls.crt, "--cert", crt, "--key", key, "show", "daemon")
    assert r.returncode == 0, r
    assert jailnet("--cacert", tls.crt, "show", "daemon").returncode == 6
