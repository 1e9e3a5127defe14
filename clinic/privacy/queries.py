"""Reads of copies, and of what belongs into one: nothing here reads further than the person's own pages do."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import defer

from clinic import clock
from clinic.access import Viewer
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Person
from clinic.consent import queries as consent
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, label_for
from clinic.exercises.own_questions import TAIL as TAIL_QUESTIONS
from clinic.extensions import db
from clinic.homework import queries as homework
from clinic.homework.models import Turn
from clinic.practice.rules import TITLES
from clinic.practice.summary import Letterhead
from clinic.privacy.models import OwnCopy
from clinic.privacy.summary import Line, Message, OwnRecord, Side, SignedPaper, Step
from clinic.progress import queries as progress
from clinic.progress.rules import ENGINE, TAIL, Seen
from clinic.progress.summary import Audience
from clinic.reflections import queries as reflections
from clinic.reflections.models import Draft, NoteToCounselor, Reply


def visible_to(viewer: Viewer) -> Select[OwnCopy]:
    """A client's own copies; nobody else's, whoever asks."""
    if not viewer.is_client:
        return select(OwnCopy).where(false())
    return select(OwnCopy).where(OwnCopy.person_id == viewer.person_id)


def get_for(viewer: Viewer, copy_id: UUID) -> OwnCopy | None:
    """One copy, with what is in it."""
    return db.session.scalar(visible_to(viewer).where(OwnCopy.id == copy_id))


def latest(viewer: Viewer) -> Sequence[OwnCopy]:
    """The copies that there are, the newest first, without what is in them."""
    rows = visible_to(viewer).options(defer(OwnCopy.data_sealed), defer(OwnCopy.pdf_sealed))
    return db.session.scalars(rows.order_by(OwnCopy.asked_at.desc())).all()


def owner_of(copy: OwnCopy) -> Viewer:
    """Who reads while the copy is made: its owner, with no more keys than on the owner's pages."""
    person = db.session.get_one(Person, copy.person_id)
    sides = couples.sides_of(person.id)
    return Viewer(person_id=person.id, practice_id=person.practice_id, name=person.name, sides=sides)


# What belongs into a copy


def record_of(owner: Viewer, letterhead: Letterhead, now: datetime) -> OwnRecord:
    """Own words, what both agreed on, what was opened to this person; nothing of the other's else."""
    account = sign_ins.account_of(owner.person_id)
    assert account is not None
    found = db.session.scalars(couples.visible_to(owner).order_by(Couple.created_at)).all()
    sides = tuple(_side(owner, couple) for couple in found)
    return OwnRecord(
        letterhead=letterhead, name=owner.name, sign_in_name=account.sign_in_name, made_at=now, sides=sides
    )


def _side(owner: Viewer, couple: Couple) -> Side:
    me = couples.side_of(owner, couple)
    assert me is not None
    other = couples.other_of(couple, me.id)
    audience: Audience = "partner_1" if me.position == 1 else "partner_2"
    return Side(
        partner=other.name if other else "",
        zone=couple.zone,
        began_on=clock.local_day(couple.created_at, couple.zone),
        steps=tuple(_steps(progress.words_for(owner, couple, audience), me)),
        drafts=tuple(_drafts(couple, me)),
        messages=tuple(sorted(_messages(owner, couple, me), key=lambda one: one.on)),
        papers=tuple(_papers(owner, couple, me)),
    )


def _steps(words: Iterable[Seen], me: Partner) -> Iterator[Step]:
    """The words by day and exercise, as they were sent."""
    found = sorted(
        (one for one in words if one.group != ENGINE), key=lambda one: (one.on, one.exercise.title)
    )
    said = {(one.turn_id, key) for one in found for key, answer in one.answers.items() if _is_said(answer)}
    for (on, title), seen in groupby(found, key=lambda one: (one.on, one.exercise.title)):
        lines = [line for one in seen for line in _lines(one, me, said)]
        if lines:
            yield Step(exercise=title, on=on, lines=tuple(lines))


