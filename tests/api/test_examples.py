"""Black box: every example of openapi/openapi.yaml is what the daemon answers.

Each is replayed against x-fixture, which is put in place first.  Every answer is also checked against the schema of its status.
"""
import contextlib
import json
import os
import re
import shutil
import socket
import tempfile

import jsonschema
import pytest

from jn import Client, Daemon
from test_openapi import DOC, operations, parameters, resolve, validator

VOLATILE = set(DOC["x-volatile"])


def examples():
    for method, path, item, op in operations():
        for status, response in op["responses"].items():
            for kind, content in resolve(response).get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    yield pytest.param(method.upper(), path, item, op, status, kind, name, example,
                                       id="%s-%s-%s" % (op["operationId"], status, name))
            for name, example in response.get("x-examples", {}).items():
                yield pytest.param(method.upper(), path, item, op, status, None, name, example, id="%s-%s-%s" % (op["operationId"], status, name))


def request_body(op, name):
    for kind, content in op.get("requestBody", {}).get("content", {}).items():
        if name in content.get("examples", {}):
            return kind, json.dumps(content["examples"][name]["value"])
    return None, None


def target_of(path, item, op, example):
    if "x-request" in example:
        return example["x-request"]
    values = {p["name"]: p["example"] for p in parameters(item, op) if p["in"] == "path"}
    return re.sub(r"\{(\w+)\}", lambda m: values[m.group(1)], path)


def masked(value):
    """Values the server makes become their types."""
    if isinstance(value, dict):
        return {k: shape(v) if k in VOLATILE else masked(v) for k, v in value.items()}
    if isinstance(value, str):
        return re.sub(r"(?<=ether )[0-9a-f]{2}(:[0-9a-f]{2}){5}", "MAC", value)      # in the text of an export
    return [masked(v) for v in value] if isinstance(value, list) else value


def shape(value):
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return "list"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def same_shape(want, got):
    if isinstance(want, dict) and isinstance(got, dict):
        assert set(want) <= set(got)
        for k in want:
            same_shape(want[k], got[k])
    elif isinstance(want, list):
        assert isinstance(got, list)
        if want and got:
            same_shape(want[0], got[0])
    elif want is not None and got is not None:
        assert shape(want) == shape(got)


def part_of(want, got, where=""):
    if isinstance(want, dict):
        for k in want:
            assert k in got, where + "/" + k
            part_of(want[k], got[k], where + "/" + k)
    else:
        assert want == got, where


def compare(how, want, got):
    if how == "shape":
        same_shape(want, got)
    elif how == "part":
        part_of(want, got)
    elif how == "start":
        assert got.startswith(want)
    elif how == "lines":        # without the value, which is the last word
        have = {line.rsplit(" ", 1)[0] for line in got.splitlines()}
        assert want and {line.rsplit(" ", 1)[0] for line in want.splitlines()} <= have
    elif how == "subset":
        have = [masked(i) for i in got["items"]]
        for item in want["items"]:
            assert masked(item) in have
    else:
        assert masked(got) == masked(want)


@contextlib.contextmanager
def a_daemon():
    path = tempfile.mkdtemp(prefix="jne-")      # not tmp_path: the server runs as another user
    os.chmod(path, 0o777)
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": ",".join(DOC["x-fixture"]["interfaces"]), "JAILNET_FAKE_CONTROL": os.path.join(path, "control")}) as d:
        d.control = os.path.join(path, "control")
        yield d
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def daemon():
    with a_daemon() as d:
        yield d


def by_hand(daemon, line):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(line.encode(), daemon.control)


def kept(answer, where):
    """A value of the answer: by JSON pointer, or of a header, without what follows the first semicolon."""
    if not where.startswith("/"):
        return answer.headers[where].split(";")[0]
    value = answer.json
    for key in where[1:].split("/"):
        value = value[int(key) if isinstance(value, list) else key]
    return value


class Words:
    """What stands in the document for a value that the server makes, and what it made this time."""

    def __init__(self):
        self.words = {}

    def put_in(self, thing):
        text = thing if isinstance(thing, str) else json.dumps(thing)
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text if isinstance(thing, str) else json.loads(text)


def client_for(daemon, target):
    """Who signs in or out is known by nothing else."""
    return Client(port=daemon.url_port) if target == "/v1/session" else daemon


