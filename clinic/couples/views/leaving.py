"""One who leaves: their couples go to another counselor, and they are out at once."""

from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import StaffMember
from clinic.couples import actions, queries, staffing
from clinic.couples.views.blueprint import colleague, pages
from clinic.extensions import db
from forms.couples import StaffChoiceForm


@pages.route("/handover/<uuid:staff_id>", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
def let_go(staff_id: UUID) -> Response | BaseResponse:
    """Somebody's work here ends: their couples go to another counselor, and they are out at once."""
    viewer, now = web.viewer(), clock.now()
    member = web.found(sign_ins.staff_for(viewer, staff_id))
    many = len(queries.assigned_couples(member, now))
    form = StaffChoiceForm()
    heirs = [one for one in sign_ins.staff_at_work(viewer, now) if one.is_counselor and one.id != staff_id]
    form.offer([(str(one.id), one.name) for one in heirs])
    if request.method == "POST" and (form.validate_on_submit() or not many):
        return _part(member, form.member.data or "")
    return web.page(
        "couples/let_go.html", 422 if form.is_submitted() else 200, form=form, member=member, many=many
    )


def _part(member: StaffMember, heir_id: str) -> BaseResponse:
    viewer, now = web.viewer(), clock.now()
    try:
        if heir_id:
            staffing.hand_over(viewer, member, colleague(heir_id), now)
        accounts.let_go(viewer, member, now)
    except (actions.CoupleError, accounts.AccountError) as error:
        db.session.rollback()
        flash(str(error), "error")
        return web.see(url_for("accounts.staff"))
    db.session.commit()
    flash(f"{member.name} is out, on every device.", "done")
    return web.see(url_for("accounts.staff"))
