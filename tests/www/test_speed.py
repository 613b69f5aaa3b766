"""
The numbers issue 5 wants, in the same run, printed as "speed:" lines.  Each is held against the issue's own number, or, where the machine
is busy with something else, against a bare thing of the same kind measured just before: a page, a fetch, a loop.
"""
import time

import pytest

PAINT_MS, BLOCKED_MS, EVENT_MS = 1000, 100, 200     # the numbers

# from the first byte of script on: long tasks, and when the first drawing was painted
WATCH = """
window.longTasks = [];
new PerformanceObserver(l => window.longTasks.push(...l.getEntries().map(e => e.duration))).observe({type: 'longtask', buffered: true});
window.painted = (query, accept = () => true) => new Promise(done => {
    const look = () => {
        const found = document.querySelector(query);
        if (found && accept(found)) requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
        else requestAnimationFrame(look);
    };
    look();
});
window.firstPaint = window.painted('[data-group], [data-node], .signin, form');
"""
LOOP = """() => { let best = 1e9; for (let k = 0; k < 5; k++) { const t = performance.now(); let x = 0;
    for (let i = 0; i < 2e7; i++) x = (x * 31 + i) | 0; best = Math.min(best, performance.now() - t + (x === 7 ? 1 : 0)); } return best; }"""


# what has to be fetched before the change can be drawn; the list of events is told
READS = {"events": ["jails?limit=10000"],
         "topology": ["bridges?limit=10000", "epairs?limit=10000", "jails?limit=10000", "topology", "interfaces?limit=10000", "drift?limit=10000"]}
READ = """async paths => { const t = performance.now(); await Promise.all(paths.map(async p => (await fetch('/v1/' + p)).json()));
    let x = 0; for (let i = 0; i < 2e7; i++) x = (x * 31 + i) | 0;    // and something to do for the processor, as a layout is
    return performance.now() - t + (x === 7 ? 1 : 0); }"""


