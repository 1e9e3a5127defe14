"""Reads of safety: the ceiling of a couple, and what only its counselors know. The strictest row rule of the house."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, bindparam, false, select

from clinic.access import Viewer
from clinic.consent.queries import has_signed
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import Instant, db
from clinic.safety.models import Clearance, Flag, Screening
from clinic.safety.rules import Ceiling, Standing, ceiling


def visible_to(viewer: Viewer) -> Select[Flag]:
    """Flags of the couples that staff may see; no client ever learns that there is such a thing."""
    if not viewer.is_staff:
        return select(Flag).where(false())
    return select(Flag).where(Flag.couple_id.in_(couples.visible_to(viewer).with_only_columns(Couple.id)))


def open_flags(viewer: Viewer) -> Sequence[Flag]:
    """Flags that still ask for an action, the oldest first."""
    return db.session.scalars(
        visible_to(viewer).where(Flag.acted_at.is_(None)).order_by(Flag.raised_at)
    ).all()


def flag_for(viewer: Viewer, flag_id: UUID) -> Flag | None:
    """One flag of a couple in which this viewer may act."""
    workable = couples.workable_by(viewer).with_only_columns(Couple.id)
    return db.session.scalar(select(Flag).where(Flag.id == flag_id, Flag.couple_id.in_(workable)))


def clearances_of(viewer: Viewer, couple_id: UUID) -> Sequence[Clearance]:
    """Every decision on clearance in a couple, the newest first, for staff who may see it."""
    if not viewer.is_staff:
        return []
    seen = couples.visible_to(viewer).where(Couple.id == couple_id).with_only_columns(Couple.id)
    return db.session.scalars(
        select(Clearance).where(Clearance.couple_id.in_(seen)).order_by(Clearance.decided_at.desc())
    ).all()


def screenings_of(viewer: Viewer, partner: Partner) -> Sequence[Screening]:
    """What a partner answered when asked alone, the newest first, for staff who may see the couple."""
    if not viewer.is_staff:
        return []
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    rows = select(Screening).where(Screening.partner_id == partner.id, Screening.couple_id.in_(seen))
    return db.session.scalars(rows.order_by(Screening.at.desc())).all()


# The ceiling


def ceiling_of(couple: Couple, now: datetime) -> Ceiling:
    """How wide words may reach in this couple right now."""
    return ceiling_in(couple, standings_of(couple.partners, now), now)


def ceilings_of(couple_ids: Collection[UUID], now: datetime) -> dict[UUID, Ceiling]:
    """The same for many couples, in three statements however many they are."""
    found = db.session.scalars(select(Couple).where(Couple.id.in_(couple_ids))).all()
    standings = standings_of([partner for couple in found for partner in couple.partners], now)
    return {couple.id: ceiling_in(couple, standings, now) for couple in found}


def standing_of(partner: Partner, now: datetime) -> Standing:
    """What is known of one partner."""
    return standings_of([partner], now)[partner.id]


def ceiling_in(couple: Couple, standings: Mapping[UUID, Standing], now: datetime) -> Ceiling:
    """How wide words may reach, from what is known of both."""
    return ceiling(
        [standings[partner.id] for partner in couple.partners],
        is_paused=couple.paused_at is not None or couple.closed_at is not None,
        is_separated=couple.separated_at is not None or any(one.left_at for one in couple.partners),
        now=now,
    )


def _last(column: Any, of: Any, at: Any) -> ScalarSelect[Any]:
    return select(column).where(of == Partner.id).order_by(at.desc()).limit(1).scalar_subquery()


_KNOWN = select(
    Partner.id,
    _last(Clearance.state, Clearance.partner_id, Clearance.decided_at).label("state"),
    _last(Clearance.expires_at, Clearance.partner_id, Clearance.decided_at).label("expires_at"),
    has_signed(Partner.id, bindparam("now", type_=Instant())).label("has_consented"),
).where(Partner.id.in_(bindparam("ids", expanding=True)))
"""The last decision, and whether both papers are signed; made once, since every fold of a round asks for it."""


def standings_of(partners: Collection[Partner], now: datetime) -> dict[UUID, Standing]:
    """What is known of each of them: the last decision, and signatures that count now; one statement."""
    asked = {"ids": [one.id for one in partners], "now": now}
    known = {row.id: row for row in db.session.execute(_KNOWN, asked)}
    return {one.id: _standing(one, known[one.id]) for one in partners}


def _standing(partner: Partner, known: Row[Any]) -> Standing:
    is_confirmed = partner.confirmed_at is not None
    return Standing(is_confirmed, known.state or "not_assessed", known.expires_at, bool(known.has_consented))
