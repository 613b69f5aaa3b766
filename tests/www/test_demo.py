"""README's first command: make demo, and the way its link opens: Figure 3 on the real kernel, to Figure 1 and back."""
import os
import re
import shutil
import subprocess
import tempfile

import pytest

import jn
from conftest import Dashboard

SCRIPT = os.path.join(jn.TOP, "tests", "demo", "demo.sh")
PLACES = {1: ["guest1", "guest2", "guest3"], 3: ["guest1", "guest2", "guest3", "guest4", "guest5"]}


class Demo(jn.Client):
    """make demo in a place of its own, so that somebody's running demo stays up."""

    def __init__(self, place):
        self.env = dict(os.environ, JAILNET_DEMO_DIR=place)
        self.dir = place
        r = self.script("start")
        assert r.returncode == 0, r.stdout + r.stderr
        self.said = r.stdout
        super().__init__(path=os.path.join(place, "api.sock"))
        self.link = re.search(r"^  (http://127\.0\.0\.1:(\d+)/#code=\S+)$", self.said, re.M)
        assert self.link, self.said
        self.url_port = int(self.link.group(2))
        self.pid = self.get("/v1").json["worker_pid"]
        self.held = open("/proc/%d/ns/net" % self.pid, "rb")    # so that its number is nobody else's, also when the demo has ended
        self.namespace = os.readlink("/proc/%d/ns/net" % self.pid)

    def processes(self):
        """Those in its network."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink("/proc/%s/ns/net" % pid) == self.namespace:
                    found.append(pid)
            except OSError:
                pass    # ended while we looked
        return found

    def script(self, verb):
        return subprocess.run(["sh", SCRIPT, verb], cwd=jn.TOP, env=self.env, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def demo():
    place = tempfile.mkdtemp(prefix="jnd-")
    os.chmod(place, 0o755)
    d = None
    try:
        d = Demo(place)
        yield d
    finally:
        if d is None or os.path.exists(os.path.join(place, "pid")):
            subprocess.run(["sh", SCRIPT, "stop"], env=dict(os.environ, JAILNET_DEMO_DIR=place), capture_output=True)
        shutil.rmtree(place, ignore_errors=True)


def steps_of(demo, figure):
    return [(step["op"], step["object"]) for step in demo.plan(jn.figure(figure))]


def assert_is(ui, demo, figure):
    ui.wait_drawn(demo.topology())
    assert sorted(demo.topology()["jails"]) == PLACES[figure]
    assert demo.settled() == []


def test_every_packet_goes_where_the_figures_say(demo):
    tables = demo.said.count("FROM     TO")
    assert tables == 7 and "FAILED" not in demo.said and "must not" not in demo.said, demo.said
    assert demo.said.index("Figure 3 is up") > demo.said.rindex("FROM     TO")


def test_with_the_mouse_alone(demo, browser):
    ui = Dashboard(browser, demo, sign_in=False)
    ui.page.goto(demo.link.group(1))
    assert_is(ui, demo, 3)
    assert ui.page.locator('[data-node="uplink/re0"].look-ready').count() == 1
    ui.shot("demo")
    for figure in (1, 3):
        wanted, before = steps_of(demo, figure), demo.topology()
        ui.page.get_by_role("button", name="Add", exact=True).click()
        ui.page.get_by_role("button", name="Load Figure %d" % figure).click()
        assert ui.plan() == wanted and len(wanted) > 5
        assert demo.topology() == before, "nothing happens before Apply"
        ui.apply()
        assert_is(ui, demo, figure)
    ui.close()


def test_by_its_parts_with_the_mouse(demo, browser):
    """guest5's cable is taken out of one bridge, put into the other, and back."""
    ui = Dashboard(browser, demo)
    ui.wait_drawn(demo.topology())
    for bridge in ("bridge0", "bridge1"):
        port = ui.page.locator('[data-port="epair/epair5:0"]').bounding_box()
        bar = ui.page.locator('[data-node="bridge/%s"] .shape' % bridge).bounding_box()
        ui.page.mouse.move(port["x"] + port["width"] / 2, port["y"] + port["height"] / 2)
        ui.page.mouse.down()
        ui.page.mouse.move(bar["x"] + 40, bar["y"] + bar["height"] / 2, steps=8)
        ui.page.mouse.up()
        ui.page.get_by_role("button", name="Show the plan").click()
        assert {object for _, object in ui.plan()} == {"epair/epair5"}
        ui.apply()
        assert demo.topology()["epairs"]["epair5"]["a"]["bridge"] == bridge
        ui.wait_drawn(demo.topology())
        assert demo.settled() == []
    ui.close()


def test_with_the_keyboard_alone(demo, browser):
    ui = Dashboard(browser, demo)
    assert_is(ui, demo, 3)
    for figure, ups in ((1, 3), (3, 1)):
        wanted, before = steps_of(demo, figure), demo.topology()
        ui.tab_to("AddAdd")
        ui.press("Enter", *["ArrowUp"] * ups, "Enter")
        assert ui.plan() == wanted and len(wanted) > 5
        assert demo.topology() == before, "nothing happens before Apply"
        ui.tab_to("Apply")
        ui.press("Enter")
        ui.page.wait_for_selector("dialog", state="detached")
        assert_is(ui, demo, figure)
    ui.close()


def test_its_curl_lines(demo):
    lines = re.findall(r"^  (curl .*)$", demo.said, re.M)
    assert len(lines) == 3
    jails, topology, probe = [subprocess.run(line.replace("curl ", "curl -sS --fail ", 1), shell=True, capture_output=True, text=True)
                              for line in lines]
    for r in (jails, topology, probe):
        assert r.returncode == 0, (r.args, r.stderr)
    assert '"guest5"' in jails.stdout and '"epair6"' in topology.stdout
    assert '"sent":3' in probe.stdout and '"error":null' in probe.stdout, probe.stdout


def test_stop_leaves_nothing(demo):
    r = demo.script("stop")
    assert r.returncode == 0 and str(demo.pid) in r.stdout, r.stdout + r.stderr
    demo.wait(lambda: demo.processes() == [], 3)     # the server ends when it reads that jailnetd has
    demo.held.close()
    assert not os.path.exists("/proc/%d" % demo.pid)
    with open("/proc/self/mountinfo") as f:
        assert demo.dir not in f.read()
    assert not os.path.exists(demo.dir)
    assert "No demo is running" in demo.script("stop").stdout
