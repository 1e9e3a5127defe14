"""How words end: the end of care, a request or the end of their time, and the period in which it can be undone."""

from functools import partial
from uuid import UUID

from flask import Response, current_app, flash, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from clinic import access, backup, clock, web
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice import actions as practice_acts
from clinic.practice import queries as practices
from clinic.privacy import endings, queries, rules
from clinic.privacy.views.blueprint import both_or_one, chosen, done, has_come, own_partner, pages, workable
from forms.bounds import room
from forms.privacy import CareForm, EndForm, TermsForm


@pages.get("/couples/<uuid:couple_id>")
@access.counselors
def record(couple_id: UUID) -> str:
    """The record of a couple as something to be kept, given or ended."""
    couple = workable(couple_id)
    holds, now = queries.holds_of([couple.id])[couple.id], clock.now()
    ends = queries.endings_of([couple.id])
    return render_template(
        "privacy/record.html",
        couple=couple,
        practice=practices.by_id(couple.practice_id),
        holds=holds,
        in_force={one.id: queries.in_force(holds, one) for one in couple.partners},
        endings=ends,
        until={one.id: queries.until(one, couple) for one in couple.partners},
        today=clock.local_day(now, couple.zone),
        requests=queries.requests_of(web.viewer(), couple.id),
        disclosures=queries.disclosures_of(web.viewer(), couple.id),
        copies_of_before=_copies_of_before(ends.values()),
    )


def _copies_of_before(ends: object) -> int:
    """How many backups were made before the first of these was shredded: nobody can reach into them."""
    days = [one.settled_at for one in ends if one.state == "shredded" and one.settled_at]  # type: ignore[attr-defined]
    folder = current_app.config["SETTINGS"].backup_dir
    return sum(backup.made_at(file) < min(days) for file in backup.all_in(folder)) if days else 0


@pages.route("/partners/<uuid:partner_id>/end", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
@web.takes(room(EndForm))
def end(partner_id: UUID) -> Response | BaseResponse:
    """Begin to end the words of one partner, on that one's own word or because their time is over."""
    partner, form = own_partner(partner_id), EndForm()
    couple, now = partner.couple, clock.now()
    form.cause.choices = _causes(partner)
    if form.validate_on_submit() and _is_named(form, partner):
        act = partial(endings.close, web.viewer(), partner, form.cause.data, form.reason.data or "", now)
        said = f"Closed. It can be undone for {practices.by_id(couple.practice_id).undo_days} days."
        return done(act, said, url_for("privacy.record", couple_id=couple.id))
    return web.page(
        "privacy/end.html",
        422 if form.errors else 200,
        form=form,
        partner=partner,
        couple=couple,
        practice=practices.by_id(couple.practice_id),
        holds=queries.holds_on(partner),
    )


def _causes(partner: Partner) -> list[SelectChoice]:
    """Their own word, or the end of the time, when it is over."""
    asked = SelectChoice("request", f"{partner.name} asked for it, in person")
    over = SelectChoice("retention", "The time for which it is kept is over")
    return [asked, over] if queries.is_over(partner, clock.now()) else [asked]


def _is_named(form: EndForm, partner: Partner) -> bool:
    """Nothing ends by a slip of the hand."""
    typed, name = ((text or "").strip().casefold() for text in (form.name.data, partner.name))
    if typed != name:
        form.name.errors = ["That is not the name above."]
    return typed == name


@pages.route("/endings/<uuid:ending_id>/undo", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def undo(ending_id: UUID) -> str | BaseResponse:
    """Within the period: nothing ends."""
    ending = web.found(queries.ending_for(web.viewer(), ending_id))
    if request.method == "GET":
        couple = couples.at_hand(ending.couple_id)
        partner = next(one for one in couple.partners if one.id == ending.partner_id)
        return render_template("privacy/undo.html", ending=ending, couple=couple, partner=partner)
    act = partial(endings.undo, web.viewer(), ending, clock.now())
    return done(act, "Undone. All is there again.", url_for("privacy.record", couple_id=ending.couple_id))


# Care and its time


@pages.route("/couples/<uuid:couple_id>/care", methods=["GET", "POST"])
@access.counselors
def end_care(couple_id: UUID) -> Response | BaseResponse:
    """Care ends: for both, or for each of two who separated on a day of their own."""
    couple, form = workable(couple_id), CareForm()
    form.offer(_in_care(couple))
    if form.validate_on_submit() and form.on.data and has_come([form.on], couple.zone):
        one = chosen(couple, form.whom.data)
        on = min(clock.day_starts(form.on.data, couple.zone), clock.now())
        act = partial(
            endings.end_care, web.viewer(), couple, [one] if one else couple.partners, on, clock.now()
        )
        return done(act, "Care has ended.", url_for("privacy.record", couple_id=couple.id))
    practice = practices.by_id(couple.practice_id)
    return web.page(
        "privacy/end_care.html", 422 if form.errors else 200, form=form, couple=couple, practice=practice
    )


def _in_care(couple: Couple) -> list[tuple[str, str]]:
    """For whom it can end: for both together, and apart only when they are separated."""
    offered = both_or_one(couple) if couple.separated_at else both_or_one(couple)[:1]
    left = {str(one.position) for one in couple.partners if one.left_at}
    return [one for one in offered if one[0] not in left and not (left and one[0] == "both")]


@pages.post("/couples/<uuid:couple_id>/care/again")
@access.counselors
def take_up(couple_id: UUID) -> BaseResponse:
    """Care goes on."""
    couple = workable(couple_id)
    act = partial(endings.take_up, web.viewer(), couple, clock.now())
    return done(act, "Care goes on. No time runs.", url_for("privacy.record", couple_id=couple.id))


@pages.get("/retention")
@access.counselors
def retention() -> str:
    """Records whose time is over, or will be soon; nothing goes by itself."""
    practice = web.found(practices.practice_of(web.viewer()))
    rows = queries.kept_records(web.viewer())
    ahead = clock.local_day(clock.now() + rules.AHEAD, practice.zone)
    return render_template(
        "privacy/retention.html",
        soon=[one for one in rows if one.until <= ahead],
        later=[one for one in rows if one.until > ahead],
        practice=practice,
        shown=queries.SHOWN,
    )


@pages.route("/terms", methods=["GET", "POST"])
@access.owners
def terms() -> Response | BaseResponse:
    """How long an erasure can be undone, and how long records are kept."""
    practice = web.found(practices.practice_of(web.viewer()))
    form = TermsForm(obj=practice)
    if form.validate_on_submit():
        years, days = form.retention_years.data, form.undo_days.data
        practice_acts.set_terms(web.viewer(), practice, days or 0, years or 0)  # the form has bounds for both
        db.session.commit()
        flash("Saved. What has begun keeps the day that it was told.", "done")
        return web.see(url_for("practice.show"))
    return web.page("privacy/terms.html", 422 if form.errors else 200, form=form, practice=practice)
