"""Reads of accounts: who a sign-in belongs to, which device it is on, and who works here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, false, func, or_, select

from clinic import clock, vault
from clinic.access import Awaited, OwnSide, StaffRole, Viewer
from clinic.accounts import rules
from clinic.accounts.models import (
    Account,
    CalendarLink,
    CodeApp,
    Contact,
    KeptForm,
    Passkey,
    Person,
    RecoveryCode,
    ResetLink,
    StaffMember,
    UserSession,
    roles_of,
)
from clinic.extensions import db
from clinic.practice import queries as practices


@dataclass(frozen=True)
class SignedIn:
    """A living sign-in, in the shape that Flask-Login wants; `token` is what the cookie carries."""

    viewer: Viewer
    session_id: UUID
    token: str
    last_seen_at: datetime
    must_change_password: bool = False
    has_been_welcomed: bool = True
    put_aside: int = 0  # texts that came at a bad moment and wait for this person
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return self.token


_lookup: list[Select[Any]] = []
_zones: list[Callable[[Viewer], str | None]] = []


def hand_in(
    sides: FromClause, in_emergency: ColumnElement[bool], zone_of_couple: Callable[[Viewer], str | None]
) -> None:
    """Couples lie above accounts: the app hands in a person's sides, what an owner opened, and a couple's zone."""
    _lookup[:] = [_looked_up_with(sides, in_emergency)]
    _zones[:] = [zone_of_couple]


def zone_of(viewer: Viewer) -> str:
    """By whose clock somebody lives: a client by the couple's, whoever works here by the practice's."""
    of_couple = next((zone for ask in _zones if (zone := ask(viewer))), None)
    practice = None if of_couple else practices.practice_of(viewer)
    return of_couple or (practice.zone if practice else "Etc/UTC")


def _looked_up_with(side: FromClause, in_emergency: ColumnElement[bool]) -> Select[Any]:
    """All that a request needs to know of who makes it, in one statement: every page begins with it."""
    session, account = UserSession.__table__.c, Account.__table__.c
    person, member = Person.__table__.c, StaffMember.__table__.c
    tables = (
        UserSession.__table__.join(Account.__table__, account.id == session.account_id)
        .join(Person.__table__, person.id == account.person_id)
        .outerjoin(StaffMember.__table__, member.person_id == person.id)
        .outerjoin(side, side.c.person_id == person.id)
    )
    times = (session.last_seen_at, session.absolute_until, session.proved_at, session.factor_at)
    ended = (session.revoked_at, account.closed_at)
    held = (account.must_change_password, account.welcomed_at, _has_factor(person.id).label("has_factor"))
    own = (person.id.label("person_id"), person.practice_id, person.name_sealed)
    work = (member.id.label("staff_id"), member.name_sealed.label("staff_name_sealed"), member.left_at)
    roles = (member.is_owner, member.is_counselor, member.is_supervisor, in_emergency.label("in_emergency"))
    aside = select(func.count()).where(KeptForm.person_id == person.id).scalar_subquery().label("put_aside")
    return (
        select(session.id, *times, *ended, *held, *own, *work, *roles, aside)
        .add_columns(side.c.partner_id, side.c.couple_id, side.c.confirmed_at)
        .select_from(tables)
        .where(session.token_hash == bindparam("token"))
        .order_by(side.c.joined_at)
    )


def _has_factor(person_id: Any) -> Any:
    apps = select(CodeApp.id).where(CodeApp.person_id == person_id, CodeApp.confirmed_at.is_not(None))
    return or_(apps.exists(), select(Passkey.id).where(Passkey.person_id == person_id).exists())


def hash_of(token: str) -> str:
    """What is kept of a sign-in's token; it is random, so that a plain hash is enough."""
    return sha256(token.encode()).hexdigest()


def signed_in(token: str, *, staff_need_factor: bool = True) -> SignedIn | None:
    """The sign-in with that token while it lives; dead at once for who left, bare for who owes something first."""
    rows = db.session.connection().execute(_lookup[0], {"token": hash_of(token)}).all()
    if not rows or rows[0].revoked_at or rows[0].closed_at:
        return None
    row, now = rows[0], clock.now()
    sides = tuple(
        OwnSide(one.partner_id, one.couple_id, one.confirmed_at is not None) for one in rows if one.partner_id
    )
    viewer = _viewer(row, sides, now)
    if viewer is None or _is_over(row, viewer, now):
        return None
    if awaits := _awaited(row, is_asked=viewer.is_staff and staff_need_factor):
        viewer = _bare(viewer, awaits)
    return SignedIn(
        viewer,
        row.id,
        token,
        row.last_seen_at,
        row.must_change_password,
        row.welcomed_at is not None,
        row.put_aside,
    )


