"""The command jailnet against a daemon made of canned answers: exit codes, tables, problems, waiting, streams.

Nothing here needs the real daemon; what the real one answers is checked by the other tests of this directory.
"""
import http.server
import json
import os
import pathlib
import pty
import re
import socketserver
import subprocess
import threading

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
JAILNET = os.environ.get("JAILNET_BIN", os.path.abspath(os.path.join(os.environ.get("JAILNET_BUILD_DIR", str(TOP / "build")), "jailnet")))
FIGURE = TOP / "openapi" / "examples" / "figure-3.json"

PLAN = {"revision": 3, "steps": [
    {"op": "create", "object": "bridge/bridge0", "detail": "bridge bridge0, MTU 1500", "interrupts": None},
    {"op": "change", "object": "jail/web", "detail": "route", "interrupts": "jail web loses web0b for about 1 s"}]}
EMPTY_PLAN = {"revision": 3, "steps": []}
JAIL = {"name": "web", "manager": "jailnet", "running": True, "hostname": "", "forwarding": False,
        "routes": {"default": "192.0.2.1"}, "labels": {}, "kind": "jail", "revision": 4,
        "status": {"state": "ready", "since": "2026-10-12T08:00:00.000Z", "reason": None, "errno": None}}
EPAIR = {"name": "web0", "a": {"bridge": "bridge0", "addresses": []},
         "b": {"jail": "web", "addresses": ["192.0.2.10/24", "2001:db8::10/64"]},
         "allocated": {"mtu": 1500, "a": {"ifname": "web0a", "mac": "02:00:00:00:00:01"},
                       "b": {"ifname": "web0b", "mac": "02:00:00:00:00:02"}},
         "status": {"state": "ready", "since": "x", "reason": None, "errno": None}}
PROBLEM = {"type": "/problems/reference", "title": "It names something that does not exist", "status": 422,
           "detail": "there is no bridge nosuch", "code": "reference", "instance": None, "request_id": "r1",
           "errors": [{"pointer": "/epairs/x0/a/bridge", "code": "reference", "detail": "there is no bridge nosuch"},
                      {"pointer": "/epairs/x1/mtu", "code": "invalid", "detail": "72 to 65535"}],
           "errno": None, "kernel_message": "No space left on device", "retryable": False}


