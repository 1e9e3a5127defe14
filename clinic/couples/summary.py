"""What the caseload shows of a couple: plain values, handed in from the domains above that know them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

Mark = Literal["done", "partly", "open", "past", "none"]
SHOWN = 8
"""So many rounds are drawn for each couple, the oldest on the left."""


@dataclass(frozen=True)
class Glance:
    """The last rounds of one couple: a mark for each partner in each round, where words opened, what needs reading."""

    marks: Mapping[UUID, tuple[Mark, ...]] = field(default_factory=dict)
    joined: tuple[bool, ...] = ()
    to_read: int = 0
    open_flags: int = 0
    quiet_since: datetime | None = None

    def count(self, partner_id: UUID, *marks: Mark) -> int:
        """How many rounds of this partner carry one of these marks."""
        return sum(mark in marks for mark in self.marks.get(partner_id, ()))
