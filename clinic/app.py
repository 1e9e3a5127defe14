"""create_app(): settings, extensions, blueprints, the path of every request, headers and error pages."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, icons, refusals, vault, web
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts import views as doors
from clinic.appointments import queries as appointments
from clinic.appointments.actions import sever
from clinic.config import Settings
from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.exercises.document import Turn
from clinic.extensions import MIGRATING, READING, Busy, alembic, csrf, db, login_manager, set_transactions
from clinic.homework import reminders
from clinic.homework import summary as glances
from clinic.reflections import queries as reflections
from clinic.reflections.rules import readers_sentence

ROOT = Path(__file__).parent.parent
DOMAINS = (
    "practice",
    "accounts",
    "couples",
    "consent",
    "safety",
    "exercises",
    "homework",
    "reflections",
    "appointments",
    "documents",
    "progress",
    "privacy",
)
FILES = {"static", "fonts"}
"""Endpoints of files that are the same for everybody: nobody is looked up for them."""

KEPT = "Your sign-in ended. What you wrote is put aside for you; sign in to find it."
NOT_KEPT = "Your sign-in ended before this could be saved. What was saved earlier is there when you sign in."

NOT_DONE = "Nothing was done yet. Show that it is you, then do it once more."
NOT_DONE_BUT_KEPT = (
    "Nothing was done yet. What you wrote is kept: show that it is you, and it is back in its form."
)

OWED = {"factor": "accounts.second", "new factor": "accounts.second", "passphrase": "accounts.passphrase"}
"""Where somebody goes who owes something first."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
FOR_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve; refuses to start on a wrong key or a route without a mark."""
    settings = settings or Settings.from_environment()
    vault.open_with(settings.key_file)
    vault.watch(settings.shredded_file)
    app = web.House(
        __name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "clinic" / "static")
    )
    _configure(app, settings)
    _stand_behind(app, settings.proxies)
    _extend(app)
    for domain in DOMAINS:
        app.register_blueprint(import_module(f"clinic.{domain}.views").pages)
    _own_routes(app, settings)
    _path_of_a_request(app)
    _error_pages(app)
    _refuse_unmarked(app)
    return app


def warm_up(app: Flask) -> None:
    """Load what the first request would load, then take it all out of the garbage collector's rounds."""
    app.test_client().get("/accounts/sign-in")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SETTINGS=settings,
        HEADERS=HEADERS | (FOR_HTTPS if settings.is_https else {}),
        SECRET_KEY=vault.derived("cookies"),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_BINDS={READING: settings.database_url},
        MAX_CONTENT_LENGTH=web.BESIDE,
        MAX_FORM_MEMORY_SIZE=web.BESIDE,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        SESSION_COOKIE_NAME="__Host-session" if settings.is_https else "session",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # bound to the sign-in, no clock of its own
        WTF_CSRF_SSL_STRICT=False,  # no referrer is sent; who asks is checked by _refuse_other_sites
        TESTING=settings.testing,
        ALEMBIC={"script_location": str(ROOT / "clinic" / "migrations")},
        ALEMBIC_CONTEXT=MIGRATING,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.session_interface = web.Cookies()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.template_class = web.Page
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=icons.icon, url_for=web.address, settings=settings, readers_said=_readers_said
    )
    app.jinja_env.filters.update(
        day=web.day,
        short_day=web.short_day,
        moment=web.moment,
        clock_time=web.clock_time,
        in_zone=web.in_zone,
        elsewhere=web.elsewhere,
        by_said=web.by_said,
        last_day=clock.last_day,
    )
    app.context_processor(lambda: {"viewer": web.viewer(), "now": clock.now()})


def _stand_behind(app: Flask, proxies: int) -> None:
    """Take the word of the practice's own proxies on who calls; with none of them nobody's."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]


def _readers_said(author: Partner, turn: Turn, opening: str) -> str:
    """Who will read what this partner writes; handed in for pages that lie below reflections."""
    return readers_sentence(turn, reflections.readers_of(author.couple, author.id, clock.now()), opening)


def _extend(app: Flask) -> None:
    for domain in DOMAINS:  # all tables must be known before the first statement; progress keeps none
        if find_spec(f"clinic.{domain}.models"):
            import_module(f"clinic.{domain}.models")
    db.init_app(app)
    alembic.init_app(app)
    app.before_request(_refuse_other_sites)
    app.before_request(_bound_the_body)  # before the protection against forged forms, which reads it
    csrf.init_app(app)
    login_manager.init_app(app)
    sign_ins.hand_in(couples.SIDES, couples.IN_EMERGENCY, couples.zone_for)
    couples.hand_in(
        couples.FromAbove(
            glances.columns, glances.glances_of, glances.is_to_read, appointments.next_at, sever, _weigh
        )
    )
    login_manager.user_loader(doors.signed_with)
    login_manager.session_protection = None  # sign-ins are rows; they are revoked there


def _weigh(couple_id: UUID, now: datetime) -> None:
    reminders.weigh(now, couple_id=couple_id)


def _refuse_other_sites() -> Response | None:
    """Nothing is done for another site's page: not even looked up who is signed in, and there is nothing to tell it."""
    settings: Settings = current_app.config["SETTINGS"]
    if not web.is_asked_by_another_site(settings.base_url):
        return None
    g.is_refused, g.refused_for = True, refusals.OTHER_SITE
    return Response(
        "This was asked by a page of another site. Nothing was done.\n", 403, mimetype="text/plain"
    )


