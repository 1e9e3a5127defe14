"""A record as somebody gets it who asked for it: whose words, on which day, what was left out and why."""

from datetime import UTC, date, datetime
from itertools import groupby

from clinic.practice.summary import Letterhead
from clinic.privacy.summary import GivenRecord, LeftOut, Line, Step
from clinic.progress.summary import content_hash, grouped
from reports.document import Document, Paper, fill
from reports.own_record import said
from reports.progress import contact


def page(record: GivenRecord, _: Paper) -> str:
    """Fill the template."""
    return fill(
        "given_record.html",
        record=record,
        letterhead=contact(record.letterhead),
        made_on=said(record.made_at.date()),
        said=said,
        voices=voices,
        mark=" ".join(grouped(content_hash(record))),
    )


def voices(step: Step) -> list[tuple[tuple[str, date | None], list[Line]]]:
    """The lines of a step, those of one voice together."""
    return [(key, list(lines)) for key, lines in groupby(step.lines, key=lambda one: (one.by, one.opened_on))]


def sample() -> GivenRecord:
    """Make the short record of the warm-up."""
    day = date(2026, 1, 1)
    line = Line(by="A", on=day, question="What happened?", answer=("A call.",))
    return GivenRecord(
        letterhead=Letterhead(practice="Practice"),
        asker="C",
        purpose="To go on.",
        about="A’s own part",
        asked_on=day,
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        authorized=("A, January 1, 2026",),
        signed_by="D",
        steps=(Step(exercise="Feelings log", on=day, lines=(line,)),),
        left_out=(LeftOut(what="Feelings log", why="Not asked for."),),
    )


DOCUMENT = Document("given_record", GivenRecord, page, ("own_record.css",), sample)
