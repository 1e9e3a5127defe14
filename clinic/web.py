"""What every view shares: who looks, rows that may not exist, and how times are written."""

import traceback
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from itsdangerous import URLSafeTimedSerializer
from jinja2 import Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as BaseResponse

from clinic import clock
from clinic.access import NOBODY, Viewer

Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])
Room = int | Callable[..., int]

BYTES = 12
BESIDE = 65_536
READS = {"GET", "HEAD", "OPTIONS"}
_ANY = UUID(int=0)


class House(Flask):
    """The application; its log of a mistake says where and of what kind, and quotes nobody."""

    def log_exception(self, exc_info: Any) -> None:
        """No path, which can hold the token of an invitation, and no message but the database's own."""
        kind, error, trace = exc_info
        said = str(error.orig) if isinstance(error, DBAPIError) else ""
        where = "".join(traceback.format_tb(trace))
        self.logger.error("Mistake in %s: %s %s\n%s", request.endpoint, kind.__name__, said, where)


class Cookies(SecureCookieSessionInterface):
    """The cookie of a browser, read and written with one signer for all requests."""

    _signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def viewer() -> Viewer:
    """Who this request is for; NOBODY before signing in."""
    return getattr(current_user, "viewer", NOBODY)


def found(row: Row | None) -> Row:
    """The row, or 404: what a viewer may not see answers like what does not exist."""
    if row is None:
        abort(404)
    return row


def door(view: View) -> View:
    """Mark a view in which somebody shows who they are: what it does not take leaves a line in the log."""
    view.is_door = True  # type: ignore[attr-defined]  # functions carry attributes
    return view


def takes(room: Room) -> Callable[[View], View]:
    """Say how many characters a view takes in, which is known before the body is read; else a few buttons' worth."""

    def mark(view: View) -> View:
        view.takes = room  # type: ignore[attr-defined]  # functions carry attributes
        return view

    return mark


def body_limit(view: object, values: Mapping[str, Any]) -> int:
    """Bytes of the largest body: a 4-byte character is 12 bytes urlencoded; names and tokens need the rest."""
    room: Room = getattr(view, "takes", 0)
    return BYTES * (room(**values) if callable(room) else room) + BESIDE


def is_asked_by_another_site(base_url: str) -> bool:
    """True when a page of another site made the browser send a form here, or take one of our pages in as a part.

    Browsers tell who asks (Sec-Fetch-Site); following a link is everybody's. One that does not tell it names the origin
    of a form; it is "null" on our own pages, which send no referrer: there the token and the cookie's SameSite decide.
    """
    asked_by, is_write = request.headers.get("Sec-Fetch-Site"), request.method not in READS
    if asked_by is not None:
        is_link = request.headers.get("Sec-Fetch-Mode") == "navigate" and not is_write
        return asked_by not in {"same-origin", "none"} and not is_link
    origin = request.headers.get("Origin", "null")
    return (
        is_write
        and origin != "null"
        and urlsplit(origin).netloc not in {request.host, urlsplit(base_url).netloc}
    )


def number(name: str, usual: int, *, most: int) -> int:
    """A whole number from the address of a page, from 0 to `most`; whatever is none is the usual one."""
    text = request.args.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else usual


def see(target: str) -> BaseResponse:
    """Go on to a page of the project's own with GET."""
    return redirect(target, code=303)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page with a status other than 200, for instance 409 or 422."""
    return Response(render_template(template, **values), status=status, mimetype="text/html")


def addresses(endpoint: str, argument: str) -> Callable[[UUID], str]:
    """Gives the address of a page for one id after the other: a list builds it once, not for each of its rows."""
    before, after = _around(endpoint, argument, request.script_root)
    return lambda id_: f"{before}{id_}{after}"


def address(endpoint: str, **values: Any) -> str:
    """`url_for` for templates: the address of a page that is the same for everybody is made once in each process."""
    if not values or endpoint == "static":
        return _address(request.script_root, endpoint, **values)
    return url_for(endpoint, **values)


@cache
def _address(_root: str, endpoint: str, **values: str) -> str:
    return url_for(endpoint, _anchor=None, _method=None, _scheme=None, _external=None, **values)


@cache
def _around(endpoint: str, argument: str, _root: str) -> tuple[str, str]:
    values: dict[str, Any] = {argument: _ANY}
    before, after = url_for(endpoint, **values).split(str(_ANY))
    return before, after


def drawn(text: str) -> Markup:
    """A text as a code for a camera; dark on white in every color scheme, since cameras expect that."""
    square = segno.make(text, error="m", micro=False)
    return Markup(square.svg_inline(omitsize=True, border=4, dark="#2A241D", light="#FFFFFF"))  # noqa: S704  # drawn from numbers


class Page(Template):
    """A template whose macros are made ready once: nothing that a page is rendered with reaches them but arguments."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def in_zone(instant: datetime, zone: str) -> datetime:
    """The instant on the wall clock of an IANA zone."""
    return instant.astimezone(ZoneInfo(zone))


def day(value: date | datetime, zone: str = "Etc/UTC") -> str:
    """A day in words: "Sunday, March 8, 2026"."""
    local = in_zone(value, zone) if isinstance(value, datetime) else value
    return f"{local:%A}, {local:%B} {local.day}, {local.year}"


def short_day(value: date | datetime, zone: str = "Etc/UTC") -> str:
    """A day in a list: "Sun, Mar 8"."""
    local = in_zone(value, zone) if isinstance(value, datetime) else value
    return f"{local:%a}, {local:%b} {local.day}"


def moment(value: datetime, zone: str) -> str:
    """A day and a time: "Sun, Mar 8, 8:12 pm"."""
    local = in_zone(value, zone)
    return f"{short_day(value, zone)}, {clock_time(local)}"


def clock_time(local: datetime) -> str:
    """A time of day: "8:12 pm"."""
    hour = local.hour % 12 or 12
    return f"{hour}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def elsewhere(instant: datetime, zone: str, here: str) -> str:
    """What the clock of another zone says at an instant told by the clock of `here`; nothing when they agree."""
    there = in_zone(instant, zone)
    if there.utcoffset() == in_zone(instant, here).utcoffset():
        return ""
    city = zone.rpartition("/")[2].replace("_", " ")
    return f"{clock_time(there)} in {city}"


def by_said(until: datetime, zone: str, now: datetime) -> str:
    """Until when: "good until tonight", "good by Thursday", "good by Sun, May 24"."""
    last = clock.last_day(until, zone)
    days = (last - clock.local_day(now, zone)).days
    if days <= 0:
        return "good until tonight"
    return f"good by {last:%A}" if days < 7 else f"good by {short_day(last)}"
