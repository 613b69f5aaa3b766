"""axe-core in every dialog, on the sign-in and the first page, and under the banners; in both themes, at both widths."""
import pytest

import jn


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=lambda p: "%s-%d" % p)
def ui(request, daemon, open_dashboard):
    ui = open_dashboard(daemon, theme=request.param[0], width=request.param[1], sign_in=False)

    def fine(what):
        ui.page.wait_for_timeout(150)
        assert ui.axe() == [], what
        assert ui.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what

    ui.fine = fine
    return ui


def test_before_there_is_anything(daemon, ui):
    ui.page.goto(ui.origin + "/")
    ui.page.get_by_label("Token").wait_for()
    ui.fine("sign in")
    ui.sign_in()
    ui.page.get_by_role("heading", name="Nothing here yet").wait_for()
    ui.fine("first run")


def test_dialogs(daemon, ui):
    topology = jn.figure(3)
    topology["attachments"] = {"em1": {"jail": "guest1"}}
    assert daemon.put("/v1/topology", topology).status == 200
    ui.sign_in()
    ui.wait_drawn(daemon.topology())

    def close():
        ui.page.keyboard.press("Escape")
        ui.page.wait_for_selector("dialog", state="detached")

    for name in ("Jail on a bridge…", "Bridge…", "Epair…", "Interface into a jail…", "Load Figure 1"):
        ui.page.get_by_role("button", name="Add", exact=True).click()
        ui.page.get_by_role("button", name=name).first.click()
        ui.page.wait_for_selector("dialog")
        if name.startswith("Load"):
            ui.page.locator("dialog .steps").wait_for()
        ui.fine(name)
        close()
    for object_ in ("bridge/bridge0", "epair/epair1", "jail/guest1", "interface/em1"):
        ui.page.goto("%s/#/topology?select=%s" % (ui.origin, object_))
        details = ui.page.locator("aside.details")
        for button in ("Edit", "Take back" if object_.startswith("interface") else "Delete", "Move"):
            found = details.get_by_role("button", name=button)
            if found.count() == 0:
                continue
            found.first.click()
            ui.page.wait_for_selector("dialog")
            ui.fine("%s of %s" % (button, object_))
            close()
    ui.page.goto(ui.origin + "/#/tokens")
    for name in ("Sign-in link", "New token", "Revoke first admin"):
        ui.page.get_by_role("button", name=name).click()
        ui.fine(name)
        close()


def test_banners(daemon, ui):
    ui.provokes(r"ERR_FAILED .*/v1/events")
    assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(1)).status == 200
    ui.sign_in()
    ui.page.get_by_role("alertdialog").wait_for()
    ui.page.route("**/v1/events", lambda route: route.abort())
    ui.page.reload()
    ui.page.get_by_text("Connection lost").wait_for()
    ui.page.get_by_role("alertdialog").wait_for()
    ui.fine("both banners")
