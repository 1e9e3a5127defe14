"""Pages of progress: a counselor's day, one couple on one page, the making of a report, and a client's home."""

from collections.abc import Mapping
from datetime import datetime
from textwrap import shorten
from typing import get_args
from uuid import UUID

from flask import Blueprint, render_template, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from clinic import access, clock, jobs
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.documents.rules import KINDS, audience_said, readers_said
from clinic.documents.views import said as document_said
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.progress import actions, desk, home, overview, queries, rules, shelves
from clinic.progress.summary import Audience, Period
from clinic.reflections import queries as reflections
from clinic.web import clock_time, found, in_zone, page, see, short_day, takes, viewer
from forms.bounds import room
from forms.progress import AUDIENCES, MOST_EXCERPTS, FrameForm, ReportForm

pages = Blueprint("progress", __name__, url_prefix="/progress")

LOOKING_AT = "couple"
"""Where the session remembers which couple a client of two looks at."""


# The counselor


@pages.get("/today")
@access.counselors
def today() -> str:
    """What needs the counselor today, each line one click from its work."""
    now = clock.now()
    practice = found(practices.practice_of(viewer()))
    day = desk.today_of(viewer(), practice.zone, now)
    return render_template(
        "progress/today.html",
        day=day,
        zone=practice.zone,
        since=since_said,
        spoken=spoken,
        short_day=short_day,
        stale_since=practices.stale_since(practice, now) if viewer().admitted("owners") else None,
    )


@pages.get("/couples/<uuid:couple_id>")
@access.staff
def couple(couple_id: UUID) -> str:
    """One couple on one page."""
    row, may_work = couples.get_with_right(viewer(), couple_id)
    row = found(row)
    shown = overview.overview(viewer(), row, clock.now())
    names = {one.position: one.name for one in row.partners}
    return render_template(
        "progress/couple.html",
        shown=shown,
        names=names,
        readers_of=readers_said,
        kinds=KINDS,
        document_said=document_said,
        may_work=may_work,
    )


@pages.route("/couples/<uuid:couple_id>/report", methods=["GET", "POST"])
@access.counselors
@takes(room(ReportForm))
def report(couple_id: UUID) -> str | BaseResponse:
    """Choose readers and days, add what only a person can say, and ask for the pages."""
    row = found(couples.work_for(viewer(), couple_id))
    now = clock.now()
    is_look = request.form.get("look") in AUDIENCES
    if request.method == "GET":
        form = ReportForm(_asked_for(row, now))
    else:
        form = ReportForm(_for_others(row, now) if is_look else request.form)
    audience, period = _frame_of(form, row, now)
    offered = rules.passages(queries.words_for(viewer(), row, audience, period))
    form.offer(((one.key, one.prompt) for one in offered), keep_only=is_look)
    if form.is_submitted() and form.validate() and not is_look:
        document = actions.make_report(viewer(), row, _chosen(form, audience, period), now)
        db.session.commit()
        jobs.wake()
        return see(url_for("documents.show", document_id=document.id))
    names = {one.position: one.name for one in row.partners}
    choices = [(key, audience_said(key, names)) for key in AUDIENCES]
    status = 422 if form.errors else 200
    return page(
        "progress/report.html",
        status,
        form=form,
        couple=row,
        audience=audience,
        choices=choices,
        carried=_carried(form, audience, names) if is_look else "",
        period=period,
        offered=shelves.by_exercise(offered),
        names=names,
        begins=lambda text: shorten(text, 140, placeholder=" …"),
        most=MOST_EXCERPTS,
    )


def _asked_for(couple: Couple, now: datetime) -> MultiDict[str, str]:
    """What the address of the page says, and for the rest what is usual for these readers."""
    first, last = overview.usual_period(couple, _audience_named(request.args.get("audience")), now)
    paper = practices.by_id(couple.practice_id).paper
    usual = {
        "audience": "couple",
        "from_on": first.isoformat(),
        "to_on": last.isoformat(),
        "paper": paper,
        "with_wins": "y",
    }
    return MultiDict(
        {
            **usual,
            **{key: request.args[key] for key in ("audience", "from_on", "to_on") if key in request.args},
        }
    )


def _frame_of(form: FrameForm, couple: Couple, now: datetime) -> tuple[Audience, Period]:
    """The readers and the days as far as they can be read; the form says what was wrong."""
    audience = _audience_named(form.audience.data)
    first, last = overview.usual_period(couple, audience, now)
    starts, ends = form.from_on.data or first, form.to_on.data or last
    return audience, Period(starts_on=starts, ends_on=max(starts, ends))


def _audience_named(key: str | None) -> Audience:
    return next((one for one in get_args(Audience) if one == key), "couple")


def _for_others(couple: Couple, now: datetime) -> MultiDict[str, str]:
    """A page that was sent only to see it for other readers or other days: all that was typed stays.

    Days that were picked stay, too; what is usual for some readers is not taken along to others.
    """
    sent = MultiDict(request.form)
    usual = [
        [day.isoformat() for day in overview.usual_period(couple, _audience_named(sent.get(key)), now)]
        for key in ("audience", "look")
    ]
    sent["audience"] = sent["look"]
    if [sent.get("from_on"), sent.get("to_on")] == usual[0]:
        sent["from_on"], sent["to_on"] = usual[1]
    return sent


