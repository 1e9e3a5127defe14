"""Who stands in for a counselor, and the record that an owner reads in an emergency."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from flask import Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.accounts import queries as sign_ins
from clinic.couples import queries, staffing
from clinic.couples.models import Couple
from clinic.couples.rules import CoupleError
from clinic.couples.views.blueprint import colleague, pages, workable
from clinic.extensions import db
from clinic.practice import queries as practices
from forms.bounds import room
from forms.couples import EmergencyForm, StandInForm


@pages.route("/<uuid:couple_id>/stand-in", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def stand_in(couple_id: UUID) -> Response | BaseResponse:
    """A colleague stands in with this couple for some days."""
    couple = workable(couple_id)
    back = url_for("couples.manage", couple_id=couple_id)
    at_work = {one.id for one in queries.assigned_to(couple_id, clock.now())}
    return _stand_in([couple], at_work, back, couple.alias)


@pages.route("/stand-in-for/<uuid:staff_id>", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
def stand_in_for(staff_id: UUID) -> Response | BaseResponse:
    """A colleague stands in with every couple of somebody who is away."""
    member = web.found(sign_ins.staff_for(web.viewer(), staff_id))
    theirs = queries.assigned_couples(member, clock.now())
    return _stand_in(theirs, {staff_id}, url_for("accounts.staff"), f"all couples of {member.name}")


def _stand_in(couples: Sequence[Couple], at_work: set[UUID], back: str, whom: str) -> Response | BaseResponse:
    viewer, now = web.viewer(), clock.now()
    practice = web.found(practices.practice_of(viewer))
    today = clock.local_day(now, practice.zone)
    form = StandInForm(data={"from_on": today, "to_on": today + timedelta(days=13)})
    others = [
        one for one in sign_ins.staff_at_work(viewer, now) if one.is_counselor and one.id not in at_work
    ]
    form.offer([(str(one.id), one.name) for one in others])
    if form.validate_on_submit() and _did_stand_in(form, couples, practice.zone):
        return web.see(back)
    status = 422 if form.is_submitted() else 200
    return web.page(
        "couples/stand_in.html", status, form=form, whom=whom, back=back, many=len(couples), others=others
    )


def _did_stand_in(form: StandInForm, couples: Sequence[Couple], zone: str) -> bool:
    member, begins, ends = colleague(form.member.data or ""), form.from_on.data, form.to_on.data
    if begins is None or ends is None:
        return False
    first, last = clock.day_starts(begins, zone), clock.day_ends(ends, zone)
    try:
        staffing.stand_in(web.viewer(), couples, member, max(first, clock.now()), last)
    except CoupleError as error:
        db.session.rollback()
        form.to_on.errors = [str(error)]
        return False
    db.session.commit()
    flash(f"{member.name} stands in until {web.short_day(ends)}, and reads what is sent.", "done")
    return True


# In an emergency


@pages.route("/emergency/<uuid:staff_id>", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
@web.takes(room(EmergencyForm))
def emergency(staff_id: UUID) -> Response | BaseResponse:
    """An owner opens the record of one of a counselor's couples, for a reason and for hours; they are told."""
    viewer, now = web.viewer(), clock.now()
    member = web.found(sign_ins.staff_for(viewer, staff_id))
    form, theirs = EmergencyForm(), _not_ones_own(queries.assigned_couples(member, now))
    couple = _called(form, theirs) if form.validate_on_submit() else None
    if couple is not None and _did_open(form, couple):
        return web.see(url_for("progress.couple", couple_id=couple.id))
    status = 422 if form.is_submitted() else 200
    return web.page(
        "couples/emergency.html", status, form=form, member=member, many=len(theirs), running=_running(theirs)
    )


def _not_ones_own(couples: Sequence[Couple]) -> list[Couple]:
    own = {side.couple_id for side in web.viewer().sides}
    theirs = [one for one in couples if one.id not in own]
    queries.names_of(theirs)
    return theirs


def _called(form: EmergencyForm, couples: Sequence[Couple]) -> Couple | None:
    """The couple that is called so, or one of whom is: nobody reads through the names of a practice here."""
    said = (form.couple.data or "").strip().casefold()
    found = [
        one
        for one in couples
        if said in {one.alias.casefold(), *(partner.name.casefold() for partner in one.partners)}
    ]
    if len(found) == 1:
        return found[0]
    form.couple.errors = [
        "More than one is called so. Type what the couple is called."
        if found
        else "Nobody is called so. Type it as their counselor does."
    ]
    return None


def _did_open(form: EmergencyForm, couple: Couple) -> bool:
    try:
        row = staffing.open_record(web.viewer(), couple, form.reason.data or "", form.hours.data, clock.now())
    except CoupleError as error:
        db.session.rollback()
        form.reason.errors = [str(error)]
        return False
    db.session.commit()
    practice = web.found(practices.practice_of(web.viewer()))
    until = web.clock_time(web.in_zone(row.until_at, practice.zone))
    flash(f"Open for you until {until}. Their counselors are told, and each partner sees who read.", "done")
    return True


def _running(couples: Sequence[Couple]) -> list[tuple[UUID, Couple]]:
    open_now = {one.couple_id: one.id for one in queries.own_emergencies(web.viewer(), clock.now())}
    return [(open_now[one.id], one) for one in couples if one.id in open_now]


@pages.post("/emergency/<uuid:access_id>/close")
@access.owners
def close_emergency(access_id: UUID) -> BaseResponse:
    """It is over before its hours were."""
    now = clock.now()
    running = queries.own_emergencies(web.viewer(), now)
    row = web.found(next((one for one in running if one.id == access_id), None))
    staffing.close_record(web.viewer(), row, now)
    db.session.commit()
    flash("Closed. It opens again only with a new reason.", "done")
    return web.see(url_for("accounts.staff"))


@pages.get("/opened/<uuid:access_id>")
@access.counselors
def opened(access_id: UUID) -> Response | BaseResponse:
    """Who read the record of a couple in an emergency, when, and why; for its counselors."""
    row = web.found(queries.emergency_for(web.viewer(), access_id))
    practice = web.found(practices.practice_of(web.viewer()))
    return web.page("couples/opened.html", row=row, couple=queries.at_hand(row.couple_id), zone=practice.zone)


@pages.post("/opened/<uuid:access_id>")
@access.counselors
def note_emergency(access_id: UUID) -> BaseResponse:
    """A counselor of the couple has read it."""
    row = web.found(queries.emergency_for(web.viewer(), access_id))
    staffing.note_emergency(web.viewer(), row, clock.now())
    db.session.commit()
    return web.see(url_for("progress.today"))