def _bound_the_body() -> None:
    """A route takes as much as its form has room for, and no more; to know that, a GET cannot write either."""
    view = current_app.view_functions.get(request.endpoint or "")
    is_write = request.method not in web.READS
    set_transactions(write=is_write, reads_first=getattr(view, "reads_first", False))
    if request.method == "POST" and view is not None:
        limit = web.body_limit(view, request.view_args or {})
        request.max_content_length = request.max_form_memory_size = limit


def _own_routes(app: Flask, settings: Settings) -> None:
    @app.get("/")
    @access.public
    def home() -> BaseResponse:
        return redirect(url_for(_home_of(web.viewer())))

    @app.get("/fonts/<path:name>")
    @access.public
    def fonts(name: str) -> Response:
        return send_from_directory(settings.fonts_dir, name, max_age=31_536_000)

    access.public(app.view_functions["static"])


def _home_of(viewer: access.Viewer) -> str:
    """The endpoint where somebody begins."""
    if viewer.is_nobody:
        return "accounts.sign_in"
    if viewer.awaits:
        return OWED[viewer.awaits]
    if viewer.is_staff:
        return "progress.today" if viewer.admitted("counselors") else "practice.show"
    return "progress.now"


def _path_of_a_request(app: Flask) -> None:
    app.before_request(_admit)
    app.after_request(_finish)
    app.after_request(_note_refusal)
    app.extensions["refusals"] = refusals.Refusals(app.logger)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        _end_reading()
        set_transactions(write=True)  # the rule of this request must not outlive it in a thread that goes on


def _admit() -> BaseResponse | Response | None:
    """The mark of the route decides, before any row is fetched."""
    if request.endpoint is None or request.endpoint in FILES:
        return None
    view = current_app.view_functions[request.endpoint]
    viewer = web.viewer()
    if not viewer.admitted(access.mark_of(view) or "owners"):
        return _turn_away(view, viewer)
    if _is_of_another(viewer):
        return _too_old()
    if getattr(view, "needs_fresh_proof", False) and not viewer.has_fresh_proof:
        return _asked_to_prove(getattr(view, "goes_on_from", None))
    g.reading = ExitStack()
    g.reading.enter_context(vault.reading(viewer, request.endpoint))
    return None


def _asked_to_prove(goes_on_from: str | None) -> BaseResponse:
    """What was typed is put aside meanwhile, and back in its form afterwards; nobody takes it for done."""
    kept_at = _put_aside("sign_in")
    if request.method == "POST":
        flash(NOT_DONE_BUT_KEPT if kept_at else NOT_DONE, "message")
    after = kept_at or _page() or (url_for(goes_on_from) if goes_on_from else None)
    return redirect(url_for("accounts.prove", next=after))


def _finish(response: Response) -> Response:
    """End the transaction, write the trail of what was read, note that the sign-in was used, set the headers."""
    _dress(response)
    if request.endpoint in FILES or "is_refused" in g:
        return response
    doors.settle(response.status_code)
    try:
        _end_reading()
    except Busy as error:  # what was opened cannot be noted, so nobody gets to see it
        response = make_response(_busy(error))
        _dress(response)
    if not current_user.is_anonymous:
        accounts.note_use(current_user, clock.now())
    return response


def _note_refusal(response: Response) -> Response:
    """What was refused leaves a line of fixed words; nothing of the request is in it."""
    reason = g.get("refused_for") or _refused_for(response.status_code)
    if reason:
        noted: refusals.Refusals = current_app.extensions["refusals"]
        noted.note(reason, response.status_code, request.endpoint or "none", clock.now())
    return response


def _refused_for(status: int) -> str | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method == "POST" and status in {409, 422, 429} and hasattr(view, "is_door"):
        return refusals.WRONG_PROOF
    if status == 404 and view is None:
        return refusals.NO_PAGE
    return refusals.REASONS.get(status)