def come_before(daemon, steps):
    words = Words()
    for step in steps:
        if "by_hand" in step:
            by_hand(daemon, step["by_hand"])
            continue
        headers = {"If-Match": "*"} if step["method"] == "PUT" and step["target"].startswith("/v1/topology") else {}
        a = client_for(daemon, step["target"]).request(step["method"], words.put_in(step["target"]), words.put_in(step["body"]) if "body" in step else None, headers)
        assert a.status in (200, 201), (step, a)
        words.words.update({word: kept(a, where) for word, where in step.get("keep", {}).items()})
    if any("by_hand" in step for step in steps):
        daemon.wait(lambda: daemon.get("/v1/drift").json["items"])
    return words


@pytest.mark.parametrize("method,path,item,op,status,kind,name,example", list(examples()))
def test_example(daemon, method, path, item, op, status, kind, name, example):
    steps = example.get("x-before", [])
    with a_daemon() if any("by_hand" in step for step in steps) else contextlib.nullcontext(daemon) as d:      # what is broken by hand stays there
        replay(d, method, path, item, op, status, kind, name, example, steps)


def replay(daemon, method, path, item, op, status, kind, name, example, steps):
    a = daemon.put("/v1/topology", DOC["x-fixture"]["topology"])
    assert a.status == 200, a
    words = come_before(daemon, steps)
    body_kind, body = request_body(op, name)
    headers = words.put_in(dict(example.get("x-headers", {})))
    if body_kind:
        headers["Content-Type"] = body_kind
    a = client_for(daemon, path).request(method, words.put_in(target_of(path, item, op, example)), body and words.put_in(body), headers)
    assert a.status == int(status), a
    if kind is None:
        assert a.body == b""
        return
    assert a.headers["Content-Type"].split(";")[0] == kind
    got = a.json if kind.endswith("json") else a.body.decode(errors="replace")
    if kind == "application/vnd.sqlite3":
        got = a.body[:64].decode("latin-1")
    schema = resolve(op["responses"][status])["content"][kind]["schema"]
    errors = [e.message for e in validator(schema).iter_errors(got)]
    assert not errors
    compare(example.get("x-compare", "exact"), example["value"], got)


def test_every_operation_has_an_example_of_success():
    shown = {p.values[3]["operationId"] for p in examples() if p.values[4].startswith("2")}
    assert sorted({op["operationId"] for _m, _p, _i, op in operations()} - shown) == []


def test_the_document_itself(daemon):
    a = daemon.get("/openapi.json")
    assert a.status == 200 and a.json == json.loads(json.dumps(DOC))
    assert daemon.get("/openapi.json", **{"If-None-Match": a.headers["ETag"]}).status == 304


def test_deletes_answer_204(daemon):
    daemon.put("/v1/topology", DOC["x-fixture"]["topology"])
    assert daemon.put("/v1/interfaces/uplink0/jail", {"jail": "web"}).status == 201
    # A jail with a default route needs the address that reaches its gateway.
    assert daemon.patch("/v1/jails/web", {"routes": None}).status == 200
    for target in ("/v1/interfaces/uplink0/jail", "/v1/epairs/web0", "/v1/bridges/lan0", "/v1/jails/web"):
        a = daemon.delete(target)
        assert a.status == 204 and a.body == b"", (target, a)
        assert daemon.get(target).status == 404


def test_get_edit_put_changes_nothing(daemon):
    daemon.put("/v1/topology", DOC["x-fixture"]["topology"])
    for target in ("/v1/topology", "/v1/epairs/web0", "/v1/bridges/lan0", "/v1/jails/web"):
        before = daemon.get(target)
        a = daemon.put(target, before.json)
        assert a.status == 200 and a.headers["ETag"] == before.headers["ETag"], (target, a)
    assert daemon.get("/v1/topology").json.keys() == {"bridges", "epairs", "jails", "attachments"}


def test_problem_schema_everywhere(daemon):
    problem = DOC["components"]["schemas"]["Problem"]
    for method, target, body, status in (
            ("GET", "/nowhere", None, 404), ("POST", "/v1/topology", "{}", 405), ("GET", "/v1/bridges?x=1", None, 400),
            ("PUT", "/v1/bridges/x0", "{", 400), ("PUT", "/v1/bridges/x0", '{"mtu":"x"}', 422), ("POST", "/v1/bridges", '{"name":"lan0"}', 409),
            ("PUT", "/v1/epairs/x0", '{"a":{"jail":"nosuch"}}', 422), ("PUT", "/v1/bridges/x0", '{"backend":"netgraph"}', 501)):
        a = daemon.request(method, target, body)
        assert a.status == status, (target, a)
        assert a.headers["Content-Type"] == "application/problem+json"
        jsonschema.validate(a.json, problem)
        assert a.json["status"] == status
