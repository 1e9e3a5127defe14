"""Writing: the form of a turn, one question or all of them, and the draft that is kept before anything else."""

from datetime import datetime
from uuid import UUID

from flask import Response, jsonify, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.exercises import answers as shapes
from clinic.extensions import Busy, db, set_transactions
from clinic.reflections import actions, queries, rules, sheets, shown
from clinic.reflections.rules import Sending
from clinic.reflections.sheets import ALL, Screen, Sheet
from clinic.reflections.versions import Page
from clinic.reflections.views import choosing, keeping
from clinic.reflections.views.turn import (
    declines,
    form_of,
    held,
    own,
    page_of,
    pages,
    posted_screen,
    proof_for,
    room_of_turn,
    seen_version,
    stop_page,
    words_page,
)
from forms.reflections import TurnForm, draft_from, fill


@pages.route("/<uuid:turn_id>", methods=["GET", "POST"])
@access.clients
@web.takes(room_of_turn)
def write(turn_id: UUID) -> Response | BaseResponse | str:
    """One turn to write; a POST keeps what is typed before anything else."""
    if request.method == "POST":
        return _save(Sheet(web.found(actions.writer_for(web.viewer(), turn_id)), clock.now()))
    return _show(own(turn_id))


@pages.get("/<uuid:turn_id>/revise")
@access.clients
@access.fresh_proof
def revise(turn_id: UUID) -> Response | BaseResponse | str:
    """The form with what was sent, while it can still be changed; the words open after a fresh proof."""
    sheet = own(turn_id)
    return _form_page(sheet) if sheet.place == "open" else web.see(url_for(".sent", turn_id=turn_id))


@pages.get("/<uuid:turn_id>/rest")
@access.clients
def stop(turn_id: UUID) -> Response:
    """The stop page again, for the script that saved an answer which asks for it; its address says nothing."""
    return stop_page(own(turn_id), is_sent=False)


def _show(sheet: Sheet) -> Response | BaseResponse | str:
    turn = sheet.author.turn
    draft = queries.draft_of(turn, sheet.author.partner_id)
    if sheet.place == "held":
        return held()
    if choice := choosing.waiting(sheet):
        return choice
    match sheet.place:
        case "open" if draft is None and sheet.state and sheet.state.status == "returned":
            return web.see(url_for(".revise", turn_id=turn.id))
        case "open" if draft is None and sheet.state and sheet.state.status == "sent":
            return web.see(url_for(".sent", turn_id=turn.id))
        case "proposed" if draft is None and "change" not in request.args:
            return _proposal_page(sheet)
        case "open" | "proposed":
            return _form_page(sheet)
        case "over":
            words = sheets.lines_of(sheet, Sending.from_json(draft.body)) if draft else []
            return words_page(sheet, "reflections/over.html", words=words)
    return web.see(url_for(".sent", turn_id=turn.id))


def _proposal_page(sheet: Sheet) -> Response:
    joint = queries.proposed(sheet.author.turn)
    return web.page(
        "reflections/proposal.html",
        sheet=sheet,
        words=sheets.lines_of(sheet, Sending(answers=joint)),
        bound=rules.bound_hash(joint),
        declines=declines(sheet),
    )


def _form_page(
    sheet: Sheet, screen: Screen | None = None, form: TurnForm | None = None, status: int = 200
) -> Response | BaseResponse:
    """The form: one question, or all of them; `form` comes along when something in it needs another look."""
    standing = actions.standing(sheet.author)
    run = sheets.screens(sheet, standing)
    screen = screen or _wanted(run, standing)
    if form is None:
        form = form_of(sheet, screen)(formdata=None)
        fill(form, standing.answers, standing.extras)
    draft = queries.draft_of(sheet.author.turn, sheet.author.partner_id)
    number = next((n for n, one in enumerate(run, start=1) if one.name == screen.name), 1)
    return words_page(
        sheet,
        "reflections/write.html",
        status,
        form=form,
        screen=screen,
        number=number,
        run=run,
        only_if=lambda field: sheets.asked_only_if(sheet, field),
        draft=draft,
        saved_at=_clock(draft.saved_at, sheet.zone) if draft else None,
        version=draft.version if draft else 0,
        before=shown.shown(sheet),
        replies=shown.replies_to(sheet.author),
        entries=_entries(sheet),
        declines=declines(sheet),
        proof_url=proof_for(),
        all_url=_this_page(sheet, 1),
        one_url=_this_page(sheet, 0),
    )


def _this_page(sheet: Sheet, every: int) -> str:
    """The same form in the other view. Until something is kept, only the address says that sent words are changed."""
    is_changing = request.endpoint == "reflections.revise"
    change = request.args.get("change")
    return url_for(
        ".revise" if is_changing else ".write", turn_id=sheet.author.turn.id, change=change, all=every
    )


def _wanted(run: list[Screen], standing: Sending) -> Screen:
    """Which screen the address asks for, or where the writer stopped; whoever asked for all once gets all of them."""
    if "all" in request.args:
        session["all_questions"] = request.args["all"] == "1"
    if session.get("all_questions") and "q" not in request.args:
        return Screen(ALL)
    is_going_on = request.endpoint == "reflections.write" and "change" not in request.args
    number = request.args.get("q", str(sheets.stopped_at(run, standing) if is_going_on else 1))
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
    return run[max(0, min(place, len(run)) - 1)] if run else Screen(ALL)


