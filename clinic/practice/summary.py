"""The practice on paper, as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """The practice as it signs its papers; what it has not filled in is empty and leaves no gap on the page."""

    practice: str
    address: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    web: str = ""
