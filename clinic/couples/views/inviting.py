"""Inviting a partner, confirming who joined, and a new passphrase made in person."""

from functools import partial
from uuid import UUID

from flask import Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs, web
from clinic.accounts import actions as accounts
from clinic.accounts import library as words
from clinic.couples import actions, rules
from clinic.couples.views.blueprint import done, own_partner, pages
from clinic.extensions import db
from forms.bounds import room
from forms.couples import InviteForm


@pages.post("/partners/<uuid:partner_id>/invite")
@access.counselors
@web.takes(room(InviteForm))
def invite(partner_id: UUID) -> Response | BaseResponse:
    """Make a link and its six digits; both are shown in this answer and kept nowhere. The link can go by mail, too."""
    partner = own_partner(partner_id)
    try:
        address = _address_for(partner_id)
        invited = actions.invite(web.viewer(), partner, clock.now(), address)
    except actions.CoupleError as error:
        db.session.rollback()
        flash(str(error), "error")
        return web.see(url_for("couples.manage", couple_id=partner.couple_id))
    db.session.commit()
    if address is not None:
        jobs.wake()
    link = current_app.config["SETTINGS"].base_url.rstrip("/") + url_for("couples.join", token=invited.token)
    return web.page(
        "couples/invited.html",
        partner=partner,
        address=address,
        link=link,
        qr=web.drawn(link),
        secret=rules.spoken(invited.secret),
        until=web.moment(invited.invitation.expires_at, partner.couple.zone),
    )


def _address_for(partner_id: UUID) -> str | None:
    """Where the link is to go by mail; None for nowhere."""
    form = InviteForm(prefix=f"{partner_id}-")
    if not form.validate():
        raise actions.CoupleError(" ".join(form.address.errors) or "Please try once more.")
    address = (form.address.data or "").strip()
    if address and not current_app.config["SETTINGS"].sends_mail:
        raise actions.CoupleError("No mail is sent from here. Give the link in person.")
    return address or None


@pages.post("/partners/<uuid:partner_id>/withdraw")
@access.counselors
def withdraw(partner_id: UUID) -> BaseResponse:
    """End a link that nobody used."""
    partner = own_partner(partner_id)
    act = partial(actions.withdraw_invitations, web.viewer(), partner, clock.now())
    return done(partner.couple_id, act, "The link no longer works.")


@pages.route("/partners/<uuid:partner_id>/confirm", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def confirm(partner_id: UUID) -> BaseResponse:
    """Say that the right one joined: from now on they read what is theirs and the couple's."""
    partner = own_partner(partner_id)
    if request.method == "GET":
        return web.see(url_for("couples.manage", couple_id=partner.couple_id))
    act = partial(actions.confirm, web.viewer(), partner, clock.now())
    return done(partner.couple_id, act, f"{partner.name} is confirmed.")


@pages.post("/partners/<uuid:partner_id>/refuse")
@access.counselors
def refuse(partner_id: UUID) -> BaseResponse:
    """Say that somebody else joined; the side is free again."""
    partner = own_partner(partner_id)
    act = partial(actions.refuse, web.viewer(), partner, clock.now())
    return done(partner.couple_id, act, "That sign-in is closed. You can invite again.")


@pages.route("/partners/<uuid:partner_id>/reset", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def reset(partner_id: UUID) -> Response | BaseResponse:
    """A passphrase for once, made with the client in the room; not for a sign-in that opens more than this."""
    partner = own_partner(partner_id)
    try:
        person_id = web.found(actions.resettable(web.viewer(), partner)).person_id
        if request.method == "GET":
            return web.page("couples/reset.html", partner=partner)
        name, once = partner.name, words.new_passphrase()
        db.session.rollback()
        hashed = accounts.hash_passphrase(once)
        account = web.found(actions.resettable(web.viewer(), own_partner(partner_id)))
    except actions.CoupleError as error:
        db.session.rollback()
        flash(str(error), "error")
        return web.see(url_for("couples.manage", couple_id=own_partner(partner_id).couple_id))
    web.found(account.person_id == person_id or None)
    accounts.reset_password(web.viewer(), account, hashed, clock.now())
    db.session.commit()
    return web.page("accounts/once.html", name=name, sign_in_name=account.sign_in_name, passphrase=once)


@pages.route("/partners/<uuid:partner_id>/reset-factors", methods=["GET", "POST"])
@access.counselors
@access.fresh_proof
def reset_factors(partner_id: UUID) -> BaseResponse:
    """Take away what a client lost, with the client in the room; whether there was anything is told to nobody."""
    partner = own_partner(partner_id)
    if request.method == "GET":
        return web.see(url_for("couples.reset", partner_id=partner_id))

    def act() -> None:
        account = web.found(actions.resettable(web.viewer(), partner))
        accounts.reset_factors(web.viewer(), account, clock.now())

    said = f"{partner.name} signs in with the passphrase alone now. Every earlier sign-in has ended."
    return done(partner.couple_id, act, said)
