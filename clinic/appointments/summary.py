"""A person's appointments as plain values for a calendar program: when, and whether they take place; nothing else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Entry:
    """One appointment; `starts_at` is aware, `zone` the one in which it was settled."""

    id: UUID
    starts_at: datetime
    minutes: int
    zone: str
    is_canceled: bool
