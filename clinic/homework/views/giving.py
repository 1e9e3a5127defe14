"""Giving an exercise: settle why, when and how small, look at it with their eyes, give it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic import clock
from clinic.access import counselors
from clinic.couples import queries as couples
from clinic.couples.models import Concern, Couple, Partner
from clinic.exercises import queries as exercises
from clinic.exercises.document import Every, Exercise
from clinic.exercises.models import ExerciseVersion
from clinic.extensions import db
from clinic.homework import actions, queries, rules
from clinic.homework.agreed import Agreed
from clinic.homework.models import Assignment
from clinic.homework.views.blueprint import OPENINGS, Seen, frame_of, pages, seen_by
from clinic.safety import queries as safety
from clinic.web import found, page, see, takes, viewer
from forms.bounds import room
from forms.homework import AssignForm, assign_form

OPENING_NOTES = {
    "both_answered": "Quick and even. But each can tell from it that the other has answered.",
    "appointment": "They read it with you in the room. Nothing opens at home.",
    "counselor": "You read both first and choose the moment; what you open can be called back for ten minutes.",
}

RHYTHMS = {
    "once": "Once",
    "day": "Every day",
    "week": "Every week",
    "2 weeks": "Every two weeks",
    "month": "Every month",
    "as_needed": "When it is needed",
}


@pages.get("/for/<slug>")
@counselors
def choose(slug: str) -> str:
    """For which couple?"""
    version = found(exercises.get_for(viewer(), slug.replace("-", "_")))
    rows = db.session.scalars(couples.workable_by(viewer()).where(Couple.closed_at.is_(None)))
    people = sorted(rows, key=lambda couple: couple.alias.casefold())
    return render_template(
        "homework/choose.html", exercise=exercises.document_of(version), couples=people, slug=slug
    )


@pages.route("/assign/<uuid:couple_id>/<slug>", methods=["GET", "POST"])
@counselors
@takes(room(AssignForm))
def assign(couple_id: UUID, slug: str) -> str | Response:
    """Settle with the couple why, when and how small; look at it with their eyes; give it."""
    couple = found(couples.work_for(viewer(), couple_id))
    version = found(exercises.get_for(viewer(), slug.replace("-", "_")))
    document, now = exercises.document_of(version), clock.now()
    form = _assign_form(couple, document, now)
    is_settled = "roles" not in request.form and form.validate_on_submit()
    plan = _plan(form, couple, document) if is_settled else None
    preview: list[Seen] = []
    try:
        if plan and "give" in request.form and not _stops(form, couple, document):
            return _given(couple, version, plan, now)
        preview = _seen_by_each(couple, version, plan) if plan else []
    except actions.HomeworkError as problem:
        form.form_errors.append(str(problem))
    rhythm = _rhythm(document, plan) if plan else None
    return page(
        "homework/assign.html",
        422 if form.errors or form.form_errors else 200,
        **_about(form, couple, document, preview),
        rhythm=rhythm,
    )


def _given(couple: Couple, version: ExerciseVersion, plan: actions.Plan, now: datetime) -> Response:
    given = actions.assign(viewer(), couple, version, plan, now)
    db.session.commit()
    flash(f"{version.title} is given.", "done")
    return see(url_for("homework.show", assignment_id=given.id))


def _assign_form(couple: Couple, document: Exercise, now: datetime) -> AssignForm:
    concerns = [one for one in couples.concerns_of(viewer(), couple.id) if one.closed_at is None]
    roles = _roles_of(concerns, couple, str(concerns[0].id) if concerns else "")
    cadence, today = document.cadence, clock.local_day(now, couple.zone)
    names = {one.position: one.name for one in couple.partners}
    form = assign_form(
        names,
        openings=list(OPENINGS.items()) if rules.has_sealed(document) else [],
        concerns=[(str(one.id), one.title) for one in concerns],
        asks_roles=rules.asks_roles(document),
        rhythms=[(one, RHYTHMS[one]) for one in rules.rhythms(document)],
        asks_end=rules.asks_end(document),
        whom="both" if rules.is_for_both(document) else "one" if couple.separated_at else "any",
        recipients="both",
        concern=str(concerns[0].id) if concerns else "",
        opening=document.opening,
        today=today,
        starts_on=today,
        good_by=rules.last_day(document, today),
        open_days=rules.days_open(document),
        cadence=rules.rhythm_of(cadence),
        times=cadence.times if isinstance(cadence, Every) else None,
        first="1" if not rules.names_parts(document) else None,
        **{f"role_{position}": role for position, role in roles.items()},
    )
    _follow_concern(form, couple, concerns)
    form.ask_who(
        rules.who_is_asked(document, _cast(form, couple), queries.answers_for(couple.id, document)), names
    )
    return form


def _roles_of(concerns: Sequence[Concern], couple: Couple, id_: str) -> dict[int, str]:
    """The roles of a concern by position; without one it is the same for both."""
    rows = [role for one in concerns if str(one.id) == id_ for role in one.roles]
    known = {role.partner_id: role.role for role in rows}
    return {one.position: known.get(one.id, "mutual") for one in couple.partners}


def _follow_concern(form: AssignForm, couple: Couple, concerns: Sequence[Concern]) -> None:
    """Another concern was chosen: boxes that still say what the one before filled in say what this one says."""
    before = request.form.get("roles_of")
    if before is None or "concern" not in form or form.concern.data == before:
        return
    was, now = (_roles_of(concerns, couple, id_) for id_ in (before, form.concern.data or ""))
    for position, role in now.items():
        if form.of("role", position) == was[position]:
            form[f"role_{position}"].data = role


def _cast(form: AssignForm, couple: Couple) -> dict[UUID, str]:
    people = [one for one in couple.partners if one.position in form.positions]
    return {one.id: form.of("role", one.position) or "mutual" for one in people}


def _plan(form: AssignForm, couple: Couple, document: Exercise) -> actions.Plan:
    """What was settled, as the action takes it."""
    people = {one.position: one for one in couple.partners if one.position in form.positions}
    first, in_turn = form.begins
    concern = form.concern.data if "concern" in form else ""
    return actions.Plan(
        cast=_cast(form, couple),
        starts_on=form.starts_on.data or clock.local_day(clock.now(), couple.zone),
        first=people[first].id if first in people else None,
        in_turn=in_turn,
        opening=form.opening.data if "opening" in form else document.opening,
        rhythm=form.cadence.data if "cadence" in form else None,
        times=form.times.data if "times" in form else None,
        open_days=form.days_open,
        concern_id=UUID(concern) if concern else None,
        plans={one.id: _agreed(form, position) for position, one in people.items()},
    )


def _agreed(form: AssignForm, position: int) -> Agreed:
    return Agreed(
        rationale=form.rationale.data or "",
        when_where=form.when_where.data or "",
        obstacle=form.obstacle.data or "",
        note=form.of("note", position) or "",
        confidence=form.of("confidence", position),
    )


def _stops(form: AssignForm, couple: Couple, document: Exercise) -> list[str]:
    """What has to be looked at once more before it is given, unless it was ticked."""
    unsure = form.unsure if not form.small_enough.data else []
    full = _full(form, couple, document) if not form.not_too_many.data else []
    return [*(["unsure"] if unsure else []), *(["full"] if full else [])]


def _full(form: AssignForm, couple: Couple, document: Exercise) -> list[tuple[Partner, list[Assignment]]]:
    """Recipients who have two main exercises already, with those."""
    if document.weight != "main":
        return []
    going = queries.main_now(viewer(), couple.id)
    return [
        (one, going[one.id])
        for one in couple.partners
        if one.position in form.positions and len(going.get(one.id, [])) >= rules.MAIN_AT_ONCE
    ]


def _about(form: AssignForm, couple: Couple, document: Exercise, preview: list[Seen]) -> dict[str, Any]:
    return {
        "form": form,
        "couple": couple,
        "exercise": document,
        "preview": preview,
        "opening_notes": OPENING_NOTES,
        "full": _full(form, couple, document),
        "answers": _name_of(couple, queries.answers_for(couple.id, document)),
        "unsure": [one for one in couple.partners if one.position in form.unsure],
        "said_alone": "" if rules.is_for_both(document) else rules.said_of_one_alone(document),
        "smaller": rules.smaller(document, form.times.data if "times" in form else 1),
        "asks": _stops(form, couple, document) if "give" in request.form and not form.errors else [],
        "ceiling": safety.ceiling_of(couple, clock.now()),
    }


def _name_of(couple: Couple, partner_id: UUID | None) -> str:
    return next((one.name for one in couple.partners if one.id == partner_id), "")


def _rhythm(document: Exercise, plan: actions.Plan) -> dict[str, Any]:
    """How often, and the days of the first rounds with the last day of each, for the preview."""
    cadence = rules.chosen_cadence(document, plan.rhythm, plan.times)
    more = timedelta(days=(plan.open_days or rules.days_open(document)) - 1)
    days = [(day, day + more) for day in rules.first_days(cadence, plan.starts_on)]
    return {"cadence": cadence, "days": days}


def _seen_by_each(couple: Couple, version: ExerciseVersion, plan: actions.Plan) -> list[Seen]:
    document = exercises.document_of(version, alone=len(plan.cast) == 1)
    legs = actions.legs_of_plan(couple, document, plan)
    opening = plan.opening or document.opening
    frame = frame_of(document, plan.starts_on, plan.open_days, opening, couple.zone, clock.now())
    people = [one for one in couple.partners if one.id in plan.cast]
    return [seen_by(one, document, legs, plan.plans[one.id], frame) for one in people]
