"""The blueprint of couples and what its pages share: fetch, act, commit, say so."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import web
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import StaffMember
from clinic.couples import actions, queries
from clinic.couples.models import Couple, Partner
from clinic.extensions import db

pages = Blueprint("couples", __name__, url_prefix="/couples")


def workable(couple_id: UUID) -> Couple:
    """A couple in which the viewer may act, or 404."""
    return web.found(queries.work_for(web.viewer(), couple_id))


def own_partner(partner_id: UUID) -> Partner:
    """A partner of such a couple, or 404."""
    return web.found(queries.partner_for(web.viewer(), partner_id))


def colleague(staff_id: str) -> StaffMember:
    """A member of the own practice by an id that came with a form, or 404."""
    try:
        return web.found(sign_ins.staff_for(web.viewer(), UUID(staff_id)))
    except ValueError:
        abort(404)


def done(couple_id: UUID, act: Callable[[], object], said: str) -> BaseResponse:
    """Do one thing to a couple, commit it, and say so; a domain error is said instead."""
    try:
        act()
    except (actions.CoupleError, accounts.AccountError) as error:
        db.session.rollback()
        flash(str(error), "error")
    else:
        db.session.commit()
        flash(said, "done")
    return web.see(url_for("couples.manage", couple_id=couple_id))
