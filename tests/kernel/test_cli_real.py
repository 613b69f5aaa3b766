"""The command against the real daemon on the real kernel: what README shows, command by command, as a table and with --json."""
import json
import os
import re
import subprocess

import pytest

from jn import BUILD, POLICY, TOP, World


def readme_document():
    with open(os.path.join(TOP, "README.md")) as f:
        return json.loads(re.search(r"\$ cat net\.json\n(.*?)\n    \$", f.read(), re.S)[1])


@pytest.fixture(scope="module")
def world():
    with World() as w, w.daemon(conf=POLICY.replace("jail_paths = /", "jail_paths = /run/roots")) as d:
        w.d = d
        yield w


@pytest.fixture()
def jailnet(world):
    def run(*args, rc=0, **kw):
        """exec enters the jail's namespace, so the command runs where the jails are."""
        r = subprocess.run(world.prefix + [os.path.join(BUILD, "jailnet"), "--socket", world.d.path] + list(args),
                           capture_output=True, text=True, timeout=60, **kw)
        assert r.returncode == rc, (args, r)
        return r
    return run


@pytest.fixture()
def net(world, jailnet, tmp_path):
    file = tmp_path / "net.json"
    file.write_text(json.dumps(readme_document()))
    jailnet("apply", str(file))
    return str(file)


def test_plan_apply_plan(world, jailnet, tmp_path):
    empty, file = tmp_path / "empty.json", tmp_path / "net.json"
    empty.write_text("{}")
    file.write_text(json.dumps(readme_document()))
    jailnet("apply", str(empty))
    plan = jailnet("plan", str(file), rc=4).stdout
    for words in ("bridge/lan0", "jail/web", "epair/web0"):
        assert words in plan
    steps = json.loads(jailnet("plan", str(file), "--json", rc=4).stdout)["steps"]
    assert ("create", "bridge/lan0") in [(s["op"], s["object"]) for s in steps]
    jailnet("apply", str(file))
    assert sorted(l["ifname"] for l in world.ip_json("link")) == ["lan0", "lo", "web0a"]
    assert json.loads(jailnet("plan", str(file), "--json").stdout)["steps"] == []
    assert json.loads(jailnet("apply", str(file), "--json").stdout)["changed"] == 0


def test_show(jailnet, net):
    assert "lan0" in jailnet("show").stdout
    for kind, name, words in (("bridges", "lan0", "192.0.2.1/24"), ("jails", "web", "ready"), ("epairs", "web0", "192.0.2.10/24")):
        assert words in jailnet("show", kind).stdout
        assert words in jailnet("show", kind, name).stdout
        assert json.loads(jailnet("show", kind, name, "--json").stdout)["name"] == name
    assert json.loads(jailnet("show", "topology").stdout)["bridges"]["lan0"]["addresses"] == ["192.0.2.1/24", "2001:db8::1/64"]
    macs = json.loads(jailnet("show", "macs", "--json").stdout)["items"]
    assert {m["owner"] for m in macs} == {"bridge/lan0", "epair/web0"}
    r = jailnet("show", "jails", "nosuch", rc=6)
    assert "nosuch" in r.stderr


def test_probe(world, jailnet, net):
    world.d.wait(lambda: world.d.post("/v1/jails/web/probe", {"to": "2001:db8::1", "count": 1}).json["received"] == 1)
    for to in ("192.0.2.1", "2001:db8::1"):
        assert "2 received" in jailnet("probe", "web", to, "-c", "2").stdout
        p = json.loads(jailnet("probe", "web", to, "-c", "2", "--json").stdout)
        assert p["sent"] == p["received"] == len(p["rtt_ms"]) == 2 and p["error"] is None
    assert jailnet("probe", "web", "192.0.2.99", "-c", "1", rc=1).stdout


def test_exec(jailnet, net):
    r = jailnet("exec", "web", "--", "ip", "-j", "addr", "show", "dev", "web0b")
    assert "192.0.2.10" in [a["local"] for a in json.loads(r.stdout)[0]["addr_info"]]
    jailnet("exec", "web", "--", "sh", "-c", "exit 7", rc=7)
    jailnet("exec", "nosuch", "--", "true", rc=6)


