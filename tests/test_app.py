"""The path of a request at its edges: names that are not ours, headers of every answer, methods nobody needs."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import vault
from clinic.app import HEADERS, create_app
from clinic.config import Settings
from tests.cast import Cast


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b", "[::1"])
@pytest.mark.parametrize("path", ["/", "/accounts/sign-in", "/static/site.css", "/nowhere"])
def test_a_name_that_is_not_ours_gets_a_plain_400_with_all_our_headers(
    client_for: Callable[[str], FlaskClient], nobody: FlaskClient, host: str, path: str
) -> None:
    for client in (nobody, client_for("partner_a")):
        for answer in (client.get(path, headers={"Host": host}), client.post(path, headers={"Host": host})):
            assert answer.status_code == 400
            assert set(HEADERS.items()) <= set(answer.headers.items())
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Location" not in answer.headers
            assert len(answer.data) < 100
            assert host not in answer.text or not host


def test_every_answer_carries_the_headers_of_the_house(
    client_for: Callable[[str], FlaskClient], nobody: FlaskClient
) -> None:
    paths = {"/accounts/sign-in": 200, "/static/site.css": 200, "/nowhere": 404, "/progress/now": 303}
    for path, status in paths.items():
        with nobody.get(path) as answer:
            assert answer.status_code == status
            assert answer.headers["Content-Type"].endswith("; charset=utf-8"), path
            assert set(HEADERS.items()) <= set(answer.headers.items()), path
    for who, path in (
        ("partner_a", "/progress/now"),
        ("counselor", "/progress/today"),
        ("partner_a", "/couples/"),
    ):
        answer = client_for(who).get(path)
        assert set(HEADERS.items()) <= set(answer.headers.items())
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_policy_lets_no_script_in_but_the_houses_files() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert "*" not in HEADERS["Content-Security-Policy"]


@pytest.fixture
def over_tls(tmp_path: Path) -> FlaskClient:
    """A visitor of a practice that is reached over TLS, through one proxy."""
    vault.new_master_key(tmp_path / "master.key")
    settings = Settings.from_environment(
        data_dir=tmp_path, testing=True, base_url="https://practice.example", proxies=1
    )
    return create_app(settings).test_client()


def test_over_tls_browsers_are_told_to_stay_there_and_cookies_are_bound_to_the_host(
    over_tls: FlaskClient,
) -> None:
    answer = over_tls.get("/static/page.svg", base_url="https://practice.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    answer.close()
    config = over_tls.application.config
    assert config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert config["SESSION_COOKIE_SECURE"]
    assert config["SESSION_COOKIE_HTTPONLY"]
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_plain_http_makes_no_promise_of_tls(nobody: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in nobody.get("/accounts/sign-in").headers


LIES = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-Server": "evil.example",
    "Forwarded": "host=evil.example;proto=http",
    "X-Original-URL": "//evil.example/",
    "X-Rewrite-URL": "//evil.example/",
    "X-HTTP-Method-Override": "DELETE",
}


def test_no_header_of_a_caller_reaches_a_link(client_for: Callable[[str], FlaskClient], cast: Cast) -> None:
    """Neither the one that is handed to a client, nor any other of its page."""
    counselor, partner = client_for("counselor"), cast.partners["ex_a"]
    for path in (f"/couples/partners/{partner}/invite", f"/couples/{cast.couples['couple']}/separate"):
        for answer in (counselor.get(path, headers=LIES), counselor.post(path, headers=LIES)):
            assert "evil.example" not in answer.text + str(answer.headers)
    made = counselor.post("/couples/new", data={"name_1": "Wim", "name_2": "Bo", "zone": "Europe/Vienna"})
    manage = counselor.get(f"{made.location}/people" if "people" not in made.location else made.location)
    invite = re.search(r'action="(/couples/partners/[^"]+/invite)"', manage.text)
    assert invite
    page = counselor.post(invite[1], headers=LIES)
    link = re.search(r'value="([^"]+/join/[^"]+)"', page.text)
    assert link
    assert link[1].startswith("http://localhost:8000/join/")
    assert "evil.example" not in page.text


@pytest.mark.parametrize(
    "method", ["TRACE", "TRACK", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "HACK"]
)
def test_methods_that_nobody_needs_are_refused(client_for: Callable[[str], FlaskClient], method: str) -> None:
    for path in ("/progress/now", "/accounts/sign-out", "/accounts/sign-in"):
        answer = client_for("partner_a").open(path, method=method)
        assert answer.status_code in {400, 405}


# Bodies that are larger than they look


def routes_that_write(app: Flask) -> list[str]:
    """The address of every POST, with a made-up id where one is asked for."""
    rules = [rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    made_up = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1"}
    shape = re.compile(r"<(?:(\w+)(?:\((\w+)[^)]*\))?:)?\w+>")
    return [shape.sub(lambda found: found[2] or made_up.get(found[1], "x"), rule) for rule in rules]


def test_a_body_beyond_its_form_is_refused_on_every_route_before_it_is_read(
    app: Flask, client_for: Callable[[str], FlaskClient]
) -> None:
    client, far = client_for("counselor"), {"CONTENT_LENGTH": "40000000"}
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json")
    wrong = []
    for path in routes_that_write(app):
        for kind in kinds if path != "/accounts/leave" else ():  # the way out reads no body at all
            answer = client.open(path, method="POST", content_type=kind, data=b"a=1", environ_overrides=far)
            wrong += [f"{path} {kind}: {answer.status_code}"] if answer.status_code != 413 else []
    assert not wrong, "\n".join(wrong)


def test_ten_thousand_parts_and_a_packed_body_are_taken_for_nothing(
    client_for: Callable[[str], FlaskClient],
) -> None:
    client = client_for("partner_a")
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    many = client.open(
        "/accounts/sign-out",
        method="POST",
        content_type="multipart/form-data; boundary=x",
        data=part * 1200 + b"--x--",
    )
    assert many.status_code == 413
    packed = gzip.compress(b"csrf_token=" + b"a" * 50_000_000)
    bomb = client.open(
        "/accounts/sign-out",
        method="POST",
        content_type="application/x-www-form-urlencoded",
        data=packed,
        headers={"Content-Encoding": "gzip"},
    )
    assert bomb.status_code == 400


def test_nothing_takes_a_file(app: Flask, client_for: Callable[[str], FlaskClient]) -> None:
    """No archive, no picture, no document comes in, so none can be a bomb: there is no box for one anywhere."""
    written = [*Path("clinic").rglob("*.py"), *Path("forms").rglob("*.py")]
    assert len(written) > 100
    assert not [
        file for file in written if re.search(r"request\.files|FileField|zipfile|tarfile", file.read_text())
    ]
    assert not [file for file in Path("templates").rglob("*.html") if 'type="file"' in file.read_text()]


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/fonts/", "/static", "/.git/config", "/static/../app.py", "/static/%2e%2e/app.py"),
        *("/fonts/../clinic.sqlite", "/fonts/..%2fmaster.key", "/fonts//etc/hostname", "/static/..%5capp.py"),
        *("/clinic.sqlite", "/pyproject.toml", "/docs/operations.md", "/.env", "/static/.", "/fonts/%00"),
    ],
)
def test_nothing_beside_the_files_of_the_house_is_served(nobody: FlaskClient, path: str) -> None:
    with nobody.get(path) as answer:
        assert answer.status_code in {301, 308, 400, 404}
        assert "There is nothing" in answer.text or answer.status_code != 404
        assert not re.search(r"SQLite|import |\[core\]|Index of", answer.text)
