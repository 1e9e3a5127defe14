"""The page of the second step: what one has, adding and taking away, and the paper for when all of it is lost."""

from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.accounts import factors as steps
from clinic.accounts import passkeys, queries, rules
from clinic.accounts.models import CodeApp, Passkey
from clinic.accounts.views import proving, signing
from clinic.accounts.views.signing import pages
from clinic.extensions import db
from forms.accounts import CodeAppForm, NewPasskeyForm

WRONG_DIGITS = (
    "Those are not the digits that it shows for this picture. Wait for the next ones and try once more."
)
OVER = "That took too long. Please begin once more."


@pages.get("/second-step/keys")
@access.enrolling
@access.fresh_proof
def factors() -> Response:
    """What somebody has for the second step, and the ways to more."""
    person_id = web.viewer().person_id
    return web.page(
        "accounts/factors.html",
        apps=queries.code_apps_of(person_id),
        keys=queries.passkeys_of(person_id),
        codes_left=queries.recovery_codes_left(person_id),
        is_first=web.viewer().awaits == "new factor",
        is_demo=not current_app.config["SETTINGS"].staff_need_factor,
        takes_passkeys=signing.site().takes_passkeys,
        zone=queries.zone_of(web.viewer()),
        next=rules.own_path(request.args.get("next")),
    )


def _done(said: str) -> BaseResponse:
    db.session.commit()
    flash(said, "done")
    return web.see(url_for("accounts.factors"))


def _not_done(said: str) -> BaseResponse:
    db.session.rollback()
    flash(said, "error")
    return web.see(url_for("accounts.factors"))


def _added() -> Response | BaseResponse:
    """With the first one come the recovery codes; the sign-in goes on under a new id, as after every proof."""
    viewer = web.viewer()
    person_id = web.found(viewer.person_id)
    is_first = not queries.recovery_codes_left(person_id)
    codes = steps.new_recovery_codes(viewer, person_id) if is_first else []
    proving.proved(with_factor=True)
    if codes:
        return signing.remembering(_codes_page(codes))
    return signing.remembering(_done("Added. It is asked for at your next sign-in."))


def _codes_page(codes: list[str]) -> Response:
    return web.page("accounts/codes.html", codes=codes, next=signing.way_back(web.viewer()))


# Code apps


@pages.post("/second-step/apps")
@access.enrolling
@access.fresh_proof_then("accounts.factors")
def begin_code_app() -> BaseResponse:
    """Make a secret for an app."""
    try:
        steps.begin_code_app(web.viewer(), clock.now())
    except steps.TooMany as no:
        return _not_done(str(no))
    db.session.commit()
    return web.see(url_for("accounts.code_app", next=rules.own_path(request.args.get("next"))))


@pages.route("/second-step/app", methods=["GET", "POST"])
@access.enrolling
@access.fresh_proof
def code_app() -> Response | BaseResponse:
    """The secret, as a picture and as text, until the app has shown a right code."""
    viewer, now = web.viewer(), clock.now()
    app = queries.code_app_begun(viewer, now - steps.SETTING_UP)
    if app is None:
        return _not_done(OVER) if request.method == "POST" else web.see(url_for("accounts.factors"))
    form = CodeAppForm()
    if form.validate_on_submit():
        name = (form.name.data or "").strip() or "A code app"
        if steps.confirm_code_app(viewer, app, name, form.code.data or "", now):
            return _added()
        form.code.errors = [WRONG_DIGITS]
    return _code_app_page(app, form)


def _code_app_page(app: CodeApp, form: CodeAppForm) -> Response:
    account = web.found(queries.account_of(web.viewer().person_id))
    secret = " ".join(app.secret[at : at + 4] for at in range(0, len(app.secret), 4))
    qr = web.drawn(steps.address_of(app, account.sign_in_name))
    status = 422 if form.is_submitted() else 200
    return web.page("accounts/code_app.html", status, form=form, secret=secret, qr=qr)


# Passkeys


@pages.post("/second-step/passkey/ask")
@access.enrolling
@access.fresh_proof_then("accounts.factors")
def ask_new_passkey() -> Response:
    """What the browser is asked to make a passkey with."""
    account = web.found(queries.account_of(web.viewer().person_id))
    known = [steps.held_of(one).credential_id for one in queries.passkeys_of(account.person_id)]
    handle, name = account.id.bytes, account.sign_in_name
    return proving.asked(lambda value: passkeys.to_add(signing.site(), handle, name, value, known))


@pages.route("/second-step/passkey", methods=["GET", "POST"])
@access.enrolling
@access.fresh_proof
def passkey() -> Response | BaseResponse:
    """A name for it; the rest is between the browser and the device."""
    form = NewPasskeyForm()
    if request.method == "GET":
        return web.page("accounts/passkey.html", form=form)
    last, name = proving.taken(), (form.name.data or "").strip() or "A passkey"
    try:
        if last is None or not form.validate():
            raise passkeys.NoPasskey
        steps.add_passkey(web.viewer(), signing.site(), name, form.answer.data or "", last, clock.now())
    except (passkeys.NoPasskey, steps.TooMany) as no:
        db.session.commit()
        form.answer.errors = [str(no) or proving.NO_PASSKEY]
        return web.page("accounts/passkey.html", 422, form=form)
    return _added()


# Taking away, and the paper


@pages.post("/second-step/<uuid:factor_id>/end")
@access.signed_in
@access.fresh_proof_then("accounts.factors")
def end_factor(factor_id: UUID) -> BaseResponse:
    """Take one away; who works here and has none left sets up another before anything else."""
    person_id = web.viewer().person_id
    own: dict[UUID, CodeApp | Passkey] = {one.id: one for one in queries.passkeys_of(person_id)}
    own |= {one.id: one for one in queries.code_apps_of(person_id)}
    web.found(factor_id in own or None)
    steps.take_away(web.viewer(), own[factor_id])
    return _done("Taken away. Nobody signs in with it any more.")


@pages.post("/second-step/codes")
@access.signed_in
@access.fresh_proof_then("accounts.factors")
def new_codes() -> Response | BaseResponse:
    """Ten new recovery codes, shown in this answer and kept nowhere; the ones of before count no more."""
    viewer = web.viewer()
    if not queries.has_factor(viewer.person_id):
        return _not_done("Recovery codes come with your first code app or passkey.")
    codes = steps.new_recovery_codes(viewer, web.found(viewer.person_id))
    db.session.commit()
    return _codes_page(codes)
