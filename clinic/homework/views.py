"""Pages of homework: give an exercise, see how it goes, change what can be changed; the separation of a couple."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic import clock
from clinic.access import Viewer, counselors, staff
from clinic.couples import actions as couple_acts
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.exercises import queries as exercises
from clinic.exercises.document import Every, Exercise
from clinic.exercises.turns import Leg
from clinic.extensions import db
from clinic.homework import actions, queries, rules
from clinic.homework.models import Assignment, Recipient
from clinic.safety import queries as safety
from clinic.web import day, found, page, see, viewer
from forms.homework import AssignForm, DelayForm, SeparateForm, StartForm, assign_form
from forms.reflections import form_for

pages = Blueprint("homework", __name__, url_prefix="/homework")

OPENINGS = {
    "both_answered": "As soon as both have answered",
    "appointment": "At the next appointment, if both have answered",
    "counselor": "When I open it, if both have answered",
}
OPENING_NOTES = {
    "both_answered": "Quick and even. But each can tell from it that the other has answered.",
    "appointment": "They read it with you in the room. Nothing opens at home.",
    "counselor": "You read both first and choose the moment; what you open can be called back for ten minutes.",
}


# Giving


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
def assign(couple_id: UUID, slug: str) -> str | Response:
    """Settle with the couple why, when and how small; look at it with their eyes; give it."""
    couple = found(couples.work_for(viewer(), couple_id))
    version = found(exercises.get_for(viewer(), slug.replace("-", "_")))
    document, now = exercises.document_of(version), clock.now()
    form = _assign_form(couple, document, now)
    plan = _plan(form, couple, document) if form.validate_on_submit() else None
    if plan and "give" in request.form and not _stops(form, couple, document):
        try:
            given = actions.assign(viewer(), couple, version, plan, now)
        except actions.HomeworkError as problem:
            form.form_errors.append(str(problem))
        else:
            db.session.commit()
            flash(f"{document.title} is given.", "done")
            return see(url_for("homework.show", assignment_id=given.id))
    preview = _seen_by_each(couple, document, plan) if plan else []
    return page(
        "homework/assign.html",
        422 if form.errors or form.form_errors else 200,
        **_about(form, couple, document, preview),
    )


def _assign_form(couple: Couple, document: Exercise, now: datetime) -> AssignForm:
    concerns = [one for one in couples.concerns_of(viewer(), couple.id) if one.closed_at is None]
    roles = {role.partner_id: role.role for role in concerns[0].roles} if concerns else {}
    cadence = document.cadence
    return assign_form(
        {one.position: one.name for one in couple.partners},
        openings=list(OPENINGS.items()) if rules.has_sealed(document) else [],
        concerns=[(str(one.id), one.title) for one in concerns],
        asks_roles=rules.asks_roles(document),
        asks_first=rules.asks_first(document),
        asks_times=isinstance(cadence, Every) and cadence.every is not None,
        for_both_only=rules.is_for_both(document),
        recipients="both",
        concern=str(concerns[0].id) if concerns else "",
        opening=document.opening,
        starts_on=clock.local_day(now, couple.zone),
        times=cadence.times if isinstance(cadence, Every) else None,
        first="1",
        **{f"role_{one.position}": roles.get(one.id, "mutual") for one in couple.partners},
    )


def _plan(form: AssignForm, couple: Couple, document: Exercise) -> actions.Plan:
    """What was settled, as the action takes it."""
    people = {one.position: one for one in couple.partners if one.position in form.positions}
    shared = {
        "rationale": form.rationale.data,
        "when_where": form.when_where.data,
        "obstacle": form.obstacle.data,
    }
    first = people.get(int(form.first.data)) if "first" in form and form.first.data else None
    concern = form.concern.data if "concern" in form else ""
    return actions.Plan(
        cast={one.id: form.of("role", position) or "mutual" for position, one in people.items()},
        starts_on=form.starts_on.data or clock.local_day(clock.now(), couple.zone),
        first=first.id if first else None,
        opening=form.opening.data if "opening" in form else document.opening,
        times=form.times.data if "times" in form else None,
        concern_id=UUID(concern) if concern else None,
        plans={one.id: {**shared, **_own_plan(form, position)} for position, one in people.items()},
    )


def _own_plan(form: AssignForm, position: int) -> dict[str, Any]:
    given = {"confidence": form.of("confidence", position), "note": form.of("note", position)}
    return {name: value for name, value in given.items() if value not in {None, ""}}


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


def _about(form: AssignForm, couple: Couple, document: Exercise, preview: list[Any]) -> dict[str, Any]:
    return {
        "form": form,
        "couple": couple,
        "exercise": document,
        "preview": preview,
        "opening_notes": OPENING_NOTES,
        "full": _full(form, couple, document),
        "unsure": [one for one in couple.partners if one.position in form.unsure],
        "smaller": rules.smaller(document, form.times.data if "times" in form else 1),
        "asks": _stops(form, couple, document) if "give" in request.form and not form.errors else [],
        "ceiling": safety.ceiling_of(couple, clock.now()),
    }


def _seen_by_each(couple: Couple, document: Exercise, plan: actions.Plan) -> list[dict[str, Any]]:
    try:
        legs = rules.legs_for(document, plan.cast, plan.first)
    except ValueError:
        return []
    opening = plan.opening or document.opening
    people = [one for one in couple.partners if one.id in plan.cast]
    return [_seen_by(one, document, legs, plan.plans.get(one.id, {}), opening) for one in people]


def _seen_by(
    partner: Partner, document: Exercise, legs: list[Leg], plan: Any, opening: str
) -> dict[str, Any]:
    """Everything with which the client's own pages draw it."""
    turns = rules.turns_for(document, legs, partner.id)
    forms = [
        (
            turn,
            form_for(turn, role=role)(
                prefix=f"p{partner.position}-{turn.key}-", formdata=None, meta={"csrf": False}
            ),
        )
        for turn, role in turns
    ]
    return {"partner": partner, "turns": turns, "forms": forms, "plan": plan, "opening": opening}


