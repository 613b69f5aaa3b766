"""Everything the contract lets a client write can be written by hand, and arrives as it was typed."""
import pytest

import jn

# told, not written; and where a thing is, is changed by moving it
NOT_TYPED = {"name", "kind", "id", "revision", "created_at", "updated_at", "allocated", "status"}
MOVED = {"a.bridge", "a.jail", "b.bridge", "b.jail", "jail"}


def writable(doc, name):
    """Paths of the leaves; maps and lists are leaves."""
    paths = set()
    schemas = doc["components"]["schemas"]
    for key, value in schemas[name]["properties"].items():
        inner = schemas[value["$ref"].split("/")[-1]] if "$ref" in value else value
        if name.endswith("Write") and key in NOT_TYPED:
            continue
        paths |= {"%s.%s" % (key, p) for p in inner["properties"]} if "properties" in inner else {key}
    return paths


def attached(daemon):
    topology = jn.figure(3)
    topology["attachments"] = {"em1": {"jail": "guest1"}}
    assert daemon.put("/v1/topology", topology).status == 200


def edit(ui, object_):
    ui.page.goto("%s/#/topology?select=%s" % (ui.origin, object_))
    ui.page.locator("aside.details").get_by_role("button", name="Edit", exact=True).click()
    dialog = ui.page.locator("dialog")
    advanced = dialog.locator("details.quiet summary", has_text="Advanced")
    if advanced.count():
        advanced.click()
    return dialog


@pytest.mark.parametrize("object_, schema", [("bridge/bridge1", "BridgeWrite"), ("jail/guest3", "JailWrite"), ("epair/epair1", "EpairWrite"),
                                             ("interface/em1", "AttachmentWrite")])
def test_every_field_of_the_contract_is_in_the_form(daemon, open_dashboard, object_, schema):
    attached(daemon)
    ui = open_dashboard(daemon, width=390)
    dialog = edit(ui, object_)
    names = dialog.evaluate("d => [...d.querySelectorAll('[name], [data-name]')].map(e => e.dataset.name ?? e.getAttribute('name'))")
    assert set(names) == writable(daemon.get("/openapi.json").json, schema) - MOVED
    assert ui.axe() == [] and ui.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    before = daemon.topology()
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.page.get_by_text("Nothing to do in the kernel").wait_for()
    ui.apply()
    assert daemon.topology() == before, "what is not touched stays as it is"


def test_members_and_advanced_fields_arrive(daemon, open_dashboard):
    attached(daemon)
    ui = open_dashboard(daemon)
    dialog = edit(ui, "bridge/bridge1")
    dialog.get_by_label("VLAN filtering").check()
    dialog.get_by_label("MAC address").fill("02:00:00:00:00:77")
    dialog.get_by_role("button", name="Add a member").click()
    dialog.get_by_label("Interface of row 1").fill("eth7")
    dialog.get_by_label("Private").check()
    dialog.get_by_label("Tagged VLANs of row 1").fill("10, 20")
    dialog.get_by_label("Untagged VLAN of row 1").fill("7")
    assert ui.axe() == []
    ui.shot("edit-bridge")
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    bridge = daemon.get("/v1/bridges/bridge1").json
    assert bridge["mac"] == "02:00:00:00:00:77" and bridge["vlan_filter"] is True
    assert bridge["members"]["eth7"] == {"private": True, "stp": False, "edge": False, "untagged": 7, "tagged": [10, 20]}
    dialog = edit(ui, "bridge/bridge1")
    dialog.get_by_role("button", name="Remove eth7").click()
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.get("/v1/bridges/bridge1").json["members"] == {}

    dialog = edit(ui, "epair/epair4")
    dialog.get_by_label("Tagged VLANs of end a").fill("10,30")
    dialog.get_by_label("End a is private").check()
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    end = daemon.get("/v1/epairs/epair4").json["a"]
    assert end["tagged"] == [10, 30] and end["private"] is True

    dialog = edit(ui, "jail/guest3")
    dialog.get_by_label("Sysctls").fill("net.inet.ip.ttl = 65")
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.apply()
    assert daemon.get("/v1/jails/guest3").json["sysctls"] == {"net.inet.ip.ttl": "65"}
