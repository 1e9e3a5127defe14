"""A copy of what is one's own: it holds what its owner may read and no more, and nobody else ever gets it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, jobs
from clinic.accounts.models import UserSession
from clinic.exercises import own_questions
from clinic.exercises.document import label_for
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.privacy import summary
from clinic.privacy.models import OwnCopy
from clinic.privacy.queries import steps_of
from reports import own_record
from reports.pdf import Renderer
from tests import cast as people
from tests.progress import story as stories
from tests.progress.test_exchange import meaning
from tests.reports import reading

NOW = stories.MONDAY + timedelta(days=7, hours=1)
DESCRIBED = Path(__file__).parents[2] / "docs" / "own-record.md"
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def told(app: Flask, cast: people.Cast, now: datetime, fonts: Path) -> Iterator[stories.Story]:
    app.extensions["renderer"] = Renderer(fonts, is_strict=True)
    with app.app_context():
        story = stories.told(cast)
        db.session.remove()
    yield story
    app.extensions.pop("renderer").close()


def made_for(client: FlaskClient) -> str:
    """Ask for a copy and have it made; the address of the copy."""
    assert client.post("/privacy/ask").status_code == 303
    waiting = client.get("/privacy/")
    assert waiting.headers["Refresh"]
    assert "step 1 of 3" in waiting.text
    assert jobs.look(client.application, jobs.dues_of(client.application)) == []
    ready = client.get("/privacy/")
    assert "Refresh" not in ready.headers
    found = re.search(r'action="(/privacy/[0-9a-f-]+)/pages"', ready.text)
    assert found, ready.text
    return found[1]


def canaries_in(text: str) -> set[str]:
    joined = "".join(text.split()).replace("-", "")
    return {name for name, canary in stories.CANARIES.items() if canary in joined}


@pytest.mark.parametrize(("who", "audience"), [("partner_a", "partner_1"), ("partner_b", "partner_2")])
def test_a_copy_holds_what_its_owner_may_read_and_nothing_else(
    told: stories.Story, client_for: Enter, who: str, audience: str
) -> None:
    client = client_for(who)
    place = made_for(client)
    due = {name for name, readers in stories.SEES.items() if audience in readers}
    own = {"draft"} if who == "partner_a" else set()
    data = client.post(f"{place}/data")
    assert data.mimetype == "application/json"
    assert canaries_in(data.text) == due | own
    pages = client.post(f"{place}/pages")
    assert canaries_in(reading.text(pages.data)) == due | own
    for answer in (data, pages):
        assert re.fullmatch(
            r"attachment; filename=pages-2026-03-\d\d\.(json|pdf)", answer.headers["Content-Disposition"]
        )
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_was_kept_closer_stands_once_as_it_was_answered(told: stories.Story, client_for: Enter) -> None:
    client = client_for("partner_a")
    data = client.post(f"{made_for(client)}/data").text
    assert data.count(stories.CANARIES["narrowed"]) == 1
    assert "rather not say" not in data


def test_a_copy_says_nothing_about_safety(told: stories.Story, client_for: Enter) -> None:
    """Neither questions that can raise a flag, nor whether it was all right to talk at home."""
    client = client_for("partner_a")
    data = client.post(f"{made_for(client)}/data").text
    asked = [field for exercise in shipped().values() for _, field in exercise.each_field() if field.flags]
    labels = {label_for(field.label, "injured") for field in asked} | {own_questions.SAFETY.label}
    assert len(labels) > 3
    assert [label for label in labels if label in data] == []


@pytest.mark.parametrize("who", ["partner_b", "ex_a", "other_a", "counselor", "owner", "supervisor"])
def test_nobody_else_gets_a_copy(told: stories.Story, client_for: Enter, who: str) -> None:
    place = made_for(client_for("partner_a"))
    other = client_for(who)
    assert {other.post(f"{place}/{form}").status_code for form in ("data", "pages")} <= {403, 404}
    assert place not in other.get("/privacy/").text


def test_a_copy_opens_after_a_fresh_proof_alone(app: Flask, told: stories.Story, client_for: Enter) -> None:
    client = client_for("partner_a")
    place = made_for(client)
    with app.app_context():
        for row in db.session.scalars(select(UserSession)):
            row.proved_at = NOW - timedelta(minutes=6)
        db.session.commit()
    for answer in (client.get("/privacy/"), client.post("/privacy/ask"), client.post(f"{place}/data")):
        assert answer.status_code == 302
        assert answer.location.startswith("/accounts/prove")


def test_one_copy_at_a_time_and_each_is_gone_after_a_week(told: stories.Story, client_for: Enter) -> None:
    client = client_for("partner_a")
    client.post("/privacy/ask")
    assert "being made already" in client.get(client.post("/privacy/ask").location).text
    jobs.look(client.application, jobs.dues_of(client.application))
    with clock.moved_to(NOW + timedelta(days=8)):
        jobs.look(client.application, jobs.dues_of(client.application))
    with client.application.app_context():
        assert db.session.scalar(select(db.func.count(OwnCopy.id))) == 0


def test_a_copy_that_cannot_be_made_says_so_and_can_be_asked_for_again(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    app.extensions["renderer"].close()
    app.extensions["renderer"] = Renderer(Path("nowhere"))
    client = client_for("partner_a")
    client.post("/privacy/ask")
    jobs.look(app, jobs.dues_of(app))
    page = client.get("/privacy/").text
    assert "could not be made" in page
    assert "Make a copy" in page


def test_a_row_of_several_columns_is_plain_text_in_a_file() -> None:
    sent = meaning(1, "money", money=7)
    steps = tuple(steps_of(sent, lambda _: "you"))
    assert msgspec.to_builtins(steps)  # what a given record is kept as
    kept = msgspec.json.decode(msgspec.json.encode(steps))
    said = [answer for step in kept for line in step["lines"] for answer in line["answer"]]
    assert any(one.startswith("Being open about money · What would one see") for one in said)


def test_words_of_both_in_one_exercise_stand_each_under_whose_they_are() -> None:
    day, zone = date(2026, 3, 2), "Pacific/Auckland"
    line = partial(summary.Line, on=day, question="What went right?")
    theirs, own = line(by="partner", answer=("His.",), opened_on=day), line(by="you", answer=("Hers.",))
    steps = [summary.Step(exercise="A log", on=day, lines=lines) for lines in ((theirs, own), (own,))]
    side = summary.Side(partner="Jonas", zone=zone, began_on=day, steps=tuple(steps))
    page = own_record.page(replace(own_record.sample(), sides=(side,)), "A4")
    assert re.findall(r'<p class="by line">(\w+)|class="answer" dir="ltr">(\w+)', page) == [
        ("Jonas", ""),
        ("", "His"),
        ("You", ""),
        ("", "Hers"),
        ("", "Hers"),
    ]


def test_a_copy_is_dated_by_the_clock_of_its_owner(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        people.live_in(told.cast, "Pacific/Auckland")
    client = client_for("partner_a")
    place = made_for(client)
    assert "Made Tue, Mar 10, 8:00 am" in client.get("/privacy/").text
    assert "Made on March 10, 2026" in reading.text(client.post(f"{place}/pages").data)


def test_every_part_of_the_file_is_described(told: stories.Story, client_for: Enter) -> None:
    client = client_for("partner_a")
    data = json.loads(client.post(f"{made_for(client)}/data").text)
    described = DESCRIBED.read_text(encoding="utf-8")
    assert data["format"] == summary.FORMAT
    for name in set(names_in(data)):
        assert f"`{name}`" in described, name


def names_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from names_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from names_in(part)
