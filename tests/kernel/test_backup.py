"""A backup of one host, restored on another: the network is there again, with the same addresses."""
import os
import shutil
import subprocess
import tempfile

from jn import BUILD, Daemon

NET = {
    "bridges": {"lan0": {"addresses": ["10.9.0.1/24"], "labels": {"secret": "hunter2-label"}}},
    "jails": {"web": {"routes": {"default": "10.9.0.1"}, "description": "hunter2-description", "exec": {"start": "true hunter2-command"}}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.9.0.10/24"]}}},
}


def jailnet(*args, code=0):
    r = subprocess.run([os.path.join(BUILD, "jailnet")] + list(args), capture_output=True, text=True, timeout=60)
    assert r.returncode == code, (args, r)
    return r.stdout + r.stderr


def test_restored_on_another_host_it_is_the_same_network():
    path = tempfile.mkdtemp(prefix="jnb-")
    os.chmod(path, 0o755)
    backup, state = os.path.join(path, "backup.db"), os.path.join(path, "state")
    try:
        with Daemon(kernel=True) as d:
            assert d.put("/v1/topology", NET, **{"If-Match": "*"}).status == 200
            allocated = d.get("/v1/epairs/web0").json["allocated"]
            bridge = d.get("/v1/bridges/lan0").json["allocated"]
            topology = d.topology()
            assert "bytes" in jailnet("--socket", d.path, "backup", backup)
            assert os.stat(backup).st_mode & 0o777 == 0o600
            jailnet("--socket", d.path, "backup", backup, code=2)               # never over a file
            assert not [f for f in os.listdir(d.state_dir) if "backup" in f]
            assert "in use" in jailnet("restore", "--state-dir", d.state_dir, backup, code=1)
            # what came after the backup is not in it
            assert d.put("/v1/bridges/later", {}).status == 201
        os.mkdir(state, 0o700)
        jailnet("restore", "--state-dir", state, backup)
        jailnet("restore", "--state-dir", state, backup)                        # twice: the first is kept
        assert os.path.exists(os.path.join(state, "jailnet.db.before-restore"))
        with Daemon(kernel=True, state_dir=state) as d:
            assert d.settled() == [] and d.topology() == topology
            assert d.get("/v1/epairs/web0").json["allocated"] == allocated and d.get("/v1/bridges/lan0").json["allocated"] == bridge
            links = {i["ifname"]: i["address"] for i in d.ip_json("link", "show")}
            assert links["web0a"] == allocated["a"]["mac"] and links["lan0"] == bridge["mac"]
            r = d.post("/v1/jails/web/probe", {"to": "10.9.0.1"})
            assert r.status == 200 and r.json["received"] == 3, r
            assert d.get("/v1/revisions").json["items"][0]["path"] == "/v1/topology"   # its history came along
            assert "none changed" in jailnet("--socket", d.path, "audit", "verify")
    finally:
        shutil.rmtree(path, ignore_errors=True)


def test_what_is_no_backup_is_refused(tmp_path):
    junk = tmp_path / "junk"
    junk.write_bytes(b"SQLite format 3\0" + b"x" * 200)
    assert "no backup" in jailnet("restore", "--state-dir", str(tmp_path / "state"), str(junk), code=1)
    assert not (tmp_path / "state").exists()
    jailnet("restore", "--state-dir", str(tmp_path), str(tmp_path / "nosuch"), code=2)


def test_what_is_not_whole_moves_nothing(tmp_path):
    """What a full disk or a broken copy has left of a backup does not take the place of the database."""
    backup, state = str(tmp_path / "backup.db"), str(tmp_path / "state")
    with Daemon() as d:
        jailnet("--socket", d.path, "backup", backup)
    whole = os.stat(backup).st_size
    jailnet("restore", "--state-dir", state, backup)
    good = open(os.path.join(state, "jailnet.db"), "rb").read()
    assert len(good) == whole
    for change in (-4096, -1, 4096, 100 - whole):
        shutil.copy(backup, backup + ".cut")
        os.truncate(backup + ".cut", whole + change)
        assert "not whole" in jailnet("restore", "--state-dir", state, backup + ".cut", code=1)
        assert os.listdir(state) == ["jailnet.db"] and open(os.path.join(state, "jailnet.db"), "rb").read() == good


def test_the_support_bundle_holds_no_secret():
    with Daemon(kernel=True) as d:
        t = d.post("/v1/tokens", {"name": "ci", "role": "viewer"}).json
        secret = t["secret" if "secret" in t else "token"]
        assert d.put("/v1/topology", NET, **{"If-Match": "*"}).status == 200
        text = jailnet("--socket", d.path, "support")
        assert "hunter2" not in text and secret not in text and d.admin_token not in text
        assert '"lan0"' in text and "[%d bytes]" % len("hunter2-label") in text
        assert d.tcp(token=secret).get("/v1/support").status == 403 and d.tcp(token=secret).post("/v1/backup").status == 403
