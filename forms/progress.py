"""Forms of progress: for whom a report is and for which days, then what goes into it."""

from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import AnyOf, InputRequired, Length, ValidationError

from forms.base import FlaskForm
from forms.bounds import LinesField, PracticeDate

AUDIENCES = ("counselor", "couple", "partner_1", "partner_2")
PAPERS = ("A4", "Letter")
LONGEST = 20_000
MOST_EXCERPTS = 12


class FrameForm(FlaskForm):
    """The frame of a report, read from the address of the page: it changes nothing, so that it needs no token."""

    class Meta:
        csrf = False

    audience = HiddenField(validators=[AnyOf(AUDIENCES)])
    from_on = PracticeDate("From", [InputRequired("Please pick the first day.")])
    to_on = PracticeDate("To", [InputRequired("Please pick the last day.")])

    def validate_to_on(self, field: Any) -> None:
        """A period has its days in order."""
        if self.from_on.data and field.data and field.data < self.from_on.data:
            raise ValidationError("The last day comes before the first one.")


class ReportForm(FrameForm):
    """What the counselor adds to a report, and what of the words goes into it."""

    class Meta:
        csrf = True

    paper = RadioField("Paper", choices=[SelectChoice(paper, paper) for paper in PAPERS])
    narrative = LinesField(
        "In your words",
        [Length(max=LONGEST, message=f"At most {LONGEST} characters.")],
        description="As you would say it to those who will read it. A blank line begins a new paragraph.",
    )
    next_steps = LinesField(
        "Next steps",
        [Length(max=LONGEST, message=f"At most {LONGEST} characters.")],
        description="The step on its first line, how and when below it. A blank line begins the next one.",
    )
    with_wins = BooleanField("Small wins", default=True, description="As they were written down.")
    excerpts = SelectMultipleField(
        "Words to quote",
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        description="Only what these readers may read is offered. Nothing is shortened.",
    )

    def offer(self, passages: Iterable[tuple[str, str]], *, keep_only: bool = False) -> None:
        """The passages that this audience may read; others cannot be chosen, nor stay so when the readers change."""
        offered = dict(passages)
        self.excerpts.choices = [SelectChoice(key, label) for key, label in offered.items()]
        if keep_only:
            self.excerpts.data = [key for key in self.excerpts.data or () if key in offered]

    def validate_excerpts(self, field: Any) -> None:
        """A report stays readable."""
        if len(field.data or ()) > MOST_EXCERPTS:
            raise ValidationError(f"At most {MOST_EXCERPTS} passages, please.")
