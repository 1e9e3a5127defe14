"""Tables that only counselors read: clearance with its reason, and flags with the action they ask for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base
from clinic.vault import Sealed, keyed_hash

Answers = dict[str, Any]


class Clearance(Base):
    """The counselor's decision for one partner; the latest row counts, and it expires."""

    __tablename__ = "safety_clearance"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    state: Mapped[str]  # not_assessed | individual_only | conjoint_ok | conjoint_paused
    reason_sealed: Mapped[bytes]
    reason: Sealed[str] = Sealed("reason_sealed", "practice", "practice_id")
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    decided_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    __table_args__ = (Index("ix_safety_clearance_partner", "partner_id", "decided_at"),)


class Screening(Base):
    """What one partner answered when asked alone. The counselors' record: no score, and no effect by itself."""

    __tablename__ = "safety_screening"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime]
    body_sealed: Mapped[bytes]
    body: Sealed[Answers] = Sealed("body_sealed", "practice", "practice_id")  # way, answers by key, note
    __table_args__ = (Index("ix_safety_screening_partner", "partner_id", "at"),)


class Flag(Base):
    """A fixed answer that asks the counselor for an action; it stays until there is one."""

    __tablename__ = "flag"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    turn_id: Mapped[UUID | None] = mapped_column(ForeignKey("turn.id"))
    field: Mapped[str]  # keyed, for this row alone: a stolen table does not tell what was answered
    raised_at: Mapped[datetime]
    acted_at: Mapped[datetime | None]
    acted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    action_sealed: Mapped[bytes | None]
    action: Sealed[str | None] = Sealed("action_sealed", "practice", "practice_id")
    __table_args__ = (Index("ix_flag_open", "couple_id", "acted_at"),)

    def keyed(self, field: str) -> str:
        """A field's key as this row keeps it."""
        return keyed_hash("flag", f"{self.id}:{field}")

    def is_about(self, field: str) -> bool:
        """True when the answer to that field raised it."""
        return self.field == self.keyed(field)