def _is_said(answer: object) -> bool:
    return not shapes.is_declined(answer)


def _lines(seen: Seen, me: Partner, said: Collection[tuple[UUID, str]]) -> Iterator[Line]:
    """The answers of one group; what its author kept closer stands once, as it was answered."""
    by = "both" if _is_joint(seen) else "you" if seen.by == me.position else "partner"
    when: dict[str, Any] = {"by": by, "on": seen.given_on, "opened_on": seen.opened_on}
    for asked in _asked(seen):
        answer = seen.answers.get(asked.key)
        is_here = _is_said(answer) or (seen.turn_id, asked.key) not in said
        if is_here and (lines := shapes.describe(asked, answer)):
            yield Line(question=label_for(asked.label, seen.role), answer=tuple(lines), **when)
    if seen.is_addition and (text := seen.answers.get("addition")):
        yield Line(question="Added later", answer=(str(text),), **when)


def _asked(seen: Seen) -> list[Field]:
    """The questions of a group, without those about safety: these belong into the counselor's room, not into a file."""
    fields = TAIL_QUESTIONS if seen.group == TAIL else seen.turn.fields
    return [asked for asked in fields if not asked.flags]


def _is_joint(seen: Seen) -> bool:
    kinds = {group.key: group.visibility for group in seen.turn.groups}
    return kinds.get(seen.group) == "joint"


def _drafts(couple: Couple, me: Partner) -> Iterator[Step]:
    """Unsent words, of whatever became of their turn."""
    rows = select(Draft).join(Turn, Turn.id == Draft.turn_id).where(Turn.couple_id == couple.id)
    for draft in db.session.scalars(rows.where(Draft.partner_id == me.id).order_by(Draft.saved_at)):
        turn = db.session.get_one(Turn, draft.turn_id)
        asked, on = (
            homework.document_for(turn.round).turns[turn.key],
            clock.local_day(draft.saved_at, couple.zone),
        )
        given = draft.body.get("answers", {})
        lines = [
            Line(by="you", on=on, question=label_for(field.label, "default"), answer=tuple(answer))
            for field in asked.fields
            if not field.flags and (answer := shapes.describe(field, given.get(field.key)))
        ]
        if lines:
            yield Step(exercise=turn.round.assignment.version.title, on=on, lines=tuple(lines))


def _messages(owner: Viewer, couple: Couple, me: Partner) -> Iterator[Message]:
    """What was said to the counselor beside the answers, and what the counselor answered."""
    notes = reflections.notes_visible_to(owner).where(NoteToCounselor.partner_id == me.id)
    for note in db.session.scalars(notes):
        if note.text:
            yield Message(by="you", on=clock.local_day(note.at, couple.zone), text=note.text)
    replies = reflections.replies_for(owner).where(Reply.couple_id == couple.id, Reply.to_id == me.id)
    for reply in db.session.scalars(replies):
        yield Message(by="counselor", on=clock.local_day(reply.at, couple.zone), text=reply.text)


def _papers(owner: Viewer, couple: Couple, me: Partner) -> Iterator[SignedPaper]:
    """Every own signature with the text under which it stands, the first one first; none of the other's."""
    for one in reversed(consent.signed_by(owner, [me.id])[me.id]):
        row, zone = one.signature, couple.zone
        yield SignedPaper(
            title=TITLES[row.document.kind],  # type: ignore[index]  # one of the two
            version=row.number,
            way="paper" if row.paper_on else "words" if row.recorded_by_id else "account",
            on=row.paper_on or clock.local_day(row.signed_at, zone),
            name=row.name or "",
            text=row.document.text,
            hash=row.text_hash,
            taken_back_on=clock.local_day(row.withdrawn_at, zone) if row.withdrawn_at else None,
        )
