"""Pages of what goes out to a person: mail, the link of a calendar, and a new passphrase by mail for who works here."""

from flask import Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs, vault, web
from clinic.accounts import actions, letters, library, queries, rules, tries
from clinic.accounts.models import Contact
from clinic.accounts.views.signing import is_good, known_of, pages
from clinic.config import Settings
from clinic.extensions import db
from forms.accounts import CalendarForm, ForgotForm, MailForm, PassphraseForm
from forms.bounds import room

OVER = "This link is not open any more. You can ask for a new one."


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


# Mail


@pages.route("/mail", methods=["GET", "POST"])
@access.signed_in
@access.fresh_proof
@web.takes(room(MailForm))
def mail() -> Response | BaseResponse:
    """Where and when somebody wants mail, and the link of their calendar; their own matter alone."""
    viewer = web.viewer()
    web.found(None if viewer.awaits else viewer)
    contact = queries.contact_of(viewer.person_id)
    form = _mail_form(contact)
    if form.validate_on_submit():
        return _write(form, contact)
    return _mail_page(form, contact, 422 if form.is_submitted() else 200)


def _mail_form(contact: Contact | None) -> MailForm:
    starts, ends = rules.QUIET
    usual = {"quiet_from": starts, "quiet_till": ends, "zone": queries.zone_of(web.viewer())}
    form = MailForm(obj=contact, data=None if contact else usual)
    if web.viewer().is_staff:
        form.leave_reminders_out()
    return form


def _mail_page(form: MailForm, contact: Contact | None, status: int) -> Response:
    return web.page(
        "accounts/mail.html",
        status,
        form=form,
        contact=contact,
        link=queries.calendar_link_of(web.viewer()),
        calendar=CalendarForm(formdata=None),
        zone=contact.zone if contact else queries.zone_of(web.viewer()),
    )


def _write(form: MailForm, contact: Contact | None) -> Response | BaseResponse:
    viewer, now = web.viewer(), clock.now()
    address = (form.address.data or "").strip() or None
    try:
        letters.write_address(viewer, address, queries.zone_of(web.viewer()), now)
        if not viewer.is_staff:
            letters.write_wishes(viewer, _wishes(form), now)
    except letters.LetterError as error:
        db.session.rollback()
        field = form.zone if isinstance(error, letters.NoSuchZone) else form.address
        field.errors = [str(error)]
        return _mail_page(form, contact, 422)
    db.session.commit()
    jobs.wake()
    flash("Saved.", "done")
    return web.see(url_for("accounts.mail"))


def _wishes(form: MailForm) -> letters.Wishes:
    starts, ends = form.quiet_from.data, form.quiet_till.data
    assert starts is not None and ends is not None  # noqa: PT018  # both are needed, or the form is not valid
    return letters.Wishes(form.has_reminders.data, (starts, ends), (form.zone.data or "").strip())


# The calendar


@pages.post("/calendar")
@access.signed_in
@access.fresh_proof_then("accounts.mail")
def calendar() -> Response:
    """Make a link for a calendar program; it is in this answer and nowhere else."""
    viewer, form = web.viewer(), CalendarForm()
    web.found(None if viewer.awaits else viewer)
    token = letters.make_calendar(viewer, clock.now(), has_individual=form.has_individual.data)
    db.session.commit()
    link = _settings().base_url.rstrip("/") + url_for("appointments.feed", token=token)
    return web.page("accounts/calendar.html", link=link)


@pages.post("/calendar/end")
@access.signed_in
def end_calendar() -> BaseResponse:
    """The link shows nothing from now on."""
    link = web.found(queries.calendar_link_of(web.viewer()))
    letters.end_calendar(web.viewer(), link)
    db.session.commit()
    flash("The calendar link has ended.", "done")
    return web.see(url_for("accounts.mail"))


# A new passphrase by mail


@pages.route("/forgot", methods=["GET", "POST"])
@access.public
@web.takes(room(ForgotForm))
def forgot() -> Response:
    """Ask for a link; the answer is the same whatever was typed, and whose name it is is found out later."""
    form = ForgotForm()
    web.found(form if _settings().sends_mail else None)
    if not form.validate_on_submit():
        return _forgot_page(form, 422 if form.is_submitted() else 200)
    bucket = vault.keyed_hash("throttle", f"reset:{rules.network_of(request.remote_addr or '')}")
    try:
        tries.count_try("reset", bucket, clock.now())
    except tries.TooSoon as early:
        db.session.rollback()
        form.name.errors = [str(early)]
        return _forgot_page(form, 429)
    letters.ask_for_reset(form.name.data or "", clock.now())
    db.session.commit()
    jobs.wake()
    return _forgot_page(form, 200, is_asked=True)


def _forgot_page(form: ForgotForm, status: int, *, is_asked: bool = False) -> Response:
    return web.page("accounts/forgot.html", status, form=form, is_asked=is_asked)


@pages.route("/reset/<token>", methods=["GET", "POST"])
@access.public
def reset(token: str) -> Response | BaseResponse:
    """GET shows, POST uses the link up: a mail program that looks at links must not do it."""
    form, link = PassphraseForm(), web.found(queries.reset_link_with(token))
    if not letters.is_open(link, clock.now()):
        return _is_over()
    if not (form.validate_on_submit() and is_good(form, *known_of(link.account))):
        status = 422 if form.is_submitted() else 200
        return web.page("accounts/reset.html", status, form=form, offered=library.new_passphrase())
    db.session.rollback()
    hashed = actions.hash_passphrase(form.passphrase.data or "")
    link = web.found(queries.reset_link_with(token))
    if not letters.is_open(link, clock.now()):
        return _is_over()
    actions.reset_by_link(link, hashed, clock.now())
    db.session.commit()
    flash("Your new passphrase is in use. Every device was signed out; sign in with it now.", "done")
    return web.see(url_for("accounts.sign_in"))


def _is_over() -> BaseResponse:
    flash(OVER, "error")
    return web.see(url_for("accounts.forgot"))
