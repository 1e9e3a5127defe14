"""Pages of documents as issued: the list, one with its preview, the pages themselves."""

from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs
from clinic.couples.models import Couple
from clinic.documents import actions, queries, rules
from clinic.documents.models import Document
from clinic.extensions import db
from clinic.web import found, page, see, viewer

pages = Blueprint("documents", __name__, url_prefix="/documents")

LOOKS_AGAIN = "2"
"""Seconds after which a page that waits for its document looks again by itself."""


@pages.get("/")
@access.staff
def index() -> str:
    """The newest documents of the couples that the viewer may see."""
    rows = queries.latest(viewer())
    return render_template(
        "documents/index.html",
        rows=rows,
        couples=queries.couples_of(rows),
        said=said,
        whom=whom,
        kinds=rules.KINDS,
    )


@pages.get("/<uuid:document_id>")
@access.staff
@access.fresh_proof
def show(document_id: UUID) -> Response:
    """One document: its preview, how far it is, or why it could not be made."""
    document = found(queries.get_for(viewer(), document_id))
    couple = queries.couples_of([document])[document.couple_id]
    body = render_template(
        "documents/show.html",
        document=document,
        couple=couple,
        kind=rules.KINDS[document.kind][0],
        audience=whom(document, couple),
        is_late=clock.now() - document.asked_at > rules.USUAL,
    )
    response = make_response(body)
    if document.state in {"waiting", "rendering"}:
        response.headers["Refresh"] = LOOKS_AGAIN
    return response


@pages.get("/<uuid:document_id>/pages")
@access.staff
@access.fresh_proof
def pages_of(document_id: UUID) -> Response:
    """The pages, for the preview and for printing."""
    document = found(queries.get_for(viewer(), document_id))
    found(document.ready_at)
    response = Response(actions.pages_of(document), mimetype="application/pdf")
    kind = "attachment" if "keep" in request.args else "inline"
    response.headers.set("Content-Disposition", kind, filename=rules.file_name(document.asked_at.date()))
    return response


@pages.post("/<uuid:document_id>/again")
@access.counselors
def again(document_id: UUID) -> BaseResponse:
    """Try once more."""
    document = found(queries.get_for(viewer(), document_id))
    try:
        actions.again(viewer(), document, clock.now())
    except actions.DocumentError as error:
        return page("errors/409.html", 409, reason=str(error))
    db.session.commit()
    jobs.wake()
    return see(url_for("documents.show", document_id=document_id))


def said(document: Document) -> str:
    """How far a document is, in a word."""
    return {
        "waiting": "being made",
        "rendering": "being made",
        "ready": "ready",
        "failed": "could not be made",
    }[document.state]


def whom(document: Document, couple: Couple) -> str:
    """Who a document is for, by name."""
    names = {one.position: one.name for one in couple.partners}
    return rules.readers_said(document.kind, document.audience, names)
