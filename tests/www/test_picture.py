"""The picture itself: where things are drawn, what each state looks like, what is wanted and what is there, and how it is walked through."""
import struct
import xml.etree.ElementTree as xml

import pytest

import jn
from conftest import running

# boxes of what is drawn, on the screen; both ends of every line
GEOMETRY = """() => {
    const rect = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const shape = g => rect(g.querySelector('.shape') ?? g.querySelector('rect'));
    const all = (query, key, box) => Object.fromEntries([...document.querySelectorAll(query)].map(e => [key(e), box(e)]));
    return {
        nodes: all('g[data-node]', e => e.dataset.node, shape),
        names: all('g[data-node]', e => e.dataset.node, e => rect(e.querySelector('.name'))),
        pills: all('g[data-port]', e => e.dataset.port, shape),
        lines: [...document.querySelectorAll('g[data-cable], g[data-actual]')].map(g => {
            const line = g.querySelector('.line'), n = line.getTotalLength(), m = line.getScreenCTM();
            const at = p => { const q = p.matrixTransform(m); return [q.x, q.y]; };
            return {id: g.dataset.cable ?? 'actual/' + g.dataset.actual, a: g.dataset.a, b: g.dataset.b,
                    from: n > 0 ? at(line.getPointAtLength(0)) : null, to: n > 0 ? at(line.getPointAtLength(n)) : null};
        })};
}"""


def geometry(ui):
    return ui.page.evaluate(GEOMETRY)


def touches(point, box, slack=1.5):
    return box[0] - slack <= point[0] <= box[2] + slack and box[1] - slack <= point[1] <= box[3] + slack


def overlap(p, q):
    return p[0] < q[2] and q[0] < p[2] and p[1] < q[3] and q[1] < p[3]


def assert_sound(g):
    """Every line goes from port to port, or into the box itself; no port lies on a name; no box on another."""
    assert g["lines"]
    for line in g["lines"]:
        ends = [g["pills"].get("%s:%d" % (line["id"], i)) or g["nodes"][line["ab"[i]]] for i in (0, 1)]
        assert line["from"] and line["to"], line
        assert any(touches(line["from"], p) and touches(line["to"], q) for p, q in (ends, ends[::-1])), (line, ends)
    for node, name in g["names"].items():
        for port, pill in g["pills"].items():
            assert not overlap(name, pill), (node, port)
    boxes = sorted(g["nodes"].items())
    for i, (one, p) in enumerate(boxes):
        for other, q in boxes[i + 1:]:
            assert not overlap(p, q), (one, other)


def above(g, *nodes):
    for upper, lower in zip(nodes, nodes[1:]):
        assert g["nodes"][upper][3] < g["nodes"][lower][1], (upper, lower)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_figures_look_like_the_seeds(daemon, open_dashboard, n):
    daemon.put("/v1/topology", jn.figure(n))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    g = geometry(ui)
    assert_sound(g)
    for guest in ("guest1", "guest2"):
        above(g, "uplink/re0", "bridge/bridge0", "jail/" + guest)
    if n == 3:
        above(g, "bridge/bridge0", "jail/guest3", "bridge/bridge1", "jail/guest4")
    frame = ui.page.locator(".frame rect").bounding_box()
    for node, box in g["nodes"].items():
        inside = frame["y"] < box[1] and box[3] < frame["y"] + frame["height"]
        assert inside == (node != "uplink/re0"), node
    assert ui.page.locator(".frame-title").inner_html().strip() == "Host"
    routers = ui.page.evaluate("[...document.querySelectorAll('.router')].map(g => g.dataset.node + ' ' + g.querySelector('.role').textContent)")
    assert routers == {1: [], 2: ["host/host router"], 3: ["jail/guest3 router"]}[n]


def test_an_attached_interface(daemon, open_dashboard):
    topology = jn.figure(1)
    topology["attachments"] = {"em1": {"jail": "guest2", "addresses": ["203.0.113.2/24"]}}
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    g = geometry(ui)
    assert_sound(g)
    above(g, "interface/em1", "jail/guest2")
    assert "203.0.113.2/24" in ui.page.locator('[data-node="jail/guest2"]').text_content()


