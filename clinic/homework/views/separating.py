"""The separation of a couple: everything that is open closes, in one transaction."""

from uuid import UUID

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from clinic import clock
from clinic.access import counselors
from clinic.couples import actions as couple_acts
from clinic.couples import queries as couples
from clinic.extensions import db
from clinic.homework import actions
from clinic.homework.views.blueprint import pages
from clinic.web import found, page, see, viewer
from forms.homework import SeparateForm


@pages.route("/separate/<uuid:couple_id>", methods=["GET", "POST"])
@counselors
def separate(couple_id: UUID) -> str | Response:
    """The two are no couple any more: rounds close and nothing unopened ever opens, in one transaction."""
    couple = found(couples.work_for(viewer(), couple_id))
    if couple.separated_at is not None:
        return redirect(url_for("progress.couple", couple_id=couple_id))
    form = SeparateForm()
    if form.validate_on_submit():
        now = clock.now()
        couple_acts.separate(viewer(), couple, now)
        actions.sever(couple, now)
        db.session.commit()
        flash("They are separated. What each could read today stays readable.", "done")
        return see(url_for("progress.couple", couple_id=couple_id))
    return page("homework/separate.html", 422 if form.errors else 200, form=form, couple=couple)