def _viewer(row: Row[Any], sides: tuple[OwnSide, ...], now: datetime) -> Viewer | None:
    """Who that is as of now; None for somebody who left and is no client either."""
    is_at_work = row.staff_id is not None and (row.left_at is None or now < row.left_at)
    if not is_at_work and not sides:
        return None
    return Viewer(
        person_id=row.person_id,
        practice_id=row.practice_id,
        session_id=row.id,
        name=StaffMember.name.listed(row.staff_id, row.practice_id, row.staff_name_sealed)
        if is_at_work
        else Person.name.listed(row.person_id, row.person_id, row.name_sealed),
        staff_id=row.staff_id if is_at_work else None,
        roles=frozenset(_roles_in(row)) if is_at_work else frozenset(),
        sides=sides,
        has_fresh_proof=now - row.proved_at < rules.PROOF_LASTS,
    )


def _roles_in(row: Row[Any]) -> list[StaffRole]:
    """An owner with a record open in an emergency comes in where counselors do, and the row rule admits that record."""
    return [*roles_of(row), "emergency"] if row.is_owner and row.in_emergency else [*roles_of(row)]


def _awaited(row: Row[Any], *, is_asked: bool) -> Awaited:
    """What is owed first; who is asked for a second step and has none can do nothing but set one up."""
    if row.has_factor and row.factor_at is None:
        return "factor"
    if is_asked and not row.has_factor:
        return "new factor"
    return "passphrase" if row.must_change_password else ""


def _bare(viewer: Viewer, awaits: Awaited) -> Viewer:
    """Who owes something first has no roles and no sides until then: nothing else opens."""
    return Viewer(
        viewer.person_id,
        viewer.practice_id,
        viewer.session_id,
        viewer.name,
        awaits=awaits,
        has_fresh_proof=viewer.has_fresh_proof,
    )


def _is_over(row: Row[Any], viewer: Viewer, now: datetime) -> bool:
    kind: Literal["staff", "client"] = "staff" if viewer.is_staff else "client"
    return rules.is_over(kind, row.last_seen_at, row.absolute_until, now)


# Accounts


def account_named(sign_in_name: str) -> Account | None:
    """The open account of a sign-in name, found by its keyed hash."""
    return db.session.scalar(
        select(Account).where(Account.sign_in_hash == sign_in_hash(sign_in_name), Account.closed_at.is_(None))
    )


def sign_in_hash(sign_in_name: str) -> str:
    """The keyed hash by which a sign-in name is found."""
    return vault.keyed_hash("sign-in", rules.plain_name(sign_in_name))


def is_taken(sign_in_name: str) -> bool:
    """True when an account, open or closed, has that sign-in name."""
    taken = select(Account.id).where(Account.sign_in_hash == sign_in_hash(sign_in_name))
    return db.session.scalar(taken) is not None


def account_of(person_id: UUID | None) -> Account | None:
    """The account of a person."""
    return db.session.scalar(select(Account).where(Account.person_id == person_id))


def staff_of_person(person_id: UUID) -> StaffMember | None:
    """The person's place in the practice, if there is one; also of who left."""
    return db.session.scalar(select(StaffMember).where(StaffMember.person_id == person_id))


def devices_of(viewer: Viewer, now: datetime) -> Sequence[UserSession]:
    """The viewer's own living sign-ins, the newest first."""
    return db.session.scalars(
        own_sessions(viewer)
        .where(UserSession.revoked_at.is_(None), UserSession.absolute_until > now)
        .order_by(UserSession.created_at.desc())
    ).all()


def own_sessions(viewer: Viewer) -> Select[UserSession]:
    """A sign-in belongs to its person and is nobody else's business."""
    if viewer.person_id is None:
        return select(UserSession).where(false())
    return select(UserSession).join(UserSession.account).where(Account.person_id == viewer.person_id)


# Second steps


def has_factor(person_id: UUID | None) -> bool:
    """True for who has a code app or a passkey."""
    return bool(db.session.scalar(select(_has_factor(person_id))))


def code_apps_of(person_id: UUID | None) -> Sequence[CodeApp]:
    """Apps that showed a right code, the oldest first."""
    mine = select(CodeApp).where(CodeApp.person_id == person_id, CodeApp.confirmed_at.is_not(None))
    return db.session.scalars(mine.order_by(CodeApp.added_at, CodeApp.id)).all()


def code_app_begun(viewer: Viewer, since: datetime) -> CodeApp | None:
    """The app that is being set up in this very sign-in; no other one is shown its secret."""
    return db.session.scalar(
        select(CodeApp).where(
            CodeApp.person_id == viewer.person_id,
            CodeApp.begun_in == viewer.session_id,
            CodeApp.confirmed_at.is_(None),
            CodeApp.added_at > since,
        )
    )


