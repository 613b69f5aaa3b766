"""What jailnet is compared with: a bare C loop, ip -batch, other programs for the same job, a bare HTTP server, the disk."""
import json
import os
import re
import shutil
import subprocess
import time

from common import BRIDGE, addresses, now, program
from jn import World

IP_CREATE = """
set -e
ip -batch "$1/host"
i=0
while [ $i -lt "$2" ]; do ip -n jail$i -batch "$1/jail$i"; i=$((i + 1)); done
"""


def bare_loop(n, ports=None):
    """create_ms and observe_ms of one run, in namespaces of its own; a bridge for each that many ports."""
    with World() as w:
        r = w.run(program("tests/bench/bare_loop"), str(n), str(ports or n), "nodelete")
        if r.returncode != 0:
            raise RuntimeError("bare_loop: " + r.stderr.strip())
        return json.loads(r.stdout)


def write_batches(dir, n):
    """The very same network as the topology document, for ip(8): as few lines as it takes."""
    with open(dir + "/host", "w") as f:
        f.write("link add %s up type bridge\naddr add 10.77.0.1/16 dev %s\naddr add fd6a:0:6e::1/64 dev %s\n" % (BRIDGE, BRIDGE, BRIDGE))
        for i in range(n):
            f.write("netns add jail%d\nlink add ep%da up mtu 1500 master %s type veth peer name ep%db netns jail%d\n" % (i, i, BRIDGE, i, i))
            f.write("link set ep%da alias jailnet:epair/ep%d:a\n" % (i, i))
    for i in range(n):
        v4, v6 = addresses(i)
        with open("%s/jail%d" % (dir, i), "w") as f:
            f.write("link set lo up\nlink set ep%db up alias jailnet:epair/ep%d:b\naddr add %s dev ep%db\naddr add %s dev ep%db nodad\n"
                    "route add default via 10.77.0.1\n" % (i, i, v4, i, v6, i))
    with open(dir + "/delete", "w") as f:
        f.write("".join("link del ep%da\n" % i for i in range(n)) + "".join("netns del jail%d\n" % i for i in range(n)) +
                "link del %s\n" % BRIDGE)
    with open(dir + "/delete-netns", "w") as f:
        f.write("".join("netns del jail%d\n" % i for i in range(n)) + "link del %s\n" % BRIDGE)


def wait_links_gone(w, seconds=60):
    end = time.monotonic() + seconds
    while len(w.run("ip", "-o", "link").stdout.splitlines()) > 1:
        if time.monotonic() > end:
            raise RuntimeError("links are still there")
        time.sleep(0.005)


def ip_batch(n, delete, links):
    """(create ms, delete ms or None): with links each epair by name and each namespace, without only the namespaces, then waiting
    until the kernel has taken the pairs along."""
    with World() as w:
        dir = os.path.join(w.state_dir, "batch")
        os.mkdir(dir)
        write_batches(dir, n)
        t0 = now()
        r = w.run("sh", "-c", IP_CREATE, "sh", dir, str(n))
        t1 = now()
        if r.returncode != 0:
            raise RuntimeError("ip -batch: " + r.stderr.strip()[:300])
        if not delete:
            return t1 - t0, None
        t2 = now()
        r = w.run("ip", "-batch", dir + ("/delete" if links else "/delete-netns"))
        if r.returncode != 0:
            raise RuntimeError("ip -batch: " + r.stderr.strip()[:300])
        wait_links_gone(w)
        return t1 - t0, now() - t2


# --- other programs for the same job ---------------------------------------------------------------------------------

def cni_dir():
    for d in os.environ.get("CNI_PATH", "").split(":") + ["/usr/lib/cni", "/opt/cni/bin"]:
        if d and os.access(d + "/bridge", os.X_OK):
            return d
    return None


