"""A certificate as plain values: what one partner signed, whole, and how."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from clinic.practice.summary import Letterhead


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A heading, a paragraph or a list of the paper."""

    kind: Literal["heading", "paragraph", "list"]
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One signature on one version. `paper_on` and `seen_by` when it was given on paper."""

    letterhead: Letterhead
    title: str
    number: int
    text: str  # as it was signed, to the last character; the hash is of this
    pieces: tuple[Piece, ...]
    text_hash: str
    name: str
    partner: str  # as the practice calls the one who signed
    signed_at: datetime
    zone: str
    effective_at: datetime
    paper_on: date | None = None
    seen_by: str = ""
