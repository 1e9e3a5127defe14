"""What holds a couple back until its counselor acts: who joined, consent that is missing, clearance that ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Consent, Couple, Partner
from clinic.extensions import db
from clinic.safety.models import Clearance

RENEW_WITHIN = timedelta(days=21)
"""So long before its end a clearance stands on Today: three weekly appointments."""

Need = Literal["confirm", "consent", "renew", "expired"]


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
    given = select(Consent.id).where(Consent.partner_id == Partner.id).exists()
    unconfirmed = and_(Partner.person_id.is_not(None), Partner.confirmed_at.is_(None))
    ending = and_(state == "conjoint_ok", until <= now + RENEW_WITHIN)
    rows = db.session.execute(
        select(
            Partner.couple_id,
            Partner.id,
            Partner.joined_at,
            Partner.confirmed_at,
            given.label("has_consented"),
            state.label("state"),
            until.label("until"),
        )
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Couple.id.in_(couples.workable_by(viewer).with_only_columns(Couple.id)), _is_at_work())
        .where(Partner.left_at.is_(None), Partner.person_id.is_not(None))
        .where(or_(unconfirmed, ~given, ending))
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
    """Consent that was withdrawn is a decision, not a gap; consent is asked for once somebody is confirmed."""
    if row.confirmed_at is None:
        yield Waiting(row.couple_id, row.id, "confirm", row.joined_at or now)
    elif not row.has_consented:
        yield Waiting(row.couple_id, row.id, "consent", row.confirmed_at)
    if row.state == "conjoint_ok" and row.until <= now + RENEW_WITHIN:
        yield Waiting(row.couple_id, row.id, "expired" if row.until <= now else "renew", row.until)