# One assignment


@pages.get("/<uuid:assignment_id>")
@staff
def show(assignment_id: UUID) -> str:
    """How an assignment stands: its rounds, what was agreed, what can still be changed."""
    assignment = found(queries.assignment_for(viewer(), assignment_id))
    couple = found(couples.get_for(viewer(), assignment.couple_id))
    document = exercises.document_of(assignment.version)
    rounds = queries.rounds_of(assignment)
    later = [(key, said) for key, said in OPENINGS.items() if _is_later(key, assignment.opening)]
    cadence, today = rules.cadence_of(assignment.cadence), clock.local_day(clock.now(), assignment.zone)
    return render_template(
        "homework/show.html",
        assignment=assignment,
        couple=couple,
        people={one.id: one for one in couple.partners},
        exercise=document,
        rounds=rounds,
        cadence=cadence,
        next_on=rules.next_date(cadence, assignment.starts_on, today)
        if assignment.state == "active"
        else None,
        has_sent=any(turn.sent_at for round_ in rounds for turn in round_.turns),
        openings=OPENINGS,
        can_work=queries.work_for(viewer(), assignment_id) is not None,
        has_sealed=rules.has_sealed(document),
        delay=DelayForm(later) if later and rules.has_sealed(document) else None,
        start=StartForm(data={"starts_on": today}) if cadence == "as_needed" else None,
    )


def _is_later(opening: str, than: str) -> bool:
    return actions.OPENINGS.index(opening) > actions.OPENINGS.index(than)


