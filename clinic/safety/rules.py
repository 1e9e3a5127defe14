"""The one ceiling: how wide words may reach in a couple right now. Every hold is nothing but a lower ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

ClearanceState = Literal["not_assessed", "individual_only", "conjoint_ok", "conjoint_paused"]
Ceiling = Literal["counselor", "joint"] | None

VALID_FOR = timedelta(days=182)
"""A clearance asks for renewal after half a year."""


@dataclass(frozen=True)
class Standing:
    """What is known of one partner: confirmed by the counselor, clearance with its end, both papers signed."""

    is_confirmed: bool = False
    clearance: ClearanceState = "not_assessed"
    clearance_until: datetime | None = None
    has_consented: bool = False


def ceiling(standings: Sequence[Standing], *, is_paused: bool, is_separated: bool, now: datetime) -> Ceiling:
    """The widest reach allowed now: `joint` for everything, `counselor` for words to the counselor, None for held."""
    if is_paused:
        return None
    if is_separated or len(standings) < 2:
        return "counselor"
    return "joint" if all(_may_work_jointly(one, now) for one in standings) else "counselor"


def _may_work_jointly(one: Standing, now: datetime) -> bool:
    is_cleared = one.clearance == "conjoint_ok" and (one.clearance_until is None or now < one.clearance_until)
    return one.is_confirmed and one.has_consented and is_cleared
