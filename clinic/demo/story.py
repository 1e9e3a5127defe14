"""The story of the demo practice as data: its people, its fourteen couples, and what each of them did when.

Times are told from the day on which the demo is built, so that the story always ends today:
`-12 20:15` is a quarter past eight in the evening twelve days ago, on the couple's own wall clock,
`ago 0:06` is six minutes before now, and `in 1:30` about an hour and a half from now, at a full half hour.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

HERE = Path(__file__).parent

Verb = Literal[
    "create",
    "invite",
    "join",
    "confirm_person",
    "sign",
    "sign_on_paper",
    "take_back_consent",
    "publish",
    "clear",
    "concern",
    "pause_all",
    "separate",
    "assign",
    "end",
    "recall",
    "excuse",
    "pause",
    "resume",
    "delay",
    "draft",
    "send",
    "confirm",
    "decline",
    "take_back",
    "narrow",
    "add",
    "release",
    "call_back",
    "return",
    "reply",
    "read_aloud",
    "review",
    "read",
    "act_on_flag",
    "schedule",
    "hold",
    "cancel",
    "miss",
    "bring_up",
]


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything that the files of the story may say."""


class Step(Told, frozen=True, kw_only=True):
    """One act of one couple's story; which of the words below it needs depends on the verb."""

    at: str
    do: Verb
    who: str = ""  # the partner who acts, or whom it is about; empty is the counselor, or both
    of: str = ""  # the name of an assignment
    turn: str = ""
    exercise: str = ""  # assign: the slug; the assignment's name is `of`, else the slug
    starts: int | None = None  # assign: day of the first round, else the day of the step
    first: str = ""
    opening: str | None = None
    times: int | None = None
    plan: dict[str, dict[str, Any]] = {}
    answers: dict[str, Any] = {}
    tail: dict[str, Any] = {}
    safe: str | None = "yes"
    consent: str | None = None
    keep: bool = False
    fields: list[str] = []  # narrow, or send with these kept for the counselor
    text: str = ""
    state: str = "conjoint_ok"
    to: list[str] = []
    quality: dict[str, int] = {}
    done: bool = True
    on: str = ""  # schedule: when it takes place
    minutes: int = 50


class Series(Told, frozen=True, kw_only=True):
    """One partner's answers to something that comes back each week: numbers that wander from one end to the other."""

    of: str
    turn: str
    who: str
    first: int  # day of the first answer
    weeks: int
    at: str  # about this time of day
    numbers: dict[str, tuple[float, float]]
    falling: tuple[str, ...] = ("doubt",)  # a bad week raises these
    dips: dict[str, float] = {}  # week (from 1) -> how much worse it was
    skip: list[int] = []
    later: dict[str, int] = {}  # week -> so many days after the first
    fields: dict[str, list[str]] = {}  # week -> kept for the counselor
    texts: dict[str, list[str]] = {}


class Log(Told, frozen=True, kw_only=True):
    """Entries of a log by one partner; each row is the answers and `at`."""

    of: str
    who: str
    turn: str = "entry"
    consent: str | None = None
    entries: list[dict[str, Any]]


class Half(Told, frozen=True, kw_only=True):
    """One of the two. `sign_in` is empty for somebody who never joined."""

    key: str
    name: str
    sign_in: str = ""
    role: str = "mutual"
    clearance: str = "conjoint_ok"
    reason: str = "Seen alone. Speaks freely, no fear of the other, no violence now or before."
    signs: Literal["", "account", "paper"] = "account"
    is_welcomed: bool = True


class Meets(Told, frozen=True, kw_only=True):
    """The joint appointments of a couple: each is made at the end of the one before."""

    first: int
    every: int
    until: int  # no later than this day
    at: str
    minutes: int = 50
    next: str = ""  # when the coming one is, in the words of `at`
    changed: dict[str, Literal["canceled", "late", "missed"]] = {}  # day -> what became of it instead


class CoupleStory(Told, frozen=True, kw_only=True):
    """One couple: who they are, which states they show, and what happened."""

    key: str
    shows: str  # one sentence, repeated in docs/demo.md
    zone: str = "America/New_York"
    counselor: str
    began: int
    concern: str = ""
    alias: str = ""
    partners: tuple[Half, Half]
    reads_until: int = -2  # the counselor reads what came in once a week, until this day
    meets: Meets | None = None
    steps: list[Step] = []
    series: list[Series] = []
    logs: list[Log] = []

    def half(self, key: str) -> Half:
        """The partner with that key."""
        return next(one for one in self.partners if one.key == key)


class Member(Told, frozen=True, kw_only=True):
    """Somebody who works for the practice, or did."""

    key: str
    name: str
    sign_in: str
    credential: str
    roles: list[str]
    supervisor: str = ""
    left: str = ""
    heir: str = ""


class PracticeStory(Told, frozen=True, kw_only=True):
    """The practice itself."""

    name: str
    address: str
    phone: str
    email: str
    web: str
    zone: str
    paper: str
    locale: str
    policy: str  # how the practice's own policy begins; the rest is the finished text of its form
    policy_form: str
    founded: int
    staff: list[Member]

    def policy_text(self, finished: str) -> str:
        """The finished text with the practice's own first paragraph."""
        return "\n\n".join([self.policy, *finished.split("\n\n")[1:]])


@dataclass(frozen=True)
class Story:
    """All of it."""

    practice: PracticeStory
    couples: list[CoupleStory]


def read() -> Story:
    """The story from its files; a mistake in one of them names the file."""
    practice = _read(HERE / "practice.toml", PracticeStory)
    return Story(practice, [_read(file, CoupleStory) for file in sorted((HERE / "couples").glob("*.toml"))])


def _read(file: Path, kind: Any) -> Any:
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{file.name}: {error}") from error


# When


@dataclass(frozen=True)
class Present:
    """The moment at which the demo is built, and how the story's times are told from it."""

    now: datetime

    def today(self, zone: str) -> date:
        """The date on the wall of that zone."""
        return self.now.astimezone(ZoneInfo(zone)).date()

    def moment(self, told: str, zone: str) -> datetime:
        """The instant (UTC) that the story means."""
        kind, _, clock = told.partition(" ")
        hours, minutes = map(int, clock.split(":"))
        if kind == "ago":
            return self.now - timedelta(hours=hours, minutes=minutes)
        if kind == "in":
            return _half_hour(self.now + timedelta(hours=hours, minutes=minutes))
        day = self.today(zone) + timedelta(days=int(kind))
        return datetime.combine(day, time(hours, minutes), ZoneInfo(zone)).astimezone(UTC)

    def as_answer(self, told: str, zone: str) -> str:
        """A date or time inside an answer: `-3` and `-3 20:00` become local ISO text without a zone."""
        if re.fullmatch(r"-?\d+", told):
            return (self.today(zone) + timedelta(days=int(told))).isoformat()
        return self.moment(told, zone).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def _half_hour(instant: datetime) -> datetime:
    return instant.replace(minute=30 if instant.minute >= 30 else 0, second=0, microsecond=0)
