"""One couple on one page, in a dozen statements: what is open, what came in, the lines of both, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from clinic import clock
from clinic.access import Viewer
from clinic.appointments.models import Appointment
from clinic.couples.models import Concern, Couple
from clinic.documents import queries as documents
from clinic.documents.models import Document
from clinic.extensions import db
from clinic.homework.models import Assignment, Round
from clinic.progress import lines, queries
from clinic.progress.lines import Glance
from clinic.progress.summary import Audience, Period
from clinic.safety import queries as safety
from clinic.safety.models import Flag
from clinic.safety.rules import Ceiling

LOOKS_BACK = timedelta(weeks=26)
"""How far the lines on a couple's page go."""


@dataclass(frozen=True)
class AtWork:
    """One round on the couple's page: the exercise, where each partner is, and until when."""

    round: Round
    title: str
    states: tuple[str, ...]  # by partner, position 1 first

    @property
    def is_open(self) -> bool:
        return self.round.closed_at is None


@dataclass(frozen=True)
class Overview:
    """One couple on one page."""

    couple: Couple
    concerns: Sequence[Concern]
    ceiling: Ceiling
    flags: Sequence[Flag]
    open: Sequence[AtWork]
    came_in: Sequence[AtWork]
    lines: Glance
    appointments: Sequence[Appointment]
    documents: Sequence[Document]


def overview(viewer: Viewer, couple: Couple, now: datetime) -> Overview:
    """All that a counselor wants to know of a couple before the door opens."""
    today = clock.local_day(now, couple.zone)
    rounds = [_at_work(row, couple) for row in _rounds_of(couple, now)]
    period = Period(starts_on=today - LOOKS_BACK, ends_on=today)
    words = queries.words_for(viewer, couple, "counselor", period, with_openings=False)
    return Overview(
        couple=couple,
        concerns=_concerns(couple),
        ceiling=safety.ceiling_of(couple, now),
        flags=[flag for flag in safety.open_flags(viewer) if flag.couple_id == couple.id],
        open=[one for one in rounds if one.is_open],
        came_in=[one for one in rounds if one.round.came_in_at is not None][:8],
        lines=lines.glance(lines.lines(words, [])),
        appointments=_appointments_of(couple, now),
        documents=documents.latest(viewer, couple, 6),
    )


def _rounds_of(couple: Couple, now: datetime) -> list[Round]:
    touched = or_(Round.closed_at.is_(None), Round.came_in_at.is_not(None))
    rows = (
        select(Round)
        .join(Round.assignment)
        .where(Round.couple_id == couple.id, Assignment.state != "recalled", Round.opens_at <= now, touched)
        .options(contains_eager(Round.assignment).joinedload(Assignment.version))
        .options(joinedload(Round.turns))
        .order_by(func.coalesce(Round.came_in_at, Round.opens_at).desc())
        .limit(30)
    )
    return list(db.session.scalars(rows).unique())


def _at_work(row: Round, couple: Couple) -> AtWork:
    return AtWork(row, row.assignment.version.title, tuple(_state_of(row, one.id) for one in couple.partners))


def _state_of(row: Round, partner_id: UUID) -> str:
    """What the counselor may know of a part: not yet, sent, closed; never that there is a draft."""
    own = [turn for turn in row.turns if partner_id in (turn.partner_id, turn.sent_by_id)]
    if not own:
        return "–"
    if any(turn.state in {"open", "returned", "proposed"} for turn in own):
        return "some sent" if any(turn.sent_at for turn in own) else "not yet"
    if any(turn.sent_at for turn in own):
        return "sent"
    return "closed" if row.closed_at else "waits"


def _concerns(couple: Couple) -> Sequence[Concern]:
    rows = select(Concern).where(Concern.couple_id == couple.id, Concern.closed_at.is_(None))
    return (
        db.session.scalars(rows.options(joinedload(Concern.roles)).order_by(Concern.opened_at)).unique().all()
    )


def _appointments_of(couple: Couple, now: datetime) -> Sequence[Appointment]:
    """The next ones and the last three, in order."""
    rows = (
        select(Appointment)
        .where(Appointment.couple_id == couple.id)
        .order_by(Appointment.starts_at.desc())
        .limit(8)
    )
    found = sorted(db.session.scalars(rows), key=lambda row: row.starts_at)
    past = [row for row in found if row.starts_at <= now][-3:]
    return [*past, *(row for row in found if row.starts_at > now)]


def usual_period(couple: Couple, audience: Audience, now: datetime) -> tuple[date, date]:
    """From the first round that this audience knows of, or the last half year, to today: with this a report begins."""
    today = clock.local_day(now, couple.zone)
    return max(queries.first_day(couple, audience, now), today - LOOKS_BACK), today
