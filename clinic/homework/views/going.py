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
from clinic.exercises.document import Exercise
from clinic.extensions import db
from clinic.homework import actions, queries, rules
from clinic.homework.cards import Frame
from clinic.homework.models import Assignment, Recipient
from clinic.homework.views.blueprint import OPENINGS, frame_of, pages, seen_by
from clinic.web import day, found, see, viewer
from forms.homework import DelayForm, StartForm


@pages.get("/of/<uuid:couple_id>")
@staff
def of_couple(couple_id: UUID) -> str:
    """All that was given to a couple and was not recalled: also what begins later, is paused or is over."""
    couple = found(couples.get_for(viewer(), couple_id))
    given = queries.given_to(viewer(), couple_id)
    done = queries.done_at(given)
    is_over = {one.id: one.state == "ended" or one.id in done for one in given}
    return render_template(
        "homework/of_couple.html",
        couple=couple,
        going=[one for one in given if not is_over[one.id]],
        over=[one for one in given if is_over[one.id]],
        done=done,
        today=clock.local_day(clock.now(), couple.zone),
        names_of=lambda one: _alone_said(one, couple),
    )


def _alone_said(assignment: Assignment, couple: Couple) -> str:
    given = {one.partner_id for one in assignment.recipients}
    return "".join(f", {one.name} alone" for one in couple.partners if given == {one.id})


@pages.get("/<uuid:assignment_id>")
@staff
def show(assignment_id: UUID) -> str:
    """How an assignment stands: its rounds, what was agreed, what can still be changed."""
    assignment = found(queries.assignment_for(viewer(), assignment_id))
    couple = found(couples.get_for(viewer(), assignment.couple_id))
    document = queries.document_given(assignment)
    rounds = queries.rounds_of(assignment)
    done_at = queries.done_at([assignment]).get(assignment.id)
    later = [(key, said) for key, said in OPENINGS.items() if _is_later(key, assignment.opening)]
    can_wait = assignment.state in {"active", "paused"} and not done_at
    can_wait = can_wait or any(turn.awaits_opening for round_ in rounds for turn in round_.turns)
    cadence, today = rules.cadence_of(assignment.cadence), clock.local_day(clock.now(), assignment.zone)
    return render_template(
        "homework/show.html",
        assignment=assignment,
        couple=couple,
        people={one.id: one for one in couple.partners},
        exercise=document,
        rounds=rounds,
        excused_from=queries.excused_from,
        cadence=cadence,
        asks_end=rules.asks_end(document),
        open_for=rules.open_for(document, assignment.open_days),
        next_on=rules.next_date(cadence, assignment.starts_on, today)
        if assignment.state == "active"
        else None,
        has_sent=any(round_.came_in_at for round_ in rounds),
        openings=OPENINGS,
        can_work=couples.may_work(viewer(), couple.id),
        has_sealed=rules.has_sealed(document),
        delay=DelayForm(later) if later and rules.has_sealed(document) and can_wait else None,
        start=StartForm(data={"starts_on": today}) if cadence == "as_needed" else None,
        done_at=done_at,
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
    legs, frame = queries.legs_of(assignment), _frame_now(assignment, document, clock.now())
    seen = seen_by(partner, document, legs, recipient.agreed, frame)
    return render_template(
        "homework/preview.html", assignment=assignment, couple=couple, exercise=document, seen_by=seen
    )


def _frame_now(assignment: Assignment, document: Exercise, now: datetime) -> Frame:
    """The round that is open, else the one that comes next."""
    running = next((one for one in queries.rounds_of(assignment) if one.closed_at is None), None)
    if running is not None:
        return Frame(running.opens_at, running.closes_at, assignment.opening)
    today = clock.local_day(now, assignment.zone)
    day = rules.next_date(rules.cadence_of(assignment.cadence), assignment.starts_on, today) or today
    return frame_of(document, day, assignment.open_days, assignment.opening, assignment.zone, now)


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
