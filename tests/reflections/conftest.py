"""A couple at work: exercises assigned by the counselor's own actions, and the turns that follow."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from clinic import clock, vault
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.exercises import actions as exercises
from clinic.exercises import queries as library
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Assignment, Turn
from clinic.reflections import actions
from clinic.reflections.rules import Sending
from tests import cast as people

BOTH = ("partner_a", "partner_b")


class Work:
    """What happened in the couple so far, told by keys of the cast; every act commits."""

    def __init__(self, app: Flask, cast: people.Cast) -> None:
        self.app, self.cast = app, cast

    def assign(self, slug: str, to: tuple[str, ...] = BOTH, couple: str = "couple", **plan: Any) -> UUID:
        """Give an exercise to a couple; returns the assignment."""
        with self.app.app_context(), vault.reading(self.viewer("counselor"), "test"):
            exercises.import_documents(shipped().values(), clock.now())
            counselor = self.viewer("counselor")
            version = library.get_for(counselor, slug)
            assert version is not None
            roles = plan.pop("roles", dict.fromkeys(to, "mutual"))
            starts = plan.pop("starts_on", clock.local_day(clock.now(), "America/New_York"))
            cast = {self.cast.partners[key]: roles[key] for key in to}
            first = self.cast.partners[plan.pop("first", to[0])]
            row = db.session.get_one(Couple, self.cast.couples[couple])
            wanted = homework.Plan(cast=cast, starts_on=starts, first=first, **plan)
            made = homework.assign(counselor, row, version, wanted, clock.now()).id
            db.session.commit()
            return made

    def viewer(self, key: str) -> Viewer:
        return people.viewer_of(self.cast, key)

    def turn(self, assignment: UUID, key: str, who: str, *, attempt: int = 1, entry: int = 1) -> UUID:
        """The id of a turn that somebody is to write."""
        partner = self.cast.partners[who]
        with self.app.app_context():
            rows = db.session.scalars(
                db.select(Turn)
                .join(Turn.round)
                .where(Turn.key == key, Turn.attempt == attempt, Turn.entry == entry)
                .where((Turn.partner_id == partner) | Turn.partner_id.is_(None))
            )
            return next(row.id for row in rows if row.round.assignment_id == assignment)

    def round(self, turn: UUID) -> UUID:
        with self.app.app_context():
            return db.session.get_one(Turn, turn).round_id

    def send(self, who: str, turn: UUID, answers: dict[str, Any], **more: Any) -> None:
        """Hand in a turn as that partner, without a browser."""
        with self.app.app_context():
            viewer = self.viewer(who)
            with vault.reading(viewer, "test"):
                author = actions.author_for(viewer, turn)
                assert author is not None
                actions.send(author, Sending(answers=answers, **{"safe": "yes", **more}), clock.now())
                db.session.commit()
                db.session.remove()

    def act(self, who: str, turn: UUID, act: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Do one of the verbs as its author (a partner) or as staff, on a turn."""
        with self.app.app_context():
            viewer = self.viewer(who)
            with vault.reading(viewer, "test"):
                subject = (
                    actions.author_for(viewer, turn) if viewer.is_client else db.session.get_one(Turn, turn)
                )
                first = (subject,) if viewer.is_client else (viewer, subject)
                done = act(*first, *args, clock.now(), **more)
                db.session.commit()
                db.session.remove()
                return done

    def assignment(self, id_: UUID) -> Assignment:
        return db.session.get_one(Assignment, id_)


@pytest.fixture
def work(app: Flask, cast: people.Cast, now: datetime) -> Work:
    del now
    return Work(app, cast)


@pytest.fixture
def ahead(now: datetime) -> Iterator[Callable[..., datetime]]:
    """Let time go by: `ahead(minutes=11)`; sums up."""
    from datetime import timedelta

    moves: list[Any] = []
    at = [now]

    def go(**span: float) -> datetime:
        at[0] += timedelta(**span)
        move = clock.moved_to(at[0])
        move.__enter__()
        moves.append(move)
        return at[0]

    yield go
    for move in reversed(moves):
        move.__exit__(None, None, None)
