"""Reads of homework: which turns a viewer may know of, and the state of a round as the fold gives it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.document import Exercise, Input
from clinic.exercises.models import ExerciseVersion
from clinic.exercises.queries import document_of
from clinic.exercises.turns import Event, Leg, RoundState, TurnId, Window, declassified, state
from clinic.extensions import db
from clinic.homework import rules
from clinic.homework.models import Assignment, Recipient, Round, RoundEvent, Turn
from clinic.safety import queries as safety
from clinic.safety.rules import Ceiling

Row = TypeVar("Row")


def visible_to(viewer: Viewer) -> Select[Turn]:
    """A client knows the own turns and those that either may take; staff those of the couples that they may see."""
    if viewer.is_staff:
        return select(Turn).where(Turn.couple_id.in_(couples.visible_to(viewer).with_only_columns(Couple.id)))
    if not viewer.is_client:
        return select(Turn).where(false())
    return select(Turn).where(_mine(viewer.couple_ids, viewer.partner_ids))


def _mine(couple_ids: Any, partner_ids: Any) -> ColumnElement[bool]:
    """The own turns of a client, and those that either may take."""
    own = or_(Turn.partner_id.in_(partner_ids), Turn.partner_id.is_(None))
    return and_(Turn.couple_id.in_(couple_ids), own)


def turns_in(viewer: Viewer, rounds: Collection[Round]) -> dict[UUID, list[Turn]]:
    """By round, the turns that this viewer may know of, in order."""
    rows = visible_to(viewer).where(Turn.round_id.in_([one.id for one in rounds]))
    found: dict[UUID, list[Turn]] = {one.id: [] for one in rounds}
    for turn in db.session.scalars(rows.order_by(Turn.leg, Turn.order, Turn.entry)):
        found[turn.round_id].append(turn)
    return found


def turn_for(viewer: Viewer, turn_id: UUID, *, also_recalled: bool = False) -> Turn | None:
    """One turn, as far as this viewer may know of it; a recalled one is nobody's any more, but for what was begun."""
    known = visible_to(viewer).where(Turn.id == turn_id).join(Turn.round).join(Round.assignment)
    whole = contains_eager(Turn.round)
    given = whole.contains_eager(Round.assignment).joinedload(Assignment.recipients)
    known = known if also_recalled else known.where(Assignment.state != "recalled")
    return _one(known.options(given))


def _one(chosen: Select[Row]) -> Row | None:
    """One row with what hangs on it, in one statement."""
    return db.session.scalars(chosen).unique().one_or_none()


def state_now(turn: Turn) -> str | None:
    """The state of a turn as the database has it by now, whatever the row at hand says."""
    return db.session.scalar(select(Turn.state).where(Turn.id == turn.id))


class Writer(NamedTuple):
    """Who may write a turn: the turn with its round and assignment at hand, the partner, and the role."""

    turn: Turn
    partner_id: UUID
    role: str


def writer_of(viewer: Viewer, turn_id: UUID) -> Writer | None:
    """A client as the one who writes this turn, by one statement; None when it is not theirs, or was recalled."""
    if not viewer.is_client:
        return None
    who = {"couples": viewer.couple_ids, "partners": viewer.partner_ids}
    row = db.session.execute(_WRITER, {**who, "turn": turn_id}).first()
    return Writer(*row) if row else None


_COUPLES: BindParameter[Any] = bindparam("couples", expanding=True)
_PARTNERS: BindParameter[Any] = bindparam("partners", expanding=True)
_WRITER = (
    select(Turn, Recipient.partner_id, Recipient.role)
    .where(_mine(_COUPLES, _PARTNERS), Turn.id == bindparam("turn"))
    .join(Turn.round)
    .join(Round.assignment)
    .join(Assignment.recipients)
    .where(Recipient.partner_id.in_(_PARTNERS), Assignment.state != "recalled")
    .options(contains_eager(Turn.round).contains_eager(Round.assignment))
)
"""Made once: every save while somebody types asks it."""


def round_for(viewer: Viewer, round_id: UUID) -> Round | None:
    """A round, for staff who may see its couple."""
    if not viewer.is_staff:
        return None
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    whole = joinedload(Round.assignment).joinedload(Assignment.recipients)
    known = select(Round).where(Round.id == round_id, Round.couple_id.in_(seen))
    return _one(known.options(whole, joinedload(Round.turns), selectinload(Round.events)))


def assignment_for(viewer: Viewer, assignment_id: UUID) -> Assignment | None:
    """An assignment, for staff who may see its couple."""
    if not viewer.is_staff:
        return None
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    known = select(Assignment).where(Assignment.id == assignment_id, Assignment.couple_id.in_(seen))
    return _one(known.options(joinedload(Assignment.recipients)))


