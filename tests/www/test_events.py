"""Events and the audit trail on screen: read page by page, filtered by the daemon, nothing lost between stream and list."""
SEQS = "() => [...document.querySelectorAll('[data-seq]')].map(e => Number(e.dataset.seq))"


def change(daemon, n, name="lan0"):
    for i in range(n):
        assert daemon.put("/v1/bridges/" + name, {"description": "%s %d" % (name, i)}).status in (200, 201)


def newest(daemon, query="", limit=1000):
    a = daemon.get("/v1/events?order=desc&limit=%d%s" % (limit, query), Accept="application/json")
    return [e["seq"] for e in a.json["items"]]


def shows(ui, want):
    try:
        ui.page.wait_for_function("want => JSON.stringify((%s)()) === JSON.stringify(want)" % SEQS, arg=want, timeout=8000)
    except Exception:
        assert ui.page.evaluate(SEQS) == want


def shows_newest(ui, last):
    """Until the list has that event on top, and without a gap what came before it."""
    ui.page.wait_for_function("last => (%s)()[0] === last" % SEQS, arg=last, timeout=15000)
    ui.page.wait_for_function("() => { const s = (%s)(); return s.every((seq, i) => i === 0 || seq === s[i - 1] - 1); }" % SEQS, timeout=15000)


def test_pages_filters_and_live(daemon, open_dashboard):
    change(daemon, 130)
    change(daemon, 20, "lan1")
    ui = open_dashboard(daemon)
    asked = []
    ui.page.on("request", lambda r: asked.append(r.url) if "/v1/events?" in r.url else None)
    ui.page.goto(ui.origin + "/#/events")
    shows(ui, newest(daemon, limit=100))
    assert all("limit=100" in url and "cursor" not in url for url in asked), "one page, not all there is"
    ui.page.get_by_role("button", name="Older events").click()
    ui.page.wait_for_function("() => document.querySelectorAll('[data-seq]').length > 150")
    change(daemon, 3)
    shows_newest(ui, newest(daemon)[0])
    assert len(ui.page.evaluate(SEQS)) > 200
    ui.page.get_by_label("Type").select_option("bridge.created")
    shows(ui, newest(daemon, "&type=bridge.created"))
    change(daemon, 1, "lan2")
    shows(ui, newest(daemon, "&type=bridge.created"))
    assert ui.axe() == []
    ui.page.goto(ui.origin + "/#/topology?select=bridge/lan1")
    ui.page.locator("aside.details details.section", has_text="Events").locator("summary").first.click()
    shows(ui, newest(daemon, "&object=bridge/lan1", 30))


def test_what_the_stream_lost_is_in_the_list(daemon, open_dashboard):
    change(daemon, 3)
    ui = open_dashboard(daemon)
    ui.provokes(r"ERR_INCOMPLETE_CHUNKED_ENCODING .*/v1/events")
    ui.page.goto(ui.origin + "/#/events")
    shows(ui, newest(daemon))
    ui.page.route("**/v1/events", lambda route: route.abort())
    daemon.kill_server()    # the worker starts another one
    ui.page.get_by_text("Connection lost").wait_for()
    daemon.wait_ready()
    change(daemon, 120)
    ui.page.unroute("**/v1/events")
    ui.page.get_by_text("Connection lost").wait_for(state="detached", timeout=15000)
    change(daemon, 1)
    shows_newest(ui, newest(daemon)[0])
    assert len(ui.page.evaluate(SEQS)) >= 100


def test_older_entries_of_the_audit_trail_stay_while_new_ones_come(daemon, open_dashboard):
    change(daemon, 130)
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/audit")
    ui.page.get_by_role("button", name="Older entries").click()
    ui.page.wait_for_function("() => document.querySelectorAll('[data-seq]').length >= 130")
    change(daemon, 2)
    shows(ui, [i["seq"] for i in daemon.get("/v1/audit?limit=1000").json["items"]])
