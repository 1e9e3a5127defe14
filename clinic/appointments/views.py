"""Pages of appointments: schedule, move, settle; and what to bring up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic import clock
from clinic.access import counselors, fresh_proof_then, public, staff
from clinic.accounts import letters
from clinic.accounts import queries as sign_ins
from clinic.accounts.rules import own_path
from clinic.appointments import actions, queries, rules
from clinic.appointments.models import AgendaItem, Appointment
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises import answers
from clinic.exercises.document import Field, label_for
from clinic.extensions import db
from clinic.homework import queries as homework
from clinic.homework.models import Turn
from clinic.practice import queries as practices
from clinic.practice.models import Practice
from clinic.reflections import queries as reflections
from clinic.reflections.models import Reflection
from clinic.web import day, found, in_zone, page, see, viewer
from forms.appointments import JOINT, MoveForm, ScheduleForm
from reports.calendar import calendar_feed

pages = Blueprint("appointments", __name__, url_prefix="/appointments")

AHEAD = timedelta(days=28)
BEHIND = timedelta(days=31)
"""What a calendar program is shown of the past."""


@pages.get("/")
@counselors
def index() -> str:
    """The counselor's own next four weeks, by the clock of the practice."""
    now, zone = clock.now(), found(practices.practice_of(viewer())).zone
    rows = queries.between(viewer(), now - timedelta(days=1), now + AHEAD)
    people = {one.id: one for one in couples.these(viewer(), list({row.couple_id for row in rows}))}
    days = groupby(rows, lambda row: day(row.starts_at, zone))
    return render_template(
        "appointments/index.html",
        days=[(on, list(those)) for on, those in days],
        couples=people,
        zone=zone,
        now=now,
    )


@pages.get("/feed/<token>.ics")
@public
def feed(token: str) -> Response:
    """What a calendar program fetches, by a link that its owner made; a link that ended is like one that never was."""
    now = clock.now()
    link, owner = found(sign_ins.calendar_link_with(token))
    entries = found(queries.feed_of(owner, now - BEHIND, has_individual=link.has_individual))
    if not letters.note_fetch(link, now):
        return Response("Later, please.\n", 429, {"Retry-After": "10"}, mimetype="text/plain")
    return Response(calendar_feed(entries, now), mimetype="text/calendar")


@pages.get("/of/<uuid:couple_id>")
@staff
def of_couple(couple_id: UUID) -> str:
    """A couple's appointments, and what to bring up in the next one; what is marked stands there once."""
    couple = found(couples.get_for(viewer(), couple_id))
    agenda = queries.agenda_of(viewer(), couple_id)
    words = queries.words_on(viewer(), agenda)
    marked = {(item.turn_id, item.field) for item in agenda}
    return render_template(
        "appointments/of_couple.html",
        couple=couple,
        people={one.id: one for one in couple.partners},
        rows=queries.of_couple(viewer(), couple_id),
        agenda=[_brought_up(item, *words[item.id], couple) for item in agenda],
        brought=[
            _brought(row, asked, answer, couple)
            for row, asked, answer in queries.brought_to(viewer(), couple_id)
            if (row.turn_id, asked.key) not in marked
        ],
        can_work=couples.may_work(viewer(), couple_id),
        now=clock.now(),
    )


def _brought(row: Reflection, asked: Field, answer: object, couple: Couple) -> dict[str, object]:
    """What one of them wants to talk about, in their own words and their own order."""
    return {
        "author": next(one for one in couple.partners if one.id == row.partner_id),
        "exercise": row.turn.round.assignment.version.title,
        "round_id": row.turn.round_id,
        "lines": answers.describe(asked, answer),
    }


def _brought_up(
    item: AgendaItem, turn: Turn, reflection: Reflection | None, couple: Couple
) -> dict[str, object]:
    """One thing to bring up, with the words as they stand now; none when they were taken back or closed."""
    asked = homework.document_for(turn.round).turns[turn.key].field(item.field)
    given = reflections.as_sent(reflection).answers.get(item.field) if reflection else None
    author = next((one for one in couple.partners if reflection and one.id == reflection.partner_id), None)
    return {
        "item": item,
        "author": author,
        "label": label_for(asked.label, "default") if isinstance(asked.label, dict) else asked.label,
        "exercise": turn.round.assignment.version.title,
        "lines": answers.describe(asked, given),
    }


@pages.route("/new/<uuid:couple_id>", methods=["GET", "POST"])
@counselors
def plan(couple_id: UUID) -> str | Response:
    """A new appointment, with both or with one of them."""
    couple = found(couples.work_for(viewer(), couple_id))
    people = [] if couple.separated_at else [(JOINT, "Both")]
    people += [(str(one.position), f"{one.name} alone") for one in couple.partners]
    form = ScheduleForm(_zones(couple), people)
    if form.validate_on_submit():
        alone = next((one.id for one in couple.partners if str(one.position) == form.who.data), None)
        act = lambda slot: actions.schedule(viewer(), couple, slot, clock.now())  # noqa: E731
        if _carried_out(form, alone, act, "The appointment is set."):
            return see(url_for("appointments.of_couple", couple_id=couple_id))
    return page("appointments/plan.html", _status(form), form=form, couple=couple)