def operation(state, done=1, error=None):
    return {"id": "op_1", "state": state, "method": "PUT", "path": "/v1/topology", "actor": "uid:0", "revision": 9,
            "created_at": "2026-10-12T08:00:00.000Z", "finished_at": None, "steps": {"done": done, "total": 4}, "error": error}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        daemon = self.server.daemon_of
        daemon.seen.append((self.command, self.path, dict(self.headers), body))
        queue = daemon.answers.get((self.command, self.path))
        if queue is None:
            queue = [(404, {"title": "No such route", "status": 404, "code": "not_found", "detail": self.path})]
        status, value, *headers = queue[0] if len(queue) == 1 else queue.pop(0)
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers[0] if headers else {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = answer


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Daemon:
    """answers: {(method, path): [(status, json or bytes, headers), ...]}; the last answer is repeated."""

    def __init__(self, path):
        self.path = str(path)
        self.answers = {}
        self.seen = []
        self.servers = []
        self.serve(UnixServer(self.path, Handler))

    def serve(self, server):
        server.daemon_of = self
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.servers.append(server)
        return server

    def on(self, method, path, *answers):
        self.answers[(method, path)] = [a if isinstance(a, tuple) else (200, a) for a in answers]

    def run(self, *args, code=0, **kwargs):
        done = subprocess.run([JAILNET, "--socket", self.path, *args], capture_output=True, text=True, timeout=30, **kwargs)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def daemon(tmp_path):
    d = Daemon(tmp_path / "s")
    yield d
    d.close()


# --- usage and reaching the daemon ----------------------------------------------------------------------------


@pytest.mark.parametrize("args", [
    [], ["nosuch"], ["--nosuch"], ["apply"], ["apply", "a", "b"], ["plan"], ["show", "nosuch"], ["show", "jail", "a", "b"],
    ["start"], ["stop", "a", "b"], ["probe", "web"], ["probe", "web", "192.0.2.1", "-c", "0"],
    ["probe", "web", "192.0.2.1", "-c", "65"], ["exec", "web"], ["exec", "web", "ip", "--", "x"], ["exec", "../x", "--", "true"],
    ["events", "--since", "x"], ["drift", "x"], ["graph", "--format", "png"], ["--timeout", "0", "drift"],
    ["apply", "/nonexistent.json"], ["start", ".."],
])
def test_usage_is_2_and_asks_nothing(daemon, args):
    assert daemon.run(*args, code=2).stderr
    assert daemon.seen == []


def test_help_and_version(daemon):
    assert "exit: 0 ok" in daemon.run("-h").stdout
    assert re.match(r"jailnet \d", daemon.run("--version").stdout)


def test_unreachable_is_3(tmp_path):
    done = subprocess.run([JAILNET, "--socket", str(tmp_path / "none"), "show"], capture_output=True, text=True)
    assert done.returncode == 3
    assert "cannot reach jailnetd" in done.stderr and str(tmp_path / "none") in done.stderr


def test_unreachable_stream_is_3(tmp_path):
    done = subprocess.run([JAILNET, "--socket", str(tmp_path / "none"), "events", "--follow"], capture_output=True, timeout=10)
    assert done.returncode == 3


def test_environment_names_the_socket(daemon):
    daemon.on("GET", "/v1/drift", {"items": [], "next": None})
    done = subprocess.run([JAILNET, "drift"], env={"JAILNET_SOCKET": daemon.path}, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "No drift.\n"


def test_answer_that_is_no_json_is_1(daemon):
    daemon.on("GET", "/v1/drift", (200, b"<html>"))
    assert "not JSON" in daemon.run("drift", code=1).stderr


def test_full_disk_is_not_success(daemon):
    daemon.on("GET", "/v1/jails", {"items": [JAIL], "next": None, "revision": 1})
    with open("/dev/full", "w") as full:
        done = subprocess.run([JAILNET, "--socket", daemon.path, "show", "jails"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"cannot write" in done.stderr


# --- http with a token -----------------------------------------------------------------------------------------


def test_url_with_token(daemon, tmp_path):
    server = daemon.serve(TcpServer(("127.0.0.1", 0), Handler))
    (tmp_path / "token").write_text("jn_secret-1\n")
    daemon.on("GET", "/v1/drift", {"items": [], "next": None})
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    daemon.run("--url", url, "--token-file", str(tmp_path / "token"), "drift")
    method, path, headers, _ = daemon.seen[0]
    assert path == "/v1/drift" and headers["Authorization"] == "Bearer jn_secret-1"
    daemon.run("drift", env={"JAILNET_URL": url, "JAILNET_TOKEN": "other"}, code=0)
    # --socket wins over the environment's URL: no token on the socket
    assert "Authorization" not in daemon.seen[1][2]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense://", "http://192.0.2.1:1/", "http://127.0.0.1.example.com/"])
def test_token_stays_here(daemon, tmp_path, url):
    (tmp_path / "token").write_text("x\n")
    daemon.run("--url", url, "--token-file", str(tmp_path / "token"), "drift", code=2)


@pytest.mark.parametrize("text", ["", "a b\n", "x\x01\n", "y" * 600])
def test_bad_token_file_is_2(daemon, tmp_path, text):
    (tmp_path / "token").write_text(text)
    done = daemon.run("--url", "http://127.0.0.1:1", "--token-file", str(tmp_path / "token"), "drift", code=2)
    assert "not a bearer token" in done.stderr


# --- plan and apply ----------------------------------------------------------------------------------------------


def test_plan_with_changes_is_4(daemon):
    daemon.on("PUT", "/v1/topology?dry_run=plan", PLAN)
    out = daemon.run("plan", str(FIGURE), code=4).stdout
    assert out.splitlines()[1].split() == "create bridge/bridge0 bridge bridge0, MTU 1500 -".split()
    assert "jail web loses web0b" in out and "2 steps to do." in out
    method, path, headers, body = daemon.seen[0]
    assert body == FIGURE.read_bytes() and headers["Content-Type"] == "application/json"


def test_plan_without_changes_is_0(daemon):
    daemon.on("PUT", "/v1/topology?dry_run=plan", EMPTY_PLAN)
    assert daemon.run("plan", str(FIGURE)).stdout == "Nothing to do.\n"
    assert json.loads(daemon.run("--json", "plan", str(FIGURE)).stdout) == EMPTY_PLAN


def test_apply_from_stdin_shows_what_was_done(daemon):
    daemon.on("PUT", "/v1/topology?dry_run=plan", PLAN)
    daemon.on("PUT", "/v1/topology", {"revision": 4, "changed": 2, "operation": "op_1"})
    out = daemon.run("apply", "-", input="{}").stdout
    assert "create  bridge/bridge0" in out and out.endswith("Done. Revision 4.\n")
    assert daemon.seen[1][2]["Prefer"] == "wait=1" and daemon.seen[1][3] == b"{}"


def test_apply_dry_run_changes_nothing(daemon):
    daemon.on("PUT", "/v1/topology?dry_run=plan", PLAN)
    daemon.run("apply", "--dry-run", str(FIGURE), code=4)
    assert [path for _, path, _, _ in daemon.seen] == ["/v1/topology?dry_run=plan"]


def test_refused_is_6_and_shows_every_pointer(daemon):
    daemon.on("PUT", "/v1/topology?dry_run=plan", (422, PROBLEM))
    done = daemon.run("apply", str(FIGURE), code=6)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "jailnet: It names something that does not exist: there is no bridge nosuch (reference, HTTP 422)",
        "  /epairs/x0/a/bridge: there is no bridge nosuch", "  /epairs/x1/mtu: 72 to 65535",
        "  kernel: No space left on device"]


def test_refused_without_problem_document(daemon):
    daemon.on("GET", "/v1/drift", (502, b"bad gateway"))
    assert "HTTP 502" in daemon.run("drift", code=6).stderr


def test_operation_is_followed_with_progress(daemon):
    daemon.on("PUT", "/v1/topology", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", *[operation("running", 2)] * 14, operation("succeeded", 4))
    done = daemon.run("--json", "apply", str(FIGURE))
    assert json.loads(done.stdout)["state"] == "succeeded"
    assert re.fullmatch(r"(jailnet: op_1: 2 of 4 steps, \d s\n){1,2}", done.stderr)


def test_short_operation_shows_no_progress(daemon):
    daemon.on("PUT", "/v1/topology", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", operation("running"), operation("succeeded", 4))
    assert daemon.run("--json", "apply", str(FIGURE)).stderr == ""


def test_failed_operation_is_6(daemon):
    daemon.on("PUT", "/v1/topology", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", operation("failed", 2, PROBLEM))
    assert "/epairs/x1/mtu: 72 to 65535" in daemon.run("--json", "apply", str(FIGURE), code=6).stderr


def test_unfinished_operation_is_7(daemon):
    daemon.on("PUT", "/v1/topology", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", operation("running"))
    done = daemon.run("--timeout", "1", "--json", "apply", str(FIGURE), code=7)
    assert "show operation op_1" in done.stderr


# --- show ----------------------------------------------------------------------------------------------------------


def test_show_tables_are_aligned(daemon):
    long = dict(JAIL, name="a-rather-long-name", status=dict(JAIL["status"], state="failed", reason="no room"))
    daemon.on("GET", "/v1/jails", {"items": [JAIL, long], "next": None, "revision": 1})
    lines = daemon.run("show", "jails").stdout.splitlines()
    assert lines[0].split() == ["JAIL", "STATE", "MANAGER", "RUNNING", "FORWARDING", "HOSTNAME", "ROUTES", "REASON"]
    assert {line.index(word) for line, word in zip(lines, ["STATE", "ready", "failed"])} == {len("a-rather-long-name") + 2}
    assert "default=192.0.2.1" in lines[1] and lines[2].endswith("no room")


def test_show_follows_pages(daemon):
    daemon.on("GET", "/v1/jails", {"items": [JAIL], "next": "d2Vi", "revision": 1})
    daemon.on("GET", "/v1/jails?cursor=d2Vi", {"items": [dict(JAIL, name="zeta")], "next": None, "revision": 1})
    answer = json.loads(daemon.run("show", "jails", "--json").stdout)
    assert [j["name"] for j in answer["items"]] == ["web", "zeta"] and answer["next"] is None


def test_show_epair_ends(daemon):
    daemon.on("GET", "/v1/epairs", {"items": [EPAIR], "next": None, "revision": 1})
    out = daemon.run("show", "epair").stdout
    assert "web0a in bridge0" in out and "web0b in jail web 192.0.2.10/24, 2001:db8::10/64" in out


def test_show_last_column_only_when_it_says_something(daemon):
    item = {"name": "re0", "type": "physical", "jail": None, "mac": "02:00:00:00:00:01", "mtu": 1500, "up": True, "running": True,
            "bridge": None, "member_of": None, "addresses": []}
    daemon.on("GET", "/v1/interfaces", {"items": [item], "next": None, "revision": 1})
    assert "ADDRESSES" not in daemon.run("show", "interfaces").stdout
    daemon.on("GET", "/v1/interfaces", {"items": [item, dict(item, name="re1", addresses=["192.0.2.1/24"])], "next": None, "revision": 1})
    out = daemon.run("show", "interfaces").stdout
    assert "ADDRESSES" in out and "192.0.2.1/24" in out


def test_show_one_object(daemon):
    daemon.on("GET", "/v1/jails/web", JAIL)
    lines = dict(line.split(None, 1) for line in daemon.run("show", "jail", "web").stdout.splitlines())
    assert lines["status.state"] == "ready" and lines["routes.default"] == "192.0.2.1" and lines["running"] == "yes"
    assert json.loads(daemon.run("--json", "show", "jails", "web").stdout) == JAIL


def test_show_missing_object_is_6(daemon):
    daemon.run("show", "jail", "nosuch", code=6)
    daemon.on("GET", "/v1/macs", {"items": [], "next": None, "revision": 1})
    assert "there is no mac" in daemon.run("show", "mac", "02:00:00:00:00:01", code=6).stderr


def test_names_are_percent_encoded(daemon):
    daemon.run("show", "jail", "a/b?c#d\x1b", code=6)
    assert daemon.seen[0][1] == "/v1/jails/a%2Fb%3Fc%23d%1B"


def test_show_all_and_topology(daemon):
    for kind in ("bridges", "jails", "epairs"):
        daemon.on("GET", "/v1/" + kind, {"items": [], "next": None, "revision": 1})
    assert daemon.run("show").stdout.split("\n\n") == ["No bridges.", "No jails.", "No epairs.\n"]
    daemon.on("GET", "/v1/topology", (200, FIGURE.read_bytes()))
    assert json.loads(daemon.run("show", "topology").stdout) == json.loads(FIGURE.read_text())


def test_hostile_strings_cannot_act_on_the_terminal(daemon):
    name = "evil\x1b[2J\x07\r\n\u009b31m\u202eabc\u00e9"
    daemon.on("GET", "/v1/jails", {"items": [dict(JAIL, name=name)], "next": None, "revision": 1})
    out = daemon.run("show", "jails").stdout
    assert "evil\\x1b[2J\\x07\\x0d\\x0a\\u{9b}31m\\u{202e}abc\u00e9" in out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert daemon.run("--json", "show", "jails").stdout.isascii()
    daemon.on("GET", "/v1/drift", (409, dict(PROBLEM, detail="x\x1b]0;t\x07")))
    assert "\x1b" not in daemon.run("drift", code=6).stderr


# --- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_jail_verbs(daemon, verb):
    daemon.on("POST", f"/v1/jails/web/{verb}", JAIL)
    assert daemon.run(verb, "web").stdout == "web: ready\n"
    assert daemon.seen[0][2]["Content-Length"] == "0" and "Content-Type" not in daemon.seen[0][2]


def test_slow_start_shows_the_jail_in_the_end(daemon):
    daemon.on("POST", "/v1/jails/web/start", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", operation("succeeded"))
    daemon.on("GET", "/v1/jails/web", JAIL)
    assert daemon.run("start", "web").stdout == "web: ready\n"


@pytest.mark.parametrize("received,code", [(3, 0), (2, 5), (0, 1)])
def test_probe_exit_codes(daemon, received, code):
    daemon.on("POST", "/v1/jails/web/probe",
              {"sent": 3, "received": received, "rtt_ms": [0.25, 0.5, 0.75][:received], "error": None if received else "unreachable"})
    out = daemon.run("probe", "web", "192.0.2.1", code=code).stdout
    assert out.startswith(f"web -> 192.0.2.1: 3 sent, {received} received")
    assert ("0.250/0.500/0.750 ms" in out) == (received == 3) and ("unreachable" in out) == (received == 0)
    assert json.loads(daemon.seen[0][3]) == {"to": "192.0.2.1", "count": 3}


@pytest.mark.parametrize("args", [["-c", "2", "web", "192.0.2.1"], ["web", "192.0.2.1", "-c", "2"], ["web", "--count=2", "192.0.2.1"]])
def test_probe_count(daemon, args):
    daemon.on("POST", "/v1/jails/web/probe", {"sent": 2, "received": 2, "rtt_ms": [1, 2], "error": None})
    daemon.run("probe", *args)
    assert json.loads(daemon.seen[0][3]) == {"to": "192.0.2.1", "count": 2}


def test_drift_is_4(daemon):
    daemon.on("GET", "/v1/drift", {"items": [{"object": "epair/web0", "want": "up", "have": "down", "since": "t", "cause": "link"}],
                                   "next": None})
    assert "epair/web0  up" in daemon.run("drift", code=4).stdout


def event(seq):
    return {"seq": seq, "revision": 1, "at": "2026-10-12T08:00:00.000Z", "type": "jail.started", "object": "jail/web",
            "actor": "uid:0", "operation": None, "text": f"jail web started {seq}"}


def test_events_reads_all_pages(daemon):
    daemon.on("GET", "/v1/events?since=0", {"items": [event(1), event(2)], "next": "2"})
    daemon.on("GET", "/v1/events?since=2", {"items": [event(3)], "next": None})
    assert [line.split()[0] for line in daemon.run("events").stdout.splitlines()] == ["1", "2", "3"]


def test_follow_resumes_after_the_last_event(daemon):
    def sse(*seqs, end="\n"):
        return "".join(f": hello{end}id: {n}{end}event: jail.started{end}data: {json.dumps(event(n))}{end}{end}" for n in seqs).encode()
    cut = sse(3)[:-20]      # broken off in the middle of event 3: it must come again
    stream = {"Content-Type": "text/event-stream"}
    daemon.on("GET", "/v1/events", (200, sse(1, 2) + cut, stream), (200, sse(3, 4, end="\r\n"), stream),
              (401, {"title": "A token is needed", "status": 401, "code": "unauthorized", "detail": "x"}))
    done = daemon.run("--json", "events", "--follow", "--since", "0", code=6)
    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == [1, 2, 3, 4]
    assert [h.get("Last-Event-ID") for _, _, h, _ in daemon.seen] == ["0", "2", "4"]


def test_graph_text(daemon):
    daemon.on("GET", "/v1/topology", (200, FIGURE.read_bytes()))
    assert daemon.run("graph").stdout == """\
bridge0  192.0.2.2/24 2001:db8:0:1::2/64
|-- re0  (uplink)
|-- epair1a -- epair1b  guest1  192.0.2.11/24 2001:db8:0:1::11/64
|-- epair2a -- epair2b  guest2  192.0.2.12/24 2001:db8:0:1::12/64
`-- epair3a -- epair3b  guest3 (router)  192.0.2.13/24 2001:db8:0:1::13/64
bridge1
|-- epair6a -- epair6b  guest3 (router)  198.51.100.3/24 2001:db8:0:2::3/64
|-- epair4a -- epair4b  guest4  198.51.100.14/24 2001:db8:0:2::14/64
`-- epair5a -- epair5b  guest5  198.51.100.15/24 2001:db8:0:2::15/64
"""


def test_graph_of_what_is_in_no_bridge(daemon):
    daemon.on("GET", "/v1/topology", {
        "epairs": {"p0": {"a": {"jail": "x"}, "b": {"jail": "y", "ifname": "wan0"}}}, "jails": {"x": {}, "y": {"running": False}, "z": {}},
        "attachments": {"eth9": {"jail": "x", "addresses": ["192.0.2.1/24"]}}})
    assert daemon.run("graph").stdout == """\
|-- p0a  x -- wan0  y (stopped)
|-- eth9  x  192.0.2.1/24
`-- z  (not connected)
"""


@pytest.mark.parametrize("name", ["dot", "mermaid"])
def test_graph_of_the_daemon(daemon, name):
    daemon.on("GET", f"/v1/topology?format={name}", (200, b"graph {\n\ta\x1b\n}\n"))
    assert daemon.run("graph", "--format", name).stdout == "graph {\n\ta\\x1b\n}\n"


def test_exec_asks_for_the_jail_first(daemon):
    assert "not_found" in daemon.run("exec", "web", "--", "true", code=6).stderr


def test_exec_of_a_worker_that_is_not_here(daemon):
    daemon.on("GET", "/v1/jails/web", JAIL)
    daemon.on("GET", "/v1", {"worker_pid": 2 ** 22 + 1, "sandbox": True})
    assert "not on this machine" in daemon.run("exec", "web", "--", "true", code=1).stderr


def test_exec_enters_the_namespace(daemon, tmp_path):
    """In a user, mount and network namespace of the test's own; /run is a tmpfs there."""
    if subprocess.run(["unshare", "-Urmn", "true"]).returncode != 0:
        pytest.skip("no user namespaces for this user")
    daemon.on("GET", "/v1/jails/web", JAIL)
    daemon.on("GET", "/v1", {"worker_pid": 1, "sandbox": False})
    script = f"""mount -t tmpfs none /run && mkdir -p /run/netns /run/jailnet/jails/web && touch /run/netns/web /run/jailnet/jails/web/uts &&
        unshare --net=/run/netns/web --uts=/run/jailnet/jails/web/uts sh -c 'ip link add inside0 type bridge && hostname web.example' &&
        {JAILNET} --socket {daemon.path} exec web -- sh -c 'ls /sys/class/net; hostname; exit 9'"""
    done = subprocess.run(["unshare", "-Urmn", "sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert done.stdout.split() == ["inside0", "lo", "web.example"]
    # a jail with a path has its root there, as exec.start has it; /usr has what a shell needs
    if not os.path.islink("/lib"):
        return
    daemon.on("GET", "/v1/jails/web", dict(JAIL, path="/usr"))
    done = subprocess.run(["unshare", "-Urmn", "sh", "-c", script.replace("ls /sys/class/net; hostname", "pwd; ls -d /share /usr")],
                          capture_output=True, text=True)
    assert done.returncode == 9 and done.stdout.split() == ["/", "/share"], done


def test_progress_on_a_terminal_is_one_line(daemon):
    daemon.on("PUT", "/v1/topology", (202, operation("running"), {"Location": "/v1/operations/op_1"}))
    daemon.on("GET", "/v1/operations/op_1", *[operation("running", 2)] * 14, operation("succeeded", 4))
    ours, theirs = pty.openpty()
    done = subprocess.run([JAILNET, "--socket", daemon.path, "--json", "apply", str(FIGURE)], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while more := os.read(ours, 65536):
            text += more
    except OSError:         # the end of a terminal that nobody else has open
        pass
    text = text.decode()
    os.close(ours)
    assert done.returncode == 0 and text.startswith("\rjailnet: op_1: 2 of 4 steps") and text.endswith("\r\x1b[K")
    assert "\n" not in text
