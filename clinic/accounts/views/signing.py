"""Pages of accounts: sign in and out, leave quickly, a new passphrase, first screens, devices, staff."""

import secrets
from hmac import compare_digest
from typing import TypeVar
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import login_user, logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, vault, web
from clinic.accounts import actions, library, queries, rules, tries
from clinic.accounts.models import Account, StaffMember, UserSession
from clinic.accounts.passkeys import Site
from clinic.extensions import csrf, db
from clinic.practice import queries as practices
from forms.accounts import PasskeyForm, PassphraseForm, SignInForm, StaffForm, SupervisorForm

Resp = TypeVar("Resp", bound=BaseResponse)

pages = Blueprint("accounts", __name__, url_prefix="/accounts")

WELCOME_SCREENS = 4
DEVICE_LASTS = 400 * 24 * 3600
AWAY = "https://www.wikipedia.org/"
WRONG = "The name and the passphrase do not fit together. Nothing is lost; please look at both again."


# Signing in


@pages.route("/sign-in", methods=["GET", "POST"])
@access.public
@web.door
def sign_in() -> Response | BaseResponse:
    """Ask for name and passphrase; never tell which of the two was wrong."""
    form = SignInForm()
    if form.validate_on_submit():
        return _try_to_sign_in(form)
    if not form.is_submitted() and not web.viewer().is_nobody:
        return web.see(way_back(web.viewer()) or "/")
    return sign_in_page(form, 422 if form.is_submitted() else 200)


def sign_in_page(form: SignInForm, status: int, passkey_form: PasskeyForm | None = None) -> Response:
    """The page, also when a passkey was of no use."""
    return web.page(
        "accounts/sign_in.html",
        status,
        form=form,
        practice=practices.only_one(),
        passkey_form=passkey_form or PasskeyForm(formdata=None),
        takes_passkeys=site().takes_passkeys,
    )


def _try_to_sign_in(form: SignInForm) -> Response | BaseResponse:
    try:
        account = proved_account(form.name.data or "", form.passphrase.data or "")
    except tries.Refused as early:
        db.session.rollback()
        form.passphrase.errors = [str(early)]
        return sign_in_page(form, 429)
    signed = let_in(account) if account else None
    if signed is None:
        db.session.rollback()
        form.passphrase.errors = [WRONG]
        return sign_in_page(form, 422)
    db.session.commit()
    return welcome_in(signed, way_back(signed.viewer))


def way_back(viewer: access.Viewer) -> str | None:
    """Where one was before signing in; only for whom that page is: anybody else begins at the own home."""
    target = rules.own_path(request.args.get("next"))
    try:
        path = (target or "").partition("?")[0]
        endpoint, values = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    view = current_app.view_functions[endpoint]
    if not viewer.admitted(access.mark_of(view) or "owners"):
        return None
    is_way_of = getattr(view, "is_way_of", None)
    return target if is_way_of is None or is_way_of(viewer, **values) else None


def proved_account(name: str, passphrase: str) -> Account | None:
    """The account that fits; reads, ends that transaction, hashes outside of any, begins again."""
    door = tries.Door(queries.sign_in_hash(name), known_device(), request.remote_addr or "")
    tries.count_sign_in(door, clock.now())
    account = queries.account_named(name)
    known = (account.id, account.password_hash) if account else (None, None)
    db.session.commit()
    if not actions.fits(known[1], passphrase):
        return None
    account = db.session.get_one(Account, known[0])
    if account.closed_at is not None or account.password_hash != known[1]:
        return None
    tries.forgive_sign_in(door)
    return account


def let_in(account: Account, *, with_factor: bool = False) -> queries.SignedIn | None:
    """Open a sign-in under a new id, ending this browser's earlier one; None for who left."""
    now = clock.now()
    _end_sign_in()
    device = rules.device_words(request.user_agent.string)
    token = actions.begin_session(account, device, now, with_factor=with_factor)
    tries.make_at_home(account.sign_in_hash, device_id(), now)
    return signed_with(token)


def site() -> Site:
    """Where passkeys are bound to."""
    settings = current_app.config["SETTINGS"]
    return Site(settings.site_host, settings.origin)


def signed_with(token: str) -> queries.SignedIn | None:
    """The sign-in of a token, by the rules of this practice."""
    settings = current_app.config["SETTINGS"]
    return queries.signed_in(token, staff_need_factor=settings.staff_need_factor)


def welcome_in(signed: queries.SignedIn, target: str | None = None) -> BaseResponse:
    """Put a sign-in that is already in the database into a clean cookie and go on."""
    session.clear()
    login_user(signed)
    return remembering(web.see(first_page(signed, target)))