def _entries(sheet: Sheet) -> list[tuple[datetime, list[sheets.Line]]]:
    """The last own entries of a log, to go on from; their words come with a fresh proof."""
    is_proved = web.viewer().has_fresh_proof
    found = []
    for turn in shown.entries_before(sheet.author)[:7]:
        sent = queries.sent_by(turn, sheet.author.partner_id)
        if sent is not None and turn.sent_at is not None:
            found.append((turn.sent_at, sheets.lines_of(sheet, sent) if is_proved else []))
    return found


def _clock(instant: datetime, zone: str) -> str:
    return web.clock_time(web.in_zone(instant, zone))


# Saving


def _save(sheet: Sheet) -> Response | BaseResponse:
    """Read and work out first; the lock is held for one statement, and nothing is read again for the script."""
    turn_id, screen = sheet.author.turn.id, posted_screen(sheet)
    form = form_of(sheet, screen)()
    page = page_of(form)
    if _is_final(sheet):
        return _too_late(turn_id, page)
    try:
        answer = _save_page(sheet, page, seen_version())
    except actions.Conflict as conflict:
        return _conflict(turn_id, page, conflict)
    except Busy:  # nothing was done; the page says so, and the text is still in its form
        raise
    except Exception as error:  # whatever it is: the text comes first
        return _failed(turn_id, form, page, error)
    return answer or _after_saving(own(turn_id), screen, form)


def _is_final(sheet: Sheet) -> bool:
    """True of words that cannot be changed any more. A turn that the fold left unsent needs no other fold to say so."""
    return sheet.author.turn.state in {"sent", "returned", "agreed"} and sheet.place in {"sent", "agreed"}


def _too_late(turn_id: UUID, page: Page) -> Response | BaseResponse:
    """What comes for words that cannot be changed any more becomes no draft of them: it is put aside."""
    if _is_script():
        return Response(status=409)
    db.session.rollback()
    set_transactions(write=True)
    sheet = own(turn_id)
    if choosing.differs(sheet, page):
        return choosing.conflicting(sheet, page, None)
    return web.see(url_for(".write", turn_id=sheet.author.turn.id))


def _save_page(sheet: Sheet, page: Page, seen: int) -> Response | None:
    """Save, and answer the script, or anybody whose answer asks for the stop page; None: go on as the button said."""
    asked, earlier, zone = sheet.asked, actions.compared_with(sheet.author), sheet.zone
    turn_id = sheet.author.turn.id
    saved = actions.save_page(sheet.author, page, seen, clock.now())
    db.session.commit()
    must_stop = rules.stops(asked, saved.after, earlier) and not rules.stops(asked, saved.before, earlier)
    if _is_script():
        aside = url_for(".stop", turn_id=turn_id) if must_stop else None
        return jsonify(saved=_clock(saved.at, zone), version=saved.version, stop=aside)
    return stop_page(own(turn_id), is_sent=False) if must_stop else None


def _conflict(turn_id: UUID, page: Page, conflict: actions.Conflict) -> Response | BaseResponse:
    """Another window came first. If it changed only what is not on this page, there is nothing to choose."""
    db.session.rollback()
    set_transactions(write=True)  # from here on nobody comes first again
    sheet = own(turn_id)
    if choosing.differs(sheet, page):
        return Response(status=409) if _is_script() else choosing.conflicting(sheet, page, conflict.at)
    screen = posted_screen(sheet)
    form = form_of(sheet, screen)()
    return _save_page(sheet, page, conflict.version) or _after_saving(own(turn_id), screen, form)


def _failed(turn_id: UUID, form: TurnForm, page: Page, error: Exception) -> Response:
    is_kept = keeping.keep_page(turn_id, page)
    if _is_script():
        return Response(status=500)
    words = [(q.input.label.text, shapes.describe(q.field, q.answer()[0])) for q in form.questions]
    return keeping.failed(turn_id, error, is_kept=is_kept, words=words)


def _is_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _after_saving(sheet: Sheet, screen: Screen, form: TurnForm) -> Response | BaseResponse:
    """Where the writer goes: the same screen, the next one, the one before, or the last look."""
    turn_id, do = sheet.author.turn.id, request.form.get("do", "save")
    if sheet.place not in {"open", "proposed"}:
        return web.see(url_for(".write", turn_id=turn_id))
    if _has_odd_answers(form):
        return _form_page(sheet, screen, form, 422)
    run = sheets.screens(sheet, actions.standing(sheet.author))
    place = next((n for n, one in enumerate(run, start=1) if one.name == screen.name), len(run))
    step = {"next": 1, "back": -1}.get(do, 0)
    if do == "before" or (do == "next" and place >= len(run)):
        return web.see(url_for(".before", turn_id=turn_id))
    if screen.name == ALL:
        return web.see(url_for(".write", turn_id=turn_id, all=1))
    return web.see(url_for(".write", turn_id=turn_id, q=max(1, place + step)))


def _has_odd_answers(form: TurnForm) -> bool:
    """Mark what is no answer yet, too long for instance; it is in the draft all the same."""
    given, odd = draft_from(form), False
    for question in form.questions:
        if question.decline is not None and question.decline.data:
            continue
        _, message = question.answer()
        if message and shapes.is_shown(question.field, given):
            question.input.errors, odd = [message], True
    for question in form.own:
        _, message = question.answer()
        if message:
            question.input.errors, odd = [message], True
    return odd


write.reads_first = True  # type: ignore[attr-defined]  # nobody waits for what is read before a save
write.keeps_text = keeping.keeper("write", "reflections.write")  # type: ignore[attr-defined]  # the path of a request looks for it
write.is_way_of = keeping.leads_to_own  # type: ignore[attr-defined]  # and so does signing in
