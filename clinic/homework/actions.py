"""Verbs of homework: assign, start, pause, excuse, delay, end, recall; how rounds change is told in rounds.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update

from clinic import audit, clock
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.exercises.document import WIDTH, Exercise
from clinic.exercises.models import ExerciseVersion
from clinic.exercises.queries import document_of
from clinic.exercises.turns import Leg
from clinic.extensions import db
from clinic.homework import queries, reminders, rules
from clinic.homework.agreed import Agreed
from clinic.homework.models import Assignment, Recipient, Round, RoundEvent, Turn
from clinic.homework.rounds import (
    go_on_from,
    is_behind,
    move_round,
    note,
    note_appointment,
    offer_words,
    open_due_rounds,
    open_round,
    open_round_before,
    open_rounds,
    sync,
    write_down,
)

__all__ = [
    "OPENINGS",
    "HomeworkError",
    "Plan",
    "assign",
    "delay_opening",
    "end",
    "excuse",
    "is_behind",
    "is_conjoint",
    "legs_of_plan",
    "move_round",
    "note",
    "note_appointment",
    "offer_words",
    "open_due_rounds",
    "open_round",
    "open_round_before",
    "open_rounds",
    "pause",
    "recall",
    "resume",
    "sever",
    "start_round",
    "sync",
    "write_down",
]

OPENINGS = ("both_answered", "appointment", "counselor")
OVER = {
    "ended": "It has ended: nothing of it can be changed any more.",
    "recalled": "It was recalled: it is gone from their pages.",
}


class HomeworkError(Exception):
    """An act that is not possible now; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """What the counselor settled when assigning. `cast` and `plans` are by recipient: role, what was agreed."""

    cast: Mapping[UUID, str]
    starts_on: date
    first: UUID | None = None  # who writes, or begins, where the roles do not say it
    in_turn: bool = False  # both write, the other one after the first
    opening: str | None = None
    rhythm: str | None = None  # once | week | 2 weeks | month | as_needed; None: as the document says
    times: int | None = None
    open_days: int | None = None  # how many local days each round is open; None: as the document says
    concern_id: UUID | None = None
    plans: Mapping[UUID, Agreed] = field(default_factory=dict)


def assign(viewer: Viewer, couple: Couple, version: ExerciseVersion, plan: Plan, now: datetime) -> Assignment:
    """Give an exercise to a couple or one partner, and open the rounds that are due at once."""
    is_alone = len(plan.cast) == 1
    document = document_of(version, alone=is_alone)
    if couple.closed_at or (couple.separated_at and len(plan.cast) > 1):
        raise HomeworkError("They are no couple here any more: nothing can be given to both.")
    if any(one.closed_at for one in couple.partners if one.id in plan.cast):
        raise HomeworkError("The words of one of them end, so that nothing new can be given to that one.")
    if plan.open_days is not None and not 1 <= plan.open_days <= rules.MOST_OPEN_DAYS:
        raise HomeworkError(f"A round is open for 1 to {rules.MOST_OPEN_DAYS} days.")
    legs = legs_of_plan(couple, document, plan)
    try:
        cadence = rules.chosen_cadence(document, plan.rhythm, plan.times)
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
        cadence=rules.stored_cadence(cadence),
        open_days=plan.open_days,
        opening=plan.opening or document.opening,
        is_alone=is_alone,
        legs=[
            [leg.part, str(leg.author), None if leg.other is None else str(leg.other), leg.role]
            for leg in legs
        ],
        state="active",
    )
    db.session.add(assignment)
    for partner_id, role in plan.cast.items():
        agreed = plan.plans.get(partner_id, Agreed())
        assignment.recipients.append(Recipient(partner_id=partner_id, role=role, plan=agreed.kept()))
    audit.record(viewer, "assign", assignment, exercise=document.slug, to=[str(one) for one in plan.cast])
    open_due_rounds(assignment, now)
    return assignment


def legs_of_plan(couple: Couple, document: Exercise, plan: Plan) -> list[Leg]:
    """Who does what; says what is missing when that cannot be told from what was settled."""
    begins = rules.Begins(plan.first, plan.in_turn, queries.answers_for(couple.id, document))
    try:
        return rules.legs_for(document, plan.cast, begins, [one.id for one in couple.partners])
    except ValueError as error:
        raise HomeworkError(str(error)) from error


# Rounds


