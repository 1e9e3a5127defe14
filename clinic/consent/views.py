"""Pages of consent: a partner reads, signs, and takes back, alone; a counselor records what was signed on paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs, web
from clinic.consent import actions, queries
from clinic.consent.queries import Paper, Signed
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.practice.models import ConsentDocument, Practice
from clinic.practice.rules import TITLES, blocks
from forms.bounds import room
from forms.consent import PaperForm, SignForm, WithdrawForm

pages = Blueprint("consent", __name__, url_prefix="/consent")

LOOKS_AGAIN = "2"
NEWER = "A newer version came into force while you read. Nothing was signed; please read this one first."


# The partner


@pages.get("/")
@access.clients
def index() -> Response:
    """Both papers, and the own signatures on them; the other one's are nowhere."""
    practice, in_force = _practice()
    sides = _sides(in_force)
    made = render_template("consent/index.html", sides=sides, titles=TITLES, practice=practice)
    response = make_response(made)
    if any(one.signature.state in {"waiting", "rendering"} for side in sides for one in side.signed):
        response.headers["Refresh"] = LOOKS_AGAIN
    return response


@pages.get("/<any(consent, secrets):kind>")
@access.clients
def read(kind: str) -> str:
    """A paper as it is in force, to read and to print."""
    practice, in_force = _practice()
    document = web.found(in_force.get(kind))
    return render_template(
        "consent/read.html",
        kind=kind,
        title=TITLES[document.kind],  # type: ignore[index]  # one of the two
        document=document,
        blocks=blocks(document.text),
        sides=_sides(in_force),
        practice=practice,
    )


@pages.route("/<uuid:couple_id>/<any(consent, secrets):kind>/sign", methods=["GET", "POST"])
@access.clients
@access.fresh_proof
@web.takes(room(SignForm))
def sign(couple_id: UUID, kind: str) -> Response | BaseResponse:
    """Read to the end, tick, type the own name."""
    couple, partner = _own(couple_id)
    document = web.found(practices.in_force(couple.practice_id, clock.now()).get(kind))
    form = SignForm()
    if form.is_submitted() and form.document.data != str(document.id):
        form.form_errors = [NEWER]
    elif form.validate_on_submit():
        actions.sign(web.viewer(), partner, document, form.name.data or "", clock.now())
        db.session.commit()
        jobs.wake()
        flash("Signed. Only you and your counselor can see that.", "done")
        return web.see(url_for("consent.index"))
    form.document.data = str(document.id)
    return web.page(
        "consent/sign.html",
        422 if form.is_submitted() else 200,
        form=form,
        title=TITLES[document.kind],  # type: ignore[index]  # one of the two
        document=document,
        blocks=blocks(document.text),
        couple=couple,
    )


@pages.route("/<uuid:couple_id>/withdraw", methods=["GET", "POST"])
@access.clients
@access.fresh_proof
def withdraw(couple_id: UUID) -> Response | BaseResponse:
    """Take the own consent back; nobody has to say why."""
    couple, partner = _own(couple_id)
    form = WithdrawForm()
    if form.validate_on_submit():
        try:
            actions.withdraw(web.viewer(), partner, clock.now())
        except actions.ConsentError as error:
            db.session.rollback()
            flash(str(error), "error")
            return web.see(url_for("consent.index"))
        db.session.commit()
        flash("You have taken your consent back. Work together ends today.", "done")
        return web.see(url_for("consent.index"))
    return web.page("consent/withdraw.html", 422 if form.is_submitted() else 200, form=form, couple=couple)


def _own(couple_id: UUID) -> tuple[Couple, Partner]:
    couple = web.found(couples.get_for(web.viewer(), couple_id))
    return couple, web.found(couples.side_of(web.viewer(), couple))


@dataclass(frozen=True)
class Side:
    """One of the own couples: the papers as they are in force, and every own signature."""

    couple: Couple
    partner: Partner
    other: str
    papers: list[Paper]
    signed: list[Signed]

    def paper(self, kind: str) -> Paper:
        return next(one for one in self.papers if one.kind == kind)


def _practice() -> tuple[Practice, dict[str, ConsentDocument]]:
    """The own practice, and its papers as they are in force."""
    practice = web.found(practices.practice_of(web.viewer()))
    return practice, practices.in_force(practice.id, clock.now())


