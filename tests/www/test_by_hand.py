"""The real kernel, changed by hand under the dashboard's eyes; names nobody of us would choose."""
import xml.etree.ElementTree as xml

import jn

HOSTILE = '<i>x"&'


def test_a_hostile_interface_of_the_host(real_daemon, open_dashboard):
    topology = jn.figure(1)
    topology["bridges"]["bridge0"]["members"] = {}
    real_daemon.ip("link", "add", HOSTILE, "type", "veth", "peer", "name", "far0")
    assert real_daemon.put("/v1/topology", topology).status == 200
    real_daemon.wait(lambda: HOSTILE in [i["name"] for i in real_daemon.get("/v1/interfaces").json["items"]], 40)
    ui = open_dashboard(real_daemon)
    ui.wait_drawn(real_daemon.topology())
    others = ui.page.locator("details.others")
    others.locator("summary").click()
    assert HOSTILE in others.inner_text()
    ui.page.get_by_role("button", name="Export").click()
    with ui.page.expect_download() as got:
        ui.page.get_by_role("button", name="SVG", exact=True).click()
    xml.parse(got.value.path())
    for view in ("drift", "macs", "events", "audit", "history", "edit", "health"):
        ui.page.goto("%s/#/%s" % (ui.origin, view))
        ui.page.wait_for_selector(".page h1")
    ui.page.goto(ui.origin + "/#/topology")
    ui.page.get_by_role("button", name="Add", exact=True).click()
    ui.page.get_by_role("button", name="Interface into a jail").click()
    ui.page.locator("dialog").wait_for()
    assert ui.page.evaluate("document.querySelectorAll('main i:not([aria-hidden]), dialog i:not([aria-hidden])').length") == 0
    assert ui.page.title() == "jailnet"


def test_what_is_done_by_hand_is_repaired_and_told(real_daemon, open_dashboard):
    """A link set down: it is up again, and the events say both."""
    topology = jn.figure(1)
    topology["bridges"]["bridge0"]["members"] = {}
    assert real_daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(real_daemon)
    ui.wait_drawn(real_daemon.topology())
    real_daemon.ip("link", "set", "epair1a", "down")
    ui.page.goto(ui.origin + "/#/events")
    ui.page.locator(".event-list").get_by_text("epair1a").first.wait_for()
    real_daemon.wait(lambda: real_daemon.settled() == [], 20)
    ui.page.locator(".event-list").get_by_text("drift.repaired").first.wait_for()
    assert "UP" in real_daemon.ip_json("link", "show", "epair1a")[0]["flags"]
