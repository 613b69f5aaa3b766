"""Browsers: sessions, sign-in codes, what pages of other sites cannot do.  Fake kernel, TCP on loopback."""
import time

import pytest

from jn import Daemon
from test_access import Stream, client, d, make, raw, sign_in  # noqa: F401  (d is a fixture)

# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_session(d):
    t = make(d, role="operator")
    cookie, a = sign_in(d, token=t["token"])
    attributes = a.headers["Set-Cookie"]
    for must in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert must in attributes
    assert t["token"] not in a.body.decode() and cookie.split("=")[1] not in a.body.decode()
    browser = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    assert raw(d, "GET", "/v1/whoami", None, browser).json["via"] == "session"
    assert raw(d, "PUT", "/v1/bridges/se0", {}, browser).status == 201
    assert raw(d, "DELETE", "/v1/bridges/se0", None, browser).status == 204
    # no session out of a session
    assert raw(d, "POST", "/v1/session/code", {}, browser).status == 403
    assert raw(d, "DELETE", "/v1/session", None, browser).status == 204
    assert raw(d, "GET", "/v1/whoami", None, browser).status == 401


def test_a_session_ends_with_its_token(d):
    t = make(d)
    cookie, _ = sign_in(d, token=t["token"])
    assert raw(d, "GET", "/v1", None, {"Cookie": cookie}).status == 200
    assert d.delete("/v1/tokens/" + t["id"]).status == 204
    assert raw(d, "GET", "/v1", None, {"Cookie": cookie}).status == 401
    # nor does it outlive it
    t = make(d, expires_in_seconds=1)
    cookie, a = sign_in(d, token=t["token"])
    assert a.json["expires_at"] == t["expires_at"]
    time.sleep(1.2)
    assert raw(d, "GET", "/v1", None, {"Cookie": cookie}).status == 401


def test_a_session_survives_the_server():
    with Daemon() as d:
        cookie, _ = sign_in(d, token=d.admin_token)
        pid = d.server_pid()
        d.kill_server()
        d.wait(lambda: d.server_pid() not in (None, pid))

        def answers():
            try:
                return raw(d, "GET", "/v1", None, {"Cookie": cookie}).status == 200
            except OSError:
                return False
        d.wait(answers)


def test_a_code_signs_in_once(d):
    a = d.post("/v1/session/code", {"role": "viewer", "expires_in_seconds": 60})
    assert a.status == 201 and a.json["path"] == "/#code=" + a.json["code"]
    cookie, s = sign_in(d, code=a.json["code"])
    assert s.json["role"] == "viewer"
    assert raw(d, "GET", "/v1/jails", None, {"Cookie": cookie}).status == 200
    assert raw(d, "PUT", "/v1/bridges/x", {}, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}).status == 403
    assert raw(d, "POST", "/v1/session", {"code": a.json["code"]}).status == 401
    # a code is no session, a session no code, a code no token
    code = d.post("/v1/session/code", {}).json["code"]
    name = cookie.split("=")[0]
    assert raw(d, "GET", "/v1", None, {"Cookie": name + "=" + code}).status == 401
    assert d.tcp(code).get("/v1").status == 401
    assert raw(d, "POST", "/v1/session", {"code": cookie.split("=")[1]}).status == 401
    code = d.post("/v1/session/code", {"expires_in_seconds": 1}).json["code"]
    time.sleep(1.2)
    assert raw(d, "POST", "/v1/session", {"code": code}).status == 401


def test_nobody_takes_all_sessions(d):
    """A hundred of each: then the oldest goes, and nobody else's."""
    t, other = make(d), make(d)
    theirs, _ = sign_in(d, token=other["token"])
    code = d.tcp(t["token"]).post("/v1/session/code", {}).json["code"]
    cookies = [sign_in(d, token=t["token"])[0] for _ in range(101)]
    good = [raw(d, "GET", "/v1", None, {"Cookie": c}).status == 200 for c in [theirs] + cookies[:2] + cookies[-2:]]
    assert good == [True, False, True, True, True]
    sign_in(d, code=code)


