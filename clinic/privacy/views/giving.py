"""Records that somebody asks for, step by step to a decision; and what a law made the practice give."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from clinic import access, clock, jobs, web
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.privacy import queries, records
from clinic.privacy.models import RecordsRequest
from clinic.privacy.rules import scope_of
from clinic.privacy.summary import Step
from clinic.privacy.views.blueprint import both_or_one, chosen, done, has_come, pages, workable
from clinic.progress.summary import content_hash
from forms.bounds import room
from forms.privacy import AuthorizeForm, DecideForm, DiscloseForm, LeaveOutForm, PartForm, RequestForm

NEWER = "The record holds something else than when you opened this page. Nothing was given; look at its parts again."


@pages.route("/couples/<uuid:couple_id>/requests/new", methods=["GET", "POST"])
@access.counselors
@web.takes(room(RequestForm))
def new_request(couple_id: UUID) -> Response | BaseResponse:
    """Put down who asks for records, and what for."""
    couple, form = workable(couple_id), RequestForm()
    scopes = [records.BOTH, *(scope_of(one.position) for one in couple.partners)]
    form.scope.choices = [SelectChoice(one, records.about(one, couple)) for one in scopes]
    if not (form.validate_on_submit() and has_come([form.asked_on], couple.zone)):
        return web.page("privacy/new_request.html", 422 if form.errors else 200, form=form, couple=couple)
    asked = records.Asked(
        form.scope.data,
        (form.asker.data or "").strip(),
        form.purpose.data or "",
        form.asked_on.data,  # type: ignore[arg-type]  # the box needs a day
    )
    row = records.ask(web.viewer(), couple, asked, clock.now())
    return done(lambda: None, "Put down. Nothing was given.", _at(row))


@pages.get("/requests/<uuid:request_id>")
@access.counselors
def request(request_id: UUID) -> Response:
    """One request: authorizations, parts that are left out, the decision, what was given."""
    row = _request(request_id)
    return _request_page(row, LeaveOutForm(formdata=None), DecideForm(formdata=None))


def _request(request_id: UUID) -> RecordsRequest:
    return web.found(queries.request_for(web.viewer(), request_id))


def _at(row: RecordsRequest) -> str:
    return url_for("privacy.request", request_id=row.id)


def _request_page(
    row: RecordsRequest, leaving: LeaveOutForm, deciding: DecideForm, authorizing: AuthorizeForm | None = None
) -> Response:
    couple = couples.at_hand(row.couple_id)
    steps = _steps(row, couple)
    parts = _parts(steps)
    leaving.offer(list(parts.items()))
    deciding.parts.data = _mark_of(steps)
    if authorizing is None:
        authorizing = AuthorizeForm(formdata=None)
        authorizing.offer(_signers(row, couple))
    is_refused = any(form.errors for form in (leaving, deciding, authorizing))
    return web.page(
        "privacy/request.html",
        422 if is_refused else 200,
        row=row,
        couple=couple,
        about=records.about(row.scope, couple),
        authorizations=records.authorizations(row),
        parts=parts,
        part_said=records.part_said,
        out={one["part"]: one["why"] for one in row.left_out or []},
        leaving=leaving,
        deciding=deciding,
        authorizing=authorizing,
    )


def _steps(row: RecordsRequest, couple: Couple) -> tuple[Step, ...]:
    """What can be given; nothing is read any more once it was decided."""
    return () if row.decision else records.parts_of(web.viewer(), row, couple)


def _parts(steps: Iterable[Step]) -> dict[str, str]:
    """What can be left out, by the name that a form gives it."""
    return {key: records.part_said(key) for key in map(records.part_key, steps)}


def _mark_of(steps: Iterable[Step]) -> str:
    """By this the form of a decision names the words that the record held then."""
    return content_hash(tuple(steps))


@pages.post("/requests/<uuid:request_id>/authorizations")
@access.counselors
@web.takes(room(AuthorizeForm))
def authorize(request_id: UUID) -> Response | BaseResponse:
    """One partner's written authorization is there."""
    row, form = _request(request_id), AuthorizeForm()
    couple = couples.at_hand(row.couple_id)
    form.offer(_signers(row, couple))
    if not (form.validate_on_submit() and has_come([form.on], couple.zone)):
        return _request_page(row, LeaveOutForm(formdata=None), DecideForm(formdata=None), form)
    act = partial(records.authorize, web.viewer(), row, int(form.whom.data), form.on.data)  # type: ignore[arg-type]  # it has one
    return done(act, "Noted.", _at(row))


