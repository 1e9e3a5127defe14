"""The people of a couple: names, concerns and roles, who works with them, pause."""

from functools import partial
from uuid import UUID

from flask import Response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, mail, web
from clinic.accounts import queries as sign_ins
from clinic.couples import actions, queries, staffing
from clinic.couples.models import Couple
from clinic.couples.views.blueprint import colleague, done, pages, workable
from clinic.extensions import db
from clinic.practice import queries as practices
from forms.couples import ROLES, ConcernForm, CoupleForm, InviteForm


@pages.route("/new", methods=["GET", "POST"])
@access.counselors
def new() -> Response | BaseResponse:
    """Create a couple; invitations come next."""
    practice = web.found(practices.practice_of(web.viewer()))
    if practice.recovery_kept_at is None:
        return web.page("couples/no_key.html", 409)
    return _describe(CoupleForm(zone=practice.zone), None)


@pages.route("/<uuid:couple_id>/describe", methods=["GET", "POST"])
@access.counselors
def describe(couple_id: UUID) -> Response | BaseResponse:
    """Change names, alias or zone."""
    couple = workable(couple_id)
    first, second = couple.partners
    names = {"name_1": first.name, "name_2": second.name}
    return _describe(CoupleForm(alias=couple.alias, zone=couple.zone, **names), couple)


def _describe(form: CoupleForm, couple: Couple | None) -> Response | BaseResponse:
    if not form.validate_on_submit():
        return web.page("couples/new.html", 422 if form.is_submitted() else 200, form=form, couple=couple)
    try:
        couple_id = _written(form, couple).id
    except actions.CoupleError as error:
        db.session.rollback()
        form.zone.errors = [str(error)]
        return web.page("couples/new.html", 422, form=form, couple=couple)
    db.session.commit()
    return web.see(url_for("couples.manage", couple_id=couple_id))


def _written(form: CoupleForm, couple: Couple | None) -> Couple:
    names = ((form.name_1.data or "").strip(), (form.name_2.data or "").strip())
    told = actions.NewCouple(names, (form.zone.data or "").strip(), (form.alias.data or "").strip())
    if couple is None:
        return actions.create(web.viewer(), told, clock.now())
    actions.describe(web.viewer(), couple, told)
    return couple


@pages.get("/<uuid:couple_id>/people")
@access.counselors
def manage(couple_id: UUID) -> str:
    """The people of a couple: who joined, invitations, concerns and roles, counselors, pause."""
    couple, may_work = queries.get_with_right(web.viewer(), couple_id)
    return _manage_page(web.found(couple), may_work=may_work)


def _manage_page(couple: Couple, form: ConcernForm | None = None, *, may_work: bool = True) -> str:
    viewer, now = web.viewer(), clock.now()
    ids = [one.id for one in couple.partners]
    form = form or ConcernForm(formdata=None)
    form.name_partners(*(one.name for one in couple.partners))
    staff = queries.counselors_of(couple.id, now)
    invitations = queries.open_invitations(ids, now)
    practice = practices.by_id(couple.practice_id)
    covers = {one.staff_id: one.until_at for one in queries.staffing_of(couple.id) if one.is_cover}
    return render_template(
        "couples/manage.html",
        couple=couple,
        may_work=may_work,
        invitations=invitations,
        mailed=mail.state_of("invitation", [one.id for one in invitations.values()]),
        ended=queries.ended_by_wrong_tries(ids),
        invite_forms={id_: InviteForm(formdata=None, prefix=f"{id_}-") for id_ in ids},
        concerns=queries.concerns_of(viewer, couple.id),
        staff=staff,
        covers={id_: clock.last_day(until, practice.zone) for id_, until in covers.items() if until},
        others=[one for one in sign_ins.staff_at_work(viewer, now) if one.is_counselor and one not in staff],
        practice=practice,
        form=form,
        role_words={choice.value: choice.label for choice in ROLES},
    )


# Concerns, counselors, pause


@pages.post("/<uuid:couple_id>/concerns")
@access.counselors
def name_concern(couple_id: UUID) -> Response | BaseResponse:
    """Add what the couple works on, with both roles."""
    couple, form = workable(couple_id), ConcernForm()
    if not form.validate_on_submit():
        return Response(_manage_page(couple, form), status=422)
    first, second = couple.partners
    roles = {first.id: form.role_1.data, second.id: form.role_2.data}
    act = partial(actions.name_concern, web.viewer(), couple, form.title.data or "", roles, clock.now())
    return done(couple_id, act, "Added. Exercises for this concern take their roles from it.")


@pages.post("/<uuid:couple_id>/concerns/<uuid:concern_id>/close")
@access.counselors
def close_concern(couple_id: UUID, concern_id: UUID) -> BaseResponse:
    """The work on a concern is done."""
    couple = workable(couple_id)
    concern = web.found(queries.concern_in(couple, concern_id))
    return done(couple_id, partial(actions.close_concern, web.viewer(), concern, clock.now()), "Closed.")


@pages.route("/<uuid:couple_id>/counselors", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def add_counselor(couple_id: UUID) -> BaseResponse:
    """A second counselor works with this couple."""
    couple = workable(couple_id)
    if request.method == "GET":
        return web.see(url_for("couples.manage", couple_id=couple_id))
    member = colleague(request.form.get("member", ""))
    act = partial(staffing.add_counselor, web.viewer(), couple, member, clock.now())
    return done(couple_id, act, f"{member.name} works with this couple, too, and reads what it sends.")


@pages.post("/<uuid:couple_id>/counselors/<uuid:staff_id>/end")
@access.counselors
def end_counselor(couple_id: UUID, staff_id: UUID) -> BaseResponse:
    """A counselor stops working with this couple."""
    couple, member = workable(couple_id), web.found(sign_ins.staff_for(web.viewer(), staff_id))
    act = partial(staffing.end_assignment, web.viewer(), couple, member, clock.now())
    is_self = staff_id == web.viewer().staff_id
    answer = done(couple_id, act, f"{member.name} no longer works with this couple.")
    return (
        web.see(url_for("couples.caseload"))
        if is_self and not queries.may_work(web.viewer(), couple_id)
        else answer
    )


@pages.post("/<uuid:couple_id>/pause")
@access.counselors
def pause(couple_id: UUID) -> BaseResponse:
    """Hold everything for both."""
    couple = workable(couple_id)
    return done(
        couple_id, partial(actions.pause, web.viewer(), couple, clock.now()), "Everything is held for both."
    )


@pages.post("/<uuid:couple_id>/resume")
@access.counselors
def resume(couple_id: UUID) -> BaseResponse:
    """Go on."""
    couple = workable(couple_id)
    return done(couple_id, partial(actions.resume, web.viewer(), couple, clock.now()), "The two can go on.")
