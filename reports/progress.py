"""The progress report on paper: wording by audience, and the lines that its template needs put together."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from clinic.practice.summary import Letterhead
from clinic.progress.points import Trend
from clinic.progress.summary import (
    Audience,
    Excerpt,
    Partner,
    Period,
    PracticeRow,
    ProgressSummary,
    audience_label,
    content_hash,
    grouped,
)
from reports import numbers
from reports.document import FILTERS, Document, Paper, fill
from reports.pdf import Renderer

SIDE_BY_SIDE = 420  # characters of the longer answer that still look well in half the width
SMALL_LINES = 6
"""So many further lines are drawn, small and side by side; the rest is told."""

NAMED_DAYS = 6
"""So many days on which a round did not open are named; of more, their number."""


@dataclass(frozen=True)
class Wording:
    """The sentences that differ by reader."""

    scope: str
    foot: str
    where: str = "Where you are"
    distance: str = "The distance between you"
    ahead: str = "Still ahead"
    begins: str = "You have just begun. What you do and write from here on will be counted here."
    wins: str = "As you wrote them down."
    excerpts: str = "In your own words"
    whole: str = "Chosen from what was written. Nothing was shortened."


@dataclass(frozen=True)
class Figure:
    """A numeral of the overview and what it counts."""

    value: int
    label: str


_ONE = Wording(
    scope="Every figure, line and quotation here comes from what you may read: "
    "your own words, and what was opened to you.",
    foot="Made from what this one person may read.",
)
WORDINGS: dict[Audience, Wording] = {
    "counselor": Wording(
        scope="It shows ratings and words that partners do not read here. Their own copies are made apart.",
        foot="Not to be handed to either partner.",
        where="Where they are",
        distance="The distance between them",
        begins="They have just begun. What they do and write from here on will be counted here.",
        wins="As they wrote them down.",
        excerpts="In their own words",
    ),
    "couple": Wording(
        scope="Every figure, line and quotation here comes from what both of you may read.",
        foot="Made from what both may read.",
        ahead="Nothing yet that both of you share",
        whole="From what you opened to each other. Nothing was shortened.",
    ),
    "partner_1": _ONE,
    "partner_2": _ONE,
}


def progress_pdf(renderer: Renderer, summary: ProgressSummary, paper: Paper = "A4") -> bytes:
    """Render the report of one audience as PDF/UA-1; raises RenderFailed."""
    return renderer.render(DOCUMENT.name, summary, paper)


def page(summary: ProgressSummary, _: Paper) -> str:
    """Fill the template; the summary's audience decides the wording."""
    words, label = WORDINGS[summary.audience], audience_label(summary.audience, summary.partners)
    names = {partner.position: partner.name for partner in summary.partners}
    large, small, told = _lines(summary)
    return fill(
        "progress.html",
        summary=summary,
        words=words,
        label=label,
        foot=f"{label}. {words.foot}",
        period=period(summary.period),
        running=f"Progress report, {summary.names}, {period(summary.period)}",
        letterhead=contact(summary.letterhead),
        written=_byline(summary),
        figures=_figures(summary),
        rated=any(row.quality is not None or row.usefulness is not None for row in summary.practices),
        names=names,
        weeks=_weeks(summary.period),
        large=large,
        small=small,
        told=told,
        numbers=numbers.blocks(large, small),
        complete=_complete(summary),
        digest=" ".join(grouped(content_hash(summary), 16)),
    )


def day(on: date) -> str:
    """Write a day as in "May 21, 2026"."""
    return f"{on:%B} {on.day}, {on.year}"


def period(given: Period) -> str:
    """Write a period without saying a year twice."""
    start, end = given.starts_on, given.ends_on
    if start == end:
        return day(start)
    return (
        f"{start:%B} {start.day} to {day(end)}" if start.year == end.year else f"{day(start)} to {day(end)}"
    )


def contact(given: Letterhead) -> tuple[str, ...]:
    """Give the lines below the name of a practice; what is empty has none."""
    return tuple(line for line in (*given.address, given.phone, given.email, given.web) if line)


def hint(trend: Trend) -> str:
    """Say what was asked, what the two ends of the scale mean, and what to bear in mind."""
    ends = ((trend.low, trend.low_word), (trend.high, trend.high_word))
    said = (trend.hint, *(f"{value:g}: {word}." for value, word in ends if word), trend.note)
    return " ".join(part for part in said if part)


def legend(trend: Trend, summary: ProgressSummary) -> str:
    """Say which line is whose, and why there is a hole in it."""
    looks = ((1, trend.first, "filled marks, solid line"), (2, trend.second, "open marks, broken line"))
    lines = [f"{summary.name(position)}: {look}." for position, points, look in looks if points]  # type: ignore[arg-type]
    if len(trend.unopened) > NAMED_DAYS:
        lines.append(f"{len(trend.unopened)} rounds did not open, so that neither line has a point there.")
    elif trend.unopened:
        days = ", ".join(f"{on:%B} {on.day}" for on in trend.unopened)
        lines.append(f"Not opened, so that neither line has a point there: {days}.")
    if trend.restarts:
        lines.append("A line begins anew where the wording of the questions changed.")
    return " ".join(lines)


