"""Two versions of one text: both are shown, field by field, and their writer chooses or keeps both."""

from datetime import datetime
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.exercises import answers as shapes
from clinic.extensions import db
from clinic.reflections import actions, queries, versions
from clinic.reflections.models import KeptText
from clinic.reflections.sheets import ALL, Screen, Sheet
from clinic.reflections.versions import Difference, Page, Pick
from clinic.reflections.views import keeping
from clinic.reflections.views.turn import form_of, own, page_of, pages, seen_version, words_page
from forms.reflections import choices_between, fill

HERE = {
    "window": "On this screen",
    "sign_in": "When your sign-in ended",
    "error": "When something went wrong",
}


def differs(sheet: Sheet, page: Page) -> bool:
    """True when a page says something else than the draft does by now."""
    return bool(versions.differences(sheet.asked, page, actions.standing(sheet.author), sheet.author.role))


def conflicting(sheet: Sheet, page: Page, at: datetime | None) -> Response | BaseResponse:
    """Another window came first: this text is put aside, too, and its writer is asked."""
    kept = actions.keep_text(sheet.author, page, "window", clock.now(), name=keeping.page_name())
    db.session.commit()
    return _choice_page(own(sheet.author.turn.id), kept, at, 409)


def waiting(sheet: Sheet) -> Response | BaseResponse | None:
    """The choice that waits for this writer, if a text was put aside that says something else than the draft."""
    draft = queries.draft_of(sheet.author.turn, sheet.author.partner_id)
    for kept in queries.kept_texts(sheet.author.turn, sheet.author.partner_id):
        if _differences(sheet, kept):
            return _choice_page(sheet, kept, draft.saved_at if draft else None)
    return None


def _differences(sheet: Sheet, kept: KeptText) -> list[Difference]:
    standing = actions.standing(sheet.author)
    return versions.differences(sheet.asked, Page.from_json(kept.body), standing, sheet.author.role)


def _choice_page(
    sheet: Sheet, kept: KeptText, at: datetime | None, status: int = 200
) -> Response | BaseResponse:
    found = _differences(sheet, kept)
    form = choices_between((one.name, one.can_keep_both, one.likely) for one in found)(formdata=None)
    draft = queries.draft_of(sheet.author.turn, sheet.author.partner_id)
    form["kept"].data, form["version"].data = str(kept.id), str(draft.version if draft else 0)
    rows = [
        (one.label, _as_text(one, one.here), _as_text(one, one.there), form[f"pick_{one.name}"])
        for one in found
    ]
    return words_page(
        sheet,
        "reflections/choose.html",
        status,
        at=url_for(".write", turn_id=sheet.author.turn.id),
        form=form,
        rows=rows,
        cause=kept.cause,
        here_title=HERE[kept.cause],
        there_title=f"Saved at {web.clock_time(web.in_zone(at, sheet.zone))}" if at else "In your draft",
    )


def _as_text(one: Difference, answer: object) -> str:
    return "\n".join(shapes.describe(one.field, answer))


@pages.post("/<uuid:turn_id>/choose")
@access.clients
def choose(turn_id: UUID) -> Response | BaseResponse:
    """Go on with what was chosen; a choice that was made on an older draft is asked again."""
    sheet, now = own(turn_id), clock.now()
    kept = next(
        (one for one in queries.kept_texts(sheet.author.turn, sheet.author.partner_id) if _is_named(one)),
        None,
    )
    if kept is not None:
        try:
            actions.choose(sheet.author, kept, _picks(), seen_version(), now)
        except actions.Conflict as conflict:
            return _choice_page(sheet, kept, conflict.at, 409)
        _read_again(own(turn_id), now)
        db.session.commit()
    return web.see(url_for(".write", turn_id=turn_id))


def _is_named(kept: KeptText) -> bool:
    return str(kept.id) == request.form.get("kept")


def _picks() -> dict[str, Pick]:
    given = {name[5:]: value for name, value in request.form.items() if name.startswith("pick_")}
    return {name: value for name, value in given.items() if value in {"here", "there", "both"}}  # type: ignore[misc]


def _read_again(sheet: Sheet, now: datetime) -> None:
    """Texts that were put together may be too long now: read them as if they had been typed."""
    standing = actions.standing(sheet.author)
    form = form_of(sheet, Screen(ALL))(formdata=None)
    fill(form, standing.answers, standing.extras)
    actions.settle(sheet.author, versions.overlaid(standing, page_of(form)), now)
