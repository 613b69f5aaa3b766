"""The JSON editor: the diff is what the daemon would change, also where a field that is left out goes back to its default."""
import json

import pytest

import jn


def opened(daemon, open_dashboard):
    topology = jn.figure(3)
    topology["jails"]["guest3"]["forwarding"] = True
    topology["jails"]["guest5"]["running"] = False
    topology["epairs"]["epair1"]["b"]["up"] = False
    topology["epairs"]["x0"] = {"mtu": 9000, "a": {"jail": "guest1"}, "b": {"jail": "guest2"}}
    topology["bridges"]["bridge1"]["stp"] = True
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/edit")
    ui.page.get_by_text("No difference").wait_for()
    return ui


@pytest.mark.parametrize("object_, path", [("jail/guest3", "forwarding"), ("jail/guest5", "running"), ("epair/epair1", "b/up"),
                                           ("epair/x0", "mtu"), ("bridge/bridge1", "stp")])
def test_a_field_left_out_is_a_difference(daemon, open_dashboard, object_, path):
    ui = opened(daemon, open_dashboard)
    text = ui.page.get_by_label("Topology as JSON")
    topology = json.loads(text.input_value())
    before = daemon.topology()
    kind, name = object_.split("/")
    at = topology[kind + "s"][name]
    *way, last = path.split("/")
    for key in way:
        at = at[key]
    del at[last]
    text.fill(json.dumps(topology))
    row = ui.page.locator(".diff li")
    row.first.wait_for(timeout=8000)
    assert row.count() == 1
    assert row.locator("code").inner_text() == "%s/%s" % (object_, path)
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.topology() != before
