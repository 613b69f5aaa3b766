"""The dashboard's files: what is in the manifest is served, nothing else; and what stands at / when there is none."""
import os

import pytest

import jn

HTML = b"<!doctype html><title>made by the test</title>"
SCRIPT = b"console.log('made by the test')"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def make_www(directory, lines):
    os.makedirs(directory, exist_ok=True)
    for name, data in {"index.html": HTML, "app-1a.js": SCRIPT, "app-1a.js.gz": b"gzipped", "app-1a.js.br": b"brotli"}.items():
        with open(os.path.join(directory, name), "wb") as f:
            f.write(data)
    with open(os.path.join(directory, "manifest"), "w") as f:
        f.write("".join(line + "\n" for line in lines))
    for place in (directory, os.path.dirname(directory)):
        os.chmod(place, 0o755)


GOOD = ["/ text/html;charset=utf-8 h1 identity index.html",
        "/assets/app-1a.js text/javascript;charset=utf-8 h2 br app-1a.js.br",
        "/assets/app-1a.js text/javascript;charset=utf-8 h2 gzip app-1a.js.gz",
        "/assets/app-1a.js text/javascript;charset=utf-8 h2 identity app-1a.js"]


@pytest.fixture
def site(tmp_path):
    make_www(str(tmp_path / "www"), GOOD)
    with jn.Daemon(conf="www = %s\n" % (tmp_path / "www")) as d:
        yield d


def test_browser_gets_the_page_and_programs_the_api(site):
    page = site.get("/", Accept=BROWSER)
    assert (page.status, page.body, page.headers["Content-Type"]) == (200, HTML, "text/html;charset=utf-8")
    assert page.headers["Cache-Control"] == "no-cache"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';") and "unsafe" not in policy
    assert "Accept" in page.headers["Vary"]
    for accept in (None, "*/*", "application/json"):
        assert site.get("/", **({"Accept": accept} if accept else {})).json["service"] == "jailnet"
    assert site.request("HEAD", "/", None, {"Accept": BROWSER}).body == b""


def test_tcp_needs_no_token_for_the_page_only(site):
    stranger = site.tcp(token="")
    assert stranger.get("/", Accept=BROWSER).body == HTML
    assert stranger.get("/assets/app-1a.js").body == SCRIPT
    assert stranger.get("/v1/topology").status == 401


@pytest.mark.parametrize("accept,coding,body", [
    ("", None, SCRIPT), ("gzip", "gzip", b"gzipped"), ("gzip, deflate, br", "br", b"brotli"), ("br;q=0, gzip;q=0.5", "gzip", b"gzipped"),
    ("br;q=0.000", None, SCRIPT), ("brotli, zstd", None, SCRIPT), ("GZIP", "gzip", b"gzipped")])
def test_codings(site, accept, coding, body):
    a = site.get("/assets/app-1a.js", **{"Accept-Encoding": accept})
    assert (a.status, a.headers["Content-Encoding"], a.body) == (200, coding, body)
    assert a.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_unchanged(site):
    etag = site.get("/", Accept=BROWSER).headers["ETag"]
    again = site.get("/", **{"Accept": BROWSER, "If-None-Match": etag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert site.get("/", **{"Accept": BROWSER, "If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("target", [
    "/assets/", "/assets/manifest", "/manifest", "/assets/../manifest", "/assets/app-1a.js.gz", "/assets/..%2fmanifest", "/assets/app-1a.js/",
    "//assets/app-1a.js", "/assets/app-1a.js%00", "/index.html"])
def test_nothing_else_is_served(site, target):
    assert site.get(target, Accept=BROWSER).status in (400, 404)


def test_only_reading(site):
    assert site.post("/assets/app-1a.js").status == 404
    assert site.delete("/").status == 405


def test_without_a_dashboard(tmp_path):
    with jn.Daemon(conf="www = %s\n" % (tmp_path / "nowhere")) as d:
        page = d.get("/", Accept=BROWSER)
        assert page.status == 200 and b"make www" in page.body
        assert d.get("/").json["service"] == "jailnet"
        assert b"make www" in d.get("/docs").body
        assert d.get("/assets/app-1a.js").status == 404


@pytest.mark.parametrize("line,words", [
    ("/x text/plain h identity ../../etc/passwd", "not a plain file name"), ("/x text/plain h identity .hidden", "not a plain file name"),
    ("/x text/plain h identity nosuch", "nosuch"), ("/x text/plain h deflate index.html", "wrong"), ("x text/plain h identity index.html", "wrong"),
    ("/x text/plain h identity", "five words"), ("/x a b identity index.html more", "five words")])
def test_a_wrong_manifest_is_no_dashboard(tmp_path, line, words):
    make_www(str(tmp_path / "www"), GOOD + [line])
    with jn.Daemon(conf="www = %s\n" % (tmp_path / "www")) as d:
        assert b"make www" in d.get("/", Accept=BROWSER).body
        assert words in d.log()
