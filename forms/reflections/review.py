"""The counselor's forms: release by name, return, reply, and the private side of a review."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import RadioField, SelectMultipleField, StringField, ValidationError, widgets
from wtforms.validators import InputRequired, Optional

from forms.base import FlaskForm
from forms.bounds import PracticeDate
from forms.reflections.around import Words, listed

QUALITY = [(str(step), str(step)) for step in range(5)]
"""How far it got, as the counselor sees it; for the practice alone."""


class Several(SelectMultipleField):
    """Any number of them, as checkboxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class ReleaseForm(FlaskForm):
    """Whose name confirms that this is really meant for that reader."""

    is_confirmation = True  # nothing is put aside: a name that was typed before confirms nothing now
    name = StringField("Name")

    def __init__(self, reader: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader = reader

    def validate_name(self, field: StringField) -> None:
        """The reader's name, however it is capitalized."""
        if (field.data or "").strip().casefold() != self.reader.strip().casefold():
            raise ValidationError(f"Type {self.reader} as it stands above. Nothing was released.")


class ReturnForm(FlaskForm):
    """What the author is told when a turn comes back for another pass."""

    word = Words("What should they look at again?", description="Goes to the author alone.")


class AloudForm(FlaskForm):
    """The day on which words were read aloud in a session; none takes the mark away."""

    aloud_on = PracticeDate("The day", [Optional()])


class ReplyForm(FlaskForm):
    """A reply to one partner or both."""

    to = Several("To", validators=[InputRequired("Choose whom it is for.")])
    text = Words("Your reply", validators=[InputRequired("There is nothing here yet.")])

    def __init__(self, people: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to.choices = listed(people)


def review_form(people: Mapping[str, str]) -> type[FlaskForm]:
    """The private side of a round: a note, and for each partner (id → name) how far it got."""
    ratings = {
        f"quality_{key}": RadioField(
            "How far did this get?", choices=listed(QUALITY), validators=[Optional()]
        )
        for key in people
    }
    note = Words("A note for you", description="Nobody but the practice reads this.")
    return type("ReviewForm", (FlaskForm,), {"note": note, **ratings})
