"""The audit trail on screen: filtered by who and by result, page by page, and it follows what happens."""


def rows(d):
    return d.page.evaluate("() => [...document.querySelectorAll('tr[data-seq]')].map(r => Number(r.dataset.seq))")


def shows(d, daemon, query):
    """Until the table is this list of the API."""
    want = [i["seq"] for i in daemon.get("/v1/audit?limit=100" + query).json["items"]]
    d.page.wait_for_function("want => JSON.stringify([...document.querySelectorAll('tr[data-seq]')].map(r => Number(r.dataset.seq)))"
                             " === JSON.stringify(want)", arg=want, timeout=8000)
    return want


def test_the_audit_trail(daemon, open_dashboard):
    made = daemon.post("/v1/tokens", {"name": "t", "role": "operator"}).json
    other = daemon.tcp(made["token"])
    for i in range(120):
        assert other.put("/v1/bridges/lan0", {"description": str(i)}).status in (200, 201)
    assert daemon.tcp(made["token"]).post("/v1/tokens", {"name": "x", "role": "admin"}).status == 403
    daemon.wait(lambda: daemon.get("/v1/audit?result=refused").json["items"], 5)
    d = open_dashboard(daemon)
    d.page.get_by_role("link", name="Audit").click()
    shows(d, daemon, "")
    d.page.get_by_label("Result").select_option("refused")
    refused = shows(d, daemon, "&result=refused")
    assert len(refused) >= 1
    assert "403" in d.page.locator("tr[data-seq='%d']" % refused[0]).inner_text()
    d.page.get_by_label("Result").select_option("")
    d.page.get_by_placeholder("uid:0, token:tk_…").fill("token:" + made["id"])
    d.page.get_by_placeholder("uid:0, token:tk_…").press("Enter")
    first = shows(d, daemon, "&actor=token:" + made["id"])
    assert len(first) == 100
    d.page.get_by_role("button", name="Older entries").click()
    d.page.wait_for_function("() => document.querySelectorAll('tr[data-seq]').length > 100")
    everything = rows(d)
    assert everything[:100] == first and everything == sorted(everything, reverse=True) and len(everything) == 121
    assert d.page.get_by_role("button", name="Older entries").count() == 0
    # a new entry comes by itself
    assert other.patch("/v1/bridges/lan0", {"description": "new"}).status == 200
    d.page.wait_for_function("seq => Number(document.querySelector('tr[data-seq]').dataset.seq) > seq", arg=first[0], timeout=8000)
    assert d.axe() == []
