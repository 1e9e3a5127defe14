"""Verbs of the counselor: release with its hold, return, reply, review. Private notes lie under the practice's key."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from clinic import audit, clock
from clinic.access import Viewer
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Round, Turn
from clinic.reflections import queries
from clinic.reflections.models import NoteToCounselor, Reply, RoundReview
from clinic.reflections.openings import NotNow
from clinic.reflections.seen import must_be_read


def release(viewer: Viewer, turn: Turn, now: datetime, read: Collection[str] | None = None) -> None:
    """Let the partner read what was `read`: takes effect after the hold, and can be called back until then."""
    must_be_read(queries.opened_together(turn), read)
    row = queries.latest([turn]).get(turn.id)
    if row is None or not queries.can_release(turn):
        raise NotNow("There is nothing here that can be released: it was kept, taken back or opened already.")
    if queries.is_early(turn):
        raise NotNow(
            "They read that it opens at an appointment, and not before. Mark one as held first; then you can open it."
        )
    homework.note(turn.round, "released", now, turn=turn)
    audit.record(viewer, "release", turn, revision=row.revision)


def call_back(viewer: Viewer, turn: Turn, now: datetime) -> None:
    """Undo a release within the hold."""
    if not (turn.awaits_opening and queries.released_at(turn)):
        raise NotNow("It has opened already, or was called back before.")
    homework.note(turn.round, "called_back", now, turn=turn)
    audit.record(viewer, "call back", turn)


def return_for_another_pass(
    viewer: Viewer, turn: Turn, now: datetime, read: Collection[str] | None = None
) -> None:
    """Ask the author for another pass at what was `read`; what was sent stays until the new one comes."""
    must_be_read([turn], read)
    if not queries.can_return(turn):
        raise NotNow("It has opened already; ask for an addition instead.")
    homework.note(turn.round, "returned", now, turn=turn)
    audit.record(viewer, "return", turn)


def reply(viewer: Viewer, round_: Round, to: Sequence[UUID], text: str, now: datetime) -> list[Reply]:
    """Answer one partner or both; each has a row under the own key."""
    rows = [
        Reply(
            round_id=round_.id,
            couple_id=round_.couple_id,
            to_id=partner_id,
            staff_id=viewer.staff_id,
            at=now,
            is_to_both=len(to) > 1,
            text=text,
        )
        for partner_id in to
    ]
    db.session.add_all(rows)
    audit.record(viewer, "reply", round_, to=[str(one) for one in to])
    return rows


def review(
    viewer: Viewer,
    round_: Round,
    now: datetime,
    *,
    note: str | None = None,
    quality: Mapping[str, int] | None = None,
    meets: Sequence[str] | None = None,
    is_done: bool = False,
) -> RoundReview:
    """Keep the counselors' side of a round; what is None stays as it was. `is_done` marks it reviewed."""
    row = queries.review_of(round_.id)
    if row is None:
        row = RoundReview(practice_id=viewer.practice_id, round_id=round_.id, couple_id=round_.couple_id)
        db.session.add(row)
    row.by_id, row.at = viewer.staff_id, now  # type: ignore[assignment]  # counselors are staff
    for name, value in (("note", note), ("quality", quality), ("meets", meets)):
        if value is not None:
            setattr(row, name, value)
    if is_done:
        round_.reviewed_at = now
    audit.record(viewer, "review", round_, done=is_done)
    return row


def mark_read_aloud(viewer: Viewer, round_: Round, on: date | None, now: datetime) -> None:
    """It was read aloud in a session on that day; None takes the mark away. Nothing opens by it."""
    today = clock.local_day(now, round_.assignment.zone)
    if not queries.can_be_read_aloud(round_):
        raise NotNow("There is nothing here that is read aloud in a session.")
    if on is not None and on > today:
        raise NotNow("That day is still to come. Nothing was marked.")
    said = on.isoformat() if on else ""
    homework.note(round_, "read_aloud", now, on=said)
    audit.record(viewer, "read aloud", round_, on=said)


def mark_note_read(viewer: Viewer, note: NoteToCounselor, now: datetime) -> None:
    """The counselor has read a word that came beside the answers."""
    if note.read_at is None:
        note.read_at, note.read_by_id = now, viewer.staff_id
        audit.record(viewer, "read note", note)
