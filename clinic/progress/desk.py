"""What waits for a counselor today: to act on, to hear, to read, to release, who is quiet; in a dozen statements."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload, selectinload

from clinic import clock
from clinic.access import Viewer
from clinic.appointments.models import Appointment
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.models import ExerciseVersion
from clinic.exercises.queries import document_of
from clinic.exercises.turns import HOLD
from clinic.extensions import db
from clinic.homework.models import Assignment, Recipient, Round, RoundEvent, Turn
from clinic.progress import meetings, rules, waiting
from clinic.progress.meetings import Meeting
from clinic.progress.waiting import Waiting
from clinic.reflections import queries as reflections
from clinic.reflections.models import NoteToCounselor
from clinic.safety import queries as safety
from clinic.safety.models import Flag

SHOWN = 40
"""So many lines of one heap at most; the caseload has the rest."""


@dataclass(frozen=True)
class Line:
    """One line of Today: whose it is, what it is about, since when, and the id of what it leads to."""

    couple: Couple
    what: str
    at: datetime
    to: UUID


class Cover(NamedTuple):
    """Who else reads couples of this counselor for a while, how many of them, and until when."""

    name: str
    couples: int
    until: date  # the last day


@dataclass(frozen=True)
class Today:
    """A counselor's day."""

    covers: Sequence[Cover]
    emergencies: Sequence[Line]  # an owner read a record, and no counselor has noted it
    flags: Sequence[Line]
    notes: Sequence[Line]
    to_read: Sequence[Line]
    to_release: Sequence[Line]
    on_hold: Sequence[Line]  # released, and can still be called back
    quiet: Sequence[Line]
    to_settle: Sequence[tuple[Line, Waiting]]  # who joined and is not confirmed, whose consent is missing
    to_renew: Sequence[tuple[Line, Waiting]]  # clearances, the one that ends first on top
    meetings: Sequence[Meeting]
    current: UUID | None = None  # the appointment that is next, or going on

    @property
    def is_clear(self) -> bool:
        heaps = (
            self.emergencies,
            self.flags,
            self.notes,
            self.to_read,
            self.to_release,
            self.on_hold,
            self.quiet,
        )
        return not any((*heaps, self.to_settle, self.to_renew))


def today_of(viewer: Viewer, zone: str, now: datetime) -> Today:
    """Everything that waits for this counselor, over all couples that she may see."""
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    flags = list(safety.open_flags(viewer))[:SHOWN]
    notes = reflections.unread_notes(viewer)[:SHOWN]
    rounds, silent, met = (
        _rounds_at_work(seen),
        list(_silent(seen, now)),
        meetings.met_today(viewer, zone, now),
    )
    held = waiting.waiting_for(viewer, now, SHOWN)
    readers = couples.other_readers(viewer, now)
    opened = [one for one in readers if not one.is_cover]
    rows: list[Flag | NoteToCounselor | Round | Appointment] = [
        *flags,
        *notes,
        *rounds,
        *(row for row, _ in met),
    ]
    named = _couples(
        {row.couple_id for row in rows}
        | {id_ for id_, *_ in silent}
        | {one.couple_id for one in held}
        | {one.couple_id for one in opened}
    )
    names = {one.id: one.name for couple in named.values() for one in couple.partners}
    settled = [(_held(one, named[one.couple_id], names), one) for one in held]
    at_release = [line for row in rounds for line in _releases(row, named[row.couple_id], names, now)]
    return Today(
        covers=_covers((one for one in readers if one.is_cover), zone),
        emergencies=[_opened(one, named[one.couple_id]) for one in opened],
        flags=[_flag(row, named[row.couple_id], names) for row in flags],
        notes=[_note(row, named[row.couple_id], names) for row in notes],
        to_read=[
            _to_read(row, named[row.couple_id], names)
            for row in rounds
            if row.came_in_at and not row.reviewed_at
        ][:SHOWN],
        to_release=[line for line, is_held in at_release if not is_held],
        on_hold=[line for line, is_held in at_release if is_held],
        quiet=[Line(named[id_], what, at, id_) for id_, what, at in _by_couple(silent, names)],
        to_settle=[one for one in settled if one[1].need in {"confirm", "consent", "withdrawn"}],
        to_renew=sorted(
            (one for one in settled if one[1].need in {"renew", "expired"}), key=lambda one: one[0].at
        ),
        meetings=[meetings.meeting(row, named[row.couple_id], marked) for row, marked in met],
        current=next(
            (row.id for row, _ in met if row.state == "scheduled" and now < meetings.ends(row)), None
        ),
    )


