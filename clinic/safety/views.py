"""Pages of safety: clearance and papers of a couple, and flags that ask for an action. Counselors only."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.consent import queries as consent
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.practice.rules import TITLES
from clinic.safety import actions, queries
from clinic.safety.library import ANSWERS, QUESTIONS, WAYS
from clinic.safety.models import Flag
from forms.bounds import room
from forms.safety import STATES, ActionForm, ClearanceForm, screening_form

pages = Blueprint("safety", __name__, url_prefix="/safety")
AloneForm = screening_form([(one.key, one.asks) for one in QUESTIONS], ANSWERS, WAYS)


@pages.get("/<uuid:couple_id>")
@access.counselors
def standing(couple_id: UUID) -> str:
    """Clearance of both and what they signed, and what follows from it."""
    return _standing_page(web.found(couples.get_for(web.viewer(), couple_id)))


def _standing_page(couple: Couple, sent: ClearanceForm | None = None, about: UUID | None = None) -> str:
    viewer, now = web.viewer(), clock.now()
    ids = [one.id for one in couple.partners]
    standings = queries.standings_of(couple.partners, now)
    signed, in_force = consent.signed_by(viewer, ids), practices.in_force(couple.practice_id, now)
    return render_template(
        "safety/standing.html",
        couple=couple,
        ceiling=queries.ceiling_in(couple, standings, now),
        standings=standings,
        decisions=queries.clearances_of(viewer, couple.id),
        papers={id_: consent.papers_of(in_force, signed[id_], now) for id_ in ids},
        signed=signed,
        forms={
            id_: sent if sent and id_ == about else ClearanceForm(formdata=None, prefix=f"{id_}-")
            for id_ in ids
        },
        may_work=couples.may_work(viewer, couple.id),
        titles=TITLES,
        states={choice.value: choice.label for choice in STATES},
        at=now,
    )


@pages.post("/partners/<uuid:partner_id>/clearance")
@access.counselors
@access.fresh_proof
@web.takes(room(ClearanceForm))
def decide(partner_id: UUID) -> Response | BaseResponse:
    """Record a decision for one partner."""
    partner = _partner(partner_id)
    form = ClearanceForm(prefix=f"{partner_id}-")
    if not form.validate_on_submit():
        return Response(_standing_page(partner.couple, form, partner_id), status=422)
    until = clock.day_ends(form.until.data, partner.couple.zone) if form.until.data else None
    if until is not None and until <= clock.now():
        form.until.errors = ["Choose a day that is still to come."]
        return Response(_standing_page(partner.couple, form, partner_id), status=422)
    return _decided(partner, form, until)


def _decided(partner: Partner, form: ClearanceForm, until: datetime | None) -> BaseResponse:
    actions.decide(web.viewer(), partner, form.state.data, form.reason.data or "", clock.now(), until)
    db.session.commit()
    flash("Recorded. Only counselors can read it.", "done")
    return _back(partner)


def _partner(partner_id: UUID) -> Partner:
    return web.found(couples.partner_for(web.viewer(), partner_id))


def _back(partner: Partner) -> BaseResponse:
    return web.see(url_for("safety.standing", couple_id=partner.couple_id))


# Asked alone


@pages.route("/partners/<uuid:partner_id>/alone", methods=["GET", "POST"])
@access.counselors
@web.takes(room(AloneForm))
def alone(partner_id: UUID) -> Response | BaseResponse:
    """What a partner answered when asked alone: kept for the counselors, with no score and no effect by itself."""
    partner = _partner(partner_id)
    form = AloneForm()
    if form.validate_on_submit():
        answers = {one.key: form[one.key].data for one in QUESTIONS}
        way, note = form["way"].data, form["note"].data or ""
        actions.record_screening(web.viewer(), partner, way, answers, note, clock.now())
        db.session.commit()
        flash("Kept. Only counselors can read it; now decide on clearance.", "done")
        return _back(partner)
    return web.page(
        "safety/alone.html",
        422 if form.is_submitted() else 200,
        form=form,
        partner=partner,
        couple=couples.at_hand(partner.couple_id),
        topics=groupby(QUESTIONS, key=attrgetter("topic")),
        before=queries.screenings_of(web.viewer(), partner),
        questions=QUESTIONS,
        answers=ANSWERS,
        ways=WAYS,
    )


# Flags


@pages.get("/flags")
@access.counselors
def flags() -> str:
    """What asks for an action, the oldest first."""
    return _flags_page()


def _flags_page(sent: ActionForm | None = None, about: UUID | None = None) -> str:
    viewer = web.viewer()
    found = queries.open_flags(viewer)
    ids = {flag.couple_id for flag in found}
    known = {one.id: one for one in couples.these(viewer, list(ids))}
    couples.names_of(known.values())
    workable = couples.workable_among(viewer, ids)
    return render_template(
        "safety/flags.html",
        flags=[(flag, known[flag.couple_id], _named(known[flag.couple_id], flag)) for flag in found],
        forms={
            one.id: sent if sent and one.id == about else ActionForm(formdata=None, prefix=f"{one.id}-")
            for one in found
            if one.couple_id in workable
        },
    )


def _named(couple: Couple, flag: Flag) -> str:
    return next(one.name for one in couple.partners if one.id == flag.partner_id)


@pages.post("/flags/<uuid:flag_id>")
@access.counselors
@web.takes(room(ActionForm))
def act(flag_id: UUID) -> Response | BaseResponse:
    """Note what was done about a flag."""
    flag = web.found(queries.flag_for(web.viewer(), flag_id))
    form = ActionForm(prefix=f"{flag_id}-")
    if not form.validate_on_submit():
        return Response(_flags_page(form, flag_id), status=422)
    try:
        actions.act_on_flag(web.viewer(), flag, form.action.data or "", clock.now())
    except actions.SafetyError as error:
        db.session.rollback()
        flash(str(error), "error")
    else:
        db.session.commit()
        flash("Noted.", "done")
    return web.see(url_for("safety.flags"))
