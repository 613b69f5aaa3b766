"""GET /metrics and GET /v1/counters over the fake kernel: names, sums, and that the kernel is asked only when somebody asks."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from jn import TOP, Client, Daemon

NET = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24"], "members": {"re0": {}}}},
    "jails": {"web": {}, "db": {"running": False}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web"}}, "x0": {"a": {"jail": "web"}, "b": {"bridge": "lan0"}}},
}
PROMTOOL = shutil.which("promtool")


@pytest.fixture(scope="module")
def daemon():
    directory = tempfile.mkdtemp(prefix="jnm-")
    os.chmod(directory, 0o777)
    control = os.path.join(directory, "control")
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0", "JAILNET_FAKE_CONTROL": control}) as d:
        def by_hand(line):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(line.encode(), control)
        d.by_hand = by_hand
        assert d.put("/v1/topology", NET).status == 200
        yield d
    shutil.rmtree(directory, ignore_errors=True)


def scrape(d):
    a = d.get("/metrics")
    assert a.status == 200 and a.headers["Content-Type"] == "text/plain; version=0.0.4", a
    return a.body.decode()


SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def samples(text):
    """{name: [(labels, value)]}; every line is checked against the format."""
    out = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP [a-z_]+ [^\n]+|TYPE [a-z_]+ (counter|gauge|histogram))$", line), line
            continue
        m = SAMPLE.match(line)
        assert m, line
        labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', m.group(2) or ""))
        out.setdefault(m.group(1), []).append((labels, float(m.group(3))))
    return out


def value(got, name, **labels):
    rows = [v for have, v in got.get(name, []) if all(have.get(k) == w for k, w in labels.items())]
    assert len(rows) == 1, (name, labels, got.get(name))
    return rows[0]


def test_the_format_and_the_names(daemon):
    text = scrape(daemon)
    got = samples(text)
    kind = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    assert set(kind) == set(re.findall(r"^# HELP (\S+) ", text, re.M))
    for name in got:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        family = base if kind.get(base) == "histogram" else name
        assert family in kind, name
        assert (kind[family] == "counter") == family.endswith("_total"), family
        assert not re.search(r"_(ms|kb|percent|milliseconds)(_|$)", family)
    # a family's samples stand together, each series once
    order = [re.sub(r"_(bucket|sum|count)$", "", line.split("{")[0].split(" ")[0]) for line in text.splitlines() if not line.startswith("#")]
    assert len([1 for a, b in zip(order, order[1:]) if a != b]) + 1 == len(set(order))
    lines = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


@pytest.mark.skipif(not PROMTOOL, reason="promtool (Debian package prometheus) is not installed; .ci/run installs it")
def test_promtool_has_nothing_to_say(daemon):
    r = subprocess.run([PROMTOOL, "check", "metrics"], input=scrape(daemon), capture_output=True, text=True)
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    r = subprocess.run([PROMTOOL, "check", "rules", os.path.join(TOP, "docs/monitoring/alerts.yml")], capture_output=True, text=True)
    assert r.returncode == 0 and "SUCCESS" in r.stdout, r
    r = subprocess.run([PROMTOOL, "test", "rules", os.path.join(TOP, "docs/monitoring/alerts_test.yml")], capture_output=True, text=True)
    assert r.returncode == 0, r


def test_alerts_and_dashboard_name_metrics_that_exist(daemon):
    families = set(re.findall(r"^# TYPE (\S+) ", scrape(daemon), re.M))
    for name in ("alerts.yml", "grafana-dashboard.json"):
        with open(os.path.join(TOP, "docs/monitoring", name)) as f:
            used = set(re.findall(r"jailnetd_[a-z_]+", f.read()))
        assert used and {re.sub(r"_(bucket|sum|count)$", "", u) if u not in families else u for u in used} <= families, name


def test_what_it_says(daemon):
    got = samples(scrape(daemon))
    server = daemon.get("/v1").json
    assert value(got, "jailnetd_build_info", version=server["version"], platform="linux") == 1
    assert all(set(labels) == {"version", "revision", "platform"} and labels["revision"].startswith(labels["version"]) for labels, _ in got["jailnetd_build_info"])
    assert value(got, "jailnetd_operations", state="succeeded") >= 1 and value(got, "jailnetd_operations", state="running") == 0
    assert value(got, "jailnetd_operation_duration_seconds_count", kind="putTopology") >= 1
    assert value(got, "jailnetd_mac_conflicts") == 0 and value(got, "jailnetd_http_connections") >= 1
    assert value(got, "jailnetd_revision") == server["revision"] and value(got, "jailnetd_applied_revision") == server["applied_revision"]
    assert value(got, "jailnetd_worker_up") == value(got, "jailnetd_reconciled") == value(got, "jailnetd_store_writable") == 1
    assert value(got, "jailnetd_objects", kind="jail", state="ready") == 1
    assert value(got, "jailnetd_objects", kind="jail", state="stopped") == 1
    assert value(got, "jailnetd_objects", kind="epair", state="ready") == 2
    assert value(got, "jailnetd_leaked_objects") == value(got, "jailnetd_dying_jails") == 0
    assert value(got, "jailnetd_db_size_bytes") >= 4096
    assert value(got, "jailnetd_reconcile_duration_seconds_count") >= 1
    assert value(got, "jailnetd_db_commit_duration_seconds_count") >= 1
    assert value(got, "jailnetd_reconcile_runs_total", result="ok") >= 1
    assert value(got, "process_start_time_seconds") <= time.time()


def test_requests_are_counted_by_route(daemon):
    def counts():
        got = samples(scrape(daemon))
        return {(r["route"], r["method"], r["code"]): v for r, v in got["jailnetd_http_requests_total"]}, got
    before, _ = counts()
    for _ in range(3):
        assert daemon.get("/v1/jails/web").status == 200       # the second and third come from the cache
    assert daemon.get("/v1/jails/nosuch").status == 404
    assert daemon.get("/nowhere/at/all").status == 404
    assert daemon.put("/v1/jails/db", {"running": False}).status == 200
    assert daemon.request("PUT", "/v1/jails/db", "{", {}).status == 400
    after, got = counts()
    more = {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}
    assert more == {("/v1/jails/{name}", "GET", "200"): 3, ("/v1/jails/{name}", "GET", "404"): 1, ("", "", "404"): 1,
                    ("/v1/jails/{name}", "PUT", "200"): 1, ("/v1/jails/{name}", "PUT", "400"): 1, ("/metrics", "GET", "200"): 1}
    for labels, total in got["jailnetd_http_request_duration_seconds_count"]:
        same = {k: labels[k] for k in ("route", "method")}
        assert value(got, "jailnetd_http_request_duration_seconds_bucket", le="+Inf", **same) == total
        buckets = [v for have, v in got["jailnetd_http_request_duration_seconds_bucket"] if same.items() <= have.items()]
        assert buckets == sorted(buckets) and len(buckets) == 15
    assert "nosuch" not in str(got) and "nowhere" not in str(got)      # no raw paths: anybody could make series


def test_streams_are_counted(daemon):
    assert value(samples(scrape(daemon)), "jailnetd_events_streams") == 0
    c = daemon.connection()
    c.request("GET", "/v1/events", headers={"Accept": "text/event-stream"})
    c.getresponse()
    daemon.wait(lambda: value(samples(scrape(daemon)), "jailnetd_events_streams") == 1)
    c.close()


def test_who_was_not_let_in_is_counted_by_reason():
    with Daemon() as d:
        def counts():
            return {labels["reason"]: v for labels, v in samples(scrape(d))["jailnetd_auth_failures_total"]}
        assert counts() == dict.fromkeys(("token", "session", "certificate", "sign_in", "waiting", "host", "origin"), 0)
        good, bad = d.tcp(), d.tcp(token="jnd_wrong")
        name = "jnd-%d" % d.url_port
        assert good.get("/v1").status == 200 and Client(port=d.url_port).get("/v1").status == 401        # nothing was presented
        assert Client(port=d.url_port).get("/v1", Cookie=name + "=jns_wrong").status == 401
        assert good.get("/v1", Host="evil.example").status == 421
        assert good.put("/v1/bridges/x0", {}, Origin="http://evil.example").status == 403
        assert Client(port=d.url_port).post("/v1/session", {"token": "jnd_wrong"}).status == 401
        assert bad.get("/v1").status == 401
        assert counts() == {"token": 1, "session": 1, "certificate": 0, "sign_in": 1, "waiting": 0, "host": 1, "origin": 1}
        while bad.get("/v1").status == 401:
            pass
        got = counts()
        assert got["waiting"] == 1 and got["token"] > 5


def test_connections_are_counted(daemon):
    before = value(samples(scrape(daemon)), "jailnetd_http_connections")
    open_ones = [daemon.tcp().connection() for _ in range(3)]
    for c in open_ones:
        c.request("GET", "/livez")
        c.getresponse().read()
    daemon.wait(lambda: value(samples(scrape(daemon)), "jailnetd_http_connections") == before + 3)
    for c in open_ones:
        c.close()
    daemon.wait(lambda: value(samples(scrape(daemon)), "jailnetd_http_connections") == before)


def fresh(d):
    time.sleep(1.05)
    return samples(scrape(d))


def test_traffic_of_a_jail_is_counted_once(daemon):
    before = fresh(daemon)
    daemon.by_hand("traffic web web0b 1500 2")
    daemon.by_hand("traffic - re0 700 1")
    got = fresh(daemon)
    assert value(got, "jailnetd_interface_transmit_bytes_total", jail="web", interface="web0b", epair="web0", end="b", bridge="lan0") == 1500
    assert value(got, "jailnetd_interface_transmit_packets_total", interface="web0b") == 2
    for name, grew in (("interface_transmit_bytes", 1500), ("interface_receive_bytes", 0), ("bridge_receive_bytes", 1500),
                       ("uplink_transmit_bytes", 700), ("uplink_receive_bytes", 0)):
        name = "jailnetd_%s_total" % name
        assert sum(v for _l, v in got[name]) - sum(v for _l, v in before[name]) == grew, name
    assert sorted(l["interface"] for l, _v in got["jailnetd_interface_receive_drops_total"]) == ["web0b", "x0a"]
    assert [l for l, _v in got["jailnetd_uplink_receive_errors_total"]] == [{"interface": "re0", "bridge": "lan0"}]


def test_counters_as_json(daemon):
    time.sleep(1.05)
    daemon.by_hand("traffic web x0a 64 1")
    a = daemon.get("/v1/counters?epair=x0").json
    assert [(i["interface"], i["jail"], i["end"], i["class"]) for i in a["items"]] == [("x0b", None, "b", "other"), ("x0a", "web", "a", "nic")]
    time.sleep(1.05)
    rows = {i["interface"]: i for i in daemon.get("/v1/counters?jail=web").json["items"]}
    assert set(rows) == {"web0b", "x0a"} and rows["x0a"]["tx_bytes"] >= 64
    assert {i["interface"] for i in daemon.get("/v1/counters?bridge=lan0").json["items"]} == {"lan0", "re0", "web0a", "web0b", "x0a", "x0b"}
    assert daemon.get("/v1/counters?jail=nosuch").json["items"] == []
    assert daemon.get("/v1/counters?jail=a%2Fb").status == 400
    assert daemon.get("/v1/counters?nic=1").status == 400
    assert daemon.get("/v1/counters", Accept="text/csv").status == 406
    assert daemon.get("/metrics", Accept="image/png").status == 406
    assert daemon.request("HEAD", "/metrics").status == 200
    assert daemon.post("/v1/counters", {}).status == 405


def test_a_jail_that_does_not_go_away(daemon):
    """Its successor lives: the number says what no phase does, in the metrics and in the jail's status."""
    assert daemon.get("/v1/jails/web").json["status"]["dying"] == 0
    daemon.by_hand("dying web 2")
    daemon.wait(lambda: value(fresh(daemon), "jailnetd_dying_jails") == 2)
    daemon.wait(lambda: daemon.get("/v1/jails/web").json["status"]["dying"] == 2)
    status = daemon.get("/v1/jails/web").json["status"]
    assert status["state"] == "ready" and "dying" in status["reason"]
    daemon.by_hand("jail-add theirs")
    daemon.by_hand("dying theirs 5")                    # nobody's business
    assert value(fresh(daemon), "jailnetd_dying_jails") == 2
    daemon.by_hand("dying web 0")
    daemon.wait(lambda: value(fresh(daemon), "jailnetd_dying_jails") == 0)
    daemon.wait(lambda: daemon.get("/v1/jails/web").json["status"] == dict(status, dying=0, reason=None, since=daemon.get("/v1/jails/web").json["status"]["since"]))


