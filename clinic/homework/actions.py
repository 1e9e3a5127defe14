"""Verbs of homework: assign, open rounds, note what happened and let the fold say what follows, pause, end, recall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic import audit, clock
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.exercises.document import WIDTH, Every
from clinic.exercises.models import ExerciseVersion
from clinic.exercises.queries import document_of
from clinic.exercises.turns import EventKind, RoundState, TurnState
from clinic.extensions import db
from clinic.homework import queries, rules
from clinic.homework.models import Assignment, Recipient, Round, RoundEvent, Turn

OPENINGS = ("both_answered", "appointment", "counselor")


class HomeworkError(Exception):
    """An act that is not possible now; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """What the counselor settled when assigning. `cast` is the role of each recipient, `plans` the plan with each."""

    cast: Mapping[UUID, str]
    starts_on: date
    first: UUID | None = None
    opening: str | None = None
    times: int | None = None
    concern_id: UUID | None = None
    plans: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)


def assign(viewer: Viewer, couple: Couple, version: ExerciseVersion, plan: Plan, now: datetime) -> Assignment:
    """Give an exercise to a couple or one partner, and open the rounds that are due at once."""
    document = document_of(version)
    if couple.closed_at or (couple.separated_at and len(plan.cast) > 1):
        raise HomeworkError("They are no couple here any more: nothing can be given to both.")
    try:
        legs = rules.legs_for(document, plan.cast, plan.first)
    except ValueError as error:
        raise HomeworkError(str(error)) from error
    assignment = Assignment(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        exercise_version_id=version.id,
        version=version,
        slug=document.slug,
        weight=document.weight,
        concern_id=plan.concern_id,
        assigned_by_id=viewer.staff_id,
        assigned_at=now,
        starts_on=plan.starts_on,
        zone=couple.zone,
        cadence=_cadence(document.cadence, plan.times),
        opening=plan.opening or document.opening,
        legs=[
            [leg.part, str(leg.author), None if leg.other is None else str(leg.other), leg.role]
            for leg in legs
        ],
        state="active",
    )
    db.session.add(assignment)
    for partner_id, role in plan.cast.items():
        made = dict(plan.plans.get(partner_id, {})) or None
        assignment.recipients.append(Recipient(partner_id=partner_id, role=role, plan=made))
    audit.record(viewer, "assign", assignment, exercise=document.slug, to=[str(one) for one in plan.cast])
    open_due_rounds(assignment, now)
    return assignment


def _cadence(cadence: str | Every, times: int | None) -> Any:
    if isinstance(cadence, str):
        return cadence
    kept = {"every": cadence.every, "for": times or cadence.times, "appointment": cadence.appointment}
    return {name: value for name, value in kept.items() if value is not None}


# Rounds


def open_due_rounds(assignment: Assignment, now: datetime) -> list[Round]:
    """Make the rounds that have come due and are missing; past ones are closed as they are made."""
    if assignment.state != "active":
        return []
    today = clock.local_day(now, assignment.zone)
    wanted = rules.due_dates(rules.cadence_of(assignment.cadence), assignment.starts_on, today)
    there = set(db.session.scalars(select(Round.local_on).where(Round.assignment_id == assignment.id)))
    return [open_round(assignment, day, now) for day in wanted if day not in there]


def is_behind(assignment: Assignment, newest: date | None, now: datetime) -> bool:
    """True when a round has come due since the `newest` one; asked of many assignments without a statement for each."""
    today = clock.local_day(now, assignment.zone)
    wanted = rules.due_dates(rules.cadence_of(assignment.cadence), assignment.starts_on, today)
    return bool(wanted) and (newest is None or newest < wanted[-1])


def open_round(assignment: Assignment, local_on: date, now: datetime) -> Round:
    """One round on a local date; for exercises done as needed it is the partner or counselor who starts it."""
    opens_at, closes_at = rules.frame(local_on, document_of(assignment.version).open_for, assignment.zone)
    return _add_round(assignment, local_on, max(opens_at, assignment.assigned_at), closes_at, now)