def test_what_is_not_jailnets_is_listed(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    daemon.by_hand("bridge-add br9")
    daemon.by_hand("epair-add ext0 ext1")
    daemon.by_hand("bridge ext0 br9")
    # nobody is told of what is not ours: it is there with the next read
    daemon.wait(lambda: "br9" in [i["bridge"] for i in daemon.get("/v1/interfaces").json["items"]], 40)
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    others = ui.page.locator("details.others")
    others.locator("summary").click()
    text = others.inner_text()
    assert "br9" in text and "in br9" in text and "em1" in text and "re0" not in text and "bridge0" not in text, text


# --- states: a colour and a shape ------------------------------------------------------------------------------

MARKS = {"ready": "circle.fill", "applying": ".turning path", "waiting": "circle.stroke + path.thin", "drifted": 'path.fill[d="M0 -6 L6 0 L0 6 L-6 0 Z"]',
         "dying": 'path.fill[d="M-4 -5 H4 L-4 5 H4 Z"]', "failed": 'path.fill[d="M0 -6 L6.2 5 L-6.2 5 Z"]', "stopped": "rect.stroke"}


@pytest.mark.parametrize("look", sorted(MARKS))
def test_a_state_has_a_shape(daemon, open_dashboard, look):
    daemon.put("/v1/topology", jn.figure(1))

    def jails(route):
        answer = route.fetch()
        body = answer.json()
        for jail in body["items"]:
            if jail["name"] == "guest2":
                jail["status"].update({"drifted": {}, "dying": {"dying": 1}}.get(look, {"state": look}))
        route.fulfill(response=answer, json=body)

    def drift(route):
        row = {"id": "jail:guest2", "object": "jail/guest2", "want": "forwarding off", "have": "forwarding on", "since": "2026-01-01T00:00:00Z",
               "cause": "by hand", "place": None}
        route.fulfill(json={"items": [row] if look == "drifted" else [], "next": None, "revision": 1})

    ui = open_dashboard(daemon, sign_in=False)
    ui.page.route("**/v1/jails?*", jails)
    ui.page.route("**/v1/drift?*", drift)
    ui.page.goto(ui.origin + daemon.post("/v1/session/code", {"role": "admin"}).json["path"])
    ui.page.wait_for_selector('[data-node="jail/guest2"].look-%s' % look)
    shapes = [name for name, query in MARKS.items() if ui.page.locator('[data-node="jail/guest2"] .mark :is(%s)' % query).count()
              or ui.page.locator('[data-node="jail/guest2"] .mark %s' % query).count()]
    assert look in shapes
    marks = ui.page.evaluate("""() => ['guest1', 'guest2'].map(n => document.querySelector(`[data-node="jail/${n}"] .mark`).innerHTML)""")
    assert (marks[0] == marks[1]) == (look == "ready")
    colours = ui.page.evaluate("""() => ['guest1', 'guest2'].map(n =>
        getComputedStyle(document.querySelector(`[data-node="jail/${n}"] .mark`)).getPropertyValue('--c'))""")
    assert (colours[0] == colours[1]) == (look == "ready")


def test_a_jail_of_ours_that_the_kernel_has_not_let_go_of(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon, clock=True)
    ui.wait_drawn(daemon.topology())
    daemon.by_hand("dying guest2 2")
    daemon.wait(lambda: daemon.get("/v1/jails/guest2").json["status"]["dying"] == 2, 40)
    ui.page.clock.fast_forward(10000)   # no event tells of it
    ui.page.wait_for_selector('[data-node="jail/guest2"].look-dying')
    assert "dying" in ui.page.locator('[data-node="jail/guest2"]').get_attribute("aria-label")
    daemon.by_hand("dying guest2 0")
    daemon.wait(lambda: daemon.get("/v1/jails/guest2").json["status"]["dying"] == 0, 40)
    ui.page.evaluate("document.dispatchEvent(new Event('visibilitychange')); 0")
    ui.page.wait_for_selector('[data-node="jail/guest2"].look-ready')


def test_an_end_that_is_wanted_down_looks_down(daemon, open_dashboard):
    topology = jn.figure(1)
    topology["epairs"]["epair2"]["a"]["up"] = False
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.page.wait_for_selector('[data-cable="epair/epair2"].look-stopped', state="attached")
    assert ui.page.locator(".port.down").evaluate_all("list => list.map(p => p.dataset.port)") == ["epair/epair2:0"]
    dashed = "p => getComputedStyle(p.querySelector('rect')).strokeDasharray !== 'none'"
    assert ui.page.locator('[data-port="epair/epair2:0"]').evaluate(dashed)
    assert not ui.page.locator('[data-port="epair/epair2:1"]').evaluate(dashed)
    assert "epair2b" in ui.page.locator('[data-node="jail/guest2"]').get_attribute("aria-label")
    assert "epair2a to guest2 (down)" in ui.page.locator('[data-node="bridge/bridge0"]').get_attribute("aria-label")


# --- what is wanted and what is there ---------------------------------------------------------------------------

def repair(d, drift):
    """Now, whatever the back-off says, until the faults are spent."""
    for _ in range(8):
        if d.post("/v1/drift/%s/repair" % drift).status == 404:
            return
    raise AssertionError("not repaired: %s" % d.get("/v1/drift").json)


def test_actual_place_is_drawn(open_dashboard):
    with running(env={"JAILNET_FAKE_FAULT": ",".join("PORT_DETACH:%d:1" % n for n in range(1, 4))}) as d:
        assert d.put("/v1/topology", jn.figure(1)).status == 200
        ui = open_dashboard(d)
        ui.wait_drawn(d.topology())
        d.by_hand("bridge-add other")
        d.by_hand("bridge epair1a other")
        ghost = ui.page.locator('[data-actual="epair1a"]')
        ghost.wait_for(state="attached")
        assert (ghost.get_attribute("data-a"), ghost.get_attribute("data-b")) == ("bridge/other", "jail/guest1")
        wanted = ui.page.locator('[data-cable="epair/epair1"]')
        assert (wanted.get_attribute("data-a"), wanted.get_attribute("data-b")) == ("bridge/bridge0", "jail/guest1")
        for line in (ghost, wanted):
            assert line.locator(".line").evaluate("l => getComputedStyle(l).strokeDasharray") != "none"
        assert ui.page.locator('[data-node="bridge/other"].foreign').count() == 1
        assert "epair1a is in bridge other now" in ui.page.locator('[data-node="jail/guest1"]').get_attribute("aria-label")
        assert_sound(geometry(ui))
        ui.shot("actual")
        repair(d, "epair:epair1")
        ui.page.wait_for_selector("[data-actual]", state="detached")
        ui.wait_drawn(d.topology())
        assert d.settled() == []


@pytest.mark.parametrize("by_hand, op, what", [("del - epair1a", "EPAIR_CREATE", '[data-cable="epair/epair1"]'),
                                               ("jail-del guest2", "JAIL_CREATE", '[data-node="jail/guest2"]')])
def test_what_is_missing_is_hollow(open_dashboard, by_hand, op, what):
    # faults count from the start: the three it takes to build the figure succeed
    with running(env={"JAILNET_FAKE_FAULT": ",".join("%s:%d:1" % (op, n) for n in range(4, 7))}) as d:
        assert d.put("/v1/topology", jn.figure(1)).status == 200
        ui = open_dashboard(d)
        ui.wait_drawn(d.topology())
        d.by_hand(by_hand)
        ui.page.wait_for_selector(what + ".missing", state="attached")
        if "node" in what:
            assert ui.page.locator(what + " .shape").evaluate("s => getComputedStyle(s).fill") == "none"
        assert ui.page.locator(what + (" .shape" if "node" in what else " .line")).evaluate("s => getComputedStyle(s).strokeDasharray") != "none"
        repair(d, "jail:guest2" if "node" in what else "epair:epair1")
        ui.page.wait_for_selector(what + ":not(.missing)", state="attached")


# --- the tools around it ----------------------------------------------------------------------------------------

def labelled(n=3):
    topology = jn.figure(n)
    for i, jail in enumerate(topology["jails"].values()):
        jail["labels"] = {"env": "prod" if i % 2 == 0 else "test"}
    return topology


def text_of(ui, node):
    return ui.page.locator('[data-node="%s"]' % node).text_content()


def lit(ui):
    return ui.page.evaluate("[...document.querySelectorAll('[data-node]:not(.dim)')].map(n => n.dataset.node).sort()")


def test_families_filter_and_grouping(daemon, open_dashboard):
    daemon.put("/v1/topology", labelled())
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    assert "192.0.2.11/24" in text_of(ui, "jail/guest1") and "2001:db8" not in text_of(ui, "jail/guest1")
    ui.page.get_by_role("button", name="IPv6").click()
    ui.page.wait_for_function("() => document.querySelector('[data-node=\"jail/guest1\"]').textContent.includes('2001:db8:0:1::11/64')")
    ui.page.get_by_role("button", name="IPv4").click()
    ui.page.wait_for_function("() => !document.querySelector('[data-node=\"jail/guest1\"]').textContent.includes('192.0.2.11')")
    assert_sound(geometry(ui))
    ui.page.get_by_label("Filter by label").select_option("env=test")
    ui.page.wait_for_selector('[data-node="jail/guest1"].dim')
    assert lit(ui) == ["jail/guest2", "jail/guest4"]
    ui.page.get_by_label("Filter by label").select_option("")
    ui.page.get_by_label("Group by").select_option("env")
    ui.page.wait_for_function("() => document.querySelectorAll('[data-node^=\"jail/\"]').length === 5")
    ui.page.get_by_label("Filter by label").select_option("env")
    ui.page.wait_for_selector('[data-node="bridge/bridge0"].dim')


def camera(ui):
    return ui.page.evaluate("""() => document.querySelector('g.world').getAttribute('transform')
        .match(/translate\\(([-.\\d]+) ([-.\\d]+)\\) scale\\(([.\\d]+)\\)/).slice(1).map(Number)""")


def test_zoom_and_pan(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(3))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    fitted = camera(ui)
    ui.page.mouse.move(640, 400)
    ui.page.mouse.wheel(0, -400)
    ui.page.wait_for_function("k => Number(document.querySelector('g.world').getAttribute('transform').match(/scale\\((.*)\\)/)[1]) > k", arg=fitted[2])
    x, y, k = camera(ui)
    ui.page.mouse.move(200, 700)
    ui.page.mouse.down()
    ui.page.mouse.move(260, 640, steps=4)
    ui.page.mouse.up()
    assert camera(ui) == [pytest.approx(x + 60), pytest.approx(y - 60), k]
    ui.page.locator('[data-node="bridge/bridge0"]').focus()
    x, y, k = camera(ui)
    ui.press("Shift+ArrowLeft", "Shift+ArrowUp")
    assert camera(ui) == [pytest.approx(x + 80), pytest.approx(y + 80), k]
    ui.press("-")
    assert camera(ui)[2] < k
    ui.press("0")
    assert camera(ui) == [pytest.approx(v, abs=0.01) for v in fitted]


def test_path_and_move_with_the_keyboard_alone(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(3))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    ui.page.locator('[data-node="jail/guest4"]').focus()
    ui.press("Enter")
    ui.page.get_by_role("heading", name="guest4").wait_for()
    ui.tab_to("Path")
    ui.press("Enter")
    ui.page.wait_for_selector('[data-node="jail/guest1"].dim')
    ui.press("Enter")
    ui.page.wait_for_selector('[data-node="jail/guest1"].dim', state="detached")
    ui.page.goto(ui.origin + "/#/topology?select=epair/epair5")
    ui.page.get_by_role("heading", name="epair5").wait_for()
    ui.tab_to("Move epair5a")
    ui.press("Enter")
    ui.page.locator("dialog select").wait_for()
    ui.tab_to_element("SELECT")
    ui.page.keyboard.type("bridge bridge0")
    ui.tab_to("Show the plan")
    ui.press("Enter")
    assert ui.plan()
    ui.tab_to("Apply")
    ui.press("Enter")
    ui.page.wait_for_selector("dialog", state="detached")
    assert daemon.topology()["epairs"]["epair5"]["a"]["bridge"] == "bridge0"


def test_nothing_jumps(daemon, open_dashboard):
    """Layout shifts that no input asked for: none while the world is read, while events come, in any view."""
    daemon.put("/v1/topology", jn.figure(3))
    ui = open_dashboard(daemon, sign_in=False)
    ui.page.add_init_script("""window.shifts = [];
        new PerformanceObserver(l => window.shifts.push(...l.getEntries().filter(e => !e.hadRecentInput).map(e =>
            e.value + ' ' + e.sources.map(s => s.node?.nodeName + '.' + (s.node?.className?.baseVal ?? s.node?.className))))
        ).observe({type: 'layout-shift', buffered: true});""")
    ui.page.goto(ui.origin + daemon.post("/v1/session/code", {"role": "admin"}).json["path"])
    ui.wait_drawn(daemon.topology())
    for n in (1, 2, 3):
        daemon.put("/v1/topology", jn.figure(n))
        ui.wait_drawn(daemon.topology())
    ui.page.goto(ui.origin + "/#/topology?select=jail/guest3")
    ui.page.wait_for_selector("aside.details")
    daemon.post("/v1/jails/guest2/stop")
    ui.page.wait_for_selector('[data-node="jail/guest2"].look-stopped')
    ui.offline(True)
    ui.page.get_by_text("Connection lost").wait_for()
    ui.page.wait_for_timeout(300)
    ui.offline(False)
    ui.page.get_by_text("Connection lost").wait_for(state="detached", timeout=30000)
    assert ui.page.evaluate("window.shifts") == []


def test_files_hold_everything_from_far_away(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(3))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    for _ in range(6):
        ui.page.get_by_role("button", name="Zoom out").click()
    ui.page.wait_for_selector("svg.canvas.far")

    def export(name):
        ui.page.get_by_role("button", name="Export").click()
        with ui.page.expect_download() as got:
            ui.page.get_by_role("button", name=name, exact=True).click()
        with open(got.value.path(), "rb") as f:
            return f.read()

    svg = xml.fromstring(export("SVG"))
    hidden = {e for e in svg.iter() if e.get("display") == "none"}
    assert not hidden
    texts = {"".join(e.itertext()).strip() for e in svg.iter("{http://www.w3.org/2000/svg}text")}
    names = {"re0", "bridge0", "bridge1", "192.0.2.2/24", "198.51.100.14/24"} | {"guest%d" % n for n in range(1, 6)}
    names |= {"epair%d%s" % (n, side) for n in range(1, 7) for side in "ab"}
    assert names <= texts, names - texts
    png = export("PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (2 * int(svg.get("width")), 2 * int(svg.get("height")))
    assert len(png) > 10000
    assert ui.page.locator("svg.canvas.far").count() == 1


# --- many ---------------------------------------------------------------------------------------------------------

def crowd(shape, jails, label=True):
    """shape: epairs of each jail: "one" into a bridge, "two" into two bridges, "host" = an end on the host."""
    t = {"bridges": {"br0": {}, "br1": {}}, "epairs": {}, "jails": {}}
    ends = {"one": [{"bridge": "br0"}], "two": [{"bridge": "br0"}, {"bridge": "br1"}], "host": [{}]}[shape]
    for j in range(jails):
        name = "jail%03d" % j
        t["jails"][name] = {"labels": {"team": "t%d" % (j % 3)}} if label else {}
        for i, end in enumerate(ends):
            t["epairs"]["%s%d" % ("xy"[i], j)] = {"a": end, "b": {"jail": name, "addresses": ["10.%d.%d.%d/16" % (i, j // 250, j % 250 + 2)]}}
    return t


@pytest.mark.parametrize("shape, group", [("one", "group/br0/"), ("two", "group/br0+br1/"), ("host", "group/host/")])
def test_enter_and_links_open_the_group(daemon, open_dashboard, shape, group):
    assert daemon.put("/v1/topology", crowd(shape, 125)).status == 200
    ui = open_dashboard(daemon)
    ui.page.wait_for_selector('[data-group="%s"][aria-expanded="false"]' % group)
    assert ui.page.locator('[data-node^="jail/"]').count() == 0
    ui.page.get_by_role("searchbox").fill("10.0.0.77")
    ui.press("Enter")
    ui.page.wait_for_selector('[data-group="%s"][aria-expanded="true"]' % group)
    ui.wait_drawn(daemon.topology())
    assert lit(ui) == ["jail/jail075"]
    ui.page.wait_for_function("""() => { const r = document.querySelector('[data-node="jail/jail075"]').getBoundingClientRect();
        return r.left > 0 && r.top > 60 && r.right < innerWidth && r.bottom < innerHeight; }""")
    for search, trunks in (("x75a", 1), ("nothing like it", 0)):    # a trunk is lit with any of its cables, and its pill with it
        ui.page.get_by_role("searchbox").fill(search)
        ui.page.wait_for_function("""n => document.querySelectorAll('.cable.kind-trunk:not(.dim)').length === n""", arg=trunks)
        assert ui.page.locator('.port[data-port^="trunk/"]:not(.dim)').count() == trunks
    ui.page.get_by_role("searchbox").fill("")
    ui.page.goto(ui.origin + "/#/health")
    ui.page.wait_for_selector(".page h1")
    ui.page.goto(ui.origin + "/#/topology?select=jail/jail111")
    ui.page.wait_for_selector('[data-node="jail/jail111"].selected')
    ui.page.wait_for_function("""() => { const r = document.querySelector('[data-node="jail/jail111"]').getBoundingClientRect();
        return r.width > 30 && r.left > 0 && r.top > 60 && r.right < innerWidth && r.bottom < innerHeight; }""")
