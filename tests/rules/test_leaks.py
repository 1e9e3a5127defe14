"""Leaks planted on purpose, each of a kind that software has had: the comparison of two histories finds every one."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response
from sqlalchemy import func, select

from clinic import clock, mail
from clinic.appointments import queries as appointments
from clinic.appointments.models import Appointment
from clinic.extensions import db
from clinic.homework.models import Round
from clinic.privacy.models import Ending
from clinic.progress import home
from clinic.progress.summary import Audience, Period
from clinic.reflections import queries as reflections
from clinic.reflections.models import Draft, Reflection, Words
from tests import cast as people
from tests.rules.paper import on_paper
from tests.rules.stage import Stage
from tests.rules.theater import Seen, Theater, differences

ACTS = (
    "drafts",
    "a draft of the next plan",
    "a letter before its release",
    "words for the counselor",
    "an unsafe answer",
    "sealed before opening",
    "met alone",
    "the end of all words",
)
DAY, PAGES = 9, 40


class Frozen(NamedTuple):
    """Two histories as databases, on the same day."""

    theater: Theater
    plain: Path
    private: Path
    now: datetime

    def look(self, copy: Path) -> list[Seen]:
        """What A gets from one of them."""
        self.theater.restore(copy)
        with self.theater.app.app_context(), clock.moved_to(self.now):
            return [self.theater.look(Stage(self.theater.cast, self.now), DAY, PAGES)]

    def differences(self) -> list[str]:
        """What tells them apart."""
        return differences(self.look(self.plain), self.look(self.private))


@pytest.fixture(scope="session")
def _frozen(theater: Theater, tmp_path_factory: pytest.TempPathFactory) -> Frozen:
    folder = tmp_path_factory.mktemp("frozen")
    now = theater.frozen([], folder / "plain.sqlite", DAY)
    theater.frozen(ACTS, folder / "private.sqlite", DAY)
    return Frozen(theater, folder / "plain.sqlite", folder / "private.sqlite", now)


@pytest.fixture
def frozen(_frozen: Frozen) -> Iterator[Frozen]:
    """The two histories; the key is that of their house."""
    with _frozen.theater.stage():
        yield _frozen


Plant = Callable[[pytest.MonkeyPatch, Flask], None]


def changed(patch: pytest.MonkeyPatch, app: Flask, endpoint: str, change: Callable[[Response], None]) -> None:
    """Let something be done to the answers of a view."""
    view = app.view_functions[endpoint]

    @wraps(view)
    def leaky(**values: Any) -> Response:
        response = app.make_response(view(**values))
        change(response)
        return response

    patch.setitem(app.view_functions, endpoint, leaky)


def count_of(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def a_count(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.set_data(response.get_data() + f"<!-- {count_of(Reflection)} -->".encode())

    changed(patch, app, "progress.now", tell)


def a_length(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.set_data(response.get_data() + b" " * count_of(Draft))

    changed(patch, app, "progress.mine", tell)


def an_etag(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.headers["ETag"] = hashlib.sha256(str(count_of(Words)).encode()).hexdigest()[:8]

    changed(patch, app, "progress.ours", tell)


def a_date(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.last_modified = db.session.scalar(select(func.max(Draft.saved_at)))

    changed(patch, app, "accounts.devices", tell)


def a_redirect(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.headers["Location"] += f"?news={count_of(Reflection)}"

    changed(patch, app, "home", tell)


def a_status(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.status_code = 200 + count_of(Draft) % 50

    changed(patch, app, "progress.mine", tell)


def a_cookie(patch: pytest.MonkeyPatch, app: Flask) -> None:
    def tell(response: Response) -> None:
        response.set_cookie("seen", str(count_of(Draft)))

    changed(patch, app, "progress.now", tell)


def an_order(patch: pytest.MonkeyPatch, app: Flask) -> None:
    """What opened, in the order in which something came in last, instead of by its opening."""
    real = home.opened_for

    def by_last_sending(*args: Any) -> list[Any]:
        rows = real(*args)
        came = dict(db.session.execute(select(Round.id, Round.came_in_at)).all())
        return sorted(rows, key=lambda row: str(came[row.round_id]), reverse=True)

    patch.setattr(home, "opened_for", by_last_sending)


def a_forgotten_filter(patch: pytest.MonkeyPatch, app: Flask) -> None:
    """Whose draft it is was not asked: on a turn that either may take, A meets what B has begun."""
    anybodys = lambda turn, _partner: db.session.scalar(select(Draft).where(Draft.turn_id == turn.id))  # noqa: E731
    patch.setattr(reflections, "draft_of", anybodys)


def a_mail(patch: pytest.MonkeyPatch, app: Flask) -> None:
    """The words of a mail that hang on something."""
    real = mail.message_of

    def tell(letter: mail.Letter, sender: str, *rest: Any) -> Any:
        return real(letter, f"{sender} ({count_of(Draft)})", *rest)

    patch.setattr(mail, "message_of", tell)


def a_feed(patch: pytest.MonkeyPatch, app: Flask) -> None:
    """In the calendar of A stands when B was met alone."""
    everything = lambda _viewer: select(Appointment)  # noqa: E731
    patch.setattr(appointments, "visible_to", everything)


def an_end(patch: pytest.MonkeyPatch, app: Flask) -> None:
    """How often somebody asked that all words of theirs end, in a figure that speaks of something else."""

    def tell(response: Response) -> None:
        response.set_data(response.get_data() + f"<p>Round {1 + count_of(Ending)}</p>".encode())

    changed(patch, app, "progress.mine", tell)


LEAKS: dict[str, Plant] = {
    "count": a_count,
    "length": a_length,
    "etag": an_etag,
    "date": a_date,
    "redirect": a_redirect,
    "status": a_status,
    "cookie": a_cookie,
    "order": an_order,
    "forgotten filter": a_forgotten_filter,
    "mail": a_mail,
    "feed": a_feed,
    "end": an_end,
}


def test_without_a_leak_there_is_no_difference(frozen: Frozen) -> None:
    assert frozen.differences() == []


@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_found(frozen: Frozen, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    LEAKS[kind](monkeypatch, frozen.theater.app)
    assert frozen.differences(), f"{kind}: nobody would have noticed"


def test_behind_a_forgotten_filter_there_are_still_no_words(
    frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ring of a client holds the own keys only: the page breaks, and shows nothing."""
    a_forgotten_filter(monkeypatch, frozen.theater.app)
    answers = frozen.look(frozen.private)[0].answers
    assert [status for _, status, _, _ in answers].count(500) >= 1
    assert not [path for path, *_, body in answers if "the next plan, not proposed" in body]


@pytest.mark.parametrize("audience", ["partner_1", "couple"])
def test_no_report_tells_its_reader_what_the_other_did_in_private(frozen: Frozen, audience: Audience) -> None:
    plain, private = (reported(frozen, copy, audience) for copy in (frozen.plain, frozen.private))
    assert plain == private
    assert reported(frozen, frozen.private, "counselor") != reported(frozen, frozen.plain, "counselor")


def reported(frozen: Frozen, copy: Path, audience: Audience) -> Any:
    """A report over all days of a history."""
    frozen.theater.restore(copy)
    with frozen.theater.app.app_context():
        period = Period(starts_on=people.BEGAN.date(), ends_on=frozen.now.date())
        return on_paper(Stage(frozen.theater.cast, frozen.now), audience, period)
