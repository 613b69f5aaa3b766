"""Beside other jail managers: jailnet up and down in their hooks, and the command called as jib."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from jn import BUILD, Daemon

CLI = os.path.join(BUILD, "jailnet")


class Host(Daemon):
    def __init__(self, path):
        self.control = os.path.join(path, "control")
        super().__init__(env={"JAILNET_FAKE_PHYSICAL": "re0,em0", "JAILNET_FAKE_CONTROL": self.control})

    def by_hand(self, line):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.sendto(line.encode(), self.control)
        s.close()


@pytest.fixture
def host():
    path = tempfile.mkdtemp(prefix="jnm-")      # not tmp_path: the server runs as another user
    os.chmod(path, 0o777)
    with Host(path) as d:
        yield d
    shutil.rmtree(path, ignore_errors=True)


def run(d, *args, name=None, sock=None):
    env = dict(os.environ, JAILNET_SOCKET=sock or d.path)
    program = CLI
    if name:
        program = os.path.join(tempfile.mkdtemp(prefix="jnb-"), name)
        os.symlink(os.path.abspath(CLI), program)
    try:
        return subprocess.run([program, *args], env=env, capture_output=True, text=True, timeout=60)
    finally:
        if name:
            shutil.rmtree(os.path.dirname(program))


EXTERNAL = {"bridges": {"lan0": {}}, "jails": {"web": {"manager": "external"}},
            "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["192.0.2.5/24"]}}}}


def test_up_and_down_follow_the_jail(host):
    assert host.put("/v1/topology", EXTERNAL).status in (200, 202)
    # exec.prestart: the halves wait on the host
    p = run(host, "up", "web")
    assert p.returncode == 0, p
    # exec.created, but the jail never comes
    p = run(host, "up", "-i", "-t", "1", "web")
    assert p.returncode == 7 and "jail web is not up" in p.stderr, p
    host.by_hand("jail-add web")
    p = run(host, "up", "-i", "web")
    assert p.returncode == 0, p
    # down before the jail has gone
    p = run(host, "down", "-t", "1", "web")
    assert p.returncode == 7 and "still there" in p.stderr, p
    host.by_hand("jail-del web")
    p = run(host, "down", "web")
    assert p.returncode == 0, p


def test_a_start_is_no_drift_and_the_next_is_not_made_to_wait(host):
    """What is repaired again and again is repaired later and later: the fourth start within a minute found no interface."""
    assert host.put("/v1/topology", EXTERNAL).status in (200, 202)
    for _ in range(5):
        assert run(host, "up", "web").returncode == 0
        host.by_hand("jail-add web")
        p = run(host, "up", "-i", "-t", "10", "web")
        assert p.returncode == 0, p
        host.by_hand("jail-del web")
        assert run(host, "down", "web").returncode == 0
    assert [e["text"] for e in host.events() if e["type"].startswith("drift")] == []


def test_what_follows_from_a_stop_a_little_later_is_no_drift(host):
    """The half of a jail that ends comes back to the host, down, and jailnetd may look in between: seen on FreeBSD as "e0b_web: up again"."""
    managed = dict(EXTERNAL, jails={"web": {"manager": "external", "moves": "manager"}})
    drift = lambda: [e["text"] for e in host.events() if e["type"].startswith("drift")]
    assert host.put("/v1/topology", managed).status in (200, 202)
    for line in ("jail-add web", "jail-del web"):
        looks = host.log().count("OBSERVE all")
        host.by_hand(line)
        host.wait(lambda: host.log().count("OBSERVE all") > looks)
    host.by_hand("down - web0b")
    host.wait(lambda: "IF_SET jail=- if=web0b up" in host.log())
    assert host.settled() == [] and drift() == []
    # ten seconds later it is somebody else
    time.sleep(10)
    host.by_hand("down - web0b")
    host.wait(lambda: len(drift()) == 2)
    assert "web0b: down" in drift()[0]


def test_up_says_what_is_wrong(host):
    host.put("/v1/topology", dict(EXTERNAL, jails={"web": {}}))
    p = run(host, "up", "nosuch")
    assert p.returncode == 6 and "there is no jail nosuch" in p.stderr, p
    p = run(host, "up", "web")
    assert p.returncode == 1 and "jailnet's own" in p.stderr, p
    assert run(host, "up").returncode == 2
    assert run(host, "down", "-i", "web").returncode == 2


def test_up_waits_for_a_daemon_that_is_down_and_says_so(host):
    start = time.monotonic()
    p = run(host, "up", "-t", "1", "web", sock="/nonexistent/api.sock")
    assert p.returncode == 3 and "not within 1 s" in p.stderr, p
    assert 0.9 < time.monotonic() - start < 10


def gives_up(d, **kw):
    """Ends with what -t says, not with how long a request may take (300 s)."""
    start = time.monotonic()
    p = run(d, "up", "-t", "1", "web", **kw)
    assert p.returncode == 3 and p.stderr.count("\n") == 1 and "web: not within 1 s" in p.stderr, p
    assert 0.9 < time.monotonic() - start < 10


def test_up_gives_up_on_a_server_that_takes_the_call_and_is_silent(host):
    with tempfile.TemporaryDirectory(prefix="jns-") as path, socket.socket(socket.AF_UNIX) as s:
        s.bind(path + "/s")
        s.listen(8)         # the kernel takes the connections, nobody ever answers
        gives_up(host, sock=path + "/s")


def test_up_gives_up_on_a_server_that_stands_still(host):
    assert host.put("/v1/topology", EXTERNAL).status in (200, 202)
    pid = host.server_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        gives_up(host)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert run(host, "up", "web").returncode == 0


def test_up_waits_for_attachments(host):
    t = {"jails": {"web": {"manager": "external"}}, "attachments": {"em9": {"jail": "web"}, "re0": {"jail": "other"}}}
    t["jails"]["other"] = {"manager": "external"}
    assert host.put("/v1/topology", t).status in (200, 202)
    host.by_hand("jail-add web")
    p = run(host, "up", "-i", "-t", "1", "web")
    assert p.returncode == 7 and "attachment em9 is" in p.stderr, p
    host.by_hand("physical em9")
    p = run(host, "up", "-i", "web")
    assert p.returncode == 0, p
    host.by_hand("jail-del web")
    assert run(host, "down", "web").returncode == 0


# --- jib ------------------------------------------------------------------------------------------------------------


def sum_of(name):
    s = 0
    for c in name.encode():
        s = ((s >> 1) | ((s & 1) << 15)) + c & 0xffff
    return s


def test_jib_addm_show_destroy(host):
    parent = next(i for i in host.get("/v1/interfaces").json["items"] if i["name"] == "re0")["mac"]
    p = run(host, "addm", "web", "re0", name="jib")
    assert p.returncode == 0, p
    e = host.get("/v1/epairs/e0_web").json
    assert (e["a"]["ifname"], e["b"]["ifname"], e["a"]["bridge"]) == ("e0a_web", "e0b_web", "re0bridge")
    low = {"2": ("a", "e"), "e": ("2", "6")}.get(parent[1], ("2", "e"))
    tail = "%02x:%02x:%s" % (sum_of("web") >> 8, sum_of("web") & 255, parent[9:])
    assert (e["a"]["mac"], e["b"]["mac"]) == ("0%s:%s" % (low[0], tail), "0%s:%s" % (low[1], tail))
    assert list(host.get("/v1/bridges/re0bridge").json["members"]) == ["re0"]
    assert host.get("/v1/jails/web").json["manager"] == "external"
    # again: what is there stays
    before = host.get("/v1/topology").json
    assert run(host, "addm", "web", "re0", name="jib").returncode == 0
    assert host.get("/v1/topology").json == before
    assert run(host, "addm", "-b", "x", "db_1", "!em0", name="jib").returncode == 0
    assert "em0x" in host.get("/v1/topology").json["bridges"]
    p = run(host, "show", name="jib")
    assert p.returncode == 0 and sorted(p.stdout.split()) == ["db_1", "web"]
    assert run(host, "show", "web", name="jib").stdout == "e0a_web\n"
    assert run(host, "destroy", "web", name="jib").returncode == 0
    t = host.get("/v1/topology").json
    # as jib: the bridge stays
    assert "e0_web" not in t["epairs"] and "web" not in t["jails"] and "re0bridge" in t["bridges"]
    assert run(host, "destroy", "web", name="jib").returncode == 0


def test_jib_keeps_the_address_over_destroy_and_addm(host):
    macs = []
    for _ in range(2):
        assert run(host, "addm", "web", "re0", name="jib").returncode == 0
        macs.append(host.get("/v1/epairs/e0_web").json["b"]["mac"])
        assert run(host, "destroy", "web", name="jib").returncode == 0
    assert macs[0] == macs[1]


def test_jib_refuses_and_takes_back(host):
    before = host.get("/v1/topology").json
    for args in ((), ("addm",), ("addm", "web"), ("addm", "we-b", "re0"), ("nonsense",), ("destroy",)):
        p = run(host, *args, name="jib")
        assert p.returncode == 1 and p.stderr.startswith("usage:"), (args, p)
    p = run(host, "addm", "averylongname", "re0", name="jib")
    assert p.returncode == 1 and "15 characters" in p.stderr, p
    # a parent that is not there: with another address next time, the jail would be another one to its network
    p = run(host, "addm", "web", "re0", "em7", name="jib")
    assert p.returncode == 1 and "em7 does not exist" in p.stderr, p
    # the second parent cannot be: the first pair and bridge go again
    host.by_hand("physical averylong0")
    host.wait(lambda: any(i["name"] == "averylong0" for i in host.get("/v1/interfaces").json["items"]))
    p = run(host, "addm", "web", "re0", "averylong0", name="jib")
    assert p.returncode == 1 and "15 characters" in p.stderr, p
    assert host.get("/v1/topology").json == before


@pytest.mark.parametrize("theirs", ["bridge-add re0bridge", "epair-add e0a_web e0z_web", "epair-add e0z_web e0b_web"])
def test_jib_does_not_take_what_is_somebody_elses(host, theirs):
    host.by_hand(theirs)
    names = theirs.split()[1:]
    host.wait(lambda: set(names) <= {i["name"] for i in host.get("/v1/interfaces").json["items"]})
    seen = [i for i in host.get("/v1/interfaces").json["items"] if i["name"] in names]
    before = host.get("/v1/topology").json
    p = run(host, "addm", "web", "re0", name="jib")
    assert p.returncode == 1 and set(names) & set(re.findall(r"\w+", p.stderr)), p
    assert host.get("/v1/topology").json == before
    assert [i for i in host.get("/v1/interfaces").json["items"] if i["name"] in names] == seen


def in_place(host):
    e = host.get("/v1/epairs/e0_web").json
    return e["status"]["state"] == "ready" and host.get("/v1/drift").json["items"] == []


def test_a_jail_conf_with_jib_and_vnet_interface_works_unchanged(host):
    """exec.prestart = "jib addm web re0"; vnet.interface = "e0b_web"; exec.start = "/bin/sh /etc/rc"; exec.poststop = "jib destroy web";"""
    for _ in range(3):
        assert run(host, "addm", "web", "re0", name="jib").returncode == 0
        assert host.get("/v1/jails/web").json["moves"] == "manager"
        host.by_hand("jail-add web")
        host.wait(lambda: host.get("/v1/jails/web").json["status"]["state"] == "ready")
        p = run(host, "up", "-i", "-t", "1", "web")     # nobody but jail(8) moves it
        assert p.returncode == 7 and "waits for the manager of jail web to move it in" in p.stderr, p
        host.by_hand("move - e0b_web web")
        host.by_hand("addr-add web e0b_web 192.0.2.9/24")
        assert run(host, "up", "-i", "web").returncode == 0
        host.wait(lambda: in_place(host))
        assert host.plan(host.topology()) == []
        host.by_hand("jail-del web")
        p = run(host, "destroy", "web", name="jib")
        assert p.returncode == 0, p
        assert "e0_web" not in host.get("/v1/topology").json["epairs"]
    # jib's name is not always the jail's (Bastille called them bastille0 ...)
    assert run(host, "addm", "web", "re0", name="jib").returncode == 0
    host.by_hand("jail-add mail")
    host.by_hand("move - e0b_web mail")
    host.by_hand("addr-add mail e0b_web 192.0.2.9/24")
    host.wait(lambda: in_place(host))
    assert host.plan(host.topology()) == []
    # the address of the jail's own rc is none of ours
    assert "\n".join(str(e) for e in host.events() if e["type"].startswith("drift")) == ""


RC = ('/etc/rc.conf', 'cloned_interfaces="bridge0 epair17"\nifconfig_bridge0="up addm re0 addm epair17a"\nifconfig_epair17a="up"\n')


@pytest.mark.parametrize("kind,files,ifname", [
    ("ezjail", [("/usr/local/etc/ezjail/web", 'export jail_web_ip="re0|192.0.2.9/24"\n')], "epair0b"),      # traditional: the new lines say vnet_interface
    ("ezjail", [RC, ("/usr/local/etc/ezjail/web", 'export jail_web_ip=""\nexport jail_web_vnet_enable="YES"\nexport jail_web_vnet_interface="epair17b"\n')], "epair17b"),
    ("jail-conf", [("/etc/jail.conf", 'web { path = /jails/web; interface = re0; ip4.addr = 192.0.2.9/24; }\n')], "epair0b"),
    ("jail-conf", [RC, ("/etc/jail.conf", 'web { path = /jails/web; vnet; vnet.interface = epair17b; }\n')], "epair17b"),
    ("jail-conf", [("/etc/jail.conf", 'web { path = /jails/web; vnet; vnet.interface = e0b_web; exec.prestart = "jib addm web re0"; }\n')], "e0b_web"),
    ("jail-conf", [RC, ("/etc/jail.conf", 'web { path = /jails/web; vnet; exec.created = "ifconfig epair17b vnet web"; }\n')], "epair17b")],
    ids=["ezjail-converted", "ezjail-vnet", "jail.conf-converted", "jail.conf-vnet", "jib", "ifconfig-vnet"])
def test_what_an_import_leaves_to_the_manager_it_moves_itself(host, kind, files, ifname):
    """The topology as the import gave it is applied, and jail(8) starts the jail as its own files say: vnet.interface, then /etc/rc."""
    got = host.post("/v1/import/" + kind, {"files": [{"path": p, "content": c} for p, c in files]})
    assert got.status == 200, got
    assert got.json["topology"]["jails"]["web"]["moves"] == "manager"
    assert host.put("/v1/topology", got.json["topology"]).status in (200, 202)
    for _ in range(3):
        assert run(host, "up", "web").returncode == 0
        host.by_hand("jail-add web")
        host.wait(lambda: host.get("/v1/jails/web").json["status"]["state"] == "ready")
        p = run(host, "up", "-i", "-t", "1", "web")
        assert p.returncode == 7 and "waits for the manager of jail web to move it in" in p.stderr, p
        host.by_hand("move - %s web" % ifname)
        host.by_hand("addr-add web %s 192.0.2.9/24" % ifname)
        host.by_hand("addr-add web %s 192.0.2.10/24" % ifname)       # an address that only the jail's own rc.conf knows
        p = run(host, "up", "-i", "web")
        assert p.returncode == 0, p
        assert host.plan(got.json["topology"]) == [] and host.get("/v1/drift").json["items"] == []
        host.by_hand("jail-del web")
        assert run(host, "down", "web").returncode == 0
    assert "\n".join(str(e) for e in host.events() if e["type"].startswith("drift")) == ""


def test_an_interface_of_the_host_is_moved_by_the_manager_as_its_file_says(host):
    got = host.post("/v1/import/jail-conf", {"files": [{"path": "/etc/jail.conf", "content": "web { path = /jails/web; vnet; vnet.interface = em0; }\n"}]})
    assert got.status == 200 and list(got.json["topology"]["attachments"]) == ["em0"], got
    t = got.json["topology"]
    assert t["jails"]["web"]["moves"] == "manager"
    assert host.put("/v1/topology", t).status in (200, 202)
    for _ in range(3):
        assert run(host, "up", "web").returncode == 0
        host.by_hand("jail-add web")
        host.wait(lambda: host.get("/v1/jails/web").json["status"]["state"] == "ready")
        assert run(host, "up", "-i", "-t", "1", "web").returncode == 7
        host.by_hand("move - em0 web")
        host.by_hand("addr-add web em0 192.0.2.9/24")
        p = run(host, "up", "-i", "web")
        assert p.returncode == 0, p
        assert host.plan(t) == [] and host.get("/v1/drift").json["items"] == []
        host.by_hand("jail-del web")
        assert run(host, "down", "web").returncode == 0
    assert [e["text"] for e in host.events() if e["type"].startswith("drift")] == []