def _carried(form: ReportForm, audience: Audience, names: Mapping[int, str]) -> str:
    """For whom the words in the boxes were written, when these are no longer the ones who will read them."""
    before = _audience_named(request.form.get("audience"))
    has_words = form.narrative.data or form.next_steps.data
    return audience_said(before, names) if has_words and before != audience else ""


def _chosen(form: ReportForm, audience: Audience, period: Period) -> actions.Chosen:
    return actions.Chosen(
        audience=audience,
        period=period,
        paper=form.paper.data,
        narrative=form.narrative.data or "",
        next_steps=form.next_steps.data or "",
        excerpts=tuple(form.excerpts.data or ()),
        with_wins=form.with_wins.data,
    )


# The client


@pages.get("/now")
@access.clients
def now() -> str | BaseResponse:
    """The one thing to do, what is done, what opened."""
    if not viewer().couple_ids:
        zone = couples.zone_of(viewer().sides[0])  # one clock for every held page of a couple
        return render_template(
            "progress/now.html", shown=None, greeting=greeting(clock.now(), zone), practice=_practice()
        )
    here = _side()
    if here is None:
        return see(url_for("progress.choose"))
    couple, partner = here
    instant = clock.now()
    shown = home.home_of(viewer(), couple, partner, instant)
    return render_template(
        "progress/now.html",
        shown=shown,
        couple=couple,
        partner=partner,
        task=shown.tasks[0] if shown.tasks else None,
        greeting=greeting(instant, couple.zone),
        practice=_practice(),
        position_of={one.position: one for one in couple.partners},
    )


@pages.get("/ours")
@pages.get("/ours/<uuid:round_id>")
@access.clients
def ours(round_id: UUID | None = None) -> str | BaseResponse:
    """What both may read: exchanges by their opening, wins, and what they agreed on."""
    here = _side()
    if here is None:
        return see(url_for("progress.choose" if len(viewer().couple_ids) > 1 else "progress.now"))
    couple, _partner = here
    opened = home.opened_for(viewer(), couple)
    at = round_id or (opened[0].round_id if opened else None)
    exchange = home.exchange_for(viewer(), couple, at) if at else None
    if round_id is not None:
        found(exchange)
    more = home.ours_for(viewer(), couple) if round_id is None else None
    names = {one.position: one.name for one in couple.partners}
    return render_template(
        "progress/ours.html",
        opened=opened,
        before=shelves.by_month(opened[1:], lambda one: one.on),
        exchange=exchange,
        is_fresh=exchange is not None and exchange.opened_on == clock.local_day(clock.now(), couple.zone),
        more=more,
        names=names,
        is_one=round_id is not None,
    )


@pages.get("/mine")
@access.clients
def mine() -> str | BaseResponse:
    """Neutral lines of what this person sent; the words stay closed until a fresh proof."""
    here = _side()
    if here is None:
        return see(url_for("progress.choose" if len(viewer().couple_ids) > 1 else "progress.now"))
    couple, partner = here
    months = shelves.by_month(
        home.mine_for(viewer(), partner), lambda one: clock.local_day(one.sent_at, couple.zone)
    )
    return render_template(
        "progress/mine.html",
        months=months,
        unsent=reflections.unsent_of(viewer(), couple.id),
        looks=home.looks_at(couple, partner),
        couple=couple,
        partner=partner,
    )


@pages.route("/choose", methods=["GET", "POST"])
@access.clients
def choose() -> str | BaseResponse:
    """Which couple to look at, for somebody who has two; nothing on the page tells anything of either."""
    rows = [found(couples.get_for(viewer(), id_)) for id_ in sorted(viewer().couple_ids)]
    if request.method == "POST":
        row = found(next((one for one in rows if str(one.id) == request.form.get("couple")), None))
        session[LOOKING_AT] = str(row.id)
        return see(url_for("progress.now"))
    others = [(row, couples.other_of(row, found(couples.side_of(viewer(), row)).id)) for row in rows]
    return render_template("progress/choose.html", others=others)


def _side() -> tuple[Couple, Partner] | None:
    """The couple that this client looks at, with the own side; None when it must be chosen first."""
    ids = {str(one): one for one in viewer().couple_ids}
    chosen = session.get(LOOKING_AT) if len(ids) > 1 else next(iter(ids), None)
    row = couples.get_for(viewer(), ids[chosen]) if chosen in ids else None
    side = couples.side_of(viewer(), row) if row is not None else None
    return (row, side) if row is not None and side is not None else None


def _practice() -> object:
    return found(practices.practice_of(viewer()))


# How times are said


def since_said(instant: datetime, zone: str) -> str:
    """How long ago, as one says it: "8:12 pm", "yesterday", "Tuesday", "11 days"."""
    now = clock.now()
    days = (clock.local_day(now, zone) - clock.local_day(instant, zone)).days
    if days <= 0:
        return clock_time(in_zone(instant, zone))
    if days == 1:
        return "yesterday"
    return f"{in_zone(instant, zone):%A}" if days < 7 else f"{days} days"


def greeting(now: datetime, zone: str) -> str:
    """Good morning, afternoon or evening; after midnight it is still the evening."""
    hour = in_zone(now, zone).hour
    if 3 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"


def spoken(number: int) -> str:
    """A small number in words, for the ear."""
    words_ = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words_[number] if number < len(words_) else str(number)
