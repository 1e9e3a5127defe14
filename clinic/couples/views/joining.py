"""Joining by a link: GET shows, POST with the six digits consumes."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, web
from clinic.accounts import actions as accounts
from clinic.accounts import library as words
from clinic.accounts import tries
from clinic.accounts import views as doors
from clinic.couples import actions, queries
from clinic.couples.models import Invitation
from clinic.couples.views.blueprint import pages
from clinic.extensions import db
from forms.couples import JoinForm, JoinWithForm

NO_SECRET = "These are not the six digits that belong to this link. Please look at them again."  # noqa: S105


@access.public
@web.door
def join(token: str) -> Response | BaseResponse:
    """GET shows the same page to whoever holds the link; POST with the six digits consumes it."""
    invitation = queries.invitation_with(actions.token_hash(token))
    if invitation is None or not actions.is_open(invitation, clock.now()):
        return web.page("couples/not_invited.html", 404)
    if request.args.get("with") == "own":
        return _join_with(token, JoinWithForm())
    return _join_as_new(token, JoinForm())


@pages.record
def _at_a_neutral_address(state: BlueprintSetupState) -> None:
    """The link goes on paper and into a browser's history: its address must not say what it is about."""
    state.app.add_url_rule("/join/<token>", "couples.join", join, methods=["GET", "POST"])


def _join_page(form: JoinForm | JoinWithForm, status: int) -> Response:
    is_new = isinstance(form, JoinForm)
    return web.page("couples/join.html", status, form=form, is_new=is_new, offered=words.new_passphrase())


def _join_as_new(token: str, form: JoinForm) -> Response | BaseResponse:
    if not form.validate_on_submit():
        return _join_page(form, 422 if form.is_submitted() else 200)
    invitation = _with_secret(token, form)
    if invitation is None:
        return _join_page(form, 422)
    own = (form.sign_in_name.data or "", form.name.data or "")
    if not doors.is_good(form, invitation.partner.practice_id, *own):
        return _join_page(form, 422)
    db.session.commit()
    chosen = accounts.NewSignIn(
        (form.sign_in_name.data or "").strip(), accounts.hash_passphrase(form.passphrase.data or "")
    )
    return _enter(
        token,
        form,
        lambda found: actions.join_as_new(found, (form.name.data or "").strip(), chosen, clock.now()),
    )


def _join_with(token: str, form: JoinWithForm) -> Response | BaseResponse:
    if not form.validate_on_submit():
        return _join_page(form, 422 if form.is_submitted() else 200)
    if _with_secret(token, form) is None:
        return _join_page(form, 422)
    try:
        account = doors.proved_account(form.sign_in_name.data or "", form.passphrase.data or "")
    except tries.Refused as early:
        db.session.rollback()
        form.passphrase.errors = [str(early)]
        return _join_page(form, 429)
    if account is None:
        db.session.rollback()
        form.passphrase.errors = [doors.WRONG]
        return _join_page(form, 422)

    def act(found: Invitation) -> Any:
        joined = actions.join_with(found, account, clock.now())
        if not doors.is_whole(account):
            raise actions.CoupleError(doors.SIGN_IN_FIRST)
        return joined

    return _enter(token, form, act)


def _with_secret(token: str, form: JoinForm | JoinWithForm) -> Invitation | None:
    """The invitation when the six digits are right; a wrong try is counted and committed."""
    invitation = queries.invitation_with(actions.token_hash(token))
    try:
        is_right = actions.has_secret(invitation, token, form.secret.data or "", clock.now())
    except actions.NotInvited as error:
        db.session.rollback()
        form.secret.errors = [str(error)]
        return None
    db.session.commit()
    if not is_right:
        form.secret.errors = [NO_SECRET]
    return invitation if is_right else None


def _enter(
    token: str, form: JoinForm | JoinWithForm, act: Callable[[Invitation], Any]
) -> Response | BaseResponse:
    """Consume the invitation in one transaction, so that of two who press at once one joins."""
    try:
        account = act(web.found(queries.invitation_with(actions.token_hash(token))))
    except accounts.NameTaken as error:
        db.session.rollback()
        actions.count_taken_name(queries.invitation_with(actions.token_hash(token)), clock.now())
        db.session.commit()
        form.sign_in_name.errors = [str(error)]
        return _join_page(form, 422)
    except actions.CoupleError as error:
        db.session.rollback()
        form.secret.errors = [str(error)]
        return _join_page(form, 409)
    signed = web.found(doors.let_in(account, with_factor=doors.is_whole(account)))
    db.session.commit()
    return doors.welcome_in(signed)