@pages.get("/<uuid:assignment_id>/as/<int:position>")
@staff
def preview(assignment_id: UUID, position: int) -> str:
    """What a partner sees of it: the card, and the questions of each part."""
    assignment = found(queries.assignment_for(viewer(), assignment_id))
    couple = found(couples.get_for(viewer(), assignment.couple_id))
    recipient, partner = found(_recipient(assignment, couple, position))
    document = exercises.document_of(assignment.version)
    seen = _seen_by(partner, document, queries.legs_of(assignment), recipient.plan or {}, assignment.opening)
    return render_template(
        "homework/preview.html", assignment=assignment, couple=couple, exercise=document, seen_by=seen
    )


def _recipient(assignment: Assignment, couple: Couple, position: int) -> tuple[Recipient, Partner] | None:
    people = {one.id: one for one in couple.partners if one.position == position}
    pairs = ((one, people[one.partner_id]) for one in assignment.recipients if one.partner_id in people)
    return next(pairs, None)


def _act(assignment_id: UUID, act: Callable[[Viewer, Assignment, datetime], object], said: str) -> Response:
    """One act of the counselor on an assignment, or the sentence that says why it is not possible."""
    assignment = found(queries.work_for(viewer(), assignment_id))
    try:
        act(viewer(), assignment, clock.now())
    except actions.HomeworkError as problem:
        flash(str(problem), "error")
    else:
        db.session.commit()
        flash(said, "done")
    return see(url_for("homework.show", assignment_id=assignment_id))


@pages.post("/<uuid:assignment_id>/recall")
@counselors
def recall(assignment_id: UUID) -> Response:
    """Take back what nobody has answered."""
    return _act(
        assignment_id,
        actions.recall,
        "Recalled. It is gone from their pages; what they may have begun stays theirs.",
    )


@pages.post("/<uuid:assignment_id>/pause")
@counselors
def pause(assignment_id: UUID) -> Response:
    """Hold it."""
    return _act(assignment_id, actions.pause, "Paused. Both read the same neutral sentence.")


@pages.post("/<uuid:assignment_id>/resume")
@counselors
def resume(assignment_id: UUID) -> Response:
    """Go on."""
    return _act(assignment_id, actions.resume, "It goes on.")


@pages.post("/<uuid:assignment_id>/end")
@counselors
def end(assignment_id: UUID) -> Response:
    """No more rounds."""
    return _act(assignment_id, actions.end, "Ended. What was opened stays readable.")


@pages.post("/<uuid:assignment_id>/excuse/<int:position>")
@counselors
def excuse(assignment_id: UUID, position: int) -> Response:
    """Excuse one partner from the running round."""

    def act(who: Viewer, assignment: Assignment, now: datetime) -> None:
        couple = found(couples.work_for(who, assignment.couple_id))
        actions.excuse(who, found(_recipient(assignment, couple, position))[0], now)

    return _act(assignment_id, act, "Excused. The round is closed for both, without a reason.")


@pages.post("/<uuid:assignment_id>/delay")
@counselors
def delay(assignment_id: UUID) -> Response:
    """Let sealed words open later than was said."""
    opening = request.form.get("opening", "")
    if opening not in OPENINGS:
        flash("Please choose when.", "error")
        return see(url_for("homework.show", assignment_id=assignment_id))
    return _act(
        assignment_id,
        lambda who, row, now: actions.delay_opening(who, row, opening, now),
        "They will open later.",
    )


@pages.post("/<uuid:assignment_id>/start")
@counselors
def start(assignment_id: UUID) -> Response:
    """Begin a round of an exercise that is done when it is needed."""
    form = StartForm()
    if not form.validate():
        flash("Please choose a day.", "error")
        return see(url_for("homework.show", assignment_id=assignment_id))
    local_on = form.starts_on.data or clock.local_day(clock.now(), "Etc/UTC")
    return _act(
        assignment_id,
        lambda who, row, now: actions.start_round(who, row, local_on, now),
        f"A round begins on {day(local_on)}.",
    )


# Separation


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
