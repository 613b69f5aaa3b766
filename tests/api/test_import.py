"""Import and export over HTTP: each directory of tests/import is a host's files and what must come of them (expected.json).

Made again, to be read in a diff:  IMPORT_GOLDEN=write python3 -m pytest tests/api/test_import.py
"""
import copy
import glob
import json
import os
import random
import re
import socket
import subprocess
import time

import pytest

from corpus import CASES, CORPUS, expected_of, request_of
from jn import BUILD, TOP, Daemon

EMPTY = {"bridges": {}, "epairs": {}, "jails": {}, "attachments": {}}


@pytest.fixture(scope="module")
def daemon():
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0,re1,em0,em1,em2,dmz,re0.10"}) as d:
        yield d


@pytest.fixture
def empty(daemon):
    a = daemon.put("/v1/topology", EMPTY)
    assert a.status in (200, 202), a
    daemon.settled()
    return daemon


def do_import(d, target, body):
    a = d.post(target, body)
    assert a.status == 200, a
    return a.json


def test_corpus_is_large_enough():
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_corpus(empty, name):
    got = do_import(empty, *request_of(name))
    plan = got.pop("plan")
    got["steps"] = None if plan is None else [s["detail"] for s in plan["steps"]]
    if os.environ.get("IMPORT_GOLDEN") == "write":
        with open(os.path.join(CORPUS, name, "expected.json"), "w") as f:
            json.dump(got, f, indent=1, ensure_ascii=False)
            f.write("\n")
    assert got == expected_of(name)
    # What has a plan can be put as it is, and then nothing is left to do.
    if plan is not None:
        a = empty.put("/v1/topology", got["topology"])
        assert a.status in (200, 202), a
        empty.settled()
        again = do_import(empty, *request_of(name))
        assert again["errors"] == [] and again["plan"]["steps"] == []
        assert again["topology"] == got["topology"]


VNET_SHAPES = [n for n in CASES if n.startswith("vnet-") and n not in ("vnet-unproven", "vnet-dhcp")]


@pytest.mark.parametrize("name", VNET_SHAPES)
def test_a_vnet_jail_as_people_write_it_has_its_bridge_and_its_way_out(empty, name):
    assert len(VNET_SHAPES) >= 8
    got = do_import(empty, *request_of(name))
    t = got["topology"]
    assert t["jails"] and "not-created" not in [w["code"] for w in got["warnings"]]
    for jail, j in t["jails"].items():
        pairs = [e for e in t["epairs"].values() if e["b"].get("jail") == jail]
        assert len(pairs) == 1 and pairs[0]["b"]["addresses"], (jail, t["epairs"])
        assert t["bridges"][pairs[0]["a"]["bridge"]]["members"], "a bridge with a way out"
        assert "default" in j["routes"]


def carried_out(body, files):
    """The host's files after somebody did what the import says: replaced as a whole, or the lines added at the end."""
    now = {f["path"]: f["content"] for f in body["files"]}
    for f in files:
        old = now.get(f["path"], "") if f["action"] == "add" else ""
        now[f["path"]] = old + ("\n" if old and not old.endswith("\n") else "") + f["content"]
    return {**body, "files": [{"path": p, "content": c} for p, c in now.items()]}


def cloned(body):
    lines = [x for f in body["files"] if f["path"] == "/etc/rc.conf" for x in f["content"].splitlines() if x.startswith("cloned_interfaces=")]
    return set(lines[-1].split("=", 1)[1].strip('"').split()) if lines else set()


@pytest.mark.parametrize("name", CASES)
def test_the_files_with_the_new_lines_say_what_was_applied(empty, name):
    target, body = request_of(name)
    got = do_import(empty, target, body)
    if got["plan"] is None or not got["files"] or body.get("hooks") == "jailnet":   # then the epairs are jailnet's, not rc.conf's
        return
    after = carried_out(body, got["files"])
    again = do_import(empty, target, after)
    known = [w["text"] for w in got["warnings"]]
    assert [w for w in again["warnings"] if w["level"] == "error" and w["text"] not in known] == []
    assert again["topology"] == got["topology"]
    assert cloned(body) <= cloned(after)    # what the host made before, it makes still


