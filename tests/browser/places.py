"""The pages somebody can see: every GET of the map of routes, with the ids that the demo and its own pages name."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.house import House, routes

ONE_OF_EACH = 2
"""So many pages of one route at most: they differ in their words, not in their build."""


def places(page: Page, house: House, made: dict[str, Any]) -> Iterator[str]:
    """Paths that answer 200 to who is signed in on this page, each route with up to two different ids."""
    patterns = [(rule, pattern_of(rule)) for rule in routes(house)]
    waiting, known, shown = [*begin(patterns, made)], set[str](), dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        rule = next((rule for rule, pattern in patterns if pattern.fullmatch(path.partition("?")[0])), None)
        if rule is None or path in known or shown.get(rule, 0) >= ONE_OF_EACH:
            continue
        known.add(path)
        answer = page.request.get(f"{house.url}{path}", max_redirects=0)
        if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        shown[rule] = shown.get(rule, 0) + 1
        waiting += links_of(answer.text())
        yield path


def begin(patterns: list[tuple[str, re.Pattern[str]]], made: dict[str, Any]) -> Iterator[str]:
    """Routes without ids, and those whose ids the demo tells."""
    for rule, _pattern in patterns:
        if "<" not in rule:
            yield rule
        for couple in made["couples"]:
            yield rule.replace("<uuid:couple_id>", couple["id"])
            for partner in couple["partners"]:
                yield rule.replace("<uuid:partner_id>", partner)
            for assignment in couple["assignments"].values():
                yield rule.replace("<uuid:assignment_id>", assignment).replace("<int:position>", "1")
            for appointment in couple["appointments"]:
                yield rule.replace("<uuid:appointment_id>", appointment)


def pattern_of(rule: str) -> re.Pattern[str]:
    """The paths that a rule answers."""
    kinds = {"uuid": r"[0-9a-f-]{36}", "int": r"\d+", "path": r".+"}
    parts = re.split(r"<(?:(\w+):)?\w+>", rule)
    shaped = [
        re.escape(part or "") if place % 2 == 0 else kinds.get(part, r"[^/<]+")
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(shaped))


def links_of(html: str) -> list[str]:
    """Where a page leads, within the house."""
    return [found for found in re.findall(r'href="(/[^"#]*)', unescape(html)) if not urlsplit(found).netloc]
