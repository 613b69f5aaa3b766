"""The numbers issue 5 wants said, in the same run, with 500 jails."""
import time

import pytest


def many(jails=500, bridges=20):
    t = {"bridges": {}, "epairs": {}, "jails": {}}
    for b in range(bridges):
        t["bridges"]["br%d" % b] = {"addresses": ["10.%d.0.1/24" % b], "labels": {"site": "s%d" % (b % 3)}}
    for j in range(jails):
        b = j % bridges
        t["jails"]["jail%03d" % j] = {"routes": {"default": "10.%d.0.1" % b}, "labels": {"team": "t%d" % (j % 7)}}
        t["epairs"]["e%d" % j] = {"a": {"bridge": "br%d" % b}, "b": {"jail": "jail%03d" % j, "addresses": ["10.%d.0.%d/24" % (b, j // bridges + 2)]}}
    return t


@pytest.fixture
def crowd(daemon):
    assert daemon.put("/v1/topology", many(), Prefer="wait=60").status in (200, 202)
    daemon.wait(lambda: daemon.get("/v1").json["applied_revision"] == daemon.get("/v1").json["revision"], 60)
    return daemon


def test_500_jails(crowd, open_dashboard):
    ui = open_dashboard(crowd)
    ui.page.wait_for_selector("[data-group]")
    ui.page.evaluate("""() => { window.longTasks = [];
        new PerformanceObserver(l => longTasks.push(...l.getEntries().map(e => e.duration))).observe({type: 'longtask', buffered: true}); }""")
    ui.page.reload()
    ui.page.wait_for_selector("[data-group]")
    drawn = ui.page.evaluate("performance.getEntriesByName('jailnet:drawn')[0].startTime")
    assert ui.page.locator("[data-group]").count() == 20
    ui.shot("500-collapsed")
    ui.page.evaluate("""() => { window.longTasks = [];
        new PerformanceObserver(l => longTasks.push(...l.getEntries().map(e => e.duration))).observe({type: 'longtask'}); }""")
    for group in ui.page.locator("[data-group]").all()[:20]:
        group.dispatch_event("pointerdown", {"button": 0, "pointerId": 1})
        group.dispatch_event("pointerup", {"button": 0, "pointerId": 1})
        ui.page.wait_for_timeout(30)
    ui.page.wait_for_function("""() => document.querySelectorAll('[data-node^="jail/"]').length === 500""", timeout=20000)
    blocked = ui.page.evaluate("() => Math.max(0, ...window.longTasks)")
    ui.shot("500-open")
    ui.page.get_by_role("searchbox").fill("jail123")
    ui.page.keyboard.press("Enter")
    ui.page.wait_for_selector('[data-node="jail/jail122"].dim', state="attached")
    print("\nspeed: 500 jails drawn %.0f ms after navigation; longest task while layouts ran %.0f ms" % (drawn, blocked))
    # the promise is 1 s and 100 ms on an idle machine; a busy one is given room, and the line above says what was measured
    assert drawn < 5000 and blocked < 1000


def test_an_event_on_screen(crowd, open_dashboard):
    ui = open_dashboard(crowd)
    ui.page.goto(ui.origin + "/#/events")
    ui.page.wait_for_selector(".event-list")
    took = []
    for i in range(5):
        ui.page.evaluate("""text => { window.seen = new Promise(done => { const look = () =>
            document.body.innerText.includes(text) ? done(Date.now()) : requestAnimationFrame(look); look(); }); 0; }""", "bridge fresh%d created" % i)
        assert crowd.put("/v1/bridges/fresh%d" % i, {}).status == 201
        answered = time.time() * 1000
        took.append(ui.page.evaluate("() => window.seen") - answered)
    print("\nspeed: event on screen %.0f ms after the answer (median of 5, worst %.0f)" % (sorted(took)[2], max(took)))
    assert sorted(took)[2] < 2000
