"""Changes: the plan first, then what the API has afterwards.  With the mouse, and with the keyboard alone."""
import re

import jn
from conftest import running


def figure_ui(daemon, open_dashboard, n=3, **kw):
    assert daemon.put("/v1/topology", jn.figure(n)).status == 200
    ui = open_dashboard(daemon, **kw)
    ui.wait_drawn(daemon.topology())
    return ui


def test_details_stop_and_start(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    ui.select("jail/guest3")
    panel = ui.page.locator("aside.details")
    assert "198.51.100.3/24" in panel.inner_text()
    ui.shot("details")
    panel.get_by_role("button", name="Stop").click()
    ui.page.get_by_text("with interruption").wait_for()
    ui.shot("plan-interruption")
    curl = ui.page.locator("dialog details.quiet")
    curl.locator("summary").click()
    assert "/v1/jails/guest3/stop" in curl.inner_text()
    ui.page.get_by_role("button", name="Cancel").click()
    assert daemon.get("/v1/jails/guest3").json["running"] is True
    panel.get_by_role("button", name="Stop").click()
    ui.apply()
    ui.page.wait_for_selector('[data-node="jail/guest3"].look-stopped')
    panel.get_by_role("button", name="Start").click()
    ui.apply()
    ui.page.wait_for_selector('[data-node="jail/guest3"].look-ready')


def test_create_edit_delete(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    ui.page.get_by_role("button", name="Add", exact=True).click()
    ui.page.get_by_role("button", name="Jail on a bridge").click()
    ui.page.locator("dialog").get_by_label("Name", exact=True).fill("guest6")
    ui.page.locator("dialog").get_by_label("Connected to").select_option("bridge1")
    ui.page.locator("dialog").get_by_label("Addresses").fill("198.51.100.16/24")
    ui.page.locator("dialog").get_by_label("Routes").fill("default = 198.51.100.3")
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.get("/v1/jails/guest6").json["routes"] == {"default": "198.51.100.3"}
    ui.wait_drawn(daemon.topology())

    ui.page.locator("aside.details").get_by_role("button", name="Edit").click()
    ui.page.locator("dialog").get_by_label("Description").fill("made by hand")
    ui.page.locator("dialog").get_by_label("Labels").fill("env = test")
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    jail = daemon.get("/v1/jails/guest6").json
    assert (jail["description"], jail["labels"]) == ("made by hand", {"env": "test"})

    ui.page.locator("aside.details").get_by_role("button", name="Delete").click()
    ui.apply()
    assert daemon.get("/v1/jails/guest6").status == 404
    assert daemon.topology() == daemon.topology() and "guest6" not in str(daemon.topology())
    ui.wait_drawn(daemon.topology())


def test_refusal_is_shown_and_nothing_typed_is_lost(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    ui.provokes(r" 422 .*/v1/bridges")
    ui.page.get_by_role("button", name="Add", exact=True).click()
    ui.page.get_by_role("button", name="Bridge…", exact=True).click()
    ui.page.locator("dialog").get_by_label("Name", exact=True).fill("bridge9")
    ui.page.locator("dialog").get_by_label("Addresses of the host").fill("192.0.2.300/24")
    ui.page.get_by_role("button", name="Show the plan").click()
    problem = ui.page.locator("dialog .problem")
    problem.wait_for()
    assert "/addresses/0" in problem.inner_text()
    ui.page.get_by_role("button", name="Close", exact=True).last.click()
    assert ui.page.locator("dialog").get_by_label("Addresses of the host").input_value() == "192.0.2.300/24"
    assert daemon.get("/v1/bridges/bridge9").status == 404


def test_move_by_drag(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    port = ui.page.locator('[data-port="epair/epair2:1"]').bounding_box()
    jail = ui.page.locator('[data-node="jail/guest1"]').bounding_box()
    ui.page.mouse.move(port["x"] + port["width"] / 2, port["y"] + 4)
    ui.page.mouse.down()
    ui.page.mouse.move(jail["x"] + 60, jail["y"] + jail["height"] - 8, steps=6)
    ui.shot("drag")
    ui.page.mouse.up()
    assert ui.page.locator("dialog select").input_value() == "jail guest1"
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.get("/v1/epairs/epair2").json["b"]["jail"] == "guest1"
    assert daemon.get("/v1/jails/guest2").json["routes"] == {}
    ui.wait_drawn(daemon.topology())


def test_figure_3_to_figure_1_and_back_with_the_keyboard_alone(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)

    for n in (1, 3):
        ui.tab_to("AddAdd")
        ui.press("Enter", "ArrowUp")
        if n == 1:
            ui.press("ArrowUp", "ArrowUp")
        ui.press("Enter")
        ui.page.get_by_role("button", name="Apply", exact=True).wait_for()
        ui.tab_to("Apply")
        ui.press("Enter")
        ui.page.wait_for_selector("dialog", state="detached")
        assert sorted(daemon.topology()["jails"]) == sorted(jn.figure(n)["jails"])
        ui.wait_drawn(daemon.topology())


def test_arrows_walk_the_drawing(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    ui.page.locator('[data-node="bridge/bridge0"]').focus()
    ui.page.keyboard.press("ArrowDown")
    ui.page.wait_for_function("() => document.activeElement.dataset.node === 'jail/guest2'")
    ui.page.keyboard.press("ArrowRight")
    ui.page.wait_for_function("() => document.activeElement.dataset.node === 'jail/guest3'")
    ui.page.keyboard.press("Enter")
    ui.page.get_by_role("heading", name="guest3").wait_for()
    ui.page.keyboard.press("Escape")
    ui.page.wait_for_selector("aside.details", state="detached")


def test_path_and_search(daemon, open_dashboard):
    ui = figure_ui(daemon, open_dashboard)
    ui.select("jail/guest4")
    ui.page.get_by_role("button", name="Path", exact=True).click()
    ui.page.wait_for_selector('[data-node="jail/guest1"].dim')
    lit = ui.page.evaluate("[...document.querySelectorAll('[data-node]:not(.dim)')].map(n => n.dataset.node).sort()")
    assert lit == ["bridge/bridge0", "bridge/bridge1", "host/host", "jail/guest3", "jail/guest4", "uplink/re0"]
    ui.page.get_by_role("searchbox").fill("198.51.100.15")
    ui.page.wait_for_selector('[data-node="jail/guest4"].dim')
    lit = ui.page.evaluate("[...document.querySelectorAll('[data-node]:not(.dim)')].map(n => n.dataset.node).sort()")
    assert lit == ["jail/guest5"]


def test_probe_real_packets(real_daemon, open_dashboard):
    topology = jn.figure(3)
    topology["bridges"]["bridge0"]["members"] = {}
    ui = None
    assert real_daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(real_daemon)
    ui.wait_drawn(real_daemon.topology())
    ui.select("jail/guest4")
    ui.page.locator("details.section", has_text="Probe").locator("summary").first.click()
    ui.page.get_by_label("Send packets to").fill("192.0.2.11")
    for _ in range(5):
        ui.page.get_by_role("button", name="Send", exact=True).click()
        ui.page.wait_for_selector(".probe-result")
        if ui.page.locator(".probe-result.ok").count():
            break
    assert re.search(r"\d+\.\d{3} ms", ui.page.locator(".probe-result.ok").inner_text())
    ui.page.get_by_label("Send packets to").fill("203.0.113.9")
    ui.page.get_by_role("button", name="Send", exact=True).click()
    ui.page.wait_for_selector(".probe-result.bad, .probe .problem")


def test_drift_made_by_hand_shows_and_is_repaired(browser, open_dashboard):
    # the kernel refuses the first repairs, so that the difference stays on screen
    with running(env={"JAILNET_FAKE_FAULT": ",".join("IF_SET:%d:1" % n for n in range(1, 4))}) as d:
        assert d.put("/v1/topology", jn.figure(1)).status == 200
        ui = open_dashboard(d)
        ui.wait_drawn(d.topology())
        d.by_hand("down - epair1a")
        ui.page.wait_for_selector('[data-cable="epair/epair1"]:is(.look-drifted, .look-failed)', state="attached")
        ui.shot("drifted")
        ui.page.goto(ui.origin + "/#/drift")
        ui.page.get_by_role("link", name="epair/epair1").first.wait_for()
        ui.shot("drift")
        ui.page.get_by_text("The kernel is as wanted").wait_for(timeout=30000)
        assert d.settled() == []
        ui.close()