# What the request says, not a file; what a whole file is (too large to look into) is said at its first byte.
WITHOUT_PLACE = {"router-made", "router-name"}


def test_every_message_has_a_place(empty):
    for name in CASES:
        target, body = request_of(name)
        lines = {f["path"]: f["content"].split("\n") for f in body["files"]}
        for w in do_import(empty, target, body)["warnings"]:
            if w["code"] in WITHOUT_PLACE:
                assert (w["file"], w["line"], w["column"]) == (None, 0, 0), (name, w)
                continue
            assert w["line"] >= 1 and w["column"] >= 1 and w["line"] <= len(lines[w["file"]]), (name, w)
            assert w["column"] <= len(lines[w["file"]][w["line"] - 1].encode()) + 1, (name, w)


def test_every_code_is_shown_by_some_test():
    """A message nobody ever saw come out is one nobody knows to be right."""
    codes, shown = set(), ""
    for path in glob.glob(os.path.join(TOP, "convert", "*.c")):
        with open(path) as f:
            codes |= set(re.findall(r'conv_say\([^;"]*"([a-z0-9-]+)",', f.read()))
    for path in glob.glob(os.path.join(CORPUS, "*", "expected.json")) + glob.glob(os.path.join(TOP, "tests", "unit", "test_conv*.c")) + [os.path.join(os.path.dirname(__file__), "test_import_host.py"), __file__]:
        with open(path) as f:
            shown += f.read()
    assert len(codes) > 40
    assert sorted(c for c in codes if '"%s"' % c not in shown) == []


def families_apart(t):
    """rc.conf has IPv4 and IPv6 in lines of their own: the order is kept in each."""
    t = copy.deepcopy(t)
    for kind in t.values():
        for o in kind.values():
            for holder in (o, o.get("a", {}), o.get("b", {})):
                if "addresses" in holder:
                    holder["addresses"].sort(key=lambda p: ":" in p)
    return t


def has_interface(t, jail):
    return jail in [e[s].get("jail") for e in t["epairs"].values() for s in "ab"] + [a["jail"] for a in t["attachments"].values()]


def as_said(t, what, managers, warnings):
    """The topology as it comes back: what the format cannot say is another, but only where the export said so, by the object's name."""
    t = copy.deepcopy(t)

    def said(code, kind, name):
        assert [w for w in warnings if w["code"] == code and re.search(r"\b%s %s\b" % (kind, re.escape(name)), w["text"])], (what, code, kind, name, warnings)

    for name, b in t["bridges"].items():
        if b["stp"]:
            said("stp", "bridge", name)
            b["stp"] = False
            for m in b["members"].values():
                m["stp"] = True
            for e in t["epairs"].values():
                for end in (e["a"], e["b"]):
                    if end.get("bridge") == name:
                        end["stp"] = True
    for name, e in t["epairs"].items():
        for end in (e["a"], e["b"]):
            if "jail" in end and not end["up"]:
                said("down", "epair", name)
                end["up"] = True
    for name, j in t["jails"].items():
        external = j["manager"] == "external"
        moves = j.pop("moves", "jailnet")
        j["manager"] = managers
        if external:
            said("external", "jail", name)
            if moves == "jailnet":
                said("moves", "jail", name)
        if managers == "external" and has_interface(t, name):
            j["moves"] = "manager"      # vnet.interface
        if what == "jail-conf" and not j["running"]:
            said("not-running", "jail", name)
            j["running"] = True
        if what == "ezjail":
            if j["sysctls"]:
                said("sysctls", "jail", name)
                j["sysctls"] = {}
            if not external:
                if not j["exec"]["start"]:
                    said("start", "jail", name)
                    j["exec"] = {"start": "/bin/sh /etc/rc", "stop": j["exec"]["stop"] or "/bin/sh /etc/rc.shutdown jail"}
                j["hostname"] = j["hostname"] or name
                if not j["path"]:
                    said("root", "jail", name)
                    j["path"] = "/usr/jails/" + name
    if what == "ezjail":
        rename_jails(t, warnings)
    return families_apart(t)


