"""A real daemon in its sandbox (fake kernel unless a test asks for the real one) and Debian's Chromium, signed in."""
import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import jn  # noqa: E402

SHOTS = os.path.join(jn.BUILD, "screenshots")
AXE = os.path.join(jn.TOP, "www", "node_modules", "axe-core", "axe.min.js")


@pytest.fixture(scope="session")
def browser():
    os.makedirs(SHOTS, exist_ok=True)
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield b
        b.close()


@contextlib.contextmanager
def running(env=None, **kw):
    """The dashboard of the build under test.  by_hand() changes the fake kernel behind the daemon's back."""
    www = os.path.join(jn.BUILD, "www")
    assert os.path.exists(os.path.join(www, "manifest")), "make www first"
    place = tempfile.mkdtemp(prefix="jnu-")
    os.chmod(place, 0o755)
    control = os.path.join(place, "control")
    rule = {"JAILNET_FAKE_PHYSICAL": "re0,em1", "JAILNET_FAKE_CONTROL": control, **(env or {})}

    def by_hand(line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(line.encode(), control)

    try:
        with jn.Daemon(conf="www = %s\n" % www, verbose=False, env=rule, **kw) as d:
            d.by_hand = by_hand
            yield d
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def daemon():
    with running() as d:
        yield d


@pytest.fixture
def real_daemon():
    with running(kernel=True) as d:
        yield d


class Dashboard:
    """One page; what it logs as an error (a failed request too) fails the test, but for what the test said it provokes."""

    def __init__(self, browser, daemon, width=1280, height=800, theme="light", sign_in=True, timezone_id=None, clock=False):
        self.daemon = daemon
        self.origin = "http://127.0.0.1:%d" % daemon.url_port
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce",
                                           timezone_id=timezone_id)
        self.context.set_default_timeout(15000)
        self.page = self.context.new_page()
        if clock:
            self.page.clock.install()
        # patterns: what must be among the errors, and what may
        self.errors, self.provoked, self.allowed, self.closed = [], [], [], False
        if not sign_in:
            self.allowed.append(r" 401 .*/v1(/whoami)?$")   # who asks before having signed in learns so
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append("%s %s" % (m.text, m.location.get("url", ""))) if m.type == "error" else None)
        if sign_in:
            self.sign_in()

    def sign_in(self, role="admin"):
        self.page.goto(self.origin + self.daemon.post("/v1/session/code", {"role": role}).json["path"])
        self.page.wait_for_selector(".shell")

    def drawn(self):
        """The graph on screen, as sets: what is asserted against the API."""
        return self.page.evaluate("""() => ({
            nodes: [...document.querySelectorAll('[data-node]')].map(n => n.dataset.node).sort(),
            cables: [...document.querySelectorAll('[data-cable]')].map(c =>
                [c.dataset.cable, c.dataset.a, c.dataset.aIfname, c.dataset.b, c.dataset.bIfname].join(' ')).sort()})""")

    def wait_drawn(self, topology, timeout=8000):
        """Until the drawing is this topology."""
        want = expected(self.daemon, topology)
        try:
            self.page.wait_for_function("""want => {
                const nodes = [...document.querySelectorAll('[data-node]')].map(n => n.dataset.node).sort();
                const cables = [...document.querySelectorAll('[data-cable]')].map(c =>
                    [c.dataset.cable, c.dataset.a, c.dataset.aIfname, c.dataset.b, c.dataset.bIfname].join(' ')).sort();
                return JSON.stringify(nodes) === JSON.stringify(want.nodes) && JSON.stringify(cables) === JSON.stringify(want.cables);
            }""", arg=want, timeout=timeout)
        except Exception:
            pass  # the comparison below says what differs
        drawn = self.drawn()
        assert drawn["nodes"] == want["nodes"]
        assert drawn["cables"] == want["cables"]

    def shot(self, name):
        path = os.path.join(SHOTS, name + ".png")
        self.page.screenshot(path=path)
        return path

    def axe(self):
        """Serious and critical findings of axe-core, as readable lines."""
        with open(AXE) as f:
            source = f.read()
        # as a debugger would: the page's own policy lets no foreign script in
        self.page.evaluate(source + "; 0")
        # that rule joins the texts of a drawing without blanks, and then misses them in the label
        found = self.page.evaluate("""() => axe.run(document, {resultTypes: ['violations'],
            rules: {'label-content-name-mismatch': {enabled: false}}})""")
        return ["%s: %s" % (v["id"], n["html"][:160]) for v in found["violations"] if v["impact"] in ("serious", "critical")
                for n in v["nodes"]]

    def apply(self):
        """The plan is on screen: carry it out."""
        self.page.get_by_role("button", name="Apply", exact=True).click()
        self.page.wait_for_selector("dialog", state="detached")

    def plan(self):
        """The steps on screen: what will be done to what."""
        self.page.get_by_role("button", name="Apply", exact=True).wait_for()
        return [tuple(li.locator(part).inner_text() for part in (".op", "code")) for li in self.page.locator("dialog .steps li").all()]

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name):
        """With the keyboard alone: Tab until what is named so has the focus."""
        for _ in range(60):
            self.press("Tab")
            if name in self.page.evaluate("[document.activeElement.textContent.trim(), document.activeElement.ariaLabel]"):
                return
        raise AssertionError("Tab never came to " + name)

    def tab_to_element(self, tag):
        for _ in range(60):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.tagName") == tag:
                return
        raise AssertionError("Tab never came to a " + tag)

    def select(self, node):
        self.page.locator('[data-node="%s"] .name' % node).first.click()
        self.page.wait_for_selector("aside.details")

    def provokes(self, *patterns):
        """Errors that belong to the test's story: no others may be there, and these must."""
        self.provoked += patterns

    def offline(self, is_off):
        self.context.set_offline(is_off)
        self.allowed.append("ERR_INTERNET_DISCONNECTED")

    def close(self):
        if not self.closed:
            self.closed = True
            self.context.close()
        assert [e for e in self.errors if not any(re.search(p, e) for p in self.provoked + self.allowed)] == []
        assert [p for p in self.provoked if not any(re.search(p, e) for e in self.errors)] == []


