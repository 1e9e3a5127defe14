"""The trail of a couple: who read, wrote, opened or gave away what."""

from itertools import groupby
from uuid import UUID

from flask import render_template

from clinic import access, web
from clinic.privacy.trail import LAST, PAGE, entries, length
from clinic.privacy.views.blueprint import pages, workable


@pages.get("/couples/<uuid:couple_id>/trail")
@access.counselors
def trail(couple_id: UUID) -> str:
    """Everything that the trail holds about a couple, the newest first."""
    couple, start = workable(couple_id), web.number("start", 0, most=LAST)
    found = entries(couple, start)
    return render_template(
        "privacy/trail.html",
        couple=couple,
        days=[
            (day, list(of_day))
            for day, of_day in groupby(found, lambda one: web.in_zone(one.at, couple.zone).date())
        ],
        start=start,
        end=start + len(found),
        size=PAGE,
        total=length(couple),
    )