def start_round(viewer: Viewer, assignment: Assignment, local_on: date, now: datetime) -> Round:
    """A round of an exercise that is done when it is needed; one at a time."""
    if assignment.state != "active" or assignment.cadence != "as_needed":
        raise HomeworkError(
            "Only an exercise that is done when it is needed, and that goes on, can be started."
        )
    if open_rounds(assignment):
        raise HomeworkError("One round is still open. Let it end, or end it, before the next one.")
    if local_on < clock.local_day(now, assignment.zone):
        raise HomeworkError("That day has gone by: its round would be over at once. Choose today or later.")
    round_ = open_round(assignment, local_on, now)
    audit.record(viewer, "start round", round_)
    return round_


# Acts of the counselor


def recall(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Take back an assignment in which nobody has sent anything; drafts stay with their authors."""
    _must_go_on(assignment)
    came_in = select(Round.id).where(Round.assignment_id == assignment.id, Round.came_in_at.is_not(None))
    if db.session.scalar(came_in.limit(1)):  # not by the turns: a kept or declined plan has moved none
        raise HomeworkError("Something was already sent. You can end it instead; what was written stays.")
    _close_all(assignment, now, "recalled")
    db.session.execute(update(Round).where(Round.assignment_id == assignment.id).values(glance=None))
    audit.record(viewer, "recall", assignment)


def end(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """End an assignment: open rounds close for both, and no new ones begin."""
    _must_go_on(assignment)
    _close_all(assignment, now, "ended")
    audit.record(viewer, "end", assignment)


def _close_all(assignment: Assignment, now: datetime, state: str) -> None:
    assignment.state, assignment.ended_at = state, now
    for round_ in open_rounds(assignment):
        note(round_, "closed", now)


def _must_go_on(assignment: Assignment) -> None:
    """A page that stood open for a while offers what is not possible any more."""
    if assignment.state in OVER:
        raise HomeworkError(OVER[assignment.state])
    if queries.done_at([assignment]):
        raise HomeworkError("It is done: its last round has closed. There is nothing left to hold or to end.")


def pause(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Hold an assignment: drafts stay, nothing opens, no round begins."""
    _must_go_on(assignment)
    if assignment.state == "paused":
        raise HomeworkError("It is paused already.")
    assignment.state = "paused"
    reminders.weigh(now, couple_id=assignment.couple_id)
    audit.record(viewer, "pause", assignment)


def resume(viewer: Viewer, assignment: Assignment, now: datetime) -> None:
    """Go on with a paused assignment; rounds whose time went by meanwhile are not made up for."""
    if assignment.state != "paused":
        raise HomeworkError(OVER.get(assignment.state, "It goes on already."))
    assignment.state = "active"
    audit.record(viewer, "resume", assignment)
    go_on_from(assignment, clock.local_day(now, assignment.zone))
    for round_ in open_rounds(assignment):
        sync(round_, now)
    open_due_rounds(assignment, now)


def excuse(viewer: Viewer, recipient: Recipient, now: datetime) -> None:
    """Excuse one partner from the running round: it closes for both, without saying for whom."""
    running = open_rounds(recipient.assignment)
    if not running:
        raise HomeworkError("No round is open, so there is nothing to be excused from.")
    for round_ in running:
        note(round_, "closed", now, by=recipient.partner_id)
    audit.record(viewer, "excuse", recipient)


def delay_opening(viewer: Viewer, assignment: Assignment, opening: str, now: datetime) -> None:
    """Let sealed words open later than promised; earlier is never possible once somebody may have read the promise."""
    if assignment.state == "recalled":
        raise HomeworkError(OVER["recalled"])
    if OPENINGS.index(opening) <= OPENINGS.index(assignment.opening):
        raise HomeworkError("It can only become later: they have read when it opens.")
    before, assignment.opening = assignment.opening, opening
    waiting = select(Round).where(Round.assignment_id == assignment.id, Round.turns.any(Turn.awaits_opening))
    for round_ in db.session.scalars(waiting).all():
        note(round_, "delayed", now, than=before)
    audit.record(viewer, "delay opening", assignment, opening=opening)


def sever(couple: Couple, now: datetime) -> None:
    """What the two had together ends: its rounds close, and nothing unopened ever opens. A second time adds nothing."""
    there = select(Assignment).where(Assignment.couple_id == couple.id)
    for assignment in [one for one in db.session.scalars(there) if is_conjoint(one)]:
        severed = Round.events.any(RoundEvent.kind == "severed")
        rows = select(Round).where(Round.assignment_id == assignment.id, ~severed)
        for round_ in db.session.scalars(rows).all():
            note(round_, "severed", now)
        if assignment.state in {"active", "paused"}:
            assignment.state, assignment.ended_at = "ended", now


def is_conjoint(assignment: Assignment) -> bool:
    """True when it is for both, or its words could reach the other."""
    widest = queries.document_given(assignment).widest
    return len(assignment.recipients) > 1 or WIDTH[widest] > WIDTH["counselor"]
