"""Texts that came at a bad moment, an expired sign-in or an error on our side: put aside for their author alone."""

import secrets
from collections.abc import Callable, Sequence
from traceback import extract_tb
from uuid import UUID

from flask import Response, current_app, request, session

from clinic import clock, vault, web
from clinic.access import Viewer
from clinic.accounts import queries as accounts
from clinic.exercises.reading import keepable
from clinic.extensions import db
from clinic.reflections import actions, queries, sheets
from clinic.reflections.drafts import Author, Place
from clinic.reflections.versions import Page
from clinic.reflections.views.turn import form_of, page_of, posted_screen

Words = Sequence[tuple[str, list[str]]]


def keeper(place: Place) -> Callable[[], None]:
    """What a view does with a POST whose sign-in has just expired: its text goes to that account and to nobody else."""

    def keep() -> None:
        viewer = accounts.expired_side(session.get("_user_id", ""), clock.now())
        if viewer is not None and viewer.is_client and request.view_args:
            with vault.reading(viewer, "reflections.keep"):
                _keep_for(viewer, request.view_args["turn_id"], place)
                db.session.remove()

    return keep


def _keep_for(viewer: Viewer, turn_id: UUID, place: Place) -> None:
    author, now = actions.author_for(viewer, turn_id), clock.now()
    if author is None:
        return
    if place == "write":
        sheet = sheets.sheet_of(author, now)
        actions.keep_text(
            author, page_of(form_of(sheet, posted_screen(sheet))()), "sign_in", now, name=page_name()
        )
    elif text := request.form.get("text", ""):
        actions.keep_words(author, place, keepable(text), "sign_in", now)
    db.session.commit()


def page_name() -> str:
    """What the script of an open page calls itself."""
    return request.form.get("page", "")[:64]


def words_kept(author: Author, place: Place) -> str:
    """The text of an addition or a word to the counselor that could not arrive."""
    kept = queries.kept_texts(author.turn, author.partner_id, place)
    return str(kept[-1].body["text"]) if kept else ""


def keep_page(turn_id: UUID, page: Page) -> bool:
    """After an error: put the text of a page aside; False when not even that was possible."""
    db.session.rollback()
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
