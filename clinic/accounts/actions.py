"""Verbs of accounts: prove, sign in, revoke, reset, take in staff and let them go."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Literal
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update

from clinic import audit, vault
from clinic.access import SYSTEM, Viewer
from clinic.accounts import factors, letters, queries, rules, tries
from clinic.accounts.models import Account, KeptForm, Person, ResetLink, StaffMember, UserSession
from clinic.extensions import Busy, db, transactions
from clinic.practice.models import Practice

NOTED_EVERY = timedelta(minutes=1)
KEPT_AT_MOST = 20
"""Texts of one person that wait to be sent after all."""

Cause = Literal["sign_in", "error"]
"""Why a text could not arrive."""

_argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# 19 MiB for each: two at once in a process; the web server runs its workers with one thread each.
_at_once = BoundedSemaphore(2)
# Nobody's passphrase: a name that does not exist costs the same time as a wrong passphrase.
_NOBODYS = _argon2.hash(secrets.token_hex(16))


class AccountError(Exception):
    """An act that is not possible; the message says what to do."""


class NameTaken(AccountError):
    """Somebody has that sign-in name."""


# Passphrases: call these outside of a transaction


def hash_passphrase(passphrase: str) -> str:
    """Argon2id of a passphrase; takes tens of milliseconds."""
    with _at_once:
        return _argon2.hash(rules.plain_passphrase(passphrase))


def fits(stored: str | None, passphrase: str) -> bool:
    """True when the passphrase is the one; without a stored hash it is False, after the same time."""
    try:
        with _at_once:
            _argon2.verify(stored or _NOBODYS, rules.plain_passphrase(passphrase))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


# Sign-ins


def begin_session(account: Account, device: str, now: datetime, *, with_factor: bool = False) -> str:
    """Open a sign-in under a new id and return its token, which is kept nowhere else.

    `with_factor` is for who came with a passkey: the second step is taken with the first.
    """
    member = queries.staff_of_person(account.person_id)
    works = member is not None and (member.left_at is None or now < member.left_at)
    token = secrets.token_urlsafe(32)
    session = UserSession(
        account_id=account.id,
        token_hash=queries.hash_of(token),
        device=device,
        created_at=now,
        last_seen_at=now,
        absolute_until=now + rules.ABSOLUTE["staff" if works else "client"],
        proved_at=now,
        factor_at=now if with_factor else None,
    )
    db.session.add(session)
    audit.record(_as(account.person), "sign in", session)
    return token


def note_use(signed: queries.SignedIn, now: datetime) -> None:
    """Note that a sign-in was used, at most once a minute; never worth waiting for, the next request notes it too."""
    if now - signed.last_seen_at < NOTED_EVERY:
        return
    used = update(UserSession).where(
        UserSession.id == signed.session_id, UserSession.revoked_at.is_(None), UserSession.last_seen_at < now
    )
    with suppress(Busy), transactions(write=True, wait=False), db.engine.begin() as connection:
        connection.execute(used.values(last_seen_at=now))


def revoke(viewer: Viewer, session: UserSession, now: datetime) -> None:
    """End one sign-in; it is dead at its next request."""
    if session.revoked_at is None:
        session.revoked_at = now
        audit.record(viewer, "end sign-in", session)


def revoke_all(viewer: Viewer, account: Account, now: datetime, keep: UUID | None = None) -> None:
    """End every way in to an account but the sign-in `keep`; the link of a calendar is one of them."""
    letters.end_calendar_of(viewer, account.person_id)
    open_ones = select(UserSession).where(
        UserSession.account_id == account.id, UserSession.revoked_at.is_(None)
    )
    for session in db.session.scalars(open_ones):
        if session.id != keep:
            revoke(viewer, session, now)


def prove(viewer: Viewer, session: UserSession, now: datetime, *, with_factor: bool = False) -> str:
    """Somebody showed again who they are: the sign-in goes on under a new token, the one of before is dead."""
    token = secrets.token_urlsafe(32)
    session.token_hash, session.proved_at = queries.hash_of(token), now
    if with_factor:
        session.factor_at = now
    audit.record(viewer, "prove second step" if with_factor else "prove", session)
    return token


def reset_factors(viewer: Viewer, account: Account, now: datetime) -> None:
    """Somebody lost what the second step needs: all of it is taken away, and every sign-in ends."""
    factors.take_all_away(viewer, account)
    revoke_all(viewer, account, now)
    tries.open_second_again(account.sign_in_hash)


# Accounts


@dataclass(frozen=True)
class NewSignIn:
    """What somebody chose when an account is made: a sign-in name and the hash of a passphrase."""

    name: str
    password_hash: str
    must_change_password: bool = False


def open_account(person: Person, chosen: NewSignIn, now: datetime) -> Account:
    """Give a person the means to sign in; NameTaken when the name is somebody else's."""
    if queries.is_taken(chosen.name):
        raise NameTaken("This sign-in name is taken. Please choose another one.")
    account = Account(
        person_id=person.id,
        sign_in_hash=queries.sign_in_hash(chosen.name),
        sign_in_name=chosen.name.strip(),
        password_hash=chosen.password_hash,
        must_change_password=chosen.must_change_password,
        created_at=now,
    )
    account.person = person
    db.session.add(account)
    audit.record(_as(person), "open account", account)
    return account


