"""Pages of the practice: its letterhead, the papers that clients sign, and its crisis resources, for owners."""

from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, mail, web
from clinic.extensions import db
from clinic.practice import actions, library, queries, rules
from clinic.practice.models import ConsentDocument, Practice
from forms.bounds import room
from forms.practice import CrisisForm, DraftForm, LetterheadForm, PublishForm

pages = Blueprint("practice", __name__, url_prefix="/practice")

LOOKS_BACK = timedelta(days=30)
"""Mails that were given up are told so long."""


def _own() -> Practice:
    return web.found(queries.practice_of(web.viewer()))


@pages.get("/")
@access.owners
def show() -> str:
    """What the practice says about itself."""
    practice = _own()
    return render_template(
        "practice/show.html",
        practice=practice,
        papers=queries.in_force(practice.id, clock.now()),
        titles=rules.TITLES,
        lines=queries.crisis_lines(practice),
        last_verified=queries.last_verified(practice),
        is_stale=queries.stale_since(practice, clock.now()) is not None,
        given_up=mail.given_up(practice.id, clock.now() - LOOKS_BACK),
    )


@pages.route("/letterhead", methods=["GET", "POST"])
@access.owners
@web.takes(room(LetterheadForm))
def letterhead() -> Response | BaseResponse:
    """Name, address, phone, zone, paper."""
    practice = _own()
    form = LetterheadForm(obj=practice)
    form.offer([(locale, region.region) for locale, region in library.regions().items()])
    if form.validate_on_submit():
        values = {name: (form[name].data or "").strip() for name in actions.LETTERHEAD}
        try:
            actions.write_letterhead(web.viewer(), practice, **values)
        except actions.PracticeError as error:
            db.session.rollback()
            form.zone.errors = [str(error)]
            return web.page("practice/letterhead.html", 422, form=form)
        return _saved()
    return web.page("practice/letterhead.html", 422 if form.is_submitted() else 200, form=form)


@pages.route("/crisis", methods=["GET", "POST"])
@access.owners
@web.takes(room(CrisisForm))
def crisis() -> Response | BaseResponse:
    """Whom clients call in danger."""
    practice = _own()
    form = CrisisForm(data={"lines": queries.crisis_rows(practice)})
    if form.validate_on_submit() and _has_come(form, clock.local_day(clock.now(), practice.zone)):
        actions.list_crisis_lines(web.viewer(), practice, form.listed())
        return _saved()
    sources = [(f"{one.name}, {one.number}", one.source) for one in library.lines_of(practice.locale)]
    return web.page("practice/crisis.html", 422 if form.is_submitted() else 200, form=form, sources=sources)


def _has_come(form: CrisisForm, today: date) -> bool:
    """False when a day is still to come on which somebody would have looked: it would never be asked for again."""
    days = [entry.form.last_verified for entry in form.lines]
    early = [one for one in days if one.data is not None and one.data > today]
    for one in early:
        one.errors = ["That day is still to come."]
    return not early


def _saved() -> BaseResponse:
    db.session.commit()
    flash("Saved.", "done")
    return web.see(url_for("practice.show"))


# Papers that clients sign


@pages.get("/papers/<any(consent, secrets):kind>")
@access.owners
def paper(kind: str) -> str:
    """One paper: the version in force, the draft of the next one, and all that were before."""
    practice = _own()
    return render_template(
        "practice/paper.html",
        practice=practice,
        kind=kind,
        titles=rules.TITLES,
        forms=rules.FORMS,
        versions=queries.versions_of(practice, kind),
        in_force=queries.in_force(practice.id, clock.now())[kind],
        draft=queries.draft_of(practice, kind),
    )


