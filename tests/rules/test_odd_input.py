"""What nobody types, in every box and every query of every route: an answer comes, never a mistake of ours."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from tests.rules.forms_on import forms_on
from tests.rules.site import Site
from tests.rules.table import NOBODYS, Row, data_of, is_admitted, table, tries_of

ODD = {
    "a number beyond 64 bits": "99999999999999999999",
    "characters that no page can show": "a%00b%ED%A0%80c%E2%80%AEd%FF%F4%90%80%80e",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "a number that is none": "1e999",
}
QUERIES = (
    *("start", "step", "q", "all", "only", "kind", "next", "audience", "from_on", "to_on", "couple", "with"),
    *("change", "back", "page"),
)
BESIDE = (
    "version",
    "page",
    "turn",
    "row",
    "member",
    "kept",
    "aside",
    "writer",
    "back",
    "keys",
    "screen",
    "do",
)
WHO = ("partner_a", "counselor", "owner", "partner_b", "elsewhere_counselor")
URLENCODED = "application/x-www-form-urlencoded"


def tried(site: Site, method: str) -> Iterator[tuple[Row, str, str, str]]:
    """Every route once, by somebody whom it admits: (row, specimen, path, who)."""
    for row in table().of(method):
        found = [
            (row, specimen, path, who)
            for specimen, path in tries_of(row, site.app, site.world)
            for who in WHO
            if is_admitted(row.mark, who) and row.admits(who, specimen)
        ]
        yield from found[:1]


def test_hardly_a_route_is_left_out(site: Site) -> None:
    for method in ("GET", "POST"):
        left = {row.endpoint for row in table().of(method)} - {
            row.endpoint for row, *_ in tried(site, method)
        }
        assert left <= {"fonts", "documents.pages_of"}  # files: without queries, and not made in the tests


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_queries_are_answered(site: Site, odd: str) -> None:
    wrong = []
    for row, _, path, who in tried(site, "GET"):
        for query in ("&".join(f"{name}={odd}" for name in QUERIES), f"start={odd}", f"q={odd}&only=to_read"):
            wrong += failing(lambda: site.client(who).get(f"{path}?{query}"), f"{row.endpoint}?{query}")  # noqa: B023
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("shift", range(len(ODD)))
def test_odd_values_in_every_box_are_answered(site: Site, shift: int) -> None:
    """Each value in all boxes of each form at once, and in one box alone in turn: the values go round the boxes."""
    wrong, boxes = [], boxes_of(site)
    turns = count(shift)
    for row, specimen, path, who in tried(site, "POST"):
        told = {name: [str(value)] for name, value in data_of(row, specimen, site.world).items()}
        usual = {**boxes.get((who, row.endpoint), {}), **told}
        odd = list(ODD.values())[shift]
        alone = [[one] for one in usual if next(turns) % len(ODD) == 0]
        for names in (*alone, list(usual), BESIDE):
            pairs = [
                (name, quote(one)) for name, values in usual.items() for one in values if name not in names
            ]
            body = "&".join(
                f"{quote(name)}={value}" for name, value in [*pairs, *((name, odd) for name in names)]
            )
            made: list[Any] = []
            wrong += failing(lambda: made.append(posted(site, who, path, body)), f"{row.endpoint} {names}")  # noqa: B023
            if made and made[0] in {200, 303}:
                site.put_back()
    assert not wrong, "\n".join(wrong)


def posted(site: Site, who: str, path: str, body: str) -> int:
    """The status of a POST whose body is sent as it is."""
    browser = site.client(who)
    token = quote(browser._token())  # the tests' own browser
    answer = browser.open(path, method="POST", data=f"csrf_token={token}&{body}", content_type=URLENCODED)
    assert answer.status_code < 500
    return int(answer.status_code)


def failing(act: Any, said: str) -> list[str]:
    """What went wrong, if anything did; the app of the tests lets errors through."""
    try:
        answer = act()
    except Exception as error:  # told below
        return [f"{said}: {type(error).__name__}: {str(error)[:150]}"]
    if answer is not None:
        answer.close()
    return [said] if answer is not None and answer.status_code >= 500 else []


def boxes_of(site: Site) -> dict[tuple[str, str], dict[str, list[str]]]:
    """What each form would send as it stands, by who sees it and the endpoint to which it goes."""
    match = site.app.url_map.bind("localhost").match
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for who in set(WHO) - set(NOBODYS):
        for made in site.sweep(who).answers:
            for form in forms_on(made.path, made.text) if made.is_page else []:
                if form.method == "post":
                    endpoint = match(form.action.partition("?")[0], method="POST")[0]
                    every = {
                        box.name: [box.value] for box in form.boxes if not box.name.endswith("csrf_token")
                    }
                    found.setdefault((who, endpoint), every | form.sent())
    return found
