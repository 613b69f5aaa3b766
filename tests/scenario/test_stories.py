"""Stories: the whole daemon with the real store and the real planner over a kernel in memory that can be told to fail."""
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time

import pytest

from jn import BUILD, Daemon

NET = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/24"]}},
    "jails": {"web": {"routes": {"default": "10.1.0.1"}}},
    "epairs": {"web0": {"a": {"bridge": "lan0"}, "b": {"jail": "web", "addresses": ["10.1.0.10/24"]}}},
}


class Story:
    """A fake kernel that outlives its daemons, and hands to change it with."""

    def __init__(self, path):
        self.path = str(path)
        os.chmod(self.path, 0o777)
        self.env = {"JAILNET_FAKE_STATE": os.path.join(self.path, "kernel"), "JAILNET_FAKE_CONTROL": os.path.join(self.path, "control"),
                    "JAILNET_FAKE_PHYSICAL": "re0,re1"}

    def daemon(self, fault=None, env=(), **kw):
        env = dict(self.env, **dict(env))
        if fault:
            env["JAILNET_FAKE_FAULT"] = fault
        return Daemon(env=env, state_dir=os.path.join(self.path, "state"), **kw)

    def by_hand(self, line):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.sendto(line.encode(), self.env["JAILNET_FAKE_CONTROL"])
        s.close()


@pytest.fixture()
def story():
    path = tempfile.mkdtemp(prefix="jns-")      # not tmp_path: the server runs as another user
    yield Story(path)
    shutil.rmtree(path, ignore_errors=True)


def ops(plan):
    return [(s["op"], s["object"]) for s in plan]


def test_a_plan_says_what_will_happen_and_applying_it_does_it(story):
    with story.daemon() as d:
        plan = d.plan(NET)
        assert ("create", "bridge/lan0") in ops(plan) and ("create", "epair/web0") in ops(plan) and ("create", "jail/web") in ops(plan)
        assert d.topology()["bridges"] == {}                        # nothing was done
        r = d.put("/v1/topology", NET)
        assert r.status == 200 and r.json["changed"] == 3, r
        assert d.plan(NET) == []
        again = d.put("/v1/topology", NET)
        assert again.status == 200 and again.json["changed"] == 0 and again.json["revision"] == r.json["revision"], again
        for kind, name in (("bridges", "lan0"), ("jails", "web"), ("epairs", "web0")):
            assert d.get("/v1/%s/%s" % (kind, name)).json["status"]["state"] == "ready"


