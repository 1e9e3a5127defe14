"""Verbs of progress: freeze the summary for one audience and ask for its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from clinic.access import Viewer
from clinic.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.documents import actions as documents
from clinic.documents.models import Document
from clinic.exercises.document import TrustPractice
from clinic.practice import queries as houses
from clinic.progress import lines, practices, queries, report, rules
from clinic.progress.points import Position
from clinic.progress.summary import (
    Attendance,
    Audience,
    NextStep,
    Partner,
    Period,
    ProgressSummary,
    Win,
    content_hash,
)
from clinic.web import clock_time, in_zone


@dataclass(frozen=True)
class Chosen:
    """What the counselor settles for one report; `excerpts` are keys of passages that were offered."""

    audience: Audience
    period: Period
    paper: str
    narrative: str = ""
    next_steps: str = ""
    excerpts: tuple[str, ...] = ()
    with_wins: bool = True


def make_report(viewer: Viewer, couple: Couple, chosen: Chosen, now: datetime) -> Document:
    """Freeze what this audience may read and ask for its pages."""
    summary = summarize(viewer, couple, chosen, now)
    order = documents.Order(
        kind="progress_report",
        audience=chosen.audience,
        paper=chosen.paper,
        from_on=chosen.period.starts_on,
        to_on=chosen.period.ends_on,
        content=msgspec.to_builtins(summary),
        content_hash=content_hash(summary),
    )
    return documents.ask(viewer, couple, order, now)


def summarize(viewer: Viewer, couple: Couple, chosen: Chosen, now: datetime) -> ProgressSummary:
    """The summary for one audience, made of nothing but what that audience may read."""
    audience, period = chosen.audience, chosen.period
    words = queries.words_for(viewer, couple, audience, period)
    rounds = queries.rounds_for(viewer, couple, audience, words, period, now)
    drawn = lines.lines(words, rounds)
    won = rules.wins(words)
    attended = attendance(report.appointments_for(viewer, couple, audience, period))
    practice = houses.by_id(couple.practice_id)
    names: dict[Position, str] = {one.position: one.name for one in couple.partners}  # type: ignore[misc]  # 1 or 2
    return ProgressSummary(
        audience=audience,
        letterhead=houses.letterhead_of(practice),
        alias=couple.alias if audience == "counselor" else "",
        partners=tuple(Partner(position=position, name=name) for position, name in names.items()),
        period=period,
        made_at=now,
        zone=couple.zone,
        written_by=report.signature_of(viewer),
        attendance=attended,
        practices=practices.practices(
            rounds,
            drawn,
            names,
            _facts(attended, won, rules.kinds(words)),
            _ratings(viewer, couple, audience, words, period),
        ),
        trends=tuple(line.trend for line in drawn),
        wins=won[-MOST_WINS:] if chosen.with_wins else (),
        wins_written=len(won),
        excerpts=rules.excerpts(chosen.excerpts, rules.passages(words)),
        narrative=paragraphs(chosen.narrative),
        next_steps=steps(chosen.next_steps),
        next_appointment=_next_appointment(viewer, couple, audience, now),
        completeness=rules.completeness(words, rounds),
        honest_notes=HONEST if drawn else (),  # they are about numbers
        crisis=tuple(_crisis(*line) for line in houses.crisis_lines(practice)),
    )


MOST_WINS = 20
"""So many small wins are printed, the last ones; a year of them is a book of its own. All are counted."""


def _crisis(name: str, number: str, note: str) -> str:
    """Whom to call, as a line to read: "Emergency: 911. Police, ambulance and fire, at any hour."."""
    return (
        ". ".join(part.rstrip(".") for part in (": ".join(filter(None, (name, number))), note) if part) + "."
    )


HONEST = (
    "The numbers are what people wrote on one day about the days before. They are an aid for talking, not a test: they "
    "have no norms and no cutoff, and a change of a point or two may be chance.",
)


def attendance(rows: Sequence[Appointment]) -> Attendance:
    """What became of the appointments of the period."""
    states = [row.state for row in rows]
    return Attendance(
        held=states.count("held"),
        planned=len(states),
        canceled=states.count("canceled") + states.count("late_canceled"),
        no_show=states.count("no_show"),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """A text cut at its blank lines."""
    cleaned = text.replace("\r\n", "\n").strip()
    return tuple(part.strip() for part in cleaned.split("\n\n") if part.strip())


def steps(text: str) -> tuple[NextStep, ...]:
    """One step for each paragraph: its first line is the step, the others say how."""
    cut = (part.partition("\n") for part in paragraphs(text))
    return tuple(NextStep(title=title.strip(), text=" ".join(rest.split())) for title, _, rest in cut)


def _next_appointment(viewer: Viewer, couple: Couple, audience: Audience, now: datetime) -> str:
    row = report.next_appointment(viewer, couple, audience, now)
    if row is None:
        return ""
    local = in_zone(row.starts_at, row.zone)
    return f"{local:%A}, {local:%B} {local.day}, {local.year}, {clock_time(local)}"


def _facts(
    attended: Attendance, won: Sequence[Win], kinds: Sequence[tuple[str, int]]
) -> dict[TrustPractice, str]:
    """What stands out in a practice although no line is drawn of it."""
    held = f"{attended.held} of {attended.planned} appointments held" if attended.held else ""
    wins = f"{len(won)} small {'win' if len(won) == 1 else 'wins'} written down" if won else ""
    if wins and kinds:
        wins += f", most often “{kinds[0][0]}” ({kinds[0][1]})"
    return {"professional_guidance": held, "celebrate_victories": wins}


def _ratings(
    viewer: Viewer, couple: Couple, audience: Audience, words: Sequence[rules.Seen], period: Period
) -> practices.Ratings | None:
    """Ratings stand on the counselor's copy and on no other."""
    if audience != "counselor":
        return None
    quality: Mapping[TrustPractice, Sequence[float]] = report.quality_of(viewer, couple, period)
    return practices.Ratings(quality=quality, usefulness=practices.usefulness(words))


def restored(content: Mapping[str, Any]) -> ProgressSummary:
    """A frozen summary as it was kept."""
    return msgspec.convert(content, ProgressSummary)
