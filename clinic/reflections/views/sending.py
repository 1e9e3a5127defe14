"""Sending: the last look with the sentence about readers, agreeing to a proposal, and the three ways to say no."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.exercises.document import Field, label_for
from clinic.extensions import db
from clinic.reflections import actions, queries, rules, sheets
from clinic.reflections.rules import Sending
from clinic.reflections.sheets import Sheet
from clinic.reflections.views import keeping
from clinic.reflections.views.turn import (
    declines,
    held,
    is_under_another,
    mark_of,
    must_prove,
    own,
    own_author,
    pages,
    proof_for,
    seen_version,
    stop_page,
    words_page,
)
from forms.bounds import room
from forms.reflections import BeforeForm, NoteForm


@pages.route("/<uuid:turn_id>/before", methods=["GET", "POST"])
@access.clients
def before(turn_id: UUID) -> Response | BaseResponse:
    """The last look: who will read it, what is in it, and the choice to keep it for the counselor."""
    sheet = own(turn_id)
    if sheet.place == "held":
        return held()
    draft = queries.draft_of(sheet.author.turn, sheet.author.partner_id)
    if draft is None or sheet.place not in {"open", "proposed"}:
        return web.see(url_for(".write", turn_id=turn_id))
    if request.method == "POST" and must_prove(
        sheet
    ):  # who reads what was sent is for its author alone to change
        return web.see(proof_for(request.path))
    form = _form(sheet)
    if request.method == "GET":
        _fill(form, sheet, actions.standing(sheet.author), draft.version)
        return _before_page(sheet, form)
    if changed := _what_changed(sheet, draft.version):
        _fill(form, sheet, actions.standing(sheet.author), draft.version)
        return _before_page(sheet, form, 409, changed)
    return _decide(sheet, form)


def _is_changed(sheet: Sheet, version: int) -> bool:
    """True when the words are others than those that were looked over; a second click on the same ones is none."""
    words = rules.content_hash(actions.standing(sheet.author))
    return version != seen_version() and request.form.get("content") != words


def _what_changed(sheet: Sheet, version: int) -> str:
    if _is_changed(sheet, version):
        return "draft"
    return "readers" if is_under_another(sheet.sentence()) else ""


def _form(sheet: Sheet) -> Any:
    asked, partner = sheet.asked, sheet.readers.partner
    may_keep = (asked.reaches_partner or asked.asks_consent) and partner is not None
    made = BeforeForm.asking(
        safety=asked.reaches_partner, consent=asked.asks_consent, partner=partner if may_keep else None
    )
    return made()


def _fill(form: Any, sheet: Sheet, sending: Sending, version: int) -> None:
    _name_what_is_seen(form, sending, version)
    if "safety" in form:
        form.safety.data = sending.safe
    if "consent" in form:
        form.consent.data = sending.consent or sheet.asked.consent
    if "reads" in form:
        form.reads.data = "counselor" if rules.is_kept(sheet.asked, sending) else "partner"


def _name_what_is_seen(form: Any, sending: Sending, version: int) -> None:
    form.version.data, form.content.data = str(version), rules.content_hash(sending)


def _before_page(sheet: Sheet, form: Any, status: int = 200, changed: str = "") -> Response | BaseResponse:
    sending = actions.standing(sheet.author)
    form.readers.data = mark_of(sheet.sentence())
    return words_page(
        sheet,
        "reflections/before.html",
        status,
        form=form,
        lines=sheets.lines_of(sheet, sending),
        counselor=(sheet.readers.counselors or ["your counselor"])[0],
        tail=sheets.tail_lines(sending),
        missing=_missing(sheet, sending),
        sentence=sheet.sentence(kept=rules.is_kept(sheet.asked, sending)),
        declines=declines(sheet),
        changed=changed,
    )


def _missing(sheet: Sheet, sending: Sending) -> list[tuple[str, str]]:
    """What has to be answered before this can go, each with the way to its question."""
    run = [one.name for one in sheets.screens(sheet, sending)]
    return [
        (label_for(field.label, sheet.author.role), _way_to(sheet, run, field))
        for field in actions.still_open(sheet.author, sending)
    ]


def _way_to(sheet: Sheet, run: list[str], field: Field) -> str:
    name = f"x_{field.key}"
    return url_for(".write", turn_id=sheet.author.turn.id, q=run.index(name) + 1 if name in run else 1)


def _decide(sheet: Sheet, form: Any) -> Response | BaseResponse:
    """Keep what was said here in the draft, in a transaction of its own; then send it, if that was the button."""
    now, turn_id = clock.now(), sheet.author.turn.id
    sending = _with_choices(actions.standing(sheet.author), form)
    actions.settle(sheet.author, sending, now)
    db.session.commit()
    if request.form.get("do") == "keep":
        flash("It is kept as your draft.", "done")
        return web.see(url_for("progress.now"))
    if not form.validate():
        _name_what_is_seen(form, actions.standing(sheet.author), _version(sheet))
        return _before_page(own(turn_id), form, 422)
    return _send(own(turn_id), sending, now)


def _version(sheet: Sheet) -> int:
    draft = queries.draft_of(sheet.author.turn, sheet.author.partner_id)
    return draft.version if draft else 0


def _with_choices(sending: Sending, form: Any) -> Sending:
    kept = form.reads.data == "counselor" if "reads" in form else sending.keep
    return replace(
        sending,
        safe=form.safety.data
        if "safety" in form and form.safety.data in {"yes", "unsure", "no"}
        else sending.safe,
        consent=form.consent.data
        if "consent" in form and form.consent.data in rules.CONSENTS
        else sending.consent,
        keep=kept,
    )


def _send(sheet: Sheet, sending: Sending, now: datetime) -> Response | BaseResponse:
    turn_id = sheet.author.turn.id
    if not _version(sheet):
        return _sent(sheet)  # a second click came first: it has gone already
    try:
        sent = actions.send(sheet.author, sending, now)
        stops = sent.stops
        db.session.commit()
    except actions.Incomplete:
        db.session.rollback()
        sheet = own(turn_id)
        form = _form(sheet)
        _name_what_is_seen(form, actions.standing(sheet.author), _version(sheet))
        return _before_page(sheet, form, 422)
    except actions.NotNow as no:
        db.session.rollback()
        flash(str(no), "message")
        return web.see(url_for(".write", turn_id=turn_id))
    except Exception as error:  # the draft holds it; the page says so
        return keeping.failed(turn_id, error, is_kept=True)
    return stop_page(own(turn_id), is_sent=True) if stops else _sent(own(turn_id))


def _sent(sheet: Sheet) -> BaseResponse:
    """On to the next entry of a log, or to the page that says: your part is done."""
    turn = sheet.author.turn
    after = [
        one
        for one in queries.turns_known(turn.round_id, sheet.author.partner_id)
        if (one.leg, one.key, one.entry) == (turn.leg, turn.key, turn.entry + 1)
    ]
    if sheet.asked.repeat and after:
        flash("Sent. Here is room for the next one, whenever it comes.", "done")
        return web.see(url_for(".write", turn_id=after[0].id))
    return web.see(url_for(".sent", turn_id=turn.id))


# Agreeing


@pages.post("/<uuid:turn_id>/confirm")
@access.clients
def confirm(turn_id: UUID) -> BaseResponse:
    """Say yes to exactly the proposal that was read."""
    try:
        actions.confirm(own_author(turn_id), request.form.get("bound", ""), clock.now())
        db.session.commit()
    except actions.NotNow as no:
        db.session.rollback()
        flash(str(no), "message")
        return web.see(url_for(".write", turn_id=turn_id))
    return web.see(url_for(".sent", turn_id=turn_id))


@pages.post("/<uuid:turn_id>/decline")
@access.clients
def decline(turn_id: UUID) -> BaseResponse:
    """Say no to a proposal; a reason is not asked for."""
    try:
        actions.decline(own_author(turn_id), clock.now())
        db.session.commit()
        flash("You said no to this version. Nobody asks you why.", "done")
    except actions.NotNow as no:
        db.session.rollback()
        flash(str(no), "message")
    return web.see(url_for("progress.now"))


# Something else than an answer


@pages.route("/<uuid:turn_id>/say", methods=["GET", "POST"])
@access.clients
@web.takes(room(NoteForm))
def say(turn_id: UUID) -> Response | BaseResponse:
    """Not now, too much, something else: a word to the counselor alone."""
    sheet, form = own(turn_id), NoteForm()
    sentence = sheet.note_sentence()
    is_changed = request.method == "POST" and is_under_another(sentence)
    if form.validate_on_submit() and not is_changed:
        actions.say(sheet.author, form.kind.data, form.text.data or "", clock.now())
        actions.forget_kept(sheet.author, "say")
        db.session.commit()
        flash(f"{sheet.readers.staff} can read it now. You can come back to this at any time.", "done")
        return web.see(url_for("progress.now"))
    if request.method == "GET":
        form.kind.data = request.args.get("kind", "not_now")
        form.text.data = keeping.words_kept(sheet.author, "say")
    form.readers.data = mark_of(sentence)
    status = 409 if is_changed else 422 if form.errors else 200
    return web.page("reflections/say.html", status, sheet=sheet, form=form, is_changed=is_changed)


say.keeps_text = keeping.keeper("say", "reflections.say")  # type: ignore[attr-defined]  # the path of a request looks for it
say.is_way_of = keeping.leads_to_own  # type: ignore[attr-defined]  # and so does signing in
