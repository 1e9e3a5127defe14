"""The background: wake-ups may be lost or doubled, and a domain that fails keeps no other from its work."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select

from clinic import claims, clock, jobs
from clinic.documents import actions as documents
from clinic.documents import rules
from clinic.documents import tasks as printing
from clinic.documents.models import Document
from clinic.extensions import db
from clinic.homework.models import Round
from reports.document import Paper
from reports.pdf import RenderFailed
from tests import cast as people
from tests.progress import story as stories
from tests.reports import samples

SECRET = "a text that must not be told"


class Press:
    """Stands at the place of the press: the real one is proved in tests/reports and tests/documents."""

    def __init__(self, breaks: Exception | None = None) -> None:
        self.breaks, self.made = breaks, 0

    def render(self, document: str, summary: object, paper: Paper) -> bytes:
        self.made += 1
        if self.breaks is not None and self.made == 1:
            raise self.breaks
        return b"%PDF-1.7 pages"

    def close(self) -> None:
        pass


@pytest.fixture
def house(app: Flask, cast: people.Cast, now: datetime) -> Iterator[Flask]:
    app.extensions["renderer"] = Press()
    with app.app_context():
        jobs._was_woken()  # what an earlier test left
    yield app
    app.extensions.pop("renderer", None)


def ask(cast: people.Cast, now: datetime, **changes: object) -> Document:
    """One document that waits."""
    content = msgspec.to_builtins(replace(samples.short(), **changes))
    order = documents.Order(
        "progress_report", "couple", "A4", date(2026, 3, 1), date(2026, 3, 3), content, "0" * 64
    )
    couple = stories.Story(cast).couple
    document = documents.ask(people.viewer_of(cast, "counselor"), couple, order, now)
    db.session.commit()
    return document


def states() -> list[str]:
    found = list(db.session.scalars(select(Document.state).order_by(Document.asked_at)))
    db.session.rollback()
    return found


def test_document_is_made_though_nobody_woke_the_background(
    house: Flask, cast: people.Cast, now: datetime
) -> None:
    with house.app_context():
        ask(cast, now)
    assert jobs.look(house, jobs.dues_of(house)) == []
    with house.app_context():
        assert states() == ["ready"]


def test_doubled_wake_up_makes_nothing_twice(house: Flask, cast: people.Cast, now: datetime) -> None:
    dues = jobs.dues_of(house)
    jobs.look(house, dues)  # the pages of what was signed before
    before = house.extensions["renderer"].made
    with house.app_context():
        stories.Story(cast).assign("weekly_checkin", now)
        ask(cast, now)
        jobs.wake()
        jobs.wake()
    for _ in range(3):
        jobs.look(house, dues)
    with house.app_context():
        assert house.extensions["renderer"].made == before + 1
        assert db.session.scalar(select(func.count(Round.id))) == 1


def test_wake_up_carries_nothing_and_many_are_one(house: Flask) -> None:
    with house.app_context():
        for _ in range(5):
            jobs.wake()
        assert jobs._queue().storage.enqueued_items() == [jobs.WORD] * 5
        assert jobs._was_woken()
        assert not jobs._was_woken()


def test_wake_up_without_a_queue_costs_only_seconds(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError(SECRET)

    monkeypatch.setattr(jobs, "_queue", broken)
    with house.app_context():
        jobs.wake()


def test_domain_that_fails_is_named_without_a_text_and_stops_no_other(
    house: Flask, cast: people.Cast, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_now: datetime) -> int:
        raise ValueError(SECRET)

    with house.app_context():
        ask(cast, now)
    assert jobs.look(house, {"homework": broken, "documents": printing.due}) == ["homework"]
    assert "homework" in caplog.text
    assert SECRET not in caplog.text
    with house.app_context():
        assert states() == ["ready"]


def test_two_at_once_take_different_documents(house: Flask, cast: people.Cast, now: datetime) -> None:
    with house.app_context():
        ids = {ask(cast, now).id, ask(cast, now + timedelta(seconds=1)).id}
        taken = []
        for _ in range(3):
            claimed = documents.claim(now)
            taken.append(claimed.id if claimed else None)
            db.session.commit()
        assert set(taken[:2]) == ids
        assert taken[2] is None


def test_stale_claim_is_taken_again_and_the_late_one_keeps_nothing(
    house: Flask, cast: people.Cast, now: datetime
) -> None:
    with house.app_context():
        ask(cast, now)
        first = documents.claim(now)
        assert first is not None
        db.session.commit()
        later = now + claims.HOLDS
        assert documents.claim(later) is not None
        db.session.commit()
        assert not documents.keep(first, now, b"%PDF late", later)
        assert documents.keep(first, later, b"%PDF", later)


@pytest.mark.parametrize("error", [RenderFailed("It was too large."), RuntimeError(SECRET)])
def test_what_breaks_a_document_ends_that_one_only(
    house: Flask, cast: people.Cast, now: datetime, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    house.extensions["renderer"] = Press(error)
    with house.app_context():
        ask(cast, now)
        ask(cast, now + timedelta(seconds=1))
    jobs.look(house, jobs.dues_of(house))
    with house.app_context():
        assert states() == ["failed", "ready"]
        failure = db.session.scalar(select(Document.failure).where(Document.state == "failed"))
        assert failure in {"It was too large.", rules.FAILED}
    assert SECRET not in caplog.text


def test_background_looks_when_it_is_woken_and_stops_when_told(
    house: Flask, cast: people.Cast, now: datetime
) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=jobs.work, args=(house, stop))
    thread.start()
    try:
        with house.app_context():
            ask(cast, now)
            jobs.wake()
            assert _comes(lambda: states() == ["ready"], 10)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def _comes(happened: object, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_three_days_of_standstill_are_caught_up(house: Flask, cast: people.Cast, now: datetime) -> None:
    with house.app_context():
        stories.Story(cast).assign("weekly_checkin", now)
    with clock.moved_to(now + timedelta(days=17)):
        jobs.look(house, jobs.dues_of(house))
    with house.app_context():
        rounds = db.session.scalars(select(Round).order_by(Round.number)).all()
        assert [row.closed_at is not None for row in rounds] == [True, True, True]
