"""The N-th call of the driver fails, is cut short, or kills the worker, for N = 1 until nothing was left to fail: nothing acknowledged is lost,
nothing is left over, the plan becomes empty."""
import os

import pytest

from test_stories import NET, story  # noqa: F401  (a fixture)

N_MAX = 60


CHANGED = {
    "bridges": {"lan0": {"mtu": 1400, "addresses": ["10.2.0.1/24"]}, "lan1": {"members": {"re0": {}}}},
    "jails": {"web": {"forwarding": True, "routes": {"default": "10.2.0.1"}}, "db": {}},
    "epairs": {"web0": {"mtu": 1400, "a": {"bridge": "lan0", "private": True}, "b": {"jail": "web", "addresses": ["10.2.0.10/24"]}},
               "db0": {"a": {"bridge": "lan1"}, "b": {"jail": "db"}}},
    "attachments": {"re1": {"jail": "db", "addresses": ["10.3.0.1/24"]}},
}


CHANGES = {"create": ({}, NET), "change": (NET, CHANGED), "remove": (CHANGED, {})}


@pytest.mark.parametrize("what", ["5", "half", "crash", "halfcrash"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_nth_driver_call_fails(story, change, what):  # noqa: F811
    before, after = CHANGES[change]

    def put(d, t):
        return d.put("/v1/topology", t, **{"If-Match": "*"}).status

    with story.daemon(verbose=False, tcp=False) as d:
        assert put(d, before) == 200
        calls = len(d.plan(after))
    for n in range(1, N_MAX):
        with story.daemon(verbose=False, tcp=False) as d:
            assert d.settled() == []    # a sandbox empties its network when it ends
            story.by_hand("break *:%d:%s" % (n, what))
            assert d.plan(before) == []         # the worker has read both
            try:
                first = put(d, after)
            except OSError:
                first = None            # the server went with its worker
        with story.daemon(verbose=False, tcp=False) as d:
            assert d.settled() == []
            if first == 200:
                assert d.plan(after) == [], n         # acknowledged: still there
            elif first not in (None, 202):
                assert d.plan(before) == [], (n, first)     # refused: nothing of it is left
            assert put(d, after) == 200, n
            assert d.settled() == []
            assert put(d, {}) == 200, n
            assert d.settled() == []
            left = [i["interface"] for i in d.get("/v1/counters").json["items"]]
            assert sorted(left) == ["re0", "re1"], (n, left)
            assert put(d, before) == 200
        if first == 200 and n > calls > 5:
            return
    raise AssertionError("call %d still failed" % N_MAX)


JAILS = 50
FIFTY = {
    "bridges": {"lan0": {"addresses": ["10.1.0.1/16"]}},
    "jails": {"j%d" % i: {"routes": {"default": "10.1.0.1"}} for i in range(JAILS)},
    "epairs": {"e%d" % i: {"a": {"bridge": "lan0"}, "b": {"jail": "j%d" % i, "addresses": ["10.1.1.%d/16" % (i + 1)]}} for i in range(JAILS)},
}


def test_a_kill_between_any_two_commands_of_a_50_jail_apply(story):  # noqa: F811
    """The worker dies at its N-th command, and its server with it; whoever starts them again finds all of it or nothing of it, without being asked.
    JAILNET_NTH_STEP=1: between each two commands, not each eleventh."""
    step = int(os.environ.get("JAILNET_NTH_STEP", "11"))
    whole = {kind: set(rows) for kind, rows in FIFTY.items()}
    died = 0
    for n in range(2, 1000, step):
        with story.daemon(fault="*:%d:crash" % n, verbose=False, tcp=False) as d:
            try:
                status = d.put("/v1/topology", FIFTY, **{"If-Match": "*"}).status
            except OSError:
                status = None           # the server went with its worker
        with story.daemon(verbose=False, tcp=False) as d:
            assert d.settled() == []
            have = {kind: set(rows) for kind, rows in d.topology().items() if rows}
            assert have == whole or (status != 200 and have == {}), (n, status, {k: len(v) for k, v in have.items()})
            assert len(d.get("/v1/counters?limit=1000").json["items"]) == (2 + 1 + 2 * JAILS if have else 2)
            assert d.put("/v1/topology", {}, **{"If-Match": "*"}).status == 200
        if status == 200:
            assert died * step > 3 * JAILS, died        # at least a jail, a pair and an address each
            return
        died += 1
    raise AssertionError("command %d still killed it" % n)
