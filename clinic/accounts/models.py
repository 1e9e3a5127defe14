"""Tables of people who sign in. Names and sign-in names are sealed; a sign-in name is found by a keyed hash."""

from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.extensions import Base
from clinic.vault import Sealed

Role = Literal["owner", "counselor", "supervisor"]


class Person(Base):
    """Somebody who may sign in; as a client a person has one partner row for each couple."""

    __tablename__ = "person"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name_sealed: Mapped[bytes]
    name: Sealed[str] = Sealed("name_sealed", "person", "id", clinical=False)
    language: Mapped[str] = mapped_column(default="en")


class Account(Base):
    """The sign-in of one person."""

    __tablename__ = "account"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    sign_in_hash: Mapped[str] = mapped_column(unique=True)
    sign_in_sealed: Mapped[bytes]
    sign_in_name: Sealed[str] = Sealed("sign_in_sealed", "person", "person_id", clinical=False)
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=False)  # after a reset in person
    welcomed_at: Mapped[datetime | None]  # the screens of the first sign-in were seen
    closed_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class StaffMember(Base):
    """Somebody who works for the practice, with roles; dead at the next request once `left_at` has come."""

    __tablename__ = "staff_member"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    name_sealed: Mapped[bytes]
    name: Sealed[str] = Sealed("name_sealed", "practice", "practice_id", clinical=False)
    credential: Mapped[str] = mapped_column(default="")
    is_owner: Mapped[bool] = mapped_column(default=False)
    is_counselor: Mapped[bool] = mapped_column(default=True)
    is_supervisor: Mapped[bool] = mapped_column(default=False)
    supervisor_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    left_at: Mapped[datetime | None]

    @property
    def roles(self) -> list[Role]:
        """The roles by name, in the order in which they are shown."""
        return roles_of(self)


def roles_of(row: Any) -> list[Role]:
    """The roles of a member, or of a row that carries a member's columns."""
    held = {"owner": row.is_owner, "counselor": row.is_counselor, "supervisor": row.is_supervisor}
    return [role for role, is_held in held.items() if is_held]  # type: ignore[misc]  # the keys are these words


class UserSession(Base):
    """One sign-in on one device; only the hash of its token is kept."""

    __tablename__ = "user_session"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    device: Mapped[str]  # in plain words: "Firefox on Android"
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    absolute_until: Mapped[datetime]
    proved_at: Mapped[datetime]  # when the password was last given
    factor_at: Mapped[datetime | None]  # when the second step was taken in it
    revoked_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class CodeApp(Base):
    """An app that shows six digits for thirty seconds each; of these, none before `last_step` is taken again."""

    __tablename__ = "code_app"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    begun_in: Mapped[UUID | None]  # the sign-in that is shown the secret, until the app is confirmed
    name_sealed: Mapped[bytes]
    name: Sealed[str] = Sealed("name_sealed", "person", "person_id", clinical=False)
    secret_sealed: Mapped[bytes]
    secret: Sealed[str] = Sealed("secret_sealed", "person", "person_id", clinical=False)
    last_step: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # it showed a right code


class Passkey(Base):
    """A key that a device or its maker's account holds for a person; found by the keyed hash of its id."""

    __tablename__ = "passkey"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    credential_hash: Mapped[str] = mapped_column(unique=True)
    held_sealed: Mapped[bytes]
    held: Sealed[dict[str, str]] = Sealed("held_sealed", "person", "person_id", clinical=False)
    sign_count: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime]

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return self.held["name"]


class RecoveryCode(Base):
    """A code for one use when nothing else is at hand; only its keyed hash is kept."""

    __tablename__ = "recovery_code"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """What a passkey has signed, kept as long as it could be sent once more; what is only asked is kept nowhere."""

    __tablename__ = "challenge"
    session_id: Mapped[UUID | None]
    value: Mapped[str]
    until: Mapped[datetime] = mapped_column(index=True)


class KeptForm(Base):
    """What somebody who works here typed into a form that could not be carried out; its writer alone gets it back."""

    __tablename__ = "kept_form"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str]  # where the form goes
    page: Mapped[str]  # where it stands
    kept_at: Mapped[datetime]
    cause: Mapped[str]  # sign_in | error
    typed_hash: Mapped[str]  # the same words twice are kept once
    body_sealed: Mapped[bytes]
    body: Sealed[dict[str, Any]] = Sealed("body_sealed", "person", "person_id")  # boxes, and what was typed
    __table_args__ = (Index("ix_kept_form_person", "person_id", "kept_at"),)


class Throttle(Base):
    """Failed proofs of one device, network or name; kept here so that every process counts the same. See tries.py."""

    __tablename__ = "throttle"
    purpose: Mapped[str]
    device_hash: Mapped[str]
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("purpose", "device_hash"), Index("ix_throttle_last_at", "last_at"))


class Contact(Base):
    """Where and when somebody wants mail: their own matter, which nobody else is shown. Without a row there is none."""

    __tablename__ = "contact"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    address_sealed: Mapped[bytes | None]
    address: Sealed[str | None] = Sealed("address_sealed", "person", "person_id", clinical=False)
    has_reminders: Mapped[bool] = mapped_column(default=False)
    quiet_from: Mapped[time]
    quiet_till: Mapped[time]
    zone: Mapped[str]  # IANA name
    failed_at: Mapped[datetime | None]  # when a mail to this address was given up


class CalendarLink(Base):
    """The address under which somebody's calendar program finds their appointments; only the hash of its token."""

    __tablename__ = "calendar_link"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    has_individual: Mapped[bool] = mapped_column(default=False)  # also those without the other
    made_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class ResetRequest(Base):
    """Somebody typed a sign-in name for a new passphrase by mail; whose it is, is found out in the background."""

    __tablename__ = "reset_request"
    sign_in_hash: Mapped[str]
    asked_at: Mapped[datetime]


class ResetLink(Base):
    """A way to a new passphrase for one who works here, good once and for half an hour; only the hash of its token."""

    __tablename__ = "reset_link"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