def remembering(response: Resp) -> Resp:
    """Let this device be known again; see below."""
    response.set_cookie(
        _device_cookie(),
        _device_value(device_id()),
        max_age=DEVICE_LASTS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def first_page(signed: queries.SignedIn, target: str | None) -> str:
    """Where somebody goes on: first what is owed, then where they wanted to go."""
    if signed.viewer.awaits in {"factor", "new factor"}:
        return url_for("accounts.second", next=rules.own_path(request.args.get("next")))
    if signed.must_change_password:
        return url_for("accounts.passphrase")
    if signed.viewer.is_client and not signed.has_been_welcomed:
        return url_for("accounts.welcome")
    return target or "/"


# The device: a random id that it gets with its first sign-in, and that says nothing else. Its wrong tries at a name
# under which it has signed in are counted apart from all others' (tries.py).


def _device_cookie() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _device_value(id_: str) -> str:
    return f"{id_}.{vault.keyed_hash('device', id_)}"


def known_device() -> str | None:
    """The id of this device, if it has signed in here before."""
    value = request.cookies.get(_device_cookie(), "")
    id_ = value.partition(".")[0]
    return id_ if id_ and compare_digest(value.encode(), _device_value(id_).encode()) else None


def device_id() -> str:
    """The id of this device; a new one is made once in a request."""
    if "device" not in g:
        g.device = known_device() or secrets.token_hex(16)
    return str(g.device)


# Going


@pages.post("/sign-out")
@access.public
def sign_out() -> BaseResponse:
    """End this sign-in; the browser lets go of what it kept, as on the quick way out."""
    _go()
    flash("You are signed out.", "done")
    return _cleared(web.see(url_for("accounts.sign_in")))


@pages.post("/leave")
@csrf.exempt
@access.public
def leave() -> Response:
    """The way out, which works even on a page that was open too long: end the sign-in and be somewhere else."""
    _go()
    response = make_response(render_template("accounts/leave.html", away=AWAY))
    response.headers["Refresh"] = f"0; url={AWAY}"
    return _cleared(response)


def _go() -> None:
    _end_sign_in()
    db.session.commit()
    logout_user()
    session.clear()


def _cleared(response: Resp) -> Resp:
    """The device keeps its random id, which tells nothing: without it, whoever guesses wrong at home would make its
    owner wait. Clear-Site-Data would take it along with the cookie of the sign-in, so that one is deleted by itself.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _end_sign_in() -> None:
    current = own_session(web.viewer().session_id)
    if current is not None:
        actions.revoke(web.viewer(), current, clock.now())


def own_session(session_id: UUID | None) -> UserSession | None:
    """One of the viewer's own sign-ins."""
    return db.session.scalar(queries.own_sessions(web.viewer()).where(UserSession.id == session_id))


# A new passphrase


KNOWN_TO_ANOTHER = "This is the one that was made for you, and somebody else has seen it. Choose another."


@pages.route("/passphrase", methods=["GET", "POST"])
@access.signed_in
@access.fresh_proof
def passphrase() -> Response | BaseResponse:
    """Choose a new passphrase; every other device is signed out."""
    form, viewer = PassphraseForm(), web.viewer()
    account = web.found(queries.account_of(viewer.person_id))
    if form.validate_on_submit() and is_good(
        form, account.person.practice_id, account.sign_in_name, account.person.name
    ):
        made_by_another = account.password_hash if account.must_change_password else None
        db.session.rollback()
        chosen = form.passphrase.data or ""
        if made_by_another and actions.fits(made_by_another, chosen):
            form.passphrase.errors = [KNOWN_TO_ANOTHER]
        else:
            hashed = actions.hash_passphrase(chosen)
            account = web.found(queries.account_of(viewer.person_id))
            actions.change_password(viewer, account, hashed, clock.now())
            db.session.commit()
            flash(
                "Your new passphrase is in use. Every other device was signed out, and a calendar link has ended.",
                "done",
            )
            return web.see("/")
        account = web.found(queries.account_of(viewer.person_id))
    status = 422 if form.is_submitted() else 200
    return web.page(
        "accounts/passphrase.html", status, form=form, account=account, offered=library.new_passphrase()
    )


def known_of(account: Account) -> tuple[UUID, str, str]:
    """The practice of an account, and what its owner goes by: nothing to make a passphrase of."""
    return account.person.practice_id, account.sign_in_name, account.person.name


def is_good(form: PassphraseForm, practice_id: UUID, *names: str) -> bool:
    """True when the passphrase will do; otherwise its field says why not. `names`: what its owner goes by."""
    weakness = rules.weakness(form.passphrase.data or "", (*names, practices.by_id(practice_id).name))
    form.passphrase.errors = [weakness] if weakness else []
    return weakness is None


# First screens


@pages.route("/welcome", methods=["GET", "POST"])
@access.clients
def welcome() -> Response | BaseResponse | str:
    """Four screens at the first sign-in: who reads what, the way out, nobody watches, how to stop."""
    viewer = web.viewer()
    if request.method == "POST":
        actions.welcome(viewer, web.found(queries.account_of(viewer.person_id)), clock.now())
        db.session.commit()
        return web.see("/")
    practice = web.found(practices.practice_of(viewer))
    step = max(web.number("step", 1, most=WELCOME_SCREENS), 1)
    lines = practices.crisis_lines(practice)
    return render_template(
        "accounts/welcome.html", step=step, steps=WELCOME_SCREENS, practice=practice, lines=lines
    )


# Devices


@pages.get("/devices")
@access.signed_in
def devices() -> str:
    """Where this person is signed in, in plain words."""
    viewer = web.viewer()
    found = queries.devices_of(viewer, clock.now())
    account = web.found(queries.account_of(viewer.person_id))
    return render_template(
        "accounts/devices.html",
        devices=found,
        zone=queries.zone_of(viewer),
        account=account,
        has_factor=queries.has_factor(viewer.person_id),
    )


@pages.post("/devices/<uuid:session_id>/end")
@access.signed_in
def end_device(session_id: UUID) -> BaseResponse:
    """Sign one device out."""
    actions.revoke(web.viewer(), web.found(own_session(session_id)), clock.now())
    db.session.commit()
    flash("That device is signed out.", "done")
    return web.see(url_for("accounts.devices"))


@pages.post("/devices/end-others")
@access.signed_in
def end_other_devices() -> BaseResponse:
    """Sign every other device out: somebody else may have used this sign-in."""
    viewer = web.viewer()
    account = web.found(queries.account_of(viewer.person_id))
    actions.revoke_all(viewer, account, clock.now(), keep=viewer.session_id)
    db.session.commit()
    flash(
        "Every other device is signed out, and a calendar link has ended. If somebody may know your passphrase, "
        "choose a new one now.",
        "done",
    )
    return web.see(url_for("accounts.devices"))


# Staff


@pages.get("/staff")
@access.owners
def staff() -> str:
    """Who works here, and who did."""
    names = {UUID(id_): name for id_, name in _supervisors()}
    zone = web.found(practices.practice_of(web.viewer())).zone
    return render_template(
        "accounts/staff.html", members=_everybody(), names=names, zone=zone, at=clock.now()
    )


def _everybody() -> list[StaffMember]:
    members = db.session.scalars(queries.staff_visible_to(web.viewer())).all()
    return sorted(members, key=lambda one: (one.left_at is not None, one.name.casefold()))


@pages.route("/staff/new", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
def new_staff() -> Response | BaseResponse:
    """Take somebody in; the passphrase for the first sign-in is shown once."""
    form = StaffForm()
    form.offer(_supervisors())
    if form.validate_on_submit():
        return _take_in(form)
    return web.page("accounts/new_staff.html", 422 if form.is_submitted() else 200, form=form)


def _supervisors() -> list[tuple[str, str]]:
    at_work = queries.staff_at_work(web.viewer(), clock.now())
    return [(str(one.id), one.name) for one in at_work if one.is_supervisor]


@pages.route("/staff/<uuid:staff_id>/supervisor", methods=["GET", "POST"])
@access.owners
@access.fresh_proof
def supervise(staff_id: UUID) -> Response | BaseResponse:
    """Another supervisor, or none any more."""
    member = web.found(queries.staff_for(web.viewer(), staff_id))
    form = SupervisorForm(data={"supervisor": str(member.supervisor_id or "")})
    form.offer([one for one in _supervisors() if one[0] != str(staff_id)])
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return web.page("accounts/supervise.html", status, form=form, member=member)
    chosen = UUID(form.supervisor.data) if form.supervisor.data else None
    actions.supervise(web.viewer(), member, queries.staff_for(web.viewer(), chosen) if chosen else None)
    db.session.commit()
    flash("Saved. It holds from now on.", "done")
    return web.see(url_for("accounts.staff"))


def _take_in(form: StaffForm) -> Response:
    viewer, once = web.viewer(), library.new_passphrase()
    db.session.rollback()
    chosen = actions.NewSignIn(
        form.sign_in_name.data or "", actions.hash_passphrase(once), must_change_password=True
    )
    try:
        member = actions.employ(viewer, web.found(viewer.practice_id), _member(form), chosen, clock.now())
    except actions.NameTaken as error:
        db.session.rollback()
        form.sign_in_name.errors = [str(error)]
        return web.page("accounts/new_staff.html", 422, form=form)
    db.session.commit()
    return web.page("accounts/once.html", name=member.name, sign_in_name=chosen.name, passphrase=once)


def _member(form: StaffForm) -> actions.NewMember:
    return actions.NewMember(
        name=form.name.data or "",
        credential=form.credential.data or "",
        is_owner=form.is_owner.data,
        is_counselor=form.is_counselor.data,
        is_supervisor=form.is_supervisor.data,
        supervisor_id=UUID(form.supervisor.data) if form.supervisor.data else None,
    )