def change_password(viewer: Viewer, account: Account, password_hash: str, now: datetime) -> None:
    """Its owner chose a new passphrase: every other sign-in ends, and the link of a calendar."""
    account.password_hash = password_hash
    account.must_change_password = False
    tries.open_second_again(account.sign_in_hash)
    revoke_all(viewer, account, now, keep=viewer.session_id)
    audit.record(viewer, "change passphrase", account)


def reset_password(viewer: Viewer, account: Account, password_hash: str, now: datetime) -> None:
    """Somebody else made a passphrase for one use: every sign-in ends, and its owner must choose a new one."""
    account.password_hash = password_hash
    account.must_change_password = True
    revoke_all(viewer, account, now)
    letters.shut(viewer, account.person_id, now)
    tries.open_again(account.sign_in_hash)
    tries.open_second_again(account.sign_in_hash)
    audit.record(viewer, "reset passphrase", account)


def reset_by_link(link: ResetLink, password_hash: str, now: datetime) -> None:
    """Its owner chose a new passphrase by a link from the mailbox, which is used up. Call after is_open, in its
    transaction: of two who press at once one is told that it is over."""
    account = link.account
    viewer = _as(account.person)
    account.password_hash, account.must_change_password = password_hash, False
    revoke_all(viewer, account, now)
    letters.shut(viewer, account.person_id, now)
    tries.open_again(account.sign_in_hash)
    audit.record(viewer, "reset passphrase by mail", account)


def close_account(viewer: Viewer, account: Account, now: datetime) -> None:
    """Nobody signs in here any more."""
    account.closed_at = now
    revoke_all(viewer, account, now)
    letters.shut(viewer, account.person_id, now)
    audit.record(viewer, "close account", account)


def welcome(viewer: Viewer, account: Account, now: datetime) -> None:
    """The screens of the first sign-in were seen."""
    if account.welcomed_at is None:
        account.welcomed_at = now
        audit.record(viewer, "welcome", account)


# Texts that could not arrive


@dataclass(frozen=True)
class Typed:
    """What somebody typed: where the form goes and stands, what its boxes for words are called, names and values."""

    action: str
    page: str
    boxes: Mapping[str, str]
    values: Sequence[tuple[str, str]]


