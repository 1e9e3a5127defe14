"""How rounds come about and change: what is due is made, what happened is noted, and the fold says what follows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select

from clinic import clock
from clinic.couples import queries as couples
from clinic.exercises.document import Every
from clinic.exercises.queries import document_of
from clinic.exercises.turns import EventKind, RoundState, TurnState
from clinic.extensions import db
from clinic.homework import queries, reminders, rules, summary
from clinic.homework.models import Assignment, Round, RoundEvent, Turn

# What is due


def open_due_rounds(assignment: Assignment, now: datetime) -> list[Round]:
    """Make the rounds that have come due and are missing; past ones are closed as they are made."""
    couple = couples.at_hand(assignment.couple_id)
    if assignment.state != "active" or couple.paused_at is not None:
        return []
    if couple.resumed_at is not None and couple.resumed_at > assignment.assigned_at:
        go_on_from(assignment, clock.local_day(couple.resumed_at, assignment.zone))
    there = _days_there(assignment)
    return [open_round(assignment, day, now) for day in _due_days(assignment, now) if day not in there]


class Paced(Protocol):
    """What says when rounds come due: an assignment, or so much of its row."""

    @property
    def zone(self) -> str: ...
    @property
    def cadence(self) -> Any: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def resumed_on(self) -> date | None: ...


def is_behind(assignment: Paced, newest: date | None, now: datetime) -> bool:
    """True when a round has come due since the `newest` one; asked of many assignments without a statement for each."""
    wanted = _due_days(assignment, now)
    return bool(wanted) and (newest is None or newest < wanted[-1])


def _due_days(assignment: Paced, now: datetime) -> list[date]:
    today = clock.local_day(now, assignment.zone)
    days = rules.due_dates(rules.cadence_of(assignment.cadence), assignment.starts_on, today)
    return [day for day in days if assignment.resumed_on is None or day >= assignment.resumed_on]


def _days_there(assignment: Assignment) -> set[date]:
    return set(db.session.scalars(select(Round.local_on).where(Round.assignment_id == assignment.id)))


def go_on_from(assignment: Assignment, day: date) -> None:
    """The rounds that a pause swallowed are not made as closed ones: they come later, as many as they were."""
    since = assignment.resumed_on or assignment.starts_on
    if assignment.resumed_on == day:
        return
    cadence, there = rules.cadence_of(assignment.cadence), _days_there(assignment)
    due = rules.due_dates(cadence, assignment.starts_on, day - timedelta(days=1))
    swallowed = [one for one in due if one >= since and one not in there]
    assignment.resumed_on = day
    if swallowed and cadence == "once":
        assignment.starts_on = day
    if isinstance(cadence, Every) and cadence.times is not None:
        assignment.cadence = {**assignment.cadence, "for": cadence.times + len(swallowed)}


# Making and moving rounds


def open_round(assignment: Assignment, local_on: date, now: datetime) -> Round:
    """One round on a local date; for exercises done as needed it is the partner or counselor who starts it."""
    open_for = rules.open_for(document_of(assignment.version), assignment.open_days)
    opens_at, closes_at = rules.frame(local_on, open_for, assignment.zone)
    return _add_round(assignment, local_on, max(opens_at, assignment.assigned_at), closes_at, now)


def open_round_before(
    assignment: Assignment, appointment_id: UUID, starts_at: datetime, now: datetime
) -> Round:
    """The round that belongs to an appointment: open so many hours before it, closed when it begins."""
    day = clock.local_day(starts_at, assignment.zone)
    return _add_round(assignment, day, _opens_before(assignment, starts_at), starts_at, now, appointment_id)


def move_round(round_: Round, starts_at: datetime, now: datetime) -> None:
    """The appointment that a round belongs to was moved: so is the round."""
    round_.opens_at = _opens_before(round_.assignment, starts_at)
    round_.closes_at, round_.closed_at = starts_at, None
    round_.local_on = clock.local_day(starts_at, round_.assignment.zone)
    sync(round_, now)


def _opens_before(assignment: Assignment, starts_at: datetime) -> datetime:
    cadence = rules.cadence_of(assignment.cadence)
    hours = cadence.appointment if isinstance(cadence, Every) and cadence.appointment else 0
    return max(starts_at + timedelta(hours=hours), assignment.assigned_at)


def _add_round(
    assignment: Assignment,
    local_on: date,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    appointment_id: UUID | None = None,
) -> Round:
    numbers = select(Round.number).where(Round.assignment_id == assignment.id)
    last = db.session.scalar(numbers.order_by(Round.number.desc()).limit(1))
    ceiling = queries.ceiling_of(assignment, now)
    round_ = Round(
        assignment=assignment,
        couple_id=assignment.couple_id,
        number=(last or 0) + 1,
        local_on=local_on,
        opens_at=opens_at,
        closes_at=closes_at,
        appointment_id=appointment_id,
    )
    db.session.add(round_)
    sync(round_, now, ceiling=ceiling)
    _offer_inputs(round_, now)
    return round_


def _offer_inputs(round_: Round, now: datetime) -> None:
    """Words of other exercises that this one builds on and that were opened to somebody already."""
    for needed in queries.document_for(round_).inputs:
        for to in queries.given_of(round_.couple_id, needed):
            note(round_, "input_opened", now, input=needed.key, to=to)


def offer_words(source: Round, opened: Sequence[tuple[str, UUID]], now: datetime) -> None:
    """Words were opened, each given as (key of the turn, to whom): rounds that wait for them go on."""
    slug = source.assignment.slug
    for round_id, document in queries.running_in(source.couple_id):
        for needed in document.inputs:
            for key, to in opened:
                if (needed.exercise, needed.turn) == (slug, key):
                    round_ = db.session.get_one(Round, round_id)
                    note(round_, "input_opened", now, input=needed.key, to=to)


def open_rounds(assignment: Assignment) -> list[Round]:
    """The rounds of an assignment that are not closed."""
    return list(
        db.session.scalars(
            select(Round).where(Round.assignment_id == assignment.id, Round.closed_at.is_(None))
        )
    )


# What happened


def note(
    round_: Round,
    kind: EventKind,
    now: datetime,
    *,
    turn: Turn | None = None,
    by: UUID | None = None,
    ceiling: queries.Asked = "ask",
    **detail: Any,
) -> RoundState:
    """Write down what happened and let the fold say what follows; the one way in which a round changes."""
    write_down(round_, kind, now, turn=turn, by=by, **detail)
    return sync(round_, now, ceiling=ceiling)


def write_down(
    round_: Round,
    kind: EventKind,
    now: datetime,
    *,
    turn: Turn | None = None,
    by: UUID | None = None,
    **detail: Any,
) -> None:
    """The first half of `note`, for an act of several events: only after the last one the fold is asked."""
    if "to" in detail:
        detail["to"] = str(detail["to"])
    seq = max((event.seq for event in round_.events), default=0) + 1
    turn_id = turn.id if turn else None
    round_.events.append(RoundEvent(seq=seq, at=now, kind=kind, turn_id=turn_id, by_id=by, detail=detail))


def note_appointment(couple_id: UUID, at: datetime, now: datetime) -> list[Round]:
    """A joint appointment took place: sealed words that wait for one may open. Returns the rounds that it touches."""
    begun = select(Round).where(
        Round.couple_id == couple_id, Round.opens_at <= at, Round.came_in_at.is_not(None)
    )
    touched = list(db.session.scalars(begun.where(Round.turns.any(Turn.awaits_opening))))
    for round_ in touched:
        note(round_, "appointment", now, held_at=at.isoformat())
    return touched


def sync(round_: Round, now: datetime, *, ceiling: queries.Asked = "ask") -> RoundState:
    """Fold the round and keep what it says in the rows of its turns; they are written with all else of the act."""
    folded = queries.state_of(round_, now, ceiling=ceiling)
    rows = {queries.turn_id_of(turn): turn for turn in round_.turns}
    order = {key: place for place, key in enumerate(queries.document_for(round_).turns)}
    for id_, one in folded.turns.items():
        if id_ not in rows:
            rows[id_] = Turn(couple_id=round_.couple_id, **id_._asdict())
            rows[id_].order = order[id_.key] * 100 + id_.attempt
            round_.turns.append(rows[id_])
        _keep(rows[id_], one)
        rows[id_].awaits_opening = id_ in folded.awaiting
    round_.closed_at = folded.closed_at
    round_.glance = summary.line_of(round_)
    if round_ not in db.session.new:  # of one that is being made nobody was reminded
        reminders.weigh(now, round_=round_)
    return folded


def _keep(row: Turn, one: TurnState) -> None:
    actor = one.actors[0] if len(one.actors) == 1 else None
    row.partner_id, row.state, row.since, row.until = actor, one.status, one.since, one.until  # type: ignore[assignment]
    row.sent_at, row.sent_by_id, row.is_kept = one.sent_at, one.sent_by, one.is_whole_narrowed  # type: ignore[assignment]
