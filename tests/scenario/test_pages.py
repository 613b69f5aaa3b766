"""Every list comes in pages: joined, they are the list, in its order, also when what a page ended with is gone."""
import pytest

from jn import Daemon
from test_stories import NET, story  # noqa: F401

LISTS = ("bridges", "epairs", "jails", "interfaces", "macs", "counters", "drift", "operations", "revisions", "tokens", "audit")


def pages(d, path, limit):
    items, cursor = [], ""
    for _ in range(1000):
        page = d.get("/v1/%s?limit=%d%s" % (path, limit, cursor)).json
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        assert len(page["items"]) == limit
        cursor = "&cursor=" + page["next"]
    raise AssertionError("it never ends")


def many(d):
    net = {"bridges": {"lan%d" % i: {} for i in range(3)}, "jails": {"j-%d" % i: {} for i in range(3)}, "epairs": {}}
    net["jails"]["j"] = {}      # "j" and "j-0": a separator above '-' would put them wrongly
    for i, jail in enumerate(sorted(net["jails"])):
        net["epairs"]["e%d" % i] = {"a": {"bridge": "lan%d" % (i % 3)}, "b": {"jail": jail}}
    assert d.put("/v1/topology", net).status == 200
    for i in range(4):
        assert d.patch("/v1/bridges/lan0", {"description": "d%d" % i}).status == 200
        assert d.post("/v1/tokens", {"name": "t%d" % i, "role": "viewer"}).status == 201
    d.settled()


@pytest.fixture(scope="module")
def filled():
    with Daemon() as d:
        many(d)
        yield d


@pytest.mark.parametrize("path", LISTS)
def test_pages_are_the_list(filled, path):
    whole = filled.get("/v1/" + path).json
    assert whole["next"] is None
    if path not in ("interfaces", "drift"):
        assert len(whole["items"]) >= 3, "the test needs more than one page"
    for limit in (1, 2, 1000):
        assert pages(filled, path, limit) == whole["items"], (path, limit)
    for bad in ("limit=0", "limit=10001", "limit=x", "cursor=!", "cursor=", "cursor=A", "next=x"):
        assert filled.get("/v1/%s?%s" % (path, bad)).status == 400, bad


def test_events_newest_first(filled):
    json = {"Accept": "application/json"}
    whole = list(reversed(filled.events()))
    for limit in (1, 3, 1000):
        items, cursor = [], ""
        while cursor is not None:
            page = filled.get("/v1/events?order=desc&limit=%d%s" % (limit, cursor), **json).json
            items += page["items"]
            cursor = page["next"] and "&cursor=" + page["next"]
        assert items == whole, limit
    for key in ("object", "type", "actor"):
        want = whole[-1][key]
        got = filled.get("/v1/events?order=desc&%s=%s" % (key, want), **json).json["items"]
        assert got and got == [e for e in whole if e[key] == want]
    page = filled.get("/v1/events?order=desc&limit=1", **json)
    assert "rel=\"next\"" in page.headers["Link"]
    assert filled.get("/v1/events?order=desc&type=x&cursor=" + page.json["next"], **json).status == 410
    mine = [e for e in filled.events() if e["object"] == "bridge/lan0"]
    assert filled.get("/v1/events?object=bridge/lan0", **json).json["items"] == mine, "oldest first, too"
    assert filled.get("/v1/events?order=desc&since=%d" % whole[3]["seq"], **json).json["items"] == whole[:3]
    assert filled.get("/v1/events?cursor=" + page.json["next"], **json).status == 410
    for bad in ("order=asc", "cursor=A", "order=desc&type=", "order=desc&since=x"):
        assert filled.get("/v1/events?" + bad, **json).status == 400, bad
    assert filled.get("/v1/events?order=desc", Accept="text/event-stream").status == 400


def test_a_cursor_fits_its_own_list_and_filters(filled):
    d = filled
    first = d.get("/v1/epairs?limit=1&bridge=lan0").json
    assert d.get("/v1/epairs?bridge=lan0&limit=5&cursor=" + first["next"]).status == 200
    assert d.get("/v1/epairs?fields=name&bridge=lan0&cursor=" + first["next"]).status == 200
    for other in ("/v1/epairs?bridge=lan1&", "/v1/epairs?", "/v1/epairs?bridge=lan0&jail=j&", "/v1/jails?", "/v1/macs?"):
        r = d.get(other + "cursor=" + first["next"])
        assert r.status == 410 and "another list" in r.json["detail"], (other, r)


@pytest.mark.parametrize("path", ["epairs?bridge=lan0", "macs", "counters?bridge=lan0", "revisions", "audit?result=committed"])
def test_the_link_leads_to_the_next_page(filled, path):
    target, seen = "/v1/%s%slimit=1" % (path, "&" if "?" in path else "?"), []
    for _ in range(100):
        for a in (filled.get(target), filled.get(target)):     # the second may come from the cache
            link = a.headers["Link"]
        seen += a.json["items"]
        if link is None:
            break
        assert link.startswith("<") and link.endswith('>; rel="next"') and a.json["next"] in link
        target = link[1:link.index(">")]
    assert len(seen) > 1
    keys = {"counters?bridge=lan0": "interface"}.get(path)
    whole = filled.get("/v1/" + path).json["items"]
    assert [i[keys] for i in seen] == [i[keys] for i in whole] if keys else seen == whole


def test_a_page_starts_where_it_should_when_the_row_before_is_gone(filled):
    d = filled
    first = d.get("/v1/tokens?limit=2").json
    assert d.delete("/v1/tokens/" + first["items"][1]["id"]).status == 204
    rest = d.get("/v1/tokens?limit=100&cursor=" + first["next"]).json["items"]
    assert first["items"][:1] + rest == d.get("/v1/tokens").json["items"]


def test_drift_and_foreign_interfaces_come_in_pages(story):
    with story.daemon(fault=",".join("IF_SET:%d:1" % n for n in range(1, 9))) as d:
        assert d.put("/v1/topology", NET).status == 200
        story.by_hand("down - web0a")
        d.wait(lambda: d.get("/v1/drift").json["items"], 10)
        assert [i["object"] for i in pages(d, "drift", 1)] == ["epair/web0"]
        assert [i["name"] for i in pages(d, "interfaces", 1)] == ["re0", "re1"]


def test_an_export_the_client_has_is_not_sent_again(story):
    with story.daemon() as d:
        assert d.put("/v1/topology", NET).status == 200
        for path in ("rc-conf", "jail-conf", "ezjail", "shell"):
            a = d.get("/v1/export/" + path)
            again = d.request("GET", "/v1/export/" + path, None, {"If-None-Match": a.headers["ETag"]})
            assert (a.status, again.status, again.body) == (200, 304, b""), path
        assert d.patch("/v1/bridges/lan0", {"description": "new"}).status == 200
        assert d.request("GET", "/v1/export/shell", None, {"If-None-Match": a.headers["ETag"]}).status == 200