def keep_form(person_id: UUID, typed: Typed, cause: Cause, now: datetime) -> None:
    """Put aside what could not be carried out. The same twice is kept once; of very many the newest stay."""
    text = json.dumps([str(person_id), typed.action, typed.values])
    mine = select(KeptForm).where(KeptForm.person_id == person_id)
    same = vault.keyed_hash("kept form", text)
    if db.session.scalar(mine.where(KeptForm.typed_hash == same)):
        return
    kept = KeptForm(person_id=person_id, action=typed.action, page=typed.page, kept_at=now, cause=cause)
    kept.typed_hash = same
    kept.body = {"boxes": dict(typed.boxes), "typed": [list(pair) for pair in typed.values]}
    db.session.add(kept)
    db.session.flush()
    for old in db.session.scalars(mine.order_by(KeptForm.kept_at.desc()).offset(KEPT_AT_MOST)).all():
        db.session.delete(old)


def let_go_of_kept(viewer: Viewer, kept_id: UUID) -> None:
    """What was put aside has arrived, or its writer does not need it any more."""
    kept = queries.kept_form_for(viewer, kept_id)
    if kept is not None:
        db.session.delete(kept)


# Staff


@dataclass(frozen=True)
class NewMember:
    """Somebody who begins to work here."""

    name: str
    credential: str = ""
    is_owner: bool = False
    is_counselor: bool = True
    is_supervisor: bool = False
    supervisor_id: UUID | None = None


def add_staff(
    practice: Practice,
    name: str,
    sign_in: str,
    password: str,
    *,
    roles: Collection[str],
    now: datetime,
    **more: Any,
) -> StaffMember:
    """Take somebody in by a command: the house acts, and the passphrase stays. `more` as in NewMember."""
    held: dict[str, Any] = {f"is_{role}": role in roles for role in ("owner", "counselor", "supervisor")}
    chosen = NewSignIn(sign_in, hash_passphrase(password))
    return employ(SYSTEM, practice.id, NewMember(name, **held, **more), chosen, now)


def employ(
    viewer: Viewer, practice_id: UUID, new: NewMember, chosen: NewSignIn, now: datetime
) -> StaffMember:
    """Take somebody in; NameTaken when the sign-in name is somebody else's."""
    if viewer is not SYSTEM and viewer.practice_id != practice_id:
        raise AccountError("This is another practice.")
    person = Person(practice_id=practice_id, name=new.name)
    db.session.add(person)
    open_account(person, chosen, now).welcomed_at = now  # the screens of the first sign-in are for clients
    member = StaffMember(
        practice_id=practice_id,
        person_id=person.id,
        name=new.name,
        credential=new.credential,
        is_owner=new.is_owner,
        is_counselor=new.is_counselor,
        is_supervisor=new.is_supervisor,
        supervisor_id=new.supervisor_id,
    )
    db.session.add(member)
    audit.record(viewer, "add staff", member)
    return member


def supervise(viewer: Viewer, member: StaffMember, supervisor: StaffMember | None) -> None:
    """Who reads along with this member's work from now on; with None nobody does any more."""
    if supervisor is not None and (not supervisor.is_supervisor or supervisor.id == member.id):
        raise AccountError("Choose somebody else who supervises here.")
    member.supervisor_id = supervisor.id if supervisor else None
    audit.record(viewer, "supervise", member, by=str(supervisor.id) if supervisor else None)


def let_go(viewer: Viewer, member: StaffMember, now: datetime) -> None:
    """Somebody leaves: dead at the next request, on every device. The last owner stays."""
    others = [one for one in queries.staff_at_work(viewer, now) if one.is_owner and one.id != member.id]
    if member.is_owner and not others:
        raise AccountError("A practice needs an owner. Add another one first.")
    member.left_at = now
    account = queries.account_of(member.person_id)
    if account is not None:
        revoke_all(viewer, account, now)
        letters.shut(viewer, account.person_id, now)
    audit.record(viewer, "let go", member)


def _as(person: Person) -> Viewer:
    """The person acting for themselves, before there is a sign-in."""
    return Viewer(person_id=person.id, practice_id=person.practice_id)