def open_round_before(
    assignment: Assignment, appointment_id: UUID, starts_at: datetime, now: datetime
) -> Round:
    """The round that belongs to an appointment: open so many hours before it, closed when it begins."""
    cadence = rules.cadence_of(assignment.cadence)
    hours = cadence.appointment if isinstance(cadence, Every) and cadence.appointment else 0
    opens_at = max(starts_at + timedelta(hours=hours), assignment.assigned_at)
    day = clock.local_day(starts_at, assignment.zone)
    return _add_round(assignment, day, opens_at, starts_at, now, appointment_id)


def start_round(viewer: Viewer, assignment: Assignment, local_on: date, now: datetime) -> Round:
    """A round of an exercise that is done when it is needed; one at a time."""
    if assignment.state != "active" or assignment.cadence != "as_needed":
        raise HomeworkError(
            "Only an exercise that is done when it is needed, and that goes on, can be started."
        )
    if open_rounds(assignment):
        raise HomeworkError("One round is still open. Let it end, or end it, before the next one.")
    round_ = open_round(assignment, local_on, now)
    audit.record(viewer, "start round", round_)
    return round_


def _add_round(
    assignment: Assignment,
    local_on: date,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    appointment_id: UUID | None = None,
) -> Round:
    last = db.session.scalar(
        select(Round.number)
        .where(Round.assignment_id == assignment.id)
        .order_by(Round.number.desc())
        .limit(1)
    )
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
    sync(round_, now)
    _offer_inputs(round_, now)
    return round_


def _offer_inputs(round_: Round, now: datetime) -> None:
    """Words of other exercises that this one builds on and that were opened to somebody already."""
    for needed in queries.document_for(round_).inputs:
        for to in queries.given_of(round_.couple_id, needed):
            note(round_, "input_opened", now, input=needed.key, to=to)


def offer_words(source: Round, turn: Turn, to: UUID, now: datetime) -> None:
    """Words of `turn` were opened: rounds that wait for them go on."""
    running = (
        select(Round).join(Assignment).where(Round.couple_id == source.couple_id, Round.closed_at.is_(None))
    )
    for round_ in db.session.scalars(running.where(Assignment.state == "active")):
        for needed in queries.document_for(round_).inputs:
            if (needed.exercise, needed.turn) == (source.assignment.slug, turn.key):
                note(round_, "input_opened", now, input=needed.key, to=to)


def move_round(round_: Round, starts_at: datetime, now: datetime) -> None:
    """The appointment that a round belongs to was moved: so is the round."""
    cadence = rules.cadence_of(round_.assignment.cadence)
    hours = cadence.appointment if isinstance(cadence, Every) and cadence.appointment else 0
    round_.opens_at = max(starts_at + timedelta(hours=hours), round_.assignment.assigned_at)
    round_.closes_at, round_.closed_at = starts_at, None
    round_.local_on = clock.local_day(starts_at, round_.assignment.zone)
    sync(round_, now)


def note(
    round_: Round,
    kind: EventKind,
    now: datetime,
    *,
    turn: Turn | None = None,
    by: UUID | None = None,
    **detail: Any,
) -> RoundState:
    """Write down what happened and let the fold say what follows; the one way in which a round changes."""
    if "to" in detail:
        detail["to"] = str(detail["to"])
    seq = max((event.seq for event in round_.events), default=0) + 1
    turn_id = turn.id if turn else None
    round_.events.append(RoundEvent(seq=seq, at=now, kind=kind, turn_id=turn_id, by_id=by, detail=detail))
    return sync(round_, now)


def sync(round_: Round, now: datetime) -> RoundState:
    """Fold the round and keep what it says in the rows of its turns."""
    db.session.flush()
    folded = queries.state_of(round_, now)
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
    db.session.flush()
    return folded


