"""One line in the log for each request that was refused: why, and at which route; never who, for whom, or what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from logging import Logger

LINES = 60
"""Lines for each reason in a process and a span of time; more are counted, so that nobody fills a disk by asking."""
SPAN = timedelta(hours=1)

WRONG_PROOF = "proof not taken"
OTHER_SITE = "another site"
FORGED = "form of another sign-in"
OTHER_HOST = "another host"
NO_PAGE = "no such page"
REASONS = {
    400: "not understood",
    403: "not admitted",
    404: "not there or not theirs",
    405: "method",
    413: "too long",
    429: "too often",
}
"""What a status says when nobody said more."""


@dataclass
class _Span:
    since: datetime
    told: int = 0
    untold: int = 0


class Refusals:
    """What was refused in this process, by reason."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._spans: dict[str, _Span] = {}

    def note(self, reason: str, status: int, route: str, now: datetime) -> None:
        """Write a line or count it; `reason` and `route` are the house's own fixed words, nothing of the request."""
        span = self._spans.get(reason)
        untold = 0
        if span is None or now - span.since >= SPAN:
            untold = span.untold if span else 0
            span = self._spans[reason] = _Span(now)
        if span.told >= LINES:
            span.untold += 1
            return
        span.told += 1
        more = f' before="{untold} more without a line"' if untold else ""
        full = ' after="counted only, for an hour"' if span.told == LINES else ""
        self._log.warning('refused reason="%s" status=%d route=%s%s%s', reason, status, route, more, full)
