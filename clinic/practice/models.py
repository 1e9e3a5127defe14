"""The practice itself: one row for each organization in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base


class Practice(Base):
    """An organization with its letterhead, its policy and its crisis resources; all of it is public to its people."""

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
    policy: Mapped[str] = mapped_column(default="")  # the secrets policy in the practice's own words
    policy_version: Mapped[int] = mapped_column(default=1)
    recovery_kept_at: Mapped[datetime | None]  # when somebody showed that the recovery key lies on paper
    crisis: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON, default=None)  # own, else the locale's

    @property
    def signs_as(self) -> str:
        """The name that stands in a mailbox."""
        return self.sender or "Notes"
