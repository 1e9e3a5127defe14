"""What the caseload shows of a couple: plain values, handed in from the domains above that know them."""

from datetime import datetime
from typing import Literal, NamedTuple

Mark = Literal["done", "partly", "open", "past", "none"]
SHOWN = 8
"""So many rounds are drawn for each couple, the oldest on the left."""

Marks = tuple[tuple[Mark, ...], ...]
NOTHING: Marks = ((), ())


class Glance(NamedTuple):
    """The last rounds of one couple: a mark for each partner in each round, where words opened, what needs reading."""

    marks: Marks = NOTHING  # of both partners, the oldest round first
    joined: tuple[bool, ...] = ()
    to_read: int = 0
    open_flags: int = 0
    quiet_since: datetime | None = None
