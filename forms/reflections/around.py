"""What is asked around a turn: before sending, beside it, after it, and between two versions of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional, StopValidation

from clinic.exercises.own_questions import CONSENT, SAFETY
from clinic.exercises.reading import LONGEST, Unreadable, keepable
from forms.base import FlaskForm
from forms.fields import OneField, clean, counted

KINDS = [
    ("not_now", "Not now"),
    ("too_much", "This is too much"),
    ("something_else", "Something else for my counselor"),
]


def listed(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Choices from (value, label)."""
    return [SelectChoice(value, label) for value, label in pairs]


class Words(TextAreaField):
    """A text of one's own: kept as it was typed, refused only when it is too long or cannot be shown."""

    longest = LONGEST

    def pre_validate(self, form: Any) -> None:
        del form
        self.data = keepable(self.data or "")
        try:
            self.data = clean(self.data)
        except Unreadable as odd:
            raise StopValidation(str(odd)) from odd
        if (over := counted(self.data)) > LONGEST:
            raise StopValidation(
                f"This is {over:,} characters long; there is room for {LONGEST:,}. Nothing is lost."
            )


class BeforeForm(FlaskForm):
    """The last look: made by `asking`, since what is asked depends on the turn."""

    version = HiddenField()
    content = HiddenField()
    readers = HiddenField()

    @classmethod
    def asking(cls, *, safety: bool, consent: bool, partner: str | None) -> "type[BeforeForm]":
        """The form for a turn: the question of safety, the consent to a release, and who may read it."""
        asked: dict[str, Any] = {}
        if safety:
            asked["safety"] = _own(SAFETY)
        if consent:
            asked["consent"] = _own(CONSENT)
        if partner:
            who = [("partner", f"{partner} too"), ("counselor", "Between me and my counselor for now")]
            asked["reads"] = RadioField("Who may read it", choices=listed(who), default="partner")
        return type("BeforeForm", (cls,), asked)


def _own(field: Any) -> OneField:
    return OneField(
        field.label,
        options=tuple(field.options.items()),
        description=field.help,
        validators=[InputRequired("Please choose one.")],
    )


class NoteForm(FlaskForm):
    """A word to the counselor beside the answers. `readers` names the sentence under which it was written."""

    readers = HiddenField()
    kind = RadioField("What is it?", choices=listed(KINDS), default="not_now")
    text = Words(
        "Would you like to say more?",
        description="You do not have to. It goes to your counselor; the app does not show it to your partner.",
    )


class AdditionForm(FlaskForm):
    """A dated line below words that have opened. `readers` names the sentence under which it was written."""

    readers = HiddenField()
    text = Words("Add a line below", validators=[InputRequired("There is nothing here yet.")])


def choices_between(rows: Iterable[tuple[str, bool, str]]) -> type[FlaskForm]:
    """A form with one choice for each (box, both are possible, likely pick) where two versions differ."""
    picks = {f"pick_{name}": _pick(likely, can_keep_both=both) for name, both, likely in rows}
    return type("ChoiceForm", (FlaskForm,), {"kept": HiddenField(), "version": HiddenField(), **picks})


def _pick(likely: str, *, can_keep_both: bool) -> RadioField:
    choices: Sequence[tuple[str, str]] = [("here", "The one on this screen"), ("there", "The saved one")]
    more = [("both", "Both, one after the other")] if can_keep_both else []
    return RadioField(
        "Which one goes on?", choices=listed([*choices, *more]), default=likely, validators=[Optional()]
    )
