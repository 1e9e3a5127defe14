"""The exercise format as frozen types: what one TOML file may say, and what follows from it without any data.

A document is pure data. Everything that the engine, the forms, the sheets and the reports need to know of an
exercise is read from here; nothing in it is ever executed. The format is described in docs/exercise-format.md.
"""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

Visibility = Literal["counselor", "release", "sealed", "partner", "joint"]
Role = Literal["injured", "involved", "mutual"]
LegKind = Literal["one", "each", "in_turn", "solo"]
By = Literal["author", "other", "either"]
FieldKind = Literal[
    "text", "number", "scale", "choice", "feelings", "date", "time", "datetime", "ranked", "rows", "signature"
]
TrustPractice = Literal[
    "open_communication",
    "acknowledge_feelings",
    "set_expectations",
    "patience",
    "professional_guidance",
    "celebrate_victories",
]
Opening = Literal["both_answered", "appointment", "counselor"]

WIDTH: dict[str, int] = {"counselor": 0, "release": 1, "sealed": 2, "partner": 3, "joint": 4}
"""How wide a visibility kind reaches; a ceiling admits every kind that is not wider."""

Label = str | dict[str, str]
"""One label, or one for each role with the key `default` as the fallback."""


class Frozen(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, dict=True
):
    """Base of every type of the format: unknown keys are mistakes, values never change."""


class Opens(Frozen, frozen=True, kw_only=True):
    """When a turn or a field opens. Exactly one of `after`, `answered`, `input` is set."""

    after: str | None = None  # a turn's key
    when: Literal["sent", "over", "opened"] = "sent"  # of `after`: sent; left by any exit; words opened to me
    answered: str | None = None  # turn.field of a date or datetime: opens when that moment has come
    input: str | None = None  # an input's key: opens when that input was opened to the one who acts

    @property
    def awaited(self) -> str:
        """The key of the turn that is waited for; empty for an input."""
        return self.after or (self.answered or "").partition(".")[0]


class Span(Frozen, frozen=True, kw_only=True):
    """A length of time in days and hours."""

    days: int = 0
    hours: int = 0


class Every(Frozen, frozen=True, kw_only=True):
    """A rhythm: every week for n rounds (`for`), or so many hours before (negative) an appointment."""

    every: Literal["day", "week", "2 weeks", "month"] | None = None
    times: int | None = msgspec.field(default=None, name="for")
    appointment: int | None = None


class Flag(Frozen, frozen=True, kw_only=True):
    """A closed comparison on a fixed answer that raises a line for the counselor; never on free text."""

    equals: list[str] | None = None  # one of these options
    least: float | None = None  # at least this number
    rise: float | None = None  # at least so much above `than`
    than: str | None = None  # turn.field to compare with
    stop: bool = False  # show the stop page with the crisis block in the same response


class Column(Frozen, frozen=True, kw_only=True):
    """One column of a `rows` field."""

    key: str
    kind: Literal["text", "number", "scale", "choice", "date"]
    label: str
    options: dict[str, str] | None = None
    ends: list[str] | None = None


class Rows(Frozen, frozen=True, kw_only=True):
    """Where the rows of a `rows` field come from: fixed labels, free lines, or the choices of another field."""

    fixed: dict[str, str] | None = None
    free: int | None = None  # at most so many lines
    field: str | None = None  # turn.field (ranked or choice) whose picks become the rows
    least: int = 0
    columns: list[Column] = msgspec.field(default_factory=list)


class Field(Frozen, frozen=True, kw_only=True):
    """One question. `label` ≤ 90 characters, `help` ≤ 200; bounds depend on `kind`."""

    key: str
    kind: FieldKind
    label: Label
    help: str = ""
    required: bool = False
    lines: int = 4  # text: 1 is a single line
    max_words: int | None = None  # a hint that is shown, never a rule that blocks
    unit: str = ""  # number
    least: float | None = None  # number
    most: float | None = None  # number; ranked and choice: how many
    ends: list[str] | None = None  # scale 0 to 10: the words at both ends
    options: dict[str, str] | None = None  # choice, ranked
    many: bool = False  # choice: several
    other: bool = False  # choice: a line "something else" beside the options
    rows: Rows | None = None
    visibility: Visibility | None = None  # default: the turn's
    opens: Opens | None = None  # its words reach the partner only then
    show_when: dict[str, str | list[str]] | None = None  # other fields of the same turn
    ask: Literal["always", "first"] = "always"  # first: not again on later attempts
    roles: list[Role] | None = msgspec.field(default=None, name="for")
    marks: Literal["agenda", "victory", "commitment"] | None = None
    flags: list[Flag] = msgspec.field(default_factory=list)


class Again(Frozen, frozen=True, kw_only=True):
    """A bounded loop: back to a turn until fixed answers of this turn say so."""

    back_to: str
    until: dict[str, str | list[str]]
    attempts: int
    otherwise: Literal["to_appointment", "go_on"] = "to_appointment"


class Repeat(Frozen, frozen=True, kw_only=True):
    """A log: the turn takes entries, one after the other, until the round closes."""

    most: int = 60