def test_a_code_keeps_the_limits_of_its_maker(d):
    c = client(d, role="operator", scopes=["net:read"], selector="env=prod", expires_in_seconds=600)
    code = c.post("/v1/session/code", {}).json["code"]
    cookie, s = sign_in(d, code=code)
    who = raw(d, "GET", "/v1/whoami", None, {"Cookie": cookie}).json
    assert who["scopes"] == ["net:read"] and who["selector"] == "env=prod" and who["role"] == "operator"
    assert raw(d, "GET", "/v1/jails", None, {"Cookie": cookie}).status == 403


# --- browsers ----------------------------------------------------------------------------------------------------


def test_other_sites_cannot_write(d):
    cookie, _ = sign_in(d, token=d.admin_token)
    own = "http://127.0.0.1:%d" % d.url_port
    bad = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
           {"Origin": "https" + own[4:]}, {"Origin": own + "0"}, {})
    for h in bad:
        a = raw(d, "PUT", "/v1/bridges/cs0", {}, dict(h, Cookie=cookie))
        assert a.status == 403, (h, a)
    for h in bad[:-1]:
        # a token does not help a foreign page either
        assert raw(d, "PUT", "/v1/bridges/cs0", {}, dict(h, Authorization="Bearer " + d.admin_token)).status == 403
        assert raw(d, "POST", "/v1/session", {"token": d.admin_token}, h).status == 403
    for h in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": own}):
        assert raw(d, "PUT", "/v1/bridges/cs0", {}, dict(h, Cookie=cookie)).status in (200, 201)
    assert raw(d, "DELETE", "/v1/bridges/cs0", None, {"Authorization": "Bearer " + d.admin_token}).status == 204


def test_forms_cannot_write(d):
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        a = d.tcp().request("PUT", "/v1/bridges/f0", "{}", {"Content-Type": kind})
        assert a.status == 415, a


def test_no_page_talks_to_the_socket(d):
    assert d.request("GET", "/v1", None, {"Origin": "http://localhost"}).status == 403
    assert d.request("GET", "/v1", None, {"Referer": "http://localhost/"}).status == 403


@pytest.mark.parametrize("host,status", [
    ("127.0.0.1:%d", 200), ("localhost:%d", 200), ("LOCALHOST:%d", 200), ("[::1]:%d", 200), ("localhost", 200), ("evil.example:%d", 421),
    ("evil.example", 421), ("127.0.0.1.evil.example:%d", 421), ("192.0.2.1:%d", 421), ("", 421), ("localhost:x", 421), ("localhost:99999", 421),
    ("[::1", 421), ("a" * 300, 421)])
def test_host(d, host, status):
    h = host % d.url_port if "%" in host else host
    a = raw(d, "GET", "/v1", None, {"Host": h, "Authorization": "Bearer " + d.admin_token})
    assert a.status == status, a
    assert raw(d, "GET", "/livez", None, {"Host": h}).status == status


def test_configured_hosts():
    with Daemon(conf="hosts = jail.example *.lan\n") as d:
        for host, status in (("jail.example", 200), ("a.lan:8653", 200), ("b.example", 421)):
            assert raw(d, "GET", "/livez", None, {"Host": host}).status == status


def test_security_headers_everywhere(d):
    stream = Stream(d, {"Authorization": "Bearer " + d.admin_token})
    for a in (d.tcp().get("/v1/topology"), d.tcp().get("/v1/topology"), d.tcp().get("/nowhere"), raw(d, "GET", "/v1"), d.tcp().request("OPTIONS", "/v1/jails"),
              raw(d, "GET", "/livez", None, {"Host": "evil"}), stream.answer):
        h = a.headers
        assert h["X-Content-Type-Options"] == "nosniff" and h["Cache-Control"] == "no-store", a
        assert h["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'" and h["Referrer-Policy"] == "no-referrer"
        assert h["Cross-Origin-Resource-Policy"] == "same-origin" and h["Cross-Origin-Opener-Policy"] == "same-origin"
        assert h["X-Request-Id"] and "Strict-Transport-Security" not in h
        assert not [k for k in h if k.lower().startswith("access-control-")]
    stream.close()
