"""What is drawn is what GET /v1/topology says."""
import pytest

import jn


def test_sign_in_with_a_token(daemon, open_dashboard):
    ui = open_dashboard(daemon, sign_in=False)
    ui.provokes(r" 401 .*/v1/session$")
    ui.page.goto(ui.origin + "/")
    ui.page.get_by_label("Token").fill("jnd_00000000_nonsense")
    ui.page.get_by_role("button", name="Sign in").click()
    ui.page.get_by_text("not known here").wait_for()
    ui.shot("sign-in")
    ui.page.get_by_label("Token").fill(daemon.admin_token)
    ui.page.get_by_role("button", name="Sign in").click()
    ui.page.get_by_role("heading", name="Nothing here yet").wait_for()
    ui.shot("first-run")
    # the cookie is all that is kept
    assert ui.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])").find("jnd_") == -1
    ui.page.reload()
    ui.page.get_by_role("heading", name="Nothing here yet").wait_for()
    ui.page.get_by_role("button", name="Sign out").click()
    ui.page.get_by_label("Token").wait_for()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_figures_are_drawn_as_they_are(daemon, open_dashboard, n):
    daemon.put("/v1/topology", jn.figure(n))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    ui.shot("figure-%d" % n)


def test_live(daemon, open_dashboard):
    daemon.put("/v1/topology", jn.figure(1))
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    for n in (2, 3, 1):
        daemon.put("/v1/topology", jn.figure(n))
        ui.wait_drawn(daemon.topology())
    daemon.post("/v1/jails/guest2/stop")
    ui.page.wait_for_selector('[data-node="jail/guest2"].look-stopped')
    ui.page.wait_for_selector('[data-cable="epair/epair2"].look-waiting', state="attached")


def test_figure_loaded_from_the_first_page(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.page.get_by_role("button", name="Figure 3").click()
    ui.page.get_by_role("button", name="Apply", exact=True).wait_for()
    ui.shot("plan")
    assert daemon.topology()["jails"] == {}, "nothing happens before it is applied"
    ui.apply()
    assert sorted(daemon.topology()["jails"]) == ["guest1", "guest2", "guest3", "guest4", "guest5"]
    ui.wait_drawn(daemon.topology())
