"""The blueprint of homework and what its pages share: how an opening is said, and the page of a client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint

from clinic.couples.models import Partner
from clinic.exercises.answers import sample_rows
from clinic.exercises.document import Every, Exercise, Turn
from clinic.exercises.turns import Event, Leg
from clinic.homework import queries, rules
from clinic.homework.agreed import Agreed
from clinic.homework.cards import Frame, Task, first_task
from forms.reflections import form_for

pages = Blueprint("homework", __name__, url_prefix="/homework")

OPENINGS = {
    "both_answered": "As soon as both have answered",
    "appointment": "At the next appointment, if both have answered",
    "counselor": "When I open it, if both have answered",
}


@dataclass(frozen=True)
class Seen:
    """What one partner will see of an exercise: the card, and the questions of each step."""

    partner: Partner
    task: Task | None
    is_there: bool  # on the first day; else it comes when it is this partner's turn
    forms: Sequence[tuple[Turn, Any]]
    frame: Frame


def seen_by(partner: Partner, document: Exercise, legs: list[Leg], agreed: Agreed, frame: Frame) -> Seen:
    """Everything with which the client's own pages draw it, as on the day on which a round begins."""
    given = (
        (needed.key, to) for needed in document.inputs for to in queries.given_of(partner.couple_id, needed)
    )
    events = [Event("input_opened", frame.opens_at, detail={"input": key, "to": to}) for key, to in given]
    first = first_task(document, legs, partner.id, agreed, frame, events)
    forms = [
        (
            turn,
            form_for(turn, role=role, rows=sample_rows(document, turn))(
                prefix=f"p{partner.position}-{turn.key}-", formdata=None, meta={"csrf": False}
            ),
        )
        for turn, role in rules.turns_for(document, legs, partner.id)
    ]
    task, is_there = first or (None, False)
    return Seen(partner, task, is_there, forms, frame)


def frame_of(
    document: Exercise, starts_on: date, open_days: int | None, opening: str, zone: str, now: datetime
) -> Frame:
    """The round that begins on a day; one that begins with an appointment ends with it, whenever that is."""
    opens_at, closes_at = rules.frame(starts_on, rules.open_for(document, open_days), zone)
    is_before = isinstance(document.cadence, Every) and document.cadence.every is None
    return Frame(max(opens_at, now), None if is_before else closes_at, opening)
