#!/usr/bin/python3
"""schemathesis against the running daemon (fake kernel, sandbox): all checks, all phases, stateful; prints what ran and ends with its verdict.

usage: run.py [--cases N] [--seed N] [schemathesis options...]      (run.sh makes the virtual environment first)
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
from jn import BUILD, Daemon  # noqa: E402

CONFIG = os.path.join(TOP, "tests/contract/schemathesis.toml")


# One worker: two are no faster, for the interpreter lock, and Python 3.11 fails now and then when two threads
# parse source ("AST constructor recursion depth mismatch", python/cpython issue 106905), which hypothesis does.
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--cases", type=int, default=20000, help="at least so many")
    p.add_argument("--examples", type=int, default=240, help="of each operation and phase")
    p.add_argument("--seed", type=int, default=20261124, help="other seeds find other things; CI uses one, so that it fails for what was changed")
    a, more = p.parse_known_args()
    program = os.path.join(BUILD, "venv", "bin", "schemathesis")
    with tempfile.TemporaryDirectory(prefix="jn-contract-") as out, Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0,re1,uplink0"}, verbose=False) as d:
        before = d.server_pid()
        report = os.path.join(out, "report.json")
        command = [program, "--config-file", CONFIG, "run", "http://127.0.0.1:%d/openapi.json" % d.url_port,
                   "--url", "http://127.0.0.1:%d" % d.url_port,
                   "-H", "Authorization: Bearer " + d.admin_token, "-H", "Connection: close", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
                   "--max-examples", str(a.examples), "--seed", str(a.seed), "--workers", "1", "--request-timeout", "20",
                   "--suppress-health-check", "all", "--continue-on-failure", "--report", "json", "--report-json-path", report] + more
        print("seed", a.seed, flush=True)
        start = time.monotonic()
        rc = subprocess.run(command, cwd=out, stdin=subprocess.DEVNULL, env=dict(os.environ, PYTHONWARNINGS="ignore", PYTHONPATH=os.path.join(TOP, "tests/contract"), SCHEMATHESIS_HOOKS="hooks")).returncode
        took = time.monotonic() - start
        with open(report) as f:
            cases = count(json.load(f))
        alive = d.server_pid() == before and d.get("/livez").status == 200
        settled = d.settled(30)
        print("contract: %d cases in %d s, schemathesis exit %d, server %s, plan %s" % (
            cases, took, rc, "the same process" if alive else "DIED", "empty" if not settled else "NOT EMPTY: %s" % settled[:3]))
        return 0 if rc == 0 and cases >= a.cases and alive and not settled else 1


def count(report):
    return report["test_cases"]["generated"]


if __name__ == "__main__":
    sys.exit(main())