def work_for(viewer: Viewer, assignment_id: UUID) -> Assignment | None:
    """An assignment in whose couple this viewer may act."""
    workable = couples.workable_by(viewer).with_only_columns(Couple.id)
    known = select(Assignment).where(Assignment.id == assignment_id, Assignment.couple_id.in_(workable))
    return _one(known.options(joinedload(Assignment.recipients)))


def given_to(viewer: Viewer, couple_id: UUID) -> list[Assignment]:
    """What was given to a couple, the latest first, for staff who may see it; recalled ones are gone."""
    seen = couples.visible_to(viewer).where(Couple.id == couple_id).with_only_columns(Couple.id)
    rows = select(Assignment).where(Assignment.couple_id.in_(seen), Assignment.state != "recalled")
    rows = rows.options(selectinload(Assignment.recipients)).order_by(Assignment.assigned_at.desc())
    return list(db.session.scalars(rows)) if viewer.is_staff else []


def main_now(viewer: Viewer, couple_id: UUID) -> dict[UUID, list[Assignment]]:
    """By partner, the exercises of weight `main` that are going on."""
    found: dict[UUID, list[Assignment]] = defaultdict(list)
    main = [one for one in given_to(viewer, couple_id) if one.state == "active" and one.weight == "main"]
    done = done_at(main)
    for assignment in [one for one in main if one.id not in done]:
        for recipient in assignment.recipients:
            found[recipient.partner_id].append(assignment)
    return found


def done_at(assignments: Collection[Assignment]) -> dict[UUID, datetime]:
    """Those that are done, with the end of their last round: of a bounded number of rounds all were and are closed."""
    by_id = {one.id: one for one in assignments if one.state == "active"}
    closed = (
        select(Round.assignment_id, func.max(Round.local_on), func.max(Round.closed_at))
        .where(Round.assignment_id.in_(by_id))
        .group_by(Round.assignment_id)
        .having(func.count() == func.count(Round.closed_at))
    )
    rows = db.session.execute(closed).all() if by_id else []
    return {id_: at for id_, newest, at in rows if at and _is_last(by_id[id_], newest)}


def _is_last(assignment: Assignment, newest: date) -> bool:
    """True when no round will follow the one of that day."""
    after = max(newest, assignment.resumed_on - timedelta(days=1)) if assignment.resumed_on else newest
    cadence = rules.cadence_of(assignment.cadence)
    return rules.is_bounded(cadence) and rules.next_date(cadence, assignment.starts_on, after) is None


def rounds_of(assignment: Assignment) -> list[Round]:
    """Its rounds, the latest first."""
    rows = select(Round).where(Round.assignment_id == assignment.id).order_by(Round.number.desc())
    return list(db.session.scalars(rows.options(selectinload(Round.turns), selectinload(Round.events))))


def excused_from(round_: Round) -> set[UUID]:
    """Who was excused from a round; for staff alone, as the other partner is never told."""
    return {event.by_id for event in round_.events if event.kind == "closed" and event.by_id}


def document_given(assignment: Assignment) -> Exercise:
    """The document of an assignment, as it is for both or for one alone."""
    return document_of(assignment.version, alone=assignment.is_alone)


def document_for(round_: Round) -> Exercise:
    """The document that a round was assigned with."""
    return document_given(round_.assignment)


def legs_of(assignment: Assignment) -> list[Leg]:
    """The stored (author, other) pairs."""
    return [
        Leg(part, UUID(author), UUID(other) if other else None, role)
        for part, author, other, role in assignment.legs
    ]


def turn_id_of(turn: Turn) -> TurnId:
    """The name by which the engine knows a turn."""
    return TurnId(turn.leg, turn.key, turn.attempt, turn.entry)


def events_of(round_: Round) -> list[Event]:
    """What happened in a round, as the engine reads it."""
    names = {turn.id: turn_id_of(turn) for turn in round_.turns}
    return [_event(row, names[row.turn_id] if row.turn_id else None) for row in round_.events]


def _event(row: RoundEvent, turn: TurnId | None) -> Event:
    detail = dict(row.detail)
    if "to" in detail:
        detail["to"] = UUID(detail["to"])
    # An appointment counts from when it took place, not from when the counselor came to mark it.
    at = datetime.fromisoformat(detail["held_at"]) if "held_at" in detail else row.at
    return Event(row.kind, at, turn, row.by_id, detail)  # type: ignore[arg-type]  # the column holds these kinds only


