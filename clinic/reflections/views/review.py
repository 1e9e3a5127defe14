"""The counselor's review: the queue, side by side by prompt, release with its hold, return, reply, the private side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.turns import HOLD
from clinic.extensions import db
from clinic.homework import queries as rounds
from clinic.homework.models import Round, Turn
from clinic.reflections import actions, comparison, queries, releases, rules, seen
from clinic.reflections.models import NoteToCounselor
from clinic.reflections.views.turn import pages
from forms.bounds import room
from forms.reflections import AloudForm, ReleaseForm, ReplyForm, ReturnForm, review_form


def readable(round_id: UUID) -> Round:
    """A round that this member of staff may read; 404 for every other."""
    return web.found(rounds.round_for(web.viewer(), round_id))


def at_work(round_id: UUID) -> Round:
    """A round in which this counselor may act: supervisors read only."""
    round_ = readable(round_id)
    web.found(couples.work_for(web.viewer(), round_.couple_id))
    return round_


def back_to(round_: Round) -> BaseResponse:
    """On to the review of this round."""
    return web.see(url_for(".review", round_id=round_.id))


@pages.get("/queue")
@access.staff
def queue() -> Response:
    """What came in and nobody has reviewed, the oldest first; words beside the answers on top."""
    viewer = web.viewer()
    waiting, notes = queries.queue(viewer), queries.unread_notes(viewer)
    ids = {one.couple_id for one in waiting} | {one.couple_id for one in notes}
    found = db.session.scalars(couples.visible_to(viewer).where(Couple.id.in_(ids))).all()
    couples.names_of(found)
    senders = queries.senders(waiting)
    rows = [(one, rounds.document_for(one).title, senders[one.id]) for one in waiting]
    return web.page("reflections/queue.html", rows=rows, notes=notes, couples={one.id: one for one in found})


@pages.get("/rounds/<uuid:round_id>")
@access.staff
def review(round_id: UUID) -> Response:
    """One round, prompt by prompt."""
    return _review_page(readable(round_id))


def _review_page(round_: Round, status: int = 200, **forms: object) -> Response:
    viewer, now = web.viewer(), clock.now()
    may_act = couples.may_work(viewer, round_.couple_id)
    shown = comparison.comparison(viewer, round_)
    people = {str(one.partner.id): one.partner.name for one in shown.people}
    kept = queries.review_of(round_.id)
    waiting = releases.releases(viewer, round_)
    values = {
        "shown": shown,
        "waiting": waiting,
        "offers": list(_offers(waiting)),
        "opened": releases.opened_in(round_),
        "notes": queries.notes_of(viewer, round_),
        "replies": queries.replies_in(viewer, round_),
        "under": _written_under(viewer, round_),
        "kept": kept,
        "may_act": may_act,
        "can_bring_up": "appointments.bring_up" in current_app.view_functions,
        "returnable": [turn for turn in round_.turns if queries.can_return(turn)],
        "consents": releases.CONSENT_SAID,
        "due": {
            one.turn.id: _opens_at(round_, shown.couple, one.released_at)
            for one in waiting
            if one.released_at
        },
        "now": now,
        "read": seen.marks_in(queries.came_in(viewer, round_)).values(),
        "reply_form": ReplyForm(people.items(), formdata=None),
        "return_form": ReturnForm(formdata=None),
        "aloud_on": (aloud_on := queries.read_aloud_on(round_)),
        "aloud_form": AloudForm(formdata=None, aloud_on=aloud_on)
        if queries.can_be_read_aloud(round_)
        else None,
        "review_form": _filled(people, kept),
    }
    return web.page("reflections/review.html", status, **{**values, **forms})


def _opens_at(round_: Round, couple: Couple, released_at: datetime) -> str:
    """Until when it can be called back: by the couple's clock, and by the practice's where that is another."""
    at, zone = released_at + HOLD, round_.assignment.zone
    here = web.elsewhere(at, couple.practice.zone, zone)
    return web.clock_time(web.in_zone(at, zone)) + (f", {here}" if here else "")


def _written_under(viewer: Viewer, round_: Round) -> list[tuple[UUID, int, str]]:
    """Whose words, under which version of the policy, and its words as they stood above the page; each once."""
    rows = queries.came_in(viewer, round_)
    return list(
        dict.fromkeys((row.partner_id, row.policy_version, rules.policy_in(row.readers)) for row in rows)
    )


def _by_author(waiting: Iterable[releases.Release]) -> dict[UUID, list[releases.Release]]:
    found: dict[UUID, list[releases.Release]] = {}
    for one in waiting:
        if one.released_at is None:
            found.setdefault(one.author.id, []).append(one)
    return found


def _offers(found: Sequence[releases.Release]) -> Iterator[tuple[str, list[releases.Release]]]:
    """What can be released, with its readers: an act that opens both sides is offered once."""
    offered: set[UUID] = set()
    for waiting in _by_author(found).values():
        together = _together(found, waiting)
        if not offered >= {one.turn.id for one in waiting}:
            yield _readers(waiting, together), waiting
        offered.update(one.turn.id for one in together)


def _filled(people: dict[str, str], kept: object) -> object:
    form = review_form(people)(formdata=None)
    if kept is not None:
        form["note"].data = kept.note or ""  # type: ignore[attr-defined]
        for key, value in (kept.quality or {}).items():  # type: ignore[attr-defined]
            if f"quality_{key}" in form:
                form[f"quality_{key}"].data = str(value)
    return form


def _do(
    round_: Round,
    act: Callable[[], object],
    done: str,
    again: Callable[[], Response | BaseResponse] | None = None,
) -> Response | BaseResponse:
    """Do it and say so, or say why it is not possible; `again` is the page that shows what had not been read."""
    round_id = round_.id
    try:
        act()
        db.session.commit()
        flash(done, "done")
    except seen.Newer as newer:
        db.session.rollback()
        flash(str(newer), "error")
        return again() if again else _review_page(at_work(round_id), 409)
    except actions.NotNow as no:
        db.session.rollback()
        flash(str(no), "message")
    return web.see(url_for(".review", round_id=round_id))


def _read() -> list[str]:
    """The marks of what stood on the page that this form came from."""
    return request.form.getlist("seen")


def _turn_in(round_: Round) -> Turn:
    named = request.form.get("turn", "")
    return web.found(next((turn for turn in round_.turns if str(turn.id) == named), None))


# Release


@pages.route("/rounds/<uuid:round_id>/release/<uuid:partner_id>", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def release(round_id: UUID, partner_id: UUID) -> Response | BaseResponse:
    """What the other will see, as the other will see it; then the name, then ten minutes to think again."""
    round_ = at_work(round_id)
    found = releases.releases(web.viewer(), round_)
    waiting = _by_author(found).get(partner_id)
    if not waiting:
        return back_to(round_)
    form = ReleaseForm(_readers(waiting, _together(found, waiting)))
    if not form.validate_on_submit():
        return _release_page(round_id, partner_id, form, 422 if form.errors else 200)
    wanted = [one.turn for one in waiting if str(one.turn.id) in request.form.getlist("turns")]
    couple = web.found(couples.get_for(web.viewer(), round_.couple_id))
    until = _opens_at(round_, couple, clock.now())

    def act() -> None:
        for turn in wanted:
            actions.release(web.viewer(), turn, clock.now(), _read())

    def again() -> Response | BaseResponse:
        return _release_page(round_id, partner_id, ReleaseForm(form.reader, formdata=None), 409)

    if not wanted:
        return back_to(round_)
    return _do(round_, act, f"It opens at {until}. Until then you can call it back.", again)


def _release_page(
    round_id: UUID, partner_id: UUID, form: ReleaseForm, status: int
) -> Response | BaseResponse:
    """All that one act opens stands on it: where the counselor opens sealed words, both sides of them."""
    round_ = at_work(round_id)
    found = releases.releases(web.viewer(), round_)
    waiting = _by_author(found).get(partner_id, [])
    if not waiting:
        return back_to(round_)
    together = _together(found, waiting)
    return web.page(
        "reflections/release.html",
        status,
        round=round_,
        waiting=waiting,
        together=together,
        readers=_readers(waiting, together),
        read=seen.marks(one.turn for one in (*waiting, *together)).values(),
        form=form,
        exercise=rounds.document_for(round_),
        said=releases.CONSENT_SAID,
    )


def _together(
    found: Iterable[releases.Release], waiting: Sequence[releases.Release]
) -> list[releases.Release]:
    """What the same act opens the other way."""
    ids = {turn.id for one in waiting for turn in queries.opened_together(one.turn)}
    return [one for one in found if one.turn.id in ids and one.author.id != waiting[0].author.id]


def _readers(waiting: Sequence[releases.Release], together: Sequence[releases.Release]) -> str:
    """Everybody to whom the act opens something, by name; where it is both, in the order in which they stand."""
    readers = {one.reader.position: one.reader.name for one in (*waiting, *together)}
    return " and ".join(readers[position] for position in sorted(readers))


@pages.post("/rounds/<uuid:round_id>/call-back")
@access.counselors
def call_back(round_id: UUID) -> Response | BaseResponse:
    """Undo a release within the hold."""
    round_ = at_work(round_id)
    turn = _turn_in(round_)
    done = "It was called back. Nothing has opened."
    return _do(round_, lambda: actions.call_back(web.viewer(), turn, clock.now()), done)


@pages.post("/rounds/<uuid:round_id>/return")
@access.counselors
@web.takes(room(ReturnForm))
def give_back(round_id: UUID) -> Response | BaseResponse:
    """Ask the author for another pass, with a word about it."""
    round_, form = at_work(round_id), ReturnForm()
    if not form.validate():
        return _review_page(round_, 422, return_form=form)
    turn, text = _turn_in(round_), (form.word.data or "").strip()

    def act() -> None:
        actions.return_for_another_pass(web.viewer(), turn, clock.now(), _read())
        if text and turn.sent_by_id is not None:
            actions.reply(web.viewer(), round_, [turn.sent_by_id], text, clock.now())

    def again() -> Response:
        return _review_page(at_work(round_id), 409, return_form=form)

    return _do(
        round_, act, "It went back for another pass. What was sent stays until the new one comes.", again
    )


# Answers and the private side


@pages.post("/rounds/<uuid:round_id>/reply")
@access.counselors
@web.takes(room(ReplyForm))
def reply(round_id: UUID) -> Response | BaseResponse:
    """Answer one of the two, or both; each reads the own copy."""
    round_ = at_work(round_id)
    couple = couples.at_hand(round_.couple_id)
    recipients = {one.partner_id for one in round_.assignment.recipients}
    people = {str(one.id): one for one in couple.partners if one.id in recipients}
    form = ReplyForm((key, one.name) for key, one in people.items())
    if not form.validate():
        return _review_page(round_, 422, reply_form=form)
    to = [people[key].id for key in form.to.data or []]
    names = " and ".join(people[key].name for key in form.to.data or [])
    text = form.text.data or ""
    return _do(
        round_,
        lambda: actions.reply(web.viewer(), round_, to, text, clock.now()),
        f"{names} can read it now.",
    )


@pages.post("/rounds/<uuid:round_id>/review")
@access.counselors
@web.takes(room(review_form({})))
def keep_review(round_id: UUID) -> Response | BaseResponse:
    """Keep the note and the ratings; with the other button, mark the round reviewed, if all of it was on the page."""
    round_ = at_work(round_id)
    recipients = [str(one.partner_id) for one in round_.assignment.recipients]
    form = review_form(dict.fromkeys(recipients, ""))()
    if not form.validate():
        return _review_page(round_, 422, review_form=form)
    rated = {key: form[f"quality_{key}"].data for key in recipients}
    quality = {key: int(value) for key, value in rated.items() if value and value.isdigit()}
    note = (form["note"].data or "").replace("\r\n", "\n")
    wants_done = request.form.get("do") == "done"
    is_done = wants_done and not seen.is_newer(round_.turns, _read())
    actions.review(web.viewer(), round_, clock.now(), note=note, quality=quality, is_done=is_done)
    db.session.commit()
    if wants_done and not is_done:
        flash(
            "Something came in while you were reading, so nothing is marked as reviewed. Your note is kept.",
            "error",
        )
        return _review_page(at_work(round_id), 409)
    flash("Marked as reviewed." if is_done else "Kept.", "done")
    return back_to(round_)


@pages.post("/rounds/<uuid:round_id>/meets")
@access.counselors
def mark_meets(round_id: UUID) -> Response | BaseResponse:
    """Mark that two texts meet, or take the mark away."""
    round_ = at_work(round_id)
    shown = comparison.comparison(web.viewer(), round_)
    name = request.form.get("row", "")
    web.found(next((row for row in shown.rows if row.name == name and row.can_mark), None))
    kept = queries.review_of(round_.id)
    marked = set((kept.meets if kept else None) or [])
    meets = sorted(marked ^ {name})
    done = "The mark is gone." if name in marked else "Marked: they meet."
    return _do(round_, lambda: actions.review(web.viewer(), round_, clock.now(), meets=meets), done)


@pages.post("/rounds/<uuid:round_id>/read-aloud")
@access.counselors
@web.takes(room(AloudForm))
def read_aloud(round_id: UUID) -> Response | BaseResponse:
    """Mark on which day it was read aloud in a session; without a day, take the mark away."""
    round_, form = at_work(round_id), AloudForm()
    if not form.validate():
        return _review_page(round_, 422, aloud_form=form)
    on = form.aloud_on.data
    done = "Marked as read aloud." if on else "The mark is gone."
    return _do(round_, lambda: actions.mark_read_aloud(web.viewer(), round_, on, clock.now()), done)


@pages.post("/notes/<uuid:note_id>/read")
@access.counselors
def read_note(note_id: UUID) -> BaseResponse:
    """The counselor has read a word that came beside the answers."""
    mine = queries.notes_visible_to(web.viewer()).where(NoteToCounselor.id == note_id)
    note = web.found(db.session.scalar(mine))
    web.found(couples.work_for(web.viewer(), note.couple_id))
    actions.mark_note_read(web.viewer(), note, clock.now())
    db.session.commit()
    return web.see(url_for(".queue"))
