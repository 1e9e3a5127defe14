"""Whoever looks around in the demo meets no page that breaks: every link, for everybody who can sign in."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, vault
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.extensions import db
from clinic.homework.models import Assignment
from tests.demo.conftest import Demo, opened
from tests.rules.visits import links_of, visit

OF_ONE_KIND = 5
"""So many pages of each kind for each person; of homework, which differs most, all."""


@pytest.fixture(scope="module")
def house(made: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of its own: who looks around leaves traces in the trail."""
    folder = tmp_path_factory.mktemp("visited") / "data"
    shutil.copytree(made[0], folder)
    demo = opened(folder, made[1])
    yield demo
    with demo.app.app_context():
        db.session.remove()
        db.engine.dispose()


def browser(demo: Demo, account: dict[str, Any]) -> FlaskClient:
    """Signed in as one of the accounts that the command tells."""
    with demo.app.app_context():
        row = sign_ins.account_named(account["sign_in"])
        assert row is not None
        token = accounts.begin_session(row, "Firefox on Linux", clock.now())
        db.session.commit()
    client = demo.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client


def homework(app: Flask) -> list[UUID]:
    with app.app_context():
        return list(db.session.scalars(select(Assignment.id)))


def broken(demo: Demo, account: dict[str, Any]) -> Iterator[str]:
    """What answers with 400 or more on the way from the start page on; of each kind of page a few."""
    client, match = browser(demo, account), demo.app.url_map.bind("localhost").match
    waiting, seen = ["/"], Counter[str]()
    known = set(waiting)
    for path in waiting:
        made = visit(demo.app, client, account["sign_in"], "GET", path)
        if made.status >= 400:
            yield str(made)
        for link in links_of(made):
            kind = match(link.partition("?")[0])[0]
            if link not in known and (seen[kind] < OF_ONE_KIND or kind.startswith("homework.")):
                seen[kind] += 1
                known.add(link)
                waiting.append(link)


@pytest.mark.parametrize("is_staff", [True, False], ids=["those who work there", "the couples"])
def test_no_link_of_the_demo_leads_to_a_broken_page(house: Demo, is_staff: bool) -> None:
    vault.open_with(house.app.config["SETTINGS"].key_file)
    people = [one for one in house.told["accounts"] if (one["role"] != "client") == is_staff]
    assert len(people) > 3
    with clock.moved_to(house.made_at):
        wrong = [told for one in people for told in broken(house, one)]
    assert wrong == []


def test_every_exercise_that_was_given_has_a_page(house: Demo) -> None:
    """Through the eyes of its counselor and of both partners."""
    vault.open_with(house.app.config["SETTINGS"].key_file)
    pages = [f"/homework/{id_}{view}" for id_ in homework(house.app) for view in ("", "/as/1", "/as/2")]
    found: Counter[str] = Counter()
    with clock.moved_to(house.made_at):
        for one in house.told["accounts"]:
            if one["who"].endswith("counselor"):
                client = browser(house, one)
                found.update(path for path in pages if _is_there(house, client, path))
    assert {path for path in pages if "/as/" not in path} <= set(found)


def _is_there(demo: Demo, client: FlaskClient, path: str) -> bool:
    """Not of this counselor's couples, or not given to that partner: not there. Anything else is a fault."""
    made = visit(demo.app, client, "counselor", "GET", path)
    assert made.status in {200, 404}, made
    return made.status == 200