def told_to(partner: UUID, rounds: Collection[Round]) -> dict[UUID, list[Event]]:
    """By round, what may change what this partner can get. What the other did in private is not even fetched.

    The engine's rule has the last word on each event; only what the other's own acts add without end is left in the
    database, so that no answer takes longer for what somebody else wrote.
    """
    at_once = [
        (one.id, key)
        for one in rounds
        for key, turn in document_for(one).turns.items()
        if turn.reaches_at_once
    ]
    others_own = and_(RoundEvent.kind.in_(OWN_ACTS), RoundEvent.by_id != partner)
    reaches = and_(RoundEvent.kind == "sent", tuple_(RoundEvent.round_id, Turn.key).in_(at_once))
    rows = (
        select(RoundEvent, Turn.leg, Turn.key, Turn.attempt, Turn.entry)
        .outerjoin(Turn, Turn.id == RoundEvent.turn_id)
        .where(RoundEvent.round_id.in_([one.id for one in rounds]), or_(not_(others_own), reaches))
        .order_by(RoundEvent.round_id, RoundEvent.seq)
    )
    found: dict[UUID, list[Event]] = {one.id: [] for one in rounds}
    for row, leg, key, attempt, entry in db.session.execute(rows):
        turn = TurnId(leg, key, attempt, entry) if row.turn_id else None
        found[row.round_id].append(_event(row, turn))
    return {
        one.id: declassified(document_for(one), legs_of(one.assignment), found[one.id], partner)
        for one in rounds
    }


OWN_ACTS = ("sent", "took_back", "narrowed")
"""What one partner does alone: the other is told of it only where words reach them at once."""


def given_of(couple_id: UUID, needed: Input) -> set[UUID]:
    """To whom words of another exercise were opened in this couple."""
    opened = (
        select(RoundEvent.detail)
        .join(Turn, Turn.id == RoundEvent.turn_id)
        .join(Round, Round.id == RoundEvent.round_id)
        .join(Assignment, Assignment.id == Round.assignment_id)
        .where(RoundEvent.kind == "opened", Turn.key == needed.turn)
        .where(Round.couple_id == couple_id, Assignment.slug == needed.exercise)
    )
    return {UUID(detail["to"]) for detail in db.session.scalars(opened)}


def answers_for(couple_id: UUID, document: Exercise) -> UUID | None:
    """Who answers words of another exercise: who was given them; before that, whom they are to reach. None: not one."""
    given = {to for needed in document.inputs for to in given_of(couple_id, needed)}
    if not given:
        slugs = {needed.exercise for needed in document.inputs}
        going = select(Assignment).where(Assignment.couple_id == couple_id, Assignment.slug.in_(slugs))
        rows = db.session.scalars(going.where(Assignment.state.in_(("active", "paused")))) if slugs else ()
        given = {UUID(other) for row in rows for _part, _author, other, _role in row.legs if other}
    return next(iter(given)) if len(given) == 1 else None


Asked = Ceiling | Literal["ask"]
"""A ceiling that the caller knows already, or that is to be asked for."""


def running_in(couple_id: UUID) -> list[tuple[UUID, Exercise]]:
    """The rounds that go on in a couple, by id, and the document of each."""
    rows = db.session.execute(_RUNNING, {"couple": couple_id})
    return [(row.id, document_of(row, alone=row.is_alone)) for row in rows]


_RUNNING = (
    select(Round.id, Assignment.is_alone, ExerciseVersion.hash)
    .join(Round.assignment)
    .join(Assignment.version)
    .where(Round.couple_id == bindparam("couple"), Round.closed_at.is_(None), Assignment.state == "active")
)


def ceiling_of(assignment: Assignment, now: datetime) -> Ceiling:
    """The widest reach allowed now; a paused assignment is held like everything else that is held."""
    if assignment.state == "paused":
        return None
    return safety.ceiling_of(couples.at_hand(assignment.couple_id), now)


def state_of(
    round_: Round, now: datetime, *, partner: UUID | None = None, ceiling: Asked = "ask"
) -> RoundState:
    """Fold a round: for the house and the counselor all of it, for a partner only what is declassified for them.

    Who folds many rounds of a couple, or one round again and again, asks for the ceiling once and hands it in.
    """
    events = events_of(round_)
    if partner is not None:
        events = declassified(document_for(round_), legs_of(round_.assignment), events, partner)
    return _folded(round_, events, now, ceiling)


def states_for(
    partner: UUID, rounds: Collection[Round], now: datetime, *, ceiling: Asked = "ask"
) -> dict[UUID, RoundState]:
    """The same for a partner's pages, by round, with nothing at hand that the partner may not know."""
    told = told_to(partner, rounds)
    return {one.id: _folded(one, told[one.id], now, ceiling) for one in rounds}


def _folded(round_: Round, events: Sequence[Event], now: datetime, ceiling: Asked) -> RoundState:
    if ceiling == "ask" or round_.assignment.state == "paused":
        ceiling = ceiling_of(round_.assignment, now)
    window = Window(round_.opens_at, round_.closes_at, round_.assignment.opening, ceiling)  # type: ignore[arg-type]
    return state(document_for(round_), legs_of(round_.assignment), events, now, window=window)
