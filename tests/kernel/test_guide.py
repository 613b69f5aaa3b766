"""docs/converting-from-ezjail.md, followed command by command on the real kernel: each prints what stands under it, but for times and MAC addresses.

GUIDE_WRITE=1 puts what was printed into the guide.
"""
import os
import re
import shutil
import subprocess

from jn import BUILD, TOP, World

GUIDE = os.path.join(TOP, "docs", "converting-from-ezjail.md")
HOST = os.path.join(TOP, "tests", "import", "host-six-flat", "files")
BLOCK = re.compile(r"```\n(\$ .*?\n)```\n", re.S)
WIDTH = 160
MASKS = ((r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "MAC"), (r"[0-9.]+/[0-9.]+/[0-9.]+ ms", "TIMES"), (r"@if\d+", "@INDEX"))


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text


def cut(line):
    return line if len(line) <= WIDTH else line[:WIDTH] + "..."


def test_every_command_prints_what_the_guide_says(tmp_path):
    with open(GUIDE) as f:
        guide = f.read()
    place = str(tmp_path / "six")
    shutil.copytree(HOST, place)
    wrong, blocks = [], 0
    with World() as w, w.daemon() as d:
        env = dict(os.environ, JAILNET_SOCKET=d.path, PATH=os.path.abspath(BUILD) + ":" + os.environ["PATH"], LC_ALL="C")

        def run(block):
            nonlocal blocks
            blocks += 1
            command, _, want = block[1].partition("\n")
            p = subprocess.run(w.prefix + ["sh", "-c", command[2:].replace("/tmp/six", place)], env=env, capture_output=True, text=True, timeout=60)
            out = (p.stdout + p.stderr).replace(place, "/tmp/six")
            got = "".join(cut(line) + "\n" for line in out.splitlines()) + ("(exit %d)\n" % p.returncode if p.returncode > 1 else "")
            if masked(got) != masked(want):
                wrong.append("%s\n--- the guide\n%s--- the command\n%s" % (command, want, got))
            return "```\n%s\n%s```\n" % (command, got)
        now = BLOCK.sub(run, guide)
    if os.environ.get("GUIDE_WRITE"):
        with open(GUIDE, "w") as f:
            f.write(now)
    assert not wrong, "\n".join(wrong)
    assert blocks > 10, blocks
