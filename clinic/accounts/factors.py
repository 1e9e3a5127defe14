"""The second step at sign-in: code apps, passkeys and recovery codes; each proof is good once.

Whoever asks for a proof counts the try first (tries.py) and commits in any case, so that a wrong one is not forgotten.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy import CursorResult, delete, update
from sqlalchemy.dialects.sqlite import insert

from clinic import audit, vault
from clinic.access import Viewer
from clinic.accounts import passkeys, queries
from clinic.accounts.models import Account, Challenge, CodeApp, Passkey, RecoveryCode
from clinic.extensions import db

STEP = 30
"""Seconds for which an app shows the same digits; the ones before and after are taken, too."""
SETTING_UP = timedelta(minutes=10)
ANSWERED_WITHIN = timedelta(minutes=5)
MOST = 5
"""Of each kind, for one person."""
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that is read as something else. Ten of them are 49 bits."""


class TooMany(Exception):
    """There is no room for another one; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(f"There are {MOST} of these already. Take one away first.")


# Code apps


def begin_code_app(viewer: Viewer, now: datetime) -> CodeApp:
    """A new secret for an app, shown in this sign-in alone; it counts for nothing until the app shows a right code."""
    if len(queries.code_apps_of(viewer.person_id)) >= MOST:
        raise TooMany
    unfinished = (CodeApp.person_id == viewer.person_id, CodeApp.confirmed_at.is_(None))
    db.session.execute(delete(CodeApp).where(*unfinished))
    app = CodeApp(person_id=viewer.person_id, begun_in=viewer.session_id, added_at=now, last_step=0)
    app.name, app.secret = "", pyotp.random_base32()
    db.session.add(app)
    audit.record(viewer, "begin code app", app)
    return app


def address_of(app: CodeApp, sign_in_name: str) -> str:
    """What the app reads from the picture; it lists it under a name that tells nothing."""
    return pyotp.TOTP(app.secret).provisioning_uri(name=sign_in_name, issuer_name=passkeys.SITE_NAME)


def confirm_code_app(viewer: Viewer, app: CodeApp, name: str, digits: str, now: datetime) -> bool:
    """From now on its codes count, if it shows a right one."""
    if not _takes(app, _plain(digits), now):
        return False
    app.name, app.confirmed_at, app.begun_in = name, now, None
    audit.record(viewer, "add code app", app)
    return True


def _takes(app: CodeApp, digits: str, now: datetime) -> bool:
    """True for the digits of a step later than every one that was taken: the database decides it, once."""
    at = int(now.timestamp()) // STEP
    for step in (at - 1, at, at + 1):
        if compare_digest(pyotp.TOTP(app.secret).generate_otp(step).encode(), digits.encode()):
            later = update(CodeApp).where(CodeApp.id == app.id, CodeApp.last_step < step)
            return _is_done(later.values(last_step=step))
    return False


def _is_done(statement: Any) -> bool:
    """True when the database found the row as it had to be, and changed it."""
    result: CursorResult[Any] = db.session.execute(statement)  # type: ignore[assignment]
    return result.rowcount == 1


def _plain(typed: str) -> str:
    return "".join(one for one in typed.lower() if one.isalnum())


# Recovery codes


def new_recovery_codes(viewer: Viewer, person_id: UUID) -> list[str]:
    """Ten new codes, for this one answer; the ones of before count no more."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    rows = [RecoveryCode(person_id=person_id, code_hash=_code_hash(person_id, one)) for one in codes]
    db.session.add_all(rows)
    audit.record(viewer, "new recovery codes", rows[0])
    return [f"{one[:5]}-{one[5:]}" for one in codes]


def _code_hash(person_id: UUID, code: str) -> str:
    return vault.keyed_hash("recovery code", f"{person_id}:{code}")


# Proofs


def uses_code(person_id: UUID, typed: str, now: datetime) -> bool:
    """True for a right code that was not used before, of an app or from the paper; by this it is used."""
    code = _plain(typed)
    if len(code) == 6:
        return any(_takes(app, code, now) for app in queries.code_apps_of(person_id))
    unused = (RecoveryCode.code_hash == _code_hash(person_id, code), RecoveryCode.used_at.is_(None))
    return _is_done(update(RecoveryCode).where(*unused).values(used_at=now))