def test_drift_leaks_and_conflicts_are_told():
    """What cannot be repaired stays drift; what cannot be taken away is a leak."""
    directory = tempfile.mkdtemp(prefix="jnm-")
    os.chmod(directory, 0o777)
    env = {"JAILNET_FAKE_CONTROL": os.path.join(directory, "control"), "JAILNET_FAKE_PHYSICAL": "re0", "JAILNET_FAKE_STATE": os.path.join(directory, "kernel"),
           "JAILNET_FAKE_FAULT": ",".join(["EPAIR_DESTROY:1:1"] * 4 + ["ADDR_DEL:1:1"] * 4)}
    with Daemon(env=env) as d:                          # its database is lost, what it made is not
        assert d.put("/v1/epairs/old0", {}).status == 201
    with Daemon(env=env) as d:
        def by_hand(line):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(line.encode(), env["JAILNET_FAKE_CONTROL"])
        assert d.put("/v1/topology", NET).status == 200
        by_hand("addr-add - lan0 10.1.0.9/24")
        d.wait(lambda: samples(scrape(d)).get("jailnetd_drift_objects") == [({"kind": "bridge"}, 1)], 10)
        by_hand("mac - re0 " + d.get("/v1/epairs/web0").json["allocated"]["b"]["mac"])
        d.wait(lambda: value(fresh(d), "jailnetd_mac_conflicts") == 1)
        assert value(fresh(d), "jailnetd_leaked_objects") == 2
    shutil.rmtree(directory, ignore_errors=True)


def asked(d):
    return d.log().count("COUNTERS all seq=")


def test_the_kernel_is_asked_once_a_second_at_most_and_never_unasked(daemon):
    time.sleep(1.05)
    before = asked(daemon)
    threads = [threading.Thread(target=lambda: [daemon.get("/metrics" if i % 2 else "/v1/counters") for i in range(10)]) for _ in range(8)]
    start = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = time.monotonic() - start
    grew = asked(daemon) - before
    assert 1 <= grew <= took + 1, (grew, took)
    before = asked(daemon)
    assert daemon.put("/v1/bridges/lan9", {}).status == 201 and daemon.delete("/v1/bridges/lan9").status == 204
    assert asked(daemon) == before


def test_who_may_not_read_may_not_scrape(daemon):
    assert daemon.tcp().get("/metrics").status == 200
    for token in ("", "jnd_wrong"):
        a = daemon.tcp(token).get("/metrics")
        assert a.status == 401 and b"jailnetd_" not in a.body
        assert daemon.tcp(token).get("/v1/counters").status == 401