def _covers(readers: Iterable[couples.Reader], zone: str) -> list[Cover]:
    counted = Counter((one.staff.name, clock.last_day(one.until_at, zone)) for one in readers)
    return [Cover(name, many, until) for (name, until), many in counted.items()]


def _opened(row: couples.Reader, couple: Couple) -> Line:
    return Line(couple, f"{row.staff.name} read the record", row.from_at, row.id)


def _flag(row: Flag, couple: Couple, names: dict[UUID, str]) -> Line:
    return Line(couple, f"{names[row.partner_id]}: an answer asks you to act", row.raised_at, row.id)


def _note(row: NoteToCounselor, couple: Couple, names: dict[UUID, str]) -> Line:
    return Line(couple, f"{names[row.partner_id]}: {rules.NOTES[row.kind]}", row.at, row.turn.round_id)


def _couples(ids: set[UUID]) -> dict[UUID, Couple]:
    rows = select(Couple).where(Couple.id.in_(ids)).options(joinedload(Couple.partners))
    found = db.session.scalars(rows).unique().all() if ids else []
    couples.names_of(found)
    return {one.id: one for one in found}


def _held(one: Waiting, couple: Couple, names: dict[UUID, str]) -> Line:
    return Line(couple, f"{names[one.partner_id]}: {rules.NEEDS[one.need]}", one.at, couple.id)


# To read and to release


def _rounds_at_work(seen: Select[UUID]) -> list[Round]:
    """Rounds in which something came in that was not reviewed, or in which words wait to be opened."""
    to_read = and_(Round.came_in_at.is_not(None), Round.reviewed_at.is_(None))
    rows = (
        select(Round)
        .join(Round.assignment)
        .where(Round.couple_id.in_(seen), Assignment.state != "recalled")
        .where(or_(to_read, Round.turns.any(Turn.awaits_opening)))
        .options(contains_eager(Round.assignment).joinedload(Assignment.version))
        .options(selectinload(Round.turns), selectinload(Round.events))
        .order_by(Round.came_in_at.desc())
        .limit(SHOWN * 3)
    )
    return list(db.session.scalars(rows).unique())


def _to_read(row: Round, couple: Couple, names: dict[UUID, str]) -> Line:
    """Who sent what; the step is named only where the exercise has several."""
    sent = sorted((turn for turn in row.turns if turn.sent_at), key=lambda turn: turn.sent_at or row.opens_at)
    document = document_of(row.assignment.version)
    who = {turn.sent_by_id for turn in sent}
    last = sent[-1] if sent else None
    name = "Both" if len(who) > 1 else names.get(last.sent_by_id, "") if last and last.sent_by_id else ""
    step = document.turns[last.key].title if last and len(document.turns) > 1 and len(who) == 1 else ""
    what = ", ".join(part for part in (name, document.title, step.lower()) if part)
    return Line(couple, what, row.came_in_at or row.opens_at, row.id)


