"""One thing to do, as its partner reads it: the own pages and the counselor's preview draw it from the same value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from clinic.exercises.document import Exercise
from clinic.exercises.document import Turn as Asked
from clinic.exercises.turns import Event, Leg, Window, state
from clinic.homework import rules
from clinic.homework.agreed import Agreed
from clinic.homework.models import Turn


@dataclass(frozen=True)
class Task:
    """One step of an exercise with what was agreed about it; `turn` is the row, none before it was given."""

    asked: Asked
    exercise: Exercise
    agreed: Agreed
    until: datetime | None  # none while the appointment that ends it is not known
    opening: str
    act: str = "write"  # write | confirm
    has_begun: bool = False
    turn: Turn | None = None

    @property
    def why(self) -> str:
        """The counselor's reason for this partner, else what the step says of itself."""
        return self.agreed.rationale or self.asked.intro or self.exercise.summary

    @property
    def minutes(self) -> int:
        """About how long this step takes."""
        return rules.minutes_of(self.exercise, self.asked)

    @property
    def is_whole(self) -> bool:
        """True when the step is called like its exercise: the name is said once."""
        return self.asked.title == self.exercise.title

    @property
    def name(self) -> str:
        """What a list calls it."""
        return self.exercise.title if self.is_whole else f"{self.exercise.title}: {self.asked.title.lower()}"


@dataclass(frozen=True)
class Frame:
    """What is settled of a round before it is there: its days, and when sealed words open."""

    opens_at: datetime
    closes_at: datetime | None  # none: it ends with an appointment that is not known yet
    opening: str


def first_task(
    document: Exercise,
    legs: Sequence[Leg],
    partner: UUID,
    agreed: Agreed,
    frame: Frame,
    events: Sequence[Event] = (),
) -> tuple[Task, bool] | None:
    """What a partner meets when a round begins, and whether it is there on the first day; None: nothing to write."""
    closes_at = frame.closes_at or frame.opens_at + timedelta(days=rules.MOST_OPEN_DAYS)
    window = Window(frame.opens_at, closes_at, frame.opening)  # type: ignore[arg-type]  # one of the three words
    own = state(document, legs, events, frame.opens_at, window=window).of(partner)
    if not own:
        return None
    one = min(own, key=lambda turn: turn.status == "waiting")
    until = one.until if frame.closes_at else None
    return Task(one.turn, document, agreed, until, frame.opening), one.status != "waiting"