def expected(daemon, topology):
    """The same from the API's topology: nodes, and cables with both ends."""
    nodes, cables = set(), []
    for name, bridge in topology.get("bridges", {}).items():
        nodes.add("bridge/" + name)
        for member in bridge.get("members") or {}:
            nodes.add("uplink/" + member)
            cables.append("member/%s/%s uplink/%s  bridge/%s %s" % (name, member, member, name, member))
        if bridge.get("addresses"):
            nodes.add("host/host")
            cables.append("host/%s host/host  bridge/%s " % (name, name))
    nodes |= {"jail/" + name for name in topology.get("jails", {})}
    for name, item in (topology.get("attachments") or {}).items():
        nodes.add("interface/" + name)
        cables.append("attachment/%s interface/%s  jail/%s %s" % (name, name, item["jail"], name))
    for name, epair in topology.get("epairs", {}).items():
        ends = []
        for side in "ab":
            end = epair.get(side) or {}
            place = "bridge/" + end["bridge"] if end.get("bridge") else "jail/" + end["jail"] if end.get("jail") else "host/host"
            nodes.add(place)
            ends.append("%s %s" % (place, end.get("ifname") or name + side))
        cables.append("epair/%s %s %s" % (name, ends[0], ends[1]))
    return {"nodes": sorted(nodes), "cables": sorted(cables)}


def drag(page, port, node):
    """With the mouse, from a port into a box of the drawing."""
    start, end = page.locator(port).bounding_box(), page.locator(node).bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + end["height"] - 8, steps=6)
    page.mouse.up()


@pytest.fixture
def open_dashboard(browser):
    opened = []

    def make(daemon, **kw):
        opened.append(Dashboard(browser, daemon, **kw))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