def rename_jails(t, warnings):
    """ezjail has no such name, and the export says so."""
    new = dict(re.fullmatch(r"ezjail knows the jail (\S+) as (\S+)", w["text"]).groups() for w in warnings if w["code"] == "renamed")
    assert set(new) == {name for name in t["jails"] if not re.fullmatch(r"\w+", name)}
    t["jails"] = {new.get(name, name): j for name, j in t["jails"].items()}
    for o in [e[s] for e in t["epairs"].values() for s in "ab"] + list(t["attachments"].values()):
        if "jail" in o:
            o["jail"] = new.get(o["jail"], o["jail"])


def texts(answer):
    return [{"path": f["path"], "content": f["content"]} for f in answer["files"]]


def with_macs(d):
    """The topology as if every address that the daemon has chosen were written in it."""
    t = d.get("/v1/topology").json
    for m in d.get("/v1/macs?limit=1000").json["items"]:
        if m["state"] == "allocated":
            kind, name = m["owner"].split("/")
            (t["bridges"][name] if kind == "bridge" else t["epairs"][name][m["end"]])["mac"] = m["address"]
    return t


def round_trip(d, topology):
    """Export as rc.conf + jail.conf and as ezjail files, import each into an empty daemon: the same, but for what the export said."""
    a = d.put("/v1/topology", topology)
    assert a.status in (200, 202), a
    want = with_macs(d)
    rc, jc, ez = (d.get("/v1/export/" + k).json for k in ("rc-conf", "jail-conf", "ezjail"))
    # whose the jails are is what the import is asked for, for all of them
    managers = "external" if want["jails"] and all(j["manager"] == "external" for j in want["jails"].values()) else "jailnet"
    assert d.put("/v1/topology", EMPTY).status in (200, 202)
    for what, files, warnings in (("jail-conf", texts(rc) + texts(jc), rc["warnings"] + jc["warnings"]), ("ezjail", texts(ez), ez["warnings"])):
        got = do_import(d, "/v1/import/" + what, {"files": files, "manager": managers})
        assert [w for w in got["warnings"] if w["level"] == "error"] == []
        wanted = as_said(want, what, managers, warnings)
        got = families_apart(got["topology"])
        other = [(kind, name, got[kind].get(name), wanted[kind].get(name)) for kind in EMPTY for name in {**got[kind], **wanted[kind]}
                 if got[kind].get(name) != wanted[kind].get(name)]
        assert other == [], what


@pytest.mark.parametrize("name", CASES)
def test_import_apply_export_import_is_the_identity(empty, name):
    got = do_import(empty, *request_of(name))
    if got["plan"] is None:
        pytest.fail("no plan: %s" % got["errors"]) if not got["errors"] else None
        return
    round_trip(empty, got["topology"])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_figures(empty, n):
    from jn import figure
    f = figure(n)
    round_trip(empty, f["topology"] if "topology" in f else f)


def test_an_own_export_changes_nothing(empty):
    """Every address is in it, so that a boot without jailnet has the same; the document does not say more than before when it comes back."""
    from jn import figure
    f = figure(3)
    assert empty.put("/v1/topology", f["topology"] if "topology" in f else f).status in (200, 202)
    rc, jc = (empty.get("/v1/export/" + k).json for k in ("rc-conf", "jail-conf"))
    chosen = [m for m in empty.get("/v1/macs?limit=1000").json["items"] if m["state"] == "allocated"]
    assert len(chosen) == 14
    for m in chosen:
        assert "=\"ether %s " % m["address"] in texts(rc)[0]["content"], m
    # without its lo0 a jail does not reach its own addresses
    assert texts(jc)[0]["content"].count('exec.start += "/sbin/ifconfig lo0 inet 127.0.0.1/8 up";') == len(f["topology"]["jails"] if "topology" in f else f["jails"])
    got = do_import(empty, "/v1/import/jail-conf", {"files": texts(rc) + texts(jc), "manager": "jailnet"})
    assert got["warnings"] == []
    want = empty.get("/v1/topology").json
    assert families_apart(got["topology"]) == families_apart(want)
    assert got["plan"]["steps"] == [], got["plan"]


SYSCTLS = ("net.inet.ip.ttl", "net.inet.tcp.sendspace", "net.inet6.ip6.hlim")


