"""Another site's page gets nothing done here and nothing shown: by its token, by who asks, and by where it leads on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from clinic.extensions import csrf
from tests.rules.site import Site
from tests.rules.table import Row, data_of, table
from tests.rules.test_odd_input import tried
from tests.rules.visits import MAY_GROW, writes_of

KEPT = {"kept_form", "kept_text", "draft"}
"""What somebody typed into a page that was open too long is put aside for them."""

ELSEWHERE: dict[str, dict[str, str]] = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    "a neighbor": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    "a script elsewhere": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a value nobody knows": {"Sec-Fetch-Site": "somewhere"},
    "another origin": {"Origin": "https://evil.example"},
    "a name like ours": {"Origin": "http://localhost.evil.example"},
    "another port": {"Origin": "http://localhost:9999"},
}
OURS: dict[str, dict[str, str]] = {
    "our page": {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"},
    "typed or from a bookmark": {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    "our page, an older browser": {"Origin": "http://localhost"},
    "our page, without referrer": {"Origin": "null"},
    "no browser": {},
}
TARGETS = (
    *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "data:text/html,x", "/%09/evil.example"),
    *("http:evil.example", "https:/evil.example", "//localhost@evil.example", "//evil.example\\@localhost"),
    *("/.//evil.example", "/..//evil.example", " //evil.example", "\x00//evil.example", "/%5cevil.example"),
    *("//%65vil.example", "?next=//evil.example", "#//evil.example", "/\u2028/evil.example", "//[::1"),
)


@dataclass(frozen=True)
class Told:
    """What came of a POST."""

    status: int
    body: str
    location: str
    changed: frozenset[str]


def told(client: FlaskClient, path: str, data: Mapping[str, Any], **how: Any) -> Told:
    """A POST, the tables that it wrote apart from the trail and the last use, and its answer."""
    writes: list[str] = []
    with writes_of(writes):
        answer = client.post(path, data=data, **how)
    made = Told(
        answer.status_code,
        answer.text,
        answer.headers.get("Location", ""),
        frozenset(writes) - MAY_GROW - {"last_seen_at"},
    )
    answer.close()
    return made


def posts(site: Site) -> Iterator[tuple[Row, str, dict[str, Any], str]]:
    """Every POST of the map once, by somebody who may: (row, path, what it says, who)."""
    for row, specimen, path, who in tried(site, "POST"):
        yield row, path, data_of(row, specimen, site.world), who


def signed(site: Site, mark: str, purpose: str = "wtf-csrf-token") -> str:
    """A token that is rightly signed, for the page of the browser that holds this mark."""
    return str(URLSafeTimedSerializer(site.app.config["SECRET_KEY"], salt=purpose).dumps(mark))


def test_the_way_out_alone_asks_for_no_token(site: Site) -> None:
    assert {name.rpartition(".")[2] for name in csrf._exempt_views} == {"leave"}


def test_every_form_is_refused_without_its_token(site: Site) -> None:
    wrong = []
    for row, path, data, who in posts(site):
        if row.endpoint == "accounts.leave":
            continue
        for said, token in (
            ("none", None),
            ("made up", "IjEyMyI.Zx.y"),
            ("another's", signed(site, "0" * 40)),
        ):
            sent = data if token is None else {**data, "csrf_token": token}
            client = site.client(who)
            client._token()  # the browser holds a page of its own
            made = told(client, path, sent, forged=True)
            if made.status != 400 or made.changed - KEPT:
                wrong.append(f"{row.endpoint}, token {said}: {made.status}, wrote {set(made.changed)}")
            if made.changed:
                site.put_back()
    assert not wrong, "\n".join(wrong)


def test_a_token_of_before_signing_in_is_worth_nothing_after_it(site: Site) -> None:
    client = site.app.test_client()
    planted = client._token()
    signing = {"name": "partner_a", "passphrase": "seven quiet lanterns at noon", "csrf_token": planted}
    assert client.post("/accounts/sign-in", data=signing, forged=True).status_code == 303
    end = told(client, "/accounts/devices/end-others", {"csrf_token": planted}, forged=True)
    assert end.status == 400


@pytest.mark.parametrize("asked", ELSEWHERE.values(), ids=ELSEWHERE)
def test_no_form_is_taken_from_another_site_even_with_a_true_token(site: Site, asked: dict[str, str]) -> None:
    wrong = []
    for row, path, data, who in posts(site):
        made = told(site.client(who), path, data, headers=asked)
        if made.status != 403 or made.changed or "another site" not in made.body or len(made.body) > 100:
            wrong.append(f"{row.endpoint}: {made.status}, wrote {set(made.changed)}")
            site.put_back()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("asked", OURS.values(), ids=OURS)
def test_our_own_forms_are_taken(site: Site, asked: dict[str, str]) -> None:
    client = site.client("partner_a")
    assert told(client, "/accounts/devices/end-others", {}, headers=asked).status == 303


def test_a_proxy_in_front_does_not_make_our_own_forms_foreign(site: Site) -> None:
    """An older browser names the address that it sees, whatever name the proxy asks us by."""
    asked = {"Host": "127.0.0.1", "Origin": "http://localhost:8000"}
    assert told(site.app.test_client(), "/accounts/leave", {}, headers=asked).status == 200


def test_no_page_is_a_part_of_another_sites_page_and_every_page_can_be_linked_to(site: Site) -> None:
    for path in ("/progress/now", "/accounts/devices", "/accounts/sign-in", "/static/site.css"):
        for mode, right in {"no-cors": {403}, "cors": {403}, "": {403}, "navigate": {200, 303}}.items():
            asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
            with site.client("partner_a").get(path, headers=asked) as answer:
                assert answer.status_code in right, (path, mode)


def test_being_asked_by_another_site_keeps_no_sign_in_alive(site: Site) -> None:
    writes: list[str] = []
    with writes_of(writes):
        site.client("partner_a").get("/progress/now", headers=ELSEWHERE["a script elsewhere"])
    assert not writes


def leads_away(location: str) -> bool:
    """True when a browser would follow this to another site."""
    plain = location.replace("\\", "/").strip()
    return bool(urlsplit(location).scheme or urlsplit(location).netloc) or plain.startswith("//")


def test_no_answer_leads_to_another_site(site: Site) -> None:
    wrong, led = [], 0
    for method in ("GET", "POST"):
        for row, specimen, path, who in tried(site, method):
            for target in TARGETS[1:4]:
                query = dict.fromkeys(("next", "back", "with", "to", "url"), target)
                data = {**data_of(row, specimen, site.world), "back": target, "next": target}
                client = site.client(who)
                asked = client.get(path, query_string=query) if method == "GET" else None
                with asked or client.post(path, query_string=query, data=data) as answer:
                    location = answer.headers.get("Location", "")
                led += bool(location)
                wrong += [f"{method} {row.endpoint}: {location}"] if leads_away(location) else []
                if method == "POST" and location:
                    site.put_back()
    assert not wrong, "\n".join(wrong)
    assert led > 150  # many forms lead on; they do it here


@pytest.mark.parametrize("target", TARGETS)
def test_the_two_doors_lead_nowhere_else(site: Site, target: str) -> None:
    said = {"name": "partner_a", "passphrase": "seven quiet lanterns at noon"}
    for client, door in ((site.app.test_client(), "sign-in"), (site.client("partner_a"), "prove")):
        answer = client.post(f"/accounts/{door}", query_string={"next": target}, data=said)
        assert answer.status_code == 303
        assert not leads_away(answer.location)


def test_the_table_names_all_that_is_tried_here(site: Site) -> None:
    assert {row.endpoint for row, *_ in posts(site)} == {row.endpoint for row in table().of("POST")}
