"""Every route × every kind of person × own, private, opened, foreign, random: executed. Without a row it fails."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from clinic import access
from tests.rules.site import Site
from tests.rules.table import NOBODYS, Row, data_of, is_admitted, table, tries_of
from tests.rules.visits import Visit, visit

METHODS = {"GET", "POST"}
SILENT = {"challenge", "draft", "kept_form", "kept_text", "throttle", "reset_request"}
"""Tables whose changes leave no line in the trail: what is typed, put aside or tried is nobody else's business. Whose
name was typed for a new passphrase is found out later, and noted then, if it is anybody's."""


def test_every_route_has_a_row_and_every_row_a_route(site: Site) -> None:
    rules = site.app.url_map.iter_rules()
    routes = {f"{method} {rule.endpoint}" for rule in rules for method in METHODS & (rule.methods or set())}
    rows = {f"{row.method} {row.endpoint}" for row in table().rows}
    assert rows == routes, f"without a row: {sorted(routes - rows)}; without a route: {sorted(rows - routes)}"


def test_every_route_has_the_mark_of_its_row(site: Site) -> None:
    for row in table().rows:
        assert access.mark_of(site.app.view_functions[row.endpoint]) == row.mark, row.endpoint


def test_every_route_asks_for_a_fresh_proof_when_its_row_says_so(site: Site) -> None:
    for row in table().rows:
        view = site.app.view_functions[row.endpoint]
        assert getattr(view, "needs_fresh_proof", False) == row.proof, row.endpoint


def told_apart(row: Row, who: str, specimen: str, made: Visit) -> str:
    """What is wrong with an answer, or nothing."""
    if not is_admitted(row.mark, who):
        wanted = made.is_sent_to_sign_in if who in {"nobody", "left"} else made.status == 403
        return "" if wanted else f"{made}: refused by its mark it should be"
    if row.admits(who, specimen):
        fine = [422] if who in row.refused else row.status
        is_turned_away = made.is_sent_to_sign_in and row.mark != "public"
        return "" if made.status in fine and not is_turned_away else f"{made}: should get in with {fine}"
    return "" if made.status == 404 else f"{made}: 404 it should be"


def test_who_asks_for_what_gets_what_the_table_says(site: Site, who: str) -> None:
    wrong = [
        told_apart(row, who, specimen, site.seen(who, path, f"{row.endpoint} {specimen}"))
        for row in table().of("GET")
        for specimen, path in tries_of(row, site.app, site.world)
    ]
    assert not (found := list(filter(None, wrong))), "\n".join(found)


def test_what_may_not_be_seen_answers_like_what_does_not_exist(site: Site, who: str) -> None:
    pages = {
        plain(made.text)
        for row in table().of("GET")
        for specimen, path in tries_of(row, site.app, site.world)
        if (made := site.seen(who, path, f"{row.endpoint} {specimen}")).status == 404 and row.kind != "link"
    }
    assert len(pages) <= 1


def plain(text: str) -> str:
    """A page without what is new in each answer."""
    return re.sub(r'(name="csrf_token"[^>]*value=|content=)"[^"]+"', r"\1", text)


def test_who_does_what_changes_what_the_table_says(site: Site, who: str) -> None:
    wrong = []
    for row in table().of("POST"):
        for specimen, path in tries_of(row, site.app, site.world):
            with kept(site, row, specimen, who, path) as made:
                wrong.append(told_apart(row, who, specimen, made))
                wrong.append(change_told(row, who, specimen, made))
    assert not (found := list(filter(None, wrong))), "\n".join(found)


@contextmanager
def kept(site: Site, row: Row, specimen: str, who: str, path: str) -> Iterator[Visit]:
    """A POST, undone when it changed something."""
    made = visit(site.app, site.client(who), who, "POST", path, data_of(row, specimen, site.world))
    made.name = f"{row.endpoint} {specimen}"
    yield made
    if made.writes:
        site.put_back()


def change_told(row: Row, who: str, specimen: str, made: Visit) -> str:
    """Who is refused changes nothing; who changes something leaves a line in the trail."""
    if not row.admits(who, specimen):
        return f"{made}: refused, and wrote {made.changed}" if set(made.changed) - {"throttle"} else ""
    is_told = "audit_event" in made.writes or not set(made.changed) - SILENT
    return "" if is_told else f"{made}: wrote {made.changed} without a line in the trail"


def test_no_form_is_taken_without_its_protection(site: Site, who: str) -> None:
    for row in table().of("POST"):
        _, path = next(iter(tries_of(row, site.app, site.world)))
        if row.endpoint == "accounts.leave" or who in NOBODYS or not is_admitted(row.mark, who):
            continue
        answer = site.client(who).post(
            path, data=data_of(row, next(iter_specimens(row)), site.world), forged=True
        )
        assert answer.status_code == 400, row.endpoint


def iter_specimens(row: Row) -> Iterator[str]:
    return iter(table().kinds[row.kind] if row.kind else [""])
