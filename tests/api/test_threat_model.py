"""docs/threat-model.md and SECURITY.md name tests that exist, and every key of jailnetd.conf they speak of."""
import glob
import os
import re

from jn import TOP


def test_every_claim_has_a_test():
    with open(os.path.join(TOP, "docs", "threat-model.md"), encoding="utf-8") as f:
        text = f.read()
    with open(os.path.join(TOP, "SECURITY.md"), encoding="utf-8") as f:
        security = f.read()
    sources = ""
    for path in glob.glob(os.path.join(TOP, "tests", "**", "*.py"), recursive=True) + glob.glob(os.path.join(TOP, "tests", "**", "*.c"), recursive=True):
        with open(path, encoding="utf-8") as f:
            sources += f.read()
    names = set(re.findall(r"\btest_\w+", text + security))
    assert len(names) > 40
    for name in names:
        assert re.search(r"^(def )?%s\(" % name, sources, re.M) or glob.glob(os.path.join(TOP, "tests", "**", name + ".*"), recursive=True), name
    for line in text.split("## Claims")[1].split("## What is not claimed")[0].splitlines():
        if line.startswith("| ") and not line.startswith("| claim"):
            assert "test" in line.rsplit("|", 2)[1] or "`" in line.rsplit("|", 2)[1], line


def test_every_key_of_security_md_is_one():
    with open(os.path.join(TOP, "SECURITY.md"), encoding="utf-8") as f:
        keys = set(re.findall(r"`([a-z]+_[a-z_]+)(?: = \w+)?`", f.read()))
    with open(os.path.join(TOP, "docs", "man", "jailnetd.conf.5"), encoding="utf-8") as f:
        man = set(re.findall(r"^\.It Va (\w+)", f.read(), re.M))
    assert len(keys) >= 8 and keys <= man, keys - man