class Turn(Frozen, frozen=True, kw_only=True):
    """One step of a leg: who acts, who may read it, when it opens, what it asks."""

    key: str
    by: By = "author"
    title: str
    visibility: Visibility
    intro: str = ""
    opens: Opens | None = None
    within: Span | None = None
    shows: list[str] = msgspec.field(
        default_factory=list
    )  # turn.field or input key, as far as the writer may read it
    again: Again | None = None
    repeat: Repeat | None = None
    agree: bool = False  # joint: propose, counter-propose, confirm, bound to a hash
    consent: Literal["yes", "after_appointment", "no"] | None = (
        None  # `release`: the preset answer, none if asked open
    )
    narrow_when: dict[str, str | list[str]] | None = None
    roles: list[Role] | None = msgspec.field(default=None, name="for")
    fields: list[Field]

    def field(self, key: str) -> Field:
        """The field with that key; KeyError when there is none."""
        for field in self.fields:
            if field.key == key:
                return field
        raise KeyError(key)

    @cached_property
    def steering(self) -> frozenset[str]:
        """Keys of fields whose answers the engine needs; they can be answered, not declined."""
        return frozenset(self.again.until) if self.again else frozenset()

    @cached_property
    def groups(self) -> tuple["Group", ...]:
        """The fields by who may read them and when: one sealed blob of words for each group."""
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            found.setdefault(group_key(field.visibility or self.visibility, field.opens), []).append(field)
        return tuple(
            Group(key, fs[0].visibility or self.visibility, fs[0].opens, tuple(fs))
            for key, fs in found.items()
        )

    @cached_property
    def reaches_partner(self) -> bool:
        """True when some of its words reach the partner without an act of the counselor."""
        return any(WIDTH[group.visibility] >= WIDTH["sealed"] for group in self.groups)

    @cached_property
    def reaches_at_once(self) -> bool:
        """True when the partner learns of it as soon as it is sent."""
        return any(WIDTH[group.visibility] >= WIDTH["partner"] for group in self.groups)

    @cached_property
    def asks_consent(self) -> bool:
        """True when some of its words can be released: the author is asked first."""
        return any(group.visibility == "release" for group in self.groups)


class Group(msgspec.Struct, frozen=True):
    """Fields of a turn that share one audience and one moment of opening."""

    key: str
    visibility: Visibility
    opens: Opens | None
    fields: tuple[Field, ...]


class Part(Frozen, frozen=True, kw_only=True):
    """Turns done together for one author; `legs` says how many authors and in what order."""

    legs: LegKind
    first: Literal["counselor", "injured", "involved", "either"] = "counselor"
    turns: list[Turn]


class Evidence(Frozen, frozen=True, kw_only=True):
    """What research says about it, and how sure that is."""

    grade: Literal["strong", "some", "preliminary", "consensus"]
    claim: str
    source: str


class Input(Frozen, frozen=True, kw_only=True):
    """Words of another exercise that this one builds on, once they were opened to the one who acts."""

    key: str
    exercise: str
    turn: str


class Trend(Frozen, frozen=True, kw_only=True):
    """A line of the progress report, computed from answers that its audience may read."""

    key: str
    title: str
    source: list[str]  # turn.field
    reverse: list[str] = msgspec.field(default_factory=list)
    needs: int = 1
    points: dict[str, float] | None = None
    take: Literal["mean", "first", "last", "count", "sum", "share"] = "mean"
    of: Literal["author", "other"] = "author"
    lines: list[Literal["each", "gap", "overlap"]] = msgspec.field(default_factory=lambda: ["each"])
    per: Literal["round", "week", "day"] = "round"
    better: Literal["higher", "lower", "neither"] = "neither"
    note: str = ""


class Exercise(Frozen, frozen=True, kw_only=True):
    """One exercise as a document. `serves` names points of the six practices, `minutes` is the usual time."""

    format: Literal[1]
    slug: str
    version: int
    trust_practice: TrustPractice
    serves: list[str]
    title: str
    summary: str  # one sentence for lists
    minutes: int
    weight: Literal["main", "light"] = "main"
    cadence: Literal["once", "as_needed"] | Every = "once"
    open_for: Span
    opening: Opening = "appointment"
    starts: list[Literal["counselor", "either", "schedule"]] = msgspec.field(
        default_factory=lambda: ["counselor"]
    )
    leads_to: list[str] = msgspec.field(default_factory=list)
    steps: list[str]
    rationale: str
    cautions: str = ""
    evidence: list[Evidence]
    inputs: list[Input] = msgspec.field(default_factory=list)
    parts: list[Part]
    trends: list[Trend] = msgspec.field(default_factory=list)

    @cached_property
    def turns(self) -> dict[str, Turn]:
        """Every turn by its key; keys are unique in a document."""
        return {turn.key: turn for part in self.parts for turn in part.turns}

    def each_field(self) -> Iterator[tuple[Turn, Field]]:
        """Every field with the turn that asks it, in order."""
        return ((turn, field) for turn in self.turns.values() for field in turn.fields)

    @cached_property
    def widest(self) -> Visibility:
        """The widest kind of words in it: what a ceiling must admit for the whole of it to run."""
        kinds = (field.visibility or turn.visibility for turn, field in self.each_field())
        return max(kinds, key=WIDTH.__getitem__)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical form: the identity of a version."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(exercise: Exercise) -> bytes:
    """The one byte form of a document: JSON in the order of the format, defaults left out.

    Options, rows and labels keep the order of their author: it is part of the wording, and people read it.
    """
    return msgspec.json.encode(exercise)


def group_key(visibility: Visibility, opens: Opens | None) -> str:
    """Name of a group of fields, stable over versions: `partner`, `partner:summarize.sent`."""
    if opens is None:
        return visibility
    return f"{visibility}:{opens.after or opens.answered or opens.input}.{opens.when}"


def label_for(label: Label, role: str) -> str:
    """The label as a person in that role reads it."""
    if isinstance(label, str):
        return label
    return label.get(role) or label["default"]
