"""The caseload: thirty couples at a glance."""

from typing import Any

from flask import render_template, request, url_for

from clinic import access, clock, web
from clinic.couples import queries
from clinic.couples.models import Couple
from clinic.couples.summary import SHOWN, Glance
from clinic.couples.views.blueprint import pages

PAGE = 30
QUIET_AFTER = 7
LAST = 10**6
"""No practice has more couples."""


@pages.get("/")
@access.counselors
def caseload() -> str:
    """Thirty couples at a glance: what each partner has done, what is open, what needs the counselor."""
    viewer, now = web.viewer(), clock.now()
    asked, only = request.args.get("q", "").strip()[:80], request.args.get("only", "")
    start = web.number("start", 0, most=LAST)
    everything, unread = queries.counts(viewer)
    if asked:
        found = queries.named_like(viewer, asked)
        total, couples = len(found), queries.these(viewer, found[start : start + PAGE])
    else:
        total = unread if only == "to_read" else everything
        couples = list(queries.page_of(viewer, only=only, start=start, size=PAGE))
    return render_template(
        "couples/caseload.html",
        rows=_rows(couples),
        asked=asked,
        only=only,
        start=start,
        end=start + len(couples),
        size=PAGE,
        total=total,
        everything=everything,
        unread=unread,
        at=now,
    )


def _rows(couples: list[Couple]) -> list[dict[str, Any]]:
    """The lines of the ledger; keys, marks and appointments are fetched for all of them at once."""
    now, ids, above = clock.now(), [couple.id for couple in couples], queries.above()
    queries.names_of(couples)
    glances, appointments = above.glances(ids, now), above.next_at(ids, now)
    rows = []
    for couple in couples:
        glance, at = glances.get(couple.id, Glance()), appointments.get(couple.id)
        row = _row(couple, glance)
        row["next"] = web.short_day(at, couple.zone) if at else ""
        rows.append(row)
    return rows


def _row(couple: Couple, glance: Glance) -> dict[str, Any]:
    return {
        "name": couple.alias,
        "url": url_for("progress.couple", couple_id=couple.id),
        "standing": _standing(couple),
        "partners": [
            {
                "name": one.name,
                "marks": _padded(glance.marks.get(one.id, ())),
                "done": glance.count(one.id, "done", "partly"),
                "open": glance.count(one.id, "open"),
                "past": glance.count(one.id, "past"),
            }
            for one in couple.partners
        ],
        "joined": list(glance.joined),
        "needs": _needs(couple, glance),
    }


def _padded(marks: tuple[str, ...]) -> list[str]:
    return [*marks, *("none",) * (SHOWN - len(marks))]


def _standing(couple: Couple) -> str:
    if couple.separated_at:
        return "Separated"
    return "Paused" if couple.paused_at else ""


def _needs(couple: Couple, glance: Glance) -> str:
    """The one thing that comes first; safety before everything else."""
    if glance.open_flags:
        return "Answer a safety flag"
    if any(one.person_id and not one.confirmed_at for one in couple.partners):
        return "Confirm who joined"
    if glance.to_read:
        return f"Read {glance.to_read}"
    if any(one.person_id is None for one in couple.partners):
        return "Decide on the invitation"
    quiet = (clock.now() - glance.quiet_since).days if glance.quiet_since else 0
    return f"Quiet for {quiet} days" if quiet >= QUIET_AFTER else ""
