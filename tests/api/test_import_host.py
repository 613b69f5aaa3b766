"""{"source": "host"}: jailnetd reads the usual files of its host, where its policy allows it, and the import is the same as with the files sent."""
import glob
import os
import shutil
import subprocess

import pytest

from corpus import CASES, CORPUS, case_of
from jn import BUILD, Daemon

PHYSICAL = {"JAILNET_FAKE_PHYSICAL": "re0,re1,em0,em1,em2,dmz,re0.10"}


@pytest.fixture
def host(tmp_path):
    root = tmp_path / "host"
    os.makedirs(root, mode=0o755)
    with Daemon(env=PHYSICAL, conf="import_host = yes\nimport_root = %s\n" % root) as d:
        d.root = str(root)
        yield d


def put(d, path, text):
    full = d.root + path
    os.makedirs(os.path.dirname(full), mode=0o755, exist_ok=True)
    with open(full, "w") as f:
        f.write(text)


def install(d, name):
    shutil.rmtree(d.root)
    shutil.copytree(os.path.join(CORPUS, name, "files"), d.root)
    for top, _, _ in os.walk(d.root):
        os.chmod(top, 0o755)


# as worker/hostfile_read.c has them
ANY = ["/etc/rc.conf", "/etc/rc.conf.local", "/etc/rc.conf.d/*", "/usr/local/etc/rc.conf.d/*"]
PLACES = {"rc-conf": ANY, "jail-conf": ANY + ["/etc/jail.conf", "/etc/jail.conf.d/*.conf", "/etc/jail.*.conf"],
          "ezjail": ANY + ["/usr/local/etc/ezjail.conf", "/usr/local/etc/ezjail/*"]}


def test_the_same_as_sent(host):
    compared = 0
    for name in CASES:
        if name in ("rc-latin1", "ezjail-binary"):
            continue    # not to be sent in JSON
        install(host, name)
        c = case_of(name)
        paths = [p[len(host.root):] for place in PLACES[c["kind"]] for p in sorted(glob.glob(host.root + place))]
        files = [{"path": p, "content": open(host.root + p, newline="", encoding="utf-8").read()} for p in paths]
        target = "/v1/import/" + c["kind"]
        sent = host.post(target, {"files": files, **c.get("options", {})})
        read = host.post(target, {"source": "host", **c.get("options", {})})
        assert sent.status == 200 and read.status == 200, (name, read)
        compared += len(files) > 0
        a, b = sent.json, read.json
        for w in a["warnings"] + b["warnings"]:
            if w["code"] == "include":
                w["text"] = w["level"] = ""    # says what can be done: not the same
        assert a == b, name
    assert compared >= 40


def test_what_is_not_read_is_told(host):
    put(host, "/etc/rc.conf", 'defaultrouter="198.51.100.1"\nifconfig_re0="inet 198.51.100.2/24"\n')
    put(host, "/etc/jail.conf", '.include "/usr/local/etc/jails/*.conf";\n.include "/etc/jail.conf.d/*.conf";\nweb { vnet; vnet.interface = "re1"; }\n')
    put(host, "/secret", "SECRET\n")
    os.symlink("/secret", host.root + "/etc/rc.conf.local")
    a = host.post("/v1/import/jail-conf", {"source": "host"})
    assert a.status == 200, a
    assert b"SECRET" not in a.body
    w = {(x["code"], x["file"], x["line"], x["level"]): x["text"] for x in a.json["warnings"]}
    assert w["not-read", "/etc/rc.conf.local", 1, "warning"] == "it is a symbolic link: not read"
    assert "not one of the usual paths" in w["include", "/etc/jail.conf", 1, "warning"]
    assert ("include", "/etc/jail.conf", 2, "note") in w
    assert "web" in a.json["topology"]["jails"]


def test_a_host_without_files_is_an_empty_import(host):
    for kind in ("ezjail", "jail-conf", "rc-conf"):
        a = host.post("/v1/import/" + kind, {"source": "host"})
        assert (a.status, a.json["plan"]["steps"], a.json["warnings"]) == (200, [], []), a


def test_many_at_once(host):
    import threading
    put(host, "/etc/rc.conf", 'ifconfig_re0="inet 198.51.100.2/24"\n')
    for i in range(300):
        put(host, "/usr/local/etc/ezjail/j%d" % i, 'export jail_j%d_ip="re0|198.51.100.%d"\n' % (i, i % 200 + 10))
    answers = []
    ts = [threading.Thread(target=lambda: answers.append(host.post("/v1/import/ezjail", {"source": "host"}))) for _ in range(8)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    assert [a.status for a in answers] == [200] * 8
    assert len({a.body for a in answers}) == 1
    assert len(answers[0].json["topology"]["jails"]) == 300


def test_bad_requests(host):
    both = host.post("/v1/import/rc-conf", {"source": "host", "files": []})
    assert (both.status, both.json["errors"][0]["pointer"]) == (422, "/files")
    for bad in ("etc", "/etc", 1, None, ["host"]):
        a = host.post("/v1/import/rc-conf", {"source": bad})
        assert a.status == 422, a
        assert "/source" in [e["pointer"] for e in a.json["errors"]]
    a = host.post("/v1/import/rc-conf", {"source": "host", "path": "/etc/master.passwd"})
    assert (a.status, a.json["errors"][0]["pointer"]) == (422, "/path")


def test_not_without_policy():
    with Daemon() as d:
        a = d.post("/v1/import/jail-conf", {"source": "host"})
        assert (a.status, a.json["code"]) == (403, "denied"), a
        assert "import_host of jailnetd.conf is no" in a.json["detail"]
        assert "jailnet import jail-conf" in a.json["detail"]
        assert "FILES jail-conf" in d.log()
        assert d.post("/v1/import/jail-conf", {"files": []}).status == 200


def test_command_line(host):
    put(host, "/etc/rc.conf", 'defaultrouter="198.51.100.1"\nifconfig_re0="inet 198.51.100.2/24"\n')
    put(host, "/usr/local/etc/ezjail/mail", 'export jail_mail_rootdir="/usr/jails/mail"\nexport jail_mail_ip="re0|198.51.100.5"\n')
    cli = [os.path.join(BUILD, "jailnet"), "--socket", host.path]
    r = subprocess.run(cli + ["import", "--host", "--manager", "jailnet", "ezjail"], capture_output=True, text=True)
    assert r.returncode == 4, r
    assert "create jail mail" in r.stdout
    assert "/usr/local/etc/ezjail/mail:2:22: warning:" in r.stderr
    for wrong in (["--host", "ezjail", "/etc/rc.conf"], ["--host", "--root", "/tmp", "ezjail"]):
        r = subprocess.run(cli + ["import"] + wrong, capture_output=True, text=True)
        assert r.returncode == 2, r
        assert "--host" in r.stderr


def test_import_root_must_be_absolute(tmp_path):
    conf = tmp_path / "c"
    conf.write_text("import_root = etc\n")
    r = subprocess.run([os.path.join(BUILD, "jailnetd-fake"), "-n", "-c", str(conf)], capture_output=True, text=True)
    assert r.returncode != 0 and "import_root" in r.stderr + r.stdout
