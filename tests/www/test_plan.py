"""What is applied is the plan that was seen; and what is applied may have to be confirmed."""
import pytest

import jn
from conftest import running


def test_the_network_changes_behind_an_open_plan(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(3)).status == 200
    ui = open_dashboard(daemon)
    ui.provokes(r" 412 .*/v1/topology", r" 412 .*/stop")
    ui.wait_drawn(daemon.topology())
    for select, button, gone in (("epair/epair1", "Delete", lambda: daemon.get("/v1/epairs/epair1").status == 404),
                                 ("jail/guest2", "Stop", lambda: daemon.get("/v1/jails/guest2").json["running"] is False)):
        ui.page.goto("%s/#/topology?select=%s" % (ui.origin, select))
        ui.page.locator("aside.details").get_by_role("button", name=button, exact=True).click()
        ui.page.get_by_role("button", name="Apply", exact=True).wait_for()
        assert daemon.post("/v1/bridges", {"name": "b" + button.lower()}).status == 201
        ui.page.get_by_role("button", name="Apply", exact=True).click()
        ui.page.get_by_text("changed meanwhile").wait_for()
        assert not gone() and ui.axe() == []
        ui.apply()
        assert gone() and "b" + button.lower() in daemon.topology()["bridges"], "what the others did stays"


def test_a_connection_lost_under_way(browser, open_dashboard):
    with running(env={"JAILNET_FAKE_DELAY_US": "300000"}) as d:
        ui = open_dashboard(d)
        ui.page.get_by_role("button", name="Figure 2").click()
        ui.page.get_by_role("button", name="Apply", exact=True).click()
        ui.page.get_by_text("Step ").wait_for()
        assert ui.axe() == []
        ui.offline(True)
        ui.page.get_by_text("No answer; the daemon goes on").wait_for()
        ui.shot("lost-under-way")
        ui.offline(False)
        ui.page.wait_for_selector("dialog", state="detached", timeout=60000)
        assert sorted(d.topology()["bridges"]) == ["bridge0", "bridge1"] and d.get("/v1").json["revision"] == 1
        ui.close()


def test_a_lost_answer_is_asked_for_again_not_done_again(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.provokes(r"ERR_FAILED .*/v1/bridges")
    ui.page.get_by_role("button", name="make a bridge").click()
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.page.get_by_role("button", name="Apply", exact=True).wait_for()

    def lose(route):
        route.fetch()
        route.abort()

    ui.page.route("**/v1/bridges?*", lose, times=1)
    ui.page.get_by_role("button", name="Apply", exact=True).click()
    ui.page.get_by_text("The daemon does not answer").wait_for()
    assert daemon.get("/v1").json["revision"] == 1
    ui.page.get_by_role("button", name="Try again").click()
    ui.page.wait_for_selector("dialog", state="detached")
    assert daemon.get("/v1").json["revision"] == 1 and list(daemon.topology()["bridges"]) == ["bridge0"]


@pytest.mark.parametrize("width", [1280, 390])
def test_confirm_and_roll_back(daemon, open_dashboard, width):
    assert daemon.put("/v1/topology", jn.figure(1)).status == 200
    ui = open_dashboard(daemon, width=width)
    ui.wait_drawn(daemon.topology())

    def load(figure):
        ui.page.get_by_role("button", name="Add", exact=True).click()
        ui.page.get_by_role("button", name="Load " + figure).click()
        ui.page.get_by_role("button", name="Apply", exact=True).wait_for()

    def no_sideways():
        assert ui.axe() == [] and ui.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    load("Figure 2")
    ui.page.locator(".dialog-foot select").select_option("60")
    no_sideways()
    ui.apply()
    ui.page.get_by_role("alertdialog").wait_for()
    ui.shot("confirm-%d" % width)
    no_sideways()
    first = ui.page.locator(".countdown").inner_text()
    ui.page.wait_for_function("before => document.querySelector('.countdown').innerText !== before", arg=first)
    ui.page.get_by_role("button", name="Take it back").click()
    ui.page.locator("dialog .steps").wait_for()
    assert sorted(daemon.topology()["bridges"]) == ["bridge0", "bridge1"], "the plan comes first"
    ui.apply()
    ui.page.get_by_role("alertdialog").wait_for(state="detached")
    assert sorted(daemon.topology()["bridges"]) == ["bridge0"]
    ui.wait_drawn(daemon.topology())
    load("Figure 2")
    assert ui.page.locator(".dialog-foot select").input_value() == "60", "the last choice is remembered"
    ui.apply()
    ui.page.get_by_role("button", name="Keep it").click()
    ui.page.get_by_role("alertdialog").wait_for(state="detached")
    assert sorted(daemon.topology()["bridges"]) == ["bridge0", "bridge1"]
    assert daemon.get("/v1/topology/confirm").json["pending"] is None


def test_one_object_confirmed_and_a_clock_that_is_wrong(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(1)).status == 200
    ui = open_dashboard(daemon, sign_in=False)
    ui.page.add_init_script("{ const now = Date.now; Date.now = () => now() + 3600000; }")
    ui.sign_in()
    ui.page.goto("%s/#/topology?select=jail/guest1" % ui.origin)
    ui.page.locator("aside.details").get_by_role("button", name="Stop", exact=True).click()
    ui.page.locator(".dialog-foot select").select_option("300")
    ui.apply()
    ui.page.get_by_role("alertdialog").wait_for()
    assert daemon.get("/v1/topology/confirm").json["pending"] is not None
    left = int(ui.page.locator(".countdown").inner_text().split()[0])
    assert 100 < left <= 301, "an hour ahead, and still the daemon's seconds"


def test_kept_is_what_was_shown(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(1)).status == 200
    ui = open_dashboard(daemon)
    ui.provokes(r" 412 .*/v1/topology/confirm")
    ui.wait_drawn(daemon.topology())
    assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(2)).status == 200
    ui.page.get_by_role("alertdialog").wait_for()

    def meanwhile(route):
        base = daemon.get("/v1/topology/confirm").json["pending"]["base"]
        assert daemon.post("/v1/topology/rollback", {"revision": base}).status == 200
        assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(3)).status == 200
        route.continue_()

    ui.page.route("**/v1/topology/confirm?*", meanwhile, times=1)
    ui.page.get_by_role("button", name="Keep it").click()
    ui.page.get_by_text("waits for a confirmation, not").wait_for()
    assert daemon.get("/v1/topology/confirm").json["pending"] is not None
