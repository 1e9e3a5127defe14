"""The blueprint of rights and what its pages share: rows of the own couples, an act, a word on it."""

from collections.abc import Callable, Iterable
from datetime import date
from uuid import UUID

from flask import Blueprint, flash
from werkzeug.wrappers import Response as BaseResponse

from clinic import clock, web
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.privacy.rules import RightsError
from forms.bounds import PracticeDate

pages = Blueprint("privacy", __name__, url_prefix="/privacy")


def workable(couple_id: UUID) -> Couple:
    """A couple in which the viewer may act, or 404."""
    return web.found(couples.work_for(web.viewer(), couple_id))


def own_partner(partner_id: UUID) -> Partner:
    """A partner of such a couple, or 404."""
    return web.found(couples.partner_for(web.viewer(), partner_id))


def done(act: Callable[[], object], said: str, to: str) -> BaseResponse:
    """Do one thing, commit it, and say so; what is not possible is said instead."""
    try:
        act()
    except RightsError as error:
        db.session.rollback()
        flash(str(error), "error")
    else:
        db.session.commit()
        flash(said, "done")
    return web.see(to)


def both_or_one(couple: Couple) -> list[tuple[str, str]]:
    """The choices of a form: both, or one of them by name."""
    return [("both", "Both"), *((str(one.position), one.name) for one in couple.partners)]


def chosen(couple: Couple, whom: str) -> Partner | None:
    """Who was chosen; None for both."""
    return next((one for one in couple.partners if str(one.position) == whom), None)


def has_come(boxes: Iterable[PracticeDate], zone: str) -> bool:
    """True when these days are today or earlier there; else the boxes say so."""
    today: date = clock.local_day(clock.now(), zone)
    late = [box for box in boxes if box.data is not None and box.data > today]
    for box in late:
        box.errors = ["That day is still to come."]
    return not late