def cni(n):
    """Milliseconds an endpoint of the CNI bridge plugin; None = not installed."""
    dir = cni_dir()
    if dir is None:
        return None
    with World() as w:
        t = 0
        for i in range(n):
            w.ip("netns", "add", "jail%d" % i)
            conf = {"cniVersion": "0.4.0", "name": "bench", "type": "bridge", "bridge": BRIDGE, "isGateway": False,
                    "ipam": {"type": "static", "addresses": [{"address": a} for a in addresses(i)],
                             "routes": [{"dst": "0.0.0.0/0", "gw": "10.77.0.1"}]}}
            env = dict(os.environ, CNI_COMMAND="ADD", CNI_CONTAINERID="jail%d" % i, CNI_NETNS="/run/netns/jail%d" % i, CNI_IFNAME="eth0",
                       CNI_PATH=dir)
            t0 = now()
            r = subprocess.run(w.prefix + [dir + "/bridge"], input=json.dumps(conf), env=env, capture_output=True, text=True)
            t += now() - t0
            if r.returncode != 0:
                raise RuntimeError("cni bridge: " + (r.stdout + r.stderr).strip()[:200])
        return t / n


def netavark(n):
    """Milliseconds an endpoint of netavark (bridge); None = not installed.  Without a firewall where the version can do that."""
    try:
        return netavark_with(n, dict(os.environ, NETAVARK_FW="none"))
    except RuntimeError:
        return netavark_with(n, dict(os.environ))


def netavark_with(n, env):
    exe = shutil.which("netavark") or next((p for p in ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark")
                                            if os.access(p, os.X_OK)), None)
    if exe is None:
        return None
    net = {"name": "bench", "id": "6a" * 32, "driver": "bridge", "network_interface": BRIDGE, "created": "2026-01-01T00:00:00Z",
           "subnets": [{"subnet": "10.77.0.0/16", "gateway": "10.77.0.1"}, {"subnet": "fd6a:0:6e::/64", "gateway": "fd6a:0:6e::1"}],
           "ipv6_enabled": True, "internal": False, "dns_enabled": False, "ipam_options": {"driver": "host-local"}}
    with World() as w:
        t = 0
        for i in range(n):
            w.ip("netns", "add", "jail%d" % i)
            conf = {"container_id": "%064x" % (i + 1), "container_name": "jail%d" % i, "network_info": {"bench": net},
                    "networks": {"bench": {"static_ips": [a.split("/")[0] for a in addresses(i)], "interface_name": "eth0"}}}
            t0 = now()
            r = subprocess.run(w.prefix + [exe, "--config", "/run", "setup", "/run/netns/jail%d" % i], input=json.dumps(conf),
                               env=env, capture_output=True, text=True)
            t += now() - t0
            if r.returncode != 0:
                raise RuntimeError("netavark: " + (r.stdout + r.stderr).strip()[:200])
        return t / n


# --- HTTP and disk -----------------------------------------------------------------------------------------------------

class BareHttp:
    """The constant server, beside jailnetd in the same namespaces."""

    def __init__(self, w, size):
        self.process = subprocess.Popen(w.prefix + [program("tests/bench/bare_http"), str(size)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:%d" % int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def wrk(w, url, token, seconds):
    """Requests per second: 32 kept connections, 2 threads.  Both servers are asked with the same headers."""
    r = w.run("wrk", "-t2", "-c32", "-d%ds" % seconds, "-H", "Authorization: Bearer " + token, url)
    m = re.search(r"Requests/sec:\s*([\d.]+)", r.stdout)
    if m is None or "Non-2xx" in r.stdout:
        raise RuntimeError("wrk: " + (r.stdout + r.stderr).strip()[-300:])
    return float(m.group(1))


def fdatasync(dir, n):
    """Milliseconds of n times 4 KiB written and fdatasync'ed, in one file."""
    path = os.path.join(dir, "fdatasync")
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    out = []
    try:
        for i in range(n):
            t0 = now()
            os.pwrite(fd, b"\xa5" * 4096, 4096 * i)
            os.fdatasync(fd)
            out.append(now() - t0)
    finally:
        os.close(fd)
        os.unlink(path)
    return out
