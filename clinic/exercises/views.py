"""Pages of the library: the six practices with their exercises, and each exercise to read."""

from uuid import UUID

from flask import Blueprint, render_template, request

from clinic.access import staff
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises import queries
from clinic.exercises.answers import sample_rows
from clinic.exercises.practices import TRUST_PRACTICES
from clinic.exercises.prose import line, prose
from clinic.exercises.summary import cadence_said, glance, minutes, span_said
from clinic.web import found, viewer
from forms.reflections import form_for

pages = Blueprint("exercises", __name__, url_prefix="/exercises")
pages.add_app_template_filter(prose)
pages.add_app_template_filter(line, "prose_line")
pages.add_app_template_filter(cadence_said)
pages.add_app_template_filter(span_said)
pages.add_app_template_filter(minutes, "minutes_said")


@pages.get("/")
@staff
def library() -> str:
    """All exercises, by the practice that they serve first."""
    documents = [queries.document_of(row) for row in queries.latest(viewer())]
    shelves = [
        (practice, [one for one in documents if one.trust_practice == key])
        for key, practice in TRUST_PRACTICES.items()
    ]
    return render_template("exercises/library.html", shelves=shelves, couple=_couple_in_mind())


@pages.get("/<slug>")
@staff
def show(slug: str) -> str:
    """One exercise: why, how, how sure that is, with what care, and the questions as the clients see them."""
    document = queries.document_of(found(queries.get_for(viewer(), slug.replace("-", "_"))))
    others = [queries.document_of(row) for row in queries.latest(viewer())]
    asked = {
        key: form_for(turn, rows=sample_rows(document, turn))(
            prefix=f"{key}-", formdata=None, meta={"csrf": False}
        )
        for key, turn in document.turns.items()
    }
    return render_template(
        "exercises/show.html",
        exercise=document,
        glance=glance(document, others),
        asked=asked,
        couple=_couple_in_mind(),
    )


def _couple_in_mind() -> Couple | None:
    """The couple that the counselor came from, when she may work with it."""
    try:
        return couples.work_for(viewer(), UUID(request.args.get("couple", "")))
    except ValueError:
        return None
