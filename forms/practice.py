"""Forms of the practice: letterhead, the papers that clients sign, crisis resources."""

from collections.abc import Sequence

from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from forms.accounts import NEEDED, ONE_LINE
from forms.base import FlaskForm
from forms.bounds import LineField, LinesField, PracticeDate


class LetterheadForm(FlaskForm):
    """How the practice shows itself on paper and to its clients."""

    name = LineField("Name", [InputRequired(NEEDED), Length(max=120)])
    address = LinesField("Address", [Length(max=400)])
    phone = LineField(
        "Phone", [Length(max=40)], description="Clients see it on their start page and on every held page."
    )
    email = LineField("E-mail", [Length(max=120)])
    web = LineField("Website", [Length(max=120)])
    sender = LineField(
        "Mails are from",
        [Length(max=40), Regexp(ONE_LINE, message="One plain line, please.")],
        description="Neutral words: they stand in mailboxes that others may see. Left empty: Notes.",
    )
    zone = LineField(
        "Time zone", [InputRequired(NEEDED), Length(max=60)], description="For instance America/Chicago."
    )
    paper = RadioField("Paper", choices=[SelectChoice("A4", "A4"), SelectChoice("Letter", "Letter")])
    locale = SelectField("Crisis resources of", description="They stand in until you list your own.")

    def offer(self, locales: Sequence[tuple[str, str]]) -> None:
        """The (locale, region) pairs to choose from."""
        self.locale.choices = [SelectChoice(*one) for one in locales]


class DraftForm(FlaskForm):
    """The next version of a paper that clients sign; `form` is asked of a policy only."""

    form = RadioField("What it comes to", [InputRequired("Please choose one.")])
    text = LinesField(
        "The text",
        [InputRequired(NEEDED), Length(max=24_000)],
        description="A blank line parts paragraphs. A line that begins with “## ” is a heading, with “- ” a point.",
    )

    def offer(self, forms: Sequence[tuple[str, str]]) -> None:
        """The (form, words) pairs of a policy; with none there is nothing to choose."""
        if forms:
            self.form.choices = [SelectChoice(*one) for one in forms]
        else:
            del self.form


class PublishForm(FlaskForm):
    """From when the draft is in force, and what it asks of those who signed before."""

    from_on = PracticeDate("In force from", [InputRequired("Please choose a day.")])
    grace = RadioField("Those who signed an earlier version", [InputRequired("Please choose one.")])
    is_read = BooleanField(
        "Somebody who knows the law where we work has read it, or I answer for it myself",
        [InputRequired("Please tick this, or come back when it is so.")],
    )

    def offer(self, graces: Sequence[tuple[str, str]]) -> None:
        """The (grace, words) pairs to choose from."""
        self.grace.choices = [SelectChoice(*one) for one in graces]


class LineForm(Form):
    """One number to call."""

    name = LineField("Name", [Length(max=80)])
    number = LineField("Number", [Length(max=40)])
    note = LineField("Note", [Length(max=160)])
    last_verified = PracticeDate("Last verified on", [Optional()])

    def validate_name(self, field: LineField) -> None:
        """A number without a name would be left out in silence."""
        if (self.number.data or "").strip() and not (field.data or "").strip():
            raise ValidationError("Please say whose number it is.")


class CrisisForm(FlaskForm):
    """The practice's own crisis resources; rows without a number are left out."""

    lines = FieldList(FormField(LineForm), "Whom to call", min_entries=4, max_entries=12)

    def listed(self) -> list[dict[str, str]]:
        """The rows that have a name and a number, JSON-able."""
        rows = [_plain(entry.form) for entry in self.lines]
        return [row for row in rows if row["name"] and row["number"]]


def _plain(row: LineForm) -> dict[str, str]:
    day = row.last_verified.data
    words = {"name": row.name.data, "number": row.number.data, "note": row.note.data}
    kept = {name: (text or "").strip() for name, text in words.items()}
    return {**kept, "last_verified": day.isoformat() if day else ""}
