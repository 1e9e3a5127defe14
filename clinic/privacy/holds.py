"""Legal holds: records that must be kept, whoever wants them gone. A hold stops every ending, whatever its cause."""

from datetime import date, datetime

from clinic import audit
from clinic.access import Viewer
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.privacy.models import LegalHold


def place(
    viewer: Viewer, couple: Couple, partner: Partner | None, reason: str, from_on: date, now: datetime
) -> LegalHold:
    """From now on nothing of this couple, or of this partner, ends; `from_on` is the day of the order or the claim."""
    hold = LegalHold(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        partner_id=partner.id if partner else None,
        reason=reason,
        from_on=from_on,
        placed_by_id=viewer.staff_id,
        placed_at=now,
    )
    db.session.add(hold)
    audit.record(viewer, "place legal hold", hold)
    return hold


def lift(viewer: Viewer, hold: LegalHold, because: str, now: datetime) -> None:
    """It need not be kept for that reason any more; the first word on it stays."""
    if hold.lifted_at is None:
        hold.lifted_at, hold.lifted_by_id, hold.lifted_because = now, viewer.staff_id, because
        audit.record(viewer, "lift legal hold", hold)