@pages.route("/<uuid:appointment_id>/move", methods=["GET", "POST"])
@counselors
def move(appointment_id: UUID) -> str | Response:
    """Another time for the same meeting."""
    appointment = found(queries.work_for(viewer(), appointment_id))
    couple = found(couples.work_for(viewer(), appointment.couple_id))
    local = in_zone(appointment.starts_at, appointment.zone)
    form = MoveForm(
        list(dict.fromkeys([appointment.zone, *_zones(couple)])),
        data={
            "starts_on": local.date(),
            "starts_at": local.time(),
            "zone": appointment.zone,
            "minutes": appointment.minutes,
        },
    )
    if form.validate_on_submit():
        act = lambda slot: actions.move(viewer(), appointment, slot, clock.now())  # noqa: E731
        if _carried_out(form, appointment.partner_id, act, "The appointment is moved."):
            return see(url_for("appointments.of_couple", couple_id=couple.id))
    return page("appointments/move.html", _status(form), form=form, couple=couple, appointment=appointment)


def _zones(couple: Couple) -> list[str]:
    """The couple's clock, and the practice's where it is another."""
    return list(dict.fromkeys([couple.zone, db.session.get_one(Practice, couple.practice_id).zone]))


def _status(form: MoveForm) -> int:
    return 422 if form.errors or form.form_errors else 200


def _carried_out(
    form: MoveForm, partner_id: UUID | None, act: Callable[[actions.Slot], object], said: str
) -> bool:
    """Do it with what the form says; False with the reason in the form when that is not possible."""
    assert form.starts_on.data is not None
    assert form.starts_at.data is not None
    starts_at = rules.instant(form.starts_on.data, form.starts_at.data, form.zone.data)
    if starts_at is None:
        form.starts_at.errors = ["The clocks skip this hour on that day. Please choose another."]
        return False
    try:
        act(actions.Slot(starts_at, form.zone.data, form.minutes.data or 50, partner_id))
    except actions.AppointmentError as problem:
        form.form_errors.append(str(problem))
        return False
    db.session.commit()
    flash(said, "done")
    return True


def _act(appointment_id: UUID, act: Callable[[Appointment, datetime], str]) -> Response:
    appointment = found(queries.work_for(viewer(), appointment_id))
    try:
        said = act(appointment, clock.now())
    except actions.AppointmentError as problem:
        flash(str(problem), "error")
    else:
        db.session.commit()
        flash(said, "done")
    return see(url_for("appointments.of_couple", couple_id=appointment.couple_id))


@pages.post("/<uuid:appointment_id>/cancel")
@counselors
def cancel(appointment_id: UUID) -> Response:
    """It does not take place."""

    def act(row: Appointment, now: datetime) -> str:
        actions.cancel(viewer(), row, now)
        return "Canceled."

    return _act(appointment_id, act)


@pages.post("/<uuid:appointment_id>/hold")
@counselors
@fresh_proof_then("appointments.index")
def hold(appointment_id: UUID) -> Response:
    """It took place; what waited for it opens."""

    def act(row: Appointment, now: datetime) -> str:
        opened = actions.hold(viewer(), row, now)
        return "Noted as held." + (" What waited for it has opened to them." if opened else "")

    return _act(appointment_id, act)


@pages.post("/<uuid:appointment_id>/miss")
@counselors
def miss(appointment_id: UUID) -> Response:
    """Nobody came."""

    def act(row: Appointment, now: datetime) -> str:
        actions.miss(viewer(), row, now)
        return "Noted."

    return _act(appointment_id, act)


# What to bring up


@pages.post("/agenda/<uuid:turn_id>/<field>")
@counselors
def bring_up(turn_id: UUID, field: str) -> Response:
    """Mark an answer for the next appointment. `back` in the form is a page of our own to return to."""
    turn = found(queries.turn_to_bring_up(viewer(), turn_id))
    asked = homework.document_for(turn.round).turns[turn.key]
    found(next((one for one in asked.fields if one.key == field), None))
    actions.bring_up(viewer(), turn, field, clock.now())
    db.session.commit()
    flash("Marked to bring up.", "done")
    return see(_back() or url_for("appointments.of_couple", couple_id=turn.couple_id))


@pages.post("/agenda/<uuid:item_id>/done")
@counselors
def done(item_id: UUID) -> Response:
    """It was brought up."""
    item = found(queries.agenda_item_for(viewer(), item_id))
    actions.talked_about(viewer(), item, clock.now())
    db.session.commit()
    return see(_back() or url_for("appointments.of_couple", couple_id=item.couple_id))


def _back() -> str | None:
    """The page of our own that the form came from."""
    return own_path(request.form.get("back"))