def _dress(response: Response) -> None:
    """The headers of every answer; nothing but files of the house may be kept anywhere."""
    response.headers.update(current_app.config["HEADERS"])
    if request.endpoint not in FILES:
        response.headers["Cache-Control"] = "no-store"


def _is_of_another(viewer: access.Viewer) -> bool:
    """True for a form that somebody else wrote before this account signed in at the same screen."""
    writer = doors.named_writer() if request.method == "POST" else None
    return writer is not None and writer.person_id != viewer.person_id


def _turn_away(view: object, viewer: access.Viewer) -> BaseResponse | Response:
    """A visitor is asked to sign in, others get 403; a text that came along is put aside for who wrote it."""
    kept_at = _put_aside("sign_in")
    carries_text = request.method == "POST" and ("writer" in request.form or hasattr(view, "keeps_text"))
    if carries_text and _is_script():
        return _told_the_script(kept_at, 401)
    is_page = request.method == "GET" and request.path != "/"
    target = request.path if is_page else kept_at
    if viewer.awaits:
        return redirect(url_for(OWED[viewer.awaits], next=target), code=303)
    if not viewer.is_nobody:
        abort(403)
    if carries_text:
        flash(KEPT if kept_at else NOT_KEPT, "message")
    return redirect(url_for("accounts.sign_in", next=target), code=303)


def _put_aside(cause: accounts.Cause) -> str | None:
    """Keep the text of a POST that was not carried out; the page on which its author finds it, if it was kept.

    What a client writes for a turn goes to that turn, everything else to the form that it was typed into.
    """
    if request.method != "POST":
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    keep: Callable[[accounts.Cause], str | None] = getattr(view, "keeps_text", doors.put_aside)
    return keep(cause)


def _is_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _told_the_script(kept_at: str | None, status: int) -> Response:
    """The script of an open page says "put aside" only when it was."""
    answer = jsonify(kept=kept_at is not None)
    answer.status_code = status
    return answer


def _end_reading() -> None:
    stack: ExitStack | None = g.pop("reading", None)
    if stack is not None:
        db.session.remove()
        stack.close()


def _error_pages(app: Flask) -> None:
    def show(error: HTTPException) -> tuple[str, int] | HTTPException:
        code = error.code or 500
        if code < 400:
            return error
        db.session.rollback()
        # 404: it is not there any more, or not for who is here; 500: it was our mistake
        kept_at = _put_aside_or_not() if code in {404, 500} else None
        name = code if code in {400, 403, 404, 409, 413, 429} else 500
        return render_template(f"errors/{name}.html", kept_at=kept_at), code

    app.register_error_handler(HTTPException, show)
    app.register_error_handler(CSRFError, _too_old)
    app.register_error_handler(SecurityError, _not_our_name)
    app.register_error_handler(Busy, _busy)


def _not_our_name(_error: SecurityError) -> Response:
    """Asked under a name that is not ours: there are no addresses to build a page with, and nothing to tell."""
    g.refused_for = refusals.OTHER_HOST
    return Response("There is nothing under this address.\n", 400, mimetype="text/plain")


def _put_aside_or_not() -> str | None:
    """What broke the request may break this, too: then the page says that it was not kept."""
    try:
        return _put_aside("error")
    except Exception:
        db.session.rollback()
        return None


def _too_old(_error: CSRFError | None = None) -> Response:
    """A page of before the last sign-in, or a forged form: nothing of it is shown or done, its text is put aside."""
    g.refused_for = refusals.FORGED
    kept_at = _put_aside("sign_in")
    if _is_script():
        return _told_the_script(kept_at, 400)
    return web.page("errors/expired.html", 400, kept_at=kept_at)


def _busy(_error: Busy) -> Response:
    """Another write took too long: nothing was done, and nothing is shown that could not be noted in the trail."""
    db.session.rollback()
    set_transactions(write=False)  # the page itself asks for nothing but who is signed in
    answer = _told_the_script(None, 503) if _is_script() else web.page("errors/503.html", 503, again=_again())
    answer.headers["Retry-After"] = "5"
    return answer


def _again() -> str | None:
    """The page that was asked for; what a form sent is still in the form, one step back."""
    return _page() if request.method == "GET" else None


def _page() -> str | None:
    """The address of this request, if there is a page to see at it."""
    can_be_seen = request.url_rule is not None and "GET" in (request.url_rule.methods or ())
    return request.full_path.rstrip("?") if can_be_seen else None


def _refuse_unmarked(app: Flask) -> None:
    """Default deny: a route that does not say whom it admits is a mistake of ours."""
    unmarked = [
        r.endpoint for r in app.url_map.iter_rules() if not access.mark_of(app.view_functions[r.endpoint])
    ]
    if unmarked:
        raise RuntimeError(f"Routes without an access mark: {', '.join(sorted(set(unmarked)))}")
