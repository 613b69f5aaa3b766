"""Deleting and moving: what stays keeps the routes it still has a gateway for, and interfaces of the host move like epairs."""
import pytest

import jn
from conftest import drag


def remove(ui, object_, button="Delete"):
    ui.page.goto("%s/#/topology?select=%s" % (ui.origin, object_))
    ui.page.locator("aside.details").get_by_role("button", name=button, exact=True).click()
    ui.apply()


def test_a_deleted_bridge_takes_only_its_own_routes(daemon, open_dashboard):
    topology = jn.figure(3)
    topology["jails"]["guest3"]["routes"]["203.0.113.0/24"] = "198.51.100.14"     # by bridge1
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    remove(ui, "bridge/bridge0")
    now = daemon.topology()
    assert "bridge0" not in now["bridges"]
    assert now["jails"]["guest3"]["routes"] == {"203.0.113.0/24": "198.51.100.14"}
    assert now["jails"]["guest4"]["routes"] == jn.figure(3)["jails"]["guest4"]["routes"]
    assert now["jails"]["guest1"]["routes"] == {}


@pytest.mark.parametrize("object_, kept", [("epair/epair1", "guest2"), ("jail/guest3", "guest4")])
def test_deleted_alone(daemon, open_dashboard, object_, kept):
    assert daemon.put("/v1/topology", jn.figure(3)).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    remove(ui, object_)
    now = daemon.topology()
    assert object_.split("/")[1] not in {**now["epairs"], **now["jails"]}
    assert now["jails"]["guest1"]["routes"] == ({} if object_ == "epair/epair1" else jn.figure(3)["jails"]["guest1"]["routes"])
    assert now["jails"][kept]["routes"] == jn.figure(3)["jails"][kept]["routes"]


def attached(daemon, open_dashboard):
    topology = jn.figure(1)
    topology["attachments"] = {"em1": {"jail": "guest1", "addresses": ["203.0.113.1/24"]}}
    topology["jails"]["guest1"]["routes"]["198.18.0.0/15"] = "203.0.113.9"
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    return ui


def test_an_attached_interface_moves_by_drag(daemon, open_dashboard):
    ui = attached(daemon, open_dashboard)
    drag(ui.page, '[data-port="attachment/em1:1"]', '[data-node="jail/guest2"]')
    assert ui.page.locator("dialog select").input_value() == "jail guest2"
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    now = daemon.topology()
    assert now["attachments"]["em1"]["jail"] == "guest2"
    assert now["jails"]["guest1"]["routes"] == jn.figure(1)["jails"]["guest1"]["routes"]
    ui.wait_drawn(now)


def test_an_attached_interface_moves_by_form_and_is_given_back(daemon, open_dashboard):
    ui = attached(daemon, open_dashboard)
    ui.select("jail/guest1")
    ui.page.get_by_role("button", name="Move em1").click()
    options = ui.page.locator("dialog select option").all_inner_texts()
    assert options == ["jail " + name for name in sorted(daemon.topology()["jails"])] + ["host"]
    ui.page.locator("dialog select").select_option("jail guest2")
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.topology()["attachments"]["em1"]["jail"] == "guest2"
    remove(ui, "interface/em1", "Take back")
    assert daemon.topology()["attachments"] == {}
