"""The practice itself, one row for each organization in the database, and its papers: the texts that clients sign."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, ScalarSelect, UniqueConstraint, bindparam, event, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, column_property, mapped_column

from clinic import clock
from clinic.extensions import Base, Instant, append_only

PRESENT = bindparam("present", callable_=clock.now, type_=Instant())
"""The present in a statement, taken from the clock when it runs: a statement that is kept does not grow old."""


class ConsentDocument(Base):
    """One version of one of the practice's papers. Published it never changes; without a number it is the draft."""

    __tablename__ = "consent_document"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    kind: Mapped[str]  # consent | secrets
    form: Mapped[str] = mapped_column(default="")  # of a policy: no_secrets | limited | confidential | own
    number: Mapped[int | None]
    text: Mapped[str]
    text_hash: Mapped[str]  # SHA-256 of the text
    label: Mapped[str]  # its first paragraph
    saved_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("staff_member.id")
    )  # None: as it was shipped
    effective_at: Mapped[datetime | None]
    earlier_until: Mapped[
        datetime | None
    ]  # signatures on earlier versions count until then; None: they go on
    __table_args__ = (
        UniqueConstraint("practice_id", "kind", "number"),
        Index("ix_consent_document_in_force", "practice_id", "kind", "effective_at"),
    )


IS_PUBLISHED = "OLD.number IS NOT NULL"
TAKES_ITS_PLACE = (
    "EXISTS (SELECT 1 FROM consent_document AS one WHERE one.number IS NOT NULL AND (one.id = NEW.id OR "
    "(one.practice_id = NEW.practice_id AND one.kind = NEW.kind AND one.number = NEW.number)))"
)
"""REPLACE takes a row away without asking the trigger of DELETE: so it is refused by what it would put there."""
event.listen(
    ConsentDocument.__table__,
    "after_create",
    append_only(
        ConsentDocument.__tablename__,
        {"UPDATE": f"{IS_PUBLISHED} OR {TAKES_ITS_PLACE}", "DELETE": IS_PUBLISHED, "INSERT": TAKES_ITS_PLACE},
    ),
)


class Practice(Base):
    """An organization with its letterhead, its policy and its crisis resources; all of it is public to its people.

    `policy` and `policy_version` are those of the policy on what one partner tells alone that is in force.
    """

    __tablename__ = "practice"
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")  # lines
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    web: Mapped[str] = mapped_column(default="")
    sender: Mapped[str | None] = mapped_column(default="")  # who mails are from, in neutral words
    zone: Mapped[str] = mapped_column(default="Etc/UTC")  # IANA name
    paper: Mapped[str] = mapped_column(default="A4")  # A4 | Letter
    locale: Mapped[str] = mapped_column(default="en-US")  # whose crisis resources stand in
    undo_days: Mapped[int] = mapped_column(
        default=30, server_default="30"
    )  # so long an erasure can be undone
    retention_years: Mapped[int] = mapped_column(
        default=7, server_default="7"
    )  # after the end of care; the law of the place decides
    recovery_kept_at: Mapped[datetime | None]  # when somebody showed that the recovery key lies on paper
    crisis: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON, default=None)  # own, else the locale's
    if TYPE_CHECKING:  # added below, where both tables are known
        policy: Mapped[str]
        policy_version: Mapped[int]

    @property
    def signs_as(self) -> str:
        """The name that stands in a mailbox."""
        return self.sender or "Notes"


def _in_force(column: InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
    """A column of the practice's policy that is in force at the moment of the statement."""
    rows = select(column).where(ConsentDocument.practice_id == Practice.id, ConsentDocument.kind == "secrets")
    rows = rows.where(ConsentDocument.effective_at <= PRESENT).order_by(ConsentDocument.number.desc())
    return rows.limit(1).correlate_except(ConsentDocument).scalar_subquery()


# Read with the practice itself: a page that needs the words of the policy asks for nothing more.
Practice.policy = column_property(_in_force(ConsentDocument.label))
Practice.policy_version = column_property(_in_force(ConsentDocument.number))
