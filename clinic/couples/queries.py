"""Reads of couples. `visible_to` states once who may know of which couple; everything above builds on it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from clinic import vault
from clinic.access import OwnSide, Viewer
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import StaffMember
from clinic.couples.models import (
    Concern,
    Couple,
    CoupleCounselor,
    EmergencyAccess,
    Invitation,
    Partner,
)
from clinic.couples.rules import TRIES
from clinic.couples.summary import Glance
from clinic.extensions import asked_once, db
from clinic.practice.models import PRESENT


def visible_to(viewer: Viewer) -> Select[Couple]:
    """Clients: their own couples. Counselors: those assigned to them. Supervisors: those of whom they supervise."""
    if viewer.is_system:
        return select(Couple)
    if not viewer.is_staff:
        return _these(viewer, _as_client(viewer))
    return _these(viewer, _as_staff(viewer)).where(*_not_their_own(viewer))


def workable_by(viewer: Viewer) -> Select[Couple]:
    """Couples in which this viewer may act: an assigned counselor, nobody else."""
    if viewer.is_system:
        return select(Couple)
    if viewer.staff_id is None or "counselor" not in viewer.roles:
        return _these(viewer, [])
    return _these(viewer, [Couple.id.in_(_assigned_to(CoupleCounselor.staff_id == viewer.staff_id))]).where(
        *_not_their_own(viewer)
    )


def workable_among(viewer: Viewer, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these couples in which this viewer may act."""
    return set(db.session.scalars(workable_by(viewer).with_only_columns(Couple.id).where(Couple.id.in_(ids))))


def _these(viewer: Viewer, rules: Sequence[ColumnElement[bool]]) -> Select[Couple]:
    if not rules:
        return select(Couple).where(false())
    return select(Couple).where(or_(*rules), Couple.practice_id == viewer.practice_id)


