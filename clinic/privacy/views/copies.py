"""A client's own pages: a copy of the own record, made in the background, and what a law made the practice give."""

import base64
from collections.abc import Sequence
from uuid import UUID

from flask import Response, flash, make_response, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs
from clinic.accounts import queries as sign_ins
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.privacy import actions, queries
from clinic.privacy.models import Disclosure
from clinic.privacy.views.blueprint import pages
from clinic.web import found, see, viewer

STEPS = 3
FORMS = {"data": ("application/json", "json"), "pages": ("application/pdf", "pdf")}


@pages.get("/")
@access.clients
@access.fresh_proof
def copies() -> Response:
    """What there is of copies, and how far the one is that is being made."""
    rows = queries.latest(viewer())
    is_waiting = any(one.state in {"waiting", "rendering"} for one in rows)
    zone = sign_ins.zone_of(viewer())
    page = render_template("privacy/copies.html", rows=rows, is_waiting=is_waiting, steps=STEPS, zone=zone)
    response = make_response(page)
    if is_waiting:
        response.headers["Refresh"] = "2"
    return response


@pages.post("/ask")
@access.clients
@access.fresh_proof_then("privacy.copies")
def ask() -> BaseResponse:
    """Have a copy made."""
    practice = found(practices.practice_of(viewer()))
    try:
        actions.ask(viewer(), practice.paper, clock.now())
    except actions.RightsError as error:
        db.session.rollback()
        flash(str(error), "error")
        return see(url_for("privacy.copies"))
    db.session.commit()
    jobs.wake()
    return see(url_for("privacy.copies"))


@pages.post("/<uuid:copy_id>/<any(data, pages):form>")
@access.clients
@access.fresh_proof_then("privacy.copies")
def take(copy_id: UUID, form: str) -> Response:
    """The copy itself, as a file under a name that tells a finder nothing."""
    copy = found(queries.get_for(viewer(), copy_id))
    found(copy.ready_at)
    body = (copy.data or "").encode() if form == "data" else base64.b64decode(copy.pdf or "")
    kind, ending = FORMS[form]
    actions.note_taken(viewer(), copy, form)
    name = f"pages-{copy.asked_at:%Y-%m-%d}.{ending}"
    db.session.commit()
    response = Response(body, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@pages.app_template_global("disclosures_told")
def disclosures_told(partner: Partner) -> Sequence[Disclosure]:
    """What a law made the practice give of this partner's words, or of both's, as far as they may know it."""
    return queries.told_to(viewer(), partner)
