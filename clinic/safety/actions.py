"""Verbs of safety: decide on clearance, raise a flag, act on it. Nothing here is ever decided by the house itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args
from uuid import UUID

from clinic import audit
from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.safety.library import ANSWERS, QUESTIONS, WAYS
from clinic.safety.models import Clearance, Flag, Screening
from clinic.safety.rules import VALID_FOR, ClearanceState


class SafetyError(Exception):
    """An act that is not possible; the message says what to do."""


def decide(
    viewer: Viewer,
    partner: Partner,
    state: ClearanceState,
    reason: str,
    now: datetime,
    until: datetime | None = None,
) -> Clearance:
    """Record the counselor's decision for one partner; it asks for renewal after half a year at the latest."""
    if state not in get_args(ClearanceState):
        raise SafetyError("Choose one of the four states.")
    if viewer.staff_id is None:
        raise SafetyError("Only a counselor decides on clearance.")
    latest = now + VALID_FOR
    decision = Clearance(
        practice_id=partner.practice_id,
        couple_id=partner.couple_id,
        partner_id=partner.id,
        state=state,
        reason=reason,
        decided_by_id=viewer.staff_id,
        decided_at=now,
        expires_at=min(until, latest) if until else latest,
    )
    db.session.add(decision)
    couples.above().weigh(partner.couple_id, now)
    audit.record(viewer, "decide clearance", decision)
    return decision


def record_screening(
    viewer: Viewer, partner: Partner, way: str, answers: Mapping[str, str], note: str, now: datetime
) -> Screening:
    """Keep what a partner answered when asked alone. Nothing follows from it by itself: the counselor decides."""
    asked = {one.key for one in QUESTIONS}
    if viewer.staff_id is None:
        raise SafetyError("Only a counselor records this.")
    if way not in WAYS or set(answers) != asked or not set(answers.values()) <= set(ANSWERS):
        raise SafetyError("Choose one of the answers for each question.")
    row = Screening(
        practice_id=partner.practice_id,
        couple_id=partner.couple_id,
        partner_id=partner.id,
        by_id=viewer.staff_id,
        at=now,
        body={"way": way, "answers": dict(answers), "note": note},
    )
    db.session.add(row)
    audit.record(viewer, "record screening", row)
    return row


def raise_flag(
    viewer: Viewer, couple_id: UUID, partner_id: UUID, turn_id: UUID | None, field: str, now: datetime
) -> Flag:
    """Ask the counselors of a couple for an action, because of a fixed answer; never because of a text."""
    partner = db.session.get_one(Partner, partner_id)
    flag = Flag(
        practice_id=partner.practice_id,
        couple_id=couple_id,
        partner_id=partner_id,
        turn_id=turn_id,
        raised_at=now,
    )
    flag.field = flag.keyed(field)
    db.session.add(flag)
    audit.record(viewer, "raise flag", flag)
    return flag


def act_on_flag(viewer: Viewer, flag: Flag, action: str, now: datetime) -> None:
    """Note what the counselor did; a second answer is refused, the first one stays as it was written."""
    if flag.acted_at is not None:
        raise SafetyError("Somebody has already noted what was done.")
    flag.action, flag.acted_at, flag.acted_by_id = action, now, viewer.staff_id
    audit.record(viewer, "act on flag", flag)
