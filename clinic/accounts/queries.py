"""Reads of accounts: who a sign-in belongs to, which device it is on, and who works here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import contains_eager

from clinic import clock, vault
from clinic.access import OwnSide, Viewer
from clinic.accounts import rules
from clinic.accounts.models import Account, KeptForm, Person, StaffMember, UserSession
from clinic.extensions import db

SidesOf = Callable[[UUID], tuple[OwnSide, ...]]


@dataclass(frozen=True)
class SignedIn:
    """A living sign-in, in the shape that Flask-Login wants; `token` is what the cookie carries."""

    viewer: Viewer
    session_id: UUID
    token: str
    must_change_password: bool = False
    has_been_welcomed: bool = True
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return self.token


def _no_sides(_person_id: UUID) -> tuple[OwnSide, ...]:
    return ()


_sides_of: SidesOf = _no_sides


def hand_in(sides_of: SidesOf) -> None:
    """Couples lie above accounts: the app hands in how the couples of a person are found."""
    global _sides_of  # noqa: PLW0603  # set once, when the app is made
    _sides_of = sides_of


def hash_of(token: str) -> str:
    """What is kept of a sign-in's token; it is random, so that a plain hash is enough."""
    return sha256(token.encode()).hexdigest()


def signed_in(token: str) -> SignedIn | None:
    """The sign-in with that token while it lives; dead at once for who left. Three statements at most."""
    found = _session_with(token)
    if found is None or found[0].revoked_at or found[0].account.closed_at:
        return None
    session, member = found
    now = clock.now()
    viewer = _viewer(session, member, now)
    if viewer is None or _is_over(session, viewer, now):
        return None
    account = session.account
    if account.must_change_password:
        viewer = _bare(viewer)
    return SignedIn(viewer, session.id, token, account.must_change_password, account.welcomed_at is not None)


def _session_with(token: str) -> tuple[UserSession, StaffMember | None] | None:
    row = db.session.execute(
        select(UserSession, StaffMember)
        .join(UserSession.account)
        .join(Account.person)
        .outerjoin(StaffMember, StaffMember.person_id == Person.id)
        .options(contains_eager(UserSession.account).contains_eager(Account.person))
        .where(UserSession.token_hash == hash_of(token))
    ).first()
    return (row[0], row[1]) if row else None


def _viewer(session: UserSession, member: StaffMember | None, now: datetime) -> Viewer | None:
    """Who that is as of now; None for somebody who left and is no client either."""
    person = session.account.person
    works = member if member is not None and (member.left_at is None or now < member.left_at) else None
    sides = _sides_of(person.id)
    if works is None and not sides:
        return None
    vault.unlock([("practice", works.practice_id) if works else ("person", person.id)])
    return Viewer(
        person_id=person.id,
        practice_id=person.practice_id,
        session_id=session.id,
        name=works.name if works else person.name,
        staff_id=works.id if works else None,
        roles=frozenset(works.roles) if works else frozenset(),
        sides=sides,
        has_fresh_proof=now - session.proved_at < rules.PROOF_LASTS,
    )


def _bare(viewer: Viewer) -> Viewer:
    """Who signed in with a passphrase made by another may choose a new one, and nothing else."""
    return Viewer(
        viewer.person_id,
        viewer.practice_id,
        viewer.session_id,
        viewer.name,
        has_fresh_proof=viewer.has_fresh_proof,
    )


def _is_over(session: UserSession, viewer: Viewer, now: datetime) -> bool:
    kind = "staff" if viewer.is_staff else "client"
    return rules.is_over(kind, session.last_seen_at, session.absolute_until, now)


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