def many(shape, jails=500, bridges=20):
    """shape: where a jail's cables lead: "one" bridge, "two" bridges, or to the "host"."""
    t = {"bridges": {}, "epairs": {}, "jails": {}}
    for b in range(bridges):
        t["bridges"]["br%d" % b] = {"addresses": ["10.%d.0.1/24" % b], "labels": {"site": "s%d" % (b % 3)}}
    for j in range(jails):
        b = j % bridges
        t["jails"]["jail%03d" % j] = {"labels": {"team": "t%d" % (j % 7)}}
        near = {} if shape == "host" else {"bridge": "br%d" % b}
        t["epairs"]["e%d" % j] = {"a": near, "b": {"jail": "jail%03d" % j, "addresses": ["10.%d.0.%d/24" % (b, j // bridges + 2)]}}
        if shape == "two":
            t["epairs"]["f%d" % j] = {"a": {"bridge": "br%d" % ((b + 1) % bridges)}, "b": {"jail": "jail%03d" % j}}
    return t


def load(daemon, topology):
    assert daemon.put("/v1/topology", topology, Prefer="wait=60").status in (200, 202)
    daemon.wait(lambda: daemon.get("/v1").json["applied_revision"] == daemon.get("/v1").json["revision"], 60)


def first_paint(open_dashboard, daemon, signed_in):
    """Of a browser that has never been here."""
    ui = open_dashboard(daemon, sign_in=False)
    ui.page.add_init_script(WATCH)
    path = daemon.post("/v1/session/code", {"role": "admin"}).json["path"] if signed_in else "/"
    ui.page.goto(ui.origin + path)
    return ui, ui.page.evaluate("() => window.firstPaint")


def held(name, value, promise, bare, factor):
    print("speed: %s %.0f ms (promise %d ms; bare %.0f ms, ratio %.1f)" % (name, value, promise, bare, value / bare))
    assert value < max(promise, factor * bare), name


@pytest.mark.parametrize("shape, groups", [("one", 20), ("two", 20), ("host", 1)])
def test_500_jails(daemon, open_dashboard, shape, groups):
    load(daemon, many(shape))
    print()
    loads = []
    for signed_in in (False, True, False, True):    # the better of two each: the machine has other things to do
        loads.append(first_paint(open_dashboard, daemon, signed_in))
        if len(loads) < 4:
            loads[-1][0].close()
    bare, drawn, ui = min(loads[0][1], loads[2][1]), min(loads[1][1], loads[3][1]), loads[3][0]
    loop = ui.page.evaluate(LOOP)
    assert ui.page.locator("[data-group]").count() == groups
    first = ui.page.evaluate("() => Math.max(0, ...window.longTasks)")
    ui.shot("500-collapsed-" + shape)
    ui.page.evaluate("() => { window.longTasks.length = 0; }")
    for group in ui.page.locator("[data-group]").all():
        group.dispatch_event("pointerdown", {"button": 0, "pointerId": 1})
        group.dispatch_event("pointerup", {"button": 0, "pointerId": 1})
        ui.page.wait_for_timeout(30)
    ui.page.wait_for_function("""() => document.querySelectorAll('[data-node^="jail/"]').length === 500""", timeout=20000)
    blocked = ui.page.evaluate("() => Math.max(0, ...window.longTasks)")
    ui.shot("500-open-" + shape)
    ui.wait_drawn(daemon.topology())
    held("500 jails (%s) first painted" % shape, drawn, PAINT_MS, bare, 8)
    held("500 jails (%s) longest task of the first view" % shape, first, BLOCKED_MS, loop, 15)
    held("500 jails (%s) longest task while groups open" % shape, blocked, BLOCKED_MS, loop, 15)


def test_an_event_on_screen(daemon, open_dashboard):
    load(daemon, many("one"))
    print()
    for view, query in (("events", ".event-list li"), ("topology", "[data-node]")):
        ui = open_dashboard(daemon)
        ui.page.add_init_script(WATCH)
        ui.page.goto("%s/#/%s" % (ui.origin, view))
        ui.page.reload()
        ui.page.wait_for_selector("[data-group], .event-list li", state="attached")
        ui.page.wait_for_timeout(500)
        bare, took = [], []
        for i in range(6):
            name = "%s%d" % (view[:5], i)
            bare.append(ui.page.evaluate(READ, READS[view]))
            want = '[data-node="bridge/%s"]' % name if view == "topology" else ".event-list"
            ui.page.evaluate("""([want, text]) => { window.seen = window.painted(want, e => text === '' || e.textContent.includes(text))
                .then(() => Date.now()); 0; }""", [want, "" if view == "topology" else "bridge %s created" % name])
            assert daemon.put("/v1/bridges/" + name, {}).status == 201
            answered = time.time() * 1000
            took.append(ui.page.evaluate("() => window.seen") - answered)
        held("event in the %s (500 jails), after the answer, median of 6, worst %.0f," % ("drawing" if view == "topology" else "list", max(took)),
             sorted(took)[3], EVENT_MS, sorted(bare)[3], 3)
        ui.close()


def test_no_growth_over_10000_events(daemon, open_dashboard):
    jails = 200
    topology = many("one", jails, 4)
    load(daemon, topology)
    ui = open_dashboard(daemon)
    ui.page.wait_for_selector("[data-node]")
    cdp = ui.context.new_cdp_session(ui.page)

    def rounds(count, start):
        for n in range(start, start + count):
            for jail in topology["jails"].values():
                jail["description"] = "round %d" % n
            assert daemon.put("/v1/topology", topology).status == 200
        ui.page.wait_for_timeout(1500)

    def used():
        for _ in range(2):
            cdp.send("HeapProfiler.collectGarbage")
        return {"heap": cdp.send("Runtime.getHeapUsage")["usedSize"], **cdp.send("Memory.getDOMCounters"),
                "entries": ui.page.evaluate("performance.getEntries().length")}

    rounds(5, 0)
    before, began = used(), time.monotonic()
    rounds(50, 5)
    after = used()
    print("\nspeed: 10000 events in %.0f s: heap %.2f MB -> %.2f MB, nodes %d -> %d, listeners %d -> %d, performance entries %d -> %d" % (
        time.monotonic() - began, before["heap"] / 1e6, after["heap"] / 1e6, before["nodes"], after["nodes"],
        before["jsEventListeners"], after["jsEventListeners"], before["entries"], after["entries"]))
    assert after["heap"] < before["heap"] * 1.05 + 300000
    assert after["nodes"] <= before["nodes"] + 50 and after["jsEventListeners"] <= before["jsEventListeners"] + 10
    assert after["entries"] < 300, "the browser keeps 250 of the fetches; marks of our own would come on top"