def _sides(in_force: Mapping[str, ConsentDocument]) -> list[Side]:
    """The own sides that are open, in an order that tells nothing."""
    viewer = web.viewer()
    signed = queries.signed_by(viewer, viewer.partner_ids)
    found = [_own(couple_id) for couple_id in sorted(viewer.couple_ids)]
    return [_side(couple, me, in_force, signed[me.id]) for couple, me in found]


def _side(couple: Couple, me: Partner, in_force: Mapping[str, ConsentDocument], signed: list[Signed]) -> Side:
    other = couples.other_of(couple, me.id)
    papers = queries.papers_of(in_force, signed, clock.now())
    return Side(couple, me, other.name if other else "", papers, signed)


# The certificate


@pages.get("/certificates/<uuid:signature_id>")
@access.clients
@access.fresh_proof
def certificate(signature_id: UUID) -> Response:
    """The page of one own signature."""
    return _certificate(signature_id)


@pages.get("/signatures/<uuid:signature_id>")
@access.counselors
@access.fresh_proof
def signature(signature_id: UUID) -> Response:
    """The same page for the counselor."""
    return _certificate(signature_id)


def _certificate(signature_id: UUID) -> Response:
    """A file under a name that tells a finder nothing."""
    row = web.found(queries.get_for(web.viewer(), signature_id))
    web.found(row if row.state == "ready" else None)
    response = Response(actions.pages_of(row), mimetype="application/pdf")
    kind = "attachment" if "keep" in request.args else "inline"
    response.headers.set("Content-Disposition", kind, filename=f"pages-{row.signed_at:%Y-%m-%d}.pdf")
    return response


@pages.post("/certificates/<uuid:signature_id>/again")
@access.signed_in
def again(signature_id: UUID) -> BaseResponse:
    """Have a certificate that failed made once more."""
    viewer = web.viewer()
    row = web.found(queries.get_for(viewer, signature_id))
    actions.again(viewer, row)
    couple_id = row.partner.couple_id
    db.session.commit()
    jobs.wake()
    return web.see(
        url_for("safety.standing", couple_id=couple_id) if viewer.is_staff else url_for("consent.index")
    )


# The counselor


@pages.route("/partners/<uuid:partner_id>/paper", methods=["GET", "POST"])
@access.counselors
@web.takes(room(PaperForm))
def paper(partner_id: UUID) -> Response | BaseResponse:
    """Record a signature that was given on paper; the paper itself goes into the practice's files."""
    partner = web.found(couples.partner_for(web.viewer(), partner_id))
    in_force = practices.in_force(partner.practice_id, clock.now())
    form = PaperForm()
    form.offer([(kind, f"{title}, version {in_force[kind].number}") for kind, title in TITLES.items()])
    if form.validate_on_submit() and _recorded(partner, in_force[form.kind.data], form):
        flash(f"Recorded: {partner.name} has signed on paper.", "done")
        return web.see(url_for("safety.standing", couple_id=partner.couple_id))
    status = 422 if form.is_submitted() else 200
    return web.page("consent/paper.html", status, form=form, partner=partner, couple=partner.couple)


def _recorded(partner: Partner, document: ConsentDocument, form: PaperForm) -> bool:
    viewer, now = web.viewer(), clock.now()
    on = web.found(form.paper_on.data)
    try:
        actions.record_on_paper(viewer, partner, document, form.name.data or "", on, now)
    except actions.ConsentError as error:
        db.session.rollback()
        form.paper_on.errors = [str(error)]
        return False
    db.session.commit()
    jobs.wake()
    return True


@pages.post("/partners/<uuid:partner_id>/withdrawn")
@access.counselors
def record_withdrawal(partner_id: UUID) -> BaseResponse:
    """Record that a partner does not agree any more."""
    partner = web.found(couples.partner_for(web.viewer(), partner_id))
    try:
        actions.withdraw(web.viewer(), partner, clock.now())
    except actions.ConsentError as error:
        db.session.rollback()
        flash(str(error), "error")
    else:
        db.session.commit()
        flash("Recorded. Nothing joint opens from now on.", "done")
    return web.see(url_for("safety.standing", couple_id=partner.couple_id))
