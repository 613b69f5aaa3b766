"""The support bundle: what helps is in it, and no word of users' own, wherever it came to stand."""
import json
import os
import re
import sqlite3
import time

from test_stories import story  # noqa: F401

SECRETS = ("hunter2", "swordfish", "tr0ub4dor", "letmein", "opensesame", "rosebud")
NET = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24"], "description": "rosebud", "labels": {"note": "letmein"}}},
    "jails": {"web": {"sysctls": {"net.ipv4.secret": "tr0ub4dor", "net.ipv4.ip_forward": "1"}, "description": "rosebud"}},
}


def bundle(d):
    a = d.get("/v1/support")
    assert a.status == 200, a
    return a.json, a.body.decode()


def test_what_helps_and_nobodys_secrets(story):  # noqa: F811
    # commands that fail print what they like; sysctls and parameters cannot be set, or were changed by somebody
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
    # parameters of jails are FreeBSD's
    with sqlite3.connect(os.path.join(story.path, "state", "jailnet.db")) as c:
        c.execute("INSERT INTO jail_param (jail, key, value) VALUES ('web', 'allow.raw_sockets', 'swordfish')")
    with story.daemon(fault=",".join(["SYSCTL_SET:3:22"] * 4 + ["ADDR_DEL:1:1"] * 4)) as d:
        a = d.put("/v1/jails/bad", {"path": "/", "exec": {"start": "echo hunter2; exit 1 # opensesame"}})
        assert a.status >= 400 and "hunter2" in a.body.decode(), a

        def drifts():   # until a repair has failed
            story.by_hand("sysctl web net.ipv4.secret hunter2")
            story.by_hand("addr-add - lan0 10.1.0.7/24")
            time.sleep(0.3)
            return {i["object"] for i in d.get("/v1/drift").json["items"]} == {"jail/web", "bridge/lan0"}
        d.wait(drifts, 20)
        assert "hunter2" in d.get("/v1/drift").body.decode()
        got, text = bundle(d)
        assert not [s for s in SECRETS if s in text], text
        assert got["topology"]["jails"]["web"]["sysctls"] == {"net.ipv4.ip_forward": "1", "net.ipv4.secret": "[9 bytes]"}
        assert got["topology"]["jails"]["web"]["params"] == {"allow.raw_sockets": "[9 bytes]"}
        drift = {i["object"]: i for i in got["drift"]}
        assert re.fullmatch(r"\[\d+ bytes\]", drift["jail/web"]["have"]) and "10.1.0.7/24" in drift["bridge/lan0"]["have"]
        failed = [o for o in got["operations"] if o["state"] == "rolled_back"]
        assert failed and all(o["error"]["detail"] == "[redacted]" for o in failed)
        server = got["server"]
        assert server["kernel"].split()[0] in ("Linux", "FreeBSD") and set(server["libraries"]) == {"libmicrohttpd", "gnutls", "sqlite", "jansson", "libsodium"}
        assert all(re.match(r"\d+\.\d+", v) for v in server["libraries"].values())
        assert 'jailnetd_drift_objects{kind="jail"} 1' in got["metrics"] and "jailnetd_leaked_objects 0" in got["metrics"]
        assert re.search(r"^allow_exec = yes$", got["policy"], re.M) and re.search(r"^max_jails = \d+$", got["policy"], re.M)
        assert d.admin_token not in text and "sha256" not in json.dumps(got["topology"])
