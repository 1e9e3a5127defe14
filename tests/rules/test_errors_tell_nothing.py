"""When anything breaks in the middle of a form, neither the log nor the page tells a word that was in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.rules.forms_on import forms_on
from tests.rules.site import Site
from tests.rules.table import data_of
from tests.rules.test_odd_input import tried
from tests.rules.visits import WRITES, log_of

TYPED = "zqtypedcanary ünder <b>"
NAMES = (
    "name",
    "text",
    "title",
    "alias",
    "reason",
    "action",
    "narrative",
    "note",
    "x_ask",
    "credential",
    "policy",
)


@contextmanager
def broken_disk() -> Iterator[None]:
    """Every write of words fails as a full disk fails; signing in and the trail go on."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        match = WRITES.match(statement)
        if match and match[2].lower() not in {"user_session", "audit_event", "audit_reading", "audit_about"}:
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


def boxes_for_words(site: Site, who: str, path: str) -> list[str]:
    """The boxes in which somebody could type words on the page of that address, and the usual names of such boxes."""
    with site.client(who).get(path) as page:
        found = forms_on(path, page.text) if page.status_code == 200 else []
    return [*NAMES, *(box.name for form in found for box in form.for_words)]


def test_no_error_in_the_middle_of_a_form_tells_its_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not testing: the house catches its own mistakes, logs them and shows a page, as it does for people."""
    monkeypatch.setitem(site.app.config, "PROPAGATE_EXCEPTIONS", False)
    failed, wrong = [], []
    for row, specimen, path, who in tried(site, "POST"):
        told = {name: str(value) for name, value in data_of(row, specimen, site.world).items()}
        words = {name: told.get(name, "") + TYPED for name in boxes_for_words(site, who, path)}
        log: list[str] = []
        with log_of(log), broken_disk():
            answer = site.client(who).post(path, data={**words, **told})
        said = "\n".join(log)
        if answer.status_code == 500:
            failed.append(row.endpoint)
            wrong += [] if "disk is full" in said else [f"{row.endpoint}: a mistake that nobody is told of"]
            shown = [
                word for word in ("Traceback", "sqlite", "disk is full", "INSERT") if word in answer.text
            ]
            wrong += [f"{row.endpoint} shows {shown}"] if shown else []
        if "zqtyped" in said or any(one.token in said for one in site.world.canaries):
            wrong.append(f"{row.endpoint}: {said[:500]}")
    assert len(failed) > 40
    assert not wrong, "\n".join(wrong)


def test_a_mistake_that_quotes_a_text_leaves_its_kind_and_place_in_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the log hold the address, which is a secret when it is an invitation's."""
    view = site.app.view_functions["couples.join"]

    @wraps(view)
    def quoting(**_: Any) -> str:
        raise LookupError(TYPED)

    monkeypatch.setitem(site.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(site.app.view_functions, "couples.join", quoting)
    token, log = str(site.world.ids["token"]), list[str]()
    with log_of(log):
        answer = site.app.test_client().get(f"/join/{token}")
    said = "\n".join(log)
    assert answer.status_code == 500
    assert TYPED not in answer.text + said
    assert token not in said
    assert "couples.join: LookupError" in said
    assert "in quoting" in said
