"""Tables of appointments and of what the counselor wants to bring up in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base


class Appointment(Base):
    """One meeting; individual ones name their partner and are that partner's private matter."""

    __tablename__ = "appointment"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    kind: Mapped[str]  # joint | individual
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))  # individual only
    starts_at: Mapped[datetime]
    minutes: Mapped[int] = mapped_column(default=50)
    zone: Mapped[str]
    # scheduled | held | canceled | late_canceled | no_show
    state: Mapped[str] = mapped_column(default="scheduled")
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_appointment_couple", "couple_id", "starts_at"),
        Index("ix_appointment_staff", "staff_id", "starts_at"),
    )


class AgendaItem(Base):
    """An answer that the counselor wants to bring up; a pointer, never a copy of the words."""

    __tablename__ = "agenda_item"
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"), index=True)
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    field: Mapped[str]
    marked_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    marked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("turn_id", "field"),)