def test_stop_start_restart(world, jailnet, net):
    mac = json.loads(jailnet("show", "epairs", "web0", "--json").stdout)["allocated"]["b"]["mac"]
    jailnet("stop", "web")
    assert json.loads(jailnet("show", "jails", "web", "--json").stdout)["status"]["state"] == "stopped"
    assert world.ip("netns", "list") == ""
    jailnet("start", "web")
    jailnet("restart", "web")
    assert json.loads(jailnet("exec", "web", "--", "ip", "-j", "link", "show", "dev", "web0b").stdout)[0]["address"] == mac


def test_drift_and_events(world, jailnet, net):
    assert "No drift" in jailnet("drift").stdout
    last = world.d.events()[-1]["seq"]
    world.ip("link", "del", "web0a")
    world.d.wait(lambda: {"drift.found", "drift.repaired"} <= {e["type"] for e in world.d.events(last)}, 20)
    assert world.d.settled() == []
    assert json.loads(jailnet("drift", "--json").stdout)["items"] == []
    with subprocess.Popen(world.prefix + [os.path.join(BUILD, "jailnet"), "--socket", world.d.path, "events", "--since", str(last)],
                          stdout=subprocess.PIPE, text=True) as p:
        said = ""
        while "drift.repaired" not in said:
            line = p.stdout.readline()
            assert line, said
            said += line
        p.terminate()
    assert "drift.found" in said and "web0" in said


def test_graph(jailnet, net):
    assert re.search(r"lan0.*web", jailnet("graph", "--format", "dot").stdout, re.S)
    assert "lan0" in jailnet("graph", "--format", "mermaid").stdout
    assert "lan0" in jailnet("graph").stdout


ROOTS = """
set -e
for r in old new; do
	d=/run/roots/$r
	mkdir -p $d/usr $d/proc $d/sys
	mount --rbind /usr $d/usr
	for l in bin sbin lib lib64; do ln -s usr/$l $d/$l; done
	echo $r >$d/which
done
"""


def test_a_jail_stays_in_its_root_until_it_starts_again(world, jailnet):
    r = world.run("sh", "-c", ROOTS)
    assert r.returncode == 0, r.stderr
    exec_ = {"start": "cat /which >/started", "stop": "cat /which >/stopped"}
    assert world.d.put("/v1/jails/roots", {"path": "/run/roots/old", "exec": exec_}).status == 201

    def read(name):
        return world.run("sh", "-c", "cd /run/roots && grep . /dev/null */%s" % name).stdout

    def status():
        return world.d.get("/v1/jails/roots").json["status"]
    assert read("started") == "old/started:old\n" and jailnet("exec", "roots", "--", "cat", "/which").stdout == "old\n"
    a = world.d.patch("/v1/jails/roots", {"path": "/run/roots/new"})
    assert a.status == 200 and world.d.plan(world.d.topology()) == [], a
    assert (status()["state"], status()["reason"]) == ("ready", "it runs in another root: path /run/roots/new takes effect at its next start")
    assert jailnet("exec", "roots", "--", "cat", "/which").stdout == "old\n"
    assert "path /run/roots/new takes effect at its next start" in jailnet("show", "jails").stdout
    jailnet("restart", "roots")
    # exec.stop was run where the jail was, exec.start where it is now
    assert read("stopped") == "old/stopped:old\n" and read("started") == "new/started:new\nold/started:old\n"
    assert (status()["state"], status()["reason"]) == ("ready", None)
    assert jailnet("exec", "roots", "--", "cat", "/which").stdout == "new\n"
    assert world.d.delete("/v1/jails/roots").status == 204
    # without a root of its own it runs in the host's
    assert world.d.put("/v1/jails/roots", {}).status == 201
    assert status()["reason"] is None
    assert world.d.patch("/v1/jails/roots", {"path": "/"}).status == 200 and status()["reason"] is None
    assert world.d.patch("/v1/jails/roots", {"path": "/run/roots/old"}).status == 200 and "another root" in status()["reason"]
    assert world.d.patch("/v1/jails/roots", {"path": ""}).status == 200 and status()["reason"] is None
    assert world.d.delete("/v1/jails/roots").status == 204