def random_topology(seed):
    """Anything: names of any kind, any wiring, everything an object can have."""
    r = random.Random(seed)
    t = {"bridges": {}, "epairs": {}, "jails": {}, "attachments": {}}
    uplinks = ["re0", "re1", "em0", "em1"]
    r.shuffle(uplinks)
    octets = iter(range(1, 250))

    def addresses(net, most):
        out = []
        for _ in range(r.randint(0, most)):
            n = next(octets)
            out.append(r.choice(["10.%d.0.%d/24" % (net, n), "2001:db8:%x::%x/64" % (net, n)]))
        return out

    def mac():
        return "02:%02x:%02x:%02x:%02x:%02x" % tuple(r.randrange(256) for _ in range(5))

    def port(bridge):
        p = {k: True for k in ("private", "stp", "edge") if r.random() < .2}
        if bridge.get("vlan_filter"):
            if r.random() < .5:
                p["untagged"] = r.randint(1, 4094)
            if r.random() < .5:
                p["tagged"] = sorted(r.sample(range(1, 4095), r.randint(1, 4)))
        return p

    for i in range(r.randint(0, 4)):
        b = t["bridges"][r.choice(["bridge%d", "bridge%d", "lan%d", "br-%d_x"]) % i] = {"addresses": addresses(i, 2), "members": {}}
        b["stp"] = r.random() < .2
        b["vlan_filter"] = r.random() < .3
        if r.random() < .4:
            b["members"][uplinks.pop()] = port(b)
            continue
        if r.random() < .3:
            b["mtu"] = r.choice([1400, 9000])
        if r.random() < .3:
            b["mac"] = mac()
    theirs = r.choice([.3, .3, 1])
    for i in range(r.randint(0, 4)):
        j = t["jails"][r.choice(["j%d", "j%d", "j%d", "j-%d"]) % i] = {"forwarding": r.random() < .3, "sysctls": {k: str(r.randint(64, 200)) for k in SYSCTLS if r.random() < .2}}
        if r.random() < .3:
            j["running"] = r.random() < .5
        if r.random() < theirs:
            j["manager"] = "external"
            j["moves"] = r.choice(["jailnet", "manager"])
            continue
        if r.random() < .5:
            j.update(path="/jails/j%d" % i, hostname=r.choice(["", "j%d.example.org" % i]))
        if r.random() < .4:
            j["exec"] = {"start": r.choice(["/bin/sh /etc/rc", "echo \"$HOME\" 'a b' && true"]), "stop": r.choice(["", "/bin/sh /etc/rc.shutdown"])}
    bridges, jails = list(t["bridges"]), list(t["jails"])
    for i in range(r.randint(0, 6)):
        name = r.choice(["epair%d" % r.choice([i, 10 + i]), "p%d" % i, "e%d_x" % i])
        e = t["epairs"][name] = {"a": {}, "b": {}}
        if r.random() < .2:
            e["a"]["ifname"], e["b"]["ifname"] = r.choice([("e%da_x" % i, "e%db_x" % i), ("left%d" % i, "right%d" % i)])
        for side in "ab":
            end, place = e[side], r.random()
            if place < .45 and bridges and side == "a":
                end["bridge"] = r.choice(bridges)
                end.update(port(t["bridges"][end["bridge"]]))
            elif place < .9 and jails:
                end["jail"] = r.choice(jails)
                end["addresses"] = addresses(100 + i, 3)
            else:
                end["addresses"] = addresses(100 + i, 1)
            if r.random() < .3:
                end["mac"] = mac()
            if r.random() < .1:
                end["up"] = False
        if "bridge" not in e["a"] and r.random() < .3:
            e["mtu"] = r.choice([1400, 9000])
    for n, e in enumerate(t["epairs"].values()):      # a way out for some
        end = e["b"]
        if "jail" in end and end.get("up", True) and r.random() < .6:
            routes = t["jails"][end["jail"]].setdefault("routes", {})
            for p in end["addresses"]:
                four = ":" not in p
                via = p.rsplit(".", 1)[0] + ".254" if four else p.split("::")[0] + "::ffff"
                routes["default" if four else "::/0"] = via
                if r.random() < .4:
                    routes["10.250.%d.0/24" % n if four else "2001:db8:ff%d::/64" % n] = via
    if jails and uplinks and r.random() < .3:
        t["attachments"][uplinks.pop()] = {"jail": r.choice(jails), "addresses": addresses(200, 2)}
    for kind in t.values():             # what no other system knows
        for o in kind.values():
            if r.random() < .4:
                o["labels"] = {k: r.choice(["", "net", "$(id) `x` \"'\\", "%41 = \u00fc", "a\tb\nc # d"]) for k in ("team", "example.org/x-1") if r.random() < .7}
            if r.random() < .3:
                o["description"] = r.choice(["the lab's \"own\" ${net}", "two\nlines", "\u20ac 5"])
    return t