def _keep(row: Turn, one: TurnState) -> None:
    actor = one.actors[0] if len(one.actors) == 1 else None
    row.partner_id, row.state, row.since, row.until = actor, one.status, one.since, one.until  # type: ignore[assignment]
    row.sent_at, row.sent_by_id, row.is_kept = one.sent_at, one.sent_by, one.is_whole_narrowed  # type: ignore[assignment]


def open_rounds(assignment: Assignment) -> list[Round]:
    """The rounds of an assignment that are not closed."""
    return list(
        db.session.scalars(
            select(Round).where(Round.assignment_id == assignment.id, Round.closed_at.is_(None))
        )
    )


# Acts of the counselor


def recall(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Take back an assignment in which nobody has sent anything; drafts stay with their authors."""
    sent = select(Turn.id).join(Round).where(Round.assignment_id == assignment.id, Turn.sent_at.is_not(None))
    if db.session.scalar(sent.limit(1)):
        raise HomeworkError("Something was already sent. You can end it instead; what was written stays.")
    _close_all(assignment, now, "recalled")
    audit.record(viewer, "recall", assignment)


def end(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """End an assignment: open rounds close for both, and no new ones begin."""
    _close_all(assignment, now, "ended")
    audit.record(viewer, "end", assignment)


def _close_all(assignment: Assignment, now: datetime, state: str) -> None:
    assignment.state, assignment.ended_at = state, now
    for round_ in open_rounds(assignment):
        note(round_, "closed", now)


def pause(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Hold an assignment: drafts stay, nothing opens, no round begins."""
    if assignment.state == "active":
        assignment.state = "paused"
        audit.record(viewer, "pause", assignment)


def resume(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Go on with a paused assignment; rounds whose time went by meanwhile are not made up for."""
    if assignment.state == "paused":
        assignment.state = "active"
        audit.record(viewer, "resume", assignment)
        for round_ in open_rounds(assignment):
            sync(round_, now)


def excuse(viewer: Viewer, recipient: Recipient, now: datetime) -> None:
    """Excuse one partner from the running round: it closes for both, without saying for whom."""
    recipient.excused_at = now
    for round_ in open_rounds(recipient.assignment):
        note(round_, "closed", now)
    audit.record(viewer, "excuse", recipient)


def delay_opening(viewer: Viewer, assignment: Assignment, opening: str, now: datetime) -> None:
    """Let sealed words open later than promised; earlier is never possible once somebody may have read the promise."""
    if OPENINGS.index(opening) < OPENINGS.index(assignment.opening):
        raise HomeworkError("It can only become later: they have read when it opens.")
    assignment.opening = opening
    audit.record(viewer, "delay opening", assignment, opening=opening)


def sever(couple: Couple, now: datetime) -> None:
    """A separation: every round closes, and nothing unopened ever opens."""
    for round_ in db.session.scalars(select(Round).where(Round.couple_id == couple.id)):
        note(round_, "severed", now)
    for assignment in db.session.scalars(select(Assignment).where(Assignment.couple_id == couple.id)):
        if assignment.state in {"active", "paused"} and is_conjoint(assignment):
            assignment.state, assignment.ended_at = "ended", now


def is_conjoint(assignment: Assignment) -> bool:
    """True when it is for both, or its words could reach the other."""
    widest = document_of(assignment.version).widest
    return len(assignment.recipients) > 1 or WIDTH[widest] > WIDTH["counselor"]


def note_appointment(couple_id: UUID, at: datetime, now: datetime) -> list[Round]:
    """A joint appointment took place: sealed words that wait for one may open. Returns the rounds that it touches."""
    begun = select(Round).where(
        Round.couple_id == couple_id, Round.opens_at <= at, Round.came_in_at.is_not(None)
    )
    touched = list(db.session.scalars(begun.where(Round.turns.any(Turn.awaits_opening))))
    for round_ in touched:
        note(round_, "appointment", now, held_at=at.isoformat())
    return touched
