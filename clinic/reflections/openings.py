"""How words reach the other partner: what the fold says is due is sealed again under the reader's key."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from clinic import vault
from clinic.exercises.turns import DueOpening, RoundState
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import queries as rounds
from clinic.homework.models import Round
from clinic.reflections import queries
from clinic.reflections.models import Opening, Reflection, Words


class NotNow(Exception):
    """The turn does not admit this act any more, or not yet; what was written is kept in the draft."""


def perform_openings(round_: Round, now: datetime, folded: RoundState | None = None) -> int:
    """Give the words that the fold says are due, each sealed under its reader's key; returns how many.

    `folded` is the state of the round as it was folded just now, if there is one: the same fold is not done twice.
    """
    done: list[tuple[str, UUID]] = []
    folded = folded or rounds.state_of(round_, now)
    while folded.due:
        done += _open_all(round_, folded.due, now)
        folded = homework.sync(round_, now, ceiling=folded.ceiling)
    if done:
        homework.offer_words(round_, done, now)
    return len(done)


def _open_all(round_: Round, due: Sequence[DueOpening], now: datetime) -> Iterator[tuple[str, UUID]]:
    """Everything that one fold says is due; each opening as (key of the turn, to whom)."""
    turns = {rounds.turn_id_of(row): row for row in round_.turns}
    sent = queries.latest(turns[one.turn] for one in due)
    for one in due:
        turn, to = turns[one.turn], cast(UUID, one.to)
        row = sent.get(turn.id)
        words = next((part for part in row.words if part.group == one.group), None) if row else None
        if row is None or words is None:
            raise vault.VaultError("Words that are due to open are not there.")
        open_words(row, words, to, one.mode, now)
        homework.write_down(round_, "opened", now, turn=turn, by=row.partner_id, group=one.group, to=to)
        yield turn.key, to


def open_words(reflection: Reflection, words: Words, to: UUID, mode: str, now: datetime) -> Opening:
    """The act itself: the words as they are now, sealed again under the reader's key."""
    with vault.house("opening"):
        answers = dict(words.answers)
    opening = Opening(
        words_id=words.id,
        turn_id=reflection.turn_id,
        couple_id=reflection.couple_id,
        group=words.group,
        revision=reflection.revision,
        author_id=reflection.partner_id,
        to_id=to,
        at=now,
        mode=mode,
        answers=answers,
    )
    db.session.add(opening)
    return opening
