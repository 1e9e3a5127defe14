"""Tables of a couple. Every written row of the product points to a partner, never to a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts.models import StaffMember
from clinic.extensions import Base
from clinic.practice.models import Practice
from clinic.vault import Sealed

LEFT, CLOSED = text("left_at IS NOT NULL"), text("closed_at IS NOT NULL")
"""A few of all sides."""


class Couple(Base):
    """One record with two people in it. `separated_at` ends it as a couple; `paused_at` holds everything."""

    __tablename__ = "couple"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    alias_sealed: Mapped[bytes]
    alias: Sealed[str] = Sealed("alias_sealed", "couple", "id", clinical=False)
    zone: Mapped[str]  # IANA name
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    resumed_at: Mapped[
        datetime | None
    ]  # when the last pause ended: rounds that it swallowed are not made up for
    separated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    attention_at: Mapped[datetime | None] = mapped_column(index=True)  # when something last came in
    partners: Mapped[list["Partner"]] = relationship(
        back_populates="couple", order_by="Partner.position", lazy="selectin"
    )
    practice: Mapped[Practice] = relationship(viewonly=True)
    __table_args__ = (
        Index(
            "ix_couple_in_care", "id", "practice_id", "closed_at", "attention_at"
        ),  # covers a whole caseload
    )


class Partner(Base):
    """A person's side of a couple, position 1 or 2. Nothing private or conjoint opens before `confirmed_at`."""

    __tablename__ = "partner"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    position: Mapped[int]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    name_sealed: Mapped[bytes]
    name: Sealed[str] = Sealed("name_sealed", "couple", "couple_id", clinical=False)
    joined_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    left_at: Mapped[datetime | None]  # when care ended for this one: the clock of retention begins
    closed_at: Mapped[
        datetime | None
    ]  # since then nothing of this side opens to anybody: it ends, or has ended
    couple: Mapped[Couple] = relationship(back_populates="partners")
    __table_args__ = (
        UniqueConstraint("couple_id", "position"),
        CheckConstraint("position in (1, 2)", name="position"),
        Index("ix_partner_left", "left_at", sqlite_where=LEFT, postgresql_where=LEFT),
        Index("ix_partner_closed", "closed_at", sqlite_where=CLOSED, postgresql_where=CLOSED),
    )


class CoupleCounselor(Base):
    """Who works with a couple, from when until when; `is_cover` stands in for somebody, and always with an end."""

    __tablename__ = "couple_counselor"
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    is_cover: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (
        Index(
            "ix_couple_counselor_staff", "staff_id", "until_at", "couple_id", "from_at"
        ),  # covers the row rule
        UniqueConstraint("couple_id", "staff_id", "from_at"),
    )


class EmergencyAccess(Base):
    """An owner who does not work with a couple reads its record: for a reason, for hours; its counselors are told."""

    __tablename__ = "emergency_access"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"), index=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    staff: Mapped[StaffMember] = relationship(viewonly=True, foreign_keys=staff_id)
    reason_sealed: Mapped[bytes]
    reason: Sealed[str] = Sealed("reason_sealed", "practice", "practice_id")
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    noted_at: Mapped[datetime | None]  # when a counselor of the couple had read that it happened
    noted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    __table_args__ = (Index("ix_emergency_access_staff", "staff_id", "until_at"),)


class Invitation(Base):
    """A one-time link for one partner, with a second secret that is given in person. Only hashes are kept."""

    __tablename__ = "invitation"
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    partner: Mapped[Partner] = relationship()


class Concern(Base):
    """What the couple works on; roles belong to it, since two concerns can have opposite roles."""

    __tablename__ = "concern"
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"), index=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    title_sealed: Mapped[bytes]
    title: Sealed[str] = Sealed("title_sealed", "practice", "practice_id")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    roles: Mapped[list["ConcernRole"]] = relationship(lazy="selectin")


class ConcernRole(Base):
    """injured, involved or mutual: the counselor's word for one partner in one concern, never shown to clients."""

    __tablename__ = "concern_role"
    concern_id: Mapped[UUID] = mapped_column(ForeignKey("concern.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    role: Mapped[str]
    __table_args__ = (UniqueConstraint("concern_id", "partner_id"),)
