"""Texts that came at a bad moment, an ended sign-in or an error on our side: put aside for who wrote them.

Every form with room for words carries who wrote on it, at which address it stood and what its boxes are called. A POST
that cannot be admitted is sealed for that account, and the macro of forms puts it back into the boxes of the same
form once that account is there again. No view has to remember it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, g, render_template, request, url_for
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateTimeField, FieldList, FormField, PasswordField, StringField

from clinic import access, clock, vault, web
from clinic.accounts import actions, queries
from clinic.accounts.actions import Cause
from clinic.accounts.models import KeptForm
from clinic.accounts.views.signing import pages
from clinic.extensions import db

NOT_TYPED = ("csrf_token", "writer", "aside")
TYPED = (StringField, DateTimeField, FieldList, FormField)
"""Boxes that somebody types into: days and times, too (they are kinds of DateTimeField)."""


@dataclass(frozen=True)
class Writer:
    """What a form says of itself: whose it is, the address of its page, and what its boxes for words are called."""

    person_id: UUID
    page: str
    boxes: dict[str, str]


# What a form carries


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(vault.lasting("writer"), salt="writer")


@pages.app_template_global("carried_by")
def carried_by(form: Any, action: str = "", *, keeps: bool = False) -> Markup:
    """The hidden fields of a form with room for words; nothing for others, and nothing where a proof is asked.

    `keeps` is for a form whose words are kept by a door of its own, whatever its boxes are.
    """
    boxes = _boxes(form) if form is not None else {}
    person_id = web.viewer().person_id
    if person_id is None or not (boxes or keeps):
        return Markup()
    gives_back(form, action)
    carried = {"writer": _signed(person_id, action, boxes), "aside": getattr(form, "aside", "")}
    field = Markup('<input type="hidden" name="{}" value="{}">').format
    return Markup().join(field(name, value) for name, value in carried.items() if value)


def _signed(person_id: UUID, action: str, boxes: dict[str, str]) -> str:
    """Bound to one form: it puts nothing aside anywhere else. It outlives the sign-in, as it has to."""
    word: str = _signer().dumps([person_id.hex, _page(), action or request.path, boxes])
    return word


def _page() -> str:
    """The address at which the form can be seen again; after a POST that was not carried out, that of before."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    named = named_writer()
    return named.page if named else request.path


def _boxes(form: Any) -> dict[str, str]:
    fields = list(form)
    if any(isinstance(one, PasswordField) for one in fields) or getattr(form, "is_confirmation", False):
        return {}
    return {one.name: one.label.text for one in fields if isinstance(one, TYPED)}


def named_writer() -> Writer | None:
    """Who wrote what is posted here, as its form says; None when it says nothing, or something forged."""
    try:
        person, page, action, boxes = _signer().loads(request.form.get("writer", ""))
    except (BadSignature, ValueError):
        return None
    return Writer(UUID(person), page, boxes) if action == request.path else None


# Putting aside


def put_aside(cause: Cause) -> str | None:
    """Keep the words of a POST that was not carried out; the page on which they are found, or None."""
    writer = named_writer()
    typed = [(name, value) for name, value in request.form.items(multi=True) if not name.endswith(NOT_TYPED)]
    if writer is None or not any(value.strip() and _label_of(name, writer.boxes) for name, value in typed):
        return None
    db.session.rollback()
    actions.keep_form(
        writer.person_id, actions.Typed(request.path, writer.page, writer.boxes, typed), cause, clock.now()
    )
    db.session.commit()
    return writer.page


def _label_of(name: str, boxes: Mapping[str, str]) -> str | None:
    """What stands above a box; a line of a list is called like its list. None for what is no box for words."""
    return boxes.get(name) or next((said for box, said in boxes.items() if name.startswith(f"{box}-")), None)


# Giving back


def _own_kept() -> Sequence[KeptForm]:
    """What is put aside for who looks, asked once a request; what clients write has a door of its own."""
    if "kept_forms" not in g:
        is_there = web.viewer().is_staff and current_user.put_aside
        g.kept_forms = queries.kept_forms(web.viewer()) if is_there else []
    found: Sequence[KeptForm] = g.kept_forms
    return found


@pages.app_template_global("gives_back")
def gives_back(form: Any, action: str = "") -> bool:
    """Put words that could not arrive back into the boxes of their form; True when there were some."""
    here = action or request.path
    if request.method == "POST":  # what is in the boxes was just typed; it may be what was given back before
        form.was_typed = request.form.to_dict() if here == request.path else {}
        form.aside = form.was_typed.get("aside", "")
    elif not hasattr(form, "aside"):
        form.aside, form.was_typed = "", {}
        wanted = (here, _page())  # a page whose address says more than its path is another page
        row = next((one for one in _own_kept() if (one.action, one.page) == wanted), None)
        if row is not None:
            typed = MultiDict((name, value) for name, value in row.body["typed"])
            form.process(typed)
            form.was_typed = typed.to_dict()
            form.aside, form.put_aside_said = (
                str(row.id),
                web.moment(row.kept_at, queries.zone_of(web.viewer())),
            )
    return hasattr(form, "put_aside_said")


def settle(status: int) -> None:
    """What was given back has been carried out: it need not be kept any longer."""
    if request.method == "POST" and status == 303 and web.viewer().is_staff and (id_ := _given_back()):
        actions.let_go_of_kept(web.viewer(), id_)
        db.session.commit()


def _given_back() -> UUID | None:
    try:
        return UUID(request.form.get("aside", ""))
    except ValueError:
        return None


# What is put aside, on a page of its own: its form may be gone by now


@pages.app_template_global("put_aside_for")
def put_aside_for() -> int:
    """How many texts wait for who looks."""
    return current_user.put_aside if web.viewer().is_staff else 0


@pages.get("/put-aside")
@access.staff
def kept() -> str:
    """Every text that could not arrive, whole, with the way to its page."""
    rows = [(one, list(_words_in(one))) for one in _own_kept()]
    return render_template("accounts/kept.html", rows=rows, zone=queries.zone_of(web.viewer()))


def _words_in(row: KeptForm) -> Iterator[tuple[str, str]]:
    for name, value in row.body["typed"]:
        if value.strip() and (said := _label_of(name, row.body["boxes"])):
            yield said, value


@pages.post("/put-aside/<uuid:kept_id>/let-go")
@access.staff
def let_go_of(kept_id: UUID) -> BaseResponse:
    """Its writer does not need it any more."""
    web.found(queries.kept_form_for(web.viewer(), kept_id))
    actions.let_go_of_kept(web.viewer(), kept_id)
    db.session.commit()
    flash("Let go. It is kept nowhere any more.", "done")
    return web.see(url_for("accounts.kept"))