@dataclass(frozen=True)
class Asked:
    """What a passkey is to sign, for one sign-in, or for a visitor who has none yet.

    It travels in the signed cookie of the browser that asked, so that nothing grows here however many ask.
    """

    value: str  # 32 random bytes (hex)
    session_id: UUID | None
    until: datetime

    def carried(self) -> list[str]:
        """As the cookie has it."""
        return [self.value, str(self.session_id or ""), self.until.isoformat()]

    @classmethod
    def from_cookie(cls, carried: Sequence[str]) -> "Asked":
        """Back from there; what is in the cookie was signed here."""
        value, session_id, until = carried
        return cls(value, UUID(session_id) if session_id else None, datetime.fromisoformat(until))

    @property
    def challenge(self) -> bytes:
        return bytes.fromhex(self.value)

    def is_for(self, session_id: UUID | None, now: datetime) -> bool:
        """True in the sign-in in which it was asked, as long as it may be answered."""
        return self.session_id == session_id and now < self.until


def ask(session_id: UUID | None, now: datetime) -> Asked:
    """Something new for a passkey to sign."""
    return Asked(secrets.token_hex(32), session_id, now + ANSWERED_WITHIN)


def _spends(asked: Asked, now: datetime) -> bool:
    """True for the first right answer: the database takes its number once. A wrong answer leaves nothing."""
    db.session.execute(delete(Challenge).where(Challenge.until <= now))
    row = {
        "id": UUID(asked.value[:32]),
        "session_id": asked.session_id,
        "value": asked.value,
        "until": asked.until,
    }
    return _is_done(insert(Challenge).values(row).on_conflict_do_nothing())


def add_passkey(
    viewer: Viewer, site: passkeys.Site, name: str, answer: str, asked: Asked, now: datetime
) -> Passkey:
    """Take a new passkey in; NoPasskey when the answer is none."""
    held = passkeys.added(site, answer, asked.challenge)
    if not _spends(asked, now):
        raise passkeys.NoPasskey
    if len(queries.passkeys_of(viewer.person_id)) >= MOST:
        raise TooMany
    found = credential_hash(held.credential_id)
    if queries.passkey_with(found):
        raise passkeys.NoPasskey
    passkey = Passkey(person_id=viewer.person_id, credential_hash=found, added_at=now)
    passkey.sign_count = held.sign_count
    passkey.held = {"name": name, "id": held.credential_id.hex(), "key": held.public_key.hex()}
    db.session.add(passkey)
    audit.record(viewer, "add passkey", passkey)
    return passkey


def uses_passkey(site: passkeys.Site, answer: str, asked: Asked, now: datetime) -> Passkey | None:
    """The passkey that signed this challenge, which was not used before; None when none that belongs here did."""
    try:
        passkey = queries.passkey_with(credential_hash(passkeys.named(answer)))
        if passkey is None:
            return None
        sign_count = passkeys.used(site, answer, asked.challenge, held_of(passkey))
    except passkeys.NoPasskey:
        return None
    if not _spends(asked, now):
        return None
    passkey.sign_count = sign_count
    return passkey


def held_of(passkey: Passkey) -> passkeys.Held:
    """What is kept of it, opened."""
    kept = passkey.held
    return passkeys.Held(bytes.fromhex(kept["id"]), bytes.fromhex(kept["key"]), passkey.sign_count)


def credential_hash(credential_id: bytes) -> str:
    """The keyed hash by which a passkey is found."""
    return vault.keyed_hash("passkey", credential_id.hex())


# Taking away


def take_away(viewer: Viewer, factor: CodeApp | Passkey) -> None:
    """Its owner has it no more. With the last of them go the recovery codes, which stood for it."""
    audit.record(viewer, "take away factor", factor)
    db.session.delete(factor)
    db.session.flush()
    if not queries.has_factor(factor.person_id):
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == factor.person_id))


def take_all_away(viewer: Viewer, account: Account) -> None:
    """Whoever lost everything begins anew with the passphrase; who asks sees nothing of what there was."""
    kinds: Iterable[Any] = (CodeApp, Passkey, RecoveryCode)
    for kind in kinds:
        db.session.execute(delete(kind).where(kind.person_id == account.person_id))
    audit.record(viewer, "reset factors", account)
