"""What protection costs: answers while one address floods, TLS handshakes beside a bare libmicrohttpd with the same GnuTLS."""
import os
import socket
import subprocess
import tempfile
import time

from common import BUILD, Daemon, Series, now, percentile, quiet, say

FLOOD = 2000
ASKED = 300


def program(name):
    path = os.path.join(BUILD, "tests", "bench", name)
    if not os.path.exists(path):
        raise RuntimeError("%s is not there: make %s" % (name, os.path.relpath(path)))
    return path


def ask(port, source, request):
    """Milliseconds of one request on a connection of its own."""
    t0 = now()
    s = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    try:
        s.sendall(request)
        answer = b""
        while True:
            got = s.recv(65536)
            if not got:
                break
            answer += got
    finally:
        s.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError("answer: %r" % answer[:100])
    return now() - t0


def flood(table, repeat):
    """2000 connections of 127.0.0.1; 127.0.0.2 asks."""
    calm, p50, p99 = Series(), Series(), Series()
    with Daemon(verbose=False) as d:
        request = ("GET /v1/jails HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % d.admin_token).encode()
        for _ in range(repeat):
            quiet()
            calm.add(percentile([ask(d.url_port, "127.0.0.2", request) for _ in range(ASKED)], 99))
            p = subprocess.Popen([program("flood"), "127.0.0.1", "127.0.0.1", str(d.url_port), str(FLOOD)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
            try:
                if p.stdout.readline() != "ready\n":
                    raise RuntimeError("flood does not start")
                time.sleep(1)
                took = []
                for _ in range(ASKED):
                    took.append(ask(d.url_port, "127.0.0.2", request))
                    time.sleep(0.005)
            finally:
                said = p.communicate("")[0]
            p50.add(percentile(took, 50))
            p99.add(percentile(took, 99))
            say("flooded: p50 %.2f p99 %.2f ms, %s" % (percentile(took, 50), percentile(took, 99), said.strip()))
    table.row("GET from another address while one floods, p50", p50.text(), "without the flood, p99 %s" % calm.text())
    table.most("GET from another address while one floods, p99", p99, 100, must=True)


def certificate(where):
    crt, key = os.path.join(where, "crt"), os.path.join(where, "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench",
                    "-keyout", key, "-out", crt], check=True, capture_output=True)
    os.chmod(where, 0o755)
    os.chmod(key, 0o644)
    return crt, key


def handshakes(table, repeat):
    ours, bare = Series(), Series()
    with tempfile.TemporaryDirectory(prefix="jn-tls-") as where:
        crt, key = certificate(where)
        b = subprocess.Popen([program("bare_http"), "100", crt, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            bare_port = int(b.stdout.readline())
            with Daemon(verbose=False, conf="tls_listen = 127.0.0.1:0\ntls_cert = %s\ntls_key = %s\n" % (crt, key)) as d:
                port = int([x for x in d.out().splitlines() if x.startswith("url https:")][0].rsplit(":", 1)[1])
                for _ in range(repeat):
                    quiet()
                    for p, series in ((port, ours), (bare_port, bare)):
                        r = subprocess.run([program("tls_client"), str(p), "4", "2"], capture_output=True, text=True)
                        if r.returncode != 0:
                            raise RuntimeError(r.stderr)
                        series.add(float(r.stdout))
                    say("TLS handshakes: %.0f/s, bare %.0f/s" % (ours.values[-1], bare.values[-1]))
        finally:
            b.communicate("")
    table.ratio("TLS 1.3 handshakes", ours, "bare libmicrohttpd", bare, low=0.5, unit="/s", must=True)
