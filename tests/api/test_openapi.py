"""The contract document: well-formed, every example legal, and the same operations as the route table."""
import json
import os
import re
import subprocess

import jsonschema
import pytest
import yaml

from jn import BUILD, TOP

with open(os.path.join(TOP, "openapi", "openapi.yaml"), encoding="utf-8") as f:
    DOC = yaml.safe_load(f)
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def walk(node, path=""):
    yield path, node
    if isinstance(node, dict):
        for k, v in node.items():
            yield from walk(v, path + "/" + str(k))
    elif isinstance(node, list):
        for i, v in enumerate(node):
            yield from walk(v, "%s/%d" % (path, i))


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        ref = node["$ref"]
        assert ref.startswith("#/"), ref
        node = DOC
        for part in ref[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def operations():
    for path, item in DOC["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item, item[method]


def parameters(item, op):
    return [resolve(p) for p in item.get("parameters", []) + op.get("parameters", [])]


def media():
    """(id, media type object, is_request, status) of everything that has a schema."""
    for method, path, _item, op in operations():
        for kind, m in op.get("requestBody", {}).get("content", {}).items():
            yield "%s request %s" % (op["operationId"], kind), m, True, None
        for status, r in op["responses"].items():
            for kind, m in resolve(r).get("content", {}).items():
                yield "%s %s %s" % (op["operationId"], status, kind), m, False, status


def validator(schema):
    return jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver("", DOC))


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    program = str(tmp_path_factory.mktemp("routes") / "print_routes")
    link = [os.environ.get("CC", "cc"), "-I" + TOP, "-o", program, os.path.join(TOP, "tests/unit/print_routes.c"),
            os.path.join(BUILD, "libtest.a"), "-ljansson", "-lsqlite3", "-pthread"]
    # The objects of a sanitizer build need its libraries.
    if subprocess.run(link, capture_output=True).returncode != 0:
        subprocess.run(link + ["-fsanitize=address,undefined"], check=True)
    out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_version_and_refs():
    assert DOC["openapi"] == "3.1.0"
    for path, node in walk(DOC):
        if isinstance(node, dict) and "$ref" in node and isinstance(node["$ref"], str):
            assert resolve(node) is not None, path
            assert len(node) == 1, "%s: a $ref has no siblings" % path


def test_every_schema_is_a_schema():
    for name, schema in DOC["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_operations_are_complete():
    ids = [op["operationId"] for _m, _p, _i, op in operations()]
    assert len(ids) == len(set(ids))
    tags = {t["name"] for t in DOC["tags"]}
    for method, path, item, op in operations():
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", op["operationId"])
        assert op["summary"] and len(op["tags"]) == 1 and op["tags"][0] in tags
        assert resolve(op["responses"]["default"])["content"].keys() == {"application/problem+json"}
        assert any(s.startswith("2") for s in op["responses"])
        in_path = set(re.findall(r"\{(\w+)\}", path))
        assert in_path == {p["name"] for p in parameters(item, op) if p["in"] == "path"}
        for p in parameters(item, op):
            schema = resolve(p["schema"])
            if p["in"] == "path":
                assert p["required"] and schema["pattern"] and schema["maxLength"]


def test_request_strings_are_bounded_and_objects_closed():
    todo = [m["schema"] for _n, m, is_request, _s in media() if is_request]
    seen = []
    while todo:
        schema = resolve(todo.pop())
        if schema in seen:
            continue
        seen.append(schema)
        if schema.get("type") == "string":
            assert "maxLength" in schema or "enum" in schema, schema
        if schema.get("type") == "integer":
            assert "minimum" in schema and "maximum" in schema, schema
        if schema.get("type") == "array":
            assert "maxItems" in schema, schema
        if schema.get("type") == "object" and schema != {"type": "object"}:    # merge patches are open
            assert schema["additionalProperties"] is not True, schema
        if isinstance(schema.get("additionalProperties"), dict):
            assert "maxProperties" in schema, schema
            todo.append(schema["additionalProperties"])
        todo += schema.get("properties", {}).values()
        todo += [schema["items"]] if "items" in schema else []


@pytest.mark.parametrize("name,content,is_request,status", list(media()), ids=lambda v: v if isinstance(v, str) else "")
def test_examples_validate(name, content, is_request, status):
    for key, example in content.get("examples", {}).items():
        errors = [e.message for e in validator(content["schema"]).iter_errors(example["value"])]
        if is_request and errors:
            # A wrong body is fine where its answer is an error.
            op = next(op for _m, _p, _i, op in operations() if op["operationId"] == name.split()[0])
            assert any(s.startswith("4") and key in c.get("examples", {}) for s, r in op["responses"].items()
                       for c in resolve(r).get("content", {}).values()), (name, key, errors)
        else:
            assert not errors, (name, key, errors)


def test_request_examples_have_answers():
    for _m, _p, _i, op in operations():
        asked = {k for m in op.get("requestBody", {}).get("content", {}).values() for k in m.get("examples", {})}
        answered = {k for r in op["responses"].values() for m in resolve(r).get("content", {}).values() for k in m.get("examples", {})}
        assert asked <= answered, op["operationId"]


def test_same_operations_as_the_route_table(routes):
    table = {(r["method"], re.sub(r"\{\w+\}", "{}", r["path"])): r for r in routes}
    document = {(m.upper(), re.sub(r"\{\w+\}", "{}", p)): (i, op) for m, p, i, op in operations()}
    assert table.keys() == document.keys()
    for key, (item, op) in document.items():
        r = table[key]
        assert r["id"] == op["operationId"]
        assert sorted(r["query"]) == sorted(p["name"] for p in parameters(item, op) if p["in"] == "query"), key
        assert (r["role"] == 0) == (op.get("security") == []), key
        assert r["write"] == (r["method"] != "GET")


def test_same_codes_as_the_problem_table():
    with open(os.path.join(TOP, "api", "api_problem.c"), encoding="utf-8") as f:
        text = f.read()
    table = re.findall(r'^\t\{ "(\w+)", \d+, "', text, re.M)
    assert sorted(table) == sorted(DOC["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])
