"""Forms of consent: sign in their own account, take it back, and what a counselor records of a paper."""

from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from forms.accounts import NEEDED
from forms.base import FlaskForm
from forms.bounds import LineField, PracticeDate

LONGEST_NAME = 120


class SignForm(FlaskForm):
    """A name, typed by the one who signs, under the version that was read."""

    document = HiddenField()
    has_read = BooleanField("I have read this", [InputRequired("Please read it to its end, then tick this.")])
    name = LineField(
        "Your name",
        [InputRequired(NEEDED), Length(max=LONGEST_NAME)],
        description="Type it as you would write it under a letter. It is your signature.",
    )


class WithdrawForm(FlaskForm):
    """An act that ends work together for both asks for a tick."""

    is_sure = BooleanField(
        "Yes, I take my consent back now", [InputRequired("Please tick this, or go back.")]
    )


class PaperForm(FlaskForm):
    """What stands on a paper that was signed in the room."""

    kind = RadioField("Which paper", [InputRequired("Please choose one.")])
    name = LineField("The name as it is signed", [InputRequired(NEEDED), Length(max=LONGEST_NAME)])
    paper_on = PracticeDate("Signed on", [InputRequired("Please choose the day that stands on the paper.")])

    def offer(self, papers: list[tuple[str, str]]) -> None:
        """The (kind, title) pairs to choose from."""
        self.kind.choices = [SelectChoice(*one) for one in papers]