def is_pair(excerpt: Excerpt) -> bool:
    """Tell whether the answers are two, and short enough to stand side by side."""
    return len(excerpt.words) == 2 and all(len(words.text) <= SIDE_BY_SIDE for words in excerpt.words)


def source(excerpt: Excerpt, given: Period) -> str:
    """Say where an excerpt is from and when it was opened."""
    opened = f"opened {when(excerpt.opened_on, given)}" if excerpt.opened_on else ""
    line = ", ".join(part for part in (excerpt.exercise, opened) if part)
    return line[:1].upper() + line[1:]


def stands_out(row: PracticeRow, ahead: str) -> str:
    """What stands out in a practice, or a kind word where nothing does yet."""
    if row.headline or not row.assigned:
        return row.headline or ahead
    return "Under way" if row.done < row.assigned else "Done"


def when(on: date, given: Period) -> str:
    """A day of the period, with its year where that is not plain."""
    return (
        f"{on:%B} {on.day}" if given.starts_on.year == given.ends_on.year else f"{on:%b} {on.day}, {on.year}"
    )


def rating(value: float | None) -> str:
    """Write a rating to a tenth, or a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"


def sample() -> ProgressSummary:
    """Make the empty report of the warm-up."""
    return ProgressSummary(
        audience="couple",
        letterhead=Letterhead(practice="Practice"),
        alias="",
        partners=(Partner(position=1, name="A"), Partner(position=2, name="B")),
        period=Period(starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31)),
        made_at=datetime(2026, 1, 31, tzinfo=UTC),
        practices=(PracticeRow(name="Practice", assigned=0, done=0),),
    )


def _byline(summary: ProgressSummary) -> str:
    made = summary.made_at.astimezone(ZoneInfo(summary.zone))
    author = f"Written by {summary.written_by}" if summary.written_by else "Made"
    at = f"{made.hour % 12 or 12}:{made.minute:02d} {'am' if made.hour < 12 else 'pm'}"
    return f"{author} on {day(made.date())}, at {at}. {summary.setting}".strip()


def _weeks(given: Period) -> str:
    """How long it was."""
    weeks = round(((given.ends_on - given.starts_on).days + 1) / 7)
    return f"{weeks} {_noun(weeks, 'week')}" if weeks else period(given)


def _figures(summary: ProgressSummary) -> tuple[Figure, ...]:
    """What there is to count; nobody begins with a row of zeros."""
    held, planned = summary.attendance.held, summary.attendance.planned
    given, done = (sum(getattr(row, name) for row in summary.practices) for name in ("assigned", "done"))
    away, wins = summary.attendance.canceled + summary.attendance.no_show, summary.wins_written
    found = (
        (planned, Figure(held, f"{_noun(held, 'appointment')} held, of {planned} planned")),
        (away, Figure(away, f"{_noun(away, 'appointment')} canceled or missed")),
        (given, Figure(done, f"{_noun(done, 'exercise')} done, of {given} given")),
        (wins, Figure(wins, f"small {_noun(wins, 'win')} written down")),
    )
    return tuple(figure for counted, figure in found if counted) if planned or done or wins else ()


def _lines(summary: ProgressSummary) -> tuple[tuple[Trend, ...], tuple[Trend, ...], tuple[Trend, ...]]:
    """The first line large, further ones small where there is something to see, and the rest in words."""
    large = tuple(trend for trend in summary.trends[:1] if trend.is_drawn)
    small = tuple(trend for trend in summary.trends if trend.is_worth_drawing and trend not in large)[
        :SMALL_LINES
    ]
    return large, small, tuple(trend for trend in summary.trends if trend not in large + small)


def _complete(summary: ProgressSummary) -> tuple[str, ...]:
    counted = summary.completeness
    if not counted.answers:
        return ("No answer could be counted yet.",)
    lines = [
        f"{counted.answers} {_noun(counted.answers, 'answer')} counted; {_passed(counted.missing)} passed over.",
        f"{_closings(counted.unanswered)} closed without an answer from somebody who was asked.",
        "What is missing was left out; nothing was filled in for it.",
    ]
    if counted.unopened:
        rounds = f"{counted.unopened} {_noun(counted.unopened, 'round')}"
        lines.insert(1, f"{rounds} closed without opening and gave no point to any line.")
    return tuple(lines)


def _closings(count: int) -> str:
    return f"{_times(count).capitalize()} an exercise" if count else "No exercise"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _passed(count: int) -> str:
    return (
        "no question was"
        if not count
        else f"{count} {_noun(count, 'question')} {'was' if count == 1 else 'were'}"
    )


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


FILTERS.update(
    hint=hint, legend=legend, is_pair=is_pair, source=source, rating=rating, stands_out=stands_out, when=when
)
DOCUMENT = Document("progress", ProgressSummary, page, ("progress.css",), sample)
