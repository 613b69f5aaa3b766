"""Counters as a graph, drawn by uPlot under the strict policy, and MAC addresses that stand twice."""
import jn


def graph_of(ui, object_):
    ui.page.goto("%s/#/topology?select=%s" % (ui.origin, object_))
    ui.page.locator("aside.details details.section", has_text="Traffic").locator("summary").first.click()
    ui.page.wait_for_selector(".traffic-plot canvas")


def test_traffic(daemon, open_dashboard):
    topology = {"bridges": {"zz0": {}}, "jails": {"web": {}}, "epairs": {"web0": {"a": {"bridge": "zz0"}, "b": {"jail": "web"}}}}
    assert daemon.put("/v1/topology", topology).status == 200
    ui = open_dashboard(daemon)
    ui.wait_drawn(daemon.topology())
    graph_of(ui, "bridge/zz0")
    ui.page.wait_for_function("() => /in 0 B/.test(document.querySelector('.traffic .legend').innerText)", timeout=15000)
    seen = "() => /in [0-9.]+ [kM]B\\/s/.test(document.querySelector('.traffic .legend').innerText)"
    daemon.by_hand("traffic web web0b 9000000 6000")
    ui.page.wait_for_function(seen, timeout=15000)
    rows = [row.split("\t") for row in ui.page.locator(".traffic tbody").inner_text().splitlines()]
    assert ["zz0", "6000", "0", "0", "0"] in rows
    graph_of(ui, "jail/web")
    ui.page.wait_for_function("() => /out 0 B/.test(document.querySelector('.traffic .legend').innerText)", timeout=15000)
    daemon.by_hand("traffic web web0b 9000000 6000")
    ui.page.wait_for_function(seen.replace("in ", "out "), timeout=15000)
    assert ui.axe() == []


def test_an_address_that_stands_twice(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(1)).status == 200
    cards = {i["name"]: i["mac"] for i in daemon.get("/v1/interfaces").json["items"]}
    daemon.by_hand("mac - em1 " + cards["re0"])          # as a VLAN has its parent's
    daemon.wait(lambda: {i["mac"] for i in daemon.get("/v1/interfaces").json["items"]} == {cards["re0"]})
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/macs")
    ui.page.get_by_role("link", name="epair/epair1").first.wait_for()
    assert ui.page.get_by_role("alert").count() == 0
    ours = daemon.get("/v1/epairs/epair1").json["allocated"]["b"]["mac"]
    daemon.by_hand("mac - em1 " + ours)
    daemon.wait(lambda: ours in {i["mac"] for i in daemon.get("/v1/interfaces").json["items"]})
    ui.page.reload()
    alert = ui.page.get_by_role("alert")
    alert.wait_for(timeout=10000)
    assert "epair/epair1 end b, interface em1" in alert.inner_text()
    assert alert.get_by_role("listitem").count() == 1
