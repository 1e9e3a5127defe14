"""Showing who one is: the second step of a sign-in, a passkey alone, and a fresh proof before what is for one alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from flask import Response, flash, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, vault, web
from clinic.accounts import actions, factors, passkeys, queries, rules, tries
from clinic.accounts.models import Account, Passkey
from clinic.accounts.views import signing
from clinic.accounts.views.signing import pages
from clinic.extensions import db
from forms.accounts import CodeForm, PasskeyForm, ProveBothForm, ProveForm, SignInForm

OWN_WRONG = (
    "Somebody gave {many} wrong codes after your passphrase, the last one {at}. If that was not you, they know your "
    "passphrase: choose a new one."
)
STAFF_WRONG = (
    "Somebody gave {many} wrong codes after the passphrase of {name}, the last one {at}. If that was not {name}, they "
    "know the passphrase, and a new one is needed."
)
WRONG_PROOF = "That is not the passphrase of this sign-in. Please try once more."
WRONG_CODE = "That code is not right, or was used before. Wait for the next one, or take one from your paper."
NO_PASSKEY = "That did not work: the passkey does not belong here, or it took too long. Please try once more."
ASKED = "to sign"
"""Where the cookie keeps what this browser's passkey is asked to sign."""


# What a passkey is asked, and what it answers


@pages.post("/passkeys/ask")
@access.public
def ask_passkey() -> Response:
    """Something new to sign, for the script of the page; a visitor's browser offers whatever it has."""
    known = [factors.held_of(one).credential_id for one in queries.passkeys_of(web.viewer().person_id)]
    return asked(lambda value: passkeys.to_use(signing.site(), value, known))


def asked(options: Callable[[bytes], str]) -> Response:
    """Tell the browser, and let its cookie keep it: nobody fills a table here by asking."""
    new = factors.ask(web.viewer().session_id, clock.now())
    session[ASKED] = new.carried()
    return Response(options(new.challenge), mimetype="application/json")


def taken() -> factors.Asked | None:
    """What this browser was asked last, if it may still be answered; it is not asked again."""
    carried = session.pop(ASKED, None)
    last = factors.Asked.from_cookie(carried) if carried else None
    return last if last and last.is_for(web.viewer().session_id, clock.now()) else None


def _passkey_of(form: PasskeyForm) -> Passkey | None:
    """The passkey that answered; whoever's it is."""
    last = taken()
    if last is None or not form.validate():
        return None
    return factors.uses_passkey(signing.site(), form.answer.data or "", last, clock.now())


@pages.post("/sign-in/passkey")
@access.public
@web.door
def sign_in_with_passkey() -> Response | BaseResponse:
    """A passkey alone: the device has asked for a finger, a face or a PIN, so that it stands for both steps."""
    form = PasskeyForm()
    passkey = _passkey_of(form)
    db.session.commit()  # what was asked is asked no more, whatever comes of it
    account = queries.account_of(passkey.person_id) if passkey else None
    wrong = _wrong_before(account) if account else None
    signed = signing.let_in(account, with_factor=True) if account and account.closed_at is None else None
    if account is None or signed is None:
        db.session.rollback()
        form.answer.errors = [NO_PASSKEY]
        return signing.sign_in_page(SignInForm(formdata=None), 422, form)
    tries.settle(_door(account), clock.now())
    db.session.commit()
    answer = signing.welcome_in(signed, signing.way_back(signed.viewer))
    _tell_of(wrong, signed.viewer)
    return answer


# The second step


@pages.route("/second-step", methods=["GET", "POST"])
@access.halfway
@web.door
def second() -> Response | BaseResponse:
    """After the passphrase: a passkey, a code, or one from the paper. Who works here and has none sets one up first."""
    viewer = web.viewer()
    if viewer.awaits != "factor":
        return web.see(url_for("accounts.factors", next=_next()) if viewer.awaits == "new factor" else "/")
    form = CodeForm()
    if request.method == "GET":
        return _second_page(form, 200)
    if "answer" in request.form:
        return _second_by_passkey(PasskeyForm())
    return _second_by_code(form) if form.validate() else _second_page(form, 422)


def _second_page(form: CodeForm, status: int, passkey_form: PasskeyForm | None = None) -> Response:
    return web.page(
        "accounts/second.html",
        status,
        form=form,
        passkey_form=passkey_form or PasskeyForm(formdata=None),
        has_passkeys=bool(queries.passkeys_of(web.viewer().person_id)),
    )


def _next() -> str | None:
    return rules.own_path(request.args.get("next"))


def _second_by_passkey(form: PasskeyForm) -> Response | BaseResponse:
    if _is_own(_passkey_of(form)):
        return _go_on()
    db.session.commit()
    form.answer.errors = [NO_PASSKEY]
    return _second_page(CodeForm(formdata=None), 422, form)


def _second_by_code(form: CodeForm) -> Response | BaseResponse:
    status = _judged(form)
    return _go_on() if status == 303 else _second_page(form, status)


def _is_own(passkey: Passkey | None) -> bool:
    return passkey is not None and passkey.person_id == web.viewer().person_id


def _judged(form: CodeForm) -> int:
    """303 for a right code; else the status of the page that says why not. The try is counted before it is judged."""
    account = web.found(queries.account_of(web.viewer().person_id))
    door = _door(account)
    try:
        tries.count_sign_in(door, clock.now())
    except tries.Refused as early:
        db.session.rollback()
        form.code.errors = [str(early)]
        return 429
    if not factors.uses_code(account.person_id, form.code.data or "", clock.now()):
        tries.note_wrong(door, clock.now())
        db.session.commit()
        form.code.errors = [WRONG_CODE]
        return 422
    tries.forgive_second(door)
    return 303