def _not_their_own(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Nobody is the counselor of a couple in which they have a side, confirmed or not, whoever assigned them."""
    own = [side.couple_id for side in viewer.sides]
    return [Couple.id.not_in(own)] if own else []


def _as_client(viewer: Viewer) -> list[ColumnElement[bool]]:
    return [Couple.id.in_(viewer.couple_ids)] if viewer.couple_ids else []


def _as_staff(viewer: Viewer) -> list[ColumnElement[bool]]:
    if viewer.staff_id is None:
        return []
    rules: list[ColumnElement[bool]] = []
    if "emergency" in viewer.roles:
        rules.append(Couple.id.in_(_opened_by(EmergencyAccess.staff_id == viewer.staff_id)))
    if "counselor" in viewer.roles:
        rules.append(Couple.id.in_(_assigned_to(CoupleCounselor.staff_id == viewer.staff_id)))
    if "supervisor" in viewer.roles:
        supervised = select(StaffMember.id).where(StaffMember.supervisor_id == viewer.staff_id)
        rules.append(Couple.id.in_(_assigned_to(CoupleCounselor.staff_id.in_(supervised))))
    return rules


def _opened_by(staff: ColumnElement[bool]) -> Select[UUID]:
    running = (EmergencyAccess.from_at <= PRESENT, EmergencyAccess.until_at > PRESENT)
    return select(EmergencyAccess.couple_id).where(staff, *running)


IN_EMERGENCY = _opened_by(EmergencyAccess.staff_id == StaffMember.id).exists()
"""Whether a member of staff has a record open in an emergency, for the one statement that finds out who asks."""


def _assigned_to(staff: ColumnElement[bool]) -> Select[UUID]:
    return select(CoupleCounselor.couple_id).where(
        staff,
        CoupleCounselor.from_at <= PRESENT,
        or_(CoupleCounselor.until_at.is_(None), CoupleCounselor.until_at > PRESENT),
    )


def get_for(viewer: Viewer, couple_id: UUID) -> Couple | None:
    """One couple, when this viewer may know of it."""
    return _with_both(visible_to(viewer).where(Couple.id == couple_id))


def work_for(viewer: Viewer, couple_id: UUID) -> Couple | None:
    """One couple, when this viewer may act in it."""
    return _with_both(workable_by(viewer).where(Couple.id == couple_id))


def _with_both(chosen: Select[Couple]) -> Couple | None:
    return db.session.scalars(chosen.options(*WHOLE)).unique().one_or_none()


WHOLE = (joinedload(Couple.partners), joinedload(Couple.practice))
"""What every page of a couple needs with it: both partners, and the practice, whose name and rules stand there."""


def at_hand(couple_id: UUID) -> Couple:
    """The couple of a row that the caller was allowed to see, with all of `WHOLE`; one statement, or none."""
    return db.session.get_one(Couple, couple_id, options=WHOLE)


def get_with_right(viewer: Viewer, couple_id: UUID) -> tuple[Couple | None, bool]:
    """One couple, when this viewer may know of it, and whether they may act in it; one statement."""
    is_theirs = Couple.id.in_(workable_by(viewer).with_only_columns(Couple.id))
    both = visible_to(viewer).where(Couple.id == couple_id).add_columns(is_theirs)
    row = db.session.execute(both.options(*WHOLE)).unique().one_or_none()
    return (row[0], bool(row[1])) if row else (None, False)


def may_work(viewer: Viewer, couple_id: UUID) -> bool:
    """True when this viewer may act in a couple that they may see; brings the couple along for who needs it next."""
    is_theirs = Couple.id.in_(workable_by(viewer).with_only_columns(Couple.id))
    both = select(Couple, is_theirs).where(Couple.id == couple_id).options(*WHOLE)
    return any(right for _, right in db.session.execute(both).unique())


_OPEN_SINCE = case((Partner.closed_at.is_(None), Partner.confirmed_at)).label("confirmed_at")
"""A side that was closed opens nothing, as one that was never confirmed."""

SIDES = select(
    Partner.person_id,
    Partner.id.label("partner_id"),
    Partner.couple_id,
    _OPEN_SINCE,
    Partner.joined_at,
).subquery("side")
"""Every person's sides, for the one statement that finds out who makes a request."""


def zone_for(viewer: Viewer) -> str | None:
    """The zone of the couple in which a client is, of the latest when there are two; None for whoever is in none."""
    mine = select(Couple.zone).where(Couple.id.in_(viewer.couple_ids)).order_by(Couple.created_at.desc())
    return db.session.scalar(mine.limit(1)) if viewer.is_client else None


def sides_of(person_id: UUID) -> tuple[OwnSide, ...]:
    """A person's sides, the first couple first; one that is not confirmed yet opens nothing."""
    rows = db.session.execute(_SIDES, {"person": person_id})
    return tuple(OwnSide(row.id, row.couple_id, row.confirmed_at is not None) for row in rows)


_SIDES = (
    select(Partner.id, Partner.couple_id, _OPEN_SINCE)
    .where(Partner.person_id == bindparam("person"))
    .order_by(Partner.joined_at)
)


# People


def partners_of(couple: Couple) -> tuple[Partner, ...]:
    """Both partners, position 1 first."""
    return tuple(couple.partners)


CLOSED = select(Partner.id).where(Partner.closed_at.is_not(None))
"""Sides whose words nobody reads any more: they end, or have ended."""


def partner_for(viewer: Viewer, partner_id: UUID) -> Partner | None:
    """One partner of a couple in which this viewer may act."""
    workable = workable_by(viewer).with_only_columns(Couple.id)
    return db.session.scalar(select(Partner).where(Partner.id == partner_id, Partner.couple_id.in_(workable)))


def is_within(viewer: Viewer, person_id: UUID) -> bool:
    """True when the sign-in of this person opens nothing but couples in which this viewer may act."""
    sides = select(Partner.couple_id).where(Partner.person_id == person_id)
    beyond = sides.where(Partner.couple_id.not_in(workable_by(viewer).with_only_columns(Couple.id)))
    return sign_ins.staff_of_person(person_id) is None and db.session.scalar(beyond.limit(1)) is None


def side_of(viewer: Viewer, couple: Couple) -> Partner | None:
    """The viewer's own partner row in this couple."""
    return next((one for one in couple.partners if one.id in viewer.partner_ids), None)


def other_of(couple: Couple, partner_id: UUID) -> Partner | None:
    """The one across from this partner."""
    return next((one for one in couple.partners if one.id != partner_id), None)


def is_closed(couple_id: UUID, partner_id: UUID) -> bool:
    """True of a side whose words end, or have ended."""
    return any(one.id == partner_id and one.closed_at is not None for one in at_hand(couple_id).partners)


def zone_of(side: OwnSide) -> str:
    """The zone of the couple that a side belongs to, also before the counselor confirmed who joined."""
    return db.session.scalars(select(Couple.zone).where(Couple.id == side.couple_id)).one()


def names_of(couples: Iterable[Couple]) -> None:
    """Fetch the keys of many couples in one statement; lists call it before they show names."""
    vault.unlock([("couple", couple.id) for couple in couples])


def counselors_of(couple_id: UUID, now: datetime) -> Sequence[StaffMember]:
    """Who works with this couple now, the longest first; who stands in is among them."""
    return db.session.scalars(_at_work_with(couple_id, now)).unique().all()


def assigned_to(couple_id: UUID, now: datetime) -> Sequence[StaffMember]:
    """The same without those who only stand in."""
    return db.session.scalars(_at_work_with(couple_id, now).where(CoupleCounselor.is_cover.is_(False))).all()


def staffing_of(couple_id: UUID) -> Sequence[CoupleCounselor]:
    """Everybody who ever worked with this couple or is to stand in, in order."""
    rows = select(CoupleCounselor).where(CoupleCounselor.couple_id == couple_id)
    return db.session.scalars(rows.order_by(CoupleCounselor.from_at)).all()


def emergencies_of(couple_id: UUID) -> Sequence[EmergencyAccess]:
    """Every time that this couple's record was opened in an emergency, in order."""
    rows = select(EmergencyAccess).where(EmergencyAccess.couple_id == couple_id)
    return db.session.scalars(rows.order_by(EmergencyAccess.from_at)).all()


class Reader(NamedTuple):
    """Somebody else who reads a couple for a time: in an emergency, or standing in."""

    id: UUID
    couple_id: UUID
    staff: StaffMember
    from_at: datetime
    until_at: datetime
    is_cover: bool


def other_readers(viewer: Viewer, now: datetime) -> list[Reader]:
    """Of the couples in which the viewer may act: who stands in now, and emergencies that no counselor noted yet."""
    workable = workable_by(viewer).with_only_columns(Couple.id)
    opened, covers = (
        select(of.id, of.couple_id, of.staff_id, of.from_at, of.until_at, literal(is_cover).label("is_cover"))
        for of, is_cover in ((EmergencyAccess, False), (CoupleCounselor, True))
    )
    both = union_all(
        opened.where(EmergencyAccess.couple_id.in_(workable), EmergencyAccess.noted_at.is_(None)),
        covers.where(
            CoupleCounselor.couple_id.in_(workable),
            CoupleCounselor.is_cover,
            CoupleCounselor.staff_id != viewer.staff_id,
            CoupleCounselor.from_at <= now,
            CoupleCounselor.until_at > now,
        ),
    ).subquery()
    found = both.c
    rows = select(found.id, found.couple_id, StaffMember, found.from_at, found.until_at, found.is_cover)
    joined = rows.join(StaffMember, StaffMember.id == found.staff_id).order_by(found.from_at)
    return [Reader(*row) for row in db.session.execute(joined)]


def emergency_for(viewer: Viewer, access_id: UUID) -> EmergencyAccess | None:
    """One such time, for a counselor of the couple."""
    workable = workable_by(viewer).with_only_columns(Couple.id)
    rows = select(EmergencyAccess).options(joinedload(EmergencyAccess.staff))
    return db.session.scalar(
        rows.where(EmergencyAccess.id == access_id, EmergencyAccess.couple_id.in_(workable))
    )


def own_emergencies(viewer: Viewer, now: datetime) -> Sequence[EmergencyAccess]:
    """The records that this member of staff has open in an emergency."""
    rows = select(EmergencyAccess).where(EmergencyAccess.staff_id == viewer.staff_id)
    return db.session.scalars(rows.where(EmergencyAccess.until_at > now)).all()


def _at_work_with(couple_id: UUID, now: datetime) -> Select[StaffMember]:
    return (
        select(StaffMember)
        .join(CoupleCounselor, CoupleCounselor.staff_id == StaffMember.id)
        .where(CoupleCounselor.couple_id == couple_id, CoupleCounselor.from_at <= now)
        .where(or_(CoupleCounselor.until_at.is_(None), CoupleCounselor.until_at > now))
        .where(or_(StaffMember.left_at.is_(None), StaffMember.left_at > now))
        .order_by(CoupleCounselor.from_at)
    )


@asked_once
def counselors_and_above(couple_id: UUID, now: datetime) -> Sequence[tuple[StaffMember, StaffMember | None]]:
    """The same, each with the supervisor who is at work for them, and who reads in an emergency; one statement."""
    above = aliased(StaffMember)
    supervises = and_(above.id == StaffMember.supervisor_id, above.left_at.is_(None))
    at_work = _at_work_with(couple_id, now).with_only_columns(StaffMember.id, CoupleCounselor.from_at)
    reading = select(EmergencyAccess.staff_id, EmergencyAccess.from_at).where(
        EmergencyAccess.couple_id == couple_id, EmergencyAccess.from_at <= now, EmergencyAccess.until_at > now
    )
    who = at_work.order_by(None).union_all(reading).subquery()
    rows = select(StaffMember, above).join(who, who.c.id == StaffMember.id).outerjoin(above, supervises)
    rows = rows.order_by(who.c.from_at)
    return [(member, supervisor) for member, supervisor in db.session.execute(rows).unique()]


def assigned_couples(member: StaffMember, now: datetime) -> Sequence[Couple]:
    """The couples that a member of staff works with now, for handing them over."""
    return db.session.scalars(
        select(Couple)
        .join(CoupleCounselor, CoupleCounselor.couple_id == Couple.id)
        .where(CoupleCounselor.staff_id == member.id, CoupleCounselor.from_at <= now)
        .where(CoupleCounselor.is_cover.is_(False))
        .where(or_(CoupleCounselor.until_at.is_(None), CoupleCounselor.until_at > now))
    ).all()


# Invitations, concerns


def invitation_with(token_hash: str) -> Invitation | None:
    """The invitation of a link."""
    return db.session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))


