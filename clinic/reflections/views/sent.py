"""After sending: your part is done, read it again, take it back, keep it closer, add a line below."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.extensions import db
from clinic.reflections import actions, queries, rules, sheets
from clinic.reflections.drafts import Author
from clinic.reflections.rules import Sending
from clinic.reflections.sheets import Sheet
from clinic.reflections.views import keeping
from clinic.reflections.views.turn import is_under_another, mark_of, own, own_author, pages, words_page
from forms.bounds import room
from forms.reflections import AdditionForm


@pages.get("/<uuid:turn_id>/sent")
@access.clients
def sent(turn_id: UUID) -> Response | BaseResponse:
    """Your part is done; it opens when the rules say. Nothing here is about the other."""
    sheet = own(turn_id)
    mine = queries.latest([sheet.author.turn], sheet.author.partner_id).get(turn_id)
    if mine is None and sheet.place != "agreed":
        return web.see(url_for(".write", turn_id=turn_id))
    return web.page(
        "reflections/sent.html",
        sheet=sheet,
        sentence=sheets.opens_sentence(sheet, mine, clock.now()),
        agreed=_agreed(sheet) if sheet.place == "agreed" else [],
    )


def _agreed(sheet: Sheet) -> list[sheets.Line]:
    return sheets.lines_of(sheet, Sending(answers=queries.proposed(sheet.author.turn)))


@pages.get("/<uuid:turn_id>/own")
@access.clients
@access.fresh_proof
def own_words(turn_id: UUID) -> Response | BaseResponse:
    """What I sent, and what I can still do with it; the words open after a fresh proof."""
    sheet = own(turn_id)
    turn, partner_id = sheet.author.turn, sheet.author.partner_id
    mine = queries.latest([turn], partner_id).get(turn.id)
    if mine is None:
        return web.see(url_for(".write", turn_id=turn.id))
    sending = queries.as_sent(mine)
    form = AdditionForm(formdata=None, text=keeping.words_kept(sheet.author, "add"))
    form.readers.data = mark_of(sheet.addition_sentence())
    added = [one for one in queries.additions([turn]) if one.partner_id == partner_id]
    return words_page(
        sheet,
        "reflections/own_words.html",
        reflection=mine,
        words=sheets.lines_of(sheet, sending),
        tail=sheets.tail_lines(sending),
        additions=[(one.sent_at, one.words[0].answers["addition"]) for one in added],
        can_narrow=_can_narrow(sheet, sending),
        form=form,
    )


@pages.get("/<uuid:turn_id>/draft")
@access.clients
@access.fresh_proof
def draft(turn_id: UUID) -> Response | BaseResponse:
    """What I wrote and did not send, whatever became of the turn; the words open after a fresh proof."""
    author = web.found(actions.author_for(web.viewer(), turn_id, also_recalled=True))
    sheet = Sheet(author, clock.now())
    is_recalled = author.round.assignment.state == "recalled"
    return web.page(
        "reflections/draft.html",
        sheet=sheet,
        texts=keeping.unsent(sheet),
        can_go_on=not is_recalled and sheet.place in {"open", "proposed"},
        is_held=not is_recalled and sheet.place == "held",
    )


def _can_narrow(sheet: Sheet, sending: Any) -> list[sheets.Line]:
    """The answers that can still be kept for the counselor, one by one."""
    if "narrow" not in sheet.acts or sheet.state is None:
        return []
    allowed = rules.still_closed(sheet.asked, sheet.state)
    lines = [line for line in sheets.lines_of(sheet, sending) if line.key in allowed]
    return [line for line in lines if not line.is_narrowed and not line.for_counselor]


def _act(turn_id: UUID, act: Callable[[Author], object], done: str) -> bool:
    """Do it and say so, or say why it is not possible."""
    try:
        act(own_author(turn_id))
        db.session.commit()
        flash(done, "done")
    except actions.NotNow as no:
        db.session.rollback()
        flash(str(no), "message")
        return False
    return True


@pages.route("/<uuid:turn_id>/take-back", methods=["GET", "POST"])
@access.clients
@access.fresh_proof
def take_back(turn_id: UUID) -> BaseResponse:
    """Make it a draft again."""
    own_author(turn_id)
    done = "You have it back. It is your draft again, and nobody else has it."
    if request.method == "GET" or not _act(
        turn_id, lambda author: actions.take_back(author, clock.now()), done
    ):
        return web.see(url_for(".own_words", turn_id=turn_id))
    return web.see(url_for("progress.now"))


@pages.route("/<uuid:turn_id>/narrow", methods=["GET", "POST"])
@access.clients
@access.fresh_proof
def narrow(turn_id: UUID) -> BaseResponse:
    """Keep some answers, or all of it, for the counselor."""
    own_author(turn_id)
    keys = [] if "whole" in request.form else request.form.getlist("keys")
    if request.method == "POST" and (keys or "whole" in request.form):
        _act(
            turn_id,
            lambda author: actions.narrow(author, keys, clock.now()),
            "That stays with your counselor.",
        )
    return web.see(url_for(".own_words", turn_id=turn_id))


@pages.post("/<uuid:turn_id>/add")
@access.clients
@web.takes(room(AdditionForm))
def add(turn_id: UUID) -> Response | BaseResponse:
    """A dated line below words that have opened; one that needs another look comes back alone, without the words."""
    sheet, form = own(turn_id), AdditionForm()
    sentence = sheet.addition_sentence()
    is_changed = is_under_another(sentence)
    if is_changed or not form.validate():
        form.readers.data = mark_of(sentence)
        status = 409 if is_changed else 422
        return web.page("reflections/add.html", status, sheet=sheet, form=form, is_changed=is_changed)
    text = form.text.data or ""

    def act(author: Author) -> None:
        actions.add(author, text, clock.now())
        actions.forget_kept(author, "add")

    if not _act(turn_id, act, "Your line stands below your words now."):
        actions.keep_words(own_author(turn_id), "add", text, "error", clock.now())
        db.session.commit()
    return web.see(url_for(".own_words", turn_id=turn_id))


add.keeps_text = keeping.keeper("add", "reflections.own_words")  # type: ignore[attr-defined]  # the path of a request looks for it
own_words.is_way_of = keeping.leads_to_own  # type: ignore[attr-defined]  # and so does signing in
