"""How words reach the other partner: what the fold says is due is sealed again under the reader's key."""

from datetime import datetime
from uuid import UUID

from clinic import vault
from clinic.exercises.turns import RoundState
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
    done = 0
    folded = folded or rounds.state_of(round_, now)
    while folded.due:
        for one in folded.due:
            turn = next(row for row in round_.turns if rounds.turn_id_of(row) == one.turn)
            found = queries.words_for_opening(turn, one.group)
            if found is None:
                raise vault.VaultError("Words that are due to open are not there.")
            open_words(*found, one.to, one.mode, now)  # type: ignore[arg-type]  # partner ids are UUIDs here
            folded = homework.note(
                round_, "opened", now, turn=turn, by=found[0].partner_id, group=one.group, to=one.to
            )
            homework.offer_words(round_, turn, one.to, now)  # type: ignore[arg-type]
            done += 1
    return done


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
