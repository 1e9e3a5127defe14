"""Who of the practice works with a couple: assigned, standing in for a while, or reading in an emergency."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from clinic import audit
from clinic.access import Viewer
from clinic.accounts.models import StaffMember
from clinic.couples import queries
from clinic.couples.models import Couple, CoupleCounselor, EmergencyAccess
from clinic.couples.rules import COVER_AT_MOST, EMERGENCY_HOURS, REASON_AT_LEAST, CoupleError
from clinic.extensions import db


def assign(viewer: Viewer, couple: Couple, staff_id: UUID, now: datetime) -> None:
    """Somebody works with this couple from now on."""
    row = CoupleCounselor(couple_id=couple.id, staff_id=staff_id, from_at=now)
    db.session.add(row)
    audit.record(viewer, "assign counselor", row, practice=str(couple.practice_id))


def add_counselor(viewer: Viewer, couple: Couple, member: StaffMember, now: datetime) -> None:
    """A second counselor of the same practice works with this couple, too; one who stood in may stay."""
    _must_be_a_counselor(couple.practice_id, member)
    if member.id not in {one.id for one in queries.assigned_to(couple.id, now)}:
        assign(viewer, couple, member.id, now)


def end_assignment(viewer: Viewer, couple: Couple, member: StaffMember, now: datetime) -> None:
    """A counselor stops working with this couple, or stops standing in; the last one hands over instead."""
    assigned = {one.id for one in queries.assigned_to(couple.id, now)}
    if assigned <= {member.id}:
        raise CoupleError("Somebody has to work with this couple. Add another counselor first.")
    _end(viewer, member, now, couple.id)


def hand_over(viewer: Viewer, leaving: StaffMember, heir: StaffMember, now: datetime) -> int:
    """Everything of a counselor goes to another one, who reads from now on; tells how many couples."""
    if heir.id == leaving.id:
        raise CoupleError("Choose another counselor who works in this practice.")
    _must_be_a_counselor(leaving.practice_id, heir)
    theirs = queries.assigned_couples(leaving, now)
    for couple in theirs:
        add_counselor(viewer, couple, heir, now)
    _end(viewer, leaving, now)
    return len(theirs)


def stand_in(
    viewer: Viewer, couples: Iterable[Couple], member: StaffMember, from_at: datetime, until_at: datetime
) -> int:
    """A colleague works with these couples, too, while somebody is away; ends by itself. Tells how many couples."""
    if until_at <= from_at:
        raise CoupleError("The last day comes before the first one.")
    if until_at - from_at > COVER_AT_MOST:
        raise CoupleError(f"At most {COVER_AT_MOST.days} days. For longer, add them as a counselor.")
    covered = 0
    for couple in couples:
        _must_be_a_counselor(couple.practice_id, member)
        if member.id in {one.id for one in queries.assigned_to(couple.id, from_at)}:
            continue
        row = CoupleCounselor(
            couple_id=couple.id, staff_id=member.id, from_at=from_at, until_at=until_at, is_cover=True
        )
        db.session.add(row)
        audit.record(viewer, "stand in", row, practice=str(couple.practice_id))
        covered += 1
    return covered


def _must_be_a_counselor(practice_id: UUID, member: StaffMember) -> None:
    if member.practice_id != practice_id or member.left_at is not None or not member.is_counselor:
        raise CoupleError("Choose a counselor who works in this practice.")


def _end(viewer: Viewer, member: StaffMember, now: datetime, couple_id: UUID | None = None) -> None:
    """End what somebody does here, also what was only to begin."""
    theirs = select(CoupleCounselor).where(CoupleCounselor.staff_id == member.id)
    running = theirs.where(or_(CoupleCounselor.until_at.is_(None), CoupleCounselor.until_at > now))
    found = running.where(CoupleCounselor.couple_id == couple_id) if couple_id else running
    for row in db.session.scalars(found):
        row.until_at = max(now, row.from_at)
        audit.record(viewer, "end assignment", row)


# In an emergency


def open_record(viewer: Viewer, couple: Couple, reason: str, hours: int, now: datetime) -> EmergencyAccess:
    """An owner reads a couple's record for some hours, and changes nothing in it; its counselors are told."""
    if viewer.staff_id is None or "owner" not in viewer.roles or couple.practice_id != viewer.practice_id:
        raise CoupleError("Only an owner of the practice opens a record in an emergency.")
    if couple.id in {side.couple_id for side in viewer.sides}:
        raise CoupleError("Nobody opens the record of a couple of which they are a part.")
    if len(reason.strip()) < REASON_AT_LEAST:
        raise CoupleError("Say in a sentence why this cannot wait for their counselor.")
    if hours not in EMERGENCY_HOURS:
        raise CoupleError("Choose for how many hours.")
    row = EmergencyAccess(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        staff_id=viewer.staff_id,
        reason=reason.strip(),
        from_at=now,
        until_at=now + timedelta(hours=hours),
    )
    db.session.add(row)
    audit.record(viewer, "open in an emergency", row, couple=str(couple.id), hours=hours)
    return row


def close_record(viewer: Viewer, row: EmergencyAccess, now: datetime) -> None:
    """It is over before its hours were."""
    row.until_at = min(row.until_at, now)
    audit.record(viewer, "close after an emergency", row)


def note_emergency(viewer: Viewer, row: EmergencyAccess, now: datetime) -> None:
    """A counselor of the couple has read that its record was opened, and why."""
    if row.noted_at is None:
        row.noted_at, row.noted_by_id = now, viewer.staff_id
        audit.record(viewer, "note an emergency", row)
