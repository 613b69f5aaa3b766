"""Empty, failed, forbidden and old: the page says which it is."""
import pytest

import jn
from conftest import running


@pytest.mark.parametrize("view, path, lie", [("drift", "/v1/drift", "The kernel is as wanted"), ("events", "/v1/events", "Nothing happened")])
def test_what_could_not_be_read_is_not_empty(daemon, open_dashboard, view, path, lie):
    ui = open_dashboard(daemon, sign_in=False)
    ui.provokes(r" 500 ")

    def fail(route):
        if "text/event-stream" in route.request.headers.get("accept", ""):
            return route.continue_()
        return route.fulfill(status=500, content_type="application/problem+json", body=problem("the disk is gone"))

    ui.page.route("**%s*" % path, fail)
    ui.sign_in()
    ui.page.goto("%s/#/%s" % (ui.origin, view))
    ui.page.get_by_text("the disk is gone").first.wait_for()
    assert ui.page.get_by_text(lie).count() == 0
    ui.page.unroute("**%s*" % path)
    ui.page.reload()
    if view == "drift":
        ui.page.get_by_text(lie).wait_for()


def problem(detail):
    return ('{"type":"/problems/internal","title":"It went wrong","status":500,"detail":"%s","instance":null,"code":"internal","request_id":null,'
            '"errors":[],"errno":null,"kernel_message":null,"retryable":true}' % detail)


def test_what_was_read_once_and_cannot_be_again_is_called_old(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(1)).status == 200
    ui = open_dashboard(daemon)
    ui.provokes(r" 500 .*/v1/jails")
    ui.wait_drawn(daemon.topology())
    ui.page.route("**/v1/jails?*", lambda route: route.fulfill(status=500, content_type="application/problem+json", body=problem("no more")))
    assert daemon.post("/v1/bridges", {"name": "b7"}).status == 201
    ui.page.get_by_text("What you see may be old").wait_for()
    assert ui.axe() == []
    ui.page.unroute("**/v1/jails?*")
    ui.page.get_by_role("button", name="Read again").click()
    ui.page.get_by_text("What you see may be old").wait_for(state="detached")
    ui.wait_drawn(daemon.topology())


def test_checks_are_shown_when_one_fails_and_followed(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.provokes(r" 503 .*/readyz")
    ui.page.goto(ui.origin + "/#/health")
    ui.page.locator(".checks").get_by_text("worker").wait_for()
    good = daemon.get("/readyz?verbose").body.decode()
    bad = good.replace("[+]store ok", "[-]store failed")
    assert bad != good
    ui.page.route("**/readyz*", lambda route: route.fulfill(status=503, content_type="text/plain", body=bad))
    ui.page.locator(".checks").get_by_text("store failed").wait_for(timeout=12000)
    assert ui.page.locator(".checks li").count() == good.count("[+]") and ui.page.locator(".problem").count() == 0
    assert ui.axe() == []
    assert daemon.post("/v1/bridges", {"name": "b7"}).status == 201
    ui.page.get_by_text("1, applied 1").wait_for(timeout=12000)


def test_a_link_that_was_used(daemon, open_dashboard, browser):
    ui = open_dashboard(daemon, sign_in=False)
    path = daemon.post("/v1/session/code", {"role": "admin"}).json["path"]
    ui.provokes(r" 401 .*/v1/session$")
    for _ in range(2):      # the second time there is a cookie
        ui.page.goto("about:blank")
        ui.page.goto(ui.origin + path)
        ui.page.wait_for_selector(".shell")
    other = open_dashboard(daemon, sign_in=False)
    other.provokes(r" 401 .*/v1/session$")
    other.page.goto(other.origin + path)
    other.page.get_by_text("This link has been used").wait_for()
    assert other.axe() == []
    other.page.get_by_label("Token").fill(daemon.admin_token)
    other.page.get_by_role("button", name="Sign in").click()
    other.page.wait_for_selector(".shell")


def test_a_toast_goes_away(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/tokens")
    ui.page.get_by_role("button", name="New token").click()
    ui.page.get_by_label("What it is for").fill("ci")
    assert ui.axe() == []
    ui.page.get_by_role("button", name="Make it").click()
    ui.page.get_by_role("button", name="Done").click()
    ui.page.get_by_role("button", name="Revoke ci").click()
    assert ui.axe() == []
    ui.page.get_by_role("button", name="Revoke", exact=True).click()
    ui.page.locator(".toast span").wait_for()
    ui.page.locator(".toast span").wait_for(state="detached", timeout=15000)


def test_a_viewer_is_offered_nothing_to_change(daemon, open_dashboard):
    assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(3)).status == 200
    ui = open_dashboard(daemon, sign_in=False)
    refused = []
    ui.page.on("response", lambda r: refused.append(r.url) if r.status == 403 else None)
    ui.sign_in("viewer")
    ui.wait_drawn(daemon.topology())
    assert ui.page.get_by_role("navigation", name="Views").inner_text().split() == ["Topology", "Drift", "MACs", "Events", "History", "Health"]
    for where in ("topology", "topology?select=jail/guest3", "topology?select=epair/epair1", "drift", "history", "macs", "events", "health"):
        ui.page.goto("%s/#/%s" % (ui.origin, where))
        ui.page.wait_for_selector(".page h1, svg.canvas")
        for name in ("Add", "Edit", "Delete", "Stop", "Move", "Repair", "Adopt", "Keep it", "Take it back", "Send"):
            assert ui.page.get_by_role("button", name=name).count() == 0, (where, name)
    ui.page.goto(ui.origin + "/#/history")
    ui.page.locator(".revision-head").first.click()
    ui.page.get_by_role("button", name="Compared with now").wait_for()
    assert ui.page.get_by_role("button", name="Restore").count() == 0
    assert refused == []


def test_times_are_local_and_utc_on_hover(daemon, open_dashboard):
    assert daemon.post("/v1/bridges", {"name": "b7"}).status == 201
    at = daemon.get("/v1/bridges/b7").json["updated_at"]
    ui = open_dashboard(daemon, timezone_id="Asia/Tokyo")
    ui.page.goto(ui.origin + "/#/topology?select=bridge/b7")
    time = ui.page.locator("aside.details time").last
    hour = (int(at[11:13]) + 9) % 24
    assert time.get_attribute("title") == at.replace("T", " ").replace("Z", "") + " UTC"
    assert "%d%s" % ((hour + 11) % 12 + 1, at[13:19]) in time.inner_text()


@pytest.mark.parametrize("button", ["Repair", "Adopt"])
def test_drift_is_repaired_or_adopted_at_a_button(browser, open_dashboard, button):
    # the kernel refuses what the daemon tries by itself, and it waits before it tries again
    with running(env={"JAILNET_FAKE_FAULT": "IF_SET:1:1"}) as d:
        assert d.put("/v1/topology", jn.figure(1)).status == 200
        ui = open_dashboard(d)
        ui.wait_drawn(d.topology())
        ui.page.goto(ui.origin + "/#/drift")
        d.by_hand("down - epair1a")
        row = ui.page.locator("tr", has_text="epair/epair1")
        row.first.get_by_role("button", name=button).click()
        if button == "Adopt":
            ui.apply()
        ui.page.get_by_text("The kernel is as wanted").wait_for(timeout=15000)
        assert any(i["path"].endswith("/" + button.lower()) and i["result"] == "committed" for i in d.get("/v1/audit").json["items"])
        assert d.get("/v1/epairs/epair1").json["a"]["up"] is (button == "Repair")
        ui.close()