@pytest.mark.parametrize("seed", range(int(os.environ.get("IMPORT_SEEDS", "40"))))
def test_random_topologies_survive_the_way_out_and_back(empty, seed):
    t = random_topology(seed)
    if "IMPORT_SHOW" in os.environ:
        print(json.dumps(t, indent=1))
    round_trip(empty, t)


def test_notes_that_nobody_wrote_so(empty):
    text = 'cloned_interfaces="bridge0"\nifconfig_bridge0="up"\n'
    for note, code, line in (('bridge/bridge0 label.a=%zz', "syntax", 3), ("bridge/bridge0 label.a=%00", "syntax", 3), ("bridge/bridge0 label.a", "syntax", 3),
                             ("bridge/bridge0 mtu=9000", "syntax", 3), ("bridge/bridge7 label.a=b", "no-object", 3), ("nonsense", "no-object", 3), ("bridge/bridge0 label.a=%01", "syntax", 3)):
        got = do_import(empty, "/v1/import/rc-conf", {"files": [{"path": "/etc/rc.conf", "content": text + 'jailnet_note_0="%s"\n' % note}]})
        assert [(w["code"], w["line"]) for w in got["warnings"]] == [(code, line)], (note, got["warnings"])
        assert got["topology"]["bridges"]["bridge0"]["labels"] == {}
    got = do_import(empty, "/v1/import/rc-conf", {"files": [{"path": "/etc/rc.conf", "content": text + 'jailnet_note_0="bridge/bridge0 label.a=b%20c description=x"\n'}]})
    assert (got["topology"]["bridges"]["bridge0"]["labels"], got["topology"]["bridges"]["bridge0"]["description"]) == ({"a": "b c"}, "x")


def test_refusals(daemon):
    for body, status, pointer in (({}, 422, "/files"), ({"files": [], "mode": "x"}, 422, "/mode"), ({"files": [{"path": "a"}]}, 422, "/files/0/content"),
                                  ({"files": [], "networks": ["x"]}, 422, "/networks"), ({"files": [], "wombat": 1}, 422, "/wombat"),
                                  ({"files": [], "behind_network": "10.0.0.0/24"}, 422, "/behind_network"), ({"files": [], "routed_network": ["10.0.0.0/24", "10.1.0.0/24"]}, 422, "/routed_network"),
                                  ({"files": [], "behind_network": ["10.0.0.0/31"]}, 422, "/behind_network"),
                                  ({"files": [], "macs": {"re0": "x"}}, 422, "/macs")):
        a = daemon.post("/v1/import/ezjail", body)
        assert a.status == status, (body, a)
        assert pointer in [e["pointer"] for e in a.json["errors"]], a
    assert daemon.get("/v1/export/shell?system=plan9").status == 400
    for behind in ([1], ["x" * 64], ["x"] * 1001):
        assert daemon.post("/v1/import/ezjail", {"files": [], "behind": behind}).status == 422


