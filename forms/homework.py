"""Forms of giving an exercise: what was agreed, with whom, from when on; and what can be changed afterwards."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from forms.base import FlaskForm
from forms.bounds import LinesField, PracticeDate

Choices = Sequence[tuple[str, str]]

NEEDED = "Please fill this in."
CONFIDENT = 7
MOST_OPEN_DAYS = 28
ROLES = (
    ("injured", "Hurt partner"),
    ("involved", "Partner who is repairing"),
    ("mutual", "Both in the same way"),
)
BOTH = "both"
IN_TURN = ","
ON_THEIR_PAGES = "They read it on their card and where they write."


def listed(options: Choices) -> list[SelectChoice]:
    """Options as the fields take them."""
    return [SelectChoice(value, label) for value, label in options]


def number_or_none(raw: str | None) -> int | None:
    """The picked number; None when nothing was picked."""
    return int(raw) if raw not in {None, "", "None"} else None


class ConfidenceScaleField(RadioField):
    """0 to 10, or nothing; the macros draw it as a scale."""

    ends = ("not at all", "quite sure")

    def __init__(self, label: str = "", **kwargs: Any) -> None:
        bounds = [Optional(), NumberRange(0, 10, "Between 0 and 10.")]
        steps = [SelectChoice(step, str(step)) for step in range(11)]
        kwargs.setdefault("description", "For you alone: they do not see the number.")
        super().__init__(label, bounds, choices=steps, coerce=number_or_none, validate_choice=False, **kwargs)


class AssignForm(FlaskForm):
    """What is settled when an exercise is given; `assign_form` makes it and leaves out what does not apply."""

    rationale = LinesField(
        "Why this, why now",
        [InputRequired("One sentence in your words is enough."), Length(max=1000)],
        description="In your words; they read it first.",
    )
    recipients = RadioField("For whom", [InputRequired("Please choose for whom.")])
    concern = SelectField("Concern", [Optional()], description="Fills in the roles; they never see it.")
    role_1 = SelectField("", choices=listed(ROLES))
    role_2 = SelectField("", choices=listed(ROLES))
    first = RadioField("Who begins", [InputRequired("Please choose one of them.")])
    starts_on = PracticeDate("From", [InputRequired("Please choose a day.")])
    cadence = RadioField("How often", [Optional()])
    times = IntegerField("How many times", [Optional(), NumberRange(1, 60, "Between 1 and 60.")])
    good_by = PracticeDate("Good by", [Optional()])
    open_days = IntegerField(
        "Open for how many days",
        [Optional(), NumberRange(1, MOST_OPEN_DAYS, f"Between 1 and {MOST_OPEN_DAYS}.")],
    )
    when_where = LinesField(
        "When and where", [Length(max=500)], description=f"A day, an hour, a place. {ON_THEIR_PAGES}"
    )
    obstacle = LinesField(
        "What could get in the way",
        [Length(max=500)],
        description=f"And what they do then: if … then … {ON_THEIR_PAGES}",
    )
    confidence_1 = ConfidenceScaleField()
    confidence_2 = ConfidenceScaleField()
    note_1 = LinesField("", [Length(max=500)])
    note_2 = LinesField("", [Length(max=500)])
    opening = RadioField("When they read each other’s answers", [InputRequired("Please choose one.")])
    small_enough = BooleanField("It is small enough. Give it all the same.")
    not_too_many = BooleanField("It is not too much. Give it all the same.")

    earliest: date | None = None

    def validate_starts_on(self, box: PracticeDate) -> None:
        """Rounds of days that have gone by would be over as they are made."""
        if box.data is not None and self.earliest is not None and box.data < self.earliest:
            raise ValidationError("That day has gone by. Please choose today or a later one.")

    def validate_good_by(self, box: PracticeDate) -> None:
        """The last day is not before the first, and not further off than a round may be open."""
        if box.data is None or self.starts_on.data is None:
            return
        days = (box.data - self.starts_on.data).days + 1
        if days < 1:
            raise ValidationError("It ends before it begins. Please choose a later day.")
        if days > MOST_OPEN_DAYS:
            raise ValidationError(f"At most {MOST_OPEN_DAYS} days after it begins.")

    @property
    def days_open(self) -> int | None:
        """How many days each round is open; None when that was left to the exercise."""
        if "open_days" in self:
            days: int | None = self.open_days.data
            return days
        if "good_by" not in self or self.good_by.data is None or self.starts_on.data is None:
            return None
        return int((self.good_by.data - self.starts_on.data).days) + 1

    @property
    def positions(self) -> tuple[int, ...]:
        """The positions of those who get it: (1, 2), (1,) or (2,)."""
        picked = self.recipients.data
        return (int(picked),) if picked in {"1", "2"} else (1, 2)

    def of(self, name: str, position: int) -> Any:
        """What was given for one partner: `of("confidence", 1)`."""
        box: Field | None = self._fields.get(f"{name}_{position}")
        return box.data if box is not None else None

    @property
    def begins(self) -> tuple[int | None, bool]:
        """The position of the one who writes or begins, and whether the other does the same afterwards."""
        first, _, other = (self.first.data or "").partition(IN_TURN) if "first" in self else ("", "", "")
        return int(first) if first else None, bool(other)

    def ask_who(self, asked: str, names: Mapping[int, str]) -> None:
        """Ask who writes, or who begins; nothing when it is known."""
        if not asked:
            del self["first"]
            return
        people = [(str(position), name) for position, name in names.items()]
        if asked == "writes":
            pairs = [(one, other) for one in people for other in people if one != other]
            turns = [(f"{a}{IN_TURN}{b}", f"Both, {name} first") for (a, name), (b, _) in pairs]
            self.first.label.text, self.first.choices = "Who writes it", listed([*people, *turns])
        else:
            self.first.choices = listed(people)

    @property
    def unsure(self) -> list[int]:
        """Positions of those who are less than fairly sure that it will happen."""
        given = [(one, self.of("confidence", one)) for one in self.positions]
        return [position for position, sure in given if sure is not None and sure < CONFIDENT]


def assign_form(  # each is a question that the page may leave out
    names: Mapping[int, str],
    *,
    openings: Choices = (),
    concerns: Choices = (),
    rhythms: Choices = (),
    asks_roles: bool = False,
    asks_end: str = "",
    whom: Literal["both", "one", "any"] = "any",
    today: date | None = None,
    **defaults: Any,
) -> AssignForm:
    """The form for one couple (`names` by position) and one exercise, without what it does not need.

    `whom` is who it can be given to; `asks_end` is how the end of a round is asked for: `good_by`, a day;
    `open_days`, a number; empty, not at all.
    """
    form = AssignForm(data=defaults)
    form.earliest = today
    people = [(str(position), name) for position, name in names.items()]
    both = [(BOTH, "Both")]
    form.recipients.choices = listed({"both": both, "one": people, "any": both + people}[whom])
    form.concern.choices = listed([("", "None"), *concerns])
    form.opening.choices = listed(openings)
    form.cadence.choices = listed(rhythms)
    for position, name in names.items():
        form[f"role_{position}"].label.text = f"{name}’s part in it"
        form[f"confidence_{position}"].label.text = f"How sure is {name} that it will happen?"
        form[f"note_{position}"].label.text = f"A line for {name} alone"
        others = [other for place, other in names.items() if place != position]
        form[
            f"note_{position}"
        ].description = f"On {name}’s pages only; {' and '.join(others)} never sees it."
    asked = {"opening": bool(openings), "concern": bool(concerns)}
    asked |= {name: name == asks_end for name in ("good_by", "open_days")}
    _leave_out(form, names, **asked, roles=asks_roles, cadence=bool(rhythms))
    return form


def _leave_out(form: AssignForm, names: Mapping[int, str], **asked: bool) -> None:
    """Take out the questions that are not asked, and those about a partner who is not there."""
    fields = {"roles": ("role_1", "role_2"), "cadence": ("cadence", "times")}
    gone = {name for what, is_asked in asked.items() if not is_asked for name in fields.get(what, (what,))}
    gone |= {
        f"{name}_{position}" for name in ("role", "confidence", "note") for position in {1, 2} - set(names)
    }
    for name in gone & set(form._fields):
        del form[name]


class DelayForm(FlaskForm):
    """A later moment of opening; what is not later is not offered."""

    opening = RadioField("When they read each other’s answers", [InputRequired("Please choose one.")])

    def __init__(self, choices: Choices = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.opening.choices = listed(choices)


class StartForm(FlaskForm):
    """A round of an exercise that is done when it is needed."""

    starts_on = PracticeDate("From", [InputRequired("Please choose a day.")])
