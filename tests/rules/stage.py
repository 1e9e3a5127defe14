"""The stage: people of the cast act at moved times, through the real actions, one transaction an act."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from clinic import clock, vault
from clinic.access import Viewer
from clinic.appointments import actions as appointments
from clinic.appointments import tasks as appointment_tasks
from clinic.appointments.models import Appointment
from clinic.couples import actions as couples
from clinic.couples.models import Couple, Partner
from clinic.exercises import queries as library
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import tasks as homework_tasks
from clinic.homework.agreed import Agreed
from clinic.homework.models import Assignment, Round, Turn
from clinic.privacy import endings
from clinic.privacy.models import Ending
from clinic.reflections import actions as reflections
from clinic.reflections import tasks as reflection_tasks
from clinic.reflections.actions import Author
from clinic.reflections.rules import Sending
from tests import cast as people
from tests.rules import answering

WORK: tuple[Any, ...] = (homework_tasks, appointment_tasks, reflection_tasks)
STATES = ("open", "returned", "proposed", "sent", "agreed")


@dataclass
class Stage:
    """Ids only: rows are fetched anew for each act. `now`: where the clock stands; `work`: what the background does."""

    cast: people.Cast
    now: datetime = people.BEGAN + timedelta(days=1, hours=6)
    assignments: dict[str, UUID] = field(default_factory=dict)
    appointments: dict[str, UUID] = field(default_factory=dict)
    work: tuple[Any, ...] = WORK

    def wait(self, **time: float) -> None:
        """Let time pass, and the background do what has come due."""
        self.now += timedelta(**time)
        with clock.moved_to(self.now):
            for work in self.work:
                work.due(self.now)
            db.session.remove()

    @contextmanager
    def act(self, who: str) -> Iterator[Viewer]:
        """One request's worth: a reading of their own, one commit, nothing kept in memory; all or nothing of it."""
        with clock.moved_to(self.now):
            viewer = people.viewer_of(self.cast, who)
            with vault.reading(viewer, "stage"):
                try:
                    yield viewer
                    db.session.commit()
                finally:
                    db.session.remove()  # before the reading is noted, which needs the lock

    # Rows

    def couple(self, key: str) -> Couple:
        """The row of a couple."""
        return db.session.get_one(Couple, self.cast.couples[key])

    def partner(self, who: str) -> Partner:
        """Somebody's side."""
        return db.session.get_one(Partner, self.cast.partners[who])

    def assignment(self, name: str) -> Assignment:
        """An assignment by the name that it was given under."""
        return db.session.get_one(Assignment, self.assignments[name])

    def turn(self, name: str, key: str, who: str, states: Sequence[str] = STATES) -> Turn:
        """The newest turn of that key which somebody has or had to do."""
        rows = select(Turn).join(Round).where(Round.assignment_id == self.assignments[name], Turn.key == key)
        mine = or_(Turn.partner_id == self.cast.partners[who], Turn.partner_id.is_(None))
        newest = (Round.number.desc(), Turn.attempt.desc(), Turn.entry.desc())
        found = db.session.scalars(rows.where(mine, Turn.state.in_(states)).order_by(*newest)).first()
        assert found is not None, f"{who} has no turn {key} of {name} that is {states}"
        return found

    def author(self, viewer: Viewer, name: str, key: str, who: str, states: Sequence[str] = STATES) -> Author:
        """Somebody at work on a turn."""
        turn, partner_id = self.turn(name, key, who, states), self.cast.partners[who]
        role = next(one.role for one in turn.round.assignment.recipients if one.partner_id == partner_id)
        return Author(viewer, partner_id, turn, role)

    # Acts of the counselor

    def assign(
        self,
        name: str,
        slug: str,
        to: Mapping[str, str],
        *,
        by: str = "counselor",
        plans: Mapping[str, Agreed] | None = None,
        **plan: Any,
    ) -> UUID:
        """Give an exercise to the people named, each with a role; `name` finds it again."""
        with self.act(by) as viewer:
            couple = db.session.get_one(Couple, self.partner(next(iter(to))).couple_id)
            version = library.get_for(viewer, slug)
            assert version is not None, slug
            made = homework.Plan(
                cast={self.cast.partners[who]: role for who, role in to.items()},
                starts_on=plan.pop("starts_on", clock.local_day(self.now, couple.zone)),
                plans={self.cast.partners[who]: one for who, one in (plans or {}).items()},
                **plan,
            )
            self.assignments[name] = homework.assign(viewer, couple, version, made, self.now).id
        return self.assignments[name]

    def release(self, name: str, key: str, of: str, by: str = "counselor") -> None:
        """Let the other read, and let the hold pass."""
        with self.act(by) as viewer:
            reflections.release(viewer, self.turn(name, key, of), self.now)
        self.wait(minutes=11)

    def reply(self, name: str, to: Sequence[str], text: str, by: str = "counselor") -> None:
        """Answer one or both about the first round."""
        with self.act(by) as viewer:
            rounds = select(Round).where(Round.assignment_id == self.assignments[name]).order_by(Round.number)
            round_ = db.session.scalars(rounds).first()
            assert round_ is not None
            reflections.reply(viewer, round_, [self.cast.partners[who] for who in to], text, self.now)

    def separate(self, key: str, by: str) -> None:
        """End a couple, as the page does: the couple, then what hangs on it."""
        with self.act(by) as viewer:
            couples.separate(viewer, self.couple(key), self.now)
            homework.sever(self.couple(key), self.now)

    def end_words(self, of: str, by: str = "counselor") -> None:
        """Somebody asked for it: all words of theirs are closed, and go when the period to undo it is over."""
        with self.act(by) as viewer:
            endings.close(viewer, self.partner(of), "request", "Asked alone, in the room.", self.now)

    def undo_end(self, of: str, by: str = "counselor") -> None:
        """They thought again."""
        with self.act(by) as viewer:
            rows = select(Ending).where(Ending.partner_id == self.cast.partners[of], Ending.state == "closed")
            endings.undo(viewer, db.session.scalars(rows).one(), self.now)

    def meet(self, name: str, key: str, by: str, *, in_days: float, partner_id: UUID | None = None) -> None:
        """Set an appointment with both, or with one of them alone."""
        with self.act(by) as viewer:
            couple = self.couple(key)
            slot = appointments.Slot(self.now + timedelta(days=in_days), couple.zone, partner_id=partner_id)
            self.appointments[name] = appointments.schedule(viewer, couple, slot, self.now).id

    def hold(self, name: str, by: str = "counselor") -> None:
        """An appointment took place."""
        with self.act(by) as viewer:
            row = db.session.get_one(Appointment, self.appointments[name])
            self.now = max(self.now, row.starts_at + timedelta(minutes=row.minutes))
            appointments.hold(viewer, row, self.now)

    # Acts of a partner

    def sending(self, author: Author, words: str, **more: Any) -> Sending:
        """A full answer to a turn in which every text holds `words`."""
        answers = {**answering.answers_for(author, words), **more.pop("answers", {})}
        safe, consent = more.pop("safe", "yes"), more.pop("consent", "yes")
        return Sending(
            answers=answers,
            safe=safe if author.asked.reaches_partner else None,
            consent=consent if author.asked.asks_consent else None,
            **more,
        )

    def send(self, who: str, name: str, key: str, words: str, **more: Any) -> None:
        """Hand in a turn."""
        with self.act(who) as viewer:
            author = self.author(viewer, name, key, who, ("open", "returned", "proposed"))
            reflections.send(author, self.sending(author, words, **more), self.now)
        self.now += timedelta(minutes=1)

    def draft(self, who: str, name: str, key: str, words: str, **more: Any) -> None:
        """Leave unsent words."""
        with self.act(who) as viewer:
            author = self.author(viewer, name, key, who, ("open", "returned", "proposed", "waiting", "sent"))
            reflections.settle(author, self.sending(author, words, **more), self.now)
        self.now += timedelta(minutes=1)

    def take_back(self, who: str, name: str, key: str) -> None:
        """Take unopened words back."""
        with self.act(who) as viewer:
            reflections.take_back(self.author(viewer, name, key, who, ("sent",)), self.now)

    def narrow(self, who: str, name: str, key: str, fields: Sequence[str] = ()) -> None:
        """Keep fields, or all of it, for the counselor."""
        with self.act(who) as viewer:
            reflections.narrow(self.author(viewer, name, key, who, ("sent",)), fields, self.now)

    def say(
        self, who: str, name: str, key: str, text: str, kind: reflections.Kind = "something_else"
    ) -> None:
        """A word to the counselor beside the answers."""
        with self.act(who) as viewer:
            reflections.say(self.author(viewer, name, key, who), kind, text, self.now)