def _door(account: Account) -> tries.Door:
    """Wrong codes are counted like wrong passphrases: where a device has got through before, nobody else counts."""
    return tries.second_door(account.sign_in_hash, signing.device_id(), request.remote_addr or "")


def _go_on() -> BaseResponse:
    """Everything opens, under a new id; the device is at home here from now on."""
    wrong = _wrong_before(web.found(queries.account_of(web.viewer().person_id)))
    signed = proved(with_factor=True)
    _tell_of(wrong, signed.viewer)
    return signing.remembering(web.see(signing.first_page(signed, signing.way_back(signed.viewer))))


# Wrong codes meanwhile: who gave them knew the passphrase


@dataclass(frozen=True)
class Meanwhile:
    """When the second step was last taken, and the wrong codes at the own sign-in as they stood before this one."""

    since: datetime | None
    own: tries.WrongCodes | None

    def is_new(self, found: tries.WrongCodes | None) -> TypeGuard[tries.WrongCodes]:
        """True for what its reader has not been told yet."""
        return found is not None and (self.since is None or found.last_at > self.since)


def _wrong_before(account: Account) -> Meanwhile:
    """To be asked before this sign-in makes its device at home, and the count there begins anew."""
    own = tries.wrong_codes([account.sign_in_hash], signing.known_device())
    return Meanwhile(queries.second_step_before(account.id), own.get(account.sign_in_hash))


def _tell_of(before: Meanwhile | None, viewer: access.Viewer) -> None:
    """A plain line for whose sign-in it is; an owner hears of those of the staff, too. Nothing is shut by it."""
    if before is None:
        return
    zone = queries.zone_of(viewer)
    if before.is_new(before.own):
        flash(
            OWN_WRONG.format(many=before.own.many, at=web.moment(before.own.last_at, zone)),
            "message",
        )
    if "owner" not in viewer.roles:
        return
    staff = queries.sign_ins_of_staff(viewer, clock.now())
    for name_hash, found in tries.wrong_codes(staff).items():
        member = staff[name_hash]
        if member.person_id != viewer.person_id and before.is_new(found):
            at = web.moment(found.last_at, zone)
            flash(STAFF_WRONG.format(many=found.many, name=member.name, at=at), "message")


def proved(*, with_factor: bool) -> queries.SignedIn:
    """The sign-in goes on under a new id; the one of before is dead."""
    viewer, now = web.viewer(), clock.now()
    if with_factor:
        tries.settle(_door(web.found(queries.account_of(viewer.person_id))), now)
    own = web.found(signing.own_session(viewer.session_id))
    token = actions.prove(viewer, own, now, with_factor=with_factor)
    db.session.commit()
    signed = web.found(signing.signed_with(token))
    login_user(signed)
    return signed


SIGN_IN_FIRST = "This sign-in has a second step. Sign in with it in this browser, then open the link again."


def is_whole(account: Account) -> bool:
    """True when the passphrase alone opens this account, or this browser took the second step as its owner."""
    viewer = web.viewer()
    is_here = viewer.person_id == account.person_id and not viewer.awaits
    return is_here or not queries.has_factor(account.person_id)


# A fresh proof


@pages.route("/prove", methods=["GET", "POST"])
@access.enrolling
@web.door
def prove() -> Response | BaseResponse:
    """Ask again before what is meant for one pair of eyes: a passkey, or the passphrase and, for some, a code."""
    has_factor = queries.has_factor(web.viewer().person_id)
    form = ProveBothForm() if has_factor else ProveForm()
    if request.method == "GET":
        return _prove_page(form, 200)
    if "answer" in request.form:
        return _prove_by_passkey(form, PasskeyForm())
    status = _passphrase_judged(form) if form.validate() else 422
    if status == 303 and isinstance(form, ProveBothForm):
        status = _judged(form)
    return _proved_again(with_factor=has_factor) if status == 303 else _prove_page(form, status)


def _prove_page(form: ProveForm, status: int, passkey_form: PasskeyForm | None = None) -> Response:
    return web.page(
        "accounts/prove.html",
        status,
        form=form,
        passkey_form=passkey_form or PasskeyForm(formdata=None),
        has_passkeys=bool(queries.passkeys_of(web.viewer().person_id)),
    )


def _prove_by_passkey(form: ProveForm, passkey_form: PasskeyForm) -> Response | BaseResponse:
    if _is_own(_passkey_of(passkey_form)):
        return _proved_again(with_factor=True)
    db.session.commit()
    passkey_form.answer.errors = [NO_PASSKEY]
    return _prove_page(form, 422, passkey_form)


def _passphrase_judged(form: ProveForm) -> int:
    """303 for the right passphrase; counted before it is judged, by this sign-in."""
    viewer = web.viewer()
    bucket = vault.keyed_hash("throttle", f"session:{viewer.session_id}")
    try:
        tries.count_try("prove", bucket, clock.now())
    except tries.Refused as early:
        db.session.rollback()
        form.passphrase.errors = [str(early)]
        return 429
    account = queries.account_of(viewer.person_id)
    stored = account.password_hash if account else None
    db.session.commit()
    if not actions.fits(stored, form.passphrase.data or ""):
        form.passphrase.errors = [WRONG_PROOF]
        return 422
    tries.forgive_try("prove", bucket)
    return 303


def _proved_again(*, with_factor: bool) -> BaseResponse:
    proved(with_factor=with_factor)
    return signing.remembering(web.see(_next() or "/"))
