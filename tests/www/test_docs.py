"""/docs: every operation of the API is there to be read, without signing in, under the strict content security policy."""
import pytest


def operations(doc):
    return sorted(op["operationId"] for item in doc["paths"].values() for op in item.values() if isinstance(op, dict) and "operationId" in op)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_operation_can_be_read(daemon, open_dashboard, theme):
    d = open_dashboard(daemon, sign_in=False, theme=theme)
    d.page.goto(d.origin + "/docs")
    d.page.wait_for_selector(".opblock", timeout=15000)
    ids = d.page.evaluate("() => [...document.querySelectorAll('.opblock')].map(o => o.id.replace(/^operations-[^-]*-/, '')).sort()")
    assert ids == operations(daemon.get("/openapi.json").json)
    d.page.locator("#operations-topology-putTopology .opblock-summary-control").click()
    d.page.wait_for_selector("#operations-topology-putTopology .responses-wrapper")
    text = d.page.locator("#operations-topology-putTopology").inner_text()
    assert "confirm_timeout" in text and "If-Match" in text
    # it is a page to read: nothing is sent from it
    assert d.page.locator("button.execute, .try-out__btn").count() == 0
    d.shot("docs-" + theme)


def test_the_health_view_leads_there(daemon, open_dashboard):
    d = open_dashboard(daemon)
    d.page.get_by_role("link", name="Health").click()
    link = d.page.get_by_role("link", name="API reference")
    assert link.get_attribute("href") == "/docs"
