"""A person's own record as plain values: the file is these, written down; the pages are made from the same."""

from dataclasses import dataclass
from datetime import date, datetime

from clinic.practice.summary import Letterhead

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question with its answer. `by` is you, partner, or both; `opened_on` when it came to its reader."""

    by: str
    on: date
    question: str
    answer: tuple[str, ...]
    opened_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One exercise on one day: what was answered, the questions in their order."""

    exercise: str
    on: date
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A word beside the exercises. `by` is you or counselor."""

    by: str
    on: date
    text: str


@dataclass(frozen=True, kw_only=True)
class SignedPaper:
    """One paper that this person signed, whole. `way` is account, paper, or words; `hash` is of the text."""

    title: str
    version: int
    way: str
    on: date
    name: str
    text: str
    hash: str
    taken_back_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Side:
    """What is this person's in one couple."""

    partner: str
    zone: str
    began_on: date
    steps: tuple[Step, ...] = ()
    drafts: tuple[Step, ...] = ()
    messages: tuple[Message, ...] = ()
    papers: tuple[SignedPaper, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OwnRecord:
    """Everything that is this person's: own words, what both agreed on, and what was opened to them."""

    letterhead: Letterhead
    name: str
    sign_in_name: str
    made_at: datetime
    sides: tuple[Side, ...]
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A part of a record that was not given, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class GivenRecord:
    """A record as somebody got it who asked for it: `by` of a line is a name here."""

    letterhead: Letterhead
    asker: str
    purpose: str
    about: str
    asked_on: date
    made_at: datetime
    authorized: tuple[str, ...]
    signed_by: str
    steps: tuple[Step, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
