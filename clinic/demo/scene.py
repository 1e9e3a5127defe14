"""What the acts of one couple need at hand: its rows by the story's keys, and the viewers who act."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from clinic import clock
from clinic.access import NOBODY, Viewer
from clinic.accounts.models import StaffMember
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.demo.story import CoupleStory, Present, Step
from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise
from clinic.exercises.reading import read
from clinic.extensions import db
from clinic.homework.models import Assignment, Round, Turn
from clinic.homework.queries import document_for
from clinic.reflections.actions import Author
from clinic.reflections.rules import Sending


class BrokenStory(Exception):
    """The story tells something that the practice would not let happen; the message says where."""


@dataclass
class Scene:
    """One couple on the stage. Ids only: each act fetches its rows, as a request would."""

    story: CoupleStory
    present: Present
    staff: dict[str, UUID]
    password_hash: str
    couple_id: UUID | None = None
    viewer: Viewer = NOBODY  # who does the act that is being done
    assignments: dict[str, UUID] = field(default_factory=dict)
    invitations: dict[str, tuple[str, str]] = field(default_factory=dict)  # token and secret, until used
    appointments: list[UUID] = field(default_factory=list)
    written: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    # Rows

    @property
    def couple(self) -> Couple:
        return db.session.get_one(Couple, self.couple_id)

    def partner(self, key: str) -> Partner:
        """The row of one of the two."""
        place = next(place for place, half in enumerate(self.story.partners) if half.key == key)
        return self.couple.partners[place]

    def partners(self, step: Step) -> list[Partner]:
        """The one whom the step names, or both."""
        return [self.partner(step.who)] if step.who else list(self.couple.partners)

    def assignment(self, step: Step) -> Assignment:
        """The assignment that the step names."""
        if step.of not in self.assignments:
            raise BrokenStory(f"{self.story.key}, {step.at}: nothing is assigned as {step.of!r}")
        return db.session.get_one(Assignment, self.assignments[step.of])

    def turn(self, step: Step, states: Sequence[str]) -> Turn:
        """The newest turn of that name which the partner named may act in (or wrote), in one of these states."""
        partner = self.partner(step.who)
        found = db.session.scalar(
            select(Turn)
            .join(Round)
            .where(Round.assignment_id == self.assignment(step).id, Turn.key == step.turn)
            .where(or_(Turn.partner_id == partner.id, Turn.partner_id.is_(None)), Turn.state.in_(states))
            .order_by(Round.number.desc(), Turn.attempt.desc(), Turn.entry.desc(), Turn.leg)
            .limit(1)
        )
        if found is None:
            told = f"{self.story.key}, {step.at}: {step.do} {step.who}"
            raise BrokenStory(f"{told}: no turn {step.turn!r} of {step.of!r} is {' or '.join(states)}")
        return found

    def round(self, step: Step) -> Round:
        """The newest round of an assignment in which something came in."""
        found = db.session.scalar(
            select(Round)
            .where(Round.assignment_id == self.assignment(step).id, Round.came_in_at.is_not(None))
            .order_by(Round.number.desc())
            .limit(1)
        )
        if found is None:
            raise BrokenStory(f"{self.story.key}, {step.at}: nothing came in for {step.of!r}")
        return found

    # Who acts

    def counselor(self) -> Viewer:
        """The first counselor who works with the couple now; before it exists, the one of the story."""
        at_work = couples.counselors_of(self.couple_id, clock.now()) if self.couple_id else ()
        member = at_work[0] if at_work else db.session.get_one(StaffMember, self.staff[self.story.counselor])
        return staff_viewer(member)

    def client(self, key: str) -> Viewer:
        """One of the two, signed in."""
        partner = self.partner(key)
        if partner.person_id is None:
            raise BrokenStory(f"{self.story.key}: {key} has not joined")
        return Viewer(
            person_id=partner.person_id,
            practice_id=partner.practice_id,
            name=partner.name,
            sides=couples.sides_of(partner.person_id),
        )

    def author(self, step: Step, *states: str) -> Author:
        """That partner at work on that turn."""
        turn, partner = self.turn(step, states), self.partner(step.who)
        role = next(one.role for one in turn.round.assignment.recipients if one.partner_id == partner.id)
        return Author(self.viewer, partner.id, turn, role)

    # Words

    def sending(self, step: Step, author: Author) -> Sending:
        """What the step says, read exactly as a form would read it."""
        document = document_for(author.round)
        answers = self._answers(step, document, author)
        return Sending(
            answers=answers,
            safe=step.safe if author.asked.reaches_partner else None,
            consent=step.consent if author.asked.asks_consent else None,  # type: ignore[arg-type]  # one of three words
            keep=step.keep,
            narrowed=tuple(step.fields),
            tail=step.tail,
        )

    def _answers(self, step: Step, document: Exercise, author: Author) -> dict[str, Any]:
        turn = author.asked
        earlier = {
            turn_key: said
            for (of, who, turn_key), said in self.written.items()
            if (of, who) == (step.of, step.who)
        }
        found: dict[str, Any] = {}
        for key, told in step.answers.items():
            asked = turn.field(key)
            if told == "declined":
                found[key] = dict(shapes.DECLINED)
                continue
            rows = shapes.rows_of(document, asked, earlier)
            found[key] = read(asked, self._raw(asked, told, rows), rows)
        self.written[step.of, step.who, step.turn] = found
        return found

    def _raw(self, asked: Any, told: Any, rows: Sequence[tuple[str, str]]) -> Any:
        """An answer as the story tells it, as raw input: times become dates, plain lists become rows."""
        if asked.kind in {"date", "datetime"}:
            return self.present.as_answer(told, self.story.zone)
        if asked.kind == "rows":
            first = asked.rows.columns[0].key
            cells = [one if isinstance(one, dict) else {first: one} for one in told]
            return {row: cell for (row, _label), cell in zip(rows, cells, strict=False)}
        return told


def staff_viewer(member: StaffMember) -> Viewer:
    """A member of staff, signed in."""
    return Viewer(
        person_id=member.person_id,
        practice_id=member.practice_id,
        name=member.name,
        staff_id=member.id,
        roles=frozenset(member.roles),
    )
