"""Rounds at a glance, for the caseload: what is sent and what is not, never who opened or drafted something.

Thirty couples have five hundred turns in their last rounds. So each round carries its own line, written whenever the
round is folded: a mark for each partner, whether words opened, when something last came in. Only what depends on the
present, a day that has passed, is left to whoever reads it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select

from clinic.couples.models import Couple
from clinic.couples.queries import at_hand
from clinic.couples.summary import SHOWN, Glance, Mark, Marks
from clinic.homework.models import Round, Turn
from clinic.homework.rules import TO_WRITE
from clinic.practice.models import PRESENT
from clinic.safety.models import Flag

WRITTEN = "%Y-%m-%d %H:%M:%S"
FOREVER = "9999"


def is_to_read(couple_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """True of a couple in which something came in that no counselor has reviewed yet."""
    unread = (Round.came_in_at.is_not(None), Round.reviewed_at.is_(None))
    return select(Round.id).where(Round.couple_id == couple_id, *unread).correlate_except(Round).exists()


# Writing


def line_of(round_: Round) -> str | None:
    """The line of a round, as its turns stand: "done|open 2026-03-04 08:00:00|0|2026-03-03 19:12:44".

    There is none for what was recalled.
    """
    if round_.assignment.state == "recalled":
        return None
    partners = at_hand(round_.couple_id).partners
    marks = [
        _written([one for one in round_.turns if one.partner_id in (None, partner.id)])
        for partner in partners
    ]
    opened = any(event.kind == "opened" for event in round_.events)
    sent_at = max((turn.sent_at for turn in round_.turns if turn.sent_at), default=None)
    return "|".join([*marks, "1" if opened else "0", f"{sent_at:{WRITTEN}}" if sent_at else ""])


def _written(turns: Iterable[Turn]) -> str:
    """One partner's part of one round; an open one with the moment from which it is past."""
    asked = [turn for turn in turns if turn.state != "waiting"]
    sent = [turn for turn in asked if turn.state in {"sent", "agreed"}]
    if not asked:
        return "none"
    if sent:
        return "done" if len(sent) == len(asked) else "partly"
    until = [f"{turn.until:{WRITTEN}}" if turn.until else FOREVER for turn in asked if turn.state in TO_WRITE]
    return f"open {max(until)}" if until else "past"


# Reading


def columns() -> list[ColumnElement[Any]]:
    """What a statement about couples selects to read glances from its rows."""
    return [
        _last_rounds().label("rounds"),
        _how_many(Round.couple_id, Round.came_in_at.is_not(None), Round.reviewed_at.is_(None)).label(
            "to_read"
        ),
        _how_many(Flag.couple_id, Flag.acted_at.is_(None)).label("open_flags"),
    ]


def _how_many(couple_id: Any, *rules: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(couple_id == Couple.id, *rules).correlate(Couple).scalar_subquery()


def _last_rounds() -> ColumnElement[str]:
    """The lines of the last rounds in one text, the newest first."""
    last = (
        select(Round.glance)
        .where(Round.couple_id == Couple.id, Round.opens_at <= PRESENT, Round.glance.is_not(None))
        .order_by(Round.opens_at.desc())
        .limit(SHOWN)
        .correlate(Couple)
        .subquery()
    )
    return select(func.aggregate_strings(last.c.glance, ";")).scalar_subquery()


def glances_of(rows: Iterable[Row[Any]], now: datetime) -> list[Glance]:
    """The glances of rows that were selected with `columns`."""
    present, found = f"{now:{WRITTEN}}", []
    for row in rows:
        marks, joined, quiet_since, until = _read(row.rounds or "")
        if until < present:  # a day has passed since the line was written
            marks, joined, quiet_since, until = _read.__wrapped__(row.rounds, present)
        found.append(Glance(marks, joined, row.to_read, row.open_flags, quiet_since))
    return found


@lru_cache(maxsize=4096)
def _read(rounds: str, present: str = "") -> tuple[Marks, tuple[bool, ...], datetime | None, str]:
    """Marks, where words opened, since when it is quiet, and until when all this is true."""
    lines = [line.split("|") for line in reversed(rounds.split(";"))] if rounds else []
    marks = tuple(tuple(_mark(line[place], present) for line in lines) for place in (0, 1))
    is_awaited = any(mark in {"open", "past"} for side in marks for mark in side)
    heard_at = max((line[3] for line in lines), default="") if is_awaited else ""
    open_until = [part[5:] for line in lines for part in line[:2] if part.startswith("open")]
    return (
        marks,
        tuple(line[2] == "1" for line in lines),
        datetime.fromisoformat(heard_at).replace(tzinfo=UTC) if heard_at else None,
        min(open_until, default=FOREVER),
    )


def _mark(written: str, present: str) -> Mark:
    if written.startswith("open"):
        return "past" if written[5:] < present else "open"
    return written  # type: ignore[return-value]  # written by `_written`
