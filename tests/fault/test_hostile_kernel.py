"""A hostile process in the server's place, the real kernel: what is not ours stays as it was."""
import os
import re
import shutil

import jn
from jn import BUILD, World

CLOSED = "jail_paths = /jails\n"    # no uplinks, no commands, no host routes or sysctls: the defaults


def host(w):
    """All of the host's network that a command could have changed; counters and ages left out."""
    links = [{k: link.get(k) for k in ("ifname", "flags", "mtu", "master", "operstate", "address", "ifalias", "group", "addr_info")}
             for link in w.ip_json("-d", "addr")]
    sysctls = w.run("sh", "-c", "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/kernel/core_pattern").stdout
    return links, w.ip("route"), w.ip("-6", "route"), sysctls, w.ip("netns")


def test_hostile_server_on_the_real_kernel(tmp_path, monkeypatch):
    with World() as w:
        w.ip("link", "add", "re0", "type", "veth", "peer", "name", "re0far")
        w.ip("address", "add", "198.51.100.1/24", "dev", "re0")
        w.ip("link", "set", "re0", "up")
        w.ip("link", "add", "fbr0", "type", "bridge")
        w.ip("link", "add", "fbr1", "type", "veth", "peer", "name", "fbr1far")
        w.ip("link", "set", "fbr1", "master", "fbr0")
        w.ip("link", "add", "ext0a", "type", "veth", "peer", "name", "ext0b")
        w.ip("netns", "add", "ext")
        before = host(w)
        assert len(before[0]) >= 5
        # outside of a sandbox the server is the program beside jailnetd, whatever the environment says
        shutil.copy(os.path.join(BUILD, "jailnetd"), tmp_path)
        shutil.copy(os.path.join(BUILD, "tests/fake/fake_server"), tmp_path / "jailnetd-server")
        monkeypatch.setattr(jn, "BUILD", str(tmp_path))
        with w.daemon(conf=CLOSED, wait=False, tcp=False, env={"FAKE_SERVER_MODE": "hostile"}) as d:
            d.wait(lambda: "server is done" in d.out() + d.log(), 20)
            said = d.out() + d.log()
            assert d.process.poll() is None
        own, rest = said.split("server has its own")
        tried, gone = rest.split("server tried everything")
        reply = re.compile(r"server reply (\w+) result=(\d) code=(\w+)")
        assert [r[1] for r in reply.findall(own)] == ["0"] * 4 and [r[1] for r in reply.findall(gone)] == ["0"] * 3, said
        replies = reply.findall(tried)
        assert len(replies) >= 40
        assert [op for op, result, _ in replies if result != "2"] == [], replies
        assert sum(code == "denied" for _, _, code in replies) >= 12, replies
        assert "security" in said
        assert host(w) == before
        assert not os.path.exists("/tmp/pwned")
