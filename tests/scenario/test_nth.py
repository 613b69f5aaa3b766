"""The N-th call of the driver fails, is cut short, or kills the worker, for N = 1 until nothing was left to fail: nothing acknowledged is lost,
nothing is left over, the plan becomes empty."""
import pytest

from test_stories import NET, story  # noqa: F401  (a fixture)

N_MAX = 60


@pytest.mark.parametrize("what", ["5", "half", "crash", "halfcrash"])
def test_the_nth_driver_call_fails(story, what):  # noqa: F811
    for n in range(1, N_MAX):
        with story.daemon(fault="*:%d:%s" % (n, what), verbose=False, tcp=False) as d:
            try:
                first = d.put("/v1/topology", NET, **{"If-Match": "*"}).status
            except OSError:
                first = None            # the server went with its worker
        with story.daemon(verbose=False, tcp=False) as d:
            if first == 200:
                assert d.plan(NET) == [], n         # acknowledged: still there
            assert d.put("/v1/topology", NET, **{"If-Match": "*"}).status == 200, (what, n)
            assert d.settled() == []
            assert d.put("/v1/topology", {}, **{"If-Match": "*"}).status == 200, (what, n)
            assert d.settled() == []
            left = [i["interface"] for i in d.get("/v1/counters").json["items"]]
            assert sorted(left) == ["re0", "re1"], (what, n, left)
            if first == 200 and n > 12:
                return
    raise AssertionError("call %d still failed" % N_MAX)
