"""One assignment: how it stands, how a partner sees it, and what can still be changed."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic import clock
from clinic.access import Viewer, counselors, staff
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.homework import actions, queries, rules
from clinic.homework.models import Assignment, Recipient
from clinic.homework.views.blueprint import OPENINGS, pages, seen_by
from clinic.web import day, found, see, viewer
from forms.homework import DelayForm, StartForm


@pages.get("/<uuid:assignment_id>")
@staff
def show(assignment_id: UUID) -> str:
    """How an assignment stands: its rounds, what was agreed, what can still be changed."""
    assignment = found(queries.assignment_for(viewer(), assignment_id))
    couple = found(couples.get_for(viewer(), assignment.couple_id))
    document = queries.document_given(assignment)
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
        asks_end=rules.asks_end(document),
        open_for=rules.open_for(document, assignment.open_days),
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
    document = queries.document_given(assignment)
    seen = seen_by(partner, document, queries.legs_of(assignment), recipient.plan or {}, assignment.opening)
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
        db.session.rollback()
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
    return _act(assignment_id, actions.pause, "Paused. It is held for both until you go on with it.")


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
