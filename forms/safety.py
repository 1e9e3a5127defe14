"""Forms of safety: clearance with its reason, and what was done about a flag."""

from collections.abc import Iterable, Mapping

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from forms.base import FlaskForm
from forms.bounds import LinesField, PracticeDate

STATES = (
    SelectChoice("not_assessed", "Not assessed yet"),
    SelectChoice("individual_only", "Individual work only"),
    SelectChoice("conjoint_ok", "Joint work is all right"),
    SelectChoice("conjoint_paused", "Joint work is paused"),
)


class ClearanceForm(FlaskForm):
    """The counselor's decision for one partner, after talking with that partner alone."""

    state = RadioField("Decision", [InputRequired("Please choose one.")], choices=STATES)
    reason = LinesField(
        "Why",
        [InputRequired("A few words for the record."), Length(max=4000)],
        description="Only counselors read this. It is in no report.",
    )
    until = PracticeDate(
        "Look at it again by",
        [Optional()],
        description="Half a year at the latest; earlier when you want to be asked sooner.",
    )


class ActionForm(FlaskForm):
    """What the counselor did."""

    action = LinesField(
        "What you did",
        [InputRequired("Please say what you did."), Length(max=4000)],
        description="Only counselors read this.",
    )


def screening_form(
    questions: Iterable[tuple[str, str]], answers: Mapping[str, str], ways: Mapping[str, str]
) -> type[FlaskForm]:
    """The questions that a partner is asked alone, each with a fixed choice; a question is skipped by saying so."""
    said = [SelectChoice(*one) for one in answers.items()]
    boxes: dict[str, object] = {
        "way": RadioField(
            "How it was asked",
            [InputRequired("Please choose one.")],
            choices=[SelectChoice(*one) for one in ways.items()],
        ),
        **{key: RadioField(asks, choices=said, default="unasked") for key, asks in questions},
        "note": LinesField(
            "In their words, and in yours",
            [Length(max=20_000)],
            description="What they said, what you saw, what you agreed on. Only counselors read this.",
        ),
    }
    return type("ScreeningForm", (FlaskForm,), boxes)