def test_an_interruption_is_told_before_it_happens(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        assert d.put("/v1/jails/db", {}).status == 201
        r = d.patch("/v1/jails/web", {"routes": None})
        assert r.status == 200, r
        r = d.patch("/v1/epairs/web0?dry_run=plan", {"b": {"jail": "db"}})
        assert r.status == 200, r
        assert any(s["interrupts"] and "web" in s["interrupts"] for s in r.json["steps"]), r.json


def test_a_refused_step_is_undone_and_the_kernels_words_reach_the_client(story):
    with story.daemon(fault="ADDR_ADD:2:22") as d:
        r = d.put("/v1/topology", NET)
        assert r.status == 422, r
        p = r.json
        assert p["code"] == "kernel" and p["errno"] == 22 and "Invalid argument" in p["kernel_message"], p
        assert p["errors"][0]["pointer"].endswith("/addresses/0"), p
        assert d.topology() == {"bridges": {}, "epairs": {}, "jails": {}, "attachments": {}}
        assert d.settled() == []
        op = d.get("/v1/operations").json["items"][0]
        assert op["state"] == "rolled_back" and op["error"]["errno"] == 22, op
        assert "operation.rolled_back" in [e["type"] for e in d.events()]
        assert d.put("/v1/topology", NET).status == 200            # the fault is spent


def test_an_update_that_fails_leaves_the_old_object(story):
    with story.daemon(fault="BRIDGE_SET:1:95") as d:
        assert d.put("/v1/topology", NET).status == 200
        before = d.get("/v1/bridges/lan0").json
        r = d.patch("/v1/bridges/lan0", {"mtu": 9000})
        assert r.status == 422, r
        after = d.get("/v1/bridges/lan0").json
        assert after["mtu"] == 1500 and after["allocated"] == before["allocated"]
        assert d.settled() == []


def test_what_is_deleted_while_its_change_is_refused_stays_deleted(story):
    with story.daemon(fault="BRIDGE_SET:1:22", env={"JAILNET_FAKE_DELAY_US": "200000"}) as d:
        assert d.put("/v1/bridges/b0", {}).status == 201
        change = d.patch("/v1/bridges/b0", {"mtu": 9000}, Prefer="respond-async")
        assert change.status == 202, change
        d.wait(lambda: "serve BRIDGE_SET" in d.log())               # it is under way
        assert d.delete("/v1/bridges/b0").status == 204
        d.wait(lambda: d.get(change.headers["Location"]).json["state"] == "rolled_back")
        assert d.settled() == [] and d.get("/v1/bridges/b0").status == 404


def test_a_transient_refusal_is_tried_again(story):
    with story.daemon(fault="BRIDGE_CREATE:1:105") as d:           # ENOBUFS
        r = d.put("/v1/bridges/lan0", {})
        assert r.status == 201, r
        assert d.settled() == []


@pytest.mark.parametrize("command", ["BRIDGE_CREATE", "JAIL_CREATE", "EPAIR_CREATE"])
def test_what_needs_it_waits_with_it_also_when_it_was_sent_ahead(story, command):
    """There is no such interface, jail: the worker says so of what was on its way already.  That is no refusal of the request."""
    with story.daemon(fault=command + ":1:105") as d:
        r = d.put("/v1/topology", NET)
        assert r.status == 200, r
        assert d.settled() == []


@pytest.mark.parametrize("command", ["BRIDGE_CREATE", "JAIL_CREATE", "EPAIR_CREATE", "ADDR_ADD", "ROUTE_ADD"])
@pytest.mark.parametrize("how", ["crash", "halfcrash"])
def test_the_worker_dies_at_a_command_and_the_next_one_finishes_the_work(story, command, how):
    with story.daemon(fault="%s:1:%s" % (command, how)) as d:
        try:
            d.put("/v1/topology", NET)
        except OSError:
            pass
        d.process.wait(10)
    with story.daemon() as d:
        assert d.topology()["bridges"].keys() == {"lan0"}
        assert d.settled() == []
        assert d.put("/v1/topology", {}).status == 200
        assert d.settled() == []


@pytest.mark.parametrize("command", ["ADDR_DEL", "EPAIR_DESTROY", "JAIL_DESTROY", "BRIDGE_DESTROY"])
def test_the_worker_dies_while_taking_away(story, command):
    with story.daemon(fault="%s:1:halfcrash" % command) as d:
        assert d.put("/v1/topology", NET).status == 200
        try:
            if command == "ADDR_DEL":
                d.patch("/v1/bridges/lan0", {"addresses": ["10.1.0.1/24", "10.1.0.2/24"]})
                d.patch("/v1/bridges/lan0", {"addresses": ["10.1.0.1/24"]})
            else:
                d.put("/v1/topology", {})
        except OSError:
            pass
        d.process.wait(10)
    with story.daemon() as d:
        assert d.settled() == []


def test_what_is_asked_before_the_first_look_waits_for_it(story):
    """Seen on a slow FreeBSD: a plan right after a start was to create everything that was there."""
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        d.process.kill()    # nothing is taken down
        d.process.wait(10)
    with story.daemon(env={"JAILNET_FAKE_DELAY_US": "500000"}, wait=False) as d:
        d.wait(lambda: os.path.exists(d.path))
        assert d.plan(NET) == []


def test_drift_is_found_told_and_repaired(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("down - web0a")
        d.wait(lambda: "drift.repaired" in [e["type"] for e in d.events()], 10)
        found = [e for e in d.events() if e["type"] == "drift.found"][0]
        assert found["object"] == "epair/web0" and found["actor"] == "kernel"
        assert d.settled() == []


def test_a_look_that_took_long_does_not_put_off_the_next(story):
    """On a busy machine one look of a fifth of a second was answered with twenty seconds of drift."""
    with story.daemon(env={"JAILNET_FAKE_LOOK_US": "200000"}) as d:
        assert d.put("/v1/topology", NET).status in (200, 202)
        assert d.settled() == []
        story.by_hand("down - web0a")
        d.wait(lambda: "drift.repaired" in [e["type"] for e in d.events()], 12)


def test_half_a_pair_that_moves_while_it_is_looked_for_is_not_made_anew(story):
    """jail(8) moves it in between the look at the jail and the look at the host: it was seen nowhere, but is there."""
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        last, looks = d.events()[-1]["seq"], d.log().count("OBSERVE all")
        story.by_hand("blink web web0b")
        d.wait(lambda: d.log().count("OBSERVE all") >= looks + 2, 5)      # it looks again
        assert d.settled() == [] and "EPAIR_DESTROY" not in d.log()
        assert d.events(last) == []
        story.by_hand("del web web0b")                                    # and what is really gone is made anew
        d.wait(lambda: "drift.repaired" in [e["type"] for e in d.events(last)], 10)


def test_drift_that_cannot_be_repaired_is_shown_with_its_reason(story):
    with story.daemon(fault=",".join(["IF_SET:1:1"] * 8)) as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("down - web0a")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        item = d.get("/v1/drift").json["items"][0]
        assert item["object"] == "epair/web0" and item["want"] and item["have"] and item["since"].endswith("Z")
        d.wait(lambda: "Operation not permitted" in d.get("/v1/drift").json["items"][0]["cause"], 10)
        status = d.get("/v1/epairs/web0").json["status"]
        assert status["state"] == "failed" and status["errno"] == 1, status
        d.wait(lambda: d.log().count("debug serve IF_SET jail=- if=web0a") >= 2, 20)     # tried again: still one row, since the first time
        assert d.get("/v1/drift").json["items"] == [dict(item, cause=d.get("/v1/drift").json["items"][0]["cause"])]
        assert d.put("/v1/bridges/other", {}).status == 201         # one broken object blocks nobody else


def test_a_dry_run_tells_of_own_objects_only(story):
    """The plan of a change holds what else is to be done; with a selector, the steps of others are not shown."""
    with story.daemon(fault=",".join("IF_SET:%d:1" % n for n in range(1, 9))) as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("down - web0a")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        mine = {"labels": {"env": "prod"}}
        assert d.put("/v1/bridges/mine", mine).status == 201
        token = d.post("/v1/tokens", {"name": "s", "role": "operator", "selector": "env=prod"}).json["token"]
        asked = ("/v1/bridges/mine?dry_run=plan", {"mtu": 1400})
        everything = {s["object"] for s in d.patch(*asked).json["steps"]}
        assert everything == {"bridge/mine", "epair/web0"}
        assert {s["object"] for s in d.tcp(token).patch(*asked).json["steps"]} == {"bridge/mine"}
        gone = d.tcp(token).delete("/v1/bridges/mine?dry_run=plan").json["steps"]
        assert gone and {s["object"] for s in gone} == {"bridge/mine"}


def test_a_lost_notification_only_delays(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("overflow")
        story.by_hand("addr-del web web0b 10.1.0.10/24")
        d.wait(lambda: "drift.repaired" in [e["type"] for e in d.events()], 10)
        assert d.settled() == []


def test_an_uplink_is_given_back_also_by_the_next_daemon(story):
    with story.daemon() as d:
        story.by_hand("down - re0")
        assert d.put("/v1/bridges/lan0", {"members": {"re0": {}}}).status == 201
        item = next(i for i in d.get("/v1/interfaces").json["items"] if i["name"] == "re0")
        assert item["member_of"] == "lan0" and item["up"]
    with story.daemon() as d:
        assert d.delete("/v1/bridges/lan0").status == 204
        item = next(i for i in d.get("/v1/interfaces").json["items"] if i["name"] == "re0")
        assert item["member_of"] is None and not item["up"]         # it was down when we found it


def test_an_address_that_another_host_has_is_told(story):
    def events(d):
        return [(e["type"], e["object"]) for e in d.events() if e["type"].startswith("address.")]

    net = dict(NET, attachments={"re0": {"jail": "web", "addresses": ["2001:db8::5/64", "10.9.0.1/24"]}})
    with story.daemon() as d:
        assert d.put("/v1/topology", net).status == 200
        for path in ("/v1/interfaces/re0/jail", "/v1/epairs/web0", "/v1/bridges/lan0", "/v1/jails/web"):
            assert "duplicates" not in d.get(path).json["status"]
        story.by_hand("dup web re0 2001:db8::5/64")
        d.wait(lambda: "duplicates" in d.get("/v1/interfaces/re0/jail").json["status"])
        status = d.get("/v1/interfaces/re0/jail").json["status"]
        assert status["duplicates"] == ["2001:db8::5/64"] and status["state"] == "ready", status
        assert "2001:db8::5/64" in status["reason"] and "another host" in status["reason"], status
        assert events(d) == [("address.duplicate", "attachment/re0")]
        story.by_hand("dup web web0b 10.1.0.10/24")
        d.wait(lambda: d.get("/v1/epairs/web0").json["status"].get("duplicates") == ["10.1.0.10/24"])
        assert d.settled() == []
    with story.daemon() as d:                                   # the next one does not tell it again
        d.settled()
        assert events(d) == [("address.duplicate", "attachment/re0"), ("address.duplicate", "epair/web0")]
        assert d.get("/v1/interfaces/re0/jail").json["status"]["duplicates"] == ["2001:db8::5/64"]
        story.by_hand("undup web re0 2001:db8::5/64")
        d.wait(lambda: "duplicates" not in d.get("/v1/interfaces/re0/jail").json["status"])
        assert d.get("/v1/interfaces/re0/jail").json["status"]["reason"] is None
        assert events(d)[-1] == ("address.unique", "attachment/re0")


def test_a_missing_uplink_is_waited_for(story):
    with story.daemon() as d:
        r = d.put("/v1/bridges/lan0", {"members": {"re7": {}}})
        assert r.status == 201, r
        assert d.get("/v1/bridges/lan0").json["status"]["state"] == "waiting"
        story.by_hand("physical re7")
        d.wait(lambda: d.get("/v1/bridges/lan0").json["status"]["state"] == "ready", 10)


def commits(d):
    return int(re.search(r"^jailnetd_db_commit_duration_seconds_count (\d+)", d.get("/metrics").body.decode(), re.M).group(1))


def test_many_clients_at_once_share_transactions(story):
    """While somebody holds the database, requests queue up; then one transaction takes all that wait."""
    clients = 40
    with story.daemon() as d:
        before = commits(d)
        hold = sqlite3.connect(os.path.join(d.state_dir, "jailnet.db"), isolation_level=None)
        hold.execute("BEGIN IMMEDIATE")                             # R waits in its next transaction, with the first who came
        sent = [d.connection() for _ in range(clients)]
        for n, c in enumerate(sent):
            c.request("PUT", "/v1/bridges/c%d" % n, json.dumps({"mtu": 1400 + n}), {"Content-Type": "application/json"})
        for _ in range(3):
            assert d.get("/livez").status == 200                    # H has read all that was sent before
        hold.execute("ROLLBACK")
        hold.close()
        assert [c.getresponse().status for c in sent] == [201] * clients
        for c in sent:
            c.close()
        assert 1 <= commits(d) - before <= clients // 4
        assert len(d.get("/v1/bridges").json["items"]) == clients
        assert d.get("/v1/bridges").json["revision"] == clients     # each has its own
        assert d.settled() == []


def test_events_resume_where_they_stopped(story):
    import http.client
    with story.daemon() as d:
        assert d.put("/v1/bridges/b0", {}).status == 201

        def stream(last=None):
            c = d.connection()
            headers = {"Accept": "text/event-stream"}
            if last is not None:
                headers["Last-Event-ID"] = str(last)
            c.request("GET", "/v1/events", None, headers)
            r = c.getresponse()
            assert r.status == 200 and r.headers["Content-Type"] == "text/event-stream"
            return c, r

        def next_event(r):
            e = {}
            while True:
                line = r.readline().decode().rstrip("\n")
                if line == "" and "data" in e:
                    return e
                if ":" in line and not line.startswith(":"):
                    k, v = line.split(":", 1)
                    e[k] = v.strip()
        c, r = stream(0)
        first = next_event(r)
        assert first["event"] == "bridge.created" and int(first["id"]) >= 1
        seen = [first]
        assert d.put("/v1/bridges/b1", {}).status == 201
        while seen[-1]["event"] != "bridge.created" or "b1" not in seen[-1]["data"]:
            seen.append(next_event(r))
        c.close()
        assert d.put("/v1/bridges/b2", {}).status == 201
        c, r = stream(seen[-1]["id"])
        later = next_event(r)
        assert int(later["id"]) == int(seen[-1]["id"]) + 1
        c.close()


def test_a_document_with_commands_is_answered_when_they_have_run(story):
    """Its cycle has ended when the commands do; nobody has to look at everything again for that."""
    jails = {"j%d" % i: {"exec": {"start": "sleep 0.%d" % i}} for i in range(1, 4)}
    with story.daemon() as d:
        assert d.put("/v1/topology", {"jails": jails}).status == 200
        assert {j["status"]["state"] for j in d.get("/v1/jails").json["items"]} == {"ready"}
        r = d.put("/v1/topology", {"jails": dict(jails, j4={"exec": {"start": "exit 3"}})})
        assert r.status == 422 and "exited with 3" in r.json["detail"], r
        assert d.settled() == [] and len(d.get("/v1/jails").json["items"]) == 3


def test_a_write_that_takes_long_is_an_operation(story):
    env = dict(story.env, JAILNET_FAKE_DELAY_US="400000")
    with Daemon(env=env, state_dir=os.path.join(story.path, "state")) as d:
        begin = time.monotonic()
        r = d.put("/v1/topology", NET, Prefer="wait=1")
        assert r.status == 202, r
        assert time.monotonic() - begin < 3
        op = r.headers["Location"]
        d.wait(lambda: d.get(op).json["state"] == "succeeded", 20)
        assert d.get(op).json["steps"]["done"] > 0


def test_a_running_operation_says_how_far_it_is(story):
    with story.daemon(env={"JAILNET_FAKE_DELAY_US": "120000"}) as d:
        r = d.put("/v1/topology", NET, Prefer="respond-async")
        assert r.status == 202, r
        seen = []
        while not seen or seen[-1]["state"] == "running":
            seen.append(d.get(r.headers["Location"]).json)
        assert seen[-1]["state"] == "succeeded", seen[-1]
        steps = [(op["steps"]["done"], op["steps"]["total"]) for op in seen]
        assert any(0 < done < total for done, total in steps), steps
        assert steps == sorted(steps, key=lambda s: s[0]) and steps[-1][0] == steps[-1][1] > 0, steps


def test_the_command_shows_how_far_it_is(story):
    """The real command and the real daemon: what a terminal shows of an operation that takes longer than a second."""
    document = os.path.join(story.path, "net.json")
    with open(document, "w") as f:
        json.dump(NET, f)
    with story.daemon(env={"JAILNET_FAKE_DELAY_US": "250000"}) as d:
        ours, theirs = pty.openpty()
        command = subprocess.Popen([os.path.join(BUILD, "jailnet"), "--socket", d.path, "--json", "apply", document], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        text = b""
        try:
            while True:
                text += os.read(ours, 4096)
        except OSError:                                             # EIO: it has ended
            os.close(ours)
        command.communicate()
        assert command.returncode == 0, text
        shown = [(int(done), int(total)) for done, total in re.findall(rb": (\d+) of (\d+) steps", text)]
        assert any(0 < done < total for done, total in shown) and shown == sorted(shown, key=lambda s: s[0]), shown


MAC = ["02:00:00:00:00:%02x" % n for n in range(4)]


def pinned(**ends):
    """Epairs whose ends have these addresses; None = jailnet's choice."""
    return {"epairs": {name: {side: {"mac": m} if m else {} for side, m in zip("ab", macs)} for name, macs in ends.items()}}


def owners(d):
    return {m["address"]: (m["owner"], m["end"]) for m in d.get("/v1/macs").json["items"] if m["state"] != "retired"}


HANDED = [
    (pinned(one0=MAC[0:2], two0=MAC[2:4]), pinned(one0=MAC[2:4], two0=MAC[0:2])),               # two epairs swap
    (pinned(one0=MAC[0:2]), pinned(one0=(MAC[1], MAC[0]))),                                     # the two ends of one
    (pinned(one0=MAC[0:2]), pinned(new0=(MAC[1], MAC[0]))),                                     # the owner goes
    (pinned(one0=MAC[0:2], two0=MAC[2:4]), pinned(one0=(None, MAC[1]), two0=(MAC[0], MAC[3]))), # the owner gets another one
]


@pytest.mark.parametrize("before,after", HANDED)
@pytest.mark.parametrize("refused", [False, True])
def test_one_document_hands_addresses_on(story, before, after, refused):
    with story.daemon(fault="BRIDGE_CREATE:1:22" if refused else None) as d:
        assert d.put("/v1/topology", before).status == 200
        had, stood = owners(d), d.topology()
        then = dict(after, bridges={"last0": {}} if refused else {})
        assert d.plan(then)
        r = d.put("/v1/topology", then)
        assert r.status == (422 if refused else 200), r
        assert d.settled() == []
        if refused:                                                 # handed back, too
            assert owners(d) == had and d.topology() == stood
            assert d.put("/v1/topology", after).status == 200
        now = owners(d)
        for name, e in after["epairs"].items():
            for side, end in e.items():
                assert "mac" not in end or now[end["mac"]] == ("epair/" + name, side), now
        assert len(now) == 2 * len(after["epairs"]), now
