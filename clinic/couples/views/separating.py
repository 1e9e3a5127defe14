"""The separation of a couple: everything that the two had open closes, in one transaction."""

from uuid import UUID

from flask import Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.couples import actions
from clinic.couples.views.blueprint import pages, workable
from clinic.extensions import db
from forms.couples import SeparateForm


@pages.route("/<uuid:couple_id>/separate", methods=["GET", "POST"])
@access.counselors
def separate(couple_id: UUID) -> Response | BaseResponse:
    """The two are no couple any more: rounds close, joint appointments are canceled, nothing unopened ever opens."""
    couple = workable(couple_id)
    if couple.separated_at is not None:
        return web.see(url_for("progress.couple", couple_id=couple_id))
    form = SeparateForm()
    if form.validate_on_submit():
        actions.separate(web.viewer(), couple, clock.now())
        db.session.commit()
        flash("They are separated. What each could read today stays readable.", "done")
        return web.see(url_for("progress.couple", couple_id=couple_id))
    return web.page("couples/separate.html", 422 if form.errors else 200, form=form, couple=couple)
