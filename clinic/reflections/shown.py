"""Words of before: what stands above a writer's form, as far as this writer may read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from clinic.couples.models import Couple, Partner
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, label_for
from clinic.extensions import db
from clinic.homework import queries as rounds
from clinic.homework.models import Turn
from clinic.reflections import queries
from clinic.reflections.drafts import Author
from clinic.reflections.models import Opening, Reply
from clinic.reflections.sheets import Sheet


@dataclass(frozen=True)
class Shown:
    """An earlier answer that stands above the form: the writer's own, joint, or opened to the writer."""

    prompt: str
    lines: list[str]
    name: str
    mark: Literal["a", "b"]
    at: datetime
    is_mine: bool
    is_declined: bool = False


def shown(sheet: Sheet) -> list[Shown]:
    """What the document shows before this turn, as far as this writer may read it."""
    return [one for reference in sheet.asked.shows for one in _found(sheet, reference)]


def _found(sheet: Sheet, reference: str) -> Iterator[Shown]:
    if "." not in reference:
        yield from _from_input(sheet, reference)
        return
    key, _, field_key = reference.partition(".")
    field = sheet.document.turns[key].field(field_key)
    for turn in _rows_named(sheet, key):
        for answers, partner, at in _readable(sheet.author, turn):
            if field_key in answers:
                yield _shown(sheet.author, field, answers[field_key], partner, at)
                return


def _rows_named(sheet: Sheet, key: str) -> list[Turn]:
    """The turns that a reference can mean: of this leg first, then of the same author's, the latest attempt first."""
    legs = rounds.legs_of(sheet.author.round.assignment)
    here = sheet.author.turn.leg

    def nearness(turn: Turn) -> tuple[bool, bool, int, int]:
        return turn.leg != here, legs[turn.leg].author != legs[here].author, -turn.attempt, -turn.entry

    rows = [turn for turn in sheet.author.round.turns if turn.key == key]
    near = [turn for turn in rows if turn.leg == here]
    return sorted(near or rows, key=nearness)


def _readable(author: Author, turn: Turn) -> Iterator[tuple[Mapping[str, Any], Partner, datetime]]:
    """What this writer may read of a turn: the joint words, then the own ones, and openings.

    The joint ones come first: an own version that was not agreed on, or kept, must not stand for what was.
    """
    proposal = queries.proposal_of(turn)
    if proposal is not None:
        yield queries.proposed(turn), _partner(author, proposal.partner_id), proposal.sent_at
    own = queries.latest([turn], author.partner_id).get(turn.id)
    if own is not None:
        yield queries.as_sent(own).answers, _partner(author, author.partner_id), own.sent_at
    opened = queries.openings_for(author.viewer).where(Opening.turn_id == turn.id, Opening.mode != "addition")
    for opening in db.session.scalars(opened.order_by(Opening.revision.desc(), Opening.at.desc())):
        yield opening.answers, _partner(author, opening.author_id), opening.at


def _partner(author: Author, partner_id: UUID) -> Partner:
    couple = db.session.get_one(Couple, author.turn.couple_id)
    return next(one for one in couple.partners if one.id == partner_id)


def _shown(author: Author, field: Field, answer: Any, partner: Partner, at: datetime) -> Shown:
    return Shown(
        label_for(field.label, author.role),
        shapes.describe(field, answer),
        partner.name,
        "a" if partner.position == 1 else "b",
        at,
        is_mine=partner.id == author.partner_id,
        is_declined=shapes.is_declined(answer),
    )


def _from_input(sheet: Sheet, key: str) -> Iterator[Shown]:
    """Words of another exercise that were opened to this writer: all answers of the last such turn."""
    needed = next(one for one in sheet.document.inputs if one.key == key)
    for opening in queries.given(sheet.author.viewer, sheet.author.round, needed):
        yield from _all_of(sheet.author, opening)


def _all_of(author: Author, opening: Opening) -> Iterator[Shown]:
    asked = rounds.document_for(opening.turn.round).turns[opening.turn.key]
    for field in asked.fields:
        if field.key in opening.answers:
            partner = _partner(author, opening.author_id)
            yield _shown(author, field, opening.answers[field.key], partner, opening.at)


def replies_to(author: Author) -> list[Reply]:
    """What the counselor answered this partner about this round, the newest first."""
    rows = queries.replies_for(author.viewer).where(
        Reply.round_id == author.turn.round_id, Reply.to_id == author.partner_id
    )
    return list(db.session.scalars(rows.order_by(Reply.at.desc())))


def entries_before(author: Author) -> list[Turn]:
    """The own earlier entries of a log, the newest first."""
    mine = select(Turn).where(
        Turn.round_id == author.turn.round_id, Turn.leg == author.turn.leg, Turn.key == author.turn.key
    )
    before = mine.where(Turn.entry < author.turn.entry, Turn.sent_by_id == author.partner_id)
    return list(db.session.scalars(before.order_by(Turn.entry.desc())))