def test_command_line(empty, tmp_path):
    env = dict(os.environ, JAILNET_SOCKET=empty.path)
    cli = os.path.join(BUILD, "jailnet")
    files = os.path.join(CORPUS, "host-six-flat", "files")
    run = lambda *a: subprocess.run([cli, *a], env=env, capture_output=True, text=True, timeout=60)
    doc = str(tmp_path / "t.json")
    # the usual files below a root, with the paths they have on their own host
    p = run("import", "--root", files, "--topology", doc, "--files", str(tmp_path / "out"), "--uplink", "re0", "ezjail")
    assert p.returncode == 4, p
    assert re.search(r"\n/usr/local/etc/ezjail/www:10:53: warning: www: 127\.0\.1\.1 ", p.stderr) and "outside-net" not in p.stderr
    assert run("import", "--root", "/nonexistent", "ezjail").returncode == 2
    assert "steps to do" in p.stdout and "[loopback]" in p.stderr
    assert run("apply", doc).returncode == 0
    p = run("export", "--files", str(tmp_path / "back"), "ezjail")
    assert p.returncode == 0 and (tmp_path / "back/usr/local/etc/ezjail/www.add").exists(), p
    p = run("export", "shell")
    assert p.returncode == 0 and "ip netns add www" in p.stdout
    assert run("import", "nonsense").returncode == 2
    # what every host may have besides: the same places as with --host
    for path, text in (("etc/rc.conf", 'cloned_interfaces="bridge0"\n'), ("etc/rc.conf.d/net", 'ifconfig_bridge0="inet 10.0.0.1/24"\n'), ("etc/jail.a.conf", "a { vnet; vnet.interface = epair1b; }\n"),
                       ("etc/jail.conf.d/b.conf", "b { vnet; vnet.interface = epair2b; }\n"), ("etc/jail.conf.d/b.conf.bak", "c { vnet; vnet.interface = epair3b; }\n")):
        (tmp_path / "host" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "host" / path).write_text(text)
    p = run("import", "--root", str(tmp_path / "host"), "--topology", doc, "jail-conf")
    t = json.load(open(doc))
    assert t["bridges"]["bridge0"]["addresses"] == ["10.0.0.1/24"] and {"a", "b"} <= set(t["jails"]) and "c" not in t["jails"], p
    (tmp_path / "host/etc/rc.conf").write_text("# much\n" * 1500000)
    p = run("import", "--root", str(tmp_path / "host"), "rc-conf")
    assert p.returncode == 2 and "/etc/rc.conf: 10500000 bytes; all files together may have 8388608" in p.stderr, p
    assert run("import", "ezjail", "/nonexistent").returncode == 2


def test_pairs_of_jib_that_run_keep_the_addresses_they_have(tmp_path):
    """Odd ones, as a jib that was run twice gives: the halves are on the host and in the jail, and no address may change."""
    control = str(tmp_path / "control")
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0", "JAILNET_FAKE_CONTROL": control}) as d:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            for line in ("jail-add web", "epair-add e0a_web e0b_web", "mac - e0a_web 02:ee:00:00:00:01", "mac - e0b_web 02:ee:00:00:00:02", "move - e0b_web web"):
                s.sendto(line.encode(), control)
        deadline = time.monotonic() + 60
        while not [i for i in d.get("/v1/interfaces").json["items"] if i["name"] == "e0b_web" and i["jail"] == "web"]:
            assert time.monotonic() < deadline, d.get("/v1/interfaces").json
            time.sleep(.05)
        got = do_import(d, "/v1/import/jail-conf", {"files": [{"path": "/etc/jail.conf", "content":
            'web { vnet; vnet.interface = e0b_web; exec.prestart = "jib addm web re0"; }\n'}]})
        e = got["topology"]["epairs"]["e0_web"]
        assert (e["a"]["mac"], e["b"]["mac"]) == ("02:ee:00:00:00:01", "02:ee:00:00:00:02")
        assert [(w["code"], w["line"]) for w in got["warnings"]] == [("mac-kept", 1), ("mac-kept", 1)]


