"""A report from the form to its pages: made apart, kept as issued, fetched by nobody but the couple's staff."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, jobs
from clinic.documents import actions as documents
from clinic.documents.models import Document
from clinic.extensions import db
from reports.pdf import DOCUMENTS, Limits, Renderer
from tests import cast as people
from tests.progress import story as stories
from tests.reports import reading, samples

NOW = stories.MONDAY + timedelta(days=7, hours=1)
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


def order(cast: people.Cast, **changes: Any) -> dict[str, Any]:
    chosen = {"audience": "couple", "from_on": "2026-03-01", "to_on": "2026-03-12", "paper": "Letter"}
    return {
        **chosen,
        "narrative": "You came far.",
        "next_steps": "Go on\nOn Sunday.",
        "with_wins": "y",
        **changes,
    }


def ask(client: FlaskClient, cast: people.Cast, **changes: Any) -> str:
    answer = client.post(f"/progress/couples/{cast.couples['couple']}/report", data=order(cast, **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_report_is_asked_for_made_apart_and_shown(
    app: Flask, told: stories.Story, cast: people.Cast, client_for: Enter
) -> None:
    client = client_for("counselor")
    place = ask(client, cast)
    waiting = client.get(place)
    assert waiting.headers["Refresh"]
    assert "It is being made" in waiting.text
    assert client.get(f"{place}/pages").status_code == 404
    assert jobs.look(app, jobs.dues_of(app)) == []
    ready = client.get(place)
    assert "Refresh" not in ready.headers
    assert "For Mara and Jonas together" in ready.text
    pages = client.get(f"{place}/pages")
    assert pages.mimetype == "application/pdf"
    assert "Mara" not in pages.headers["Content-Disposition"]
    assert pages.headers["Cache-Control"] == "no-store"
    text = reading.text(pages.data)
    assert "You came far." in text
    assert "On Sunday." in text
    assert stories.CANARIES["opened"] in text
    assert stories.CANARIES["sealed"] not in text


def test_document_stays_as_it_was_issued(
    app: Flask, told: stories.Story, cast: people.Cast, client_for: Enter
) -> None:
    client = client_for("counselor")
    place = ask(client, cast)
    jobs.look(app, jobs.dues_of(app))
    before = client.get(f"{place}/pages").data
    with app.app_context():
        told.send("partner_b", "weekly_checkin", "pulse", NOW)
    jobs.look(app, jobs.dues_of(app))
    assert client.get(f"{place}/pages").data == before


def test_words_of_another_audience_cannot_be_chosen(
    told: stories.Story, cast: people.Cast, client_for: Enter
) -> None:
    client = client_for("counselor")
    address = f"/progress/couples/{cast.couples['couple']}/report"
    keys = {
        one: set(
            re.findall(r'name="excerpts"[^>]*value="([^"]+)"', client.get(f"{address}?audience={one}").text)
        )
        for one in ("couple", "counselor")
    }
    private = keys["counselor"] - keys["couple"]
    assert private
    answer = client.post(address, data=order(cast, excerpts=sorted(private)[:1]))
    assert answer.status_code == 422
    assert "You came far." in answer.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from_on": "2026-03-12", "to_on": "2026-03-01"}, "comes before"),
        ({"to_on": ""}, "last day"),
        ({"paper": "A0"}, "Paper"),
    ],
)
def test_form_says_what_is_wrong_and_keeps_the_text(
    told: stories.Story, cast: people.Cast, client_for: Enter, changes: dict[str, str], said: str
) -> None:
    answer = client_for("counselor").post(
        f"/progress/couples/{cast.couples['couple']}/report", data=order(cast, **changes)
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert "You came far." in answer.text


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("supervisor", 200),
        ("other_counselor", 404),
        ("elsewhere_counselor", 404),
        ("owner", 404),
        ("partner_a", 403),
    ],
)
def test_only_staff_of_the_couple_fetch_its_documents(
    app: Flask, told: stories.Story, cast: people.Cast, client_for: Enter, key: str, status: int
) -> None:
    place = ask(client_for("counselor"), cast)
    jobs.look(app, jobs.dues_of(app))
    visitor = client_for(key)
    assert [visitor.get(place).status_code, visitor.get(f"{place}/pages").status_code] == [status, status]


@pytest.mark.parametrize("key", ["other_counselor", "supervisor", "owner", "partner_a"])
def test_only_who_works_with_the_couple_makes_a_report(
    told: stories.Story, cast: people.Cast, client_for: Enter, key: str
) -> None:
    answer = client_for(key).get(f"/progress/couples/{cast.couples['couple']}/report")
    assert answer.status_code in {403, 404}


def test_nothing_readable_is_kept(
    app: Flask, told: stories.Story, cast: people.Cast, client_for: Enter
) -> None:
    ask(client_for("counselor"), cast)
    jobs.look(app, jobs.dues_of(app))
    with app.app_context():
        row = db.session.scalars(select(Document)).one()
        kept = row.content_sealed + (row.pdf_sealed or b"")
    assert stories.CANARIES["opened"].encode() not in kept
    assert b"%PDF" not in kept


def test_bomb_among_the_words_ends_its_document_only(
    app: Flask, told: stories.Story, cast: people.Cast, client_for: Enter, fonts: Path
) -> None:
    """A document that eats its limits fails with a sentence and a way on; the next one is made."""
    app.extensions["renderer"].close()
    limits = Limits(memory=256 * 1024 * 1024, cpu=2, wall=6)
    app.extensions["renderer"] = Renderer(fonts, documents=DOCUMENTS, limits=limits)
    client = client_for("counselor")
    bomb, good = bombed(app, told), ask(client, cast)
    jobs.look(app, jobs.dues_of(app))
    failed = client.get(bomb).text
    assert "was stopped" in failed
    assert "Nothing is lost" in failed
    assert client.get(f"{good}/pages").data.startswith(b"%PDF")
    assert client.get(f"{bomb}/pages").status_code == 404
    assert client.post(f"{bomb}/again").status_code == 303
    assert client.post(f"{good}/again").status_code == 409
    assert "It is being made" in client.get(bomb).text


def bombed(app: Flask, story: stories.Story) -> str:
    """A document with nine thousand small wins, which no form could have sent."""
    summary = samples.short()
    content = msgspec.to_builtins(replace(summary, wins=summary.wins * 3_000))
    order = documents.Order(
        "progress_report", "couple", "A4", date(2026, 3, 1), date(2026, 3, 3), content, "0" * 64
    )
    with app.app_context():
        row = documents.ask(
            people.viewer_of(story.cast, "counselor"), story.couple, order, NOW - timedelta(hours=1)
        )
        db.session.commit()
        return f"/documents/{row.id}"


def test_empty_list_says_what_will_be_here(app: Flask, cast: people.Cast, client_for: Enter) -> None:
    assert "No documents yet" in client_for("counselor").get("/documents/").text


def test_list_names_the_audience_of_each(told: stories.Story, cast: people.Cast, client_for: Enter) -> None:
    client = client_for("counselor")
    ask(client, cast, audience="partner_2")
    assert "For Jonas alone" in client.get("/documents/").text
    assert "For Jonas alone" not in client_for("other_counselor").get("/documents/").text