@pages.route("/papers/<any(consent, secrets):kind>/draft", methods=["GET", "POST"])
@access.owners
@web.takes(room(DraftForm))
def draft(kind: str) -> Response | BaseResponse:
    """Write the next version; begin with a finished text, or with the version in force."""
    practice = _own()
    form = DraftForm(data=_begun(practice, kind))
    form.offer(list(rules.FORMS.items()) if kind == "secrets" else [])
    if form.validate_on_submit():
        chosen = form.form.data if "form" in form else ""
        written = actions.Written(kind, form.text.data or "", chosen)  # type: ignore[arg-type]  # the address has two
        actions.save_draft(web.viewer(), practice, written, clock.now())
        db.session.commit()
        return web.see(url_for("practice.preview", kind=kind))
    return web.page(
        "practice/draft.html",
        422 if form.is_submitted() else 200,
        form=form,
        kind=kind,
        titles=rules.TITLES,
        finished=_finished(kind),
    )


def _begun(practice: Practice, kind: str) -> dict[str, str]:
    """What stands in the boxes at first: the finished text that was asked for, the draft, or the version in force."""
    chosen = request.args.get("begin", "")
    if chosen in _finished(kind):
        return {"text": library.papers()[chosen], "form": chosen}
    row = queries.draft_of(practice, kind) or queries.versions_of(practice, kind)[0]
    return {"text": row.text, "form": row.form}


def _finished(kind: str) -> dict[str, str]:
    """The finished texts of a paper: name and what it comes to."""
    if kind == "consent":
        return {"consent": "The finished text"}
    return {name: rules.FORMS[name] for name in rules.FORMS if name in library.papers()}


@pages.route("/papers/<any(consent, secrets):kind>/preview", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
def preview(kind: str) -> Response | BaseResponse:
    """The draft as a partner will read it, and publishing it."""
    practice = _own()
    row = web.found(queries.draft_of(practice, kind))
    today = clock.local_day(clock.now(), practice.zone)
    form = PublishForm(data={"from_on": today, "grace": "now"})
    form.offer(list(rules.GRACES.items()))
    if form.validate_on_submit() and (answer := _published(practice, row, form)):
        return answer
    return web.page(
        "practice/preview.html",
        422 if form.is_submitted() else 200,
        form=form,
        kind=kind,
        title=rules.TITLES[row.kind],  # type: ignore[index]  # one of the two
        draft=row,
        blocks=rules.blocks(row.text),
        mistakes=rules.mistakes(row.kind, row.text),  # type: ignore[arg-type]
    )


def _published(practice: Practice, row: ConsentDocument, form: PublishForm) -> BaseResponse | None:
    now = clock.now()
    try:
        actions.publish(web.viewer(), practice, row, form.grace.data, _from(form, practice, now), now)
    except actions.PracticeError as error:
        db.session.rollback()
        form.form_errors = [str(error)]
        return None
    number = row.number
    db.session.commit()
    flash(f"Published as version {number}.", "done")
    return web.see(url_for("practice.paper", kind=row.kind))


def _from(form: PublishForm, practice: Practice, now: datetime) -> datetime:
    """Today means now; a day to come begins as days do here, at three in the night. The past is no choice."""
    chosen = form.from_on.data
    if chosen is None or chosen <= clock.local_day(now, practice.zone):
        return now
    return clock.day_starts(chosen, practice.zone)


@pages.post("/papers/<any(consent, secrets):kind>/let-go")
@access.owners
def let_go_of_draft(kind: str) -> BaseResponse:
    """The draft is not needed; what was published stays."""
    actions.let_go_of_draft(web.viewer(), web.found(queries.draft_of(_own(), kind)))
    db.session.commit()
    flash("The draft is gone. What was published stays as it is.", "done")
    return web.see(url_for("practice.paper", kind=kind))


@pages.get("/versions/<uuid:document_id>")
@access.staff
def version(document_id: UUID) -> str:
    """One version as it was published, for whoever works here."""
    row = web.found(queries.document_for(web.viewer(), document_id))
    web.found(row.number)
    return render_template(
        "practice/version.html",
        row=row,
        practice=_own(),
        titles=rules.TITLES,
        forms=rules.FORMS,
        blocks=rules.blocks(row.text),
    )
