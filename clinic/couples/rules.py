"""Rules of inviting: how long a link lives, how often its secret may be wrong, and how a secret is compared."""

import re
import secrets
from datetime import datetime, timedelta

INVITATION_LASTS = timedelta(hours=72)
TRIES = 5
DIGITS = 6
ROLES = ("injured", "involved", "mutual")

COVER_AT_MOST = timedelta(days=120)
"""Who stands in for longer works with the couple, and the two should hear of it as of a change of counselor."""

EMERGENCY_HOURS = (1, 4, 12, 24)
"""For how long a record can be opened in an emergency."""

REASON_AT_LEAST = 10
"""Characters of a reason that says something."""


class CoupleError(Exception):
    """An act that is not possible; the message says what to do."""


def new_secret() -> str:
    """Six digits that are said aloud or written down in person, never sent with the link."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def spoken(secret: str) -> str:
    """The secret as it is read out: "483 920"."""
    return f"{secret[:3]} {secret[3:]}"


def plain_secret(typed: str) -> str:
    """The digits alone, however they were grouped."""
    return re.sub(r"\D", "", typed)


def is_open(
    *,
    expires_at: datetime,
    used_at: datetime | None,
    revoked_at: datetime | None,
    failures: int,
    now: datetime,
) -> bool:
    """True while somebody can still join by this invitation."""
    return used_at is None and revoked_at is None and failures < TRIES and now < expires_at
