"""Texts that came at a bad moment, an ended sign-in or an error on our side: put aside for their author alone."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from traceback import extract_tb
from uuid import UUID

from flask import Response, current_app, request, url_for

from clinic import clock, vault, web
from clinic.access import Viewer
from clinic.accounts.views import named_writer
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.reading import keepable
from clinic.extensions import db, set_transactions, transactions
from clinic.reflections import actions, queries, sheets
from clinic.reflections.drafts import Author, Cause, Place, has_room
from clinic.reflections.rules import Sending
from clinic.reflections.sheets import Line, Sheet
from clinic.reflections.versions import Page
from clinic.reflections.views.turn import form_of, page_of, posted_screen

Words = Sequence[tuple[str, list[str]]]


def keeper(place: Place, endpoint: str) -> Callable[[Cause], str | None]:
    """What a view does with a POST that cannot be admitted: its text goes to whom the form names, whoever is here.

    The answer is the page on which that partner finds it; None when nothing was kept.
    """

    def keep(cause: Cause) -> str | None:
        turn_id: UUID = (request.view_args or {})["turn_id"]
        writer = named_writer()
        viewer = _as_viewer(writer.person_id) if writer else None
        if viewer is None:
            return None
        db.session.rollback()
        with transactions(write=True), vault.reading(viewer, "reflections.keep"):
            is_kept = _keep_for(viewer, turn_id, place, cause)
            db.session.remove()
        return url_for(endpoint, turn_id=turn_id) if is_kept else None

    return keep


def _as_viewer(person_id: UUID) -> Viewer | None:
    """The client whom a form names, as a viewer of the own sides alone."""
    sides = couples.sides_of(person_id)
    couple = db.session.get(Couple, sides[0].couple_id) if sides else None
    return Viewer(person_id, couple.practice_id, sides=sides) if couple else None


def leads_to_own(viewer: Viewer, turn_id: UUID) -> bool:
    """True for the one who may write there: a way back after signing in leads nobody else anywhere."""
    return actions.author_for(viewer, turn_id) is not None


def _keep_for(viewer: Viewer, turn_id: UUID, place: Place, cause: Cause) -> bool:
    author, now = actions.author_for(viewer, turn_id, also_recalled=True), clock.now()
    text = request.form.get("text", "")
    if author is None or (place != "write" and not text):
        return False
    if place == "write":
        sheet = Sheet(author, now)
        page = page_of(form_of(sheet, posted_screen(sheet))())
        actions.keep_text(author, page, cause, now, name=page_name())
    else:
        actions.keep_words(author, place, keepable(text), cause, now)
    if not has_room(author, place):
        db.session.rollback()
        return False
    db.session.commit()
    return True


def page_name() -> str:
    """What the script of an open page calls itself."""
    return request.form.get("page", "")[:64]


def words_kept(author: Author, place: Place) -> str:
    """The text of an addition or a word to the counselor that could not arrive."""
    kept = queries.kept_texts(author.turn, author.partner_id, place)
    return str(kept[-1].body["text"]) if kept else ""


def unsent(sheet: Sheet) -> list[tuple[datetime, list[Line]]]:
    """Everything of a turn that its author wrote and did not send, the newest first."""
    turn, partner_id = sheet.author.turn, sheet.author.partner_id
    draft = queries.draft_of(turn, partner_id)
    found = [(draft.saved_at, Sending.from_json(draft.body))] if draft else []
    found += [(one.kept_at, Page.from_json(one.body).sending) for one in queries.kept_texts(turn, partner_id)]
    said = [(at, sheets.lines_of(sheet, sending)) for at, sending in found]
    beside = [one for place in ("add", "say") for one in queries.kept_texts(turn, partner_id, place)]
    said += [(one.kept_at, [Line("text", "A word of yours", [str(one.body["text"])])]) for one in beside]
    return sorted(said, key=lambda one: one[0], reverse=True)


def keep_page(turn_id: UUID, page: Page) -> bool:
    """After an error: put the text of a page aside; False when not even that was possible."""
    db.session.rollback()
    set_transactions(write=True)
    try:
        author = web.found(actions.author_for(web.viewer(), turn_id))
        actions.keep_text(author, page, "error", clock.now(), name=page_name())
        db.session.commit()
    except Exception:  # the page says that it was not kept
        db.session.rollback()
        return False
    return True


def failed(turn_id: UUID, error: Exception, *, is_kept: bool, words: Words = ()) -> Response:
    """Say what happened and that the text is safe; the log gets a number and the place, and none of the words."""
    db.session.rollback()
    code = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
    place = " < ".join(
        f"{frame.name}:{frame.lineno}" for frame in reversed(extract_tb(error.__traceback__)[-4:])
    )
    current_app.logger.error("a text could not be taken in (%s): %s in %s", code, type(error).__name__, place)
    return web.page("reflections/kept.html", 500, turn_id=turn_id, words=words, is_kept=is_kept, code=code)
