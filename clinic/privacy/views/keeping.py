"""Legal holds: what must be kept, whoever wants it gone, until somebody lifts it."""

from functools import partial
from uuid import UUID

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.couples import queries as couples
from clinic.privacy import holds, queries
from clinic.privacy.views.blueprint import both_or_one, chosen, done, has_come, pages, workable
from forms.bounds import room
from forms.privacy import HoldForm, WhyForm


@pages.route("/couples/<uuid:couple_id>/hold", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
@web.takes(room(HoldForm))
def hold(couple_id: UUID) -> Response | BaseResponse:
    """Nothing of a couple, or of one of the two, ends from now on."""
    couple, form = workable(couple_id), HoldForm()
    form.offer(both_or_one(couple))
    if form.validate_on_submit() and has_come([form.from_on], couple.zone):
        act = partial(
            holds.place,
            web.viewer(),
            couple,
            chosen(couple, form.whom.data),
            form.reason.data or "",
            form.from_on.data,  # type: ignore[arg-type]  # the box needs a day
            clock.now(),
        )
        return done(act, "On hold. Nothing of it ends.", url_for("privacy.record", couple_id=couple.id))
    return web.page("privacy/hold.html", 422 if form.errors else 200, form=form, couple=couple)


@pages.route("/holds/<uuid:hold_id>/lift", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
@web.takes(room(WhyForm))
def lift(hold_id: UUID) -> Response | BaseResponse:
    """It need not be kept for that reason any more."""
    row, form = web.found(queries.hold_for(web.viewer(), hold_id)), WhyForm()
    if form.validate_on_submit():
        act = partial(holds.lift, web.viewer(), row, form.reason.data or "", clock.now())
        return done(act, "The hold is lifted.", url_for("privacy.record", couple_id=row.couple_id))
    couple = couples.at_hand(row.couple_id)
    return web.page("privacy/lift.html", 422 if form.errors else 200, form=form, hold=row, couple=couple)
