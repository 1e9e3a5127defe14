"""The caseload: thirty couples at a glance."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from flask import current_app, render_template, request
from sqlalchemy import Row

from clinic import access, clock, web
from clinic.couples import desk, queries
from clinic.couples.models import Couple, Partner
from clinic.couples.summary import SHOWN, Glance, Mark, Marks
from clinic.couples.views.blueprint import pages

PAGE = 30
QUIET_AFTER = 7
LAST = 10**6
"""No practice has more couples."""
NOT_ASKED: tuple[Mark, ...] = tuple("none" for _ in range(SHOWN))


class Seen(NamedTuple):
    """The last rounds of a couple: each partner's in words for the ear, both drawn, both counted."""

    first: str
    second: str
    joined: int
    drawn: str
    counted: str


class Line(NamedTuple):
    """One couple in the ledger."""

    url: str
    name: str
    standing: str
    first: str
    second: str
    seen: Seen
    needs: str
    next: str


@pages.get("/")
@access.counselors
def caseload() -> str:
    """Thirty couples at a glance: what each partner has done, what is open, what needs the counselor."""
    viewer = web.viewer()
    asked, start = request.args.get("q", "").strip()[:80], web.number("start", 0, most=LAST)
    only: desk.Only = "to_read" if request.args.get("only") == "to_read" else ""
    found = desk.named_like(viewer, asked) if asked else []
    if asked:
        couples = desk.these(viewer, found[start : start + PAGE])
    else:
        couples = desk.page_of(viewer, only=only, start=start, size=PAGE)
    everything, unread = desk.counts_in(couples) or desk.counts(viewer)
    return render_template(
        "couples/caseload.html",
        rows=_lines(couples),
        asked=asked,
        only=only,
        start=start,
        end=start + len(couples),
        size=PAGE,
        total=len(found) if asked else unread if only else everything,
        everything=everything,
        unread=unread,
    )


def _lines(couples: Sequence[Row[Any]]) -> list[Line]:
    """The lines of the ledger."""
    now, address = clock.now(), web.addresses("progress.couple", "couple_id")
    glances = queries.above().glances_of(couples, now)
    return [
        Line(
            address(couple.id),
            Couple.alias.listed(couple.id, couple.id, couple.alias_sealed),
            "Separated" if couple.is_separated else "Paused" if couple.is_paused else "",
            Partner.name.listed(couple.partner_1, couple.id, couple.name_1),
            Partner.name.listed(couple.partner_2, couple.id, couple.name_2),
            rounds_seen(glance.marks, glance.joined),
            _needs(couple, glance, now),
            web.short_day(couple.next_at, couple.zone) if couple.next_at else "",
        )
        for couple, glance in zip(couples, glances, strict=True)
    ]


@lru_cache(maxsize=4096)
def rounds_seen(marks: Marks, joined: tuple[bool, ...]) -> Seen:
    """The marks of the last rounds as they are shown; drawn once in each process, since many couples have the same."""
    first, second = (side + NOT_ASKED[len(side) :] for side in marks)
    draw: Any = current_app.jinja_env.get_template("_macros/marks.html").module
    said, drawn = (draw.say(first), draw.say(second)), draw.drawn(first, second, joined)
    return Seen(*said, sum(joined), drawn, draw.counted(first, second))


def _needs(couple: Row[Any], glance: Glance, now: datetime) -> str:
    """The one thing that comes first; safety before everything else."""
    if glance.open_flags:
        return "Answer a safety flag"
    if couple.is_to_confirm:
        return "Confirm who joined"
    if glance.to_read:
        return f"Read {glance.to_read}"
    if couple.is_to_invite:
        return "Decide on the invitation"
    quiet = (now - glance.quiet_since).days if glance.quiet_since else 0
    return f"Quiet for {quiet} days" if quiet >= QUIET_AFTER else ""
