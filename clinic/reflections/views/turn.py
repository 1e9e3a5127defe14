"""The turn at hand: the blueprint, whose turn it is, its words, and the form that was posted for it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import clock, web
from clinic.exercises import queries as exercises
from clinic.practice import queries as practices
from clinic.reflections import actions, queries, rules, sheets
from clinic.reflections.drafts import Author
from clinic.reflections.rules import Sending
from clinic.reflections.sheets import ALL, Screen, Sheet
from clinic.reflections.versions import Page
from forms.reflections import TurnForm, draft_from, extras_from, form_for

pages = Blueprint("reflections", __name__, url_prefix="/reflections")


def own(turn_id: UUID) -> Sheet:
    """The viewer's own turn as its pages know it; 404 for every other."""
    return Sheet(own_author(turn_id), clock.now())


def own_author(turn_id: UUID) -> Author:
    """The viewer as the author of a turn; 404 when it is not theirs to write."""
    return web.found(actions.author_for(web.viewer(), turn_id))


def words_page(
    sheet: Sheet, template: str, status: int = 200, *, at: str | None = None, **values: Any
) -> Response | BaseResponse:
    """The one way to a page with own words: what was sent, and a draft made from it, opens after a fresh proof.

    `at` is the page to come back to with the proof, when it is another one than this.
    """
    if must_prove(sheet):
        return web.see(proof_for(at))
    return web.page(template, status, sheet=sheet, **values)


def must_prove(sheet: Sheet) -> bool:
    """True when this turn has sent words of its author, and nobody showed within five minutes that it is the author."""
    author = sheet.author
    return not web.viewer().has_fresh_proof and queries.has_sent(author.turn, author.partner_id)


def proof_for(at: str | None = None) -> str:
    """Where one proves who one is, to come back to this page or to the one at `at`."""
    return url_for("accounts.prove", next=at or request.full_path.rstrip("?"))


def held() -> Response:
    """The one neutral page: the same bytes for every reason there is nothing to do."""
    practice = web.found(practices.practice_of(web.viewer()))
    return web.page("reflections/held.html", phone=practice.phone)


def stop_page(sheet: Sheet, *, is_sent: bool) -> Response:
    """The stop page with the crisis block, in the same response."""
    practice = web.found(practices.practice_of(web.viewer()))
    return web.page(
        "reflections/stop.html",
        sheet=sheet,
        lines=practices.crisis_lines(practice),
        phone=practice.phone,
        is_sent=is_sent,
    )


def declines(sheet: Sheet) -> list[tuple[str, str]]:
    """The three ways to say something else than an answer."""
    turn_id = sheet.author.turn.id
    said = ("not_now", "Not now"), ("too_much", "Too much"), ("something_else", "For my counselor")
    return [(label, url_for("reflections.say", turn_id=turn_id, kind=kind)) for kind, label in said]


# The form


def form_of(sheet: Sheet, screen: Screen) -> type[TurnForm]:
    """The form of one screen, or of all of them."""
    is_all = screen.name == ALL
    return form_for(
        sheet.asked,
        role=sheet.author.role,
        attempt=sheet.author.turn.attempt,
        rows=sheets.rows_for(sheet),
        with_tail=sheet.asks_tail and (is_all or screen.name == "tail"),
        with_safety=sheet.asked.reaches_partner and (is_all or screen.name == "safety"),
        with_consent=False,
        only=None if is_all else screen.keys,
    )


def posted_screen(sheet: Sheet) -> Screen:
    """The screen that a POST came from; whatever the document does not know counts as all of it."""
    name = request.form.get("screen", ALL)
    known = {f"x_{field.key}": (field.key,) for field in sheets.questions_of(sheet)}
    if name in {"safety", "tail"} or name in known:
        return Screen(name, known.get(name, ()))
    return Screen(ALL)


def page_of(form: TurnForm) -> Page:
    """What one page says, and which boxes were on it."""
    extras = extras_from(form)
    sending = Sending(
        answers=draft_from(form),
        safe=extras.get("safety"),
        narrowed=tuple(extras["narrowed"]),
        tail=extras.get("tail", {}),
    )
    boxes = [f"x_{question.field.key}" for question in form.questions]
    own_boxes = [name for name in form.data if name == "safety" or name.startswith("tail_")]
    return Page(sending, (*boxes, *own_boxes))


def room_of_turn(turn_id: UUID) -> int:
    """As many characters as any turn has room for: this is asked before anybody is known, so that the bound is the same
    for every address. One of its own would tell which exercise an address belongs to, and whether there is one."""
    return exercises.most_room()


def mark_of(sentence: str) -> str:
    """By this a form names the sentence about readers that stands on its page."""
    return rules.bound_hash({"sentence": sentence})


def is_under_another(sentence: str) -> bool:
    """The sentence that was read is the one that binds: when another one holds by now, that is read first."""
    named = request.form.get("readers")
    return bool(named) and named != mark_of(sentence)


def seen_version() -> int:
    """The version of the draft that the page was made from."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
