"""tests/import: each directory is a host's files (files/), what is asked of an import (case.json) and what comes of it (expected.json)."""
import json
import os

from jn import TOP

CORPUS = os.path.join(TOP, "tests", "import")
CASES = sorted(os.listdir(CORPUS))


def case_of(name):
    with open(os.path.join(CORPUS, name, "case.json")) as f:
        return json.load(f)


def request_of(name):
    """Target and body of the import."""
    case = case_of(name)
    files = []
    for path in case["files"]:
        with open(os.path.join(CORPUS, name, "files", path.lstrip("/")), newline="", encoding="utf-8") as f:
            files.append({"path": path, "content": f.read()})
    return "/v1/import/" + case["kind"], {"files": files, **case.get("options", {})}


def expected_of(name):
    with open(os.path.join(CORPUS, name, "expected.json")) as f:
        return json.load(f)
