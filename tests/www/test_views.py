"""The other views, commit-confirm, hostile names, a lost connection, accessibility, both themes and widths."""
import os
import signal

import pytest

import jn

VIEWS = ["topology", "drift", "macs", "events", "audit", "history", "edit", "tokens", "health"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_serious_axe_findings_and_no_sideways_scrolling(daemon, open_dashboard, theme, width):
    daemon.put("/v1/topology", jn.figure(3))
    daemon.post("/v1/jails/guest5/stop")
    ui = open_dashboard(daemon, width=width, height=800, theme=theme)
    ui.wait_drawn(daemon.topology())
    for view in VIEWS:
        ui.page.goto("%s/#/%s" % (ui.origin, view))
        ui.page.wait_for_selector("svg.canvas" if view == "topology" else ".page h1")
        ui.page.wait_for_timeout(350)
        ui.shot("%s-%s-%d" % (view, theme, width))
        assert ui.axe() == [], view
        assert ui.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    ui.page.goto(ui.origin + "/#/topology?select=jail/guest3")
    ui.page.wait_for_selector("aside.details")
    ui.page.wait_for_timeout(300)
    ui.shot("selected-%s-%d" % (theme, width))
    assert ui.axe() == []


def test_history_restores(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    before = daemon.topology()
    daemon.put("/v1/topology", jn.figure(2))
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/history")
    ui.page.locator(".revision-head").nth(1).click()
    ui.page.get_by_role("button", name="Compared with now").click()
    ui.page.get_by_text("bridge/bridge1").first.wait_for()
    ui.shot("history-diff")
    ui.page.get_by_role("button", name="Restore").click()
    ui.apply()
    assert daemon.topology() == before


def test_editor_checks_and_applies(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon)
    ui.provokes(r" 422 .*/v1/topology")
    ui.page.goto(ui.origin + "/#/edit")
    text = ui.page.get_by_label("Topology as JSON")
    text.wait_for()
    ui.page.get_by_text("No difference").wait_for()
    text.fill('{"bridges": ')
    ui.page.get_by_text("Not JSON yet").wait_for()
    text.fill('{"epairs": {"x0": {"a": {"bridge": "nosuch"}}}}')
    ui.page.get_by_text("/epairs/x0/a/bridge").wait_for()
    ui.page.get_by_label("Start from").select_option("Figure 2")
    ui.page.locator(".diff code", has_text="bridge/bridge1").wait_for()
    ui.shot("editor")
    ui.page.reload()
    assert "bridge1" in ui.page.get_by_label("Topology as JSON").input_value(), "a draft outlives a reload"
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert sorted(daemon.topology()["bridges"]) == ["bridge0", "bridge1"]


def test_tokens(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/tokens")
    ui.page.get_by_role("button", name="New token").click()
    ui.page.get_by_label("What it is for").fill("ci")
    ui.page.get_by_role("button", name="Make it").click()
    secret = ui.page.get_by_role("region", name="New token").inner_text()
    assert daemon.tcp(token=secret).get("/v1/topology").status == 200
    ui.page.get_by_role("button", name="Done").click()
    ui.page.get_by_role("button", name="Revoke ci").click()
    ui.page.get_by_role("button", name="Revoke", exact=True).click()
    ui.page.get_by_role("button", name="Revoke ci").wait_for(state="detached")
    assert daemon.tcp(token=secret).get("/v1/topology").status == 401


def test_hostile_words(daemon, open_dashboard):
    evil = '<script>document.title="owned"</script><img src=x onerror=document.title="owned">'
    topology = jn.figure(1)
    topology["jails"]["guest1"].update(description=evil, labels={"note": evil})
    topology["bridges"]["bridge0"]["members"] = {"a<b>\"'&x": {}}
    if daemon.put("/v1/topology", topology).status != 200:    # a name the daemon refuses cannot reach the page
        topology["bridges"]["bridge0"]["members"] = {"re0": {}}
        assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    ui.select("jail/guest1")
    ui.page.locator("aside.details").get_by_text(evil).first.wait_for()
    for view in VIEWS:
        ui.page.goto("%s/#/%s" % (ui.origin, view))
        ui.page.wait_for_timeout(150)
    assert ui.page.title() == "jailnet"
    assert ui.page.locator("main script, main img").count() == 0


def test_lost_and_resumed(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon)
    ui.provokes(r"ERR_INCOMPLETE_CHUNKED_ENCODING .*/v1/events")
    ui.wait_drawn(daemon.topology())
    daemon.kill_server()    # the worker starts another one
    ui.page.get_by_text("Connection lost").wait_for()
    ui.shot("lost")
    daemon.wait_ready()
    daemon.put("/v1/topology", jn.figure(2))
    ui.page.get_by_text("Connection lost").wait_for(state="detached", timeout=15000)
    ui.wait_drawn(daemon.topology())
    ui.page.goto(ui.origin + "/#/events")
    ui.page.get_by_text("bridge bridge1 created").first.wait_for()


def test_every_missed_event_comes_once(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    ui.page.goto(ui.origin + "/#/events")
    daemon.put("/v1/bridges/last0", {})
    ui.page.get_by_text("bridge last0 created").first.wait_for()
    last = daemon.events()[-1]["seq"]
    asked = []
    ui.page.on("request", lambda r: asked.append(r.headers.get("last-event-id")) if r.url.endswith("/v1/events") else None)
    ui.offline(True)
    ui.page.get_by_text("Connection lost").wait_for(timeout=5000)       # the browser's word: no silence is waited for
    for n in range(5):
        daemon.put("/v1/bridges/missed%d" % n, {})
    ui.offline(False)
    ui.page.get_by_text("Connection lost").wait_for(state="detached", timeout=15000)
    ui.page.get_by_text("bridge missed4 created").first.wait_for()
    daemon.put("/v1/bridges/after0", {})
    ui.page.get_by_text("bridge after0 created").first.wait_for()
    assert asked and set(asked) == {str(last)}
    shown = ui.page.locator(".event-list li").evaluate_all("rows => rows.map(r => Number(r.dataset.seq))")
    missed = [e["seq"] for e in daemon.events() if e["seq"] > last]
    assert len(missed) >= 6 and sorted(s for s in shown if s > last) == missed


def test_silence_is_a_lost_connection(daemon, open_dashboard):
    """The server says something every 15 s; a confirmation may have to be given within 30 s."""
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon, clock=True)
    ui.wait_drawn(daemon.topology())
    server = daemon.server_pid()
    os.kill(server, signal.SIGSTOP)
    try:
        ui.page.clock.fast_forward(14000)
        ui.page.wait_for_timeout(300)
        assert ui.page.get_by_text("Connection lost").count() == 0
        ui.page.clock.fast_forward(4000)
        ui.page.get_by_text("Connection lost").wait_for(timeout=5000)
    finally:
        os.kill(server, signal.SIGCONT)
    ui.page.get_by_role("button", name="Try now").click()
    ui.page.get_by_text("Connection lost").wait_for(state="detached", timeout=15000)


def test_exports(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(3))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    for name, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("Mermaid", b"graph")):
        ui.page.get_by_role("button", name="Export").click()
        with ui.page.expect_download() as got:
            ui.page.get_by_role("button", name=name, exact=True).click()
        with open(got.value.path(), "rb") as f:
            assert f.read().startswith(start), name


def test_themes_are_kept(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.page.get_by_role("button", name="Theme: auto").click()
    ui.page.get_by_role("button", name="Theme: light").click()
    ui.page.reload()
    ui.page.get_by_role("button", name="Theme: dark").wait_for()
    assert ui.page.evaluate("document.documentElement.dataset.theme") == "dark"
