"""The command lines on screen do what the buttons beside them do."""
import json
import os
import subprocess

import jn
from conftest import running


def run(daemon, line):
    assert line.startswith("curl ")
    r = subprocess.run(["sh"], input=line, env={**os.environ, "TOKEN": daemon.admin_token}, capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    body = json.loads(r.stdout) if r.stdout else {}
    assert body.get("status") is None or isinstance(body["status"], dict), body      # a problem has a number there
    return body


def line_in(ui, place):
    details = ui.page.locator(place + " details.quiet")
    details.locator("summary").click()
    return details.locator("pre").text_content().strip()


def test_the_line_of_a_plan(daemon, open_dashboard):
    assert daemon.put("/v1/topology", jn.figure(3)).status == 200
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/topology?select=jail/guest3")
    ui.page.locator("aside.details").get_by_role("button", name="Stop", exact=True).click()
    run(daemon, line_in(ui, "dialog"))
    assert daemon.get("/v1/jails/guest3").json["running"] is False
    ui.page.get_by_role("button", name="Cancel").click()
    ui.page.goto(ui.origin + "/#/topology?select=epair/epair1")
    ui.page.locator("aside.details").get_by_role("button", name="Delete", exact=True).click()
    run(daemon, line_in(ui, "dialog"))
    assert daemon.get("/v1/epairs/epair1").status == 404


def test_the_line_of_a_whole_topology_that_is_no_argument(daemon, open_dashboard):
    topology = {"jails": {"j%d" % n: {"description": "it's \"%s\" $HOME `id`" % ("x" * 900)} for n in range(150)}}
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/edit")
    ui.page.get_by_label("Topology as JSON").fill(json.dumps(topology))
    ui.page.locator(".diff li").first.wait_for()
    ui.page.get_by_role("button", name="Show the plan").click()
    ui.page.get_by_role("button", name="Apply", exact=True).wait_for()
    line = line_in(ui, "dialog")
    assert len(line) > 128 * 1024
    run(daemon, line)
    assert daemon.get("/v1/jails/j7").json["description"] == topology["jails"]["j7"]["description"]


def test_the_lines_of_tokens(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    ui.page.goto(ui.origin + "/#/tokens")
    ui.page.get_by_role("button", name="New token").click()
    ui.page.get_by_label("What it is for").fill("ci")
    made = run(daemon, line_in(ui, "dialog"))
    assert daemon.tcp(token=made["token"]).get("/v1/whoami").json["role"] == "viewer"
    ui.page.get_by_role("button", name="Cancel").click()
    ui.page.get_by_role("button", name="Sign-in link").click()
    link = run(daemon, ui.page.locator("dialog pre").text_content().strip())
    other = open_dashboard(daemon, sign_in=False)
    other.page.goto(other.origin + link["path"])
    other.page.wait_for_selector(".shell")
    ui.page.get_by_role("button", name="Done").click()
    ui.page.reload()
    ui.page.get_by_role("button", name="Revoke ci").click()
    run(daemon, line_in(ui, "dialog"))
    assert daemon.tcp(token=made["token"]).get("/v1/whoami").status == 401


def test_the_lines_of_a_change_that_waits(daemon, open_dashboard):
    ui = open_dashboard(daemon)
    assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(1)).status == 200
    ui.page.get_by_role("alertdialog").wait_for()
    run(daemon, line_in(ui, ".banner"))
    assert daemon.get("/v1/topology/confirm").json["pending"] is None and daemon.topology()["jails"]
    assert daemon.put("/v1/topology?confirm_timeout=300", jn.figure(2)).status == 200
    ui.page.get_by_text("Keep revision 2?").wait_for()
    ui.page.get_by_role("button", name="Take it back").click()
    run(daemon, line_in(ui, "dialog"))
    assert daemon.get("/v1/topology/confirm").json["pending"] is None and list(daemon.topology()["bridges"]) == ["bridge0"]


def test_the_line_of_a_repair(browser, open_dashboard):
    # the kernel refuses what the daemon tries by itself, and it waits before it tries again
    with running(env={"JAILNET_FAKE_FAULT": "IF_SET:1:1"}) as d:
        assert d.put("/v1/topology", jn.figure(1)).status == 200
        ui = open_dashboard(d)
        d.by_hand("down - epair1a")
        ui.page.goto(ui.origin + "/#/drift")
        ui.page.locator("tr", has_text="epair/epair1").first.wait_for()
        line = line_in(ui, "tr >> nth=1 >> css=td")
        assert "/v1/drift/" in line and "/repair" in line
        run(d, line)
        d.wait(lambda: d.get("/v1/drift").json["items"] == [], 10)
        assert any(i["path"].endswith("/repair") and i["result"] == "committed" for i in d.get("/v1/audit").json["items"])
        ui.close()
