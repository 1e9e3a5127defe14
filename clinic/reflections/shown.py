"""Words of before: what stands above a writer's form, as far as this writer may read it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID

from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, label_for
from clinic.extensions import db
from clinic.homework import queries as rounds
from clinic.homework.models import Turn
from clinic.reflections import queries
from clinic.reflections.drafts import Author
from clinic.reflections.models import Opening, Reply
from clinic.reflections.rules import Sending
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
    is_closed: bool = False  # own words that nobody but the counselor has: they open after a fresh proof


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
        found = _joint(sheet, turn, field) or _own(sheet, turn, field) or _opened(sheet, turn, field)
        if found is not None:
            yield found
            return


def _joint(sheet: Sheet, turn: Turn, field: Field) -> Shown | None:
    """What is on the table of both comes first: an own version that was kept must not stand for it."""
    proposal = queries.proposal_of(turn)
    answers = queries.proposed(turn) if proposal is not None else {}
    if proposal is None or field.key not in answers:
        return None
    partner = _partner(sheet.author, proposal.partner_id)
    return _shown(sheet.author, field, answers[field.key], partner, proposal.sent_at)


def _opened(sheet: Sheet, turn: Turn, field: Field) -> Shown | None:
    """What the other's words were when they opened, the last ones first."""
    author = sheet.author
    rows = queries.openings_for(author.viewer).where(Opening.turn_id == turn.id, Opening.mode != "addition")
    for opening in db.session.scalars(rows.order_by(Opening.revision.desc(), Opening.at.desc())):
        if field.key in opening.answers:
            return _shown(
                author, field, opening.answers[field.key], _partner(author, opening.author_id), opening.at
            )
    return None


def _own(sheet: Sheet, turn: Turn, field: Field) -> Shown | None:
    """The own answer, closed while its author alone has it and has not proved who looks."""
    author = sheet.author
    row = queries.own_in(turn.round_id, author.partner_id).get(turn.id)
    sent = queries.as_sent(row) if row else None
    if row is None or sent is None or field.key not in sent.answers:
        return None
    found = _shown(author, field, sent.answers[field.key], _partner(author, author.partner_id), row.sent_at)
    if author.viewer.has_fresh_proof or _is_given(sheet, turn, field.key, sent):
        return found
    return replace(found, lines=[], is_declined=False, is_closed=True)


def _is_given(sheet: Sheet, turn: Turn, field_key: str, sent: Sending) -> bool:
    """True when the other partner has this answer, too: it is no secret on the table at home."""
    group = next(
        group.key
        for group in sheet.document.turns[turn.key].groups
        if field_key in {one.key for one in group.fields}
    )
    return field_key not in sent.narrowed and (rounds.turn_id_of(turn), group) in sheet.given


def _rows_named(sheet: Sheet, key: str) -> list[Turn]:
    """The turns that a reference can mean, the latest attempt first: those of this leg, if it has that step at all,
    known or not; else of the same author's, then of the other's."""
    legs = rounds.legs_of(sheet.author.round.assignment)
    at = sheet.author.turn.leg
    here = legs[at]

    def nearness(turn: Turn) -> tuple[bool, int, int]:
        return legs[turn.leg].author != here.author, -turn.attempt, -turn.entry

    is_here = any(one.key == key and here.actors(one) for one in sheet.document.parts[here.part].turns)
    known = queries.turns_known(sheet.author.round.id, sheet.author.partner_id)
    rows = [turn for turn in known if turn.key == key and (turn.leg == at or not is_here)]
    return sorted(rows, key=nearness)


def _partner(author: Author, partner_id: UUID) -> Partner:
    couple = couples.at_hand(author.turn.couple_id)
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
    here = author.turn
    before = [
        one
        for one in queries.turns_known(here.round_id, author.partner_id)
        if (one.leg, one.key, one.sent_by_id) == (here.leg, here.key, author.partner_id)
        and one.entry < here.entry
    ]
    return sorted(before, key=attrgetter("entry"), reverse=True)
