"""The progress report as plain frozen values, made for one named audience and complete before anything is drawn."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

import msgspec

from clinic.practice.summary import Letterhead
from clinic.progress.points import Position, Trend

Audience: TypeAlias = Literal["counselor", "couple", "partner_1", "partner_2"]


@dataclass(frozen=True, kw_only=True)
class Partner:
    """One of the two; the first carries a filled mark, the second an open one, on screen and on paper."""

    position: Position
    name: str


@dataclass(frozen=True, kw_only=True)
class Period:
    """Both days belong to the period."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """Appointments of the period by what became of them; `canceled` holds late ones too."""

    held: int = 0
    planned: int = 0
    canceled: int = 0
    no_show: int = 0


@dataclass(frozen=True, kw_only=True)
class PracticeRow:
    """One of the six practices; quality and usefulness (0 to 10) are None on every copy but the counselor's."""

    name: str
    assigned: int
    done: int
    headline: str = ""
    quality: float | None = None
    usefulness: float | None = None


@dataclass(frozen=True, kw_only=True)
class Win:
    """A small win; `by` is who wrote it down, None for both."""

    text: str
    on: date
    by: Position | None = None


@dataclass(frozen=True, kw_only=True)
class Words:
    """What one of the two wrote, whole and unchanged."""

    by: Position
    text: str


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """One prompt with the words of one or of both; `opened_on` is None for words that never opened to the other."""

    prompt: str
    words: tuple[Words, ...]
    exercise: str = ""
    opened_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """A step agreed on, and how it is to be done."""

    title: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """What the figures rest on, as far as the audience may know.

    `missing` counts questions that were passed over in what was sent, `unanswered` how often one of the two who was
    asked sent nothing before a round closed, `unopened` rounds that closed without opening.
    """

    answers: int = 0
    missing: int = 0
    unanswered: int = 0
    unopened: int = 0


@dataclass(frozen=True, kw_only=True)
class ProgressSummary:
    """All that a progress report shows its one audience. A document can show nothing that is not in here."""

    audience: Audience
    letterhead: Letterhead
    alias: str
    partners: tuple[Partner, ...]
    period: Period
    made_at: datetime
    zone: str = "Etc/UTC"  # the couple's, for the time of day
    written_by: str = ""
    setting: str = ""  # one line below the title, such as the week of the program
    attendance: Attendance = Attendance()
    practices: tuple[PracticeRow, ...] = ()
    trends: tuple[Trend, ...] = ()
    wins: tuple[Win, ...] = ()
    wins_written: int = 0  # those that are printed, and all before them
    excerpts: tuple[Excerpt, ...] = ()
    narrative: tuple[str, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    next_appointment: str = ""
    completeness: Completeness = Completeness()
    honest_notes: tuple[str, ...] = ()
    crisis: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """Both names in one line."""
        return " and ".join(partner.name for partner in self.partners)

    def name(self, position: Position) -> str:
        """The name of one of the two; empty when there is no such partner."""
        return next((partner.name for partner in self.partners if partner.position == position), "")


def audience_label(audience: Audience, partners: tuple[Partner, ...]) -> str:
    """Name who a document is for, in the words of its box and of the foot of every page."""
    names = {partner.position: partner.name for partner in partners}
    labels: dict[Audience, str] = {
        "counselor": "For the counselor only",
        "couple": f"For {' and '.join(names.values())} together",
        "partner_1": f"For {names.get(1, 'the first partner')}",
        "partner_2": f"For {names.get(2, 'the second partner')}",
    }
    return labels[audience]


def content_hash(summary: object) -> str:
    """Give the SHA-256 of a frozen summary's canonical JSON (keys sorted, no blanks) as 64 hex digits."""
    # Once through its own type, so that a 3 given for a float hashes like the 3.0 that a stored summary gives back.
    settled = msgspec.json.decode(msgspec.json.encode(summary), type=type(summary))
    return hashlib.sha256(msgspec.json.encode(settled, order="sorted")).hexdigest()


def grouped(digest: str, groups: int = 3) -> Iterator[str]:
    """Cut the head of a digest into groups of four digits, as a person compares it by eye."""
    return (digest[start : start + 4] for start in range(0, groups * 4, 4))