def _releases(
    row: Round, couple: Couple, names: dict[UUID, str], now: datetime
) -> Iterator[tuple[Line, bool]]:
    """Words that wait for the counselor's act, and those that she released and can still call back."""
    for turn in row.turns:
        if not turn.awaits_opening or turn.sent_at is None or turn.sent_by_id is None:
            continue
        title = row.assignment.version.title
        released = reflections.released_at(turn)
        if released and now < released + HOLD:
            yield Line(couple, f"{names[turn.sent_by_id]}, {title}", released + HOLD, row.id), True
        elif released is None and needs_release(turn, row):
            said = rules.CONSENTS.get(_consent(turn, row), "")
            yield Line(couple, f"{names[turn.sent_by_id]}, {title}{said}", turn.sent_at, row.id), False


def needs_release(turn: Turn, row: Round) -> bool:
    """True when nothing but the counselor opens these words."""
    kinds = {group.visibility for group in document_of(row.assignment.version).turns[turn.key].groups}
    if "release" in kinds:
        return True
    twins = [one for one in row.turns if one.key == turn.key and one.leg != turn.leg]
    both = all(one.sent_at and not one.is_kept for one in twins)
    return "sealed" in kinds and row.assignment.opening == "counselor" and bool(twins) and both


def _consent(turn: Turn, row: Round) -> str:
    sent = [e for e in row.events if e.turn_id == turn.id and e.kind == "sent"]
    return str(sent[-1].detail.get("consent") or "") if sent else ""


# Quiet


def _silent(seen: Select[UUID], now: datetime) -> Iterator[tuple[UUID, UUID, str, datetime]]:
    """Partners with something to do who sent nothing for a week: (couple, partner, exercise, since)."""
    last = (
        select(Turn.sent_by_id, func.max(Turn.sent_at).label("at"))
        .where(Turn.couple_id.in_(seen))
        .group_by(Turn.sent_by_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Assignment.couple_id,
            Recipient.partner_id,
            ExerciseVersion.title,
            Assignment.assigned_at,
            last.c.at,
        )
        .join(Recipient, Recipient.assignment_id == Assignment.id)
        .join(ExerciseVersion, ExerciseVersion.id == Assignment.exercise_version_id)
        .join(Couple, Couple.id == Assignment.couple_id)
        .outerjoin(last, last.c.sent_by_id == Recipient.partner_id)
        .where(Assignment.couple_id.in_(seen), Assignment.state == "active")
        .where(Couple.paused_at.is_(None), Couple.closed_at.is_(None), Couple.separated_at.is_(None))
        .where(Assignment.assigned_at <= now - rules.QUIET_AFTER)
        .where(or_(last.c.at.is_(None), last.c.at <= now - rules.QUIET_AFTER))
        .where(_has_open_turn(Recipient.partner_id))
        .order_by(Assignment.assigned_at)
    )
    for row in rows:
        yield row.couple_id, row.partner_id, row.title, max(row.at or row.assigned_at, row.assigned_at)


def _has_open_turn(partner_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return (
        select(Turn.id)
        .join(Round, Round.id == Turn.round_id)
        .where(Round.assignment_id == Assignment.id, Turn.partner_id == partner_id)
        .where(Turn.state.in_(("open", "returned", "missed")), ~_was_excused())
        .exists()
    )


def _was_excused() -> ColumnElement[bool]:
    """True for a round that was closed to excuse one of the two; nobody was quiet in it."""
    return Round.events.any(and_(RoundEvent.kind == "closed", RoundEvent.by_id.is_not(None)))


def _by_couple(
    silent: Iterable[tuple[UUID, UUID, str, datetime]], names: dict[UUID, str]
) -> Iterator[tuple[UUID, str, datetime]]:
    """One line for a couple, whoever of the two is quiet."""
    found: dict[UUID, list[tuple[UUID, str, datetime]]] = {}
    for couple_id, partner_id, title, at in silent:
        found.setdefault(couple_id, []).append((partner_id, title, at))
    for couple_id, rows in found.items():
        who = {partner_id for partner_id, _, _ in rows}
        titles = list(dict.fromkeys(title for _, title, _ in rows))
        name = "Both" if len(who) > 1 else names[next(iter(who))]
        more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
        yield couple_id, f"{name}, {titles[0]}{more}", max(at for _, _, at in rows)