def open_invitations(partner_ids: Collection[UUID], now: datetime) -> dict[UUID, Invitation]:
    """The invitation by which a partner can still join, by partner."""
    rows = db.session.scalars(
        select(Invitation).where(
            Invitation.partner_id.in_(partner_ids),
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
    )
    return {row.partner_id: row for row in rows}


def ended_by_wrong_tries(partner_ids: Collection[UUID]) -> set[UUID]:
    """Partners whose last invitation ended by itself."""
    last = select(Invitation.partner_id, Invitation.failures, Invitation.used_at)
    rows = db.session.execute(
        last.where(Invitation.partner_id.in_(partner_ids)).order_by(Invitation.created_at)
    )
    latest = {row.partner_id: row for row in rows}
    return {id_ for id_, row in latest.items() if row.used_at is None and row.failures >= TRIES}


def concerns_of(viewer: Viewer, couple_id: UUID) -> Sequence[Concern]:
    """What the couple works on, for staff who may see it; clients never read roles."""
    if not viewer.is_staff:
        return []
    seen = visible_to(viewer).where(Couple.id == couple_id).with_only_columns(Couple.id)
    rows = select(Concern).where(Concern.couple_id.in_(seen)).options(joinedload(Concern.roles))
    return db.session.scalars(rows.order_by(Concern.opened_at)).unique().all()


def concern_in(couple: Couple, concern_id: UUID) -> Concern | None:
    """A concern of a couple that the caller was allowed to fetch."""
    return db.session.scalar(select(Concern).where(Concern.id == concern_id, Concern.couple_id == couple.id))


# The caseload


@dataclass(frozen=True)
class FromAbove:
    """What the domains above do for couples: columns that show the last rounds and the next meeting of each couple,
    where something is to be read, the end of all that the two had open, and reminders that have no reason any more."""

    columns: Callable[[], list[ColumnElement[Any]]]
    glances_of: Callable[[Iterable[Row[Any]], datetime], list[Glance]]
    is_to_read: Callable[[ColumnElement[UUID]], ColumnElement[bool]]
    next_at: Callable[[], ColumnElement[datetime]]
    sever: Callable[[Viewer, Couple, datetime], None]
    weigh: Callable[[UUID, datetime], None]


_above: list[FromAbove] = []


def hand_in(above: FromAbove) -> None:
    """Homework and appointments lie above couples: the app hands in what the caseload needs of them."""
    _above[:] = [above]


def above() -> FromAbove:
    """What was handed in."""
    return _above[0]


def in_care(viewer: Viewer) -> Select[Couple]:
    """The couples of the caseload: those that staff may see and whose record is open."""
    return visible_to(viewer).where(Couple.closed_at.is_(None))


def these(viewer: Viewer, ids: Sequence[UUID]) -> list[Couple]:
    """The couples with these ids, in this order, as far as the viewer may see them."""
    found = {row.id: row for row in db.session.scalars(visible_to(viewer).where(Couple.id.in_(ids)))}
    return [found[id_] for id_ in ids if id_ in found]