BAD_INPUT = [
    # what, kind, path, content, code, level, line, column
    ("unterminated quote", "ezjail", "/usr/local/etc/ezjail/a", "# x\nexport jail_a_ip=\"re0|192.0.2.5\n", "unterminated", "error", 2, 18),
    ("unterminated quote", "rc-conf", "/etc/rc.conf", "a=1\nb='x\n", "unterminated", "error", 2, 3),
    ("unterminated string", "jail-conf", "/etc/jail.conf", "a { vnet;\n path = \"/a; }\n", "unterminated", "error", 2, 9),
    ("unterminated block", "jail-conf", "/etc/jail.conf", "a {\n vnet;\n", "unterminated", "error", 1, 3),
    ("unterminated comment", "jail-conf", "/etc/jail.conf", "a { vnet; }\n  /* never\n", "unterminated", "error", 2, 3),
    ("unterminated substitution", "rc-conf", "/etc/rc.conf", "a=1\nb=\"$(echo \"\n", "unterminated", "error", 2, 5),
    ("include of itself", "jail-conf", "/etc/jail.conf", "a { vnet; }\n.include \"/etc/jail.conf\";\n", "include-loop", "error", 2, 1),
    ("binary", "ezjail", "/usr/local/etc/ezjail/a", "export jail_a_ip=\"re0|192.0.2.5\"\n\x01\x02\n", "binary", "error", 2, 1),
    ("binary", "jail-conf", "/etc/jail.conf", "a { vnet; }\n\x02\x03\x04", "binary", "error", 2, 1),
    ("CRLF", "rc-conf", "/etc/rc.conf", "a=1\nb=2\r\nc=3\r\n", "crlf", "warning", 2, 4),
    ("CRLF", "jail-conf", "/etc/jail.conf", "a { vnet;\r\n}\r\n", "crlf", "warning", 1, 10),
    ("duplicated jail", "jail-conf", "/etc/jail.conf", "a { vnet; vnet.interface = epair1b; }\n  a { vnet; vnet.interface = epair2b; }\n", "duplicate", "warning", 2, 3),
    ("duplicated interface", "rc-conf", "/etc/rc.conf", "cloned_interfaces=\"epair1 epair2\"\nifconfig_epair1a_name=\"x\"\nifconfig_epair2a_name=\"x\"\n", "duplicate", "error", 1, 1),
    ("contradiction", "jail-conf", "/etc/jail.conf", "a { vnet; vnet.interface = epair1b; ip4.addr = \"re0|192.0.2.5/24\"; }\n", "contradiction", "warning", 1, 1),
    ("command substitution", "ezjail", "/usr/local/etc/ezjail/a", "export jail_a_ip=\"re0|$(touch MARK)\"\n", "unproven", "warning", 1, 8),
    ("backquotes", "rc-conf", "/etc/rc.conf", "ifconfig_re0=`touch MARK`\n", "unproven", "warning", 1, 1),
    ("a command", "rc-conf", "/etc/rc.conf", "a=1\n touch MARK\n", "command", "warning", 2, 2),
    ("a condition", "rc-conf", "/etc/rc.conf", "if touch MARK; then\n  ifconfig_re0=\"inet 192.0.2.1/24\"\nfi\n", "conditional", "warning", 2, 3),
    ("a hook", "jail-conf", "/etc/jail.conf", "a { vnet; vnet.interface = epair1b;\n exec.prestart = \"ifconfig epair1 create; touch MARK\"; }\n", "hook", "warning", 2, 18),
    ("outside any net", "ezjail", "/usr/local/etc/ezjail/a", "export jail_a_ip=\"re0|203.0.113.9\"\n", "outside-net", "warning", 1, 19),
]


@pytest.mark.parametrize("what,kind,path,content,code,level,line,column", BAD_INPUT, ids=["%s, %s" % (b[1], b[0]) for b in BAD_INPUT])
def test_bad_input_is_said_with_its_place_and_never_run(empty, tmp_path, what, kind, path, content, code, level, line, column):
    tmp_path.chmod(0o777)       # the server runs as another user
    mark = str(tmp_path / "mark")
    got = do_import(empty, "/v1/import/" + kind, {"files": [{"path": path, "content": content.replace("MARK", mark)}]})
    said = [(w["code"], w["level"], w["file"], w["line"], w["column"]) for w in got["warnings"]]
    assert (code, level, path, line, column) in said, said
    assert got["topology"].keys() == EMPTY.keys() and not os.path.exists(mark)


def test_a_file_of_10_mb_is_an_error_by_its_name(empty, tmp_path):
    text = "#" * 79 + "\n"
    big = text * (10 * 1024 * 1024 // len(text))
    (tmp_path / "rc.conf").write_text(big)
    p = subprocess.run([os.path.join(BUILD, "jailnet"), "import", "rc-conf", str(tmp_path / "rc.conf")], env=dict(os.environ, JAILNET_SOCKET=empty.path),
                       capture_output=True, text=True, timeout=60)
    assert p.returncode == 2 and str(tmp_path / "rc.conf") + ": 10485760 bytes" in p.stderr, p
