"""What waits for the counselor's release, as its reader would see it, and what has opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.exercises import answers as shapes
from clinic.exercises.document import label_for
from clinic.extensions import db
from clinic.homework import queries as rounds
from clinic.homework.models import Round, Turn
from clinic.reflections import queries
from clinic.reflections.models import Opening


@dataclass(frozen=True)
class Release:
    """Words of one turn that wait for the counselor, or are on their way."""

    turn: Turn
    author: Partner
    reader: Partner
    title: str
    consent: str | None
    released_at: datetime | None
    lines: list[tuple[str, list[str], bool]]  # prompt, lines, declined


CONSENT_SAID = {
    "yes": "said yes to passing it on.",
    "after_appointment": "said: only after we have talked about it in an appointment.",
}


def releases(viewer: Viewer, round_: Round) -> list[Release]:
    """What can be released in a round, or was and has not opened yet."""
    couple = couples.at_hand(round_.couple_id)
    found = []
    for (turn_id, partner_id), row in queries.sent_in(viewer, round_).items():
        turn = next(one for one in round_.turns if one.id == turn_id)
        words = queries.words_to_release(turn, row) if turn.awaits_opening and turn.state == "sent" else []
        reader = next((one for one in couple.partners if one.id != partner_id), None)
        if words and reader is not None:
            answers = {key: value for one in words for key, value in one.answers.items()}
            found.append(
                _release(
                    round_,
                    turn,
                    next(one for one in couple.partners if one.id == partner_id),
                    reader,
                    answers,
                )
            )
    return found


def _release(
    round_: Round, turn: Turn, author: Partner, reader: Partner, answers: Mapping[str, Any]
) -> Release:
    asked = rounds.document_for(round_).turns[turn.key]
    lines = [
        (
            label_for(one.label, "mutual"),
            shapes.describe(one, answers[one.key]),
            shapes.is_declined(answers[one.key]),
        )
        for one in asked.fields
        if one.key in answers
    ]
    consent = queries.consent_of(turn)
    return Release(turn, author, reader, asked.title, consent, queries.released_at(turn), lines)


def opened_in(round_: Round) -> list[tuple[Turn, datetime]]:
    """Turns of a round whose words have opened, with the first moment of it."""
    rows = db.session.execute(
        select(Opening.turn_id, Opening.at)
        .where(Opening.turn_id.in_([turn.id for turn in round_.turns]))
        .order_by(Opening.at)
    )
    first: dict[UUID, datetime] = {}
    for row in rows:
        first.setdefault(row.turn_id, row.at)
    return [(turn, first[turn.id]) for turn in round_.turns if turn.id in first]