def passkeys_of(person_id: UUID | None) -> Sequence[Passkey]:
    """Passkeys, the oldest first."""
    mine = select(Passkey).where(Passkey.person_id == person_id)
    return db.session.scalars(mine.order_by(Passkey.added_at, Passkey.id)).all()


def passkey_with(credential_hash: str) -> Passkey | None:
    """Whoever's passkey that is."""
    return db.session.scalar(select(Passkey).where(Passkey.credential_hash == credential_hash))


def recovery_codes_left(person_id: UUID | None) -> int:
    """How many recovery codes are still good."""
    left = select(RecoveryCode.id).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return len(db.session.scalars(left).all())


# Staff


def staff_visible_to(viewer: Viewer) -> Select[StaffMember]:
    """Staff know the staff of their own practice."""
    if not viewer.is_staff:
        return select(StaffMember).where(false())
    return select(StaffMember).where(StaffMember.practice_id == viewer.practice_id)


def staff_for(viewer: Viewer, staff_id: UUID) -> StaffMember | None:
    """One member of the own practice."""
    return db.session.scalar(staff_visible_to(viewer).where(StaffMember.id == staff_id))


def staff_at_work(viewer: Viewer, now: datetime) -> Sequence[StaffMember]:
    """Who works in the viewer's practice now."""
    return [
        one
        for one in db.session.scalars(staff_visible_to(viewer))
        if one.left_at is None or now < one.left_at
    ]


def second_step_before(account_id: UUID) -> datetime | None:
    """When the second step of an account was last taken at a sign-in or a proof."""
    return db.session.scalar(
        select(func.max(UserSession.factor_at)).where(UserSession.account_id == account_id)
    )


def sign_ins_of_staff(viewer: Viewer, now: datetime) -> dict[str, StaffMember]:
    """The hashes of their sign-in names, of who works in the viewer's practice now."""
    members = {one.person_id: one for one in staff_at_work(viewer, now)}
    named = select(Account.sign_in_hash, Account.person_id).where(Account.person_id.in_(members))
    return {sign_in_hash: members[person_id] for sign_in_hash, person_id in db.session.execute(named)}


# Put aside


def kept_forms(viewer: Viewer) -> Sequence[KeptForm]:
    """What this person typed and could not send, the newest first; nobody else ever asks for it."""
    mine = select(KeptForm).where(KeptForm.person_id == viewer.person_id)
    return db.session.scalars(mine.order_by(KeptForm.kept_at.desc(), KeptForm.id)).all()


def kept_form_for(viewer: Viewer, kept_id: UUID) -> KeptForm | None:
    """One of them."""
    return db.session.scalar(
        select(KeptForm).where(KeptForm.id == kept_id, KeptForm.person_id == viewer.person_id)
    )


# Mail and calendar


def contact_of(person_id: UUID | None) -> Contact | None:
    """Where somebody wants mail; for the person itself, and for the sender."""
    return db.session.scalar(select(Contact).where(Contact.person_id == person_id))


def calendar_link_of(viewer: Viewer) -> CalendarLink | None:
    """The viewer's own link."""
    return db.session.scalar(select(CalendarLink).where(CalendarLink.person_id == viewer.person_id))


def calendar_link_with(token: str) -> tuple[CalendarLink, Viewer] | None:
    """The link with that token, and whose appointments it shows as of now; None for who cannot sign in any more."""
    rows = (
        select(CalendarLink, Person.practice_id, StaffMember)
        .join(Person, Person.id == CalendarLink.person_id)
        .join(Account, Account.person_id == Person.id)
        .outerjoin(StaffMember, StaffMember.person_id == Person.id)
        .where(CalendarLink.token_hash == hash_of(token), Account.closed_at.is_(None))
    )
    row = db.session.execute(rows).first()
    return (row[0], _owner_of(*row)) if row else None


def _owner_of(link: CalendarLink, practice_id: UUID, member: StaffMember | None) -> Viewer:
    """Without the sides of a couple, which are added above."""
    is_at_work = member is not None and (member.left_at is None or clock.now() < member.left_at)
    if member is None or not is_at_work:
        return Viewer(person_id=link.person_id, practice_id=practice_id)
    return Viewer(link.person_id, practice_id, staff_id=member.id, roles=frozenset(member.roles))


def reset_link_with(token: str) -> ResetLink | None:
    """The link to a new passphrase with that token, also when it is over."""
    return db.session.scalar(select(ResetLink).where(ResetLink.token_hash == hash_of(token)))
