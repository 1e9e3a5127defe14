"""Pages of the practice: its letterhead, its policy and its crisis resources, for owners."""

from datetime import timedelta

from flask import Blueprint, Response, flash, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, mail, web
from clinic.extensions import db
from clinic.practice import actions, library, queries
from clinic.practice.models import Practice
from forms.bounds import room
from forms.practice import CrisisForm, LetterheadForm, PolicyForm

pages = Blueprint("practice", __name__, url_prefix="/practice")

LOOKS_BACK = timedelta(days=30)
"""Mails that were given up are told so long."""


def _own() -> Practice:
    return web.found(queries.practice_of(web.viewer()))


@pages.get("/")
@access.owners
def show() -> str:
    """What the practice says about itself."""
    practice = _own()
    return render_template(
        "practice/show.html",
        practice=practice,
        lines=queries.crisis_lines(practice),
        last_verified=queries.last_verified(practice),
        given_up=mail.given_up(practice.id, clock.now() - LOOKS_BACK),
    )


@pages.route("/letterhead", methods=["GET", "POST"])
@access.owners
@web.takes(room(LetterheadForm))
def letterhead() -> Response | BaseResponse:
    """Name, address, phone, zone, paper."""
    practice = _own()
    form = LetterheadForm(obj=practice)
    form.offer([(locale, region.region) for locale, region in library.regions().items()])
    if form.validate_on_submit():
        values = {name: (form[name].data or "").strip() for name in actions.LETTERHEAD}
        try:
            actions.write_letterhead(web.viewer(), practice, **values)
        except actions.PracticeError as error:
            db.session.rollback()
            form.zone.errors = [str(error)]
            return web.page("practice/letterhead.html", 422, form=form)
        return _saved()
    return web.page("practice/letterhead.html", 422 if form.is_submitted() else 200, form=form)


@pages.route("/policy", methods=["GET", "POST"])
@access.owners
@web.takes(room(PolicyForm))
def policy() -> Response | BaseResponse:
    """How the practice handles what one partner tells it alone; every change is a new version."""
    practice = _own()
    form = PolicyForm(obj=practice)
    if form.validate_on_submit():
        actions.write_policy(web.viewer(), practice, (form.policy.data or "").strip())
        return _saved()
    return web.page("practice/policy.html", 422 if form.is_submitted() else 200, form=form, practice=practice)


@pages.route("/crisis", methods=["GET", "POST"])
@access.owners
@web.takes(room(CrisisForm))
def crisis() -> Response | BaseResponse:
    """Whom clients call in danger."""
    practice = _own()
    form = CrisisForm(data={"lines": queries.crisis_rows(practice)})
    if form.validate_on_submit():
        actions.list_crisis_lines(web.viewer(), practice, form.listed())
        return _saved()
    return web.page("practice/crisis.html", 422 if form.is_submitted() else 200, form=form, practice=practice)


def _saved() -> BaseResponse:
    db.session.commit()
    flash("Saved.", "done")
    return web.see(url_for("practice.show"))