def _signers(row: RecordsRequest, couple: Couple) -> list[tuple[str, str]]:
    """Whose authorization is still missing."""
    missing = [one for one, on in records.authorizations(row).items() if on is None]
    return [(str(one.position), one.name) for one in couple.partners if one.position in missing]


@pages.post("/requests/<uuid:request_id>/left-out")
@access.counselors
@web.takes(room(LeaveOutForm))
def leave_out(request_id: UUID) -> Response | BaseResponse:
    """One part is not given."""
    row, form = _request(request_id), LeaveOutForm()
    form.offer(list(_parts(_steps(row, couples.at_hand(row.couple_id))).items()))
    if not form.validate_on_submit():
        return _request_page(row, form, DecideForm(formdata=None))
    act = partial(records.leave_out, web.viewer(), row, form.part.data, (form.why.data or "").strip())
    return done(act, "Left out.", _at(row))


@pages.post("/requests/<uuid:request_id>/taken-in")
@access.counselors
@web.takes(room(PartForm))
def take_in(request_id: UUID) -> BaseResponse:
    """It is given after all."""
    row, form = _request(request_id), PartForm()
    act = partial(records.take_in, web.viewer(), row, form.part.data or "")
    return done(act, "It is given.", _at(row))


@pages.post("/requests/<uuid:request_id>/decision")
@access.counselors
@access.fresh_proof
@web.takes(room(DecideForm))
def decide(request_id: UUID) -> Response | BaseResponse:
    """Give what is authorized, or refuse."""
    row, form = _request(request_id), DecideForm()
    if not form.validate_on_submit():
        return _request_page(row, LeaveOutForm(formdata=None), form)
    because, now = form.because.data or "", clock.now()
    couple = couples.at_hand(row.couple_id)
    is_given = form.decision.data == "given"
    if is_given and form.parts.data and form.parts.data != _mark_of(_steps(row, couple)):
        form.form_errors = [NEWER]
        return _request_page(row, LeaveOutForm(formdata=None), form)
    if is_given:
        answer = done(
            partial(records.give, web.viewer(), row, couple, because, now),
            "Decided. Its pages are made now.",
            _at(row),
        )
    else:
        answer = done(
            partial(records.refuse, web.viewer(), row, because, now), "Refused, with your reason.", _at(row)
        )
    jobs.wake()
    return answer


# What a law demands


@pages.route("/couples/<uuid:couple_id>/disclose", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
@web.takes(room(DiscloseForm))
def disclose(couple_id: UUID) -> Response | BaseResponse:
    """Put down what a law made the practice give."""
    couple, form = workable(couple_id), DiscloseForm()
    form.offer(both_or_one(couple))
    if form.validate_on_submit() and has_come([form.given_on], couple.zone):
        act = partial(
            records.disclose,
            web.viewer(),
            couple,
            chosen(couple, form.whom.data),
            _demanded(form),
            clock.now(),
        )
        return done(act, "Put down.", url_for("privacy.record", couple_id=couple.id))
    return web.page("privacy/disclose.html", 422 if form.errors else 200, form=form, couple=couple)


def _demanded(form: DiscloseForm) -> records.Demanded:
    basis, recipient = (form.basis.data or "").strip(), (form.recipient.data or "").strip()
    may_know = form.is_told.data == "yes"
    return records.Demanded(
        basis=basis,
        reason=form.reason.data or "",
        recipient=recipient,
        given=form.given.data or "",
        on=form.given_on.data,  # type: ignore[arg-type]  # the box needs a day
        told=f"{recipient}: {basis}" if may_know else None,
        untold_because=None if may_know else form.untold_because.data,
    )
