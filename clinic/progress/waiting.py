"""What holds a couple back until its counselor acts: who joined, papers that are not signed, clearance that ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from clinic.access import Viewer
from clinic.consent.models import ConsentSignature
from clinic.consent.queries import has_signed, of_last_consent
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.safety.models import Clearance

RENEW_WITHIN = timedelta(days=21)
"""So long before its end a clearance stands on Today: three weekly appointments."""

TAKEN_BACK_FOR = timedelta(days=14)
"""So long it stands on Today that a partner took the consent back."""

Need = Literal["confirm", "consent", "withdrawn", "renew", "expired"]


@dataclass(frozen=True)
class Waiting:
    """One thing that only the counselor can do for one partner; `at` is since when, or when the clearance ends."""

    couple_id: UUID
    partner_id: UUID
    need: Need
    at: datetime


def waiting_for(viewer: Viewer, now: datetime, limit: int) -> list[Waiting]:
    """Over all couples in which this viewer may act and which are neither closed nor separated; one statement."""
    state, until = _latest(Clearance.state), _latest(Clearance.expires_at)
    ended = of_last_consent(ConsentSignature.withdrawn_at, Partner.id)
    ended_by = of_last_consent(ConsentSignature.withdrawal_recorded_by_id, Partner.id)
    unsigned = and_(
        ~has_signed(Partner.id, now),
        or_(ended.is_(None), and_(ended_by.is_(None), ended > now - TAKEN_BACK_FOR)),
    )
    unconfirmed = and_(Partner.person_id.is_not(None), Partner.confirmed_at.is_(None))
    ending = and_(state == "conjoint_ok", until <= now + RENEW_WITHIN)
    rows = db.session.execute(
        select(
            Partner.couple_id,
            Partner.id,
            Partner.joined_at,
            Partner.confirmed_at,
            unsigned.label("is_unsigned"),
            ended.label("ended_at"),
            state.label("state"),
            until.label("until"),
        )
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Couple.id.in_(couples.workable_by(viewer).with_only_columns(Couple.id)), _is_at_work())
        .where(Partner.left_at.is_(None), Partner.closed_at.is_(None), Partner.person_id.is_not(None))
        .where(or_(unconfirmed, unsigned, ending))
        .order_by(Partner.joined_at, Partner.position)
        .limit(limit)
    )
    return [one for row in rows for one in _needs(row, now)]


def _is_at_work() -> ColumnElement[bool]:
    return and_(Couple.closed_at.is_(None), Couple.separated_at.is_(None))


def _latest(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[datetime],
) -> ScalarSelect[str | datetime]:
    """One column of the decision on clearance that counts."""
    rows = select(column).where(Clearance.partner_id == Partner.id).order_by(Clearance.decided_at.desc())
    return rows.limit(1).scalar_subquery()


def _needs(row: Row[*tuple[Any, ...]], now: datetime) -> Iterator[Waiting]:
    """Papers are asked for once somebody is confirmed. What a counselor recorded as taken back is no gap."""
    if row.confirmed_at is None:
        yield Waiting(row.couple_id, row.id, "confirm", row.joined_at or now)
    elif row.is_unsigned:
        need: Need = "withdrawn" if row.ended_at else "consent"
        yield Waiting(row.couple_id, row.id, need, row.ended_at or row.confirmed_at)
    if row.state == "conjoint_ok" and row.until <= now + RENEW_WITHIN:
        yield Waiting(row.couple_id, row.id, "expired" if row.until <= now else "renew", row.until)
