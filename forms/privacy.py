"""Forms of rights: how words end, legal holds, the end of care, requests for records, what a law demanded."""

from collections.abc import Sequence

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from forms.accounts import NEEDED
from forms.base import FlaskForm
from forms.bounds import LineField, LinesField, PracticeDate

WHY = "A few words for the record."
CHOOSE = "Please choose one."


class EndForm(FlaskForm):
    """The words of one partner end: why, and the name of whose they are, typed by whoever confirms it."""

    cause = RadioField("Why now", [InputRequired(CHOOSE)])
    reason = LinesField("What you note about it", [InputRequired(WHY), Length(max=4000)])
    name = LineField("Their name, as it stands above", [InputRequired(NEEDED), Length(max=80)])


class WhyForm(FlaskForm):
    """A reason, for an act that needs nothing more."""

    reason = LinesField("Why", [InputRequired(WHY), Length(max=4000)])


class WhomForm(FlaskForm):
    """One of the two, or both."""

    whom = RadioField("Whose", [InputRequired(CHOOSE)])

    def offer(self, names: Sequence[tuple[str, str]]) -> None:
        """The (value, name) pairs to choose from; a single one is chosen already."""
        self.whom.choices = [SelectChoice(*one) for one in names]
        if len(names) == 1 and not self.is_submitted():
            self.whom.data = names[0][0]


class HoldForm(WhomForm):
    """What must be kept, why, and since when."""

    reason = LinesField(
        "Why it must be kept",
        [InputRequired(WHY), Length(max=4000)],
        description="The order, the claim or the inquiry. Only those who work with this couple read it.",
    )
    from_on = PracticeDate("From", [InputRequired("Please choose a day.")])


class CareForm(WhomForm):
    """For whom care ends, and on which day it did."""

    on = PracticeDate("The last day of care", [InputRequired("Please choose a day.")])
    is_sure = BooleanField("Yes, care has ended", [InputRequired("Please tick this, or go back.")])


class TermsForm(FlaskForm):
    """How long an erasure can be undone, and how long records are kept."""

    undo_days = IntegerField(
        "Days in which an erasure can be undone",
        [InputRequired("A whole number."), NumberRange(1, 90, "Between 1 and 90 days.")],
    )
    retention_years = IntegerField(
        "Years for which a record is kept after the end of care",
        [InputRequired("A whole number."), NumberRange(1, 50, "Between 1 and 50 years.")],
    )


class RequestForm(FlaskForm):
    """Who asks for which record, and what for."""

    scope = RadioField("Which record", [InputRequired(CHOOSE)])
    asker = LineField(
        "Who asks",
        [InputRequired(NEEDED), Length(max=200)],
        description="The person or the office, as it will stand on the pages.",
    )
    purpose = LinesField("What for", [InputRequired(WHY), Length(max=4000)])
    asked_on = PracticeDate("Asked on", [InputRequired("Please choose a day.")])


class AuthorizeForm(WhomForm):
    """Who signed, and on which day."""

    whom = RadioField("Who signed", [InputRequired(CHOOSE)])
    on = PracticeDate("Signed on", [InputRequired("Please choose a day.")])


class LeaveOutForm(FlaskForm):
    """A part that is not given, and why."""

    part = SelectField("Part", [InputRequired(CHOOSE)])
    why = LineField(
        "Why it is left out",
        [InputRequired(WHY), Length(max=300)],
        description="This stands on the pages in place of the part.",
    )

    def offer(self, parts: Sequence[tuple[str, str]]) -> None:
        """The (key, title) pairs to choose from."""
        self.part.choices = [SelectChoice("", "Choose one"), *(SelectChoice(*one) for one in parts)]


class DecideForm(FlaskForm):
    """The decision on a request, and why."""

    decision = RadioField(
        "What you decide",
        [InputRequired(CHOOSE)],
        choices=[SelectChoice("given", "Give it"), SelectChoice("refused", "Refuse it")],
    )
    because = LinesField("Why", [InputRequired(WHY), Length(max=4000)])
    parts = HiddenField()  # what the record held when this was decided on


class DiscloseForm(WhomForm):
    """What a law made the practice give, and what the client may know of it."""

    basis = LineField(
        "On what basis",
        [InputRequired(NEEDED), Length(max=300)],
        description="The order, statute or duty. In their trail it stands as you write it here.",
    )
    recipient = LineField("To whom", [InputRequired(NEEDED), Length(max=200)])
    given = LinesField("What was given", [InputRequired(WHY), Length(max=4000)])
    given_on = PracticeDate("On", [InputRequired("Please choose a day.")])
    reason = LinesField("Why you gave it", [InputRequired(WHY), Length(max=4000)], description="Staff only.")
    is_told = RadioField(
        "May they know?",
        [InputRequired(CHOOSE)],
        choices=[
            SelectChoice("yes", "Yes: it stands in their own trail, under Mine"),
            SelectChoice("no", "No: a law forbids to tell them"),
        ],
    )
    untold_because = LinesField(
        "Which law, and for how long",
        [Length(max=4000)],
        description="Only when they must not know. Staff only.",
    )

    def validate_untold_because(self, field: LinesField) -> None:
        """Silence is a choice that needs its reason."""
        if self.is_told.data == "no" and not (field.data or "").strip():
            raise ValidationError("Say which law forbids it.")


class PartForm(FlaskForm):
    """A part that was left out and is given after all."""

    part = HiddenField(validators=[InputRequired(), Length(max=300)])
