"""A person's own record on paper: own words, what both agreed on, what was opened to this person."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic.practice.summary import Letterhead
from clinic.privacy.summary import Line, OwnRecord, Side, Step
from reports.document import FILTERS, TESTS, Document, Paper, fill, paragraphs
from reports.pdf import Renderer
from reports.progress import contact

LONGEST_SHORT = 48
"""Characters of an answer that stands on the line of its question."""


def own_record_pdf(renderer: Renderer, record: OwnRecord, paper: Paper = "A4") -> bytes:
    """Render one record as PDF/UA-1; raises RenderFailed."""
    return renderer.render(DOCUMENT.name, record, paper)


def page(record: OwnRecord, _: Paper) -> str:
    """Fill the template."""
    return fill(
        "own_record.html",
        record=record,
        letterhead=contact(record.letterhead),
        made_on=said(made_on(record)),
        said=said,
        who=who,
        voices=voices,
    )


def made_on(record: OwnRecord) -> date:
    """The day on which it was made, by the clock of its owner."""
    zones = [side.zone for side in record.sides]
    return record.made_at.astimezone(ZoneInfo(zones[0]) if zones else UTC).date()


def said(on: date) -> str:
    """A day as it stands on paper: "March 8, 2026"."""
    return f"{on:%B} {on.day}, {on.year}"


def who(by: str, side: Side) -> str:
    """Whose words these are."""
    return {"you": "You", "both": "You both"}.get(by, side.partner)


def voices(step: Step) -> list[tuple[tuple[str, date | None], list[Line]]]:
    """The lines of a step, those of one voice together."""
    return [(key, list(lines)) for key, lines in groupby(step.lines, key=lambda one: (one.by, one.opened_on))]


def is_short(line: Line) -> bool:
    """True for a number or a few words."""
    return len(line.answer) == 1 and len(line.answer[0]) <= LONGEST_SHORT


def pieces(text: str) -> Iterator[tuple[str, list[str]]]:
    """A signed text in headings, lists and paragraphs, as its certificate shows it."""
    for part in paragraphs(text):
        lines = part.strip().split("\n")
        while lines and lines[0].startswith("#"):
            yield "heading", [lines.pop(0).lstrip("#").strip()]
        is_list = bool(lines) and all(line.startswith("- ") for line in lines)
        if lines:
            yield ("list", [line[2:].strip() for line in lines]) if is_list else ("paragraph", lines)


TESTS["short"] = is_short
FILTERS["pieces"] = pieces


def sample() -> OwnRecord:
    """Make the short record of the warm-up."""
    day = date(2026, 1, 1)
    line = Line(by="you", on=day, question="What happened?", answer=("A call.",))
    step = Step(exercise="Feelings log", on=day, lines=(line,))
    side = Side(partner="B", zone="Etc/UTC", began_on=day, steps=(step,))
    made = datetime(2026, 1, 1, tzinfo=UTC)
    letterhead = Letterhead(practice="Practice")
    return OwnRecord(letterhead=letterhead, name="A", sign_in_name="a", made_at=made, sides=(side,))


DOCUMENT = Document("own_record", OwnRecord, page, ("own_record.css",), sample)
