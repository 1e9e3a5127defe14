"""Tables of homework: ids, times and states only; the plan that a counselor wrote for a partner is sealed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.exercises.models import ExerciseVersion
from clinic.extensions import Base
from clinic.homework.agreed import Agreed
from clinic.vault import Sealed

TO_READ = text("came_in_at IS NOT NULL AND reviewed_at IS NULL")


class Assignment(Base):
    """One exercise, pinned to a version, given to a couple or to one partner."""

    __tablename__ = "assignment"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    exercise_version_id: Mapped[UUID] = mapped_column(ForeignKey("exercise_version.id"))
    slug: Mapped[str]
    weight: Mapped[str]
    concern_id: Mapped[UUID | None] = mapped_column(ForeignKey("concern.id"))
    assigned_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    assigned_at: Mapped[datetime]
    starts_on: Mapped[date]
    zone: Mapped[str]  # pinned from the couple
    cadence: Mapped[Any] = mapped_column(JSON)  # as in the document: "once", "as_needed" or a table
    open_days: Mapped[int | None]  # local days that a round is open; empty: as the document says
    opening: Mapped[str]  # both_answered | appointment | counselor; may only become later or narrower
    is_alone: Mapped[bool] = mapped_column(
        default=False
    )  # given to one partner: narrower words, see exercises/alone
    legs: Mapped[list[Any]] = mapped_column(JSON)  # [part, author, other or null, role of the author]
    state: Mapped[str] = mapped_column(default="active")  # active | paused | ended | recalled
    resumed_on: Mapped[date | None]  # after a pause: rounds of earlier days are not made up for
    ended_at: Mapped[datetime | None]
    version: Mapped[ExerciseVersion] = relationship(lazy="joined", innerjoin=True)
    recipients: Mapped[list["Recipient"]] = relationship(back_populates="assignment")
    __table_args__ = (Index("ix_assignment_couple", "couple_id", "state"),)


class Recipient(Base):
    """One partner's side of an assignment: role, and the plan made with that partner."""

    __tablename__ = "recipient"
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), index=True)
    role: Mapped[str]
    plan_sealed: Mapped[bytes | None]  # see homework/agreed.py
    plan: Sealed[dict[str, Any] | None] = Sealed("plan_sealed", "partner", "partner_id")
    assignment: Mapped[Assignment] = relationship(back_populates="recipients")
    __table_args__ = (UniqueConstraint("assignment_id", "partner_id"),)

    @property
    def agreed(self) -> Agreed:
        """The plan as it is read."""
        return Agreed.of(self.plan)


class Round(Base):
    """One occurrence of an assignment, by local date; unique, so that a doubled wake-up makes nothing twice."""

    __tablename__ = "round"
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    number: Mapped[int]
    local_on: Mapped[date]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]  # set once, when it was closed for whatever reason
    appointment_id: Mapped[UUID | None] = mapped_column(index=True)
    came_in_at: Mapped[datetime | None]  # the last sending that the counselor may read
    reviewed_at: Mapped[datetime | None]
    glance: Mapped[str | None]  # what a caseload shows; see summary.py
    assignment: Mapped[Assignment] = relationship(lazy="joined", innerjoin=True)
    turns: Mapped[list["Turn"]] = relationship(
        back_populates="round", order_by="Turn.leg, Turn.order, Turn.entry"
    )
    events: Mapped[list["RoundEvent"]] = relationship(order_by="RoundEvent.seq")
    __table_args__ = (
        UniqueConstraint("assignment_id", "number"),
        UniqueConstraint("assignment_id", "local_on", "appointment_id"),
        Index("ix_round_couple", "couple_id", "opens_at", "glance"),  # covers what a caseload shows
        Index(
            "ix_round_to_read", "couple_id", sqlite_where=TO_READ, postgresql_where=TO_READ
        ),  # a few of all rounds
    )


class Turn(Base):
    """One step of a leg with the state that the fold gave; `partner_id` is empty where either may act."""

    __tablename__ = "turn"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    leg: Mapped[int]
    key: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=1)
    entry: Mapped[int] = mapped_column(default=1)
    order: Mapped[int]  # place in the document, then attempt
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    sent_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    is_kept: Mapped[bool] = mapped_column(default=False)  # its author kept the whole of it for the counselor
    awaits_opening: Mapped[bool] = mapped_column(default=False, index=True)  # has words that may still open
    round: Mapped[Round] = relationship(back_populates="turns")
    __table_args__ = (
        UniqueConstraint("round_id", "leg", "key", "attempt", "entry"),
        Index("ix_turn_partner", "partner_id", "state", "until"),
        Index("ix_turn_couple", "couple_id", "state", "sent_at"),
    )


class RoundEvent(Base):
    """What happened in a round, in order: the truth of which all states are folded. Never a text."""

    __tablename__ = "round_event"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str]
    turn_id: Mapped[UUID | None] = mapped_column(ForeignKey("turn.id"))
    # Whose act it was, empty for staff and for time; of a closing: who was excused.
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    __table_args__ = (UniqueConstraint("round_id", "seq"),)
